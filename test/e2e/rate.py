# SPDX-License-Identifier: BSD-3-Clause
"""How many objects a second one Weaviate imports with each of several sidecars, in turn, round after round."""
import argparse
import contextlib
import functools
import json
import os
import statistics
import subprocess
import sys
import time

from check_import import import_all
from daemon import cpu_s, die_with
from sidecar import Sidecar
from texts import texts
from weaviate import Client, Weaviate, free_ports


class PythonServer:
    """The Python server, as test/bench/python-server starts it from where it is installed already."""

    def __init__(self, installed, checkout, model):
        if not os.path.exists(os.path.join(installed, "venv", ".complete")):
            sys.exit(f"{installed} is no complete installation: run test/bench/python-server once")
        self.port, = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "python-server")
        self.command = [script, installed, checkout, model, str(self.port)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=functools.partial(die_with, os.getpid()))
        try:
            self.until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def until_ready(self):
        ask, end = Client(self.port), time.monotonic() + 300
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if ask("GET", "/.well-known/ready")[0] == 204:
                    return
            except OSError:
                time.sleep(0.2)
        sys.exit("the Python server does not start: " + " ".join(self.command))

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Row:
    """One sidecar with so many batches at a time."""

    def __init__(self, name, server, at_a_time):
        self.name, self.server, self.at_a_time = name, server, at_a_time
        self.rates, self.near_ms, self.cpu_ms = [], [], []

    def round(self, weaviate, all_texts, queries):
        weaviate.create("Rate", inferenceUrl=self.server.url)
        pids = weaviate.process.pid, self.server.process.pid
        cpu, begin = [cpu_s(p) for p in pids], time.perf_counter()
        failed = import_all(weaviate, "Rate", all_texts, self.at_a_time)
        took = time.perf_counter() - begin
        if failed:
            raise RuntimeError(f"{self.name}: {len(failed)} failed: {list(failed.values())[0]}")
        self.rates.append(len(all_texts) / took)
        self.cpu_ms.append([(cpu_s(p) - c) * 1e3 / len(all_texts) for p, c in zip(pids, cpu)])
        for text in queries:
            begin = time.perf_counter()
            weaviate.near_text("Rate", text)
            self.near_ms.append((time.perf_counter() - begin) * 1e3)

    def line(self, base):
        ratios = [a / b for a, b in zip(self.rates, base.rates)] if base else []
        ratio = f"{statistics.median(ratios):5.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if base and base is not self else ""
        mine, other = (statistics.median(c[i] for c in self.cpu_ms) for i in (1, 0))
        return (f"| {self.name:24} | {self.at_a_time} | {statistics.median(self.rates):6.1f} ({min(self.rates):.0f} to {max(self.rates):.0f}) "
                f"| {ratio:22} | {statistics.median(self.near_ms):5.1f} | {mine:5.2f} | {other:5.2f} |")


def arguments(args):
    ap = argparse.ArgumentParser(prog="run rate", description=__doc__)
    ap.add_argument("--python-server", nargs=2, metavar=("DIR", "CHECKOUT"), help="as test/bench/python-server takes them")
    ap.add_argument("--corpus", help='a JSON file, {"short": ["TEXT", ...]}; else texts made here')
    ap.add_argument("--n", type=int, default=1000, help="objects of an import")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--at-a-time", type=int, nargs="+", default=[1, 4], help="batch requests in flight")
    ap.add_argument("--procs", type=int, help="GOMAXPROCS of Weaviate; else Go decides: all processors")
    ap.add_argument("--also", action="append", default=[], metavar="FLAGS", help='one more t2v, with these: --also "--precision int8 --threads 1"')
    ap.add_argument("--peer-bin", metavar="FILE", help="all t2v again, by this binary")
    return ap.parse_args(args)


def measure(rows, weaviate, all_texts, rounds):
    for server in {id(r.server): r.server for r in rows}.values():  # warm up
        weaviate.create("Rate", inferenceUrl=server.url)
        import_all(weaviate, "Rate", all_texts[:200], 1)
    for n in range(rounds):
        for row in rows if n % 2 == 0 else rows[::-1]:
            row.round(weaviate, all_texts, all_texts[::max(1, len(all_texts) // 50)])


def main(check, args):
    a = arguments(args)
    all_texts = [text for _, text in texts(a.n)]
    if a.corpus:
        with open(a.corpus) as f:
            all_texts = json.load(f)["short"][:a.n]
    servers = [("t2v, float32", Sidecar(check)), ("t2v, int8", Sidecar(check, None, None, "--precision", "int8"))]
    servers += [("t2v " + flags, Sidecar(check, None, None, *flags.split())) for flags in a.also]
    if a.peer_bin:
        for name, server in list(servers):
            peer = Sidecar(check)
            peer.argv = [os.path.abspath(a.peer_bin), *server.argv[1:]]
            peer.argv[peer.argv.index("--listen") + 1] = f"127.0.0.1:{peer.port}"
            servers.append((name.replace("t2v", "peer"), peer))
    servers.append(("t2v, all in its cache", Sidecar(check, None, None, "--cache=true")))
    if a.python_server:
        servers.append(("Python server", PythonServer(*map(os.path.abspath, a.python_server), check.model)))
    with contextlib.ExitStack() as stack:
        for _, server in servers:
            stack.enter_context(server)
        weaviate = stack.enter_context(Weaviate(check.weaviate, {"TRANSFORMERS_INFERENCE_API": servers[0][1].url}, procs=a.procs))
        version = weaviate.must("GET", "/v1/meta")["version"]
        rows = [Row(name, server, k) for k in a.at_a_time for name, server in servers]
        measure(rows, weaviate, all_texts, a.rounds)
    base = {r.at_a_time: r for r in rows if r.name == "Python server"}
    print(f"Weaviate {version}, GOMAXPROCS {a.procs or os.cpu_count()}, {os.cpu_count()} processors, {len(all_texts)} objects, "
          f"{a.rounds} rounds; median (least to most)\n")
    print("| sidecar | batches at a time | objects/s | times the Python server's | near_text, ms | its CPU, ms an object | Weaviate's |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(row.line(base.get(row.at_a_time)))
    return 0
