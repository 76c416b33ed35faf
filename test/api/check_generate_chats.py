# SPDX-License-Identifier: BSD-3-Clause
"""Chats: templates, tools and answers held to a schema. What a model says is the prompt of a generator that repeats it
(fake_generator.h) where words matter; small real generators (test/golden/generators) obey grammars."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from daemon import Daemon
from generation import post, stream

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "generators")
USER = {"role": "user", "content": "Where is it?"}
ECHO = "{{ messages[-1].content }}"
PLACE = {"type": "object", "properties": {"place": {"enum": ["town", "river"]}}, "required": ["place"], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": PLACE}}, {"type": "function", "function": {"name": "wait"}}]
FIND, WAIT = ("find", {"place": "town"}), ("wait", {})


@contextlib.contextmanager
def folder(name="marked", template=None, **files):
    """A copy of a generator with another template, or with other files; None: without one."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, name)
        shutil.copytree(os.path.join(GOLDEN, name), path)
        files = {"chat_template.jinja": template, **files} if template is not None else files
        for file, text in files.items():
            whole = os.path.join(path, file)
            if text is None:
                os.remove(whole)
            else:
                os.makedirs(os.path.dirname(whole), exist_ok=True)
                with open(whole, "w", encoding="utf-8") as f:
                    f.write(text if isinstance(text, str) else json.dumps(text))
        yield path


def config(**more):
    with open(os.path.join(GOLDEN, "marked", "tokenizer_config.json"), encoding="utf-8") as f:
        return {**json.load(f), **more}


def fake(check, path):
    return Daemon(check.fake, path, env={"FAKE_GENERATES": "0"})


def rendered(d, messages=(USER,), **more):
    return d.ask(post("/chat_tokenize", {"messages": list(messages), **more}))


def calls_of(message):
    """Names and arguments; those of /v1 are text."""
    found = [c["function"] for c in message.get("tool_calls") or []]
    return [(f["name"], json.loads(f["arguments"]) if isinstance(f["arguments"], str) else f["arguments"]) for f in found]


def joined(events):
    """The message of a stream of /v1, and its last finish_reason."""
    deltas = [e["choices"][0]["delta"] for e in events if e != "[DONE]" and e["choices"]]
    message = {"content": "".join(x.get("content") or "" for x in deltas), "tool_calls": [c for x in deltas for c in x.get("tool_calls", [])]}
    return message, events[-2]["choices"][0]["finish_reason"]


SAID = (  # what the model says, what of it is content, its calls
    ('<tool_call>\n{"name": "find", "arguments": {"place": "town"}}\n</tool_call>', "", [FIND]),
    ('Let me see.\n<tool_call>{"name": "find", "arguments": {"place": "town"}}</tool_call>\n<tool_call>{"name": "wait", "arguments": {}}</tool_call>', "Let me see.", [FIND, WAIT]),
    ('{"name": "find", "parameters": {"place": "town"}}', "", [FIND]),
    ('<|python_tag|>{"name": "find", "parameters": {"place": "town"}}; {"name": "wait", "parameters": {}}', "", [FIND, WAIT]),
    ('[TOOL_CALLS][{"name": "find", "arguments": {"place": "town"}}, {"name": "wait", "arguments": {}}]', "", [FIND, WAIT]),
    ('Well. [TOOL_CALLS] [{"name": "find", "arguments": {"place": "town"}}]', "Well.", [FIND]),
    ('See. [TOOL_CALLS]find[ARGS]{"place": "town"}[TOOL_CALLS]wait[ARGS]{}', "See.", [FIND, WAIT]),
    ('find{"place": "town"}', "", [FIND]),
    ('{"name": "another", "parameters": {}}', '{"name": "another", "parameters": {}}', []),
    ('<tool_call>{"name": "find"', '<tool_call>{"name": "find"', []),
    ("no call at all: 1 < 2 [TOOL", "no call at all: 1 < 2 [TOOL", []),
)


