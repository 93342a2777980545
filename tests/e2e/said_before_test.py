"""What Okta would refuse, or HR contradicts, is said by the dry run: nothing of it is sent."""
import unittest

from harness import FEW_SOURCE, USERS, Stack

COLUMNS = ["employee_id", "first_name", "last_name", "work_email", "department", "title", "status",
           "hire_date", "termination_date"]
RENAMES = USERS.replace("login: {initial:", "login: {authoritative:").replace(
    "email: {initial:", "email: {authoritative:") + "  renames: apply\n"
GUARD = "guard: {initial_load: 1000}\n"


def person(key, mail=None, last_day=""):
    return [str(key), f"Ada{key}", "Byron", f"{mail or f'ada{key}'}@x.example", "Sales", "Clerk",
            "Active", "2020-01-01", last_day]


class SaidBefore(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(RENAMES, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.staff = {key: person(key) for key in range(1, 13)}
        self.both(0)

    def feed(self, columns=COLUMNS):
        rows = [COLUMNS] + [self.staff[key] for key in sorted(self.staff)]
        self.stack.write("hr.csv", "".join(
            ",".join(row[COLUMNS.index(column)] for column in columns) + "\n" for row in rows))

    def both(self, code, **feed):
        """The dry run and the run end alike: whatever is wrong was said before."""
        self.feed(**feed)
        for verb in ("plan", "sync"):
            done = self.stack.run(verb, "--full")
            self.assertEqual(done.code, code, f"{verb}\n{done.out}\n{done.err}")
        return done.out

    def logins(self):
        return sorted(u["profile"]["login"] for u in self.stack.sim.org()["users"]
                      if "employeeNumber" in u["profile"])

    def test_two_people_renamed_to_one_login(self):
        before = self.logins()
        self.staff[1] = person(1, "ada.married")
        self.staff[2] = person(2, "Ada.Married")
        out = self.both(4)
        self.assertIn("record.login_taken", out)
        self.assertNotIn("okta.", out)
        self.assertEqual(self.logins(), before)
        self.staff[2] = person(2)
        self.staff[20] = person(20, "ada.married")  # the other is a joiner now
        self.assertIn("record.login_taken", self.both(4))
        self.assertEqual(self.logins(), before)
        del self.staff[20]
        self.both(0)
        self.assertIn("ada.married@x.example", self.logins())

    def test_a_required_column_that_is_missing(self):
        self.staff[20] = person(20)
        out = self.both(4, columns=[c for c in COLUMNS if c != "last_name"])
        self.assertIn("record.required_blank", out)
        self.assertNotIn("okta.", out)
        self.assertNotIn("ada20@x.example", self.logins())

    def test_a_last_day_that_is_over_and_a_status_that_says_employed(self):
        self.staff[3] = person(3, last_day="2021-06-30")
        out = self.both(0)
        self.assertIn("record.date_contradicts_status", out)
        self.assertIn("line 4", out)
        self.assertIn("None: the org is as it should be", out)


if __name__ == "__main__":
    unittest.main()
