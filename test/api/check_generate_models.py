# SPDX-License-Identifier: BSD-3-Clause
"""Small generators against what Transformers generates with them (test/golden/generators), and what only a model shows: seeds, samples, templates, JSON, batches."""
import concurrent.futures
import json
import math
import os
import shutil
import tempfile

from daemon import Daemon
from generation import post, stream

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "generators")
NAMES = ("marked", "spaced", "scripted")


def open_model(check, name, *args, **kw):
    d = Daemon(check.binary, os.path.join(GOLDEN, name), *args, **kw)
    with open(os.path.join(GOLDEN, name, "expected.json"), encoding="utf-8") as f:
        return d, json.load(f)


def generate(d, text, n=24, **p):
    return d.ask(post("/generate", {"inputs": text, "parameters": {"max_new_tokens": n, "details": True, **p}})).json


def ids_of(answer):
    return [t["id"] for t in answer["details"]["tokens"]]


def check_greedy(check):
    for name in NAMES:
        d, want = open_model(check, name)
        with d:
            for p in want["prompts"]:
                text, g = p["text"], p["greedy"]
                a = generate(d, text, decoder_input_details=True)
                what = f"{name} {text[:12]!r}"
                check(f"{what}: its ids", [t["id"] for t in a["details"]["prefill"]] == p["ids"], a)
                check(f"{what}: new ids and text", ids_of(a) == g["ids"] and a["generated_text"] == g["text"], (a, g))
                check(f"{what}: log-probabilities", all(abs(t["logprob"] - x) < want["tol"] for t, x in zip(a["details"]["tokens"], g["logprobs"])), a)
                end = "eos_token" if g["ids"][-1] in want["ends"] else "length"
                check(f"{what}: finish_reason", a["details"]["finish_reason"] == end, a["details"]["finish_reason"])
                a = generate(d, text, repetition_penalty=1.3)
                check(f"{what}: penalty", ids_of(a) == p["penalty"]["ids"] and a["generated_text"] == p["penalty"]["text"], a)
                s = stream(d, "/generate_stream", {"inputs": text, "parameters": {"max_new_tokens": 24}})
                check(f"{what}: the stream adds up", "".join(e["token"]["text"] for e in s.events if not e["token"]["special"]) == g["text"] == s.events[-1]["generated_text"] and [e["token"]["id"] for e in s.events] == g["ids"], s.events)
                for path, body in (("/v1/completions", {"prompt": text, "max_tokens": 24, "temperature": 0}), ("/api/generate", {"prompt": text, "raw": True, "options": {"temperature": 0, "num_predict": 24}})):
                    a = d.ask(post(path, {**body, "stream": False})).json
                    check(f"{what}: {path}", (a["choices"][0]["text"] if "choices" in a else a["response"]) == g["text"], a)
            page = d.get("/metrics").body.decode()
            for metric in ("t2v_generated_tokens_total", "t2v_prompt_tokens_total", "t2v_pool_bytes", "t2v_first_token_seconds_count"):
                lines = [x for x in page.splitlines() if x.startswith(metric + "{")]
                check(f"{name}: {metric}", len(lines) == 1 and f'model="{name}"' in lines[0] and float(lines[0].split(" ")[1]) > 0, lines)
            check(f"{name}: the pool is free again", f't2v_sequences_running{{model="{name}"}} 0' in page, page)


def check_answers(check):
    """What the trained one answers to chats: text, JSON, a call of a tool, a name in documents."""
    d, want = open_model(check, "scripted")
    with d:
        for name, chat in want["answers"].items():
            body = {"messages": chat["messages"], "temperature": 0, **({"tools": chat["tools"]} if chat["tools"] else {})}
            message = d.ask(post("/v1/chat/completions", body)).json["choices"][0]["message"]
            said = message["content"]
            if message.get("tool_calls"):
                call = message["tool_calls"][0]["function"]
                said = f'<tool_call>\n{json.dumps({"name": call["name"], "arguments": json.loads(call["arguments"])})}\n</tool_call>'
            check(f"scripted: {name}", said == chat["text"], (message, chat["text"]))


def check_together(check):
    """Each of many at once gives what it gives alone."""
    for name in NAMES:
        d, want = open_model(check, name)
        with d, concurrent.futures.ThreadPoolExecutor(8) as pool:
            prompts = want["prompts"] * 4
            answers = list(pool.map(lambda p: generate(d, p["text"])["generated_text"], prompts))
            check(f"{name}: many at once", answers == [p["greedy"]["text"] for p in prompts], answers)
            a = d.ask(post("/v1/completions", {"prompt": [p["text"] for p in prompts], "max_tokens": 24, "temperature": 0})).json
            check(f"{name}: in one request", [c["text"] for c in a["choices"]] == [p["greedy"]["text"] for p in prompts], a)


