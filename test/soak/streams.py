#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
streams.py BIN EMBEDDER SECONDS [--clients N] [--seed N] [--slack X]

A daemon with two generators, whose pool is small, and an embedder, under clients of TGI's, OpenAI's and Ollama's routes: whole answers and
streams, read at once or slowly, beside clients that stall, leave in the middle, close one half, or send rubbish. A table of texts is made
first, by a daemon of one thread that is asked for one at a time; under load every text has to be the same, and vectors to the bit. Else it
is as soak.py, which see.
"""
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(os.path.dirname(HERE), "golden")
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "api")]
from daemon import Daemon, request, vectors  # noqa: E402
from generation import Stream, post  # noqa: E402
from soak import WORDS, Client, arguments, report, soak  # noqa: E402

MODELS = ("marked", "spaced")
N_OF_KIND, N_VECTORS = 40, 60
PATHS = ("/generate", "/generate_stream", "/", "/v1/completions", "/v1/chat/completions", "/api/generate", "/api/chat")
RUBBISH = [("/generate", b"{"), ("/generate", b'{"inputs":5}'), ("/generate", b'{"inputs":"a","parameters":{"max_new_tokens":-1}}'),
           ("/generate_stream", b'{"inputs":"a","parameters":{"temperature":NaN}}'), ("/v1/completions", b'{"prompt":"a","n":1e9}'),
           ("/v1/completions", b'{"prompt":"a","max_tokens":"many"}'), ("/v1/completions", b'{"prompt":"a","logit_bias":{"x":1}}'),
           ("/v1/chat/completions", b'{"messages":[]}'), ("/v1/chat/completions", b'{"messages":[{"role":1}]}'), ("/v1/completions", b"[" * 100000),
           ("/v1/completions", b'{"prompt":"a","response_format":{"type":"json_schema","json_schema":{"schema":{"not":{}}}}}'),
           ("/v1/completions", b'{"prompt":"a","response_format":{"type":"json_schema","json_schema":{"schema":{"$ref":"#"}}}}'),
           ("/api/generate", b'{"prompt":"a","raw":true,"options":[]}'), ("/api/chat", b'{"messages":"\xff"}')]
SCHEMA = {"type": "object", "properties": {"a": {"enum": [1, "two", None]}, "b": {"type": "boolean"}}, "required": ["a", "b"], "additionalProperties": False}


def daemon(args, *more):
    models = [word for name in MODELS for word in ("--model", f"{name}={os.path.join(GOLDEN, 'generators', name)}")]
    return Daemon(args.binary, models[1], *models[2:], "--model", f"vectors={args.model}", "--kv-cache", "1m", "--max-queue", "60",
                  "--read-timeout", "15", "--drain", "5", *more)


def texts_of(path, events):
    """The texts of an answer, or of a stream's events, with how each ended."""
    if path.startswith("/v1"):
        texts = {}
        for choice in (c for e in events if isinstance(e, dict) for c in e["choices"]):
            said = choice.get("message") or choice.get("delta") or choice
            text, end = texts.get(choice["index"], ("", None))
            texts[choice["index"]] = text + (said.get("content") or said.get("text") or ""), choice["finish_reason"] or end
        return [texts[i] for i in sorted(texts)]
    if path.startswith("/api"):
        return [("".join(e["message"]["content"] if "message" in e else e["response"] for e in events), events[-1]["done_reason"])]
    return [(e["generated_text"], e["details"]["finish_reason"]) for e in events[-1:]]


class Requests:
    """Requests, the texts that each has alone, and vectors."""

    def __init__(self, seed):
        r = random.Random(seed)
        system = " ".join(r.choice(WORDS) for _ in range(12))
        words = lambda: " ".join(r.choice(WORDS) for _ in range(r.choice((1, 4, 8))))
        prompt = lambda: system + " " + words() if r.random() < 0.3 else words()
        n_new = lambda: r.choice((1, 8, 20, 50))
        sampled = lambda: {"temperature": 0.8, "top_p": 0.9, "seed": r.randrange(1000)} if r.random() < 0.5 else {"temperature": 0}
        messages = lambda: [{"role": "user", "content": words()} for _ in range(1)]

        def tgi():
            chosen = {"do_sample": True, "seed": r.randrange(1000), "top_k": 9} if r.random() < 0.5 else {}
            return {"inputs": prompt(), "parameters": {"max_new_tokens": n_new(), "details": True, "stop": r.choice(([], ["e"])), **chosen}}

        def v1(asked):
            form = {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}} if r.random() < 0.2 else {}
            return {**asked, "max_tokens": n_new(), "n": r.choice((1, 1, 3)), "repetition_penalty": r.choice((1, 1.2)), **sampled(), **form}

        ollama = lambda asked: {**asked, "options": {"num_predict": n_new(), **sampled()}}
        makers = {"/generate": tgi, "/generate_stream": tgi, "/": tgi, "/v1/completions": lambda: v1({"prompt": prompt()}),
                  "/v1/chat/completions": lambda: v1({"messages": messages()}), "/api/generate": lambda: ollama({"prompt": prompt(), "raw": True}),
                  "/api/chat": lambda: ollama({"messages": messages()})}
        self.asked = [(path, {**makers[path](), "model": r.choice(MODELS)}) for path in PATHS for _ in range(N_OF_KIND)]
        self.texts = [words() + f" {i}" for i in range(N_VECTORS)]

    def client(self, *args):
        return Streams(*args)

    def fill(self, d):
        self.alone, self.vectors = [], []
        with d.connect(timeout=120) as c:
            for path, body in self.asked:
                stream = path == "/generate_stream"
                c.send(post("/generate" if stream else path, {**body, "stream": False}))
                a = c.read()
                if a is None or a.status != 200:
                    raise SystemExit(f"{path} alone: {a}")
                self.alone.append(texts_of(path, a.json if isinstance(a.json, list) else [a.json]))
            for text in self.texts:
                c.send(vectors({"text": text}))
                self.vectors.append(c.read().body)