def check_calls(check):
    """Calls in what a model says, in one piece and in a stream, on /v1 and Ollama's route."""
    with folder(template=ECHO) as path, fake(check, path) as d:
        for said, content, calls in SAID:
            messages, what = [{"role": "user", "content": said}], repr(said[:30])
            n = len(rendered(d, messages).json["tokenize_response"])
            body = {"messages": messages, "tools": TOOLS, "max_tokens": n}
            a = d.ask(post("/v1/chat/completions", body)).json
            choice = a["choices"][0]
            message = choice["message"]
            check(f"{what}: content", (message["content"] or "") == content and (message["content"] is None) == (not content), a)
            check(f"{what}: calls", calls_of(message) == calls and choice["finish_reason"] == ("tool_calls" if calls else "length"), a)
            ids = [c["id"] for c in message.get("tool_calls", [])]
            check(f"{what}: ids", len(set(ids)) == len(calls) and all(len(i) == 9 and i.isalnum() for i in ids), ids)
            s = stream(d, "/v1/chat/completions", {**body, "stream": True})
            message, reason = joined(s.events)
            check(f"{what}: in a stream", message["content"] == content and calls_of(message) == calls and reason == choice["finish_reason"], s.events)
            check(f"{what}: indexes", [c["index"] for c in message["tool_calls"]] == list(range(len(calls))), s.events)
            for more in ({"tool_choice": "none"}, {"tools": None}, {"tools": []}):
                message = d.ask(post("/v1/chat/completions", {**body, **more})).json["choices"][0]["message"]
                check(f"{what}: with {more}", message["content"] == said and "tool_calls" not in message, message)
            body = {"messages": messages, "tools": TOOLS, "options": {"num_predict": n}}
            a = d.ask(post("/api/chat", {**body, "stream": False})).json
            check(f"{what}: Ollama", a["message"]["content"] == content and calls_of(a["message"]) == calls, a)
            events = stream(d, "/api/chat", body).events
            got = {"tool_calls": [c for e in events for c in e["message"].get("tool_calls", [])]}
            check(f"{what}: Ollama's stream", "".join(e["message"]["content"] for e in events) == content and calls_of(got) == calls, events)
        body = {"messages": [USER], "tools": TOOLS}
        for more, word in (({"tools": {}}, "tools"), ({"tools": [1]}, "tools"), ({"tools": [{"function": {}}]}, "tools"), ({"tools": TOOLS * 65}, "128"), ({"tool_choice": "some"}, "tool_choice"), ({"tool_choice": {"type": "function"}}, "tool_choice"),
                           ({"tools": None, "tool_choice": {"function": {"name": {}}}}, "a name, which is a string"), ({"tool_choice": {"type": "x", "function": {"name": "find"}}}, "its type is function"), ({"tools": [{**TOOLS[0], "type": "x"}]}, "the type of a tool"),
                           ({"tools": None, "tool_choice": {"function": {"name": "find"}}}, "none of the tools"), ({"tools": [{"function": {"name": "a", "parameters": [None]}}]}, "parameters"), ({"tools": [{"function": {"name": "a", "description": 1}}]}, "description"),
                           ({"messages": [{**USER, "tool_calls": [1]}]}, "tool_calls"), ({"messages": [{**USER, "tool_calls": 5}]}, "tool_calls"),
                           ({"tool_choice": {"type": "function", "function": {"name": "lose"}}}, "none of the tools"), ({"tool_choice": "required", "response_format": {"type": "json_object"}}, "tool_choice")):
            a = d.ask(post("/v1/chat/completions", {**body, **more}))
            check(f"refused: {str(more)[:50]}", a.status == 400 and word in a.json["error"]["message"], a)
        a = d.ask(post("/chat_tokenize", {"messages": [USER], "tools": [{"function": {"name": "a", "parameters": [None]}}]}))
        check("/chat_tokenize refuses the same tools", a.status == 422 and "parameters" in a.json["error"], a)
        a = d.ask(post("/api/chat", {"messages": [], "tools": 5}))
        check("tools without messages", a.status == 400 and "tools" in a.json["error"], a)


def check_images(check):
    """A message with images is refused. Some clients of Ollama send an empty list with each message."""
    with folder(template=ECHO) as path, fake(check, path) as d:
        for images, good in ((["x"], False), ("x", False), ([], True), (None, True)):
            a = d.ask(post("/api/chat", {"messages": [{**USER, "images": images}], "stream": False, "options": {"num_predict": 1}}))
            check(f"images of a message: {images}", a.status == 200 if good else a.status == 400 and a.json == {"error": "messages[0]: images are not supported"}, a)


