#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Requests in flight, connections that come and go, and queries beside importers: one or more builds of t2v.

    load.py flight  [NAME=]BIN ... --model DIR --corpus FILE.json [--precision f32] [--in-flight 10 20 40] [--rounds 5] [--seconds 4]
    load.py queries [NAME=]BIN ... --model DIR --corpus FILE.json [--precision f32] [--texts 1] [--pause 50]

flight: 500 texts drawn from all of the corpus (four in five are sentences), one a request, with a new connection after every 8, as
Weaviate's batch.stream sends its objects. Beside it `t2v bench` with the same texts, in-process.

queries: eight importers send passages of 100 to 300 words, TEXTS to a request, and get their next answer before they send more;
every PAUSE ms a short text with the task_type "query" is sent on a connection of its own. Half of the runs are without queries.

The builds are measured in turn, round after round. Printed are medians, and the medians of the rounds' ratios to the first build's
and to the in-process rate. Answers other than 200 are errors.
"""
import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

FOREIGN = ("T2V_", "ENABLE_", "USE_", "AUTHENTICATION_", "ONNX_", "TRUST_", "OPENBLAS_")
PER_CONNECTION, IMPORTERS, MIXED = 8, 8, 500
HERE = os.path.dirname(os.path.abspath(__file__))


def environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return kept | {k: v for k, v in os.environ.items() if k == "T2V_CPU"}


def output(*argv):
    got = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    if got.returncode != 0:
        sys.exit(f"{argv[0]}: {got.stderr.strip()}")
    return json.loads(got.stdout)


class Server:
    """`t2v serve` of one build, while it is being measured and between its turns."""

    def __init__(self, binary, model, precision):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([binary, "serve", "--model", model, "--precision", precision, "--listen", f"127.0.0.1:{self.port}"],
                                        env=environment(), stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/.well-known/ready")
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{binary} was not ready after 60 s")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def write_requests(path, bodies):
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(f"/vectors {json.dumps(body)}\n" for body in bodies)
    return path


def passages(corpus, n):
    """n texts of 100 to 300 words of the corpus' pages."""
    drawn, words = random.Random(2), " ".join(corpus["long"]).split()
    texts = []
    for _ in range(n):
        length = drawn.randint(100, 300)
        at = drawn.randrange(len(words) - length)
        texts.append(" ".join(words[at:at + length]))
    return texts


def median(values):
    return statistics.median(list(values))


def prepare_flight(a, corpus, folder):
    """({name of a measurement: function of a server or build}, what is counted)"""
    texts = random.Random(1).sample([text for texts in corpus.values() for text in texts], MIXED)
    mixed, requests = os.path.join(folder, "mixed.json"), write_requests(os.path.join(folder, "requests"), ({"text": t} for t in texts))
    with open(mixed, "w", encoding="utf-8") as f:
        json.dump({"mixed": texts}, f)

    def in_process(binary, _):
        return {"per_s": output(binary, "bench", "--model", a.model, "--precision", a.precision, "--corpus", mixed)["texts_per_s"]}

    def in_flight(n):
        return lambda _, server: load(a, folder, server, n, PER_CONNECTION, requests)

    return {"in-process": in_process} | {f"{n} in flight": in_flight(n) for n in a.in_flight}


def prepare_queries(a, corpus, folder):
    texts = passages(corpus, 800)
    rows = [texts[i:i + a.texts] for i in range(0, len(texts), a.texts)]
    importers = write_requests(os.path.join(folder, "importers"), ({"text": r[0]} if a.texts == 1 else {"texts": r} for r in rows))
    queries = write_requests(os.path.join(folder, "queries"), ({"text": t, "config": {"task_type": "query"}} for t in corpus["short"]))
    return {
        "importers alone": lambda _, server: load(a, folder, server, IMPORTERS, 0, importers),
        "with queries": lambda _, server: load(a, folder, server, IMPORTERS, 0, importers, a.pause, queries),
        "queries alone": lambda _, server: load(a, folder, server, 1, 0, queries),
    }


def load(a, folder, server, n, per_connection, requests, *queries):
    got = output(os.path.join(folder, "load"), str(server.port), str(a.seconds), str(n), str(per_connection), requests, *map(str, queries))
    if got["requests"]["n"] == 0:
        sys.exit("no request was answered in time: give more --seconds")
    result = got["requests"] | {"processors": got["processors"]}
    if queries:
        result |= {"query p50_ms": got["queries"]["p50_ms"], "query p99_ms": got["queries"]["p99_ms"], "queries/s": got["queries"]["per_s"]}
    return result


def report(seen, builds):
    first, base = next(iter(builds)), next(iter(seen.values()))
    for what, runs in seen.items():
        for name in builds:
            rates = [r["per_s"] for r in runs[name]]
            to_base = median(r / b["per_s"] for r, b in zip(rates, base[name]))
            to_first = median(r / f["per_s"] for r, f in zip(rates, runs[first]))
            rest = "  ".join(f"{key} {median(r[key] for r in runs[name]):.2f}" for key in runs[name][0] if key not in ("n", "per_s"))
            print(f"{what:16} {name:10} {median(rates):8.1f}/s ({min(rates):.1f} to {max(rates):.1f}) {to_base:5.2f} of {next(iter(seen))}, "
                  f"{to_first:5.2f} of {first}  {rest}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=("flight", "queries"))
    ap.add_argument("build", nargs="+", metavar="[NAME=]BIN")
    ap.add_argument("--model", required=True)
    ap.add_argument("--corpus", required=True)
    ap.add_argument("--precision", default="f32")
    ap.add_argument("--in-flight", type=int, nargs="+", default=[10, 20, 40])
    ap.add_argument("--texts", type=int, default=1)
    ap.add_argument("--pause", type=float, default=50)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=4)
    a = ap.parse_args()
    builds = {b.partition("=")[0] if "=" in b else "t2v": b.rpartition("=")[2] for b in a.build}
    with open(a.corpus, encoding="utf-8") as f:
        corpus = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.environ.get("CC", "cc"), "-O2", os.path.join(HERE, "load.c"), "-o", os.path.join(folder, "load")], check=True)
        ways = (prepare_flight if a.what == "flight" else prepare_queries)(a, corpus, folder)
        servers = {name: Server(binary, a.model, a.precision) for name, binary in builds.items()}
        seen = {what: {name: [] for name in builds} for what in ways}
        for i in range(a.rounds):
            for what, way in ways.items():
                for name in list(builds)[::1 if i % 2 == 0 else -1]:
                    seen[what][name].append(way(builds[name], servers[name]))
        for server in servers.values():
            server.stop()
    report(seen, builds)


if __name__ == "__main__":
    main()
