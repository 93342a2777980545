"""What happens between two reads: a feed that does not count, a hand edit before apply, HR's second
thoughts about an old plan, an index that lags behind our own writes."""
import json
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack, psql

GROUPS = "groups:\n  - {template: 'dept-${hr.department}'}\n"


def person(key, department="Sales", status="Active", name=None):
    return (f"{key},{name or 'Ada' + str(key)},Byron,,ada{key}@x.example,{department},Clerk,,F,"
            f"{status},2020-01-01,\n")


class Late(unittest.TestCase):
    def begin(self, *sim, groups=GROUPS, guard="guard: {initial_load: 100}\n"):
        self.stack = Stack(*sim)
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, groups=groups, source=FEW_SOURCE, guard=guard)
        self.stack.migrate()

    def people(self, *rows):
        self.stack.write("hr.csv", CHICAGO_HEADER + "".join(rows))

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
        half = CHICAGO_HEADER + person(1) + "2,Ada2,By"
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


class Flapping(Late):
    def test_a_change_that_something_undoes_after_each_run_is_named(self):
        self.begin()
        self.people(person(1), person(2))
        self.sync()
        user = self.user(2)["id"]
        for expected in (0, 0, 1):
            self.stack.sim.request("POST", f"/api/v1/users/{user}", {"profile": {"title": "Boss"}})
            done = self.sync()
            self.assertEqual(done.out.count("operation.flapping"), expected, done.out)


class HandEdit(Late):
    def test_what_somebody_changed_in_okta_since_the_plan_is_left_and_reported(self):
        self.begin()
        self.people(*(person(key) for key in range(1, 6)))
        self.sync()
        self.people(*(person(key, "Sales", name="Eve") for key in range(1, 6)))
        self.plan()
        user = self.user(2)
        self.stack.sim.request("PUT", "/sim/clock", {"advance_ms": 2000})  # Okta's times have whole seconds
        self.stack.sim.request("POST", f"/api/v1/users/{user['id']}",
                               {"profile": {"firstName": "Grace"}})
        before = len(self.stack.sim.audit())
        done = self.stack.run("apply", "plan.json", "--full")
        self.assertEqual(done.code, 4, done.out + done.err)
        self.assertIn("operation.conflict", done.out + done.err)
        self.assertEqual(len(self.stack.sim.audit()) - before, 4)
        self.assertEqual(self.user(2)["profile"]["firstName"], "Grace")
        self.assertEqual(self.user(1)["profile"]["firstName"], "Eve")

    def test_an_untouched_plan_costs_one_listing_and_no_reads_by_id(self):
        self.begin()
        self.people(*(person(key) for key in range(1, 6)))
        self.sync()
        self.people(*(person(key, "Sales", name="Eve") for key in range(1, 6)))
        self.plan()
        before = sum(self.stack.sim.stats()["requests"].values())
        self.assertEqual(self.stack.run("apply", "plan.json").code, 0)
        after = sum(self.stack.sim.stats()["requests"].values())
        self.assertEqual(after - before, 1 + 5)


class OldPlan(Late):
    def age(self):
        """Two hours pass, as far as the plan is concerned."""
        psql(self.stack.dsn, """UPDATE rollcall.plan SET header =
             jsonb_set(header::jsonb, '{created_at}', '"2020-01-01T00:00:00Z"')::text""")

    def test_hr_is_read_again_and_what_it_no_longer_asks_for_is_withdrawn(self):
        self.begin()
        self.people(*(person(key) for key in range(1, 8)))
        self.sync()
        self.people(person(1), person(2, status="Terminated"), person(3, status="Terminated"),
                    person(4, "Legal"), person(5, "Legal"), *(person(k) for k in range(6, 8)),
                    person(8), person(9))
        self.plan()
        # HR's second thoughts: 2 stays, 4 does not move, 8 does not come.
        self.people(person(1), person(2), person(3, status="Terminated"), person(4),
                    person(5, "Legal"), *(person(k) for k in range(6, 8)), person(9))
        self.age()
        done = self.stack.run("apply", "plan.json", "--full")
        self.assertEqual(done.code, 4, done.out + done.err)
        self.assertIn("operation.withdrawn", done.out)
        self.assertNotIn("NOT CONTAINED", done.out.upper())
        self.assertEqual(self.user(2)["status"], "ACTIVE")
        self.assertEqual(self.user(3)["status"], "SUSPENDED")
        self.assertEqual(self.user(4)["profile"]["department"], "Sales")
        self.assertEqual(self.user(5)["profile"]["department"], "Legal")
        self.assertEqual(self.user(9)["status"], "ACTIVE")
        self.assertEqual(self.user(8).get("errorCode"), "E0000007")
        self.sync()

    def test_a_feed_that_does_not_count_applies_nothing_of_an_old_plan(self):
        self.begin()
        self.people(person(1), person(2))
        self.plan()
        self.stack.write("hr.csv", CHICAGO_HEADER + person(1) + "2,Ada2,By")
        self.age()
        before = len(self.stack.sim.audit())
        done = self.stack.run("apply", "plan.json")
        self.assertEqual(done.code, 5, done.out + done.err)
        self.assertEqual(len(self.stack.sim.audit()), before)
        self.people(person(1), person(2))
        self.assertEqual(self.stack.run("apply", "plan.json").code, 0)


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
