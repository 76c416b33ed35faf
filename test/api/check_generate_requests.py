# SPDX-License-Identifier: BSD-3-Clause
"""Requests for generated text: shapes and refusals of each API, from a generator that repeats its prompt (fake_generator.h)."""
from daemon import Daemon, request
from generation import post, stream

TEXT = "a small house"
FEW = {"max_new_tokens": 8}


def fake(check, *args, **env):
    return Daemon(check.fake, check.model, *args, env={"FAKE_GENERATES": "0", **{k: str(v) for k, v in env.items()}})


def check_tgi(check):
    with fake(check) as d:
        a = d.ask(post("/generate", {"inputs": TEXT, "parameters": FEW}))
        text = a.json["generated_text"]
        check("/generate", a.status == 200 and list(a.json) == ["generated_text"] and text != "", a)
        check("//generate/", d.ask(post("//generate/", {"inputs": TEXT, "parameters": FEW})).json == a.json)
        check("POST / is a list", d.ask(post("/", {"inputs": TEXT, "parameters": FEW})).json == [a.json])
        nothing = dict.fromkeys(("best_of", "temperature", "top_k", "top_p", "typical_p", "seed", "truncate", "top_n_tokens", "grammar", "adapter_id", "repetition_penalty", "return_full_text", "stop", "do_sample"))
        check("nulls", d.ask(post("/", {"inputs": TEXT, "parameters": {**nothing, **FEW, "watermark": False, "stop": []}, "stream": False, "options": {}})).json == [a.json])
        a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {**FEW, "details": True, "top_n_tokens": 2, "decoder_input_details": True}}))
        D = a.json["details"]
        check("details", set(D) == {"finish_reason", "generated_tokens", "seed", "prefill", "tokens", "top_tokens"} and D["finish_reason"] == "length" and D["generated_tokens"] == 8 and D["seed"] is None, a)
        check("its tokens", len(D["tokens"]) == 8 and "".join(t["text"] for t in D["tokens"] if not t["special"]) == text and all(set(t) == {"id", "text", "logprob", "special"} for t in D["tokens"]), a)
        check("its prefill", D["tokens"][0]["id"] == D["prefill"][0]["id"] and [set(t) for t in D["prefill"]] == [{"id", "text", "logprob"}] * len(D["prefill"]), a)
        check("its top tokens", [len(t) for t in D["top_tokens"]] == [2] * 8, a)
        seeds = [d.ask(post("/generate", {"inputs": TEXT, "parameters": {**FEW, "details": True, **p}})).json["details"]["seed"] for p in ({"do_sample": True}, {"do_sample": True}, {"do_sample": True, "seed": 7}, {"temperature": 0.5}, {"temperature": 1.0}, {"top_p": 1, "seed": 7})]
        check("seeds of sampling alone", None not in seeds[:4] and seeds[0] != seeds[1] and seeds[2] == 7 and seeds[4:] == [None, None], seeds)
        a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {**FEW, "details": True, "best_of": 3, "do_sample": True}}))
        check("best_of", [s["generated_text"] for s in a.json["details"]["best_of_sequences"]] == [text] * 2 and len({s["seed"] for s in [a.json["details"], *a.json["details"]["best_of_sequences"]]}) == 3, a)
        check("return_full_text", d.ask(post("/generate", {"inputs": " A  small house", "parameters": {**FEW, "return_full_text": True}})).json["generated_text"].startswith(" A  small house"))
        ids = [t["id"] for t in D["prefill"]]
        for n in (3, 100):
            a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {**FEW, "details": True, "decoder_input_details": True, "truncate": n}}))
            want = ids[:1] + ids[1 - n:] if n < len(ids) else ids
            check(f"truncate {n} keeps the end, and special tokens", [t["id"] for t in a.json["details"]["prefill"]] == want, (ids, a))
        a = d.ask(post("/tokenize", {"inputs": "A small house"}))
        check("the tokenizer of /tokenize is TEI's for other models", a.status in (200, 404), a)


