/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_SAMPLING_H
#define T2V_TASK_GENERATE_SAMPLING_H
/* How the next token is chosen: the settings of a request. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct t2v_bias {
    int32_t id;
    float bias; /* added to the logit */
};

/* Processors run in this order, that of transformers: bias, repetition penalty, frequency and
 * presence penalty, the mask of a grammar; and if `sample` is set, temperature, top_k, top_p,
 * min_p, typical_p. Each sees what the ones before it left. */
struct t2v_sampling {
    bool sample;       /* false: greedy, the highest processed logit, the lowest id of equal ones */
    float temperature; /* > 0; 1: none */
    uint32_t top_k;    /* 0: off; ids that tie with the k-th stay */
    float top_p, typical_p; /* in (0, 1]; 1: off */
    float min_p;            /* in [0, 1]; 0: off */
    float
        repetition_penalty; /* > 0; 1: off; for ids of the prompt and of new tokens, once per id */
    /* 0: off. OpenAI's formula: a logit loses frequency_penalty times the number of new tokens with
     * this id, and presence_penalty if there is one. */
    float frequency_penalty, presence_penalty;
    const struct t2v_bias *bias; /* [n_bias]; ids outside the vocabulary are ignored */
    size_t n_bias;
};

/* Everything off. */
extern const struct t2v_sampling t2v_sampling_greedy;

#endif
