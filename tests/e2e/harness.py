"""What the end-to-end tests share: a database, an okta-sim and the rollcall program as processes.

Needs ROLLCALL_BIN_DIR (programs), ROLLCALL_SOURCE_DIR (checkout) and ROLLCALL_TEST_PG (a DSN of a
superuser on a private cluster); tests/run sets all three.
"""
import gzip
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest
import urllib.request

SOURCE = os.environ.get("ROLLCALL_SOURCE_DIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.environ.get("ROLLCALL_BIN_DIR") or os.path.join(SOURCE, "build", "bin")
SHARED = os.path.join(SOURCE, "..", "shared")
TOKEN = "e2e-token"
KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
# Everything managed, with the least that a person needs.
USERS = """users:
  manage: [link, attributes, groups, lifecycle]
  match:
    - {okta: user.employeeNumber, hr: hr.employee_id}
  profile:
    login: {initial: 'hr.work_email'}
    email: {initial: 'hr.work_email'}
    firstName: 'hr.first_name'
    lastName: 'hr.last_name'
    employeeNumber: 'hr.employee_id'
    department: 'hr.department'
    title: 'hr.title'
  joiner: {credential: random_password}
  terminated:
    - {after: 0d, do: [suspend, clear_sessions]}
  not_suspendable: deactivate
  absent: {after_reads: 1, after_days: 0, then: terminated}
"""


def need_shared(*parts):
    """A path under shared material; the test is skipped, saying so, where it is missing."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("recorded material is missing: shared/" + "/".join(parts))
    return path


def need_database():
    if not os.environ.get("ROLLCALL_TEST_PG"):
        raise unittest.SkipTest("ROLLCALL_TEST_PG is not set: no PostgreSQL to test with")
    return os.environ["ROLLCALL_TEST_PG"]


def psql(dsn, sql):
    done = subprocess.run(["psql", dsn, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql],
                          capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Sim:
    """One okta-sim process."""

    def __init__(self, folder, *options, fast=True):
        self.folder = folder
        self.audit_file = os.path.join(folder, "audit.ndjson")
        limits = ["--limits", fast_limits(folder)] if fast else []
        self.errors_file = os.path.join(folder, "sim.err")
        with open(self.errors_file, "w") as errors:
            self.process = subprocess.Popen(
                [os.path.join(BIN, "okta-sim"), "--api-token", TOKEN, "--tls-dir",
                 os.path.join(folder, "tls"), "--audit", self.audit_file, *limits, *options],
                stdout=subprocess.PIPE, stderr=errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("okta-sim did not start: " + self.errors())
        self.ready = json.loads(line)
        self.base_url = self.ready["base_url"]
        self.context = ssl.create_default_context(cafile=self.ready["ca_file"])

    def errors(self):
        with open(self.errors_file) as errors:
            return errors.read()

    def request(self, method, path, body=None, token=None, timeout=120):
        """Gives (status, parsed body or text)."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token or path.startswith("/api/"):
            headers["Authorization"] = "SSWS " + (token or TOKEN)
        request = urllib.request.Request(self.base_url + path, data=data, method=method,
                                         headers=headers)
        if method in ("POST", "PUT") and data is None:
            request.data = b""
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=timeout) as reply:
                status, text = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def audit(self):
        """Every accepted write so far, in order."""
        _, text = self.request("GET", "/sim/audit")
        if isinstance(text, dict):
            return [text]
        # Not splitlines(): JSON leaves U+2028 and its like as they are.
        return [json.loads(line) for line in text.split("\n") if line]

    def stats(self):
        return self.request("GET", "/sim/stats")[1]

    def outbox(self):
        return self.request("GET", "/sim/outbox")[1]

    def org(self):
        return self.request("GET", "/sim/org")[1]

    def load(self, org):
        status, answer = self.request("PUT", "/sim/org", org)
        assert status in (200, 204), answer

    def faults(self, rules):
        status, answer = self.request("PUT", "/sim/faults", rules)
        assert status in (200, 204), answer

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        elif self.process.returncode:
            print(f"okta-sim had ended by itself, status {self.process.returncode}:", self.errors())
        self.process.stdout.close()


def fast_limits(folder):
    """A limits file so generous that pacing never shows."""
    path = os.path.join(folder, "fast-limits.tsv")
    with open(os.path.join(SOURCE, "config", "okta_buckets.tsv")) as source, open(path, "w") as out:
        for line in source:
            if line.startswith("#") or line.startswith("method"):
                out.write(line)
                continue
            cells = line.rstrip("\n").split("\t")
            out.write("\t".join(cells[:3] + ["10000000"] * (len(cells) - 3)) + "\n")
    return path


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


class Started(subprocess.Popen):
    """A process that nobody reads from until it has ended: it writes to files, since it would stop
    at a full pipe."""

    def __init__(self, command, folder, env):
        self.out, self.err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        super().__init__(command, cwd=folder, stdout=self.out, stderr=self.err, env=env)

    def communicate(self, _input=None, timeout=None):
        """Waits for the end; gives (stdout, stderr), once."""
        self.wait(timeout)
        texts = []
        for file in (self.out, self.err):
            if not file.closed:
                file.seek(0)
                texts.append(file.read())
                file.close()
        return tuple(texts) or ("", "")


