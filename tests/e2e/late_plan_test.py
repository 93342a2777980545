"""What happens between two reads: a feed that does not count, a hand edit before apply, HR's second
thoughts about an old plan, an index that lags behind our own writes."""
import json
import unittest

from harness import CHICAGO_SOURCE, CHICAGO_USERS, Stack

HEADER = ("employee_id,first_name,last_name,preferred_name,work_email,department,title,manager_id,"
          "employment_type,status,hire_date,termination_date\n")
SOURCE = CHICAGO_SOURCE.replace("min_rows: 1000", "min_rows: 1")
GROUPS = "groups:\n  - {template: 'dept-${hr.department}'}\n"


def person(key, department="Sales", status="Active", name=None):
    return (f"{key},{name or 'Ada' + str(key)},Byron,,ada{key}@x.example,{department},Clerk,,F,"
            f"{status},2020-01-01,\n")


class Late(unittest.TestCase):
    def begin(self, *sim, groups=GROUPS, guard="guard: {initial_load: 100}\n"):
        self.stack = Stack(*sim)
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, groups=groups, source=SOURCE, guard=guard)
        self.stack.migrate()

    def people(self, *rows):
        self.stack.write("hr.csv", HEADER + "".join(rows))

    def sync(self, code=0):
        done = self.stack.run("sync")
        self.assertEqual(done.code, code, done.out + done.err)
        return done

    def plan(self, code=0):
        done = self.stack.run("plan", "--out", "plan.json")
        self.assertEqual(done.code, code, done.out + done.err)
        with open(self.stack.path("plan.json")) as file:
            return json.load(file)

    def user(self, key):
        return self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]


class HalfReadFeed(Late):
    def test_a_known_leaver_who_can_sign_in_stays_first_in_the_report(self):
        self.begin(guard="guard: {initial_load: 9, protected: {logins: [ada2@x.example]}}\n")
        self.people(*(person(key) for key in range(1, 6)))
        self.sync()
        self.people(person(1), person(2, status="Terminated"), *(person(k) for k in range(3, 6)))
        self.assertIn("NOT CONTAINED", self.sync(3).out.upper())
        half = HEADER + person(1) + "2,Ada2,By"
        self.stack.write("hr.csv", half)
        for verb in ("plan", "sync"):
            done = self.stack.run(verb)
            self.assertEqual(done.code, 5, done.out + done.err)
            self.assertIn("NOT CONTAINED", done.out.upper().split("OPERATIONS")[0])
            self.assertIn("leaver.not_contained", done.out)
        self.stack.sim.request("POST", f"/api/v1/users/{self.user(2)['id']}/lifecycle/suspend")
        done = self.stack.run("sync")
        self.assertEqual(done.code, 5, done.out + done.err)
        self.assertNotIn("leaver.not_contained", done.out)


class IndexLag(Late):
    def check(self, lag):
        self.begin("--index-lag", str(lag))
        depts = ["Sales", "Legal", "Quality"]
        self.people(*(person(key, depts[key % 3]) for key in range(1, 30)))
        self.sync()
        again = self.stack.run("plan", "--detailed-exitcode")
        self.assertEqual(again.code, 0, again.out + again.err)
        # Movers: memberships taken away must not be seen as still there, nor those given as missing.
        self.people(*(person(key, depts[(key + 1) % 3]) for key in range(1, 9)),
                    *(person(key, depts[key % 3]) for key in range(9, 30)), person(30, "New"))
        self.sync()
        again = self.stack.run("plan", "--detailed-exitcode")
        self.assertEqual(again.code, 0, again.out + again.err)

    def test_the_plan_right_after_an_apply_is_empty_with_a_lag_of_two_seconds(self):
        self.check(2000)

    def test_the_plan_right_after_an_apply_is_empty_with_a_lag_of_half_a_minute(self):
        self.check(30000)


if __name__ == "__main__":
    unittest.main()
