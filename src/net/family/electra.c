/* SPDX-License-Identifier: BSD-3-Clause */
/* ELECTRA (Clark and others, 2020), the discriminator: BERT, whose embeddings may be narrower than
 * its layers. */
#include "net/postnorm.h"

#include "base/banned.h"

static int electra_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    static const char *const prefixes[] = {"", "electra.", NULL};
    struct t2v_postnorm_names names = t2v_bert_names;
    names.embed = "embedding_size";
    names.embed_absent = 128;
    names.absent = (struct t2v_absent){256, 4, 1024, 12, 30522, 512};
    return t2v_postnorm_open(loader, &names, prefixes, -1, shape, model);
}

const struct t2v_family t2v_family_electra = {
    .model_type = "electra", .open = electra_open, .forward = t2v_postnorm_forward};