class Stack:
    """A folder, a database, a simulator and a configuration; `run` calls rollcall."""

    def __init__(self, *sim_options, fast=True, database=True):
        self.folder = tempfile.mkdtemp(prefix="rollcall-e2e-")
        os.chmod(self.folder, 0o755)
        self.database = None
        if database:
            admin = need_database()
            self.database = "e2e_" + "".join(random.choices("abcdefghijklmnop", k=12))
            psql(admin, f"CREATE DATABASE {self.database}")
            self.dsn = admin + f" dbname={self.database}"
        else:
            self.dsn = "host=/nonexistent dbname=none user=none"
        self.sim = Sim(self.folder, *sim_options, fast=fast)
        self.env = {**os.environ, "OKTA_TOKEN": TOKEN, "ROLLCALL_DB": self.dsn, "ROLLCALL_KEY": KEY}
        self.env.pop("ROLLCALL_CONFIG", None)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, compress=False):
        data = content if isinstance(content, bytes) else content.encode()
        with open(self.path(name), "wb") as out:
            out.write(gzip.compress(data) if compress else data)
        return self.path(name)

    def configure(self, users, groups="groups: []\n", source="", guard="", name="rollcall.yaml",
                  run="run: {time_zone: America/Chicago}\n", extra=""):
        """Writes a configuration: `users`, `groups`, ... are YAML parts; `source` adds lines to the
        one CSV source (indented by four spaces)."""
        text = f"""version: 1
environment: test
okta:
  base_url: {self.sim.base_url}
  auth: {{write: {{api_token: {{env: OKTA_TOKEN}}}}}}
  tls: {{ca_file: {self.sim.ready['ca_file']}}}
journal: {{postgres: {{env: ROLLCALL_DB}}, key: {{env: ROLLCALL_KEY}}}}
{run}sources:
  - name: hr
    kind: file
    format: csv
    path: hr.csv
{source}{users}{groups}{guard}{extra}"""
        return self.write(name, text)

    def command(self, *words, config="rollcall.yaml"):
        return [os.path.join(BIN, "rollcall"), "--config", self.path(config), *words]

    def run(self, *words, config="rollcall.yaml", env=None, timeout=600):
        done = subprocess.run(self.command(*words, config=config), cwd=self.folder, text=True,
                              capture_output=True, env={**self.env, **(env or {})}, timeout=timeout)
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *words, config="rollcall.yaml", env=None):
        """Starts rollcall without waiting."""
        return Started(self.command(*words, config=config), self.folder,
                       {**self.env, **(env or {})})

    def migrate(self):
        done = self.run("migrate")
        assert done.code == 0, done.err

    def close(self):
        self.sim.stop()
        if self.database:
            psql(need_database(), f"DROP DATABASE {self.database} WITH (FORCE)")
        shutil.rmtree(self.folder, ignore_errors=True)


CHICAGO_SOURCE = """    key: employee_id
    status: {column: status, active: [Active], terminated: [Terminated], leave: [Leave]}
    termination_date: termination_date
    certify: {min_rows: 1000}
"""

CHICAGO_HEADER = ("employee_id,first_name,last_name,preferred_name,work_email,department,title,"
                  "manager_id,employment_type,status,hire_date,termination_date\n")
# For feeds of a few people.
FEW_SOURCE = CHICAGO_SOURCE.replace("min_rows: 1000", "min_rows: 1")

CHICAGO_PROFILE = """  profile:
    login: {initial: 'hr.work_email'}
    email: {initial: 'hr.work_email'}
    firstName: 'hr.first_name'
    lastName: 'hr.last_name'
    nickName: 'hr.preferred_name'
    employeeNumber: 'hr.employee_id'
    department: 'hr.department'
    title: 'hr.title'
    managerId: 'hr.manager_id'
    userType: 'hr.employment_type'
"""

CHICAGO_USERS = """users:
  manage: [link, attributes, groups, lifecycle]
  match:
    - {okta: user.employeeNumber, hr: hr.employee_id}
    - {okta: user.login, hr: hr.work_email}
""" + CHICAGO_PROFILE + """  joiner: {credential: random_password}
  terminated:
    - {after: 0d, do: [suspend, clear_sessions]}
  not_suspendable: deactivate
  absent: {after_reads: 1, after_days: 0, then: terminated}
"""


def chicago_groups(path):
    """The groups part of a configuration, from the rules of groups.json."""
    def text(field, op, value):
        column = "hr." + field
        if op == "equals":
            return f'{column} == "{value}"'
        if op == "in":
            return "{" + ", ".join(f'"{v}"' for v in value) + "}.contains(" + column + ")"
        one = {"prefix": "startsWith", "prefix_any": "startsWith", "contains_any": "stringContains"}[op]
        values = value if isinstance(value, list) else [value]
        return " OR ".join(f'String.{one}({column}, "{v}")' for v in values)

    lines = ["groups:"]
    with open(path) as rules:
        parsed = json.load(rules)["rules"]
    for rule in parsed:
        if "template" in rule:
            name = rule["template"].replace("{" + rule["field"] + "}", "${hr." + rule["field"] + "}")
            lines.append(f"  - {{template: '{name}'}}")
        elif rule["op"] == "any":
            lines.append(f"  - {{name: {rule['group']}, members: 'true'}}")
        else:
            expression = text(rule["field"], rule["op"], rule["value"])
            lines.append(f"  - {{name: {rule['group']}, members: '{expression}'}}")
    return "\n".join(lines) + "\n"
