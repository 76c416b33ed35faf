# SPDX-License-Identifier: BSD-3-Clause
"""Which files of a model's repository t2v reads. File names are a stranger's: none may lead out of the model directory."""
import json
import posixpath

TOKENIZER_SETTINGS = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
OLDER_TOKENIZERS = ["vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model"]
SENTENCE_SETTINGS = [f"sentence_{kind}_config.json"
                     for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")]
GENERATOR_SETTINGS = ["generation_config.json", "chat_template.jinja", "chat_template.json"]
MORE_TEMPLATES = "additional_chat_templates"
WEIGHTS = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"]


class Refused(Exception):
    """The repository is not what it should be; the message says how."""


def check_path(path):
    """A path inside a model directory, with no way out of it and nothing that a terminal would take for a command."""
    if not isinstance(path, str) or not path or len(path) > 512 or path.startswith("/") or "\\" in path:
        raise Refused(f"the file name {path!r} is refused")
    if any(not part or part in (".", "..") or len(part) > 200 for part in path.split("/")) or not path.isprintable():
        raise Refused(f"the file name {path!r} is refused")
    return path


def parse(name, text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON") from None


def module_folders(text):
    """The folders that modules.json names, in order; "" is the model directory itself."""
    modules = parse("modules.json", text)
    if not isinstance(modules, list) or not all(isinstance(m, dict) and isinstance(m.get("path"), str) for m in modules):
        raise Refused("modules.json is not a list of modules with paths")
    folders = []
    for module in modules:
        path = posixpath.normpath(module["path"]) if module["path"] else "."
        folders.append("" if path == "." else check_path(path))
    return folders


def shards(name, text):
    """The files that an index of weights names."""
    index = parse(name, text)
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not places:
        raise Refused(f"{name} has no weight_map")
    return sorted({check_path(posixpath.join(posixpath.dirname(name), check_path(file))) for file in places.values()})


def weights(folder, names, text_of):
    """The files of a folder's weights, [] if there are none: safetensors before pickles, whole before shards."""
    for kind in WEIGHTS:
        name = posixpath.join(folder, kind)
        if name in names:
            parts = shards(name, text_of(name)) if name.endswith(".index.json") else []
            for part in parts:
                if part not in names:
                    raise Refused(f"{name} names {part}, which is not there")
            return [name, *parts]
    return []


def tokenizer(folder, names, text_of):
    whole, settings, pieces = (posixpath.join(folder, f) for f in ("tokenizer.json", "tokenizer_config.json", "spiece.model"))
    files = [whole] if whole in names else [p for f in OLDER_TOKENIZERS if (p := posixpath.join(folder, f)) in names]
    if whole in names and pieces in names and settings in names:
        said = parse(settings, text_of(settings))
        if isinstance(said, dict) and said.get("add_prefix_space") is not None:  # T5's class then reads them, whatever tokenizer.json says
            files.append(pieces)
    if not files:
        raise Refused(f"there is no tokenizer: neither tokenizer.json nor any of {', '.join(OLDER_TOKENIZERS)}")
    return files + [p for f in TOKENIZER_SETTINGS if (p := posixpath.join(folder, f)) in names]


def generator(names):
    """What t2v reads of a model that generates text, beside its weights and tokenizer."""
    templates = sorted(name for name in names if posixpath.dirname(name) == MORE_TEMPLATES and name.endswith(".jinja"))
    return GENERATOR_SETTINGS + templates


def needed(names, text_of):
    """The names, of all those in a repository, that t2v reads. text_of(NAME) gives a small file's text."""
    folders = module_folders(text_of("modules.json")) if "modules.json" in names else []
    first = folders[0] if folders else ""
    encoder = "" if "config.json" in names else first
    config = posixpath.join(encoder, "config.json")
    if config not in names:
        raise Refused("there is no config.json")
    files = [config] + tokenizer(encoder, names, text_of)
    tensors = weights(encoder, names, text_of)
    if not tensors:
        raise Refused(f"there are no weights that t2v reads: {', '.join(WEIGHTS)}")
    files += tensors + ["modules.json", "config_sentence_transformers.json", "artifact.metadata"]
    if not folders:  # modules.json makes a model an embedder
        files += generator(names)
    files += [posixpath.join(first, f) for f in SENTENCE_SETTINGS]
    for folder in folders[1:]:
        if folder not in ("", encoder):
            files += [posixpath.join(folder, "config.json")] + weights(folder, names, text_of)
    return [check_path(f) for f in dict.fromkeys(files) if f in names]
