"""Chicago's roster of March 2018 into an empty org, then the one of October."""
import collections
import json
import random
import time
import unittest

import chicago
import harness

AS_OF = "2018-11-01T12:00:00-05:00"


def expected():
    return chicago.load(chicago.shared("expected_counts.json"))["steps"]


def snapshot(stack):
    """What a run's requests are measured against."""
    cuts = harness.psql(stack.dsn, "SELECT at_ms FROM rollcall.chain_boundary ORDER BY 1")
    return {"org": stack.sim.org(), "audit": stack.sim.audit(), "stats": stack.sim.stats(),
            "cuts": [int(line) for line in cuts.splitlines()], "begin": time.time()}


def minimum_held(test, stack, before, read_by):
    """Gives the accepted writes since `before`, having held the requests to the minimum."""
    done = stack.sim.audit()[len(before["audit"]):]
    least = chicago.Minimum(before["org"], before["audit"], before["cuts"], before["begin"],
                            read_by, done)
    least.compare(test, chicago.difference(before["stats"], stack.sim.stats()))
    return done


def read_by(result):
    """When the run had read the org, by its log."""
    for line in result.err.splitlines():
        if line.startswith("{") and json.loads(line)["event"] == "org.read":
            return chicago.seconds(json.loads(line)["ts"])
    raise AssertionError("the run did not log that it read the org: " + result.err[-2000:])


def kinds(operations):
    return dict(collections.Counter(operation["kind"] for operation in operations))


