"""The systemd unit's ExecStart and the line of cron, run as written; only their paths are mapped."""
import os
import signal
import subprocess
import time
import unittest

import company
import private_root
from manifest import CronJob, CronLine, Unit, seconds
from pod_test import BASE, PATIENCE_S, Cluster, PodCase
from private_root import Mount, PrivateRoot

DEPLOY = os.path.join(company.SOURCE, "deploy")
DYNAMIC_USER = 61184  # the first that systemd gives to DynamicUser=


class ServiceCase(PodCase):
    def setUp(self):
        super().setUp()
        self.bin = self.cluster.bin
        self.secrets = {"okta-read": company.READ, "okta-write": company.WRITE,
                        "database-url": self.cluster.database, "journal.key": self.world.key}

    def rules(self, secret_folder, extra=""):
        """The base's two files as one, with the secrets where this scheduler puts them."""
        files = self.cluster.config_map(CronJob(BASE).config_maps["rollcall-config"])
        write = "    write: {api_token: {file: /run/secrets/okta-write/token}}\n"
        self.assertTrue(files["write.yaml"].endswith(write))
        read = "    read: {api_token: {file: /run/secrets/okta-read/token}}\n"
        text = files["rollcall.yaml"].replace(read, read + write) + extra
        for old, new in (("/run/secrets/okta-read/token", "okta-read"),
                         ("/run/secrets/okta-write/token", "okta-write"),
                         ("/run/secrets/journal/database-url", "database-url"),
                         ("/run/secrets/journal/journal.key", "journal.key")):
            self.assertEqual(1, text.count(old), old)
            text = text.replace(old, f"{secret_folder}/{new}")
        return {"rollcall.yaml": text, "ca.pem": files["ca.pem"]}

    def root(self, user, secret_folder, secret_mode, extra, *writable):
        """`writable`: folders of the machine at their paths, the user's own."""
        def folder(name, files, mode, group=None):
            return self.world.folder_of(name, files, mode, group)
        config = folder("etc-rollcall", self.rules(secret_folder, extra), 0o644)
        secrets = folder("credentials", self.secrets, secret_mode, user)
        mounts = [Mount("/usr/local/bin", self.bin, True), Mount("/pg", self.world.socket),
                  Mount("/etc/rollcall", config, True), Mount(secret_folder, secrets, True),
                  Mount("/feed", folder("feed", self.cluster.feed, 0o444), True)]
        for path in writable:
            own = folder("var", {}, 0)
            if private_root.IS_ROOT:
                os.chown(own, user, user)
            mounts.append(Mount(path, own))
        mounts.append(Mount("/tmp", None))
        return PrivateRoot(self.world.folder, mounts, user)

    def at(self, root, path):
        return next(mount.source for mount in root.mounts if mount.path == path)


class Systemd(ServiceCase):
    def setUp(self):
        super().setUp()
        self.unit = Unit(os.path.join(DEPLOY, "systemd", "rollcall.service"))
        self.assertEqual(set(self.secrets), set(self.unit.credentials()))
        self.state = "/var/lib/" + self.unit["StateDirectory"]
        self.env = {"HOME": "/", "CREDENTIALS_DIRECTORY": "/run/credentials/rollcall.service"}

    def service(self):
        return self.root(DYNAMIC_USER, "/run/credentials/rollcall.service", 0o440,
                         f"report: {{html: {self.state}/reports}}\n", self.state)

    def test_exec_start_syncs_and_keeps_a_report_in_its_state_directory(self):
        root = self.service()
        code, out, err = root.run(self.unit.command(), self.env)
        self.assertEqual(0, code, err)
        self.assert_all_done()
        self.assertNotIn("deploy.example", out)
        kept = os.path.join(self.at(root, self.state), "reports")
        [page] = os.listdir(kept)
        self.assertTrue(page.endswith(".html"), page)

    def test_systemctl_stop_ends_it_with_10_in_time_and_the_next_start_goes_on(self):
        process = self.start_held(lambda: self.service().start(self.unit.command(), self.env), 30)
        began, limit = time.monotonic(), seconds(self.unit["TimeoutStopSec"])
        self.assertEqual("mixed", self.unit["KillMode"])  # SIGTERM to the main process
        process.send_signal(signal.SIGTERM)
        self.let_go()
        _, err = process.communicate(timeout=limit)
        self.assertEqual(10, process.returncode, err)
        print(f"\nsystemctl stop: ended after {time.monotonic() - began:.1f} s of {limit}")
        code, _, err = self.service().run(self.unit.command(), self.env)
        self.assertEqual(0, code, err)
        self.assert_all_done()

    def test_systemd_finds_no_fault_in_the_units(self):
        if not private_root.MAY_MOUNT or not private_root.systemd_analyze():
            self.skipTest("systemd-analyze is missing, or mounting is not permitted")
        folder = self.world.folder_of("units", {
            name: open(os.path.join(DEPLOY, "systemd", name)).read()
            for name in ("rollcall.service", "rollcall.timer")}, 0o644)
        script = f"mount --bind {self.bin} /usr/local/bin && exec systemd-analyze verify --man=no" \
                 f" {folder}/rollcall.service {folder}/rollcall.timer"
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True,
                              check=False)
        ours = [line for line in done.stderr.splitlines() if "rollcall" in line]
        self.assertEqual(([], 0), (ours, done.returncode), done.stderr)


class Cron(ServiceCase):
    """cron gives a line to SHELL -c as the user it names."""

    def setUp(self):
        super().setUp()
        self.line = CronLine(os.path.join(DEPLOY, "cron", "rollcall"))
        self.user = 10001
        self.env = {**self.line.env, "HOME": "/", "LOGNAME": self.line.user}
        self.shell = [self.line.env["SHELL"], "-c"]

    def machine(self):
        return self.root(self.user, "/etc/rollcall-secrets", 0o440, "", "/var/log/rollcall")

    def command(self, root):
        """The line itself; where paths are rewritten, the program is found by its path."""
        env = dict(self.env)
        if not private_root.MAY_MOUNT:
            env["PATH"] = f"{self.bin}:{env['PATH']}"
        return [*self.shell, self.line.command], env

    def test_the_line_syncs_logs_to_its_file_and_mails_no_name(self):
        self.assertEqual("rollcall", self.line.user)
        root = self.machine()
        code, out, err = root.run(*self.command(root))
        self.assertEqual(0, code, err)
        self.assert_all_done()
        self.assertIn("plan_id", out)
        self.assertNotIn("deploy.example", out)
        self.assertEqual("", err)
        with open(os.path.join(self.at(root, "/var/log/rollcall"), "rollcall.log")) as log:
            self.assertIn('"run.started"', log.read())

    def test_the_lines_exit_code_is_rollcalls(self):
        self.cluster.feed = {}
        root = self.machine()
        code, out, err = root.run(*self.command(root))
        self.assertEqual(5, code, out + err)

    def test_what_timeout_sends_at_its_end_makes_rollcall_settle(self):
        """timeout passes on the SIGTERM that it is sent itself."""
        def start():
            root = self.machine()
            command, env = self.command(root)
            return root.start([*command[:-1], "exec " + command[-1]], env)
        process = self.start_held(start, 30)
        process.send_signal(signal.SIGTERM)
        self.let_go()
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(10, process.returncode, err)


if __name__ == "__main__":
    unittest.main()
