#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""memory.py MODEL [MAX_MEMORY]: the memory limit of a container, as mem_limit has it: what the model needs, MAX_MEMORY and 64 MiB.

    T2V_MAX_MEMORY=1g T2V_MEM_LIMIT=$(images/memory.py 91m 1g) docker compose up

MODEL is the size of the model's weights (91m, 438m), or one of the images' names that this file knows. MAX_MEMORY is T2V_MAX_MEMORY;
by default t2v's own default, 512m.

memory.py --write puts the limits of our own images into docker-compose.yml and the values of the charts; memory.py alone says, by
its exit status, whether they are there.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
MAX_MEMORY = 512 * MIB  # 32 times T2V_MAX_BODY's default
SPARE = 64 * MIB  # what t2v may take above max-memory, as test/soak/floods.py checks
MODEL_SPARE = 96 * MIB  # beside the weights: the tokenizer, what a batch needs, the program
STEP = 32 * MIB

MINILM, DPR = "sentence-transformers-all-MiniLM-L6-v2", "facebook-dpr-ctx_encoder-single-nq-base"
POTION = "minishlab-potion-retrieval-32M-model2vec"
RAG = 91_000_000, 91_000_000, 269_000_000  # bytes: all-MiniLM-L6-v2, ms-marco-MiniLM-L6-v2, SmolLM2-135M
WEIGHTS = {MINILM: 91_000_000, DPR: 438_000_000, POTION: 130_000_000}  # bytes, float32


def bytes_of(text):
    """A count as t2v takes it: digits, then K, M or G."""
    m = re.fullmatch(r"(\d+)(?:([kmg])i?b?)?", text, re.I)
    if not m:
        raise ValueError(f"'{text}' is not a count (digits, then K, M or G)")
    return int(m[1]) << 10 * " kmg".index((m[2] or " ").lower())


def need(weights):
    """What a model with so many bytes of weights needs, in bytes, rounded up."""
    return -(-(weights + MODEL_SPARE) // STEP) * STEP


def limit(weights, max_memory=MAX_MEMORY):
    return need(weights) + max_memory + SPARE


def limit_with_generator(all_weights, max_memory=MAX_MEMORY):
    """Of several models, one of which generates: a quarter of the memory is for keys and values."""
    return (sum(map(need, all_weights)) + max_memory + SPARE) * 4 // 3


def mib(n, unit):
    return f"{-(-n // MIB)}{unit}"


def limits(weights, path, request=r'requests:\n +cpu: "1"\n +memory: ', at_most=r'limits:\n +cpu: "2"\n +memory: '):
    """What a file of values for Weaviate's chart says of it."""
    return [(path, request, mib(need(weights) + SPARE, "Mi")), (path, at_most, mib(limit(weights), "Mi"))]


# (file, what stands before the value, the value)
PLACES = [
    ("docker-compose.yml", r"\{T2V_MEM_LIMIT:-", mib(limit(WEIGHTS[MINILM]), "m")),
    ("docker-compose.yml", r"\{T2V_DPR_MEM_LIMIT:-", mib(limit(WEIGHTS[DPR]), "m")),
    ("docker-compose.yml", r"\{T2V_RAG_MEM_LIMIT:-", mib(limit_with_generator(RAG), "m")),
    ("images/chart/t2v/values.yaml", r"\nmodelMemory: ", mib(need(WEIGHTS[MINILM]), "Mi")),
    *limits(WEIGHTS[MINILM], "images/weaviate-values.yaml"),
    *limits(WEIGHTS[DPR], "images/weaviate-values-dpr.yaml"),
    *limits(WEIGHTS[POTION], "images/weaviate-values-model2vec.yaml"),
]


def texts():
    """{path: (its text, its text with the limits)}."""
    found = {}
    for path, before, value in PLACES:
        with open(os.path.join(HERE, "..", path), encoding="utf-8") as f:
            text = f.read()
        old, new = found.get(path, (text, text))
        new, n = re.subn(rf"({before})\w+", lambda m: m[1] + value, new)
        if n == 0:
            sys.exit(f"images/memory.py: {path} has no place for {value}")
        found[path] = old, new
    return found


def main(args):
    if args == ["--write"]:
        for path, (_, text) in texts().items():
            with open(os.path.join(HERE, "..", path), "w", encoding="utf-8") as f:
                f.write(text)
        return 0
    if not args:
        wrong = [path for path, (old, new) in texts().items() if old != new]
        return f"{', '.join(wrong)}: not what images/memory.py says: images/memory.py --write" if wrong else 0
    if args[0].startswith("-") or len(args) > 2:
        print("images/memory.py: usage: images/memory.py [MODEL [MAX_MEMORY] | --write]", file=sys.stderr)
        return 2
    try:
        weights = WEIGHTS.get(args[0]) or bytes_of(args[0])
        print(mib(limit(weights, bytes_of(args[1]) if args[1:] else MAX_MEMORY), "m"))
    except ValueError as e:
        print(f"images/memory.py: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
