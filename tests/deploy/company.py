"""An org, a feed and a journal for the deployment's tests, and the secrets as files."""
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402  (shared with the end-to-end tests)

SOURCE = harness.SOURCE
READ, WRITE = "deploy-read-token", "deploy-write-token"
PEOPLE, JOINERS, MOVERS, LEAVERS = 1150, 10, 60, 5


def profile(number):
    return {"login": f"p{number}@deploy.example", "email": f"p{number}@deploy.example",
            "firstName": "Pat", "lastName": f"Person{number}", "employeeNumber": str(number)}


def org():
    """Everybody but the joiners; `read_only` may write nothing, whatever is asked of it."""
    users = [{"status": "ACTIVE", "profile": profile(number)} for number in range(1, PEOPLE + 1)]
    for name in ("reader", "writer"):
        users.append({"status": "ACTIVE", "profile": {
            "login": f"svc-{name}@deploy.example", "email": f"svc-{name}@deploy.example",
            "firstName": "Service", "lastName": name}})
    return {"users": users, "tokens": [
        {"token": READ, "owner": "svc-reader@deploy.example", "role": "read_only"},
        {"token": WRITE, "owner": "svc-writer@deploy.example", "role": "super"}]}


def feed(movers=MOVERS, leavers=LEAVERS):
    lines = ["employee_id,first_name,last_name,work_email,status"]
    for number in range(1, PEOPLE + JOINERS + 1):
        status = "Terminated" if number <= leavers else "Active"
        last = "Moved" if leavers < number <= leavers + movers else "Person"
        lines.append(f"{number},Pat,{last}{number},p{number}@deploy.example,{status}")
    return "\n".join(lines) + "\n"


class Company:
    """A Stack with a role of its own in the journal's database, as deploy/README says to make it."""

    def __init__(self):
        self.stack = harness.Stack()
        try:
            self._make()
        except BaseException:
            self.stack.close()
            raise

    def _make(self):
        self.folder = self.stack.folder
        self.sim = self.stack.sim
        self.sim.load(org())
        admin = harness.need_database()
        self.role = self.stack.database.replace("e2e_", "rollcall_")
        harness.psql(admin, f"CREATE ROLE {self.role} LOGIN")
        self.socket = re.search(r"host=(\S+)", admin).group(1)
        self.key = base64.b64encode(os.urandom(32)).decode()
        self.migrate()
        self.database, self.adopted, self.base = self.stack.database, None, 0

    def migrate(self):
        """As the database's owner, then the rights for the role, from the program itself."""
        self.stack.configure(harness.CHICAGO_USERS, source=harness.CHICAGO_SOURCE, name="owner.yaml")
        done = self.stack.run("migrate", config="owner.yaml")
        assert done.code == 0, done.err
        grants = self.stack.run("migrate", "--print-grants", self.role, config="owner.yaml")
        assert grants.code == 0, grants.err
        harness.psql(self.stack.dsn, grants.out)

    def keep(self):
        """The org and the journal as they are now: what `start_over` goes back to."""
        self.adopted = self.sim.org()

    def start_over(self):
        self.sim.faults([])
        self.sim.request("PUT", "/sim/release")
        self.sim.load(self.adopted)
        self.base = self.sim.stats()["writes"]
        admin, self.database = harness.need_database(), self.stack.database + "_copy"
        harness.psql(admin, f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        harness.psql(admin, f"CREATE DATABASE {self.database} TEMPLATE {self.stack.database}")

    def writes(self):
        """How many the org has accepted since `start_over`."""
        return self.sim.stats()["writes"] - self.base

    def install(self):
        """A folder with rollcall in usr/local/bin, as the image's own script puts it there."""
        staged, root = os.path.join(self.folder, "staged"), os.path.join(self.folder, "installed")
        os.makedirs(staged, exist_ok=True)
        shutil.copy(os.path.join(harness.BIN, "rollcall"), staged)
        done = subprocess.run([os.path.join(SOURCE, "deploy", "image", "install"), staged, root],
                              capture_output=True, text=True, check=True)
        assert done.stdout.startswith("rollcall "), done.stdout
        return os.path.join(root, "usr", "local", "bin")

    def folder_of(self, name, files, mode=0o440, group=None, folder_mode=0o755):
        """A new folder as the kubelet or systemd would fill it."""
        path = tempfile.mkdtemp(prefix=name + "-", dir=self.folder)
        os.chmod(path, folder_mode)
        for name_of_file, text in files.items():
            target = os.path.join(path, name_of_file)
            with open(target, "w") as out:
                out.write(text)
            os.chmod(target, mode)
            if group is not None and os.geteuid() == 0:
                os.chown(target, 0, group)
        return path

    def close(self):
        admin = harness.need_database()
        harness.psql(admin, f"DROP DATABASE IF EXISTS {self.stack.database}_copy WITH (FORCE)")
        self.stack.close()
        harness.psql(admin, f"DROP ROLE {self.role}")
