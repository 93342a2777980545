"""SIGTERM while the org withholds a reply for good: the pod ends by itself before the kubelet kills it.

Takes as long as a request may wait for its reply, so it is run by hand.
"""
import signal
import subprocess
import time
import unittest

import pod_test


class Unanswered(pod_test.PodCase):
    def test_sigterm_ends_within_the_grace_period_though_a_reply_never_comes(self):
        process = self.start_held(lambda: self.cluster.start(self.sync), 30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            _, err = process.communicate(timeout=self.sync.grace_s)
        except subprocess.TimeoutExpired:
            self.fail(f"still there after {self.sync.grace_s} s: the kubelet would kill it")
        print(f"\nended with {process.returncode} after {time.monotonic() - began:.0f} s"
              f" of {self.sync.grace_s}")
        self.assertEqual(10, process.returncode, err)
        self.let_go()
        code, _, err = self.cluster.run(self.sync)
        self.assertEqual(0, code, err)
        self.assert_all_done()


if __name__ == "__main__":
    unittest.main()
