# SPDX-License-Identifier: BSD-3-Clause
"""A whole RAG on one machine: one t2v embeds what Weaviate stores, ranks what it finds and writes the answers. Each answer is what t2v's
own route gives for the prompt that the module makes, so the objects' properties were in it.
"""
import json
import os
import re
import tempfile

from breaker import Breaker
from check_modules import answered, mistakes, run_example, server, task_of, weaviate_scores, weaviate_with, written
from sidecar import Sidecar
from texts import texts
from weaviate import Weaviate

N = 12
QUESTION = "Which instruments play?"
PROMPT = "Who is it? {text}"
TASK = "List them"
CHAT = {"model": "writer", "max_completion_tokens": 40, "frequency_penalty": 0, "presence_penalty": 0, "temperature": 0, "top_p": 1}
TELL = {"model": "teller", "stream": False, "options": {"temperature": 0}}

# module: (settings of the collection, settings of a query, its route)
GENERATORS = {
    "generative-openai": (lambda url: {"baseURL": url, "model": "writer", "maxTokens": 40, "temperature": 0}, "", "/v1/chat/completions"),
    "generative-ollama": (lambda url: {"apiEndpoint": url, "model": "teller"}, "ollama:{temperature:0}", "/api/generate"),
}


def own(sidecar, module, prompt):
    return written(sidecar, module, prompt, "writer" if module == "generative-openai" else "teller", 40)


def prompt_of(text):
    return PROMPT.replace("{text}", text)


def make(weaviate, module, sidecar, url):
    name = module.title().replace("-", "")
    settings = GENERATORS[module][0](url)
    weaviate.create(name, more={"reranker-transformers": {}, module: settings}, inferenceUrl=sidecar.url)
    return name


def generate(weaviate, module, name, search, limit, together=True):
    """[(text, score of the reranker, what was generated)], as they come."""
    query = GENERATORS[module][1]
    grouped = f"groupedResult:{{task:{json.dumps(TASK)} {query}}}" if together else ""
    fields = (f'text _additional{{rerank(property:"text" query:{json.dumps(QUESTION)}){{score}} '
              f"generate(singleResult:{{prompt:{json.dumps(PROMPT)} {query}}} {grouped}){{singleResult groupedResult error}}}}")
    found = weaviate.get(name, search, fields, limit)
    return [(o["text"], o["_additional"]["rerank"][0]["score"], o["_additional"]["generate"]) for o in found]


def check_generated_answers(check):
    """near_text, a rerank of what it finds, a text for each and one for the first three together; no route of t2v fails."""
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some = [text for _, text in texts(N)]
        scores = weaviate_scores(sidecar, QUESTION, some)
        for module, (_, _, route) in GENERATORS.items():
            name = make(weaviate, module, sidecar, sidecar.url)
            check(f"{module}: nothing fails", weaviate.batch(name, some) == {})
            for limit in 3, N:
                near = 'nearText:{concepts:["music"]}'
                nearest = [o["text"] for o in weaviate.get(name, near, "text", limit)]
                found = generate(weaviate, module, name, near, limit, together=limit == 3)
                ranked = [text for text, _, _ in found]
                check(f"{module}: the nearest {limit}, the best first", ranked == sorted(nearest, key=scores.get, reverse=True), (ranked, nearest))
                check(f"{module}: the scores of its route", [score for _, score, _ in found] == [scores[text] for text in ranked], found)
                wrong = [(text, got, right) for text, _, got in found
                         if got["error"] or got["singleResult"] != (right := own(sidecar, module, prompt_of(text)))]
                check(f"{module}: to each what its route writes", not wrong, wrong[:2])
                check(f"{module}: not all the same", len({got["singleResult"] for _, _, got in found}) > 1, found)
                grouped = [got["groupedResult"] for _, _, got in found if got["groupedResult"] is not None]
                orders = (nearest, ranked) if limit == 3 else ()  # in which of them the objects are is left to chance
                right = [own(sidecar, module, task_of(TASK, order)) for order in orders]
                check(f"{module}: together what its route writes", len(grouped) == (limit == 3) and all(g in right for g in grouped), (grouped, right))
            check(f"{module}: no request fails", answered(sidecar, route)[1] == 0, answered(sidecar, route))


