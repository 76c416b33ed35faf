/* SPDX-License-Identifier: BSD-3-Clause */
/* ELECTRA (Clark and others, 2020), the discriminator: BERT, whose embeddings may be narrower than
 * its layers. */
#include "net/postnorm.h"

#include "base/banned.h"

static int electra_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                        void **model, struct t2v_err *err)
{
    static const char *const prefixes[] = {"", "electra.", NULL};
    struct t2v_postnorm_names names = t2v_bert_names;
    names.embed = "embedding_size";
    names.embed_absent = 128;
    names.absent = (struct t2v_absent){256, 4, 1024, 12, 30522, 512};
    return t2v_postnorm_open(config, &names, prefixes, -1, loader, shape, model, err);
}

const struct t2v_family t2v_family_electra = {
    .model_type = "electra", .open = electra_open, .forward = t2v_postnorm_forward};
