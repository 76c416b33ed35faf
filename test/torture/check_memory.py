# SPDX-License-Identifier: BSD-3-Clause
"""The n-th request for memory fails, the program's own and its libraries': an error said in time or the right answer, and no crash."""
import json
import os
import re
import subprocess
import tempfile

from daemon import Daemon, request, vectors

FOREVER = 1 << 40
TEXT = "The quick brown fox jumps over the lazy dog. It did so twice, \u00e9t\u00e9 und \u00dcbermut; nobody \\ saw it."


class Shim:
    """What shim.c maps: six longs."""

    def __init__(self, library):
        self.file = tempfile.NamedTemporaryFile()
        self.env = {"LD_PRELOAD": library, "SHIM_FILE": self.file.name}
        self.set()

    def set(self, fail_at=-1, fails=1, wall_offset=0, stall=0):
        words = b"".join(x.to_bytes(8, "little", signed=True) for x in (fail_at, fails, 0, 0, wall_offset, stall))
        os.pwrite(self.file.fileno(), words, 0)

    def get(self):
        return [int.from_bytes(os.pread(self.file.fileno(), 8, 8 * i), "little", signed=True) for i in range(6)]

    requests = property(lambda self: self.get()[2])
    failed = property(lambda self: self.get()[3])


def near(a, b):
    return len(a) == len(b) and max(abs(x - y) for x, y in zip(a, b)) <= 1e-5 * max(map(abs, b))


def embed(check, shim, model):
    """Exit status, standard output, standard error."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("T2V_")}
    done = subprocess.run([check.binary, "embed", "--model", model, "--threads", "2"], env={**env, **shim.env, "OPENBLAS_NUM_THREADS": "1"},
                          input=json.dumps(TEXT).encode() + b"\n", capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def check_start(check):
    """Each request of `t2v embed`, which opens the model, starts its threads and encodes a text."""
    for model in check.models:
        shim = Shim(check.shim)
        status, out, said = embed(check, shim, model)
        right, total = json.loads(out), shim.requests
        check("all is well without a fault", status == 0 and total > 50, (status, said))
        tried = went_on = 0
        for fails in (1, FOREVER):
            for n in range(total):
                shim.set(n, fails)
                status, out, said = embed(check, shim, model)
                tried += 1
                if shim.failed == 0:  # threads: not every run asks as often
                    continue
                if status == 0:
                    went_on += 1
                    check(f"{model}: request {n} fails, and the vector is right", near(json.loads(out), right), out[:200])
                else:
                    check(f"{model}: request {n} fails: exit 1 with a reason", status == 1 and said.count("\n") >= 1 and not out and
                          re.search(r"memory|thread|map|BLAS|load|alloc", said), (status, said, out[:100]))
        print(f"{os.path.basename(model)}: {total} requests for memory at start, {tried} runs with a failure, {went_on} of them went on")


def outcome(d, data):
    """The status, or None when the connection was closed without an answer."""
    try:
        a = d.ask(data, timeout=60)
    except ConnectionError:
        return None, None
    return (a.status, a) if a is not None else (None, None)


def check_requests(check):
    """Each request for memory that a connection with a question makes."""
    for model, fails in [(m, f) for m in check.models for f in (1, FOREVER)]:
        shim = Shim(check.shim)
        with Daemon(check.binary, model, "--threads", "2", env={**shim.env, "OPENBLAS_NUM_THREADS": "1"}) as d:
            big = {"texts": [TEXT * 40 + str(i) for i in range(30)]}  # the clerk's
            asked = [vectors({"text": TEXT, "config": {"pooling_strategy": "masked_mean"}}), vectors(big), vectors({"text": 3}),
                     request("GET", "/metrics"), request("GET", "/meta"), request("GET", "/openapi.json")]
            for data in asked:
                d.ask(data, timeout=60)
                right = d.ask(data, timeout=60)
                refused, n, tried = {}, 0, 0
                while True:
                    shim.set(n, fails)
                    status, a = outcome(d, data)
                    failed = shim.failed
                    shim.set()
                    if failed == 0 and n > 3:
                        break
                    tried += 1
                    refused[status] = refused.get(status, 0) + 1
                    check(f"request {n} fails: refused, or right", status in (None, 500, 503) or status == right.status, (n, a))
                    check("a refusal says why", status not in (500, 503) or a.json.get("error"), (n, a))
                    same = data != asked[3] and data != asked[1]
                    check("no wrong answer", status != right.status or not same or a.body == right.body, (n, a))
                    status, a = outcome(d, asked[0])
                    check("the next one is answered", status == 200 and near(a.json["vector"], d.ask(asked[0], timeout=60).json["vector"]), (n, status, a))
                    n += 1 if tried < 60 else check.stride
                check("some failed", tried > 3, tried)
                print(f"{os.path.basename(model)}: {data[:24]!r} fails={'1' if fails == 1 else 'all'}: {tried} places, outcomes {refused}")
        check("it ends well", d.process.returncode == 0, d.process.returncode)
