#!/usr/bin/env bash
# model2vec 0.10.0: a table quantised to int8 has no scale, so its vectors are longer than those of the float model.
#
# Expected: quantize_to="int8" gives the same vectors, less exactly, as "float16" does.
# Happens:  each number becomes round(127 x / largest), and the divisor is stored nowhere: not in the object, not in the
#           saved folder. encode() of a model that does not normalise (the default) gives float32 vectors that are
#           127 / largest times as long as before.
# Costs:    cosines are right. Dot products with vectors of the float model, a threshold on them, distances, and a
#           weighted sum with another model's vectors are not; one index filled by both ranks by who wrote the row.
#
# Seen, length of a text's vector: float32 1.00 times, float16 1.00 times, int8 26.80 times, saved and loaded 26.80 times; cosine 0.9999
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check model2vec==0.10.0 tokenizers==0.23.3 safetensors==0.8.0 numpy==2.4.6
cat > "$dir/check.py" <<'EOF'
import sys
import numpy as np
from model2vec import StaticModel
from safetensors.numpy import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
words = ["[UNK]", *(f"word{i}" for i in range(999))]
t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
table = np.random.default_rng(0).normal(size=(len(words), 64)).astype(np.float32)
folder, small, text = sys.argv[1] + "/float", sys.argv[1] + "/int8", " ".join(words[1:20])
StaticModel(table, t).save_pretrained(folder)
loaded = {q: StaticModel.from_pretrained(folder, quantize_to=q) for q in ("float32", "float16", "int8")}
loaded["int8"].save_pretrained(small)
loaded["saved and loaded"] = StaticModel.from_pretrained(small)
vectors = {q: model.encode(text).astype(float) for q, model in loaded.items()}
exact, coarse = vectors["float32"], vectors["int8"]
times = {q: np.linalg.norm(v) / np.linalg.norm(exact) for q, v in vectors.items()}
cosine = exact @ coarse / np.linalg.norm(exact) / np.linalg.norm(coarse)
print("length of a text's vector: " + ", ".join(f"{q} {x:.2f} times" for q, x in times.items()) + f"; cosine {cosine:.4f}")
assert list(load_file(small + "/model.safetensors")) == ["embeddings"]
assert abs(times["float16"] - 1) < 1e-3 and cosine > 0.999
assert abs(times["int8"] / (127 / np.abs(table).max()) - 1) < 0.01 and times["saved and loaded"] == times["int8"]
EOF
"$dir/venv/bin/python" "$dir/check.py" "$dir"
