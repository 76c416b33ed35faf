# SPDX-License-Identifier: BSD-3-Clause
"""What needs an engine that does as it is told (fake.c): slow work, a full queue, failures."""
import signal
import subprocess
import threading
import time

from checks import until
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}


def slow(ms, name=""):
    return vectors({"text": f"sleep {ms} {name}"})


def check_usage(check):
    """The rig refuses what the program refuses."""
    a = subprocess.run([check.fake, "serve", "--nope"], capture_output=True, text=True)
    check("an unknown flag", a.returncode == 2 and "unknown flag '--nope'" in a.stderr, (a.returncode, a.stderr))


def check_failures(check):
    with Daemon(check.fake, check.model) as d:
        for code, status in ((-1, 503), (-2, 500), (-3, 422), (-4, 422), (-5, 413), (-6, 422), (-7, 500), (-8, 503), (-9, 500)):
            a = d.ask(vectors({"text": f"fail {code} the reason"}))
            check(f"code {code} is {status}", a.status == status and "the reason" in a.json["error"], a)
            check("Retry-After beside 503", (status == 503) == ("retry-after" in a.headers), a)
            a = d.ask(vectors({"texts": ["a", f"fail {code} the reason"]}))
            check(f"code {code} in texts", a.status == status and (code not in (-5, -6) or a.json["error"].startswith("texts[1]: ")), a)


def check_probes_do_not_wait(check):
    with Daemon(check.fake, check.model) as d:
        with d.connect() as c:
            c.send(slow(4000))
            time.sleep(0.05)
            for path in ("/meta", "/.well-known/live", "/.well-known/ready", "/metrics", "/openapi.json", "/nope"):
                begin = time.monotonic()
                a = d.get(path)
                check(f"{path} during work", a is not None and time.monotonic() - begin < 0.5 * check.slack, time.monotonic() - begin)
            check("the work is answered", c.read().status == 200)


def check_queue_full(check):
    with Daemon(check.fake, check.model, "--max-queue", "2", "--queue-timeout", "0") as d:
        conns = [d.connect() for _ in range(5)]
        for c in conns:
            c.send(slow(1000))
            time.sleep(0.02)
        answers = [c.read() for c in conns]
        check("two are answered, three told to come again", sorted(a.status for a in answers) == [200, 200, 503, 503, 503], answers)
        check("with Retry-After", all(("retry-after" in a.headers) == (a.status == 503) for a in answers), answers)
        conns[4].send(vectors(Q))
        check("on the same connection", conns[4].read().status == 200)


def check_full_queue_waits(check):
    """Requests wait for a place, in order, for at most --queue-timeout; small and large bodies; those whose client leaves give theirs up."""
    with Daemon(check.fake, check.model, "--max-queue", "2", "--queue-timeout", "60") as d:
        conns = [d.connect() for _ in range(8)]
        for c in conns:
            c.send(slow(200))
            time.sleep(0.02)
        check("all of them are waiting", d.metric("t2v_waiting_requests") > 2, d.metric("t2v_waiting_requests"))
        conns[5].sock.close()
        answers = [c.read() for c in conns[:5] + conns[6:]]
        check("all are answered", all(a is not None and a.status == 200 for a in answers), answers)
        many = [d.connect() for _ in range(6)]
        large = vectors({"texts": ["sleep 100"] + ["a" * 1000] * 100})
        for c in many:
            c.send(large)
        check("large ones too", all(c.read().status == 200 for c in many))
        check("nothing is left", until(lambda: d.metric("t2v_waiting_requests") == 0), d.metric("t2v_waiting_requests"))
    with Daemon(check.fake, check.model, "--max-queue", "2", "--queue-timeout", "0.5") as d:
        conns = [d.connect() for _ in range(4)]
        begin = time.monotonic()
        for c in conns:
            c.send(slow(3000))
            time.sleep(0.02)
        late = [c.read() for c in conns[2:]]
        took = time.monotonic() - begin
        check("503 after that time", all(a.status == 503 and a.headers["retry-after"] == "1" and "full" in a.json["error"] for a in late), late)
        check("not sooner", took > 0.4, took)
        check("the first two are answered", [c.read().status for c in conns[:2]] == [200, 200])


