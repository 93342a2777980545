"""Operators' commands below `rollcall okta`: what they read, and single changes as plans of one
operation: guarded, journaled, held, approved."""
import json
import subprocess
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, Stack

GUARD = "guard: {initial_load: 9, protected: {logins: [ada2@x.example], groups: [vault]}}\n"
GROUPS = "groups:\n  - {template: 'dept-${hr.department}'}\n"


def person(key):
    return f"{key},Ada{key},Byron,,ada{key}@x.example,Sales,Clerk,,F,Active,2020-01-01,\n"


class Verbs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE, guard=GUARD)
        cls.stack.migrate()
        cls.stack.write("hr.csv", CHICAGO_HEADER + "".join(person(key) for key in range(1, 8)))
        done = cls.stack.run("sync")
        assert done.code == 0, done.out + done.err
        cls.app = cls.make("/api/v1/apps", {
            "name": "bookmark", "label": "Wiki", "signOnMode": "BOOKMARK",
            "settings": {"app": {"url": "https://w.x.example", "requestIntegration": False}}})
        cls.group = cls.make("/api/v1/groups", {"profile": {"name": "guests"}})
        cls.vault = cls.make("/api/v1/groups", {"profile": {"name": "vault"}})
        cls.rule = cls.make("/api/v1/groups/rules", {
            "type": "group_rule", "name": "by city",
            "conditions": {"expression": {"value": 'user.city == "Ulm"',
                                          "type": "urn:okta:expression:1.0"}},
            "actions": {"assignUserToGroups": {"groupIds": [cls.group]}}})
        cls.policy = cls.make("/api/v1/policies", {"type": "PASSWORD", "name": "long ones"})
        cls.policy_rule = cls.make(f"/api/v1/policies/{cls.policy}/rules",
                                   {"name": "r", "type": "PASSWORD"})

    @classmethod
    def make(cls, path, body):
        status, made = cls.stack.sim.request("POST", path, body)
        assert status in (200, 201), made
        return made["id"]

    def get(self, path):
        return self.stack.sim.request("GET", path)[1]

    def run_code(self, code, *words):
        done = self.stack.run("okta", *words)
        self.assertEqual(done.code, code, f"{words}\n{done.out}\n{done.err}")
        return done

    def change(self, *words, code=0):
        return self.run_code(code, *words, "--reason", "ticket 42")

    def status(self, key):
        return self.get(f"/api/v1/users/ada{key}@x.example")["status"]

    def test_reads_print_ids_to_a_pipe_and_names_when_asked(self):
        ada = self.get("/api/v1/users/ada1@x.example")["id"]
        plain = self.run_code(0, "users", "get", "ada1@x.example").out
        self.assertIn(ada, plain)
        self.assertNotIn("ada1", plain)
        self.assertIn("ada1@x.example", self.run_code(0, "users", "get", ada, "--full").out)
        everyone = self.run_code(0, "users", "list", "--json").json()
        self.assertEqual({tuple(sorted(one)) for one in everyone}, {("id", "status")})
        self.assertEqual(len(everyone), len(self.get("/api/v1/users?limit=200")))
        members = self.run_code(0, "groups", "members", "dept-Sales", "--json", "--full").json()
        self.assertEqual({one["profile"]["login"] for one in members},
                         {f"ada{key}@x.example" for key in range(1, 8)})
        cut = self.run_code(0, "groups", "members", "dept-Sales", "--limit", "2", "--json")
        self.assertEqual(len(cut.json()), 2)
        self.assertIn("there are more", cut.err)

    def test_each_read_is_answered(self):
        for words in (["users", "groups", "ada1@x.example"], ["users", "apps", "ada1@x.example"],
                      ["users", "factors", "ada1@x.example"], ["users", "roles", "ada1@x.example"],
                      ["users", "list", "--search", 'status eq "ACTIVE"'], ["groups", "list"],
                      ["groups", "get", "guests"], ["groups", "apps", "guests"],
                      ["groups", "roles", "guests"], ["groups", "owners", "guests"],
                      ["group-rules", "list"], ["group-rules", "get", "by city"], ["apps", "list"],
                      ["apps", "get", "Wiki"], ["apps", "users", "Wiki"], ["apps", "groups", "Wiki"],
                      ["policies", "list", "password"], ["policies", "get", self.policy],
                      ["policies", "rules", self.policy], ["factors", "list", "ada1@x.example"],
                      ["roles", "holders"], ["types", "list"], ["logs", "--limit", "5"], ["org"],
                      ["limits"]):
            with self.subTest(words):
                self.assertTrue(self.run_code(0, *words).out)
                json.loads(self.run_code(0, *words, "--json").out)
        shown = {one["bucket"]: one for one in self.run_code(0, "limits", "--json").json()["limits"]}
        self.assertEqual(shown["/api/v1/users"]["answer"], 200)
        self.assertGreater(shown["/api/v1/users"]["limit"], 0)

    def test_what_is_not_there_is_said_with_code_and_exit(self):
        done = self.run_code(4, "users", "get", "nobody@x.example")
        self.assertIn("okta.not_found", done.err)
        self.assertNotIn("nobody", done.err)
        self.assertIn("okta.not_found", self.run_code(4, "groups", "get", "no such").err)
        self.assertIn("okta.login_unaddressable", self.run_code(4, "users", "get", "a/b").err)
        self.make("/api/v1/apps", {"name": "bookmark", "label": "Twice", "signOnMode": "BOOKMARK",
                                   "settings": {"app": {"url": "https://1"}}})
        self.make("/api/v1/apps", {"name": "bookmark", "label": "Twice", "signOnMode": "BOOKMARK",
                                   "settings": {"app": {"url": "https://2"}}})
        self.assertIn("okta.name_ambiguous", self.run_code(64, "apps", "get", "Twice").err)
        self.run_code(64, "users", "get")
        self.run_code(64, "users", "vanish", "x")
        self.assertIn("did you mean", self.run_code(64, "user", "list").err)
        self.assertIn("--reason", self.run_code(64, "users", "suspend", "ada3@x.example").err)

    def test_a_suspension_is_a_plan_of_one_operation_and_no_sync_undoes_it(self):
        dry = self.change("users", "suspend", "ada3@x.example", "--dry-run", "--format", "json")
        plan = json.loads(dry.out)
        self.assertEqual([op["kind"] for op in plan["operations"]], ["user.suspend"])
        self.assertFalse(plan["sealed"])
        self.assertEqual(self.status(3), "ACTIVE")
        self.change("users", "suspend", "ada3@x.example")
        self.assertEqual(self.status(3), "SUSPENDED")
        run = self.stack.run("runs", "--json").json()[0]
        self.assertEqual((run["verb"], run["operations"]), ("okta", {"applied": 1}))
        shown = self.stack.run("show", run["plan_id"], "--format", "json").json()
        self.assertEqual(shown["findings"][0]["code"], "operator.reason")
        self.assertEqual(shown["operations"][0]["because"]["rule"], "okta users suspend")
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertEqual(self.status(3), "SUSPENDED")
        self.change("users", "unsuspend", "ada3@x.example")
        self.assertEqual(self.status(3), "ACTIVE")

    def test_a_persons_other_states(self):
        who = "ada4@x.example"
        self.change("sessions", "clear", who)
        self.change("users", "reset-factors", who)
        self.change("users", "expire-password", who)
        self.assertEqual(self.status(4), "PASSWORD_EXPIRED")
        self.change("users", "expire-password", who)  # done already
        self.change("users", "deactivate", who)
        self.assertEqual(self.status(4), "DEPROVISIONED")
        self.change("users", "activate", who)
        self.assertEqual(self.status(4), "PROVISIONED")
        self.change("users", "reactivate", who)
        held = self.change("users", "reactivate", who, "--mail", code=3)
        self.assertIn("held by mails", held.err)
        done = self.change("users", "unlock", who, code=4)
        self.assertIn("operation.conflict", done.out)

    def test_a_deletion_is_held_until_approved(self):
        who = "ada5@x.example"
        self.change("users", "deactivate", who)
        held = self.change("users", "delete", who, code=3)
        self.assertIn("held by deletes", held.err)
        self.assertEqual(self.status(5), "DEPROVISIONED")
        plan = held.err.split("rollcall approve ")[1].split(")")[0]
        approved = self.stack.run("approve", plan, "--reason", "asked for twice")
        self.assertEqual(approved.code, 0, approved.err)
        self.change("users", "delete", who)
        self.assertEqual(self.stack.sim.request("GET", "/api/v1/users/" + who)[0], 404)

    def test_the_protected_and_ourselves_are_held(self):
        self.assertIn("held by protected", self.change("users", "suspend", "ada2@x.example", code=3).err)
        self.assertIn("held by protected", self.change("groups", "add", "vault", "ada6@x.example", code=3).err)
        me = self.get("/api/v1/users/me")["id"]
        self.assertIn("held by own_principal", self.change("users", "deactivate", me, code=3).err)
        self.assertEqual(self.status(2), "ACTIVE")

    def test_memberships_apps_rules_policies_and_factors(self):
        who, user = "ada6@x.example", self.get("/api/v1/users/ada6@x.example")["id"]
        self.change("groups", "add", "guests", who)
        self.assertEqual([one["id"] for one in self.get(f"/api/v1/groups/{self.group}/users")], [user])
        self.change("groups", "remove", "guests", who)
        self.assertEqual(self.get(f"/api/v1/groups/{self.group}/users"), [])
        self.change("apps", "assign-user", "Wiki", who)
        self.assertEqual([one["id"] for one in self.get(f"/api/v1/apps/{self.app}/users")], [user])
        self.change("apps", "unassign-user", "Wiki", who)
        self.change("apps", "unassign-user", "Wiki", who)  # done already
        self.assertEqual(self.get(f"/api/v1/apps/{self.app}/users"), [])
        self.change("apps", "assign-group", "Wiki", "guests")
        self.assertEqual([one["id"] for one in self.get(f"/api/v1/apps/{self.app}/groups")], [self.group])
        self.change("apps", "unassign-group", "Wiki", "guests")
        self.assertEqual(self.get(f"/api/v1/apps/{self.app}/groups"), [])
        for verb, status in (("activate", "ACTIVE"), ("deactivate", "INACTIVE")):
            self.change("group-rules", verb, "by city")
            self.assertEqual(self.get(f"/api/v1/groups/rules/{self.rule}")["status"], status)
        rule = f"/api/v1/policies/{self.policy}/rules/{self.policy_rule}"
        for verb, status in (("deactivate", "INACTIVE"), ("activate", "ACTIVE")):
            self.change("policies", verb, self.policy)
            self.assertEqual(self.get(f"/api/v1/policies/{self.policy}")["status"], status)
            self.change("policies", "rules", verb, self.policy, self.policy_rule)
            self.assertEqual(self.get(rule)["status"], status)
        factor = self.make(f"/api/v1/users/{user}/factors",
                           {"factorType": "sms", "provider": "OKTA",
                            "profile": {"phoneNumber": "+15555550100"}})
        self.change("factors", "reset", who, factor)
        self.assertEqual(self.get(f"/api/v1/users/{user}/factors"), [])

    def refused(self, *words):
        done = self.change(*words, code=4)
        self.assertIn("operator.refused", done.err)
        return done

    def test_what_okta_would_take_and_do_otherwise_is_refused(self):
        who, user = "ada1@x.example", self.get("/api/v1/users/ada1@x.example")["id"]
        group = self.make("/api/v1/groups", {"profile": {"name": "by rule"}})
        rule = self.make("/api/v1/groups/rules", {
            "type": "group_rule", "name": "all of Sales",
            "conditions": {"expression": {"value": f'user.login == "{who}"',
                                          "type": "urn:okta:expression:1.0"}},
            "actions": {"assignUserToGroups": {"groupIds": [group]}}})
        self.change("group-rules", "activate", "all of Sales")
        self.assertIn(rule, self.refused("groups", "remove", "by rule", who).err)
        people = self.get(f"/api/v1/groups/rules/{rule}")["conditions"]["people"]
        self.assertEqual(people["users"]["exclude"], [])
        self.change("apps", "assign-group", "Wiki", "by rule")
        self.refused("apps", "unassign-user", "Wiki", who)
        self.assertEqual(self.get(f"/api/v1/apps/{self.app}/users/{user}")["scope"], "GROUP")
        self.refused("users", "delete", who)
        self.assertEqual(self.status(1), "ACTIVE")
        default = next(one for one in self.get("/api/v1/policies?type=PASSWORD") if one["system"])
        self.refused("policies", "deactivate", default["id"])

    def test_who_holds_a_role_by_a_group_is_protected(self):
        admins = self.make("/api/v1/groups", {"profile": {"name": "helpers"}})
        self.make(f"/api/v1/groups/{admins}/roles", {"type": "USER_ADMIN"})
        held = self.change("groups", "add", "helpers", "ada7@x.example", code=3)
        self.assertIn("held by protected", held.err)
        user = self.get("/api/v1/users/ada7@x.example")["id"]
        self.stack.sim.request("PUT", f"/api/v1/groups/{admins}/users/{user}")
        self.assertIn("held by protected", self.change("users", "suspend", "ada7@x.example", code=3).err)
        self.assertEqual(self.status(7), "ACTIVE")

    def test_a_person_is_named_by_the_whole_login(self):
        self.assertIn("okta.not_found", self.change("users", "suspend", "ada1", code=4).err)
        self.change("sessions", "clear", "ADA1@x.example")

    def test_a_reason_is_kept_sealed_with_its_own_run(self):
        who, runs = "ada6@x.example", []
        for reason in ("Byron asked first", "Byron asked again"):
            self.run_code(0, "sessions", "clear", who, "--reason", reason)
            runs.append(self.stack.run("runs", "--json").json()[0]["run"])
        for run, reason in zip(runs, ("Byron asked first", "Byron asked again")):
            shown = self.stack.run("show", str(run), "--full")
            self.assertIn(reason, shown.out)
            self.assertNotIn("Byron", self.stack.run("show", str(run)).out)
        dump = subprocess.run(["pg_dump", "--data-only", self.stack.dsn], capture_output=True,
                              text=True, check=True).stdout
        self.assertIn("user.clear_sessions", dump)
        self.assertNotIn("Byron asked", dump)
        self.run_code(64, "sessions", "clear", who, "--reason", "  ")
        self.run_code(64, "sessions", "clear", who, "--reason", b"\xff")

    def test_amounts_help_and_lost_output(self):
        for wrong in ("0", "-1", "x"):
            self.run_code(64, "users", "list", "--limit", wrong)
        self.assertIn("there may be more", self.run_code(0, "users", "list", "--q", "ada", "--limit", "2").err)
        self.assertIn("users suspend", self.run_code(0, "users", "--help").out)
        with open("/dev/full", "w") as full:
            lost = subprocess.run(self.stack.command("okta", "users", "list", "--json"), stdout=full,
                                  stderr=subprocess.PIPE, text=True, env=self.stack.env, check=False)
        self.assertEqual(lost.returncode, 1)
        self.assertIn("io.write_failed", lost.stderr)

    def test_reads_whose_replies_are_lost_or_cut_are_repeated(self):
        for fault in ("reset_before", "truncate"):
            self.stack.sim.faults([{"match": {"method": "GET", "path_prefix": "/api/v1/users"},
                                    "do": fault, "times": 2}])
            self.assertTrue(self.run_code(0, "users", "list", "--json").json())
        self.stack.sim.faults([])

    def sign_in(self, code, password="Tr0ub4dor-and-3", more=""):
        overlay = self.stack.write("canary.yaml", (
            "okta: {sign_in_check: {login: canary@x.example, password: {env: CANARY}%s}}\n" % more))
        done = self.stack.run("okta", "sign-in-check", "--config", self.stack.path("rollcall.yaml"),
                              "--config", overlay, env={"CANARY": password})
        self.assertEqual(done.code, code, done.out + done.err)
        self.assertNotIn(password, done.out + done.err)
        return done

    def test_the_sign_in_check_signs_in_and_out_as_an_account_that_opens_nothing(self):
        self.assertIn("sign_in.off", self.run_code(78, "sign-in-check").err)
        canary = self.make("/api/v1/users?activate=true", {
            "profile": {"login": "canary@x.example", "email": "canary@x.example",
                        "firstName": "Can", "lastName": "Ary"},
            "credentials": {"password": {"value": "Tr0ub4dor-and-3"}}})
        self.assertIn("the sign-in works", self.sign_in(0).out)
        made = [one["path"] for one in self.stack.sim.audit() if "/sessions" in one["path"]][-2:]
        self.assertEqual(made[0], "/api/v1/sessions")
        self.assertTrue(made[1].startswith("/api/v1/sessions/1"), made)
        self.assertIn("sign_in.refused", self.sign_in(4, "Wr0ng-0ne-4ltogether").err)
        self.change("groups", "add", "guests", "canary@x.example")
        self.assertIn("sign_in.privileged", self.sign_in(78).err)
        self.sign_in(0, more=", only_groups: [guests]")
        self.change("apps", "assign-user", "Wiki", "canary@x.example")
        self.assertIn("app " + self.app, self.sign_in(78, more=", only_groups: [guests]").err)
        self.change("users", "deactivate", canary)


if __name__ == "__main__":
    unittest.main()
