#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make.py FIXTURE ...: writes kinds.json and models.json, what tokenizers 0.22.0 and transformers 4.56.1 make of token ids.

kinds.json: random decoders of every kind, over the vocabulary of test/differential/decode.py. models.json: the tokenizer of each
FIXTURE, a model directory: by the name of its folder where golden/ has it, else by its files, without what decoding does not need;
then tokenizers of older files, with SentencePiece models that are copied from golden/.
{"files", "copies" or "folder", "tidies": clean_up_tokenization_spaces, "cases": [[ids, raw, without special tokens, tidied, both], ...]};
of three texts the later ones are null where they are as the first.
"""
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))
from decode import TOKENS, make_tokenizer, open_tokenizer, random_decoder, theirs, tokenizers  # noqa: E402

N_KIND, N_CASE, N_LIST = 150, 5, 12
TEXTS = ["Hello, world!  It's a test , isn't it ? I 'm sure you 've seen \u20ac5 .", "\u4f60\u597d \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 caf\u00e9 na\u00efve \u0928\u092e\u0938\u094d\u0924\u0947\n\ttab",
         " leading", "trailing ", "", "  two  spaces  ", "<unk> <s> [SEP] </s> <|endoftext|>", "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u1200\u1201"]


def case(ids, backend):
    texts = theirs(backend, ids)
    return [ids, texts[0]] + [None if t == texts[0] else t for t in texts[1:]]


def kinds(draw):
    files, made = make_tokenizer(draw, None), []
    while len(made) < N_KIND:
        files["decoder"] = random_decoder(draw)
        backend = tokenizers.Tokenizer.from_str(json.dumps(files))
        lists = [[draw.randrange(len(TOKENS) + 3) for _ in range(draw.choice([0, 1, 2, 4, 8, 16]))] for _ in range(N_CASE)]
        try:
            made.append({"decoder": files["decoder"], "cases": [case(x, backend) for x in lists]})
        except BaseException as e:  # the library panics on some: pylint: disable=broad-except
            if isinstance(e, KeyboardInterrupt):
                raise
    files["decoder"] = None
    return {"tokenizer": json.dumps(files), "decoders": made}


def where(folder, known):
    with open(os.path.join(folder, "tokenizer.json"), "rb") as f:
        text = f.read()
    if (hit := known.get(hashlib.sha256(text).digest())) is not None:
        return {"folder": hit}
    parts = json.loads(text)
    parts.update(normalizer=None, pre_tokenizer=None, post_processor=None)
    if "merges" in parts["model"]:
        parts["model"]["merges"] = []
    files = {"tokenizer.json": json.dumps(parts, ensure_ascii=False, separators=(",", ":"))}
    if os.path.exists(os.path.join(folder, "tokenizer_config.json")):
        with open(os.path.join(folder, "tokenizer_config.json"), encoding="utf-8") as f:
            config = json.load(f)
        config.pop("chat_template", None)
        files["tokenizer_config.json"] = json.dumps(config, ensure_ascii=False, separators=(",", ":"))
    return {"files": files}


def model(folder, known, draw):
    tokenizer = open_tokenizer(folder)
    size = len(tokenizer)
    lists = [tokenizer(t)["input_ids"] for t in TEXTS]
    lists += [[draw.randrange(size + 2) for _ in range(draw.choice([1, 3, 9, 27]))] for _ in range(N_LIST)]
    cases = [case(x, tokenizer.backend_tokenizer) for x in lists]
    return {"name": os.path.basename(os.path.normpath(folder)), **where(folder, known), "tidies": bool(tokenizer.clean_up_tokenization_spaces), "cases": cases}


BYTES = {"vocab.json": json.dumps({t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>", "a", "b", "\u0120", "\u0120a", "ab", "\u00c3", "\u00a9", "\u00f0", "\u0141"])}),
         "merges.txt": "#version: 0.2\n\u0120 a\na b\n"}
OLDER = [  # files, and SentencePiece models of golden/
    ({"config.json": '{"model_type": "xlm-roberta"}'}, {"sentencepiece.bpe.model": "token-spm/sentencepiece.bpe.model"}),
    *(({"tokenizer_config.json": json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": 3, **more})}, {"spiece.model": "token-unigram/tiny.model"})
      for more in ({}, {"add_prefix_space": False}, {"add_prefix_space": True, "legacy": False, "clean_up_tokenization_spaces": True}, {"legacy": False})),
    *(({**BYTES, "tokenizer_config.json": json.dumps({"tokenizer_class": name})}, {}) for name in ("RobertaTokenizer", "GPT2Tokenizer")),
]


def older(draw):
    for files, copies in OLDER:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write(text)
            for name, path in copies.items():
                shutil.copy(os.path.join(HERE, "..", path), os.path.join(folder, name))
            tokenizer = open_tokenizer(folder)
            lists = [[draw.randrange(len(tokenizer) + 2) for _ in range(n)] for n in (0, 1, 2, 5, 12, 12, 30)]
            yield {"name": "older files", "files": files, "copies": copies, "tidies": bool(tokenizer.clean_up_tokenization_spaces), "cases": [case(x, tokenizer.backend_tokenizer) for x in lists]}


def write(name, value, list_key):
    """A line for each item of the list."""
    rest = {k: v for k, v in value.items() if k != list_key}
    lines = ",\n".join(json.dumps(x, ensure_ascii=False) for x in value[list_key])
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write(json.dumps(rest, ensure_ascii=False)[:-1] + (", " if rest else "") + f'"{list_key}": [\n{lines}\n]}}\n')


def main():
    draw, known, done = random.Random(22), {}, set()
    golden = os.path.join(HERE, "..")
    for folder, _, names in sorted(os.walk(golden)):
        if "tokenizer.json" in names:
            with open(os.path.join(folder, "tokenizer.json"), "rb") as f:
                known.setdefault(hashlib.sha256(f.read()).digest(), os.path.relpath(folder, golden))
    models = []
    for folder in sys.argv[1:]:
        with open(os.path.join(folder, "tokenizer.json"), "rb") as f:
            key = hashlib.sha256(f.read()).digest()
        if key not in done:
            models.append(model(folder, known, draw))
        done.add(key)
    models += older(draw)
    write("kinds.json", kinds(draw), "decoders")
    write("models.json", {"models": models}, "models")


main()
