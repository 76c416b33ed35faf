# SPDX-License-Identifier: BSD-3-Clause
"""Images are built by podman, from a hub that we play, and started as a careful cluster would: a read-only root, no
capabilities, an unprivileged user."""
import json
import os
import re
import subprocess
import tempfile

import fakehub
import manifest
import smoke
from smoke import ROOT, Container, call

NAME = "localhost/t2v-test"
FLAGS = ["--isolation", "chroot", "--layers", "--force-rm", "--pull=never"]
GOLDEN = os.path.join(ROOT, "test", "golden")
FIXTURE = "st-plain"
MINILM = os.path.join(ROOT, "models", "all-MiniLM-L6-v2")
UNPRIVILEGED = 65532
MAX_BYTES = 40e6  # of the image without a model
SECCOMP = os.path.join(ROOT, "images", "seccomp.json")


def hub_of(folder, model, commit=fakehub.COMMIT):
    """A played hub that has the model of this folder."""
    files = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if name not in ("expected.json", "fetched.json", "golden.json"):
                with open(path, "rb") as f:
                    files[os.path.relpath(path, folder)] = f.read()
    fakehub.COMMIT = commit
    return fakehub.Hub(files, model=model)


def run(*command, **env):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **env})
    return p.returncode, p.stdout


def podman_build(tag, *flags, context=ROOT):
    return run("podman", "build", *FLAGS, "--format", "docker", "-t", f"{NAME}:{tag}", *flags, context)


def expected(name):
    with open(os.path.join(GOLDEN, name, "expected.json"), encoding="utf-8") as f:
        return json.load(f)


def say(line):
    print(f"     {line}", flush=True)


def images_build(name, *args, **env):
    """images/build by podman; name: of the images, before the colon."""
    return run(os.path.join(ROOT, "images", "build"), "--engine", "podman", "--name", name, *args, **env)


def build_real(check, name, *args):
    """The real model, its float image and its int8 one, by images/build with these further arguments. Its manifest; None: it is not here."""
    if not os.path.isdir(MINILM):
        print("SKIPPED: images of a real model: all-MiniLM-L6-v2 is not in models/")
        return None
    model = manifest.read("all-MiniLM-L6-v2")
    with hub_of(MINILM, model["model"], model["revision"]) as hub:
        for image in model["images"]:
            code, out = images_build(name, image["tag"], *args, HF_ENDPOINT=hub.url)
            check(image["tag"], code == 0 and f"ok {name}:{image['tag']}" in out, out[-1500:])
            say(out.strip().rsplit("\n", 1)[-1])
            check(f"{image['tag']}: selftest has run in the build", "golden answers" in out, out[-1500:])
    return model


def check_of_the_matrix(check):
    """The real model's images; images/build starts each and compares golden answers."""
    model = build_real(check, NAME, "--", *FLAGS)
    if model is None:
        return
    tag = f"{NAME}:{model['images'][0]['tag']}"
    labels = json.loads(call("podman", "image", "inspect", "--format", "{{json .Labels}}", tag))
    check("labels", labels.get("t2v.model") == model["model"] and labels.get("t2v.model.license") == model["license"] and
          labels.get("org.opencontainers.image.licenses") == "BSD-3-Clause" and
          labels.get("org.opencontainers.image.revision") not in (None, "", "unknown"), labels)
    starts = []
    for _ in range(3):
        with Container("podman", tag) as c:
            starts.append(c.start_s)
    say(f"{model['images'][0]['tag']}: from `podman run` to ready {min(starts):.2f} s, at SIGTERM it ends within {c.stop_s:.2f} s")
    code, out = run("podman", "run", "--rm", *smoke.STRICT, "--network", "none", tag, "selftest")
    check("selftest in the image", code == 0 and re.search(r"^ok: [1-9]\d* golden", out, re.M), out)


