# SPDX-License-Identifier: BSD-3-Clause
"""Two sidecars, one for passages and one for queries, as DPR wants them: two tiny models whose vectors differ."""
import array
import json
import os
import shutil
import struct
import tempfile

from sidecar import Sidecar, distance
from texts import texts
from weaviate import Weaviate

TEXTS = [text for _, text in texts(200)]
ASKED = TEXTS[:20] + ["a ship in a storm", "Bread. And butter."]


def write_passage_model(question, folder):
    """The context encoder that goes with DPR's question encoder in `question`: its tensors under their other name, its projection halved and turned."""
    with open(os.path.join(question, "config.json")) as f:
        config = json.load(f)
    with open(os.path.join(question, "model.safetensors"), "rb") as f:
        tensors = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = array.array("f", f.read())
    for name, t in tensors.items():
        if name.endswith("encode_proj.weight"):
            lo, hi = (n // 4 for n in t["data_offsets"])
            data[lo:hi] = array.array("f", [x / 2 for x in reversed(data[lo:hi])])
    head = json.dumps({k.replace("question_encoder.", "ctx_encoder.", 1): v for k, v in tensors.items()}).encode()
    head += b" " * (-len(head) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + data.tobytes())
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump({**config, "architectures": ["DPRContextEncoder"]}, f)
    for name in "tokenizer.json", "tokenizer_config.json":
        shutil.copy(os.path.join(question, name), folder)


def expect_order(check, weaviate, query):
    """Each answer's order is that of the query sidecar's vector among the vectors stored."""
    stored = weaviate.stored("Dpr")
    for text, vector in zip(ASKED, query.vectors(ASKED, "query")):
        near = sorted(distance(v, vector) for _, v in stored.values())
        found = weaviate.near_text("Dpr", text)
        far = max((abs(d - n) for (_, d), n in zip(found, near)), default=9)
        check(f"{text!r} finds what its query vector is nearest to", len(found) == 5 and far < 1e-5, (found, near[:5]))


def check_dpr(check):
    question = os.path.join(check.golden, "dpr")
    with tempfile.TemporaryDirectory() as folder:
        write_passage_model(question, folder)
        with Sidecar(check, folder) as passage, Sidecar(check, question) as query:
            one, other = passage.vectors(["a"], "query")[0], query.vectors(["a"], "query")[0]
            check("the two differ", len(one) == len(other) and distance(one, other) > 0.01, (one, other))
            with Weaviate(check.weaviate, {"TRANSFORMERS_PASSAGE_INFERENCE_API": passage.url,
                                           "TRANSFORMERS_QUERY_INFERENCE_API": query.url}) as weaviate:
                meta = weaviate.must("GET", "/v1/meta")["modules"]["text2vec-transformers"]
                check("/v1/meta shows both", [meta[k]["model"]["architectures"] for k in ("passage", "query")] ==
                      [["DPRContextEncoder"], ["DPRQuestionEncoder"]], meta)
                weaviate.create("Dpr")
                before = passage.answered(), query.answered()
                check("passages go in", weaviate.batch("Dpr", TEXTS) == {})
                check("to the passage sidecar alone", (passage.answered(), query.answered()) == (before[0] + len(TEXTS), before[1]))
                expect_order(check, weaviate, query)
                check("queries go to the query sidecar alone", passage.answered() == before[0] + len(TEXTS))
