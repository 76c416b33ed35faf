# SPDX-License-Identifier: BSD-3-Clause
"""The log: its lines as text and as JSON, what a request that fails leaves, and what it warns of at start."""
import fcntl
import json
import os
import pty
import re
import socket
import subprocess
import termios
import time

from daemon import OURS, Daemon, vectors

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(d, form):
    """Each line as a dictionary: of JSON as it is, of text by its words."""
    for line in d.said().splitlines():
        if form == "json":
            yield json.loads(line)
        else:
            when, level, area, rest = line.split(" ", 3)
            pairs = re.findall(r' ([a-z_]+)=("(?:[^"\\\\]|\\\\.)*"|[^ "]+)', " " + rest)
            yield {"time": when, "level": level, "area": area, "message": rest.split(" " + pairs[0][0] + "=")[0] if pairs else rest, **{k: v.strip('"') for k, v in pairs}}


def of(d, form, message, **has):
    return [x for x in lines_of(d, form) if x["message"] == message and all(str(x.get(k)) == str(v) for k, v in has.items())]


def check_members(check):
    """JSON has each key as a member with its type, text the same keys; both have milliseconds."""
    keys = {}
    for form in ("text", "json"):
        with Daemon(check.binary, check.model, "--log-format", form, "--log-level", "debug") as d:
            d.ask(vectors({"text": "one"}))
            d.stop()
            lines = list(lines_of(d, form))
        check(f"{form}: time, level, area, message", all(TIME.fullmatch(x["time"]) and x["level"] in ("info", "debug", "warn") and x["area"] and x["message"] for x in lines), lines)
        check(f"{form}: nothing else looks like a key", form == "text" or not [x for x in lines if re.search(r"\b[a-z_]+=", x["message"])], lines)
        keys[form] = [(x["message"], list(x)) for x in lines if x["message"] != "request" or x["route"] == "/vectors"]
        if form == "json":
            types = {k: type(v) for x in lines for k, v in x.items()}
            want = {"path": str, "family": str, "vectorizer": str, "precision": str, "dim": int, "kernels": str, "blas": str, "threads": int, "address": str, "port": int, "id": int,
                    "route": str, "status": int, "ms": float, "tok": int, "queue_ms": float, "encode_ms": float, "signal": int}
            check("types", all(types.get(k) == t or (k == "ms" and types[k] in (int, float)) for k, t in want.items()), types)
            check("values", next(x for x in lines if x["message"] == "listening")["port"] == d.port and next(x for x in lines if x["message"] == "open")["path"] == check.model, lines)
    check("the same keys in both", keys["text"] == keys["json"], keys)
    p = subprocess.run([check.binary, "serve", "--log-format", "json", "--model", '/no "where'], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                       env={k: v for k, v in os.environ.items() if not k.startswith(OURS)})
    last = json.loads(p.stderr.splitlines()[-1])
    check("a start that fails is a line of JSON too", p.returncode == 1 and last["level"] == "error" and '/no "where' in last["message"], p.stderr)


def check_failures(check):
    """At info a 401 and a 500 leave one line a second, with the reason, without token and text."""
    for form in ("text", "json"):
        with Daemon(check.binary, check.model, "--log-format", form, env={"AUTHENTICATION_ALLOWED_TOKENS": "GoodToken"}) as d:
            def ask(config, *headers):
                return d.ask(vectors({"text": "SecretText", "config": config}, headers)).status
            token = "Authorization: Bearer GoodToken"
            check("401", [ask(None), ask(None, "Authorization: Bearer BadToken"), d.get("/meta").status] == [401] * 3)
            check("500", [ask({"pooling_strategy": "SecretPooling"}, token) for _ in range(3)] == [500] * 3)
            check("others", [ask({"dimensions": 0}, token), d.get("/nope", [token]).status, ask(None, token)] == [422, 404, 200])
            seen = list(lines_of(d, form))
            a = of(d, form, "request failed", status=401)
            check(f"{form}: one line for three 401s", len(a) == 1 and a[0]["level"] == "warn" and a[0]["route"] == "/vectors" and a[0]["why"] == "no Authorization was sent" and a[0]["peer"] == "127.0.0.1", seen)
            a = of(d, form, "request failed", status=500)
            check(f"{form}: one for three 500s", len(a) == 1 and a[0]["why"] == "unknown pooling_strategy" and "left_out" not in a[0], seen)
            check(f"{form}: none for others", len([x for x in seen if x["message"] == "request failed"]) == 2, seen)
            time.sleep(1.05)
            ask(None, "Authorization: Bearer BadToken")
            a = of(d, form, "request failed", status=401)
            check(f"{form}: the next says how many it stands for", len(a) == 2 and str(a[1]["left_out"]) == "2" and a[1]["why"] == "the token is none of those allowed", a)
            check(f"{form}: no secret", not re.search("Secret|GoodToken|BadToken", d.said()), d.said())


