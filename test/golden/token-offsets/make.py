#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes cases.json: ids, offsets and types that tokenizers 0.22.0 gives, for the tokenizers of ../token-*/cases.json with some of
their texts, and for tokenizers made here, one for each kind of step that moves characters. Each case is [text or [A, B], most
tokens, ids, offsets, types]; ids are null where the library raises.

    python3 make.py > cases.json
"""
import json, os, random
from tokenizers import Tokenizer

random.seed(7)
HERE = os.path.dirname(os.path.abspath(__file__))
MARKS = "\u0300\u0301\u0307\u0323\u0327\u0334\u0338\u0345\u093c\u0903\u302e\u0f71\u0f72\u1161\u11a8"
LETTERS = "aAzE .,9\u00e9\u00c5\u0416\u1ec7\u0130\u00df\ufb03\u00bd\u1e9b\u0344\uac01\u1100\u4e2d\uf900\U00020000\u3000\u00a0\t\n\u200d\x00\x07\ufffd\u2581\U0001f600\u0928\u09c7\u2126\u3392\ufdfa\r"


def text():
    words = (random.choice(LETTERS) + random.choice(("", "", random.choice(MARKS), random.choice(MARKS) + random.choice(MARKS)))
             for _ in range(random.randint(0, 12)))
    return random.choice(("", " ", "  ", "\u0301", "\n")) + "".join(w + random.choice(("", "", " ")) for w in words)


# Each character is a token, at the beginning of a piece and inside of it.
CHARACTERS = sorted(set(LETTERS + MARKS + "aAeEzZbcdfix<>-#? \u00a5"))
WORDS = {w: i for i, w in enumerate(dict.fromkeys(["?", *CHARACTERS, *("##" + c for c in CHARACTERS)]))}
piece = {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 9, "vocab": WORDS}
level = {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "aa": 1, "\u2581": 2}}
unigram = {"type": "Unigram", "unk_id": 0, "byte_fallback": False,
           "vocab": [["<unk>", 0], *([c, -3 - i % 7] for i, c in enumerate(CHARACTERS)), ["\u2581a", -1], ["\u2581", -2]]}
bytes_ = [f"<0x{b:02X}>" for b in range(256)]
unigram_bytes = {**unigram, "byte_fallback": True, "vocab": unigram["vocab"] + [[b, -9] for b in bytes_]}


def bpe(tokens, merges, **more):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False, "vocab": {t: i for i, t in enumerate(dict.fromkeys(tokens))}, "merges": merges, **more}


ALPHABET = [chr(b) if 0x20 < b < 0x7F or 0xA0 < b and b != 0xAD else chr(0x100 + b if b <= 0x20 else 0x143 if b == 0xAD else 0x121 + b - 0x7F) for b in range(256)]
G = "\u0120"
byte_bpe = bpe([*ALPHABET, G + "a", G + G, "aa", "\u00c3\u00a9", G + "\u0120a"], [[G, "a"], [G, G], ["a", "a"], ["\u00c3", "\u00a9"]])
plain_bpe = bpe(["<unk>", *CHARACTERS, "aa", "\u2581a"], [["a", "a"], ["\u2581", "a"]])
fallback = bpe(["<unk>", *bytes_, "\u2581", "a", "\u2581a", "E"], [["\u2581", "a"]], byte_fallback=True, unk_token="<unk>", fuse_unk=True)


def bert(clean, chinese, accents, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents, "lowercase": lower}


def replace(kind, pattern, content):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def row(*steps):
    return {"type": "Sequence", "normalizers": list(steps)}


def pre_row(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def meta(scheme, split=True):
    return {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme, "split": split}


def byte_level(prefix=False, trim=True, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def split(kind, pattern, behavior, invert=False):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def roberta(trim, prefix):
    return {"type": "RobertaProcessing", "sep": ["?", 0], "cls": ["?", 0], "trim_offsets": trim, "add_prefix_space": prefix}


template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "?", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "?", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"?": {"id": "?", "ids": [0], "tokens": ["?"]}}}


def token(content, single=False, left=False, right=False, normalized=False):
    return {"content": content, "single_word": single, "lstrip": left, "rstrip": right, "normalized": normalized, "special": not normalized}


def make(model, normalizer=None, pre=None, post=None, added=()):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [{"id": 5000 + i, **t} for i, t in enumerate(added)],
            "normalizer": normalizer, "pre_tokenizer": pre, "post_processor": post, "decoder": None, "model": model}


ADDED = (token("aa", left=True, right=True), token("Ab", single=True), token("\u00e9 a", normalized=True, left=True), token("zz", normalized=True, right=True))
words, bert_pre = {"type": "Whitespace"}, {"type": "BertPreTokenizer"}
FORMS = [{"type": t} for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")]
MADE = [make(piece, n, p) for n in (*FORMS, *(bert(*f) for f in ((True, True, None, True), (True, True, False, True), (False, False, True, False), (True, True, None, False))),
        row({"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "NFC"}), row({"type": "Prepend", "prepend": "\u2581\u00e9"}, replace("String", " ", "\u2581")),
        {"type": "Strip", "strip_left": True, "strip_right": True}, replace("String", "a", "<\u00e9>"), replace("String", "E", ""), replace("Regex", " {2,}", "\u2581"),
        replace("Regex", "[ a]*", "-"), replace("Regex", r"\s+", "  "), replace("Regex", r"(a|\u00e9)\p{M}*", "xy")) for p in (None, bert_pre)]
MADE += [make(piece, None, p) for p in (words, {"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"},
         {"type": "UnicodeScripts"}, {"type": "FixedLength", "length": 3}, {"type": "CharDelimiterSplit", "delimiter": "a"}, split("Regex", r"\s", "MergedWithNext"),
         split("String", "a", "Removed"), split("Regex", "[^a]", "Contiguous", True), split("String", " ", "MergedWithPrevious"))]
MADE += [make(m, n, p) for m in (unigram, unigram_bytes, plain_bpe, fallback, level) for n in (None, row({"type": "Nmt"}, {"type": "NFKC"}))
         for p in (None, meta("always"), meta("first", False), meta("never"), pre_row(words, meta("always")))]
MADE += [make(byte_bpe, n, byte_level(prefix, True, regex), post) for n in (None, {"type": "NFC"}) for prefix in (False, True) for regex in (False, True)
         for post in (None, byte_level(prefix), roberta(True, prefix), roberta(False, prefix))]
MADE += [make(byte_bpe, None, pre_row(split("Regex", r"\p{N}{1,3}| ?\p{L}+|\s+", "Isolated"), byte_level(False, True, False)),
              {"type": "Sequence", "processors": [byte_level(True), template]}, ADDED),
         make(bpe(CHARACTERS, [], continuing_subword_prefix="\u00e9"), None, words),
         make(bpe([*bytes_, "a"], [], continuing_subword_prefix="#", byte_fallback=True), None, words)]
MADE += [make(m, n, p, post, ADDED) for m, n, p, post in ((piece, bert(True, True, None, True), bert_pre, template), (unigram, {"type": "NFKC"}, meta("first"), template),
         (byte_bpe, None, byte_level(True), roberta(True, True)), (fallback, row({"type": "Prepend", "prepend": "\u2581"}, replace("String", " ", "\u2581")), None, template))]
ADDED_TEXTS = ["x aa y", " aa", "aa aa", "a Ab Abc", "A\u0301b zz  \u00c9 A", "\u00c9 a zz", "  aa  Ab\u00e9 a", "zz zz"]


def encode(tokenizer, given, most):
    tokenizer.no_truncation()
    if most < 10 ** 6:
        tokenizer.enable_truncation(most)
    try:
        got = tokenizer.encode(*given) if isinstance(given, list) else tokenizer.encode(given)
    except BaseException as e:
        if isinstance(e, KeyboardInterrupt):
            raise
        return [given, most, None, None, None]
    return [given, most, got.ids, got.offsets, got.type_ids if isinstance(given, list) else None]


def cases(made, texts):
    tokenizer = Tokenizer.from_str(made)
    tokenizer.no_padding()
    out = [encode(tokenizer, t, 10 ** 6) for t in texts]
    good = [c[0] for c in out if c[2]]
    out += [encode(tokenizer, t, 5) for t in good[:2]]
    return out + [encode(tokenizer, [a, b], most) for a, b, most in zip(good[:2], good[2:4], (10 ** 6, 9))]


def strangers():
    """The tokenizers of the other golden files that open by themselves."""
    for name in ("token-models", "token-unigram", "token-bpe"):
        with open(os.path.join(HERE, "..", name, "cases.json"), encoding="utf-8") as f:
            for one in json.load(f)["tokenizers"][::3]:
                made = one["files"].get("tokenizer.json")
                texts = [t for t in map(text_of, one["cases"]) if t is not None]
                if made and len(made) < 12000:
                    yield made, texts[:5]


def text_of(case):
    got = case[0] if isinstance(case, list) else case.get("text") if isinstance(case, dict) else None
    return got if isinstance(got, str) else None


out = []
for made in MADE:
    texts = [text() for _ in range(4)] + (ADDED_TEXTS if made["added_tokens"] else ["aa  a"])
    made = json.dumps(made)
    out.append((made, cases(made, texts)))
for made, texts in strangers():
    try:
        out.append((made, cases(made, texts)))
    except BaseException as e:
        if isinstance(e, KeyboardInterrupt):
            raise
print('{"tokenizers": [\n' + ",\n".join(json.dumps({"tokenizer": m, "cases": c}, separators=(",", ":")) for m, c in out) + "\n]}")
