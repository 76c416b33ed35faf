# SPDX-License-Identifier: BSD-3-Clause
"""Every route and every error of the contract, one request at a time."""
import gzip
import json
import os
import re
import signal
import struct
import time
import zlib

from daemon import Daemon, lose_ipv6, request, vectors

TEXT = "The London Eye is a ferris wheel at the River Thames."


def is_error(answer, status):
    return answer is not None and answer.status == status and bool(answer.json.get("error")) and \
        answer.headers["content-type"] == "application/json"


def check_routes(check):
    with Daemon(check.binary, check.model) as d:
        for path in ("/.well-known/live", "/.well-known/ready"):
            a = d.get(path)
            check(f"{path} is 204 without a body", a.status == 204 and "content-length" not in a.headers, a)
        a = d.get("/meta")
        check("/meta", a.status == 200 and a.json["model"]["model_type"] and a.json["model_path"] == check.model, a)
        check("/meta has ours beside it", {"version", "family", "vectorizer", "precision", "dimensions"} <= set(a.json), a)
        check("/meta is JSON", a.headers["content-type"] == "application/json", a)
        a = d.get("/openapi.json")
        check("/openapi.json", a.status == 200 and a.json["openapi"] == "3.1.0" and "/vectors" in a.json["paths"], a)
        for path in ("/nope", "/vectors/x", "/Vectors", "/meta//", "/.well-known/"):
            check(f"{path} is 404", is_error(d.get(path), 404), d.get(path))
        for method, path, allow in (("GET", "/vectors", "POST"), ("PUT", "/vectors/", "POST"), ("HEAD", "/vectors", "POST"),
                                    ("POST", "/meta", "GET"), ("DELETE", "/metrics", "GET"), ("OPTIONS", "/meta", "GET")):
            a = d.ask(request(method, path))
            check(f"{method} {path} is 405 with Allow", a.status == 405 and allow in a.headers["allow"], a)
            check(f"{method} {path} says so in JSON", method == "HEAD" or is_error(a, 405), a)
        a = d.get("/meta?x=1")
        check("a query is no part of the path", a.status == 200, a)


def check_openapi(check):
    """What /openapi.json says: each path, each status, a version, examples that are taken as they are."""
    with Daemon(check.binary, check.model) as d:
        a = d.get("/openapi.json").json
        check("the version is ours", re.fullmatch(r"\d+\.\d+\.\d+", a["info"]["version"]) and d.get("/meta").json["version"].startswith(a["info"]["version"]), a["info"])
        paths = {"/vectors", "/vectors/", "/meta", "/.well-known/live", "/.well-known/ready", "/health", "/healthz", "/metrics", "/openapi.json"}
        check("the paths", set(a["paths"]) >= paths, list(a["paths"]))
        tags = {t["name"] for t in a["tags"]}
        operations = [(p, m, o) for p, item in a["paths"].items() for m, o in item.items()]
        check("an id of its own for each", len({o["operationId"] for _, _, o in operations}) == len(operations))
        for path, method, o in operations:
            want = {"400", "405", "408", "413", "417", "501", "505"} | ({"200", "401", "415", "422", "500", "503"} if path.startswith("/vectors") and method == "post" else set())
            check(f"{method} {path}: its statuses", want <= set(o["responses"]), list(o["responses"]))
            check(f"{method} {path}: a tag", o["tags"] and set(o["tags"]) <= tags, o["tags"])

        def refs(value):
            if isinstance(value, dict):
                yield from ([value["$ref"]] if "$ref" in value else [])
                value = list(value.values())
            for x in value if isinstance(value, list) else ():
                yield from refs(x)
        for ref in set(refs(a)):
            at = a
            for key in ref.split("/")[1:]:
                at = at.get(key, {})
            check(f"{ref} is there", at)
        for name, example in a["components"]["requestBodies"]["Texts"]["content"]["application/json"]["examples"].items():
            check(f"the example {name} is taken", d.ask(vectors(example["value"])).status == 200, example)
        for name, response in a["components"]["responses"].items():
            check(f"{name} has an example", "example" in str(response["content"]["application/json"]), response)


