#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Do two servers of the same API give your own texts the same vectors? Needs Python 3 alone.

    same_vectors.py URL OTHER_URL FILE [--pooling cls] [--task query] [--dimensions N] [--token TOKEN] [--least 0.9999]

FILE is a text a line, or JSON: a list of texts, {"NAME": [TEXT, ...]}, or a string a line. Each goes to both. Prints how many were
compared, the least and the mean cosine, the largest difference of two components relative to the largest of them, and the
texts that are furthest apart. Exits 1 where a cosine is below --least, or one server has a vector and the other none.
"""
import argparse
import http.client
import json
import math
import sys
import urllib.parse


class Server:
    def __init__(self, url, token):
        self.url = urllib.parse.urlsplit(url)
        self.headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
        self.conn = None

    def vector(self, text, config):
        """The vector, or what the server said instead."""
        body = json.dumps({"text": text, "config": config})
        for last in (False, True):  # the Python server closes a connection that was idle for 5 seconds
            try:
                if not self.conn:
                    kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
                    self.conn = kind(self.url.hostname, self.url.port, timeout=300)
                self.conn.request("POST", self.url.path.rstrip("/") + "/vectors", body, self.headers)
                answer = self.conn.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, ConnectionError) as e:
                self.conn = None
                if last:
                    sys.exit(f"{self.url.geturl()}: {type(e).__name__}: {e}")
        return json.loads(data)["vector"] if answer.status == 200 else f"{answer.status} {data[:200].decode(errors='replace')}"


def read(path):
    with open(path, encoding="utf-8") as f:
        data = f.read()
    try:
        texts = json.loads(data)
    except ValueError:
        texts = [line for line in data.splitlines() if line]
        if all(line.startswith('"') and line.endswith('"') for line in texts):
            texts = [json.loads(line) for line in texts]
    if isinstance(texts, dict):
        texts = [t for part in texts.values() for t in part]
    return [texts] if isinstance(texts, str) else texts


def differ(a, b):
    """(cosine, the largest difference relative to the largest component)"""
    if len(a) != len(b):
        return -1.0, math.inf
    norm = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return (sum(x * y for x, y in zip(a, b)) / norm if norm else 0.0,
            max(abs(x - y) for x, y in zip(a, b)) / (max(map(abs, b)) or 1.0))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("urls", nargs=2, metavar="URL")
    ap.add_argument("file")
    ap.add_argument("--pooling")
    ap.add_argument("--task")
    ap.add_argument("--dimensions", type=int)
    ap.add_argument("--token")
    ap.add_argument("--least", type=float, default=0.9999, help="the cosine below which vectors are not the same (0.9999)")
    a = ap.parse_args()
    config = {"pooling_strategy": a.pooling, "task_type": a.task, "dimensions": a.dimensions}
    servers = [Server(u, a.token) for u in a.urls]
    found, refused, one_sided = [], 0, []
    for text in read(a.file):
        one, other = (s.vector(text, config) for s in servers)
        if isinstance(one, str) and isinstance(other, str):
            refused += 1
        elif isinstance(one, str) or isinstance(other, str):
            one_sided.append((text, one if isinstance(one, str) else other))
        else:
            found.append((*differ(one, other), text))
    found.sort()
    for text, why in one_sided:
        print(f"one alone has a vector for {text[:60]!r}, the other says {why}")
    if not found:
        print("nothing compared")
        return 1
    print(f"{len(found)} texts compared ({refused} that both refuse): cosine {found[0][0]:.8f} at the least, "
          f"{sum(f[0] for f in found) / len(found):.8f} in the mean; largest difference {max(f[1] for f in found):.1e}")
    for cosine, difference, text in found[:3]:
        print(f"  {cosine:.8f} {difference:.1e} {text[:90]!r}")
    return 1 if one_sided or not found[0][0] >= a.least else 0


if __name__ == "__main__":
    sys.exit(main())
