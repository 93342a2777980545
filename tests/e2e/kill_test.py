"""The program is killed, stopped or overtaken inside the October apply; the next run makes good.

A kill comes at a position of okta-sim's audit, drawn from a printed seed, in one of two ways:
- executed: the org has executed the write at that position and withholds the reply (hold_reply);
- uncommitted: the reply is withheld, a session of ours locks the journal's outcomes, the reply is
  let go, and the kill comes once it is sent and the journal's connection waits for that lock: the
  reply has arrived, its outcome is not committed.
ROLLCALL_KILLS says how many positions (5); two in five are uncommitted. ROLLCALL_KILL_SEED repeats
a run. The rosters are a sample of Chicago's (small_rosters), with ROLLCALL_KILL_ROSTERS=full all
of its people; org and journal after March are kept and put back for every case.
"""
import collections
import json
import os
import random
import signal
import subprocess
import time
import unittest

import chicago
import harness

KILLS = int(os.environ.get("ROLLCALL_KILLS", "5"))
FULL = os.environ.get("ROLLCALL_KILL_ROSTERS") == "full"
PATIENCE_S = 120
# A repeat of these changes nothing (ARCHITECTURE.md, section 6).
REPEATABLE = {"user.update", "user.clear_sessions", "group.add_member", "group.remove_member"}


