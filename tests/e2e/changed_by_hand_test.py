"""What administrators do in Okta behind Rollcall's back: accounts deleted, deleted and made again,
groups renamed. Links are by id: what is gone is given up once, what has another name is the same."""
import unittest

from harness import FEW_SOURCE, USERS, Stack

HEADER = ("employee_id,first_name,last_name,work_email,department,title,status,hire_date,"
          "termination_date\n")
GUARD = "guard: {initial_load: 1000, limits: {containments: {floor: 20}}}\n"
GROUPS = "groups:\n  - {name: all-staff, members: 'true'}\n  - {template: 'dept-${hr.department}'}\n"
NEW = {"credentials": {"password": {"value": "Xyz-123-long-one"}}}


def person(key, department="Sales", status="Active", left="", mail=None):
    return (f"{key},Ada{key},Byron,{mail or f'ada{key}'}@x.example,{department},Clerk,{status},"
            f"2020-01-01,{left}\n")


def gone(key):
    return person(key, status="Terminated", left="2020-06-30")


class ChangedByHand(unittest.TestCase):
    def begin(self, users=USERS, groups=GROUPS, count=10):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.stack.configure(users, groups=groups, source=FEW_SOURCE, guard=GUARD)
        self.stack.migrate()
        self.staff = {key: person(key) for key in range(1, count + 1)}
        self.sync(0)

    def sync(self, code, *words):
        self.stack.write("hr.csv", HEADER + "".join(self.staff[key] for key in sorted(self.staff)))
        done = self.stack.run("sync", "--full", *words)
        self.assertEqual(done.code, code, f"{done.out}\n{done.err}")
        return done.out

    def call(self, method, path, body=None):
        status, reply = self.stack.sim.request(method, "/api/v1/" + path, body)
        self.assertLess(status, 300, f"{method} {path}: {reply}")
        return reply

    def account(self, key):
        found = [u for u in self.stack.sim.org()["users"]
                 if u["profile"].get("employeeNumber") == str(key)]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None

    def delete(self, key):
        user = self.account(key)["id"]
        if self.account(key)["status"] != "DEPROVISIONED":
            self.call("POST", f"users/{user}/lifecycle/deactivate")
        self.call("DELETE", f"users/{user}")

    def make_again(self, key):
        self.call("POST", "users?activate=true", {**NEW, "profile": {
            "login": f"ada{key}@x.example", "email": f"ada{key}@x.example", "firstName": "Ada",
            "lastName": "Byron", "employeeNumber": str(key)}})

    def groups_of(self, key):
        user = self.account(key)["id"]
        return sorted(g["name"] for g in self.stack.sim.org()["groups"]
                      if user in g.get("members", []) and g["name"] != "Everyone")

    def test_who_lost_an_account_gets_another_and_the_link_goes_once(self):
        self.begin()
        for key in (2, 3):
            self.delete(key)
        self.staff[3] = gone(3)
        out = self.sync(4)
        self.assertIn("link.account_gone", out)
        self.assertIn("user.unlink", out)
        self.assertNotIn("link.account_gone", self.sync(0))
        self.assertEqual(self.account(2)["status"], "ACTIVE")
        self.assertIsNone(self.account(3), "nobody who has left gets an account")
        self.assertIn("None: the org is as it should be", self.sync(0))
        # The memberships are granted to the new account, so that a mover loses the old one.
        self.staff[2] = person(2, "Legal")
        self.sync(0)
        self.assertEqual(self.groups_of(2), ["all-staff", "dept-Legal"])

    def test_an_account_made_again_is_linked_and_its_leaver_contained(self):
        self.begin()
        for key in (2, 3, 4):
            self.delete(key)
        self.make_again(4)
        self.sync(4)
        self.make_again(2)
        self.make_again(3)
        self.staff[2] = gone(2)
        self.assertIn("user.link", self.sync(0))
        self.assertEqual(self.account(2)["status"], "SUSPENDED")
        self.assertEqual(self.groups_of(3), ["all-staff", "dept-Sales"])
        for key in (3, 4):
            self.staff[key] = gone(key)
        self.sync(0)
        self.assertEqual([self.account(key)["status"] for key in (3, 4)], ["SUSPENDED"] * 2)

    def test_clearing_away_the_accounts_of_leavers_is_no_failure(self):
        self.begin()
        self.staff[2] = gone(2)
        self.sync(0)
        self.delete(2)
        self.assertIn("link.account_gone", self.sync(0))
        self.assertNotIn("link.account_gone", self.sync(0))
        self.staff[2] = person(2)
        self.assertIn("user.create", self.sync(0))
        self.assertEqual(self.account(2)["status"], "ACTIVE")

    def rename(self, name, new):
        group = [g for g in self.stack.sim.org()["groups"] if g["name"] == name][0]
        self.call("PUT", f"groups/{group['id']}", {"profile": {"name": new, "description": ""}})

    def names(self):
        return sorted(g["name"] for g in self.stack.sim.org()["groups"]
                      if g["name"] not in ("Everyone", "Okta Administrators"))

    def test_a_renamed_group_is_the_same_group(self):
        self.begin(users=USERS.replace("do: [suspend, clear_sessions]}",
                                       "do: [suspend, clear_sessions, remove_groups]}"))
        self.staff[9] = person(9, "Legal")
        self.sync(0)
        self.rename("dept-Sales", "The sellers")
        self.rename("all-staff", "Everybody here")
        self.assertIn("group.name_differs", self.sync(0))
        names = ["Everybody here", "The sellers", "dept-Legal"]
        self.assertEqual(self.names(), names)
        self.staff[1] = person(1, "Legal")
        self.staff[2] = gone(2)
        self.staff[11] = person(11)
        self.sync(0)
        self.assertEqual(self.names(), names)
        self.assertEqual(self.groups_of(1), ["Everybody here", "dept-Legal"])
        self.assertEqual(self.groups_of(2), [])
        self.assertEqual(self.groups_of(11), ["Everybody here", "The sellers"])
        self.assertIn("None: the org is as it should be", self.sync(0))
        self.rename("The sellers", "dept-Sales")
        self.rename("Everybody here", "all-staff")
        out = self.sync(0)
        self.assertIn("None: the org is as it should be", out)
        self.assertNotIn("group.name_differs", out)

    def test_a_group_renamed_with_its_department_takes_the_new_name(self):
        self.begin()
        self.rename("dept-Sales", "dept-Selling")
        for key in self.staff:
            self.staff[key] = person(key, "Selling")
        out = self.sync(0)
        self.assertIn("group.link", out)
        self.assertNotIn("group.name_differs", out)
        self.staff[1] = person(1, "Sales")  # founded again: a group of its own
        self.sync(0)
        self.assertEqual(self.names(), ["all-staff", "dept-Sales", "dept-Selling"])
        self.assertEqual(self.groups_of(1), ["all-staff", "dept-Sales"])
        self.assertEqual(self.groups_of(2), ["all-staff", "dept-Selling"])
        self.assertIn("None: the org is as it should be", self.sync(0))


if __name__ == "__main__":
    unittest.main()
