#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
enter.py PROFILE COMMAND [ARGUMENT ...]

Runs COMMAND with what a careful cluster leaves a container: no capability, no new privileges, an unprivileged user, a file
system that cannot be written to, and of the system calls those that PROFILE (OCI's JSON) lists by name in its first list.
Any other ends it with SIGSYS, so that a test cannot overlook one. Without root the user and the file system stay as they are.
"""
import ctypes
import json
import os
import struct
import subprocess
import sys

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, SECCOMP_SET_MODE_FILTER = 38, 24, 47, 1
CLONE_NEWNS, MS_REC, MS_PRIVATE, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 0x20000, 0x4000, 1 << 18, 0x8000, 1
SECCOMP, MOUNT_SETATTR = {"x86_64": (317, 442), "aarch64": (277, 442)}[os.uname().machine]
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[os.uname().machine]
KILL, ALLOW = 0x80000000, 0x7FFF0000
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NOBODY = 65534
libc = ctypes.CDLL(None, use_errno=True)


def must(what, result):
    if result != 0:
        sys.exit(f"enter.py: {what}: {os.strerror(ctypes.get_errno())}")


def numbers():
    """The system calls of this machine by name, from the C library's headers."""
    said = subprocess.run(["gcc", "-E", "-dM", "-x", "c", "-"], input="#include <asm/unistd.h>\n", stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = (line.split() for line in said.splitlines() if line.startswith("#define __NR_"))
    return {x[1][5:]: int(x[2]) for x in lines if len(x) == 3 and x[2].isdigit()}


def program(profile):
    """The filter in the kernel's own form: a refused machine or number space, then one comparison a name."""
    with open(profile, encoding="utf-8") as f:
        rules = json.load(f)
    known = numbers()
    assert rules["defaultAction"] == "SCMP_ACT_ERRNO" and all(r["action"] == "SCMP_ACT_ALLOW" and "args" not in r for r in rules["syscalls"])
    allowed = sorted({known[n] for n in rules["syscalls"][0]["names"] if n in known} | {known["execve"]})
    code = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_ARCH), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0), (AT_LEAST, len(allowed), 0, 0x40000000)]
    code += [(EQUAL, len(allowed) - i, 0, nr) for i, nr in enumerate(allowed)] + [(RETURN, 0, 0, KILL), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *c) for c in code), len(code)


def lose_root():
    if os.getuid() != 0:
        return
    must("unshare", libc.unshare(CLONE_NEWNS))
    must("private mounts", libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    must("read-only mounts", libc.syscall(MOUNT_SETATTR, -100, b"/", AT_RECURSIVE, struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0), 32))
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # those that the kernel does not have are refused
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def main():
    code, n = program(sys.argv[1])
    lose_root()
    must("no new privileges", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    buffer = ctypes.create_string_buffer(code)
    libc.syscall.argtypes = [ctypes.c_long, ctypes.c_uint, ctypes.c_uint, ctypes.c_char_p]
    must("seccomp", libc.syscall(SECCOMP, SECCOMP_SET_MODE_FILTER, 0, struct.pack("HxxxxxxP", n, ctypes.addressof(buffer))))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
