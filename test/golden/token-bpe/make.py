#!/usr/bin/env python3
"""Writes cases.json: small BPE tokenizers with every setting, pre-tokenizer and behavior at random, from tokenizer.json or from
vocab.json and merges.txt, and the ids that AutoTokenizer of transformers 4.56.1 (tokenizers 0.22.2) gives for hard texts.

    HF_HUB_OFFLINE=1 python3 make.py > cases.json
"""
import json, logging, os, random, sys, tempfile

logging.disable(logging.WARNING)
from transformers import AutoTokenizer

random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
N_TOKENIZER, N_CASE = 36, 12
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s"
         r"\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = [GPT2, QWEN, O200K, QWEN.replace(r"\p{N}", r"\p{N}{1,3}+", 1), r" ?[^(\s|[.,!?…。，、।۔،])]+", r"\w+|[^\w\s]+", r"(?m)a.b|^e",
            r"\d{2}?|\h+", r"(?=[aeiou])", r"[\s\S]{3}", r"\bt\B|\R", "", r"[^\S\n]+$", r"[[:punct:]]|\p{Greek}|[]x]"]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"]
WORDS = ["the", "there", "them", "aaaa", "été", "naïve", "日本語", "123", "don't", "WE'LL", "…", "ﬁ", "ſ", "e\u0301", "😀", "\U0002ebf0", "x" * 40,
         "\u1c89", "²", "Ω", "\u0ece", "и", "...", "</w>", "▁", "<0x41>", "foo_bar", "0xFF"]
GLUE = ["", " ", " ", "  ", "\n", "\r\n", "\t", "\u3000", "\xa0", "\u2028", "\x85", "\u200b", "\u180e", " \n ", "'s", "'T", ",", "\x00", "-"]
BYTES = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
BYTE_CHAR = {b: chr(b) for b in BYTES} | {b: chr(0x100 + i) for i, b in enumerate(b for b in range(256) if b not in BYTES)}


def chance(p):
    return random.random() < p


def text():
    if chance(.1):
        return random.choice("ae1 \n日-") * random.randint(1, 300) + random.choice(["", "the", " "])
    return "".join(random.choice(GLUE) + random.choice(WORDS + SPECIAL[:5 if chance(.5) else 6]) for _ in range(random.randint(0, 9)))


def learn(alphabet, spell, n):
    """A vocabulary and n merges of pieces of the words: merges are random, each pair once."""
    vocab, merges = list(alphabet), []
    words = [spell(w) for w in WORDS + [" " + w for w in WORDS] for _ in range(2)]
    while len(merges) < n:
        word = random.choice(words)
        i = random.randrange(len(word) - 1) if len(word) > 1 else 0
        if len(word) < 2 or any(s not in vocab for s in word[i:i + 2]):
            if all(len(w) < 2 for w in words):
                break
            if len(word) < 2 or chance(.3):
                words.remove(word)
                words.append(spell(random.choice(WORDS)))
            continue
        pair, both = word[i:i + 2], word[i] + word[i + 1]
        if pair not in merges:
            merges.append(pair)
            if both not in vocab:
                vocab.append(both)
        word[i:i + 2] = [both]
    return vocab, merges


def byte_model(special):
    vocab, merges = learn(special + list(BYTE_CHAR.values()), lambda w: [BYTE_CHAR[b] for b in w.encode()], 60)
    return {"vocab": {t: i for i, t in enumerate(vocab)}, "merges": merges}


def char_model(special):
    letters = sorted({c for w in WORDS for c in w if c != "😀"} | set("▁ ,"))
    letters = [c for c in letters if chance(.8)]
    some = [f"<0x{b:02X}>" for b in range(256)] if chance(.6) else ["<0x0A>", "<0xF0>", "<0x41>"]
    vocab, merges = learn(special + some + letters, lambda w: list(w.replace(" ", "▁")), 50)
    return {"vocab": {t: i for i, t in enumerate(vocab)}, "merges": merges, "unk_token": random.choice(("<unk>", "<unk>", None)),
            "fuse_unk": chance(.5), "byte_fallback": chance(.6)}


