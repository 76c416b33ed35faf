# SPDX-License-Identifier: BSD-3-Clause
"""Plain mistakes with the scripts of images/: one clear line, exit status 2."""
import os
import subprocess
import sys
import tempfile

IMAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "images")
INTERPRETER = {"build": sys.executable, "matrix.py": sys.executable, "prepare": sys.executable, "base-image": "/bin/bash",
               "check-weaviate-chart": "/bin/bash", "test": "/bin/bash"}
FAKE = "#!/bin/sh\necho 'Cannot connect to the daemon' >&2\necho 'more of it' >&2\nexit 1\n"


def mistake(check, script, args, want, path=None):
    """path: where programs are looked for."""
    env = {**os.environ, **({"PATH": path} if path is not None else {})}
    p = subprocess.run([INTERPRETER[script], os.path.join(IMAGES, script), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, env=env, timeout=60)
    said = p.stdout + p.stderr
    what = " ".join([script, *args])
    check(f"{what}: exit status 2", p.returncode == 2, (p.returncode, said))
    check(f"{what}: one line that says {want!r}", p.stdout == "" and p.stderr.count("\n") == 1 and p.stderr.startswith(f"images/{script}: ") and want in p.stderr, said)


def check_build(check):
    mistake(check, "build", ["sentence-transformers/all-MiniLM-L6-v2"], "its tag is sentence-transformers-all-MiniLM-L6-v2 (")
    mistake(check, "build", ["org/other"], "--build-arg MODEL_NAME=org/other")
    mistake(check, "build", ["custom", "all-minilm"], "all-minilm is no tag")
    mistake(check, "build", ["--engin", "dokcer"], "'dokcer'")
    mistake(check, "build", ["--no-cache"], "--no-cache")
    mistake(check, "build", ["--name"], "--name")
    for base in ("debian@sha256:12", "debian:bookworm-slim@", "-debian", "", "a b", "debian@md5:" + "0" * 32):
        mistake(check, "build", ["--base=" + base], f"--base {base} is not IMAGE")
    for flags in (["--from", "x"], ["--from=x"], ["--build-arg", "BASE=x"], ["--build-arg=BASE=x"]):
        mistake(check, "build", ["custom", "--", *flags], "named by --base")
    with tempfile.TemporaryDirectory() as folder:
        mistake(check, "build", [], "docker is not here (--engine podman", path=folder)
        mistake(check, "build", ["--engine", "podman", "fetch"], "podman is not here (--engine docker", path=folder)
        with open(os.path.join(folder, "docker"), "w", encoding="utf-8") as f:
            f.write(FAKE)
        os.chmod(f.name, 0o755)
        mistake(check, "build", ["custom"], "docker does not answer: Cannot connect to the daemon\n", path=folder)


def check_base_image(check):
    mistake(check, "base-image", ["--arch", "arm64"], "--arch is no flag")
    mistake(check, "base-image", ["a", "b", "c"], "usage: base-image [IMAGE [ARCH]]")
    mistake(check, "base-image", ["debian:x", "aarch64"], "aarch64 is no architecture")
    mistake(check, "base-image", ["debian:x"], "dpkg is not here", path="/nowhere")


def check_weaviate_chart(check):
    mistake(check, "check-weaviate-chart", [], "usage: check-weaviate-chart DIR")
    mistake(check, "check-weaviate-chart", ["--values", "x"], "--values is no flag")
    mistake(check, "check-weaviate-chart", ["a", "b"], "usage: check-weaviate-chart DIR")
    mistake(check, "check-weaviate-chart", ["/nowhere"], "/nowhere: no chart")
    mistake(check, "check-weaviate-chart", [os.path.join(IMAGES, "chart", "t2v")], "no chart of Weaviate's")


def check_others(check):
    mistake(check, "test", ["--amd64"], "--amd64 is unknown")
    mistake(check, "test", ["--arm64", "-k"], "-k wants a word")
    mistake(check, "matrix.py", ["--wrte"], "--wrte is unknown")
    mistake(check, "prepare", [], "usage: MODEL_NAME=... images/prepare DIR")
