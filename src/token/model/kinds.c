/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/kinds.h"

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
