/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_PROGRESS_H
#define T2V_BATCH_PROGRESS_H
/*
 * One work on its way through the engine: the text being walked, and the sequences of it that are
 * ready for a batch. It has one owner at a time, the engine's thread or the feeder's; nothing here
 * locks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/engine.h"

enum { T2V_READY_SEQ = 64 }; /* sequences that may be ready at once */

struct t2v_progress {
    struct t2v_progress *next;
    struct t2v_work *work;
    unsigned rank; /* an enum t2v_rank */
    bool placed;   /* a sequence of it is in the batch that is being encoded */
    struct t2v_plan plan;
    size_t *divisors; /* [n_text]: what each text's sum is divided by */
    double *exact;    /* [dim]: the sum of the text that sequences were added to last */
    size_t sum_text;  /* that text */
    size_t n_sum;     /* its sequences so far; exact counts from the second on */
    bool ended;       /* no further sequence will come: all texts are walked, or work->err is set */

    /* The walk. */
    size_t text;  /* the text being walked */
    bool walking; /* walk is open */
    struct t2v_walk walk;
    struct t2v_ids ids; /* of the sequence that the walk made last */
    size_t text_tok;    /* tokens of this text so far */
    bool text_cut;      /* a sequence of it was cut at the token limit */

    /* Ready sequences: ready[first .. n_ready), their ids end to end from n_taken on. */
    struct {
        size_t text, n_tok;
    } ready[T2V_READY_SEQ];
    size_t first, n_ready;
    struct t2v_ids ready_ids;
    size_t n_taken;
};

/* Makes room for the work's answer. NULL, with work->err set, for a wrong ask or T2V_ENOMEM. The
 * work is borrowed. */
struct t2v_progress *t2v_progress_new(const t2v_model *model, struct t2v_work *work);
/* NULL is allowed. */
void t2v_progress_free(struct t2v_progress *progress);

/* What bounds one call of t2v_progress_fill; it may go over each by one sequence. */
struct t2v_fill {
    size_t n_seq;         /* at most T2V_READY_SEQ */
    size_t n_tok;         /* stop when so many tokens are ready */
    uint64_t deadline_ns; /* clock; UINT64_MAX: none */
    size_t max_text_tok;  /* a text of more is T2V_ETOOLARGE */
};

/* Walks on and adds ready sequences until one of the bounds is met, the work is cancelled, or it
 * has ended. All that was ready must have been taken. A sequence without tokens is never ready; it
 * counts in its text's divisor alone. */
void t2v_progress_fill(struct t2v_progress *progress, const t2v_model *model,
                       t2v_token_space *space, const struct t2v_fill *fill);

/* True when the next sequence may take longer to make than the engine's thread may spend on it:
 * its text is a large one. */
bool t2v_progress_is_slow(const struct t2v_progress *progress);

/* Tokens of the next ready sequence; 0: none is ready. */
size_t t2v_progress_peek(const struct t2v_progress *progress);
/* Takes it: its ids go to ids[], and its text's index is returned. */
size_t t2v_progress_take(struct t2v_progress *progress, int32_t *ids);

/* Adds a sequence's vector, row[dim], to its text's. Texts come one after the other. */
void t2v_progress_add(struct t2v_progress *progress, size_t text, const float *row);
/* No further sequence comes for the text that t2v_progress_add had last. */
void t2v_progress_settle(struct t2v_progress *progress);
/* All sequences are added: the sums become the work's vectors. T2V_EMODEL in work->err where one
 * has a component that is not finite; a work that has failed is left as it is. */
void t2v_progress_finish(struct t2v_progress *progress, const t2v_model *model);

#endif