def check_custom(check):
    """FROM :custom with COPY, and a mounted directory, as with the Python server's images."""
    code, out = images_build(NAME, "--", *FLAGS)
    check("custom is built", code == 0, out[-1500:])
    size = smoke.size("podman", f"{NAME}:custom")
    say(f"without a model: {size / 1e6:.1f} MB")
    check("its size", size < MAX_BYTES, size)
    golden = expected("bert-uncased")
    with tempfile.TemporaryDirectory() as folder:
        container = call("podman", "create", f"{NAME}:custom").strip()
        call("podman", "cp", f"{container}:/NOTICES", folder)
        call("podman", "rm", container)
        with open(os.path.join(folder, "NOTICES"), encoding="utf-8") as f:
            notices = f.read()
        check("the notices of all that it holds", all(name in notices for name in ("Punkt", "OpenBLAS", "libevent", "PCRE2", "utf8proc",
                                                                                    "GNU C library")), notices[:300])
        with open(os.path.join(folder, "Dockerfile"), "w", encoding="utf-8") as f:
            f.write(f"FROM {NAME}:custom\nCOPY ./my-model /app/models/model\n")
        call("cp", "-r", os.path.join(GOLDEN, "bert-uncased"), os.path.join(folder, "my-model"))
        code, out = podman_build("my-model", context=folder)
        check("FROM custom, COPY", code == 0, out[-1500:])
        mounts = {"copied": ("my-model", []), "mounted": ("custom", ["-v", f"{folder}/my-model:/app/models/model:ro"]),
                  "mounted elsewhere": ("custom", ["-v", f"{folder}/my-model:/m:ro", "-e", "T2V_MODEL=/m"])}
        for what, (tag, flags) in mounts.items():
            with Container("podman", f"{NAME}:{tag}", flags) as c:
                worst, n = smoke.compare(c, golden, "default", "f32")
                check(f"{what}: golden answers", n > 0, n)
                say(f"{what}: {n} golden answers, {worst:.1e} off at most")
    code, out = run("podman", "run", "--rm", f"{NAME}:custom")
    check("without a model it says so", code == 1 and "models/model" in out, out)


def check_fetch(check):
    """models/fetch as the chart's init container has it: a read-only root, and a volume that belongs to root."""
    code, out = images_build(NAME, "fetch", "--", *FLAGS)
    check("fetch is built", code == 0 and f"ok {NAME}:fetch" in out, out[-1500:])
    line = out.strip().rsplit("\n", 1)[-1]
    say(line)
    build_by_digest(check, re.search(r", on (\S+)@(sha256:[0-9a-f]{64})$", line))
    with hub_of(os.path.join(GOLDEN, "bert-uncased"), "org/tiny") as hub, tempfile.TemporaryDirectory() as volume:
        os.chmod(volume, 0o777)
        for when in ("once", "again"):
            code, out = run("podman", "run", "--rm", *smoke.STRICT, "--network", "host", "-v", f"{volume}:/volume", "-e", "HF_ENDPOINT=" + hub.url,
                            f"{NAME}:fetch", "org/tiny", "/volume/model")
            check(f"it fetches {when}", code == 0 and os.path.exists(f"{volume}/model/fetched.json"), out[-1000:])
        check("once alone", len(hub.asked("model.safetensors")) <= 2, hub.log)
        with Container("podman", f"{NAME}:custom", ["-v", f"{volume}/model:/app/models/model:ro"]) as c:
            n = smoke.compare(c, expected("bert-uncased"), "default", "f32")[1]
            check("the image without a model serves it", n > 0, n)


def build_by_digest(check, base):
    """The base image by its digest, as images/build printed it, with and without a tag; and by a wrong one. For check_fetch."""
    check("the digest of the base is printed", base is not None)
    if base is None:
        return
    for name, code in ((f"{base[1]}@{base[2]}", 0), (f"{base[1]}:bookworm-slim@{base[2]}", 0), (f"{base[1]}@sha256:{'0' * 64}", 1)):
        got, out = images_build(NAME, "fetch", "--base", name, "--", *FLAGS)
        check(f"on {name}", got == code and (code or f", on {name}\n" in out), out[-1000:])


def check_model2vec(check):
    """For Weaviate's module text2vec-model2vec, whose chart gives the container no environment."""
    with hub_of(os.path.join(GOLDEN, "model2vec"), "org/tiny") as hub:
        code, out = podman_build("model2vec", "--build-arg", "HF_ENDPOINT=" + hub.url, "--build-arg", "MODEL_NAME=org/tiny",
                                 "--build-arg", "T2V_VECTORIZER=model2vec")
        check("it is built", code == 0, out[-1500:])
    for flags, vectorizer in (([], "model2vec"), (["-e", "T2V_VECTORIZER=auto"], "sentence-transformers")):
        with Container("podman", f"{NAME}:model2vec", flags) as c:
            meta = json.loads(c.ask("GET", "/meta")[1])
            check(f"{flags}: the vectorizer", meta["vectorizer"] == vectorizer, meta)
            check(f"{flags}: it answers", len(c.vector("hello")) == meta["dimensions"], meta)


