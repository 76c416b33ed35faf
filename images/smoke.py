# SPDX-License-Identifier: BSD-3-Clause
"""An image is started, asked, compared with golden answers, and stopped."""
import base64
import http.client
import json
import math
import os
import socket
import struct
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "models"))
import manifest  # noqa: E402

TEXTS = ["The London Eye is a ferris wheel at the River Thames.", "hello", "Two sentences. Here is the second!"]
START_S = 300  # a large model, on a slow disk
ANSWER_S = 600  # a page of text, on an emulated processor
# Of a component, by the largest; of a cosine. As in test/golden/check.py and t2v selftest.
NEAR, ANGLE = 1e-5, 2e-2
STRICT = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"]


class Failed(Exception):
    pass


def call(*command):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if p.returncode:
        raise Failed(f"{' '.join(command[:3])}: {p.stderr.strip()[-500:]}")
    return p.stdout.strip()


def size(engine, image):
    return int(call(engine, "image", "inspect", "--format", "{{.Size}}", image))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Container:
    """with Container(engine, image, flags): started with a read-only root and no capabilities on the host's network, and
    ready. start_s: how long that took. It must end with 0 at SIGTERM."""

    def __init__(self, engine, image, flags=(), command=()):
        self.engine, self.image, self.flags, self.command = engine, image, list(flags), list(command)
        self.port = free_port()

    def __enter__(self):
        begin = time.monotonic()
        self.id = call(self.engine, "run", "-d", "--network", "host", *STRICT, "-e", f"T2V_LISTEN=127.0.0.1:{self.port}",
                       *self.flags, self.image, *self.command)
        try:
            self.wait_ready(begin)
        except BaseException:
            self.remove()
            raise
        return self

    def wait_ready(self, begin):
        while time.monotonic() - begin < START_S:
            try:
                if self.ask("GET", "/.well-known/ready")[0] == 204:
                    self.start_s = time.monotonic() - begin
                    return
            except OSError:
                pass
            if call(self.engine, "inspect", "--format", "{{.State.Running}}", self.id) != "true":
                raise Failed("it ended: " + self.log()[-500:])
            time.sleep(0.02)
        raise Failed("it was not ready in time: " + self.log()[-500:])

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.remove()

    def stop(self):
        begin = time.monotonic()
        call(self.engine, "stop", "--time", "20", self.id)
        self.stop_s = time.monotonic() - begin
        code = call(self.engine, "inspect", "--format", "{{.State.ExitCode}}", self.id)
        if code != "0":
            raise Failed(f"at SIGTERM it ended with {code}, after {self.stop_s:.1f} s: {self.log()[-500:]}")

    def remove(self):
        subprocess.run([self.engine, "rm", "-f", self.id], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self):
        p = subprocess.run([self.engine, "logs", self.id], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return p.stdout

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.request(method, path, json.dumps(body).encode() if body is not None else None)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def vector(self, text, config=None):
        status, body = self.ask("POST", "/vectors", {"text": text, "config": config})
        if status != 200:
            raise Failed(f"/vectors says {status}: {body[:200]!r}")
        return json.loads(body)["vector"]


def decode(vector):
    if isinstance(vector, str):
        raw = base64.b64decode(vector)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    return vector


def difference(got, want, precision):
    """What is over the limit counts as infinite."""
    if len(got) != len(want) or not all(math.isfinite(x) for x in (*got, *want)):
        return math.inf
    if precision == "f32":
        return max(abs(a - b) for a, b in zip(got, want)) / max(map(abs, want))
    dot = sum(a * b for a, b in zip(got, want))
    return 1 - dot / math.hypot(*got) / math.hypot(*want)


def compare(container, golden, vectorizer, precision):
    """The worst difference from the golden answers, and how many there were."""
    worst, n = 0.0, 0
    for case in golden["cases"]:
        if case["vectorizer"] != vectorizer or case.get("direct_tokenize"):
            continue
        config = {k: case[k] for k in ("pooling_strategy", "task_type", "dimensions") if case.get(k) is not None}
        for i, want in zip(case["index"], case["vectors"]):
            off = difference(container.vector(golden["texts"][i], config), decode(want), precision)
            if off > (NEAR if precision == "f32" else ANGLE):
                raise Failed(f"text {i}, {config}: off by {off:.1e}")
            worst, n = max(worst, off), n + 1
    return worst, n


def check_meta(container, entry, model):
    meta = json.loads(container.ask("GET", "/meta")[1])
    want = {"vectorizer": entry["vectorizer"], "precision": entry["precision"]}
    if model["dimensions"]:
        want["dimensions"] = model["dimensions"]
    for key, value in want.items():
        if meta.get(key) != value:
            raise Failed(f"/meta has {key} {meta.get(key)!r}, not {value!r}")
    return meta


def check_plain(container, dim):
    """Without golden answers: the size, and the same again in a batch."""
    together = json.loads(container.ask("POST", "/vectors", {"texts": TEXTS})[1])["vectors"]
    for text, other in zip(TEXTS, together):
        vector = container.vector(text)
        if len(vector) != dim or difference(vector, other, "f32") > NEAR:
            raise Failed(f"{text!r}: {len(vector)} components, or another vector in a batch")


def smoke(engine, image, entry, flags=()):
    """None, or what is wrong. entry: of images/matrix.json."""
    model = manifest.read(entry["manifest"])
    try:
        with Container(engine, image, flags) as container:
            meta = check_meta(container, entry, model)
            check_plain(container, meta["dimensions"])
            if model["golden"]:
                with open(os.path.join(ROOT, model["golden"]), encoding="utf-8") as f:
                    compare(container, json.load(f), entry["vectorizer"], entry["precision"])
    except (Failed, OSError, KeyError, ValueError, http.client.HTTPException) as e:
        return f"{type(e).__name__}: {e}"
    return None
