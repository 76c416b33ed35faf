#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
peers.py GO_SERVER

check_conformance.py's rows, given to Go's net/http: which it takes and which it refuses, beside what the table says of us. What we take
and it refuses would be ours to explain; what we refuse and it takes is where we are stricter. Exits 1 when we take
more requests from a row's bytes than it does, unless the row is in EXPLAINED.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
from check_conformance import ROWS, heads  # noqa: E402
from daemon import Conn  # noqa: E402

REFUSED = (400, 413, 414, 417, 431, 501, 505)
EXPLAINED = {  # what the RFC asks of a server, and Go does not do
    "2.2 empty lines before it", "2.2 an empty line between two", "7.1.1 blanks before the semicolon", "9110 10.1.1 HTTP/1.0 has none",
}


def answers(port, data):
    """Statuses of all answers until the connection closes or is silent for a moment."""
    got, only = [], heads(data) + [False] * 9
    with Conn(port, timeout=0.4) as c:
        try:
            c.send(data)
            while (a := c.read(head_only=only[len(got)])) is not None:
                got.append(a.status)
        except (OSError, TimeoutError, KeyError):
            pass
    return got


def main():
    server = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
    port, same, other, looser = int(server.stdout.readline()), 0, [], []
    for section, what, data, statuses, _ in ROWS:
        theirs = answers(port, data)
        taken, taken_there = (sum(x not in REFUSED for x in some) for some in (statuses, theirs))
        line = f"  {section:12s} {what:45s} t2v {statuses}, Go {theirs}"
        if taken == taken_there:
            same += 1
        elif taken > taken_there and f"{section} {what}" not in EXPLAINED:
            looser.append(line)
        else:
            other.append(line)
    server.kill()
    print(f"{same} rows taken or refused alike; stricter than Go, or explained, {len(other)}:", *other, f"looser, {len(looser)}:", *looser, sep="\n")
    print(f"{len(ROWS) - len(looser)} passed, {len(looser)} failed")
    return 1 if looser else 0


if __name__ == "__main__":
    sys.exit(main())
