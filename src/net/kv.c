/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/kv.h"

#include <string.h>

#include "base/banned.h"

void t2v_kv_store(const struct t2v_kv *kv, size_t offset, size_t key_panel, size_t head_dim,
                  size_t at, const float *key, const float *value)
{
    float *head = (void *)(kv->pages[at / T2V_PAGE_TOK] + offset);
    size_t in_page = at % T2V_PAGE_TOK, dim = t2v_page_value_len(head_dim);
    float *k = head + in_page / key_panel * key_panel * head_dim + in_page % key_panel;
    float *v = head + T2V_PAGE_TOK * head_dim + in_page * dim;
    for (size_t d = 0; d < head_dim; d++)
        k[d * key_panel] = key[d];
    memcpy(v, value, head_dim * sizeof *v);
    for (size_t d = head_dim; d < dim; d++)
        v[d] = 0.0f;
}
