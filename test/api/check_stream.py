# SPDX-License-Identifier: BSD-3-Clause
"""Answers in pieces, by raw bytes. t2v has no such route so far; fake.c has POST /stream."""
import json
import signal
import threading
import time

from checks import until
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}


def order(n, size, ms, word="", version="1.1", method="POST", headers=(), path="/stream"):
    body = json.dumps({"text": f"stream {n} {size} {ms} {word}"}).encode()
    data = request(method, path, body, headers)
    return data.replace(b" HTTP/1.1\r\n", f" HTTP/{version}\r\n".encode(), 1)


def head_of(c):
    """The head of an answer, in small letters; what came after it stays in c.rest."""
    while b"\r\n\r\n" not in c.rest:
        if not c.more():
            return None
    head, _, c.rest = c.rest.partition(b"\r\n\r\n")
    return head.decode().lower()


def chunk_of(c):
    """The next chunk; None: the connection was closed before one was whole."""
    while b"\r\n" not in c.rest:
        if not c.more():
            return None
    size, _, c.rest = c.rest.partition(b"\r\n")
    n = int(size, 16) + 2
    while len(c.rest) < n:
        if not c.more():
            return None
    chunk, c.rest = c.rest[:n], c.rest[n:]
    assert chunk.endswith(b"\r\n"), chunk[-9:]
    return chunk[:-2]


def body_of(c):
    """(bytes of a chunked body, whether it has its end)."""
    body = b""
    while chunk := chunk_of(c):
        body += chunk
    return body, chunk is not None


def pieces(n, size):
    return b"".join(bytes([ord("a") + i % 26]) * size for i in range(n, 0, -1)) + b"end\n"


def check_pieces(check):
    """Chunks as they are made, and the connection goes on after them; pipelined requests wait."""
    with Daemon(check.fake, check.model) as d:
        with d.connect() as c:
            begin = time.monotonic()
            c.send(order(5, 100, 400) + vectors(Q) + order(1, 3, 0))
            head = head_of(c)
            check("the head", head.startswith("http/1.1 200 ok") and "transfer-encoding: chunked" in head and "content-type: text/plain" in head and
                  "content-length" not in head and "connection" not in head, head)
            first = chunk_of(c)
            check("the first piece comes at once", first.startswith(b"f" * 100) and time.monotonic() - begin < 0.3 * check.slack, time.monotonic() - begin)
            rest, whole = body_of(c)
            check("all pieces", whole and first + rest == pieces(5, 100), first + rest)
            check("as they are made", time.monotonic() - begin > 1.4, time.monotonic() - begin)
            a = c.read()
            check("an answer that waited", a is not None and a.status == 200 and len(a.json["vector"]) == 8, a)
            head_of(c)
            check("another stream", body_of(c) == (pieces(1, 3), True))
            c.send(order(3, 0, 0))
            head_of(c)
            check("empty pieces", body_of(c) == (b"end\n", True))
        page = d.get("/metrics").body.decode()
        check("counted", 't2v_requests_total{route="/stream",status="200"} 3' in page and d.metric("t2v_cancelled_total") == 0, page)
        check("nothing is held", d.metric("t2v_memory_held_bytes") < 20000, d.metric("t2v_memory_held_bytes"))


def check_old_and_head(check):
    with Daemon(check.fake, check.model) as d:
        with d.connect() as c:
            c.send(order(3, 10, 10, version="1.0"))
            head = head_of(c)
            check("HTTP/1.0: no chunks", "transfer-encoding" not in head and "connection: close" in head, head)
            while c.more():
                pass
            check("until the close", c.rest == pieces(3, 10), c.rest)
        with d.connect() as c:
            c.send(order(1000, 10, 100, method="HEAD") + request("GET", "/meta"))
            head = head_of(c)
            check("HEAD: the head alone", "transfer-encoding: chunked" in head, head)
            a = c.read()
            check("and the next answer", a is not None and a.status == 200 and a.json["model"], a)
        check("nobody makes the rest", until(lambda: d.metric("t2v_waiting_requests") == 0))
        with d.connect() as c:
            c.send(order(2, 10, 10, headers=["Connection: close"]))
            check("Connection: close", "connection: close" in head_of(c) and body_of(c)[1] and c.closed())


def check_failures(check):
    """Before the first piece a failure is an error as any other; after it the answer is cut off."""
    with Daemon(check.fake, check.model) as d:
        a = d.ask(order(0, 0, 0, "fail"))
        check("before the first piece", a.status == 500 and a.json["error"] == "it failed", a)
        a = d.ask(vectors({"text": "no order"}, path="/stream"))
        check("refused", a.status == 422 and a.json["error"], a)
        with d.connect() as c:
            c.send(order(3, 10, 0, "fail"))
            head = head_of(c)
            body, whole = body_of(c)
            check("after it: no last chunk", "200 ok" in head and not whole and body == pieces(3, 10)[:len(body)], (head, body))
        with d.connect() as c:
            c.send(order(3, 10, 0, "fail", version="1.0"))
            reset = False
            try:
                while c.sock.recv(1 << 16):
                    pass
            except ConnectionResetError:
                reset = True
            check("to HTTP/1.0: a reset", reset)
        page = d.get("/metrics").body.decode()
        check("counted as failed", 't2v_requests_total{route="/stream",status="500"} 3' in page, page)


