#!/usr/bin/env bash
# sentence-transformers 6.1.0: with padding on the left, a vector pooled by "weightedmean" depends on the other texts of its batch.
#
# Expected: a text alone and the same text in a batch have one vector, as with "mean" and "lasttoken" on either side.
# Happens:  weightedmean gives the first token the weight 1, the second 2 ... and counts from the start of the padded row. With
#           padding on the left the text's own tokens weigh p+1, p+2 ..., p being how much longer the batch's longest text is.
# Costs:    decoders often come with padding_side "left", and weightedmean is what was made for decoders. Documents embedded
#           in batches and a query alone do not agree, nor do two imports in another order. tokenizer.padding_side = "right"
#           helps. So it is in 5.1.0, too; 6.2.0 counts from each text's own start.
#
# Seen, 1 - cosine of five words alone to the same beside a text of 40 words:
#       left   mean 0.0000 weightedmean 0.0256 lasttoken 0.0000
#       right  mean 0.0000 weightedmean 0.0000 lasttoken 0.0000
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 transformers==5.24.0 sentence-transformers==6.1.0 numpy==2.4.6
cat > "$dir/check.py" <<'EOF'
import sys
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model, logging
logging.disable_progress_bar()
torch.manual_seed(0)
words = [f"w{i}" for i in range(100)]
t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(["[PAD]", "[UNK]", *words])}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
decoder = Qwen3Config(vocab_size=102, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
                      intermediate_size=128, max_position_embeddings=64)
Qwen3Model(decoder).save_pretrained(sys.argv[1])
text, longer = " ".join(words[:5]), " ".join(words[:40])


def apart(mode):
    model = SentenceTransformer(modules=[Transformer(sys.argv[1]), Pooling(64, pooling_mode=mode)], device="cpu")
    alone, beside = model.encode([text])[0].astype(float), model.encode([text, longer])[0].astype(float)
    return 1 - alone @ beside / np.linalg.norm(alone) / np.linalg.norm(beside)


for side in ("left", "right"):
    PreTrainedTokenizerFast(tokenizer_object=t, pad_token="[PAD]", unk_token="[UNK]", padding_side=side,
                            model_max_length=64).save_pretrained(sys.argv[1])
    off = {mode: apart(mode) for mode in ("mean", "weightedmean", "lasttoken")}
    print(f"{side:6}", *(f"{mode} {abs(x):.4f}" for mode, x in off.items()))
    assert all((x > 1e-3) == (side == "left" and mode == "weightedmean") for mode, x in off.items())
EOF
"$dir/venv/bin/python" "$dir/check.py" "$dir"
