# SPDX-License-Identifier: BSD-3-Clause
"""Connections in time: half-sent, idle, slow, vanished, too many; and the end of the service."""
import signal
import threading
import time

from checks import until
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}
HALF = b"POST /vectors HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"


def check_half_sent(check):
    with Daemon(check.binary, check.model, "--read-timeout", "0.5") as d:
        slow = [d.connect() for _ in range(200)]
        for c in slow:
            c.send(HALF)
        begin = time.monotonic()
        check("half-sent requests hold nobody up", d.ask(vectors(Q)).status == 200 and time.monotonic() - begin < 3 * check.slack)
        a = slow[0].read()
        check("408 in time", a is not None and a.status == 408 and a.json["error"] and 0.2 < time.monotonic() - begin < 5 * check.slack, a)
        check("then closed", slow[0].closed())
        for c in slow:
            c.sock.close()
        with d.connect() as c:
            begin = time.monotonic()
            try:
                for b in vectors(Q):
                    c.send(bytes([b]))
                    time.sleep(0.02)
            except OSError:
                pass
            a = c.read()
            check("a drop at a time does not prolong it", a is None or a.status == 408, a)
            check("measured from the first byte", time.monotonic() - begin < 5 * check.slack)


def check_idle(check):
    with Daemon(check.binary, check.model, "--idle-timeout", "3", "--read-timeout", "5") as d:
        with d.connect() as c, d.connect() as fresh:
            for _ in range(3):
                time.sleep(0.6)
                c.send(vectors(Q))
                check("idle for less than the limit", c.read().status == 200)
            begin = time.monotonic()
            check("closed when idle for longer", c.closed() and 2 < time.monotonic() - begin < 5 * check.slack)
            check("so is one that never spoke", fresh.closed())
    with Daemon(check.binary, check.model) as d:
        with d.connect() as c:
            c.send(vectors(Q))
            c.read()
            time.sleep(2)
            c.send(vectors(Q))
            check("open for long by default", c.read().status == 200)


def check_slow_reader(check):
    with Daemon(check.binary, check.model, "--read-timeout", "0.5") as d:
        text = "A " + "x" * 4000000
        with d.connect(receive_bytes=4096) as c:
            c.send(request("GET", "/openapi.json") * 200)
            n = 0
            while n < 200 and c.read() is not None:
                n += 1
            check("all to one that reads", n == 200, n)
        with d.connect(receive_bytes=4096) as c:
            try:
                c.send(request("GET", "/openapi.json") * 5000)
            except OSError:
                pass
            check("the connection of one that does not read is dropped", until(lambda: d.metric("t2v_connections") == 1), d.metric("t2v_connections"))
        if check.binary == check.fake:
            with d.connect(receive_bytes=4096) as c:
                c.send(vectors({"text": text}))
                got = 0
                for _ in range(40):  # slow, but faster than the least rate
                    time.sleep(0.05)
                    for _ in range(16):
                        got += len(c.more())
                a = c.read()
                check("a slow one gets all of it", a is not None and a.status == 200 and a.json["text"] == text, (got, a))


def check_vanished(check):
    with Daemon(check.binary, check.model) as d:
        stop, wrong, lock = [], [], threading.Lock()

        def good(k):
            with d.connect() as c:
                i = 0
                while not stop or i < 20:
                    text = f"client {k} says {i}"
                    c.send(vectors({"text": text}))
                    a = c.read()
                    if a is None or a.status != 200 or a.json["text"] != text:
                        with lock:
                            wrong.append((text, a))
                        return
                    i += 1

        threads = [threading.Thread(target=good, args=(k,)) for k in range(6)]
        [t.start() for t in threads]
        for i in range(150):
            c = d.connect()
            c.send([vectors({"text": f"I leave {i}. " * 30}), HALF, vectors({"texts": [f"gone {j}" for j in range(20)]}), vectors(Q) * 3][i % 4])
            if i % 3 == 0:
                c.reset()
            elif i % 3 == 1:
                c.sock.close()
            else:
                time.sleep(0.002)
                c.sock.close()
        stop.append(1)
        [t.join() for t in threads]
        check("everybody else has the right answers", not wrong, wrong[:2])
        check("nothing is left of them", until(lambda: d.metric("t2v_waiting_requests") == 0 and d.metric("t2v_connections") == 1),
              (d.metric("t2v_waiting_requests"), d.metric("t2v_connections")))
        check("and it ends well", d.stop() == 0, d.said()[-500:])


