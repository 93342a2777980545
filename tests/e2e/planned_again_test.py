"""A sync that meets a conflict plans the people concerned again: two runs of one command, told as one
document in every format, with the exit codes and the leavers of both."""
import csv
import io
import json
import re
import time
import unittest

from harness import CHICAGO_HEADER, FEW_SOURCE, Stack, USERS

PATIENCE_S = 60
RENAMES = USERS.replace("{initial: 'hr.work_email'}",
                        "{authoritative: 'hr.work_email'}") + "  renames: apply\n"
GUARD = "guard: {initial_load: 1000, protected: {logins: [ada4@x.example]}}\n"


class PlannedAgain(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(RENAMES, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.mails = {key: f"ada{key}@x.example" for key in range(1, 13)}
        self.gone = set()
        self.assertEqual(self.sync().code, 0)

    def feed(self):
        rows = "".join(
            f"{key},Ada{key},Byron,,{mail},Sales,Clerk,,F,"
            + ("Terminated,2020-01-01,2020-06-30\n" if key in self.gone else "Active,2020-01-01,\n")
            for key, mail in self.mails.items())
        self.stack.write("hr.csv", CHICAGO_HEADER + rows)

    def sync(self, *words):
        self.feed()
        return self.stack.run("sync", *words)

    def refuse_first_suspend(self, key):
        self.stack.sim.faults([{"match": {"method": "POST", "nth": 1,
                                          "path_prefix": self.user(key) + "/lifecycle"},
                                "do": "status", "status": 400, "error": "E0000001"}])

    def conflict(self, *leavers):
        """5 leaves and the first suspend is a conflict, planned again; HR gives 12 the address of 1,
        which is held; the others leave as well."""
        self.refuse_first_suspend(5)
        self.mails[12] = self.mails[1]
        self.gone.update({5, *leavers})

    def read(self, name):
        with open(self.stack.path(name), newline="") as file:
            return file.read()

    def test_json_is_one_document_that_carries_the_later_run(self):
        self.conflict(3)
        done = self.sync("--json", "--report", "r.json", "--out", "o.json")
        self.assertEqual(done.code, 3, done.err)  # the rename is held
        for text in (done.out, self.read("r.json")):
            first = json.loads(text)
            self.assertEqual(first["format"], "rollcall.run/1")
            self.assertEqual(first["exit_codes"], [3, 4])
            self.assertIn("user.suspend", [op["kind"] for op in first["operations"]])
            (later,) = first["followed_by"]
            self.assertEqual(later["format"], "rollcall.run/1")
            self.assertGreater(later["run_id"], first["run_id"])
            self.assertNotIn("followed_by", later)
            self.assertIn("planned again", " ".join(later["remarks"]))
        self.assertEqual(json.loads(self.read("o.json"))["plan_id"], first["plan_id"])
        self.assertEqual(json.loads(self.read("o-2.json"))["plan_id"], later["plan_id"])
        self.assertIn("o-2.json", done.err)
        self.assertNotIn("followed_by", self.sync("--json", "--only", "5").json())

    def test_csv_has_one_header_and_the_rows_of_both(self):
        self.conflict(3)
        done = self.sync("--format", "csv", "--report", "r.csv")
        self.assertEqual(done.code, 3, done.err)
        self.assertEqual(done.out.count("id,kind,"), 1)
        rows = list(csv.DictReader(io.StringIO(self.read("r.csv"))))
        self.assertIn(("user.suspend", "3", "applied"),
                      [(row["kind"], row["worker_key"], row["state"]) for row in rows])
        self.assertEqual(len({row["run_id"] for row in rows}), 2)

    def test_html_is_one_page_with_a_part_for_each(self):
        self.conflict(3)
        done = self.sync("--format", "html", "--report", "r.html")
        for page in (done.out, self.read("r.html")):
            self.assertEqual(page.count("<!DOCTYPE"), 1)
            self.assertEqual(page.count("</html>"), 1)
            self.assertEqual(len(re.findall(r"<h1>Run \d+", page)), 2)
            self.assertIn("ada3@x.example", page)
            ids = re.findall(r' id="([^"]+)"', page)
            self.assertEqual(len(ids), len(set(ids)), "anchors are unique")

    def test_text_names_leavers_once_and_first_and_exit_codes_last(self):
        self.conflict(4)  # 4 is protected: held
        done = self.sync("--full", "--report", "r.txt")
        self.assertEqual(done.code, 3, done.err)
        for text in (done.out, self.read("r.txt")):
            self.assertTrue(text.startswith("NOT CONTAINED: 1 person"), text)
            self.assertEqual(text.count("NOT CONTAINED"), 1, text)
            self.assertEqual(len(re.findall(r"^Run \d+", text, re.M)), 2, text)
            self.assertEqual(text.count("Exit 3"), 1, text)
            self.assertEqual(text.count("also 4"), 1, text)

    def test_who_is_contained_when_planned_again_is_not_said_to_be_in(self):
        # The first suspend meets a status that changed meanwhile; that of the second run goes through.
        self.gone.add(3)
        self.refuse_first_suspend(3)
        done = self.sync("--full", "--report", "r.json")
        self.assertNotIn("NOT CONTAINED", done.out)
        self.assertEqual(done.code, 4, done.out)
        first = json.loads(self.read("r.json"))
        self.assertEqual((first["not_contained"], first["exit_codes"]), ([], [4]))
        self.assertEqual(self.stack.sim.request("GET", self.user(3))[1]["status"], "SUSPENDED")

    def kill(self, *words):
        """Starts a command and kills it while the reply to its first write is under way."""
        position = self.stack.sim.stats()["writes"] + 1
        self.stack.sim.faults([{"match": {"audit_position": position}, "do": "hold_reply"}])
        started = self.stack.start(*words)
        until = time.monotonic() + PATIENCE_S
        while position not in self.stack.sim.request("GET", "/sim/held")[1]["held"]:
            self.assertIsNone(started.poll(), "it ended before its first write")
            self.assertLess(time.monotonic(), until, "no write came")
        started.kill()
        started.communicate(timeout=PATIENCE_S)
        self.stack.sim.faults([])
        self.stack.sim.request("PUT", "/sim/release")

    def test_a_resume_of_two_runs_is_one_document(self):
        self.mails[2] = "new2@x.example"
        self.feed()
        self.kill("sync")
        self.gone.add(3)
        self.feed()
        self.kill("sync", "--urgent", "3")
        done = self.stack.run("resume", "--json")
        self.assertEqual(done.code, 0, done.err)
        first = done.json()
        self.assertEqual([first["run_id"]] + [run["run_id"] for run in first["followed_by"]], [2, 3])
        self.assertEqual(self.stack.sim.request("GET", self.user(3))[1]["status"], "SUSPENDED")

    def user(self, key):
        got = self.stack.sim.request("GET", f"/api/v1/users/ada{key}@x.example")[1]
        return "/api/v1/users/" + got["id"]


if __name__ == "__main__":
    unittest.main()
