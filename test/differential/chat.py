#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
chat.py BIN [--count 5000] [--seed 1] [--show 10] [TEMPLATE.jinja ...]

Chat templates against transformers 4.57 and jinja2 3.1. BIN is test/differential/chat of a build with tests. Random templates, which
use the whole language on random conversations; and the given templates, with conversations that have system messages, tools, calls,
results, parts, and a continued last message. Both must make the same text, or both must fail. Exits 1 when they differ.
"""
import argparse
import json
import os
import random
import subprocess
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
from transformers.utils.chat_template_utils import render_jinja_template  # noqa: E402

TEXTS = ["", " ", "a", "Hello World", " x\ty \n", "straße", "ΑΣ ab", "日本語 🙂", "<b>&'\"", "1", "-7.5", "a,b,,c", "line\r\nline\n\n", "{{ x }}", "ǆ ŉ", "\u2028\x85|"]
NAMES = ["n", "m", "x", "s", "t", "u", "l", "w", "d", "e", "b", "none_value", "nope", "messages", "tools", "i", "k"]
STRING_METHODS = ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "lstrip()", "rstrip('a')", "split()", "split(',')", "split('a', 1)",
                  "rsplit(None, 1)", "splitlines()", "splitlines(true)", "startswith('a')", "endswith(('c', 'b'))", "find('a')", "rfind('l')", "count('a')", "replace('a', 'bb')",
                  "replace('', '-', 2)", "partition(',')", "rpartition(' ')", "isdigit()", "isalpha()", "isspace()", "islower()", "zfill(6)", "center(9, '*')", "ljust(5)",
                  "removeprefix('a')", "join(['p', 'q'])", "format(1, x=2)", "isupper()", "isalnum()", "index('a')"]
FILTERS = ["upper", "lower", "title", "capitalize", "trim", "length", "list", "first", "last", "join('-')", "join(', ', attribute='role')", "reverse | list", "sort", "unique | list",
           "int", "int(9)", "float", "abs", "round", "round(1)", "round(1, 'floor')", "tojson", "tojson(indent=2)", "tojson(indent=1, sort_keys=true)", "tojson(ensure_ascii=true)",
           "default('D')", "default('D', true)", "d", "string", "replace('a', 'x')", "min", "max", "sum", "batch(2) | list", "slice(2) | list", "items | list", "dictsort",
           "map('string') | list", "map('upper') | join", "select | list", "select('string') | list", "reject('none') | list", "map(attribute='role') | list",
           "selectattr('role') | list", "selectattr('role', 'equalto', 'user') | map(attribute='content') | list", "rejectattr('content', 'none') | list", "groupby('role') | list",
           "indent(2)", "indent(1, true, true)", "truncate(5)", "truncate(4, true, '.', 0)", "wordcount", "urlencode", "center(8)", "count", "attr('upper')", "sort(reverse=true)",
           "sort(attribute='role') | map(attribute='role') | list", "format(1)", "trim('a ')"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "odd", "even", "divisibleby 2", "eq 1", "ne 'a'",
         "lt 3", "gt 1", "in [1, 'a']", "sameas none", "lower", "upper", "callable", "true", "false", "ge 2", "le 'b'"]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.depth = 0

    def pick(self, *options):
        return self.rng.choice(options)

    def constant(self):
        r = self.rng
        return r.choice([lambda: str(r.randrange(-3, 12)), lambda: repr(r.choice([0.5, 2.0, -1.25, 1e20, 3e-7])), lambda: self.quote(r.choice(TEXTS)),
                         lambda: r.choice(["true", "false", "none"])])()

    def quote(self, text):
        return json.dumps(text, ensure_ascii=self.rng.random() < 0.3 and max(map(ord, text), default=0) < 0x10000) if "/" not in text else "'/'"

    def expression(self):
        r = self.rng
        if self.depth > 3 or r.random() < 0.25:
            return r.choice([r.choice(NAMES), self.constant()])
        self.depth += 1
        made = r.choice([self.binary, self.binary, self.compare, self.filter, self.filter, self.filter, self.test, self.method, self.method, self.item, self.item, self.slice,
                         self.attribute, self.ifelse, self.literal, self.logic, self.unary, self.call, self.percent])()
        self.depth -= 1
        return made

    def atom(self):
        e = self.expression()
        return e if e.isidentifier() else f"({e})"

    def binary(self):
        return f"{self.atom()} {self.pick('+', '-', '*', '/', '//', '%', '~', '+', '~')} {self.atom()}"

    def compare(self):
        e = f"{self.atom()} {self.pick('==', '!=', '<', '<=', '>', '>=', 'in', 'not in')} {self.atom()}"
        return e + f" {self.pick('<', '==', 'in')} {self.atom()}" if self.rng.random() < 0.2 else e

    def filter(self):
        return f"{self.atom()} | {self.rng.choice(FILTERS)}"

    def test(self):
        return f"{self.atom()} is {self.pick('', 'not ')}{self.rng.choice(TESTS)}"

    def method(self):
        return f"{self.pick('s', 's', 't', self.atom())}.{self.rng.choice(STRING_METHODS)}"

    def item(self):
        return f"{self.atom()}[{self.pick('0', '-1', '1', chr(39) + 'role' + chr(39), chr(39) + 'a' + chr(39), self.expression())}]"

    def slice(self):
        return f"{self.pick('s', 'l', 'w', 'messages', self.atom())}[{self.pick('', '1', '-2', '0')}:{self.pick('', '2', '-1', '9')}{self.pick('', ':', ':2', ':-1')}]"

    def attribute(self):
        return f"{self.pick('d', 'messages[0]', self.atom())}.{self.pick('a', 'role', 'content', 'items', 'get', 'b.c', 'keys()', 'items()', 'get(1, 2)', 'values()')}"

    def ifelse(self):
        return f"{self.atom()} if {self.atom()}" + (f" else {self.atom()}" if self.rng.random() < 0.8 else "")

    def literal(self):
        e = [self.expression() for _ in range(self.rng.randrange(4))]
        return self.pick("[" + ", ".join(e) + "]", "(" + "".join(x + ", " for x in e) + ")", "{" + ", ".join(f"{self.constant()}: {x}" for x in e) + "}")

    def logic(self):
        return f"{self.atom()} {self.pick('and', 'or')} {self.pick('', 'not ')}{self.atom()}"

    def unary(self):
        return f"{self.pick('-', '+', 'not ')}{self.atom()}"

    def call(self):
        return self.pick(f"range({self.rng.randrange(6)}) | list", f"dict(a={self.expression()})", "f(n)", f"f({self.expression()}, y={self.expression()})", "loop.index", "loop.last",
                         "loop.length", "loop.revindex0", "loop.nextitem", "loop.previtem", "loop.cycle('p', 'q')", "loop.changed(n)", "ns.v", "range(1, 9, 3)", "namespace(a=1).a")

    def percent(self):
        return f"'{self.pick('%s', '%d', '%r', '%5s|', '%-4d|', '%.2f', '%x', '%s %s', '%%', '%05d', '%e', '%g', '%+d')}' % {self.atom()}"

    def tag(self, body):
        return "{%" + self.pick("", "", "-", "+") + f" {body} " + self.pick("", "", "-", "+") + "%}"

    def text(self):
        return self.rng.choice(["", "", " ", "\n", "  \n  ", "a", "b \n", "\n\n", "<|x|>", " é ", "{# c #}", "{#- c -#}\n", "{", "}}", "% }"])

    def show(self):
        return self.pick("{{ ", "{{- ", "{{") + self.expression() + self.pick(" }}", " -}}", " }}")

    def statement(self):
        r = self.rng
        if self.depth > 2:
            return self.show()
        self.depth += 1
        kind = r.randrange(10)
        if kind <= 2:
            made = self.tag(f"if {self.expression()}") + self.body() + self.pick("", self.tag(f"elif {self.expression()}") + self.body()) + self.pick("", self.tag("else") + self.body()) + self.tag("endif")
        elif kind <= 5:
            what = self.pick("i in l", "i in messages", "k, i in d.items()", "i in w", "i in s", f"i in {self.atom()}", "i in range(4)", "k, i in [(1, 2), 'ab']")
            jump = self.pick("", "", "", self.tag("if loop.index > 1") + self.tag(self.pick("break", "continue")) + self.tag("endif"))
            made = self.tag(f"for {what}" + self.pick("", "", f" if {self.expression()}")) + jump + self.body() + self.pick("", "", self.tag("else") + self.body()) + self.tag("endfor")
        elif kind == 6:
            made = self.tag(f"set {self.pick('n', 'v', 'ns.v', 's', 'p, q')} = {self.expression()}")
        elif kind == 7:
            made = self.tag("set v" + self.pick("", " | upper | trim")) + self.body() + self.tag("endset") + "{{ v }}"
        elif kind == 8:
            made = self.pick(self.tag("macro f(x, y=n)") + self.body() + "{{ x }}{{ varargs }}{{ kwargs }}" + self.tag("endmacro"),
                             self.tag("macro g(x=1)") + "<{{ caller(x) }}>" + self.tag("endmacro") + self.tag(f"call(c) g({self.pick('', self.expression())})") + "{{ c }}" + self.body() + self.tag("endcall"))
        else:
            made = self.pick(self.tag(f"with n = {self.expression()}, k = n") + self.body() + "{{ k }}" + self.tag("endwith"), self.tag("filter upper") + self.body() + self.tag("endfilter"),
                             self.tag("generation") + self.body() + self.tag("endgeneration"), self.tag("raw") + "{{ x }}" + self.text() + self.tag("endraw"))
        self.depth -= 1
        return made

    def body(self):
        return "".join(self.text() + self.pick(self.show, self.statement)() for _ in range(self.rng.randrange(1, 3))) + self.text()

    def template(self):
        start = "{% set ns = namespace(v=0) %}" + self.pick("", "{% macro f(x, y=2) %}{{ x }}:{{ y }}{% endmacro %}")
        return start + self.body()

    def value(self, depth=0):
        r = self.rng
        kind = r.randrange(8 if depth < 2 else 5)
        return [lambda: r.choice(TEXTS), lambda: r.randrange(-5, 100), lambda: r.choice([0.5, 1.0, 1e300, 123456.75]), lambda: r.choice([True, False, None]), lambda: r.choice(TEXTS),
                lambda: [self.value(depth + 1) for _ in range(r.randrange(4))], lambda: {r.choice(["a", "b", "role", "é"]): self.value(depth + 1) for _ in range(r.randrange(4))},
                lambda: [r.choice(TEXTS) for _ in range(r.randrange(4))]][kind]()

    def request(self):
        r = self.rng
        message = lambda: {"role": r.choice(["system", "user", "assistant", "tool"]), "content": r.choice(TEXTS + [None, self.value()])}
        kwargs = {"n": r.randrange(-3, 20), "m": 0, "x": 2.5, "s": r.choice(TEXTS), "t": r.choice(TEXTS), "u": self.value(), "l": [self.value(1) for _ in range(r.randrange(4))],
                  "w": r.sample(TEXTS, 3), "d": {"a": self.value(), "b": {"c": 1}, "items": 3}, "e": [], "b": True, "none_value": None}
        return {"messages": [message() for _ in range(r.randrange(1, 4))], "tools": r.choice([None, [{"a": self.value()}]]), "kwargs": kwargs, "add_generation_prompt": r.random() < 0.5,
                "continue_final_message": False, "tokens": {"bos_token": "<s>"}}


def conversations():
    """For whole templates."""
    tool = {"type": "function", "function": {"name": "f", "description": "D \"x\"", "parameters": {"type": "object", "properties": {"c": {"type": "string", "enum": ["a", "b"]}}, "required": ["c"]}}}
    user, answer = {"role": "user", "content": "Hi 你好 🙂"}, {"role": "assistant", "content": "Hello!"}
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": {"c": "ü", "n": 1.5, "t": True, "z": None}}}]}
    result = {"role": "tool", "tool_call_id": "abcdefghi", "name": "f", "content": "{\"t\": 21}"}
    parts = {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "image"}, {"type": "text", "text": "two"}]}
    system = {"role": "system", "content": " Be brief.\n"}
    lists = [[user], [system, user], [system, user, answer, user], [user, call, result], [user, dict(call, content=""), result, answer, user], [{"role": "user", "content": ""}], [parts], [system, parts, answer],
             [user, answer], [user, user], [{"role": "user"}], [user, dict(answer, reasoning_content="hm", content="<think>a</think>b"), user], [dict(system, role="developer"), user]]
    for messages in lists:
        for tools in (None, [tool]):
            for more in ({"add_generation_prompt": True}, {"add_generation_prompt": False}, {"continue_final_message": True}, {"documents": [{"title": "T", "text": "x"}]}, {"kwargs": {"enable_thinking": False}}):
                yield json.loads(json.dumps({"messages": messages, "tools": tools, "tokens": {"bos_token": "<s>", "eos_token": "</s>"}, **more}))


def theirs(case):
    variables = {**case.get("tokens", {}), **(case.get("kwargs") or {})}
    try:
        return render_jinja_template([case["messages"]], tools=case.get("tools"), documents=case.get("documents"), chat_template=case["template"],
                                     continue_final_message=case.get("continue_final_message", False), add_generation_prompt=case.get("add_generation_prompt", False), **variables)[0][0], None
    except Exception as e:
        return None, f"{type(e).__name__}: {e}"


def is_unfair(case, text, error):
    """What is known to differ: Python's addresses, integers beyond 64 bits, and slices of constants that have none, which jinja2 makes
    undefined as it compiles a template."""
    if text is not None and "is not subscriptable" in (error or ""):
        return True
    return any(x in (text or "") for x in (" at 0x", "_GroupTuple")) or "beyond 64 bits" in (error or "") or "not supported" in (error or "") or "cannot be printed" in (error or "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("templates", nargs="*")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10)
    args = parser.parse_args()
    maker = Maker(random.Random(args.seed))
    cases = []
    for path in args.templates:
        with open(path, encoding="utf-8", newline="") as f:
            template = f.read()
        cases += [{"template": template, **request} for request in conversations()]
    for _ in range(args.count):
        maker.depth = 0
        cases.append({"template": maker.template(), **maker.request()})
    p = subprocess.run([args.binary], input="".join(json.dumps(c) + "\n" for c in cases).encode(), stdout=subprocess.PIPE, check=False)
    answers = [json.loads(x) for x in p.stdout.decode().split("\n")[:-1]]
    if p.returncode != 0 or len(answers) != len(cases):
        raise SystemExit(f"exit status {p.returncode} after {len(answers)} of {len(cases)} cases: {json.dumps(cases[len(answers):][:1])}")
    equal = failed = unfair = wrong = 0
    for case, answer in zip(cases, answers):
        text, error = theirs(case)
        ours = answer.get("text")
        if text == ours:
            equal += text is not None
            failed += text is None
        elif is_unfair(case, text, answer.get("error")):
            unfair += 1
        else:
            wrong += 1
            if wrong <= args.show:
                print(f"{case['template']!r}\n   with {json.dumps({k: v for k, v in case.items() if k != 'template'}, ensure_ascii=False)[:600]}\n   want {text!r} {error}\n   got  {ours!r} {answer.get('error')}")
    print(f"{len(cases)} cases: {equal} equal, {failed} fail in both, {unfair} not comparable, {wrong} differ")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
