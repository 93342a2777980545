"""An org that was full of people before Rollcall came, made from a seed.

March's people under logins and department names of the org's own, service accounts, protected
people, people stopped by hand, groups that others fill: what a first customer's org looks like.
"""
import csv
import gzip
import io
import random
import string

import harness

PEOPLE = 3000
SERVICE_ACCOUNTS = 200
DEACTIVATED = 150
SUSPENDED = 40
LEAVERS = 130
JOINERS = 60
DISPUTED = 5
ORPHANS = 12
GROUPS = 60

ADMIN_GROUP = "executives"        # a name of our rules; holds an admin role
PROTECTED_GROUP = "Break Glass"   # named in guard.protected
APP_GROUPS = ["engineers", "supervisors", "dept-AVIATION", "GitHub", "Salesforce", "Jira"]
# Filled by active Okta group rules; two bear names of ours. Conditions hold on what stays equal.
RULE_FED = {"librarians": 'String.startsWith(user.title, "LIBRAR")',
            "dept-LAW": 'String.stringContains(user.title, "COUNSEL")',
            "Okta part-time": 'user.userType == "P"',
            "Okta police": 'String.startsWith(user.title, "POLICE OFFICER")'}
STALE_RULE = "drivers"            # only an inactive rule names it: ours to manage
OWN_GROUPS = ["all-staff", "part-time", "police-officers", "fire-ems", "dept-POLICE", "dept-FIRE",
              "dept-OEMC", "dept-FINANCE", "dept-HEALTH", STALE_RULE]
SPELLINGS = {"POLICE": "Police Department", "FIRE": "Fire Dept.", "WATER MGMNT": "Water Management",
             "STREETS & SAN": "Streets and Sanitation", "TRANSPORTN": "Transportation",
             "PUBLIC LIBRARY": "Chicago Public Library", "LAW": "Law Dept."}
ATTRIBUTES = {"firstName": "first_name", "lastName": "last_name", "nickName": "preferred_name",
              "department": "department", "title": "title", "managerId": "manager_id",
              "userType": "employment_type", "email": "work_email"}

MATCH = """  match:
    - {okta: user.employeeNumber, hr: hr.employee_id}
    - {okta: user.login, hr: hr.work_email}
  scope: 'user.employeeNumber != null'
"""
POLICY = """  joiner: {credential: random_password}
  terminated:
    - {after: 0d, do: [suspend, clear_sessions]}
  not_suspendable: deactivate
  absent: {after_reads: 1, after_days: 0, then: terminated}
"""
LIMITS = """  limits:
    attribute: {percent: 100}
    containments: {percent: 10, count: 200}
"""


def configure(stack, manage, protected_logins, limits="", name="rollcall.yaml"):
    """Chicago's rules on such an org; `part-time` is kept exactly."""
    groups = harness.chicago_groups(harness.need_shared("data", "chicago", "groups.json")).replace(
        """{name: part-time, members: 'hr.employment_type == "P"'}""",
        """{name: part-time, members: 'hr.employment_type == "P"', mode: authoritative}""")
    users = f"users:\n  manage: [{', '.join(manage)}]\n" + MATCH + harness.CHICAGO_PROFILE + POLICY
    guard = (f"guard:\n{limits}  protected: {{logins: [{', '.join(protected_logins)}], "
             f"groups: [{PROTECTED_GROUP}]}}\n")
    stack.configure(users, groups, harness.CHICAGO_SOURCE, guard, name=name)


