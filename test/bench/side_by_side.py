#!/usr/bin/env python3
"""Two servers of the same API side by side: one keep-alive connection a round, one short text after another.

    side_by_side.py --corpus FILE.json --model DIR --peer URL --peer-pid PID [--bin build/t2v] [--rounds 7] [--per-round 300]

Starts `BIN serve` itself (that gives the time from start to ready), then asks it and the peer in turn, round after round, the
same texts of the corpus' "short"; the ratio is the median of the rounds'. Resident memory is read before the first request
and after at least 1,000. Last, 200 texts, sentences and paragraphs, go to both, and the largest difference of their vectors
is printed, relative to the largest component. Without --peer, t2v alone; with --no-bin, the peer alone.
"""
import argparse, json, os, signal, socket, statistics, subprocess, sys, time, urllib.parse

FOREIGN = ("T2V_", "ENABLE_", "USE_", "AUTHENTICATION_", "ONNX_", "TRUST_", "OPENBLAS_")


class Client:
    """One keep-alive connection. A raw socket: http.client costs more than a short text does."""

    def __init__(self, host, port):
        self.sock = socket.create_connection((host, port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = f"{host}:{port}"

    def request(self, method, path, body=b""):
        self.sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.receive()
        status = int(data[9:12])
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        parts, left = [data[end + 4:]], length - (len(data) - end - 4)
        while left > 0:
            parts.append(self.receive())
            left -= len(parts[-1])
        return status, b"".join(parts)

    def receive(self):
        data = self.sock.recv(262144)
        if not data:
            raise ConnectionError(f"{self.host} closed the connection")
        return data

    def vector(self, text):
        status, body = self.request("POST", "/vectors", json.dumps({"text": text}).encode())
        if status != 200:
            sys.exit(f"{self.host}: status {status}, {body[:200]!r}, for {text[:60]!r}")
        return json.loads(body)["vector"]


class Peer:
    def __init__(self, name, host, port, pid):
        self.name, self.pid, self.rates, self.address = name, pid, [], (host, port)
        self.rss = [self.rss_mb()]

    def rss_mb(self):
        if not self.pid:
            return float("nan")
        with open(f"/proc/{self.pid}/status") as f:
            return int(next(l for l in f if l.startswith("VmRSS")).split()[1]) / 1024

    def round(self, bodies):
        client = Client(*self.address)  # uvicorn closes after 5 s without a request, shorter than the other one's round may be
        start = time.perf_counter()
        for body in bodies:
            status, answer = client.request("POST", "/vectors", body)
            if status != 200:
                sys.exit(f"{self.name}: status {status}, {answer[:200]!r}")
        self.rates.append(len(bodies) / (time.perf_counter() - start))


def start_t2v(binary, model):
    """(process, port, seconds from start to ready)"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    start = time.perf_counter()
    proc = subprocess.Popen([binary, "serve", "--model", model, "--listen", f"127.0.0.1:{port}"], env=env,
                            stderr=subprocess.DEVNULL)
    while time.perf_counter() - start < 60:
        if proc.poll() is not None:
            sys.exit(f"{binary} exited with {proc.returncode}")
        try:
            if Client("127.0.0.1", port).request("GET", "/.well-known/ready")[0] == 204:
                return proc, port, time.perf_counter() - start
        except OSError:
            time.sleep(0.001)
    sys.exit(f"{binary} was not ready after 60 s")


def measure(peers, corpus, rounds, per_round):
    bodies = [json.dumps({"text": t}).encode() for t in corpus["short"]]
    for p in peers:
        p.round(bodies[-50:])  # warm up, not counted
        p.rates.clear()
    for r in range(rounds):
        at = r * per_round % max(1, len(bodies) - per_round)
        for p in peers if r % 2 == 0 else peers[::-1]:
            p.round(bodies[at:at + per_round])
    for p in peers:
        for _ in range(max(0, 1000 - rounds * per_round)):
            p.round(bodies[:1])
            p.rates.pop()
        p.rss.append(p.rss_mb())


def worst_difference(peers, corpus):
    worst = (0.0, "")
    clients = [Client(*p.address) for p in peers]
    for text in corpus["short"][:100] + corpus["para"][:100]:
        a, b = (c.vector(text) for c in clients)
        if len(a) != len(b):
            sys.exit(f"{len(a)} against {len(b)} components for {text[:60]!r}")
        worst = max(worst, (max(abs(x - y) for x, y in zip(a, b)) / max(map(abs, b)), text))
    return worst


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default="build/t2v")
    ap.add_argument("--no-bin", action="store_true")
    ap.add_argument("--model", default="models/all-MiniLM-L6-v2")
    ap.add_argument("--corpus", required=True)
    ap.add_argument("--peer")
    ap.add_argument("--peer-pid", type=int)
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--per-round", type=int, default=300)
    a = ap.parse_args()
    with open(a.corpus) as f:
        corpus = json.load(f)
    proc, ready_s, peers = None, float("nan"), []
    try:
        if not a.no_bin:
            proc, port, ready_s = start_t2v(a.bin, a.model)
            peers.append(Peer("t2v", "127.0.0.1", port, proc.pid))
        if a.peer:
            url = urllib.parse.urlsplit(a.peer)
            peers.append(Peer("peer", url.hostname, url.port or 80, a.peer_pid))
        measure(peers, corpus, a.rounds, a.per_round)
        print(f"{'server':8} {'requests/s':>10} {'spread':>13} {'ready s':>8} {'MB before':>9} {'MB after':>8}")
        for p in peers:
            ready = f"{ready_s:8.3f}" if p.name == "t2v" else f"{'-':>8}"
            print(f"{p.name:8} {statistics.median(p.rates):10.1f} {min(p.rates):6.1f}-{max(p.rates):6.1f} {ready} "
                  f"{p.rss[0]:9.1f} {p.rss[1]:8.1f}")
        if len(peers) == 2:
            ratios = [x / y for x, y in zip(peers[0].rates, peers[1].rates)]
            print(f"median ratio {statistics.median(ratios):.2f} (of {len(ratios)} rounds, {min(ratios):.2f} to {max(ratios):.2f})")
            worst, text = worst_difference(peers, corpus)
            print(f"worst difference over 200 texts {worst:.1e} ({text[:50]!r})")
    finally:
        if proc:
            proc.send_signal(signal.SIGTERM)
            proc.wait(30)


if __name__ == "__main__":
    main()
