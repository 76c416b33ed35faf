/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/model.h"

#include <stdio.h>

#include "token/field.h"
#include "token/model/bpe_load.h"
#include "token/model/unigram.h"
#include "token/model/wordlevel.h"
#include "token/model/wordpiece.h"

#include "base/banned.h"

/* In the order in which the library tries them on a file without a type. A kind is read from the
 * tree, or from the tree and the lists: one of the two is NULL. */
static const struct kind {
    const char *type;
    int (*load)(const t2v_json *, const char *, struct t2v_token_model **, struct t2v_err *);
    int (*load_lists)(const t2v_json *, const struct t2v_model_lists *, const char *,
                      struct t2v_token_model **, struct t2v_err *);
} kinds[] = {
    {"BPE", NULL, t2v_bpe_load},
    {"WordPiece", t2v_wordpiece_load, NULL},
    {"WordLevel", t2v_wordlevel_load, NULL},
    {"Unigram", NULL, t2v_unigram_load},
};

static const struct kind *find_kind(struct t2v_str type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (t2v_str_is(type, kinds[i].type))
            return &kinds[i];
    }
    return NULL;
}

/* The model's type. Files of the library's first versions have none: then the fields tell, of which
 * `vocab` and `merges` may be null here, when they were cut out; in_order: the vocabulary is a
 * list, which Unigram's alone is. ptr is NULL when there is nothing to go by. */
static struct t2v_str type_of(const t2v_json *value, bool in_order)
{
    if (t2v_json_get(value, "type") != NULL)
        return t2v_json_str(t2v_json_get(value, "type"));
    if (in_order)
        return T2V_STR("Unigram");
    if (t2v_json_get(value, "merges") != NULL)
        return T2V_STR("BPE");
    if (t2v_field_there(value, "max_input_chars_per_word"))
        return T2V_STR("WordPiece");
    if (t2v_field_there(value, "unk_token"))
        return T2V_STR("WordLevel");
    return (struct t2v_str){NULL, 0};
}

static bool is_list(struct t2v_str text)
{
    return text.len != 0 && text.ptr[0] == '[';
}

bool t2v_token_model_takes_lists(const t2v_json *value, const struct t2v_model_lists *lists)
{
    const struct kind *kind = find_kind(type_of(value, is_list(lists->vocab)));
    return kind != NULL && kind->load_lists != NULL;
}

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

int t2v_token_model_load(const t2v_json *value, const struct t2v_model_lists *lists,
                         const char *where, struct t2v_token_model **out, struct t2v_err *err)
{
    if (t2v_json_type(value) != T2V_JSON_OBJECT)
        return t2v_field_wrong(value, where, "an object", err);
    static const struct t2v_model_lists none = {{NULL, 0}, {NULL, 0}};
    if (lists == NULL)
        lists = &none;
    struct t2v_str type = type_of(value, is_list(lists->vocab));
    if (type.ptr == NULL)
        return t2v_field_str(value, where, "type", &type, err);
    const struct kind *kind = find_kind(type);
    if (kind == NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the model \"%.*s\" is not supported", where,
                        T2V_STR_ARG(type));
    if (kind->load != NULL)
        return kind->load(value, where, out, err);
    return kind->load_lists(value, lists, where, out, err);
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
