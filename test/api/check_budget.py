# SPDX-License-Identifier: BSD-3-Clause
"""What clients make the service hold: the process never takes much more than --max-memory, a slow reader keeps nobody out, and memory comes
back. test/soak/run measures the same with larger loads."""
import json
import os
import socket
import threading
import time

from checks import until
from daemon import Daemon, request, vectors

Q = {"text": "hello there"}
HEADS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "heads")
GENERATOR = os.path.join(os.path.dirname(HEADS), "generators", "marked")
LABELS, RERANKER = os.path.join(HEADS, "sequence-distilbert"), os.path.join(HEADS, "cross-encoder")
SPARE_MIB = 64
NOTHING_WRITTEN = {"MALLOC_PERTURB_": "0"}  # meson has malloc write to all that it gives, which makes it resident


def mib(d, key):
    with open(f"/proc/{d.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key + ":")) / 1024


def clear_peak(d):
    """From here on VmHWM is the most that it comes to."""
    with open(f"/proc/{d.process.pid}/clear_refs", "w") as f:
        f.write("5")


def begin(d):
    """Resident now."""
    d.ask(vectors(Q))
    clear_peak(d)
    return mib(d, "VmRSS")


def all_at_once(d, body, n):
    return send_all(d, request("POST", "/vectors", body), n)


def send_all(d, asked, n):
    """The status of each answer; None where the connection ended without one."""
    answers = []

    def go():
        try:
            a = d.ask(asked)
        except OSError:  # it was closed while it sent
            a = None
        answers.append(a and a.status)
    threads = [threading.Thread(target=go) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


def are_answered(d, said, statuses):
    """Each has one of these statuses, 200 among them, but those that were closed to make room: they had sent or taken nothing for a second."""
    return set(said) <= {*statuses, None} and 200 in said and said.count(None) <= d.metric("t2v_slow_readers_closed_total")


def crowd(d, head, n):
    conns = []
    for _ in range(n):
        c = socket.create_connection(("127.0.0.1", d.port))
        c.sendall(head)
        conns.append(c)
    time.sleep(1)
    for c in conns:
        c.close()
    return [200]


LOADS = {
    "unknown members": lambda d: all_at_once(d, b'{"text":"a","x":[' + b",".join([b'{"a":1}'] * 100000) + b"]}", 30),
    "many short texts": lambda d: all_at_once(d, json.dumps({"texts": ["a"] * 30000}).encode(), 12),
    "texts that grow with their escapes": lambda d: all_at_once(d, json.dumps({"text": "\x01 " * 500000}).encode(), 12),
    "long words": lambda d: all_at_once(d, json.dumps({"text": "a" * 4000000}).encode(), 12),
    "half-sent bodies": lambda d: crowd(d, b"POST /vectors HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 60000, 800),
    "half-sent bodies in chunks": lambda d: crowd(d, b"POST /vectors HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nf000\r\n" + b"a" * 60000, 800),
    "half-sent heads": lambda d: crowd(d, b"GET /meta HTTP/1.1\r\nx: " + b"a" * 15000, 800),
}


def check_peak(check):
    """The most that is resident rises by --max-memory and 64 MiB at most, and comes back within 10 s. Answers are 200 or 503."""
    if check.sanitized:
        print("skipped, memory under sanitizers")
        return
    for what, load in LOADS.items():
        with Daemon(check.binary, check.model, "--max-memory", "64m", files=4096, env=NOTHING_WRITTEN) as d:
            before = begin(d)
            said = load(d)
            check(f"{what}: 200 or 503", are_answered(d, said, {200, 503}), said)
            peak = mib(d, "VmHWM") - before
            check(f"{what}: the peak", peak <= 64 + SPARE_MIB, f"{peak:.0f} MiB, {said}")
            end = time.monotonic() + 10 * check.slack
            while mib(d, "VmRSS") - before > SPARE_MIB / 2 and time.monotonic() < end:
                time.sleep(0.2)
            check(f"{what}: memory comes back", mib(d, "VmRSS") - before <= SPARE_MIB / 2, mib(d, "VmRSS") - before)
            check(f"{what}: nothing is held", until(lambda: d.metric("t2v_memory_held_bytes") < 20000), d.metric("t2v_memory_held_bytes"))


def completions(n, **more):
    return lambda d: send_all(d, request("POST", "/v1/completions", json.dumps({"prompt": "a b c", "n": 128, "max_tokens": 2, **more}).encode()), n)


GENERATED = {
    "stop strings": completions(12, stop=[f"{i:03}" + "x" * 120 for i in range(512)]),
    "biases and penalties": completions(30, logit_bias={str(i): 1 for i in range(4096)}, repetition_penalty=1.5),
    "a large schema": completions(3, response_format={"type": "json_schema", "json_schema": {"schema": {"enum": [f"x{i}" + "y" * 1000 for i in range(1000)]}}}),
    "many ways to go on": completions(6, max_tokens=5, response_format={"type": "json_schema", "json_schema": {"schema": {
        "anyOf": [{"type": "array", "items": {"type": "integer"}, "minItems": i} for i in range(300)]}}}),
}


def check_generated_peak(check):
    """The same of texts that are generated, many for each request."""
    if check.sanitized:
        print("skipped, memory under sanitizers")
        return
    for what, load in GENERATED.items():
        with Daemon(check.binary, GENERATOR, "--max-memory", "64m", env=NOTHING_WRITTEN) as d:
            first = request("POST", "/v1/completions", b'{"prompt":"a","max_tokens":1,"response_format":{"type":"json_object"}}')
            d.ask(first)
            clear_peak(d)
            before = mib(d, "VmRSS")
            said = load(d)
            check(f"{what}: answered, refused or 503", are_answered(d, said, {200, 413, 503}), said)
            check(f"{what}: the peak", mib(d, "VmHWM") - before <= 64 + SPARE_MIB, f"{mib(d, 'VmHWM') - before:.0f} MiB, {said}")
            check(f"{what}: nothing is held", until(lambda: d.metric("t2v_memory_held_bytes") < 20000), d.metric("t2v_memory_held_bytes"))
            check(f"{what}: others are answered", d.ask(first).status == 200)


def check_never_fits(check):
    """A request that alone takes more than --max-memory: 413 with both numbers, and no Retry-After. A smaller one is answered."""
    with Daemon(check.binary, check.model, "--max-memory", "1m") as d:
        for what, texts in (("read by the loop", ["a"] * 5000), ("read by the clerk", ["a"] * 5000 + ["b " * 50000])):
            a = d.ask(vectors({"texts": texts}))
            numbers = [int(word) for word in a.json["error"].split() if word.isdigit()]
            check(f"{what}: 413", a.status == 413 and "max-memory" in a.json["error"] and "retry-after" not in a.headers, a)
            check(f"{what}: both numbers", len(numbers) == 2 and numbers[0] > numbers[1] == (1 << 20) * 7 // 8, a)
        check("less is answered", d.ask(vectors({"texts": ["a"] * 20})).status == 200)
        check("nothing stays held", d.metric("t2v_memory_held_bytes") < 20000, d.metric("t2v_memory_held_bytes"))


def check_batch_of_labels(check):
    """A batch of 2 MB for /predict whose 400,000 items are read, and then are too much: reading them takes less than --max-memory."""
    if check.sanitized:
        print("skipped, memory under sanitizers")
        return
    with Daemon(check.binary, LABELS, "--max-memory", "32m", env=NOTHING_WRITTEN) as d:
        ask = request("POST", "/predict", b'{"inputs":[["a"],' + b",".join([b'[""]'] * 400000) + b"]}")
        d.ask(request("POST", "/predict", b'{"inputs":"a"}'))
        clear_peak(d)
        before = mib(d, "VmRSS")
        a = d.ask(ask)
        check("too much for an answer", a.status == 413 and "max-memory" in a.json["error"], a)
        check("the peak", mib(d, "VmHWM") - before < 24, mib(d, "VmHWM") - before)
        a = d.ask(request("POST", "/predict", b'{"inputs":[' + b'["a"],' * 20000 + b"[1]]}"))
        check("the item that is wrong", a.status == 422 and a.json["error"].startswith("inputs[20000]: "), a)


def check_reading_is_held(check):
    """Texts of three bytes, for which a list has many times more: they are counted before they are read. So many commas in one text are not."""
    for model, path, name in ((RERANKER, "/rerank", "texts"), (RERANKER, "/v2/rerank", "documents"), (LABELS, "/", "inputs")):
        with Daemon(check.binary, model, "--max-memory", "16m") as d:
            said = []
            for items in ([b'""'] * 400000, [b'"' + b"," * 1200000 + b'"'], [b'"a"'] * 100):
                a = d.ask(request("POST", path, b'{"query":"a","' + name.encode() + b'":[' + b" , ".join(items) + b"]}"))
                said.append(a.status)
                if a.status == 413:
                    numbers = [int(word) for word in a.body.decode().split() if word.isdigit()]
                    check(f"{path}: counted before they are read", numbers[0] == 2 * (len(items) * 5 - 3 + len(b'{"query":"a","":[]}') + len(name)) + 56 * (len(items) + 1), numbers)
            check(f"{path}: the first is too much", said == [413, 200, 200], said)


def check_slow_readers(check):
    """Six that take nothing of large answers: short texts are answered all the while, and large ones as soon as one of the six has gone."""
    binary = check.fake if check.sanitized and check.fake else check.binary  # the vectors are not what is looked at
    with Daemon(binary, check.model, "--max-memory", "100m", env={"FAKE_DIM": "32"}) as d:
        large = vectors({"texts": ["a"] * 21845})
        slow = [d.connect(receive_bytes=4096) for _ in range(6)]
        for c in slow:
            c.send(large)
        said = []
        for _ in range(100):
            said.append(d.ask(vectors(Q)).status)
            time.sleep(0.02)
        check("short texts", said == [200] * 100, said)
        time.sleep(1.5)
        check("a large one", d.ask(large).status == 200)


def check_slow_sender(check):
    """A client that needs more than a second for its body, and nearly all memory, is answered: it makes no room for itself by going."""
    with Daemon(check.binary, check.model, "--max-memory", "10m") as d:
        body = b'{"text":"a","x":"' + b"a" * 3500000 + b'"}'
        with d.connect() as c:
            head = request("POST", "/vectors", headers=[f"Content-Length: {len(body)}"])
            c.send(head + body[:3000000])
            time.sleep(1.3)
            c.send(body[3000000:])
            a = c.read()
            check("it is answered", a is not None and a.status == 200, a)
            c.send(vectors(Q))
            a = c.read()
            check("and its connection goes on", a is not None and a.status == 200, a)
        check("nobody was closed", d.metric("t2v_slow_readers_closed_total") == 0)


def check_rate(check):
    """Who takes less than 64 KiB a second is closed after the read time-out; who takes more is not."""
    with Daemon(check.binary, check.model, "--read-timeout", "2", "--max-text-tokens", "3000000") as d:
        text = vectors({"text": "w" * 12000000})
        for each, lives in ((2000, False), (40000, True)):
            c = d.connect(receive_bytes=4096)
            c.send(text)
            c.more()
            begin, gone = time.monotonic(), False
            while time.monotonic() - begin < 5 and not gone:
                time.sleep(0.1)
                left = each
                try:
                    while left > 0 and not gone:
                        part = c.sock.recv(left)
                        left -= len(part)
                        gone = not part
                except OSError:
                    gone = True
            check(f"{each * 10} bytes a second", gone != lives or d.metric("t2v_connections") == 1 + lives, (gone, d.metric("t2v_connections")))
            c.reset()
            time.sleep(0.3)
