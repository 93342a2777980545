"""The credential is revoked, loses its role or is shut out of the network in mid-run: the run stops
cleanly with exit 6, nothing is written or removed afterwards, and the next run finishes the work."""
import time
import unittest

from harness import psql
from refused import LEAVERS, NO_ROLE, PEOPLE, RefusedCase

PATIENCE_S = 60
HELD_FROM = 12  # the write of the second day after which replies are withheld
REVOKED = {"do": "status", "status": 401, "error": "E0000011"}


def every(prefix, what, first=1, last=1):
    """Rules for the requests of that prefix from number `first` to `last`."""
    return [{"match": {"path_prefix": prefix, "nth": number}, **what}
            for number in range(first, last + 1)]


class Refused(RefusedCase):
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
