/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/model.h"

#include <stdio.h>

#include "token/field.h"

#include "base/banned.h"

int t2v_token_model_read_vocab(const t2v_json *vocab, const char *where, t2v_token_model_add *add,
                               struct t2v_token_model *model, struct t2v_err *err)
{
    for (struct t2v_json_member m = t2v_json_first(vocab); m.value != NULL;
         m = t2v_json_next(vocab, m)) {
        char path[T2V_WHERE_MAX];
        int32_t id;
        int64_t fast;
        /* The path is only worth writing when the id is bad. */
        if (t2v_json_int(m.value, &fast) && fast >= 0 && fast <= T2V_TOKEN_MAX_ID) {
            id = (int32_t)fast;
        } else {
            snprintf(path, sizeof path, "%.40s.vocab[\"%.*s\"]", where,
                     (int)(m.key.len > 60 ? 60 : m.key.len), m.key.ptr);
            return t2v_field_id(m.value, path, &id, err);
        }
        int rc = add(model, m.key, id);
        if (rc != 0)
            return t2v_fail(err, rc,
                            rc == T2V_ENOMEM ? "no memory for %s.vocab"
                                             : "%s.vocab or a token of it is too large",
                            where);
    }
    return 0;
}

int t2v_token_model_put(struct t2v_token_model *model, struct t2v_trie *trie, struct t2v_str token,
                        int32_t id)
{
    int rc = t2v_trie_set(trie, token, id);
    model->n_vocab = trie->n_value;
    if (rc == 0 && id > model->max_id)
        model->max_id = id;
    return rc;
}

void t2v_token_model_bytes(const struct t2v_token_model *model, int32_t ids[256])
{
    for (unsigned i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        ids[i] = model->ops->id_of(model, t2v_str_of(name));
    }
}

void t2v_token_model_free(struct t2v_token_model *model)
{
    if (model != NULL)
        model->ops->free(model);
}