def check_forced(check):
    """A call that is asked for comes, with arguments of the function's schema."""
    nothing = {"type": "function", "function": {"name": "wait", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}}}
    with folder(template=ECHO) as path, Daemon(check.binary, path) as d:
        for choice, names in (("required", ("find", "wait")), ({"type": "function", "function": {"name": "find"}}, ("find",)), ({"type": "function", "function": {"name": "wait"}}, ("wait",))):
            body = {"messages": [USER], "tools": [TOOLS[0], nothing], "tool_choice": choice, "max_tokens": 200, "temperature": 0}
            a = d.ask(post("/v1/chat/completions", body)).json
            done = a["choices"][0]["finish_reason"]
            calls = calls_of(a["choices"][0]["message"]) if done == "tool_calls" else []
            args = ({"place": "town"}, {"place": "river"})
            check(f"{choice}: a call", len(calls) == 1 and calls[0][0] in names and (calls[0][0] == "wait" or calls[0][1] in args), a)
            message, reason = joined(stream(d, "/v1/chat/completions", {**body, "stream": True}).events)
            check(f"{choice}: in a stream", calls_of(message) == calls and reason == done, message)
            a = d.ask(post("/v1/chat/completions", {**body, "max_tokens": 2})).json["choices"][0]
            check(f"{choice}: cut off", a["finish_reason"] == "length" and "tool_calls" not in a["message"] and a["message"]["content"].startswith("{"), a)


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3, "maximum": 5}, "kind": {"enum": ["a", "bc", None]}, "on": {"type": "boolean"}}, "required": ["n", "kind", "on"], "additionalProperties": False}


def is_of_schema(text):
    value = json.loads(text)
    return list(value) == ["n", "kind", "on"] and value["n"] in (3, 4, 5) and value["kind"] in ("a", "bc", None) and isinstance(value["on"], bool)


def check_schemas(check):
    """The same schema by each API's way gives the same text, in a stream too."""
    with Daemon(check.binary, os.path.join(GOLDEN, "marked")) as d:
        prompt = rendered(d).json["templated_text"]
        format_ = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}
        ways = (
            ("/v1/chat/completions", {"messages": [USER], "max_tokens": 100, "temperature": 0, "response_format": format_}, lambda a: a["choices"][0]["message"]["content"], lambda e: e["choices"][0]["delta"].get("content") or ""),
            ("/v1/completions", {"prompt": prompt, "max_tokens": 100, "temperature": 0, "response_format": format_}, lambda a: a["choices"][0]["text"], lambda e: e["choices"][0]["text"]),
            ("/generate", {"inputs": prompt, "parameters": {"max_new_tokens": 100, "grammar": {"type": "json", "value": SCHEMA}}}, lambda a: a["generated_text"], lambda e: "" if e["token"]["special"] else e["token"]["text"]),
            ("/api/chat", {"messages": [USER], "options": {"num_predict": 100, "temperature": 0}, "format": SCHEMA}, lambda a: a["message"]["content"], lambda e: e["message"]["content"]),
            ("/api/generate", {"prompt": prompt, "raw": True, "options": {"num_predict": 100, "temperature": 0}, "format": SCHEMA}, lambda a: a["response"], lambda e: e["response"]))
        texts = []
        for path, body, of, piece in ways:
            a = d.ask(post(path, {**body, "stream": False}))
            check(f"{path}: of the schema", a.status == 200 and is_of_schema(of(a.json)), a)
            texts.append(of(a.json))
            events = stream(d, path.replace("/generate", "/generate_stream") if path == "/generate" else path, {**body, "stream": True}).events
            check(f"{path}: in a stream", "".join(piece(e) for e in events if e != "[DONE]") == texts[-1], events)
            bad = json.loads(json.dumps(body).replace('"minimum": 3', '"uniqueItems": true'))
            a = d.ask(post(path, {**bad, "stream": False}))
            check(f"{path}: a keyword is refused by name", a.status == (422 if path == "/generate" else 400) and "uniqueItems" in a.body.decode(), a)
        check("the same everywhere", len(set(texts)) == 1, texts)
        for format_ in ({"type": "json_object"}, {"type": "text"}, None):
            a = d.ask(post("/v1/chat/completions", {"messages": [USER], "max_tokens": 30, "temperature": 0, "response_format": format_})).json["choices"][0]["message"]["content"]
            check(f"{format_}", (a.lstrip()[:1] == "{") == (format_ == {"type": "json_object"}), a)


