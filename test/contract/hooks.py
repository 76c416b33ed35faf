# SPDX-License-Identifier: BSD-3-Clause
"""What schemathesis shall not try, since the answer is another on purpose: see doc/api.md."""
import schemathesis

MODELS = ("bert-uncased", "cross-encoder", "reader-roberta", "ner-bert", "sequence-distilbert", "bert-cased-mlm-gamma", "native")
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


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    return not (unknown_pooling(body) or no_preflight(case) or is_for_another_model(body) or is_refused_as_there(case, body))
