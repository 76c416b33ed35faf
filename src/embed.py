# SPDX-License-Identifier: BSD-3-Clause
"""embed.py NAME FILE OUT.c [WORD=VALUE ...]: FILE's bytes as a C array NAME and its size NAME_len; each @WORD@ in it becomes VALUE."""
import sys

name, source, out = sys.argv[1:4]
data = open(source, "rb").read()
for word, _, value in (pair.partition("=") for pair in sys.argv[4:]):
    data = data.replace(b"@%s@" % word.encode(), value.encode())
with open(out, "w", encoding="ascii") as c:
    c.write(f"#include <stddef.h>\n\nextern const char {name}[];\nextern const size_t {name}_len;\n")
    c.write(f"const size_t {name}_len = {len(data)};\nconst char {name}[] = {{\n")
    for at in range(0, len(data), 32):
        c.write(",".join(str(b if b < 128 else b - 256) for b in data[at : at + 32]) + ",\n")
    c.write("0};\n")