def check_golden(check):
    """Prompts are what transformers makes of the messages."""
    for name in ("marked", "spaced"):
        with open(os.path.join(GOLDEN, name, "expected.json"), encoding="utf-8") as f:
            chats = json.load(f)["chats"]
        with Daemon(check.binary, os.path.join(GOLDEN, name)) as d:
            for chat in chats:
                what = f"{name}: {str(chat['messages'])[:60]}"
                a = rendered(d, chat["messages"], tools=chat["tools"])
                b = d.ask(post("/v1/chat/completions", {"messages": chat["messages"], "tools": chat["tools"], "max_tokens": 1}))
                if "error" in chat:
                    check(what, a.status == 422 and a.json["error_type"] == "template_error" and chat["error"] in a.json["error"] and b.status == 400 and chat["error"] in b.json["error"]["message"], (a, b, chat))
                    continue
                check(what, a.json["templated_text"] == chat["text"] and [t["id"] for t in a.json["tokenize_response"]] == chat["ids"], (a, chat))
                check(f"{what}: the prompt", b.json["usage"]["prompt_tokens"] == len(chat["ids"]), b)


def check_ends(check):
    """add_generation_prompt, continue_final_message, chat_template_kwargs, documents."""
    answer = {"role": "assistant", "content": "It is"}
    head, tail = "<|begin|>user\nWhere is it?<|end|>\n", "<|begin|>assistant\n"
    with Daemon(check.binary, os.path.join(GOLDEN, "marked")) as d:
        for messages, more, text in (([USER], {}, head + tail), ([USER], {"add_generation_prompt": False}, head), ([USER, answer], {"continue_final_message": True}, head + tail + "It is"),
                                     ([USER, answer], {"continue_final_message": True, "add_generation_prompt": False}, head + tail + "It is"), ([USER], {"chat_template_kwargs": {"enable_thinking": False}}, head + tail + "<think></think>"),
                                     ([USER], {"chat_template_kwargs": {"enable_thinking": True}}, head + tail), ([{"role": "user", "content": [{"type": "text", "text": "Where "}, {"type": "text", "text": "is it?"}]}], {}, head + tail)):
            a = rendered(d, messages, **more)
            check(f"{more}", a.status == 200 and a.json["templated_text"] == text, a)
            b = d.ask(post("/v1/chat/completions", {"messages": messages, "max_tokens": 4, "temperature": 0, **more})).json
            c = d.ask(post("/v1/completions", {"prompt": text, "max_tokens": 4, "temperature": 0})).json
            check(f"{more}: the same as its prompt", b["choices"][0]["message"]["content"] == c["choices"][0]["text"] and b["usage"] == c["usage"], (b, c))
        for more, word in (({"add_generation_prompt": True, "continue_final_message": True}, "continue_final_message"), ({"add_generation_prompt": 1}, "add_generation_prompt"), ({"chat_template_kwargs": []}, "chat_template_kwargs"), ({"chat_template_kwargs": {"messages": 1}}, "messages"), ({"documents": {}}, "documents")):
            a, b = rendered(d, **more), d.ask(post("/v1/chat/completions", {"messages": [USER], **more}))
            check(f"refused: {more}", a.status == 422 and word in a.json["error"] and b.status == 400 and word in b.json["error"]["message"], (a, b))


def check_named(check):
    """Several templates: which one counts, and where they may stand."""
    several = config(chat_template=[{"name": "default", "template": "D{{ eos_token }}"}, {"name": "tool_use", "template": "T{{ tools | length }}"}])
    one = config(chat_template="one{{ documents | length if documents else '' }}")
    cases = (("a list in tokenizer_config.json", {"chat_template.jinja": None, "tokenizer_config.json": several}, "D<|end|>", "T2"),
             ("a text in tokenizer_config.json", {"chat_template.jinja": None, "tokenizer_config.json": one}, "one", "one"),
             ("chat_template.jinja wins", {"chat_template.jinja": "file", "tokenizer_config.json": several}, "file", "file"),
             ("beside it, others by name", {"chat_template.jinja": "file", "additional_chat_templates/tool_use.jinja": "tools"}, "file", "tools"))
    for what, files, plain, tools in cases:
        with folder(**files) as path, Daemon(check.binary, path) as d:
            got = [rendered(d).json["templated_text"], rendered(d, tools=TOOLS).json["templated_text"]]
            check(what, got == [plain, tools], got)
            if plain == "one":
                check("documents", rendered(d, documents=[{"text": "a"}, {"text": "b"}]).json["templated_text"] == "one2")