class Streams(Client):
    def kinds(self):
        return ((self.whole, 25), (self.stream, 30), (self.slow, 3), (self.pipeline, 3), (self.vector, 20), (self.stall, 2), (self.leave, 10),
                (self.half_close, 3), (self.rubbish, 6), (self.cut_off, 3), (self.others, 1))

    def pick(self):
        i = self.r.randrange(len(self.table.asked))
        return i, *self.table.asked[i]

    def compare(self, kind, i, path, events):
        self.counts[3] += 1
        got = texts_of(path, events)
        if got != self.table.alone[i]:
            self.note(kind, f"{path}: {got} instead of {self.table.alone[i]}")

    def whole(self):
        i, path, body = self.pick()
        path = "/generate" if path == "/generate_stream" else path
        begin = time.monotonic()
        self.kept().send(post(path, {**body, "stream": False}))
        a = self.c.read()
        if self.check("whole", a):
            self.compare("whole", i, path, a.json if isinstance(a.json, list) else [a.json])
            self.ms.append((time.monotonic() - begin) * 1e3)

    def begin(self, conn, path, body):
        """A stream that has begun; None where it was refused, as more than the queue takes is."""
        s = Stream(conn, "/generate_stream" if path == "/generate" else path, {**body, "stream": True})
        self.counts[0] += 1
        if s.status == 200:
            return s
        if s.status == 503:
            self.counts[2] += 1
        else:
            self.note("stream", f"{path}: {s.status} {conn.rest[:200]}")
        return None

    def stream(self):
        i, path, body = self.pick()
        with self.d.connect(timeout=900) as c:
            s = self.begin(c, path, body)
            if s is not None and s.rest().whole:
                self.compare("stream", i, path, s.events)
            elif s is not None:
                self.note("stream", f"{path}: it was cut off after {s.body[-200:]}")

    def slow(self):
        """A chunk at a time, with pauses."""
        i, path, body = self.pick()
        with self.d.connect(timeout=900, receive_bytes=4096) as c:
            s = self.begin(c, path, body)
            while s is not None and s.chunk() is not None:
                time.sleep(0.01)
            if s is not None and s.whole:
                self.compare("slow", i, path, s.events)

    def pipeline(self):
        picked = [self.pick() for _ in range(self.r.randrange(2, 6))]
        picked = [(i, "/generate" if path == "/generate_stream" else path, body) for i, path, body in picked]
        self.kept().send(b"".join(post(path, {**body, "stream": False}) for _, path, body in picked))
        for i, path, _ in picked:
            a = self.c.read()
            if self.check("pipeline", a):
                self.compare("pipeline", i, path, a.json if isinstance(a.json, list) else [a.json])

    def vector(self):
        i = self.r.randrange(N_VECTORS)
        self.kept().send(vectors({"text": self.table.texts[i]}))
        a = self.c.read()
        if self.check("vector", a):
            self.counts[3] += 1
            if a.body != self.table.vectors[i]:
                self.note("vector", f"{a.body[:100]} instead of {self.table.vectors[i][:100]}")

    def large(self):
        return post("/v1/completions", {"prompt": "a", "n": self.r.choice((2, 64)), "max_tokens": 5000, "ignore_eos": True, "stream": True, "logprobs": 20})

    def stall(self):
        """Takes the beginning of a large stream, and then nothing."""
        with self.d.connect(timeout=900, receive_bytes=4096) as c:
            c.send(self.large())
            c.more()
            time.sleep(self.r.choice((0.5, 3)))
            self.r.choice((c.reset, c.sock.close))()

    def leave(self):
        _, path, body = self.pick()
        c = self.d.connect(timeout=900)
        c.send(self.large() if self.r.random() < 0.3 else post(path, {**body, "stream": True}))
        time.sleep(self.r.choice((0, 0.001, 0.02, 0.2)))
        self.r.choice((c.reset, c.sock.close))()

    def half_close(self):
        _, path, body = self.pick()
        with self.d.connect(timeout=900) as c:
            c.send(post(path, {**body, "stream": True}))
            c.sock.shutdown(1)
            while c.more():
                pass

    def rubbish(self):
        path, body = self.r.choice(RUBBISH)
        self.kept().send(request("POST", path, body))
        a = self.c.read()
        self.check("rubbish", a, status=a.status if a is not None and 400 <= a.status < 500 else 422)

    def cut_off(self):
        """A part of a request, or something else in the middle of it."""
        _, path, body = self.pick()
        data = post(path, {**body, "stream": True})
        with self.d.connect(timeout=900) as c:
            c.send(data[:self.r.randrange(1, len(data))] + self.r.choice((b"", b"\0\xff{", b"\r\n\r\n")))

    def others(self):
        for path in ("/metrics", "/info", "/meta"):
            self.kept().send(request("GET", path))
            self.check("others", self.c.read())


def main():
    args = arguments(__doc__)
    table = Requests(args.seed)
    with daemon(args, "--threads", "1") as d:
        table.fill(d)
    with daemon(args) as d:
        return report(d, soak(d, table, args), args)


if __name__ == "__main__":
    sys.exit(main())
