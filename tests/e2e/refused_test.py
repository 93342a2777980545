"""The credential is revoked, loses its role or is shut out of the network in mid-run: the run stops
cleanly with exit 6, nothing is written or removed afterwards, and the next run finishes the work."""
import time
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack, psql

GROUPS = "groups:\n  - {template: 'dept-${hr.department}', mode: authoritative}\n"
GUARD = ("guard:\n  initial_load: 1000\n  limits: {containments: {floor: 1000}, removals: {floor: "
         "1000}, group_members: {floor: 1000}, absences: {floor: 1000}, attribute: {floor: 1000}}\n")
PEOPLE = 60
LEAVERS = 5
PATIENCE_S = 60
HELD_FROM = 12  # the write of the second day after which replies are withheld
REVOKED = {"do": "status", "status": 401, "error": "E0000011"}
NO_ROLE = {"do": "status", "status": 403, "error": "E0000006"}


def row(key, department, status="Active"):
    ended = "2020-06-01" if status == "Terminated" else ""
    return (f"{key},Ada{key},Byron,,ada{key}@x.example,{department},Clerk,,F,{status},2020-01-01,"
            f"{ended}\n")


def first_day():
    return CHICAGO_HEADER + "".join(row(key, "Sales") for key in range(1, PEOPLE + 1))


def second_day():
    """Five have left, two are not in the file any more, the others have moved."""
    left = "".join(row(key, "Sales", "Terminated") for key in range(1, LEAVERS + 1))
    return CHICAGO_HEADER + left + "".join(row(key, "Care") for key in range(LEAVERS + 1, PEOPLE - 1))


def every(prefix, what, first=1, last=1):
    """Rules for the requests of that prefix from number `first` to `last`."""
    return [{"match": {"path_prefix": prefix, "nth": number}, **what}
            for number in range(first, last + 1)]


class Refused(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.sim = self.stack.sim
        self.stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.stack.write("hr.csv", first_day())
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.base = len(self.sim.audit())
        self.stack.write("hr.csv", second_day())

    def next_run_finishes(self):
        """Whatever was refused: the next run does the rest, and the one after finds nothing to do."""
        self.sim.faults([])
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        again = self.stack.run("plan", "--detailed-exitcode")
        self.assertEqual(again.code, 0, again.out + again.err)
        users = {user["profile"]["login"]: user for user in self.sim.org()["users"]}
        for key in (*range(1, LEAVERS + 1), PEOPLE - 1, PEOPLE):
            self.assertEqual(users[f"ada{key}@x.example"]["status"], "SUSPENDED", key)
        writes = [(line["method"], line["path"], str(line["body"])) for line in self.sim.audit()]
        removals = [path for method, path, _ in writes if method == "DELETE" and "/groups/" in path]
        self.assertEqual(len(removals), len(set(removals)), "nothing is removed twice")

    def refused(self, done, code):
        self.assertEqual(done.code, 6, done.out + done.err)
        self.assertIn(code, done.err + done.out)
        self.assertNotIn("internal.defect", done.err)

    def in_mid_apply(self, fault, code):
        """Refuses everything once the run has written a dozen times."""
        self.sim.faults([{"match": {"audit_position": self.base + number}, "do": "hold_reply"}
                         for number in range(HELD_FROM, HELD_FROM + 400)])
        process = self.stack.start("sync")
        self.addCleanup(lambda: process.poll() is None and process.kill())
        end = time.monotonic() + PATIENCE_S
        while self.base + HELD_FROM not in self.sim.request("GET", "/sim/held")[1]["held"]:
            self.assertIsNone(process.poll(), "the sync ended before it could be refused")
            self.assertLess(time.monotonic(), end, "the write was never made")
            time.sleep(0.02)
        self.sim.faults([{"match": {"path_prefix": "/api/v1"}, **fault}])
        accepted = len(self.sim.audit())
        self.assertLess(accepted, self.base + HELD_FROM + 30, "much was left to do")
        self.sim.request("PUT", "/sim/release")
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 6, out + err)
        self.assertIn(code, out + err)
        self.assertEqual(len(self.sim.audit()), accepted, "nothing is written after the refusal")
        # Another run learns the same while it reads, and touches nobody.
        self.refused(self.stack.run("sync"), code)
        self.assertEqual(len(self.sim.audit()), accepted)
        self.next_run_finishes()

    def in_mid_listing(self, fault, code, first=3):
        """users/me is the first request below users; the pages come after it, once nobody was written
        so lately as to be read by id first."""
        psql(self.stack.dsn, "UPDATE rollcall.operation_outcome SET at_ms = at_ms - 120000")
        self.sim.faults(every("/api/v1/users", fault, first, 200))
        self.refused(self.stack.run("sync"), code)
        self.assertEqual(len(self.sim.audit()), self.base, "nothing is written")
        self.refused(self.stack.run("plan"), code)
        self.next_run_finishes()

    def test_a_token_revoked_while_it_writes(self):
        self.in_mid_apply(REVOKED, "okta.credential_refused")

    def test_a_role_taken_away_while_it_writes(self):
        self.in_mid_apply(NO_ROLE, "okta.forbidden")

    def test_a_token_revoked_between_two_pages(self):
        self.in_mid_listing(REVOKED, "okta.credential_refused")

    def test_a_network_zone_closed_between_two_pages(self):
        self.in_mid_listing(NO_ROLE, "okta.forbidden")

    def test_a_credential_that_sees_nobody_from_the_next_list_on(self):
        self.in_mid_listing({"do": "role_removed"}, "okta.sees_nothing")


if __name__ == "__main__":
    unittest.main()
