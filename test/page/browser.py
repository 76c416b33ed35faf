# SPDX-License-Identifier: BSD-3-Clause
"""A headless Chromium, driven by WebDriver's HTTP protocol through chromedriver."""
import base64
import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, from the WebDriver standard
ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,1100", "--hide-scrollbars"]


class Browser:
    """with Browser() as b: b.open(url)"""

    def __enter__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.log = tempfile.TemporaryFile()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=self.log, stderr=self.log)
        self.at = f"http://127.0.0.1:{port}"
        try:
            self.until(lambda: self.call("GET", "/status")["ready"])
            options = {"args": ARGS}
            wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
            session = self.call("POST", "/session", {"capabilities": wanted})
            self.at += "/session/" + session["sessionId"]
        except BaseException:
            self.driver.kill()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(30)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{method} {path}: {e.read().decode()[:500]}") from None

    @staticmethod
    def until(condition, wait_s=60):
        """Waits for condition() to become true, without an exception; whether it is."""
        end = time.monotonic() + wait_s
        while True:
            try:
                if condition():
                    return True
            except (OSError, RuntimeError):
                pass
            if time.monotonic() > end:
                return False
            time.sleep(0.1)

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        """The value of a script's `return`."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def text(self, selector):
        """What a person sees of the first such element; "" if there is none."""
        return self.run("const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector)

    def visible(self, selector):
        return self.run("const e = document.querySelector(arguments[0]); return e !== null && e.checkVisibility()", selector)

    def type(self, keys):
        """Keys, one after another, to what has the focus."""
        events = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": events}]})

    def focused(self):
        """The id of what has the focus; its text where it has no id."""
        return self.run("const e = document.activeElement; return e.id || e.innerText")

    def prefer(self, scheme):
        """light or dark"""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}})

    def roles(self):
        """(role, name) of everything in the accessibility tree, as a screen reader is told."""
        tree = self.call("POST", "/goog/cdp/execute", {"cmd": "Accessibility.getFullAXTree", "params": {}})
        return {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree["nodes"] if not n["ignored"]}

    def complaints(self):
        """What the console says since the last call, such as breaches of the Content-Security-Policy."""
        return [line["message"] for line in self.call("POST", "/se/log", {"type": "browser"}) if "favicon" not in line["message"]]

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))
