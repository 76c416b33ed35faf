# SPDX-License-Identifier: BSD-3-Clause
"""Weaviate's other modules, each with t2v in place of the server that it is made for: what Weaviate stores and returns is what t2v's
own route says. The examples of doc/clients.md are run by Weaviate's Python client, the rest through REST and GraphQL.
"""
import base64
import contextlib
import itertools
import json
import os
import struct
import subprocess
import tempfile
import textwrap

from daemon import request
from sidecar import Sidecar, distance
from texts import texts
from weaviate import Weaviate

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(os.path.dirname(HERE), "clients")
TEXTS = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
MODULES = ("text2vec-huggingface text2vec-openai text2vec-ollama text2vec-model2vec text2multivec-jinaai reranker-transformers "
           "reranker-cohere qna-transformers ner-transformers generative-openai generative-ollama").split()
MODELS = {"ranker": "heads/cross-encoder", "reader": "heads/reader-roberta", "tagger": "heads/ner-bert", "colbert-v3": "multi/stanford",
          "writer": "generators/marked", "teller": "generators/spaced"}
KEYS = {"OPENAI_APIKEY": "any", "COHERE_APIKEY": "any", "JINAAI_APIKEY": "any"}
N, BATCH = 300, 150


def server(check):
    """t2v with the default model and one for each other task."""
    more = (word for name, path in MODELS.items() for word in ("--model", f"{name}={os.path.join(check.golden, path)}"))
    return Sidecar(check, None, None, *more)