def check_many_connections(check):
    with Daemon(check.binary, check.model) as d:
        many = [d.connect() for _ in range(600)]
        for c in many:
            c.send(vectors(Q))
        check("600 at once", all(c.read().status == 200 for c in many))
        for c in many:
            c.sock.close()


def check_max_connections(check):
    with Daemon(check.binary, check.model, "--max-connections", "10") as d:
        many = []
        for _ in range(10):
            c = d.connect()
            c.send(request("GET", "/meta"))
            check("within the limit", c.read().status == 200)
            many.append(c)
        with d.connect() as late:
            late.send(request("GET", "/meta"))
            a = late.read()
            check("one more is told 503, and closed", a.status == 503 and late.closed(), a)
        many.pop().sock.close()
        with d.connect() as late:
            late.send(request("GET", "/meta"))
            check("until one leaves", late.read().status == 200)
        for c in many:
            c.send(request("GET", "/meta"))
            check("the others are served", c.read().status == 200)
            c.sock.close()
        check("and it recovers", d.get("/meta").status == 200)


def check_no_descriptors(check):
    with Daemon(check.binary, check.model, files=40) as d:
        many = [d.connect() for _ in range(80)]
        time.sleep(0.3)
        before = d.cpu_s()
        time.sleep(1)
        check("out of descriptors, it does not spin", d.cpu_s() - before < 0.3 or check.sanitized, d.cpu_s() - before)
        many[0].send(vectors(Q))
        check("those that it has are served", many[0].read().status == 200)
        for c in many:
            c.sock.close()
        check("and it recovers", d.get("/meta").status == 200)


def check_crowd(check):
    with Daemon(check.binary, check.model) as d:
        wrong, seen, lock = [], {}, threading.Lock()

        def go(k):
            with d.connect() as c:
                for j in range(20):
                    text = f"sentence number {k} and {j} about topic {k * j % 7}"
                    c.send(vectors({"text": text}))
                    a = c.read()
                    with lock:
                        if a is None or a.status != 200 or a.json["text"] != text:
                            wrong.append((text, a))
                        else:
                            seen[text] = a.json["vector"]

        threads = [threading.Thread(target=go, args=(k,)) for k in range(16)]
        slowest = d.slowest_probe(lambda: [t.start() for t in threads] + [t.join() for t in threads])
        check("each has its own answer", not wrong and len(seen) == 320, wrong[:2])
        check("probes answer soon", slowest < 0.5 * check.slack, slowest)
        off = 0
        for text in list(seen)[:30]:
            alone = d.ask(vectors({"text": text})).json["vector"]
            off = max(off, max(abs(x - y) for x, y in zip(alone, seen[text])) / max(map(abs, alone)))
        check("the same alone as in a crowd", off <= 1e-5, off)


def check_drain(check):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon(check.binary, check.model, "--drain", "10") as d:
            with d.connect() as idle, d.connect() as half:
                idle.send(request("GET", "/meta"))
                idle.read()
                half.send(vectors(Q)[:-3])
                time.sleep(0.1)
                d.process.send_signal(number)
                time.sleep(0.1)
                a = d.get("/.well-known/ready")
                check("ready is 503 at once", a.status == 503 and a.json["error"] and "retry-after" in a.headers, a)
                check("live is not", d.get("/.well-known/live").status == 204)
                a = d.ask(vectors(Q))
                check("new requests are answered, and told to go", a.status == 200 and a.headers["connection"] == "close", a)
                idle.send(vectors(Q))
                a = idle.read()
                check("on old connections too", a.status == 200 and a.headers["connection"] == "close" and idle.closed(), a)
                half.send(vectors(Q)[-3:])
                a = half.read()
                check("and what had begun", a.status == 200 and a.headers["connection"] == "close", a)
                begin = time.monotonic()
                check("then it exits 0", d.wait() == 0, d.said()[-500:])
                check("before its time, with nothing to do", time.monotonic() - begin < 2.5 * check.slack, time.monotonic() - begin)


