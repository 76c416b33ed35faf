#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""contract.py BIN MODEL_DIR VENV EXAMPLES SEED: schemathesis and httplint against a daemon, without and with tokens. See run."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "api"))
from daemon import Daemon, request, vectors  # noqa: E402

TOKEN = "a-token-of-the-test"
GOLDEN = os.path.join(os.path.dirname(HERE), "golden")
# One for each task, beside the embedder, so that each route has a model.
MODELS = ("heads/cross-encoder", "heads/reader-roberta", "heads/ner-bert", "heads/sequence-distilbert", "bert-cased-mlm-gamma", "multi/native", "generators/marked")
CORS = {"T2V_CORS_ORIGINS": "*"}  # else a preflight is 405, though the description has it


def schemathesis(venv, d, examples, seed, *more):
    """True when it found nothing."""
    command = [os.path.join(venv, "bin", "schemathesis"), "run", f"http://127.0.0.1:{d.port}/openapi.json", "--checks", "all", "--max-examples", examples, "--seed", seed,
               "--continue-on-failure", "--no-color", *more]
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=os.path.dirname(venv),
                       env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": HERE})
    cases = re.findall(r"\d+ generated.*", p.stdout)
    if p.returncode != 0:
        print(p.stdout)
    print(f"schemathesis {' '.join(more[:1])}: {cases[-1].strip() if cases else 'no test cases'}, exit {p.returncode}", flush=True)
    return p.returncode == 0 and bool(cases) and d.process.poll() is None


def raw_answer(d, data):
    with d.connect() as c:
        c.send(data)
        while c.more():
            pass
        return c.rest


def httplint(venv, d):
    """What a lint for HTTP calls bad in our answers; its clock is to the minute, ours is not looked at."""
    bad = []
    for data in (request("GET", "/meta", headers=["Connection: close"]), request("GET", "/metrics", headers=["Connection: close"]), request("GET", "/nope", headers=["Connection: close"]),
                 request("GET", "/.well-known/live", headers=["Connection: close"]), request("GET", "/vectors", headers=["Connection: close"]), b"nonsense\r\n\r\n",
                 vectors({"text": "hello there"}, ["Connection: close"]), vectors(b"{", ["Connection: close"]), request("GET", "/openapi.json", headers=["Connection: close"])):
        p = subprocess.run([os.path.join(venv, "bin", "httplint"), "-n"], input=raw_answer(d, data), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        lines = p.stdout.decode(errors="replace").splitlines()
        found = [x for x in lines if "[BAD]" in x and "clock" not in x]
        bad += [f"{data.split(b' HTTP')[0]!r}: {x}" for x in found]
        if not any("[" in x for x in lines):
            bad.append(f"{data[:30]!r}: httplint said nothing: {lines[:3]}")
    print("\n".join(bad) + ("\n" if bad else "") + f"httplint: {len(bad)} bad things")
    return not bad


def main():
    binary, model, venv, examples, seed = sys.argv[1:6]
    venv, good = os.path.abspath(venv), []
    models = [word for name in MODELS for word in ("--model", os.path.join(GOLDEN, name))]
    with Daemon(binary, model, *models, env=CORS) as d:
        good.append(schemathesis(venv, d, examples, seed))
        good.append(httplint(venv, d))
    with Daemon(binary, model, *models, env={**CORS, "AUTHENTICATION_ALLOWED_TOKENS": TOKEN}) as d:
        good.append(schemathesis(venv, d, examples, seed, "--header", f"Authorization: Bearer {TOKEN}"))
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