def check_slow_reader(check):
    """It holds up its own answer: not the engine, not the loop. When it reads on, it gets all."""
    n, size = 400, 40000
    with Daemon(check.fake, check.model, "--read-timeout", "60") as d:
        with d.connect(receive_bytes=4096) as slow:
            slow.send(order(n, size, 0))
            head_of(slow)
            time.sleep(1)
            check("it is under way", d.metric("t2v_waiting_requests") == 1)
            held = d.metric("t2v_memory_held_bytes")
            check("what is held is bounded", held < 400000, held)
            begin = time.monotonic()
            a = d.ask(vectors(Q))
            check("others are answered", a.status == 200 and time.monotonic() - begin < 0.5 * check.slack, a)
            with d.connect() as c:
                c.send(order(50, 20000, 0))
                head_of(c)
                check("other streams, too", body_of(c) == (pieces(50, 20000), True))
            check("and it waits meanwhile", d.metric("t2v_waiting_requests") == 1)
            check("then it has all", body_of(slow) == (pieces(n, size), True))
        check("nothing is held", d.metric("t2v_memory_held_bytes") < 20000, d.metric("t2v_memory_held_bytes"))


def check_rate(check):
    """Who takes nothing is closed after the read time-out, and so is its work; a stream that is slow by itself is not."""
    with Daemon(check.fake, check.model, "--read-timeout", "1") as d:
        with d.connect() as own, d.connect(receive_bytes=4096) as none:
            own.send(order(30, 10, 100))
            none.send(order(2000, 40000, 0))
            begin = time.monotonic()
            check("counted", until(lambda: d.metric("t2v_cancelled_total") == 1))
            check("not before the time-out", time.monotonic() - begin > 0.9, time.monotonic() - begin)
            check("its work is given up", until(lambda: d.metric("t2v_waiting_requests") <= 1))
            head_of(own)
            check("the slow stream is whole", body_of(own) == (pieces(30, 10), True))


def check_leave(check):
    """Clients leave in the middle, in each way, whether they read or not."""
    with Daemon(check.fake, check.model) as d:
        n = 0
        for leave in ("close", "reset", "shut"):
            for size, reads in ((10, True), (60000, False)):
                c = d.connect(receive_bytes=4096)
                c.send(order(100000, size, 1))
                if reads:
                    head_of(c)
                    chunk_of(c)
                else:
                    time.sleep(0.2)
                if leave == "reset":
                    c.reset()
                elif leave == "close":
                    c.sock.close()
                else:
                    c.sock.shutdown(1)
                n += 1
                check(f"{leave}, {size}: its work is given up", until(lambda: d.metric("t2v_waiting_requests") == 0))
                check(f"{leave}, {size}: counted", d.metric("t2v_cancelled_total") == n, d.metric("t2v_cancelled_total"))
        check("nothing is held", d.metric("t2v_memory_held_bytes") < 20000, d.metric("t2v_memory_held_bytes"))


def check_drain(check):
    """A stream that ends within the drain is whole; another is cut off at its end."""
    for n, whole in ((10, True), (1000, False)):
        with Daemon(check.fake, check.model, "--drain", "3") as d:
            with d.connect() as c:
                c.send(order(n, 10, 50))
                head_of(c)
                chunk_of(c)
                begin = time.monotonic()
                d.process.send_signal(signal.SIGTERM)
                check(f"{n} pieces: whole or not", body_of(c)[1] == whole)
                check(f"{n} pieces: then it closes", not c.more())
                check(f"{n} pieces: exit 0", d.wait() == 0 and time.monotonic() - begin < 8 * check.slack, d.said()[-500:])


def check_drain_says_so(check):
    """An operation that can say why its stream ends does so at the end of the drain, and the answer is whole."""
    for version in ("1.1", "1.0"):
        with Daemon(check.fake, check.model, "--drain", "1") as d:
            with d.connect() as c, d.connect() as slow:
                slow.send(order(1000, 60000, 0, path="/told"))
                head_of(slow)
                c.send(order(1000, 10, 20, path="/told", version=version))
                head_of(c)
                d.process.send_signal(signal.SIGTERM)
                if version == "1.1":
                    body, whole = body_of(c)
                else:
                    while c.more():
                        pass
                    body, whole = c.rest, True
                check(f"HTTP/{version}: it is said", whole and body.endswith(b'cut: "shutting down, ask again"'), body[-60:])
                check(f"HTTP/{version}: then it closes", not c.more())
                body, whole = body_of(slow)
                check(f"HTTP/{version}: a slow reader, too", whole and body.endswith(b'cut: "shutting down, ask again"'), body[-60:])
            check(f"HTTP/{version}: exit 0", d.wait() == 0, d.said()[-500:])


def check_many(check):
    """Streams and vectors at once, on connections that go on; some of their clients leave."""
    with Daemon(check.fake, check.model) as d:
        wrong = []

        def client(i):
            with d.connect() as c:
                for k in range(10):
                    n, size = 1 + (i * 7 + k) % 9, (i * 911 + k * 77) % 30000
                    c.send(order(n, size, k % 3) + vectors(Q))
                    head_of(c)
                    got, a = body_of(c), c.read()
                    if got != (pieces(n, size), True) or a.status != 200:
                        wrong.append((i, k, len(got[0]), got[1]))
                c.send(order(9, 1000, 1))
        threads = [threading.Thread(target=client, args=(i,)) for i in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(120)
        check("every answer is whole", not wrong and not any(t.is_alive() for t in threads), wrong[:5])
        check("all are counted", 't2v_requests_total{route="/stream",status="200"} 12' in d.get("/metrics").body.decode())
