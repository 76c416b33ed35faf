#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes cases.json: one small tokenizer.json under every class of tokenizer, settings at random, and the ids that AutoTokenizer
gives. With transformers 4.56.1 (tokenizers 0.22) and with 5.24.0, which writes "backend" into tokenizer_config.json:

    HF_HUB_OFFLINE=1 OLD/bin/python make.py 0 60 > cases.json
    HF_HUB_OFFLINE=1 NEW/bin/python make.py 0 12 > cases-5.json

The arguments are a seed and how many tokenizers.
"""
import json, logging, os, random, sys, tempfile

logging.disable(logging.WARNING)
import transformers
from transformers import AutoTokenizer
from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

FIVE = transformers.__version__.startswith("5")
random.seed(int(sys.argv[1]))
CLASSES = """Bert ConvBert DPRContextEncoder DPRQuestionEncoder DistilBert Electra LayoutLM Lxmert MobileBert SqueezeBert Funnel MPNet
GPT2 Roberta T5 MT5 XLMRoberta Albert Bart Barthez BigBird Blenderbot BlenderbotSmall Bloom Camembert CodeGen CodeLlama Cohere Deberta
DebertaV2 FNet GPTNeoX Gemma Herbert LED Llama Longformer MBart MBart50 Mvp Nllb OpenAIGPT Qwen2 Reformer RemBert XLNet PreTrained
Gemma Llama CodeLlama GPTNeoX Cohere MBart MBart50 Nllb""".split()
MAP = {}
for kind, names in TOKENIZER_MAPPING_NAMES.items():
    fast = names if names is None or isinstance(names, str) else names[1]
    if fast is not None:
        MAP.setdefault(fast.removesuffix("Fast").removesuffix("Tokenizer"), []).append(kind)
SPECIAL = ["<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<bos>", "<eos>", "<cls>", "<sep>",
           "<|endoftext|>", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>", "<UNK>", "en_XX", "de_DE", "eng_Latn", "deu_Latn", "<eop>",
           "<s>NOTUSED", "▁<PRE>", "<image>"]
PLAIN = [*"abcdefgx0123.,!<>[]_|/▁", "the", "river", "wheel", "fox", "mask", "cls", "en"]
GLUE = ["", " ", " ", "  ", "a", "\t", "."]


def chance(p):
    return random.random() < p


def token(content, **more):
    return {"content": content, **dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True), **more}


def text():
    out = []
    for _ in range(random.randint(0, 6)):
        out.append(random.choice(GLUE) + random.choice(random.choice((SPECIAL, PLAIN))) + random.choice(GLUE))
    return "".join(out)


def tokenizer():
    known = [t for t in SPECIAL if t in ("<s>", "</s>", "<unk>", "[UNK]") or chance(.6)]
    vocab = {t: i for i, t in enumerate(known + PLAIN + ["##" + p for p in PLAIN if p.isalnum()])}
    added = [{"id": vocab[t], **token(t, lstrip=chance(.2), normalized=chance(.2))} for t in known if chance(.6)]
    pieces = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    post = {"type": "TemplateProcessing", "single": pieces, "pair": pieces + [{"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                           "lowercase": True}, "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": random.choice((post, post, None)), "decoder": None,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": vocab}}


def files(name):
    made = tokenizer()
    config, model = {}, {"model_type": "bert"}
    kinds = MAP.get(name)
    if chance(.3) and kinds and not FIVE:
        model["model_type"] = random.choice(kinds)
    elif chance(.2):
        model["tokenizer_class"] = f"{name}Tokenizer"
    else:
        config["tokenizer_class"] = f"{name}Tokenizer" + random.choice(("", "Fast"))
    if name == "PreTrained":
        config["tokenizer_class"] = "TokenizersBackend" if FIVE else "PreTrainedTokenizerFast"
    for key in ("add_bos_token", "add_eos_token"):
        if chance(.5):
            config[key] = random.choice((True, True, False, None, 1, "no"))
    for key in ("bos_token", "eos_token", "mask_token", "unk_token", "cls_token"):
        if chance(.2):
            config[key] = random.choice(("<s>", "</s>", "[CLS]", "<bos>", "<new>", None, {"__type": "AddedToken", **token(
                "<mask>", lstrip=True)}))
    if FIVE:
        config["backend"] = "tokenizers"
    if chance(.3):
        config["extra_special_tokens"] = {"image_token": "<image>", "video_token": "<video>"}
    if chance(.3):
        config["additional_special_tokens"] = random.choice((["<extra>", "the"], [], None))
    if chance(.3):
        config["src_lang"] = random.choice(("de_DE", "deu_Latn", "nothing", None))
    if chance(.2):
        config["legacy_behaviour"] = chance(.5)
    if chance(.4):
        config["added_tokens_decoder"] = {str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in made["added_tokens"]}
    out = {"tokenizer.json": made, "tokenizer_config.json": config, "config.json": model}
    if chance(.1) and "tokenizer_class" not in config:
        del out["tokenizer_config.json"]
        model["transformers_version"] = transformers.__version__
    return {k: json.dumps(v, ensure_ascii=False) for k, v in out.items()}


def answers(made):
    with tempfile.TemporaryDirectory() as folder:
        for name, body in made.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(body)
        try:
            hf = AutoTokenizer.from_pretrained(folder)
        except Exception as e:  # what the library refuses is no case
            print(type(e).__name__, str(e)[:90].replace("\n", " "), file=sys.stderr)
            return None
    cases = []
    for t in [text() for _ in range(8)]:
        most = max(random.choice((4, 500)), hf.num_special_tokens_to_add())
        cases.append({"text": t, "max": most, "ids": hf(t, truncation=True, max_length=most)["input_ids"]})
    return cases


out, n = [], 0
while len(out) < int(sys.argv[2]):
    made = files("PreTrained" if FIVE else CLASSES[n % len(CLASSES)])
    n += 1
    cases = answers(made)
    if cases is not None:
        out.append({"files": made, "cases": cases})
print('{"tokenizers": [')
print(",\n".join(json.dumps(t) for t in out))
print("]}")
