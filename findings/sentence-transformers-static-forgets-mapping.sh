#!/usr/bin/env bash
# sentence-transformers 6.1.0: StaticEmbedding reads the table of a model2vec with a quantised vocabulary and not its mapping.
#
# Expected: SentenceTransformer(folder) and StaticEmbedding.from_model2vec(folder) give the vectors of model2vec itself; the
#           folder has the modules.json that says so. Or an error at load.
# Happens:  such a table has a row for each cluster of tokens; "mapping" leads from a token to its row, and "weights" holds a
#           number for each token. Both are ignored, and the token's id is taken for the row. A text whose ids are all below
#           the number of clusters gets the vector of other words, in silence; only another text is an error, in forward().
# Costs:    frequent words have small ids, so most short texts get a wrong vector and a few an error that does not say why.
#           So it is in 5.1.0, too; 6.2.0 applies both tensors.
#
# Seen, cosine to model2vec's vector, over 200 texts of five words:
#       whole vocabulary:     SentenceTransformer 1.000, from_model2vec 1.000
#       quantised vocabulary: SentenceTransformer 0.005, from_model2vec 0.005
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 transformers==5.24.0 sentence-transformers==6.1.0 \
    model2vec==0.10.0 scikit-learn==1.9.1 numpy==2.4.6
cat > "$dir/check.py" <<'EOF'
import sys
import numpy as np
from model2vec import StaticModel, quantize_model
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers
rng = np.random.default_rng(0)
words = ["[UNK]", *(f"word{i}" for i in range(999))]
t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
whole = StaticModel(rng.normal(size=(len(words), 64)).astype(np.float32), t)
quantised = quantize_model(whole, vocabulary_quantization=500)
texts = [" ".join(rng.choice(words[1:500], 5)) for _ in range(200)]


def cosine(a, b):
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean())


for name, model, wanted in (("whole", whole, 1), ("quantised", quantised, 0)):
    folder = f"{sys.argv[1]}/{name}"
    model.save_pretrained(folder)
    exact = model.encode(texts)
    loaded = (SentenceTransformer(folder, device="cpu"),
              SentenceTransformer(modules=[StaticEmbedding.from_model2vec(folder)], device="cpu"))
    first, second = (cosine(exact, st.encode(texts)) for st in loaded)
    print(f"{name} vocabulary: SentenceTransformer {first:.3f}, from_model2vec {second:.3f}")
    assert abs(first - wanted) < 0.1 and abs(second - wanted) < 0.1
EOF
"$dir/venv/bin/python" "$dir/check.py" "$dir"
