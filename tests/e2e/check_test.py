"""check: what a credential's roles give against what the configuration needs, and whether the one for
reading can write."""
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack

GROUPS = "groups:\n  - {template: 'dept-${hr.department}'}\n"


def user(name):
    return {"status": "ACTIVE", "profile": {"login": f"{name}@x.example"}}


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.sim = cls.stack.sim
        path = cls.stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE)
        with open(path) as file:
            text = file.read()
        both = ("{read: {api_token: {env: READ_TOKEN}}, write: {api_token: {env: WRITE_TOKEN}}}")
        text = text.replace("{write: {api_token: {env: OKTA_TOKEN}}}", both)
        cls.stack.write("rollcall.yaml", text)
        cls.stack.env.update(READ_TOKEN="R", WRITE_TOKEN="W")
        cls.stack.write("hr.csv", CHICAGO_HEADER + "1,Ada,Byron,,ada@x.example,Sales,Clerk,,F,Active,,\n")
        cls.stack.migrate()

    def org(self, reader, writer, reading="read_only"):
        """Two people with roles, and a token of each."""
        self.sim.load({
            "users": [user("reader"), user("writer")],
            "roles": {"users": {"reader@x.example": reader, "writer@x.example": writer}},
            "tokens": [{"token": "R", "owner": "reader@x.example", "role": reading},
                       {"token": "W", "owner": "writer@x.example", "role": "super"}]})

    def check(self, code):
        done = self.stack.run("check")
        self.assertEqual(done.code, code, done.out + done.err)
        self.assertEqual(self.sim.audit(), [], "a check writes nothing")
        return done.out

    def test_least_roles_are_enough_and_the_reader_is_proven_unable_to_write(self):
        self.org(["READ_ONLY_ADMIN"], ["ORG_ADMIN"])
        out = self.check(0)
        self.assertRegex(out, r"read only +proven: the org refuses a write of the read credential "
                              r"with 403 E0000006")
        self.assertRegex(out, r"roles, read .*the least standard role is READ_ONLY_ADMIN")
        self.assertRegex(out, r"roles, write .*the least standard role is ORG_ADMIN")
        self.assertNotIn("superfluous", out)
        self.assertRegex(out, r"limits +requests a minute: .*/api/v1/users \d+")
        self.assertRegex(out, r"other sources +no active app masters profiles; 0 groups come")

    def test_a_missing_right_is_named(self):
        self.org(["READ_ONLY_ADMIN"], ["USER_ADMIN"])
        self.assertRegex(self.check(6), r"okta\.forbidden: no role lets it create groups")

    def test_too_much_is_named_and_refuses_nothing(self):
        self.org(["SUPER_ADMIN"], ["SUPER_ADMIN"], reading="super")
        out = self.check(0)
        self.assertRegex(out, r"read only +NOT so: the org answered an empty write of the read "
                              r"credential with 400 E0000003")
        self.assertRegex(out, r"roles, read +superfluous: .*create users")
        self.assertRegex(out, r"roles, write +superfluous: .*far more than any of our requests needs")

    def test_json_has_it_all_in_members(self):
        self.org(["READ_ONLY_ADMIN"], ["USER_ADMIN"])
        done = self.stack.run("check", "--json")
        self.assertEqual(done.code, 6, done.out + done.err)
        lines = {line["check"]: line for line in reversed(done.json())}
        self.assertEqual(lines["roles, write"]["missing"], "create groups")
        self.assertEqual(lines["roles, write"]["least_role"], "ORG_ADMIN")
        self.assertEqual(lines["roles, read"]["least_permissions"],
                         ["okta.users.read", "okta.groups.read"])
        self.assertIs(lines["read only"]["proven"], True)
        self.assertIn("/api/v1/users", lines["limits"]["limits"])


if __name__ == "__main__":
    unittest.main()
