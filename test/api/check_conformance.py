# SPDX-License-Identifier: BSD-3-Clause
"""HTTP/1.1 as RFC 9110 and 9112 have it: a table of bytes, each row with the section that decides it and the answers that must come.

Where a section lets a server choose, the row is what we chose, the stricter way: two parties that read the same bytes must
not see different requests. `test/peers/run` asks another server the same.
"""
import re

from daemon import Daemon, request

Q = b'{"text":"hello there"}'
GET = b"GET /.well-known/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /vectors HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
OPEN, CLOSED = "stays open", "closes"


def get(fields=b"", target=b"/.well-known/live", method=b"GET", version=b"HTTP/1.1", host=b"Host: x\r\n"):
    return b"%s %s %s\r\n%s%s\r\n" % (method, target, version, host, fields)


def post(fields, body=Q, version=b"HTTP/1.1"):
    return b"POST /vectors %s\r\nHost: x\r\n%s\r\n%s" % (version, fields, body)


def length(n=len(Q)):
    return b"Content-Length: %d\r\n" % n


def chunked(*parts):
    return CHUNKED + b"".join(parts)


def chunk(data=Q, extension=b"", size=None):
    return (b"%x" % len(data) if size is None else size) + extension + b"\r\n" + data + b"\r\n"


END = b"0\r\n\r\n"