def check_arguments(check):
    """The Python server's build arguments, a revision, and what is wrong with them."""
    with hub_of(os.path.join(GOLDEN, FIXTURE), "org/tiny") as hub:
        endpoint = ("--build-arg", "HF_ENDPOINT=" + hub.url, "--build-arg", "MODEL_NAME=org/tiny")
        for what, flags, vectorizer in (("plain", [], "default"), ("st", ["USE_SENTENCE_TRANSFORMERS_VECTORIZER=true"], "sentence-transformers"),
                                        ("onnx", ["ONNX_RUNTIME=true"], "onnx")):
            code, out = podman_build(what, *endpoint, *(x for f in flags for x in ("--build-arg", f)))
            check(f"{what} is built", code == 0, out[-1500:])
            with Container("podman", f"{NAME}:{what}") as c:
                meta = json.loads(c.ask("GET", "/meta")[1])
                check(f"{what}: the vectorizer", meta["vectorizer"] == vectorizer, meta["vectorizer"])
                golden = expected(FIXTURE)
                if any(case["vectorizer"] == vectorizer for case in golden["cases"]) and vectorizer != "onnx":
                    check(f"{what}: golden answers", smoke.compare(c, golden, vectorizer, "f32")[1] > 0)
        code, out = podman_build("no", *endpoint, "--build-arg", "T2V_VECTORIZER=none")
        check("a vectorizer that there is not", code != 0 and "'none' is not one of" in out, out[-500:])
        code, out = podman_build("no", *endpoint, "--build-arg", "MODEL_REVISION=nonsense")
        check("a revision that is not there", code != 0 and "no such revision" in out, out[-500:])
        code, out = podman_build("no", "--build-arg", "HF_ENDPOINT=" + hub.url, "--build-arg", "MODEL_NAME=org/other")
        check("a model that is not there", code != 0 and "does not know org/other" in out, out[-500:])
        code, out = podman_build("no")
        check("no MODEL_NAME", code != 0 and "MODEL_NAME=... is missing" in out, out[-500:])
    with hub_of(os.path.join(GOLDEN, FIXTURE), "org/tiny") as hub, tempfile.NamedTemporaryFile("w") as secret:
        hub.token = "hf_secret"
        secret.write("hf_secret\n")
        secret.flush()
        code, out = podman_build("gated", "--build-arg", "HF_ENDPOINT=" + hub.url, "--build-arg", "MODEL_NAME=org/tiny", "--secret",
                                 "id=hf_token,src=" + secret.name)
        check("a token goes in as a secret", code == 0, out[-1500:])
        history = call("podman", "history", "--no-trunc", "--format", "{{.CreatedBy}}", f"{NAME}:gated")
        check("and is not in the image's history", "hf_secret" not in history, history)


def check_strict(check):
    """What a careful cluster asks of a container."""
    image = f"{NAME}:my-model"
    config = json.loads(call("podman", "image", "inspect", "--format", "json", image))[0]
    check("the user is a number", config["User"] == f"{UNPRIVILEGED}:{UNPRIVILEGED}", config["User"])
    health = config.get("HealthCheck") or config.get("Healthcheck") or {}
    check("HEALTHCHECK", health.get("Test") == ["CMD", "/t2v", "health"], health)
    for shell in ("/bin/sh", "/bin/bash", "sh"):
        code, out = run("podman", "run", "--rm", "--entrypoint", shell, image, "-c", "true")
        check(f"no {shell}", code in (126, 127), (code, out[-200:]))
    flags = ["--security-opt", "seccomp=" + SECCOMP] if os.path.exists(SECCOMP) else []
    if flags:
        say("with images/seccomp.json")
    with Container("podman", image, [*flags, "--memory", "256m", "--cpus", "1"]) as c:
        pid = call("podman", "inspect", "--format", "{{.State.Pid}}", c.id)
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        check("runs unprivileged", status["Uid"].split() == [str(UNPRIVILEGED)] * 4, status["Uid"])
        check("no capability", int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, (status["CapEff"], status["CapBnd"]))
        check("seccomp is on", status["Seccomp"] == "2", status["Seccomp"])
        check("no new privileges", status["NoNewPrivs"] == "1", status["NoNewPrivs"])
        check("the root is read-only", call("podman", "inspect", "--format", "{{.HostConfig.ReadonlyRootfs}}", c.id) == "true")
        check("healthy", run("podman", "healthcheck", "run", c.id)[0] == 0)
        check("it answers", len(c.vector("hello")) > 0)
        log = c.log()
        check("one processor, one thread", "threads=1" in log, log)
    check("stopped within its drain", c.stop_s < 10, c.stop_s)
