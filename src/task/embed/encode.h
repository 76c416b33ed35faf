/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_ENCODE_H
#define T2V_TASK_EMBED_ENCODE_H
/*
 * What a request may choose that is not for /vectors: prompt, length and limit, as the parameters
 * of SentenceTransformer.encode. Part of struct t2v_embed_params.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Whether a vector gets length 1. */
enum t2v_embed_norm {
    T2V_NORM_AS_MODEL, /* as modules.json says; under a vectorizer that does not run it, as that
                        * vectorizer says */
    T2V_NORM_YES,      /* always, after the cut to `dimensions` */
    T2V_NORM_NO        /* never: a Normalize at the end of modules.json is left out */
};

/* What the APIs of sentence-transformers' encode and of text-embeddings-inference ask for. Zeroed
 * but for `given`, it is SentenceTransformer.encode(text). */
struct t2v_embed_encode {
    bool given;                 /* false: the text is treated as /vectors does */
    struct t2v_str prompt_name; /* one of t2v_embedder_prompt; ptr NULL: default_prompt_name's, or
                                 * no prompt */
    enum t2v_embed_norm norm;   /* static embeddings: cut to `dimensions` first */
    size_t max_tok;             /* of a sequence; 0, or above the embedder's: the embedder's */
    bool keep_all;              /* a longer text is T2V_ETOOLARGE; else it is cut */
    bool cut_start;             /* a text is cut at its start; else as the tokenizer's files say */
    bool empty_ok;              /* an empty text is its special tokens under every vectorizer */
};

#endif
