"""The whole way with a service app instead of an API token: check, sync, renewal, refusals."""
import unittest

from harness import CHICAGO_HEADER, CHICAGO_USERS, FEW_SOURCE, TOKEN, Stack

GROUPS = "groups:\n  - {template: 'dept-${hr.department}'}\n"
READ = ["okta.groups.read", "okta.roles.read", "okta.schemas.read", "okta.users.read"]
WRITE = READ + ["okta.groups.manage", "okta.users.manage"]


def people(count):
    return CHICAGO_HEADER + "".join(f"{key},Ada{key},Byron,,ada{key}@x.example,Sales,Clerk,,F,Active,"
                            "2020-01-01,\n" for key in range(1, count + 1))


class OAuth(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.close)
        self.sim = self.stack.sim
        self.client = self.sim.ready["oauth"]["client_id"]
        self.key = self.sim.ready["oauth"]["private_key_file"]
        self.jwks = self.oauth()["clients"][0]["jwks"]
        self.app(WRITE)
        self.configure()
        self.stack.migrate()
        self.stack.write("hr.csv", people(3))

    def oauth(self, **knobs):
        if knobs:
            status, answer = self.sim.request("PUT", "/sim/oauth", knobs)
            self.assertEqual(status, 204, answer)
        return self.sim.request("GET", "/sim/oauth")[1]

    def app(self, scopes, dpop=True):
        self.oauth(clients=[{"client_id": self.client, "jwks": self.jwks, "scopes": scopes,
                             "dpop": dpop}])

    def configure(self, more="", read=""):
        path = self.stack.configure(CHICAGO_USERS, groups=GROUPS, source=FEW_SOURCE)
        with open(path) as file:
            text = file.read()
        write = f"{{client_id: {self.client}, private_key: {{file: '{self.key}'}}{more}}}"
        text = text.replace("{write: {api_token: {env: OKTA_TOKEN}}}",
                            f"{{{read}write: {{oauth: {write}}}}}")
        self.assertIn("oauth", text)
        self.stack.write("rollcall.yaml", text)

    def requests_by(self, name):
        return sum(count for who, count in self.sim.stats()["by_token"].items()
                   if who.startswith(name))

    def test_a_sync_with_bound_tokens_leaves_nothing_to_do(self):
        self.oauth(api_nonce=True)
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertEqual(len(self.sim.audit()), 4, "a group and three people")
        again = self.stack.run("sync", "--detailed-exitcode")
        self.assertEqual(again.code, 0, again.out + again.err)
        self.assertEqual(len(self.sim.audit()), 4)
        self.assertEqual(self.oauth()["tokens_issued"], 2, "one for each run")
        self.assertEqual(list(self.sim.stats()["by_token"]), [self.client])
        self.assertNotIn("at.", done.out + done.err)
        self.assertNotIn("PRIVATE", done.out + done.err)

    def test_a_run_outlives_its_token(self):
        self.stack.write("hr.csv", people(20))
        self.sim.faults([{"match": {"method": "POST", "path_prefix": "/api/v1/users", "nth": 8},
                          "do": "status", "status": 401, "error": "E0000011"}])
        done = self.stack.run("sync")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertEqual(len(self.sim.audit()), 21)
        self.assertEqual(self.oauth()["tokens_issued"], 2)
        self.assertEqual(self.stack.run("plan", "--detailed-exitcode").code, 0)

    def test_check_names_scopes_that_are_missing_and_superfluous(self):
        done = self.stack.run("check")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertIn("scopes, write", done.out)
        self.assertIn(f"belongs to the app {self.client}", done.out)
        self.assertNotIn("missing:", done.out)
        self.assertNotRegex(done.out, "scopes.*superfluous:")

        self.app([scope for scope in WRITE if scope != "okta.groups.manage"]
                 + ["okta.apps.manage"])
        done = self.stack.run("check")
        self.assertEqual(done.code, 6, done.out + done.err)
        self.assertRegex(done.out, r"okta\.scope_refused.*missing: okta\.groups\.manage")
        self.assertIn("superfluous: okta.apps.manage", done.out)
        refused = self.stack.run("sync")
        self.assertEqual(refused.code, 6, refused.out + refused.err)
        self.assertIn("okta.scope_refused", refused.err)
        self.assertEqual(self.sim.audit(), [])

    def test_a_read_only_app_is_enough_for_a_dry_run(self):
        self.app(READ)
        read = f"read: {{oauth: {{client_id: {self.client}, private_key: {{env: READ_KEY}}}}}}, "
        self.configure(read=read)
        with open(self.key) as file:
            self.stack.env["READ_KEY"] = file.read()
        self.key = self.stack.path("not-here.pem")
        self.configure(read=read)
        done = self.stack.run("plan")
        self.assertEqual(done.code, 0, done.out + done.err)
        done = self.stack.run("check")
        self.assertEqual(done.code, 0, done.out + done.err)
        self.assertIn("scopes, read", done.out)
        self.assertRegex(done.out, r"scopes, write +not looked at:.*not-here\.pem")
        self.assertEqual(self.stack.run("sync").code, 78)

    def refused(self, code, *words):
        done = self.stack.run("sync")
        self.assertEqual(done.code, 6, done.out + done.err)
        for word in (code, "hint:", *words):
            self.assertIn(word, done.err)
        self.assertEqual(self.sim.audit(), [])

    def test_a_wrong_key_and_a_wrong_audience_are_said_in_words(self):
        right = self.jwks
        other = {**right["keys"][0]}
        part = "n" if "n" in other else "x"
        other[part] = other[part][:-8] + "AAAAAAAA"
        self.jwks = {"keys": [other]}
        self.app(WRITE)
        self.refused("okta.key_refused", "Register the key's public half", "invalid_client")
        self.jwks = right
        self.app(WRITE)
        with open(self.stack.path("rollcall.yaml")) as file:
            text = file.read()
        self.stack.write("rollcall.yaml", text.replace("https://localhost", "https://127.0.0.1"))
        self.refused("okta.audience_refused", "okta.base_url", "invalid_client")

    def test_a_clock_five_minutes_off_is_learnt(self):
        for offset in (300_000, -300_000):
            status, answer = self.sim.request("PUT", "/sim/clock", {"offset_ms": offset})
            self.assertIn(status, (200, 204), answer)
            done = self.stack.run("sync")
            self.assertEqual(done.code, 0, done.out + done.err)
        self.assertEqual(len(self.sim.audit()), 4)

    def test_a_key_that_is_none_is_said_before_anything_is_asked(self):
        for text, why in (("topsecret", "PEM text is damaged"), (TOKEN, "PEM text is damaged"),
                          ("{\"kty\":\"EC\",\"crv\":\"P-256\"}", "no whole private key")):
            self.key = self.stack.write("key.pem", text)
            self.configure()
            done = self.stack.run("sync")
            self.assertEqual(done.code, 78, done.out + done.err)
            self.assertIn("okta.key_unreadable", done.err)
            self.assertIn(why, done.err)
            self.assertNotIn(text, done.err)
        self.assertEqual(self.requests_by(self.client), 0)


if __name__ == "__main__":
    unittest.main()
