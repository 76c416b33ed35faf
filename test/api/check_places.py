# SPDX-License-Identifier: BSD-3-Clause
"""All connections are taken: probes are answered in the places above the limit, and who has been silent for longest goes first."""
import os
import signal
import threading
import time

from daemon import Daemon, request, vectors

Q = {"text": "hello there"}
LIVE = request("GET", "/.well-known/live")
PROBES = ("/.well-known/live", "/.well-known/ready", "/health", "/healthz", "/metrics")
SPARE_PLACES, QUIET_S = 16, 2


def is_open(c):
    """True when nothing has come, no end either."""
    c.sock.settimeout(0.05)
    try:
        return bool(c.more())
    except TimeoutError:
        return True
    finally:
        c.sock.settimeout(300)


def took(d, data):
    begin = time.monotonic()
    return d.ask(data), time.monotonic() - begin


def alone(d):
    """d, once all connections that there were are gone."""
    while d.metric("t2v_connections") != 1:
        time.sleep(0.02)
    time.sleep(0.2)
    return d


def crowd_of(d, n):
    alone(d)
    return [d.connect() for _ in range(n)]


def full(check, n, *args, binary=None, **kw):
    return Daemon(binary or check.binary, check.model, "--max-connections", str(n), *args, **kw)


def to_work(d, crowd, ms):
    """Their requests are with the fake engine, one after another."""
    for c in crowd:
        c.send(vectors({"text": f"sleep {ms}"}))
    while d.metric("t2v_waiting_requests") != len(crowd):
        time.sleep(0.02)


def close(crowd):
    for c in crowd:
        c.sock.close()


def check_probes_at_the_limit(check):
    """As many silent connections as there are places."""
    with full(check, 200) as d:
        crowd = crowd_of(d, 200)
        for _ in range(20):
            a, s = took(d, LIVE)
            check("live is answered at once", a.status == 204 and s < 0.5 * check.slack, (a, s))
        for path in PROBES:
            a, s = took(d, request("GET", path))
            check(f"{path} too", a.status in (200, 204) and a.headers["connection"] == "close" and s < 0.5 * check.slack, (a, s))
        check("HEAD too", d.ask(request("HEAD", "/health")).status == 200)
        check("nobody went for a probe", d.metric("t2v_connections_evicted_total") == 0 and d.metric("t2v_connections") >= 201)
        close(crowd)


def check_others_at_the_limit(check):
    """No connection has been silent for long enough to go."""
    with full(check, 20, env={"AUTHENTICATION_ALLOWED_TOKENS": "T"}) as d:
        crowd = crowd_of(d, 20)
        mine = ["Authorization: Bearer T"]
        for data in (vectors(Q, mine), request("GET", "/meta", headers=mine), request("GET", "/openapi.json")):
            with d.connect() as c:
                c.send(data)
                a = c.read()
                check("503 and closed", a.status == 503 and a.headers["connection"] == "close" and "retry-after" in a.headers and c.closed(), a)
        with d.connect() as c:
            c.send(LIVE + LIVE)
            check("a probe is answered, and one alone", c.read().status == 204 and c.closed())
        time.sleep(QUIET_S + 0.5)
        a = d.ask(vectors(Q))
        check("what has no token is told so", a.status == 401 and a.headers["connection"] == "close", a)
        a = d.ask(request("GET", "/openapi.json"))
        check("what needs none makes no room", a.status == 503, a)
        check("and nobody goes for them", d.metric("t2v_connections_evicted_total") == 0 and all(is_open(c) for c in crowd))
        check("what has one is served", d.ask(vectors(Q, mine)).status == 200)
        check("for one that went", d.metric("t2v_connections_evicted_total") == 1)
        close(crowd)


