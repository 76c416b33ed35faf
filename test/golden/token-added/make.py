#!/usr/bin/env python3
"""Writes cases.json: small tokenizers, every flag of added tokens and the settings beside tokenizer.json at random, and the ids
that AutoTokenizer of transformers 4.56.1 (tokenizers 0.22.2) gives for texts full of them.

    HF_HUB_OFFLINE=1 python3 make.py > cases.json
"""
import json, logging, os, random, sys, tempfile

logging.disable(logging.WARNING)
from transformers import AutoTokenizer

random.seed(20)
N_TOKENIZER, N_CASE = 30, 24
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PLAIN = [*"abcdefgx0123.,!<>[]_@-", "é", "ê", "\u0301", "日", "本", "foo", "bar", "the", "cat", "Foo", "The", "new", "ss", "ß"]
VOCAB = {t: i for i, t in enumerate(SPECIAL + PLAIN + ["##" + p for p in PLAIN if p.isalnum()])}
ADDED = ["[X]", "<new>", "Foo", "foo bar", "été", "日本", "##c", "the", "...", "@", "<a", "<a>", "<a>b", "İx", " cat", "cat ",
         "the cat", "[MASK]", "[CLS]", "ab", "abc", "a", "FOO"]
GLUE = ["", "", " ", "  ", "\t", "\u3000", "a", "_", "1", "\u0301", "-", "é", "\n", "\u00ad", "日", "\x00", "."]


def chance(p):
    return random.random() < p


def flags():
    return {k: chance(.5) for k in ("single_word", "lstrip", "rstrip", "normalized", "special")}


def token(content, **more):
    off = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {"content": content, **off, **more}


def text():
    out = []
    for _ in range(random.randint(0, 7)):
        s = random.choice(ADDED + PLAIN)
        s = random.choice((s, s, s, s.upper(), s.lower(), s[:2]))
        out.append(random.choice(GLUE) + s + random.choice(GLUE))
    return "".join(out)


def tokenizer():
    bert = {"type": "BertNormalizer", "clean_text": chance(.9), "handle_chinese_chars": chance(.8),
            "strip_accents": random.choice((None, True, False)), "lowercase": chance(.6)}
    normalizer = random.choice((bert, bert, bert, bert, None, {"type": "Lowercase"}, {"type": "Sequence", "normalizers": [
        {"type": "NFKC"}, {"type": "Replace", "pattern": {"String": "x"}, "content": "a b"}, {"type": "Strip",
         "strip_left": True, "strip_right": False}, {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}]}))
    pre = random.choice(({"type": "BertPreTokenizer"},) * 4 + ({"type": "Whitespace"}, {"type": "WhitespaceSplit"}, None, {
        "type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}]}))
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {
        "id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}], "pair": [{"Sequence": {"id": "A",
        "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]}
        for t, i in (("[CLS]", 2), ("[SEP]", 3))}}
    post = random.choice((template, template, None, {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, {
        "type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
                                            "use_regex": True}, template]}))
    added = [{"id": VOCAB[t], **token(t)} for t in SPECIAL if chance(.9)]
    for i, t in enumerate(random.sample(ADDED, random.randint(2, 10))):
        if not any(a["content"] == t for a in added):
            added.append({"id": 900 + i, **token(t, **flags())})
    return {"version": "1.0", "truncation": {"max_length": 9, "strategy": "LongestFirst", "stride": 0,
            "direction": random.choice(("Right", "Right", "Left"))} if chance(.3) else None,
            "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre, "post_processor": post,
            "decoder": None, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix":
            random.choice(("##", "##", "##", "", "a")), "max_input_chars_per_word": random.choice((100, 100, 4)), "vocab": VOCAB}}


def config():
    c = {"tokenizer_class": random.choice(("BertTokenizer", "BertTokenizer", "DistilBertTokenizerFast", "MPNetTokenizer",
                                           "PreTrainedTokenizerFast"))}
    if chance(.5):
        c["added_tokens_decoder"] = {str(VOCAB[t]): token(t) for t in SPECIAL}
        for i, t in enumerate(random.sample(ADDED, 3)):
            c["added_tokens_decoder"][str(800 + i)] = token(t, **flags())
    for key in ("do_lower_case", "strip_accents", "tokenize_chinese_chars"):
        if chance(.3):
            c[key] = chance(.5)
    if chance(.2):
        c["split_special_tokens"] = True
    if chance(.2):
        c["truncation_side"] = random.choice(("left", "right"))
    if chance(.3):
        c["additional_special_tokens"] = random.sample(ADDED, 2)
    if chance(.3):
        c["mask_token"] = random.choice(("[MASK]", "<mask>", None, {"__type": "AddedToken", **token("[X]", lstrip=True)}))
    c["model_max_length"] = random.choice((512, 1000000000000000019884624838656))
    return c


def files(i):
    out = {"tokenizer.json": tokenizer(), "tokenizer_config.json": config(), "config.json": {"model_type": "bert"}}
    if out["tokenizer_config.json"]["tokenizer_class"] != "PreTrainedTokenizerFast" and i % 3 == 0:
        del out["tokenizer.json"]
        out["vocab.txt"] = "".join(t + "\n" for t in VOCAB)
    elif out["tokenizer.json"]["normalizer"] is None:  # its other classes fail without a normalizer
        out["tokenizer_config.json"]["tokenizer_class"] = "PreTrainedTokenizerFast"
    if chance(.3):
        out["special_tokens_map.json"] = {"cls_token": token("[CLS]"), "sep_token": "[SEP]"}
    if chance(.3) and "special_tokens_map.json" not in out:
        out["added_tokens.json"] = {t: 700 + k for k, t in enumerate(random.sample(ADDED, 3))}
    return {name: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for name, v in out.items()}


tokenizers = []
for i in range(N_TOKENIZER):
    with tempfile.TemporaryDirectory() as folder:
        made = files(i)
        for name, body in made.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(body)
        hf = AutoTokenizer.from_pretrained(folder)
        cases = []
        for t in [text() for _ in range(N_CASE)]:
            most = max(random.choice((2, 3, 4, 8, 500)), hf.num_special_tokens_to_add())
            cases.append({"text": t, "max": most, "ids": hf(t, truncation=True, max_length=most)["input_ids"]})
        tokenizers.append({"files": made, "cases": cases})
print('{"tokenizers": [')
print(",\n".join(json.dumps(t) for t in tokenizers))
print("]}")
