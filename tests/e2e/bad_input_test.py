"""Bad input: whatever is wrong with a file, the configuration, the journal or the org, Rollcall ends
with the exit code of the contract, names a stable code, and writes nothing it could regret. Where
one record is wrong, everybody else is served. The table at the end says it case by case.

Every case starts from the same state: 60 people of a good file, synchronised, in the org and in the
journal. Then comes a second day on which one person joins, one moves, one leaves and one is no
longer in the file, so that a case that reads too much or too little shows in the org's audit.
"""
import gzip
import html.parser
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import unicodedata
import unittest

import harness

TABLE = []
COLUMNS = ["employee_id", "first_name", "last_name", "work_email", "department", "title", "status",
           "hire_date", "termination_date"]
# Names, logins and values that must not show where nobody asked for them.
PERSONAL = re.compile(r"(Giv|Sur|log|Tit|Dep)-?\d")
PASSWORD = "pg-password-that-must-not-show"

SOURCE = """    key: employee_id
    status: {column: status, active: [Active], terminated: [Terminated], leave: [Leave]}
    hire_date: hire_date
    termination_date: termination_date
    certify: {min_rows: 10}
"""
GROUPS = "groups:\n  - {name: everybody, members: 'true'}\n"
GUARD = "guard: {initial_load: 2000}\n"


def person(number, **changes):
    row = {"employee_id": f"W{number:03}", "first_name": f"Giv{number}", "last_name": f"Sur{number}",
           "work_email": f"log{number}@bad.example", "department": f"Dep-{number % 4}",
           "title": f"Tit-{number % 3}", "status": "Active", "hire_date": f"20{number % 20:02}-02-03",
           "termination_date": ""}
    row.update(changes)
    return row


def first_day():
    return [person(n) for n in range(1, 61)]


def second_day():
    people = {n: person(n) for n in range(1, 62)}
    people[2]["title"] = "Tit-9"
    people[3].update(status="Terminated", termination_date="2020-01-01")
    del people[4]
    return people


def quoted(value):
    return '"' + value.replace('"', '""') + '"' if re.search(r'[",\r\n]', value) else value


def lines_of(people):
    rows = people.values() if isinstance(people, dict) else people
    return [",".join(COLUMNS)] + [",".join(quoted(row[c]) for c in COLUMNS) for row in rows]


def csv(people):
    return ("\n".join(lines_of(people)) + "\n").encode()


def with_line(number, change):
    """The second day with one person's line changed (as bytes)."""
    people = second_day()
    people[number]["title"] = "Tit-8"
    lines = [line.encode() for line in lines_of(people)]
    at = next(i for i, line in enumerate(lines) if line.startswith(b"W%03d," % number))
    lines[at] = change(lines[at])
    return b"\n".join(lines) + b"\n"


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