CHATS = ("/v1/chat/completions", "/api/chat", "/chat_tokenize", "/api/generate")


def check_unusable(check):
    """Without a template that can be used the model still generates; what needs one says why not."""
    cases = (("malformed", {"chat_template.jinja": "a\n{% if x %}b"}, ("chat_template.jinja", "line 2", "column")), ("unsupported", {"chat_template.jinja": "a\n  {% include 'x' %}"}, ("chat_template.jinja", "line 2", "include")),
             ("a list without names", {"chat_template.jinja": None, "tokenizer_config.json": config(chat_template=[{"template": "a"}])}, ("tokenizer_config.json", "list")), ("none", {"chat_template.jinja": None}, ("no chat template",)))
    for what, files, words in cases:
        with folder(**files) as path, Daemon(check.binary, path) as d:
            for route in CHATS:
                a = d.ask(post(route, {"messages": [USER], "prompt": "a", "stream": False}))
                if route == "/api/generate" and what == "none":
                    check(f"{what}: {route} needs none", a.status == 200, a)
                    continue
                check(f"{what}: {route}", a.status == (422 if route == "/chat_tokenize" else 400) and all(word in a.body.decode() for word in words), a)
            for route, body in (("/v1/completions", {"prompt": "a", "max_tokens": 2}), ("/generate", {"inputs": "a", "parameters": {"max_new_tokens": 2}}), ("/api/generate", {"prompt": "a", "raw": True, "stream": False, "options": {"num_predict": 2}})):
                a = d.ask(post(route, body))
                check(f"{what}: {route} generates", a.status == 200, a)
            warnings = [line for line in d.said().splitlines() if "chats are refused" in line]
            check(f"{what}: one line in the log", len(warnings) == (what != "none") and all(word in line for line in warnings for word in words), d.said())
            check(f"{what}: /api/show", d.ask(post("/api/show", {"model": "marked"})).json["capabilities"] == ["completion"])
            said = subprocess.run([check.binary, "inspect", "--model", path, "--short"], capture_output=True, text=True, timeout=60 * check.slack)
            line = [x for x in said.stdout.splitlines() if x.startswith("chat ")]
            check(f"{what}: inspect", said.returncode == 0 and len(line) == 1 and all(word.removeprefix("no chat ") in line[0] for word in words), said.stdout)


def check_weaviate(check):
    """What Weaviate's generative modules send, and what they read of answers and errors (doc/clients.md)."""
    wanted = {"reasoning_effort": "low", "verbosity": "low"}
    chat = {"messages": [USER], "model": "any", "max_completion_tokens": 9, "frequency_penalty": 0, "presence_penalty": 0, "top_p": 1, "temperature": 0}
    tell = {"model": "llama3", "prompt": USER["content"], "stream": False, "options": {"temperature": 0}}
    long = "Where is it? " * 99
    with Daemon(check.binary, os.path.join(GOLDEN, "marked")) as d:
        a = d.ask(post("/v1/chat/completions", {**chat, **wanted}, ["Authorization: Bearer any"]))
        text = a.json["choices"][0]["message"]["content"]
        counts = [a.json["usage"][f"{kind}_tokens"] for kind in ("prompt", "completion", "total")]
        check("generative-openai: text and counts", a.status == 200 and text and counts[1:] == [9, counts[0] + 9], a)
        check("generative-openai: no effort to make less of", d.ask(post("/v1/chat/completions", chat)).json["choices"] == a.json["choices"], a)
        a = d.ask(post("/api/generate", tell))
        check("generative-ollama: the same model's text", a.status == 200 and a.json["response"].startswith(text.rstrip("\ufffd")), (text, a))
        check("generative-ollama: whole numbers", all(type(n) is int for name, n in a.json.items() if name.endswith(("_count", "_duration"))), a)
        a = d.ask(post("/v1/chat/completions", {**chat, "messages": [{"role": "user", "content": long}]}))
        error = a.json["error"]
        check("generative-openai: a prompt that is too long", a.status == 400 and error["code"] == "context_length_exceeded", a)
        check("generative-openai: its error as Go reads it", all(type(error[key]) is str for key in ("message", "type", "param")), a)
        a = d.ask(post("/api/generate", {**tell, "prompt": long}))
        check("generative-ollama: a prompt that is too long", a.status == 400 and "the limit is 255" in a.json["error"], a)
