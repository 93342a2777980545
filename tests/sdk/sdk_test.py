"""Okta's own client for Node judges okta-sim over TLS, plainly and in compatibility mode.

Needs ROLLCALL_BIN_DIR (programs) and ROLLCALL_SOURCE_DIR (checkout); BUILD_DIR is where npm puts the
client. Skipped, saying so, where Node is missing or npm cannot reach its registry.
"""
import json
import os
import shutil
import signal
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ["ROLLCALL_BIN_DIR"]
FOLDER = os.path.join(os.path.dirname(BIN), "sdk")
TOKEN = "sdk-token"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT")


def without_proxies():
    """The simulator is on this machine: a proxy could not reach it."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def install_client():
    """npm ci into the build folder, unless that was done for this lock file."""
    os.makedirs(FOLDER, exist_ok=True)
    lock = os.path.join(HERE, "package-lock.json")
    done = os.path.join(FOLDER, "installed-lock.json")
    with open(lock) as wanted:
        text = wanted.read()
    if os.path.exists(done):
        with open(done) as installed:
            if installed.read() == text:
                return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), FOLDER)
    npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER,
                         capture_output=True, text=True, timeout=240)
    if npm.returncode != 0 and any(word in npm.stderr for word in UNREACHABLE):
        raise unittest.SkipTest("npm cannot reach its registry: " + npm.stderr[-400:])
    if npm.returncode != 0:
        raise AssertionError("npm ci failed: " + npm.stderr[-2000:])
    with open(done, "w") as installed:
        installed.write(text)


class SdkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for program in ("node", "npm"):
            if not shutil.which(program):
                raise unittest.SkipTest(program + " is missing")
        install_client()

    def check(self, *options):
        shutil.copy(os.path.join(HERE, "sdk_check.js"), FOLDER)
        sim = subprocess.Popen([os.path.join(BIN, "okta-sim"), "--api-token", TOKEN, "--limits", "none",
                                *options], stdout=subprocess.PIPE, text=True)
        try:
            ready = json.loads(sim.stdout.readline())
            environment = without_proxies()
            environment.update(NODE_EXTRA_CA_CERTS=ready["ca_file"], SIM_URL=ready["base_url"],
                               SIM_TOKEN=TOKEN, HOME=FOLDER)
            node = subprocess.run(["node", "sdk_check.js"], cwd=FOLDER, env=environment,
                                  capture_output=True, text=True, timeout=180)
        finally:
            sim.send_signal(signal.SIGTERM)
            sim.wait(timeout=30)
            sim.stdout.close()
        print(node.stdout.strip(), *options)
        self.assertEqual(node.returncode, 0, node.stdout + node.stderr)
        self.assertIn("no surprise", node.stdout)

    def test_works_as_with_okta(self):
        self.check()

    def test_works_with_replies_of_a_later_version(self):
        self.check("--compat", "20261129")


if __name__ == "__main__":
    unittest.main()
