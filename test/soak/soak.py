#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
soak.py BIN MODEL_DIR SECONDS [--clients N] [--seed N] [--slack X]

A daemon under mixed load at the machine's limit: short and long texts, many at once, cached ones, bad
requests, pipelines, chunks, clients that drip, that stop reading, that leave in the middle, crowds that
overflow the queue. A table of answers is made first, by a daemon of one thread that is asked for one
text at a time; under load every answer of 200 is compared with it, byte by byte (within 1e-5 of the
largest component where OpenBLAS's sums depend on a batch's size). Memory, descriptors and the probes
are watched meanwhile.

Exits 1 when an answer was wrong or did not come, the daemon fell, memory or descriptors grew, or something was left over.
On a machine that is busy with other things the longest texts may take longer than their clients wait: a batch takes one
sentence from each request, so a text of 400 sentences needs 400 turns.
"""
import argparse
import json
import multiprocessing
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "api"))
from daemon import Daemon, request, vectors  # noqa: E402

N_SHORT, N_LONG, N_HUGE, N_HOT = 1500, 40, 4, 20  # more than the cache takes
READ_TIMEOUT_S, MAX_QUEUE = 15, 40
WORDS = ("river bridge night of the and with lantern harbour quick brown Dr. Smith e.g. 3.14 vector naïve Füße "
         "東京 Привет مرحبا 😀 coffee umbrella U.S.A. running-shoes don't \"quoted\" x² café\u0301 schöner").split(" ")
BAD = [(b"{", 422), (b"", 422), (b'{"text":3}', 422), (b'{"text":" "}', 422), (b'{"text":"\\ud800"}', 422),
       (b'{"text":"\xff"}', 422), (b'{"text":"a","config":{"dimensions":0}}', 422), (b"[" * 100000, 422),
       (b'{"text":"a","config":{"pooling_strategy":"nope"}}', 500)]


class Table:
    """Texts, and the answers that they have when they are asked for alone."""

    def __init__(self, seed):
        r = random.Random(seed)
        sentence = lambda n: " ".join(r.choice(WORDS) for _ in range(n)).capitalize() + "."
        several = lambda n: " ".join(sentence(r.randrange(4, 25)) for _ in range(n))
        self.texts = [f"{sentence(r.randrange(2, 12))} {i}" for i in range(N_SHORT)]
        self.texts += [several(r.randrange(10, 40)) for _ in range(N_LONG)]
        self.texts += [several(r.randrange(150, 400)) for _ in range(N_HUGE)]
        self.questions = [json.dumps({"text": t}).encode() for t in self.texts]

    def client(self, *args):
        return Client(*args)

    def fill(self, d):
        self.answers, self.vectors = [], []
        with d.connect(timeout=120) as c:
            for i, question in enumerate(self.questions):
                c.send(vectors(question))
                a = c.read()
                if a is None or a.status != 200 or a.json["text"] != self.texts[i] or not all(abs(x) < 1e6 for x in a.json["vector"]):
                    raise SystemExit(f"text {i} alone: {a}")
                self.answers.append(a.body)
                self.vectors.append(a.body[a.body.rindex(b"["):a.body.rindex(b"]") + 1])
        self.tail = self.answers[0][self.answers[0].rindex(b"]") + 1:]

    def expected(self, ids, many):
        return b'{"vectors":[' + b",".join(self.vectors[i] for i in ids) + b"]" + self.tail if many else self.answers[ids[0]]


class Client(threading.Thread):
    """One after the other, by chance: the kinds of load. Notes every answer that is not as it should be."""

    def __init__(self, d, table, number, until, counts):
        super().__init__(daemon=True)
        self.d, self.table, self.until, self.counts = d, table, until, counts
        self.r, self.c, self.used = random.Random(number), None, 0.0
        self.ms, self.wrong, self.worst = [], [], 0.0

    def run(self):
        kinds, weights = zip(*self.kinds())
        while time.monotonic() < self.until:
            kind = self.r.choices(kinds, weights)[0]
            try:
                kind()
            except (OSError, TimeoutError, TypeError, ValueError, AttributeError, KeyError) as e:
                self.note(kind.__name__, f"{type(e).__name__} {e}")
                self.drop()

    def kinds(self):
        """The kinds of load, and how often each comes."""
        return ((self.short, 60), (self.hot, 15), (self.long, 4), (self.huge, 0.1), (self.many, 4), (self.bad, 8), (self.pipeline, 3),
                (self.chunked, 4), (self.drip, 1), (self.slow_reader, 1), (self.deaf, 0.1), (self.half, 0.2), (self.vanish, 6),
                (self.crowd, 0.5), (self.others, 3))

    def note(self, kind, what):
        if time.monotonic() < self.until + 5:  # afterwards the daemon is on its way out
            self.wrong.append(f"{kind}: {what}"[:500])
            if len(self.wrong) <= 10:
                print(f"WRONG {self.wrong[-1]}", flush=True)
            self.counts[1] += 1

    def drop(self):
        if self.c is not None:
            self.c.sock.close()
        self.c = None

    def kept(self):
        """The connection that is used again and again; a fresh one when it has idled for long, and may be closed."""
        if time.monotonic() - self.used > 60:
            self.drop()
        if self.c is None:
            self.c = self.d.connect(timeout=900)
        self.used = time.monotonic()
        return self.c

    def check(self, kind, a, ids=None, many=False, status=200):
        """True when the answer is right; 503 with Retry-After is right, too, and counted."""
        self.counts[0] += 1
        if a is not None and a.status == 503 and "retry-after" in a.headers and a.json.get("error"):
            self.counts[2] += 1
            return False
        if a is None or a.status != status:
            self.note(kind, a)
            return False
        if ids is None:
            return True
        self.counts[3] += 1
        expected = self.table.expected(ids, many)
        if a.body != expected and not self.near(a.json, json.loads(expected), many):
            self.note(kind, f"texts {ids[:5]}: {a.body[:100]} ... instead of {expected[:100]} ...")
        return True

    def near(self, got, want, many):
        if got.get("text") != want.get("text") or got.get("dim") != want["dim"] or list(got) != list(want):
            return False
        for x, y in zip(got["vectors"], want["vectors"], strict=True) if many else [(got["vector"], want["vector"])]:
            off = max(abs(p - q) for p, q in zip(x, y, strict=True)) / max(map(abs, y))
            if not off <= 1e-5:
                return False
            self.worst = max(self.worst, off)
        return True

    def pick(self):
        return self.r.randrange(N_HOT, N_SHORT)

    def one(self, kind, i, c=None):
        (c or self.kept()).send(vectors(self.table.questions[i]))
        return self.check(kind, (c or self.c).read(), [i])

    def short(self):
        i, begin = self.pick(), time.monotonic()
        if self.one("short", i):
            self.ms.append((time.monotonic() - begin) * 1e3)

    def hot(self):
        self.one("hot", self.r.randrange(N_HOT))

    def long(self):
        self.one("long", N_SHORT + self.r.randrange(N_LONG))

    def huge(self):
        self.one("huge", N_SHORT + N_LONG + self.r.randrange(N_HUGE))

    def many(self):
        ids = [self.r.randrange(N_SHORT + N_LONG if self.r.random() < 0.1 else N_SHORT) for _ in range(self.r.choice((1, 5, 40)))]
        self.kept().send(vectors({"texts": [self.table.texts[i] for i in ids]}))
        self.check("many", self.c.read(), ids, many=True)

    def bad(self):
        question, status = self.r.choice(BAD)
        self.kept().send(vectors(question))
        self.check("bad", self.c.read(), status=status)
        if self.r.random() < 0.2:
            with self.d.connect(timeout=900) as c:
                c.send(self.r.choice((b"POST /vectors HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}  ", b"\0\1\2\3\r\n\r\n",
                                      b"GET /meta HTTP/1.1\r\nHost: x\r\n a: b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000)))
                self.check("bad", c.read(), status=400)

    def pipeline(self):
        ids = [self.pick() for _ in range(self.r.randrange(2, 20))]
        self.kept().send(b"".join(vectors(self.table.questions[i]) for i in ids))
        for i in ids:
            self.check("pipeline", self.c.read(), [i])

    def chunked(self):
        i = self.pick()
        body, parts = self.table.questions[i], []
        while body:
            n = self.r.randrange(1, 60)
            parts.append(b"%x\r\n%s\r\n" % (len(body[:n]), body[:n]))
            body = body[n:]
        self.kept().send(b"POST /vectors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            self.c.send(part)
        self.c.send(b"0\r\nX-Trailer: 1\r\n\r\n")
        self.check("chunked", self.c.read(), [i])

    def drip(self):
        i = self.pick()
        data = vectors(self.table.questions[i])
        step = len(data) // 8 + 1
        for at in range(0, len(data), step):
            self.kept().send(data[at:at + step])
            time.sleep(0.05)
        self.check("drip", self.c.read(), [i])

    def slow_reader(self):
        """Answers of some 10 KB, 512 bytes at a time."""
        with self.d.connect(timeout=900, receive_bytes=4096) as c:
            i = N_SHORT + self.r.randrange(N_LONG)
            for data, ids in ((vectors(self.table.questions[i]), [i]), (request("GET", "/openapi.json"), None)):
                c.send(data)
                got = b"x" * 512
                while len(got) == 512 and len(c.rest) < 10000:
                    time.sleep(0.02)
                    got = c.sock.recv(512)
                    c.rest += got
                self.check("slow_reader", c.read(), ids)

    def deaf(self):
        """Never reads: is dropped, by and by."""
        with self.d.connect(timeout=READ_TIMEOUT_S * 3, receive_bytes=4096) as c:
            try:
                c.send(request("GET", "/openapi.json") * 4000)
                time.sleep(READ_TIMEOUT_S)
            except OSError:
                pass

    def half(self):
        with self.d.connect(timeout=READ_TIMEOUT_S + 30) as c:
            c.send(vectors(self.table.questions[0])[:-self.r.randrange(1, 40)])
            self.check("half", c.read(), status=408)

    def vanish(self):
        c = self.d.connect(timeout=900)
        data = vectors(self.table.questions[self.r.randrange(len(self.table.questions))])
        c.send(data if self.r.random() < 0.6 else data[:self.r.randrange(1, len(data))])
        time.sleep(self.r.choice((0, 0.001, 0.02)))
        self.r.choice((c.reset, c.sock.close, lambda: (c.sock.shutdown(1), c.sock.close())))()

    def crowd(self):
        conns = [self.d.connect(timeout=900) for _ in range(60)]
        ids = [self.pick() for _ in conns]
        for c, i in zip(conns, ids):
            c.send(vectors(self.table.questions[i]))
        for c, i in zip(conns, ids):
            self.check("crowd", c.read(), [i])
            c.sock.close()

    def others(self):
        for path, status in (("/meta", 200), ("/metrics", 200), ("/openapi.json", 200), ("/nope", 404), ("/vectors", 405)):
            self.kept().send(request("GET", path))
            self.check("others", self.c.read(), status=status)
        if self.r.random() < 0.3:
            self.drop()


def crew(d, table, numbers, until, counts, pipe):
    clients = [table.client(d, table, n, until, counts) for n in numbers]
    [c.start() for c in clients]
    for c in clients:
        c.join(max(0, until - time.monotonic()) + 300)
    stuck = [f"client {n} hangs" for n, c in zip(numbers, clients) if c.is_alive()]
    pipe.send((sorted(x for c in clients for x in c.ms), stuck + [w for c in clients for w in c.wrong], max(c.worst for c in clients)))
    pipe.close()


class Watch:
    """Memory, descriptors and the probes of a running daemon, a sample a second."""

    def __init__(self, d):
        self.d, self.kib, self.files, self.probe_ms, self.begin = d, [], [], [], time.monotonic()

    def look(self):
        pid = self.d.process.pid
        with open(f"/proc/{pid}/status") as f:
            self.kib.append(next(int(x.split()[1]) for x in f if x.startswith("RssAnon")))
        self.files.append(len(os.listdir(f"/proc/{pid}/fd")))
        begin = time.monotonic()
        ok = all(self.d.ask(request("GET", f"/.well-known/{x}"), timeout=60).status == 204 for x in ("live", "ready"))
        self.probe_ms.append((time.monotonic() - begin) * 500)
        return ok

    def growth(self):
        """Memory after the first minutes and at the end, in MiB: medians of a sixth of the samples each."""
        warm = min(len(self.kib) // 4, 300)
        rest, middle = self.kib[warm:], lambda x: sorted(x)[len(x) // 2] / 1024
        sixth = max(len(rest) // 6, 1)
        return middle(rest[:sixth]), middle(rest[-sixth:])


def rank(values, q):
    return values[min(len(values) - 1, int(len(values) * q))] if values else float("nan")


def settle(d):
    """What is left when all have gone: seconds until nothing is, at most 30."""
    end = time.monotonic() + 30
    while time.monotonic() < end and (d.metric("t2v_waiting_requests") != 0 or d.metric("t2v_connections") != 1):
        time.sleep(0.1)
    return d.metric("t2v_waiting_requests"), d.metric("t2v_connections") - 1


def files_of(d, at_most=0):
    """Open descriptors; a moment later, when there are more than expected: a connection may be about to be closed."""
    for _ in range(50):
        n = len(os.listdir(f"/proc/{d.process.pid}/fd"))
        if n <= at_most:
            break
        time.sleep(0.02)
    return n


def soak(d, table, args):
    files, cpu, begin = files_of(d), d.cpu_s(), time.monotonic()
    counts = multiprocessing.Array("q", 4)  # requests, wrong, 503, answers compared; a lost addition does not matter
    until, watch, crews, problems = begin + args.seconds, Watch(d), [], []
    n_crew = 4
    for k in range(n_crew):
        ours, theirs = multiprocessing.Pipe(False)
        numbers = range(args.seed + k, args.seed + args.clients, n_crew)
        p = multiprocessing.Process(target=crew, args=(d, table, numbers, until, counts, theirs))
        p.start()
        theirs.close()
        crews.append((p, ours))
    said = 0
    while time.monotonic() < until and d.process.poll() is None:
        if not watch.look():
            problems.append("a probe was not answered 204")
        if time.monotonic() - begin >= said:
            print(f"{time.monotonic() - begin:6.0f} s  {counts[0]} requests, {counts[3]} compared, {counts[2]} told to come again, {counts[1]} wrong; "
                  f"{watch.kib[-1] / 1024:.1f} MiB, {watch.files[-1]} descriptors", flush=True)
            said += 60
        time.sleep(1)
    took, cpu = time.monotonic() - begin, d.cpu_s() - cpu
    if d.process.poll() is not None:
        problems.append(f"the daemon ended with {d.process.poll()}")
    ms, wrong, worst = [], [], 0.0
    for p, pipe in crews:
        try:
            some, bad, off = pipe.recv() if pipe.poll(400) else ([], ["a crew hangs"], 0)
        except EOFError:
            some, bad, off = [], ["a crew fell"], 0
        ms, wrong, worst = ms + some, wrong + bad, max(worst, off)
        p.kill()
        p.join()
    return {"took": took, "cpu": cpu, "counts": list(counts), "ms": sorted(ms), "wrong": wrong, "worst": worst, "files": files, "watch": watch,
            "problems": problems}


def report(d, r, args):
    problems, watch = r["problems"], r["watch"]
    if d.process.poll() is None:
        left = settle(d)
        if left != (0, 0):
            problems.append(f"left over: {left[0]} requests, {left[1]} connections")
        if (files := files_of(d, r["files"])) > r["files"]:
            problems.append(f"{files} descriptors after it, {r['files']} before")
        if (rc := d.stop()) != 0:
            problems.append(f"SIGTERM ends it with {rc}: {d.said()[-1500:]}")
    early, late = watch.growth()
    room = max(early * 0.03, 4) * args.slack
    if late - early > room:
        problems.append(f"memory grew by {late - early:.1f} MiB, more than {room:.1f}")
    problems += [f"wrong: {w}" for w in r["wrong"][:10]]
    n, _, again, compared = r["counts"]
    probes = sorted(watch.probe_ms)
    print(f"{n} requests in {r['took']:.0f} s, {compared} answers compared, {len(r['wrong'])} wrong, {again} told to come again; "
          f"{r['cpu'] / r['took']:.2f} processors busy")
    print(f"furthest from the answer alone: {r['worst']:.1e} of the largest component")
    print(f"timed requests: p50 {rank(r['ms'], 0.5):.1f} ms, p99 {rank(r['ms'], 0.99):.1f} ms, most {rank(r['ms'], 1):.1f} ms; "
          f"probes: p50 {rank(probes, 0.5):.1f} ms, p99 {rank(probes, 0.99):.1f} ms, most {rank(probes, 1):.1f} ms")
    print(f"own memory: {early:.1f} MiB after the first minutes, {late:.1f} MiB at the end, at most {max(watch.kib) / 1024:.1f}; "
          f"at most {max(watch.files)} descriptors, {r['files']} without clients")
    for p in problems:
        print("FAIL", p)
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    return 1 if problems else 0


def arguments(description):
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("model")
    p.add_argument("seconds", type=float)
    p.add_argument("--clients", type=int, default=32)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--slack", type=float, default=1, help="how many times the usual growth of memory is let pass (sanitizers keep what was freed)")
    # AddressSanitizer would keep 256 MB of what was freed, and no growth could be told from that
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
    return p.parse_args()


def main():
    args = arguments(__doc__)
    table = Table(args.seed)
    with Daemon(args.binary, args.model, "--threads", "1") as d:
        table.fill(d)
    with Daemon(args.binary, args.model, "--max-queue", str(MAX_QUEUE), "--read-timeout", str(READ_TIMEOUT_S), "--drain", "5",
                env={"ENABLE_CACHE": "1"}) as d:
        return report(d, soak(d, table, args), args)


if __name__ == "__main__":
    sys.exit(main())