def check_engine_failures(check):
    """A 500 of the engine: its reason is in the log, and what its message quotes is not."""
    if not check.fake:
        return
    with Daemon(check.fake, check.model) as d:
        a = d.ask(vectors({"text": "fail -10 SecretWords"}))
        check("a 500", a.status == 500 and "SecretWords" in a.json["error"], a)
        a = of(d, "text", "request failed", status=500)
        check("its line", len(a) == 1 and a[0]["why"] == "a value that is not finite, or a token without a row", d.said())
        check("without words of the message", "SecretWords" not in d.said(), d.said())


def check_warnings(check):
    """Of a precision other than f32, and of OpenBLAS's core where OpenBLAS runs."""
    word = "an index needs one precision for all of its vectors"
    for precision, warns in (("f32", False), ("int8", True), ("bf16", True)):
        try:
            with Daemon(check.binary, check.model, "--precision", precision) as d:
                line = [x for x in d.said().splitlines() if word in x]
                check(precision, len(line) == warns and all(x.endswith(f"precision={precision}") and " warn " in x for x in line), d.said())
        except RuntimeError as e:
            if precision != "bf16" or "bf16" not in str(e):
                raise
            print(f"skipped, no bf16 here: {e}"[:150])
    for cpu, warns in (("blas", True), ("c", False)):
        with Daemon(check.binary, check.model, "--cpu", cpu, env={"OPENBLAS_CORETYPE": "Prescott"}) as d:
            check(f"OPENBLAS_CORETYPE under {cpu}", ("OPENBLAS_CORETYPE forces" in d.said()) == warns, d.said())


def check_unread_end(check):
    """A start that fails ends, though nobody reads why."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, b"x" * 4096)
    for form in ("text", "json"):
        p = subprocess.Popen([check.binary, "serve", "--log-format", form, "--model", "/nowhere", "--listen", "127.0.0.1:0"], stderr=theirs, env={k: v for k, v in os.environ.items() if not k.startswith(OURS)})
        try:
            check(f"{form}: exit 1", p.wait(20) == 1)
        except subprocess.TimeoutExpired:
            check(f"{form}: exit 1", False, "it waits")
            p.kill()
            p.wait()
    os.close(ours)
    os.close(theirs)


class Unread(Daemon):
    """A daemon whose standard error is a pipe of one page, a stopped terminal or a socket, which nobody reads until read() is called."""

    def __init__(self, kind, *args, **kw):
        super().__init__(*args, **kw)
        if kind == "pipe":
            self.ours, self.theirs = os.pipe()
            fcntl.fcntl(self.theirs, fcntl.F_SETPIPE_SZ, 4096)
        elif kind == "terminal":
            self.ours, self.theirs = pty.openpty()
            termios.tcflow(self.theirs, termios.TCOOFF)
        else:
            self.sockets = socket.socketpair()
            self.ours, self.theirs = (s.fileno() for s in self.sockets)
            self.sockets[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
        os.set_blocking(self.ours, False)
        self.kind = kind
        self.before = lambda: os.dup2(self.theirs, 2)

    def read(self):
        if self.kind == "terminal":
            termios.tcflow(self.theirs, termios.TCOON)
        end, got = time.monotonic() + 1, b""
        while time.monotonic() < end:
            try:
                got += os.read(self.ours, 1 << 16)
            except BlockingIOError:
                time.sleep(0.01)
        return got.decode()


def check_unread(check):
    """A log that nobody reads holds nobody up: lines are dropped whole and counted, and told of when somebody reads again."""
    for kind in ("pipe", "terminal", "socket"):
        with Unread(kind, check.binary, check.model, "--log-level", "debug") as d:
            begin, n = time.monotonic(), 0
            with d.connect() as c:
                for _ in range(400):
                    c.send(vectors({"text": "one"}))
                    n += c.read().status == 200
            check(f"{kind}: all are answered", n == 400 and time.monotonic() - begin < 20 * check.slack, (n, time.monotonic() - begin))
            dropped = d.metric("t2v_log_dropped_total")
            check(f"{kind}: lines are dropped", dropped > 100, dropped)
            check(f"{kind}: our end is as it was", not fcntl.fcntl(d.theirs, fcntl.F_GETFL) & os.O_NONBLOCK)
            said = d.read()
            lines = said.replace("\r", "").splitlines()
            check(f"{kind}: none is cut", said.endswith("\n") and all(TIME.match(x) and " " in x[24:] for x in lines), lines[-5:])
            told = [int(x.rsplit("=", 1)[1]) for x in lines if " warn log " in x]
            check(f"{kind}: one line says how many", len(told) == 1 and dropped <= told[0] <= dropped + 3, (dropped, told))
