/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_SAMPLE_H
#define T2V_TASK_GENERATE_SAMPLE_H
/*
 * Chooses the tokens of one sequence from the logits of its steps, with transformers' formulas (see
 * sampling.h). The same seed, logits and settings give the same ids. A sampler belongs to one
 * thread at a time. Between steps it has little memory: what the penalties count.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "task/generate/sampling.h"

/* A token and its log-probability: natural log of softmax of the unmodified logits. */
struct t2v_top {
    int32_t id;
    float logprob;
};

typedef struct t2v_sampler t2v_sampler;

/* A sampler for a sequence that begins with prompt [n_prompt], which is not kept; nor is *sampling,
 * its bias included. vocab: the number of logits, 1 to INT32_MAX. T2V_EUSAGE: a setting that is out
 * of its range or not finite; T2V_ENOMEM. */
int t2v_sampler_new(const struct t2v_sampling *sampling, size_t vocab, uint64_t seed,
                    const int32_t *prompt, size_t n_prompt, t2v_sampler **out);
/* NULL is allowed. */
void t2v_sampler_free(t2v_sampler *sampler);

/* A new seed each time: below 2^53, so that JSON's readers have it exactly. */
uint64_t t2v_sampler_seed(void);

/* Chooses the next id, and counts it as generated. logits: [vocab]; -inf rules an id out. They are
 * changed while it runs, not after. allowed: bits [vocab], bit id % 32 of word id / 32; NULL: all
 * are. *logprob (unless NULL): that of the chosen id. tops: [n_top], best first, of equal ones the
 * lowest id; if the vocabulary is smaller the rest has id -1. 0; T2V_EMODEL: a logit is NaN or
 * +inf, or no id is left; T2V_ENOMEM. */
int t2v_sampler_next(t2v_sampler *sampler, float *logits, const uint32_t *allowed, int32_t *id,
                     float *logprob, struct t2v_top *tops, size_t n_top);

/* The log-probability of id (*logprob, unless NULL), and the n_top best as above. logits: [vocab],
 * finite or -inf. */
void t2v_logprobs(const float *logits, size_t vocab, int32_t id, float *logprob,
                  struct t2v_top *tops, size_t n_top);

#endif
