# SPDX-License-Identifier: BSD-3-Clause
"""How long a short text waits for other people's long ones. The limit is what doc/reliability.md says, with room for a busy machine."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from daemon import Daemon, vectors

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIMIT_S = 0.3
QUERY = {"text": "hello there", "config": {"task_type": "query"}}


def make(check, folder, *flags):
    """A checkpoint of random numbers for a sequence of 8,192 tokens."""
    like = os.path.join(ROOT, "test", "golden", "st-plain")
    subprocess.run([sys.executable, os.path.join(ROOT, "test", "bench", "make-checkpoint"), like, folder, "--positions", "8192", *flags], check=True)


def slowest_short(check, d, want, n):
    """The longest of n short texts, one after the other, each with the right vector."""
    slowest = 0.0
    for _ in range(n):
        begin = time.monotonic()
        a = d.ask(vectors({"text": "hello there"}))
        slowest = max(slowest, time.monotonic() - begin)
        check("the vector that it has alone", a.status == 200 and a.json["vector"] == want, a)
    return slowest


def behind(check, d, texts, name):
    """Short texts, while these texts wait or run."""
    want = d.ask(vectors({"text": "hello there"})).json["vector"]
    conns = [d.connect() for _ in texts]
    for c, text in zip(conns, texts):
        c.send(vectors({"text": text}))
    while d.metric("t2v_waiting_requests") < len(texts) / 2:
        time.sleep(0.01)
    took = slowest_short(check, d, want, 3)
    left = d.metric("t2v_waiting_requests")
    check(f"behind {name}", took < LIMIT_S * check.slack, took)
    check(f"{name}: not after them", left > 0, left)
    check("live meanwhile", d.get("/.well-known/live").status == 204)
    for c in conns:
        c.reset()


def check_behind_requests(check):
    """Requests with a text of 500 or 250 tokens each: a short one passes all but those in the batch that runs."""
    if check.sanitized:
        print("skipped, waits under sanitizers")
        return
    with tempfile.TemporaryDirectory() as folder:
        make(check, folder, "--hidden", "384", "--inter", "1536", "--layers", "6")
        for n, times in (24, 120), (64, 120), (64, 60):
            with Daemon(check.binary, folder, "--sentence-transformers") as d:
                behind(check, d, [f"{i} " + "the and is of " * times for i in range(n)], f"{n} requests of {4 * times} words")


def times(d, bodies):
    """Seconds that each takes, one after the other."""
    took = []
    for body in bodies:
        begin = time.monotonic()
        assert d.ask(vectors(body)).status == 200
        took.append(time.monotonic() - begin)
    return took


def check_queries_first(check):
    """Beside a crowd of long texts a query waits for less than a batch, and another short text for about one."""
    if check.sanitized:
        print("skipped, waits under sanitizers")
        return
    with tempfile.TemporaryDirectory() as folder:
        make(check, folder, "--hidden", "384", "--inter", "1536", "--layers", "6")
        with Daemon(check.binary, folder, "--sentence-transformers") as d:
            conns = [d.connect() for _ in range(128)]
            for i, c in enumerate(conns):
                c.send(vectors({"text": f"{i} " + "the and is of " * 120}))
            while d.metric("t2v_waiting_requests") < len(conns) / 2:
                time.sleep(0.01)
            took = times(d, [QUERY, {"text": "hello there"}] * 15)
            queries, others = statistics.median(took[::2]), statistics.median(took[1::2])
            check("queries are answered first", queries < 0.6 * others, (queries, others))
            check("not after the crowd", d.metric("t2v_waiting_requests") > 0)
            for c in conns:
                c.reset()


def check_behind_a_long_sequence(check):
    """A text of 8,000 tokens is one batch of seconds."""
    if check.sanitized:
        print("skipped, waits under sanitizers")
        return
    with tempfile.TemporaryDirectory() as folder:
        make(check, folder, "--layers", "4")
        with Daemon(check.binary, folder, "--sentence-transformers") as d:
            behind(check, d, ["fox " * 2700], "8,100 tokens")
