#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Requests a second of one or more servers, by wrk: the corpus' short texts, one after another on 1 and on 8 connections.

    rates.py --corpus FILE.json NAME=URL [NAME=URL ...] [--rounds 5] [--seconds 5]

The servers are asked in turn, round after round; printed are the medians, the medians of the rounds' ratios to the last server, how
much 8 connections give over one, and how much of a processor wrk itself took. An answer other than 200 is an error.
"""
import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SCRIPT = """
local bodies, at = { %s }, 0
request = function()
    at = at %% #bodies + 1
    return wrk.format("POST", "/vectors", {["Content-Type"] = "application/json"}, bodies[at])
end
"""


def lua_string(text):
    return '"' + "".join(f"\\{b:03d}" for b in json.dumps({"text": text}).encode()) + '"'


def processor_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wrk(script, url, connections, seconds):
    """(requests a second, processors that wrk took)"""
    before, start = processor_s(), time.perf_counter()
    run = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script, url],
                         capture_output=True, text=True)
    share = (processor_s() - before) / (time.perf_counter() - start)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", run.stdout)
    if not rate or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        sys.exit(f"{url}: {run.stdout}{run.stderr}")
    return float(rate[1]), share


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--corpus", required=True)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=5)
    ap.add_argument("server", nargs="+", metavar="NAME=URL")
    a = ap.parse_args()
    servers = dict(s.split("=", 1) for s in a.server)
    with open(a.corpus, encoding="utf-8") as f:
        texts = json.load(f)["short"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % ", ".join(map(lua_string, texts)))
        script.flush()
        for url in servers.values():
            wrk(script.name, url, 8, 2)  # warm up, not counted
        seen = {(name, c): [] for name in servers for c in (1, 8)}
        for _ in range(a.rounds):
            for name, connections in seen:
                seen[name, connections].append(wrk(script.name, servers[name], connections, a.seconds))
    last = list(servers)[-1]
    for (name, connections), runs in seen.items():
        rates = [rate for rate, _ in runs]
        ratio = statistics.median(rate / other for rate, (other, _) in zip(rates, seen[last, connections]))
        over_one = statistics.median(rate / one for rate, (one, _) in zip(rates, seen[name, 1]))
        print(f"{name:10} -c{connections}: {statistics.median(rates):7.1f} requests/s ({min(rates):.1f} to {max(rates):.1f}), {ratio:5.2f} of {last}'s, "
              f"{over_one:4.2f} of its own -c1, wrk took {statistics.median(s for _, s in runs):.2f} processors")


if __name__ == "__main__":
    main()
