"""A full org: watched, adopted, then taken over one step at a time, without touching what is
somebody else's."""
import collections
import json
import re
import unittest

import full_org
import harness

SEED = 20180301

STEPS = {"observe": [], "link": ["link"], "attributes": ["link", "attributes"],
         "groups": ["link", "attributes", "groups"],
         "lifecycle": ["link", "attributes", "groups", "lifecycle"]}
CONTAINING = {"user.suspend", "user.deactivate", "user.clear_sessions"}


def users_written(lines):
    """Ids of the accounts that audit lines wrote to, memberships included."""
    found = set()
    for line in lines:
        for pattern in ("/users/(00u[^/?]+)", "/groups/[^/]+/users/(00u[^/?]+)"):
            found.update(re.findall(pattern, line["path"]))
    return found


def groups_written(lines):
    found = set()
    for line in lines:
        found.update(re.findall("/groups/(00g[^/?]+)", line["path"]))
        found.update((line.get("body") or {}).get("groupIds") or [])
    return found


def kinds(plan, held=None):
    """Kinds of a plan's operations: all, or only those held or free."""
    return collections.Counter(op["kind"] for op in plan["operations"]
                               if held is None or bool(op["held_by"]) == held)


def findings(plan, code):
    return [f for f in plan["findings"] if f["code"] == code]


