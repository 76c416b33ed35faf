# SPDX-License-Identifier: BSD-3-Clause
"""A server that plays the model hub: lists of files, small files by itself, large ones by a redirect to another port. What it
does wrong, and when, is told to it."""
import contextlib
import hashlib
import http.server
import json
import re
import threading
import time
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """files: {name: bytes}; large: the names that lie on the other port. plans: {name, or "list": [what to do at the next
    request for it, ...]}, each of them used once, the last one for ever when forever is set."""

    def __init__(self, files, large=("model.safetensors",), model="org/tiny", token=None):
        self.files, self.large, self.model, self.token = dict(files), set(large), model, token
        self.plans, self.forever, self.log = {}, False, []
        self.commit, self.info = COMMIT, {"siblings": None}
        self.entries = {name: self.entry(name, data) for name, data in self.files.items()}
        self.headers = True  # X-Linked-Etag and its kin are sent
        self.servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self, is_hub)) for is_hub in (True, False)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.url, self.store = (f"http://127.0.0.1:{server.server_address[1]}" for server in self.servers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def move(self, commit, files):
        """main is another commit now, of these files."""
        self.commit, self.files = commit, dict(files)
        self.entries = {name: self.entry(name, data) for name, data in self.files.items()}

    def entry(self, name, data):
        entry = {"rfilename": name, "size": len(data), "blobId": git_sha1(data)}
        if name in self.large:
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return entry

    def next_plan(self, name):
        plans = self.plans.get(name)
        if not plans:
            return ""
        return plans[0] if self.forever and len(plans) == 1 else plans.pop(0)

    def asked(self, name):
        """The requests for a file's bytes, as (hub or store, headers)."""
        return [(where, headers) for where, path, headers in self.log if path.endswith("/" + name)]


def handler(hub, is_hub):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
            hub.log.append(("hub" if is_hub else "store", path, {k.lower(): v for k, v in self.headers.items()}))
            if is_hub and hub.token and self.headers.get("Authorization") != "Bearer " + hub.token:
                return self.refuse(401)
            if is_hub and (m := re.fullmatch(rf"/api/models/{re.escape(hub.model)}/revision/(.+)", path)):
                return self.list_files(m[1])
            if is_hub and (m := re.fullmatch(rf"/(?:moved/)?{re.escape(hub.model)}/resolve/([^/]+)/(.+)", path)):
                return self.resolve(m[1], m[2], path)
            if not is_hub:
                return self.send_file(path[1:])
            return self.refuse(404, "RepoNotFound")

        def head(self, status, headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def refuse(self, status, code=None, **more):
            self.close_connection = True
            headers = {"Content-Length": "0", **({"X-Error-Code": code} if code else {})}
            self.head(status, {**headers, **{k.replace("_", "-"): v for k, v in more.items()}})

        def misbehave(self, plan):
            """Plans that replace the answer; True when there was one."""
            word, _, rest = plan.partition(":")
            if word.isdecimal():
                code, _, after = rest.partition(",")
                self.refuse(int(word), code or None, **({"Retry_After": after} if after else {}))
            elif word == "goto":
                self.head(302, {"Location": rest, "Content-Length": "0"})
            elif word == "hang up":
                self.close_connection = True
            elif word == "drip head":
                self.drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000, float(rest))
            else:
                return False
            return True

        def drip(self, data, pause):
            """A byte at a time."""
            self.close_connection = True
            with contextlib.suppress(OSError):
                for byte in data:
                    self.wfile.write(bytes([byte]))
                    time.sleep(pause)

        def list_files(self, revision):
            plan = hub.next_plan("list")
            if self.misbehave(plan):
                return
            if revision not in ("main", hub.commit):
                return self.refuse(404, "RevisionNotFound")
            siblings = list(hub.entries.values())
            info = {"sha": hub.commit, **hub.info, "siblings": siblings if hub.info["siblings"] is None else hub.info["siblings"]}
            body = plan[5:].encode() if plan.startswith("body:") else json.dumps(info).encode()
            self.head(200, {"Content-Length": str(len(body) + (5 if plan == "short" else 0))})
            if plan.startswith("drip:"):
                return self.drip(body, float(plan[5:]))
            self.wfile.write(body)
            self.close_connection = plan == "short"

        def resolve(self, commit, name, path):
            if commit != hub.commit or name not in hub.files:
                return self.refuse(404, "EntryNotFound")
            data, large = hub.files[name], name in hub.large
            headers = {"X-Repo-Commit": hub.commit}
            etag = hashlib.sha256(data).hexdigest() if large else git_sha1(data)
            headers.update({"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data))} if hub.headers else {})
            plan = (hub.plans.get(name) or [""])[0] if not large else ""
            if plan == "other commit":
                headers["X-Repo-Commit"] = hub.commit[::-1]
            if large:
                return self.head(302, {**headers, "Location": f"{hub.store}/{name}", "Content-Length": "0"})
            if plan == "moved" and not path.startswith("/moved/"):
                return self.head(307, {**headers, "Location": "/moved" + self.path, "Content-Length": "0"})
            return self.send_file(name, headers)

        def send_file(self, name, headers=None):
            plan = hub.next_plan(name)
            if self.misbehave(plan):
                return
            word, _, n = plan.partition(":")
            data, status, begin = hub.files[name], 200, 0
            if (m := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")) and word != "no range":
                begin, status = int(m[1]), 206
            headers = dict(headers or {})
            if status == 206:
                shown = begin + 1 if word == "wrong range" else begin
                headers["Content-Range"] = f"bytes {shown}-{len(data) - 1}/{len(data)}"
            body = data[begin:]
            if word == "wrong bytes":
                body = bytes(b ^ 1 for b in body)
            if word == "promise":
                body = body[:int(n)]
            if word == "no length":
                self.close_connection = True
                body += b"x" * int(n)
            else:
                headers["Content-Length"] = str(len(body))
            self.head(status, headers)
            self.send_body(body, word, n)

        def send_body(self, body, word, n):
            if word == "drip":
                return self.drip(body, float(n))
            if word in ("break", "stall"):
                self.close_connection = True
                body = body[:int(n)]
            try:
                for at in range(0, len(body), 4096):
                    self.wfile.write(body[at:at + 4096])
                    if word == "slow":
                        self.wfile.flush()
                        time.sleep(float(n))
                if word == "stall":
                    self.wfile.flush()
                    time.sleep(3)
            except OSError:
                self.close_connection = True
    return Handler
