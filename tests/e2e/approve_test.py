"""Holding and releasing: pending, approve, reject, and which plans an approval serves."""
import json
import time
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack, psql

PATIENCE_S = 60
GUARD = "guard: {initial_load: 9, protected: {logins: [ada2@x.example, ada3@x.example]}}\n"


def person(key, status="Active"):
    return (f"{key},Ada{key},Byron,,ada{key}@x.example,Sales,Clerk,,F,{status},2020-01-01,\n")


class Approvals(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.people()
        self.run_code(0, "sync")
        self.people(2, 3, 4)

    def people(self, *gone):
        self.stack.write("hr.csv", CHICAGO_HEADER + "".join(
            person(key, "Terminated" if key in gone else "Active") for key in range(1, 7)))

    def run_code(self, code, *words):
        done = self.stack.run(*words)
        self.assertEqual(done.code, code, done.out + done.err)
        return done

    def plan_id(self):
        self.run_code(3, "plan", "--out", "plan.json")
        with open(self.stack.path("plan.json")) as file:
            return json.load(file)["plan_id"]

    def pending(self):
        return self.run_code(0, "pending", "--json").json()

    def status(self, key):
        return self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]["status"]

    def test_what_is_held_is_listed_and_goes_out_with_the_plan_once_approved(self):
        plan = self.plan_id()
        held = self.pending()
        self.assertEqual({(one["worker_key"], one["held_by"]) for one in held},
                         {("2", "protected"), ("3", "protected")})
        self.assertTrue(all(one["plan_id"] == plan and one["word"] is None for one in held))
        text = self.run_code(0, "pending").out
        self.assertIn("protected  4 held\n  in plan " + plan, text)
        self.assertNotIn("ada2", text)
        said = self.run_code(0, "approve", plan, "--only", "2", "--reason", "HR confirmed").out
        self.assertIn("2 operations approved by postgres until", said)
        self.assertEqual({one["worker_key"]: one["word"] and one["word"]["by"]
                          for one in self.pending()}, {"2": "postgres", "3": None})
        done = self.run_code(3, "apply", plan, "--full")
        self.assertIn("NOT CONTAINED", done.out.upper().split("SOURCES")[0])
        self.assertIn("2 held operations are released by approval", done.out)
        newest = self.run_code(0, "runs", "--json").json()[0]["run"]
        self.assertTrue(self.run_code(0, "show", str(newest)).out.startswith("NOT CONTAINED: 1 "))
        self.assertEqual([self.status(key) for key in (2, 3, 4)],
                         ["SUSPENDED", "ACTIVE", "SUSPENDED"])

    def test_a_later_plan_uses_it_for_what_is_planned_identically_and_no_longer_than_it_holds(self):
        plan = self.plan_id()
        self.run_code(0, "approve", plan, "--reason", "HR confirmed")
        psql(self.stack.dsn, "UPDATE rollcall.approval SET expires_at_ms = 0")
        self.run_code(3, "sync")
        self.assertEqual([self.status(key) for key in (2, 3)], ["ACTIVE", "ACTIVE"])
        plan = self.plan_id()
        self.run_code(0, "approve", plan, "--reason", "HR confirmed", "--expires", "2d")
        self.people(2, 4)  # 3 came back: nothing of theirs is planned
        done = self.run_code(0, "sync", "--full")
        self.assertIn("released by approval", done.out)
        self.assertEqual([self.status(key) for key in (2, 3)], ["SUSPENDED", "ACTIVE"])

    def test_a_rejection_takes_an_approval_back(self):
        plan = self.plan_id()
        self.run_code(0, "approve", plan, "--reason", "HR confirmed")
        self.run_code(0, "reject", plan, "--only", "3", "--reason", "is on leave")
        self.run_code(3, "sync")
        self.assertEqual([self.status(key) for key in (2, 3)], ["SUSPENDED", "ACTIVE"])
        self.assertIn("rejected by postgres", self.run_code(0, "pending").out)

    def test_what_was_rejected_stays_held_whatever_the_limits_allow_later(self):
        limited = "guard: {initial_load: 9, limits: {containments: {count: 2, floor: 2}}}\n"
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE, guard=limited)
        plan = self.plan_id()  # three leavers, two allowed: all are held
        self.run_code(0, "reject", plan, "--only", "4", "--reason", "is on leave")
        done = self.run_code(3, "sync")
        self.assertIn("rejected", done.out)
        self.assertTrue(done.out.startswith("NOT CONTAINED: 1 "), done.out)
        self.run_code(3, "sync")
        self.assertEqual([self.status(key) for key in (2, 3, 4)],
                         ["SUSPENDED", "SUSPENDED", "ACTIVE"])
        self.people(2, 3)
        self.run_code(0, "sync")
        self.people(2, 3, 4)  # asked for anew: a new question
        self.run_code(0, "sync")
        self.assertEqual(self.status(4), "SUSPENDED")

    def test_a_dry_run_that_only_links_leaves_what_is_held(self):
        self.plan_id()
        self.stack.run("adopt")
        self.stack.run("plan", "--only", "1")
        self.stack.run("plan", "--as-of", "2020-01-01T00:00:00Z")
        self.assertEqual({one["worker_key"] for one in self.pending()}, {"2", "3"})

    def killed(self, *words):
        """Kills the command while every suspend is told to wait."""
        self.stack.sim.faults([{"match": {"method": "POST", "path_prefix": "/api/v1/users/"}, "do": "429"}])
        process = self.stack.start(*words)
        until = time.monotonic() + PATIENCE_S
        while not self.stack.sim.stats()["by_status"].get("429"):
            self.assertIsNone(process.poll(), "it ended before it was killed")
            self.assertLess(time.monotonic(), until, "it never tried")
            time.sleep(0.02)
        process.kill()
        process.communicate()
        self.stack.sim.faults([])

    def resumed_after(self, how, *words):
        plan = self.plan_id()
        self.run_code(0, "approve", plan, "--reason", "HR confirmed")
        self.killed(*(word or plan for word in words))
        if how == "expired":
            psql(self.stack.dsn, "UPDATE rollcall.approval SET expires_at_ms ="
                                 " (extract(epoch FROM now()) * 1000)::bigint")
        else:
            self.run_code(0, "reject", plan, "--reason", "a mistake")
        done = self.run_code(3, "resume")
        self.assertEqual([self.status(key) for key in (2, 3, 4)],
                         ["ACTIVE", "ACTIVE", "SUSPENDED"], done.out)
        run = str(self.run_code(0, "runs", "--json").json()[0]["run"])
        for out in (done.out, self.run_code(0, "show", run).out):
            self.assertTrue(out.startswith("NOT CONTAINED: 2 "), out)
            self.assertIn("operation.approval_ended", out)

    def test_resuming_a_plan_ends_where_its_approval_has_ended(self):
        self.resumed_after("expired", "apply", None)

    def test_resuming_a_plan_ends_where_its_approval_was_taken_back(self):
        self.resumed_after("rejected", "apply", None)

    def test_resuming_a_sync_ends_where_the_approval_that_it_used_has_ended(self):
        self.resumed_after("expired", "sync")

    def test_resuming_a_sync_ends_where_the_approval_that_it_used_was_taken_back(self):
        self.resumed_after("rejected", "sync")

    def test_resuming_a_sync_minds_no_rejection_from_before_its_plan(self):
        limited = "guard: {initial_load: 9, limits: {containments: {count: 2, floor: 2}}}\n"
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE, guard=limited)
        self.run_code(0, "reject", self.plan_id(), "--only", "4", "--reason", "is on leave")
        self.run_code(3, "sync")
        self.people(2, 3)
        self.run_code(0, "sync")
        self.people(2, 3, 4)  # asked for anew: the plan holds it no longer
        self.killed("sync")
        self.run_code(0, "resume")
        self.assertEqual(self.status(4), "SUSPENDED")

    def test_an_approved_plan_is_valid_for_three_days(self):
        plan = self.plan_id()
        psql(self.stack.dsn, """UPDATE rollcall.plan SET header = jsonb_set(jsonb_set(header::jsonb,
             '{expires_at}', '"2020-01-01T00:00:00Z"'), '{created_at}', to_jsonb(to_char(
             now() at time zone 'utc' - interval '2 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))::text""")
        self.assertIn("plan.expired", self.run_code(8, "apply", plan).err)
        self.run_code(0, "approve", plan, "--reason", "HR confirmed")
        self.run_code(0, "apply", plan)
        self.assertEqual(self.status(2), "SUSPENDED")

    def test_asks_for_a_plan_a_reason_and_something_held(self):
        plan = self.plan_id()
        self.run_code(64, "approve", plan)
        self.run_code(64, "approve", "--reason", "x")
        self.run_code(64, "approve", plan, "--reason", "x", "--expires", "soon")
        self.run_code(64, "approve", plan, "--reason", "x", "--only", "1")
        self.assertIn("plan.unknown",
                      self.run_code(8, "approve", "sha256:" + "0" * 64, "--reason", "x").err)
        self.people()
        self.run_code(0, "sync")
        self.assertEqual(self.run_code(0, "pending").out, "nothing is held\n")


if __name__ == "__main__":
    unittest.main()
