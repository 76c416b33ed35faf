#!/usr/bin/env python3
"""Writes what AutoTokenizer of transformers 4.56.1 (tokenizers 0.22.2, sentencepiece 0.2.0) makes of Unigram tokenizers: small ones of every
kind here (tiny.model and cases.json), and ../token-spm/cases.json, of its sentencepiece.bpe.model alone, which has the real table of
replacements (nmt_nfkc). CORPUS is a JSON file with a list of English texts under "short".

    HF_HUB_OFFLINE=1 python3 make.py CORPUS
"""
import base64, json, logging, os, random, shutil, sys, tempfile

logging.disable(logging.WARNING)
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(11)
CORPUS = json.load(open(sys.argv[1]))["short"]
RULES = {"\u2122": "TM", "\u00bd": "1/2", "e\u0301": "\u00e9", "\u00a0": " ", "\t": " ", "\n": " ", "\r": " ", "\x01": "", "\ufdfa": "a b c d", "A": "a",
         "B": "b", "\u1100\u1161": "\uac00", "\uff21": "A", "\u00ad": "", "\u3000": " ", "\u0600": "x", "\U0001d15e": "q", "ab\u0301": "y"}
SPECIAL = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask> ", "<extra_id_0>", "<extra_id_1>", "<extra_id_99>", "<user>", "<add>", "<0x41>"]
ODD = [*RULES, *SPECIAL, "\u2581", " ", "  ", "   ", "\r\n", "\u0301", "\u0308", "\u200d", "\u0897", "\U00016120", "\U000113d1", "\u200b", "\u2028", "\ufeff",
       "\ufffd", "\x00", "\x07", "\u0130", "\u00df", "\u65e5", "\u672c", "\U0001f600", "\ufb01", "\u212b", "\u1680", "\x8f", "\ufe0f", "\u094d", "\u0e33"]


def text():
    out = []
    for _ in range(random.randint(0, 6)):
        t = random.choice(CORPUS)
        i = random.randrange(len(t))
        out.append(random.choice((t[i:i + random.randint(1, 12)], random.choice(ODD), random.choice(ODD), random.choice("aeb.-=") * random.randint(1, 14))))
    return "".join(out)


def train(rules):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/rules.tsv", "w") as f:
            for a, b in rules.items():
                f.write(" ".join("%x" % ord(c) for c in a) + "\t" + " ".join("%x" % ord(c) for c in b) + "\n")
        with open(d + "/text", "w") as f:
            f.write("\n".join(CORPUS))
        sentencepiece.SentencePieceTrainer.train(input=d + "/text", model_prefix=d + "/m", vocab_size=260, model_type="unigram", normalization_rule_tsv=d + "/rules.tsv",
            character_coverage=.98, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, user_defined_symbols=["<user>"], control_symbols=["<ctl>"], minloglevel=2)
        return open(d + "/m.model", "rb").read()


def tokenizer(proto, i):
    """A tokenizer.json, by turns of every kind."""
    vocab = [[p.piece, p.score if i % 3 else round(p.score, 1)] for p in proto.pieces]
    if i % 4 == 1:
        vocab += [["<0x%02X>" % b, 0 if i % 2 else -20 - b / 7] for b in range(256) if i != 5 or b != 0xcc]
    rules = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()}
    strip = {"type": "Strip", "strip_left": bool(i % 2), "strip_right": True}
    blanks = {"type": "Replace", "pattern": {"Regex": random.choice((" {2,}", "\\s+", " +", "a{3,}"))}, "content": random.choice((" ", "\u2581", ""))}
    normalizer = random.choice((rules, {"type": "Sequence", "normalizers": [rules, strip, blanks]}, {"type": "Sequence", "normalizers": [rules, blanks]},
        {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}, blanks, {"type": "Lowercase"}]},
        {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}))
    new = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": random.choice(("always", "first", "never")), "split": i % 5 != 4}
    old = {"type": "Metaspace", "replacement": "\u2581", "str_rep": "\u2581", "add_prefix_space": True}
    if new["prepend_scheme"] == "first":  # ours counts a text whose beginning is stripped as a beginning, too
        strip["strip_left"], blanks["content"] = False, "\u2581"
    pre = random.choice((new, new, old, {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, new]},
                         {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, old]}, None))
    added = [{"id": j, "content": t, "single_word": False, "lstrip": t == "<add>", "rstrip": False, "normalized": t == "<add>", "special": t != "<add>"}
             for j, t in ((0, "<pad>"), (1, "</s>"), (2, "<unk>"), (len(vocab), "<add>")) if t != "<unk>" or i % 2]
    post = {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}}
    model = {"type": "Unigram", "unk_id": 2, "vocab": vocab}
    if i % 4 == 1:
        model["byte_fallback"] = True
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": post, "decoder": None, "model": model}


