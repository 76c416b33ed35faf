# SPDX-License-Identifier: BSD-3-Clause
"""How flags_data.py and scripts_data.py ask of every code point, and write what they learn as C."""


def code_points():
    """All that a text can hold."""
    return (cp for cp in range(0x110000) if not 0xD800 <= cp < 0xE000)


class Ranges:
    """Entries of first code point << 8 | value, one where the value changes. Add code points in their order."""

    def __init__(self):
        self.entries, self.last = [], None

    def add(self, cp, value):
        if value != self.last:
            self.entries.append("0x%x" % (cp << 8 | value))
            self.last = value

    def write(self, maker, about, name):
        """The array NAME_ranges, and NAME_n_range, how many entries it has."""
        print("/* SPDX-License-Identifier: BSD-3-Clause */")
        print(f"/* Made by {maker}; do not edit. Each entry: first code point << 8 | {about}")
        print('#include "unicode/code_point.h"\n')
        print('#include "base/banned.h"\n')
        print(f"const uint32_t {name}_ranges[] = {{")
        line = "   "
        for entry in self.entries:
            if len(line) + len(entry) + 2 > 100:
                print(line)
                line = "   "
            line += " " + entry + ","
        print(line + "\n};\n")
        print(f"const size_t {name}_n_range = sizeof {name}_ranges / sizeof *{name}_ranges;")
