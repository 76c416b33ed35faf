# SPDX-License-Identifier: BSD-3-Clause
"""The notices of a static binary, from a folder that stands for /usr/share."""
import os
import tempfile

import notices

PACKAGES = "libopenblas-pthread-dev libevent-dev libpcre2-dev libutf8proc-dev libc6-dev".split()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def check_notices_static(check):
    with tempfile.TemporaryDirectory() as share:
        for name in PACKAGES:
            write(os.path.join(share, "doc", name, "copyright"), f"text of {name}\n")
        check("one is missing", fails(share).startswith("notices.py: no licence text of the GNU Lesser"), fails(share))
        write(os.path.join(share, "common-licenses", "LGPL-2.1"), "text of the LGPL\n")
        text = notices.notices(True, share)
        for name in [*PACKAGES, "the LGPL"]:
            check(f"the text of {name}", text.count(f"\ntext of {name}\n") == 1, text)
        check("Punkt's", "Jan Strunk" in text and "MIT License" in text)
    with tempfile.TemporaryDirectory() as share:
        for name in "openblas-openmp libevent pcre2-devel utf8proc".split():
            write(os.path.join(share, "licenses", name, "LICENCE"), f"text of {name}\n")
        write(os.path.join(share, "licenses", "glibc", "COPYING.LIB"), "text of the LGPL\n")
        text = notices.notices(True, share)
        check("where licences lie elsewhere", all(f"text of {name}\n" in text for name in ("openblas-openmp", "utf8proc", "the LGPL")), text)


def check_notices_dynamic(check):
    text = notices.notices(False, "/nowhere")
    check("Punkt's alone", "Jan Strunk" in text and "OpenBLAS" not in text, text)


def fails(share):
    try:
        return notices.notices(True, share)
    except SystemExit as e:
        return str(e.code)
