# SPDX-License-Identifier: BSD-3-Clause
"""t2v embed with files: formats of the input and the output, empty lines, mistakes, and going on after an interruption."""
import base64
import csv
import json
import math
import os
import random
import signal
import struct
import subprocess
import tempfile
import time

from daemon import OURS

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden")
ENV = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
TEXTS = ["one", "Two of them. In two sentences!", "na\u00efve \U0001f600", "a,b;c\td", 'a "quote"', "NUL \0 within", "five words and no more"]


def embed(check, *args, data=b"", model=None):
    """Exit status, standard output, standard error."""
    p = subprocess.run([check.binary, "embed", "--model", model or check.model, *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=40 * check.slack, env=ENV)
    return p.returncode, p.stdout, p.stderr.decode()


def lines_of(check, texts, model=None):
    """A line of output for each text; None is no text."""
    code, out, err = embed(check, data="".join(json.dumps(t) + "\n" for t in texts).encode(), model=model)
    assert code == 0, err
    return out.split(b"\n")[:-1]


class Folder(tempfile.TemporaryDirectory):
    """with Folder() as put: put(NAME, BYTES) writes a file and returns its path, put(NAME) only the latter."""

    def __enter__(self):
        folder = super().__enter__()

        def put(name, data=None):
            path = os.path.join(folder, name)
            if data is not None:
                with open(path, "wb") as f:
                    f.write(data)
            return path
        return put


def read(path):
    with open(path, "rb") as f:
        return f.read()


def read_npy(data):
    """(rows, width, numbers) of a .npy file, by the format's description."""
    assert data[:8] == b"\x93NUMPY\x01\x00" and data[127:128] == b"\n"
    (length,) = struct.unpack("<H", data[8:10])
    header = eval(data[10:10 + length], {"__builtins__": {}})  # a Python literal, by definition
    assert length == 118 and sorted(header) == ["descr", "fortran_order", "shape"] and header["descr"] == "<f4" and header["fortran_order"] is False, header
    return (*header["shape"], data[128:])


def packed(lines):
    """Lines of JSON as float32; NaNs for null."""
    width = len(json.loads(next(x for x in lines if x != b"null")))
    return width, b"".join(struct.pack(f"<{width}f", *(json.loads(x) or [math.nan] * width)) for x in lines)


def check_inputs(check):
    """Lines, JSON lines and CSV give the vectors of the same texts as JSON strings."""
    want = lines_of(check, TEXTS)
    plain = "\r\n".join(TEXTS).encode()
    strings = "\n".join(map(json.dumps, TEXTS)).encode()
    objects = "".join(json.dumps({"id": i, "text": t, "title": "x"}) + "\n" for i, t in enumerate(TEXTS)).encode()
    mark = b"\xef\xbb\xbf"
    with Folder() as put:
        with open(put("a.csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([["id", "text"], *enumerate(TEXTS)])
        with open(put("semicolon.csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, delimiter=";").writerows([["id", "text"], *enumerate(TEXTS)])
        with open(put("a.tsv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, delimiter="\t").writerows([["text", "id"], *((t, i) for i, t in enumerate(TEXTS))])
        with open(put("one.csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([["body"], *([t] for t in TEXTS)])
        table = read(put("a.csv"))
        cases = [("lines", put("a.txt", plain), ()), ("another ending", put("a", plain + b"\n"), ()), ("a mark", put("m.txt", mark + plain), ()),
                 ("strings", put("s.jsonl", strings), ()), ("a mark before strings", put("m.ndjson", mark + strings), ()), ("objects", put("o.JSON", objects), ()),
                 ("a member", put("c.json", objects.replace(b'"text"', b'"body"')), ("--column", "body")),
                 ("csv", put("a.csv"), ()), ("csv, a mark", put("m.csv", mark + table), ()), ("csv, line ends", put("n.csv", table.replace(b"\r\n", b"\n")), ()),
                 ("csv, old line ends", put("r.csv", table.replace(b"\r\n", b"\r")), ()), ("csv, empty lines first", put("e.csv", b"\n\r\n" + table), ()),
                 ("csv, blanks in the header", put("b.csv", table.replace(b"id,text", b"id , text ")), ()),
                 ("semicolons", put("semicolon.csv"), ()), ("tsv", put("a.tsv"), ()), ("the only column", put("one.csv"), ()),
                 ("no header", put("h.csv", table.split(b"\r\n", 1)[1]), ("--no-header", "--column", "2")), ("a format", put("x", objects), ("--format", "json"))]
        for what, path, args in cases:
            code, out, err = embed(check, "--input", path, *args)
            check(what, code == 0 and out.split(b"\n")[:-1] == want and not err, (code, err, len(out)))
            with open(path, "rb") as f:
                kind = args if "--format" in args else ("--format", {"txt": "lines", "a": "lines", "csv": "csv", "tsv": "tsv"}.get(path.rsplit("/")[-1].split(".")[-1], "json"), *args)
                code, out, err = embed(check, "--input", "-", *kind, data=f.read())
            check(f"{what}, standard input", code == 0 and out.split(b"\n")[:-1] == want, (code, err, len(out)))
    for text in TEXTS[:5]:
        check(f"--text {text}", embed(check, "--text", text) == (0, lines_of(check, [text])[0] + b"\n", ""), text)
    check("--text of nothing", embed(check, "--text", "", data=b'"never read"') == (0, b"null\n", ""))


def check_csv_as_python(check):
    """Any table of the csv module's own, and any bytes that it accepts, are read as it does."""
    rng = random.Random(19)
    letters = ["a", "word ", " ", ",", '"', '""', "\n", "\r\n", ";", "\u00e9"]
    with Folder() as put:
        for turn in range(12):
            with open(put("a.csv"), "w", newline="", encoding="utf-8") as f:
                writer = csv.writer(f, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), lineterminator=rng.choice(["\n", "\r\n"]))
                writer.writerow(["x", "text", "y, z"])
                writer.writerows(["".join(rng.choices(letters, k=rng.randint(0, 6))) for _ in range(3)] for _ in range(30))
            if turn % 2:  # a quote more somewhere in an unquoted field
                with open(put("a.csv"), "a", newline="", encoding="utf-8") as f:
                    f.write('1,a "b" c,"d"e""\n"1"2,"a,""\nb"c"d,\n')
            with open(put("a.csv"), newline="", encoding="utf-8") as f:
                texts = [row["text"] for row in csv.DictReader(f)]
            want = lines_of(check, [t if t.strip() else None for t in texts])
            code, out, err = embed(check, "--input", put("a.csv"))
            check(f"table {turn}", code == 0 and out.split(b"\n")[:-1] == want, (code, err, len(out.split(b"\n")), len(want)))


def check_outputs(check):
    """.npy and raw float32 have the numbers of JSON."""
    texts = ["one", None, "two", "", "three"]
    want = lines_of(check, texts)
    width, numbers = packed(want)
    data = "".join(json.dumps(t) + "\n" for t in texts).encode()
    with Folder() as put:
        source = put("in.jsonl", data)
        for name, args in (("a.npy", ()), ("b", ("--output-format", "npy"))):
            code, out, err = embed(check, "--input", source, "--output", put(name), *args)
            rows, wide, got = read_npy(read(put(name))) if code == 0 else (0, 0, b"")
            same = [math.isnan(a) and math.isnan(b) or a == b for (a,), (b,) in zip(struct.iter_unpack("<f", got), struct.iter_unpack("<f", numbers))]
            check(f"{name}", (rows, wide) == (5, width) and len(got) == len(numbers) and all(same) and not out and not err, (code, err, rows, wide))
        for name, args in (("a.f32", ()), ("b.bin", ("--output-format", "f32"))):
            code, out, err = embed(check, "--input", source, "--output", put(name), *args)
            check(name, code == 0 and read(put(name)) == got and not out and not err, (code, err))
        check("f32 to standard output", embed(check, "--output-format", "f32", data=data) == (0, got, ""))
        code, _, err = embed(check, "--input", source, "--output", put("a.jsonl"))
        check("json", code == 0 and read(put("a.jsonl")).split(b"\n")[:-1] == want, err)
        code, _, err = embed(check, "--output", put("none.npy"))
        check("no rows", code == 0 and read_npy(read(put("none.npy"))) == (0, width, b""), err)
        check("a device", embed(check, "--output", "/dev/null", data=data) == (0, b"", ""))
        check("a full disk", "/dev/full: No space left" in embed(check, "--output", "/dev/full", data=data)[2])
        check("standard output that is full", subprocess.run([check.binary, "embed", "--model", check.model, "--text", "a"], stdout=open("/dev/full", "wb"), env=ENV,
                                                             stderr=subprocess.PIPE, timeout=20 * check.slack).stderr == b"t2v embed: standard output: No space left on device\n")


def check_empty(check):
    """A line without a text has a null row, in each format, or none with --skip-empty; no other row moves."""
    one, two = lines_of(check, ["one", "two"])
    for kind, data, n in (("lines", b"\none\n\r\n \t\ntwo\n\n", 4), ("json", b'\n"one"\n""\nnull\n \n"two"\n{"text": null}\n', 5), ("csv", b'text,x\none,1\n\n,2\n"  ",3\ntwo,4\n', 3)):
        code, out, err = embed(check, "--format", kind, data=data)
        rows = out.split(b"\n")[:-1]
        check(f"{kind}: null rows", code == 0 and rows.count(b"null") == n and len(rows) == n + 2 and [x for x in rows if x != b"null"] == [one, two], (err, rows.count(b"null"), len(rows)))
        check(f"{kind}: where they belong", rows[{"lines": 4, "json": 5, "csv": 4}[kind]] == two, len(rows))
        check(f"{kind}: skipped", embed(check, "--format", kind, "--skip-empty", data=data) == (0, one + b"\n" + two + b"\n", ""))
    dense = os.path.join(GOLDEN, "st-dense")
    out = embed(check, "--vectorizer", "sentence-transformers", data=b'""\nnull\n\n', model=dense)[1].split(b"\n")
    check("a JSON string is a text for sentence-transformers", out[0].startswith(b"[") and out[1:] == [b"null", b"null", b""], out)
    check("so it is without sentences", embed(check, "--direct-tokenize", data=b'""\n')[1].startswith(b"["))


def check_in_turn(check):
    """Through a pipe, each text is answered before the next one comes; many are answered in order."""
    want = lines_of(check, TEXTS)
    p = subprocess.Popen([check.binary, "embed", "--model", check.model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENV)
    with p:
        for text, line in zip(TEXTS, want):
            p.stdin.write(json.dumps(text).encode() + b"\n")
            p.stdin.flush()
            check(f"{text!r}", p.stdout.readline() == line + b"\n")
        p.stdin.write(json.dumps(TEXTS[0])[:2].encode())
        p.stdin.flush()
        p.stdin.write(json.dumps(TEXTS[0])[2:].encode())
        p.stdin.close()
        check("the last one, in pieces and without a line end", p.stdout.read() == want[0] + b"\n")
        check("the end", p.wait(20 * check.slack) == 0)
    texts = [f"text number {i % 97}. {'More words. ' * (i % 5)}" for i in range(3000)]
    model = os.path.join(GOLDEN, "model2vec")
    alone = dict(zip(texts[:485], lines_of(check, texts[:485], model)))
    check("thousands", lines_of(check, texts, model) == [alone[t] for t in texts])


def check_mistakes(check):
    """The file, the line and the reason; the rows before it are written."""
    with Folder() as put:
        cases = [("a.txt", b"one\n\xff\ntwo\n", 1, "line 2: not UTF-8 at byte 0"), ("a.jsonl", b'"one"\n"two"\n[1\n', 2, "line 3: not JSON: "),
                 ("b.jsonl", b'"one"\n5\n', 1, "line 2: expected a JSON string or an object, found a number"), ("c.jsonl", b'{"text": "one"}\n{"txt": "a"}\n', 1, "line 2: no member 'text' (see --column)"),
                 ("d.jsonl", b'{"text": "one"}\n{"text": 5}\n', 1, "line 2: 'text': expected a JSON string, found a number"), ("e.jsonl", b'["one",\n"two"]\n', 0, "line 1: not JSON: "),
                 ("a.csv", b'text,x\none,1\n"two\nlines",2\nthree\n', 2, "line 5: 1 fields, but the first line has 2"), ("b.csv", b"text\none\ntwo, three\n", 1, "line 3: 2 fields"),
                 ("c.csv", b'text\none\n"two\nthree\n', 1, "line 3: a quoted field begins here and never ends"), ("d.csv", b"id,body\n1,a\n", 0, "line 1: no column 'text' (see --column) among the 2 here: id,body"),
                 ("u.txt", "one\n".encode("utf-16"), 0, "line 1: this is UTF-16; UTF-8 is expected"), ("g.csv", b"text\none\n\xc3\x28\n", 1, "line 3: not UTF-8 at byte 0")]
        for name, data, n, words in cases:
            path = put(name, data)
            code, out, err = embed(check, "--input", path)
            check(f"{name}: {words}", code == (2 if "no column" in words else 1) and out.count(b"\n") == n and f"{path}: {words}" in err and err.count("\n") == 1, (code, out.count(b"\n"), err))
        code, _, err = embed(check, "--input", put("a.txt"), "--output", put("a.npy"))
        check("the header counts the rows before it", code == 1 and read_npy(read(put("a.npy")))[0] == 1, err)
        check("nowhere", "/nowhere/a.csv: No such file" in embed(check, "--input", "/nowhere/a.csv")[2])
        check("a folder", "Is a directory" in embed(check, "--input", os.path.dirname(put("a")))[2])
        check("no folder", "/nowhere/a.npy: No such file" in embed(check, "--output", "/nowhere/a.npy")[2])
        long = put("long.txt", b"one\n\n" + b"word " * 30 + b"\ntwo\n")
        code, out, err = embed(check, "--input", long, "--max-text-tokens", "20")
        check("a text that the engine refuses", code == 1 and out == lines_of(check, ["one"])[0] + b"\nnull\n" and f"{long}: line 3: " in err and "20" in err, (code, err))
        code, out, err = embed(check, "--input", put("many.txt", b"one\n" * 700 + b"word " * 30 + b"\n" + b"two\n" * 2000), "--max-text-tokens", "20")
        check("and many before it", code == 1 and out.count(b"\n") == 700 and "line 701: " in err, (code, out.count(b"\n"), err))
        with open(put("huge.csv"), "wb") as f:
            f.write(b'text\n"')
            f.truncate((65 << 20) + 1)
        code, _, err = embed(check, "--input", put("huge.csv"))
        check("a record without an end", code == 1 and "line 2: longer than 64 MiB" in err, (code, err))
    check("standard input has no name", embed(check, data=b'"a"\nx\n')[2].startswith("t2v embed: line 2: not JSON"))


def check_usage(check):
    with Folder() as put:
        there = put("there.jsonl", b"[1]\n")
        for args, words in ((["--text", "a", "--input", "b"], "--text excludes --input"), (["--text", "a", "--format", "csv"], "--text excludes --format"), (["--format", "xml"], "is not one of: lines json csv tsv"),
                            (["--resume"], "--resume means nothing without --output FILE"), (["--overwrite"], "--overwrite means nothing without"), (["--output-format", "npy"], "needs --output FILE"),
                            (["--output", "x", "--resume", "--overwrite"], "exclude each other"), (["--no-header"], "--no-header means nothing without CSV"), (["--format", "lines", "--column", "a"], "--column means nothing"),
                            (["--format", "csv", "--no-header", "--column", "text"], "is not the number of a column"), (["--output", there], f"{there} is there: --resume goes on"),
                            (["--output", "/dev/null", "--resume"], "/dev/null is no file, which --resume needs"), (["--output", "/dev/null", "--output-format", "npy"], "which the format npy needs")):
            code, out, err = embed(check, *args)
            check(f"{args}", code == 2 and not out and words in err, (code, err))
        source = put("same.txt", b"one\ntwo\n")
        os.symlink(source, put("symbolic"))
        os.link(source, put("hard"))
        for name in ("same.txt", "symbolic", "hard"):
            for flag in ("--overwrite", "--resume"):
                with open(source, "rb") as f:
                    for what, args, data in (("input", ("--input", source), None), ("standard input", ("--format", "lines"), f)):
                        p = subprocess.run([check.binary, "embed", "--model", check.model, *args, "--output", put(name), flag], stdin=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20 * check.slack, env=ENV)
                        check(f"{what} is the output, {name} {flag}", p.returncode == 2 and f"{put(name)} is the input, too".encode() in p.stderr and read(source) == b"one\ntwo\n", (p.returncode, p.stderr))
        with open(source, "ab") as f:
            p = subprocess.run([check.binary, "embed", "--model", check.model, "--input", source], stdout=f, stderr=subprocess.PIPE, timeout=20 * check.slack, env=ENV)
        check("the input is standard output", p.returncode == 2 and b"standard output is the input, too" in p.stderr and read(source) == b"one\ntwo\n", p.stderr)
        check("an output beside it", embed(check, "--input", source, "--output", put("other.jsonl"))[0] == 0 and read(put("other.jsonl")).count(b"\n") == 2)
        check("one device for both", embed(check, "--input", "/dev/null", "--output", "/dev/null")[0] == 0)
        check("nothing is lost", read(there) == b"[1]\n" and not os.path.exists("x"))
        check("an empty file is no loss", embed(check, "--output", put("empty", b""), "--text", "a")[0] == 0)
        check("--overwrite", embed(check, "--output", there, "--overwrite", "--text", "a")[0] == 0 and read(there) == lines_of(check, ["a"])[0] + b"\n")


def check_resume(check):
    """From any byte of an output on, --resume gives the file that an undisturbed run gives."""
    texts = b"one\n\ntwo\n  \nthree\nfour\n\n"
    rng = random.Random(7)
    with Folder() as put:
        source = put("in.txt", texts)
        for name in ("a.jsonl", "a.npy", "a.f32"):
            for flags in ((), ("--skip-empty",)):
                whole, path = put("whole-" + name), put(name)
                embed(check, "--input", source, "--output", whole, "--overwrite", *flags)
                want = read(whole)
                cuts = {0, 1, 60, 127, 128, 129, len(want) - 1, len(want), *(rng.randrange(len(want)) for _ in range(6))}
                for cut in sorted(c for c in cuts if c <= len(want)):
                    if name == "a.f32" and 0 < cut < 128:  # less than a row could be anything
                        continue
                    put(name, want[:cut])
                    code, _, err = embed(check, "--input", source, "--output", path, "--resume", *flags)
                    check(f"{name} {flags}, {cut} bytes", code == 0 and read(path) == want, (code, err))
                os.unlink(path)
                check(f"{name}: nothing to resume", embed(check, "--input", source, "--output", path, "--resume", *flags)[0] == 0 and read(path) == want)
                code, _, err = embed(check, "--input", put("short.txt", b"one\n"), "--output", put(name, want[:-1]), "--resume", *flags)
                check(f"{name}: another input", code == 1 and "rows, but the input has only 1: another input?" in err and read(path) == want[:-1], err)
        for name, flags, words in (("a.npy", (), "short.txt: line 1: the output's last row is not this text's"), ("a.jsonl", (), "line 1: the output's last row is not"), ("a.f32", ("--pooling", "cls"), "line 5: the output's last row")):
            n = 1 if not flags else 3
            put(name, {"a.npy": read(put("whole-a.npy"))[:128 + 128 * n + 5], "a.f32": read(put("whole-a.f32"))[:128 * n + 5], "a.jsonl": read(put("whole-a.jsonl")).split(b"\n")[0] + b"\n[0.1"}[name])
            before = read(put(name))
            path = source if flags else put("short.txt", b"another text altogether\none\n")
            code, _, err = embed(check, "--input", path, "--output", put(name), "--resume", "--skip-empty", *flags)
            check(f"{name} of another text or setting", code == 1 and words in err and read(put(name)) == before, (code, err))
        code, _, err = embed(check, "--input", source, "--output", put("b.jsonl", b"[1, 2]\n"), "--resume")
        check("lines of something else", code == 1 and "not an array of 32 numbers" in err and read(put("b.jsonl")) == b"[1, 2]\n", err)
        wide = os.path.join(GOLDEN, "model2vec")
        code, _, err = embed(check, "--input", source, "--output", put("a.npy"), "--resume", model=wide)
        check("other vectors", code == 1 and "not a .npy file of this command with rows of 12 numbers" in err, err)


def check_foreign(check):
    """--resume changes nothing in a file of something else, however short."""
    row = lines_of(check, ["one"])[0]
    with Folder() as put:
        source = put("in.txt", b"\none\ntwo\n")
        whole = put("whole.npy")
        embed(check, "--input", source, "--output", whole)
        header = read(whole)[:128]
        cases = [("notes.txt", b"one line of notes"), ("two.txt", b"one line\nand another"), ("after.txt", b"null\nand a note"), ("array.json", b"[1, 2, 3]"), ("short.json", b"[1,2,3]"), ("nested.json", b"[[1,2]"),
                 ("wide.jsonl", row[:-1] + b",1"), ("long.jsonl", b"[" + b"1" * 100000), ("nul.jsonl", b"[\0"), ("nul", b"nul\0"), ("nulls.jsonl", b"nullify"), ("object.json", b'{"a": 1}'), ("first.jsonl", row + b"\n[0.1"),
                 ("16.f32", bytes(16)), ("127.f32", bytes(127)), ("whole.f32", bytes(130)), ("16.npy", b"sixteen bytes xx"), ("128.npy", header[:127] + b" "), ("numpy.npy", header.replace(b"<f4", b"<f8")[:100]),
                 ("width.npy", header.replace(b"32)", b"33)")), ("version.npy", b"\x93NUMPY\x02")]
        for name, data in cases:
            code, _, err = embed(check, "--input", source, "--output", put(name, data), "--resume")
            check(f"{name} stays", code == 1 and read(put(name)) == data and (name in err or "line 1: the output's last row" in err) and err.count("\n") == 1, (code, err))
        for name, data in (("a.jsonl", b"null\nnul"), ("b.jsonl", b"nu"), ("c.jsonl", b"null\n" + row), ("d.jsonl", b"null\n" + row[:-1]), ("a.npy", header), ("b.npy", header[:40])):
            code, _, err = embed(check, "--input", source, "--output", put(name, data), "--resume")
            check(f"{name} is gone on with", code == 0 and (read(put(name)) == read(whole) if name.endswith("npy") else read(put(name)).startswith(b"null\n" + row + b"\n[")), (code, err))
        code, _, err = embed(check, "--input", source, "--output", put("notes.txt"), "--overwrite")
        check("--overwrite drops it", code == 0 and read(put("notes.txt")).count(b"\n") == 3, err)


def check_killed(check):
    """A run that is killed in the middle goes on without a lost or doubled row."""
    model = os.path.join(GOLDEN, "model2vec")
    texts = [f"text number {i}" if i % 10 else "" for i in range(20000)]
    with Folder() as put:
        source = put("in.txt", "\n".join(texts).encode() + b"\n")
        for name in ("a.jsonl", "a.npy"):
            embed(check, "--input", source, "--output", put("whole-" + name), model=model)
            want, n = read(put("whole-" + name)), 0
            for part in (0.2, 0.6):
                p = subprocess.Popen([check.binary, "embed", "--model", model, "--format", "lines", "--output", put(name), "--resume"], stdin=subprocess.PIPE, env=ENV)
                with p:
                    p.stdin.write("\n".join(texts[:int(part * len(texts))]).encode())  # no more comes: it waits
                    p.stdin.flush()
                    end = time.monotonic() + 20 * check.slack
                    while os.path.getsize(put(name)) < 0.1 * len(want) and time.monotonic() < end if os.path.exists(put(name)) else time.monotonic() < end:
                        time.sleep(0.005)
                    p.send_signal(signal.SIGKILL)
                n += 0 < os.path.getsize(put(name)) < len(want)
            code, _, err = embed(check, "--input", source, "--output", put(name), "--resume", model=model)
            check(f"{name}: killed twice", n == 2 and code == 0 and read(put(name)) == want, (n, code, err))


def check_progress(check):
    """--progress says how many and how fast; without it, and without a terminal, nothing is said."""
    err = embed(check, "--progress", data=b'"a"\n"b"\n')[2]
    check("the last line", err.startswith("2 texts, ") and "/s, took " in err and err.count("\n") == 1 and "\r" not in err, err)
    check("none unless asked for", embed(check, data=b'"a"\n')[2] == "")


def check_prompts(check):
    """--prompt-name is encode's prompt_name (test/golden/make-encode has the answers), --prompt a text before each text."""
    with open(os.path.join(GOLDEN, "encode", "expected.json"), encoding="utf-8") as f:
        cases = [c for c in json.load(f)["cases"] if c["prompt_name"] and c["norm"] == "model" and not c["dimensions"] and not c["max_tok"] and not c["cut_start"]]
    check("there are such cases", len(cases) > 1, cases)
    for c in cases:
        data = "".join(json.dumps(t) + "\n" for t in c["texts"]).encode()
        code, out, err = embed(check, "--vectorizer", "sentence-transformers", "--prompt-name", c["prompt_name"], "--output-format", "f32", data=data, model=os.path.join(GOLDEN, c["model"]))
        want = [x for v in c["vectors"] for (x,) in struct.iter_unpack("<f", base64.b64decode(v))]
        got = [x for (x,) in struct.iter_unpack("<f", out)]
        check(f"{c['model']}, {c['prompt_name']}", code == 0 and len(got) == len(want) and max(map(abs, map(float.__sub__, got, want))) <= 1e-5 * max(map(abs, want)), (code, err, len(got)))
    data = b"one\n\ntwo\n"
    check("a prompt under default", embed(check, "--format", "lines", "--prompt", "query: ", data=data)[1].split(b"\n")[:-1] == lines_of(check, ["query: one", None, "query: two"]))
    model, flags = os.path.join(GOLDEN, "bge-cls"), ("--vectorizer", "sentence-transformers", "--format", "lines")
    with open(os.path.join(model, "config_sentence_transformers.json"), encoding="utf-8") as f:
        prompt = json.load(f)["prompts"]["query"]
    by_text, by_name = (embed(check, *flags, *args, data=data, model=model)[:2] for args in (("--prompt", prompt), ("--prompt-name", "query")))
    check("the model's own, by its text", by_text == by_name and by_text[0] == 0, (by_text, by_name))
    for args, words in ((("--prompt-name", "query"), "--prompt-name has no effect under the vectorizer default"), (("--prompt", "a", "--prompt-name", "b"), "--prompt-name excludes --prompt"),
                        (("--prompt", "a", "--task", "query"), "--task excludes --prompt"), (("--vectorizer", "sentence-transformers", "--prompt-name", "x"), "prompt_name 'x' is none of")):
        code, out, err = embed(check, *args)
        check(f"{args}", code == 2 and not out and words in err, (code, err))
    for model, words in (("st-dense", "this model pools without its prompt"), ("st-all-modes", "this model always has a prompt")):
        code, _, err = embed(check, *flags, "--prompt", "a", model=os.path.join(GOLDEN, model))
        check(words, code == 2 and words in err, (code, err))


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def check_memory(check):
    """A long input needs no more memory than a short one."""
    if check.sanitized:
        print("SKIPPED: check_embed.check_memory: sanitizers keep what is freed")
        return
    p = subprocess.Popen([check.binary, "embed", "--model", os.path.join(GOLDEN, "model2vec"), "--format", "lines"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=ENV)
    with p:
        piece = b"".join(b"text number %d, with some more words\n" % i for i in range(10000))
        sizes = []
        for _ in range(30):
            p.stdin.write(piece)
            sizes.append(resident_kb(p.pid))
        p.stdin.close()
        check("it ends", p.wait(40 * check.slack) == 0)
    check("within 10 MB", max(sizes) - sizes[2] < 10 << 10, sizes)
