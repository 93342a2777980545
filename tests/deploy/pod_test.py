"""The CronJob's own command, arguments, environment, user and mounts, run as a process.

Customer's parts are replaced as deploy/README says: the org's address, what is managed, the secrets
and the feed. Everything else is the manifest as it is.
"""
import os
import re
import signal
import time
import unittest

import company
import private_root
from manifest import CronJob
from private_root import Mount, PrivateRoot

BASE = os.path.join(company.SOURCE, "deploy", "kubernetes", "base")
DRY_RUN = os.path.join(company.SOURCE, "deploy", "kubernetes", "overlays", "dry-run-report")
# Paths at which the database's socket appears: the manifests leave the database to its URL.
SOCKET = "/pg"
PATIENCE_S = 60
MOST_IN_FLIGHT = 16  # requests of one run


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


class Cluster:
    """The kubelet's part: volumes filled from secrets, config maps and claims."""

    def __init__(self, world):
        self.world = world
        self.bin = world.install()
        self.address = world.sim.base_url
        self.database = f"host={SOCKET} user={world.role} dbname={world.database}"
        self.manage = "[link, attributes, lifecycle]"
        self.secrets = {
            "rollcall-okta-read": {"token": company.READ},
            "rollcall-okta-write": {"token": company.WRITE},
            "rollcall-journal": {"journal.key": world.key}}
        self.feed = {"employees.csv": company.feed()}
        self.claims = {"rollcall-reports": world.folder_of("reports", {})}
        os.chmod(self.claims["rollcall-reports"], 0o2775)

    def config_map(self, files):
        """The base's files with what a customer replaces."""
        out = {"ca.pem": read(self.world.sim.ready["ca_file"])}
        for name, path in files.items():
            text = read(path)
            for old, new in (("  base_url: https://example.okta.com\n",
                              f"  base_url: {self.address}\n"
                              "  tls: {ca_file: /etc/rollcall/ca.pem}\n"),
                             ("  manage: []\n", f"  manage: {self.manage}\n")):
                if name == "rollcall.yaml" and text.count(old) != 1:
                    raise AssertionError(f"{path} has no line {old!r} to replace")
                text = text.replace(old, new)
            out[name] = text
        return out

    def source_of(self, cron, volume):
        name = volume["name"]
        if "secret" in volume:
            secret = volume["secret"]
            files = dict(self.secrets[secret["secretName"]])
            if secret["secretName"] == "rollcall-journal":
                files["database-url"] = self.database
            return self.world.folder_of("secret-" + name, files, secret["defaultMode"],
                                        cron.fs_group)
        if "configMap" in volume:
            files = self.config_map(cron.config_maps[volume["configMap"]["name"]])
            return self.world.folder_of("config", files, 0o644, cron.fs_group)
        claim = volume["persistentVolumeClaim"]["claimName"]
        if claim == "rollcall-feed":
            return self.world.folder_of("feed", self.feed, 0o440, cron.fs_group)
        path = self.claims[claim]
        if private_root.IS_ROOT:
            os.chown(path, 0, cron.fs_group)
        return path

    def pod(self, cron):
        mounts = [Mount("/usr/local/bin", self.bin, True), Mount(SOCKET, self.world.socket)]
        for one in cron.mounts:
            volume = cron.volumes[one["name"]]
            if "emptyDir" in volume:
                mounts.append(Mount(one["mountPath"], None, size=volume["emptyDir"]["sizeLimit"]
                                    .replace("Mi", "m"), mode="2777"))
                continue
            mounts.append(Mount(one["mountPath"], self.source_of(cron, volume),
                                one.get("readOnly", False)))
        return PrivateRoot(self.world.folder, mounts, cron.user, cron.group, cron.fs_group)

    @staticmethod
    def env(cron):
        """What a container gets besides the manifest's own."""
        return {"HOSTNAME": "rollcall-28888888-abcde", "HOME": "/",
                "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
                **cron.env}

    def run(self, cron):
        return self.pod(cron).run(cron.command, self.env(cron))

    def start(self, cron):
        return self.pod(cron).start(cron.command, self.env(cron))


class PodCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("\nshown here:", private_root.SHOWN)
        cls.world = company.Company()
        cls.addClassCleanup(cls.world.close)
        cls.sim = cls.world.sim
        # The first sync only links: what follows is decided on who is whose.
        code, _, err = Cluster(cls.world).run(CronJob(BASE))
        assert code == 0 and cls.sim.stats()["writes"] == 0, err
        cls.world.keep()

    def setUp(self):
        self.world.start_over()
        self.cluster = Cluster(self.world)
        self.sync = CronJob(BASE)
        self.plan = CronJob(DRY_RUN)

    def people(self):
        return {int(user["profile"]["employeeNumber"]): user for user in self.sim.org()["users"]
                if "employeeNumber" in user["profile"]}

    def assert_all_done(self):
        people = self.people()
        self.assertEqual(company.PEOPLE + company.JOINERS, len(people))
        for number, user in people.items():
            moved = company.LEAVERS < number <= company.LEAVERS + company.MOVERS
            status = ("SUSPENDED" if number <= company.LEAVERS else
                      "STAGED" if number > company.PEOPLE else "ACTIVE")
            self.assertEqual((status, ("Moved" if moved else "Person") + str(number)),
                             (user["status"], user["profile"]["lastName"]), number)

    def start_held(self, start, position):
        """A process in the middle of its apply: replies are withheld from that write on.

        As many as can be in flight: withholding one alone would let the others go on to the end.
        """
        position += self.world.base
        self.sim.faults([{"match": {"audit_position": position + more}, "do": "hold_reply"}
                         for more in range(MOST_IN_FLIGHT)])
        process = start()
        self.addCleanup(self.end, process)
        deadline = time.monotonic() + PATIENCE_S
        while position not in self.sim.request("GET", "/sim/held")[1]["held"]:
            self.assertIsNone(process.poll(), "the pod ended before its apply")
            self.assertLess(time.monotonic(), deadline, "the pod never came to its apply")
            time.sleep(0.02)
        return process

    def let_go(self):
        self.sim.faults([])
        self.sim.request("PUT", "/sim/release")

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


class Sync(PodCase):
    def test_a_whole_sync_succeeds(self):
        code, out, err = self.cluster.run(self.sync)
        self.assertEqual(0, code, err)
        self.assert_all_done()
        self.assertNotIn("deploy.example", out, "a login in the pod's log")
        self.assertNotIn(company.WRITE, out + err)
        writes = self.world.writes()
        code, _, err = self.cluster.run(self.sync)
        self.assertEqual((0, writes), (code, self.world.writes()), err)

    def test_the_process_is_what_the_pod_security_says(self):
        process = self.start_held(lambda: self.cluster.start(self.sync), 5)
        with open(f"/proc/{process.pid}/status") as status:
            facts = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        with open(f"/proc/{process.pid}/cmdline") as words:
            self.assertEqual(self.sync.command[1:], words.read().split("\0")[1:-1]
                             if private_root.MAY_MOUNT else self.sync.command[1:])
        self.let_go()
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        if not private_root.IS_ROOT:
            self.skipTest("not root: the pod ran as the user of this test")
        user, group = str(self.sync.user), str(self.sync.group)
        self.assertEqual([user] * 4, facts["Uid"].split())
        self.assertEqual([group] * 4, facts["Gid"].split())
        self.assertEqual([str(self.sync.fs_group)], facts["Groups"].split())
        if not private_root.MAY_MOUNT:
            self.skipTest("mounting is not permitted: capabilities and the root stay as they are")
        security = self.sync.container["securityContext"]
        self.assertEqual({"drop": ["ALL"]}, security["capabilities"])
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(0, int(facts[name], 16), name)
        self.assertEqual("1", facts["NoNewPrivs"])
        self.assertFalse(security["allowPrivilegeEscalation"])

    def test_only_tmp_can_be_written(self):
        if not private_root.MAY_MOUNT:
            self.skipTest("mounting is not permitted: no read-only root to try")
        self.assertTrue(self.sync.container["securityContext"]["readOnlyRootFilesystem"])
        places = ["/", "/var", "/etc", "/usr/local/bin", *(m["mountPath"] for m in self.sync.mounts)]
        script = "for one in \"$@\"; do (: >$one/x) 2>/dev/null && echo $one; done; true"
        _, out, _ = self.cluster.pod(self.sync).run(["/bin/sh", "-c", script, "sh", *places])
        self.assertEqual(["/tmp"], out.split())

    def test_sigterm_in_an_apply_ends_in_time_with_10_and_the_next_pod_goes_on(self):
        process = self.start_held(lambda: self.cluster.start(self.sync), 30)
        process.send_signal(signal.SIGTERM)
        self.let_go()
        _, err = process.communicate(timeout=self.sync.grace_s)
        accepted = self.world.writes()
        self.assertEqual(10, process.returncode, err)
        self.assertLess(accepted, company.JOINERS + company.MOVERS + company.LEAVERS)
        self.assertEqual("Count", self.sync.action(10))
        code, _, err = self.cluster.run(self.sync)
        self.assertEqual(0, code, err)
        self.assert_all_done()
        print(f"\nSIGTERM: ended within {self.sync.grace_s} s, {accepted} writes done; "
              f"the next pod did {self.world.writes() - accepted}")


