#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN MODEL_DIR [-k WORD]

The API's tests once more, with the daemon where enter.py puts it: images/seccomp.json for its system calls, no capability, no
new privileges, and as root's child an unprivileged user before a file system that is read-only. Exits 77 where the kernel forbids that.
"""
import importlib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TEST = os.path.dirname(HERE)
sys.path[:0] = [TEST, os.path.join(TEST, "api")]
from checks import Checks, word_of  # noqa: E402
from daemon import Daemon, vectors  # noqa: E402

ENTER = [sys.executable, os.path.join(HERE, "enter.py"), os.path.join(os.path.dirname(TEST), "images", "seccomp.json")]


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.strip().split(":", 1) for line in f if ":" in line)


def check_inside(check):
    with Daemon(check.binary, check.model) as d:
        s = {k: v.split() for k, v in status_of(d.process.pid).items()}
        check("no capability", all(int(s[k][0], 16) == 0 for k in ("CapPrm", "CapEff", "CapInh", "CapAmb")) or os.getuid() != 0, s)
        check("nor one to be had", int(s["CapBnd"][0], 16) == 0 or os.getuid() != 0, s["CapBnd"])
        check("no new privileges", s["NoNewPrivs"] == ["1"], s["NoNewPrivs"])
        check("system calls are filtered", s["Seccomp"] == ["2"], s["Seccomp"])
        check("an unprivileged user", s["Uid"] == ["65534"] * 4 or os.getuid() != 0, s["Uid"])
        if os.getuid() == 0:
            with open(f"/proc/{d.process.pid}/mountinfo") as f:
                writable = [line for line in f if "ro" not in line.split()[5].split(",")]
            check("nothing to write to", not writable, writable)
        check("it answers", d.ask(vectors({"text": "hello there"})).status == 200)
        check("it ends well", d.stop() == 0, d.said())


def check_commands(check):
    for command, line in (("embed", '"hello there"'), ("tokens", '"hello there"'), ("sentences", '"One. Two."'), ("inspect", "")):
        model = [] if command == "sentences" else ["--model", check.model]
        p = subprocess.run([*check.binary, command, *model], input=line + "\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check(f"t2v {command}", p.returncode == 0 and len(p.stdout) > 5, (p.returncode, p.stdout))


def check_the_walls(check):
    """What the profile does not list ends a process, so that the tests mean something."""
    p = subprocess.run([*ENTER, sys.executable, "-c", "import os; print('in'); os.mkdir('/tmp/x')"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check("mkdir is not among them", p.returncode != 0 and not os.path.exists("/tmp/x"), p)


def main():
    args, checks = sys.argv[1:], Checks()
    word, checks.fake = word_of(args), None
    can = subprocess.run([*ENTER, args[0], "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if can.returncode != 0 and "enter.py" in can.stdout:
        print("SKIPPED: sandbox: " + can.stdout.strip().splitlines()[-1])
        return 77
    with tempfile.TemporaryDirectory() as place:  # where nobody may read them, too
        os.chmod(place, 0o755)
        checks.binary = [*ENTER, shutil.copy(args[0], place)]
        checks.model = shutil.copytree(args[1], os.path.join(place, "model"))
        others = [importlib.import_module("check_" + name) for name in ("contract", "conformance", "wire")]
        return checks.run([sys.modules["__main__"], *others], word)


if __name__ == "__main__":
    sys.exit(main())
