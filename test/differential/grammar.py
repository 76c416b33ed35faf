#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""grammar.py BIN MODEL_DIR ... [--schemas N] [--texts N] [--seed N]: texts that grammars of random JSON Schemas allow, held against json
and jsonschema. BIN is test/differential/grammar of a build with tests. Prints each text that is not valid, then a line of counts; ends
with 1 if there was one, or if more than a few schemas were refused.
"""
import argparse
import datetime
import decimal
import ipaddress
import json
import random
import subprocess
import sys

import jsonschema

PATTERNS = ["^a+$", "b", "^[a-c]{2,4}$", "^(ab|cd)*e?$", "x|^y$|z$", "^\\d{3}-\\w+$", "[^a-z0-9]{2}", "^[^\\d\\s]$", "^\\S+@\\S+$", "^.{0,5}$", "^[\u00e9-\u4e2d]{2}$", "^\\\\|\"$", "^(?:a|b(?:c|d)+?){1,3}$",
            "^\\u00e9\\x41$", "^[\\]\\-^]+$", "^$", "^[\\W]{3}\\D$", "^\\t\\n$", "^[\U0001f600-\U0001f64f]$"]
FORMATS = ["date", "time", "date-time", "uuid", "email", "ipv4"]
EMPTY = ["no value", "exclude each other", "empty range", "no number in", "no text has"]  # of reasons: no text is allowed
NAMES = ["a", "ab", "abc", "name", "x y", "\u00e9t\u00e9", "q\"uote", "", "value", "n1"]


def number_bounds(rng, scale):
    out, low = {}, rng.choice([-1000, -5, 0, 0, 3, 17]) * scale
    if rng.random() < 0.5:
        out[rng.choice(["minimum", "exclusiveMinimum"])] = low
    if rng.random() < 0.5:
        out[rng.choice(["maximum", "exclusiveMaximum"])] = low + rng.choice([2, 9, 10, 99, 12345]) * scale
    return out


def multiples(rng, steps):
    return {"multipleOf": rng.choice(steps)} if rng.random() < 0.3 else {}


def length_bounds(rng, low, high):
    out, least = {}, rng.randrange(4)
    if rng.random() < 0.4:
        out[low] = least
    if rng.random() < 0.4:
        out[high] = least + rng.randrange(4)
    return out


def random_value(rng, depth):
    kind = rng.randrange(6 if depth > 0 else 4)
    if kind == 4:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(3))]
    if kind == 5:
        return {rng.choice(NAMES): random_value(rng, depth - 1) for _ in range(rng.randrange(3))}
    return [None, rng.random() < 0.5, rng.choice([0, -1, 12, 1.5, -2e-7, 1e20]), rng.choice(NAMES)][kind]


def random_object(rng, depth):
    names = rng.sample(NAMES, rng.randrange(5))
    out = {"type": "object", "properties": {n: random_schema(rng, depth - 1) for n in names}}
    if rng.random() < 0.7:
        out["required"] = rng.sample(names, rng.randrange(len(names) + 1))
    if rng.random() < 0.4:
        out["additionalProperties"] = rng.choice([False, True, random_schema(rng, depth - 1)])
    elif rng.random() < 0.2:
        out.setdefault("required", []).append("further")
    return out


def random_array(rng, depth):
    out = {"type": "array", **length_bounds(rng, "minItems", "maxItems")}
    if rng.random() < 0.8:
        out["items"] = random_schema(rng, depth - 1)
    if rng.random() < 0.2:
        out["prefixItems"] = [random_schema(rng, depth - 1) for _ in range(rng.randrange(1, 3))]
    return out


def random_all(rng, depth):
    """Schemas, or keywords beside each other, that all hold; some are of kinds that have values in common."""
    of_kind = rng.choice([lambda: random_object(rng, depth), lambda: random_array(rng, depth), lambda: random_schema(rng, depth - 1),
                          lambda: {"type": "number", **number_bounds(rng, 1), **multiples(rng, [0.5, 0.3])},
                          lambda: {"type": "integer", **number_bounds(rng, 0.37), **multiples(rng, [2, 3])},
                          lambda: rng.choice([{"pattern": rng.choice(PATTERNS)}, {"type": "string", **length_bounds(rng, "minLength", "maxLength")}]),
                          lambda: {"anyOf": [random_schema(rng, depth - 1), {"type": rng.choice(["integer", "string", "array", "object"])}]},
                          lambda: {"enum": [random_value(rng, 0) for _ in range(8)]}])
    parts = [of_kind() for _ in range(rng.randrange(2, 4))]
    if rng.random() < 0.3:
        parts.append(random_schema(rng, depth - 1))
    beside = {}
    for part in parts:
        if isinstance(part, dict) and not set(part) & set(beside) and rng.random() < 0.5:
            beside = {**beside, **part}
    return {**beside, "allOf": parts} if rng.random() < 0.7 or not beside else {**beside, "anyOf": parts}


def random_schema(rng, depth):
    kind = rng.randrange(14 if depth > 0 else 6)
    if kind == 0 and rng.random() < 0.3:
        return rng.choice([{"pattern": rng.choice(PATTERNS)}, {"type": "string", "pattern": rng.choice(PATTERNS)}, {"type": "string", "format": rng.choice(FORMATS)},
                           {"pattern": rng.choice(PATTERNS), **length_bounds(rng, "minLength", "maxLength")}, {"pattern": rng.choice(["1", "^2", "7$"]), "format": rng.choice(FORMATS)}])
    if kind == 0:
        return {"type": "string", **length_bounds(rng, "minLength", "maxLength")}
    if kind == 1:
        return {"type": "integer", **number_bounds(rng, 1), **multiples(rng, [1, 2, 3, 7, 60, 1.5, 0.25, 10**10])}
    if kind == 2:
        return {"type": "number", **(number_bounds(rng, rng.choice([1, 0.1, 0.37])) if rng.random() < 0.6 else {}), **multiples(rng, [0.01, 0.1, 0.000001, 0.7, 2, 2.5])}
    if kind == 3:
        return rng.choice([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"type": ["integer", "boolean"], "title": "t"}])
    if kind == 4:
        return {"enum": [random_value(rng, 2) for _ in range(rng.randrange(1, 4))]}
    if kind == 5:
        return rng.choice([{"const": random_value(rng, 2)}, {"type": "string", "enum": ["x", "xy", 'a"b']}])
    if kind < 8:
        return random_object(rng, depth)
    if kind == 8:
        return random_array(rng, depth)
    if kind == 9:
        return {"anyOf": [random_schema(rng, depth - 1) for _ in range(rng.randrange(1, 4))]}
    if kind >= 12:
        return random_all(rng, depth)
    if kind == 10:
        return {"$ref": rng.choice(["#/$defs/node", "#/$defs/list"])}
    return rng.choice([{}, True, {"type": "object"}, {"type": "array"}, {"oneOf": [{"type": "string"}, {"type": "integer"}]}])


DEFS = {"node": {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                 "required": ["v", "next"], "additionalProperties": False},
        "list": {"type": "array", "items": {"$ref": "#/$defs/list"}, "maxItems": 3}}


FORMAT = jsonschema.FormatChecker()


@FORMAT.checks("date-time", raises=ValueError)
@FORMAT.checks("time", raises=ValueError)
def is_time(text):
    """With a zone; jsonschema asks another package for this."""
    return not isinstance(text, str) or (datetime.datetime.fromisoformat(text) if "T" in text else datetime.time.fromisoformat(text)).tzinfo is not None


@FORMAT.checks("ipv4", raises=ValueError)
def is_ipv4(text):
    return not isinstance(text, str) or bool(ipaddress.IPv4Address(text))


def exact(text):
    """Numbers as they are written: jsonschema divides floats with an error, 0.07 / 0.01."""
    return json.loads(text, parse_float=decimal.Decimal)


def check(schema, texts):
    """Those texts that are not valid, each with a reason."""
    validator = jsonschema.Draft202012Validator({} if schema is None else exact(json.dumps(schema)), format_checker=FORMAT)
    wrong = []
    for text in texts:
        try:
            value = exact(text)
            if schema is None and not isinstance(value, dict):
                wrong.append((text, "not an object"))
            wrong += [(text, e.message) for e in validator.iter_errors(value)][:1]
        except ValueError as e:
            wrong.append((text, str(e)))
    return wrong


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("bin")
    ap.add_argument("models", nargs="+")
    ap.add_argument("--schemas", type=int, default=300)
    ap.add_argument("--texts", type=int, default=10)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    rng = random.Random(a.seed)
    schemas = [None] + [{**s, "$defs": DEFS} if isinstance(s, dict) else s for s in (random_schema(rng, 3) for _ in range(a.schemas))]
    n_text = n_cut = n_wrong = n_refused = n_empty = 0
    for model in a.models:
        got = subprocess.run([a.bin, model, str(a.texts)], input="".join(json.dumps(s) + "\n" for s in schemas), stdout=subprocess.PIPE,
                             text=True, check=True)
        lines = got.stdout.split("\n")[:-1]  # not at U+2028
        assert len(lines) == len(schemas)
        for schema, line in zip(schemas, lines):
            texts = json.loads(line)
            if isinstance(texts, str) and any(word in texts for word in EMPTY):
                n_empty += 1
                continue
            if isinstance(texts, str):
                n_refused += 1
                print(f"refused: {texts}: {json.dumps(schema)[:200]}")
                continue
            whole = [t for t in texts if t is not None]
            wrong = check(schema, whole)
            n_text, n_cut, n_wrong = n_text + len(whole), n_cut + len(texts) - len(whole), n_wrong + len(wrong)
            for text, why in wrong[:2]:
                print(f"{why}: {text!r} by {json.dumps(schema)[:400]}")
    print(f"{n_text} texts, {n_wrong} not valid, {n_cut} without an end; of {len(schemas) * len(a.models)} schemas {n_refused} refused, {n_empty} without a value")
    sys.exit(n_wrong != 0 or n_refused * 10 > len(schemas) * len(a.models) or n_text == 0)


main()
