/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/models.h"

#include <stdio.h>

#include "http/api/texts.h"

#include "base/banned.h"

const char *t2v_ability_name(enum t2v_ability ability)
{
    switch (ability) {
    case T2V_CAN_EMBED:
        return "embeddings";
    case T2V_CAN_RANK:
        return "rerank";
    case T2V_CAN_LABEL:
        return "classification";
    case T2V_CAN_READ:
        return "question answering";
    case T2V_CAN_TAG:
        return "token classification";
    case T2V_CAN_SPARSE:
        return "sparse embeddings";
    case T2V_CAN_MULTI:
        return "multi-vector";
    case T2V_CAN_GENERATE:
        return "text generation";
    }
    return "nothing";
}

size_t t2v_served_tasks(const struct t2v_served *served,
                        const struct t2v_task *tasks[T2V_SERVED_TASKS])
{
    size_t n = 0;
    if (served->embedder != NULL)
        tasks[n++] = t2v_embedder_task(served->embedder);
    if (served->sentence != served->embedder)
        tasks[n++] = t2v_embedder_task(served->sentence);
    if (served->tokens != NULL)
        tasks[n++] = t2v_token_embedder_task(served->tokens);
    if (served->sparse != NULL)
        tasks[n++] = t2v_sparse_task(served->sparse);
    if (served->multi != NULL)
        tasks[n++] = t2v_multi_task(served->multi);
    if (served->classifier != NULL)
        tasks[n++] = t2v_classifier_task(served->classifier);
    if (served->generator != NULL)
        tasks[n++] = t2v_generator_task(served->generator);
    return n;
}

const struct t2v_served *t2v_models_named(const struct t2v_models *models, struct t2v_str name)
{
    for (size_t i = 0; i < models->n; i++) {
        if (t2v_str_is(name, models->list[i].name))
            return &models->list[i];
    }
    return NULL;
}

const struct t2v_served *t2v_models_first(const struct t2v_models *models, enum t2v_ability ability)
{
    for (size_t i = 0; i < models->n; i++) {
        if ((models->list[i].abilities & ability) != 0)
            return &models->list[i];
    }
    return NULL;
}

/* "the model minilm can do embeddings only, not rerank" */
static void refuse(const struct t2v_served *served, enum t2v_ability ability,
                   struct t2v_fault *fault)
{
    char can[128] = "";
    size_t len = 0;
    for (unsigned bit = 1; bit < 1u << T2V_N_ABILITY; bit <<= 1) {
        if ((served->abilities & bit) != 0 && len < sizeof can)
            len += (size_t)snprintf(can + len, sizeof can - len, "%s%s", len != 0 ? ", " : "",
                                    t2v_ability_name((enum t2v_ability)bit));
    }
    t2v_fault_set(fault, 404, "%s is needed here; the model %.80s can do this: %s",
                  t2v_ability_name(ability), served->name, can);
}

const struct t2v_served *t2v_models_choose(const struct t2v_models *models, struct t2v_str name,
                                           enum t2v_ability ability, struct t2v_fault *fault)
{
    const struct t2v_served *named = t2v_models_named(models, name);
    const struct t2v_served *served = named != NULL ? named : t2v_models_first(models, ability);
    if (served != NULL && (served->abilities & ability) != 0)
        return served;
    refuse(served != NULL ? served : &models->list[0], ability, fault);
    return NULL;
}

const struct t2v_served *t2v_models_read(const struct t2v_models *models, struct t2v_str value,
                                         enum t2v_ability ability, struct t2v_fault *fault)
{
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, (struct t2v_loc){"model", NULL, -1}, fault))
        return NULL;
    const struct t2v_served *served =
        t2v_models_choose(models, t2v_texts_first(&texts), ability, fault);
    t2v_texts_deinit(&texts);
    return served;
}

void t2v_models_write(const struct t2v_models *models,
                      void (*write)(const struct t2v_served *served, struct t2v_buf *buf),
                      struct t2v_buf *buf)
{
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < models->n; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        write(&models->list[i], buf);
    }
    t2v_buf_addc(buf, ']');
}
