# SPDX-License-Identifier: BSD-3-Clause
"""t2v generate, and the part of bench that times it."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from daemon import OURS, Daemon

CAUSAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "causal", "llama")
N_WORD = 55


def run(check, *args, text="", **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    p = subprocess.run([check.binary, *args], env={**clean, **env}, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       timeout=120, check=False)
    return p.returncode, p.stdout, p.stderr


@contextlib.contextmanager
def model():
    """A random checkpoint whose tokens are w0, w1, ..."""
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "model")
        shutil.copytree(CAUSAL, folder)
        with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
            json.dump({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None,
                       "decoder": None, "model": {"type": "WordLevel", "unk_token": "w0", "vocab": {f"w{i}": i for i in range(N_WORD)}}}, f)
        yield folder


def of_lines(check, folder):
    prompts = ["w1 w2 w3", "w4", "w5 " * 40]
    code, out, err = run(check, "generate", "--model", folder, "--max-new-tokens", "12", text="\n\n".join(prompts) + "\n")
    lines = out.split("\n")
    check("a text for each prompt, blank lines left out", code == 0 and len(lines) == 4 and lines[3] == "" and all(lines[:3]), (code, out, err))
    code, out, err = run(check, "generate", "--model", folder, "--max-new-tokens", "12", "--json", text="\n".join(prompts))
    rows = [json.loads(line) for line in out.splitlines()]
    check("the same as JSON, in order", code == 0 and [r["text"] for r in rows] == lines[:3] and [r["prompt"] for r in rows] == prompts, (code, out))
    check("with numbers of tokens, the first of each prompt is <s>", [(r["prompt_tokens"], r["tokens"], r["finish"]) for r in rows] ==
          [(n, 12, "length") for n in (4, 2, 41)], rows)
    check("one by --text", run(check, "generate", "--model", folder, "--max-new-tokens", "12", "--text", prompts[0])[1] == lines[0] + "\n")
    check("in a pool of a few pages", run(check, "generate", "--model", folder, "--max-new-tokens", "12", "--json", "--kv-cache", "200k",
                                           text="\n".join(prompts))[1] == out)


def of_sampling(check, folder):
    def text(*args):
        return run(check, "generate", "--model", folder, "--text", "w7 w8", "--max-new-tokens", "30", *args)[1]
    seeded = {text("--temperature", "1.5", "--seed", "5") for _ in range(3)}
    check("a seed gives one text", len(seeded) == 1 and seeded != {text()}, seeded)
    check("no seed gives several", len({text("--temperature", "1.5") for _ in range(4)}) > 1)
    check("temperature 0 and top-k 1 are greedy", text("--temperature", "0") == text("--top-k", "1") == text())


def of_refusals(check, folder):
    for args, word in ((("--temperature", "hot"), "--temperature"), (("--top-p", "2"), "--top-p"), (("--kv-cache", "1k"), "too few")):
        code, _, err = run(check, "generate", "--model", folder, "--text", "w1", *args)
        check(f"{args} is refused", code == 2 and word in err, (code, err))
    code, _, err = run(check, "generate", "--model", folder, "--text", "w1 " * 5000)
    check("a prompt that is too long", code == 1 and "5001 tokens" in err, (code, err))
    code, _, err = run(check, "generate", "--model", check.model, "--text", "a")
    check("an embedder generates no text", code == 1 and err != "", (code, err))


def of_bench(check, folder):
    code, out, err = run(check, "bench", "--model", folder, "--prompt-tokens", "5,70", "--new-tokens", "3", "--streams", "2")
    rows = [json.loads(line) for line in out.splitlines()]
    check("a line for each length", code == 0 and [r["prompt_tokens"] for r in rows] == [5, 70], (code, out, err))
    check("with both rates", all(r["prompt_tokens_per_s"] > 0 and r["new_tokens_per_s"] > 0 and r["weight_bytes"] > 0 for r in rows), rows)
    check("a list that is none", run(check, "bench", "--model", folder, "--prompt-tokens", "5;7")[0] == 2)


def of_kinds(check, folder):
    """Which task a directory is opened for."""
    def tasks(*args):
        with Daemon(check.binary, folder, *args) as d:
            return json.dumps(d.get("/meta").json)
    check("a causal model generates", "generat" in tasks(), tasks())
    check("unless the settings say otherwise", "embed" in tasks("--task", "embed"), tasks("--task", "embed"))
    with open(os.path.join(folder, "model_name"), "w", encoding="utf-8") as f:
        f.write("x")
    check("one with model_name embeds", "embed" in tasks(), tasks())
    check("unless the settings say otherwise again", "generat" in tasks("--task", "generate"))


def check_generate(check):
    with model() as folder:
        of_lines(check, folder)
        of_sampling(check, folder)
        of_refusals(check, folder)
        of_bench(check, folder)
        of_kinds(check, folder)