def check_health_routes(check):
    """/health and /healthz, for what looks for 200 rather than 204: without a token, empty, 503 after SIGTERM."""
    with Daemon(check.binary, check.model, "--drain", "20", env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        for path in ("/health", "/healthz"):
            a = d.get(path)
            check(f"{path} is 200 and empty", a.status == 200 and a.body == b"" and a.headers["content-length"] == "0" and "content-type" not in a.headers, a)
            check(f"HEAD {path}", d.ask(request("HEAD", path)).status == 200)
            a = d.ask(request("POST", path))
            check(f"POST {path}", a.status == 405 and "GET" in a.headers["allow"], a)
        check("counted", 't2v_requests_total{route="/health",status="200"} 4' in d.get("/metrics").body.decode())
        with d.connect() as c:
            c.send(b"POST /vectors HTTP/1.1\r\n")  # a request under way, so that the drain goes on
            d.process.send_signal(signal.SIGTERM)
            until = time.monotonic() + 60
            while (a := d.get("/health")).status == 200 and time.monotonic() < until:
                time.sleep(0.01)
            for a in (a, d.get("/healthz")):
                check("503 after SIGTERM", is_error(a, 503) and "retry-after" in a.headers, a)


PREFLIGHT = ["Origin: https://app.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type"]


def check_cors_off(check):
    with Daemon(check.binary, check.model) as d:
        for a in (d.ask(request("OPTIONS", "/vectors", headers=PREFLIGHT)), d.ask(request("OPTIONS", "/meta"))):
            check("OPTIONS is 405", is_error(a, 405) and "allow" in a.headers, a)
        for a in (a, d.ask(vectors({"text": TEXT}, PREFLIGHT[:1]))):
            check("no header of CORS", not [h for h in a.headers if h.startswith("access-control") or h == "vary"], a)


def check_cors(check):
    """A page of an origin that is listed may read every answer, errors too; a preflight needs no token."""
    env = {"AUTHENTICATION_ALLOWED_TOKENS": "t", "T2V_CORS_ORIGINS": "https://app.example, http://localhost:3000"}
    origin, token = "https://app.example", "Authorization: Bearer t"
    with Daemon(check.binary, check.model, "--max-body", "10k", "--read-timeout", "0.3", env=env) as d:
        for path, methods in (("/vectors", "POST"), ("/vectors/", "POST"), ("/meta", "GET, HEAD"), ("/healthz", "GET, HEAD"), ("/nope", "GET, HEAD, POST")):
            a = d.ask(request("OPTIONS", path, headers=PREFLIGHT))
            h = a.headers
            check(f"preflight of {path}", a.status == 204 and a.body == b"" and h["access-control-allow-origin"] == origin and h["access-control-allow-methods"] == methods and
                  h["access-control-allow-headers"] == "authorization,content-type" and int(h["access-control-max-age"]) > 0 and
                  h["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" and "access-control-allow-credentials" not in h, a)
        a = d.ask(request("OPTIONS", "/vectors", headers=["Origin: https://evil.example", *PREFLIGHT[1:]]))
        check("another origin", is_error(a, 403) and not [h for h in a.headers if h.startswith("access-control")] and a.headers["vary"].startswith("Origin"), a)
        check("OPTIONS that is no preflight", d.ask(request("OPTIONS", "/vectors", headers=[token, f"Origin: {origin}"])).status == 405 and
              d.ask(request("OPTIONS", "/vectors", headers=[token, PREFLIGHT[1]])).status == 405)
        o = f"Origin: {origin}"
        for what, status, data in (
                ("a vector", 200, vectors({"text": TEXT}, [o, token])), ("meta", 200, request("GET", "/meta", headers=[o, token])), ("live", 204, request("GET", "/.well-known/live", headers=[o])),
                ("no token", 401, vectors({"text": TEXT}, [o])), ("no path", 404, request("GET", "/nope", headers=[o, token])), ("a method", 405, request("DELETE", "/meta", headers=[o, token])),
                ("not JSON", 422, vectors(b"{", [o, token])), ("a pooling", 500, vectors({"text": TEXT, "config": {"pooling_strategy": "x"}}, [o, token])),
                ("too large", 413, vectors(b" " * 20000, [o, token])), ("a bad head", 400, request("GET", "/meta", headers=[o, "a b: c"])),
                ("an Expect", 417, request("GET", "/meta", headers=[o, "Expect: tea"])), ("a coding", 415, vectors(b"{}", [o, token, "Content-Encoding: br"])),
                ("half of it", 408, request("POST", "/vectors", headers=[o, token, "Content-Length: 9"]))):
            a = d.ask(data)
            h = a.headers
            check(f"{what} is {status}, and can be read", a.status == status and h.get("access-control-allow-origin") == origin and h["vary"] == "Origin" and
                  h["access-control-expose-headers"] == "Retry-After" and ("www-authenticate" in h) == (status == 401), a)
        for headers in ([token], [token, "Origin: https://evil.example"], [token, o, "Origin: http://localhost:3000"]):
            a = d.get("/meta", headers)
            check(f"{headers[1:]}: an answer for nobody else's page", a.status == 200 and "access-control-allow-origin" not in a.headers and a.headers["vary"] == "Origin", a)
    with Daemon(check.binary, check.model, "--cors-origins", "*") as d:
        a = d.ask(request("OPTIONS", "/vectors", headers=PREFLIGHT))
        check("any origin, preflight", a.status == 204 and a.headers["access-control-allow-origin"] == "*", a)
        a = d.ask(vectors({"text": TEXT}, ["Origin: null"]))
        check("any origin", a.status == 200 and a.headers["access-control-allow-origin"] == "*" and "vary" not in a.headers, a)
    for wrong in ("https://a.example/", "a.example", ",", "https://*.example"):
        d = Daemon(check.binary, check.model, env={"T2V_CORS_ORIGINS": wrong})
        try:
            with d:
                check(f"{wrong} is refused", False)
        except RuntimeError:
            check(f"{wrong} is a usage error", d.process.returncode == 2 and "T2V_CORS_ORIGINS" in d.said(), d.said())


def check_vectors(check):
    with Daemon(check.binary, check.model) as d:
        a = d.ask(vectors({"text": TEXT}))
        base = a.json
        check("a vector", a.status == 200 and base["text"] == TEXT and base["dim"] == len(base["vector"]) > 0, a)
        check("its keys", list(base) == ["text", "vector", "dim"], list(base))
        check("it is JSON", a.headers["content-type"] == "application/json", a)
        shortest = [s for s in a.body.decode().split("[")[1].split("]")[0].replace(" ", "").split(",")]
        same = [struct.unpack("f", struct.pack("f", float(s)))[0] for s in shortest]
        check("numbers are float32, written short", all(len(s) <= 15 for s in shortest) and len(same) == base["dim"], shortest[:5])
        for what, question in (
                ("on /vectors/", None),
                ("with the Go client's other fields", {"text": TEXT, "dims": 0, "vector": None, "error": "", "config": {"pooling_strategy": "masked_mean", "task_type": "passage"}}),
                ("with config null", {"text": TEXT, "config": None}),
                ("with an empty config", {"text": TEXT, "config": {}}),
                ("with an empty pooling_strategy", {"text": TEXT, "config": {"pooling_strategy": ""}}),
                ("with a task of 256 bytes", {"text": TEXT, "config": {"task_type": "q" * 256}}),
                ("with nulls in config", {"text": TEXT, "config": {"pooling_strategy": None, "task_type": None, "dimensions": None}}),
                ("with unknown fields", {"text": TEXT, "foo": {"a": [1]}, "config": {"bar": 1}}),
                ("with texts null", {"text": TEXT, "texts": None}),
                ("with two texts, the last one counting", b'{"text":"x","text":%s}' % json.dumps(TEXT).encode())):
            a = d.ask(vectors({"text": TEXT}, path="/vectors/") if question is None else vectors(question))
            known = check.binary != check.fake or "Go client" not in what  # fake's vectors know the task
            check(f"{what}: the same", a.status == 200 and (a.json["vector"] == base["vector"] or not known), a)
        a = d.ask(vectors({"text": TEXT, "config": {"pooling_strategy": "cls"}}))
        check("cls is another vector", a.status == 200 and a.json["vector"] != base["vector"], a)
        for name in ("nope", "MASKED_MEAN", "a'b\"c\\d\u00e9"):
            a = d.ask(vectors({"text": TEXT, "config": {"pooling_strategy": name}}))
            check(f"pooling {name}", a.status == 500 and a.json == {"error": f"invalid pooling method '{name}'"}, a)
        for text in ("a\0b", "\U0001F600 \u200b", "\x01\x1f\x7f", "quote \" backslash \\ slash /", "\u2028 \ufeff \uffff", "é" * 1000):
            a = d.ask(vectors({"text": text}))
            check(f"{text[:10]!r} comes back", a.status == 200 and a.json["text"] == text, a)


def check_texts(check):
    with Daemon(check.binary, check.model) as d:
        one = d.ask(vectors({"text": TEXT})).json["vector"]
        a = d.ask(vectors({"texts": [TEXT, "Another one. And more.", TEXT]}))
        r = a.json
        check("in order", a.status == 200 and len(r["vectors"]) == 3 and r["vectors"][0] == r["vectors"][2] != r["vectors"][1], a)
        check("as alone", max(abs(x - y) for x, y in zip(r["vectors"][0], one)) < 1e-5 and r["dim"] == len(one), a)
        check("keys", list(r) == ["vectors", "dim"], list(r))
        a = d.ask(vectors({"texts": []}))
        check("none at all", a.status == 200 and a.json == {"vectors": [], "dim": len(one)}, a)
        a = d.ask(vectors({"texts": [TEXT, 3]}))
        check("a number names item 1", a.status == 422 and "texts[1]" in a.json["error"] and a.json["detail"][0]["loc"] == ["body", "texts", 1], a)
        a = d.ask(vectors({"texts": [TEXT, TEXT, " "]}))
        check("an empty one names item 2", a.status == 422 and "texts[2]" in a.json["error"] and a.json["detail"][0]["loc"] == ["body", "texts", 2], a)
        a = d.ask(vectors({"texts": [TEXT], "text": TEXT}))
        check("text and texts", a.status == 422 and "texts" in a.json["error"], a)
        a = d.ask(vectors({"texts": [TEXT], "config": {"pooling_strategy": "nope"}}))
        check("pooling", a.status == 500 and a.json == {"error": "invalid pooling method 'nope'"}, a)


def check_422(check):
    with Daemon(check.binary, check.model) as d:
        for what, body, loc in (
                ("nothing", b"", []), ("not JSON", b"{", None), ("half of it", b'{"text":"a"', None), ("more than JSON", b'{"text":"a"}}', None),
                ("an array", b"[]", []), ("a string", b'"a"', []), ("no text", b"{}", ["text"]), ("text a number", b'{"text":3}', ["text"]),
                ("text null", b'{"text":null}', ["text"]), ("config a string", b'{"text":"a","config":"x"}', ["config"]),
                ("pooling a number", b'{"text":"a","config":{"pooling_strategy":1}}', ["config", "pooling_strategy"]),
                ("task an array", b'{"text":"a","config":{"task_type":[]}}', ["config", "task_type"]),
                ("task of 257 bytes", b'{"text":"a","config":{"task_type":"' + b"q" * 257 + b'"}}', ["config", "task_type"]),
                ("dimensions a string", b'{"text":"a","config":{"dimensions":"x"}}', ["config", "dimensions"]),
                ("dimensions 0", b'{"text":"a","config":{"dimensions":0}}', ["config", "dimensions"]),
                ("dimensions -1", b'{"text":"a","config":{"dimensions":-1}}', ["config", "dimensions"]),
                ("dimensions 1.5", b'{"text":"a","config":{"dimensions":1.5}}', ["config", "dimensions"]),
                ("dimensions 1e300", b'{"text":"a","config":{"dimensions":1e300}}', ["config", "dimensions"]),
                ("dimensions true", b'{"text":"a","config":{"dimensions":true}}', ["config", "dimensions"]),
                ("a lone surrogate", b'{"text":"\\ud800"}', None), ("bad UTF-8", b'{"text":"\xff\xfe"}', None),
                ("overlong UTF-8", b'{"text":"\xc0\x80"}', None), ("too deep", b'{"text":"a","x":' + b"[" * 100000 + b"]" * 100000 + b"}", None),
                ("a control character in a string", b'{"text":"a\nb"}', None), ("NaN", b'{"text":NaN}', None)):
            a = d.ask(vectors(body))
            ok = is_error(a, 422) and isinstance(a.json["detail"], list) and set(a.json["detail"][0]) == {"type", "loc", "msg"}
            check(what, ok and (loc is None or a.json["detail"][0]["loc"] == ["body", *loc]), a)
        for text in ("", "   \n\t "):
            a = d.ask(vectors({"text": text}))
            check(f"text {text!r}", is_error(a, 422) and a.json["detail"][0]["loc"] == ["body", "text"], a)
        a = d.ask(vectors(b'{"text":"a", nope}'))
        check("not JSON says where", a.json["detail"][0]["loc"][1:] == [13] or a.json["detail"][0]["loc"][1] in range(12, 19), a)


def check_bodies(check):
    """What is sent by mistake is called by its name, and never quoted."""
    question = json.dumps({"text": "Secret"}).encode()
    with Daemon(check.binary, check.model) as d:
        for what, body, word in (
                ("curl -d text=a", b"text=Secret", 'form data (NAME=VALUE): send a JSON object, such as {"text": "hello"}'),
                ("a form of several", b"a%20b=1&text=Secret", "form data"), ("a field of an array", b"texts[]=Secret", "form data"),
                ("curl -F", b'--------------------------d74496d6\r\nContent-Disposition: form-data; name="text"\r\n\r\nSecret\r\n', "multipart form"),
                ("--data-urlencode", b"%7B%22text%22%3A%22Secret%22%7D", "percent-encoded"),
                ("a BOM", b"\xef\xbb\xbf" + question, "byte order mark"), ("UTF-16", question.decode().encode("utf-16"), "UTF-16"),
                ("UTF-16LE", question.decode().encode("utf-16-le"), "UTF-16"), ("UTF-16BE", question.decode().encode("utf-16-be"), "UTF-16"),
                ("UTF-16BE with a BOM", b"\xfe\xff" + question.decode().encode("utf-16-be"), "UTF-16"),
                ("UTF-32", question.decode().encode("utf-32"), "UTF-32"), ("gzip", gzip.compress(question), "gzip"), ("zlib", zlib.compress(question), "zlib"),
                ("plain text", b"Secret words", "not JSON: send a JSON object"), ("a word that begins as true", b"the Secret", "send a JSON object"),
                ("Python's dict", b"{'text': 'Secret'}", "double quotes"), ("bare names", b"{text: Secret}", "name without quotes"),
                ("quotes that cmd.exe left", b"'{text:Secret}'", "single quote"), ("escaped quotes", b'{\\"text\\": \\"Secret\\"}', "backslash"), ("HTML", b"<p>Secret", "XML or HTML"),
                ("more than JSON", question + b"}", "trailing data after the JSON value at byte 18"), ("half of it", question[:-1], "expected at byte"), ("nothing", b"", "the body is empty")):
            a = d.ask(vectors(body))
            check(f"{what} is 422", is_error(a, 422) and word in a.json["error"] and word in a.json["detail"][0]["msg"], a)
            check(f"{what}: in words of ours", b"Secret" not in a.body, a)
        for headers in ((), ("Content-Type: application/x-www-form-urlencoded",), ("Content-Type: text/plain; charset=utf-16",)):
            check(f"JSON is JSON, whatever it is called: {headers}", d.ask(vectors(question, headers)).status == 200)
        a = d.ask(vectors(gzip.compress(question), ["Content-Encoding: gzip"]))
        check("a body said to be gzip", is_error(a, 415) and "gzip" in a.json["error"] and "uncompressed" in a.json["error"], a)
        a = d.ask(request("POST", "/vectors"))
        check("no body, no length", is_error(a, 422) and "neither Content-Length nor Transfer-Encoding" in a.json["error"], a)
        with d.connect() as c:
            c.send(request("POST", "/vectors") + question + b"\r\n")
            a, b = c.read(), c.read()
            check("a body without a length", is_error(a, 422) and "neither Content-Length" in a.json["error"] and is_error(b, 400) and "this is JSON" in b.json["error"], (a, b))
        a = d.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        check("https:// is told at once that this is http://", is_error(a, 400) and "TLS" in a.json["error"], a)


def check_limits(check):
    with Daemon(check.binary, check.model, "--max-body", "1000") as d:
        fits = b'{"text":"%s"}' % (b"a" * (1000 - 11))
        check("a body as large as the limit", d.ask(vectors(fits)).status == 200)
        a = d.ask(vectors(fits + b" "))
        check("one byte more", is_error(a, 413) and a.headers.get("connection") == "close", a)
        check("the error says the limit", "1000" in a.json["error"], a)
    with Daemon(check.binary, check.model) as d:
        head = b"POST /vectors HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        for n in (16 * 1024 * 1024 + 1, 209715200, 1 << 63, 10 ** 30):
            with d.connect() as c:
                c.send(head % n + b"{")
                check(f"{n} bytes are refused by the header alone", is_error(c.read(), 413))
                check("then the connection closes", c.closed())
        if check.binary != check.fake:
            a = d.ask(vectors({"text": "word " * 300000}))
            check("a text of many tokens answers or is too large", a.status in (200, 413), a)
    if check.binary != check.fake:
        with Daemon(check.binary, check.model, "--max-text-tokens", "50") as d:
            a = d.ask(vectors({"text": "word " * 100}))
            check("more tokens than the limit", is_error(a, 413) and "text: " in a.json["error"], a)
            a = d.ask(vectors({"texts": ["a", "word " * 100]}))
            check("in texts", is_error(a, 413) and "texts[1]: " in a.json["error"], a)


def check_tokens(check):
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "token1, token2"}) as d:
        for path in ("/.well-known/live", "/.well-known/ready"):
            check(f"{path} needs none", d.get(path).status == 204)
        check("/metrics needs none", d.get("/metrics").status == 200)
        for header in ((), ("Authorization: Bearer bad",), ("Authorization: token1",), ("Authorization: Bearer token1,token2",),
                       ("Authorization: Bearer ",), ("Authorization: Bearer",), ("Authorization: Basic token1",), ("Authorization: Bearer token11",)):
            for data in (request("GET", "/meta", headers=header), vectors({"text": TEXT}, header), vectors(b"{", header), vectors(b"", header),
                         request("GET", "/vectors", headers=header), request("GET", "/nope", headers=header),
                         b"POST /vectors HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n" + "".join(h + "\r\n" for h in header).encode() + b"\r\n{"):
                a = d.ask(data)
                check(f"{header} {data[:20]!r}", a.status == 401 and a.json == {"error": "Unauthorized"} and "www-authenticate" in a.headers, a)
        for header in ("Authorization: Bearer token1", "authorization:bearer token2"):
            check(header, d.get("/meta", [header]).status == 200 and d.ask(vectors({"text": TEXT}, [header])).status == 200)
            check("then the rest counts", d.ask(vectors(b"{", [header])).status == 422 and d.get("/nope", [header]).status == 404)
        with d.connect() as c:
            c.send(vectors({"text": TEXT}) + request("GET", "/meta", headers=["Authorization: Bearer token1"]))
            check("401 before a body that has come along keeps the connection", c.read().status == 401 and c.read().status == 200)
        said = d.said()
        check("no token in the log", "token1" not in said and "bad" not in said, said)


