"""What a report names: each record and operation that an exit code speaks of, in the formats that people
and scripts read, at the end of a run and later."""
import csv
import io
import re
import unittest

from harness import CHICAGO_HEADER, FEW_SOURCE, Stack, USERS

MANY = 30


class Reports(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(USERS, source=FEW_SOURCE,
                             guard="guard: {initial_load: 1000, protected: {logins: "
                                   + str([f"ada{key}@x.example" for key in range(1, MANY + 1)]) + "}}\n")
        self.stack.migrate()
        self.feed("Active")
        self.assertEqual(self.stack.run("sync").code, 0)

    def feed(self, status):
        """The protected ones have this status; beside them stand as many broken records."""
        rows = "".join(f"{key},Ada{key},Byron,,ada{key}@x.example,Sales,Clerk,,F,{status},2020-01-01,\n"
                       for key in range(1, MANY + 1))
        if status != "Active":
            rows += "".join(f"{key},Bob{key},Byron,,bob{key}@x.example,Sales,Clerk,,F,Odd,2020-01-01,\n"
                            for key in range(101, 101 + MANY))
        self.stack.write("hr.csv", CHICAGO_HEADER + rows)

    def test_nothing_that_went_wrong_is_left_out(self):
        self.feed("Terminated")
        done = self.stack.run("sync", "--report", "r.txt", "--tolerate", "4")
        self.assertEqual(done.code, 3, done.err)
        head = done.out.split("\n\n")[0]
        self.assertEqual(head.count("leaver.not_contained"), MANY, "not cut, whatever was asked for")
        self.assertIn(f"… {MANY - 3} more: rollcall show 2 --full", done.out)
        with open(self.stack.path("r.txt")) as file:
            self.assertEqual(file.read().count("hr, line "), MANY)
        shown = self.stack.run("show", "2", "--full").out
        self.assertEqual(shown.count("hr, line "), MANY, shown)
        self.assertNotIn(" more", shown)
        rows = list(csv.DictReader(io.StringIO(self.stack.run("show", "2", "--format", "csv").out)))
        for kind, code, count in (("not_contained", "leaver.not_contained", MANY),
                                  ("finding", "record.unknown_status", MANY)):
            self.assertEqual(sum((row["kind"], row["code"]) == (kind, code) for row in rows), count)
        self.assertEqual(sum(row["id"] != "" for row in rows), 2 * MANY, "operations have an id")

    def exits(self, text):
        """The lines that name exit codes, by their number."""
        return [int(number) for number in re.findall(r"^(?:Exit|     also) (\d+) ", text, re.M)]

    def test_show_names_every_exit_code_of_the_run(self):
        self.feed("Terminated")
        done = self.stack.run("sync")
        self.assertEqual(self.exits(done.out), [3, 4])
        self.assertEqual(self.exits(self.stack.run("show", "2").out), [3, 4])
        self.assertEqual(self.stack.run("show", "2", "--json").json()["exit_codes"], [3, 4])
        plan = self.stack.run("show", self.stack.run("show", "2", "--json").json()["plan_id"]).out
        self.assertTrue(plan.startswith(f"NOT CONTAINED: {MANY} people"), plan)
        self.assertEqual(self.exits(plan), [3, 4])
        # A feed that does not count: who was known to have left is still in.
        self.stack.write("hr.csv", CHICAGO_HEADER + "1,Ada1,By")
        done = self.stack.run("sync")
        self.assertEqual(done.code, 5)
        self.assertEqual(self.exits(self.stack.run("show", "3").out), self.exits(done.out))
        self.assertEqual(self.exits(done.out), [5, 3, 4])

    def test_show_of_a_run_without_fault_says_done(self):
        self.assertEqual(self.exits(self.stack.run("show", "1").out), [0])


if __name__ == "__main__":
    unittest.main()
