"""A headless Chromium over its DevTools pipe: NUL-ended JSON on two descriptors, no library needed."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium")
PATIENCE_S = 60


class Browser:
    """One browser with one page; `events` holds what it said since the last `open`."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="rollcall-browser-")
        to_browser, self.to = os.pipe()
        self.from_, from_browser = os.pipe()

        def as_pipe():  # Chromium reads commands from 3 and writes to 4
            low, high = os.dup(to_browser), os.dup(from_browser)
            os.dup2(low, 3)
            os.dup2(high, 4)
        self.process = subprocess.Popen(
            [PROGRAM, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--force-color-profile=srgb",
             "--user-data-dir=" + self.profile, "about:blank"],
            preexec_fn=as_pipe, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.last, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def _next(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.from_], [], [], max(0, deadline - time.monotonic()))
            block = os.read(self.from_, 1 << 20) if ready else b""
            if not block:
                raise AssertionError("the browser says nothing more")
            self.buffer += block
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def _wait_for(self, method):
        deadline = time.monotonic() + PATIENCE_S
        while not self.of(method):
            self.events.append(self._next(deadline))

    def of(self, method):
        return [event["params"] for event in self.events if event.get("method") == method]

    def open(self, path, width, dark=False, script=True):
        """The file in a window of that width; phones get a phone's viewport."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.events = []
        self.call("Page.navigate", url="file://" + path)
        self._wait_for("Page.loadEventFired")

    def js(self, expression):
        """The value of an expression in the page."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise AssertionError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def picture(self, path):
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as out:
            out.write(base64.b64decode(shot["data"]))

    def complaints(self):
        """Script errors, blocked content and warnings of the page."""
        return ([one["exceptionDetails"] for one in self.of("Runtime.exceptionThrown")] +
                [one["entry"] for one in self.of("Log.entryAdded")] +
                [one for one in self.of("Runtime.consoleAPICalled")])

    def requests(self):
        return [one["request"]["url"] for one in self.of("Network.requestWillBeSent")]

    def close(self):
        os.close(self.to)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.from_)
        shutil.rmtree(self.profile, ignore_errors=True)