def check_vectors_are_held(check):
    """Work that waits counts with its vectors and its answer, here 136 MiB for 40 KiB of body."""
    large = vectors({"texts": ["a"] * 8192})
    with Daemon(check.fake, check.model, "--max-memory", "1200m", env={"FAKE_DIM": "1024"}) as d:
        for turn in range(2):
            conns = [d.connect() for _ in range(10)]
            conns[0].send(slow(600000))
            time.sleep(0.1)
            for c in conns[1:8]:
                c.send(large)
                time.sleep(0.02)
            check(f"{turn}: seven wait", until(lambda: d.metric("t2v_waiting_requests") == 8), d.metric("t2v_waiting_requests"))
            conns[8].send(large)
            a = conns[8].read()
            check(f"{turn}: no memory for one more", a.status == 503 and "memory" in a.json["error"] and "retry-after" in a.headers, a)
            conns[8].send(vectors(Q))
            conns[9].send(vectors(Q))
            check(f"{turn}: but for small ones", until(lambda: d.metric("t2v_waiting_requests") == 10), d.metric("t2v_waiting_requests"))
            for c in conns[:8]:
                c.sock.close()
            check(f"{turn}: which are answered", conns[8].read().status == 200 and conns[9].read().status == 200)


def check_answers_are_held(check):
    """Answers that nobody takes count until they are sent, or their readers have gone; the slowest of them goes when others need room."""
    large = vectors({"text": "x" * 8000000})

    def ask():
        """Asks, and reads only how the answer begins."""
        c = d.connect(receive_bytes=4096)
        try:
            c.send(large)
        except OSError:
            pass
        c.more()
        return c, c.rest[:12]

    with Daemon(check.fake, check.model, "--max-body", "8m", "--max-memory", "64m", "--read-timeout", "600") as d:
        deaf, lines = [], []
        while len(deaf) < 16:
            c, line = ask()
            deaf.append(c)
            lines.append(line)
        check("200, or 503 while none of them has had a second", set(lines) <= {b"HTTP/1.1 200", b"HTTP/1.1 503"} and lines[:4] == [b"HTTP/1.1 200"] * 4, lines)
        check("held", 0 < d.metric("t2v_memory_held_bytes") <= d.metric("t2v_memory_limit_bytes") == 64 << 20, d.metric("t2v_memory_held_bytes"))
        check("probes are answered", d.get("/.well-known/ready").status == 204)
        check("so is a short text", d.ask(vectors(Q)).status == 200)
        time.sleep(1.2)
        for _ in range(2):
            c, line = ask()
            deaf.append(c)
            check("room is made by closing one that takes nothing", line == b"HTTP/1.1 200", line)
        check("counted", d.metric("t2v_slow_readers_closed_total") > 0)
        for c in deaf:
            c.reset()
        until(lambda: d.metric("t2v_connections") == 1)
        for _ in range(2):
            c, line = ask()
            check("when they have left there is room", line == b"HTTP/1.1 200", line)
            c.reset()


def check_cancel(check):
    with Daemon(check.fake, check.model) as d:
        for leave in ("close", "reset", "shut"):
            c = d.connect()
            c.send(slow(600000))
            time.sleep(0.05)
            if leave == "close":
                c.sock.close()
            elif leave == "reset":
                c.reset()
            else:
                c.sock.shutdown(1)
            check(f"{leave}: the next one does not wait", d.ask(vectors(Q)).status == 200)
        check("counted", d.metric("t2v_cancelled_total") == 3)
        waiting = [d.connect() for _ in range(20)]
        for i, c in enumerate(waiting):
            c.send(slow(30, i))
        for c in waiting[::2]:
            c.sock.close()
        got = [c.read() for c in waiting[1::2]]
        check("those who stay get their own", [a.json.get("text") for a in got] == [f"sleep 30 {i}" for i in range(1, 20, 2)], got)


def check_pipelined_client_leaves(check):
    with Daemon(check.fake, check.model) as d:
        c = d.connect()
        c.send(slow(600000) + vectors(Q) * 50)
        time.sleep(0.05)
        c.sock.close()
        check("its work is dropped", d.ask(vectors(Q)).status == 200)
        check("its other requests are not begun", d.metric("t2v_sequences_total") <= 2, d.metric("t2v_sequences_total"))


def check_stall(check):
    with Daemon(check.fake, check.model, "--stall-timeout", "1.5") as d:
        with d.connect() as c:
            c.send(slow(600000))
            check("live at first", d.get("/.well-known/live").status == 204)
            time.sleep(2.5)
            a = d.get("/.well-known/live")
            check("not live when work stands still", a.status == 503 and a.json["error"], a)
            check("ready is another matter", d.get("/.well-known/ready").status == 204)
            c.reset()
        check("live again", until(lambda: d.get("/.well-known/live").status == 204))


def check_stopped(check):
    """A process that was stopped is live when it goes on, though work has waited longer than the limit."""
    with Daemon(check.fake, check.model, "--stall-timeout", "1.5") as d:
        with d.connect() as c:
            c.send(slow(600000))
            time.sleep(0.1)
            d.process.send_signal(signal.SIGSTOP)
            time.sleep(2.5)
            d.process.send_signal(signal.SIGCONT)
            a = d.get("/.well-known/live")
            check("live after a stop", a.status == 204, a)
            time.sleep(2.5)
            check("not live when work stands still after it", d.get("/.well-known/live").status == 503)
            c.reset()