class Markup(html.parser.HTMLParser):
    """Which elements and attributes a page really has, as a browser would take them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.shapes = set()
        self.counts = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.shapes.add((tag, tuple(sorted(name for name, _ in attrs))))


class BadInput(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = harness.Stack("--listen", "0.0.0.0:0")
        cls.databases = 0
        try:
            cls.stack.configure(harness.USERS, GROUPS, SOURCE, GUARD)
            cls.stack.migrate()
            cls.empty_org = cls.stack.sim.org()
            cls.stack.write("hr.csv", csv(first_day()))
            done = cls.stack.run("sync")
            assert done.code == 0, done.err + done.out
            cls.org = cls.stack.sim.org()
            cls.keys = cls.worker_keys()
            cls.good = None
        except BaseException:
            cls.stack.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @classmethod
    def worker_keys(cls):
        return {user["id"]: user["profile"].get("employeeNumber", user["profile"]["login"])
                for user in cls.stack.sim.org()["users"]}

    def setUp(self):
        sim = self.stack.sim
        sim.faults([])
        sim.load(self.org)
        self.dsn = self.new_database(template=self.stack.database)
        self.written = len(sim.audit())
        self.config = self.stack.configure(harness.USERS, GROUPS, SOURCE, GUARD)
        self.stack.write("hr.csv", csv(second_day()))

    def new_database(self, template="template1"):
        type(self).databases += 1
        name = f"{self.stack.database}_{self.databases}"
        admin = harness.need_database()
        harness.psql(admin, f"CREATE DATABASE {name} TEMPLATE {template}")
        self.addCleanup(harness.psql, admin, f"DROP DATABASE {name} WITH (FORCE)")
        return f"{admin} dbname={name} password={PASSWORD}"

    def rollcall(self, *words, env=None, config="rollcall.yaml"):
        """Runs rollcall; whatever it is asked, it must not tell a secret."""
        done = self.stack.run(*words, config=config, env={"ROLLCALL_DB": self.dsn, **(env or {})})
        for secret in (harness.TOKEN, harness.KEY, PASSWORD):
            self.assertNotIn(secret, done.out + done.err)
        self.assertNotIn("internal.defect", done.err)
        self.assertGreaterEqual(done.code, 0, "ended by a signal: " + done.err)
        return done

    def writes(self):
        """What was written since the case began, by person: (method, what, worker key)."""
        audit = self.stack.sim.audit()[self.written:]
        keys = self.worker_keys()
        out = []
        for entry in audit:
            who = next((keys[one] for one in re.findall(r"00u\w+", json.dumps(entry["path"]) +
                                                       json.dumps(entry["ids"])) if one in keys), "")
            out.append((entry["method"], re.sub(r"00[ug]\w+", "ID", entry["path"]), who))
        return sorted(out)

    def good_writes(self):
        """What the second day's file brings when nothing is wrong with it."""
        if type(self).good is None:
            stack_written, self.written = self.written, len(self.stack.sim.audit())
            done = self.rollcall("sync")
            self.assertEqual(done.code, 0, done.err + done.out)
            type(self).good = self.writes()
            self.written = stack_written
            self.setUp()
        return self.good

    def check(self, name, code, exit_code, *words, served="nobody", env=None, config="rollcall.yaml",
              content=None, private=True):
        """One row of the table: runs a sync (or `words`) and holds what it did against the row."""
        if served != "nobody":
            self.good_writes()
        if content is not None:
            self.stack.write("hr.csv", content)
        done = self.rollcall(*(words or ("sync",)), env=env, config=config)
        writes = self.writes()
        TABLE.append((name, done.code, code, len(writes), served))
        self.assertEqual(done.code, exit_code, done.err + done.out)
        self.assertIn(code, done.err + done.out)
        if private:
            self.assertIsNone(PERSONAL.search(done.out + done.err), done.out + done.err)
        expected = {"nobody": lambda: [], "all": lambda: self.good, "everyone else": lambda: self.good,
                    "everyone else, nobody absent":
                        lambda: [one for one in self.good if one[2] != "W004"]}[served]()
        self.assertEqual(writes, expected, done.err + done.out)
        return done

    # --- files -------------------------------------------------------------------------------

    def test_a_good_file_is_served_whole(self):
        self.good_writes()
        self.assertIn(("POST", "/api/v1/users/ID/lifecycle/suspend", "W003"), self.good)
        self.assertIn(("POST", "/api/v1/users/ID/lifecycle/suspend", "W004"), self.good)
        self.assertIn(("POST", "/api/v1/users/ID", "W002"), self.good)
        self.assertEqual(len([one for one in self.good if one[2] == "W061"]), 1)
        self.check("a good file", "", 0, served="all")

    def test_a_truncated_gzip_file_contributes_nothing(self):
        whole = gzip.compress(csv(second_day()))
        self.check("gzip file cut in the middle", "gzip.corrupt", 5, content=whole[:len(whole) // 2])
        self.setUp()
        self.check("gzip file without its last 4 bytes", "gzip.corrupt", 5, content=whole[:-4])

    def test_a_csv_file_cut_in_a_line_contributes_nothing(self):
        self.check("csv cut inside a line", "source.cut_short", 5, content=csv(second_day())[:-40])

    def test_a_csv_file_cut_at_a_line_end_shows_by_its_control_file_or_trailer(self):
        lines = csv(second_day()).splitlines(keepends=True)
        self.stack.configure(harness.USERS, GROUPS, SOURCE.replace(
            "min_rows: 10", "min_rows: 10, control_file: hr.count"), GUARD)
        self.stack.write("hr.count", "60\n")
        self.check("csv cut at a line end, control file", "source.count_mismatch", 5,
                   content=b"".join(lines[:-2]))
        os.remove(self.stack.path("hr.count"))
        self.check("control file missing", "source.control_file", 5, content=b"".join(lines))
        self.stack.configure(harness.USERS, GROUPS, SOURCE.replace(
            "min_rows: 10", "min_rows: 10, trailer: 'END (\\d+)'"), GUARD)
        self.check("csv cut at a line end, trailer missing", "source.trailer", 5,
                   content=b"".join(lines[:-2]))
        self.check("trailer states another count", "source.count_mismatch", 5,
                   content=b"".join(lines[:-2]) + b"END 60\n")
        self.check("whole file with its trailer", "", 0, served="all",
                   content=b"".join(lines) + b"END 60\n")

    def test_no_rows_no_header_and_no_file_contribute_nothing(self):
        self.check("empty file", "source.no_header", 5, content=b"")
        self.check("header only", "source.too_few", 5, content=csv([]))
        os.remove(self.stack.path("hr.csv"))
        self.check("no file", "source.unreadable", 5)
        os.mkdir(self.stack.path("hr.csv"))
        self.addCleanup(shutil.rmtree, self.stack.path("hr.csv"), True)
        self.check("a folder instead of a file", "source.unreadable", 5)
        os.rmdir(self.stack.path("hr.csv"))

    def test_a_missing_key_column_contributes_nothing(self):
        self.check("missing key column", "source.key_missing", 5,
                   content=csv(second_day()).replace(b"employee_id", b"staff_no"))

    def test_a_column_named_twice_contributes_nothing(self):
        self.check("a column named twice", "source.header_duplicate", 5,
                   content=csv(second_day()).replace(b"department", b"title"))

    def test_people_with_two_rows_are_left_alone_and_everyone_else_is_served(self):
        people = second_day()
        rows = list(people.values()) + [dict(people[5], title="Tit-7"), people[6]]
        self.check("duplicate keys", "record.duplicate_key", 4, served="everyone else",
                   content=csv(rows))

    def test_a_ragged_row_is_left_out_and_everyone_else_is_served(self):
        self.check("ragged row, key readable", "record.ragged", 4, served="everyone else",
                   content=with_line(5, lambda line: line + b",one more"))
        self.setUp()
        self.check("ragged row, key blank", "source.absence_unprovable", 4,
                   served="everyone else, nobody absent",
                   content=with_line(5, lambda line: line.replace(b"W005", b"") + b",one more"))

    def test_a_file_of_another_encoding_contributes_nothing(self):
        people = second_day()
        for number in range(5, 60):
            people[number]["last_name"] = f"Sur{number}é"
        text = csv(people).decode()
        self.check("wrong encoding (windows-1252)", "source.encoding", 5,
                   content=text.encode("windows-1252"))
        self.check("UTF-16 cut inside a character", "source.encoding", 5,
                   content=text.encode("utf-16")[:-1])

    def test_a_line_of_another_encoding_is_left_out_and_everyone_else_is_served(self):
        self.check("one line of another encoding", "record.encoding", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Sur5", b"Sur5\xe9")))

    def test_nul_bytes_are_left_out_and_everyone_else_is_served(self):
        self.check("NUL bytes in a line", "record.nul", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Sur5", b"Su\0r5")))

    def test_a_field_of_ten_megabytes_is_left_out_and_everyone_else_is_served(self):
        self.check("a 10 MB field", "record.field_too_long", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Sur5", b"x" * 10_000_000)))
        self.setUp()
        self.check("a quote never closed, 10 MB on", "source.quote_unterminated", 5,
                   content=with_line(5, lambda line: line.replace(b"Sur5", b'"' + b"x\n" * 5_000_000)))
        self.setUp()
        self.check("a quote closed 10 MB on", "source.field_runaway", 5,
                   content=with_line(5, lambda line: line.replace(
                       b"Sur5", b'"' + b"x\n" * 5_000_000 + b'"')))

    def test_binary_contributes_nothing(self):
        with open(os.path.join(harness.BIN, "okta-sim"), "rb") as program:
            self.check("binary (a program)", "source.not_text", 5, content=program.read(200_000))

    def test_a_file_that_grows_while_it_is_read_contributes_nothing(self):
        people = second_day()
        for number in range(62, 120_000):
            people[number] = person(number)
        self.stack.write("hr.csv", csv(people))
        done = threading.Event()

        def grow():
            # From before the read to after it: the file is longer at its end than at its opening.
            with open(self.stack.path("hr.csv"), "ab", buffering=0) as out:
                number = 200_000
                while not done.wait(0.001):
                    out.write((lines_of([person(number)])[1] + "\n").encode())
                    number += 1

        grower = threading.Thread(target=grow)
        grower.start()
        try:
            self.check("a file growing while read", "source.changed_while_read", 5)
        finally:
            done.set()
            grower.join()

    def test_names_of_five_thousand_characters_are_isolated(self):
        self.check("a name of 5,000 characters", "record.too_long", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Sur5", b"S" * 5000)))

    def test_a_status_nobody_stated_is_isolated(self):
        self.check("unknown status", "record.unknown_status", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Active", b"Sabbatical")))

    def test_a_date_that_is_none_is_isolated(self):
        self.check("a date that is none", "record.bad_date", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"2005-02-03", b"31.02.2005")))

    def test_a_blank_required_name_is_isolated(self):
        self.check("a blank last name", "record.required_blank", 4, served="everyone else",
                   content=with_line(5, lambda line: line.replace(b"Sur5", b"")))

    def test_too_few_rows_contribute_nothing(self):
        people = second_day()
        for number in range(20, 27):
            del people[number]
        self.check("rows dropped beyond max_drop", "source.shrunk", 5, content=csv(people))

    def test_an_emptied_column_contributes_nothing(self):
        people = second_day()
        for number in range(5, 30):
            people[number]["title"] = ""
        self.check("emptied column", "source.column_emptied", 5, content=csv(people))

    def test_names_that_moved_to_other_keys_contribute_nothing(self):
        people = second_day()
        numbers = sorted(people)
        for number, other in zip(numbers, numbers[1:] + numbers[:1]):
            people[number].update(first_name=f"Giv{other}", last_name=f"Sur{other}")
        self.check("names moved to other keys", "source.reshuffled", 5, content=csv(people))

    # --- names ---------------------------------------------------------------------------------

    def test_every_naughty_string_is_held_unchanged_or_isolated(self):
        strings = json.loads(read(harness.need_shared("data", "naughty", "blns.json")))
        self.stack.sim.load(self.empty_org)
        self.dsn = self.new_database()
        self.assertEqual(self.rollcall("migrate").code, 0)
        self.written = len(self.stack.sim.audit())
        people = [person(n, last_name=text) for n, text in enumerate(strings, 1)]
        self.stack.write("hr.csv", csv(people))
        page = self.stack.path("naughty.html")
        plan = json.loads(self.rollcall("plan", "--json").out)
        done = self.rollcall("sync", "--report", page)
        self.assertEqual(done.code, 4, done.err + done.out)

        shown = {user["profile"]["employeeNumber"]: user["profile"]["lastName"]
                 for user in self.stack.sim.org()["users"] if "employeeNumber" in user["profile"]}
        isolated = {}
        for finding in plan["findings"]:
            isolated.setdefault(finding.get("worker_key"), set()).add(finding["code"])
        codes = {}
        for number, text in enumerate(strings, 1):
            key = f"W{number:03}"
            with self.subTest(string=text):
                expected = self.expected_code(text)
                if expected is None:
                    self.assertEqual(shown.get(key), unicodedata.normalize("NFC", text))
                    self.assertNotIn(key, isolated)
                else:
                    self.assertNotIn(key, shown)
                    self.assertEqual(isolated.get(key), {expected})
                    codes[expected] = codes.get(expected, 0) + 1
        TABLE.append((f"{len(strings)} naughty last names", done.code, ", ".join(
            f"{count} {code}" for code, count in sorted(codes.items())), len(shown), "everyone else"))
        self.assertGreater(len(shown), 300)

        # The report is the same page with other text in it: no element or attribute comes from data.
        self.assert_no_markup_from(strings, page)

    @staticmethod
    def expected_code(text):
        """What Okta can hold: 1 to 50 characters of the basic plane."""
        text = unicodedata.normalize("NFC", text)
        if not text.strip():
            return "record.required_blank"
        if "\0" in text:
            return "record.nul"
        if any(ord(c) > 0xFFFF for c in text):
            return "record.unsupported_character"
        return "record.too_long" if len(text) > 50 else None

    def assert_no_markup_from(self, strings, page):
        naughty = Markup(read(page))
        self.stack.sim.load(self.empty_org)
        self.dsn = self.new_database()
        self.assertEqual(self.rollcall("migrate").code, 0)
        plain = ["" if self.expected_code(text) else f"Plain{n}" for n, text in enumerate(strings)]
        self.stack.write("hr.csv", csv([person(n, last_name=name) for n, name in enumerate(plain, 1)]))
        self.assertEqual(self.rollcall("sync", "--report", page).code, 4)
        harmless = Markup(read(page))
        self.assertEqual(naughty.shapes - harmless.shapes, set())
        for tag in ("script", "img", "iframe", "a", "svg", "style", "object", "input", "meta", "link"):
            self.assertEqual(naughty.counts.get(tag, 0), harmless.counts.get(tag, 0), tag)

    # --- configuration and journal -------------------------------------------------------------

    def test_every_mistake_of_the_configuration_is_named_at_once(self):
        folder = os.path.join(harness.SOURCE, "tests", "unit", "config")
        shutil.copy(os.path.join(folder, "mistakes.yaml"), self.stack.path("mistakes.yaml"))
        asked = self.stack.sim.stats()
        for verb in ("sync", "check", "plan"):
            done = self.rollcall(verb, config="mistakes.yaml")
            self.assertEqual(done.code, 78, done.err)
            self.assertNotIn("topsecret", done.err + done.out)
            placed = 0
            for line in read(os.path.join(folder, "mistakes.golden")).splitlines():
                found = re.match(r"mistakes\.yaml:(\d+:\d+) (\S+)", line)
                if found:
                    self.assertRegex(done.err, rf"mistakes\.yaml:{found[1]}: {re.escape(found[2])}: ")
                    placed += 1
            self.assertGreater(placed, 40)
        self.assertEqual(self.stack.sim.stats(), asked, "no request is sent with a wrong configuration")
        TABLE.append((f"{placed} mistakes of the configuration", done.code, "config.*",
                      len(self.writes()), "nobody"))

    def test_an_unreadable_configuration_ends_with_78(self):
        self.stack.write("broken.yaml", "version: 1\nokta: {base_url: [\n")
        self.check("configuration is no YAML", "config.syntax", 78, config="broken.yaml")
        self.check("configuration file missing", "config.unreadable", 78, config="nowhere.yaml")

    def test_a_secret_that_is_not_there_ends_with_78(self):
        text = read(self.config).replace("env: OKTA_TOKEN", "file: /nonexistent/token")
        self.stack.write("rollcall.yaml", text)
        self.check("token file missing", "secret.unavailable", 78)

    def test_a_journal_that_is_away_ends_with_7(self):
        self.check("journal away", "journal.unreachable", 7,
                   env={"ROLLCALL_DB": f"host=/nonexistent dbname=x password={PASSWORD}"})

    def test_a_journal_without_schema_says_what_to_run(self):
        self.dsn = self.new_database()
        done = self.check("journal not migrated", "journal.schema_missing", 78)
        self.assertIn("rollcall migrate", done.err)

    def test_a_journal_of_another_environment_is_refused(self):
        text = read(self.config).replace("environment: test", "environment: production")
        self.stack.write("rollcall.yaml", text)
        self.check("journal of another environment", "journal.other_environment", 78)

    def test_a_journal_of_another_org_is_refused(self):
        org = json.loads(json.dumps(self.org))
        org["org"]["id"] = "00oanotherorg1234567"
        self.stack.sim.load(org)
        self.check("journal of another org", "journal.other_org", 78)

    def test_another_journal_key_is_refused(self):
        self.check("wrong journal key", "journal.key_wrong", 78, env={"ROLLCALL_KEY": "f" * 64})

    # --- the org ---------------------------------------------------------------------------------

    def at(self, base_url, ca_file=None):
        text = read(self.config).replace(self.stack.sim.base_url, base_url)
        if ca_file:
            text = text.replace(self.stack.sim.ready["ca_file"], ca_file)
        self.stack.write("rollcall.yaml", text)

    def test_an_org_that_is_away_ends_with_9(self):
        with socket.socket() as bound:  # held, not listening: nobody else can answer there
            bound.bind(("127.0.0.1", 0))
            self.at(f"https://localhost:{bound.getsockname()[1]}")
            self.check("org away", "http.unreachable", 9)

    def test_a_certificate_of_another_authority_is_refused(self):
        other = os.path.join(self.stack.folder, "other")
        os.makedirs(other, exist_ok=True)
        stranger = harness.Sim(other)
        stranger.stop()
        self.at(self.stack.sim.base_url, stranger.ready["ca_file"])
        self.check("certificate of another CA", "tls.untrusted", 9)

    def test_a_certificate_of_another_host_is_refused(self):
        port = self.stack.sim.base_url.rsplit(":", 1)[1]
        self.at(f"https://127.0.0.2:{port}")
        self.check("certificate of another host", "tls.host_mismatch", 9)

    def test_a_wrong_token_ends_with_6(self):
        self.check("wrong token", "okta.credential_refused", 6, env={"OKTA_TOKEN": "wrong-token"})

    def test_a_token_that_sees_an_empty_org_plans_nothing(self):
        org = dict(self.org, tokens=[{"token": "blind-token", "owner": "log9@bad.example",
                                      "role": "none"}])
        self.stack.sim.load(org)
        blind = {"OKTA_TOKEN": "blind-token"}
        self.check("token that sees 200 [] and no schema", "okta.forbidden", 6, env=blind)
        done = self.rollcall("plan", "--json", env=blind)
        self.assertEqual((done.code, done.out), (6, ""))

    def test_a_token_that_may_only_read_ends_with_6(self):
        org = dict(self.org, tokens=[{"token": "reading-token", "owner": "log9@bad.example",
                                      "role": "read_only"}])
        self.stack.sim.load(org)
        self.check("token that may only read", "okta.forbidden", 6, env={"OKTA_TOKEN": "reading-token"})

    def test_an_org_that_fails_every_request_ends_with_9(self):
        self.stack.sim.faults([{"match": {"path_prefix": "/api/"}, "do": "status", "status": 500}])
        self.check("org answers 500 to everything", "okta.server_error", 9)

    def test_an_org_that_fails_every_write_ends_with_9(self):
        self.stack.sim.faults([{"match": {"method": one, "path_prefix": "/api/"}, "do": "status",
                                "status": 500} for one in ("POST", "PUT", "DELETE")])
        self.check("org answers 500 to every write", "okta.server_error", 9)

    def test_a_damaged_listing_contributes_nothing(self):
        self.stack.sim.faults([{"match": {"method": "GET", "path_prefix": "/api/v1/users"},
                                "do": "truncate", "bytes": 700}])
        self.check("pages cut short", "org.unreachable", 9)

    def test_a_listing_that_lacks_people_contributes_nothing(self):
        self.stack.sim.faults([{"match": {"method": "GET", "path_prefix": "/api/v1/users"},
                                "do": "lose_page"}])
        self.check("a listing that lacks a page", "okta.sees_nothing", 6)

    # --- several at once --------------------------------------------------------------------------

    def duplicate(self):
        people = second_day()
        return list(people.values()) + [people[5]]

    def test_the_first_code_of_the_contracts_order_wins_and_the_report_lists_all(self):
        text = read(self.config).replace("initial_load: 2000",
                                                "limits: {containments: {count: 0, floor: 0}}")
        self.stack.write("rollcall.yaml", text)
        self.stack.write("hr.csv", csv(self.duplicate()))
        done = self.rollcall("sync")
        self.assertEqual(done.code, 3, done.err + done.out)
        shown = self.rollcall("plan")
        self.assertEqual(shown.code, 3)
        self.assertRegex(shown.out, r"(?s)Exit 3 .*also 4 ")
        TABLE.append(("held (3) and isolated (4) at once", done.code, "3 before 4", len(self.writes()),
                      "everyone else"))

    def test_an_org_in_read_only_mode_ends_with_9_before_the_records_4(self):
        self.stack.sim.faults([{"match": {}, "do": "read_only"}])
        self.check("read-only org (9) and duplicate keys (4)", "org.read_only", 9,
                   content=csv(self.duplicate()))

    def test_tolerated_codes_are_0_for_the_shell_only(self):
        self.stack.write("hr.csv", csv(self.duplicate()))
        for words, expected in ((("plan",), 4), (("plan", "--tolerate", "4"), 0),
                                (("plan", "--tolerate", "4,5"), 0), (("plan", "--tolerate", "5"), 4),
                                (("plan", "--detailed-exitcode"), 4),
                                (("plan", "--detailed-exitcode", "--tolerate", "4"), 2),
                                (("plan", "--tolerate", "3"), 64), (("plan", "--tolerate", "x"), 64)):
            done = self.rollcall(*words)
            self.assertEqual(done.code, expected, (words, done.err))
            if expected != 64:
                self.assertIn("record.duplicate_key", done.out)
        self.assertEqual(self.rollcall("sync", "--tolerate", "4").code, 0)
        runs = self.rollcall("runs", "--json").json()
        self.assertEqual(runs[0]["exit"], 4, "the journal keeps the code that was tolerated")
        self.stack.write("hr.csv", b"")
        self.assertEqual(self.rollcall("plan", "--tolerate", "4").code, 5)
        self.assertEqual(self.rollcall("plan", "--tolerate", "4,5").code, 0)

    def test_detailed_exit_codes_tell_changes_from_none(self):
        self.assertEqual(self.rollcall("plan", "--detailed-exitcode").code, 2)
        self.assertEqual(self.rollcall("sync", "--detailed-exitcode").code, 2)
        self.assertEqual(self.rollcall("sync", "--detailed-exitcode").code, 0)
        self.assertEqual(self.rollcall("plan", "--detailed-exitcode").code, 0)

    def test_a_leaver_who_is_not_contained_is_never_tolerated(self):
        org = json.loads(json.dumps(self.org))
        leaver = next(one for one in org["users"] if one["profile"].get("employeeNumber") == "W003")
        leaver["status"] = "PROVISIONED"
        self.stack.sim.load(org)
        text = read(self.config).replace("not_suspendable: deactivate", "not_suspendable: hold")
        self.stack.write("rollcall.yaml", text)
        self.stack.write("hr.csv", csv(self.duplicate()))
        done = self.rollcall("sync", "--tolerate", "4,5")
        self.assertEqual(done.code, 3, done.err + done.out)
        self.assertIn("NOT CONTAINED", done.out)
        TABLE.append(("leaver not contained, --tolerate 4,5", done.code, "leaver.not_contained",
                      len(self.writes()), "everyone else"))

    def test_names_and_values_show_on_a_pipe_only_when_asked_for(self):
        quiet = self.rollcall("plan")
        self.assertIsNone(PERSONAL.search(quiet.out + quiet.err), quiet.out)
        self.assertIn("W002", quiet.out)
        self.assertIn("Tit-9", self.rollcall("plan", "--full").out)
        for words in (("check",), ("adopt",), ("sync",), ("runs",), ("show", "1"), ("show", "2"),
                      ("resume",), ("migrate", "--status")):
            done = self.rollcall(*words)
            # Who has left by the plan before is still in, and adopting leaves it so.
            self.assertEqual(done.code, 3 if words == ("adopt",) else 0, (words, done.err))
            self.assertIsNone(PERSONAL.search(done.out + done.err), (words, done.out, done.err))


def tearDownModule():
    titles = ("input", "exit", "code", "writes", "served")
    rows = [titles] + [tuple(str(cell) for cell in row) for row in TABLE]
    widths = [max(len(row[i]) for row in rows) for i in range(len(titles))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)


if __name__ == "__main__":
    unittest.main()
