# SPDX-License-Identifier: BSD-3-Clause
"""Weaviate waits for a late sidecar, imports 1,000 objects, finds them again; in float32 and int8, with 1 and 4 batches at a time."""
import contextlib
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor

from sidecar import Sidecar, distance
from texts import ASK, texts
from weaviate import Weaviate, free_ports

N, BATCH = 1000, 100


def import_all(weaviate, name, all_texts, at_a_time):
    """{number: error} of what failed."""
    with ThreadPoolExecutor(at_a_time) as pool:
        parts = pool.map(lambda lo: weaviate.batch(name, all_texts[lo:lo + BATCH], lo), range(0, len(all_texts), BATCH))
        return {k: v for part in parts for k, v in part.items()}


def expect_vectors(check, what, stored, all_texts, sidecar):
    check(f"{what}: all are stored", {k: v[0] for k, v in stored.items()} == dict(enumerate(all_texts)), len(stored))
    some = random.Random(1).sample(range(N), 100)
    if not all(stored[i][1] for i in some):
        return check(f"{what}: vectors are stored", False, [i for i in some if not stored[i][1]])
    for i, own in zip(some, sidecar.vectors([all_texts[i] for i in some], "passage")):
        far = distance(stored[i][1], own) if len(own) == len(stored[i][1]) else math.inf
        check(f"{what}: object {i} has the sidecar's own vector", far < 1e-6, far)


def expect_queries(check, what, weaviate, name, with_topics):
    topic_of = {text: topic for topic, text in with_topics}
    asked, mixed = random.Random(2).sample(with_topics, 100), 0
    for _, text in asked:
        found = weaviate.near_text(name, text)
        check(f"{what}: near_text finds {text!r} first", found and found[0][0] == text and abs(found[0][1]) < 1e-4, found)
        found = weaviate.hybrid(name, text, 1)
        check(f"{what}: so does hybrid by vectors alone", found[:1] == [text], found)
        mixed += text in weaviate.hybrid(name, text, 0.5)
    check(f"{what}: hybrid by both finds all", mixed == len(asked), mixed)
    for topic, question in ASK.items():
        found = [topic_of[t] for t, _ in weaviate.near_text(name, question)]
        check(f"{what}: {question!r} finds five of {topic}", found == [topic] * 5, found)


@contextlib.contextmanager
def late(check, weaviate, port):
    """The sidecar, 8 seconds late. Weaviate is not ready until it is."""
    while "not ready" not in weaviate.said():
        time.sleep(0.2)
        if time.monotonic() - weaviate.begin > 100:
            raise RuntimeError("Weaviate does not look for its sidecar: " + weaviate.said()[-2000:])
    time.sleep(8)
    check("Weaviate waits for its sidecar", weaviate.process.poll() is None and not weaviate.ready(), weaviate.said()[-500:])
    with Sidecar(check, port=port) as sidecar:
        weaviate.until_ready()
        yield sidecar


def check_import(check):
    with_topics = texts(N)
    all_texts = [text for _, text in with_topics]
    port, = free_ports(1)
    with Weaviate(check.weaviate, {"TRANSFORMERS_INFERENCE_API": f"http://127.0.0.1:{port}"}, wait=False) as weaviate:
        with late(check, weaviate, port) as f32, Sidecar(check, None, None, "--precision", "int8") as int8:
            meta = weaviate.must("GET", "/v1/meta")["modules"]["text2vec-transformers"]
            check("/v1/meta shows the sidecar's", meta["model"]["model_type"] == "bert" and meta["precision"] == "f32", meta)
            for sidecar, precision in (f32, "f32"), (int8, "int8"):
                for at_a_time in 1, 4:
                    name, what = f"{precision.title()}x{at_a_time}", f"{precision}, {at_a_time} at a time"
                    weaviate.create(name, inferenceUrl=sidecar.url)
                    failed = import_all(weaviate, name, all_texts, at_a_time)
                    check(f"{what}: nothing fails", not failed, list(failed.items())[:2])
                    expect_vectors(check, what, weaviate.stored(name), all_texts, sidecar)
                expect_queries(check, what, weaviate, name, with_topics)
