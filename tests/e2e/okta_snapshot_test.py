"""A rehearsal without anybody's data: an org and an HR file with invented people, loaded into a
second simulator, give the same plan but for the names."""
import json
import os
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack

GROUPS = ("groups:\n  - {name: all-staff, members: 'true'}\n"
          "  - {template: 'dept-${hr.department}'}\n")
GUARD = "guard: {initial_load: 99}\n"
FIRST = ["Wilhelmina", "Bartholomew", "Zoé", "Ægir", "Ottokar", "Philippa", "Quirin", "Rosalind"]
LAST = ["Featherstone", "Mühlenbrock", "O'Shaughnessy", "Vandermeer", "Wojciechowski"]
DEPARTMENTS = ["Sales", "Legal", "Production"]


def people():
    out = []
    for key in range(40):
        first, last = FIRST[key % len(FIRST)], LAST[key % len(LAST)]
        out.append({"key": str(731000 + key), "first": first, "last": last + f"-{'abcdefghij'[key % 10]}",
                    "mail": f"{'wbzaopqr'[key % 8]}.{key}.person@real-company.test",
                    "department": DEPARTMENTS[key % 3], "title": "Clerk",
                    "manager": str(731000 + key // 5), "phone": f"+1312555{key:04}",
                    "badge": f"BDG-{9900 + key}", "city": "Schenectady"})
    return out


def org(everyone):
    users = [{"id": f"00u{int(one['key']):017}",
              "status": {5: "SUSPENDED", 6: "DEPROVISIONED", 7: "STAGED"}.get(at, "ACTIVE"),
              "profile": {"login": one["mail"], "email": one["mail"], "firstName": one["first"],
                          "lastName": one["last"], "employeeNumber": one["key"],
                          "department": one["department"], "title": one["title"],
                          "nickName": one["first"], "managerId": one["manager"], "userType": "F",
                          "mobilePhone": one["phone"], "city": one["city"], "badge": one["badge"]}}
             for at, one in enumerate(everyone[:36])]
    members = {name: [f"00u{int(one['key']):017}" for one in everyone[:36] if one["department"] == name]
               for name in DEPARTMENTS}
    return {
        "schema": {"custom": {"badge": {"title": "Badge", "type": "string"}}}, "users": users,
        "groups": [{"id": f"00g{at:017}", "name": "dept-" + name, "members": members[name]}
                   for at, name in enumerate(DEPARTMENTS)]
        + [{"id": "00g00000000000000009", "name": "desk of " + everyone[3]["mail"],
            "members": [users[3]["id"]]}],
        "rules": [{"name": "by city", "expression": 'user.city == "Schenectady"',
                   "groups": ["00g00000000000000009"], "status": "INACTIVE"}],
        "apps": [{"id": "0oa00000000000000001", "name": "bookmark", "label": "Wiki",
                  "settings": {"app": {"url": "https://wiki.real-company.test"}},
                  "groups": ["dept-Sales"], "users": [users[1]["id"]]}],
        "roles": {"users": {users[0]["id"]: ["HELP_DESK_ADMIN"]}}}


def feed(everyone):
    rows = []
    for at, one in enumerate(everyone):
        department = "Legal" if at == 9 else one["department"]
        status = "Terminated" if at in (11, 12) else "Active"
        last = one["last"] + "-Nowak" if at == 14 else one["last"]
        rows.append(",".join([one["key"], one["first"], last, one["first"], one["mail"], department,
                              one["title"], one["manager"], "F", status, "2020-01-01",
                              "2020-06-30" if status == "Terminated" else ""]) + "\n")
    return CHICAGO_HEADER + "".join(rows)


def shape(plan):
    """A plan without whoever it is about."""
    return sorted((op["kind"], (op["object"] or {}).get("group", {}).get("name", ""), op["reason"],
                   str(op["held_by"]), tuple(sorted(op["changes"]))) for op in plan["operations"])


class Rehearsal(unittest.TestCase):
    def stack(self, org_file, hr):
        stack = Stack("--load", org_file)
        self.addCleanup(stack.close)
        stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        stack.write("hr.csv", hr)
        stack.migrate()
        return stack

    def run_code(self, stack, code, *words):
        done = stack.run(*words)
        self.assertEqual(done.code, code, f"{words}\n{done.out}\n{done.err}")
        return done

    def plan(self, stack):
        self.run_code(stack, 0, "sync")  # links who is who
        return json.loads(stack.run("plan", "--format", "json", "--full").out)

    def test_an_invented_org_gives_the_same_plan_and_holds_nobody(self):
        everyone = people()
        real = Stack()
        self.addCleanup(real.close)
        real.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        real.write("hr.csv", feed(everyone))
        real.migrate()
        real.sim.load(org(everyone))
        real.write("key", "a secret of thirty-two characters or more")
        words = ["okta", "snapshot", "--pseudonymise", "--key-file", real.path("key"),
                 "--hr", real.path("hr.csv")]
        self.run_code(real, 0, *words, "--out", real.path("org.json"), "--hr-out", real.path("people.csv"))
        with open(real.path("org.json")) as file:
            made_org = file.read()
        with open(real.path("people.csv")) as file:
            made_people = file.read()
        self.assertEqual(os.stat(real.path("org.json")).st_mode & 0o777, 0o600)
        whole = (made_org + made_people).lower()
        for one in everyone:
            for value in [one["key"], one["first"], one["last"], one["mail"], one["phone"],
                          one["phone"][1:], one["badge"], one["city"], "real-company"]:
                self.assertNotIn(value.lower(), whole)
        self.assertNotIn("nowak", whole)
        self.assertNotIn("a secret of", whole)
        self.assertNotIn("e2e-token", whole)

        self.run_code(real, 0, *words, "--out", real.path("again.json"), "--hr-out", real.path("again.csv"))
        with open(real.path("again.json")) as file:
            self.assertEqual(file.read(), made_org)

        made = self.stack(real.path("org.json"), made_people)
        users = {one["profile"]["login"]: one for one in made.sim.org()["users"]}
        loaded = json.loads(made_org)
        self.assertEqual(len(loaded["users"]), 37)  # ours, and the token's owner
        self.assertEqual(sorted(one["status"] for one in loaded["users"]).count("DEPROVISIONED"), 1)
        self.assertTrue(all(one["profile"]["login"] in users for one in loaded["users"]))
        first, second = self.plan(real), self.plan(made)
        self.assertEqual(shape(first), shape(second))
        kinds = {op["kind"] for op in first["operations"]}
        self.assertLessEqual({"user.suspend", "user.create", "user.update", "group.add_member"}, kinds)

    def test_a_part_of_an_org_is_not_written(self):
        everyone = people()
        real = Stack(database=False)
        self.addCleanup(real.close)
        real.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        big = org(everyone)
        big["users"] += [{"id": f"00u{at:017}", "profile": {
            "login": f"s{at}@x.example", "email": f"s{at}@x.example", "firstName": "S", "lastName": "S"}}
            for at in range(300)]
        real.sim.load(big)
        words = ["okta", "snapshot", "--pseudonymise", "--out", real.path("org.json")]
        for fault in ({"match": {"path_prefix": "/api/v1/users", "nth": 2}, "do": "lose_page"},
                            {"match": {"path_prefix": "/api/v1/groups"}, "do": "role_removed"}):
            real.sim.faults([fault])
            done = real.run(*words)
            self.assertNotEqual(done.code, 0, f"{fault} {done.out}")
            self.assertFalse(os.path.exists(real.path("org.json")), fault)
            print(f"\n  {fault['do']}: exit {done.code}, {done.err.splitlines()[0]}")
        real.sim.faults([])
        self.run_code(real, 0, *words)

    def test_it_says_what_it_needs(self):
        stack = Stack(database=False)
        self.addCleanup(stack.close)
        stack.configure(CHICAGO_USERS, source=FEW_SOURCE)
        stack.write("hr.csv", CHICAGO_HEADER)
        for clash in (["--hr", "hr.csv", "--hr-out", "hr.csv", "--out", "x"],
                      ["--hr", "hr.csv", "--hr-out", "./x", "--out", "x"],
                      ["--out", "rollcall.yaml"], ["--key-file", "x", "--out", "x"]):
            done = self.run_code(stack, 64, "okta", "snapshot", "--pseudonymise", *clash)
            self.assertIn("would overwrite", done.err)
        with open(stack.path("hr.csv")) as feed_file:
            self.assertEqual(feed_file.read(), CHICAGO_HEADER)
        for words in ([], ["--out", "x"], ["--pseudonymise"], ["--pseudonymise", "--out", "x", "--hr", "y"]):
            self.run_code(stack, 64, "okta", "snapshot", *words)
        stack.write("key", "short")
        self.run_code(stack, 64, "okta", "snapshot", "--pseudonymise", "--out", "x",
                      "--key-file", stack.path("key"))


if __name__ == "__main__":
    unittest.main()
