/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/decoders.h"

#include <pthread.h>

#include "base/mem.h"

#include "base/banned.h"

struct t2v_decoders {
    const struct t2v_models *models;
    pthread_mutex_t lock; /* of list */
    t2v_decoder **list;   /* [models->n]; NULL: not made yet */
};

int t2v_decoders_new(const struct t2v_models *models, t2v_decoders **out)
{
    t2v_decoders *decoders = t2v_alloc_zero(1, sizeof *decoders);
    t2v_decoder **list = t2v_alloc_zero(models->n, sizeof(t2v_decoder *));
    if (decoders == NULL || list == NULL) {
        t2v_free(decoders);
        t2v_free(list);
        return T2V_ENOMEM;
    }
    decoders->models = models;
    decoders->list = list;
    pthread_mutex_init(&decoders->lock, NULL);
    *out = decoders;
    return 0;
}

void t2v_decoders_free(t2v_decoders *decoders)
{
    if (decoders == NULL)
        return;
    for (size_t i = 0; i < decoders->models->n; i++)
        t2v_decoder_free(decoders->list[i]);
    pthread_mutex_destroy(&decoders->lock);
    t2v_free(decoders->list);
    t2v_free(decoders);
}

int t2v_decoders_get(t2v_decoders *decoders, const struct t2v_served *served,
                     const t2v_decoder **out, struct t2v_err *err)
{
    t2v_decoder **decoder = &decoders->list[served - decoders->models->list];
    pthread_mutex_lock(&decoders->lock);
    int rc = 0;
    if (*decoder == NULL)
        rc = t2v_decoder_new(t2v_model_tokenizer(served->model), decoder, err);
    if (rc == 0)
        *out = *decoder;
    pthread_mutex_unlock(&decoders->lock);
    return rc;
}