def check_drain_ends(check):
    """A request that never comes whole does not keep the service from ending."""
    with Daemon(check.binary, check.model, "--drain", "0.5") as d:
        with d.connect() as half:
            half.send(HALF)
            time.sleep(0.1)
            begin = time.monotonic()
            d.process.send_signal(signal.SIGTERM)
            a = half.read()
            check("503 when the drain time is over", a is not None and a.status == 503 and "retry-after" in a.headers, a)
            check("exit 0", d.wait() == 0 and 0.3 < time.monotonic() - begin < 5 * check.slack, d.said()[-500:])
    with Daemon(check.binary, check.model, "--drain", "0.5") as d:
        with d.connect(receive_bytes=4096) as slow:
            text = "A" + " " * 6_000_000
            slow.send(vectors({"text": text}))
            while 't2v_requests_total{route="/vectors",status="200"} 1' not in d.get("/metrics").body.decode():
                time.sleep(0.01)
            begin = time.monotonic()
            d.process.send_signal(signal.SIGTERM)
            time.sleep(0.6)
            a = slow.read()
            took = time.monotonic() - begin  # on a busy machine we are not done with reading in that second
            check("an answer that is on its way has a second more", took > 1.4 if a is None else a.json.get("text") == text, (took, a))
            check("exit 0", d.wait() == 0, d.said()[-500:])
    with Daemon(check.binary, check.model, "--drain", "30") as d:
        with d.connect() as half:
            half.send(HALF)
            time.sleep(0.1)
            d.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            begin = time.monotonic()
            d.process.send_signal(signal.SIGTERM)
            check("a second signal ends it at once", d.wait() is not None and time.monotonic() - begin < 2 * check.slack)


def check_second_signal(check):
    """A second signal ends the process at once, though the engine is in the middle of seconds of work."""
    if not check.fake:
        return
    limit = 0.5 * check.slack  # 2 to 13 ms on an idle machine; TSan rests for a second at the end
    long = {"texts": [("word " * 400 + ". ") * 20] * 200}
    for binary, ask in ((check.fake, {"text": "batch 5000"}), (check.binary, long)):
        for second in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with Daemon(binary, check.model, "--drain", "30", "--threads", "1", "--max-queue", "200") as d:
                with d.connect() as c:
                    c.send(vectors(ask))
                    time.sleep(0.3)
                    d.process.send_signal(signal.SIGTERM)
                    time.sleep(0.1)
                    check("it is at work", d.process.poll() is None)
                    begin = time.monotonic()
                    d.process.send_signal(second)
                    status = d.process.wait()
                    took = time.monotonic() - begin
                    check(f"{binary}: {second.name} ends it at once", status == 0 and took < limit, (status, took))
                    check("the socket is closed", c.closed())
                check("the log says so", "second signal" in d.said() and d.said().endswith("stopped\n"), d.said()[-500:])


def check_other_signals(check):
    """SIGUSR1 and SIGUSR2 do nothing, SIGHUP leaves a line; none of them counts as a second signal. SIGQUIT drains."""
    with Daemon(check.binary, check.model, "--drain", "5") as d:
        others = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)
        for number in others:
            d.process.send_signal(number)
            time.sleep(0.1)
            check(f"{number.name} does not end it", d.process.poll() is None and d.ask(vectors(Q)).status == 200)
        check("a line for SIGHUP", d.said().count("settings and model are read at the start only") == 1, d.said())
        with d.connect() as half:
            half.send(vectors(Q)[:-3])
            time.sleep(0.1)
            for number in (signal.SIGQUIT, *others):
                d.process.send_signal(number)
            time.sleep(0.1)
            check("ready is 503", d.get("/.well-known/ready").status == 503)
            half.send(vectors(Q)[-3:])
            a = half.read()
            check("SIGQUIT drains", a is not None and a.status == 200, a)
        check("exit 0", d.wait() == 0, d.said()[-500:])


def check_no_idle_time(check):
    """T2V_IDLE_TIMEOUT=0: what was sent is answered, the first request and those pipelined behind it; then the connection is closed."""
    with Daemon(check.binary, check.model, "--idle-timeout", "0") as d:
        answered = 0
        for i in range(100):
            with d.connect() as c:
                time.sleep(i * 0.0005)  # over several ticks of the clock
                c.send(request("GET", "/meta") + vectors(Q))
                a, b = c.read(), c.read()
                answered += a is not None and a.status == 200 and b is not None and b.status == 200 and c.closed()
        check("all are answered", answered == 100, answered)
        with d.connect() as c:
            begin = time.monotonic()
            check("one that never speaks is closed", c.closed() and time.monotonic() - begin < 3 * check.slack)
