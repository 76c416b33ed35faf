# SPDX-License-Identifier: BSD-3-Clause
"""page.py BIN MODEL_DIR FOLDER: the page at GET / in a real browser. Screenshots go to FOLDER."""
import json
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "api")]
from browser import Browser  # noqa: E402
from checks import Checks  # noqa: E402
from daemon import Daemon, request  # noqa: E402

GOLDEN = os.path.join(os.path.dirname(HERE), "golden")
HEADS = os.path.join(GOLDEN, "heads")
RERANKER = os.path.join(HEADS, "cross-encoder")
TAB, ENTER = "\ue004", "\ue007"
MARKUP = '<img src=x onerror="document.title=1"> & <b>'
# The contrast of an element's text and its background by WCAG 2; the background is that of the nearest ancestor that has one.
CONTRAST = """
const parts = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => { const [r, g, b] = parts(c).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; }
  return "rgb(255,255,255)"; };
return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.disabled &&
  [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "")).map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), e.tagName + " " + e.innerText.slice(0, 30)];
  }).sort((x, y) => x[0] - y[0])[0];
"""


def vectors_of(daemon, texts):
    a = daemon.ask(request("POST", "/v1/embeddings", json.dumps({"input": texts}).encode()))
    return [item["embedding"] for item in a.json["data"]]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def fill(browser, selector, text):
    browser.run("document.querySelector(arguments[0]).value = arguments[1]", selector, text)


def submit(browser, section):
    """Presses Enter on the form's button, and waits until it can be pressed again."""
    browser.run("document.querySelector(arguments[0]).focus()", section + " button")
    browser.type([ENTER])
    return browser.until(lambda: browser.run("return !document.querySelector(arguments[0]).disabled", section + " button"))


def check_page_embeds(check):
    """Texts typed by a person: the heat map shows the cosines of the vectors that the API gives, and markup stays text."""
    texts = ["A cat sleeps. It dreams of Mr. Jones!", "A dog runs.", MARKUP]
    with Daemon(check.binary, check.model) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        check("state", b.until(lambda: b.text("#ready") == "Live and ready"), b.text("#ready"))
        check("the form of what the model does", b.until(lambda: b.visible("#embeddings")) and not b.visible("#rerank") and not b.visible("#access"))
        check("facts", b.until(lambda: "Precision" in b.text("#state") and "Requests" in b.text("#state")) and "f32" in b.text("#state"), b.text("#state"))
        check("rates", b.until(lambda: "measuring" not in b.text("#state")), b.text("#state"))
        fill(b, "#embeddings-texts", "\n".join(texts) + "\n\n")
        submit(b, "#embeddings")
        check("a row for each text", b.until(lambda: len(b.texts(".heat tbody tr")) == 3), b.text("#message"))
        check("texts as typed", b.texts(".heat tbody th") == [f"{i + 1}. {t}" for i, t in enumerate(texts)], b.texts(".heat tbody th"))
        right = vectors_of(d, texts)
        want = [cosine(x, y) for x in right for y in right]
        got = [float(t) for t in b.texts(".heat td")]
        check("cosines", len(got) == 9 and all(abs(x - y) < 0.00051 for x, y in zip(got, want)), (got, want))
        check("vectors", b.texts("summary") == [f"Vector: {len(right[0])} components"] * 3, b.texts("summary"))
        a = d.ask(request("POST", "/tokenize", json.dumps({"inputs": texts}).encode()))
        want = [t["text"] for tokens in a.json for t in tokens]
        check("sentences", b.texts(".sentences li") == ["A cat sleeps.", "It dreams of Mr. Jones!"], b.texts(".sentences li"))
        b.screenshot(os.path.join(check.folder, "sentences.png"))
        check("tokens", len(want) > 10 and b.texts(".tokens li") == want, (b.texts(".tokens li"), want))
        check("special tokens", b.texts(".tokens .special") == ["[CLS]", "[SEP]"] * 3, b.texts(".tokens .special"))
        check("no markup", b.run("return document.querySelectorAll('.result img, .result b').length") == 0 and b.run("return document.title") == "t2v")
        check("focus stays", b.focused() == "Compute vectors", b.focused())
        said = b.complaints()
        check("the console is silent", said == [], said)


def check_page_ranks(check):
    """A reranker has its own form, and no other; the scores are those of the API, best first."""
    query, texts = "What is a wheel?", ["Bread.", MARKUP, "A wheel turns."]
    with Daemon(check.binary, RERANKER) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        check("its form", b.until(lambda: b.visible("#rerank")) and not b.visible("#embeddings"))
        fill(b, "#rerank-query", query)
        fill(b, "#rerank-texts", "\n".join(texts))
        submit(b, "#rerank")
        check("rows", b.until(lambda: len(b.texts("#rerank tbody tr")) == 3), b.text("#message"))
        answer = d.ask(request("POST", "/rerank", json.dumps({"query": query, "texts": texts}).encode())).json
        want = [x for item in sorted(answer, key=lambda r: -r["score"]) for x in (texts[item["index"]], f"{item['score']:.4f}")]
        check("scores", b.texts("#rerank tbody td") == want, (b.texts("#rerank tbody td"), want))
        check("the console is silent", (said := b.complaints()) == [], said)


