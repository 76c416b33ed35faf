# SPDX-License-Identifier: BSD-3-Clause
"""Bytes on the wire: framing, keep-alive, pipelining, and what must be refused."""
import json
import random
import threading
import time

from daemon import Daemon, request, vectors

Q = b'{"text":"hello there"}'


def check_keep_alive(check):
    with Daemon(check.binary, check.model) as d:
        with d.connect() as c:
            for i in range(20):
                c.send(vectors({"text": f"number {i}"}))
                a = c.read()
                check("kept alive", a is not None and a.json["text"] == f"number {i}" and "connection" not in a.headers, a)
            c.send(vectors(b"{"))
            check("an error in the content keeps the connection", c.read().status == 422)
            c.send(request("GET", "/nope") + request("GET", "/vectors"))
            check("so do 404 and 405", [c.read().status, c.read().status] == [404, 405])
            c.send(request("GET", "/meta", headers=["Connection: close"]))
            a = c.read()
            check("until close is asked for", a.headers["connection"] == "close" and c.closed(), a)
        with d.connect() as c:
            c.send(b"GET /meta HTTP/1.0\r\n\r\n")
            a = c.read()
            check("HTTP/1.0 closes", a.status == 200 and a.headers["connection"] == "close" and c.closed(), a)
        with d.connect() as c:
            for _ in range(2):
                c.send(b"GET /meta HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                a = c.read()
                check("HTTP/1.0 keeps alive when asked", a.headers["connection"] == "keep-alive", a)


def check_head(check):
    with Daemon(check.binary, check.model) as d:
        length = d.get("/meta").headers["content-length"]
        with d.connect() as c:
            c.send(request("HEAD", "/meta") + request("HEAD", "/nope") + request("GET", "/meta"))
            a = c.read(head_only=True)
            check("the length without the body", a.status == 200 and a.headers["content-length"] == length, a)
            check("404 too", c.read(head_only=True).status == 404)
            a = c.read()
            check("then a GET with one", a.status == 200 and a.json["model"], a)


def check_pipelining(check):
    with Daemon(check.binary, check.model) as d:
        asked = []
        for i in range(60):
            asked.append(vectors({"text": f"number {i}"}) if i % 3 else request("GET", "/meta"))
        for step in (len(b"".join(asked)), 1000, 7):
            with d.connect() as c:
                data = b"".join(asked)
                for at in range(0, len(data), step):
                    c.send(data[at:at + step])
                for i in range(60):
                    a = c.read()
                    ok = a is not None and a.status == 200 and (a.json["text"] == f"number {i}" if i % 3 else "model" in a.json)
                    if not ok:
                        check(f"answer {i} in order, sent {step} at a time", False, a)
                        break
                check(f"in order, sent {step} at a time", ok)
        with d.connect() as c:
            n = 4000
            c.send(vectors({"text": "first"}) + request("GET", "/.well-known/live") * n)
            check("more than a buffer of them", c.read().status == 200 and all(c.read().status == 204 for _ in range(n)))


def check_turns(check):
    """Clients that pipeline without end do not keep the loop from others."""
    with Daemon(check.binary, check.model) as d:
        def send(c):
            try:
                c.send(request("GET", "/metrics") * 20000)
            except OSError:
                pass

        def flood(c):
            threading.Thread(target=send, args=(c,)).start()
            while c.more():
                c.rest = b""

        def work():
            with d.connect() as a, d.connect() as b:
                threads = [threading.Thread(target=flood, args=(c,)) for c in (a, b)]
                [t.start() for t in threads]
                time.sleep(2)
                a.sock.shutdown(2)
                b.sock.shutdown(2)
                [t.join() for t in threads]

        slowest = d.slowest_probe(work)
        check("probes meanwhile", slowest < 0.5 * check.slack, slowest)


def check_cut_anywhere(check):
    with Daemon(check.binary, check.model) as d:
        data = vectors(Q)
        for at in range(1, len(data)):
            with d.connect() as c:
                c.send(data[:at])
                if at % 8 == 0:
                    time.sleep(0.002)
                c.send(data[at:])
                a = c.read()
                if a is None or a.status != 200:
                    check(f"cut at {at}", False, a)
        with d.connect() as c:
            for i in range(len(data)):
                c.send(data[i:i + 1])
            check("byte by byte", c.read().status == 200)


def check_chunked(check):
    head = b"POST /vectors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Daemon(check.binary, check.model, "--max-body", "1000") as d:
        whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(Q), Q)
        each = b"".join(b"1;x=y\r\n%c\r\n" % b for b in Q) + b"0;z\r\nX: y\r\n\r\n"
        with d.connect() as c:
            for body in (whole, each, whole):
                c.send(head + body)
                a = c.read()
                check("chunked", a.status == 200 and a.json["text"] == "hello there", a)
        for body, status in ((b"3e9\r\n", 413), (b"ffffffffffffffffff\r\n", 413), (b"x\r\n", 400), (b"3\nabc\r\n", 400), (b"3\r\nabcd\r\n", 400),
                             (b"-1\r\n", 400), (b"0x1\r\n", 400), (b"1\r\na\r\n0\r\nX y\r\n\r\n", 400), (b"1;" + b"x" * 2000, 400)):
            with d.connect() as c:
                c.send(head + body)
                a = c.read()
                check(f"{body[:20]!r} is {status}", a.status == status and a.json["error"] and a.headers["connection"] == "close", a)
                check("and closes", c.closed())
        with d.connect() as c:
            c.send(head + b"3e8\r\n" + b" " * 1000 + b"\r\n1\r\n")
            check("the sum counts", c.read().status == 413)