class FullOrg:
    """`org` is for PUT /sim/org, `hr()` the feed; the sets name who must be left alone."""

    def __init__(self, march, seed):
        self.random = random.Random(seed)
        with gzip.open(march, "rt", encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        self.columns = list(rows[0])
        self.rows = sorted(self.random.sample(rows, PEOPLE), key=lambda r: r["employee_id"])
        self.logins = set()
        self.users = {}                  # worker key -> account
        self.extra = []                  # accounts without a person, service accounts among them
        self._cast()
        self._accounts()
        self._others()
        self._groups()

    def _id(self, kind):
        return kind + "".join(self.random.choices(string.ascii_letters + string.digits, k=17))

    def _login(self, row):
        """f.last@corp.example, numbered where taken."""
        letters = [c for c in (row["first_name"][:1] + "." + row["last_name"]).lower()
                   if c in string.ascii_lowercase + "."]
        base, number = "".join(letters), 1
        login = base + "@corp.example"
        while login in self.logins:
            number += 1
            login = f"{base}{number}@corp.example"
        self.logins.add(login)
        return login

    def _cast(self):
        """Who plays what. Executives hold an admin role, so they are protected by their group."""
        executives = [r["employee_id"] for r in self.rows
                      if r["title"].startswith(("COMMISSIONER", "DEPUTY COMMISSIONER"))][:3]
        keys = [r["employee_id"] for r in self.rows if r["employee_id"] not in executives]
        self.random.shuffle(keys)

        def take(count):
            taken, keys[:count] = keys[:count], []
            return taken

        self.joiners = set(take(JOINERS))
        self.disputed = set(take(DISPUTED))
        self.deactivated = set(take(DEACTIVATED))
        self.suspended = set(take(SUSPENDED))
        # Of those stopped by hand some have left too: nothing is left to do about them.
        self.stopped_leavers = set(sorted(self.deactivated)[:10]) | set(sorted(self.suspended)[:4])
        self.in_protected_group = take(20)
        self.protected_by_login = take(5)
        self.role_holders = take(2)
        self.executives = executives
        self.protected = set(self.in_protected_group + self.protected_by_login +
                             self.role_holders + executives)
        self.protected_leavers = {self.in_protected_group[0], self.protected_by_login[0],
                                  self.role_holders[0]}
        self.plain_leavers = take(LEAVERS)
        self.leavers = set(self.plain_leavers) | self.protected_leavers | self.stopped_leavers
        self.odd_status = dict(zip(self.plain_leavers, ["PASSWORD_EXPIRED"] * 4 +
                                   ["LOCKED_OUT"] * 3 + ["PROVISIONED"] * 2))

    def _status(self, key):
        if key in self.deactivated:
            return "DEPROVISIONED"
        return "SUSPENDED" if key in self.suspended else self.odd_status.get(key, "ACTIVE")

    def _account(self, login, status, profile):
        return {"id": self._id("00u"), "status": status, "created": "2019-03-04T09:00:00.000Z",
                "activated": "2019-03-04T09:00:00.000Z",
                "statusChanged": "2024-05-06T07:08:09.000Z",
                "lastUpdated": "2024-05-06T07:08:09.000Z", "password": True,
                "profile": {"login": login, **{k: v for k, v in profile.items() if v}}}

    def _accounts(self):
        for row in self.rows:
            key = row["employee_id"]
            if key in self.joiners:
                continue
            profile = {name: row[column] for name, column in ATTRIBUTES.items()}
            profile["employeeNumber"] = key
            profile["department"] = SPELLINGS.get(row["department"], row["department"])
            if self.random.random() < 0.02:
                profile["title"] = "TO BE CONFIRMED"
            self.users[key] = self._account(self._login(row), self._status(key), profile)

    def _others(self):
        for key in sorted(self.disputed):
            twin = dict(self.users[key]["profile"])
            login = "second." + twin.pop("login")
            self.extra.append(self._account(login, "ACTIVE", twin))
        self.twins = {a["id"] for a in self.extra} | {self.users[k]["id"] for k in self.disputed}
        self.orphans = []
        for number in range(ORPHANS):
            profile = {"firstName": "Gone", "lastName": f"Before{number}",
                       "email": f"gone{number}@corp.example", "employeeNumber": f"9{number:05d}"}
            self.extra.append(self._account(profile["email"], "ACTIVE", profile))
            self.orphans.append(self.extra[-1]["id"])
        self.services = []
        # The first bears the very name that HR gives to a joiner.
        self.clash = sorted(self.joiners)[0]
        taken = next(r["work_email"] for r in self.rows if r["employee_id"] == self.clash)
        for number in range(SERVICE_ACCOUNTS):
            login = f"svc-{number:03d}@corp.example" if number else taken
            profile = {"firstName": "Service", "lastName": f"Account {number}", "email": login}
            self.extra.append(self._account(login, "ACTIVE", profile))
            self.services.append(self.extra[-1]["id"])

    def _members(self, test, drop=0.02):
        """Accounts of the people the test picks; a few are missing, as in life."""
        return [self.users[r["employee_id"]]["id"] for r in self.rows
                if r["employee_id"] in self.users and test(r) and
                r["employee_id"] not in self.deactivated and self.random.random() >= drop]

    def _groups(self):
        own = {
            "all-staff": lambda r: True,
            "part-time": lambda r: r["employment_type"] == "P",
            "police-officers": lambda r: r["title"].startswith("POLICE OFFICER"),
            "fire-ems": lambda r: "FIREFIGHTER" in r["title"] or "PARAMEDIC" in r["title"],
            STALE_RULE: lambda r: "DRIVER" in r["title"]}
        groups = []
        for name in OWN_GROUPS:
            test = own.get(name, lambda r, d=name[5:]: r["department"] == d)
            groups.append({"type": "OKTA_GROUP", "name": name, "members": self._members(test)})
        everyone = [a["id"] for k, a in self.users.items() if k not in self.deactivated]
        # Of part-time, kept exactly: five of ours too many, and two service accounts, not ours.
        full_time = [r["employee_id"] for r in self.rows if r["employment_type"] == "F"]
        plain = [k for k in full_time if k in self.users and self._status(k) == "ACTIVE" and
                 k not in self.protected | self.leavers | self.disputed]
        self.too_many = {self.users[k]["id"] for k in plain[:5]}
        groups[1]["members"] += sorted(self.too_many) + self.services[:2]
        groups.append({"type": "OKTA_GROUP", "name": ADMIN_GROUP,
                       "members": [self.users[k]["id"] for k in self.executives]})
        groups.append({"type": "OKTA_GROUP", "name": PROTECTED_GROUP,
                       "members": [self.users[k]["id"] for k in self.in_protected_group]})
        for name in APP_GROUPS:
            groups.append({"type": "APP_GROUP", "name": name,
                           "members": self.random.sample(everyone, 30)})
        for name in RULE_FED:
            groups.append({"type": "OKTA_GROUP", "name": name,
                           "members": self.random.sample(everyone, 3)})
        while len(groups) < GROUPS:
            groups.append({"type": "OKTA_GROUP", "name": f"Project {len(groups):02d}",
                           "members": self.random.sample(everyone, 25)})
        for group in groups:
            group["id"] = self._id("00g")
        self.groups = {g["name"]: g["id"] for g in groups}
        rules = [{"id": self._id("0pr"), "name": "fill " + name, "status": "ACTIVE",
                  "expression": condition, "groups": [name]}
                 for name, condition in RULE_FED.items()]
        rules.append({"id": self._id("0pr"), "name": "old drivers", "status": "INACTIVE",
                      "expression": 'user.title == "DRIVER"', "groups": [STALE_RULE]})
        roles = {"users": {self.users[k]["id"]: ["HELP_DESK_ADMIN"] for k in self.role_holders},
                 "groups": {ADMIN_GROUP: ["USER_ADMIN"]}}
        users = list(self.users.values()) + self.extra
        self.random.shuffle(users)
        self.org = {"org": {"id": self._id("00o"), "name": "Corp"}, "users": users,
                    "groups": groups, "rules": rules, "roles": roles}

    def ids(self, keys):
        return {self.users[k]["id"] for k in keys}

    def hr(self):
        text = io.StringIO()
        out = csv.DictWriter(text, self.columns, lineterminator="\n")
        out.writeheader()
        for row in self.rows:
            gone = row["employee_id"] in self.leavers
            out.writerow({**row, "status": "Terminated", "termination_date": "2018-03-01"}
                         if gone else row)
        return text.getvalue()