def check_samples(check):
    """The same seed, the same text; the frequencies of the likeliest tokens are those of their probabilities."""
    d, want = open_model(check, "marked")
    with d:
        text = want["prompts"][0]["text"]
        for n_choice in (1, 3):
            texts = [[c["text"] for c in d.ask(post("/v1/completions", {"prompt": text, "max_tokens": 12, "seed": 5, "temperature": 1.5, "n": n_choice})).json["choices"]] for _ in range(2)]
            check(f"a seed repeats itself, n {n_choice}", texts[0] == texts[1] and len(set(texts[0])) == n_choice, texts)
        seeds = [generate(d, text, 12, do_sample=True, temperature=2.0)["details"]["seed"] for _ in range(4)]
        check("a new seed each time", len(set(seeds)) == 4, seeds)
        a = generate(d, text, 12, do_sample=True, temperature=2.0)
        b = generate(d, text, 12, do_sample=True, temperature=2.0, seed=a["details"]["seed"])
        check("the seed of the answer gives it again", a["generated_text"] == b["generated_text"], (a, b))
        top = generate(d, text, 1, top_n_tokens=3)["details"]["top_tokens"][0]
        weights = [math.exp(t["logprob"] / 2) for t in top]
        expected, seen, n = {t["id"]: w / sum(weights) for t, w in zip(top, weights)}, {}, 400
        a = d.ask(post("/v1/completions", {"prompt": [text] * 100, "n": 1, "max_tokens": 1, "temperature": 2, "top_k": 3, "top_p": 1, "logprobs": 0, "seed": 0}))
        check("one seed, one token for all prompts", len({c["text"] for c in a.json["choices"]}) == 1, a)
        for seed in range(n):
            one = ids_of(generate(d, text, 1, temperature=2.0, top_k=3, seed=seed))[0]
            seen[one] = seen.get(one, 0) + 1
        chi = sum((seen.get(i, 0) - n * w) ** 2 / (n * w) for i, w in expected.items())
        check("frequencies", set(seen) <= set(expected) and chi < 20, (seen, expected))


def check_token_ids(check):
    """Prompts as ids: what the same ids of a text give."""
    for name in NAMES:
        d, want = open_model(check, name, "--accept-token-ids")
        with d:
            ids = [p["ids"] for p in want["prompts"]]
            body = {"max_tokens": 24, "temperature": 0}
            a = d.ask(post("/v1/completions", {**body, "prompt": ids}))
            check(f"{name}: several", [c["text"] for c in a.json["choices"]] == [p["greedy"]["text"] for p in want["prompts"]], a)
            check(f"{name}: they are counted", a.json["usage"]["prompt_tokens"] == sum(map(len, ids)), a.json["usage"])
            a = d.ask(post("/v1/completions", {**body, "prompt": ids[0], "echo": True})).json["choices"][0]["text"]
            b = d.ask(post("/v1/completions", {**body, "prompt": want["prompts"][0]["text"], "echo": True})).json["choices"][0]["text"]
            check(f"{name}: one, with echo", a == b, (a, b))
            s = stream(d, "/v1/completions", {**body, "prompt": ids[0], "stream": True}).events
            check(f"{name}: in a stream", "".join(e["choices"][0]["text"] for e in s[:-1]) == want["prompts"][0]["greedy"]["text"], s)
            for bad, word in (([[]], "no token"), ([100000], "vocabulary lacks"), ([-1], "whole number"), ([1, "a"], "whole number"), ([5] * d.get("/info").json["max_total_tokens"], "the limit is")):
                a = d.ask(post("/v1/completions", {**body, "prompt": bad}))
                check(f"{name}: {str(bad)[:20]}", a.status == 400 and word in a.json["error"]["message"] and a.json["error"]["param"] == "prompt", a)


