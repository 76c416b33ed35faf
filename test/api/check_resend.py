# SPDX-License-Identifier: BSD-3-Clause
"""A request that is sent again because its connection broke before the answer, as newer Weaviates do (1.39.0)."""
import random
import re
import threading
import time

from checks import until
from daemon import Daemon, vectors

LEAVE = {"close": lambda c: c.sock.close(), "reset": lambda c: c.reset(), "shut": lambda c: c.sock.shutdown(1)}
LONG = "A sentence of some words, and one more. " * 40
TEXTS = [f"number {i}. {LONG[:i * 97 % 1600]}" for i in range(23)]


def left(d):
    """What is still under way: works, bodies with the clerk, connections but the one that asks."""
    return d.metric("t2v_waiting_requests"), d.metric("t2v_clerk_waiting"), d.metric("t2v_connections") - 1


def expect_sum(check, what, d, sent):
    """Each request that came in whole is answered or cancelled, and nothing is under way."""
    until(lambda: left(d) == (0, 0, 0))
    check(f"{what}: nothing is left", left(d) == (0, 0, 0), left(d))
    done, gone = d.metric('t2v_requests_total{route="/vectors",status="200"}'), d.metric("t2v_cancelled_total")
    check(f"{what}: answered and cancelled are all that were sent", done + gone == sent, (done, gone, sent))
    page = d.get("/metrics").body.decode()
    others = re.findall(r't2v_requests_total\{route="/vectors",status="(?!200)\d+"\} \d+', page)
    check(f"{what}: no other status", not others, others)
    return done, gone


def break_and_send(d, text, rng, times):
    """Sends it, leaves before the answer, so many times; then sends it once more and reads. (answer, requests sent)."""
    for _ in range(times):
        c = d.connect()
        c.send(vectors({"text": text}))
        time.sleep(rng.choice((0, 0.0005, 0.003, 0.02)))
        LEAVE[rng.choice(list(LEAVE))](c)
    return d.ask(vectors({"text": text})), times + 1


def large(check):
    """88 KB: the body is read by the clerk, the text cut by the feeder. Under a sanitizer few sentences and a long word."""
    sentence = "A page of many words. "
    return sentence * 100 + "w" * 86000 if check.sanitized else sentence * 4000


def crowd(check, d, expected, n_thread, rounds):
    """n_thread clients, each with all texts in an order of its own; the number of requests sent."""
    sent, wrong = [0] * n_thread, []

    def client(i):
        rng = random.Random(i)
        for text in rng.sample(list(expected), len(expected)) * rounds:
            a, n = break_and_send(d, text, rng, rng.randrange(3))
            sent[i] += n
            if a is None or a.status != 200 or a.body != expected[text]:
                wrong.append((text[:20], a))

    threads = [threading.Thread(target=client, args=(i,)) for i in range(n_thread)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(300)
    check("all clients end", not any(t.is_alive() for t in threads))
    check("every answer is what a calm service gives", not wrong, wrong[:2])
    return sum(sent)


def check_resend_of_many(check):
    texts, n_round = [*TEXTS, large(check)], 1 if check.sanitized else 2
    with Daemon(check.binary, check.model) as d:
        expected = {text: d.ask(vectors({"text": text})).body for text in texts}
    for cache in "0", "1":
        with Daemon(check.binary, check.model, env={"ENABLE_CACHE": cache}) as d:
            what = f"cache {cache}"
            sent = crowd(check, d, expected, 8, n_round)
            done, gone = expect_sum(check, what, d, sent)
            check(f"{what}: some were cancelled, all that were read are answered", gone > 0 and done >= 8 * n_round * len(texts), (done, gone))
            hits, misses = d.metric("t2v_cache_hits_total"), d.metric("t2v_cache_misses_total")
            if cache == "0":
                check(f"{what}: it is not looked at", hits == misses == 0, (hits, misses))
                continue
            check(f"{what}: it has each text once", d.metric("t2v_cache_entries") == len(texts), d.metric("t2v_cache_entries"))
            # A large body may be cancelled before it is read, so before it is looked for.
            check(f"{what}: hits and misses are what was looked for", done <= hits + misses <= sent, (hits, misses, done, sent))
            again = {text: d.ask(vectors({"text": text})).body for text in texts}
            check(f"{what}: the same vectors", again == expected)
            check(f"{what}: all are hits", d.metric("t2v_cache_hits_total") == hits + len(texts), d.metric("t2v_cache_hits_total"))


def check_resend_under_way(check):
    """Breaks while the engine is at it, so surely before the answer: each such request is counted as cancelled, once."""
    if not check.fake:
        return
    for cache in "0", "1":
        with Daemon(check.fake, check.model, env={"ENABLE_CACHE": cache}) as d:
            text, n = {"text": "sleep 300 again"}, 0
            calm = d.ask(vectors({"text": "sleep 300 before"})).json["vector"]
            for leave in LEAVE.values():
                for _ in range(3):
                    c = d.connect()
                    c.send(vectors(text))
                    check("it is under way", until(lambda: d.metric("t2v_waiting_requests") == 1))
                    leave(c)
                    n += 1
                    check("counted when it has left", until(lambda n=n: d.metric("t2v_cancelled_total") == n), d.metric("t2v_cancelled_total"))
            first, second = (d.ask(vectors(text)) for _ in range(2))
            check("answered", first.status == 200 and len(first.json["vector"]) == len(calm), first)
            check("the same again", second.body == first.body, second)
            done, gone = expect_sum(check, f"cache {cache}", d, n + 3)
            check("each counted as what it is", (done, gone) == (3, n), (done, gone))
            seen = d.metric("t2v_cache_hits_total"), d.metric("t2v_cache_misses_total"), d.metric("t2v_cache_entries")
            check("what was cancelled is not in the cache", seen == ((1, n + 2, 2) if cache == "1" else (0, 0, 0)), seen)


def check_resend_of_half(check):
    """Breaks in the middle of the body: no request came in, so none is counted."""
    with Daemon(check.binary, check.model) as d:
        whole = vectors({"text": LONG})
        for i, leave in enumerate(list(LEAVE.values()) * 5):
            c = d.connect()
            c.send(whole[:20 + i * len(whole) // 16])
            leave(c)
        a, b = (d.ask(whole) for _ in range(2))
        check("answered, and the same again", a.status == b.status == 200 and a.body == b.body, a)
        check("nothing else is counted", expect_sum(check, "halves", d, 2) == (2, 0))