class FullOrgTest(unittest.TestCase):
    """The story is told once, by setUpClass; each test looks at one side of what it recorded."""

    @classmethod
    def setUpClass(cls):
        cls.full = full_org.FullOrg(
            harness.need_shared("data", "chicago", "chicago_2018-03.csv.gz"), SEED)
        cls.stack = harness.Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.sim.load(cls.full.org)
        cls.stack.write("hr.csv", cls.full.hr())
        cls.before = cls.stack.sim.org()
        for step in STEPS:
            cls.configure(step, "")
            cls.configure(step + "-stated", full_org.LIMITS)
        migrated = cls.stack.run("migrate", config="observe.yaml")
        assert migrated.code == 0, migrated.err
        cls.plans, cls.texts, cls.codes, cls.writes = {}, {}, {}, {}
        print(f"\nseed {SEED}: {len(cls.full.org['users'])} accounts, "
              f"{len(cls.full.org['groups'])} groups, {len(cls.full.rows)} people in HR")
        cls.story()
        cls.after = cls.stack.sim.org()

    @classmethod
    def configure(cls, name, limits):
        logins = [cls.full.users[k]["profile"]["login"] for k in cls.full.protected_by_login]
        full_org.configure(cls.stack, STEPS[name.removesuffix("-stated")], logins, limits,
                           name + ".yaml")

    @classmethod
    def plan(cls, name, config, verb="plan"):
        done = cls.stack.run(verb, "--json", config=config + ".yaml")
        cls.codes[name] = done.code
        try:
            cls.plans[name] = done.json()
        except ValueError:
            raise AssertionError(f"{verb} under {config}: exit {done.code}\n{done.err}") from None
        print(f"  {name}: exit {done.code}, planned {dict(kinds(cls.plans[name], False))}, "
              f"held {dict(kinds(cls.plans[name], True))}")

    @classmethod
    def apply(cls, name, config, *words):
        """Runs a verb that may write; keeps its text and what the org's audit gained by it."""
        known = len(cls.stack.sim.audit())
        done = cls.stack.run(*words, "--full", config=config + ".yaml")
        cls.codes[name], cls.texts[name] = done.code, done.out
        cls.writes[name] = cls.stack.sim.audit()[known:]
        print(f"  {name}: exit {done.code}, {len(cls.writes[name])} writes")

    @classmethod
    def links(cls):
        rows = harness.psql(cls.stack.dsn, "SELECT logical_key, okta_id FROM "
                            "rollcall.resource_link WHERE kind = 'user'").splitlines()
        return dict(row.split("|") for row in rows)

    @classmethod
    def story(cls):
        cls.plan("observe", "observe")
        cls.apply("observe sync", "observe", "sync")
        cls.plan("all at once", "lifecycle-stated")  # with nothing linked yet
        cls.plan("adopt", "link", verb="adopt")
        cls.apply("adopt apply", "link", "apply", cls.plans["adopt"]["plan_id"])
        cls.linked = cls.links()
        cls.apply("link sync", "link", "sync")
        cls.plan("attributes, defaults", "attributes")
        cls.plan("attributes", "attributes-stated")
        cls.apply("attributes sync", "attributes-stated", "sync")
        cls.plan("groups", "groups-stated")
        cls.apply("groups sync", "groups-stated", "sync")
        cls.plan("groups, next", "groups-stated")
        cls.apply("groups, next sync", "groups-stated", "sync")
        cls.plan("lifecycle, defaults", "lifecycle")
        cls.plan("lifecycle", "lifecycle-stated")
        cls.apply("lifecycle sync", "lifecycle-stated", "sync")
        cls.plan("end", "lifecycle-stated")
        cls.apply("end sync", "lifecycle-stated", "sync")

    def all_writes(self):
        return [line for lines in self.writes.values() for line in lines]

    def matching(self):
        """Worker key -> account of those whom the match rules find for certain."""
        return {k: a["id"] for k, a in self.full.users.items() if k not in self.full.disputed}

    def test_observing_plans_nothing_and_writes_nothing(self):
        self.assertEqual(self.plans["observe"]["operations"], [])
        self.assertEqual(self.writes["observe sync"], [])

    def test_with_an_empty_journal_nobody_is_contained_or_updated_only_linked(self):
        plan = self.plans["all at once"]
        self.assertLessEqual(set(kinds(plan)), {"user.link", "group.link"})
        self.assertEqual(kinds(plan)["user.link"], len(self.matching()) + full_org.ORPHANS)
        self.assertEqual(findings(plan, "leaver.not_contained"), [])

    def test_adopting_links_all_who_match_and_writes_nothing_to_the_org(self):
        self.assertEqual(set(kinds(self.plans["adopt"])), {"user.link"})
        self.assertEqual(self.writes["adopt apply"], [])
        self.assertEqual(self.writes["link sync"], [])
        self.assertEqual(self.linked, self.matching())
        self.assertEqual(len(self.linked), full_org.PEOPLE - full_org.JOINERS - full_org.DISPUTED)

    def test_orphans_are_proposed_as_links_that_are_held(self):
        held = [op for op in self.plans["adopt"]["operations"] if op["held_by"]]
        self.assertEqual({op["held_by"] for op in held}, {"orphans"})
        self.assertEqual({op["subject"]["user_id"] for op in held}, set(self.full.orphans))
        self.assertEqual(len(findings(self.plans["adopt"], "adopt.orphan")), full_org.ORPHANS)
        self.assertEqual(self.codes["adopt"], 3)
        self.assertFalse(set(self.full.orphans) & users_written(self.all_writes()))

    def test_a_disputed_match_is_reported_each_time_and_stays_untouched(self):
        for name in ("observe", "adopt", "lifecycle", "end"):
            keys = {f["worker_key"] for f in findings(self.plans[name], "match.disputed")}
            self.assertEqual(keys, self.full.disputed, name)
        self.assertFalse(self.full.twins & users_written(self.all_writes()))
        created = [line["body"]["profile"]["employeeNumber"] for line in self.all_writes()
                   if line["method"] == "POST" and line["path"] == "/api/v1/users"]
        self.assertFalse(set(created) & self.full.disputed)

    def test_each_step_plans_only_its_own_kinds(self):
        self.assertEqual(set(kinds(self.plans["attributes"])), {"user.update"})
        self.assertEqual(set(kinds(self.plans["groups"], False)),
                         {"group.link", "group.create", "group.add_member"})
        # What waits for an approval stays in every later plan.
        self.assertEqual(set(kinds(self.plans["groups"], True)),
                         {"user.update", "group.add_member"})
        self.assertEqual(set(kinds(self.plans["groups, next"], False)), {"group.remove_member"})
        step = self.plans["lifecycle"]
        riders = [op for op in step["operations"] if op["kind"] == "group.add_member"]
        self.assertEqual({op["held_by"] for op in riders if "with" not in op["request"]},
                         {"protected"})
        self.assertLessEqual(set(kinds(step, False)),
                             {"user.create", "group.add_member"} | CONTAINING)
        self.assertEqual(kinds(step, False)["user.create"], full_org.JOINERS - 1)
        free = {op["subject"]["worker_key"] for op in step["operations"]
                if op["kind"] in CONTAINING and not op["held_by"]}
        self.assertEqual(free, set(self.full.plain_leavers))

    def test_the_guards_defaults_hold_what_is_too_much_for_one_run(self):
        for name, limit, counted in (
                ("attributes, defaults", "attribute:department",
                 lambda op: "department" in op["changes"]),
                ("lifecycle, defaults", "containments", lambda op: op["kind"] == "user.suspend")):
            plan = self.plans[name]
            line = next(g for g in plan["guard"] if g["limit"] == limit)
            self.assertTrue(line["held"])
            self.assertGreater(line["planned"], line["allowed"])
            self.assertEqual({op["held_by"] for op in plan["operations"] if counted(op)} -
                             {"protected"}, {limit})
            self.assertEqual(self.codes[name], 3)

    def test_a_step_that_was_applied_leaves_nothing_but_what_is_held(self):
        self.assertEqual(dict(kinds(self.plans["end"], False)), {})
        self.assertEqual(self.writes["end sync"], [])

    def test_the_org_ends_up_as_hr_says_for_all_who_are_free(self):
        after = {u["profile"].get("employeeNumber"): u for u in self.after["users"]
                 if u["id"] not in self.full.twins}
        full = self.full
        left_alone = (full.protected | full.deactivated | full.suspended | full.disputed |
                      full.leavers | {full.clash})
        for row in full.rows:
            key = row["employee_id"]
            if key not in left_alone:
                self.assertEqual(after[key]["profile"].get("department"), row["department"], key)
                self.assertEqual(after[key]["profile"].get("title"), row["title"], key)
        for key in full.plain_leavers:
            expected = "DEPROVISIONED" if key in full.odd_status else "SUSPENDED"
            self.assertEqual(after[key]["status"], expected, key)

    def test_no_service_account_was_written_to(self):
        self.assertFalse(set(self.full.services) & users_written(self.all_writes()))
        self.assertIn(self.full.clash, {f["worker_key"] for f in
                                        findings(self.plans["lifecycle"], "record.login_taken")})

    def test_no_protected_person_was_written_to_and_what_was_planned_is_held(self):
        people = self.full.ids(self.full.protected)
        self.assertEqual(len(people), 30)
        self.assertFalse(people & users_written(self.all_writes()))
        held = {op["subject"]["user_id"] for op in self.plans["attributes"]["operations"]
                if op["held_by"] == "protected"}
        self.assertTrue(held)
        self.assertLessEqual(held, people)

    def test_a_protected_leaver_comes_first_as_not_contained_with_exit_3(self):
        keys = {f["worker_key"] for f in findings(self.plans["lifecycle"], "leaver.not_contained")}
        self.assertEqual(keys, self.full.protected_leavers)
        for name in ("lifecycle", "lifecycle sync", "end sync"):
            self.assertEqual(self.codes[name], 3, name)
        for name in ("lifecycle sync", "end sync"):
            lines = self.texts[name].splitlines()
            self.assertEqual(lines[0], "NOT CONTAINED: 3 people who should be out are not")
            self.assertEqual({line.split()[1] for line in lines[1:] if line.startswith("  ! ")},
                             self.full.protected_leavers)

    def test_nobody_stopped_by_hand_was_written_to_and_those_employed_are_reported(self):
        stopped = self.full.deactivated | self.full.suspended
        self.assertFalse(self.full.ids(stopped) & users_written(self.all_writes()))
        after = {u["id"]: u["status"] for u in self.after["users"]}
        for key in stopped:
            self.assertEqual(after[self.full.users[key]["id"]], self.full.users[key]["status"])
        for name in ("attributes", "lifecycle", "end"):
            keys = {f["worker_key"] for f in findings(self.plans[name], "status.set_by_other")}
            self.assertEqual(keys & stopped, stopped - self.full.stopped_leavers, name)

    def test_no_login_changed(self):
        before = {u["id"]: u["profile"]["login"] for u in self.before["users"]}
        after = {u["id"]: u["profile"]["login"] for u in self.after["users"]}
        self.assertEqual({k: after.get(k) for k in before}, before)
        for line in self.all_writes():
            if line["path"] != "/api/v1/users" and line["method"] in ("POST", "PUT"):
                self.assertNotIn("login", (line.get("body") or {}).get("profile") or {})

    def test_no_group_that_others_fill_was_touched_and_the_findings_name_them(self):
        refused = {full_org.ADMIN_GROUP, *full_org.APP_GROUPS, *full_org.RULE_FED}
        theirs = {self.full.groups[name] for name in refused}
        self.assertFalse(theirs & groups_written(self.all_writes()))
        made = {line["body"]["profile"]["name"] for line in self.all_writes()
                if line["method"] == "POST" and line["path"] == "/api/v1/groups"}
        self.assertFalse(made & set(self.full.groups), "a second group of a name that existed")
        text = "\n".join(f["message"] for f in findings(self.plans["end"], "group.refused"))
        for name, why in (("executives", "admin rights"), ("engineers", "APP_GROUP"),
                          ("supervisors", "APP_GROUP"), ("dept-AVIATION", "APP_GROUP"),
                          ("librarians", "fill librarians"), ("dept-LAW", "fill dept-LAW")):
            self.assertRegex(text, f"'{name}'.*{why}")
        self.assertEqual(len(text.splitlines()), 6)

    def test_of_an_authoritative_group_only_members_of_ours_are_removed(self):
        removed = {op["subject"]["user_id"] for op in self.plans["groups, next"]["operations"]
                   if op["kind"] == "group.remove_member"}
        self.assertEqual(removed, self.full.too_many)
        part_time = next(g for g in self.after["groups"] if g["name"] == "part-time")
        members = {m["id"] if isinstance(m, dict) else m for m in part_time["members"]}
        self.assertLessEqual(set(self.full.services[:2]), members)
        self.assertFalse(members & self.full.too_many)
        self.assertTrue(findings(self.plans["end"], "group.foreign_member"))

    def test_no_mail_was_sent_and_every_write_was_accepted(self):
        self.assertEqual(self.stack.sim.outbox(), [])
        self.assertEqual([w for w in self.all_writes() if w["status"] >= 300], [])


if __name__ == "__main__":
    unittest.main()
