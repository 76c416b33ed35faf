#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
differential.py BIN MODEL_DIR NLTK_DATA [--texts 10000] [--seed 1] [--corpus FILE ...] [--show 5]

The default vectorizer against what it takes the place of: NLTK's sentences, the tokenizer and the model of
transformers, pooled and averaged as the Python server does it. Compares the sentences of each text, the ids of each text
taken whole and of each sentence, and the vectors; prints the worst difference. A corpus is a .json (an array of texts, or
lists of them by name) or a file of one text a line. Exits 1 when a sentence or an id differs, or a vector by more than
1e-5 of its largest component.
"""
import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nltk  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from texts import texts as random_texts  # noqa: E402

BOUND, MOST_TOKENS = 1e-5, 500


def ours(binary, command, inputs, *args):
    """What a command of t2v makes of each text."""
    lines = "".join(json.dumps(t) + "\n" for t in inputs)
    p = subprocess.run([binary, command, *args], input=lines.encode(), stdout=subprocess.PIPE, check=False)
    out = [json.loads(x) for x in p.stdout.decode().splitlines()]
    if p.returncode != 0 or len(out) != len(inputs):
        at = len(out)
        raise SystemExit(f"t2v {command} ended with {p.returncode} after {at} of {len(inputs)} lines; the next text is {inputs[at][:200]!r}")
    return out


def read_corpus(path):
    with open(path, encoding="utf-8") as f:
        if not path.endswith(".json"):
            return [line for line in f.read().split("\n") if line.split()]
        data = json.load(f)
    lists = data.values() if isinstance(data, dict) else [data]
    return [t for some in lists for t in some if isinstance(t, str) and t.split()]


class Reference:
    def __init__(self, model, nltk_data):
        nltk.data.path.insert(0, nltk_data)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        self.model = transformers.AutoModel.from_pretrained(model).eval()

    def sentences(self, text):
        return nltk.tokenize.sent_tokenize(" ".join(text.split()))

    def ids(self, text):
        return self.tokenizer(text, truncation=True, max_length=MOST_TOKENS)["input_ids"]

    def pooled(self, lists):
        """The mean over all tokens of each list of ids, float64 [n, dim]; lists of like lengths go together."""
        out = [None] * len(lists)
        order = sorted(range(len(lists)), key=lambda i: len(lists[i]))
        while order:
            n = max(1, min(64, 4096 // len(lists[order[-1]])))
            some, order = order[-n:], order[:-n]
            longest = max(len(lists[i]) for i in some)
            ids = torch.tensor([lists[i] + [0] * (longest - len(lists[i])) for i in some])
            mask = torch.tensor([[1] * len(lists[i]) + [0] * (longest - len(lists[i])) for i in some])
            with torch.no_grad():
                states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            sums = (states * mask.unsqueeze(-1)).double().sum(1)
            for i, row in zip(some, sums / mask.sum(1, keepdim=True)):
                out[i] = row
        return out


def differing(what, inputs, got, want, show):
    bad = [i for i in range(len(inputs)) if got[i] != want[i]]
    print(f"{what}: {len(inputs) - len(bad)} of {len(inputs)} the same", flush=True)
    for i in bad[:show]:
        at = next((k for k, (x, y) in enumerate(zip(got[i], want[i])) if x != y), min(len(got[i]), len(want[i])))
        print(f"  text {ascii(inputs[i])[:400]}\n    from {at}: got {ascii(got[i][at:at + 6])[:300]}\n    expected {ascii(want[i][at:at + 6])[:300]}")
    return len(bad)


def compare_vectors(texts, got, want, show):
    off = []
    for i, (x, y) in enumerate(zip(got, want)):
        x = torch.tensor(x, dtype=torch.float64)
        d = float((x - y).abs().max() / y.abs().max()) if x.shape == y.shape else float("inf")
        off.append((d if d == d else float("inf"), i))
    off.sort(reverse=True)
    bad = [i for d, i in off if not d <= BOUND]
    print(f"vectors: worst difference {off[0][0]:.2e} of the largest component, median {off[len(off) // 2][0]:.2e}; {len(bad)} above {BOUND}")
    for d, i in off[:show] if bad else []:
        print(f"  {d:.2e}: {ascii(texts[i])[:300]}")
    return len(bad)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("model")
    p.add_argument("nltk_data")
    p.add_argument("--texts", type=int, default=10000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--corpus", action="append", default=[])
    p.add_argument("--show", type=int, default=5)
    p.add_argument("--no-vectors", action="store_true")
    args = p.parse_args()
    transformers.logging.set_verbosity_error()
    texts = [t for path in args.corpus for t in read_corpus(path)] + random_texts(args.texts, args.seed)
    reference, model = Reference(args.model, args.nltk_data), ("--model", args.model)
    print(f"{len(texts)} texts, {sum(map(len, texts))} characters; seed {args.seed}; transformers {transformers.__version__}, nltk {nltk.__version__}", flush=True)
    split = [reference.sentences(t) for t in texts]
    failed = differing("sentences", texts, ours(args.binary, "sentences", texts), split, args.show)
    sentences = list(dict.fromkeys(s for some in split for s in some))
    whole = list(dict.fromkeys(texts))
    failed += differing("ids, whole texts", whole, ours(args.binary, "tokens", whole, *model), [reference.ids(t) for t in whole], args.show)
    ids = [reference.ids(s) for s in sentences]
    failed += differing("ids, sentences", sentences, ours(args.binary, "tokens", sentences, *model), ids, args.show)
    if not args.no_vectors:
        pooled = dict(zip(sentences, reference.pooled(ids)))
        want = [sum(pooled[s] for s in some) / len(some) for some in split]
        failed += compare_vectors(texts, ours(args.binary, "embed", texts, *model), want, args.show)
    print(f"{0 if failed else 1} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