class Chicago(unittest.TestCase):
    """One org for all tests; the numbers in their names only keep reads of the last minute few."""

    @classmethod
    def setUpClass(cls):
        chicago.shared("expected_counts.json")
        cls.stack = harness.Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.rules = chicago.rules()
        cls.march_rows = chicago.rows_of(chicago.MARCH)
        chicago.configure(cls.stack)
        cls.stack.write("hr.csv", chicago.as_csv(cls.march_rows))
        cls.stack.migrate()
        cls.march_plan = chicago.plan(cls.stack, "plan")
        cls.before = snapshot(cls.stack)
        cls.march = cls.stack.run("sync")
        cls.march_org = cls.stack.sim.org()
        cls.march_audit = cls.stack.sim.audit()
        cls.march_stats = cls.stack.sim.stats()
        cls.march_again = chicago.plan(cls.stack, "plan")

    def assert_nothing_left(self, result, plan):
        self.assertEqual((0, []), (result.code, plan["operations"]), result.err[-2000:])

    def test_1_march_into_an_empty_org_is_one_request_per_group_and_per_person(self):
        want = expected()[0]
        result, plan = self.march_plan
        self.assertEqual(0, result.code, result.err[-2000:])
        self.assertEqual([], plan["findings"])
        self.assertEqual({"group.create": want["groups_new"], "user.create": want["create"],
                          "group.add_member": want["group_add"]}, kinds(plan["operations"]))
        self.assertEqual([], [one for one in plan["operations"] if one["kind"] ==
                              "group.add_member" and "with" not in one["request"]])
        self.assertEqual(0, self.march.code, self.march.err[-2000:])
        self.assertIn(plan["plan_id"], self.march.out, "the same reading gave another plan")
        counts = chicago.write_counts(self.march_audit)
        print("\nMarch, accepted writes:", counts)
        self.assertEqual({"group.create": 48, "user.create": 32812}, counts)
        self.assertEqual(want["group_add"], sum(
            len(line["body"]["groupIds"]) for line in self.march_audit
            if chicago.kind_of(line) == "user.create"))
        self.assertEqual([], self.stack.sim.outbox())
        wanted = chicago.desired(self.march_rows, [], self.rules)
        self.assertEqual(wanted, chicago.people_in(self.march_org))
        self.assert_nothing_left(*self.march_again)
        print("March, requests:")
        least = chicago.Minimum(self.before["org"], [], [], self.before["begin"],
                                read_by(self.march), self.march_audit)
        least.compare(self, chicago.difference(self.before["stats"], self.march_stats))

    def test_2_the_same_people_have_the_same_plan_id_whatever_the_file_looks_like(self):
        seed = random.randrange(1 << 32)
        print("\nseed of the shuffled rows and columns:", seed)
        rows = list(self.march_rows)
        shuffled, columns = list(rows), list(rows[0])
        random.Random(seed).shuffle(shuffled)
        random.Random(seed).shuffle(columns)
        other = [dict(rows[0], title="MAYOR"), *rows[1:]]
        files = {"plain": chicago.as_csv(rows), "plain again": chicago.as_csv(rows),
                 "rows shuffled": chicago.as_csv(shuffled),
                 "columns reordered": chicago.as_csv(rows, columns),
                 "semicolons": chicago.as_csv(rows, delimiter=";"),
                 "UTF-16": chicago.as_csv(rows, encoding="utf-16"),
                 "one other title": chicago.as_csv(other)}
        stack = harness.Stack(database=False)
        self.addCleanup(stack.close)
        chicago.configure(stack)
        ids = {}
        for name, content in files.items():
            stack.write("hr.csv", content)
            result = stack.run("plan", "--no-journal", "--as-of", AS_OF, "--out", "plan.json")
            self.assertEqual(0, result.code, result.err[-2000:])
            with open(stack.path("plan.json"), "rb") as plan:
                plan.seek(-200, 2)
                ids[name] = plan.read().decode().split('"plan_id"')[1].strip(' :"}\n')
            print(f"  {name}: {ids[name]}")
        changed = ids.pop("one other title")
        self.assertEqual(1, len(set(ids.values())), ids)
        self.assertNotIn(changed, ids.values())

    def check_october(self, plan, containment):
        """The plan of October against the expected counts."""
        want = expected()[1]
        count = kinds(plan["operations"])
        print(f"  {containment}: {count}")
        self.assertEqual(
            {"user.create": want["create"], "user.update": want["update"],
             "user.suspend": want["deactivate"], "user.clear_sessions": want["deactivate"],
             "group.add_member": want["group_add"], "group.remove_member": want["group_remove"]},
            count)
        fields = collections.Counter(
            chicago.FIELDS[field] for one in plan["operations"] if one["kind"] == "user.update"
            for field in one["changes"])
        self.assertEqual(want["updates_by_field"], dict(fields))
        stay = [one for one in plan["operations"] if one["kind"] == "group.add_member"
                and "with" not in one["request"]]
        self.assertEqual(301, len(stay))
        self.assertEqual({"mover"}, {one["reason"] for one in stay})
        self.assertEqual({containment}, {one["reason"] for one in plan["operations"]
                                         if one["kind"] == "user.suspend"})

    def test_3_october_is_held_by_the_defaults_and_exact_with_limits_stated_for_it(self):
        want, stack = expected()[1], self.stack
        print()
        stack.write("hr.csv", chicago.as_csv(chicago.rows_of(chicago.OCTOBER)))
        result, plan = chicago.plan(stack, *chicago.with_limits(stack, "plan"))
        self.assertEqual(0, result.code, result.err[-2000:])
        self.check_october(plan, "absent")
        october = chicago.rows_of(chicago.OCTOBER_TERMINATED)
        stack.write("hr.csv", chicago.as_csv(october))
        result, plan = chicago.plan(stack, *chicago.with_limits(stack, "plan"))
        self.assertEqual(0, result.code, result.err[-2000:])
        self.check_october(plan, "leaver")

        before = snapshot(stack)
        held = stack.run("sync", "--format", "json")
        self.assertEqual(3, held.code, held.err[-2000:])
        print("October, the guard's defaults, requests:")
        first = minimum_held(self, stack, before, read_by(held))
        counts = chicago.write_counts(first)
        print("October, the guard's defaults, accepted writes:", counts)
        self.assertEqual({"user.update": want["update"], "group.add_member": 301,
                          "group.remove_member": want["group_remove"]}, counts)

        before = snapshot(stack)
        done = stack.run(*chicago.with_limits(stack, "sync"))
        self.assertEqual(0, done.code, done.err[-2000:])
        print("October, limits stated, requests:")
        second = minimum_held(self, stack, before, read_by(done))
        counts = chicago.write_counts(first + second)
        print("October, accepted writes in all:", counts)
        self.assertEqual(
            {"user.create": want["create"], "user.update": want["update"],
             "user.suspend": want["deactivate"], "user.clear_sessions": want["deactivate"],
             "group.add_member": 301, "group.remove_member": want["group_remove"]}, counts)
        self.assertEqual(want["group_add"] - 301, sum(
            len(line["body"]["groupIds"]) for line in second
            if chicago.kind_of(line) == "user.create"))
        self.assertEqual([], stack.sim.outbox())
        self.assertEqual(chicago.desired(october, self.march_rows, self.rules),
                         chicago.people_in(stack.sim.org()))
        self.assert_nothing_left(*chicago.plan(stack, "plan"))


class SlowIndex(unittest.TestCase):
    def test_the_plan_right_after_an_apply_is_empty_while_the_search_index_lags(self):
        rules, march = chicago.rules(), chicago.rows_of(chicago.MARCH)[:2000]
        october = chicago.rows_of(chicago.OCTOBER_TERMINATED)
        known = {row["employee_id"] for row in march}
        march_all = {row["employee_id"] for row in chicago.rows_of(chicago.MARCH)}
        joiners = [row for row in october if row["employee_id"] not in march_all][:80]
        october = [row for row in october if row["employee_id"] in known] + joiners
        stack = harness.Stack("--index-lag", "2000")
        self.addCleanup(stack.close)
        chicago.configure(stack)
        stack.migrate()
        before = []
        for rows in (march, october):
            stack.write("hr.csv", chicago.as_csv(rows))
            done = stack.run(*chicago.with_limits(stack, "sync"))
            self.assertEqual(0, done.code, done.err[-2000:])
            result, plan = chicago.plan(stack, "plan")
            self.assertEqual((0, []), (result.code, plan["operations"]), result.err[-2000:])
            self.assertEqual(chicago.desired(rows, before, rules),
                             chicago.people_in(stack.sim.org()))
            before = rows


if __name__ == "__main__":
    unittest.main()