@contextlib.contextmanager
def vocabulary():
    """TIKTOKEN_CACHE_DIR with OpenAI's cl100k_base as Weaviate would fetch it, by which it counts tokens before a request. This one
    has no token but the 256 bytes, so counts are larger. Without the file and without a network an import panics (1.39.0)."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"), "wb") as f:  # sha1 of its address
            f.writelines(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))
        yield folder


@contextlib.contextmanager
def weaviate_with(check, sidecar):
    urls = {f"{name}_INFERENCE_API": sidecar.url for name in ("TRANSFORMERS", "MODEL2VEC", "RERANKER", "QNA", "NER")}
    settings = {**urls, **KEYS, "ENABLE_MODULES": ",".join(["text2vec-transformers", *MODULES]), "MODULES_CLIENT_TIMEOUT": "300s"}
    with vocabulary() as folder, Weaviate(check.weaviate, {**settings, "TIKTOKEN_CACHE_DIR": folder}) as weaviate:
        yield weaviate


def answer(sidecar, path, body):
    a = sidecar.ask(request("POST", path, json.dumps(body).encode()))
    if a.status != 200:
        raise RuntimeError(f"{path}: {a}")
    return a.json


def embeddings(sidecar, some):
    return [row["embedding"] for row in answer(sidecar, "/v1/embeddings", {"input": some})["data"]]


def vectors(sidecar, some):
    return answer(sidecar, "/vectors", {"texts": some})["vectors"]


def tokens_of(sidecar, some, **more):
    body = {"input": some, "model": "colbert-v3", **more}
    return [row["embeddings"] for row in answer(sidecar, "/v1/multi-vector", body)["data"]]


# module: (settings of the collection, t2v's own vectors of texts, the route that Weaviate asks)
VECTORIZERS = {
    "text2vec-huggingface": (lambda url: {"endpointURL": url + "/embed"}, embeddings, "/embed"),
    "text2vec-openai": (lambda url: {"baseURL": url, "model": "any"}, embeddings, "/v1/embeddings"),
    "text2vec-ollama": (lambda url: {"apiEndpoint": url, "model": "any"}, embeddings, "/api/embed"),
    "text2vec-model2vec": (lambda url: {"inferenceUrl": url}, vectors, "/vectors"),
}


def answered(sidecar, route):
    """How many requests of a route so far were answered with 200, how many with anything else."""
    counts = {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in sidecar.get("/metrics").body.decode().splitlines()
              if line.startswith(f't2v_requests_total{{route="{route}",')}
    ok = sum(n for name, n in counts.items() if 'status="200"' in name)
    return ok, sum(counts.values()) - ok


def as_floats(vector):
    return struct.pack(f"<{len(vector)}f", *vector)


def check_vectorizers(check):
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some = [text for _, text in texts(N)]
        for module, (settings, own, route) in VECTORIZERS.items():
            name, before = module.title().replace("-", ""), answered(sidecar, route)
            weaviate.create(name, module, **settings(sidecar.url))
            failed = {k: v for lo in range(0, N, BATCH) for k, v in weaviate.batch(name, some[lo:lo + BATCH], lo).items()}
            check(f"{module}: nothing fails", not failed, list(failed.items())[:2])
            stored = weaviate.stored(name)
            check(f"{module}: all are stored", {k: v[0] for k, v in stored.items()} == dict(enumerate(some)), len(stored))
            after = answered(sidecar, route)
            check(f"{module}: it asks {route}", after[0] > before[0] and after[1] == before[1], (before, after))
            right = own(sidecar, some)
            wrong = [i for i in range(N) if stored[i][1] is None or as_floats(stored[i][1]) != as_floats(right[i])]
            check(f"{module}: each has t2v's own vector", not wrong, wrong)
            for text in ["a ship in a storm", *some[:20]]:
                query, = own(sidecar, [text])
                near = sorted(distance(query, vector) for vector in right)
                found = weaviate.near_text(name, text)
                far = max((abs(d - n) for (_, d), n in zip(found, near)), default=9)
                check(f"{module}: near_text {text!r} finds the nearest", len(found) == 5 and far < 1e-5, (found, near[:5]))


def max_sim(query, document):
    return sum(max(sum(a * b for a, b in zip(q, d)) for d in document) for q in query)


def check_multi_vectors(check):
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some = [text for _, text in texts(60)]
        settings = {"baseURL": sidecar.url, "model": "colbert-v3", "dimensions": 9, "vectorizeClassName": False}
        weaviate.must("POST", "/v1/schema", {
            "class": "Colbert", "properties": [{"name": "text", "dataType": ["text"]}], "vectorConfig": {"tokens": {
                "vectorizer": {"text2multivec-jinaai": settings}, "vectorIndexType": "hnsw",
                "vectorIndexConfig": {"multivector": {"enabled": True}}}}})
        failed = weaviate.batch("Colbert", some)
        check("nothing fails", not failed, list(failed.items())[:2])
        right = dict(zip(some, tokens_of(sidecar, some)))
        page = weaviate.must("GET", "/v1/objects?class=Colbert&limit=200&include=vector")["objects"]
        wrong = [o["properties"]["text"] for o in page
                 if [as_floats(v) for v in o["vectors"]["tokens"]] != [as_floats(v) for v in right[o["properties"]["text"]]]]
        check("each has t2v's own vectors, one a token", len(page) == len(some) and not wrong, wrong[:3])
        for text in "a ship in a storm", "bread and butter", some[7]:
            query, = tokens_of(sidecar, [text], task="retrieval.query")
            best = sorted((max_sim(query, document) for document in right.values()), reverse=True)[:5]
            found = weaviate.get("Colbert", f"nearText:{{concepts:[{json.dumps(text)}]}}", "text _additional{distance}")
            got = [max_sim(query, right[o["text"]]) for o in found]
            far = max((abs(a - b) for a, b in zip(got, best)), default=9)
            check(f"near_text {text!r}: the best by MaxSim", len(found) == 5 and far < 1e-4, (found, best))
            far = max(abs(o["_additional"]["distance"] + g) for o, g in zip(found, got))
            check(f"near_text {text!r}: their distances", far < 1e-4, (found, got))


def weaviate_scores(sidecar, query, documents):
    return {s["document"]: s["score"] for s in answer(sidecar, "/rerank", {"query": query, "documents": documents})["scores"]}


def cohere_scores(sidecar, query, documents):
    results = answer(sidecar, "/v2/rerank", {"query": query, "documents": documents})["results"]
    return {documents[r["index"]]: r["relevance_score"] for r in results}


def check_rerankers(check):
    """60 documents: more than the 32 that reranker-transformers puts in a request."""
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some, query = [text for _, text in texts(60)], "a ship in a storm"
        for module, settings, own in (("reranker-transformers", {}, weaviate_scores),
                                      ("reranker-cohere", {"baseURL": sidecar.url, "model": "any"}, cohere_scores)):
            name = module.title().replace("-", "")
            weaviate.create(name, more={module: settings}, inferenceUrl=sidecar.url)
            check(f"{module}: nothing fails", weaviate.batch(name, some) == {})
            right = own(sidecar, query, some)
            rank = f'_additional{{rerank(property:"text" query:"{query}"){{score}}}}'
            found = weaviate.get(name, 'nearText:{concepts:["music"]}', f"text {rank}", limit=60)
            got = [(o["text"], o["_additional"]["rerank"][0]["score"]) for o in found]
            check(f"{module}: the scores of its route", dict(got) == right, [(t, s, right[t]) for t, s in got if s != right[t]][:3])
            check(f"{module}: the best first", [s for _, s in got] == sorted(right.values(), reverse=True), got[:5])


def check_answers_and_entities(check):
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        weaviate.create("Tasks", inferenceUrl=sidecar.url)
        some = [text for _, text in texts(30)]
        check("nothing fails", weaviate.batch("Tasks", some) == {})
        question = "What plays a slow melody?"
        found = weaviate.get("Tasks", f'ask:{{question:"{question}" properties:["text"] rerank:true}}',
                             "text _additional{answer{result certainty property startPosition endPosition hasAnswer}}", limit=30)
        check("all are asked", sorted(o["text"] for o in found) == sorted(some), len(found))
        for o in found:
            own, got = answer(sidecar, "/answers/", {"text": o["text"], "question": question}), o["_additional"]["answer"]
            place = o["text"][got["startPosition"]:got["endPosition"]]
            check("the answer of its route, and where it is", (got["result"], got["certainty"]) == (own["answer"], own["certainty"]) and
                  (own["answer"] is None or (got["property"] == "text" and place.lower() == own["answer"].lower())), (got, own))
        certain = [o["_additional"]["answer"]["certainty"] or 0 for o in found]
        check("the surest first", certain == sorted(certain, reverse=True), certain)
        found = weaviate.get("Tasks", "", "text _additional{tokens(properties:[\"text\"]){entity certainty word startPosition endPosition}}", limit=30)
        for o in found:
            own = answer(sidecar, "/ner/", {"text": o["text"]})["tokens"]
            check("the entities of its route", o["_additional"]["tokens"] == own, (o, own))
        check("some are found", any(o["_additional"]["tokens"] for o in found))


def written(sidecar, module, prompt, model="writer", tokens=100):
    """t2v's own text for a prompt, by the route that a module asks, without sampling. Ollama's module has no setting for the length."""
    if module == "generative-ollama":
        return answer(sidecar, "/api/generate", {"model": model, "prompt": prompt, "stream": False, "options": {"temperature": 0}})["response"]
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_completion_tokens": tokens}
    return answer(sidecar, "/v1/chat/completions", body)["choices"][0]["message"]["content"].strip("\n")  # as the module does


def task_of(task, some):
    """The prompt of a grouped task: Go's JSON of the objects' properties."""
    return f"{task}: " + json.dumps([{"text": text} for text in some], separators=(",", ":"), ensure_ascii=False)


def run_example(check, module, sidecar, weaviate):
    """(version of the client, variables), of an example in the folder, or a program by its path, with the addresses of these servers."""
    python = os.path.join(check.environments, "G", "bin", "python")
    init = "weaviate.classes.init"
    patient = f"additional_config={init}.AdditionalConfig(timeout={init}.Timeout(init=60, query=300, insert=300))"
    put = {"http://t2v:8080": sidecar.url, "connect_to_local(": f"connect_to_local(port={weaviate.port}, grpc_port={weaviate.grpc}, {patient}, "}
    done = subprocess.run([python, os.path.join(CLIENTS, "one.py"), os.path.join(HERE, "examples", module + ".py"), "weaviate-client", json.dumps(put)],
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{module}: {done.stderr[-400:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    said["result"].pop("found", None)  # objects of Weaviate's
    return said["version"], said["result"]


def mistakes(sidecar, module, result):
    """What is wrong with an example's variables."""
    def own_vectors(got):
        own = vectors if module == "text2vec-model2vec" else tokens_of if module == "text2multivec-jinaai" else embeddings
        numbers = lambda rows: [as_floats(row) for row in (rows if isinstance(rows[0], list) else [rows])]
        return len(got) == 2 and all(numbers(vector) == numbers(own(sidecar, [text])[0]) for text, vector in got.items())

    def own_scores(got):
        own = (cohere_scores if module == "reranker-cohere" else weaviate_scores)(sidecar, "Cities in France", TEXTS)
        near = all(abs(got[text] - own[text]) < 1e-6 for text in TEXTS)  # Weaviate's client is told a float32
        return near and list(got) == sorted(own, key=own.get, reverse=True)

    def own_answers(got):
        own = {text: answer(sidecar, "/answers/", {"text": text, "question": "Where is Berlin?"}) for text in TEXTS}
        return all((got[text]["result"], got[text]["certainty"]) == (own[text]["answer"], own[text]["certainty"]) for text in TEXTS)

    def own_texts(got):
        return sorted(got) == sorted(TEXTS) and all(got[text] == written(sidecar, module, f"Which country? {text}") for text in TEXTS)

    def own_text(got):
        return got in [written(sidecar, module, task_of("Name the cities", some)) for some in itertools.permutations(TEXTS)]

    right = {"vectors": own_vectors, "scores": own_scores, "answers": own_answers, "each": own_texts, "together": own_text,
             "tokens": lambda got: all(got[text] == answer(sidecar, "/ner/", {"text": text})["tokens"] for text in TEXTS)}
    return [name for name, got in result.items() if not right[name](got)] + ([] if result else ["no result"])


def check_examples(check):
    """The examples of doc/clients.md, by Weaviate's own client for Python."""
    with open(os.path.join(HERE, "..", "..", "doc", "clients.md"), encoding="utf-8") as f:
        doc = f.read()
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        for module in MODULES:
            version, result = run_example(check, module, sidecar, weaviate)
            weaviate.must("DELETE", "/v1/schema/Note")
            check(f"{module}: its results", not mistakes(sidecar, module, result), (mistakes(sidecar, module, result), result))
            check(f"{module}: doc/clients.md names the client", f"weaviate-client {version}" in doc, version)
            with open(os.path.join(HERE, "examples", module + ".py"), encoding="utf-8") as f:
                check(f"{module}: doc/clients.md has these lines", textwrap.indent(f.read(), "    ").replace("    \n", "\n") in doc)