# (section, what, bytes, status of each answer, then). Sections without a number of their own are RFC 9112's.
ROWS = [
    ("2.2", "a request", GET, [204], OPEN),
    ("2.2", "empty lines before it", b"\r\n\r\n" + GET, [204], OPEN),
    ("2.2", "an empty line between two", GET + b"\r\n" + GET, [204, 204], OPEN),
    ("2.2", "bare LF after the request line", GET.replace(b"1.1\r\n", b"1.1\n"), [400], CLOSED),
    ("2.2", "bare LF after a field", get(b"A: b\n"), [400], CLOSED),
    ("2.2", "bare LF at the end of the head", GET[:-2] + b"\n", [400], CLOSED),
    ("2.2", "bare CR in the request line", b"GET /meta\rHTTP/1.1\r\nHost: x\r\n\r\n", [400], CLOSED),
    ("2.2", "bare CR in a field's value", get(b"A: b\rc\r\n"), [400], CLOSED),
    ("2.2", "CR CR LF", get(b"A: b\r\r\n"), [400], CLOSED),
    ("2.2", "white space before the first field", b"GET /meta HTTP/1.1\r\n Host: x\r\n\r\n", [400], CLOSED),
    ("2.2", "a NUL before the method", b"\0" + GET, [400], CLOSED),
    ("2.3", "HTTP/1.2 is read as 1.1", get(version=b"HTTP/1.2"), [204], OPEN),
    ("2.3", "HTTP/2.0", get(version=b"HTTP/2.0"), [505], CLOSED),
    ("2.3", "HTTP/0.9, named", get(version=b"HTTP/0.9"), [505], CLOSED),
    ("2.3", "HTTP/0.9, a line", b"GET /meta\r\n", [400], CLOSED),
    ("2.3", "HTTP/1.10", get(version=b"HTTP/1.10"), [400], CLOSED),
    ("2.3", "HTTP/01.1", get(version=b"HTTP/01.1"), [400], CLOSED),
    ("2.3", "small letters", get(version=b"http/1.1"), [400], CLOSED),
    ("2.3", "another protocol", get(version=b"HTTX/1.1"), [400], CLOSED),
    ("2.3", "something after it", get(version=b"HTTP/1.1 x"), [400], CLOSED),
    ("3", "two blanks before the target", get(target=b" /meta"), [400], CLOSED),
    ("3", "two blanks after the target", get(target=b"/meta "), [400], CLOSED),
    ("3", "a tab for a blank", b"GET\t/meta HTTP/1.1\r\nHost: x\r\n\r\n", [400], CLOSED),
    ("3", "a blank before the method", b" " + GET, [400], CLOSED),
    ("3", "a blank at the end", get(version=b"HTTP/1.1 "), [400], CLOSED),
    ("3", "a target of 15,000 bytes", get(target=b"/" + b"a" * 15000), [404], OPEN),
    ("3", "of 17,000", get(target=b"/" + b"a" * 17000), [400], CLOSED),
    ("3.1", "methods are upper case", get(method=b"get"), [405], OPEN),
    ("3.1", "one that nobody knows", get(method=b"FROB"), [405], OPEN),
    ("3.1", "one that is no token", get(method=b"G(T"), [400], CLOSED),
    ("3.1", "an empty one", get(method=b""), [400], CLOSED),
    ("3.2", "no Host", get(host=b""), [400], CLOSED),
    ("3.2", "an empty Host", get(host=b"Host:\r\n"), [204], OPEN),
    ("3.2", "two Hosts", get(b"Host: x\r\n"), [400], CLOSED),
    ("3.2", "two in one", get(host=b"Host: x, y\r\n"), [400], CLOSED),
    ("3.2", "one with a blank", get(host=b"Host: x y\r\n"), [400], CLOSED),
    ("3.2", "no target", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n", [400], CLOSED),
    ("3.2", "neither form", get(target=b"meta"), [400], CLOSED),
    ("3.2", "a fragment", get(target=b"/meta#x"), [400], CLOSED),
    ("3.2", "bytes above 127", get(target="/mëta".encode()), [400], CLOSED),
    ("3.2", "DEL", get(target=b"/me\x7fta"), [400], CLOSED),
    ("3.2.1", "a query", get(target=b"/.well-known/live?a=b&c"), [204], OPEN),
    ("3.2.1", "dots are not walked", get(target=b"/x/../.well-known/live"), [404], OPEN),
    ("3.2.1", "nor percent signs decoded", get(target=b"/%2ewell-known/live"), [404], OPEN),
    ("3.2.2", "an absolute URI, its host before Host", get(target=b"http://elsewhere:80/.well-known/live?q"), [204], OPEN),
    ("3.2.2", "https, in capitals", get(target=b"HTTPS://x/.well-known/live"), [204], OPEN),
    ("3.2.2", "one without a path", get(target=b"http://x"), [200], OPEN),
    ("3.2.2", "one without a host", get(target=b"http:///meta"), [400], CLOSED),
    ("3.2.2", "another scheme", get(target=b"ftp://x/meta"), [400], CLOSED),
    ("3.2.2", "Host is needed beside it", get(target=b"http://x/meta", host=b""), [400], CLOSED),
    ("3.2.3", "CONNECT", get(target=b"x:443", method=b"CONNECT"), [400], CLOSED),
    ("3.2.4", "OPTIONS *", get(target=b"*", method=b"OPTIONS"), [404], OPEN),
    ("5", "no colon", get(b"Nonsense\r\n"), [400], CLOSED),
    ("5", "no name", get(b": x\r\n"), [400], CLOSED),
    ("5.1", "a blank before the colon", get(b"A : b\r\n"), [400], CLOSED),
    ("5.1", "a tab before the colon", get(b"A\t: b\r\n"), [400], CLOSED),
    ("5.1", "a name that is no token", get(b"A(b): c\r\n"), [400], CLOSED),
    ("5.1", "a name above 127", get("Ä: b\r\n".encode()), [400], CLOSED),
    ("5.1", "no blank after the colon", get(b"A:b\r\n"), [204], OPEN),
    ("5.1", "an empty value", get(b"A:\r\n"), [204], OPEN),
    ("5.1", "tabs and blanks around it", get(b"A: \t b \t \r\n"), [204], OPEN),
    ("5.2", "a folded line", get(b"A: b\r\n c\r\n"), [400], CLOSED),
    ("5.2", "folded by a tab", get(b"A: b\r\n\tc\r\n"), [400], CLOSED),
    ("5.2", "a line of blanks", get(b"A: b\r\n \r\n"), [400], CLOSED),
    ("9110 5.4", "100 fields", get(b"A: b\r\n" * 99), [204], OPEN),
    ("9110 5.4", "101 fields", get(b"A: b\r\n" * 100), [400], CLOSED),
    ("9110 5.4", "a head above 16 KiB", get(b"A: " + b"b" * 17000 + b"\r\n"), [400], CLOSED),
    ("9110 5.5", "NUL in a value", get(b"A: b\0c\r\n"), [400], CLOSED),
    ("9110 5.5", "ESC in a value", get(b"A: \x1b[31m\r\n"), [400], CLOSED),
    ("9110 5.5", "a tab inside a value", get(b"A: b\tc\r\n"), [204], OPEN),
    ("9110 5.5", "bytes above 127", get("A: größe\r\n".encode()), [204], OPEN),
    ("6.1", "chunked", chunked(chunk(), END), [200], OPEN),
    ("6.1", "in any letters", post(b"transfer-ENCODING: ChunKed\r\n", chunk() + END), [200], OPEN),
    ("6.1", "beside Content-Length", post(b"Transfer-Encoding: chunked\r\n" + length(5), END), [400], CLOSED),
    ("6.1", "after Content-Length", post(length(5) + b"Transfer-Encoding: chunked\r\n", END), [400], CLOSED),
    ("6.1", "in HTTP/1.0", post(b"Transfer-Encoding: chunked\r\n", chunk() + END, b"HTTP/1.0"), [400], CLOSED),
    ("6.1", "twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", END), [400], CLOSED),
    ("6.1", "twice in one", post(b"Transfer-Encoding: chunked, chunked\r\n", END), [501], CLOSED),
    ("6.1", "not the last", post(b"Transfer-Encoding: chunked, gzip\r\n", END), [501], CLOSED),
    ("6.1", "after another", post(b"Transfer-Encoding: gzip, chunked\r\n", END), [501], CLOSED),
    ("6.1", "identity", post(b"Transfer-Encoding: identity\r\n" + length()), [501], CLOSED),
    ("6.1", "identity alone", post(b"Transfer-Encoding: identity\r\n", END), [501], CLOSED),
    ("6.1", "an unknown one", post(b"Transfer-Encoding: xchunked\r\n", END), [501], CLOSED),
    ("6.1", "a vertical tab before it", post(b"Transfer-Encoding: \x0bchunked\r\n", END), [400], CLOSED),
    ("6.1", "an empty one", post(b"Transfer-Encoding:\r\n", END), [501], CLOSED),
    ("6.1", "with a parameter", post(b"Transfer-Encoding: chunked;q=1\r\n", END), [501], CLOSED),
    ("6.1", "a name that looks like it", post(b"Transfer_Encoding: chunked\r\n" + length()), [200], OPEN),
    ("6.2", "Content-Length", post(length()), [200], OPEN),
    ("6.2", "with zeros before it", post(b"Content-Length: 00022\r\n"), [200], OPEN),
    ("6.2", "none", post(b"", b""), [422], OPEN),
    ("6.2", "0", post(length(0), b""), [422], OPEN),
    ("6.3", "two of them", post(length() + length(23)), [400], CLOSED),
    ("6.3", "two that are the same", post(length() + length()), [400], CLOSED),
    ("6.3", "a list", post(b"Content-Length: 22, 22\r\n"), [400], CLOSED),
    ("6.3", "a sign", post(b"Content-Length: +22\r\n"), [400], CLOSED),
    ("6.3", "a minus", post(b"Content-Length: -1\r\n"), [400], CLOSED),
    ("6.3", "hex", post(b"Content-Length: 0x16\r\n"), [400], CLOSED),
    ("6.3", "a fraction", post(b"Content-Length: 22.0\r\n"), [400], CLOSED),
    ("6.3", "empty", post(b"Content-Length:\r\n"), [400], CLOSED),
    ("6.3", "two numbers", post(b"Content-Length: 2 2\r\n"), [400], CLOSED),
    ("6.3", "other digits", post("Content-Length: ２２\r\n".encode()), [400], CLOSED),
    ("6.3", "2^64 + 22", post(b"Content-Length: 18446744073709551638\r\n"), [413], CLOSED),
    ("6.3", "400 digits", post(b"Content-Length: " + b"9" * 400 + b"\r\n"), [413], CLOSED),
    ("6.3", "bytes after the body are the next request", post(length()) + GET, [200, 204], OPEN),
    ("6.3", "a request inside a body is none", post(length(len(GET)), GET) + GET, [422, 204], OPEN),
    ("7.1", "many chunks", chunked(*(chunk(Q[i:i + 1]) for i in range(len(Q))), END), [200], OPEN),
    ("7.1", "sizes in capitals, with zeros", chunked(b"000A\r\n" + Q[:10] + b"\r\n", chunk(Q[10:]), b"000\r\n\r\n"), [200], OPEN),
    ("7.1", "no chunk but the last", chunked(END), [422], OPEN),
    ("7.1", "the next request after it", chunked(chunk(), END) + GET, [200, 204], OPEN),
    ("7.1", "no size", chunked(b"\r\n" + Q), [400], CLOSED),
    ("7.1", "a size that is none", chunked(chunk(size=b"g")), [400], CLOSED),
    ("7.1", "0x", chunked(chunk(size=b"0x16")), [400], CLOSED),
    ("7.1", "a sign", chunked(chunk(size=b"+16")), [400], CLOSED),
    ("7.1", "a minus", chunked(chunk(size=b"-16")), [400], CLOSED),
    ("7.1", "a blank before it", chunked(chunk(size=b" 16")), [400], CLOSED),
    ("7.1", "a blank after it", chunked(chunk(size=b"16 ")), [400], CLOSED),
    ("7.1", "an underscore", chunked(chunk(size=b"1_6")), [400], CLOSED),
    ("7.1", "2^64 + 22", chunked(chunk(size=b"10000000000000016")), [413], CLOSED),
    ("7.1", "17 digits", chunked(chunk(size=b"fffffffffffffffff")), [413], CLOSED),
    ("7.1", "2,000 zeros", chunked(chunk(size=b"0" * 2000)), [400], CLOSED),
    ("7.1", "a chunk longer than its size", chunked(chunk(size=b"15"), END), [400], CLOSED),
    ("7.1", "a chunk shorter than its size", chunked(chunk(size=b"17"), END), [400], CLOSED),
    ("7.1", "bare LF after a size", chunked(b"16\n" + Q + b"\r\n" + END), [400], CLOSED),
    ("7.1", "bare LF after a chunk", chunked(b"16\r\n" + Q + b"\n" + END), [400], CLOSED),
    ("7.1", "bare CR after a chunk", chunked(b"16\r\n" + Q + b"\r" + END), [400], CLOSED),
    ("7.1.1", "an extension", chunked(chunk(extension=b";a=b;c"), b"0;d\r\n\r\n"), [200], OPEN),
    ("7.1.1", "a quoted one", chunked(chunk(extension=b';a="b;\\"c"'), END), [200], OPEN),
    ("7.1.1", "blanks before the semicolon", chunked(chunk(extension=b" ; a"), END), [200], OPEN),
    ("7.1.1", "no semicolon", chunked(chunk(extension=b" a=b"), END), [400], CLOSED),
    ("7.1.1", "a control character", chunked(chunk(extension=b";a\0b"), END), [400], CLOSED),
    ("7.1.1", "bare LF in it", chunked(chunk(extension=b";a\nb"), END), [400], CLOSED),
    ("7.1.1", "bare CR in it", chunked(chunk(extension=b";a\rb"), END), [400], CLOSED),
    ("7.1.1", "one of 2,000 bytes", chunked(chunk(extension=b";" + b"a" * 2000), END), [400], CLOSED),
    ("7.1.1", "100 KB in small ones", chunked(*(chunk(b" ", b";" + b"a" * 1000) for _ in range(100)), END), [400], CLOSED),
    ("7.1.2", "trailers", chunked(chunk(), b"0\r\nA: b\r\nC: d\r\n\r\n") + GET, [200, 204], OPEN),
    ("7.1.2", "a trailer is no header", chunked(chunk(), b"0\r\nContent-Length: 5\r\nConnection: close\r\n\r\n") + GET, [200, 204], OPEN),
    ("7.1.2", "a folded trailer", chunked(chunk(), b"0\r\nA: b\r\n c\r\n\r\n"), [400], CLOSED),
    ("7.1.2", "a blank before a trailer's colon", chunked(chunk(), b"0\r\nA : b\r\n\r\n"), [400], CLOSED),
    ("7.1.2", "bare LF after the trailers", chunked(chunk(), b"0\r\nA: b\r\n\n"), [400], CLOSED),
    ("7.1.2", "101 trailers", chunked(chunk(), b"0\r\n", b"A: b\r\n" * 101, b"\r\n"), [400], CLOSED),
    ("9.3", "HTTP/1.0", get(version=b"HTTP/1.0"), [204], CLOSED),
    ("9.3", "HTTP/1.0 without Host", get(version=b"HTTP/1.0", host=b""), [204], CLOSED),
    ("9.3", "HTTP/1.0 that asks", get(b"Connection: Keep-Alive\r\n", version=b"HTTP/1.0"), [204], OPEN),
    ("9.3", "a body in HTTP/1.0", post(length(), version=b"HTTP/1.0"), [200], CLOSED),
    ("9.3", "close", get(b"Connection: close\r\n") + GET, [204], CLOSED),
    ("9.3", "close in a list", get(b"Connection: foo , CLOSE\r\n") + GET, [204], CLOSED),
    ("9.3", "close in the second field", get(b"Connection: keep-alive\r\nConnection: close\r\n") + GET, [204], CLOSED),
    ("9.3", "close beside keep-alive, HTTP/1.0", get(b"Connection: keep-alive, close\r\n", version=b"HTTP/1.0"), [204], CLOSED),
    ("9.3.2", "pipelined", GET + post(length()) + get(method=b"HEAD") + chunked(chunk(), END) + GET, [204, 200, 204, 200, 204], OPEN),
    ("9.3.2", "an error does not lose the next", post(length(1), b"{") + GET, [422, 204], OPEN),
    ("9.6", "nothing after a bad one", b"x\r\n\r\n" + GET, [400], CLOSED),
    ("9110 7.8", "upgrade to h2c", get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), [204], OPEN),
    ("9110 7.8", "upgrade to a web socket", get(b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"), [204], OPEN),
    ("9110 8.4", "a body that is encoded", post(b"Content-Encoding: gzip\r\n" + length()), [415], OPEN),
    ("9110 8.4", "identity is none", post(b"Content-Encoding: identity\r\n" + length()), [200], OPEN),
    ("9110 9.3.1", "a body of a GET is read and dropped", get(length(len(GET))) + GET + GET, [204, 204], OPEN),
    ("9110 9.3.2", "HEAD", get(method=b"HEAD", target=b"/meta") + GET, [200, 204], OPEN),
    ("9110 9.3.7", "OPTIONS", get(method=b"OPTIONS"), [405], OPEN),
    ("9110 9.3.8", "TRACE is not echoed", get(b"Authorization: Bearer secret\r\n", method=b"TRACE"), [405], OPEN),
    ("9110 10.1.1", "100-continue, the body along", post(b"Expect: 100-continue\r\n" + length()), [200], OPEN),
    ("9110 10.1.1", "in capitals", post(b"Expect: 100-CONTINUE\r\n" + length()), [200], OPEN),
    ("9110 10.1.1", "without a body", get(b"Expect: 100-continue\r\n"), [204], OPEN),
    ("9110 10.1.1", "another expectation", get(b"Expect: tea\r\n"), [417], CLOSED),
    ("9110 10.1.1", "HTTP/1.0 has none", get(b"Expect: tea\r\n", version=b"HTTP/1.0"), [204], CLOSED),
    ("9110 11.6.2", "two Authorizations", get(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), [400], CLOSED),
    ("9110 13.1", "conditions are not for us", get(b"If-None-Match: *\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", target=b"/meta"), [200], OPEN),
    ("9110 14.2", "nor ranges", get(b"Range: bytes=0-1\r\n", target=b"/meta"), [200], OPEN),
]


def heads(data):
    """Which of the requests ask for the head alone."""
    return [x == b"HEAD" for x in re.findall(rb"(?:^|\r\n|\})(GET|HEAD|POST) ", data)]


def check_table(check):
    with Daemon(check.binary, check.model) as d:
        for section, what, data, statuses, then in ROWS:
            name = f"{section} {what}"
            with d.connect() as c:
                c.send(data)
                only = heads(data) + [False] * 9
                answers = [c.read(head_only=only[i]) for i in range(len(statuses))]
                check(name, [a and a.status for a in answers] == statuses, answers)
                if then == CLOSED:
                    check(f"{name}: then it closes", c.closed(), c.rest)
                    check(f"{name}: and says so", answers[-1] is not None and answers[-1].headers.get("connection") == "close", answers[-1])
                else:
                    c.send(GET)
                    a = c.read()
                    check(f"{name}: it stays open", a is not None and a.status == 204, a)


def check_every_answer(check):
    """What each answer has, whatever its status."""
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        token = ["Authorization: Bearer t"]
        for data, status in ((GET, 204), (request("GET", "/meta"), 401), (request("GET", "/meta", headers=token), 200), (request("GET", "/nope", headers=token), 404),
                             (request("GET", "/vectors", headers=token), 405), (request("POST", "/vectors", b"{", headers=token), 422), (b"x\r\n\r\n", 400),
                             (get(version=b"HTTP/3.0"), 505), (get(b"Expect: tea\r\n"), 417)):
            a = d.ask(data)
            check(f"{status}", a.status == status, a)
            check(f"{status} has an IMF-fixdate (9110 6.6.1)", re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", a.headers.get("date", "")), a)
            check(f"{status} has no length when it has no body (9110 8.6)", ("content-length" in a.headers) == (status != 204), a)
            check(f"{status} has a type (9110 8.3)", ("content-type" in a.headers) == (status != 204), a)
            check(f"{status} is JSON", status == 204 or bool(a.json), a)
            check(f"{status} and WWW-Authenticate (9110 11.6.1)", ("www-authenticate" in a.headers) == (status == 401), a)
            check(f"{status} and Allow (9110 10.2.1)", ("allow" in a.headers) == (status == 405), a)
        long, short = d.ask(request("GET", "/meta", headers=token)), d.ask(request("HEAD", "/meta", headers=token))
        long.headers.pop("date"), short.headers.pop("date")
        check("HEAD has the fields of GET (9110 9.3.2)", short.headers == long.headers and short.body == b"", (short, long))


def check_cut_table(check):
    """Each row again in pieces, the cuts by turns before and after the ends of lines: the same answers."""
    with Daemon(check.binary, check.model) as d:
        for turn, (section, what, data, statuses, _) in enumerate(ROWS):
            if len(data) > 5000 or not data:
                continue
            with d.connect() as c:
                at, step = 0, 1 + turn % 7
                try:
                    while at < len(data):
                        end = data.find(b"\n", at) + turn % 2
                        end = min(end, at + step * 11) if end > at else at + step
                        c.send(data[at:end])
                        at = end
                except OSError:
                    pass
                only = heads(data) + [False] * 9
                got = [c.read(head_only=only[i]) for i in range(len(statuses))]
                check(f"{section} {what}, in pieces", [a and a.status for a in got] == statuses, got)
