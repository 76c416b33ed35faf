/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model.h"

#include "token/field.h"

#include "base/banned.h"

static const struct {
    const char *type;
    int (*load)(const t2v_json *, const char *, struct t2v_token_model **, struct t2v_err *);
} kinds[] = {
    {"WordPiece", t2v_wordpiece_load},
};

int t2v_token_model_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                         struct t2v_err *err)
{
    if (t2v_json_type(value) != T2V_JSON_OBJECT)
        return t2v_field_wrong(value, where, "an object", err);
    struct t2v_str type = T2V_STR("WordPiece");
    /* Files of the library's first versions have no type; only WordPiece has this field. */
    if (t2v_json_get(value, "type") != NULL ||
        !t2v_field_there(value, "max_input_chars_per_word")) {
        int rc = t2v_field_str(value, where, "type", &type, err);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (t2v_str_is(type, kinds[i].type))
            return kinds[i].load(value, where, out, err);
    }
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the model \"%.*s\" is not supported", where,
                    T2V_STR_ARG(type));
}

void t2v_token_model_free(struct t2v_token_model *model)
{
    if (model != NULL)
        model->ops->free(model);
}
