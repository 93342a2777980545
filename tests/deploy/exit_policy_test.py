"""Walks every exit code of CONTRACT.md through the CronJob's failure policy, the systemd unit and the
runbook: prints retry, fail or succeed for each, and fails where they disagree or leave a code out."""
import os
import re
import unittest

import manifest

SOURCE = os.environ.get("ROLLCALL_SOURCE_DIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
DEPLOY = os.path.join(SOURCE, "deploy")
WORDS = {"Succeed": "succeed", "FailJob": "fail", "Count": "retry"}


def text_of(*parts):
    with open(os.path.join(SOURCE, *parts)) as text:
        return text.read()


def contract_codes():
    table = re.search(r"### Exit codes(.*?)If several apply", text_of("CONTRACT.md"), re.S).group(1)
    return [int(code) for line in re.findall(r"^\| ([\d ·]+) \|", table, re.M)
            for code in line.split(" · ")]


class ExitPolicy(unittest.TestCase):
    def setUp(self):
        self.base = manifest.CronJob(os.path.join(DEPLOY, "kubernetes", "base"))
        self.overlay = manifest.CronJob(
            os.path.join(DEPLOY, "kubernetes", "overlays", "dry-run-report"))
        self.unit = manifest.Unit(os.path.join(DEPLOY, "systemd", "rollcall.service"))
        self.codes = contract_codes()

    def test_manifest_unit_and_runbook_agree_on_every_code_of_the_contract(self):
        self.assertGreaterEqual(len(self.codes), 14, "the contract's table was not understood")
        named = {code for rule in self.base.job["podFailurePolicy"]["rules"]
                 for code in rule.get("onExitCodes", {}).get("values", [])}
        self.assertEqual(set(self.codes) - {0}, named, "the policy names each code, and no other")
        self.assertEqual("on-failure", self.unit["Restart"])
        prevented = {int(code) for code in self.unit["RestartPreventExitStatus"].split()}
        runbook = text_of("deploy", "runbook.md")
        limit = self.base.job["backoffLimit"]
        for code in self.codes:
            with self.subTest(code=code):
                action = self.base.action(code)
                ended, pods = self.base.run_job(lambda number: code)
                print(f"exit {code:2}: {WORDS[action]}"
                      + (f", up to {limit} more pods, then fail" if action == "Count" else ""))
                self.assertEqual({"Succeed": ("succeeded", 1), "FailJob": ("failed", 1),
                                  "Count": ("failed", limit + 1)}[action], (ended, len(pods)))
                by_unit = ("Succeed" if code == 0 else "FailJob" if code in prevented else "Count")
                self.assertEqual(action, by_unit, "the systemd unit")
                self.assertEqual(action, self.overlay.action(code), "the overlay")
                self.assertRegex(runbook, rf"(?m)^\| {code} \| .* \| {WORDS[action]} \|$")
                if code:
                    self.assertRegex(runbook, rf"(?m)^## {code}: ")

    def test_the_order_of_codes_is_the_contracts_everywhere(self):
        order = re.search(r"first of this order wins.*: ([\d ]+)\.", text_of("CONTRACT.md")).group(1)
        self.assertEqual(sorted(self.codes), sorted(map(int, order.split())))
        self.assertIn(f"the first of `{order}` wins", text_of("deploy", "runbook.md"))

    def test_a_killed_pod_is_tried_again_and_a_drained_node_is_not_counted(self):
        for code in (137, 143):
            self.assertEqual("Count", self.base.action(code))
        first = self.base.job["podFailurePolicy"]["rules"][0]
        self.assertEqual(("Ignore", [{"type": "DisruptionTarget", "status": "True"}]),
                         (first["action"], first["onPodConditions"]))

    def test_a_retry_may_end_the_job_well(self):
        codes = iter([5, 10, 0])
        self.assertEqual(("succeeded", [5, 10, 0]), self.base.run_job(lambda number: next(codes)))

    def test_what_the_policy_needs_to_be_accepted(self):
        for cron in (self.base, self.overlay):
            self.assertEqual("Never", cron.pod["restartPolicy"])
            self.assertEqual("Forbid", cron.spec["concurrencyPolicy"])
            for rule in cron.job["podFailurePolicy"]["rules"]:
                on = rule.get("onExitCodes", {"containerName": cron.container["name"]})
                self.assertEqual(cron.container["name"], on["containerName"])
                self.assertFalse(on.get("operator") == "In" and 0 in on["values"])

    def test_budgets_fit_into_each_other(self):
        """A run's budget and its grace end before the job's deadline, that before the next start."""
        rules = manifest.load(os.path.join(DEPLOY, "kubernetes", "base", "rollcall.yaml"))
        budget = rules["run"]["max_minutes"] * 60
        self.assertEqual("17 * * * *", self.base.spec["schedule"])
        self.assertLessEqual(budget + self.base.grace_s, self.base.job["activeDeadlineSeconds"])
        self.assertLess(self.base.job["activeDeadlineSeconds"] + self.base.grace_s, 3600)
        start = manifest.seconds(self.unit["TimeoutStartSec"])
        self.assertEqual(self.base.grace_s, manifest.seconds(self.unit["TimeoutStopSec"]))
        self.assertLessEqual(budget + self.base.grace_s, start)
        self.assertLess(start + self.base.grace_s, 3600)
        # All tries of the unit within the window in which its burst is counted.
        self.assertLessEqual(int(self.unit["StartLimitBurst"]), 1 + self.base.job["backoffLimit"])
        cron = manifest.CronLine(os.path.join(DEPLOY, "cron", "rollcall"))
        kill, limit = re.search(r"--kill-after=(\d+) (\d+m)", cron.command).groups()
        self.assertEqual((self.base.grace_s, start), (int(kill), manifest.seconds(limit)))


if __name__ == "__main__":
    unittest.main()
