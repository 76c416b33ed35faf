# SPDX-License-Identifier: BSD-3-Clause
"""The shape of the C code in src/: how long functions and files are, how many parameters functions have, and which pairs of files
include each other."""
import os
import re
import statistics

FUNCTION, FILE = 60, 500  # lines at most; a function from its `{` to its `}`, both counted
MEDIAN, NINETIETH = 9, 22  # lines of the functions of all files, at most
PARAMETERS = 7  # of a function, at most

# What was longer when the limits came, by name, since files move. Take a name out once it fits; add none.
LONG_FUNCTIONS = set()
LONG_FILES = set()

# The norm kernels run for every layer and head, and registers hold most of their parameters (kernel/kernel.h).
MANY_PARAMETERS = {"t2v_layer_norm_f32", "t2v_layer_norm_f32_c", "t2v_rms_norm_f32", "t2v_rms_norm_f32_c"}

# Pairs that did so when the check came. Take a pair out once it is open; add none.
OLD_CIRCLES = set()


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def functions(lines):
    """(name, line of its `{`, number of lines, number of parameters) of each function; clang-format puts both braces into column 1."""
    start = 0
    for n, line in enumerate(lines, 1):
        if line == "{":
            start = n
        elif line == "}" and start:
            name, parameters = declaration(lines[:start - 1])
            yield name, start, n - start + 1, parameters
            start = 0


def declaration(before):
    """The name and the number of parameters of the function that follows these lines. Its declaration begins with the last line that
    has its first letter in column 1; RUNG(NAME) is NAME."""
    for n, line in enumerate(reversed(before[-12:]), 1):
        if m := re.match(r"(?!//|/\*)\w.*?(\w+)\(", line):
            text = re.sub(r"\bRUNG\((\w+)\)", r"\1", " ".join(before[-n:]))
            m = re.match(r"\w.*?(\w+)\((.*)\)", text)
            return (m[1], count_parameters(m[2])) if m else ("?", 0)
    return "?", 0


def count_parameters(text):
    """How many parameters a list of them has; the commas within parentheses are not of this list."""
    while "(" in text:
        text = re.sub(r"\([^()]*\)", "", text)
    return text.count(",") + 1


def check_lengths(path):
    lines = read(path)
    if len(lines) > FILE and os.path.basename(path) not in LONG_FILES:
        yield len(lines), f"a file of {len(lines)} lines, at most {FILE} are allowed"
    for name, line, length, parameters in functions(lines):
        if length > FUNCTION and name not in LONG_FUNCTIONS:
            yield line, f"{name} has {length} lines, at most {FUNCTION} are allowed"
        if parameters > PARAMETERS and name not in MANY_PARAMETERS:
            yield line, f"{name} has {parameters} parameters, at most {PARAMETERS} are allowed"


def check_spread(paths):
    """Median and 90th percentile of all functions' lengths; says them, too."""
    lengths = sorted(length for path in paths for _, _, length, _ in functions(read(path)))
    median, ninetieth = statistics.median_high(lengths), lengths[len(lengths) * 9 // 10]
    print(f"{len(lengths)} functions: median {median} lines, 90th percentile {ninetieth}, longest {lengths[-1]}")
    if median > MEDIAN or ninetieth > NINETIETH:
        yield 1, f"functions have become longer: median {median} (limit {MEDIAN}), 90th percentile {ninetieth} (limit {NINETIETH})"


def pair_of(path):
    """src/ROOM/NAME.c, NAME.h and NAME_private.h are one: ROOM/NAME."""
    return os.path.normpath(path)[len("src/"):-2].removesuffix("_private")


def included(path):
    """The pairs of which a file includes a header."""
    for line in read(path):
        if m := re.match(r'\s*#\s*include\s*"([^"]+)\.h"', line):
            beside = os.path.join(os.path.dirname(path), m[1] + ".h")
            yield pair_of(beside if os.path.exists(beside) else f"src/{m[1]}.h")


def circles(paths):
    """Each pair (A, B), A < B, of which A.c or A.h includes B.h, and B.c or B.h includes A.h."""
    arrows = {(pair_of(path), other) for path in paths for other in included(path)}
    return {(a, b) for a, b in arrows if a < b and (b, a) in arrows}


def named(pair):
    return tuple(sorted(map(os.path.basename, pair)))


def check_circles(paths):
    for a, b in sorted(circles(paths)):
        if named((a, b)) not in OLD_CIRCLES:
            yield 1, f"{a} and {b} include each other"


def say_what_fits_now(paths):
    """Names the lists above need no more."""
    names = {name for path in paths for name, _, length, _ in functions(read(path)) if length > FUNCTION}
    files = {os.path.basename(path) for path in paths if len(read(path)) > FILE}
    pairs = OLD_CIRCLES - set(map(named, circles(paths)))
    fine = sorted((LONG_FUNCTIONS - names) | (LONG_FILES - files) | {" and ".join(pair) for pair in pairs})
    if fine:
        print(f"to be taken out of test/lint_shape.py, since they keep the rules now: {', '.join(fine)}")
