# SPDX-License-Identifier: BSD-3-Clause
"""What a newcomer types first: ./run, in a bare copy of the tree; and the test commands of the documentation."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
INSTALLERS = "apt-get sudo gcc cc meson ninja pkg-config python3 pip curl wget git timeout dirname sh".split()


class Bare:
    """A copy of what ./run reads, and a PATH on which bash is real; every other command records that it was called."""

    def __init__(self, fail):
        self.root, self.path = tempfile.mkdtemp(prefix="t2v run "), tempfile.mkdtemp(prefix="t2v-path-")
        self.called = os.path.join(self.path, "called")
        for name in ("run", "test/setup.sh"):
            os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), self.at(name))
        os.symlink(shutil.which("bash"), os.path.join(self.path, "bash"))
        for name in INSTALLERS:
            self.program(os.path.join(self.path, name), 'echo "${0##*/} $*" >>%s; exit %d' % (self.called, fail))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for folder in (self.root, self.path):
            shutil.rmtree(folder)

    def at(self, *names):
        return os.path.join(self.root, *names)

    @staticmethod
    def program(path, body):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!{shutil.which('bash')}\n{body}\n")
        os.chmod(path, 0o755)

    def run(self, *args, cwd="/", script=None, **env):
        p = subprocess.run([script or self.at("run"), *args], cwd=cwd, env={"PATH": self.path, **env}, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, timeout=60)
        p.calls = ""
        if os.path.exists(self.called):
            with open(self.called, encoding="utf-8") as f:
                p.calls = f.read()
        return p


def check_run_help(checks):
    with Bare(fail=1) as bare:
        for args in (["--help"], ["-h"], ["--listen", ":9090", "--help"]):
            begin = time.monotonic()
            p = bare.run(*args)
            checks(f"{args}: at once", p.returncode == 0 and time.monotonic() - begin < 10, (p.returncode, p.stderr))
            checks(f"{args}: what it does", all(w in p.stdout for w in ("usage: ./run", "apt-get", "all-MiniLM-L6-v2", "api.md")), p.stdout)
            checks(f"{args}: nothing is called", p.calls == "" and p.stderr == "", (p.calls, p.stderr))
        p = bare.run("--help", cwd=bare.root, script="./run")
        checks("from its own folder", p.returncode == 0 and p.calls == "", p.stderr)
        if checks.binary:
            os.mkdir(bare.at("build"))
            os.symlink(checks.binary, bare.at("build", "t2v"))
            p = bare.run("--help")
            checks("with a build: its flags", p.returncode == 0 and "--listen TEXT" in p.stdout and p.calls == "", p.stdout)


def check_run_paths(checks):
    """t2v gets the caller's directory and the caller's words; the default model only where none was named."""
    with Bare(fail=0) as bare, tempfile.TemporaryDirectory() as here:
        bare.program(bare.at("models", "fetch-default"), f"echo fetch-default >>{bare.called}")
        bare.program(bare.at("build", "t2v"), 'echo "$PWD"; echo "${T2V_MODEL:-}"; printf "%s\\n" "$@"')
        with open(bare.at("build", "build.ninja"), "w", encoding="utf-8"):
            pass
        default = bare.at("models", "all-MiniLM-L6-v2")
        for args, env, want in (
                (["--model", "m"], {}, ["", "serve", "--model", "m"]),
                (["--model=../m", "--listen", ":1"], {}, ["", "serve", "--model=../m", "--listen", ":1"]),
                ([], {"T2V_MODEL": "m"}, ["m", "serve"]),
                ([], {}, ["", "serve", "--model", default]),
                (["--model2vec-char-cut", "true"], {}, ["", "serve", "--model", default, "--model2vec-char-cut", "true"])):
            p = bare.run(*args, cwd=here, **env)
            checks(f"{args} {env}", p.stdout.splitlines() == [here, *want], (p.stdout, p.stderr))
            checks(f"{args} {env}: the default model is fetched if it is used", ("fetch-default" in p.calls) == (default in want), p.calls)
            if os.path.exists(bare.called):
                os.unlink(bare.called)


def documented(*patterns):
    """(file, line) of each command line that has `meson test` in it."""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    yield from ((os.path.relpath(path, ROOT), m) for m in re.findall(r"meson test [^`#&\n]*", line))


def check_documented_tests(checks):
    """The folder is one that CONTRIBUTING.md sets up with tests, and not ./run's, which has none; the tests are there."""
    with open(os.path.join(ROOT, "CONTRIBUTING.md"), encoding="utf-8") as f:
        setups = re.findall(r"meson setup (\S+)(.*)", f.read())
    with_tests = {folder for folder, rest in setups if "-Dtests=enabled" in rest}
    checks("folders with tests", with_tests and "build" not in with_tests, setups)
    info = os.path.join(os.path.dirname(checks.binary or ""), "meson-info", "intro-tests.json")
    suites, names = set(), set()
    if os.path.exists(info):
        with open(info, encoding="utf-8") as f:
            for test in json.load(f):
                names.add(test["name"])
                suites.update(s.split(":")[-1] for s in test["suite"])
    lines = list(documented("*.md", "doc/*.md"))
    checks("there are some", len(lines) > 3, lines)
    for path, line in lines:
        words = re.split(r"\s{2,}", line.strip())[0].split()[2:]  # two blanks begin a remark
        checks(f"{path}: {line}", "-C" in words and words[words.index("-C") + 1] in with_tests, with_tests)
        wanted = [b for a, b in zip(words, words[1:]) if a in ("--suite", "--no-suite")]
        if names:
            checks(f"{path}: {line}: its suites", set(wanted) <= suites, suites)
            plain = [b for a, b in zip(["", *words], words) if not b.startswith("-") and not a.startswith("-")]
            checks(f"{path}: {line}: its tests", set(plain) <= names, plain)
