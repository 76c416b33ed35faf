#!/usr/bin/env bash
# chonkie 1.7.0, semchunk 4.1.1 and semantic-text-splitter 0.33.1 given a tokenizer.json with truncation and padding lose
# text, fill it with "[PAD]", or do not cut it.
#
# Expected: a chunker given the embedder's own tokenizer cuts a text into pieces of at most chunk_size tokens, all of it once.
# Happens:  sentence models on the hub store truncation, and often padding to a fixed length, in tokenizer.json
#           (all-MiniLM-L6-v2: both, 128). None of the three switches both off, so no text ever counts more than 128 tokens:
#           chonkie TokenChunker:     what comes after token 128 is gone.
#           chonkie RecursiveChunker: at 256 one chunk, uncut; at 100 the text of a chunk is ten words and 90 times "[PAD]", that
#                                     of every second one 28 times "[PAD]" and nothing else.
#           semchunk:                 at 256 one chunk, uncut; at 100 RecursionError, as a single letter counts 128 tokens.
#           semantic-text-splitter:   at 256 one chunk, uncut; at 100 right, but for a word cut in two (so it does without a limit).
# Costs:    an uncut chunk is cut by the model, in silence, after its first 128 tokens: seven eighths of this text cannot be
#           found. Call no_truncation() and no_padding() on the tokenizer first.
#
# Seen, words in so many chunks, of a text of 1,000 words:
#       chunk_size 100: TokenChunker 128 in 2, RecursiveChunker 1100 and 11700 [PAD] in 200, semchunk RecursionError, semantic-text-splitter 1001 in 11
#       chunk_size 256: TokenChunker 128 in 1, RecursiveChunker 1000 in 1, semchunk 1000 in 1, semantic-text-splitter 1000 in 1
#       with neither, 100: TokenChunker 1100 in 11, RecursiveChunker 1000 in 12, semchunk 1000 in 12, semantic-text-splitter 1001 in 11
#       (A full stop that is set apart counts as a word.)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check chonkie==1.7.0 semchunk==4.1.1 semantic-text-splitter==0.33.1 \
    tokenizers==0.23.3 numpy==2.4.6
"$dir/venv/bin/python" - <<'EOF'
import semchunk
from chonkie import RecursiveChunker, TokenChunker
from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer, models, pre_tokenizers, processors
words = [f"word{i}" for i in range(1000)]
vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", *words])}
t = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
t.enable_truncation(128)
t.enable_padding(length=128)
text = " ".join(" ".join(words[i:i + 10]) + "." for i in range(0, 1000, 10))


def kept(chunks):
    chunks = [getattr(chunk, "text", chunk) for chunk in chunks]
    found = [word for chunk in chunks for word in chunk.split()]
    padding = found.count("[PAD]")
    return f"{len(found) - padding}{f' and {padding} [PAD]' if padding else ''} in {len(chunks)}"


def semchunked(size):
    try:
        return kept(semchunk.chunkerify(t, size)(text))
    except RecursionError:
        return "RecursionError"


def all_of(size):
    seen = {"TokenChunker": kept(TokenChunker(tokenizer=t, chunk_size=size, chunk_overlap=0)(text)),
            "RecursiveChunker": kept(RecursiveChunker(tokenizer=t, chunk_size=size)(text)),
            "semchunk": semchunked(size),
            "semantic-text-splitter": kept(TextSplitter.from_huggingface_tokenizer(t, size).chunks(text))}
    print(f"chunk_size {size}:", ", ".join(f"{name} {what}" for name, what in seen.items()))
    return list(seen.values())


assert all_of(100) == ["128 in 2", "1100 and 11700 [PAD] in 200", "RecursionError", "1001 in 11"]
assert all_of(256) == ["128 in 1", "1000 in 1", "1000 in 1", "1000 in 1"]
t.no_truncation()
t.no_padding()
print("with neither:")
assert all_of(100) == ["1100 in 11", "1000 in 12", "1000 in 12", "1001 in 11"]
EOF
