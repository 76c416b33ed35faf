/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_CONFIG_H
#define T2V_TASK_GENERATE_CONFIG_H
/* What a directory says about generation: generation_config.json, and the end of text in
 * config.json. Private to task/generate. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/model.h"
#include "task/generate/sampling.h"

struct t2v_generation_config {
    int32_t *ends; /* [n_end], owned: the end-of-text ids of both files */
    size_t n_end;
    struct t2v_sampling sampling; /* .sample: true; what the file lacks is neutral */
};

/* T2V_EFORMAT names the key, T2V_EUNSUPPORTED too; T2V_ENOMEM. The config is for
 * t2v_generation_config_deinit then, too. */
int t2v_generation_config_read(const t2v_model *model, struct t2v_generation_config *out,
                               struct t2v_err *err);
/* Whether the id is an end of text. */
bool t2v_generation_config_is_end(const struct t2v_generation_config *config, int32_t id);
/* A zeroed config is allowed. */
void t2v_generation_config_deinit(struct t2v_generation_config *config);

#endif
