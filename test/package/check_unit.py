# SPDX-License-Identifier: BSD-3-Clause
"""t2v.service: what systemd thinks of it, and that it agrees with images/seccomp.json and with the pages that speak of it."""
import json
import os
import re
import shutil
import tempfile

from check_pages import PACKAGE, describe, run, text_of


def values(name):
    return re.findall(rf"^{name}=(.*)$", text_of("t2v.service.in"), re.M)


def check_unit_calls(check):
    with open(os.path.join(PACKAGE, "..", "images", "seccomp.json"), encoding="utf-8") as f:
        allowed = json.load(f)["syscalls"][0]["names"]
    check("the system calls of images/seccomp.json", " ".join(values("SystemCallFilter")).split() == allowed, values("SystemCallFilter"))


def check_unit_settings(check):
    files = values("EnvironmentFile")
    check("one file, which need not be there", files == ["-/etc/t2v.env"], files)
    for name in ("t2v.env", "t2v.1"):
        check(f"{name} speaks of it", "/etc/t2v.env" in text_of(name))
    defaults = dict(line.split("=", 1) for line in values("Environment"))
    check("its defaults are those of t2v.env", defaults == describe().SERVICE, defaults)


def check_unit_by_systemd(check):
    if not shutil.which("systemd-analyze"):
        print(f"SKIPPED: {check.where}: there is no systemd-analyze")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t2v.service")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text_of("t2v.service.in").replace("@bindir@/t2v", check.binary))
        got = run("systemd-analyze", "verify", "--man=no", path)
        check("verify", got == (0, ""), got)
        version = int(re.search(r"systemd (\d+)", run("systemd-analyze", "--version")[1])[1])
        if version >= 250:
            code, out = run("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", path)
            check("security: an exposure of at most 2.0 of 10", code == 0, out[-300:])
