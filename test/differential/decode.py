#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
decode.py BIN MODEL_DIR ... [--corpus FILE ...] [--texts 300] [--lists 300] [--decoders 0] [--seed 1] [--show 3]

Token ids to text against tokenizers 0.22.0 and transformers 4.56.1. BIN is test/differential/decode of a build with tests,
which also checks that ids given one by one or in lots make the same text. For each model directory: texts of the corpora
and random ones, encoded, and random lists of ids, also of ids that nobody has; each decoded raw, without special tokens,
tidied (clean_up_tokenization_spaces) and both, and what the directory's own setting of that is. A directory with older
files beside tokenizer.json is read a second time without it. --decoders N: as many random decoders, of all kinds, over a
vocabulary made to upset them. Exits 1 when a text differs.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false", RUST_BACKTRACE="0")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from texts import texts as random_texts  # noqa: E402

OLDER = ("vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model")
tidy = transformers.PreTrainedTokenizerBase.clean_up_tokenization


def ours(binary, folder, lists, *args):
    lines = "".join(json.dumps(x) + "\n" for x in lists)
    p = subprocess.run([binary, folder, *args], input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    out = [json.loads(x) for x in p.stdout.decode().split("\n")[:-1]]
    if p.returncode != 0:
        at = max(len(out) - 1, 0)
        raise SystemExit(f"{folder}: {p.stderr.decode()[:200]!r}; the next list is {str(lists[at:at + 1])[:300]}")
    return out[0], out[1:]


def open_tokenizer(folder):
    try:
        return transformers.AutoTokenizer.from_pretrained(folder)
    except ValueError:  # a config.json of a family that this version does not know
        return transformers.PreTrainedTokenizerFast.from_pretrained(folder)


def theirs(backend, ids):
    raw, skipped = backend.decode(ids, skip_special_tokens=False), backend.decode(ids, skip_special_tokens=True)
    return [raw, skipped, tidy(raw), tidy(skipped)]


def read_corpus(path):
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    lists = data.values() if isinstance(data, dict) else [data]
    return [t for some in lists for t in some if isinstance(t, str)]


def random_lists(draw, n, backend):
    size, added = backend.get_vocab_size(), list(backend.get_added_tokens_decoder())
    short = [i for t, i in backend.get_vocab().items() if len(t) <= 2 or t.startswith("<0x")]
    sources = [lambda: draw.randrange(size), lambda: draw.choice(short or [0]), lambda: draw.choice(added or [0]),
               lambda: draw.choice([size, size + 1, 10**6, 2**31 - 1])]
    for _ in range(n):
        weights = draw.choice([[8, 1, 1, 1], [1, 8, 1, 0], [1, 20, 0, 0], [1, 1, 4, 1]])
        yield [draw.choices(sources, weights)[0]() for _ in range(draw.choice([0, 1, 2, 3, 5, 20, 200]))]


def compare(what, lists, got, want, show):
    bad = [i for i in range(len(lists)) if got[i] != want[i]]
    print(f"{what}: {len(lists) - len(bad)} of {len(lists)} the same", flush=True)
    for i in bad[:show]:
        k = next(k for k in range(4) if got[i][k] != want[i][k])
        print(f"    way {k} of {str(lists[i])[:200]}\n    got  {got[i][k][:200]!r}\n    want {want[i][k][:200]!r}")
    return len(bad)


def check_folder(args, folder, name, texts, draw):
    tokenizer = open_tokenizer(folder)
    backend = tokenizer.backend_tokenizer
    some = texts if len(texts) <= args.texts else draw.sample(texts, args.texts)
    some = some + list(random_texts(args.texts // 2, args.seed))
    lists = [tokenizer(t, add_special_tokens=draw.random() < 0.5)["input_ids"] for t in some]
    lists += random_lists(draw, args.lists, backend)
    tidies, got = ours(args.binary, folder, lists)
    bad = compare(name, lists, got, [theirs(backend, x) for x in lists], args.show)
    plain = [tokenizer.decode(x) for x in lists[:20]]
    if [g[2 if tidies else 0] for g in got[:20]] != plain:
        print(f"{name}: clean_up_tokenization_spaces is not {tidies}")
        bad += 1
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        alone = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        lists = lists[::3]
        bad += compare(f"{name}, alone", lists, ours(args.binary, folder, lists, "alone")[1], [theirs(alone, x) for x in lists], args.show)
    return bad


def check_model(args, folder, texts, draw):
    name = os.path.basename(os.path.normpath(folder))
    bad = check_folder(args, folder, name, texts, draw)
    if any(os.path.exists(os.path.join(folder, x)) for x in OLDER):
        with tempfile.TemporaryDirectory() as to:
            for x in os.listdir(folder):
                if x != "tokenizer.json" and os.path.getsize(os.path.join(folder, x)) < 10**6 and os.path.isfile(os.path.join(folder, x)):
                    shutil.copy(os.path.join(folder, x), to)
            bad += check_folder(args, to, f"{name}, older files", texts, draw)
    return bad


TOKENS = ["", " ", "  ", "   ", "\u2581", "\u2581a", "\u2581\u2581", "a", "b", "ab", "aab", "a</w>", "</w>", "b</w>a</w>", "##a", "##", "## .", "##'", " .", ".",
          " ?", "!", " !", ",", " ,", "'", " ' ", " '", "' ", " n", "n't", " n't", " 'm", "m", "s", " do", " not", " do not", " do n", "ot", " 's", " 'v", "e",
          " 've", "'re", " 're", "<pad>", "|", "||", "<pad>|", "<0x41>", "<0xe4>", "<0xBD>", "<0xA0>", "<0xFF>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>",
          "<0x+A>", "<0x++>", "<0xG1>", "<0x 1>", "<0x", "41>", "<0x41>a", "\u0120a", "\u0120", "\u00e4", "\u00bd", "\u0142", "\u00c3", "\u00a9", "\u0143", "\u0144",
          "\u00f0\u0141", "\u013a\u0122", "\u00e9", "\u4f60", "\U0001f600", "\u0130", "xyx", "xy", "yx", "x", "aaaa", "-", "--", "\n", "\t", "<s>", "</s>", "[X]"]


def random_decoder(draw, depth=0):
    text = lambda: draw.choice([" ", "a", "ab", "aa", "aab", "</w>", "##", "\u2581", "xyx", "xyxy", "<pad>", "|", ".", "\u00e9", "", "a b", "'"])  # noqa: E731
    kinds = ["ByteLevel", "WordPiece", "Metaspace", "BPEDecoder", "CTC", "Replace", "Regex", "ByteFallback", "Fuse", "Strip"] + ["Sequence"] * 6 * (depth < 2)
    kind, flag = draw.choice(kinds), draw.random() < 0.5
    if kind == "Sequence":
        return {"type": kind, "decoders": [random_decoder(draw, depth + 1) for _ in range(draw.choice([0, 1, 2, 2, 3, 4]))]}
    if kind == "Regex":
        pattern = draw.choice([" +", "a+", "^ ", " $", "[a-c]", "(?<=a)b", "b(?=a)", "\\s", "a*", "<0x..>", "^", "$", "\\b", ".", "(a|aa)b"])
        return {"type": "Replace", "pattern": {"Regex": pattern}, "content": text()}
    return {"type": kind, **{
        "ByteLevel": {"add_prefix_space": flag, "trim_offsets": flag, "use_regex": flag},
        "WordPiece": {"prefix": draw.choice(["##", "##", "", "a", "\u00e4", " "]), "cleanup": flag},
        "Metaspace": {"replacement": draw.choice(["\u2581", "\u2581", "a", "_", " "]), "prepend_scheme": draw.choice(["always", "first", "never"]), "split": flag},
        "BPEDecoder": {"suffix": draw.choice(["</w>", "</w>", "a", "aa", "", " "])},
        "CTC": {"pad_token": draw.choice(["<pad>", "a", "", "xyx"]), "word_delimiter_token": draw.choice(["|", "a", "", "||"]), "cleanup": flag},
        "Replace": {"pattern": {"String": text()}, "content": text()},
        "ByteFallback": {}, "Fuse": {},
        "Strip": {"content": draw.choice([" ", "a", "\u2581", "\u00e9"]), "start": draw.randrange(4), "stop": draw.choice([0, 0, 0, 1, 2])},
    }[kind]}


def make_tokenizer(draw, decoder):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [{"id": TOKENS.index(t), "content": t, "special": s, **flags} for t, s in [("<s>", True), ("</s>", True), ("[X]", False)]]
    added.append({"id": len(TOKENS), "content": "<new one>", "special": draw.random() < 0.5, **flags})
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": None, "post_processor": None,
            "decoder": decoder, "model": {"type": "WordLevel", "vocab": {t: i for i, t in enumerate(TOKENS)}, "unk_token": "a"}}


def check_decoder(args, draw, folder):
    """A random decoder: how many lists went wrong, how many were compared, how many panicked there."""
    made = make_tokenizer(draw, None if draw.random() < 0.02 else random_decoder(draw))
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
        json.dump(made, f)
    backend = tokenizers.Tokenizer.from_str(json.dumps(made))
    lists, want = [], []
    panics = 0
    for ids in [[draw.randrange(len(TOKENS) + 3) for _ in range(draw.choice([0, 1, 2, 3, 4, 6, 10, 30]))] for _ in range(40)]:
        try:
            want.append(theirs(backend, ids))
            lists.append(ids)
        except BaseException as e:  # pylint: disable=broad-except
            if isinstance(e, KeyboardInterrupt):
                raise
            panics += 1
    got = ours(args.binary, folder, lists, "alone")[1]
    bad = [i for i in range(len(lists)) if got[i] != want[i]]
    for i in bad[:1] if args.show > 0 else []:
        args.show -= 1
        k = next(k for k in range(4) if got[i][k] != want[i][k])
        print(f"    {json.dumps(made['decoder'])}\n    way {k} of {[(TOKENS + ['<new one>', None, None])[x] for x in lists[i]]}\n    got  {got[i][k]!r}\n    want {want[i][k]!r}")
    return len(bad), len(lists), panics


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("binary")
    p.add_argument("folders", nargs="*")
    p.add_argument("--corpus", nargs="*", default=[])
    for name, default in (("texts", 300), ("lists", 300), ("decoders", 0), ("seed", 1), ("show", 3)):
        p.add_argument("--" + name, type=int, default=default)
    args = p.parse_args()
    draw = random.Random(args.seed)
    texts = [t for path in args.corpus for t in read_corpus(path)]
    bad = sum(check_model(args, x, texts, draw) for x in args.folders)
    with tempfile.TemporaryDirectory() as folder:
        results = [check_decoder(args, draw, folder) for _ in range(args.decoders)]
    if results:
        wrong, n, panics = map(sum, zip(*results))
        print(f"{len(results)} random decoders: {n - wrong} of {n} the same; on {panics} more the library panics")
        bad += wrong
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
