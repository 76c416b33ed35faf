#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""clients.py BINARY ENVIRONMENTS [-k WORD]: real clients against servers with an embedder and other models; see run.

Each row of ROWS is an example in examples/, run by one.py in its environment. It passes if its results are right, if the server
counted requests on the row's route, all answered with 200, and if its page in doc has the row and the example's lines.
"""
import argparse
import base64
import contextlib
import json
import math
import os
import re
import struct
import subprocess
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "test", "api"))
from daemon import Daemon  # noqa: E402

LIMIT = 1e-5
TIMEOUT_S = 600
# The models of each server by name. A text at POST / is for the first of them that is an embedder, classifier or tagger.
SERVERS = {
    "": {"minilm": "models/all-MiniLM-L6-v2", "ranker": "test/golden/heads/cross-encoder", "sparse": "test/golden/bert-cased-mlm-gamma",
         "reader": "test/golden/heads/reader-roberta"},
    "classifier": {"classifier": "test/golden/heads/sequence-distilbert"},
    "tagger": {"tagger": "test/golden/heads/ner-bert"},
    "generator": {"generator": "test/golden/generators/scripted"},
}
VECTORS = "vectors of two texts and of a query"
SCORES = "three texts ranked by a query"
PIPELINES = "indexing pipeline, query pipeline"
CHAT, TEXT = "a chat's answer, whole and in pieces", "a text continued, whole and in pieces"
RAG = "retriever, prompt builder, generator that streams"

# example, package, environment, the server's name of the route, what it runs; the server, if it is not the first
ROWS = [
    ("openai-sdk", "openai", "A", "/v1/embeddings", VECTORS + "; names of the models"),
    ("langchain-openai", "langchain-openai", "A", "/v1/embeddings", VECTORS),
    ("llama-index-openai", "llama-index-embeddings-openai", "A", "/v1/embeddings", VECTORS),
    ("llama-index-openai-like", "llama-index-embeddings-openai-like", "E", "/v1/embeddings", VECTORS),
    ("haystack-openai", "haystack-ai", "A", "/v1/embeddings", PIPELINES),
    ("haystack-tei", "huggingface-api-haystack", "A", "/", PIPELINES),
    ("hub", "huggingface_hub", "A", "/", VECTORS + "; similarities"),
    ("hub-question", "huggingface_hub", "A", "/", "an answer in a text"),
    ("hub-labels", "huggingface_hub", "A", "/", "labels of a text", "classifier"),
    ("hub-entities", "huggingface_hub", "A", "/", "entities in a text, each piece and grouped", "tagger"),
    ("llama-index-tei", "llama-index-embeddings-text-embeddings-inference", "A", "/embed", VECTORS),
    ("llama-index-hub", "llama-index-embeddings-huggingface-api", "A", "/", VECTORS),
    ("langchain-huggingface", "langchain-huggingface", "B", "/", VECTORS),
    ("ollama-client", "ollama", "D", "/api/embed", VECTORS + "; names of the models"),
    ("langchain-ollama", "langchain-ollama", "D", "/api/embed", VECTORS),
    ("langchain-community", "langchain-community", "C", "/embed", VECTORS),
    ("haystack-rerank", "huggingface-api-haystack", "A", "/rerank", SCORES),
    ("haystack-reader", "haystack-ai", "A", "/", "answers in four documents, by a component of one's own"),
    ("haystack-sparse", "huggingface-api-haystack", "A", "/embed_sparse", "sparse vectors of a text and of a query"),
    ("llama-index-rerank", "llama-index-postprocessor-tei-rerank", "A", "/rerank", SCORES),
    ("cohere-client", "cohere", "F", "/v1/rerank", SCORES),
    ("langchain-cohere", "langchain-cohere", "H", "/v1/rerank", SCORES),
    ("llama-index-cohere", "llama-index-postprocessor-cohere-rerank", "H", "/v1/rerank", SCORES),
] + [(*row, "generator") for row in (
    ("openai-chat", "openai", "A", "/v1/chat/completions", CHAT),
    ("openai-tools", "openai", "A", "/v1/chat/completions", "a tool called, its result answered"),
    ("openai-json", "openai", "A", "/v1/chat/completions", "an answer by a JSON schema"),
    ("openai-completions", "openai", "A", "/v1/completions", TEXT),
    ("langchain-openai-chat", "langchain-openai", "A", "/v1/chat/completions", CHAT),
    ("langchain-openai-tools", "langchain-openai", "A", "/v1/chat/completions", "a tool called, an agent; a JSON schema"),
    ("hub-text", "huggingface_hub", "A", "/", TEXT + "; details"),
    ("hub-chat", "huggingface_hub", "A", "/v1/chat/completions", CHAT),
    ("haystack-rag-openai", "haystack-ai", "A", "/v1/chat/completions", RAG),
    ("haystack-rag-hub", "huggingface-api-haystack", "A", "/v1/chat/completions", RAG),
    ("llama-index-hub-chat", "llama-index-llms-huggingface-api", "A", "/v1/chat/completions", CHAT),
    ("haystack-agent", "haystack-ai", "A", "/v1/chat/completions", "an agent with a tool"),
    ("llama-index-openai-like-chat", "llama-index-llms-openai-like", "I", "/v1/chat/completions", CHAT),
    ("llama-index-openai-like-text", "llama-index-llms-openai-like", "I", "/v1/completions", TEXT),
    ("llama-index-agent", "llama-index-llms-openai-like", "I", "/v1/chat/completions", "an agent with a tool"),
    ("llama-index-ollama", "llama-index-llms-ollama", "I", "/api/chat", CHAT),
    ("llama-index-tgi", "llama-index-llms-text-generation-inference", "J", "/v1/chat/completions", "a chat's answer"),
    ("langchain-huggingface-llm", "langchain-huggingface", "B", "/", "a prompt piped into a batch of four, with a stop; a stream"),
    ("langchain-huggingface-chat", "langchain-huggingface", "B", "/v1/chat/completions", CHAT),
    ("langchain-agent", "langchain-classic", "C", "/", "an agent's loop by text, with a tool and a stop string"),
    ("langchain-community-llm", "langchain-community", "C", "/", TEXT),
    ("text-generation-client", "text-generation", "C", "/", TEXT),
    ("ollama-text", "ollama", "D", "/api/generate", TEXT),
    ("ollama-chat", "ollama", "D", "/api/chat", CHAT),
    ("langchain-ollama-chat", "langchain-ollama", "D", "/api/chat", CHAT + "; a tool; a JSON schema"),
)]


def golden():
    """The vectors that sentence-transformers gives for the default model, by text."""
    with open(os.path.join(ROOT, "test", "golden", "all-MiniLM-L6-v2.json"), encoding="utf-8") as f:
        data = json.load(f)
    case = next(c for c in data["cases"] if c["vectorizer"] == "sentence-transformers")
    rows = [base64.b64decode(vector) for vector in case["vectors"]]
    return {data["texts"][i]: struct.unpack(f"<{len(row) // 4}f", row) for i, row in zip(case["index"], rows)}


def golden_heads():
    """What Python's libraries give for the examples that need a model with a head; test/golden/make-clients explains each key."""
    with open(os.path.join(ROOT, "test", "golden", "clients.json"), encoding="utf-8") as f:
        return json.load(f)