def word_model():
    """GPT-1's </w>, and ## before what continues."""
    prefix, suffix = random.choice((("", "</w>"), ("##", ""), ("##", "</w>"), (None, "")))
    letters = sorted({c for w in WORDS for c in w})
    vocab, merges = [*letters, "<unk>"], []
    vocab += [(prefix or "") + c + (suffix or "") for c in letters] + [(prefix or "") + c for c in letters] + [c + (suffix or "") for c in letters]
    vocab = list(dict.fromkeys(vocab))
    for w in WORDS * 2:
        i = random.randrange(len(w))
        a = w[i] if i == 0 else (prefix or "") + w[i]
        for c in w[i + 1:i + 4]:
            b = (prefix or "") + c + (suffix or "" if chance(.4) else "")
            both = a + b[len(prefix or ""):]
            if [a, b] not in merges and b in vocab:
                merges.append([a, b])
                vocab += [both] if both not in vocab else []
                a = both
    return {"vocab": {t: i for i, t in enumerate(vocab)}, "merges": merges, "unk_token": random.choice(("<unk>", None)), "fuse_unk": chance(.5),
            "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix}


def split(pattern=None):
    p = {"String": random.choice((" ", "the", "▁", ""))} if pattern is None and chance(.3) else {"Regex": pattern or random.choice(PATTERNS)}
    return {"type": "Split", "pattern": p, "behavior": random.choice(BEHAVIORS), "invert": chance(.3)}


def byte_level(regex):
    return {"type": "ByteLevel", "add_prefix_space": chance(.4), "trim_offsets": chance(.5), "use_regex": regex}


def other():
    return random.choice(({"type": "Digits", "individual_digits": chance(.5)}, {"type": "Punctuation", "behavior": random.choice(BEHAVIORS)},
                          {"type": "CharDelimiterSplit", "delimiter": random.choice("e ,日")}, {"type": "WhitespaceSplit"}, split()))


def replace():
    return {"type": "Replace", "pattern": random.choice(({"Regex": r"\s+(?=\p{L})"}, {"Regex": "(a)\\1"}, {"String": "the"})),
            "content": random.choice(("", " ", "é"))}


def tokenizer():
    kind = random.choice(("bytes", "bytes", "bytes", "chars", "words"))
    sequence = lambda *parts: {"type": "Sequence", "pretokenizers": list(parts)}
    if kind == "bytes":
        model = byte_model(SPECIAL)
        pre = random.choice((byte_level(True), byte_level(True), sequence(split(random.choice(PATTERNS)), byte_level(False)),
                             sequence(other(), byte_level(True)), sequence({**split(QWEN), "behavior": "Isolated"}, byte_level(False))))
        model["ignore_merges"] = chance(.3)
        norm = random.choice((None, {"type": "NFC"}, replace()))
        if chance(.1):
            pre, norm = None, {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": " "}, {"type": "ByteLevel"}]}
    elif kind == "chars":
        model, pre = char_model(SPECIAL), random.choice((split(), None, sequence(other(), other())))
        norm = random.choice(({"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, None))
    else:
        model, pre, norm = word_model(), random.choice((other(), sequence({"type": "WhitespaceSplit"}, other()))), replace()
    model = {"type": "BPE", "dropout": random.choice((None, 0.0)), "unk_token": None, **model}
    if chance(.3):
        model["merges"] = ["#version: 0.2"] + [f"{a} {b}" for a, b in model["merges"]]
    if chance(.2):
        del model["type"]
    added = [{"id": model["vocab"].get(t, 5000 + i), "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": chance(.1),
              "normalized": chance(.5), "special": True} for i, t in enumerate(SPECIAL[:5])]
    ids = [a["id"] if a["id"] < 5000 else len(model["vocab"]) for a in added]
    post = random.choice(({"type": "RobertaProcessing", "sep": ["</s>", ids[2]], "cls": ["<s>", ids[0]], "trim_offsets": True,
                           "add_prefix_space": False}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}, None))
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": norm, "pre_tokenizer": pre,
            "post_processor": post, "decoder": None, "model": model}


def flagged(t):
    return {"__type": "AddedToken", "content": t, "single_word": False, "lstrip": chance(.3), "rstrip": chance(.3), "normalized": chance(.5),
            "special": True}


def config(cls):
    c = {"tokenizer_class": cls, "model_max_length": 512}
    if chance(.5):
        c["add_prefix_space"] = chance(.6)
    if "GPT2" in cls and chance(.5):
        c["add_bos_token"] = chance(.7)
    for key, t in (("mask_token", "<mask>"), ("cls_token", "<s>"), ("sep_token", "</s>"), ("bos_token", "<s>")):
        if chance(.3):
            c[key] = flagged(t) if chance(.5) else t
    if chance(.4):
        c["added_tokens_decoder"] = {str(i): {k: v for k, v in flagged(t).items() if k != "__type"} for i, t in enumerate(SPECIAL)
                                     if chance(.8)}
    return c


def files():
    cls = random.choice(("RobertaTokenizer", "RobertaTokenizerFast", "GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast"))
    out = {"config.json": {"model_type": "roberta"}}
    if cls == "PreTrainedTokenizerFast" or chance(.4):
        out["tokenizer.json"] = tokenizer()
    else:
        model = byte_model(SPECIAL if chance(.7) else SPECIAL[3:])
        merges = model["merges"] + random.sample(model["merges"], 2)
        end = random.choice(("\n", "\n", "\r\n"))
        out["vocab.json"] = model["vocab"]
        out["merges.txt"] = end.join(["#version: 0.2"] + [" ".join(m) for m in merges]) + (end if chance(.8) else "")
    if chance(.9):
        out["tokenizer_config.json"] = config(cls)
    elif "tokenizer.json" in out:
        out["config.json"]["model_type"] = random.choice(("roberta", "gpt2", "modernbert"))
    return {name: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, separators=(",", ":")) for name, v in out.items()}


tokenizers = []
while len(tokenizers) < N_TOKENIZER:
    with tempfile.TemporaryDirectory() as folder:
        made = files()
        for name, body in made.items():
            with open(os.path.join(folder, name), "w", newline="") as f:
                f.write(body)
        try:
            hf = AutoTokenizer.from_pretrained(folder)
        except Exception as e:  # a class that wants another model
            print(type(e).__name__, str(e)[:100], file=sys.stderr)
            continue
        cases = []
        for t in [text() for _ in range(N_CASE)]:
            most = random.choice((4, 500, 500))
            try:
                cases.append({"text": t, "max": most, "ids": hf(t, truncation=True, max_length=most)["input_ids"]})
            except BaseException as e:  # the library panics over its own offsets, now and then
                print(type(e).__name__, str(e)[:100], file=sys.stderr)
        tokenizers.append({"files": made, "cases": cases})
print('{"tokenizers": [')
print(",\n".join(json.dumps(t, ensure_ascii=False) for t in tokenizers))
print("]}")
