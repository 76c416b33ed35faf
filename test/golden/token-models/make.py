#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes cases.json: what tokenizers 0.22.0 makes of models without a type, of WordLevel, of models that lack the unknown token, and of
the pre-tokenizers FixedLength and UnicodeScripts. `ids` is null where the library raises.

    python3 make.py > cases.json
"""
import json, random
from tokenizers import Tokenizer

random.seed(16)
SCRIPTS = "aZ \u00e9\u00d7. 1\u3042\u30a2\u30fc\u3002\u751f\u308c\u0436\u0391\u0300\u0345\u0627\u060c\u05d0\u0915\u0964\ud55c\u1100\u0378\ue000\U0001f600\u200d\u3000\u00a0\U00020000\u2c2f\u1c80\u0870\U00010d50\U00016ea0\u2e80\u3105\u16a0"
WORDS = ["the", "river", "The", "wheel", "thee", ",", "\u00e9t\u00e9", "\u65e5\u672c", "[UNK]", "ri", "ver"]


def scripts_text():
    return "".join(random.choice(SCRIPTS) for _ in range(random.randint(0, 14)))


def words_text():
    return random.choice(("", " ", "x ")) + " ".join(random.choice(WORDS) for _ in range(random.randint(0, 6))) + random.choice(("", ".", "  "))


def tokenizer(model, pre=None):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": pre,
            "post_processor": None, "decoder": None, "model": model}


def words(**more):
    return {"vocab": {w: i for i, w in enumerate(["[UNK]", *WORDS[:8]])}, "unk_token": "[UNK]", **more}


STARTS = "ab \t\u200d\u0301\u00e9\x07\x01`\u2581\u4e2d"


def starts_text():
    return "".join(random.choice(STARTS) for _ in range(random.randint(1, 5)))


LETTERS = sorted(set("".join(WORDS) + ".x") - {"\u672c"})
unigram = {"unk_id": 0, "vocab": [["<unk>", 0]] + [[c, -5] for c in LETTERS] + [["the", -2], ["\u2581", -3], ["\u2581the", -1.5], ["river", -4], ["ve", -3]]}
piece = {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
         "vocab": {w: i for i, w in enumerate(["[UNK]", *LETTERS, *("##" + c for c in LETTERS), "##ver", "th"])}}
bpe = {"vocab": {w: i for i, w in enumerate([*LETTERS, "th", "the"])}, "merges": ["t h", "th e"]}
# Each character as the first of a piece and as a later one: ids tell where the pieces begin.
edges = {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
         "vocab": {w: i for i, w in enumerate(["?", *sorted(set(SCRIPTS)), *("##" + c for c in sorted(set(SCRIPTS)))])}}
space, split, meta = {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
scripts = {"type": "UnicodeScripts"}


def length(n=None):
    return {"type": "FixedLength", **({} if n is None else {"length": n})}


def row(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def first(*normalizers):
    """Metaspace's "first" behind what may drop, or replace, what stands first; another character for each that may come first."""
    made = tokenizer(edges_of(STARTS + "xy"), {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False})
    return {**made, "normalizer": {"type": "Sequence", "normalizers": list(normalizers)}}


def edges_of(letters):
    return {**edges, "vocab": {w: i for i, w in enumerate(["?", *sorted(set(letters)), *("##" + c for c in sorted(set(letters)))])}}


def replace(kind, pattern, content):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def space_tokens(**flags):
    """White space that is an added token, and takes white space around it."""
    made = tokenizer(edges_of("<>ab \t"), None)
    tokens = [{"content": c, "single_word": False, "lstrip": l, "rstrip": r, "normalized": n, "special": False} for c, l, r, n in flags["tokens"]]
    return {**made, "added_tokens": [{"id": 100 + i, **t} for i, t in enumerate(tokens)]}


def space_text():
    return "".join(random.choice("\t\t  <>ab") for _ in range(random.randint(0, 9)))


BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": True, "lowercase": False}
STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
KINDS = [
    (tokenizer(words(type="WordLevel"), space), words_text), (tokenizer(words(), space), words_text),
    (tokenizer(words(type="WordLevel"), None), words_text), (tokenizer(words(unk_token="none"), split), words_text),
    (tokenizer(unigram, meta), words_text), (tokenizer({**unigram, "unk_id": None}, meta), words_text),
    (tokenizer({"vocab": unigram["vocab"]}, meta), words_text), (tokenizer({**unigram, "unk_token": "<unk>", "merges": []}, meta), words_text),
    (tokenizer(piece, space), words_text), (tokenizer({**piece, "unk_token": "none"}, space), words_text),
    (tokenizer(bpe, space), words_text),
    (tokenizer(edges, scripts), scripts_text), (tokenizer(edges, row(split, scripts)), scripts_text), (tokenizer(edges, row(scripts, split)), scripts_text),
    (tokenizer(edges, length()), scripts_text), (tokenizer(edges, length(1)), scripts_text), (tokenizer(edges, length(3)), scripts_text),
    (tokenizer(edges, row(scripts, length(2))), scripts_text),
    *((first(*n), starts_text) for n in ([], [BERT], [STRIP], [{"type": "StripAccents"}], [{"type": "Nmt"}], [replace("String", "``", "x")],
                                         [replace("String", "`", "x")], [replace("String", "a", "")], [replace("Regex", "a+b?", "x")],
                                         [replace("Regex", "a{2,}", "y")], [replace("Regex", "\\s", "")], [{"type": "NFD"}, {"type": "StripAccents"}],
                                         [BERT, {"type": "Prepend", "prepend": "x"}], [replace("Regex", "^", "x")], [{"type": "NFKC"}, {"type": "Lowercase"}])),
    (space_tokens(tokens=[("\t", True, True, False)]), space_text),
    (space_tokens(tokens=[("\t", True, True, False), ("<", False, True, True)]), space_text),
    (space_tokens(tokens=[("\t", False, True, True), ("a", True, False, True)]), space_text),
]
made = []
for kind, text in KINDS:
    library, cases = Tokenizer.from_str(json.dumps(kind)), []
    for t in ["", " ", *(text() for _ in range(60))]:
        try:
            ids = library.encode(t).ids[:60]
        except Exception:
            ids = None
        cases.append({"text": t, "ids": ids})
    files = {"tokenizer.json": json.dumps(kind), "tokenizer_config.json": '{"tokenizer_class": "PreTrainedTokenizerFast"}'}
    made.append({"files": files, "cases": cases})
print('{"tokenizers": [\n' + ",\n".join(json.dumps(m) for m in made) + "\n]}")