def golden_sparse():
    """{token id: weight} that sentence-transformers gives for the sparse model, by text."""
    with open(os.path.join(ROOT, "test", "golden", "sparse", "expected.json"), encoding="utf-8") as f:
        case = next(c for c in json.load(f)["cases"] if SERVERS[""]["sparse"] == "test/golden/" + c["model"])
    return {text: dict(zip(row["ids"], row["values"])) for text, row in zip(case["texts"], case["rows"])}


def golden_texts():
    """What transformers generates with the generator: the right value of each variable of the examples."""
    with open(os.path.join(ROOT, SERVERS["generator"]["generator"], "expected.json"), encoding="utf-8") as f:
        data = json.load(f)
    said = {name: answer["text"] for name, answer in data["answers"].items()}
    greedy = {prompt["text"]: prompt["greedy"]["text"] for prompt in data["prompts"]}
    call = json.loads(said["calls"].removeprefix("<tool_call>").removesuffix("</tool_call>"))
    return said | {
        "calls": [[call["name"], call["arguments"]]],
        "record": json.loads(said["record"]),
        "french": [text.partition("\n\n")[0] for prompt, text in greedy.items() if "in French?" in prompt],
        "continued": next(text for prompt, text in greedy.items() if prompt == "The capital of France is"),
        "ended": "eos_token",
    }


def are_pieces(got, whole):
    """Whether a stream came in several pieces that are the text together."""
    return "".join(got) == whole and sum(map(bool, got)) > 1


def near(a, b):
    return len(a) == len(b) and all(abs(x - y) <= LIMIT for x, y in zip(a, b))


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.hypot(*a) / math.hypot(*b)


def are_scores(got, right):
    """Whether the texts come best first, with the right scores."""
    return list(got) == sorted(right, key=right.get, reverse=True) and near(list(got.values()), [right[text] for text in got])


def is_sparse(got, right):
    """Whether a sparse embedding of Haystack has the right weights."""
    weights = dict(zip(got["indices"], got["values"]))
    return all(abs(weights.get(i, 0) - right.get(i, 0)) <= 2 * LIMIT for i in {*weights, *right})


def same(got, right):
    """Whether objects of Hugging Face's are those of its pipelines. Members that are null are as if missing."""
    if isinstance(right, list):
        return len(got) == len(right) and all(map(same, got, right))
    got = {key: value for key, value in got.items() if value is not None}
    return got.keys() == right.keys() and all(
        near([got[key]], [value]) if isinstance(value, float) else got[key] == value for key, value in right.items())


