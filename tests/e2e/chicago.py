"""Chicago's published roster as the end-to-end tests use it, computed again without Rollcall: who
should be in which group, what the org should hold, and how many requests the least is."""
import calendar
import collections
import csv
import gzip
import io
import json
import math
import re
import time

import harness

MARCH, OCTOBER, OCTOBER_TERMINATED = (
    "chicago_2018-03.csv.gz", "chicago_2018-10.csv.gz", "chicago_2018-10_term.csv.gz")

# Okta attribute -> column.
FIELDS = {"login": "work_email", "email": "work_email", "firstName": "first_name",
          "lastName": "last_name", "nickName": "preferred_name", "employeeNumber": "employee_id",
          "department": "department", "title": "title", "managerId": "manager_id",
          "userType": "employment_type"}
LIMITS = """guard:
  limits:
    containments: {percent: 5, count: 2000}
    absences: {percent: 5, count: 2000}
    creates: {percent: 10, count: 2000}
"""


def shared(name):
    return harness.need_shared("data", "chicago", name)


def rows_of(name):
    with gzip.open(shared(name), "rt", encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def as_csv(rows, columns=None, delimiter=",", encoding="utf-8"):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or list(rows[0]), delimiter=delimiter,
                            lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def load(path):
    with open(path) as source:
        return json.load(source)


def rules():
    return load(shared("groups.json"))["rules"]


def configure(stack):
    stack.configure(harness.CHICAGO_USERS, harness.chicago_groups(shared("groups.json")),
                    source=harness.CHICAGO_SOURCE, guard="guard: {initial_load: 33000}\n")
    stack.write("limits.yaml", LIMITS)


def with_limits(stack, *words):
    return ("--config", stack.path("limits.yaml"), *words)


def plan(stack, *words):
    """Gives (the result of the program, the plan it wrote)."""
    result = stack.run(*words, "--out", "plan.json")
    return result, load(stack.path("plan.json"))


def _holds(rule, value):
    op, wanted = rule["op"], rule.get("value")
    return {"any": lambda: True, "equals": lambda: value == wanted, "in": lambda: value in wanted,
            "prefix": lambda: value.startswith(wanted),
            "prefix_any": lambda: any(value.startswith(one) for one in wanted),
            "contains_any": lambda: any(one in value for one in wanted)}[op]()


def groups_of(row, all_rules):
    """The groups that an employed person should be in."""
    names = set()
    for rule in all_rules:
        value = row[rule["field"]] if "field" in rule else ""
        if "template" in rule:
            if value:
                names.add(rule["template"].replace("{" + rule["field"] + "}", value))
        elif _holds(rule, value):
            names.add(rule["group"])
    return names


def desired(rows, before, all_rules):
    """{employee_id: (status, profile, groups)} once `rows` are applied to an org that held what
    `before` said; a leaver keeps profile and memberships."""
    def profile(row):
        return {name: row[column] for name, column in FIELDS.items() if row[column]}
    people = {row["employee_id"]: ("ACTIVE", profile(row), groups_of(row, all_rules))
              for row in rows if row["status"] == "Active"}
    for row in before:
        if row["employee_id"] not in people:
            people[row["employee_id"]] = ("SUSPENDED", profile(row), groups_of(row, all_rules))
    return people


def people_in(org):
    """The same of an org as okta-sim gives it, but for accounts without an employee number."""
    groups = collections.defaultdict(set)
    for group in org["groups"]:
        for member in group["members"]:
            if group["type"] == "OKTA_GROUP":
                groups[member if isinstance(member, str) else member["id"]].add(group["name"])
    return {user["profile"]["employeeNumber"]:
            (user["status"], {k: v for k, v in user["profile"].items() if v not in (None, "")},
             groups[user["id"]])
            for user in org["users"] if user["profile"].get("employeeNumber")}


_WRITES = [("group.create", "POST", r"/groups"), ("user.create", "POST", r"/users"),
           ("user.update", "POST", r"/users/\w+"),
           ("user.suspend", "POST", r"/users/\w+/lifecycle/suspend"),
           ("user.clear_sessions", "DELETE", r"/users/\w+/sessions"),
           ("group.add_member", "PUT", r"/groups/\w+/users/\w+"),
           ("group.remove_member", "DELETE", r"/groups/\w+/users/\w+")]


def kind_of(line):
    """The operation behind a line of the audit."""
    for kind, method, path in _WRITES:
        if line["method"] == method and re.fullmatch("/api/v1" + path, line["path"]):
            return kind
    return line["method"] + " " + line["path"]


def write_counts(audit):
    return dict(collections.Counter(kind_of(line) for line in audit))


def seconds(okta_time):
    """Of an instant as Okta writes it; a fraction of zero may be left out."""
    fraction = okta_time[20:23] if okta_time[19] == "." else "0"
    return calendar.timegm(time.strptime(okta_time[:19], "%Y-%m-%dT%H:%M:%S")) + \
        int(fraction) / 1000


def difference(before, after):
    """Requests per bucket between two answers of /sim/stats."""
    counts = collections.Counter(after["requests"])
    counts.subtract(before["requests"])
    return {bucket: count for bucket, count in counts.items() if count}


STATUSES = ("ACTIVE", "STAGED", "PROVISIONED", "DEPROVISIONED", "SUSPENDED", "RECOVERY",
            "PASSWORD_EXPIRED", "LOCKED_OUT")


class Minimum:
    """The least number of requests of one run, term by term (ARCHITECTURE.md, section 7).

    `org` is the org before the run, `written` its audit before the run, `cuts` the instants at
    which the journal splits the listing. What counts as "within the last minute" depends on the
    moment of reading, between `begin` and `end`: those two terms are a lowest and a highest."""

    def __init__(self, org, written, cuts, begin, end, done):
        created = [seconds(user["created"]) for user in org["users"]]
        edges = [-math.inf, *[cut / 1000 for cut in cuts], math.inf]
        chains = [sum(low <= one < high for one in created)
                  for low, high in zip(edges, edges[1:])]
        if not cuts and len(created) >= 2000:  # a first listing of many: one chain per status
            chains = [sum(user["status"] == status for user in org["users"])
                      for status in STATUSES]
        updated = [seconds(user["lastUpdated"]) for user in org["users"]]
        touched = {}
        for line in written:
            kind = kind_of(line)
            user = None if kind.startswith("group.c") else line["ids"][-1 if "member" in kind else 0]
            if user:
                touched[user] = seconds(line["time"])
        managed = [len(group["members"]) for group in org["groups"] if group["type"] == "OKTA_GROUP"]
        apart = {line["ids"][-1] for line in done if kind_of(line) == "group.remove_member"} | {
            line["ids"][0] for line in done if kind_of(line) == "user.suspend"}

        def pages(count, size):  # a full last page is asked for again
            return max(1, math.ceil(count / size)) + (count > 0 and count % size == 0)

        def recent(times, slack):
            return (sum(one >= end - 60 for one in times),
                    sum(one >= begin - 60 - slack for one in times))
        main = sum(pages(count, 200) for count in chains)
        few, many = recent(updated, 1)
        closing = [pages(count, 200) for count in range(few, many + 2)]  # with the owner's row
        low, high = min(closing), max(closing)
        again_low, again_high = recent(touched.values(), 0)
        writes = collections.Counter(line["method"] for line in done)
        self.terms = [
            ("org and schema", ["GET /api/v1"], 2, 2),
            ("own identity", ["GET /api/v1/users/me"], 1, 1),
            ("protection", ["GET /api/v1/iam"], 1, 1),
            (f"users: {len(chains)} chains over {len(created)} users, {main} pages, and the "
             "closing chain", ["GET /api/v1/users"], main + low, main + high),
            (f"groups, rules, members of {len(managed)} managed groups", ["GET /api/v1/groups"],
             pages(len(org["groups"]), 200) + 1 + sum(pages(count, 1000) for count in managed)
             + (0 in managed)),
            (f"users re-read, and {len(apart)} people contained or removed",
             ["GET /api/v1/users/{id:.+}"], len(apart) + again_low, len(apart) + again_high),
        ]
        self.terms = [term if len(term) == 4 else (*term, term[2]) for term in self.terms]
        self.writes = sum(writes.values())

    def compare(self, test, made):
        """Prints each term and holds the requests made to it."""
        left = dict(made)
        for name, buckets, low, high in self.terms:
            count = sum(left.pop(bucket, 0) for bucket in buckets)
            least = str(low) if low == high else f"{low} to {high}"
            print(f"  {name}: minimum {least}, made {count}")
            test.assertLessEqual(low, count, name)
            test.assertLessEqual(count, high, name)
        print(f"  operations that are no riders: minimum {self.writes}, made {sum(left.values())}")
        test.assertEqual(self.writes, sum(left.values()), left)
        test.assertFalse([bucket for bucket in left if bucket.startswith("GET")], left)
