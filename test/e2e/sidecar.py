# SPDX-License-Identifier: BSD-3-Clause
"""t2v as Weaviate's sidecar, at a port that one can come back to, and what its vectors say about the order of texts."""
import math

from daemon import Daemon, vectors
from weaviate import free_ports


class Sidecar(Daemon):
    def __init__(self, check, model=None, port=None, *args, **kw):
        super().__init__(check.binary, model or check.model, *args, **kw)
        self.port = port or free_ports(1)[0]
        self.argv[self.argv.index("--listen") + 1] = f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def vectors(self, texts, task):
        return self.ask(vectors({"texts": texts, "config": {"pooling_strategy": "masked_mean", "task_type": task}})).json["vectors"]

    def answered(self):
        return self.metric('t2v_requests_total{route="/vectors",status="200"}')


def distance(a, b):
    """Weaviate's: 1 - cosine."""
    return 1 - sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
