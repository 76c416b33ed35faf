#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
floods.py BIN MODEL_DIR [--max-memory N] [--only WORD]

What clients can make the service hold, a flood at a time: a table of how much more is resident at the most, how much of it stays
20 s later, what the flood was answered, and how short texts fared meanwhile. Exits 1 when the most is above max-memory and 64 MiB,
when more than 64 MiB stay, or when a short text was not answered within 2 s. test/api/check_budget.py is the quick form.
"""
import argparse
import collections
import json
import os
import resource
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "api"), os.path.dirname(HERE)]
from daemon import Daemon, request, vectors  # noqa: E402

MIB = 1 << 20
FILES = 20000
SPARE_MIB = 64
SLOW_S = 2


def mib(d, key):
    with open(f"/proc/{d.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key + ":")) / 1024


class Shorts(threading.Thread):
    """Asks for a short text all the while; its statuses, and the longest wait."""

    def __init__(self, d):
        super().__init__(daemon=True)
        self.d, self.ends, self.said, self.longest = d, False, collections.Counter(), 0.0

    def run(self):
        while not self.ends:
            begin = time.monotonic()
            try:
                self.said[self.d.ask(vectors({"text": "hello"}), timeout=60).status] += 1
            except OSError as e:
                self.said[type(e).__name__] += 1
            self.longest = max(self.longest, time.monotonic() - begin)
            time.sleep(0.01)


def at_once(n, body):
    """n whole requests."""
    def flood(d):
        said = collections.Counter()

        def go():
            said[d.ask(request("POST", "/vectors", body), timeout=600).status] += 1
        threads = [threading.Thread(target=go) for _ in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return dict(said)
    return flood


def half(n, head, body, seconds=6):
    """n requests that never end: the head, and as much of the body as is taken in that time."""
    def flood(d):
        conns = {}
        for _ in range(n):
            c = socket.create_connection(("127.0.0.1", d.port))
            c.setblocking(False)
            conns[c] = head + body
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for c, left in conns.items():
                try:
                    conns[c] = left[c.send(left[:65536]):] if left else left
                except OSError:
                    pass
            time.sleep(0.005)
        for c in conns:
            c.close()
        return f"{n} half-sent"
    return flood


POST = b"POST /vectors HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n"
WORD = 15 * MIB
FLOODS = {
    "60 bodies of 0.8 MB, unknown members": at_once(60, b'{"text":"a","x":[' + b",".join([b'{"a":1}'] * 100000) + b"]}"),
    "12 answers to 20,000 texts": at_once(12, json.dumps({"texts": ["a"] * 20000}).encode()),
    "12 texts that are all escapes": at_once(12, json.dumps({"text": "\x01 " * (WORD // 7)}).encode()),
    "8 words of 15 MiB": at_once(8, json.dumps({"text": "a" * WORD}).encode()),
    "8 texts of 15 MiB of combining marks": at_once(8, json.dumps({"text": "\u0301" * (WORD // 2)}, ensure_ascii=False).encode()),
    "8,000 heads of 15 KB": half(8000, b"GET /meta HTTP/1.1\r\nx: ", b"a" * 15000),
    "8,000 bodies of 60 KB": half(8000, POST, b"a" * 60000),
    "200 bodies of 1 MB": half(200, POST, b"a" * 1000000),
    "40 bodies of 15 MB": half(40, POST, b"a" * 15000000, 10),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("binary")
    parser.add_argument("model")
    parser.add_argument("--max-memory", type=int, default=512, help="in MiB")
    parser.add_argument("--only", default="", help="floods with this word")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    bad = 0
    for what, flood in FLOODS.items():
        if args.only not in what:
            continue
        with Daemon(args.binary, args.model, "--max-memory", f"{args.max_memory}m", files=FILES) as d:
            d.ask(vectors({"text": "hello"}))
            with open(f"/proc/{d.process.pid}/clear_refs", "w") as f:
                f.write("5")
            before, shorts = mib(d, "VmRSS"), Shorts(d)
            shorts.start()
            said = flood(d)
            shorts.ends = True
            shorts.join()
            most = mib(d, "VmHWM") - before
            time.sleep(20)
            stays = mib(d, "VmRSS") - before
            fine = most <= args.max_memory + SPARE_MIB and stays <= SPARE_MIB and set(shorts.said) == {200} and shorts.longest < SLOW_S
            bad += not fine
            print(f"{'ok  ' if fine else 'FAIL'} {what}: {most:.0f} MiB, {stays:.0f} stay; {said}; short texts {dict(shorts.said)}, "
                  f"at most {shorts.longest:.2f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
