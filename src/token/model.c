/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model.h"

#include <stdio.h>

#include "token/field.h"

#include "base/banned.h"

/* A kind is read from the tree, or from the tree and the lists: one of the two is NULL. */
static const struct kind {
    const char *type;
    int (*load)(const t2v_json *, const char *, struct t2v_token_model **, struct t2v_err *);
    int (*load_lists)(const t2v_json *, const struct t2v_model_lists *, const char *,
                      struct t2v_token_model **, struct t2v_err *);
} kinds[] = {
    {"BPE", NULL, t2v_bpe_load},
    {"Unigram", NULL, t2v_unigram_load},
    {"WordPiece", t2v_wordpiece_load, NULL},
};

static const struct kind *find_kind(struct t2v_str type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (t2v_str_is(type, kinds[i].type))
            return &kinds[i];
    }
    return NULL;
}

/* Files of the library's first versions have no type; only BPE and WordPiece have these fields (and
 * `merges` may be null here, when it was cut out). ptr is NULL when there is nothing to go by. */
static struct t2v_str type_of(const t2v_json *value)
{
    if (t2v_json_get(value, "type") != NULL)
        return t2v_json_str(t2v_json_get(value, "type"));
    if (t2v_json_get(value, "merges") != NULL)
        return T2V_STR("BPE");
    if (t2v_field_there(value, "max_input_chars_per_word"))
        return T2V_STR("WordPiece");
    return (struct t2v_str){NULL, 0};
}

bool t2v_token_model_takes_lists(const t2v_json *value)
{
    const struct kind *kind = find_kind(type_of(value));
    return kind != NULL && kind->load_lists != NULL;
}

int t2v_token_model_load(const t2v_json *value, const struct t2v_model_lists *lists,
                         const char *where, struct t2v_token_model **out, struct t2v_err *err)
{
    if (t2v_json_type(value) != T2V_JSON_OBJECT)
        return t2v_field_wrong(value, where, "an object", err);
    struct t2v_str type = type_of(value);
    if (type.ptr == NULL)
        return t2v_field_str(value, where, "type", &type, err);
    const struct kind *kind = find_kind(type);
    if (kind == NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the model \"%.*s\" is not supported", where,
                        T2V_STR_ARG(type));
    if (kind->load != NULL)
        return kind->load(value, where, out, err);
    static const struct t2v_model_lists none = {{NULL, 0}, {NULL, 0}};
    return kind->load_lists(value, lists != NULL ? lists : &none, where, out, err);
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
