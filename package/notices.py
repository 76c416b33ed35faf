#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""notices.py OUT [--static]: the licences of what others wrote and the binary holds.

A binary that is linked dynamically holds Punkt's data; a static one the libraries, too. Their texts are those that the distribution
installed: Debian's /usr/share/doc/PACKAGE/copyright, elsewhere /usr/share/licenses/PACKAGE/. A static build without them fails,
because its binary could not be passed on.
"""
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARIES = {  # name: where its text may be, the first that is there counts
    "OpenBLAS": ["doc/libopenblas-pthread-dev/copyright", "doc/libopenblas*-dev/copyright", "doc/libopenblas*/copyright", "licenses/*openblas*/*"],
    "libevent": ["doc/libevent-dev/copyright", "licenses/libevent*/*"],
    "PCRE2": ["doc/libpcre2-dev/copyright", "licenses/pcre2*/*"],
    "utf8proc": ["doc/libutf8proc-dev/copyright", "licenses/*utf8proc*/*"],
    "the GNU C library": ["doc/libc6-dev/copyright", "licenses/glibc*/*"],
    "the GNU Lesser General Public License, version 2.1 (of the GNU C library)":
        ["common-licenses/LGPL-2.1", "licenses/glibc*/COPYING.LIB", "licenses/common/LGPL*2.1*/*"],
}
HEAD = {
    False: "What others wrote and t2v holds. The libraries that it is linked with are installed with their own licences.\n",
    True: "What others wrote and this binary of t2v holds, for it is linked statically. t2v's Dockerfile and source say how it was\n"
          "linked; with them it can be linked again with a changed GNU C library.\n",
}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read().strip("\n") + "\n"


def text_of(name, places, share):
    for place in places:
        if files := [p for p in sorted(glob.glob(os.path.join(share, place))) if os.path.isfile(p)]:
            return "".join(map(read, files if place.endswith("*") else files[:1]))
    sys.exit(f"notices.py: no licence text of {name} in {share}: none of {', '.join(places)}. A static binary must carry it")


def notices(static, share="/usr/share"):
    parts = {"NLTK's Punkt data": read(os.path.join(HERE, "punkt.txt"))}
    if static:
        parts.update({name: text_of(name, places, share) for name, places in LIBRARIES.items()})
    return HEAD[static] + "".join(f"\n{'-' * 78}\n{name}\n{'-' * 78}\n\n{text}" for name, text in parts.items())


def main():
    text = notices("--static" in sys.argv[2:])
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
