# SPDX-License-Identifier: BSD-3-Clause
"""Neither tokens nor texts reach the log, whatever its level and format, on every road that ends in an error."""
import itertools
import os
import signal
import subprocess

from daemon import OURS, Daemon, request, vectors

# In every place where a client can put something; each is looked for by itself, in its pieces, and as bytes.
TOKEN, BAD, TEXT, FIELD, PATH, POOLING = "TokSecretA1", "BadSecretB2", "TextSecretC3", "FieldSecretD4", "PathSecretE5", "PoolSecretF6"
SECRETS = [TOKEN, BAD, TEXT, FIELD, PATH, POOLING, "Secret"]
GOOD = f"Authorization: Bearer {TOKEN}"


def ask_everything(d):
    """Answers' statuses, so that a test sees that the roads were taken."""
    seen, text = set(), TEXT + " and a word."
    bodies = [{"text": text}, {"texts": [text, TEXT]}, {"text": text, "config": {"pooling_strategy": POOLING}}, {"text": TEXT, "config": {"task_type": FIELD}},
              {"text": text, "config": {"dimensions": FIELD}}, {"text": [TEXT]}, {"texts": TEXT}, {"texts": [TEXT, 3]}, {"texts": [TEXT, " "]}, {"text": text * 1000},
              {"text": text * 20000}, {FIELD: TEXT}, {"text": TEXT, "texts": [TEXT]}, b'{"text":"' + TEXT.encode(), TEXT.encode() * 10000, b'"' + TEXT.encode() + b'\xff"',
              b'{"text":"' + TEXT.encode() + b'\\ud800"}', {"text": TEXT, "config": {"pooling_strategy": "cls"}}] + [{"text": f"fail {-c} {TEXT}"} for c in range(1, 10)]
    for body, header in itertools.product(bodies, ([GOOD], [f"Authorization: Bearer {BAD}"], [f"Authorization: {BAD}"], [])):
        a = d.ask(vectors(body, [*header, f"X-Field: {FIELD}"]))
        seen.add(a.status)
    raw = [request(m, p, headers=h) for m in ("GET", "POST", PATH) for p in ("/meta", f"/{PATH}", f"/vectors?{PATH}", f"http://{PATH}/meta") for h in ([GOOD], [])]
    raw += [f"GET /{PATH} {FIELD}\r\n\r\n".encode(), f"GET /{PATH} HTTP/1.1\r\n{FIELD} : x\r\n\r\n".encode(), f"GET /\x01{PATH} HTTP/1.1\r\n\r\n".encode(),
            f"GET /meta HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nAuthorization: Bearer {BAD}\r\n\r\n".encode(),
            f"GET /meta HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\0\r\n\r\n".encode(), f"GET /meta HTTP/1.1\r\nHost: x\r\nExpect: {FIELD}\r\n\r\n".encode(),
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nTransfer-Encoding: {FIELD}\r\n\r\n".encode(), b"GET /" + PATH.encode() * 3000,
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nContent-Length: {FIELD}\r\n\r\n".encode(),
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nContent-Length: 99999999999\r\n\r\n{TEXT}".encode(),
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nContent-Length: 500\r\n\r\n{TEXT}".encode(),  # 408
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nTransfer-Encoding: chunked\r\n\r\n{TEXT}\r\n".encode(),
            f"POST /vectors HTTP/1.1\r\nHost: x\r\n{GOOD}\r\nContent-Encoding: {FIELD}\r\nContent-Length: 2\r\n\r\n{{}}".encode()]
    seen |= {a.status for a in (d.ask(x) for x in raw) if a is not None}
    for leave in ("reset", "close"):
        c = d.connect()
        c.send(vectors({"text": text * 100}, [GOOD]))
        c.reset() if leave == "reset" else c.sock.close()
    return seen