def until(what, probe, *parameters):
    """Polls until `probe` gives something true; fails after a deadline."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = probe(*parameters)
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain until " + what)


def small_rosters():
    """1,500 people of March with 70 leavers and 60 movers; in October 70 joiners besides."""
    march, october = chicago.rows_of(chicago.MARCH), chicago.rows_of(chicago.OCTOBER_TERMINATED)
    later = {row["employee_id"]: row for row in october}
    known = {row["employee_id"] for row in march}
    leavers = [r for r in march if later[r["employee_id"]]["status"] == "Terminated"]
    movers = [r for r in march if later[r["employee_id"]]["status"] == "Active"
              and later[r["employee_id"]] != r]
    stay = [r for r in march if later[r["employee_id"]] == r]
    before = leavers[:70] + movers[:60] + stay[:1370]
    after = [later[row["employee_id"]] for row in before]
    return before, after + [row for row in october if row["employee_id"] not in known][:70]


def full_rosters():
    return chicago.rows_of(chicago.MARCH), chicago.rows_of(chicago.OCTOBER_TERMINATED)


class Locked:
    """Holds back whoever writes a table of the journal."""

    def __init__(self, dsn, table):
        self.psql = subprocess.Popen(["psql", dsn, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"BEGIN; LOCK TABLE rollcall.{table} IN EXCLUSIVE MODE;"
                              " SELECT 'locked';\n")
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == "locked\n", "the table could not be locked"

    def end(self):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait(timeout=PATIENCE_S)


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = harness.Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.admin = harness.need_database()
        cls.rules = chicago.rules()
        cls.before, cls.after = full_rosters() if FULL else small_rosters()
        chicago.configure(cls.stack)
        cls.stack.migrate()
        cls.stack.write("hr.csv", chicago.as_csv(cls.before))
        done = cls.stack.run("sync")
        assert done.code == 0, done.err[-2000:]
        cls.march = cls.stack.sim.org()
        cls.stack.write("hr.csv", chicago.as_csv(cls.after))
        cls.wanted = chicago.desired(cls.after, cls.before, cls.rules)
        cls.undisturbed = None

    # --- one world per case: the org and the journal as they were after March ---

    def setUp(self):
        if self.undisturbed is None:
            self.start_over()
            done = self.stack.run(*chicago.with_limits(self.stack, "sync"))
            self.assertEqual(0, done.code, done.err[-2000:])
            type(self).undisturbed = collections.Counter(self.writes())
            self.assert_settled_as_wanted()
        self.start_over()

    def start_over(self):
        sim, stack = self.stack.sim, self.stack
        sim.faults([])
        sim.request("PUT", "/sim/release")
        sim.load(self.march)
        self.base = sim.stats()["writes"]
        copy = stack.database + "_copy"
        harness.psql(self.admin, f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        harness.psql(self.admin, f"CREATE DATABASE {copy} TEMPLATE {stack.database}")
        self.dsn = self.admin + " dbname=" + copy
        stack.env["ROLLCALL_DB"] = self.dsn

    @classmethod
    def tearDownClass(cls):
        copy = cls.stack.database + "_copy"
        harness.psql(cls.admin, f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")

    def audit(self):
        _, text = self.stack.sim.request("GET", f"/sim/audit?since={self.base}")
        return [text] if isinstance(text, dict) else [
            json.loads(line) for line in text.split("\n") if line]

    def writes(self):
        """The accepted writes, named by people and groups instead of ids."""
        org = self.stack.sim.org()
        names = {user["id"]: user["profile"].get("employeeNumber") for user in org["users"]}
        names.update({group["id"]: group["name"] for group in org["groups"]})
        out = []
        for line in self.audit():
            body = dict(line["body"] or {})
            if "groupIds" in body:
                body["groupIds"] = sorted(names[one] for one in body["groupIds"])
            who = ",".join(str(names.get(one)) for one in line["ids"])
            out.append((chicago.kind_of(line), who, line["query"], json.dumps(body, sort_keys=True)))
        return out

    # --- checks ---

    def states(self):
        rows = harness.psql(self.dsn, "SELECT state, count(*) FROM rollcall.operation_queue"
                                      " WHERE state <> 'applied' GROUP BY 1 ORDER BY 1")
        return dict(row.split("|") for row in rows.splitlines())

    def runs(self):
        done = self.stack.run("runs", "--json")
        self.assertEqual(0, done.code, done.err[-2000:])
        return done.json()

    def assert_settled_as_wanted(self, superseded=True):
        """Org, journal and audit as in a run that nobody disturbed; gives the repeats."""
        self.assertEqual(self.wanted, chicago.people_in(self.stack.sim.org()))
        states = self.states()
        self.assertEqual(set(), set(states) - ({"superseded"} if superseded else set()), states)
        self.assertEqual([], [one for one in self.runs() if one["state"] == "running"])
        writes = collections.Counter(self.writes())
        self.assertEqual(set(self.undisturbed), set(writes))
        repeats = writes - self.undisturbed
        self.assertEqual(set(), {write[0] for write in repeats} - REPEATABLE, repeats)
        self.assertEqual([], self.stack.sim.outbox())
        result, plan = chicago.plan(self.stack, *chicago.with_limits(self.stack, "plan"))
        self.assertEqual((0, []), (result.code, plan["operations"]), result.err[-2000:])
        return sum(repeats.values())

    # --- disturbances ---

    def start_held(self, position):
        """A sync whose reply to that write is withheld."""
        self.stack.sim.faults([{"match": {"audit_position": self.base + position},
                                "do": "hold_reply"}])
        process = self.stack.start(*chicago.with_limits(self.stack, "sync"))
        self.addCleanup(self.end, process)
        try:
            until(f"the write {position} is executed", lambda: self.is_held(position, process))
        except BaseException:
            self.end(process)  # or it would write into the next case
            raise
        return process

    def is_held(self, position, process):
        self.assertIsNone(process.poll(), "the sync ended before it could be disturbed")
        return self.base + position in self.held()

    def held(self):
        return self.stack.sim.request("GET", "/sim/held")[1]["held"]

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        self.end(process)

    def let_go(self):
        self.stack.sim.faults([])
        self.stack.sim.request("PUT", "/sim/release")

    def connections(self, condition="true"):
        return harness.psql(
            self.admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rollcall'"
            f" AND datname = '{self.stack.database}_copy' AND {condition}") != "0"

    def intents(self):
        return int(harness.psql(self.dsn, "SELECT count(*) FROM rollcall.operation_queue"
                                          " WHERE state = 'intent' AND host = 0"))

    def kill_executed(self, position):
        process = self.start_held(position)
        self.kill(process)
        self.let_go()

    def kill_uncommitted(self, position):
        process = self.start_held(position)
        lock = Locked(self.dsn, "operation_outcome")
        try:
            self.let_go()
            until("the reply is sent", lambda: not self.held())
            until("the journal waits for the lock",
                  lambda: self.connections("wait_event_type = 'Lock'"))
        finally:
            self.kill(process)
            lock.end()

    # --- tests ---

    def test_a_killed_apply_is_made_good_by_the_next_sync(self):
        seed = int(os.environ.get("ROLLCALL_KILL_SEED", random.randrange(1 << 32)))
        total = sum(self.undisturbed.values())
        positions = sorted(random.Random(seed).sample(range(1, total + 1), KILLS))
        print(f"\nseed {seed} (ROLLCALL_KILL_SEED), {total} writes, killed at {positions}")
        for number, position in enumerate(positions):
            way = "uncommitted" if number % 5 in (1, 3) else "executed"
            with self.subTest(seed=seed, position=position, way=way):
                begun = time.monotonic()
                self.start_over()
                getattr(self, "kill_" + way)(position)
                until("the journal's lock is free", lambda: not self.connections())
                accepted, doubt = len(self.audit()), self.intents()
                done = self.stack.run(*chicago.with_limits(self.stack, "sync"))
                self.assertEqual(0, done.code, done.err[-2000:])
                repeats = self.assert_settled_as_wanted()
                self.assertGreater(doubt, 0, "nothing was in doubt: the kill missed the apply")
                print(f"  {way} at {position}: {accepted} writes accepted, {doubt} in doubt, "
                      f"{repeats} harmless repeats, {time.monotonic() - begun:.1f} s")

    def test_resume_finishes_the_plan_of_a_killed_run(self):
        self.kill_executed(sum(self.undisturbed.values()) // 2)
        self.assert_resumed()

    def test_resume_takes_what_the_killed_run_wrote_for_no_hand_edit(self):
        # Replies have come and are not committed: updates are carried out, their fate is unknown.
        self.kill_uncommitted(sum(self.undisturbed.values()) // 2)
        self.assert_resumed()

    def assert_resumed(self):
        until("the journal's lock is free", lambda: not self.connections())
        killed = self.runs()[0]
        done = self.stack.run(*chicago.with_limits(self.stack, "resume"))
        self.assertEqual(0, done.code, done.err[-2000:])
        finished = self.runs()[0]
        self.assertEqual((killed["run"], killed["plan_id"], "finished", 0),
                         (finished["run"], finished["plan_id"], finished["state"],
                          finished["exit"]))
        repeats = self.assert_settled_as_wanted(superseded=False)
        print(f"\nresume: {repeats} harmless repeats")

    def test_a_stopped_run_settles_exits_10_and_the_next_sync_goes_on(self):
        process = self.start_held(sum(self.undisturbed.values()) // 2)
        process.send_signal(signal.SIGTERM)
        self.let_go()
        _, errors = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(10, process.returncode, errors[-2000:])
        states = self.states()
        print("\nafter SIGTERM:", len(self.audit()), "writes accepted, not applied:", states)
        self.assertFalse({"intent", "ambiguous"} & set(states), states)
        stopped = self.runs()[0]
        self.assertEqual(("interrupted", 10), (stopped["state"], stopped["exit"]))
        self.assertLess(len(self.audit()), sum(self.undisturbed.values()), "nothing was left")
        done = self.stack.run(*chicago.with_limits(self.stack, "sync"))
        self.assertEqual(0, done.code, done.err[-2000:])
        self.assertEqual(0, self.assert_settled_as_wanted(), "a write was repeated")

    def test_a_stop_while_the_plan_is_being_sealed_is_honoured_at_once(self):
        lock = Locked(self.dsn, "plan")
        process = self.stack.start(*chicago.with_limits(self.stack, "sync"))
        self.addCleanup(self.end, process)
        try:
            until("the seal waits", lambda: self.connections("wait_event_type = 'Lock'"))
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=PATIENCE_S)
        finally:
            lock.end()
        self.assertEqual(10, process.returncode, errors[-2000:])
        self.assertIn("run.stopped", errors)
        self.assertEqual([], self.audit())
        done = self.stack.run(*chicago.with_limits(self.stack, "sync"))
        self.assertEqual(0, done.code, done.err[-2000:])
        self.assertEqual(0, self.assert_settled_as_wanted())

    def test_of_two_overlapping_syncs_the_second_exits_75_and_names_the_first(self):
        process = self.start_held(sum(self.undisturbed.values()) // 2)
        accepted = len(self.audit())
        second = self.stack.run(*chicago.with_limits(self.stack, "sync"))
        self.assertEqual(75, second.code, second.err[-2000:])
        self.assertIn(f":{process.pid} holds the lock since ", second.err)
        print("\nthe second of two:", second.err.strip().splitlines()[0])
        self.assertGreaterEqual(len(self.audit()), accepted)
        self.let_go()
        _, errors = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, errors[-2000:])
        self.assertEqual(0, self.assert_settled_as_wanted(superseded=False))


if __name__ == "__main__":
    unittest.main()
