"""The rehearsal of a full org: snapshot, loaded into a second simulator: the same plan, the same
org, the same behaviour, and no real value inside."""
import collections
import csv
import io
import json
import re
import unittest

import full_org
import harness

SEED = 20180301
LINK = ["link"]
ALL = ["link", "attributes", "groups", "lifecycle"]
KEPT = {"department", "division", "organization", "costCenter", "title", "userType", "countryCode",
        "locale", "preferredLanguage", "timezone"}
NAMES = ("firstName", "lastName", "nickName")
FED = "Okta police"  # filled by a rule, and by hand with three people
PAGE = "https://wiki.corp.example/start"


def words(text):
    """Its words of letters, folded."""
    return set(re.findall(r"[^\W\d_]{2,}", text.casefold()))


def leaves(value, name=""):
    """Each text or number in it, with the name it stands under."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def translated(value, table):
    if isinstance(value, dict):
        return {table.get(key, key): translated(inner, table) for key, inner in value.items()}
    if isinstance(value, list):
        return [translated(inner, table) for inner in value]
    return table.get(value, value) if isinstance(value, str) else value


def seconds(org):
    """An org as Okta shows it: to the second."""
    return json.loads(re.sub(r'(T\d\d:\d\d:\d\d)\.\d+Z"', r'\1Z"', json.dumps(org)))


def filled(user):
    return {name for name, value in user["profile"].items() if value is not None}


def without(item, *names):
    return {key: value for key, value in item.items() if key not in names}


class Furnished(full_org.FullOrg):
    """The full org with apps, policies, types and roles, some of them called after people."""

    def __init__(self):
        super().__init__(harness.need_shared("data", "chicago", "chicago_2018-03.csv.gz"), SEED)
        vocabulary = words(" ".join(r["department"] + " " + r["title"] for r in self.rows) + " " +
                           " ".join(self.groups))
        self.person = next(r for r in self.rows if r["employee_id"] in self.users and
                           not (words(r["first_name"]) | words(r["last_name"])) & vocabulary)
        self.first = max(self.person["first_name"].split(), key=len).capitalize()
        self.last = self.person["last_name"].capitalize()
        self.someone = [self.users[r["employee_id"]] for r in self.rows
                        if r["employee_id"] in self.users and
                        self._status(r["employee_id"]) == "ACTIVE"]
        self.org["groups"].append({"id": self._id("00g"), "type": "OKTA_GROUP",
                                   "name": f"Friends of {self.first}",
                                   "members": [one["id"] for one in self.someone[:4]]})
        police = next(r for r in self.org["rules"] if r["groups"] == [FED])
        self.excluded = next(one["id"] for one in self.someone
                             if one["profile"]["title"].startswith("POLICE OFFICER"))
        police["exclude"] = [self.excluded]
        self.org["rules"].append(
            {"id": self._id("0pr"), "name": f"{self.last}'s people", "status": "INACTIVE",
             "expression": f'user.lastName == "{self.person["last_name"]}" OR '
                           'String.stringContains(user.email, "@cityofchicago.example")',
             "groups": [self.org["groups"][-1]["id"]]})
        self.org["relations"] = {"types": [
            {"id": self._id("oty"), "name": "guest", "displayName": f"Guests of {self.last}",
             "users": self.services[:5]}]}
        self.org["roles"]["custom"] = [{"label": f"{self.last}'s desk", "permissions":
                                        ["okta.users.read", "okta.groups.read"]}]
        self.org["roles"]["users"][self.services[10]] = [f"{self.last}'s desk"]
        self.org["apps"] = self._apps()

    def _app(self, mode, label, settings, **more):
        return {"id": self._id("0oa"), "signOnMode": mode, "label": label, "settings": settings,
                "status": "ACTIVE", **more}

    def _apps(self):
        page, group = {"app": {"url": PAGE}}, self.groups
        direct = [{"id": one["id"], "scope": "USER", "userName": one["profile"]["email"],
                   "profile": {"desk": "of " + one["profile"]["lastName"], "title": "CLERK"}}
                  for one in self.someone[:30]]
        return [
            self._app("BOOKMARK", f"Wiki of {self.first} {self.last}", page, name="bookmark",
                      groups=[group["all-staff"]]),
            self._app("SAML_2_0", "Payroll", {"signOn": {"ssoAcsUrl": PAGE}}, name="corp_payroll_1",
                      users=direct, features=["PUSH_NEW_USERS"], groups=[
                          {"id": group["dept-POLICE"], "priority": 1},
                          {"id": group[FED], "priority": 0,
                           "profile": {"role": f"{self.last}'s", "seats": 3}}]),
            self._app("OPENID_CONNECT", "Portal", {"oauthClient": {
                "application_type": "web", "grant_types": ["authorization_code"],
                "response_types": ["code"], "redirect_uris": [PAGE]}}, users=direct[:9],
                credentials={"userNameTemplate": {"template": "${source.email}"}}),
            self._app("AUTO_LOGIN", "Timesheets", {"signOn": {"loginUrl": PAGE}}, users=direct[5:8]),
            self._app("BASIC_AUTH", "Archive", {"app": {"url": PAGE, "authURL": PAGE}}),
            {**self._app("SECURE_PASSWORD_STORE", "Old", page), "status": "INACTIVE"},
            self._app("BROWSER_PLUGIN", "Forms", page, groups=[group["fire-ems"]])]

    def make_policies(self, sim):
        """As an administrator does: by the API. Gives the id of the app's own policy."""
        def make(path, body):
            status, made = sim.request("POST", "/api/v1/policies" + path, body)
            assert status == 200, made
            return made["id"]

        def people(name):
            return {"people": {"groups": {"include": [self.groups[name]]}}}

        ids = [one["id"] for one in self.someone]
        strict = make("", {"type": "OKTA_SIGN_ON", "name": f"{self.last} and others",
                           "description": "asked for by " + self.last,
                           "conditions": people("police-officers")})
        make(f"/{strict}/rules", {
            "name": f"all but {self.first}", "type": "SIGN_ON",
            "conditions": {"people": {"users": {"exclude": ids[:3]}}},
            "actions": {"signon": {"access": "ALLOW", "requireFactor": True, "session": {
                "maxSessionIdleMinutes": 30, "maxSessionLifetimeMinutes": 43200}}}})
        make(f"/{strict}/rules?activate=false", {"name": "nobody", "type": "SIGN_ON",
                                                 "actions": {"signon": {"access": "DENY"}}})
        make("", {"type": "PASSWORD", "name": "long ones", "conditions": people("all-staff"),
                  "settings": {"password": {"complexity": {"minLength": 14, "excludeAttributes":
                                                           ["firstName", "lastName"]}}}})
        make("?activate=false", {"type": "MFA_ENROLL", "name": "authenticators", "conditions":
                                 people("fire-ems"), "settings": {"type": "AUTHENTICATORS",
                                 "authenticators": [{"key": "okta_email",
                                                     "enroll": {"self": "REQUIRED"}}]}})
        access = make("", {"type": "ACCESS_POLICY", "name": "at the office"})
        make(f"/{access}/rules", {
            "name": "twice a day", "conditions": {"elCondition": {
                "condition": f'user.profile.lastName == "{self.person["last_name"]}"'}},
            "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {
                "factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H"}}}})
        status, answer = sim.request(
            "PUT", f"/api/v1/apps/{self.org['apps'][1]['id']}/policies/{access}")
        assert status == 204, answer


