# SPDX-License-Identifier: BSD-3-Clause
"""Streams of generated text, from a generator that repeats its prompt (fake_generator.h): clients that read slowly or leave, failures, the end of the service."""
import signal
import time

from checks import until
from daemon import Daemon
from generation import Stream, post, stream

TEXT = "a small house beside the river"
LONG = {"max_new_tokens": 400, "ignore_eos": True}
STREAMS = (  # path, body, what its error is
    ("/generate_stream", {"inputs": TEXT, "parameters": LONG}, lambda e: isinstance(e["error"], str) and e["error_type"]),
    ("/", {"inputs": TEXT, "parameters": LONG, "stream": True}, lambda e: isinstance(e["error"], str) and e["error_type"]),
    ("/v1/completions", {"prompt": TEXT, "max_tokens": 400, "stream": True}, lambda e: e["error"]["message"]),
    ("/api/generate", {"prompt": TEXT, "raw": True, "options": {"num_predict": 400}}, lambda e: isinstance(e["error"], str)))


def fake(check, *args, ms=20, **env):
    return Daemon(check.fake, check.model, *args, env={"FAKE_GENERATES": str(ms), **{k: str(v) for k, v in env.items()}})


def check_pieces(check):
    """Events come as tokens are made, and together they are the answer in one piece."""
    with fake(check, ms=40) as d:
        for path, body, _ in STREAMS:
            short = {**body, "max_tokens": 8} if "max_tokens" in body else {**body, "parameters": {"max_new_tokens": 8}, "options": {"num_predict": 8}}
            s = stream(d, path, short)
            check(f"{path}: its type", s.status == 200 and ("application/x-ndjson" if "api" in path else "text/event-stream") in s.head and "chunked" in s.head, s.head)
            check(f"{path}: as they are made", s.whole and s.times[-1] - s.times[0] > 0.15, s.times)
            whole = d.ask(post(path.replace("_stream", ""), {**short, "stream": False})).json
            whole = whole[0] if isinstance(whole, list) else whole
            if "v1" in path:
                check(f"{path}: [DONE]", s.events[-1] == "[DONE]", s.events[-1])
                check(f"{path}: the same text", "".join(e["choices"][0]["text"] for e in s.events[:-1]) == whole["choices"][0]["text"] != "", s.events)
                check(f"{path}: one reason, in the last", [e["choices"][0]["finish_reason"] for e in s.events[-3:-1]] == [None, "length"], s.events[-3:])
            elif "api" in path:
                check(f"{path}: the same text", "".join(e["response"] for e in s.events) == whole["response"] != "", s.events)
                check(f"{path}: the last is done", [e["done"] for e in s.events[-2:]] == [False, True] and s.events[-1]["eval_count"] == 8 and s.events[-1]["done_reason"] == "length", s.events[-1])
            else:
                check(f"{path}: the same text", "".join(e["token"]["text"] for e in s.events if not e["token"]["special"]) == whole["generated_text"] == s.events[-1]["generated_text"] != "", s.events)
                check(f"{path}: indexes", [e["index"] for e in s.events] == list(range(1, 9)) and all(e["generated_text"] is None and e["details"] is None for e in s.events[:-1]), s.events)


def check_leavers(check):
    """Whoever leaves: nothing more is made for him, at once, and nothing is held."""
    with fake(check, ms=30) as d:
        for path, body, _ in STREAMS:
            with d.connect() as c:
                s = Stream(c, path, body)
                s.chunk()
                check(f"{path}: it is under way", d.metric("t2v_waiting_requests") == 1)
                c.reset()
            left = time.monotonic()
            check(f"{path}: it ends", until(lambda: d.metric("t2v_waiting_requests") == 0))
            check(f"{path}: at once", time.monotonic() - left < 0.5 * check.slack, time.monotonic() - left)
        with d.connect() as c:  # who waits for an answer in one piece
            c.send(post("/generate", {"inputs": TEXT, "parameters": LONG}))
            check("it is under way", until(lambda: d.metric("t2v_waiting_requests") == 1))
            c.reset()
        check("it ends", until(lambda: d.metric("t2v_waiting_requests") == 0))
        check("they are counted", d.metric("t2v_cancelled_total") == len(STREAMS) + 1, d.metric("t2v_cancelled_total"))
        check("nothing is held", until(lambda: d.metric("t2v_memory_held_bytes") < 20000), d.metric("t2v_memory_held_bytes"))