def fill_the_queue(check, d):
    crowd = [d.connect() for _ in range(8)]
    for c in crowd:
        c.send(vectors({"text": f"sleep 600 {TEXT}"}, [GOOD]))
    check("some are told to come again", 503 in {c.read().status for c in crowd})
    with d.connect() as c:
        c.send(vectors({"text": f"sleep 60000 {TEXT}"}, [GOOD]))
        d.process.send_signal(signal.SIGTERM)
        check("and at the end", c.read().status == 503)
    check("which comes", d.wait() == 0)


def check_log(check):
    for level, form in (("error", "text"), ("warn", "json"), ("info", "text"), ("debug", "text"), ("debug", "json")):
        for binary in (check.binary, check.fake):
            if binary is None:
                continue
            with Daemon(binary, check.model, "--log-level", level, "--log-format", form, "--max-queue", "3", "--queue-timeout", "0", "--read-timeout", "0.5", "--max-text-tokens", "30000",
                        env={"AUTHENTICATION_ALLOWED_TOKENS": f"{TOKEN},other", "ENABLE_CACHE": "1", "T2V_TYPO": FIELD}) as d:
                seen = ask_everything(d)
                check(f"{level}: every kind of answer", seen >= {200, 400, 401, 404, 405, 408, 413, 415, 417, 422, 500, 501}, seen)
                if binary == check.fake:
                    fill_the_queue(check, d)
                d.stop()
                said = d.said()
                found = [s for s in SECRETS if s.lower() in said.lower()]
                check(f"{level}, {form}: no secret is logged", not found, (found, [x for x in said.splitlines() if "secret" in x.lower()][:3]))
                check(f"{level}: there is a log", level != "debug" or said.count("request id=") + said.count('"message":"request",') > 100, len(said))


def check_start(check):
    """Nor does a start that fails say a token."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    for args, more in ((["--nonsense"], {}), (["--listen", "nonsense"], {}), (["--model", "/nowhere"], {}), ([], {"T2V_THREADS": "x"}), (["--max-queue", "0"], {}),
                       ([f"--token={TOKEN}"], {}), ([f"--authentication-allowed-tokens={TOKEN}"], {})):
        p = subprocess.run([check.binary, "serve", "--model", check.model, *args], env={**clean, "AUTHENTICATION_ALLOWED_TOKENS": TOKEN, **more}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        check(f"{args} {more} ends it", p.returncode in (1, 2), p.stdout)
        check("without a word about tokens", b"Secret" not in p.stdout, p.stdout)
    p = subprocess.run([check.binary, "serve", "--model", check.model], env={**clean, "AUTHENTICATION_ALLOWED_TOKENS": " , "}, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check("a list without a token does not mean that everybody may ask", p.returncode == 2 and b"no token" in p.stdout, p.stdout)


def check_no_hint(check):
    """401 is the same to the byte, whatever was wrong with the token, and says nothing of what it guards."""
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": f"{TOKEN},x"}) as d:
        bodies = set()
        for header in ([], ["Authorization: Bearer"], ["Authorization: Bearer "], [f"Authorization: Bearer {TOKEN[:-1]}"], [f"Authorization: Bearer {TOKEN}x"],
                       [f"Authorization: Bearer {TOKEN.lower()}"], [f"Authorization: Bearer {TOKEN},x"], [f"Authorization: Basic {TOKEN}"], [f"Authorization: {TOKEN}"],
                       ["Authorization: Bearer " + "y" * 10000], ["Authorization: Bearer " + (TOKEN * 2)], [f"Authorization: Bearer {TOKEN} {TOKEN}"]):
            for path in ("/meta", "/vectors", "/nope"):
                a = d.get(path, header)
                a.headers.pop("date")
                bodies.add((a.status, a.body, tuple(sorted(a.headers.items()))))
        check("one answer for all", len(bodies) == 1 and next(iter(bodies))[:2] == (401, b'{"error":"Unauthorized"}'), bodies)
        check("the scheme in any letters, the token in its own", d.get("/meta", [f"Authorization: bEaReR   {TOKEN} "]).status == 200)
