/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PARTS_H
#define T2V_TOKEN_PARTS_H
/*
 * The parts of a tokenizer; private to this folder. Four loaders of
 * load/ fill the same structures: tokenizer_json.c, vocab_txt.c, vocab_json.c (with merges.txt) and
 * sentencepiece.c. Then t2v_settings_apply does what `transformers` does to a tokenizer it has
 * loaded.
 */
#include "base/arena.h"
#include "base/notes.h"
#include "token/added.h"
#include "token/decode/spec.h"
#include "token/ids.h"
#include "token/load/settings.h"
#include "token/model/model.h"
#include "token/normalize/normalize.h"
#include "token/pretok/pretok.h"
#include "token/template.h"

struct t2v_tokenizer {
    struct t2v_arena arena; /* strings of the parts */
    struct t2v_normalizer normalizer;
    struct t2v_pretok pretok;
    struct t2v_token_model *model;
    struct t2v_template tmpl;
    struct t2v_added added;
    struct t2v_decode_spec decode;
    bool chunked;  /* a long text may be taken in chunks cut before white space */
    bool tidies;   /* clean_up_tokenization_spaces */
    bool cut_left; /* truncation_side is left: a text that is too long loses its start */
    size_t model_max;
    size_t limit; /* truncation, SIZE_MAX for none: of t2v_tokenizer_encode_bare */
    struct t2v_notes notes;
    const char *source;   /* the file that the parts came from */
    const char *describe; /* in the arena */
};

struct t2v_token_space {
    struct t2v_ids pair[2]; /* of the two texts of t2v_tokenizer_encode_pair */
    struct t2v_norm_space norm;
    struct t2v_buf pretok[T2V_PRETOK_MAX_STEPS];
    struct t2v_buf model[T2V_MODEL_SCRATCH];
    /* Where offsets are asked for; empty else. */
    struct t2v_offsets pair_offsets[2];
    struct t2v_buf align; /* of the normalised text */
    struct t2v_buf aligned[T2V_PRETOK_MAX_STEPS];
    struct t2v_buf spans;        /* of the piece's tokens */
    struct t2v_buf marks;        /* of the text's tokens, see offsets.h */
    struct t2v_buf chars, bytes; /* of the text, see offsets.h */
};

#endif