def check_tgi_stops(check):
    """The text ends with the stop string, wherever it completes; the tokens are whole."""
    with fake(check) as d:
        a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {"max_new_tokens": 20, "details": True}}))
        text = a.json["generated_text"]
        for begin, end in ((2, 4), (3, 9), (5, 6), (0, 1), (1, len(text) - 1)):
            for stop in ([text[begin:end]], text[begin:end], ["never", text[begin:end]]):
                a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {"max_new_tokens": 20, "details": True, "stop": stop}}))
                got, at = a.json["generated_text"], text.index(text[begin:end])
                check(f"stop {stop}", got == text[:at + end - begin] and a.json["details"]["finish_reason"] == "stop_sequence", a)
                whole = "".join(t["text"] for t in a.json["details"]["tokens"] if not t["special"])
                check(f"stop {stop}: whole tokens", whole.startswith(got) and text.startswith(whole), (got, whole))
                for path, body, of in (("/v1/completions", {"prompt": TEXT, "max_tokens": 20, "stop": stop}, lambda e: e["choices"][0]["text"]), ("/api/generate", {"prompt": TEXT, "raw": True, "options": {"num_predict": 20, "stop": stop}}, lambda e: e["response"])):
                    before = of(d.ask(post(path, {**body, "stream": False})).json)
                    check(f"{path}: stop {stop}", before == text[:at], (before, text[:at]))
                    events = [e for e in stream(d, path, {**body, "stream": True}).events if e != "[DONE]"]
                    check(f"{path}: stop {stop} in a stream", "".join(of(e) for e in events) == text[:at] and "stop" in (events[-1].get("done_reason"), events[-1].get("choices", [{}])[0].get("finish_reason")), events)


def check_tgi_refusals(check):
    prompt = "house " * 600
    with fake(check) as d:
        for p, word in (({"best_of": 0}, "best_of"), ({"best_of": 2}, "best_of"), ({"best_of": 2, "do_sample": True, "seed": 1}, "seed"), ({"temperature": 0}, "leave it out for greedy"), ({"temperature": -1}, "temperature"), ({"temperature": "1"}, "temperature: a number"),
                        ({"repetition_penalty": 0}, "repetition_penalty"), ({"frequency_penalty": 3}, "frequency_penalty"), ({"top_k": 0}, "top_k"), ({"top_k": 1.5}, "top_k"), ({"top_p": 0}, "top_p"), ({"top_p": 1.01}, "top_p"), ({"typical_p": 0}, "typical_p"), ({"min_p": -0.1}, "min_p"),
                        ({"do_sample": 1}, "do_sample: true or false"), ({"max_new_tokens": 0}, "max_new_tokens"), ({"max_new_tokens": "5"}, "max_new_tokens"), ({"return_full_text": "yes"}, "return_full_text"), ({"stop": [1]}, "stop"), ({"stop": [""]}, "stop"), ({"stop": {}}, "stop"),
                        ({"truncate": 0}, "truncate"), ({"truncate": 2}, "truncate: the prompt has 2 special tokens"), ({"watermark": True}, "watermark"), ({"adapter_id": "x"}, "adapter_id"), ({"seed": 1.5}, "seed"), ({"seed": 1 << 64}, "seed"), ({"top_n_tokens": 101}, "top_n_tokens"),
                        ({"grammar": {"type": "regex", "value": "a"}}, "regex is not supported"), ({"grammar": {"type": "json", "value": 1}}, "grammar"), ({"grammar": {"type": "x", "value": {}}}, "grammar"), ({"grammar": "x"}, "grammar: an object")):
            a = d.ask(post("/generate", {"inputs": TEXT, "parameters": p}))
            check(f"{p}", a.status == 422 and a.json["error_type"] == "validation" and a.json["error"].startswith("parameters.") and word in a.json["error"], a)
        for body, word in (({}, "inputs: the field is missing"), ({"inputs": ""}, "inputs"), ({"inputs": None}, "inputs"), ({"inputs": 5}, "inputs: a string"), ({"inputs": ["a"]}, "inputs: a string"), ({"inputs": "a", "parameters": []}, "parameters: an object"), ({"inputs": "a", "model": 1}, "model"),
                           ({"inputs": prompt}, "the limit is 511"), ({"inputs": prompt, "parameters": {"truncate": 600}}, "the prompt has 600 tokens"), (b"{", ""), (b"[]", "a JSON object")):
            for path in ("/generate", "/generate_stream", "/"):
                if path == "/" and (isinstance(body, bytes) or "inputs" not in body):
                    continue
                a = d.ask(post(path, body))
                check(f"{path} {str(body)[:40]}", a.status == 422 and set(a.json) == {"error", "error_type"} and a.json["error_type"] == "validation" and word in a.json["error"], a)
        for p in ({"best_of": 2, "do_sample": True}, {"decoder_input_details": True}):
            a = d.ask(post("/generate_stream", {"inputs": TEXT, "parameters": p}))
            check(f"not in a stream: {p}", a.status == 422 and "stream" in a.json["error"], a)
        a = d.ask(post("/vectors", {"text": "a"}))
        check("/vectors says why not", a.status == 404 and "text generation" in a.json["error"], a)
    with fake(check, FAKE_MAX_TOK=20) as d:
        a = d.ask(post("/generate", {"inputs": TEXT, "parameters": {"details": True, "decoder_input_details": True}}))
        check("as many as fit", a.json["details"]["generated_tokens"] + len(a.json["details"]["prefill"]) == 20 and a.json["details"]["finish_reason"] == "length", a)
        a = d.ask(post("/v1/completions", {"prompt": "house " * 30}))
        check("context_length_exceeded", a.status == 400 and a.json["error"]["code"] == "context_length_exceeded" and a.json["error"]["param"] == "prompt", a)
        check("the longest that fits", d.ask(post("/v1/completions", {"prompt": "a " * 17})).json["choices"][0]["finish_reason"] == "length" and d.ask(post("/v1/completions", {"prompt": "a " * 18})).status == 400)
    with Daemon(check.fake, check.model) as d:
        for path, status in (("/generate", 424), ("/v1/completions", 404), ("/v1/chat/completions", 404), ("/api/generate", 404), ("/api/chat", 404), ("/chat_tokenize", 424)):
            a = d.ask(post(path, {"inputs": "a", "prompt": "a", "messages": [{"role": "user", "content": "a"}]}))
            check(f"{path} of a model that embeds", a.status == status and "text generation is needed here" in str(a.json["error"]), a)


