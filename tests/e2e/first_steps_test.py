"""The README's first steps: config/minimal.yaml as it is, against an org, without a journal."""
import os
import shutil
import unittest

from harness import SOURCE, Stack

FEED = "employee_id,last_name\n1,Abel\n2,Dahl\n"


class FirstSteps(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(database=False)
        self.addCleanup(self.stack.close)
        shutil.copy(os.path.join(SOURCE, "config", "minimal.yaml"), self.stack.path("minimal.yaml"))
        self.stack.write("people.csv", FEED)
        self.env = {"OKTA_READ_TOKEN": "e2e-token",
                    "ROLLCALL_OKTA_BASE_URL": self.stack.sim.base_url,
                    "ROLLCALL_OKTA_TLS_CA_FILE": self.stack.sim.ready["ca_file"]}

    def run_verb(self, *words):
        return self.stack.run(*words, config="minimal.yaml", env=self.env)

    def test_the_minimal_configuration_observes_and_says_that_it_only_does(self):
        done = self.run_verb("plan", "--no-journal")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("users.manage is empty, so this only observes", done.out)
        self.assertNotIn("as it should be", done.out)
        self.assertEqual(self.stack.sim.audit(), [])

    def test_verbs_that_need_a_journal_say_so_and_touch_nothing(self):
        for words in (["check"], ["plan"], ["sync"], ["runs"], ["migrate", "--status"]):
            done = self.run_verb(*words)
            self.assertEqual(done.code, 78, words)
            self.assertIn("config.missing_key: the configuration holds no journal", done.err, words)
        self.assertEqual(self.stack.sim.stats()["writes"], 0)


if __name__ == "__main__":
    unittest.main()
