# SPDX-License-Identifier: BSD-3-Clause
"""A proxy before the sidecar that keeps what it is sent, and breaks each third request on a connection, or none: it sends it on, and leaves
on both sides before the answer."""
import socket
import threading

from daemon import Conn


class Breaker:
    """with Breaker(port) as b: ... b.url; b.posts: the POST requests sent on, as bytes, b.broken: how many of them had no answer.
    each: which of a connection's requests are broken; 0: none."""

    def __init__(self, port, each=3):
        self.port, self.each, self.posts, self.broken, self.lock = port, each, [], 0, threading.Lock()

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, Conn(self.port, timeout=60) as server:
            n = 0
            while data := read_request(client):
                n += 1
                posts = [data] if data.startswith(b"POST") else []
                breaks = bool(posts and self.each and n % self.each == 0)
                with self.lock:
                    self.posts += posts
                    self.broken += breaks
                server.send(data)
                if breaks:
                    server.reset()
                    return
                pass_answer(server, client)


def read_request(sock):
    """A head, and as much of a body as it announces; b"" at the end."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
        if end and len(body) >= length:
            return data
        try:
            more = sock.recv(1 << 16)
        except OSError:
            more = b""
        if not more:
            return b""
        data += more


def pass_answer(server, client):
    answer = server.read()
    head = "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
    client.sendall(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode() + answer.body)
