/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_TEMPLATE_H
#define T2V_TOKEN_TEMPLATE_H
/*
 * The post-processor: the special tokens before and after a text. TemplateProcessing,
 * BertProcessing and RobertaProcessing are all stored as this template; ByteLevel adds no ids, but
 * may trim offsets. A Sequence may have only one part that adds ids.
 */
#include <stdbool.h>

#include "base/error.h"
#include "json/json.h"
#include "token/ids.h"

enum { T2V_TEMPLATE_MAX = 1024 /* ids on each side */, T2V_TRIMS_MAX = 8 };

/* The sequence of two texts A and B: ids[0], A, ids[1], B, ids[2]. */
struct t2v_pair_template {
    bool there;                      /* false: the file has none, or one that is not of this kind */
    struct t2v_ids ids[3], types[3]; /* a token type for each id */
    int32_t text_type[2];            /* that of A's tokens, of B's */
    int32_t max_id, max_type;        /* -1 without ids; the largest of all types */
};

struct t2v_template {
    struct t2v_ids before, behind;
    /* Offsets lose the white space at the ends of their tokens, this many times: by
     * RobertaProcessing and ByteLevel. prefixed: the first token keeps the space that was put in
     * front of it. */
    struct t2v_trim {
        bool prefixed;
    } trims[T2V_TRIMS_MAX];
    size_t n_trim;
    int32_t max_id; /* -1 without ids; those of pairs do not count */
    struct t2v_pair_template pair;
};

/* Reads the component `value` (null: no ids) into a zeroed *tmpl. Errors as t2v_normalizer_load,
 * and T2V_ETOOLARGE; free with t2v_template_deinit even then. */
int t2v_template_load(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                      struct t2v_err *err);
/* Makes an empty template of one id on each side; before: -1 for none. Of a pair, A has them too;
 * then comes `between` if it is not negative, and B, which is of token type type_b, with `behind`.
 * 0 or T2V_ENOMEM. */
int t2v_template_set(struct t2v_template *tmpl, int32_t before, int32_t behind, int32_t between,
                     int32_t type_b);
/* Of an empty template: bos before and eos after each text, -1 for none; of a pair, B and what
 * surrounds it is of token type 1. 0 or T2V_ENOMEM. */
int t2v_template_set_ends(struct t2v_template *tmpl, int32_t bos, int32_t eos);
/* Of an empty template: a language's id before a text or a pair, eos after it, all of token type 0;
 * with `last` the language's id comes after eos instead. 0 or T2V_ENOMEM. */
int t2v_template_set_lang(struct t2v_template *tmpl, int32_t lang, int32_t eos, bool last);
/* As without a post-processor: A of token type 0, then B of type 1, each behind the ids that stand
 * before a text. 0 or T2V_ENOMEM. */
int t2v_template_set_pair_plain(struct t2v_template *tmpl);
/* Adds a trim. 0 or T2V_ETOOLARGE. */
int t2v_template_trim(struct t2v_template *tmpl, bool prefixed);
void t2v_template_deinit(struct t2v_template *tmpl);

#endif
