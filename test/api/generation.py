# SPDX-License-Identifier: BSD-3-Clause
"""Requests to the routes that generate text, and what comes back."""
import json
import time

from daemon import request


def post(path, body, headers=()):
    return request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), list(headers))


class Stream:
    """A stream on a connection: its head, then its events, each with the time when it came."""

    def __init__(self, conn, path, body):
        self.conn = conn
        conn.send(post(path, body))
        while b"\r\n\r\n" not in conn.rest:
            if not conn.more():
                break
        head, _, conn.rest = conn.rest.partition(b"\r\n\r\n")
        self.head = head.decode().lower()
        self.status = int(self.head.split(" ")[1]) if head else 0
        self.body, self.whole, self.times = b"", False, []

    def chunk(self):
        """The next chunk; None at the end, or when the connection was closed before it."""
        c = self.conn
        while b"\r\n" not in c.rest:
            if not c.more():
                return None
        size, _, c.rest = c.rest.partition(b"\r\n")
        n = int(size, 16) + 2
        while len(c.rest) < n:
            if not c.more():
                return None
        chunk, c.rest = c.rest[:n - 2], c.rest[n:]
        if not chunk:
            self.whole = True
            return None
        self.body += chunk
        self.times.append(time.monotonic())
        return chunk

    def rest(self):
        while self.chunk() is not None:
            pass
        return self

    @property
    def events(self):
        """The JSON of each event, or its text where it is none."""
        lines = [line.removeprefix("data:").strip() for line in self.body.decode().splitlines() if line.strip()]
        return [json.loads(line) if line.startswith("{") else line for line in lines]


def stream(daemon, path, body):
    """A stream from its begin to its end."""
    with daemon.connect() as c:
        return Stream(c, path, body).rest()
