# SPDX-License-Identifier: BSD-3-Clause
"""Crowds of connections that do little or nothing, and the limits on what one may ask."""
import json
import resource
import socket
import time

from checks import until
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}
LIVE = request("GET", "/.well-known/live")


def own_kib(d):
    with open(f"/proc/{d.process.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))


def allowed_files(want):
    """Raises this process's limit on open files; how many may be open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = min(want, hard) if hard != resource.RLIM_INFINITY else want
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, want), hard))
    return max(soft, want)


def answers_in(d, seconds):
    begin = time.monotonic()
    return d.ask(vectors(Q)).status == 200 and d.get("/.well-known/ready").status == 204 and time.monotonic() - begin < seconds


def check_ten_thousand_idle(check):
    n = min(1000 if check.sanitized else 10000, allowed_files(10500) - 500)
    with Daemon(check.binary, check.model) as d:
        answers_in(d, 60)
        before = own_kib(d)
        crowd = [d.connect() for _ in range(n)]
        check(f"answers beside {n} connections", answers_in(d, 2 * check.slack))
        fresh = (own_kib(d) - before) / n
        for c in crowd:
            c.send(LIVE)
        check("all of them are answered", all(c.read().status == 204 for c in crowd))
        used = (own_kib(d) - before) / n
        print(f"{n} idle connections: {fresh:.1f} KiB each before they speak, {used:.1f} after one request")
        check("at most 24 KiB each", used < 24 or check.sanitized, used)
        check("it counts them", d.metric("t2v_connections") == n + 1, d.metric("t2v_connections"))
        check("and answers", answers_in(d, 2 * check.slack))
        before = d.cpu_s()
        time.sleep(1)
        check("they cost nearly no time", d.cpu_s() - before < 0.3 * check.slack or check.sanitized, d.cpu_s() - before)
        for c in crowd:
            c.sock.close()
        check("nothing is left of them", until(lambda: d.metric("t2v_connections") == 1), d.metric("t2v_connections"))


def check_thousand_half_sent(check):
    n = min(1000, allowed_files(2000) - 500)
    whole = vectors(Q, ["Accept: */*"])
    chunked = b"POST /vectors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n{"
    with Daemon(check.binary, check.model, "--read-timeout", "4") as d:
        answers_in(d, 60)
        before, crowd = own_kib(d), [d.connect() for _ in range(n)]
        begin = time.monotonic()
        for i, c in enumerate(crowd):
            c.send(chunked if i % 5 == 0 else whole[:1 + i % (len(whole) - 1)])
        check(f"answers beside {n} half-sent requests", answers_in(d, 2 * check.slack))
        check("which take little memory", (own_kib(d) - before) / n < 40 or check.sanitized, (own_kib(d) - before) / n)
        answers = [c.read() for c in crowd]
        took = time.monotonic() - begin
        check("408 to each, in time", all(a is not None and a.status == 408 for a in answers) and took < 8 * check.slack,
              (took, [a for a in answers if a is None or a.status != 408][:3]))
        check("and closed", all(c.closed() for c in crowd))


def check_drips(check):
    """Slow writers: a byte now and then keeps no connection open beyond its time, and holds nobody up."""
    with Daemon(check.binary, check.model, "--read-timeout", "1.5") as d:
        crowd = [d.connect() for _ in range(200)]
        data, begin, dead = b"GET /meta HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50, time.monotonic(), 0
        for i in range(len(data)):
            for c in crowd:
                try:
                    c.send(data[i:i + 1])
                except OSError:
                    dead += 1
            if i == 5:
                check("answers beside 200 of them", answers_in(d, 2 * check.slack))
            if dead or time.monotonic() - begin > 20:
                break
            time.sleep(0.05)
        check("they are closed though they go on", dead and 1 < time.monotonic() - begin < 6 * check.slack, time.monotonic() - begin)
        for c in crowd:
            c.sock.close()


def check_slow_readers(check):
    """100 that take some bytes at a time of answers of 200 KB: no thread waits for them."""
    text = {"text": "Some words. " * 20000 if check.binary == check.fake else "w" * 200000}
    with Daemon(check.binary, check.model) as d:
        want = d.ask(vectors(text)).body
        crowd = [d.connect(receive_bytes=4096) for _ in range(100)]
        for c in crowd:
            c.send(vectors(text))
        for _ in range(10):
            for c in crowd:
                c.rest += c.sock.recv(256)
        check("answers beside 100 of them", answers_in(d, 2 * check.slack))
        check("each gets all of its answer", all(c.read().body == want for c in crowd))


def check_depth(check):
    with Daemon(check.binary, check.model) as d:
        nested = lambda n: b'{"text":"a","x":' + b"[" * n + b"]" * n + b"}"
        check("1,000 deep", d.ask(vectors(nested(1000))).status == 200)
        for n in (2100, 50000, 200000):
            check(f"{n} deep", d.ask(vectors(nested(n))).status in (413, 422))
            check(f"{n} deep, objects", d.ask(vectors(b'{"text":"a","x":' + b'{"x":' * n)).status in (413, 422))
        check("a long key", d.ask(vectors(json.dumps({"text": "a", "k" * 10 ** 6: 1}).encode())).status == 200)
        check("a long number", d.ask(vectors(b'{"text":"a","config":{"dimensions":' + b"9" * 100000 + b"}}")).status == 422)


def check_full_at_once(check):
    """A full queue says so without waiting, and room comes back when those who wait have gone."""
    if not check.fake:
        return
    with Daemon(check.fake, check.model, "--max-queue", "50", "--queue-timeout", "0") as d:
        crowd = [d.connect() for _ in range(50)]
        for c in crowd:
            c.send(vectors({"text": "sleep 100000"}))
        check("it is full", until(lambda: d.metric("t2v_waiting_requests") == 50))
        begin = time.monotonic()
        answers = [d.ask(vectors(Q)) for _ in range(20)]
        took = time.monotonic() - begin
        check("503 with Retry-After", all(a.status == 503 and a.headers["retry-after"] == "1" and "full" in a.json["error"] for a in answers), answers[:2])
        check("at once", took < 2 * check.slack, took)
        for i, c in enumerate(crowd):
            c.sock.close() if i % 2 else c.reset()
        check("they have taken their work along", until(lambda: d.metric("t2v_waiting_requests") == 0) and d.metric("t2v_cancelled_total") == 50,
              (d.metric("t2v_waiting_requests"), d.metric("t2v_cancelled_total")))
        check("so there is room", d.ask(vectors(Q)).status == 200)


def check_more_than_connections(check):
    """More than --max-connections at once, each with a request: probes are all answered, others are or are told to come again."""
    with Daemon(check.binary, check.model, "--max-connections", "100", "--idle-timeout", "0.5") as d:
        for data, right in ((LIVE, (204,)), (vectors(Q), (200, 503))):
            crowd = []
            for _ in range(400):
                crowd.append(d.connect())
                crowd[-1].send(data)
            answers = [c.read() for c in crowd]
            check("each is answered", all(a is not None and a.status in right for a in answers), [a for a in answers if a is None or a.status not in right][:2])
            n = sum(a.status == right[0] for a in answers if a is not None)
            check("as many as there are places are served", n >= 100, n)
            for c in crowd:
                c.sock.close()
            time.sleep(0.5)
        check("and it goes on", answers_in(d, 5 * check.slack))


def check_shut_halves(check):
    """Ends of a connection by itself: after nothing, half a head, half a body, a whole request."""
    with Daemon(check.binary, check.model) as d:
        whole = vectors(Q)
        for data in (b"", whole[:10], whole[:-3], b"\r\n"):
            with d.connect() as c:
                c.send(data)
                c.sock.shutdown(socket.SHUT_WR)
                check(f"after {data[-10:]!r}: closed", c.closed(), c.rest)
        with d.connect() as c:
            c.send(LIVE + LIVE[:-5])
            c.sock.shutdown(socket.SHUT_WR)
            check("what was whole is answered", c.read().status == 204 and c.closed())
