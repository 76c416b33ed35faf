# SPDX-License-Identifier: BSD-3-Clause
"""docker-compose.yml, really run: Debian's Docker engine in a network, a mount and a process namespace of its own, of which
nothing is left (inside.py is what runs there). Images come from check_images; Weaviate's is a weaviate-server in a Debian, by its name."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from check_images import GOLDEN, NAME, podman_build, say
from smoke import ROOT, call

HERE = os.path.dirname(os.path.abspath(__file__))
WEAVIATE = "semitechnologies/weaviate:1.39.0"
MODELS = {"t2v:sentence-transformers-all-MiniLM-L6-v2": "bert-uncased", "t2v:facebook-dpr-ctx_encoder-single-nq-base": "dpr",
          "t2v:facebook-dpr-question_encoder-single-nq-base": "dpr"}


def image_of(folder, tag):
    """A fixture in an image."""
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(os.path.join(GOLDEN, folder), os.path.join(context, "my-model"))
        with open(os.path.join(context, "Dockerfile"), "w", encoding="utf-8") as f:
            f.write(f"FROM {NAME}:custom\nCOPY ./my-model /app/models/model\n")
        return podman_build(tag, context=context)


def weaviate_image(server):
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(server, os.path.join(context, "weaviate"))
        with open(os.path.join(context, "Dockerfile"), "w", encoding="utf-8") as f:
            f.write('FROM debian:bookworm-slim\nCOPY weaviate /bin/weaviate\nENTRYPOINT ["/bin/weaviate"]\n')
        return podman_build("weaviate", context=context)


def check_compose(check):
    names = {}
    for i, (name, folder) in enumerate(MODELS.items()):
        code, out = image_of(folder, f"compose{i}")
        check(f"{folder} is built", code == 0, out[-1000:])
        names[name] = f"{NAME}:compose{i}"
    server = os.environ.get("WEAVIATE_SERVER", "")
    if os.path.exists(server):
        code, out = weaviate_image(server)
        check("Weaviate's stand-in is built", code == 0, out[-1000:])
        names[WEAVIATE] = f"{NAME}:weaviate"
    else:
        print("SKIPPED: Weaviate under compose: WEAVIATE_SERVER names no weaviate-server")
    with tempfile.TemporaryDirectory(prefix="t2v-d-", dir="/tmp") as work:
        call("podman", "save", "-q", "--multi-image-archive", "--format", "docker-archive", "-o", os.path.join(work, "images.tar"), *names.values())
        with open(os.path.join(work, "names"), "w", encoding="utf-8") as f:
            f.writelines(f"{ours} {name}\n" for name, ours in names.items())
        p = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable,
                            os.path.join(HERE, "inside.py"), work, "weaviate" if WEAVIATE in names else "alone"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, timeout=900)
    lines = p.stdout.strip().splitlines()
    count = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1]) if lines else None
    check("compose came to an end", count is not None and (p.returncode == 0) == (count[2] == "0"), p.stdout[-3000:])
    for line in lines[:-1]:
        say(line)
    if count:
        check.passed, check.failed = check.passed + int(count[1]), check.failed + int(count[2])