def check_large_answers(check):
    """Large bodies and answers are the clerk's: the loop is free for probes meanwhile, and nothing mixes."""
    with Daemon(check.fake, check.model) as d:
        texts = [f"text {i}" for i in range(100000)]
        done, answers = [], []

        def go(k):
            with d.connect() as c:
                c.send(vectors({"texts": texts[k:]}))
                a = c.read()
                done.append((k, a.status, len(a.json["vectors"]), a.json["vectors"][7], a.json["vectors"][-1]))

        threads = [threading.Thread(target=go, args=(k,)) for k in range(4)]
        slowest = d.slowest_probe(lambda: [t.start() for t in threads] + [t.join() for t in threads])
        check("probes meanwhile", slowest < 0.5 * check.slack, slowest)
        check("all have answers", len(done) == 4 and all(s == 200 and m == 100000 - k for k, s, m, _, _ in done), [x[:3] for x in done])
        last = d.ask(vectors({"text": texts[-1]})).json["vector"]
        for k, _, _, seventh, end in done:
            check("the right vectors", seventh == d.ask(vectors({"text": texts[7 + k]})).json["vector"] and end == last)
        text = "wordé " * 2000000
        slowest = d.slowest_probe(lambda: answers.append(d.ask(vectors({"text": text}))))
        check("a long text comes back", answers[0].status == 200 and answers[0].json["text"] == text, answers[0].status)
        check("probes meanwhile, too", slowest < 0.5 * check.slack, slowest)
        a = d.ask(vectors(b" " * 100000))
        check("a large body that is no JSON", a.status == 422 and a.json["detail"][0]["loc"][0] == "body", a)
        a = d.ask(vectors({"texts": [], "x": "y" * 100000}))
        check("a large one without texts", a.status == 200 and a.json == {"vectors": [], "dim": 8}, a)
        a = d.ask(vectors({"texts": [""] * 200000}))
        check("an empty one among many", a.status == 422, a)
        a = d.ask(vectors(b'{"text":"a","x":[' + b"0," * 300000 + b"0]}"))
        check("many values that nobody asked for", a.status == 200 and a.json["text"] == "a", a)


def check_leave_during_large_answers(check):
    with Daemon(check.fake, check.model) as d:
        for i in range(20):
            c = d.connect()
            c.send(vectors({"texts": ["x"] * 150000}))
            time.sleep(0.01 * i)  # in the clerk's hands, the engine's, the clerk's again
            c.reset()
        check("still there", d.ask(vectors(Q)).status == 200)
        check("ends well", d.stop() == 0, d.said()[-800:])


def check_drain_with_work(check):
    with Daemon(check.fake, check.model, "--drain", "3") as d:
        with d.connect() as c:
            c.send(slow(800))
            time.sleep(0.05)
            d.process.send_signal(signal.SIGTERM)
            a = c.read()
            check("work in flight is answered", a is not None and a.status == 200 and a.headers["connection"] == "close", a)
            check("exit 0", d.wait() == 0, d.said()[-500:])
    with Daemon(check.fake, check.model, "--drain", "0.3") as d:
        conns = [d.connect() for _ in range(3)]
        for c in conns:
            c.send(slow(600000))
        time.sleep(0.05)
        d.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        answers = [c.read() for c in conns]
        check("503 when the drain time is over", all(a is not None and a.status == 503 and "retry-after" in a.headers for a in answers), answers)
        check("exit 0 soon", d.wait() == 0 and time.monotonic() - begin < 5 * check.slack, d.said()[-500:])
    with Daemon(check.fake, check.model, "--drain", "100") as d:
        with d.connect() as c:
            c.send(slow(600000))
            time.sleep(0.05)
            d.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            begin = time.monotonic()
            d.process.send_signal(signal.SIGTERM)
            check("a second signal ends it at once", d.wait() is not None and time.monotonic() - begin < 2 * check.slack)


def check_debug_log(check):
    with Daemon(check.fake, check.model, "--log-level", "debug") as d:
        d.ask(vectors({"text": "a secret text"}, ["Authorization: Bearer hush"]))
        d.get("/meta")
        d.stop()
        said = d.said()
        lines = [x for x in said.splitlines() if "request id=" in x]
        check("a line a request", len(lines) == 2 and "route=/vectors" in lines[0] and "status=200" in lines[0] and "queue_ms=" in lines[0], said)
        check("no text, no token", "secret" not in said and "hush" not in said, said)
