# SPDX-License-Identifier: BSD-3-Clause
"""What schemathesis shall not try, since the answer is another on purpose: see doc/api.md."""
import json

import schemathesis

MODELS = ("bert-uncased", "cross-encoder", "reader-roberta", "ner-bert", "sequence-distilbert", "bert-cased-mlm-gamma", "native", "marked")
ROLES = ("system", "user", "assistant", "tool")  # of the generator's template
TEXT_MAX = 200  # characters of JSON, each a token at most
POOLINGS = ("masked_mean", "cls", "")


def unknown_pooling(body):
    """UPSTREAM: 500 (and nothing is wrong with it when there is no text to pool)."""
    config = body.get("config") if isinstance(body, dict) else None
    pooling = config.get("pooling_strategy") if isinstance(config, dict) else None
    return isinstance(pooling, str) and pooling not in POOLINGS


def no_preflight(case):
    """OPTIONS without the two header fields of a preflight is 405."""
    return case.method == "OPTIONS" and not all((case.headers or {}).get(name) for name in ("Origin", "Access-Control-Request-Method"))


def member(body, name):
    """body[name], or that of the object `parameters` in it."""
    inner = body.get("parameters")
    return body[name] if name in body else inner.get(name) if isinstance(inner, dict) else None


def is_for_another_model(body):
    """A model that cannot do this, one without prompts, with fewer dimensions or tokens: what no schema can say. Other faults of these
    members are tried all the same. (Names of models come from the answer of /v1/models.)"""
    dimensions, ids = member(body, "dimensions"), body.get("ids")
    numbers = [n for row in ids for n in (row if isinstance(row, list) else [row])] if isinstance(ids, list) else []
    return (body.get("model") in MODELS or isinstance(member(body, "prompt_name"), str) or
            isinstance(dimensions, (int, float)) and dimensions > 8 or any(isinstance(n, (int, float)) and n > 1000 for n in numbers))


def is_refused_as_there(case, body):
    """UPSTREAM: text-embeddings-inference's 400 for "" alone at /embed; and a request that has two shapes at once."""
    return (case.path.startswith("/embed") and body.get("inputs", 0) in ("", None) or
            "texts" in body and ("documents" in body or "property" in body))


def is_for_another_generator(body):
    """Roles and calls that the model's template refuses, texts that its 256 tokens may not hold, and none (it has no token that begins them)."""
    messages, tools, prompt = body.get("messages"), body.get("tools"), body.get("prompt")
    messages = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    return ("" in (prompt if isinstance(prompt, list) else [prompt]) or
            any(isinstance(m.get("role"), str) and m["role"] not in ROLES or m.get("tool_calls") for m in messages) or
            any(len(json.dumps(x)) > TEXT_MAX for x in (prompt, body.get("inputs"), body.get("system"), messages, tools)))


def number(body, name, otherwise):
    """A member that is a number."""
    value = member(body, name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else otherwise


def contradicts_itself(body):
    """Members of a generation request that are right alone, but not together: each is refused by name, see test/api."""
    prompts, choice = body.get("prompt"), body.get("tool_choice")
    n, best = number(body, "n", 1), number(body, "best_of", 1)
    n_prompt = len(prompts) if isinstance(prompts, list) else 1
    return (number(body, "top_logprobs", 0) > 0 and body.get("logprobs") is not True or
            "prompt" in body and 0 in (number(body, "max_tokens", 1), number(body, "max_completion_tokens", 1)) and body.get("echo") is not True or
            best > 1 and ("inputs" in body or body.get("stream") is True) or "best_of" in body and body["best_of"] is not None and best < n or
            max(n, best) * n_prompt > 128 or number(body, "truncate", 2) == 1 or
            bool(body.get("system")) and body.get("raw") is True or
            body.get("continue_final_message") is True and body.get("add_generation_prompt") is True or
            isinstance(choice, dict) and isinstance(choice.get("function"), dict) and isinstance(choice["function"].get("name"), str) or
            choice == "required" and bool(body.get("response_format")) or
            number(body, "max_tokens", 0) > 0 and number(body, "max_completion_tokens", 0) > 0)


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    return not (unknown_pooling(body) or no_preflight(case) or is_for_another_model(body) or is_refused_as_there(case, body) or
                is_for_another_generator(body) or contradicts_itself(body))
