/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/family/family.h"

#include <stdio.h>

#include "base/banned.h"

/* A new family adds its line here. */
static const struct t2v_family *const families[] = {
    &t2v_family_bert,      &t2v_family_distilbert, &t2v_family_roberta,  &t2v_family_xlm_roberta,
    &t2v_family_camembert, &t2v_family_mpnet,      &t2v_family_electra,  &t2v_family_dpr,
    &t2v_family_t5,        &t2v_family_modernbert, &t2v_family_eurobert, &t2v_family_qwen3,
    &t2v_family_gemma3,    &t2v_family_gpt2,       &t2v_family_bloom,    &t2v_family_gpt_neox,
    &t2v_family_llama,     &t2v_family_mistral,    &t2v_family_qwen2,    &t2v_family_model2vec,
};
enum { N_FAMILY = sizeof families / sizeof families[0] };

int t2v_family_find(const t2v_json *config, const struct t2v_family **out, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    if (type.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "config.json: model_type is missing, or not a string");
    char known[320] = "";
    size_t at = 0;
    for (size_t i = 0; i < N_FAMILY; i++) {
        if (t2v_str_is(type, families[i]->model_type)) {
            *out = families[i];
            return 0;
        }
        if (at < sizeof known)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "",
                                   families[i]->model_type);
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: model_type '%.*s' is not supported; supported: %s",
                    T2V_STR_ARG(type), known);
}
