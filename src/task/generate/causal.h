/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_CAUSAL_H
#define T2V_TASK_GENERATE_CAUSAL_H
/* What sequences need of a generator. Private to task/generate. */
#include <stddef.h>

#include "model/model.h"
#include "task/generate/config.h"
#include "token/decode/decoder.h"

struct t2v_causal {
    t2v_model *model;
    t2v_decoder *decoder;
    struct t2v_generation_config config;
    size_t max_tok; /* of a sequence, prompt and new tokens together */
};

#endif
