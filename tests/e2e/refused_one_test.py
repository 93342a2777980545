"""Okta refuses one person only, who holds a higher admin role than the credential, or says that it
takes no writes at all: the first stops nobody else, the second ends the run at once."""
import unittest

from harness import CHICAGO_HEADER
from refused import LEAVERS, NO_ROLE, PEOPLE, RefusedCase, row


class RefusedOne(RefusedCase):
    def test_one_refused_leaver_keeps_nobody_else_waiting(self):
        lifecycle = f"/api/v1/users/{self.user(1)['id']}/lifecycle"
        self.sim.faults([{"match": {"path_prefix": lifecycle}, **NO_ROLE}])
        done = self.stack.run("sync")
        self.assertEqual(done.code, 3, done.out + done.err)
        self.assertIn("NOT CONTAINED: 1 ", done.out)
        self.assertIn("okta.target_forbidden", done.out + done.err)
        self.assertEqual(self.user(1)["status"], "ACTIVE")
        for key in (*range(2, LEAVERS + 1), PEOPLE - 1, PEOPLE):
            self.assertEqual(self.user(key)["status"], "SUSPENDED", key)
        self.assertEqual(self.user(20)["profile"]["department"], "Care")
        again = self.stack.run("sync")
        self.assertEqual(again.code, 3, "alone, the refused one ends the same: " + again.out)
        self.assertIn("okta.target_forbidden", again.out + again.err)
        self.sim.faults([])
        self.assertEqual(self.stack.run("sync").code, 0)
        self.assertEqual(self.user(1)["status"], "SUSPENDED")

    def test_a_credential_that_may_read_but_write_nothing_is_refused(self):
        self.sim.faults([{"match": {"method": method}, **NO_ROLE} for method in ("POST", "DELETE")])
        done = self.stack.run("sync")
        self.assertEqual(done.code, 6, done.out + done.err)
        self.assertIn("okta.forbidden", done.out + done.err)
        self.assertEqual(len(self.sim.audit()), self.base)
        self.sim.faults([])
        self.assertEqual(self.stack.run("sync").code, 0, "nothing is lost")
        self.assertEqual(self.user(1)["status"], "SUSPENDED")

    def test_an_org_in_read_only_mode_ends_the_run_with_its_first_answer(self):
        rows = [row(key, "Sales", "Terminated" if key == 1 else "Active")
                for key in range(1, PEOPLE + 1)]
        self.stack.write("hr.csv", CHICAGO_HEADER + "".join(rows))
        self.sim.faults([{"do": "read_only"}])
        done = self.stack.run("sync")
        self.assertEqual(done.code, 9, done.out + done.err)
        self.assertIn("org.read_only", done.out + done.err)
        self.assertIn("NOT CONTAINED: 1 ", done.out)
        self.sim.faults([])
        self.assertEqual(self.stack.run("sync").code, 0)
        self.assertEqual(self.user(1)["status"], "SUSPENDED")


if __name__ == "__main__":
    unittest.main()
