#!/usr/bin/env bash
# model2vec 0.8.1 and 0.10.0: what is not a known word uses up the limit of 512 tokens, and a text's vector can be all zeros.
#
# Expected: max_length=512, "any tokens beyond this length are truncated", keeps the first 512 tokens that have a vector.
# Happens:  a text is cut first at 512 times the median length of the vocabulary's tokens, in characters: 2,560 here.
#           Blanks, line ends and markup between words count. 0.10.0 then cuts at 512 tokens and drops the unknown ones
#           after that, where 0.8.1 drops them first.
# Costs:    a page that begins with layout (blanks of a converted table, a list of signs that the vocabulary does not
#           have) has the vector 0, which is as near to any query as any other. An index that 0.8.1 filled and 0.10.0
#           asks has other vectors for such texts. encode(text, max_length=None) cuts nothing.
#
# Seen: 0.8.1 blanks first: zeros, unknowns first: right, without a limit: right right
#       0.10.0 blanks first: zeros, unknowns first: zeros, without a limit: right right
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/check.py" <<'EOF'
import sys
import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers
words = ["[UNK]", "the", "river", "a", "bridge", "over", "water", "flows", "boat", "house"]
t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
model = StaticModel(np.random.default_rng(0).normal(size=(len(words), 16)).astype(np.float32), t)
right = model.encode("the river")


def seen(text, **limit):
    vector = model.encode(text, **limit)
    return "zeros" if not vector.any() else "right" if np.allclose(vector, right) else "other"


blanks, unknowns = " " * 3000 + "the river", "☃ " * 600 + "the river"
found = [seen(blanks), seen(unknowns), seen(blanks, max_length=None), seen(unknowns, max_length=None)]
print("blanks first: {}, unknowns first: {}, without a limit: {} {}".format(*found))
assert found == ["zeros", "right" if sys.argv[1] == "0.8.1" else "zeros", "right", "right"]
EOF
for version in 0.8.1 0.10.0; do
    python3 -m venv "$dir/$version"
    "$dir/$version/bin/pip" install -q --disable-pip-version-check "model2vec==$version" tokenizers==0.23.3 numpy==2.4.6
    echo -n "$version "
    "$dir/$version/bin/python" "$dir/check.py" "$version"
done
