#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
mixed.py BIN EMBEDDER SECONDS [--clients N] [--seed N] [--slack X]

A daemon with six models, each for another task, under mixed clients: embedder, reranker, reader, tagger, sparse vectors and a vector
a token. A table of requests and answers is made first, by a daemon of one thread that is asked for one request at a time; under load
every answer has to be the same, bit by bit, since each number is written with all its digits. Else it is as soak.py, which see.
"""
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(os.path.dirname(HERE), "golden")
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "api")]
from daemon import Daemon, request  # noqa: E402
from soak import WORDS, Client, arguments, report, soak  # noqa: E402

MODELS = {"ranker": "heads/cross-encoder", "reader": "heads/reader-roberta", "tagger": "heads/ner-bert", "sparse": "bert-cased-mlm-gamma",
          "tokens": "multi/native"}
N_OF_KIND = 60


def daemon(args, *more):
    models = (word for name, path in MODELS.items() for word in ("--model", f"{name}={os.path.join(GOLDEN, path)}"))
    return Daemon(args.binary, args.model, *models, *more)


class Requests:
    """Requests of each kind, and the answers that they have alone. An answer is the same bytes each time."""

    def __init__(self, seed):
        r = random.Random(seed)
        sentence = lambda: " ".join(r.choice(WORDS) for _ in range(r.randrange(3, 25))).capitalize() + "."
        text = lambda: " ".join(sentence() for _ in range(r.choice((1, 1, 1, 2, 12))))
        some = lambda: [text() for _ in range(r.choice((1, 1, 2, 5, 30)))]
        kinds = {
            "/vectors": lambda: {"text": text()},
            "/v1/embeddings": lambda: {"input": some(), "encoding_format": r.choice(("float", "base64"))},
            "/embed": lambda: {"inputs": some()},
            "/similarity": lambda: {"inputs": {"source_sentence": text(), "sentences": some()}},
            "/embed_sparse": lambda: {"inputs": some()[:5], "model": "sparse"},
            "/v1/multi-vector": lambda: {"input": some(), "input_type": r.choice(("query", "document"))},
            "/rerank": lambda: {"query": sentence(), r.choice(("texts", "documents")): some()},
            "/answers": lambda: {"question": sentence(), "text": text()},
            "/ner": lambda: {"text": text()},
        }
        bodies = [(path, make()) for path, make in kinds.items() for _ in range(N_OF_KIND)]
        self.paths = [path for path, _ in bodies]
        self.requests = [request("POST", path, json.dumps(body).encode()) for path, body in bodies]

    def client(self, *args):
        return Mixed(*args)

    def fill(self, d):
        self.answers = []
        with d.connect(timeout=120) as c:
            for path, asked in zip(self.paths, self.requests):
                c.send(asked)
                a = c.read()
                if a is None or a.status != 200 or len(a.body) < 8:
                    raise SystemExit(f"{path} alone: {a}")
                self.answers.append(a.body)


class Mixed(Client):
    """Any of the requests after the other, some of them several at once or left unread."""

    def kinds(self):
        return (self.ask, 90), (self.pipeline, 4), (self.leave, 4), (self.others, 2)

    def compare(self, kind, i):
        a = self.c.read()
        if self.check(kind, a):
            self.counts[3] += 1
            if a.body != self.table.answers[i]:
                self.note(kind, f"{self.table.paths[i]}: {a.body[:150]} ... instead of {self.table.answers[i][:150]} ...")

    def pick(self):
        return self.r.randrange(len(self.table.requests))

    def ask(self):
        i, begin = self.pick(), time.monotonic()
        self.kept().send(self.table.requests[i])
        self.compare("ask", i)
        self.ms.append((time.monotonic() - begin) * 1e3)

    def pipeline(self):
        ids = [self.pick() for _ in range(self.r.randrange(2, 8))]
        self.kept().send(b"".join(self.table.requests[i] for i in ids))
        for i in ids:
            self.compare("pipeline", i)

    def leave(self):
        c = self.d.connect(timeout=900)
        c.send(self.table.requests[self.pick()])
        self.r.choice((c.reset, c.sock.close))()


def main():
    args = arguments(__doc__)
    table = Requests(args.seed)
    with daemon(args, "--threads", "1") as d:
        table.fill(d)
    with daemon(args) as d:
        return report(d, soak(d, table, args), args)


if __name__ == "__main__":
    sys.exit(main())
