# SPDX-License-Identifier: BSD-3-Clause
"""A daemon to test, started on a free port, and connections that send and read raw bytes."""
import ctypes
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import time

OURS = ("T2V_", "ENABLE_", "USE_", "AUTHENTICATION_", "ONNX_", "TRUST_", "OPENBLAS_")


def no_number(name):
    raise ValueError(f"{name} is no JSON")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        """The body as JSON; {} when it is none, so that a check fails rather than raises."""
        try:
            return json.loads(self.body, parse_constant=no_number)
        except ValueError:
            return {}

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:200]!r}"


class Conn:
    """One connection. read() gives the next answer, or None when the other side has closed."""

    def __init__(self, port, timeout=300, host="127.0.0.1", receive_bytes=None):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if receive_bytes:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.sock.settimeout(timeout)
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        try:
            data = self.sock.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError:
            data = b""
        self.rest += data
        return data

    def read(self, head_only=False, skip_100=True):
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if status == 100 and skip_100:
            return self.read(head_only, skip_100)
        length = 0 if head_only or status in (100, 204) else int(headers["content-length"])
        while len(self.rest) < length:
            if not self.more():
                return None
        body, self.rest = self.rest[:length], self.rest[length:]
        return Answer(status, headers, body)

    def closed(self):
        """True when the other side closes, after nothing else."""
        return not self.rest and not self.more()

    def reset(self):
        """Leaves as a process that is killed does: with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def request(method, path, body=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: t2v", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def vectors(question, headers=(), path="/vectors"):
    if not isinstance(question, bytes):
        question = json.dumps(question, ensure_ascii=False).encode()
    return request("POST", path, question, headers)


def cpu_s(pid):
    """Seconds of processor time that a process has taken."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lose_ipv6():
    """For preexec_fn: from here on socket(AF_INET6) fails, as on a kernel without IPv6. Works without privileges."""
    number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    load, equal, say = 0x20, 0x15, 0x06
    code = [(load, 0, 0, 0), (equal, 0, 3, number), (load, 0, 0, 16), (equal, 0, 1, socket.AF_INET6), (say, 0, 0, 0x50000 | 97), (say, 0, 0, 0x7FFF0000)]
    buffer = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
    libc = ctypes.CDLL(None, use_errno=True)
    said = libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))), 0, 0)
    if said != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


LIBC = ctypes.CDLL(None, use_errno=True)  # opened before a fork


def die_with(parent):
    """For preexec_fn: the kernel kills this process when the thread that started it ends, however that ends. parent: its process."""
    if LIBC.prctl(1, signal.SIGKILL, 0, 0, 0) != 0:  # PR_SET_PDEATHSIG
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os._exit(1)


class Daemon:
    """with Daemon(binary, model, "--drain", "1", env={...}, files=64) as d: d.ask(bytes)

    binary may be a list: a command that becomes the program after its last word. before: what the child does before it becomes
    the program."""

    def __init__(self, binary, model, *args, env=None, files=None, listen="127.0.0.1:{}",
                 host="127.0.0.1", before=None):
        self.place = socket.socket()  # as long as it is bound, no other test gets this port; it never listens, so the daemon can
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.files, self.host, self.before = files, host, before
        self.argv = [*([binary] if isinstance(binary, str) else binary), "serve", "--model", model, "--listen", listen.format(self.port)]
        self.argv += ["--drain", "0.5", *args]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        self.env = {**clean, **(env or {})}

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        us = os.getpid()
        self.process = subprocess.Popen(self.argv, env=self.env, stdout=self.log, stderr=self.log,
                                        preexec_fn=lambda: self.prepare(us))
        try:
            self.until_open()
        except BaseException as e:
            self.__exit__(type(e))
            raise
        return self

    def prepare(self, parent):
        """In the child, before it becomes the program."""
        die_with(parent)
        if self.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))
        if self.before:
            self.before()

    def until_open(self, wait_s=180):
        end = time.monotonic() + wait_s
        while True:
            try:
                Conn(self.port, host=self.host).__exit__()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the daemon did not start: " + self.said()) from None
                time.sleep(0.01)

    def __exit__(self, kind=None, *_):
        interrupted = kind is not None and not issubclass(kind, Exception)
        try:
            status = self.stop() if self.process.poll() is None and not interrupted else 0
        finally:
            self.process.kill()
            self.process.wait()
            self.place.close()
        if (status != 0 or "Sanitizer" in self.said()) and not interrupted:
            raise RuntimeError(f"the daemon ended with {status}: {self.said()[-3000:]}")

    def stop(self, wait_s=120):
        """SIGTERM; the exit status, or None when it does not end."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(wait_s)

    def wait(self, wait_s=120):
        try:
            return self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None

    def said(self):
        """What it wrote so far. It shares the file's position with us, so that stays where it is."""
        fd = self.log.fileno()
        return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")

    def connect(self, **kw):
        return Conn(self.port, **{"host": self.host, **kw})

    def ask(self, data, **kw):
        """One request on a connection of its own."""
        with self.connect(**kw) as c:
            c.send(data)
            return c.read(head_only=data.startswith(b"HEAD "))

    def get(self, path, headers=()):
        return self.ask(request("GET", path, headers=headers))

    def metric(self, name):
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split(" ")[1])
        return 0.0

    def slowest_probe(self, work):
        """Runs work() while a process of its own asks for ready; the longest that it had to wait."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            slowest, parent = 0.0, os.getppid()
            try:
                os.set_blocking(write, True)
                signal.signal(signal.SIGUSR1, lambda *_: (os.write(write, struct.pack("d", slowest)), os._exit(0)))
                os.write(write, b"!")
                while os.getppid() == parent:
                    begin = time.monotonic()
                    self.get("/.well-known/ready")
                    slowest = max(slowest, time.monotonic() - begin)
                    time.sleep(0.002)
            finally:
                os._exit(1)
        os.read(read, 1)
        work()
        os.kill(child, signal.SIGUSR1)
        said = os.read(read, 8)
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)
        return struct.unpack("d", said)[0] if len(said) == 8 else float("inf")

    def cpu_s(self):
        return cpu_s(self.process.pid)
