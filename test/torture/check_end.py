# SPDX-License-Identifier: BSD-3-Clause
"""Signals under load, a worker that stands still, clocks that jump, descriptors that run out."""
import signal
import threading
import time

from check_memory import TEXT, Shim, near
from daemon import Conn, Daemon, request, vectors

YEARS = 10 * 365 * 86400


class Load:
    """Clients that ask without a pause, each on its own connection; what they were told stays."""

    def __init__(self, d, n, text=TEXT):
        self.right, self.lost, self.wrong, self.ended = 0, 0, [], False
        self.lock, self.d, self.text = threading.Lock(), d, text
        self.vector = d.ask(vectors({"text": text})).json["vector"]
        self.threads = [threading.Thread(target=self.ask) for _ in range(n)]
        [t.start() for t in self.threads]

    def ask(self):
        try:
            while not self.ended:
                with self.d.connect(timeout=30) as c:
                    open_ = True
                    while open_ and not self.ended:
                        c.send(vectors({"text": self.text}))
                        a = c.read()
                        open_ = self.count(a)
        except OSError:
            pass  # nobody took the connection, so no request was accepted

    def count(self, a):
        with self.lock:
            if a is None:
                self.lost += 1
                return False
            if a.status == 200 and near(a.json["vector"], self.vector):
                self.right += 1
            else:
                self.wrong.append(a)
            return a.headers.get("connection") != "close"

    def join(self):
        self.ended = True
        [t.join() for t in self.threads]


def check_terminated_under_load(check):
    for _ in range(10 if check.all else 2):
        with Daemon(check.binary, check.models[0], "--drain", "20") as d:
            load = Load(d, 16)
            time.sleep(0.5)
            d.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            load.ended = True
            status = d.wait()
            load.join()
            check("it exits 0", status == 0, (status, d.said()[-500:]))
            check("all that it took were answered, and rightly", load.lost == 0 and not load.wrong and load.right > 20,
                  (load.right, load.lost, load.wrong[:2]))


def check_killed_under_load(check):
    for _ in range(10 if check.all else 2):
        with Daemon(check.binary, check.models[0]) as d:
            load = Load(d, 16)
            time.sleep(0.3)
            d.process.kill()
            d.wait()
            load.join()
            check("no wrong answer", not load.wrong, load.wrong[:2])
            again = Daemon(check.binary, check.models[0])
            again.port = d.port
            again.argv = d.argv
            with again:
                check("the next one binds at once, and answers", near(again.ask(vectors({"text": TEXT})).json["vector"], load.vector))


def check_stuck_worker(check):
    """The leader stands still where it asks for memory, all else goes on."""
    shim = Shim(check.shim)
    with Daemon(check.binary, check.models[0], "--stall-timeout", "1", "--threads", "1", env=shim.env) as d:
        right = d.ask(vectors({"text": TEXT})).json["vector"]
        shim.set(stall=1)
        with d.connect(timeout=60) as c:
            c.send(vectors({"text": TEXT}))
            time.sleep(0.1)
            check("live at first", d.get("/.well-known/live").status == 204)
            time.sleep(2)
            a = d.get("/.well-known/live")
            check("then live says 503 and why", a.status == 503 and "progress" in a.json["error"], a)
            shim.set()
            a = c.read()
            check("the question is answered in the end", a.status == 200 and near(a.json["vector"], right), a)
            check("live again", d.get("/.well-known/live").status == 204)


def check_stuck_clerk(check):
    """The clerk stands still with a large body, and the engine has nothing to do."""
    shim = Shim(check.shim)
    large = vectors({"text": "a b. " * 20000})
    with Daemon(check.binary, check.models[0], "--stall-timeout", "1", "--max-queue", "2", env=shim.env) as d:
        check("nothing is with it", d.metric("t2v_clerk_waiting") == 0)
        shim.set(stall=1)
        with d.connect(timeout=60) as first, d.connect(timeout=60) as second, d.connect(timeout=60) as third:
            for c in (first, second, third):
                c.send(large)
            a = third.read()
            check("the limit on waiting requests counts it", a.status == 503 and "retry-after" in a.headers, a)
            check("and a metric", d.metric("t2v_clerk_waiting") == 2)
            time.sleep(2)
            a = d.get("/.well-known/live")
            check("live says 503 and why", a.status == 503 and "progress" in a.json["error"], a)
            shim.set()
            check("both are answered in the end", first.read().status == 200 and second.read().status == 200)
            check("live again", d.get("/.well-known/live").status == 204)


def check_time_jumps(check):
    shim = Shim(check.shim)
    with Daemon(check.binary, check.models[0], "--idle-timeout", "20", "--read-timeout", "1", "--stall-timeout", "1",
                env={**shim.env, "ENABLE_CACHE": "1"}) as d:
        right = d.ask(vectors({"text": TEXT})).json["vector"]
        for jump in (-YEARS, YEARS, -3600, 3600, 0):
            with d.connect() as idle, d.connect() as half:
                half.send(b"POST /vectors HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
                idle.send(request("GET", "/meta"))
                idle.read()
                begin = time.monotonic()
                shim.set(wall_offset=jump)
                a = d.ask(vectors({"text": TEXT + str(jump)}))
                check(f"{jump} s: it answers at once", a.status == 200 and time.monotonic() - begin < 1 * check.slack, a)
                check(f"{jump} s: and rightly", near(d.ask(vectors({"text": TEXT})).json["vector"], right))
                check(f"{jump} s: it is live", d.get("/.well-known/live").status == 204)
                a = half.read()
                check(f"{jump} s: the read time-out keeps its time", a is not None and a.status == 408 and 0.5 < time.monotonic() - begin < 3 * check.slack,
                      (a, time.monotonic() - begin))
                idle.send(request("GET", "/meta"))
                check(f"{jump} s: an idle connection stays for its time", idle.read().status == 200)
        shim.set(wall_offset=-YEARS)
        begin = time.monotonic()
        check("the drain keeps its time", d.stop() == 0 and time.monotonic() - begin < 3 * check.slack, time.monotonic() - begin)


def check_no_descriptors(check):
    """More clients than descriptors: no spin, those inside are served, the others get in when there is room, and it is counted."""
    with Daemon(check.binary, check.models[0], files=24) as d:
        inside, outside = [], []
        for _ in range(200):
            outside.append(Conn(d.port))
        time.sleep(0.5)
        before = d.cpu_s()
        time.sleep(2)
        spent = d.cpu_s() - before
        check("it does not spin", spent < 0.2, spent)
        for c in outside:
            c.sock.settimeout(0.2)
            c.send(vectors({"text": TEXT}))
        for c in list(outside)[:10]:
            c.sock.settimeout(10)
            inside.append(c.read())
        check("those inside are served", all(a is not None and a.status == 200 for a in inside), inside[:2])
        for c in outside:
            c.sock.close()
        time.sleep(0.5)
        check("then everybody is", d.get("/meta").status == 200)
        check("it was counted", d.metric("t2v_accept_failures_total") > 0, d.metric("t2v_accept_failures_total"))
        n = d.metric("t2v_connections")
        check("no connection is left", n == 1, n)
        print(f"200 connections on 24 descriptors: {spent:.2f} s of processor time in 2 s")
