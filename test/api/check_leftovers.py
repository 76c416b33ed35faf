# SPDX-License-Identifier: BSD-3-Clause
"""A test that ends in the middle leaves no daemon behind: interrupted, told to end, hung up, killed, or by an exception."""
import os
import signal
import subprocess
import sys
import time

RUNNER = """
import os, sys, time
sys.path[:0] = [sys.argv[1], os.path.dirname(sys.argv[1])]
from checks import Checks
from daemon import Daemon

def check_first(check):
    with Daemon(*sys.argv[2:4], "--drain", "100") as d:
        print(d.process.pid, flush=True)
        if sys.argv[4] == "in a start":
            Daemon(sys.argv[2], sys.argv[3], host="203.0.113.1").__enter__()
        if sys.argv[4] == "in the end":
            d.stop(60)
        time.sleep(60)

def check_second(check):
    print("still here", flush=True)

sys.exit(Checks().run([sys.modules["__main__"]]))
"""


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def until_gone(pids, wait_s=20):
    end = time.monotonic() + wait_s
    while any(map(runs, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(runs, pids))


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:  # a kernel without that file
        return []


def end_in_the_middle(check, number, where):
    argv = [sys.executable, "-c", RUNNER, os.path.dirname(os.path.abspath(__file__)), check.binary, check.model, where]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
                          preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) as runner:
        what = f"{signal.Signals(number).name} {where}"
        first = int(runner.stdout.readline())
        time.sleep(0.5)
        pids = {first, *children(runner.pid)}
        runner.send_signal(number)
        rest = runner.communicate(timeout=90)[0]
        check(f"{what}: no daemon is left", until_gone(pids), pids)
        check(f"{what}: nor is another check begun", "still here" not in rest, rest)
        check(f"{what}: the status says so", runner.returncode in (1, -number, 128 + number), runner.returncode)
        for pid in filter(runs, pids):
            os.kill(pid, signal.SIGKILL)


def check_leftovers(check):
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL:
        for where in "in the middle", "in a start", "in the end":
            end_in_the_middle(check, number, where)