def check_metrics(check):
    with Daemon(check.binary, check.model) as d:
        for _ in range(3):
            d.ask(vectors({"text": TEXT}))
        d.ask(vectors(b"{"))
        d.get("/nope")
        a = d.get("/metrics")
        text = a.body.decode()
        check("a kind", a.headers["content-type"].startswith("text/plain; version=0.0.4"), a)
        for line in ('t2v_requests_total{route="/vectors",status="200"} 3', 't2v_requests_total{route="/vectors",status="422"} 1',
                     't2v_requests_total{route="other",status="404"} 1', 't2v_request_seconds_count{route="/vectors"} 4',
                     't2v_queue_seconds_count 3', 't2v_encode_seconds_count 3', 't2v_connections 1'):
            check(line, line in text.splitlines(), [x for x in text.splitlines() if x.startswith(line.split("{")[0].split(" ")[0])])
        check("tokens", d.metric("t2v_tokens_total") >= 3)
        names = [x.split(" ")[2] for x in text.splitlines() if x.startswith("# TYPE")]
        check("each name has one type", len(names) == len(set(names)), names)
        for line in text.splitlines():
            ok = line.startswith("#") or (len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) >= 0 and line.split("{")[0].split(" ")[0].startswith(("t2v_", "process_")))
            if not ok:
                check("a line", False, line)
        buckets = [int(x.rsplit(" ", 1)[1]) for x in text.splitlines() if x.startswith('t2v_request_seconds_bucket{route="/vectors"')]
        check("buckets grow to the count", buckets == sorted(buckets) and buckets[-1] == 4, buckets)