def check_text_part(check):
    """Of a model that also sees images, the text part generates (test/golden/causal, with the tokenizer of another)."""
    part = os.path.join(os.path.dirname(GOLDEN), "causal", "gemma3-vision")
    with open(os.path.join(part, "expected.json"), encoding="utf-8") as f:
        want = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        for file in ("config.json", "model.safetensors"):
            shutil.copy(os.path.join(part, file), folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(os.path.join(GOLDEN, "marked", file), folder)
        with Daemon(check.binary, folder, "--accept-token-ids") as d:
            for ids, rows in zip(want["ids"], want["log_probs"]):
                best = max(rows[-len(rows) // len(ids):])
                a = d.ask(post("/v1/completions", {"prompt": ids, "max_tokens": 1, "temperature": 0, "logprobs": 0}))
                check(f"{len(ids)} ids", a.status == 200 and abs(a.json["choices"][0]["logprobs"]["token_logprobs"][0] - best) < want["tol"], (a, best))
            check("its limit", d.get("/info").json["max_total_tokens"] == 64, d.get("/info").json)


def check_defaults(check):
    """generation_config.json counts on /v1 and Ollama's routes, not on TGI's."""
    d, want = open_model(check, "marked")
    with d:
        text = want["prompts"][0]["text"]
        body = {"prompt": text, "max_tokens": 8, "seed": 3}
        given = {"temperature": 0.6, "top_k": 20, "top_p": 0.95}
        a, b = (d.ask(post("/v1/completions", {**body, **more})).json["choices"][0]["text"] for more in ({}, given))
        check("/v1 takes them", a == b, (a, b))
        c = d.ask(post("/api/generate", {"prompt": text, "raw": True, "stream": False, "options": {"num_predict": 8, "seed": 3}})).json["response"]
        check("so does Ollama", c == a, (a, c))
        g = generate(d, text, 8)["generated_text"]
        check("TGI does not", g == "".join(want["prompts"][0]["greedy"]["text"][:len(g)]), g)
        for path, more in (("/v1/completions", body), ("/generate", {"inputs": text})):
            tiny = {"temperature": 5e-324, "top_p": 5e-324, "repetition_penalty": 5e-324}
            a = d.ask(post(path, {**more, **tiny} if path != "/generate" else {**more, "parameters": {**tiny, "typical_p": 5e-324, "do_sample": True, "max_new_tokens": 4}}))
            check(f"{path}: numbers that no float is near to", a.status == 200, a)
        check("a top_k of 1 is greedy", d.ask(post("/v1/completions", {**body, "top_k": 1})).json["choices"][0]["text"] == g)
        banned = want["prompts"][0]["greedy"]["ids"][0]
        for bias, same in ((-100, False), (0, True)):
            a = d.ask(post("/v1/completions", {**body, "temperature": 0, "logit_bias": {str(banned): bias}})).json["choices"][0]["text"]
            check(f"logit_bias {bias}", (a == g) == same, (a, g))


def check_limits(check):
    d, _ = open_model(check, "marked")
    with d:
        info = d.get("/info").json
        check("/info", info["max_total_tokens"] == 256 and info["max_input_tokens"] == 255 and info["model_pipeline_tag"] == "text-generation", info)
        check("/v1/models, /api/tags, /meta", d.get("/v1/models").json["data"][0]["id"] == "marked" == d.get("/api/tags").json["models"][0]["name"] and d.get("/meta").json["models"] == [{"name": "marked", "tasks": ["text generation"]}], d.get("/meta"))
        a = d.ask(post("/api/show", {"model": "marked:latest"})).json
        check("/api/show", a["model_info"]["qwen3.context_length"] == 256 and a["capabilities"] == ["completion", "tools", "thinking"], a)
        a = generate(d, "stone " * 20, 100000, ignore_eos=True)
        n = a["details"]["generated_tokens"]
        check("as many as fit", a["details"]["finish_reason"] == "length" and n > 100, a["details"]["finish_reason"])
        a = d.ask(post("/tokenize", {"inputs": "The river"}))
        check("/tokenize is TGI's", [t["text"] for t in a.json] == ["The", " river"] or "".join(t["text"] for t in a.json) == "The river", a)
        a = d.ask(post("/v1/completions", {"prompt": "stone " * 400}))
        check("too long for /v1", a.status == 400 and a.json["error"]["code"] == "context_length_exceeded", a)
        a = d.ask(post("/generate", {"inputs": "stone " * 400}))
        check("too long for TGI", a.status == 422 and a.json["error_type"] == "validation", a)
        for path in ("/vectors", "/v1/embeddings", "/rerank", "/predict"):
            a = d.ask(post(path, {"text": "a", "input": "a", "inputs": "a", "query": "a", "texts": ["a"]}))
            check(f"{path} says why not", a.status in (404, 424) and "text generation" in str(a.json), a)


def check_beside_others(check):
    """A generator and an embedder in one process."""
    with Daemon(check.binary, "e=" + check.model, "--model", "g=" + os.path.join(GOLDEN, "marked")) as d:
        a = d.ask(post("/v1/completions", {"prompt": "The river", "max_tokens": 4, "temperature": 0, "model": "x"}))
        check("a generator is found", a.status == 200 and a.json["model"] == "g", a)
        a = d.ask(post("/v1/embeddings", {"input": "a", "model": "x"}))
        check("an embedder is found", a.status == 200 and a.json["model"] == "e", a)
        a = d.ask(post("/v1/completions", {"prompt": "a", "model": "e"}))
        check("one that cannot", a.status == 404 and "the model e can do this" in a.json["error"]["message"], a)
        a = d.ask(post("/", {"inputs": "The river", "model": "g", "parameters": {"max_new_tokens": 4}}))
        check("POST / by the model", a.status == 200 and a.json[0]["generated_text"] != "", a)
        a = d.ask(post("/", {"inputs": "The river"}))
        check("POST / of the first", a.status == 200 and isinstance(a.json[0][0], float), a)
