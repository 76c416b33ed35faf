# SPDX-License-Identifier: BSD-3-Clause
"""The same for arm64, by `images/test --arm64`: built from the same Dockerfile under QEMU, started and asked."""
import matrix
import smoke
from check_images import FLAGS, MAX_BYTES, build_real, images_build, say
from smoke import Container, call

NAME = "localhost/t2v-test-arm64"
BASE = "localhost/debian-arm64"  # made by images/test
PLATFORM = ["--base", BASE, "--", *FLAGS, "--platform", "linux/arm64"]


def check_custom(check):
    """The image without a model."""
    code, out = images_build(NAME, "custom", *PLATFORM)
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
    """The real model's images. The builds' selftest compares golden answers to 32 texts; all of them take QEMU too long."""
    model = build_real(check, NAME, "--no-test", *PLATFORM)
    if model is None:
        return
    for entry in matrix.read():
        if entry["tag"] in [image["tag"] for image in model["images"]]:
            with Container("podman", f"{NAME}:{entry['tag']}") as c:
                smoke.check_plain(c, smoke.check_meta(c, entry, model)["dimensions"])
                say(f"{entry['tag']}: ready after {c.start_s:.1f} s, and answers")