def check_metrics_of_model(check):
    """What is served and its limits; the process, as Prometheus's clients name it."""
    with Daemon(check.binary, check.model, "--threads", "1", "--max-queue", "7", "--max-connections", "99", env={"ENABLE_CACHE": "1"}) as d:
        d.ask(vectors({"text": TEXT}))
        d.ask(vectors({"text": TEXT + " Twice."}))
        meta, text = d.get("/meta").json, d.get("/metrics").body.decode()
        label = f't2v_model_info{{model="{check.model}",family="{meta["family"]}",vectorizer="{meta["vectorizer"]}",precision="{meta["precision"]}",kernels="'
        check("model, vectorizer, precision", label in text, text[:2000])
        for name, value in (("t2v_threads", 1), ("t2v_queue_limit", 7), ("t2v_connections_limit", 99), ("t2v_dimensions", meta["dimensions"]), ("t2v_cache_entries", 2), ("t2v_cache_limit", 1024),
                            ("t2v_sequence_limit_tokens", 500)):
            check(name, d.metric(name) == value, d.metric(name))
        check("bytes of the cache", d.metric("t2v_cache_bytes") > 2 * len(TEXT), d.metric("t2v_cache_bytes"))
        with open(f"/proc/{d.process.pid}/statm") as f:
            virtual, resident = (int(x) * os.sysconf("SC_PAGESIZE") for x in f.read().split()[:2])
        for name, low, high in (("process_resident_memory_bytes", resident / 2, resident * 2), ("process_virtual_memory_bytes", virtual / 2, virtual * 2), ("process_open_fds", 4, 40),
                                ("process_max_fds", 99, 1e9), ("process_start_time_seconds", time.time() - 60, time.time()), ("process_cpu_seconds_total", 1e-3, 60)):
            check(name, low <= d.metric(name) <= high, d.metric(name))
        check("the start does not move", len({d.metric("process_start_time_seconds") for _ in range(5)}) == 1)
        kinds = dict(x.split(" ")[2:4] for x in text.splitlines() if x.startswith("# TYPE process_"))
        check("their types", kinds.pop("process_cpu_seconds_total") == "counter" and set(kinds.values()) == {"gauge"}, kinds)
        before = d.metric("process_open_fds")
        with d.connect(), d.connect(), d.connect():
            time.sleep(0.05)
            check("open files are counted", d.metric("process_open_fds") == before + 3, d.metric("process_open_fds"))


