"""Headless Chromium, driven through chromedriver's own protocol (W3C WebDriver).

Both are Debian's packages. A page counts as loaded once every chart of it has
drawn, or has had time enough to.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

WAIT = 60

# What is drawn of each chart: how many marks of Vega, or how many rows or words.
# In SVG, a mark is a path, line, rect or text in the group of its mark set.
CHARTS = """
return Array.from(document.querySelectorAll('[id^="chart-"]:not(.chart-tooltip)'), el => {
  const svg = el.querySelector('svg.marks');
  return {
    name: el.id.slice(6),
    kind: svg ? 'vega' : el.querySelector('table') ? 'table' : el.querySelector('p') ? 'metric' : '',
    marks: svg
      ? svg.querySelectorAll('.mark-rect.role-mark path, .mark-arc.role-mark path').length
      : el.querySelectorAll('tbody tr, p').length,
    text: svg ? '' : el.innerText,
  };
});
"""


def missing():
    """The programs that are not here."""
    return [name for name in ("chromium", "chromedriver") if not shutil.which(name)]


class Browser:
    def __init__(self, width=1280, height=1000):
        self.profile = tempfile.mkdtemp(prefix="tablao-chromium-")
        self.log = open(os.path.join(self.profile, "chromedriver.log"), "w+b")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=self.log, stderr=subprocess.STDOUT
        )
        self.session = None
        try:
            self.base = f"http://127.0.0.1:{self._port()}"
            arguments = [
                "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
                f"--user-data-dir={self.profile}/profile",
                f"--window-size={width},{height}",
            ]
            if os.geteuid() == 0:
                arguments.append("--no-sandbox")
            self.session = self._call("POST", "/session", {
                "capabilities": {"alwaysMatch": {
                    "browserName": "chrome",
                    "goog:chromeOptions": {
                        "args": arguments, "binary": shutil.which("chromium"),
                    },
                    "goog:loggingPrefs": {"browser": "ALL"},
                }}
            })["sessionId"]
        except BaseException:
            self.close()
            raise

    def _port(self):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            self.log.seek(0)
            for line in self.log.read().decode("utf-8", "replace").splitlines():
                if "started successfully on port" in line:
                    return int(line.rstrip(".").rpartition(" ")[2])
            if self.driver.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("chromedriver did not start")

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=2 * WAIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}") from None

    def call(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def open(self, url):
        """Opens a page; returns its charts and what it said in the console."""
        self.messages()
        self.call("POST", "/url", {"url": url})
        end = time.monotonic() + WAIT
        while True:
            charts = self.run(CHARTS)
            if all(chart["kind"] for chart in charts) or time.monotonic() > end:
                return charts, self.messages()
            time.sleep(0.05)

    def wait(self, script):
        """Until the script returns true."""
        end = time.monotonic() + WAIT
        while not self.run(script):
            if time.monotonic() > end:
                raise RuntimeError(f"waited in vain: {script}")
            time.sleep(0.05)

    def messages(self):
        return [
            entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
        ]

    def screenshot(self, path, height=None):
        """The window, as high as the page or as given."""
        if height is None:
            height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False,
            },
        })
        time.sleep(0.3)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.clearDeviceMetricsOverride", "params": {},
        })

    def close(self):
        if self.session is not None:
            try:
                self.call("DELETE", "")
            except (OSError, RuntimeError):
                pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)
