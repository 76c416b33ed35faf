#!/usr/bin/env bash
# tokenizers 0.23.3: training WordPiece twice on the same text gives two different tokenizers; BPE and Unigram give the same.
#
# Expected: the same corpus and settings give the same vocabulary, as BpeTrainer's and UnigramTrainer's do.
# Happens:  WordPieceTrainer numbers the ## letters in an order that changes from process to process, and ties among the
#           merges are broken by those numbers: other ids each time, and at times other tokens, too.
# Costs:    a vocabulary trained again "from the same text" does not fit the embeddings that were trained with the first:
#           every vector is wrong, with nothing to see but bad search. Keep the tokenizer.json, never the recipe.
#
# Seen: 6 processes: BPE 1, Unigram 1, WordPiece 6 different vocabularies
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3
cat > "$dir/train.py" <<'EOF'
import hashlib
import random
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
random.seed(1)
words = ["".join(random.choices("abcdefghij", k=random.randint(2, 9))) for _ in range(3000)]
corpus = [" ".join(random.choices(words, k=12)) for _ in range(3000)]
settings = {"vocab_size": 1500, "show_progress": False}
for model, trainer in ((models.BPE(), trainers.BpeTrainer(**settings)), (models.Unigram(), trainers.UnigramTrainer(**settings)),
                       (models.WordPiece(), trainers.WordPieceTrainer(**settings))):
    t = Tokenizer(model)
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    t.train_from_iterator(corpus, trainer)
    print(type(trainer).__name__, hashlib.sha256(repr(sorted(t.get_vocab().items())).encode()).hexdigest()[:16])
EOF
for _ in 1 2 3 4 5 6; do "$dir/venv/bin/python" "$dir/train.py"; done > "$dir/out"
count() { sort -u "$dir/out" | grep -c "^$1"; }
bpe=$(count Bpe) unigram=$(count Unigram) wordpiece=$(count WordPiece)
echo "6 processes: BPE $bpe, Unigram $unigram, WordPiece $wordpiece different vocabularies"
[ "$bpe" = 1 ] && [ "$unigram" = 1 ] && [ "$wordpiece" -gt 1 ]
