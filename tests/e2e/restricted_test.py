"""Plans of some people only, for another time, or by names that mean nothing in the org: none of
them may be taken for more than it is."""
import unittest

from harness import CHICAGO_USERS, FEW_SOURCE
from late_plan_test import Late, person


class Restricted(Late):
    def begin_with(self, count=6, **words):
        self.begin(**words)
        self.people(*(person(key) for key in range(1, count + 1)))
        self.sync()

    def run_code(self, code, *words):
        done = self.stack.run(*words)
        self.assertEqual(done.code, code, f"{words}\n{done.out}\n{done.err}")
        return done

    def test_a_leaver_first_seen_by_a_restricted_run_is_named_and_stays_known(self):
        self.begin_with()
        self.people(*(person(key, status="Terminated" if key == 5 else "Active")
                      for key in range(1, 7)))
        for words in (["plan", "--only", "1"], ["sync", "--only", "1", "--tolerate", "4,5"],
                      ["sync", "--where", 'hr.title == "Boss"']):
            done = self.run_code(3, *words)
            self.assertTrue(done.out.startswith("NOT CONTAINED: 1 "), done.out)
        self.assertEqual(self.user(5)["status"], "ACTIVE")
        self.stack.write("hr.csv", "cut")
        self.assertIn("NOT CONTAINED: 1 ", self.run_code(5, "sync").out)

    def test_of_people_it_does_not_look_at_a_run_says_nothing(self):
        self.begin_with()
        self.people(*(person(key, department="Care" if key == 2 else "Sales")
                      for key in range(1, 7)))
        for words in (["plan", "--only", "1"], ["plan", "--sample", "0.01%"], ["sync", "--only", "1"]):
            out = self.run_code(0, *words).out
            self.assertNotIn("as it should be", out)
            self.assertIn("for those whom this run looks at", out)

    def test_a_key_that_means_nobody_is_named(self):
        self.begin_with()
        for words in (["plan", "--only", "ada2@x.example"], ["sync", "--only", "1", "99"]):
            out = self.run_code(4, *words).out
            self.assertIn("person.unknown", out)
            self.assertNotIn("ada2@", out, "what was typed may be a login")
        self.stack.write("keys", "\ufeff1\n2\n")  # as editors on Windows write it
        self.run_code(0, "plan", "--only", "@" + self.stack.path("keys"))
        for word in ("", "@nosuch"):
            self.run_code(64, "sync", "--only", word)
            self.run_code(64, "sync", "--urgent", word)

    def test_an_urgent_run_in_vain_is_never_a_success(self):
        self.begin_with()
        for key in ("ada2@x.example", "2"):
            self.run_code(4, "sync", "--urgent", key, "--tolerate", "4,5")

    def test_a_plan_for_another_time_is_only_looked_at(self):
        self.begin_with()
        left = person(5, status="Terminated").replace(",\n", ",2099-06-30\n")
        self.people(*(person(key) for key in range(1, 5)), left, person(6))
        writes = len(self.stack.sim.audit())
        done = self.run_code(0, "plan", "--as-of", "2099-12-01T00:00:00Z", "--out", "later.json",
                             "--full")
        self.assertIn("user.suspend", done.out)
        self.assertIn("at another time (--as-of)", done.out)
        self.assertIn("plan.not_sealed", self.run_code(8, "apply", "later.json").err)
        self.assertEqual(len(self.stack.sim.audit()), writes)

    def test_a_slip_in_whom_to_protect_is_said(self):
        self.begin_with(guard="guard: {initial_load: 9, protected: "
                              "{logins: [ada3@x.exmaple, ada4@x.example], groups: [Okta Admins]}}\n")
        self.assertIn("guard.protected_unknown", self.run_code(0, "plan").out)
        for words in (["plan", "--full"], ["check"]):
            out = self.run_code(0, *words).out
            self.assertIn("entry 1 of guard.protected.logins", out)
            self.assertIn("entry 1 of guard.protected.groups", out)
            self.assertNotIn("entry 2", out)

    def test_a_match_by_an_attribute_that_the_org_has_not_ends_before_anything_is_planned(self):
        self.begin_with()
        wrong = CHICAGO_USERS.replace("okta: user.employeeNumber", "okta: user.employeNumber")
        self.assertNotEqual(wrong, CHICAGO_USERS)
        scoped = CHICAGO_USERS.replace("  match:", "  scope: 'user.usrType == \"X\"'\n  match:")
        for users in (wrong, scoped):
            self.stack.configure(users, source=FEW_SOURCE)
            for words in (["check"], ["plan"], ["sync"]):
                done = self.run_code(78, *words)
                self.assertIn("match.attribute_undefined", done.out + done.err)


if __name__ == "__main__":
    unittest.main()
