"""Which plans `apply` refuses, and that it applies exactly the one it is given."""
import json
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack, psql


def person(key, department="Sales"):
    return (f"{key},Ada{key},Byron,,ada{key}@x.example,{department},Clerk,,F,Active,2020-01-01,\n")


class Apply(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE)
        self.stack.migrate()
        self.stack.write("hr.csv", CHICAGO_HEADER + person(1) + person(2))

    def refused(self, code, *words, config="rollcall.yaml"):
        before = len(self.stack.sim.audit())
        done = self.stack.run("apply", *words, config=config)
        self.assertEqual(done.code, 8, done.out + done.err)
        self.assertIn(code, done.err)
        self.assertEqual(len(self.stack.sim.audit()), before)

    def test_applies_the_plan_it_is_given_once(self):
        planned = self.stack.run("plan", "--out", "plan.json")
        self.assertEqual(planned.code, 0, planned.err)
        done = self.stack.run("apply", "plan.json")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertEqual(len(self.stack.sim.audit()), 2)
        self.refused("plan.superseded", "plan.json")

    def test_refuses_what_may_not_be_applied(self):
        self.assertEqual(self.stack.run("plan", "--no-journal", "--out", "loose.json").code, 0)
        self.refused("plan.not_sealed", "loose.json")
        self.assertEqual(self.stack.run("plan", "--out", "plan.json").code, 0)
        with open(self.stack.path("plan.json")) as file:
            plan = json.load(file)
        plan["operations"][0]["subject"]["login"] = "eve@x.example"
        self.stack.write("altered.json", json.dumps(plan))
        self.refused("plan.altered", "altered.json")
        self.stack.write("cut.json", json.dumps(plan)[:100])
        self.refused("plan.unreadable", "cut.json")
        self.refused("plan.unknown", "sha256:" + "0" * 64)
        self.stack.configure(CHICAGO_USERS.replace("hr.title", "hr.department"), source=FEW_SOURCE,
                             name="other-rules.yaml")
        self.refused("plan.other_config", "plan.json", config="other-rules.yaml")
        with open(self.stack.path("rollcall.yaml")) as file:
            text = file.read()
        self.stack.write("other-org.yaml", text.replace("https://localhost:", "https://127.0.0.1:"))
        self.refused("plan.other_org", "plan.json", config="other-org.yaml")

    def test_refuses_a_list_of_people_that_is_not_utf8(self):
        self.stack.write("keys.txt", b"1\n\xe9\n")
        done = self.stack.run("plan", "--only", "@keys.txt")
        self.assertIn("text.encoding", done.err)
        self.assertNotEqual(done.code, 0)

    def test_refuses_an_expired_plan(self):
        planned = self.stack.run("plan", "--out", "plan.json")
        self.assertEqual(planned.code, 0, planned.err)
        # As if the hours of run.plan_valid were over: the shortest that can be set is a minute.
        psql(self.stack.dsn, "UPDATE rollcall.plan SET header = regexp_replace(header,"
                             " '\"expires_at\":\"[^\"]*\"',"
                             " '\"expires_at\":\"2020-01-01T00:00:00Z\"')")
        self.refused("plan.expired", "plan.json")


if __name__ == "__main__":
    unittest.main()