def read_post(data):
    """(request line, headers in lower case, JSON) of a request's bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}, json.loads(body)


def check_what_is_sent(check):
    """What doc/clients.md says the modules send."""
    bodies = {
        "generative-openai": lambda prompt: {"messages": [{"role": "user", "content": prompt}], **CHAT},
        "generative-ollama": lambda prompt: {"prompt": prompt, **TELL},
    }
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some = ["Tom & Jerry <3", "two \"words\" \u00fc"]
        for module, (_, _, route) in GENERATORS.items():
            with Breaker(sidecar.port, each=0) as proxy:
                name = make(weaviate, module, sidecar, proxy.url)
                check(f"{module}: nothing fails", weaviate.batch(name, some) == {})
                generate(weaviate, module, name, 'nearText:{concepts:["music"]}', 2)
                posts = [read_post(data) for data in proxy.posts]
            tasks = [re.sub("[<>&]", lambda m: f"\\u{ord(m[0]):04x}", task_of(TASK, order)) for order in (some, some[::-1])]
            got = [body for _, _, body in posts]
            check(f"{module}: a body for each object", all(bodies[module](prompt_of(text)) in got for text in some), got)
            check(f"{module}: and one for both", len(got) == 3 and sum(bodies[module](task) in got for task in tasks) == 1, (got, tasks))
            keys = {headers.get("authorization") for _, headers, _ in posts}
            check(f"{module}: its key", keys == {"Bearer any" if module == "generative-openai" else None}, keys)
            check(f"{module}: the others", {(first, headers["content-type"]) for first, headers, _ in posts} ==
                  {(f"POST {route} HTTP/1.1", "application/json")}, posts[:1])


# What Weaviate's Python client raises, by a query of the collection NAME.
ASK = f"""
import weaviate
with weaviate.connect_to_local(headers={{"X-OpenAI-Api-Key": "any"}}) as client:
    together = ""
    try:
        client.collections.get("NAME").generate.near_text("music", limit=3, single_prompt={PROMPT!r})
    except weaviate.exceptions.WeaviateQueryError as e:
        together = str(e)
"""


def raised(check, sidecar, weaviate, name):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "ask.py"), "w", encoding="utf-8") as f:
            f.write(ASK.replace("NAME", name))
        return run_example(check, os.path.join(folder, "ask"), sidecar, weaviate)[1]["together"]


def check_refused_prompts(check):
    """A prompt that is too long fails alone, and t2v's reason is what the client of Weaviate reads."""
    said = {
        "generative-openai": "connection to: OpenAI API failed with status: 400 error: messages: the prompt has at least 256 tokens, the limit is 255",
        "generative-ollama": "connection to Ollama API failed with error: prompt: the prompt has at least 256 tokens, the limit is 255",
    }
    with server(check) as sidecar, weaviate_with(check, sidecar) as weaviate:
        some = ["A cello plays.", "A drum is played " + "again and again " * 30, "A choir sings."]
        for module in GENERATORS:
            name = make(weaviate, module, sidecar, sidecar.url)
            check(f"{module}: nothing fails", weaviate.batch(name, some) == {})
            found = {text: got for text, _, got in generate(weaviate, module, name, 'nearText:{concepts:["music"]}', 3, together=False)}
            check(f"{module}: all are found", sorted(found) == sorted(some), list(found))
            long = found.pop(some[1])
            check(f"{module}: why one failed", said[module] in (long["error"] or "") and long["singleResult"] is None, long)
            wrong = [(text, got) for text, got in found.items() if got["error"] or got["singleResult"] != own(sidecar, module, prompt_of(text))]
            check(f"{module}: the others have theirs", not wrong, wrong)
            text = raised(check, sidecar, weaviate, name)
            check(f"{module}: the Python client raises it", said[module] in text, text)


def check_compose(check):
    """docker-compose.yml's profile rag: its programs with its settings, at other addresses and with small models."""
    with open(os.path.join(check.golden, "..", "..", "docker-compose.yml"), encoding="utf-8") as f:
        text = f.read()
    ours, theirs = (re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", text, re.M)[1] for name in ("t2v-rag", "weaviate-rag"))
    command = re.search(r"command: \[serve, --model, (.*)\]", ours)[1]
    for name, model in ("embedder", check.model), ("ranker", "heads/cross-encoder"), ("writer", "generators/marked"):
        command = command.replace(f"/models/{name}", os.path.join(check.golden, model))
    with Sidecar(check, *command.split(", ")[:1], None, *command.split(", ")[1:]) as sidecar:
        settings = dict(re.findall(r"^      ([A-Z_]+): \"?([^\"\n]*)\"?$", theirs.replace("http://t2v-rag:8080", sidecar.url), re.M))
        with Weaviate(check.weaviate, settings) as weaviate:
            _, result = run_example(check, "generative-openai", sidecar, weaviate)
            check("the example's results", not mistakes(sidecar, "generative-openai", result), result)
            check("Weaviate knows the ranker", "reranker-transformers" in weaviate.must("GET", "/v1/meta")["modules"])