def are_answers(got, right):
    """Whether [(document, answer, score)] are the right ones, the best first."""
    score = {text: answer["score"] for text, answer in right.items()}
    return [text for text, _, _ in got] == sorted(score, key=score.get, reverse=True) and all(
        answer == right[text]["answer"] and near([s], [score[text]]) for text, answer, s in got)


def mistakes(result, vectors):
    """What is wrong with an example's results, as a list of words. vectors: golden()."""
    texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
    docs, query, heads, said = [vectors[text] for text in texts], vectors["hello"], golden_heads(), golden_texts()
    right = {
        "vectors": lambda got: len(got) == 2 and all(map(near, got, docs)),
        "query_vector": lambda got: near(got, query),
        "similarities": lambda got: near(got, [cosine(query, doc) for doc in docs]),
        "best": lambda got: got == texts[1],
        "names": lambda got: set(got) == set(SERVERS[""]),
        "sparse": lambda got: len(got) == 2 and all(is_sparse(g, golden_sparse()[text]) for g, text in zip(got, (texts[0], "hello"))),
        "scores": lambda got: are_scores(got, heads["scores"]),
        "capital": lambda got: are_answers(got, heads["capital"]),
    } | {name: lambda got, right=heads[name]: same(got, right) for name in ("span", "labels", "entities", "groups")}
    right |= {name: lambda got, right=value: got == right for name, value in said.items()}
    right |= {"pieces": lambda got: are_pieces(got, said["who" if "who" in result else "said"]),
              "continued_pieces": lambda got: are_pieces(got, said["continued"])}
    return [f"{name} is wrong" for name, got in result.items() if not right[name](got)] + ([] if result else ["no result"])


def counts(daemon, route):
    """Requests of a route so far: how many were answered with 200, how many with anything else."""
    ok = other = 0
    for line in daemon.get("/metrics").body.decode().splitlines():
        if m := re.fullmatch(r't2v_requests_total\{route="(.*)",status="(\d+)"\} (\d+)', line):
            if m[1] == route:
                ok, other = (ok + int(m[3]), other) if m[2] == "200" else (ok, other + int(m[3]))
    return ok, other


def run_example(daemon, environments, row):
    """(result, version, None), or (None, None, why it has none)."""
    example, package, environment = row[:3]
    python = os.path.join(environments, environment, "bin", "python")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "OPENAI_", "T2V_"))}
    env |= {"HAYSTACK_TELEMETRY_ENABLED": "False"}
    argv = [python, os.path.join(HERE, "one.py"), os.path.join(HERE, "examples", example + ".py"), package,
            json.dumps({"localhost:8080": f"localhost:{daemon.port}"})]
    try:
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None, None, "it did not end"
    if done.returncode != 0:
        return None, None, done.stderr.strip()[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    return said["result"], said["version"], None


def check_row(daemon, environments, row, vectors, doc):
    """(version, list of what is wrong)"""
    example, package, _, route, what = row[:5]
    ok, other = counts(daemon, route)
    result, version, why = run_example(daemon, environments, row)
    if why:
        return "", [why]
    wrong = mistakes(result, vectors)
    now_ok, now_other = counts(daemon, route)
    if now_ok == ok or now_other != other:
        wrong.append(f"{now_ok - ok} answers of {route} with 200, {now_other - other} others")
    if f"| {package} {version} | `{route}` | {what} |" not in doc:
        wrong.append(f"doc has no line: | {package} {version} | `{route}` | {what} |")
    with open(os.path.join(HERE, "examples", example + ".py"), encoding="utf-8") as f:
        if textwrap.indent(f.read(), "    ") not in doc:
            wrong.append("doc has other lines than the example")
    return version, wrong


def pages():
    """The pages in doc that show the examples."""
    text = ""
    for page in ("clients.md", "clients-text.md"):
        with open(os.path.join(ROOT, "doc", page), encoding="utf-8") as f:
            text += f.read()
    return text


def server(binary, models):
    first, *more = [f"{name}={os.path.join(ROOT, path)}" for name, path in models.items()]
    return Daemon(binary, first, *(word for model in more for word in ("--model", model)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("environments")
    parser.add_argument("-k", default="", help="only examples whose name has this")
    args = parser.parse_args()
    vectors, failed = golden(), 0
    rows = [row for row in ROWS if args.k in row[0]]
    doc = pages()
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(server(args.binary, SERVERS[name])) for name in {"".join(row[5:]) for row in rows}}
        for row in rows:
            version, wrong = check_row(servers["".join(row[5:])], args.environments, row, vectors, doc)
            failed += bool(wrong)
            print(f"{'FAIL' if wrong else 'ok':4s} {row[1] + ' ' + version:56s} {row[3]:15s} {row[4]}", flush=True)
            for why in wrong:
                print(textwrap.indent(why, "     "))
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
