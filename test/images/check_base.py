# SPDX-License-Identifier: BSD-3-Clause
"""images/build --base, with an engine that we play: what it is asked for, and the digest that is printed."""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SLIM = "debian:bookworm-slim"
LIST, OWN, ID = ("sha256:" + digit * 64 for digit in "abc")

# Its folder holds log, and IMAGE.json for each image that it has; what it pulls is there from the start under pulled/.
ENGINE = """#!{python}
import json, os, shutil, sys
here, args = os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]
with open(os.path.join(here, "log"), "a") as log:
    log.write(json.dumps(args) + "\\n")
place = os.path.join(here, args[-1] + ".json")
if args[0] == "pull":
    shutil.copy(os.path.join(here, "pulled", args[-1] + ".json"), place)
elif args[:2] == ["image", "inspect"] and "--format" in args:
    print(28000000)
elif args[:2] == ["image", "inspect"]:
    sys.exit(1) if not os.path.exists(place) else print(open(place).read())
"""


def built(engine, *args, images=None, to_pull=None):
    """(exit status, what images/build prints, the engine's log)"""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "pulled"))
        for at, known in (("", images), ("pulled", to_pull)):
            for name, info in (known or {}).items():
                with open(os.path.join(folder, at, name + ".json"), "w", encoding="utf-8") as f:
                    json.dump([info], f)
        with open(os.path.join(folder, engine), "w", encoding="utf-8") as f:
            f.write(ENGINE.format(python=sys.executable))
        os.chmod(f.name, 0o755)
        p = subprocess.run([sys.executable, os.path.join(ROOT, "images", "build"), "--engine", engine, "custom", *args], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]}, timeout=60)
        with open(os.path.join(folder, "log"), encoding="utf-8") as f:
            return p.returncode, p.stdout + p.stderr, [json.loads(line) for line in f]


def asked(log, command):
    return [args for args in log if args[0] == command]


def check_digest(check):
    docker = {"Id": ID, "RepoDigests": ["debian@" + LIST]}
    podman = {"Id": ID[7:], "Digest": OWN, "RepoDigests": ["docker.io/library/debian@" + LIST, "docker.io/library/debian@" + OWN]}
    given = SLIM + "@" + LIST
    for what, engine, args, images, to_pull, used, pulls in (
            ("docker has it", "docker", [], {SLIM: docker}, {}, "debian@" + LIST, []),
            ("docker pulls it", "docker", [], {}, {SLIM: docker}, "debian@" + LIST, [["pull", "--quiet", SLIM]]),
            ("docker, asked for a fresh one", "docker", ["--", "--pull"], {SLIM: docker}, {SLIM: {**docker, "RepoDigests": ["debian@" + OWN]}},
             "debian@" + OWN, [["pull", "--quiet", SLIM]]),
            ("docker, another platform", "docker", ["--", "--platform", "linux/arm64"], {}, {SLIM: docker}, "debian@" + LIST,
             [["pull", "--quiet", "--platform", "linux/arm64", SLIM]]),
            ("docker, one made here", "docker", ["--base", "mine"], {"mine": {"Id": ID, "RepoDigests": []}}, {},
             f"mine, which has no digest of a registry; its id is {ID}", []),
            ("docker, by its digest", "docker", ["--base", given], {}, {}, given, []),
            ("podman", "podman", [], {SLIM: podman}, {}, "docker.io/library/debian@" + OWN, []),
            ("podman, by its digest", "podman", ["--base", given], {}, {}, given, [])):
        code, said, log = built(engine, *args, images=images, to_pull=to_pull)
        check(f"{what}: the line", code == 0 and said.endswith(f"ok t2v:custom: 28.0 MB, on {used}\n"), said)
        check(f"{what}: pulls", asked(log, "pull") == pulls, log)
        base = args[1] if args[:1] == ["--base"] else SLIM
        check(f"{what}: the build", [f"BASE={base}" in args for args in asked(log, "build")] == [True], log)


def check_dockerfile(check):
    """All that is built FROM another's image has the one that --base names."""
    with open(os.path.join(ROOT, "Dockerfile"), encoding="utf-8") as f:
        text = f.read()
    check("its default", f"\nARG BASE={SLIM}\n" in text.split("\nFROM ")[0] + "\n", text[:800])
    names = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.M))
    bases = [base for base in re.findall(r"^FROM (\S+)", text, re.M) if base not in names | {"scratch"}]
    check("and no other", bases == ["$BASE", "$BASE"], bases)
