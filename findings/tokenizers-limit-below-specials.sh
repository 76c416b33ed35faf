#!/usr/bin/env bash
# tokenizers 0.23.3: a truncation limit below the number of special tokens switches truncation off.
#
# Expected: enable_truncation(max_length=n) never gives more than n ids, or raises.
# Happens:  with [CLS] and [SEP], a limit of 2 leaves those two alone; a limit of 1 or 0 leaves the whole text, all
#           100,002 ids of it. For a pair, whose template has three, the same happens at a limit of 2 already.
# Costs:    the limit often is what a budget leaves ("512 less the query"). At the point where nothing is left for the text
#           the model gets all of it: out of memory, or positions that the model does not have.
#
# Seen: ids of a text of 100,000 words: {4: 4, 3: 3, 2: 2, 1: 100002, 0: 100002}
#       ids of a pair:                  {4: 4, 3: 3, 2: 100004, 1: 100004, 0: 100004}
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3
"$dir/venv/bin/python" - <<'EOF'
from tokenizers import Tokenizer, models, pre_tokenizers, processors
t = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "word": 3}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
t.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
text, one, two = "word " * 100_000, {}, {}
for limit in (4, 3, 2, 1, 0):
    t.enable_truncation(max_length=limit)
    one[limit], two[limit] = len(t.encode(text).ids), len(t.encode(text, "word").ids)
print("ids of a text of 100,000 words:", one)
print("ids of a pair:                 ", two)
assert one == {4: 4, 3: 3, 2: 2, 1: 100_002, 0: 100_002}
assert two == {4: 4, 3: 3, 2: 100_004, 1: 100_004, 0: 100_004}
EOF
