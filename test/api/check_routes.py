# SPDX-License-Identifier: BSD-3-Clause
"""Paths that end in an id, and an API with errors of its own: /ids/ID, which fake.c has in its table (ids.h)."""
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}
IDS = {"a": "a", "a/b": "a/b", "a%20b": "a%20b", "a%2Fb": "a%2Fb", "a?x=1": "a", '"': '"', "..": "..", "/": "/", "a" * 4000: "a" * 4000}


def is_oops(a, status, text=""):
    return a is not None and a.status == status and list(a.json) == ["oops"] and text in a.json["oops"]


def check_routes_with_ids(check):
    with Daemon(check.fake, check.model) as d:
        right = d.ask(vectors(Q)).json["vector"]
        for path, name in IDS.items():
            a = d.get("/ids/" + path)
            check(f"GET {path[:9]}", a.status == 200 and a.json == {"id": name}, a)
            a = d.ask(vectors(Q, path="/ids/" + path))
            check(f"POST {path[:9]}", a.status == 200 and a.json == {"id": name, "vector": right}, a)
        with d.connect() as c:
            names = [str(i) * i for i in range(1, 9)]
            c.send(b"".join(vectors({"text": "sleep 5"}, path="/ids/" + name) + request("GET", "/ids/x" + name) for name in names))
            got = [(c.read().json["id"], c.read().json["id"]) for _ in names]
            check("one after another", got == [(name, "x" + name) for name in names], got)
        with d.connect() as c:
            c.send(vectors({"text": "sleep 200"}, path="/ids/" + "b" * 4000))
        a = d.ask(vectors(Q, path="/ids/c"))
        check("after one whose client left", a.status == 200 and a.json["id"] == "c", a)


def check_routes_unreadable(check):
    """What is refused before its head is complete has the route of its path, but for a request line that cannot be read."""
    cases = (417, ["Expect: x"]), (501, ["Transfer-Encoding: gzip"]), (400, ["Content-Length: x"]), (400, ["Host: a"]), (400, ["a b: c"])
    with Daemon(check.fake, check.model) as d:
        for path in "/ids/a", "/ids/":
            for status, headers in cases:
                a = d.ask(request("POST", path, headers=headers))
                check(f"{path}, {headers}", is_oops(a, status), a)
        check("no Host", is_oops(d.ask(b"GET /ids/a HTTP/1.1\r\n\r\n"), 400, "Host"))
        for line in b"GET /ids/a HTTP/2.0", b"GET /ids/a\x01 HTTP/1.1", b"G@T /ids/a HTTP/1.1":
            a = d.ask(line + b"\r\n\r\n")
            check(f"{line}", a.status in (400, 505) and list(a.json) == ["error"], a)
        a = d.ask(request("POST", "/vectors", headers=["Expect: x"]))
        check("/vectors as before", a.status == 417 and list(a.json) == ["error"], a)
        page = d.get("/metrics").body.decode()
        for line in ('route="/ids/ID",status="417"} 2', 'route="/vectors",status="417"} 1', 'route="other",status="400"} 2'):
            check(f"counted: {line}", "t2v_requests_total{" + line in page, page)
    with Daemon(check.fake, check.model, "--read-timeout", "0.3") as d:
        with d.connect() as c:
            c.send(b"GET /ids/a HTTP/1.1\r\nHost: a\r\n")
            check("too late", is_oops(c.read(), 408))


def check_routes_refuse(check):
    with Daemon(check.fake, check.model) as d:
        for a in d.get("/ids/nobody"), d.ask(vectors(Q, path="/ids/nobody")):
            check("the operation's own 404", is_oops(a, 404, "nobody is not here"), a)
        check("no id", is_oops(d.get("/ids/"), 404), d.get("/ids/"))
        a = d.ask(request("DELETE", "/ids/a"))
        check("no such method", is_oops(a, 405) and a.headers["allow"] == "GET, HEAD, POST", a)
        for body, text in ((b"", "empty"), (b"{}", "text"), (b"[", "")):
            a = d.ask(vectors(body, path="/ids/a"))
            check(f"the body {body}", is_oops(a, 422, text), a)
        a = d.ask(vectors({"text": "fail -7 words"}, path="/ids/a"))
        check("a failure", is_oops(a, a.status, "words") and a.status >= 400, a)