def check_time_in_a_spare_place(check):
    with full(check, 5) as d:
        crowd, begin = crowd_of(d, 5), time.monotonic()
        with d.connect() as silent, d.connect() as half:
            half.send(vectors(Q)[:30])
            check("one without a request is closed after 2 s", silent.closed() and 1.5 < time.monotonic() - begin < 3 * check.slack, time.monotonic() - begin)
            a = half.read()
            check("half of one is 408", a is None or a.status == 408 and a.headers["connection"] == "close", a)
            check("in that time", time.monotonic() - begin < 3 * check.slack, time.monotonic() - begin)
        with d.connect() as late:
            close(crowd)
            time.sleep(QUIET_S + 1)
            late.send(vectors(Q))
            a = late.read()
            check("unless an ordinary place is free by then", a.status == 200 and a.headers.get("connection") != "close", a)
            check("so there is nothing spare about it", is_open(late))


def check_silent_goes_first(check):
    with full(check, 3) as d:
        kept, silent, half = crowd_of(d, 3)
        with kept, silent, half:
            for c in (kept, half):
                c.send(vectors(Q))
                c.read()
            half.send(vectors(Q)[:20])
            time.sleep(QUIET_S + 0.2)
            with d.connect() as one, d.connect() as two, d.connect() as three, d.connect() as four:
                one.send(vectors(Q))
                check("a new one is served", one.read().status == 200)
                check("for that which never spoke", silent.closed() and is_open(kept) and is_open(half))
                two.send(vectors(Q))
                check("so is the next", two.read().status == 200)
                check("for the kept one that is silent for longest", kept.closed() and is_open(half))
                half.send(vectors(Q)[20:])
                check("half a request is read to its end", half.read().status == 200)
                three.send(vectors(Q))
                a = three.read()
                check("all the others have just been heard: 503", a.status == 503 and three.closed(), a)
                time.sleep(QUIET_S + 0.2)
                two.send(LIVE)
                two.read()
                four.send(vectors(Q))
                a = four.read()
                check("closed after its 2 s in a spare place", a is None, a)
                check("the two that spoke are there", is_open(one) and is_open(two) and d.metric("t2v_connections_evicted_total") == 2)


def check_spare_places_are_taken(check):
    """Many times more silent connections than spare places: the oldest goes, in a place above the limit."""
    with full(check, 5) as d:
        crowd = crowd_of(d, 5)
        for c in crowd:
            c.send(LIVE)
            c.read()
        flood = [d.connect() for _ in range(100)]
        for _ in range(20):
            a, s = took(d, LIVE)
            check("live is answered beside them", a.status == 204 and s < 0.5 * check.slack, (a, s))
            flood += [d.connect() for _ in range(20)]
        check("the first of them are gone", all(c.closed() for c in flood[:100]))
        check("those of before are not", all(is_open(c) for c in crowd))
        check("there are no more than the limit and the spare places", d.metric("t2v_connections") <= 5 + SPARE_PLACES + 1, d.metric("t2v_connections"))
        answered = [d.connect() for _ in range(60)]
        for c in answered:
            c.send(LIVE)
        n = sum(a is not None and a.status == 204 for a in (c.read() for c in answered))
        check("nor are those waited for that keep their side open", n >= SPARE_PLACES, n)
        a, s = took(d, LIVE)
        check("and live is answered", a.status == 204 and s < 0.5 * check.slack, (a, s))
        close(crowd + flood + answered)


def check_busy_ones_stay(check):
    if not check.fake:
        return
    with full(check, 5, binary=check.fake) as d:
        crowd = crowd_of(d, 5)
        to_work(d, crowd, 1500)
        time.sleep(QUIET_S + 0.3)
        with d.connect() as c:
            c.send(vectors(Q))
            a = c.read()
            check("all are at work or just answered: 503", a.status == 503 and a.headers["connection"] == "close", a)
        check("each gets its answer", all(c.read().status == 200 for c in crowd))
        check("nobody went", d.metric("t2v_connections_evicted_total") == 0)
        close(crowd)
        silent, *crowd = crowd_of(d, 5)
        to_work(d, crowd, 1500)
        time.sleep(QUIET_S + 0.3)
        with d.connect() as c:
            c.send(vectors(Q))
            check("one that is silent beside them goes", silent.closed())
            check("all others are answered", all(c.read().status == 200 for c in [*crowd, c]))
            check("which is one that went", d.metric("t2v_connections_evicted_total") == 1)
        close(crowd)


