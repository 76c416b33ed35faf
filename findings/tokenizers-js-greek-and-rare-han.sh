#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0 (JavaScript) gives BERT models other ids than tokenizers 0.23.3 for capital Greek and rare Han.
#
# Expected: one tokenizer.json gives one list of ids, in Python and in JavaScript.
# Happens:  lower case: JavaScript writes a capital sigma at the end of a word as a final sigma, Rust, one character at a time,
#           as a medial one. Many a Greek word ends in it.
#           Han: blanks are put around each ideograph, but the test takes charCodeAt(0) of it, half of a surrogate pair, so
#           the ideographs of planes 2 and 3 (names of people and places, Cantonese) stay glued to the kana, letters and
#           digits beside them, and the whole is one unknown word.
# Costs:    queries embedded in a browser with Transformers.js do not meet documents embedded in Python.
#
# Seen: ΑΘΗΝΑΣ  Python αθηνασ  JavaScript αθηνας
#       𠮷さん  Python 𠮷 さん  JavaScript [UNK]
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3
(cd "$dir" && npm install --silent --no-audit --no-fund @huggingface/tokenizers@0.2.0)
cat > "$dir/check.py" <<'EOF'
import json
import os
import subprocess
import sys
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
os.chdir(sys.argv[1])
words = ["[UNK]", "αθηνασ", "αθηνας", "\U00020bb7", "さん"]
t = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
t.normalizer = normalizers.BertNormalizer(lowercase=True)
t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
t.save("tokenizer.json")
texts = ["ΑΘΗΝΑΣ", "\U00020bb7さん"]
with open("texts.json", "w", encoding="utf-8") as f:
    json.dump(texts, f)
with open("run.mjs", "w", encoding="utf-8") as f:
    f.write("""import fs from "fs";
import { Tokenizer } from "@huggingface/tokenizers";
const read = name => JSON.parse(fs.readFileSync(name));
const t = new Tokenizer(read("tokenizer.json"), {});
console.log(JSON.stringify(read("texts.json").map(text => t.encode(text).tokens)));
""")
script = json.loads(subprocess.run(["node", "run.mjs"], stdout=subprocess.PIPE, check=True).stdout)
python = [t.encode(text).tokens for text in texts]
for text, ours, theirs in zip(texts, python, script):
    print(text, " Python", *ours, " JavaScript", *theirs)
assert python == [["αθηνασ"], ["\U00020bb7", "さん"]]
assert script == [["αθηνας"], ["[UNK]"]]
EOF
"$dir/venv/bin/python" "$dir/check.py" "$dir"
