# SPDX-License-Identifier: BSD-3-Clause
"""What is written for people: links and widths of the Markdown files, subjects of commits."""
import os
import re
import subprocess

COLUMNS = 100  # of running text in Markdown
README_LINES = 120
SUBJECT = 72  # characters of a commit's first line
BASE = "eaaf2ccd2beeef5022893256138fd5c80435bc95"  # subjects are checked after this commit; older ones are what they are


def prose(path):
    """(line number, line) of a Markdown file, without code."""
    fenced = False
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            fence = line.lstrip().startswith("```")
            fenced = fenced != fence
            if not fenced and not fence and not line.startswith("    "):
                yield n, line.rstrip("\n")


def anchors(path):
    """What GitHub calls the headings of a Markdown file."""
    seen = {}
    for _, line in prose(path):
        if m := re.match(r"#+\s+(.*?)\s*$", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", m[1]).lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            seen[slug] = seen.get(slug, -1) + 1
            yield f"{slug}-{seen[slug]}" if seen[slug] else slug


def check_links(path):
    """Links to files and headings of this tree lead somewhere. Other hosts are not asked."""
    for n, line in prose(path):
        for target in re.findall(r"\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"", re.sub(r"`[^`]*`", "", line)):
            file, _, anchor = "".join(target).partition("#")
            if re.match(r"[a-z]+:", file):
                continue
            there = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(there):
                yield n, f"a link to {file}, which is not there"
            elif anchor and anchor not in anchors(there):
                yield n, f"a link to {file}#{anchor}: there is no such heading"


def check_width(path):
    """Tables and indented code may be wider, and so may lines with a quoted message that cannot be broken."""
    n = 0
    for n, line in prose(path):
        quoted = re.findall(r"`[^`]*`|\]\([^)]*\)|<img.*>", line)
        if len(line) > COLUMNS and not line.startswith("|") and max(map(len, quoted), default=0) < COLUMNS // 2:
            yield n, f"{len(line)} columns, at most {COLUMNS} are allowed"
    if os.path.basename(path) == "README.md" and n > README_LINES:
        yield n, f"{n} lines, at most {README_LINES} are allowed"


def git(*args):
    got = subprocess.run(["git", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return got.stdout if got.returncode == 0 else None


def subjects():
    """`HASH SUBJECT` of each commit after BASE; None where BASE is not in the history, as in a shallow clone."""
    if git("merge-base", "--is-ancestor", BASE, "HEAD") is None:
        return None
    return (git("log", "--no-merges", "--format=%h %s", f"{BASE}..HEAD") or "").splitlines()


def check_subjects(lines):
    for line in lines:
        name, _, subject = line.partition(" ")
        if len(subject) > SUBJECT:
            yield 1, f"{name}: a subject of {len(subject)} characters, at most {SUBJECT} are allowed: {subject}"
