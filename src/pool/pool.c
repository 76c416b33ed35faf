/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pool/model.h"

#include "base/banned.h"

void t2v_pool(enum t2v_pooling pooling, const float *hidden, size_t n_tok, size_t dim, float *out)
{
    memcpy(out, hidden, dim * sizeof *out);
    if (pooling == T2V_POOL_CLS)
        return;
    for (size_t t = 1; t < n_tok; t++) {
        const float *row = hidden + t * dim;
        for (size_t i = 0; i < dim; i++)
            out[i] += row[i];
    }
    for (size_t i = 0; i < dim; i++)
        out[i] /= (float)n_tok;
}
