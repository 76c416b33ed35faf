#!/usr/bin/env python3
"""Writes cases.json: what the normalizers of tokenizers 0.22.2 make of hard strings: [{"normalizer": ..., "cases": [[in, out], ...]}].

    python3 make.py > cases.json
"""
import json, random
from tokenizers import Tokenizer

random.seed(3)
MARKS = [chr(c) for c in (0x300, 0x301, 0x307, 0x315, 0x323, 0x327, 0x334, 0x338, 0x345, 0x34f, 0x302e, 0x302f, 0x1d165, 0x1d16d,
                          0x16ff0, 0x11938, 0x11930, 0x8e2, 0x93c, 0x94d, 0x9be, 0x5b0, 0x64b, 0xfb1e, 0x20dd, 0x1160, 0x11a7, 0x11a8)]
ODD = [chr(c) for c in (0, 9, 0xa, 0xb, 0xd, 0x1f, 0x7f, 0x85, 0xa0, 0xad, 0x130, 0x131, 0x149, 0x17f, 0x1c5, 0x1e9e, 0x1680, 0x180e,
                        0x200b, 0x200d, 0x2028, 0x202e, 0x212a, 0x212b, 0x3000, 0xfeff, 0xfffd, 0xfb01, 0x3a3, 0x3c2, 0xdf, 0x1f88,
                        0x2160, 0x24b6, 0x4e00, 0x3400, 0xf900, 0xfa0e, 0x20000, 0x2f800, 0x2ebf0, 0xac00, 0xac01, 0x1100, 0x1161,
                        0x1f600, 0xe000, 0xffff, 0x10ffff, 0x378, 0x890, 0x13430, 0x32ff, 0x1e030, 0xa7f2, 0xa7cb, 0xa7dc, 0x1c89,
                        0x10d50, 0x16ea0, 0x1d15e, 0x1d1bb, 0xfdfa, 0x3392, 0x2126, 0x1ffb, 0x0f77, 0x0958, 0xfb1d, 0x390, 0x1e9b)]

def text():
    pick = lambda: random.choice((random.choice(MARKS), random.choice(MARKS), random.choice(ODD), random.choice("aAzE .\u00e9\u00c5\u0416")))
    return "".join(pick() for _ in range(random.randint(1, 9)))

def bert(clean, chinese, accents, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents, "lowercase": lower}

KINDS = [bert(True, True, None, True), bert(True, True, None, False), bert(True, True, False, True), bert(False, False, True, True),
         bert(True, False, True, False), *({"type": t} for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents")),
         {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Strip", "strip_left": False, "strip_right": True},
         {"type": "Replace", "pattern": {"String": "a"}, "content": "<\u00e9>"},
         {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "NFC"}]}]
made = []
for kind in KINDS:
    dummy = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": kind, "pre_tokenizer": None,
             "post_processor": None, "decoder": None, "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}

    n = Tokenizer.from_str(json.dumps(dummy)).normalizer
    made.append({"normalizer": kind, "cases": [[t, n.normalize_str(t)] for t in ODD + [text() for _ in range(90)]]})
print("[\n" + ",\n".join(json.dumps(m) for m in made) + "\n]")
