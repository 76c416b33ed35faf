# SPDX-License-Identifier: BSD-3-Clause
"""A Weaviate server on free ports with an empty folder of its own, and the part of its REST API that the checks need."""
import contextlib
import fcntl
import functools
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import uuid

from daemon import die_with

MODULE = "text2vec-transformers"


def loopback_up():
    """A network of its own has its loopback down; `ip` may not be here. Nothing happens where it is up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b"lo".ljust(16, b"\0")
        flags, = struct.unpack_from("H", fcntl.ioctl(s, 0x8913, name + bytes(24)), 16)  # SIOCGIFFLAGS
        if not flags & 1:
            fcntl.ioctl(s, 0x8914, name + struct.pack("H22x", flags | 1))  # SIOCSIFFLAGS, IFF_UP


def free_pair():
    """A free port that has a free one behind it."""
    while True:
        with socket.socket() as one, socket.socket() as next_one, contextlib.suppress(OSError, OverflowError):
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            next_one.bind(("127.0.0.1", port + 1))
            return port


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


class Client:
    """JSON over HTTP, a kept-alive connection for each thread."""

    def __init__(self, port):
        self.port, self.local = port, threading.local()

    def __call__(self, method, path, body=None):
        """(status, answer as JSON or None); sends again once when the other side had closed the connection."""
        status, raw = self.raw(method, path, body)
        return status, json.loads(raw) if raw else None

    def raw(self, method, path, body=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        for last in (False, True):
            conn = getattr(self.local, "conn", None)
            if conn is None:
                conn = self.local.conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            try:
                conn.request(method, path, data, {"Content-Type": "application/json"} if data else {})
                answer = conn.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if last:
                    raise
            except Exception:
                self.close()
                raise

    def close(self):
        if getattr(self.local, "conn", None):
            self.local.conn.close()
            self.local.conn = None


class Weaviate:
    """with Weaviate(binary, {"TRANSFORMERS_INFERENCE_API": url}) as w: ...; leaves no trace. ready_s: how long the start took."""

    def __init__(self, binary, env, wait=True, procs=None):
        self.binary, self.wait = binary, wait
        self.port, gossip, data, self.grpc = free_ports(4)
        raft = free_pair()  # on one machine it looks for the Raft's RPC at the next port, whatever its own setting
        self.ask = Client(self.port)
        clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LANG")}
        self.env = {
            **clean, "DEFAULT_VECTORIZER_MODULE": MODULE, "ENABLE_MODULES": MODULE, "API_BASED_MODULES_DISABLED": "true",
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true", "CLUSTER_HOSTNAME": "node1", "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_BIND_ADDR": "127.0.0.1", "CLUSTER_ADVERTISE_ADDR": "127.0.0.1", "CLUSTER_GOSSIP_BIND_PORT": str(gossip),
            "CLUSTER_DATA_BIND_PORT": str(data), "RAFT_PORT": str(raft), "RAFT_INTERNAL_RPC_PORT": str(raft + 1),
            "RAFT_BOOTSTRAP_EXPECT": "1", "GRPC_PORT": str(self.grpc), "DISABLE_TELEMETRY": "true", "GO_PROFILING_DISABLE": "true",
            **({"GOMAXPROCS": str(procs)} if procs else {}), **env}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weaviate-")
        self.log = tempfile.TemporaryFile()
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "--scheme", "http", "--host", "127.0.0.1", "--port", str(self.port), "--read-timeout=600s",
             "--write-timeout=600s"],
            env={**self.env, "PERSISTENCE_DATA_PATH": self.folder.name}, stdout=self.log, stderr=self.log,
            preexec_fn=functools.partial(die_with, os.getpid()))
        try:
            if self.wait:
                self.until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            self.folder.cleanup()

    def until_ready(self, wait_s=180):
        while time.monotonic() - self.begin < wait_s:
            if self.process.poll() is not None:
                raise RuntimeError(f"Weaviate ended with {self.process.returncode}: {self.said()[-2000:]}")
            if self.ready():
                self.ready_s = time.monotonic() - self.begin
                return
            time.sleep(0.1)
        raise RuntimeError("Weaviate did not become ready: " + self.said()[-2000:])

    def ready(self):
        try:
            return self.ask("GET", "/v1/.well-known/ready")[0] == 200
        except OSError:
            return False

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def alive(self):
        return self.process.poll() is None and self.ready()

    def must(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {str(answer)[:500]}")
        return answer

    def create(self, name, module=MODULE, more=None, **settings):
        """An empty collection of that name with one property, text; settings are those of the vectorizer `module`, more has other
        modules'."""
        self.ask("DELETE", f"/v1/schema/{name}")
        self.must("POST", "/v1/schema", {
            "class": name, "vectorizer": module, "moduleConfig": {module: {"vectorizeClassName": False, **settings}, **(more or {})},
            "properties": [{"name": "text", "dataType": ["text"]}]})

    def batch(self, name, texts, first=0):
        """Imports texts as the objects first, first + 1, ... in one request; {number: error} of those that failed."""
        objects = [{"class": name, "id": str(uuid.UUID(int=first + i + 1)), "properties": {"text": t}} for i, t in enumerate(texts)]
        status, raw = self.ask.raw("POST", "/v1/batch/objects", {"objects": objects})
        if status != 200:
            raise RuntimeError(f"batch: {status} {raw[:500]!r}")
        if b'"errors"' not in raw:  # the answer repeats every vector: not worth reading when nothing failed
            return {}
        return {uuid.UUID(o["id"]).int - 1: json.dumps(o["result"]["errors"])
                for o in json.loads(raw) if (o.get("result") or {}).get("errors")}

    def stored(self, name):
        """{number: (text, vector or None)} of all objects."""
        found, after = {}, ""
        while True:
            page = self.must("GET", f"/v1/objects?class={name}&limit=200&include=vector&after={after}")["objects"]
            if not page:
                return found
            for o in page:
                found[uuid.UUID(o["id"]).int - 1] = o["properties"]["text"], o.get("vector")
            after = page[-1]["id"]

    def get(self, name, search, fields, limit=5):
        """The first objects that a search finds; a RuntimeError with what it said when it failed."""
        answer = self.must("POST", "/v1/graphql", {"query": f"{{Get{{{name}(limit:{limit} {search}){{{fields}}}}}}}"})
        if answer.get("errors"):
            raise RuntimeError(json.dumps(answer["errors"]))
        return answer["data"]["Get"][name] or []

    def near_text(self, name, text):
        """[(text, distance)], the nearest first."""
        found = self.get(name, f"nearText:{{concepts:[{json.dumps(text)}]}}", "text _additional{distance}")
        return [(o["text"], o["_additional"]["distance"]) for o in found]

    def hybrid(self, name, text, alpha):
        """[text], the best first; alpha: 0 keywords alone, 1 vectors alone."""
        return [o["text"] for o in self.get(name, f"hybrid:{{query:{json.dumps(text)} alpha:{alpha}}}", "text")]