def record(files, model, path, n):
    """files: names to JSON; model: the name of the SentencePiece model, or None; path: where it lies."""
    with tempfile.TemporaryDirectory() as d:
        for name, value in files.items():
            with open(f"{d}/{name}", "w") as f:
                json.dump(value, f)
        if model:
            shutil.copy(path, f"{d}/{model}")
        fast = AutoTokenizer.from_pretrained(d)
        texts = [random.choice((t, t, t, t + " ", " " + t)) for t in (text() for _ in range(n))]
        cases = [{"text": t, "ids": fast(t, truncation=True, max_length=60)["input_ids"]} for t in texts]
    return {"files": {k: json.dumps(v) for k, v in files.items()}, "model": model, "cases": cases}


def write(path, tokenizers):
    with open(path, "w") as f:
        f.write('{"tokenizers": [\n' + ",\n".join(json.dumps(t) for t in tokenizers) + "\n]}\n")


def mask(**flags):
    return {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "single_word": False, "normalized": True, **flags}


tiny = HERE + "/tiny.model"
with open(tiny, "wb") as f:
    f.write(train(RULES))
proto = sentencepiece_model_pb2.ModelProto.FromString(open(tiny, "rb").read())
t5 = lambda **c: {"tokenizer_config.json": {"tokenizer_class": "T5Tokenizer", **c}}
made = [record({"tokenizer.json": tokenizer(proto, i), "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}, None, None, 24) for i in range(12)]
made += [record(f, "spiece.model", tiny, 16) for f in ({"config.json": {"model_type": "t5"}}, t5(add_prefix_space=None, extra_ids=2),
    t5(extra_ids=2, legacy=False), t5(add_prefix_space=True, legacy=False, extra_ids=0), t5(add_prefix_space=False, additional_special_tokens=["<add>"]),
    t5(additional_special_tokens=["<extra_id_1>", "<extra_id_0>"], extra_ids=2, eos_token="<user>"),
    {**t5(add_prefix_space=True), "tokenizer.json": tokenizer(proto, 0)}, {**t5(), "tokenizer.json": tokenizer(proto, 3)},
    {"tokenizer_config.json": {"tokenizer_class": "MT5TokenizerFast"}})]
write(HERE + "/cases.json", made)

xlmr = lambda **c: {"tokenizer_config.json": {"tokenizer_class": "XLMRobertaTokenizer", **c}}
write(HERE + "/../token-spm/cases.json", [record(f, "sentencepiece.bpe.model", HERE + "/../token-spm/sentencepiece.bpe.model", 60) for f in (
    {"config.json": {"model_type": "xlm-roberta"}}, xlmr(mask_token=mask()),
    {**xlmr(), "special_tokens_map.json": {"mask_token": mask(normalized=False), "additional_special_tokens": ["<add>"]}},
    xlmr(added_tokens_decoder={"0": {"content": "<s>", "special": True}, "1600": {"content": "<add>", "lstrip": True}}, model_max_length=77))])
