#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the logits processors of Transformers leave of random logits.

    make.py > cases.json    (needs torch and transformers 4.56)

Each case has `logits` (null: -inf), the ids of the `prompt` and the `new` ones, the settings as t2v names them, and the `ids` that are
left, ascending, with their probabilities `p`. The processors come from `generate` itself, so their order does, too. Frequency and
presence penalty, which Transformers lacks, are OpenAI's formula, after the other penalties.
"""
import json, random
import torch
from transformers import GenerationConfig, LogitsProcessorList
from transformers.generation.logits_process import LogitsProcessor
from transformers.generation.utils import GenerationMixin

VOCAB = 32
rng = random.Random(20)


class Counting(LogitsProcessor):
    def __init__(self, new, frequency, presence):
        self.count = torch.bincount(torch.tensor(new, dtype=torch.long), minlength=VOCAB).float()
        self.frequency, self.presence = frequency, presence

    def __call__(self, ids, scores):
        return scores - self.count * self.frequency - (self.count > 0).float() * self.presence


class Model(GenerationMixin):
    config = type("Config", (), {"is_encoder_decoder": False})
    device = torch.device("cpu")


def processors(case):
    names = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": None, "typical_p": 1.0, "repetition_penalty": 1.0}
    values = {name: case.get(name, default) for name, default in names.items()}
    bias = [[[i], b] for i, b in case.get("bias", [])] or None
    plan = GenerationConfig(do_sample=True, sequence_bias=bias, **values)
    model = Model()
    plan._eos_token_tensor = None
    got = model._get_logits_processor(plan, input_ids_seq_length=4, encoder_input_ids=None, prefix_allowed_tokens_fn=None,
                                      logits_processor=LogitsProcessorList(), device="cpu")
    if "frequency_penalty" in case or "presence_penalty" in case:
        own = Counting(case["new"], case.get("frequency_penalty", 0.0), case.get("presence_penalty", 0.0))
        later = ("SequenceBiasLogitsProcessor", "RepetitionPenaltyLogitsProcessor")
        at = sum(type(p).__name__ in later for p in got)
        got.insert(at, own)
    return got


def answer(case):
    scores = torch.tensor([[float("-inf") if x is None else x for x in case["logits"]]])
    ids = torch.tensor([case["prompt"] + case["new"]])
    p = torch.softmax(processors(case)(ids, scores), -1)[0]
    case["ids"] = [i for i in range(VOCAB) if p[i] > 0]
    case["p"] = [float(f"{p[i].item():.6g}") for i in case["ids"]]
    return case


def logits(kind):
    x = [rng.gauss(0, 3) for _ in range(VOCAB)]
    if kind == "ties":
        x = [float(round(v / 2)) for v in x]
    elif kind == "equal":
        x = [1.0] * VOCAB
    elif kind == "masked":
        x = [None if rng.random() < 0.4 else v for v in x]
    return [None if v is None else round(v, 3) for v in x]


CHOICES = {
    "temperature": [0.3, 0.7, 1.3, 2.0], "top_k": [1, 3, 5, 10, 100], "top_p": [0.1, 0.5, 0.8, 0.9, 0.95], "min_p": [0.02, 0.1, 0.5],
    "typical_p": [0.2, 0.5, 0.9, 0.95], "repetition_penalty": [0.8, 1.1, 1.5], "frequency_penalty": [-0.5, 0.4, 1.0],
    "presence_penalty": [-0.3, 0.6, 2.0]}


def draw(names):
    kind = rng.choice(["plain", "plain", "ties", "equal", "masked"])
    case = {"logits": logits(kind), "prompt": [rng.randrange(VOCAB) for _ in range(5)], "new": [rng.randrange(VOCAB) for _ in range(6)]}
    for name in names:
        case[name] = rng.choice(CHOICES[name])
    if rng.random() < 0.2:
        case["bias"] = [[i, rng.choice([-100.0, -1.5, 2.0, 5.0])] for i in rng.sample(range(1, VOCAB), 3)]
    return case


def all_cases():
    for name in CHOICES:
        for _ in range(6):
            yield draw([name])
    for _ in range(60):
        yield draw(rng.sample(sorted(CHOICES), rng.randrange(2, 6)))


print("[\n" + ",\n".join(json.dumps(answer(case)) for case in all_cases()) + "\n]")
