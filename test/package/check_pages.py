# SPDX-License-Identifier: BSD-3-Clause
"""The man page, the completions and the service's settings against what --help says."""
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "package")


def describe():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("describe", os.path.join(PACKAGE, "describe"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("describe", loader))
    loader.exec_module(module)
    return module


def text_of(*names):
    with open(os.path.join(PACKAGE, *names), encoding="utf-8") as f:
        return f.read()


def run(*command, **more):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60, **more)
    return p.returncode, p.stdout


def help_of(check):
    """{command: its flags}, and the names of the environment, read without package/describe."""
    flags, names = {}, set()
    for command in re.findall(r"^  (\w+) ", run(check.binary, "--help")[1], re.M):
        if command != "t2v":
            text = run(check.binary, command, "--help")[1]
            flags[command] = re.findall(r"^  (--[\w-]+)", text, re.M)
            names.update(re.findall(r"^ {31}(\w+); default:", text, re.M))
    check("there are commands, flags and names", len(flags) > 5 and len(flags["serve"]) > 15 and len(names) > 15, flags)
    return flags, names


def check_pages_are_fresh(check):
    for name, text in describe().texts(check.binary).items():
        check(f"package/{name} is as --help has it (package/describe BIN --write)", text == text_of(*name.split("/")))


def check_man_page(check):
    flags, names = help_of(check)
    for tool, command in (("groff", ["groff", "-man", "-ww", "-z"]), ("man", ["man", "--warnings", "-E", "ascii", "-l"])):
        if not shutil.which(tool):
            print(f"SKIPPED: {check.where}: there is no {tool}")
            continue
        code, out = run(*command, os.path.join(PACKAGE, "t2v.1"), env={**os.environ, "MANWIDTH": "500", "MAN_KEEP_FORMATTING": "",
                                                                       "MANPAGER": "cat", "LC_ALL": "C"})
        check(f"{tool} has no warning", code == 0 and "warning" not in out and (tool == "man" or out == ""), out[:600])
        if tool == "man":
            for word in sorted({f for some in flags.values() for f in some} | names | set(flags)):
                check(f"man page: {word}", re.search(rf"(?<![\w-]){word}(?![\w-])", out), out[:300])


def bash_completes(*words):
    """What bash offers after these words, of which the last is being typed."""
    script = 'source "$1" && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _t2v 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    return run("bash", "-c", script, "bash", os.path.join(PACKAGE, "completions", "t2v"), "t2v", *words, cwd=PACKAGE)[1].split("\n")[:-1]


def check_bash(check):
    flags, _ = help_of(check)
    check("bash -n", run("bash", "-n", os.path.join(PACKAGE, "completions", "t2v")) == (0, ""))
    check("commands", set(bash_completes("")) == {*flags, "help", "version"}, bash_completes(""))
    for command, known in flags.items():
        check(command, set(bash_completes(command, "--")) == {*known, "--help"}, bash_completes(command, "--"))
    for words, want in ((["se"], ["serve", "sentences", "selftest"]), (["help", "em"], ["embed"]), (["serve", "--precision", "b"], ["bf16"]),
                        (["serve", "--precision", "=", "b"], ["bf16"]), (["serve", "--log-format", "="], ["text", "json"]),
                        (["embed", "--model", "comp"], ["completions"]), (["bench", "--corpus", "t2v.e"], ["t2v.env"]),
                        (["serve", "--listen", ""], [""]), (["serve", "--cache", "--log-l"], ["--log-level"])):
        check(f"{words}", bash_completes(*words) == want, bash_completes(*words))


def check_zsh_and_fish(check):
    flags, _ = help_of(check)
    every = {f for some in flags.values() for f in some}
    found = set(re.findall(r"^      '(--[\w-]+)", text_of("completions", "_t2v"), re.M)) - {"--help"}
    check("zsh has the flags", found == every, found ^ every)
    found = {"--" + f for f in re.findall(r" -l ([\w-]+)", text_of("completions", "t2v.fish"))} - {"--help"}
    check("fish has the flags", found == every, found ^ every)
    for shell, name in (("zsh", "_t2v"), ("fish", "t2v.fish")):
        if shutil.which(shell):
            check(f"{shell} -n", run(shell, "-n", os.path.join(PACKAGE, "completions", name)) == (0, ""))
        else:
            print(f"SKIPPED: {check.where}: there is no {shell}")
    if shutil.which("fish"):
        script = f"source {PACKAGE}/completions/t2v.fish; complete -C 't2v embed --'"
        offered = {line.split("\t")[0] for line in run("fish", "-N", "-c", script)[1].splitlines()}
        check("fish offers the flags of embed", offered == {*flags["embed"], "--help"}, offered)


def check_settings_file(check):
    _, names = help_of(check)
    text = text_of("t2v.env")
    lines = [line for line in text.splitlines() if line and not line.startswith("# ")]
    check("all of it is commented out", all(re.fullmatch(r"#\w+=.*", line) for line in lines), lines)
    found = {line[1:].split("=")[0] for line in lines}
    check("each setting of serve, once", found == names and len(found) == len(lines), found ^ names)
