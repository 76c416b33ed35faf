/* SPDX-License-Identifier: BSD-3-Clause */
/* EuroBERT (Boizard and others, 2025): Llama's layers with bidirectional
 * attention. */
#include "net/prenorm.h"

#include "base/banned.h"

static int eurobert_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){768, 12, 3072, 12, 128256, 8192};
    names.eps_absent = 1e-5;
    struct t2v_prenorm *eurobert;
    int rc = t2v_prenorm_open(loader, &names, &eurobert);
    if (rc != 0)
        return rc;
    *shape = eurobert->shape;
    *model = eurobert;
    return 0;
}

const struct t2v_family t2v_family_eurobert = {
    .model_type = "eurobert", .open = eurobert_open, .forward = t2v_prenorm_forward};
