# SPDX-License-Identifier: BSD-3-Clause
"""Clients that hold much of a generator: others are answered all the same."""
import os
import time

from checks import until
from daemon import Daemon, vectors
from generation import Stream, post

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATOR = os.path.join(HERE, "..", "golden", "generators", "marked")
MANY = {"prompt": "a b c", "n": 64, "max_tokens": 5000, "ignore_eos": True, "stream": True, "logprobs": 20}  # more than sockets take
SHORT = post("/generate", {"inputs": "a b", "parameters": {"max_new_tokens": 3}})


def timed(d, asked):
    begin = time.monotonic()
    return d.ask(asked).status, time.monotonic() - begin


def check_places(check):
    """Texts that are generated take no places of the others: these are answered when all of generation's are taken."""
    with Daemon(check.binary, GENERATOR, "--model", f"e={check.model}", "--max-queue", "3") as d:
        alone = d.ask(SHORT).body
        slow = [d.connect(receive_bytes=4096) for _ in range(5)]
        for c in slow:
            c.send(post("/v1/completions", MANY))
        check("two wait for a place", until(lambda: d.metric("t2v_waiting_requests") == 5), d.metric("t2v_waiting_requests"))
        said = [timed(d, vectors({"text": f"hello {i}"})) for i in range(20)]
        check("texts are answered", {status for status, _ in said} == {200}, said)
        check("at once", max(s for _, s in said) < 0.5 * check.slack, said)
        for c in slow:
            c.reset()
        check("their places are free", until(lambda: d.ask(SHORT).body == alone))


def check_slow_readers(check):
    """Slow readers keep neither sequences nor pages that others need."""
    with Daemon(check.binary, GENERATOR, "--kv-cache", "1m", "--read-timeout", "60") as d:
        alone = d.ask(SHORT).body
        slow = [d.connect(receive_bytes=4096) for _ in range(3)]
        for c in slow:
            c.send(post("/v1/completions", MANY))
        check("they are under way", until(lambda: d.metric("t2v_waiting_requests") == 3))
        said = []
        for _ in range(20):
            begin = time.monotonic()
            said.append((d.ask(SHORT).body == alone, time.monotonic() - begin))
        check("short texts are as they are alone", all(same for same, _ in said), said)
        check("and come soon", max(s for _, s in said) < 1 * check.slack, said)
        for c in slow:
            c.reset()
        check("nothing is held", until(lambda: d.metric("t2v_memory_held_bytes") < 20000), d.metric("t2v_memory_held_bytes"))
