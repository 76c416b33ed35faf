#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""inside.py WORK weaviate|alone: what check_compose runs in namespaces of its own: a Docker engine, and docker-compose.yml on it."""
import http.client
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [os.path.dirname(HERE)]
from checks import Checks  # noqa: E402

WORK, WEAVIATE = sys.argv[1], sys.argv[2] == "weaviate"
START_S = 120


def run(*command):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        raise RuntimeError(f"{' '.join(command)}: {p.stdout[-1500:]}")
    return p.stdout


def compose_file():
    """docker-compose.yml; for Compose 1, which knows no build secrets, a copy without them: nothing is built here."""
    if "version 1." not in run("docker-compose", "--version"):
        return os.path.join(ROOT, "docker-compose.yml")
    with open(os.path.join(ROOT, "docker-compose.yml"), encoding="utf-8") as f:
        text = re.sub(r"^      secrets: .*\n", "", f.read(), flags=re.M)
    path = os.path.join(WORK, "docker-compose.yml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r"^secrets:\n(?:  .*\n)+", "", text, flags=re.M))
    return path


def compose(*args):
    return run("docker-compose", "-p", "t2v-test", "-f", compose_file(), *args)


def engine():
    """A Docker engine whose every trace lies in WORK, ready."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.environ["DOCKER_HOST"] = f"unix://{WORK}/d.sock"
    with open(os.path.join(WORK, "log"), "wb") as log:
        process = subprocess.Popen(["dockerd", "--data-root", f"{WORK}/data", "--exec-root", f"{WORK}/exec", "-H", os.environ["DOCKER_HOST"],
                                    "-p", f"{WORK}/pid"], stdout=log, stderr=log)
    end = time.monotonic() + START_S
    while subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        if process.poll() is not None or time.monotonic() > end:
            with open(os.path.join(WORK, "log"), encoding="utf-8", errors="replace") as f:
                raise RuntimeError("dockerd did not start: " + f.read()[-2000:])
        time.sleep(0.2)
    run("docker", "load", "-i", f"{WORK}/images.tar")
    with open(os.path.join(WORK, "names"), encoding="utf-8") as f:
        for line in f:
            run("docker", "tag", *line.split())
    return process


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def wait_ready(port):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            if ask(port, "GET", "/v1/.well-known/ready")[0] == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    return False


def health(service):
    """The engine's own word, after the first check of the image's HEALTHCHECK."""
    container = compose("ps", "-q", service).split()[0]
    end = time.monotonic() + START_S
    word = "starting"
    while word == "starting" and time.monotonic() < end:
        word = run("docker", "inspect", "--format", "{{.State.Health.Status}}", container).strip()
        time.sleep(0.2)
    return word


def use_weaviate(check, class_name):
    """Objects go in, get vectors by the sidecar, and are found by them."""
    check("Weaviate is ready", wait_ready(8080), compose("logs", "--tail", "40"))
    texts = ["a tool to compare files", "the river Thames", "bread and butter"]
    for text in texts:
        status, body = ask(8080, "POST", "/v1/objects", {"class": class_name, "properties": {"text": text}})
        check(f"an object goes in: {text}", status == 200 and len(json.loads(body).get("vector") or []) > 0, body)
    query = '{Get{%s(nearText:{concepts:["the river Thames"]},limit:3){text}}}' % class_name
    status, body = ask(8080, "POST", "/v1/graphql", {"query": query})
    found = [o["text"] for o in (json.loads(body).get("data") or {"Get": {class_name: []}})["Get"][class_name] or []]
    check("near_text finds all", sorted(found) == sorted(texts), body)
    return found


def check_profiles(check):
    """The file as it is, then each way to run it."""
    compose("config", "-q")
    for profile in "dpr", "rag":
        compose("--profile", profile, "config", "-q")
    up = compose("config", "--services").split()
    check("services", {"weaviate", "t2v"} <= set(up), up)
    compose("up", "-d", "--no-build", *([] if WEAVIATE else ["t2v"]))
    check("t2v is healthy", health("t2v") == "healthy", compose("logs"))
    limits = run("docker", "inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", compose("ps", "-q", "t2v").split()[0]).split()
    check("its limits: memory, and every processor", limits == [str(768 << 20), "0"], limits)
    if WEAVIATE:
        found = use_weaviate(check, "Plain")
        check("the same text is nearest", found[:1] == ["the river Thames"], found)
    compose("down", "-v")


def check_dpr(check):
    compose("--profile", "dpr", "up", "-d", "--no-build", *(["weaviate-dpr"] if WEAVIATE else ["t2v-passage", "t2v-query"]))
    running = compose("--profile", "dpr", "ps", "--services", "--filter", "status=running").split()
    check("without the plain ones", "weaviate" not in running and "t2v" not in running and {"t2v-passage", "t2v-query"} <= set(running), running)
    for service in ("t2v-passage", "t2v-query"):
        check(f"{service} is healthy", health(service) == "healthy", compose("--profile", "dpr", "logs"))
    if WEAVIATE:
        use_weaviate(check, "Dpr")
        status, body = ask(8080, "GET", "/v1/meta")
        check("Weaviate knows both", {"passage", "query"} <= set(json.loads(body)["modules"]["text2vec-transformers"]), body[:500])
    compose("--profile", "dpr", "down", "-v")


def main():
    process = engine()
    try:
        return Checks().run([sys.modules["__main__"]])
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    sys.exit(main())