def check_page_other_tasks(check):
    """A reader, a tagger and a classifier: each has its own form, and shows what the API answers."""
    text, question = "Ada Lovelace lived in London.", "Where did Ada live?"
    tasks = (("reader-roberta", "#question-answering", "/answers", {"text": text, "question": question},
              lambda a: [] if a["answer"] is None else [[a["answer"], a["certainty"]]]),
             ("token-distilbert", "#token-classification", "/ner", {"text": text},
              lambda a: [[t["word"], t["entity"], t["certainty"], f"{t['startPosition']} to {t['endPosition']}"] for t in a["tokens"] or []]),
             ("sequence-distilbert", "#classification", "/predict", {"inputs": text}, lambda a: [[x["label"], x["score"]] for x in a]))
    for model, section, path, body, rows in tasks:
        with Daemon(check.binary, os.path.join(HEADS, model)) as d, Browser() as b:
            b.open(f"http://127.0.0.1:{d.port}/")
            check(f"{model}: its form", b.until(lambda: b.visible(section)) and not b.visible("#embeddings") and not b.visible("#rerank"))
            fill(b, section + " textarea", text)
            if "question" in body:
                fill(b, section + " input", question)
            submit(b, section)
            check(f"{model}: an answer", b.until(lambda: b.text(section + " .result") != ""), b.text("#message"))
            answer = d.ask(request("POST", path, json.dumps(body).encode())).json
            want = [f"{x:.4f}" if isinstance(x, float) else x for row in rows(answer) for x in row]
            check(f"{model}: as the API", want != [] and b.texts(section + " tbody td") == want, (b.texts(section + " tbody td"), want))


def check_page_sparse(check):
    """The heaviest entries of the vocabulary, by their names."""
    texts = ["the house", MARKUP]
    with Daemon(check.binary, os.path.join(GOLDEN, "sparse", "splade")) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        check("its form, and that of vectors", b.until(lambda: b.visible("#sparse")) and b.visible("#embeddings") and not b.visible("#multi-vector"))
        fill(b, "#sparse-texts", "\n".join(texts))
        submit(b, "#sparse")
        check("a table for each text", b.until(lambda: len(b.texts("#sparse caption")) == 2), b.text("#message"))
        lists = [sorted(row, key=lambda e: -e["value"])[:20] for row in d.ask(request("POST", "/embed_sparse", json.dumps({"inputs": texts}).encode())).json]
        got = b.texts("#sparse tbody td")
        want = [x for row in lists for e in row for x in (str(e["index"]), f"{e['value']:.4f}")]
        check("entries", [x for i, x in enumerate(got) if i % 3 != 0] == want, (got, want))
        names = d.ask(request("POST", "/decode", json.dumps({"ids": [[e["index"]] for row in lists for e in row], "skip_special_tokens": False}).encode())).json
        check("their names", [x.strip() for x in got[::3]] == [x.strip() for x in names], (got[::3], names))
        check("the console is silent", (said := b.complaints()) == [], said)


def check_page_matches(check):
    """Late interaction of a query and texts, best first."""
    query, texts = "the house", ["bread", MARKUP, "a house"]
    with Daemon(check.binary, os.path.join(GOLDEN, "multi", "native")) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        check("its form", b.until(lambda: b.visible("#multi-vector")) and not b.visible("#sparse"))
        fill(b, "#multi-query", query)
        fill(b, "#multi-texts", "\n".join(texts))
        submit(b, "#multi-vector")
        check("rows", b.until(lambda: len(b.texts("#multi-vector tbody tr")) == 3), b.text("#message"))
        vectors = lambda input, kind: [e["embeddings"] for e in d.ask(request("POST", "/v1/multi-vector", json.dumps({"input": input, "input_type": kind}).encode())).json["data"]]
        [q], documents = vectors([query], "query"), vectors(texts, "document")
        score = lambda t: sum(max(sum(x * y for x, y in zip(a, b)) for b in t) for a in q)
        want = sorted(((t, score(v), str(len(v))) for t, v in zip(texts, documents)), key=lambda r: -r[1])
        got = b.texts("#multi-vector tbody td")
        check("texts and their vectors", [(got[i], got[i + 2]) for i in range(0, 9, 3)] == [(t, n) for t, _, n in want], (got, want))
        check("scores", all(abs(float(got[3 * i + 1]) - w[1]) < 0.0002 for i, w in enumerate(want)), (got, want))
        check("the console is silent", (said := b.complaints()) == [], said)


