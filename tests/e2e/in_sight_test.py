"""Leavers stay in sight: whoever had left by a read that counted and can still sign in heads each
report until HR says otherwise, whatever a later run looks at or a later feed holds. And what lets
many people in again, or goes on with a load that was interrupted."""
import signal
import time
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack

PATIENCE_S = 60
PROTECTED = "guard: {initial_load: 1000, protected: {logins: [ada1@x.example]}}\n"


def person(key, status="Active", left=""):
    return (f"{key},Ada{key},Byron,,ada{key}@x.example,Sales,Clerk,,F,{status},2020-01-01,{left}\n")


class InSight(unittest.TestCase):
    def begin(self, guard=PROTECTED, count=40, **sim):
        self.stack = Stack(**sim)
        self.addCleanup(self.stack.close)
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE, guard=guard)
        self.stack.migrate()
        self.staff = {key: person(key) for key in range(1, count + 1)}

    def feed(self, header=CHICAGO_HEADER, **changed):
        rows = {**self.staff, **{int(key[1:]): row for key, row in changed.items()}}
        self.stack.write("hr.csv", header + "".join(rows[key] or "" for key in sorted(rows)))

    def sync(self, code, *words):
        done = self.stack.run("sync", *words)
        self.assertEqual(done.code, code, f"{words}\n{done.out}\n{done.err}")
        return done

    def status(self, key):
        return self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]["status"]

    def suspended(self):
        return sorted(key for key in self.staff if self.status(key) == "SUSPENDED")

    def test_a_known_leaver_heads_every_report_until_hr_says_otherwise(self):
        self.begin()
        self.feed()
        self.sync(0)
        gone = person(1, "Terminated", "2020-06-30")
        self.feed(_1=gone)
        self.assertIn("NOT CONTAINED", self.sync(3).out)
        for words in (["sync", "--only", "5"], ["sync", "--where", 'hr.title == "Boss"'],
                      ["plan", "--only", "5"], ["plan", "--sample", "1%"], ["adopt"],
                      ["sync", "--only", "5", "--tolerate", "4,5"]):
            done = self.stack.run(*words)
            self.assertEqual(done.code, 3, f"{words}\n{done.out}{done.err}")
            self.assertIn("NOT CONTAINED", done.out, words)
        for what, row in (("gone", None), ("twice", gone + gone),
                          ("of an unknown status", person(1, "Elsewhere"))):
            self.feed(_1=row)
            for _ in range(2):
                done = self.sync(3, "--tolerate", "4,5")
                self.assertIn("NOT CONTAINED", done.out, what)
                self.assertNotIn("(gone by", done.out, "reasons are not wrapped in each other")
        self.feed()
        self.assertNotIn("NOT CONTAINED", self.sync(0).out)
        self.assertEqual(self.status(1), "ACTIVE")

    def test_a_leaver_whose_record_is_set_aside_is_said_to_be_in(self):
        self.begin()
        self.feed()
        self.sync(0)
        self.feed(_7=person(7, "Terminated", "06/30/2020"))
        done = self.sync(3, "--tolerate", "4,5")
        self.assertIn("NOT CONTAINED", done.out)
        self.assertIn("record.bad_date", done.out)
        self.assertEqual(self.status(7), "ACTIVE")

    def test_the_further_account_of_a_leaver_is_said_to_be_open(self):
        self.begin()
        self.feed()
        self.sync(0)
        created = self.stack.sim.request("POST", "/api/v1/users?activate=true", {
            "profile": {"login": "ada7-admin@x.example", "email": "ada7-admin@x.example",
                        "firstName": "Ada7", "lastName": "Byron", "employeeNumber": "7"},
            "credentials": {"password": {"value": "Xyz-123-long-one"}}})[1]
        self.sync(0)
        self.feed(_7=person(7, "Terminated", "2020-06-30"))
        self.stack.run("plan", "--out", "leaver.json")
        done = self.stack.run("apply", "leaver.json")
        self.assertEqual(done.code, 3, done.out + done.err)
        self.assertEqual(self.status(7), "SUSPENDED", "the account that is ours")
        run = str(self.stack.run("runs", "--json").json()[0]["run"])
        for words in (["sync"], ["show", run], ["plan"], ["plan", "--only", "7"]):
            out = self.stack.run(*words).out
            self.assertIn("NOT CONTAINED: 1 ", out, words)
            self.assertIn(created["id"], out, words)
        path = f"/api/v1/users/{created['id']}/lifecycle/suspend"
        self.assertEqual(self.stack.sim.request("POST", path)[0], 200)
        self.assertNotIn("NOT CONTAINED", self.sync(0).out)

    def test_records_that_agree_that_somebody_left_name_them(self):
        self.begin()
        self.feed()
        self.sync(0)
        gone = person(7, "Terminated", "2020-06-30")
        self.feed(_7=gone + person(7))
        self.assertNotIn("NOT CONTAINED", self.sync(4).out)
        self.feed(_7=gone + gone)
        done = self.sync(3, "--tolerate", "4,5")
        self.assertIn("NOT CONTAINED: 1 ", done.out)
        self.assertEqual(self.status(7), "ACTIVE")

    def test_many_links_are_not_given_up_at_once(self):
        self.begin()
        self.feed()
        self.sync(0)
        nobody = CHICAGO_USERS.replace("  joiner:", "  include: 'hr.title == \"Boss\"'\n  joiner:")
        self.stack.configure(nobody, source=FEW_SOURCE, guard=PROTECTED)
        self.assertIn("releases", self.sync(3).out)
        self.stack.configure(CHICAGO_USERS, source=FEW_SOURCE, guard=PROTECTED)
        self.assertIn("None: the org is as it should be", self.sync(0).out)

    def test_a_missing_column_of_dates_makes_nobody_leave_early(self):
        self.begin()
        self.feed()
        self.sync(0)
        later = {f"_{key}": person(key, "Terminated", "2999-12-24") for key in (5, 6)}
        self.feed(**later)
        self.sync(0)
        self.feed(header=CHICAGO_HEADER.replace("termination_date", "term_date"), **later)
        self.assertIn("NOT CONTAINED", self.sync(3).out)
        self.assertEqual(self.suspended(), [])

    def test_who_only_links_is_told_who_is_still_in(self):
        self.begin()
        self.feed()
        self.sync(0)
        links = CHICAGO_USERS.replace("manage: [link, attributes, groups, lifecycle]", "manage: [link]")
        self.assertNotEqual(links, CHICAGO_USERS)
        self.stack.configure(links, source=FEW_SOURCE, guard=PROTECTED)
        self.feed(_3=person(3, "Terminated", "2020-06-30"))
        self.assertIn("leaver.unmanaged", self.sync(0).out)

    def test_many_who_come_back_at_once_are_held(self):
        self.begin(guard="guard: {initial_load: 1000, limits: {containments: {floor: 20}}}\n")
        self.feed()
        self.sync(0)
        left = {f"_{key}": person(key, "Terminated", "2020-06-30") for key in range(1, 8)}
        self.feed(**left)
        self.sync(0)
        self.assertEqual(len(self.suspended()), 7)
        self.feed()  # last week's file again
        done = self.sync(3)
        self.assertIn("returns", done.out)
        self.assertEqual(len(self.suspended()), 7)
        del left["_1"]
        self.feed(**left)
        self.sync(0)
        self.assertEqual(len(self.suspended()), 6)

    def test_a_first_load_that_was_stopped_goes_on(self):
        self.begin(guard="guard: {initial_load: 1000}\n", count=200)
        self.feed()
        self.stack.sim.faults([{"match": {"audit_position": 30}, "do": "hold_reply"}])
        process = self.stack.start("sync")
        self.addCleanup(lambda: process.poll() is None and process.kill())
        end = time.monotonic() + PATIENCE_S
        while 30 not in self.stack.sim.request("GET", "/sim/held")[1]["held"]:
            self.assertIsNone(process.poll(), "the sync ended before it could be stopped")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        self.stack.sim.faults([])
        self.stack.sim.request("PUT", "/sim/release")
        process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 10)
        self.assertGreater(200 - len(self.stack.sim.audit()), 20, "too little was left to do")
        done = self.sync(0)
        self.assertNotIn("held", done.out.split("Guard")[-1].splitlines()[0])
        people = [one for one in self.stack.sim.org()["users"] if one["profile"].get("employeeNumber")]
        self.assertEqual(len(people), 200)
        # Once a run has come to its end, the limit of every day counts.
        self.staff.update({key: person(key) for key in range(1001, 1101)})
        self.feed()
        self.assertIn("creates", self.sync(3).out)


if __name__ == "__main__":
    unittest.main()