class DryRun(PodCase):
    def test_the_overlay_holds_no_secret_of_writing_and_writes_nothing(self):
        self.assertEqual({"rollcall-okta-read", "rollcall-journal"}, self.plan.secrets())
        self.assertEqual(self.sync.secrets() - self.plan.secrets(), {"rollcall-okta-write"})
        self.assertNotIn("write", " ".join(self.plan.command))
        self.assertFalse([m for m in self.plan.mounts if "write" in m["mountPath"] + m["name"]])
        code, out, err = self.cluster.run(self.plan)
        self.assertEqual(0, code, err)
        self.assertEqual(0, self.world.writes())
        page = os.path.join(self.cluster.claims["rollcall-reports"], "plan.html")
        with open(page) as text:
            self.assertIn("Gains access", text.read())
        if private_root.IS_ROOT:
            self.assertEqual((self.plan.user, self.plan.fs_group),
                             (os.stat(page).st_uid, os.stat(page).st_gid))
        self.assertNotIn(company.READ, out + err)

    def test_no_file_of_the_pod_holds_the_token_that_writes(self):
        if not private_root.MAY_MOUNT:
            self.skipTest("mounting is not permitted: the pod has no root of its own to look through")
        look = ["/bin/sh", "-c", "grep -rl -e \"$1\" /etc/rollcall /run /feed /reports /tmp; true",
                "sh"]
        _, found, _ = self.cluster.pod(self.plan).run([*look, company.READ])
        self.assertEqual(["/run/secrets/okta-read/token"], found.split())
        _, found, _ = self.cluster.pod(self.plan).run([*look, company.WRITE])
        self.assertEqual("", found)

    def test_the_plan_it_sealed_can_be_applied_by_who_may_write(self):
        code, out, err = self.cluster.run(self.plan)
        self.assertEqual(0, code, err)
        plan_id = re.search(r"plan_id +(sha256:[0-9a-f]{64})", out).group(1)
        apply = [*self.sync.command[:-1], "apply", plan_id]
        code, _, err = self.cluster.pod(self.sync).run(apply, Cluster.env(self.sync))
        self.assertEqual(0, code, err)
        self.assert_all_done()


class Retries(PodCase):
    """What the job controller makes of pods that really end with a code."""

    def job(self, *preparations):
        """One job; before its n-th pod, the n-th preparation."""
        errors = []

        def start(number):
            if number <= len(preparations):
                preparations[number - 1]()
            code, _, err = self.cluster.run(self.sync)
            errors.append(err)
            return code
        ended, codes = self.sync.run_job(start)
        print(f"\n{self._testMethodName}: {codes} {ended}")
        return ended, codes, errors

    def lose_feed(self):
        self.cluster.feed = {}

    def bring_feed(self):
        self.cluster.feed = {"employees.csv": company.feed()}

    def test_5_a_feed_that_is_late_is_waited_for(self):
        ended, codes, errors = self.job(self.lose_feed, lambda: None, self.bring_feed)
        self.assertEqual(("succeeded", [5, 5, 0]), (ended, codes), errors)
        self.assert_all_done()

    def test_6_a_revoked_token_fails_at_once(self):
        self.cluster.secrets["rollcall-okta-write"] = {"token": "revoked"}
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [6]), (ended, codes), errors)
        self.assertEqual(0, self.world.writes())

    def test_7_a_journal_that_is_away_is_tried_again_until_the_limit(self):
        self.cluster.database = "host=/nowhere user=none dbname=none"
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [7] * (1 + self.sync.job["backoffLimit"])), (ended, codes),
                         errors)
        self.assertEqual(0, self.world.writes())

    def test_9_an_org_that_is_away_is_tried_again(self):
        address = self.cluster.address
        self.cluster.address = "https://localhost:1"

        def back():
            self.cluster.address = address
        ended, codes, errors = self.job(lambda: None, back)
        self.assertEqual(("succeeded", [9, 0]), (ended, codes), errors)
        self.assert_all_done()

    def test_75_a_run_by_hand_is_waited_for(self):
        by_hand = self.start_held(lambda: self.cluster.start(self.sync), 10)

        def finish():
            self.let_go()
            by_hand.communicate(timeout=PATIENCE_S)
        ended, codes, errors = self.job(lambda: None, finish)
        self.assertEqual(("succeeded", [75, 0]), (ended, codes), errors)
        self.assert_all_done()

    def test_78_a_secret_that_is_missing_fails_at_once(self):
        self.cluster.secrets["rollcall-okta-write"] = {}
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [78]), (ended, codes), errors)

    def test_64_an_argument_that_does_not_exist_fails_at_once(self):
        self.sync.command.append("--no-such-option")
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [64]), (ended, codes), errors)

    def test_3_what_the_guard_holds_waits_for_a_person(self):
        self.cluster.feed = {"employees.csv": company.feed(leavers=60)}
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [3]), (ended, codes), errors)
        self.assertNotIn("SUSPENDED", {user["status"] for user in self.people().values()})

    def test_4_a_broken_row_fails_at_once_and_everybody_else_is_served(self):
        text = company.feed()
        self.cluster.feed = {"employees.csv": text.replace("p500@deploy.example", "a,stray,comma")}
        ended, codes, errors = self.job()
        self.assertEqual(("failed", [4]), (ended, codes), errors)
        self.assert_all_done()


if __name__ == "__main__":
    unittest.main()