def check_continue(check):
    with Daemon(check.binary, check.model) as d:
        head = b"POST /vectors HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"
        with d.connect() as c:
            for _ in range(2):
                c.send(head % len(Q) + b"\r\n")
                a = c.read(skip_100=False)
                check("100 first", a.status == 100, a)
                c.send(Q)
                check("then the answer", c.read(skip_100=False).status == 200)
            c.send(head % len(Q) + b"\r\n" + Q)
            check("none when the body has come along", c.read(skip_100=False).status == 200)
        for extra, n, status in ((b"", 1 << 40, 413), (b"Content-Encoding: gzip\r\n", 9, 415)):
            with d.connect() as c:
                c.send(head % n + extra + b"\r\n")
                check(f"{status} instead of 100", c.read(skip_100=False).status == status and c.closed())
        with d.connect() as c:
            c.send(request("POST", "/nope", headers=["Expect: 100-continue", "Content-Length: 5"]))
            check("404 instead of 100", c.read(skip_100=False).status == 404 and c.closed())
        with d.connect() as c:
            c.send(request("GET", "/meta", headers=["Expect: tea"]))
            check("another expectation", c.read().status == 417)


def check_bad_requests(check):
    post = b"POST /vectors HTTP/1.1\r\nHost: x\r\n"
    smuggled = request("GET", "/meta")
    with Daemon(check.binary, check.model) as d:
        for what, data, status in (
                ("two lengths", post + b"Content-Length: 22\r\nContent-Length: 23\r\n\r\n" + Q, 400),
                ("two equal lengths", post + b"Content-Length: 22\r\nContent-Length: 22\r\n\r\n" + Q, 400),
                ("a list of lengths", post + b"Content-Length: 22, 22\r\n\r\n" + Q, 400),
                ("length and chunked", post + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                ("chunked and length", post + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
                ("another coding", post + b"Transfer-Encoding: gzip\r\n\r\n", 501),
                ("a blank before the colon", post + b"Content-Length : 22\r\n\r\n" + Q, 400),
                ("a folded line", post + b"X: a\r\n b\r\nContent-Length: 22\r\n\r\n" + Q, 400),
                ("bare line feeds", post.replace(b"\r", b"") + b"Content-Length: 22\n\n" + Q, 400),
                ("no Host", b"GET /meta HTTP/1.1\r\n\r\n", 400), ("two Hosts", post + b"Host: y\r\n\r\n", 400),
                ("NUL in a field", post + b"X: \0\r\n\r\n", 400), ("no request", b"hello\r\n\r\n", 400),
                ("TLS", b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03\r\n", 400), ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                ("HTTP/0.9", b"GET /meta\r\n", 400), ("a large header", post + b"X: " + b"a" * 20000, 400),
                ("a long target", b"GET /" + b"a" * 20000, 400), ("many fields", post + b"X: y\r\n" * 200, 400)):
            with d.connect() as c:
                c.send(data)
                a = c.read()
                check(what, a is not None and a.status == status and a.json["error"] and a.headers["connection"] == "close", a)
                check(what + " closes the connection", c.closed())
            with d.connect() as c:
                c.send(data + smuggled + smuggled)
                first, second = c.read(), c.read()
                check(what + ": nothing after it is answered", first is not None and first.status == status and second is None, second)
        a = d.ask(post + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx")
        check("an encoded body", a.status == 415 and a.json["error"], a)
        a = d.ask(b"POST http://elsewhere/vectors?x HTTP/1.1\r\nHost: x\r\nContent-Length: 22\r\n\r\n" + Q)
        check("an absolute URI", a.status == 200, a)
        with d.connect() as c:
            c.send(request("GET", "/meta", b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n") + request("GET", "/.well-known/live"))
            check("a body of a GET is no request", [c.read().status, c.read().status] == [200, 204])


def check_refused_with_a_body(check):
    """A refusal that the head decides: the answer arrives whole though the body is still being sent."""
    with Daemon(check.binary, check.model, "--max-body", "100k") as d:
        for path, n, status in (("/nope", 10 ** 6, 404), ("/meta", 10 ** 6, 405), ("/vectors", 10 ** 7, 413)):
            with d.connect() as c:
                c.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {n}\r\n\r\n".encode())
                sent = 0
                try:
                    while sent < n:
                        c.send(b"x" * 10000)
                        sent += 10000
                except OSError:
                    pass
                a = c.read()
                check(f"{path} is {status}", a is not None and a.status == status and a.headers["connection"] == "close", a)


def check_noise(check):
    """Random bytes, and good requests with a byte changed: the daemon stays up, and answers in JSON."""
    random.seed(1)
    with Daemon(check.binary, check.model, "--read-timeout", "0.2") as d:
        good = vectors(Q, ["Authorization: Bearer x", "Connection: keep-alive"])
        for i in range(300):
            if i % 3 == 0:
                data = bytes(random.randrange(256) for _ in range(random.randrange(1, 200)))
            else:
                data = bytearray(good)
                for _ in range(random.randrange(1, 4)):
                    data[random.randrange(len(data))] = random.randrange(256)
            with d.connect() as c:
                c.send(bytes(data) + b"\r\n\r\n")
                a = c.read()
                if a is not None and (a.status not in (200, 400, 401, 404, 405, 408, 413, 415, 417, 422, 501, 505) or not isinstance(json.loads(a.body), dict)):
                    check("noise", False, (bytes(data), a))
        check("still there", d.ask(vectors(Q)).status == 200 and d.process.poll() is None)
