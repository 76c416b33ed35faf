/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_PENALTY_H
#define T2V_TASK_GENERATE_PENALTY_H
/*
 * Bias and penalties of sampling.h, which change the logits of the ids that occurred or are named,
 * and of no others.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "task/generate/sampling.h"

/* An id that occurred. raw: its logit before the penalties, while they are applied. */
struct t2v_seen {
    int32_t id;
    uint32_t n_new; /* new tokens with this id */
    float raw;
};

/* An id with a bias. raw: its logit before the bias, while that is applied. */
struct t2v_biased {
    int32_t id;
    float bias, raw;
};

/* A zeroed struct has seen nothing and has no bias. */
struct t2v_penalties {
    struct t2v_seen *seen; /* [n], in order of first occurrence */
    size_t n, cap;
    uint32_t *slots; /* [n_slot], a power of two, at least 2 n: index in seen + 1, 0: free */
    size_t n_slot;
    struct t2v_biased *biased; /* [n_biased] */
    size_t n_biased;
};

/* Copies the bias of ids below vocab. 0 or T2V_ENOMEM. */
int t2v_penalties_init(struct t2v_penalties *penalties, const struct t2v_sampling *sampling,
                       size_t vocab);
void t2v_penalties_deinit(struct t2v_penalties *penalties);
/* Counts id, which is not negative; is_new: as a new token, else as one of the prompt. 0 or
 * T2V_ENOMEM. */
int t2v_penalties_add(struct t2v_penalties *penalties, int32_t id, bool is_new);
/* Applies bias, repetition, frequency and presence penalty to logits, which must have every id that
 * was counted. Results are finite, or -inf. */
void t2v_penalties_apply(struct t2v_penalties *penalties, const struct t2v_sampling *sampling,
                         float *logits);
/* Undoes t2v_penalties_apply. */
void t2v_penalties_undo(const struct t2v_penalties *penalties, float *logits);

#endif
