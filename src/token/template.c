/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/template.h"

#include <stdio.h>

#include "token/field.h"

#include "base/banned.h"

void t2v_template_deinit(struct t2v_template *tmpl)
{
    t2v_ids_deinit(&tmpl->before);
    t2v_ids_deinit(&tmpl->behind);
}

static int add(struct t2v_template *tmpl, struct t2v_ids *ids, int32_t id)
{
    if (ids->len == T2V_TEMPLATE_MAX)
        return T2V_ETOOLARGE;
    if (id > tmpl->max_id)
        tmpl->max_id = id;
    return t2v_ids_add(ids, id);
}

int t2v_template_set(struct t2v_template *tmpl, int32_t before, int32_t behind)
{
    int rc = add(tmpl, &tmpl->before, before);
    return rc == 0 ? add(tmpl, &tmpl->behind, behind) : rc;
}

/* ["[CLS]", 101] */
static int load_pair(const t2v_json *value, const char *where, const char *key, int32_t *id,
                     struct t2v_err *err)
{
    char path[T2V_WHERE_MAX];
    const t2v_json *pair;
    int rc = t2v_field_array(value, where, key, &pair, err);
    if (rc != 0)
        return rc;
    snprintf(path, sizeof path, "%.120s.%s[1]", where, key);
    return t2v_field_id(t2v_json_at(pair, 1), path, id, err);
}

static int load_bert(const t2v_json *value, const char *where, struct t2v_template *out,
                     struct t2v_err *err)
{
    int32_t cls, sep;
    int rc = load_pair(value, where, "cls", &cls, err);
    if (rc == 0)
        rc = load_pair(value, where, "sep", &sep, err);
    if (rc == 0 && t2v_template_set(out, cls, sep) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    return rc;
}

/* The ids of one special token of the template, appended to ids. */
static int load_special(const t2v_json *tokens, const char *where, struct t2v_str name,
                        struct t2v_template *out, struct t2v_ids *ids, struct t2v_err *err)
{
    char path[T2V_WHERE_MAX], key[T2V_WHERE_MAX];
    snprintf(path, sizeof path, "%.60s.special_tokens[\"%.*s\"]", where,
             (int)(name.len > 60 ? 60 : name.len), name.ptr);
    /* A name with a NUL inside, or a very long one, is nobody's. */
    if (name.len >= sizeof key || memchr(name.ptr, '\0', name.len) != NULL)
        return t2v_fail(err, T2V_EFORMAT, "%s is missing", path);
    memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    const t2v_json *list, *token = t2v_json_get(tokens, key);
    if (t2v_json_type(token) != T2V_JSON_OBJECT)
        return t2v_field_wrong(token, path, "an object", err);
    int rc = t2v_field_array(token, path, "ids", &list, err);
    for (size_t i = 0; rc == 0 && i < t2v_json_len(list); i++) {
        char item[T2V_WHERE_MAX + 32];
        int32_t id;
        snprintf(item, sizeof item, "%s.ids[%zu]", path, i);
        rc = t2v_field_id(t2v_json_at(list, i), item, &id, err);
        int added = rc == 0 ? add(out, ids, id) : 0;
        if (added != 0)
            rc = t2v_fail(err, added, added == T2V_ENOMEM ? "%s: no memory" : "%s: too many ids",
                          item);
    }
    return rc;
}

/* `single`: pieces {"SpecialToken": {"id": NAME}} and, once, {"Sequence": {"id": "A"}}. */
static int load_pieces(const char *where, const t2v_json *single, const t2v_json *tokens,
                       struct t2v_template *out, struct t2v_err *err)
{
    bool behind = false;
    for (size_t i = 0; i < t2v_json_len(single); i++) {
        char path[T2V_WHERE_MAX];
        struct t2v_str name;
        const t2v_json *piece = t2v_json_at(single, i);
        const t2v_json *text = t2v_json_get(piece, "Sequence");
        snprintf(path, sizeof path, "%.80s.single[%zu].%s", where, i,
                 text != NULL ? "Sequence" : "SpecialToken");
        int rc = t2v_field_str(text != NULL ? text : t2v_json_get(piece, "SpecialToken"), path,
                               "id", &name, err);
        if (rc == 0 && text == NULL)
            rc = load_special(tokens, where, name, out, behind ? &out->behind : &out->before, err);
        if (rc != 0)
            return rc;
        if (text != NULL && (behind || !t2v_str_is(name, "A")))
            return t2v_fail(err, T2V_EUNSUPPORTED, "%s.id: only \"A\", once, is supported", path);
        behind = behind || text != NULL;
    }
    if (!behind)
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s.single has no place for the text", where);
    return 0;
}

static int load_template(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                         struct t2v_err *err)
{
    const t2v_json *single, *tokens;
    int rc = t2v_field_array(value, where, "single", &single, err);
    if (rc == 0)
        rc = t2v_field_object(value, where, "special_tokens", &tokens, err);
    if (rc != 0)
        return rc;
    return load_pieces(where, single, tokens, tmpl, err);
}

static int load_part(void *ctx, const t2v_json *value, const char *where, struct t2v_str type,
                     struct t2v_err *err)
{
    struct t2v_template *tmpl = ctx;
    if (t2v_str_is(type, "ByteLevel"))
        return 0;
    if (tmpl->before.len + tmpl->behind.len != 0)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: a second post-processor that adds ids is not supported", where);
    if (t2v_str_is(type, "TemplateProcessing"))
        return load_template(value, where, tmpl, err);
    if (t2v_str_is(type, "BertProcessing") || t2v_str_is(type, "RobertaProcessing"))
        return load_bert(value, where, tmpl, err);
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the post-processor \"%.*s\" is not supported",
                    where, T2V_STR_ARG(type));
}

int t2v_template_load(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                      struct t2v_err *err)
{
    *tmpl = (struct t2v_template){.max_id = -1};
    if (value == NULL || t2v_json_type(value) == T2V_JSON_NULL)
        return 0;
    return t2v_field_sequence(value, where, "processors", load_part, tmpl, err);
}