def check_slow_reader(check):
    """It holds up its own text alone, and has all of it when it reads on."""
    body = {"prompt": [TEXT] * 20, "max_tokens": 480, "stream": True, "logprobs": 5}
    with fake(check, "--read-timeout", "60", ms=0) as d:
        with d.connect(receive_bytes=4096) as c:
            slow = Stream(c, "/v1/completions", body)
            time.sleep(1)
            held = d.metric("t2v_memory_held_bytes")
            begin = time.monotonic()
            a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {"max_new_tokens": 3}}))
            check("others are answered", a.status == 200 and time.monotonic() - begin < 2 * check.slack, (a, time.monotonic() - begin))
            check("it waits", d.metric("t2v_waiting_requests") == 1)
            check("what is held does not grow", d.metric("t2v_memory_held_bytes") <= held + 300000, (held, d.metric("t2v_memory_held_bytes")))
            slow.rest()
            check("then it has all", slow.whole and slow.events[-1] == "[DONE]" and sum(e["choices"][0]["finish_reason"] == "length" for e in slow.events[:-1]) == 20, slow.events[-2:])
        check("nothing is held", until(lambda: d.metric("t2v_memory_held_bytes") < 20000), d.metric("t2v_memory_held_bytes"))


def check_failures(check):
    """A failure before the first piece is an error as any other; after it an event, and the answer is whole."""
    for at in (0, 3):
        with fake(check, ms=1, FAKE_FAIL_AT=at) as d:
            for path, body, error in STREAMS:
                with d.connect() as c:
                    s = Stream(c, path, body)
                    if at == 0:
                        check(f"{path}: at once", s.status in (424, 500) and "content-length" in s.head, s.head)
                        continue
                    s.rest()
                    check(f"{path}: on the way", s.status == 200 and s.whole and error(s.events[-1]) and len(s.events) > 1, s.events)
            a = d.ask(post("/generate", {"inputs": TEXT, "parameters": LONG}))
            check(f"at {at}: in one piece", a.status == 424 and a.json["error_type"] == "generation", a)


def is_live(d):
    return d.get("/.well-known/live").status == 204


def check_stall(check):
    """A step that does not end is a stall, whose end is seen; a long text, or a client that takes nothing of it, is none."""
    body = {"inputs": TEXT, "parameters": LONG}
    with fake(check, "--stall-timeout", "1.5", ms=10, FAKE_STUCK_AT=3) as d:
        with d.connect() as c:
            begin = time.monotonic()
            s = Stream(c, "/generate_stream", body)
            check("live at first", is_live(d))
            check("not live when a step does not end", until(lambda: not is_live(d)))
            took = time.monotonic() - begin
            check("after the stated time", 1.5 < took < 2 * check.slack, took)
            a = d.get("/.well-known/live")
            check("it says why", a.status == 503 and "without progress" in a.json["error"], a)
            check("ready is another matter", d.get("/.well-known/ready").status == 204)
            c.reset()
        check("live again", until(lambda: is_live(d)), s.body)
    stall_s, ms = (1.5, 5) if not check.sanitized else (10, 30)
    with fake(check, "--stall-timeout", str(stall_s), "--read-timeout", "60", ms=ms) as d:
        with d.connect() as c, d.connect(receive_bytes=4096) as deaf:
            Stream(deaf, "/v1/completions", {"prompt": [TEXT] * 20, "max_tokens": 480, "stream": True, "logprobs": 5})
            s, said = Stream(c, "/generate_stream", body), []
            while s.chunk():
                said.append(is_live(d))
            check("live all the while", all(said) and s.whole and s.times[-1] - s.times[0] > stall_s + 0.1, (said.count(False), s.times))
            deaf.reset()


def check_drain(check):
    """Streams finish within the drain; then they end with an event that says so."""
    with fake(check, "--drain", "5") as d:
        with d.connect() as c:
            s = Stream(c, "/v1/completions", {**STREAMS[2][1], "max_tokens": 30})
            s.chunk()
            d.process.send_signal(signal.SIGTERM)
            s.rest()
            check("it finishes", s.whole and s.events[-1] == "[DONE]", s.events[-1])
        check("exit 0", d.wait() == 0, d.said()[-500:])
    for path, body, error in STREAMS:
        with fake(check, "--drain", "0.5") as d:
            with d.connect() as c, d.connect() as waits:
                s = Stream(c, path, body)
                s.chunk()
                waits.send(post("/generate", {"inputs": TEXT, "parameters": LONG}))
                check(f"{path}: both are under way", until(lambda: d.metric("t2v_waiting_requests") == 2))
                d.process.send_signal(signal.SIGTERM)
                s.rest()
                check(f"{path}: an event says so", s.whole and error(s.events[-1]) and "shutting down" in str(s.events[-1]), s.events[-1])
                a = waits.read()
                check(f"{path}: an answer in one piece is 503", a is not None and a.status == 503 and a.json["error_type"] == "overloaded", a)
            check(f"{path}: exit 0", d.wait() == 0, d.said()[-500:])