def check_page_generates(check):
    """A generator: the text that the API gives for a prompt, and for a message of a chat."""
    with Daemon(check.binary, os.path.join(GOLDEN, "generators", "spaced")) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        section = "#text-generation"
        check("its form alone", b.until(lambda: b.visible(section)) and not b.visible("#embeddings") and not b.visible("#rerank"))
        fill(b, "#generation-prompt", MARKUP)
        fill(b, "#generation-tokens", "12")
        fill(b, "#generation-temperature", "0")
        submit(b, section)
        body = {"prompt": MARKUP, "max_tokens": 12, "temperature": 0}
        want = d.ask(request("POST", "/v1/completions", json.dumps(body).encode())).json["choices"][0]["text"]
        raw = lambda: b.run("const e = document.querySelector(arguments[0]); return e && e.textContent", section + " .text")
        check("its text", want != "" and b.until(lambda: raw() == want), (raw(), want, b.text("#message")))
        check("no markup", b.run("return document.querySelectorAll('.result img, .result b').length") == 0)
        check("focus stays", b.focused() == "Generate", b.focused())
        box, label = (b.run("const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.left, r.top, r.width]", s) for s in ("#generation-chat", "[for=generation-chat]"))
        check("a tick stands before its label", box[2] < 40 and 0 < label[0] - box[0] < 60 and abs(label[1] - box[1]) < 20, (box, label))
        b.run("document.getElementById('generation-chat').focus()")
        b.type([" "])
        submit(b, section)
        body = {"messages": [{"role": "user", "content": MARKUP}], "max_tokens": 12, "temperature": 0}
        want = d.ask(request("POST", "/v1/chat/completions", json.dumps(body).encode())).json["choices"][0]["message"]["content"]
        check("its answer in a chat", want != "" and b.until(lambda: raw() == want), (raw(), want, b.text("#message")))
        check("a screen reader is told of a region", ("region", "Generate text") in b.roles(), b.roles())
        b.screenshot(os.path.join(check.folder, "generator.png"))
        check("the console is silent", (said := b.complaints()) == [], said)


def check_page_keyboard(check):
    with Daemon(check.binary, check.model) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        b.until(lambda: b.visible("#embeddings"))
        order = []
        for _ in range(4):
            b.type([TAB])
            order.append(b.focused())
        check("order of the focus", order == ["embeddings-texts", "Compute vectors", "API description", "Metrics"], order)
        roles = b.roles()
        for role, name in (("heading", "Compare texts"), ("textbox", "Texts, one on each line (at most 30)"), ("button", "Compute vectors"),
                           ("region", "Compare texts"), ("main", ""), ("status", "")):
            check(f"a screen reader is told of {role} {name}", (role, name) in roles, roles)
        fill(b, "#embeddings-texts", "one\ntwo")
        b.run("document.getElementById('embeddings-texts').focus()")
        b.type([TAB, ENTER])
        check("sent by keyboard", b.until(lambda: len(b.texts(".heat tbody tr")) == 2))
        check("the table has a name", any(role == "table" and "Cosine" in name for role, name in b.roles()))


def check_page_token(check):
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "secret"}) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        check("asks for a token", b.until(lambda: b.visible("#access")) and not b.visible("#embeddings"))
        fill(b, "#token", "wrong")
        submit(b, "#access")
        check("a wrong one", b.until(lambda: "does not accept" in b.text("#message")), b.text("#message"))
        fill(b, "#token", "secret")
        submit(b, "#access")
        check("the right one", b.until(lambda: b.visible("#embeddings") and not b.visible("#access")), b.text("#message"))
        submit(b, "#embeddings")
        check("vectors with it", b.until(lambda: len(b.texts(".heat tbody tr")) == 5), b.text("#message"))
        check("it is not stored", b.run("return localStorage.length + sessionStorage.length + document.cookie.length") == 0)


def check_page_errors(check):
    with Daemon(check.binary, check.model, "--max-body", "200") as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        b.until(lambda: b.visible("#embeddings"))
        fill(b, "#embeddings-texts", "a word " * 100)
        submit(b, "#embeddings")
        check("an error is shown", b.until(lambda: b.text("#message").startswith("This did not work: ")), b.text("#message"))
        d.stop()
        check("the end is shown", b.until(lambda: b.text("#ready") == "The service does not answer"), b.text("#ready"))


def check_page_looks(check):
    """Contrast of AA (4.5) in light and dark; a narrow window does not scroll sideways."""
    with Daemon(check.binary, check.model) as d, Browser() as b:
        b.open(f"http://127.0.0.1:{d.port}/")
        b.until(lambda: b.visible("#embeddings"))
        submit(b, "#embeddings")
        b.until(lambda: len(b.texts(".heat tbody tr")) == 5 and "measuring" not in b.text("#state"))
        backs = set()
        for scheme in "light", "dark":
            b.prefer(scheme)
            worst = b.run(CONTRAST)
            check(f"contrast, {scheme}", worst[0] >= 4.5, worst)
            backs.add(b.run("return getComputedStyle(document.body).backgroundColor"))
            b.screenshot(os.path.join(check.folder, scheme + ".png"))
        check("two schemes", len(backs) == 2, backs)
        b.call("POST", "/window/rect", {"width": 500, "height": 900})
        check("narrow", b.run("return document.documentElement.scrollWidth <= window.innerWidth"), b.run("return document.documentElement.scrollWidth"))
        b.screenshot(os.path.join(check.folder, "narrow.png"))


if __name__ == "__main__":
    checks = Checks()
    checks.binary, checks.model, checks.folder = sys.argv[1:4]
    sys.exit(checks.run([sys.modules["__main__"]]))
