#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""merge.py adds the responses that x-errors names, in each API's own shape, and refuses pieces that are wrong."""
import copy
import importlib.util
import json
import os
import sys

sys.dont_write_bytecode = True
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../src/http/api/merge.py")
spec = importlib.util.spec_from_file_location("merge", PATH)
merge = importlib.util.module_from_spec(spec)
spec.loader.exec_module(merge)

RETRY = {"Retry-After": {"schema": {"type": "integer"}}}
BASE = {"openapi": "3.1.0", "x-errors": {"kinds": {
    "BadRequest": {"status": 400, "description": "No HTTP", "message": "Host is missing", "always": True},
    "Unauthorized": {"status": 401, "description": "No token", "message": "Unauthorized"},
    "Busy": {"status": 503, "description": "Full", "message": "the queue is full", "headers": RETRY}}}}
ONE = {
    "x-errors": {"schema": "Error", "example": {"error": "<message>"},
                 "kinds": {"Stalled": {"status": 503, "description": "Stuck", "message": "no progress"},
                           "Invalid": {"status": 422, "description": "Wrong", "schema": "Invalid", "example": {"detail": []}}}},
    "tags": [{"name": "one"}],
    "paths": {"/one": {"get": {"responses": {"200": {"description": "Yes"}}, "x-errors": [401, 422, 503]}, "summary": "no operation"},
              "/live": {"get": {"responses": {"204": {"description": "Yes"}}, "x-errors": ["Stalled"]}}}}
TWO = {
    "x-errors": {"schema": "TwoError", "example": {"error": {"text": "<message>", "code": "<status>", "type": "<type>"}, "all": ["<message>"]},
                 "kinds": {"BadRequest": {"type": "bad"}, "Busy": {"status": 429, "type": "busy"}}},
    "tags": [{"name": "two"}],
    "paths": {"/two": {"post": {"responses": {"200": {"description": "Yes"}}, "x-errors": [429]}}}}


def made(*pieces):
    return merge.document(copy.deepcopy([BASE, *pieces]))


def ref(name):
    return {"$ref": "#/components/responses/" + name}


def answer(description, schema, example, **more):
    return {"description": description, **more, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/" + schema}, "example": example}}}


whole = made(ONE, TWO)
assert "x-errors" not in json.dumps(whole)
assert whole["tags"] == [{"name": "one"}, {"name": "two"}]
assert whole["paths"]["/one"]["get"]["responses"] == {"200": {"description": "Yes"}, "400": ref("BadRequest"), "401": ref("Unauthorized"),
                                                      "422": ref("Invalid"), "503": ref("Busy")}
assert list(whole["paths"]["/one"]["get"]["responses"]) == ["200", "400", "401", "422", "503"]
assert whole["paths"]["/live"]["get"]["responses"]["503"] == ref("Stalled")
assert whole["paths"]["/two"]["post"]["responses"] == {"200": {"description": "Yes"}, "400": ref("TwoBadRequest"), "429": ref("TwoBusy")}
assert whole["components"]["responses"] == {
    "BadRequest": answer("No HTTP", "Error", {"error": "Host is missing"}),
    "Unauthorized": answer("No token", "Error", {"error": "Unauthorized"}),
    "Busy": answer("Full", "Error", {"error": "the queue is full"}, headers=RETRY),
    "Stalled": answer("Stuck", "Error", {"error": "no progress"}),
    "Invalid": answer("Wrong", "Invalid", {"detail": []}),
    "TwoBadRequest": answer("No HTTP", "TwoError", {"error": {"text": "Host is missing", "code": 400, "type": "bad"}, "all": ["Host is missing"]}),
    "TwoBusy": answer("Full", "TwoError", {"error": {"text": "the queue is full", "code": 429, "type": "busy"}, "all": ["the queue is full"]},
                      headers=RETRY)}
assert list(merge.document(copy.deepcopy([BASE, TWO]))["components"]["responses"]) == ["TwoBadRequest", "TwoBusy"]  # what no operation has is left out


def refuses(change, message):
    piece = copy.deepcopy(TWO)
    change(piece, piece["paths"]["/two"]["post"])
    try:
        made(ONE, piece)
    except SystemExit as e:
        assert message in str(e), e
    else:
        raise AssertionError(message + ": not refused")


refuses(lambda piece, o: o.update({"x-errors": [418]}), "post /two: no error is 418")
refuses(lambda piece, o: o.update({"x-errors": ["Stalled"]}), "post /two: no error is Stalled")  # a kind of another piece
refuses(lambda piece, o: o.update({"x-errors": [429, "Busy"]}), "post /two: 429 is there twice")
refuses(lambda piece, o: o["responses"].update({"400": {}}), "post /two: 400 is there twice")
refuses(lambda piece, o: piece["x-errors"]["kinds"].pop("Busy"), "post /two: no error is 429")
refuses(lambda piece, o: piece["x-errors"]["kinds"]["Busy"].pop("type"), "the error Busy has no type")
refuses(lambda piece, o: piece["x-errors"].pop("schema"), "post /two: its piece has no schema")
refuses(lambda piece, o: piece.pop("x-errors"), "post /two: its piece has no schema")
refuses(lambda piece, o: piece["x-errors"].update(schema="Error"), "/components/responses/BadRequest")  # the same name for another response