def check_completions(check):
    with fake(check) as d:
        body = {"model": "m", "prompt": TEXT, "max_tokens": 8}
        a = d.ask(post("/v1/completions", body))
        c = a.json["choices"][0]
        check("its keys", list(a.json) == ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"] and a.json["object"] == "text_completion" and a.json["model"] == "fake" and a.json["id"].startswith("cmpl-"), a)
        check("its choice", list(c) == ["text", "index", "logprobs", "finish_reason"] and c["finish_reason"] == "length" and c["logprobs"] is None, a)
        check("the usage", a.json["usage"]["completion_tokens"] == 8 and a.json["usage"]["total_tokens"] == 8 + a.json["usage"]["prompt_tokens"], a)
        langchain = {"frequency_penalty": 0, "logprobs": None, "n": 1, "presence_penalty": 0, "seed": None, "temperature": 0.7, "top_p": 1}
        b = d.ask(post("/v1/completions/", {**body, "prompt": [TEXT], **langchain}))
        check("as LangChain asks", b.json["choices"] == a.json["choices"], b)
        for more in ({"max_tokens": None, "max_completion_tokens": 8}, {"max_completion_tokens": 8}):
            b = d.ask(post("/v1/completions", {**body, **more}))
            check(f"the newer name of max_tokens: {more}", b.status == 200 and b.json["choices"] == a.json["choices"], b)
        check("the newer name alone", d.ask(post("/v1/completions", {"prompt": TEXT, "max_completion_tokens": 3})).json["usage"]["completion_tokens"] == 3)
        check("the newer name with echo", d.ask(post("/v1/completions", {"prompt": TEXT, "echo": True, "max_completion_tokens": 0})).json["choices"][0]["text"] == TEXT)
        check("16 tokens by default", d.ask(post("/v1/completions", {"prompt": TEXT})).json["usage"]["completion_tokens"] == 16)
        prompts = ["one", "two houses", "three"]
        alone = [d.ask(post("/v1/completions", {**body, "prompt": p})).json["choices"][0]["text"] for p in prompts]
        a = d.ask(post("/v1/completions", {**body, "prompt": prompts, "n": 2}))
        check("n of each prompt", [c["text"] for c in a.json["choices"]] == [t for t in alone for _ in range(2)] and [c["index"] for c in a.json["choices"]] == list(range(6)), a)
        a = d.ask(post("/v1/completions", {**body, "best_of": 4, "n": 2}))
        check("best_of", len(a.json["choices"]) == 2 and a.json["usage"]["completion_tokens"] == 32, a)
        a = d.ask(post("/v1/completions", {**body, "echo": True}))
        check("echo", a.json["choices"][0]["text"] == TEXT + " " + c["text"] or a.json["choices"][0]["text"].startswith(TEXT), a)
        a = d.ask(post("/v1/completions", {**body, "echo": True, "max_tokens": 0, "logprobs": 1}))
        L = a.json["choices"][0]["logprobs"]
        check("echo alone", a.json["choices"][0]["text"] == TEXT and len(L["tokens"]) == a.json["usage"]["prompt_tokens"] == len(L["token_logprobs"]) == len(L["top_logprobs"]) == len(L["text_offset"]) and L["top_logprobs"][0] is None, a)
        a = d.ask(post("/v1/completions", {**body, "logprobs": 2}))
        L = a.json["choices"][0]["logprobs"]
        check("logprobs", [len(L[k]) for k in ("tokens", "token_logprobs", "top_logprobs", "text_offset")] == [8] * 4 and L["token_logprobs"] == [-1] * 8 and len(L["top_logprobs"][1]) == 2, a)
        s = stream(d, "/v1/completions", {**body, "prompt": prompts, "stream": True, "stream_options": {"include_usage": True}})
        texts = ["".join(c["text"] for e in s.events[:-1] for c in e["choices"] if c["index"] == i) for i in range(3)]
        check("a stream of several prompts", texts == alone, texts)
        check("its usage", s.events[-2]["choices"] == [] and s.events[-2]["usage"]["completion_tokens"] == 24 and all(e["usage"] is None for e in s.events[:-2]), s.events[-2:])
        for more, word in (({"prompt": []}, "prompt"), ({"prompt": [[1, 2]]}, "prompt"), ({"prompt": [1, 2]}, "prompt"), ({"prompt": 5}, "prompt"), ({"max_tokens": 0}, "max_tokens"), ({"max_tokens": None, "max_completion_tokens": 0}, "max_completion_tokens"), ({"max_completion_tokens": 9}, "not the same as max_completion_tokens"), ({"max_completion_tokens": "8"}, "max_completion_tokens"), ({"n": 0}, "n"), ({"n": 2, "best_of": 1}, "best_of"), ({"best_of": 2, "stream": True}, "best_of"), ({"suffix": "x"}, "suffix"), ({"suffix": {}}, "suffix"), ({"adapter_id": 0}, "adapter_id"), ({"logit_bias": []}, "logit_bias"),
                           ({"temperature": -1}, "temperature"), ({"top_p": 1.1}, "top_p"), ({"logit_bias": {"a": 1}}, "logit_bias"), ({"logit_bias": {"5": 101}}, "logit_bias"), ({"logit_bias": [1.0]}, "logit_bias"), ({"logprobs": 21}, "logprobs"), ({"stop": ["a", ""]}, "stop"), ({"response_format": {"type": "x"}}, "response_format"),
                           ({"stream_options": {"include_usage": 1}}, "include_usage"), ({"presence_penalty": 2.5}, "presence_penalty"), ({"n": 129}, "n"), ({"prompt": ["a"] * 129}, "prompt")):
            a = d.ask(post("/v1/completions", {**body, **more}))
            check(f"refused: {str(more)[:40]}", a.status in (400, 413) and word in a.json["error"]["message"] and set(a.json["error"]) == {"message", "type", "param", "code"}, a)
        a = d.get("/v1/completions")
        check("GET", a.status == 405 and a.json["error"]["message"], a)


def check_ollama_text(check):
    with fake(check) as d:
        body = {"model": "fake:latest", "prompt": TEXT, "raw": True, "stream": False, "options": {"num_predict": 8, "num_ctx": 2048}}
        a = d.ask(post("/api/generate", body))
        check("its keys", list(a.json) == ["model", "created_at", "response", "done", "done_reason", "total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"], a)
        check("its values", a.json["model"] == "fake" and a.json["done"] is True and a.json["done_reason"] == "length" and a.json["eval_count"] == 8 and a.json["response"] != "", a)
        for empty in ({"prompt": ""}, {"prompt": None}):
            a = d.ask(post("/api/generate", {**body, **empty}))
            check(f"{empty}: loaded", a.status == 200 and a.json["done_reason"] == "load" and a.json["response"] == "", a)
        a = d.ask(post("/api/chat", {"model": "m", "messages": []}))
        check("no messages: loaded", a.json["done_reason"] == "load" and a.json["message"] == {"role": "assistant", "content": ""}, a)
        for more, word in (({"images": ["x"]}, "images"), ({"suffix": "x"}, "suffix"), ({"suffix": False}, "suffix"), ({"images": {}}, "images"), ({"context": ""}, "context"), ({"think": {}}, "think"), ({"think": 1}, "think"), ({"template": "{{ .Prompt }}"}, "template"), ({"context": [1]}, "context"), ({"system": 5}, "system"), ({"system": "x"}, "system"), ({"stream": "no"}, "stream"), ({"options": {"temperature": -1}}, "options.temperature"), ({"options": {"num_predict": 0}}, "options.num_predict"),
                           ({"options": {"stop": [""]}}, "options.stop"), ({"options": []}, "options"), ({"format": "xml"}, "format"), ({"prompt": 5}, "prompt"), ({"prompt": "house " * 600}, "the limit is 511")):
            a = d.ask(post("/api/generate", {**body, **more}))
            check(f"refused: {str(more)[:40]}", a.status == 400 and list(a.json) == ["error"] and word in a.json["error"], a)
        a = d.ask(request("GET", "/api/generate"))
        check("GET", a.status == 405 and list(a.json) == ["error"], a)
