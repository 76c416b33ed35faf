# SPDX-License-Identifier: BSD-3-Clause
"""Weights that are touched, copied over, changed or cut short while they are in use."""
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

from daemon import Daemon, vectors

WEIGHTS = "model.safetensors"


class Serving:
    """A service on a copy of the model whose watcher knows the file: with Serving(check) as (d, path, right): ..."""

    def __init__(self, check):
        self.check = check

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        model = shutil.copytree(self.check.model, os.path.join(self.folder.name, "model"))
        self.daemon = Daemon(self.check.binary, model)
        d = self.daemon.__enter__()
        time.sleep(0.5)
        return d, os.path.join(model, WEIGHTS), ask(d).json["vector"]

    def __exit__(self, kind, value, trace):
        try:
            if self.daemon.process.poll() is None:
                self.daemon.__exit__(kind, value, trace)
        finally:
            self.folder.cleanup()


def ask(d, text="hello there"):
    return d.ask(vectors({"text": text}))


def over(path, change):
    """Writes the file's own bytes into it, changed by change."""
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        change(data)
        f.seek(0)
        f.write(data)


def nothing(data):
    pass


def one_bit(data):
    data[len(data) // 2] ^= 1


def copy_over(path):
    shutil.copy(path, path + ".same")
    subprocess.run(["cp", path + ".same", path], check=True)


def touch(path):
    os.utime(path)


def touch_often(path):
    for i in range(20):
        os.utime(path, (i, i))
        time.sleep(0.01)


def check_endless_touching(check):
    """The same bytes, touched for longer than the watcher doubts: they are copied, and the file no longer counts."""
    stop = threading.Event()

    def touch_on(path):
        while not stop.is_set():
            os.utime(path)
            time.sleep(0.002)

    with Serving(check) as (d, path, right):
        thread = threading.Thread(target=touch_on, args=(path,))
        thread.start()
        try:
            end = time.monotonic() + 12
            while time.monotonic() < end:
                a = ask(d)
                check("the same answer meanwhile", a.status == 200 and a.json["vector"] == right, (a, d.said()))
                time.sleep(0.2)
        finally:
            stop.set()
            thread.join()
        check("one line says so", d.said().count("a copy of it is in memory") == 1, d.said())
        over(path, one_bit)
        time.sleep(1.5)
        check("other bytes no longer matter", ask(d, "hello").status == 200 and ask(d).json["vector"] == right, d.said())


def check_harmless(check):
    """The same bytes at another time of writing: a line at info, and the service goes on."""
    for change in (touch, touch_often, copy_over, lambda path: over(path, nothing)):
        with Serving(check) as (d, path, right):
            for _ in range(2):
                change(path)
                check(f"{change.__name__}: the same answer", ask(d).json["vector"] == right, d.said())
            time.sleep(1.5)
            check(f"{change.__name__}: and later", ask(d).json["vector"] == right, d.said())
            check(f"{change.__name__}: it says so", re.search(r"Z info model written to, and the same as before path=\S+model.safetensors", d.said()), d.said())
            check(f"{change.__name__}: no worse line", " error " not in d.said() and " warn " not in d.said(), d.said())


def check_harmful(check):
    """Other bytes, or fewer: 500 to whoever asks then, one line of error, exit 1, whether somebody asks or not."""
    changes = {"a bit": lambda path: over(path, one_bit), "a byte less": lambda path: os.truncate(path, os.path.getsize(path) - 1),
               "half of it": lambda path: os.truncate(path, os.path.getsize(path) // 2), "nothing left": lambda path: os.truncate(path, 0)}
    for what, change in changes.items():
        for asked in (True, False):
            with Serving(check) as (d, path, _):
                change(path)
                if asked:
                    a = ask(d)
                    check(f"{what}: 500", (a.status, a.json["error"]) == (500, "a file of the model changed while it was in use"), a)
                check(f"{what}: exit 1, asked: {asked}", d.wait() == 1, d.said())
                lines = [line for line in d.said().splitlines() if " error " in line or line.startswith("t2v")]
                named = len(lines) == 1 and re.match(r"\S+Z error model \S*model\.safetensors: (changed while it was in use|cut short, or unreadable)", lines[0])
                check(f"{what}: one line with time and level, asked: {asked}", named, d.said())


def check_same_times(check):
    """Other bytes under the old time of writing, as a copy that keeps times leaves them."""
    with Serving(check) as (d, path, _):
        times = os.stat(path)
        over(path, one_bit)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        check("500", ask(d).status == 500, d.said())
        check("exit 1", d.wait() == 1, d.said())


def check_copies_under_load(check):
    """A file that is copied over itself again and again, or changed and put back: every answer is right."""
    with Serving(check) as (d, path, right):
        shutil.copy(path, path + ".same")
        end, answers = time.monotonic() + 4, []

        def go():
            while time.monotonic() < end:
                answers.append(ask(d))
        threads = [threading.Thread(target=go) for _ in range(4)]
        for t in threads:
            t.start()
        while time.monotonic() < end:
            shutil.copy(path + ".same", path)
            time.sleep(0.05)
            over(path, one_bit)
            over(path, one_bit)
            time.sleep(0.1)
        for t in threads:
            t.join()
        check("many answers", len(answers) > 20, len(answers))
        check("all are right", all(a.status == 200 and a.json["vector"] == right for a in answers), [a.status for a in answers if a.status != 200])
        check("it goes on", ask(d).json["vector"] == right, d.said()[-2000:])


def check_many_in_flight(check):
    """Every request that is in flight gets its 500, and none a vector of other weights."""
    with Serving(check) as (d, path, right):
        answers = []

        def go():
            answers.append(ask(d, "a wheel by the river. " * 400))
        threads = [threading.Thread(target=go) for _ in range(8)]
        whole = ask(d, "a wheel by the river. " * 400).json["vector"]
        for t in threads:
            t.start()
        over(path, one_bit)
        for t in threads:
            t.join()
        check("eight answers", len(answers) == 8, d.said())
        check("each is right or 500", all(a.status == 500 or a.json["vector"] == whole for a in answers), [a.status for a in answers])
        check("exit 1", d.wait() == 1, d.said())
