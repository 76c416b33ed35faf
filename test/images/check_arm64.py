# SPDX-License-Identifier: BSD-3-Clause
"""The same for arm64, by `images/test --arm64`: built from the same Dockerfile under QEMU, started and asked."""
import os

import manifest
import matrix
import smoke
from check_images import FLAGS, MAX_BYTES, MINILM, hub_of, run, say
from smoke import ROOT, Container, call

NAME = "localhost/t2v-test-arm64"
BASE = "localhost/debian-arm64"  # made by images/test
PLATFORM = [*FLAGS, "--platform", "linux/arm64", "--from", BASE]


def build(tag, **env):
    return run(os.path.join(ROOT, "images", "build"), "--engine", "podman", "--name", NAME, "--no-test", tag, "--", *PLATFORM, **env)


def check_custom(check):
    """The image without a model."""
    code, out = build("custom")
    check("it is built", code == 0, out[-1500:])
    image = f"{NAME}:custom"
    check("it says that it is for arm64", call("podman", "image", "inspect", "--format", "{{.Architecture}}", image) == "arm64")
    size = smoke.size("podman", image)
    say(f"without a model: {size / 1e6:.1f} MB")
    check("its size", size < MAX_BYTES, size)
    version = call("podman", "run", "--rm", *smoke.STRICT, image, "--version")
    kernels = [line.split()[1] for line in version.splitlines() if line.startswith("kernels")]
    check("its kernels", kernels and kernels[0] in ("neon", "dotprod", "i8mm"), version)
    say("kernels " + " ".join(kernels))


def check_of_the_matrix(check):
    """The real model, its float image and its int8 one. The build's selftest compares golden answers; all of them take QEMU too long."""
    if not os.path.isdir(MINILM):
        print("SKIPPED: images of a real model: all-MiniLM-L6-v2 is not in models/")
        return
    model = manifest.read("all-MiniLM-L6-v2")
    with hub_of(MINILM, model["model"], model["revision"]) as hub:
        for image in model["images"]:
            tag = image["tag"]
            code, out = build(tag, HF_ENDPOINT=hub.url)
            check(tag, code == 0 and f"ok {NAME}:{tag}" in out, out[-1500:])
            say(out.strip().rsplit("\n", 1)[-1])
            entry = next(e for e in matrix.read() if e["tag"] == tag)
            with Container("podman", f"{NAME}:{tag}") as c:
                smoke.check_plain(c, smoke.check_meta(c, entry, model)["dimensions"])
                say(f"{tag}: ready after {c.start_s:.1f} s, and answers")