class FullRehearsal(unittest.TestCase):
    """Made once, by setUpClass; each test looks at one side of it."""

    @classmethod
    def setUpClass(cls):
        cls.full = full = Furnished()
        cls.real = harness.Stack()
        cls.addClassCleanup(cls.real.close)
        cls.real.sim.load(full.org)
        full.make_policies(cls.real.sim)
        cls.real.write("hr.csv", full.hr())
        cls.configure(cls.real, [full.users[key]["profile"]["login"]
                                 for key in full.protected_by_login])
        cls.real.write("key", "a secret of thirty-two characters or more")
        requests = sum(cls.real.sim.stats()["requests"].values())
        done = cls.real.run(
            "okta", "snapshot", "--pseudonymise", "--key-file", cls.real.path("key"),
            "--out", cls.real.path("org.json"), "--hr", cls.real.path("hr.csv"),
            "--hr-out", cls.real.path("people.csv"), config="all.yaml")
        assert done.code == 0, done.out + done.err
        print(f"\n{done.out.strip()}, "
              f"{sum(cls.real.sim.stats()['requests'].values()) - requests} requests")
        with open(cls.real.path("org.json")) as file:
            cls.org_text = file.read()
        with open(cls.real.path("people.csv")) as file:
            cls.people_text = file.read()
        cls.snapshot = json.loads(cls.org_text)
        cls.made = harness.Stack("--load", cls.real.path("org.json"))
        cls.addClassCleanup(cls.made.close)
        cls.made.write("hr.csv", cls.people_text)
        cls.keys = {row["employee_id"]: made["employee_id"] for row, made in zip(
            full.rows, csv.DictReader(io.StringIO(cls.people_text)), strict=True)}
        logins = {one["profile"].get("employeeNumber"): one["profile"]["login"]
                  for one in cls.snapshot["users"]}
        cls.configure(cls.made, [logins[cls.keys[key]] for key in full.protected_by_login])
        cls.before, cls.after = seconds(cls.real.sim.org()), seconds(cls.made.sim.org())
        cls.pair_up()
        cls.plans = {}
        cls.plan("adopt", "link.yaml")
        for stack in (cls.real, cls.made):
            stack.run("sync", config="link.yaml")
        cls.plan("plan", "all.yaml")

    @classmethod
    def configure(cls, stack, protected_logins):
        full_org.configure(stack, LINK, protected_logins, name="link.yaml")
        full_org.configure(stack, ALL, protected_logins, full_org.LIMITS, name="all.yaml")
        done = stack.run("migrate", config="link.yaml")
        assert done.code == 0, done.err

    @classmethod
    def pair_up(cls):
        """Which id, and which text of a profile, became which: lists keep their order. The second
        org has one account more: the owner of its own token."""
        cls.ids, cls.texts = dict(cls.keys), {}
        cls.clashes = []
        for part in ("users", "groups", "rules", "apps", "policies"):
            for real, made in zip(cls.before[part], cls.after[part]):
                cls.ids[real["id"]] = made["id"]
        for real, made in zip(cls.before["policies"], cls.after["policies"]):
            cls.ids.update((r["id"], m["id"]) for r, m in zip(real["rules"], made["rules"]))
        for real, made in zip(cls.before["users"], cls.after["users"]):
            number = real["profile"].get("employeeNumber")
            cls.ids[number] = made["profile"].get("employeeNumber")
            for name in filled(real) - KEPT:
                text, invented = real["profile"][name].casefold(), made["profile"].get(name, "")
                if cls.texts.setdefault(text, invented.casefold()) != invented.casefold():
                    cls.clashes.append((name, text))

    @classmethod
    def plan(cls, verb, config):
        cls.plans[verb] = []
        for stack in (cls.real, cls.made):
            done = stack.run(verb, "--json", config=config)
            assert done.out, done.err
            cls.plans[verb].append((done.code, done.json()))

    def shape(self, plan, table):
        """Its operations without what comes from their order, sorted; people by `table`."""
        out = []
        for op in plan["operations"]:
            subject, group = op["subject"] or {}, (op["object"] or {}).get("group") or {}
            changes = {name: change if name in KEPT else sorted(change)
                       for name, change in op["changes"].items()}
            request = op["request"] or {}
            if "with" in request:
                request = {"with": True}
            out.append(json.dumps(translated(
                [op["kind"], op["wave"], len(op["after"]), subject.get("worker_key"),
                 subject.get("user_id"), group, changes, op["expect"], op["reason"], op["because"],
                 request["path"].split("/") if "path" in request else request, op["held_by"]],
                table), sort_keys=True))
        return sorted(out)

    def finding(self, one, table):
        return json.dumps(translated(
            {name: one.get(name) for name in
             ("severity", "code", "source", "record", "line", "worker_key", "user_id", "message")},
            table), sort_keys=True)

    def assert_same_plan(self, verb):
        (code, first), (other, second) = self.plans[verb]
        self.assertEqual(code, other)
        self.assertEqual(len(first["operations"]), len(second["operations"]))
        mine, theirs = self.shape(first, self.ids), self.shape(second, {})
        self.assertEqual(*([one for one in side if one not in set(other)][:5]
                           for side, other in ((mine, theirs), (theirs, mine))))
        self.assertEqual(sorted(self.finding(one, self.ids) for one in first["findings"]),
                         sorted(self.finding(one, {}) for one in second["findings"]))
        for line in second["guard"]:  # the owner of the second org's own token is protected too
            line["population"] -= line["limit"] == "protected"
        for plan in (first, second):
            plan["forecast"].pop("minutes")  # so fast that they show how busy the machine is
        for part in ("summary", "guard", "forecast"):
            self.assertEqual(first[part], second[part])
        return first

    def test_the_plans_are_the_same_but_for_the_names(self):
        adopted = self.assert_same_plan("adopt")
        self.assertGreater(len(adopted["operations"]), 2500)
        whole = self.assert_same_plan("plan")
        kinds = collections.Counter(op["kind"] for op in whole["operations"])
        self.assertLessEqual({"user.create", "user.update", "user.suspend", "user.deactivate",
                              "group.link", "group.create", "group.add_member"}, set(kinds))
        codes = {one["code"] for one in whole["findings"]}
        self.assertLessEqual({"match.disputed", "group.refused", "leaver.not_contained",
                              "record.login_taken", "status.set_by_other"}, codes)
        self.assertTrue(any(op["held_by"] == "protected" for op in whole["operations"]))

    def test_people_are_the_same_but_for_what_tells_who_they_are(self):
        self.assertEqual(self.clashes, [], "one text became two")
        self.assertEqual(len(set(self.texts.values())), len(self.texts), "two texts became one")
        self.assertEqual(len(self.after["users"]), len(self.before["users"]) + 1)
        for real, made in zip(self.before["users"], self.after["users"]):
            self.assertEqual(without(real, "id", "profile", "recovery_question", "password_key"),
                             without(made, "id", "profile"))
            self.assertEqual(filled(real), filled(made))
            for name in filled(real):
                (self.assertEqual if name in KEPT else self.assertNotEqual)(
                    real["profile"][name], made["profile"][name], name)

    def test_groups_rules_and_who_is_in_by_which_rule_are_the_same(self):
        by_rule = 0
        for real, made in zip(self.before["groups"], self.after["groups"], strict=True):
            same = ["type", "created", "lastUpdated"]
            if real["type"] != "BUILT_IN":  # the second org's token has an owner of its own
                same.append("lastMembershipUpdated")
            self.assertEqual([real[name] for name in same], [made[name] for name in same])
            if self.full.first in real["name"]:
                self.assertRegex(made["name"], "^Friends of [A-Z][a-z]+$")
            else:
                self.assertEqual(real["name"], made["name"])
            mine = set(self.ids.values())
            members = [one for one in made["members"] if not isinstance(one, str) or one in mine]
            self.assertEqual(self.in_order(translated(real["members"], self.ids)),
                             self.in_order(members))
            by_rule += sum(isinstance(one, dict) for one in members)
        self.assertGreater(by_rule, 500)
        for real, made in zip(self.before["rules"], self.after["rules"], strict=True):
            same = without(real, "id", "name", "expression", "created", "lastUpdated")
            self.assertEqual(translated(same, self.ids),
                             without(made, "id", "name", "expression", "created", "lastUpdated"))
            if self.full.last not in real["name"]:
                self.assertEqual(real["expression"], made["expression"])
        last, domain = re.findall('"([^"]*)"', self.after["rules"][-1]["expression"])
        self.assertEqual(last.casefold(), self.texts[self.full.person["last_name"].casefold()])
        self.assertTrue(any(one.endswith(domain) for one in self.texts.values()))
        police = next(one for one in self.after["rules"] if one["name"] == "fill " + FED)
        self.assertEqual(police["exclude"], [self.ids[self.full.excluded]])

    @staticmethod
    def in_order(members):
        return sorted(json.dumps(one, sort_keys=True) for one in members)

    def test_apps_keep_their_mode_and_who_has_them(self):
        names = set()
        for real, made in zip(self.before["apps"], self.after["apps"], strict=True):
            same = ("signOnMode", "status", "features")
            self.assertEqual([real[name] for name in same], [made[name] for name in same])
            self.assertEqual(real["credentials"]["userNameTemplate"],
                             made["credentials"]["userNameTemplate"])
            self.assertEqual(self.ids.get(real.get("access_policy")), made.get("access_policy"))
            self.assertEqual(
                sorted((one["priority"], self.ids[one["id"]], sorted(one["profile"]))
                       for one in real["groups"]),
                [(one["priority"], one["id"], sorted(one["profile"])) for one in made["groups"]])
            self.assertEqual(
                sorted((self.ids[one["id"]], one["scope"], self.texts[one["userName"].casefold()],
                        sorted(one["profile"])) for one in real["users"]),
                sorted((one["id"], one["scope"], one["userName"].casefold(),
                        sorted(one["profile"])) for one in made["users"]))
            names.add(real["name"] == made["name"])
            self.assertTrue("Wiki" in made["label"] or real["label"] == made["label"])
        self.assertEqual(names, {True, False}, "templates keep their name, others get one")
        self.assertEqual({one["scope"] for one in self.after["apps"][1]["users"]}, {"USER", "GROUP"})

    def test_policies_types_and_roles_are_the_same(self):
        def plain(policy):
            rules = [without(rule, "name", "id") for rule in policy["rules"]]
            for rule in rules:
                (rule["conditions"] or {}).pop("elCondition", None)
            return {**without(policy, "id", "name", "description"), "rules": rules}

        self.assertEqual(len(self.before["policies"]), 8)
        for real, made in zip(self.before["policies"], self.after["policies"], strict=True):
            self.assertEqual(translated(plain(real), self.ids), plain(made))
            if self.full.last not in real["name"]:
                self.assertEqual(real["name"], made["name"])
        real, made = (org["relations"]["types"] for org in (self.before, self.after))
        self.assertEqual([(one["name"], sorted(self.ids[user] for user in one["users"]))
                          for one in real],
                         [(one["name"], sorted(one["users"])) for one in made])
        mine = set(self.ids.values())
        for part in ("users", "groups"):
            real = {self.ids[key]: [self.role(one) for one in held]
                    for key, held in self.before["roles"][part].items()}
            made = {key: [self.role(one) for one in held]
                    for key, held in self.after["roles"][part].items() if key in mine}
            self.assertEqual(real, made)
        self.assertEqual([one["permissions"] for one in self.before["roles"]["custom"]],
                         [one["permissions"] for one in self.after["roles"]["custom"]])

    @staticmethod
    def role(held):
        return "custom" if "'s desk" in held["role"] else held["role"]

    def test_no_real_value_is_inside(self):
        full, text = self.full, self.org_text + self.people_text
        known = set(re.findall(r"[\w@.+-]+", text.casefold()))
        real = {str(value).casefold() for user in self.before["users"]
                for name, value in user["profile"].items()
                if name in ("login", "email", "employeeNumber", "managerId") and value}
        real |= {row["work_email"].casefold() for row in full.rows}
        real |= {row["employee_id"] for row in full.rows}
        real |= {key.casefold() for key in self.ids if len(key or "") == 20}
        self.assertGreater(len(real), 9000)
        self.assertEqual(real & known, set())
        for word in ("corp.example", "cityofchicago", PAGE, "corp_payroll", "asked for by",
                     full.last.casefold(), full.first.casefold(), "e2e-token", "a secret of"):
            self.assertNotIn(word, words(text) if word.isalpha() else text.casefold())

    def test_nobodys_name_is_inside_but_where_a_title_or_department_is_called_alike(self):
        names = set().union(*(words(user["profile"].get(name) or "")
                              for user in self.before["users"] for name in NAMES))
        stays = set().union(*(words(value) for user in self.before["users"]
                              for name, value in user["profile"].items() if name in KEPT))
        stays |= words(" ".join(self.full.groups) + " Default Policy, Default Rule, Catch-all Rule")
        written = set()
        for name, value in leaves(without(self.snapshot, "schema", "org")):
            if name in {"name", "label", "displayName", "userName", "expression", "template"} or (
                    name in self.before["users"][0]["profile"] and name not in KEPT):
                written |= set(re.findall(r"\b[^\W\d_]{2,}\b", str(value).casefold()))
        for row in csv.DictReader(io.StringIO(self.people_text)):
            written |= words(" ".join(row[name] for name in (
                "first_name", "last_name", "preferred_name", "work_email")))
        self.assertGreater(len(written), 5000)
        self.assertEqual((written - stays) & names, set())

    def test_a_rule_takes_its_people_with_it_and_nobody_else(self):
        def members(sim):
            group = next(one for one in sim.org()["groups"] if one["name"] == FED)
            return [one if isinstance(one, str) else one["id"] for one in group["members"]]

        left = []
        for sim, org in ((self.real.sim, self.before), (self.made.sim, self.after)):
            rule = next(one for one in org["rules"] if one["name"] == "fill " + FED)["id"]
            group = next(one for one in org["groups"] if one["name"] == FED)
            gone = next(one["id"] for one in group["members"] if isinstance(one, dict))
            sim.request("DELETE", f"/api/v1/groups/{group['id']}/users/{gone}")
            excluded = sim.request("GET", f"/api/v1/groups/rules/{rule}")[1]
            self.assertEqual(len(excluded["conditions"]["people"]["users"]["exclude"]), 2)
            self.assertGreater(len(members(sim)), 300)
            path = f"/api/v1/groups/rules/{rule}"
            self.assertEqual(sim.request("POST", path + "/lifecycle/deactivate")[0], 204)
            self.assertEqual(sim.request("DELETE", path + "?removeUsers=true")[0], 202)
            left.append(members(sim))
        self.assertEqual(len(left[0]), 3, "whom somebody put there stays")
        self.assertEqual(sorted(translated(left[0], self.ids)), sorted(left[1]))


if __name__ == "__main__":
    unittest.main()
