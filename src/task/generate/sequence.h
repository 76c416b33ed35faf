/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_SEQUENCE_H
#define T2V_TASK_GENERATE_SEQUENCE_H
/*
 * A sequence that is being generated: its tokens, its pages, its sampler and its text. Private to
 * task/generate.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/kv.h"
#include "task/generate/causal.h"
#include "task/generate/generate.h"
#include "task/generate/pool.h"
#include "task/generate/text.h"

struct t2v_generation; /* scheduler.c: the work that it is of */

struct t2v_sequence {
    struct t2v_generation *generation;
    struct t2v_choice *choice;
    const struct t2v_causal *causal;
    int32_t *ids; /* [n_id]: the prompt, then the new tokens */
    size_t n_id, cap_id;
    struct t2v_kv kv; /* pages: of those below; n_tok: tokens whose keys and values are stored */
    char **places;    /* [n_page]: the pages' memory */
    uint32_t *pages;  /* [n_page]: their numbers in the pool */
    size_t n_page, cap_place, cap_page;
    size_t n_noted;   /* pages that the pool knows by their tokens */
    t2v_pool_key key; /* of those */
    t2v_sampler *sampler;
    t2v_grammar *grammar; /* NULL: none */
    t2v_gen_text *text;
    struct t2v_sequence *next; /* in the scheduler's list */

    /* Of the step that is being made. */
    size_t n_row; /* tokens of it in the pass */
    size_t row;   /* the first */
    bool skipped; /* it takes long, and it is the turn of others */
};

/* T2V_ENOMEM. */
int t2v_sequence_new(const struct t2v_causal *causal, const struct t2v_generate *generate,
                     struct t2v_choice *choice, struct t2v_sequence **out);
/* What a sequence of n_tok tokens holds at the most, in bytes, beside its choice and its pages. */
size_t t2v_sequence_bytes(const struct t2v_causal *causal, const struct t2v_generate *generate,
                          size_t n_tok);
/* Its pages must have been given back. */
void t2v_sequence_free(struct t2v_sequence *sequence);

/* Tokens that are known, and whose keys and values are not stored: the rest of the prompt, or the
 * token that was generated last. */
static inline size_t t2v_sequence_left(const struct t2v_sequence *sequence)
{
    return sequence->n_id - sequence->kv.n_tok;
}

/* Takes pages for the next n tokens. 0, T2V_EBUSY: the pool has none; T2V_ENOMEM. Pages that it got
 * stay with it. */
int t2v_sequence_reserve(struct t2v_sequence *sequence, t2v_pool *pool, size_t n);
/* Uses the pages of others that begin with the same tokens, from where it is now, but leaves at
 * least one token to be computed. 0 or T2V_ENOMEM. */
int t2v_sequence_adopt(struct t2v_sequence *sequence, t2v_pool *pool);
/* n more tokens are stored; full pages are noted in the pool. */
void t2v_sequence_advance(struct t2v_sequence *sequence, t2v_pool *pool, size_t n);
/* Gives its pages back. Its tokens stay, so that it can be computed again. */
void t2v_sequence_release(struct t2v_sequence *sequence, t2v_pool *pool);

/* Picks the next token from logits [vocab], which are overwritten, and adds it to the choice. The
 * choice's finish is set if it was the last. T2V_ENOMEM, T2V_EMODEL, or what the text's decoder
 * returned. */
int t2v_sequence_pick(struct t2v_sequence *sequence, const struct t2v_generate *generate,
                      float *logits);
/* Notes the log-probabilities of prompt token `at`, whose logits these are. T2V_ENOMEM. */
int t2v_sequence_rate(struct t2v_sequence *sequence, const struct t2v_generate *generate, size_t at,
                      const float *logits, size_t vocab);

#endif
