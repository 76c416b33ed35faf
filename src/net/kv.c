/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/kv.h"

#include <string.h>

#include "kernel/c/half.h"

#include "base/banned.h"

/* key, value: where the token's are in the page. dim: the length of a row of values. */
static void store_f32(const struct t2v_kv_head *head, float *key, float *value, size_t dim,
                      const float *k, const float *v)
{
    for (size_t d = 0; d < head->head_dim; d++)
        key[d * head->key_panel] = k[d];
    memcpy(value, v, head->head_dim * sizeof *v);
    for (size_t d = head->head_dim; d < dim; d++)
        value[d] = 0.0f;
}

static void store_f16(const struct t2v_kv_head *head, uint16_t *key, uint16_t *value, size_t dim,
                      const float *k, const float *v)
{
    for (size_t d = 0; d < head->head_dim; d++)
        key[d * head->key_panel] = f16_near(k[d]);
    for (size_t d = 0; d < head->head_dim; d++)
        value[d] = f16_near(v[d]);
    for (size_t d = head->head_dim; d < dim; d++)
        value[d] = 0;
}

void t2v_kv_store(const struct t2v_kv *kv, const struct t2v_kv_head *head, size_t at,
                  const float *key, const float *value)
{
    char *page = kv->pages[at / T2V_PAGE_TOK] + head->offset;
    size_t i = at % T2V_PAGE_TOK, dim = t2v_page_value_len(head->head_dim);
    size_t k = i / head->key_panel * head->key_panel * head->head_dim + i % head->key_panel;
    size_t v = T2V_PAGE_TOK * head->head_dim + i * dim;
    if (head->half)
        store_f16(head, (uint16_t *)(void *)page + k, (uint16_t *)(void *)page + v, dim, key,
                  value);
    else
        store_f32(head, (float *)(void *)page + k, (float *)(void *)page + v, dim, key, value);
}
