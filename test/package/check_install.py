# SPDX-License-Identifier: BSD-3-Clause
"""`meson install` into a folder, what it brought, and that uninstalling leaves nothing."""
import contextlib
import json
import os
import subprocess
import tempfile

FILES = {  # under the prefix, and what is in it
    "bin/t2v": b"\x7fELF",
    "lib/systemd/system/t2v.service": b"[Service]",
    "share/bash-completion/completions/t2v": b"complete -F",
    "share/doc/t2v/LICENSE": b"BSD 3-Clause",
    "share/doc/t2v/NOTICES": b"Jan Strunk",
    "share/doc/t2v/t2v.env": b"T2V_MODEL",
    "share/fish/vendor_completions.d/t2v.fish": b"complete -c t2v",
    "share/man/man1/t2v.1": b".TH T2V 1",
    "share/zsh/site-functions/_t2v": b"#compdef t2v",
}


def option(build, name):
    with open(os.path.join(build, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as f:
        return next(o["value"] for o in json.load(f) if o["name"] == name)


@contextlib.contextmanager
def kept(path):
    """What an earlier install of this build folder wrote there, for its own uninstall, stays."""
    old = None
    if os.path.exists(path):
        with open(path, "rb") as f:
            old = f.read()
    try:
        yield
    finally:
        if old is None:
            os.unlink(path)
        else:
            with open(path, "wb") as f:
                f.write(old)


@contextlib.contextmanager
def installed(check):
    """The prefix inside a folder of our own."""
    build = os.path.dirname(check.binary)
    with tempfile.TemporaryDirectory() as destination, kept(os.path.join(build, "meson-logs", "install-log.txt")):
        run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", destination)
        yield destination + option(build, "prefix")
        run("ninja", "-C", build, "uninstall", DESTDIR=destination)
        check("uninstalled", not found(destination), found(destination))


def run(*command, **env):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **env}, check=False)
    if p.returncode:
        raise RuntimeError(f"{' '.join(command)}: {p.stdout[-1500:]}")
    return p.stdout


def found(folder):
    return sorted(os.path.relpath(os.path.join(at, f), folder) for at, _, files in os.walk(folder) for f in files)


def check_install(check):
    with installed(check) as prefix:
        check("these files and no others", found(prefix) == sorted(FILES), found(prefix))
        for name, word in FILES.items():
            path = os.path.join(prefix, name)
            with open(path, "rb") as f:
                check(f"{name}: its text", word in f.read())
            mode = os.stat(path).st_mode & 0o777
            check(f"{name}: its mode", mode == (0o755 if name.startswith("bin/") else 0o644), oct(mode))
        with open(os.path.join(prefix, "lib", "systemd", "system", "t2v.service"), encoding="utf-8") as f:
            unit = f.read()
        binary = os.path.join(option(os.path.dirname(check.binary), "prefix"), "bin", "t2v")
        check("the unit starts what was installed", f"\nExecStart={binary} serve\n" in unit and "@" not in unit, unit[:400])
        version = run(os.path.join(prefix, "bin", "t2v"), "--version")
        check("it runs", version.startswith("t2v "), version)
