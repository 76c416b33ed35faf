# SPDX-License-Identifier: BSD-3-Clause
"""merge.py OUT.json PIECE.json ...: the pieces of openapi.json as one document.

Objects are merged key by key, the lists at the top are joined in the order of the pieces. A value that two pieces give differently
is an error.

The responses to errors are made from x-errors, which the document itself does not have:

- At the top of a piece, x-errors is {"schema": NAME, "example": BODY, "kinds": {NAME: KIND}}. The schema is that of this API's
  errors; its name without "Error" at the end is the prefix of its responses (OpenAiError: OpenAiBusy). In the example, the string
  "<message>" stands for a kind's message, "<status>" for its status, and so on. The kinds are this API's own.
- A kind of errors is {"status", "description", "message", "headers", "always"} and whatever else the example names. "headers" may
  be missing. With "always": true, every operation has it. "schema" and "example", if given, replace the piece's. The kinds of the
  first piece are those of all pieces; another piece may change some of their values, such as {"Busy": {"status": 429}}.
- In an operation, x-errors lists its errors besides those that every operation has: a name, or a status, which stands for the first
  kind with that status, in the order of the first piece's kinds, then the piece's own.
"""
import json
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def fill(value, kind, name):
    """An example with the values of a kind."""
    if isinstance(value, dict):
        return {key: fill(x, kind, name) for key, x in value.items()}
    if isinstance(value, list):
        return [fill(x, kind, name) for x in value]
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        if value[1:-1] not in kind:
            raise SystemExit(f"openapi.json: the error {name} has no {value[1:-1]} for the example")
        return kind[value[1:-1]]
    return value


def response(kind, name):
    """The response of a kind of errors, as it is among the components."""
    schema = {"$ref": "#/components/schemas/" + kind["schema"]}
    body = {"schema": schema, "example": fill(kind["example"], kind, name)}
    headers = {"headers": kind["headers"]} if "headers" in kind else {}
    return {"description": kind["description"], **headers, "content": {"application/json": body}}


def find(kinds, error, where):
    """The name of the kind that an operation's list names."""
    for name, kind in kinds.items():
        if error in (name, kind["status"]):
            return name
    raise SystemExit(f"openapi.json: {where}: no error is {error}")


def add_errors(piece, shared):
    """Replaces the x-errors of a piece by responses. shared: the kinds of all pieces. Returns them with the piece's own."""
    errors = piece.pop("x-errors", {})
    own = errors.get("kinds", {})
    kinds = {name: {**shared.get(name, {}), **own.get(name, {})} for name in {**shared, **own}}
    operations = [(f"{method} {path}", o) for path, item in piece.get("paths", {}).items() for method, o in item.items() if method in METHODS]
    if operations and not {"schema", "example"} <= set(errors):
        raise SystemExit(f"openapi.json: {operations[0][0]}: its piece has no schema or no example of errors")
    for where, operation in operations:
        names = [name for name, kind in kinds.items() if kind.get("always")]
        names += [find(kinds, error, where) for error in operation.pop("x-errors", [])]
        for name in names:
            kind = {"schema": errors["schema"], "example": errors["example"], **kinds[name]}
            full, status = errors["schema"].removesuffix("Error") + name, str(kind["status"])
            if status in operation["responses"]:
                raise SystemExit(f"openapi.json: {where}: {status} is there twice")
            operation["responses"][status] = {"$ref": "#/components/responses/" + full}
            piece.setdefault("components", {}).setdefault("responses", {})[full] = response(kind, name)
        operation["responses"] = dict(sorted(operation["responses"].items()))
    return kinds


def merge(into, piece, at=""):
    """Adds piece to the object `into`, which is at this place of the document."""
    for key, value in piece.items():
        old, here = into.setdefault(key, value), f"{at}/{key}"
        if old is value or old == value:
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value, here)
        elif isinstance(old, list) and isinstance(value, list) and at == "":
            old += value
        else:
            raise SystemExit(f"openapi.json: {here} is not the same in two pieces")
    return into


def document(pieces):
    """The whole document. The pieces are used up."""
    whole, shared = {}, {}
    for i, piece in enumerate(pieces):
        kinds = add_errors(piece, shared)
        shared = kinds if i == 0 else shared
        merge(whole, piece)
    return whole


def main():
    out, *names = sys.argv[1:]
    pieces = []
    for name in names:
        with open(name, encoding="utf-8") as f:
            pieces.append(json.load(f))
    with open(out, "w", encoding="utf-8") as f:
        json.dump(document(pieces), f, ensure_ascii=False, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
