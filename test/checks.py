# SPDX-License-Identifier: BSD-3-Clause
"""What checks written in Python are given, and how they are run: one line for each that fails, and a summary."""
import functools
import os
import signal
import subprocess
import sys
import time
import traceback


def end_by_exception():
    """SIGTERM and SIGHUP, too, leave every `with` and `finally` as Ctrl-C does, so that what was started is stopped."""
    for number in signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, lambda n, _: sys.exit(128 + n))


def is_sanitized(binary):
    """Whether t2v, a path or a command, was built with a sanitizer. Then what it takes, of time and of memory, says nothing about t2v."""
    command = [binary] if isinstance(binary, str) else binary
    said = subprocess.run([*command, "version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return "sanitizers: " in said and "sanitizers: none" not in said


def cpu_s():
    """Seconds of processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def until(condition, wait_s=60):
    """Waits for condition() to become true; whether it is."""
    end = time.monotonic() + wait_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Checks:
    """binary is t2v, set before the checks run."""

    binary = None

    def __init__(self):
        self.passed = self.failed = 0
        self.where = ""

    @functools.cached_property
    def sanitized(self):
        return is_sanitized(self.binary)

    @property
    def slack(self):
        """Every upper limit on a time is multiplied by this. The limit is for an idle machine; this is for a busy one, or a sanitizer."""
        return 30 if self.sanitized else 3

    def __call__(self, what, ok, seen=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {self.where}: {what}: {str(seen)[:600]}", flush=True)

    def run(self, modules, word=""):
        """Calls each function check_* that has WORD in its name or its module's; the exit status. It is a failure when there is none."""
        end_by_exception()
        n_called = 0
        for module in modules:
            for name, function in list(vars(module).items()):
                if not name.startswith("check_") or word not in f"{module.__name__}.{name}":
                    continue
                n_called += 1
                self.where, begin, cpu = f"{module.__name__}.{name}", time.monotonic(), cpu_s()
                try:
                    function(self)
                except Exception as e:  # a check that cannot go on is a check that fails
                    at = traceback.extract_tb(e.__traceback__)[-1]
                    self(f"{type(e).__name__} in line {at.lineno} of {os.path.basename(at.filename)}", False, e)
                if time.monotonic() - begin > 20:
                    print(f"slow {self.where}: {time.monotonic() - begin:.1f} s, {cpu_s() - cpu:.1f} s of them on a processor", flush=True)
        if n_called == 0:
            print(f"no check has '{word}' in its name")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or n_called == 0 else 0


def value_of(args, flag):
    """What follows flag, both taken out of args; an empty string when flag is not there."""
    if flag not in args:
        return ""
    at = args.index(flag)
    value = args[at + 1]
    del args[at:at + 2]
    return value


def word_of(args):
    """The WORD of `-k WORD`, which is taken out of args."""
    return value_of(args, "-k")