def check_slow_answer_stays(check):
    """Answers that are being sent, to one who takes them slowly and says nothing."""
    with full(check, 1) as d, alone(d).connect(receive_bytes=4096) as slow:
        slow.send(request("GET", "/openapi.json") * 600)
        for _ in range(40):
            time.sleep(0.06)
            slow.more()
        with d.connect() as c:
            c.send(vectors(Q))
            a = c.read()
            check("503 to another", a.status == 503, a)
        check("the slow one gets all of it", all(slow.read().status == 200 for _ in range(600)))


def check_clients_under_a_flood(check):
    """Connections that are opened without end, silent or with a request: clients that keep theirs busy notice nothing."""
    with full(check, 40) as d:
        stop, wrong = [], []

        def good(k):
            with d.connect() as c:
                for i in range(10000):
                    if stop:
                        return
                    c.send(vectors({"text": f"client {k} says {i}"}))
                    a = c.read()
                    if a is None or a.status != 200:
                        wrong.append((k, i, a))
                        return
                    time.sleep(0.05)

        threads = [threading.Thread(target=good, args=(k,)) for k in range(8)]
        [t.start() for t in threads]
        while d.metric("t2v_connections") < 9:
            time.sleep(0.02)
        end, flood, slowest, i = time.monotonic() + 4, [], 0, 0
        while time.monotonic() < end or i < 500:
            flood.append(d.connect())
            i += 1
            if i % 3 == 0:
                flood[-1].send(request("GET", "/meta"))
            if i % 10 == 0:
                slowest = max(slowest, took(d, LIVE)[1])
            if len(flood) > 300:
                flood.pop(0).sock.close()
            time.sleep(0.002)
        stop.append(1)
        [t.join() for t in threads]
        check("clients that go on asking are served", not wrong, wrong[:3])
        check("probes are answered", slowest < 0.5 * check.slack, slowest)
        check("others went for it", d.metric("t2v_connections_evicted_total") > 100, d.metric("t2v_connections_evicted_total"))
        close(flood)


def check_bursts(check):
    """Many at once: most have spoken before they are taken."""
    with full(check, 20) as d:
        crowd, burst = crowd_of(d, 20), []
        os.kill(d.process.pid, signal.SIGSTOP)
        for i in range(400):
            burst.append(d.connect())
            if i % 5 != 4:
                burst[-1].send(LIVE if i % 3 == 0 else LIVE[:3])
        os.kill(d.process.pid, signal.SIGCONT)
        a, s = took(d, LIVE)
        check("live is answered after it", a.status == 204 and s < 0.5 * check.slack, (a, s))
        check("what was whole is answered", all(burst[i].read().status == 204 for i in range(0, 400, 15)))
        check("those of before are there", all(is_open(c) for c in crowd))
        close(crowd + burst)


def check_few_files(check):
    """Fewer open files than connections: the limit on these is lowered, so that there are some for probes."""
    with Daemon(check.binary, check.model, files=120) as d:
        crowd = [d.connect() for _ in range(110)]
        a, s = took(d, LIVE)
        check("live is answered", a.status == 204 and s < 0.5 * check.slack, (a, s))
        check("the metric has the limit", d.metric("t2v_connections_limit") == 120 - 64 - SPARE_PLACES, d.metric("t2v_connections_limit"))
        check("the log has it", "files=120 max_connections=16384 used=40" in d.said(), d.said())
        check("no file was missing", d.metric("t2v_accept_failures_total") == 0)
        close(crowd)
