#!/usr/bin/env bash
# transformers 4.56.1: "position_embedding_type": null in config.json takes the positions away from BERT and its kin.
#
# Expected: null means what a missing key means, "absolute"; or an error.
# Happens:  the position table is loaded and never added. BERT, RoBERTa, XLM-RoBERTa and ELECTRA then see a bag of words: a
#           text read backwards has the same mean-pooled vector. ELECTRA says nothing of it; the others warn that sdpa "does
#           not support non-absolute position_embedding_type", so that the attention is computed by another implementation.
# Costs:    a config.json written by a program that fills unset keys with null makes another model of the same weights.
#           5.24.0 does not read the key: the same folder has its positions there, and other vectors.
#
# Seen, largest difference of the pooled vectors of a text and its reverse, in parts of the largest component:
#       BertModel: absolute 3.5e-02, null 4.6e-08
#       RobertaModel: absolute 1.6e-01, null 1.1e-07
#       XLMRobertaModel: absolute 3.4e-02, null 6.2e-08
#       ElectraModel: absolute 8.6e-02, null 1.1e-07
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check torch==2.8.0 transformers==4.56.1 numpy==2.2.6
cat > "$dir/check.py" <<'EOF'
import json
import sys
import torch
from transformers import (AutoModel, BertConfig, BertModel, ElectraConfig, ElectraModel, RobertaConfig, RobertaModel, XLMRobertaConfig,
                          XLMRobertaModel)
torch.manual_seed(0)
sizes = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
         "max_position_embeddings": 40}
forward = [11, 12, 13, 14, 15]


def apart(folder):
    model = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        a, b = (model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0) for ids in (forward, forward[::-1]))
    return float((a - b).abs().max() / a.abs().max())


for Config, Model in ((BertConfig, BertModel), (RobertaConfig, RobertaModel), (XLMRobertaConfig, XLMRobertaModel),
                      (ElectraConfig, ElectraModel)):
    folder = f"{sys.argv[1]}/{Model.__name__}"
    Model(Config(**sizes)).save_pretrained(folder)
    with_positions = apart(folder)
    with open(f"{folder}/config.json", encoding="utf-8") as f:
        config = json.load(f)
    assert config["position_embedding_type"] == "absolute"
    with open(f"{folder}/config.json", "w", encoding="utf-8") as f:
        json.dump({**config, "position_embedding_type": None}, f)
    without = apart(folder)
    print(f"{Model.__name__}: absolute {with_positions:.1e}, null {without:.1e}")
    assert with_positions > 1e-2 and without < 1e-5
EOF
"$dir/venv/bin/python" "$dir/check.py" "$dir"
