"""What the tests of refused credentials share: sixty people after a first sync, and the second day's
feed with five leavers, two who are missing and everybody else moved."""
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack

GROUPS = "groups:\n  - {template: 'dept-${hr.department}', mode: authoritative}\n"
GUARD = ("guard:\n  initial_load: 1000\n  limits: {containments: {floor: 1000}, removals: {floor: "
         "1000}, group_members: {floor: 1000}, absences: {floor: 1000}, attribute: {floor: 1000}}\n")
PEOPLE = 60
LEAVERS = 5
NO_ROLE = {"do": "status", "status": 403, "error": "E0000006"}


def row(key, department, status="Active"):
    ended = "2020-06-01" if status == "Terminated" else ""
    return (f"{key},Ada{key},Byron,,ada{key}@x.example,{department},Clerk,,F,{status},2020-01-01,"
            f"{ended}\n")


def first_day():
    return CHICAGO_HEADER + "".join(row(key, "Sales") for key in range(1, PEOPLE + 1))


def second_day():
    """Five have left, two are not in the file any more, the others have moved."""
    left = "".join(row(key, "Sales", "Terminated") for key in range(1, LEAVERS + 1))
    return CHICAGO_HEADER + left + "".join(row(key, "Care") for key in range(LEAVERS + 1, PEOPLE - 1))


class RefusedCase(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.sim = self.stack.sim
        self.stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.stack.write("hr.csv", first_day())
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.base = len(self.sim.audit())
        self.stack.write("hr.csv", second_day())

    def user(self, key):
        login = f"ada{key}@x.example"
        return next(user for user in self.sim.org()["users"] if user["profile"]["login"] == login)
