/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PARTS_H
#define T2V_TOKEN_PARTS_H
/*
 * The parts of a tokenizer and how they are put together; private to this room. Four loaders fill
 * the same structures: load_json.c from tokenizer.json, load_legacy.c from vocab.txt and the
 * settings, load_bytes.c from vocab.json and merges.txt, load_spm.c from SentencePiece's file and
 * the settings. Then t2v_settings_apply does what `transformers` does to a tokenizer it has loaded.
 */
#include "base/arena.h"
#include "base/notes.h"
#include "token/added.h"
#include "token/model.h"
#include "token/normalize.h"
#include "token/pretok.h"
#include "token/settings.h"
#include "token/template.h"
#include "token/tokenizer.h"

enum { T2V_TOKENIZER_MAX_BYTES = 256 << 20 };

struct t2v_tokenizer {
    struct t2v_arena arena; /* strings of the parts */
    struct t2v_normalizer normalizer;
    struct t2v_pretok pretok;
    struct t2v_token_model *model;
    struct t2v_template tmpl;
    struct t2v_added added;
    bool chunked;  /* a long text may be taken in chunks cut before white space */
    bool cut_left; /* too long a text loses its beginning */
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
};

/* Fill a zeroed *tokenizer (its `added` initialised) and, from tokenizer.json, what it says of
 * added tokens to settings. What was made stays in *tokenizer on failure. */
int t2v_load_json(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                  struct t2v_err *err);
int t2v_load_legacy(const char *path, t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                    struct t2v_err *err);

/* The same from vocab.json (path) and merges.txt, for RoBERTa and GPT-2; settings->slow is set. */
int t2v_load_bytes(const char *path, const char *merges_path, t2v_tokenizer *tokenizer,
                   const struct t2v_settings *settings, struct t2v_err *err);
/* What both have in common: the ids that transformers' slow tokenizer gives to its special tokens,
 * -1 for those that are not there. */
void t2v_legacy_special_ids(const t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                            int32_t ids[T2V_N_SPECIAL]);

/* The name of the SentencePiece model of the settings' class, or NULL; and what is read from it. */
const char *t2v_spm_file(const struct t2v_settings *settings);
int t2v_load_spm(const char *path, t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                 struct t2v_err *err);

/* Adds the settings' tokens, makes the matchers, then lets the class change the normalizer. */
int t2v_settings_apply(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                       struct t2v_err *err);

#endif