def check_cut_texts(check):
    """A text that is cut at the token limit is counted, once, and none that just fits."""
    word = "a "
    for env, limit in (({}, 500), ({"T2V_TRANSFORMERS_DIRECT_TOKENIZE": "1"}, 500), ({"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "1"}, 512)):
        with Daemon(check.binary, check.model, env=env) as d:
            def cut(*texts, d=d):
                before = d.metric("t2v_texts_cut_total")
                check("an answer", d.ask(vectors({"texts": texts})).status == 200)
                return d.metric("t2v_texts_cut_total") - before
            limit = int(d.metric("t2v_sequence_limit_tokens"))
            fits, over = word * (limit - 2), word * (limit - 1)  # two are special
            check(f"{env}: one that fits", cut(fits) == 0)
            check(f"{env}: one token more", cut(over) == 1)
            check(f"{env}: far more", cut(word * 300000) == 1)
            check(f"{env}: of several", cut(fits, over, "short", over) == 2)
            check(f"{env}: two sentences are one text", cut(over + ". " + over + ".") == 1)
            a, b = (d.ask(vectors({"text": t})).json["vector"] for t in (over, word * 300000))
            check(f"{env}: what is cut does not count", a == b)


def check_cache(check):
    with Daemon(check.binary, check.model, env={"ENABLE_CACHE": "1"}) as d:
        first = d.ask(vectors({"text": TEXT}))
        again = d.ask(vectors({"text": TEXT}))
        check("the same answer", first.status == again.status == 200 and first.body == again.body, again)
        check("a hit, a miss", d.metric("t2v_cache_hits_total") == 1 and d.metric("t2v_cache_misses_total") == 1)
        a = d.ask(vectors({"text": TEXT, "config": {"pooling_strategy": "cls"}}))
        check("another pooling is another entry", a.status == 200 and a.json["vector"] != first.json["vector"], a)
        check("an error is not kept", [d.ask(vectors({"text": " "})).status for _ in range(2)] == [422, 422])
        check("nor found", d.ask(vectors({"text": TEXT, "config": {"pooling_strategy": "nope"}})).status == 500)
        answers = {}
        for i in range(1200):
            answers[i % 40] = d.ask(vectors({"text": f"text {i % 40}"})).json
        check("each its own", all(a["text"] == f"text {i}" for i, a in answers.items()))
        check("hits", d.metric("t2v_cache_hits_total") == 1 + 1160, d.metric("t2v_cache_hits_total"))
    with Daemon(check.binary, check.model) as d:
        d.ask(vectors({"text": TEXT}))
        d.ask(vectors({"text": TEXT}))
        check("off by default", d.metric("t2v_cache_hits_total") == 0)


def answers(d, host):
    try:
        return d.ask(request("GET", "/meta"), host=host).status == 200
    except OSError:
        return False


def check_default_address(check):
    """Without --listen it is port 8080 of every address, by one socket; IPv4 alone where the kernel has no IPv6."""
    for listen in ("[::]:{}", ":{}"):
        with Daemon(check.binary, check.model, listen=listen, before=lose_ipv6) as d:
            check(f"{listen} without IPv6", answers(d, "127.0.0.1") and not answers(d, "::1"), d.said())
            check("and the log says so", "no IPv6 here" in d.said() and "Address family not supported" in d.said(), d.said())
    d = Daemon(check.binary, check.model, listen="[::1]:{}", before=lose_ipv6)
    try:
        with d:
            check("an address of IPv6 has no substitute", False)
    except (RuntimeError, OSError):
        check("an address of IPv6 has no substitute", d.process.returncode == 1 and "Address family not supported" in d.said(), d.said())
    with Daemon(check.binary, check.model, listen="0.0.0.0:{}") as d:
        check("0.0.0.0 is IPv4 alone", answers(d, "127.0.0.1") and not answers(d, "::1"))


def check_listen(check):
    for listen, hosts in (("[::1]:{}", ["::1"]), (":{}", ["127.0.0.1", "::1"]), ("[::]:{}", ["127.0.0.1", "::1"]), ("localhost:{}", ["127.0.0.1"])):
        try:
            with Daemon(check.binary, check.model, listen=listen, host=hosts[0]) as d:
                for host in hosts:
                    check(f"{listen} on {host}", d.ask(request("GET", "/meta"), host=host).status == 200)
        except (RuntimeError, OSError) as e:
            if "::1" not in hosts or os.path.exists("/proc/net/if_inet6") and open("/proc/net/if_inet6").read():
                raise
            print(f"skipped {listen}, no IPv6 here: {e}"[:120])
    for listen in ("nonsense", "1.2.3.4", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "::1:8080", "[::1]8080"):
        d = Daemon(check.binary, check.model, listen=listen)
        try:
            with d:
                check(f"{listen} is refused", False)
        except (RuntimeError, OSError):
            check(f"{listen} is a usage error that names it", d.process.returncode == 2 and listen in d.said(), d.said())
    with Daemon(check.binary, check.model) as d:
        other = Daemon(check.binary, check.model, listen=f"127.0.0.1:{d.port}")
        other.port = 1
        try:
            with other:
                pass
        except RuntimeError:
            check("a port in use is exit 1", other.process.returncode == 1 and "in use" in other.said(), other.said())
