#!/usr/bin/env bash
# schemathesis 4.32.5: a schema of OpenAPI 3.1 ends the stateful phase if an answer's oneOf or anyOf has an array whose items have
# two types.
#
# Expected: "type": ["integer", "null"] is what OpenAPI 3.1 (JSON Schema 2020-12) has for a number or null; schemathesis's other
#           phases take it.
# Happens:  the analysis of answers looks an item's `type` up in a set: TypeError, "unhashable type: 'list'".
# Costs:    no stateful tests of such an API at all. The same written as {"anyOf": [{"type": "integer"}, {"type": "null"}]} works.
#
# Seen: oneOf, items {'type': 'integer'}: a state machine
#       oneOf, items {'type': ['integer', 'null']}: TypeError: unhashable type: 'list'
#       oneOf, items {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}: a state machine
#       and anyOf likewise
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check schemathesis==4.32.5
cat > "$dir/check.py" <<'EOF'
import schemathesis


def load(kind, items):
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    answer = {"content": {"application/json": {"schema": {kind: [{"type": "array", "items": items}, thing]}}}, "description": "ok"}
    place = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    schema = schemathesis.openapi.from_dict({"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": {
        "/things": {"post": {"responses": {"200": answer}}},
        "/things/{id}": {"get": {"parameters": [place], "responses": {"200": {"description": "ok"}}}}}})
    try:
        schema.as_state_machine()
        return "a state machine"
    except TypeError as e:
        return f"TypeError: {e}"


for kind in "oneOf", "anyOf":
    for items, wanted in (({"type": "integer"}, "a state machine"),
                          ({"type": ["integer", "null"]}, "TypeError: unhashable type: 'list'"),
                          ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a state machine")):
        got = load(kind, items)
        print(f"{kind}, items {items}: {got}")
        assert got == wanted
EOF
"$dir/venv/bin/python" "$dir/check.py"
