"""sync --urgent: named leavers are contained beside a running sync, before its waiting work, and by
reading nobody else."""
import json
import os
import shutil
import tempfile
import time
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, SOURCE, Stack
from late_plan_test import person

FEW = 12  # updates that one window lets through
STAFF = 40


def narrow_limits(folder):
    """Everything generous but updates, so that an update of everybody takes several windows."""
    path = os.path.join(folder, "narrow-limits.tsv")
    with open(os.path.join(SOURCE, "config", "okta_buckets.tsv")) as source, open(path, "w") as out:
        for line in source:
            cells = line.rstrip("\n").split("\t")
            if not line.startswith(("#", "method")):
                update = cells[:2] == ["POST", "/api/v1/users/{id}"]
                cells[3:] = [str(2 * FEW if update else 1000000)] * (len(cells) - 3)
            out.write("\t".join(cells) + "\n")
    return path


class Urgent(unittest.TestCase):
    def begin(self, *sim, fast=True, guard="guard: {initial_load: 1000}\n"):
        self.stack = Stack(*sim, fast=fast)
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, groups="groups:\n  - {template: 'dept-${hr.department}'}\n",
                             source=FEW_SOURCE,
                             guard=guard)
        self.stack.migrate()

    def people(self, *rows):
        self.stack.write("hr.csv.new", CHICAGO_HEADER + "".join(rows))
        os.rename(self.stack.path("hr.csv.new"), self.stack.path("hr.csv"))

    def sync(self, *words, code=0):
        done = self.stack.run("sync", *words)
        self.assertEqual(done.code, code, done.out + done.err)
        return done

    def status(self, key):
        return self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]["status"]

    def name(self, key):
        return self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]["profile"]["firstName"]

    def requests(self):
        return sum(self.stack.sim.stats()["requests"].values())

    def runs(self):
        return json.loads(self.stack.run("runs", "--json").out)


class BesideARunningSync(Urgent):
    def test_a_leaver_is_contained_first_and_the_running_sync_leaves_them_alone(self):
        folder = tempfile.mkdtemp(prefix="rollcall-limits-")
        self.addCleanup(shutil.rmtree, folder)
        self.begin("--limits", narrow_limits(folder), "--window", "5", fast=False,
                   guard="guard: {initial_load: 1000, limits: {attribute: {percent: 100, floor: 1000}}}\n")
        keys = range(100, 100 + STAFF)
        last = keys[-1]
        self.people(*(person(key, name="Ada") for key in keys))
        self.sync()
        # The main run updates everybody, the coming leaver last; a window lets a few through.
        self.people(*(person(key, name="Eve") for key in keys))
        before = len(self.stack.sim.audit())
        main = self.stack.start("sync")
        self.addCleanup(main.kill)
        while len(self.stack.sim.audit()) == before:
            self.assertIsNone(main.poll(), "the sync ended before it wrote")
            time.sleep(0.05)
        self.people(*(person(key, name="Eve", status="Terminated" if key == last else "Active") for key in keys))
        done = self.sync("--urgent", str(last))
        self.assertIn("user.suspend", done.out)
        self.assertEqual("SUSPENDED", self.status(last))
        main.wait(timeout=300)
        out, err = main.communicate()
        self.assertEqual(0, main.returncode, out + err[-2000:])
        audit = self.stack.sim.audit()[before:]
        paths = [line["path"] for line in audit]
        suspended = next(i for i, path in enumerate(paths) if path.endswith("/lifecycle/suspend"))
        self.assertTrue(paths[suspended + 1].partition("?")[0].endswith("/sessions") or
                        any("/sessions" in path for path in paths[suspended:]))
        self.assertLess(suspended, len(paths) - 2, "contained only after the updates")
        # The update of the leaver was superseded, everybody else was served.
        self.assertEqual(STAFF - 1 + 2, len(audit))
        names = {self.name(key) for key in keys[:-1]}
        self.assertEqual(({"Eve"}, "Ada"), (names, self.name(last)))
        urgent, running = self.runs()[:2]
        self.assertEqual(("urgent", "main"), (urgent["lane"], running["lane"]))
        self.assertEqual({"applied": STAFF - 1, "superseded": 1}, running["operations"])
        self.assertEqual({"applied": 2}, urgent["operations"])
        print(f"\n  contained by write {suspended + 1} of {len(audit)}")


class Alone(Urgent):
    def setUp(self):
        self.begin()
        self.staff = [person(key) for key in range(1, 31)]
        self.people(*self.staff)
        self.sync()

    def test_it_reads_the_named_accounts_only_and_does_nothing_else(self):
        gone = {2, 3}
        rows = [person(key, name="Eve", status="Terminated" if key in gone else "Active")
                for key in range(1, 31)]
        self.people(*rows, person(99))
        before, audited = self.requests(), len(self.stack.sim.audit())
        self.sync("--urgent", "2", "--out", "plan.json")
        with open(self.stack.path("plan.json")) as file:
            kinds = sorted(op["kind"] for op in json.load(file)["operations"])
        self.assertEqual(["user.clear_sessions", "user.suspend"], kinds)
        self.assertEqual(2, len(self.stack.sim.audit()) - audited)
        self.assertEqual(["SUSPENDED", "ACTIVE"], [self.status(2), self.status(3)])
        spent = self.requests() - before
        print(f"\n  {spent} requests")
        self.assertLessEqual(spent, 16)

    def test_it_says_who_is_not_contained_and_why(self):
        self.people(*self.staff[:1], person(2, status="Terminated"), *self.staff[2:])
        done = self.sync("--urgent", "1", "2", "77", code=4)
        self.assertIn("person.not_leaver", done.out)
        self.assertIn("person.not_linked", done.out)
        self.assertEqual(["ACTIVE", "SUSPENDED"], [self.status(1), self.status(2)])
        done = self.sync("--urgent", "2", "--full")
        self.assertIn("person.contained", done.out)
        self.assertIn("cannot sign in already: SUSPENDED", done.out)
        done = self.sync("--urgent", "77", code=4)
        self.assertIn("person.not_linked", done.err)
        self.assertEqual(64, self.stack.run("sync", "--urgent", "2", "--only", "3").code)

    def test_a_protected_leaver_stays_held_and_heads_the_report(self):
        self.stack.configure(CHICAGO_USERS, groups="groups: []\n",
                             source=FEW_SOURCE,
                             guard="guard: {protected: {logins: [ada2@x.example]}}\n")
        self.people(*self.staff[:1], person(2, status="Terminated"), *self.staff[2:])
        done = self.sync("--urgent", "2", code=3)
        self.assertIn("NOT CONTAINED", done.out.upper())
        self.assertEqual("ACTIVE", self.status(2))

    def test_a_half_read_feed_contains_nobody(self):
        self.stack.write("hr.csv", CHICAGO_HEADER + person(1) + "2,Ada2,By")
        self.sync("--urgent", "2", code=5)
        self.assertEqual("ACTIVE", self.status(2))


if __name__ == "__main__":
    unittest.main()
