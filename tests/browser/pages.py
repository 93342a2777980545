"""The HTML reports of the demo's company: a plan, and a run in which something failed."""
import datetime
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402  (shared with the end-to-end tests)

DEMO = os.path.join(harness.SOURCE, "deploy", "demo.d")


class Pages:
    def __init__(self):
        self.stack = harness.Stack()
        try:
            self._make(self.stack)
        except BaseException:
            self.stack.close()
            raise

    def _make(self, stack):
        subprocess.run([os.path.join(DEMO, "make_company"), stack.folder,
                        datetime.datetime.now(datetime.timezone.utc).date().isoformat()], check=True)
        with open(stack.path("org.json")) as org:
            stack.sim.load(json.load(org))
        with open(os.path.join(DEMO, "rollcall.yaml")) as rules:
            stack.write("rollcall.yaml", rules.read().replace(
                "manage: []", "manage: [link, attributes, groups, lifecycle]"))
        stack.write("journal.key", os.urandom(32).hex())
        stack.env.update(ROLLCALL_OKTA_BASE_URL=stack.sim.base_url,
                         ROLLCALL_OKTA_TLS_CA_FILE=stack.sim.ready["ca_file"],
                         DEMO_READ_TOKEN="demo-read", DEMO_WRITE_TOKEN="demo-write",
                         DEMO_DATABASE=stack.dsn)
        stack.migrate()
        self.feed("monday.csv")
        self.run(4, "adopt", "--out", "adopt.json")
        self.run(0, "apply", "adopt.json")
        self.run(4, "plan", "--report", "plan.html", "--full")
        self.plan = stack.path("plan.html")
        self.run(4, "sync")
        self.feed("tuesday.csv")
        # The administrator who left is held in a first run, so that the next says since when.
        with open(stack.path("tuesday.csv")) as rows:
            leavers = [row.split(",")[0] for row in rows if "Terminated" in row]
        self.admin = leavers[0]
        self.run(3, "sync", "--only", self.admin)
        gone = next(user["id"] for user in stack.sim.org()["users"]
                    if user["profile"].get("employeeNumber") in leavers[1:]
                    and user["status"] == "ACTIVE")
        stack.sim.faults([{"match": {"path_prefix": f"/api/v1/users/{gone}/lifecycle/"},
                           "do": "status", "status": 400, "times": 1}])
        self.run(3, "sync", "--report", "run.html", "--full")
        self.finished = stack.path("run.html")

    def feed(self, name):
        shutil.copy(self.stack.path(name), self.stack.path("people.csv"))

    def run(self, code, *words):
        done = self.stack.run(*words)
        assert done.code == code, f"{words}: {done.code}\n{done.out}\n{done.err}"
        return done
