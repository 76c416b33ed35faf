/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/template.h"

#include <stdio.h>

#include "token/field.h"

#include "base/banned.h"

void t2v_template_deinit(struct t2v_template *tmpl)
{
    t2v_ids_deinit(&tmpl->before);
    t2v_ids_deinit(&tmpl->behind);
    for (size_t i = 0; i < 3; i++) {
        t2v_ids_deinit(&tmpl->pair.ids[i]);
        t2v_ids_deinit(&tmpl->pair.types[i]);
    }
}

int t2v_template_trim(struct t2v_template *tmpl, bool prefixed)
{
    if (tmpl->n_trim == T2V_TRIMS_MAX)
        return T2V_ETOOLARGE;
    tmpl->trims[tmpl->n_trim++] = (struct t2v_trim){prefixed};
    return 0;
}

static int add(struct t2v_template *tmpl, struct t2v_ids *ids, int32_t id)
{
    if (ids->len == T2V_TEMPLATE_MAX)
        return T2V_ETOOLARGE;
    if (id > tmpl->max_id)
        tmpl->max_id = id;
    return t2v_ids_add(ids, id);
}

static int add_pair(struct t2v_pair_template *pair, size_t part, int32_t id, int32_t type)
{
    if (pair->ids[part].len == T2V_TEMPLATE_MAX)
        return T2V_ETOOLARGE;
    if (id > pair->max_id)
        pair->max_id = id;
    if (type > pair->max_type)
        pair->max_type = type;
    int rc = t2v_ids_add(&pair->ids[part], id);
    return rc == 0 ? t2v_ids_add(&pair->types[part], type) : rc;
}

static void start_pair(struct t2v_pair_template *pair, int32_t type_a, int32_t type_b)
{
    pair->there = true;
    pair->max_id = -1;
    pair->text_type[0] = type_a;
    pair->text_type[1] = type_b;
    pair->max_type = type_a > type_b ? type_a : type_b;
}

int t2v_template_set(struct t2v_template *tmpl, int32_t before, int32_t behind, int32_t between,
                     int32_t type_b)
{
    struct t2v_pair_template *pair = &tmpl->pair;
    start_pair(pair, 0, type_b);
    int rc = 0;
    if (before >= 0)
        rc = add(tmpl, &tmpl->before, before);
    if (rc == 0 && before >= 0)
        rc = add_pair(pair, 0, before, 0);
    if (rc == 0)
        rc = add(tmpl, &tmpl->behind, behind);
    if (rc == 0)
        rc = add_pair(pair, 1, behind, 0);
    if (rc == 0 && between >= 0)
        rc = add_pair(pair, 1, between, 0);
    return rc == 0 ? add_pair(pair, 2, behind, type_b) : rc;
}

int t2v_template_set_pair_plain(struct t2v_template *tmpl)
{
    int rc = 0;
    start_pair(&tmpl->pair, 0, 1);
    for (size_t i = 0; i < tmpl->before.len && rc == 0; i++) {
        rc = add_pair(&tmpl->pair, 0, tmpl->before.ptr[i], 0);
        if (rc == 0)
            rc = add_pair(&tmpl->pair, 1, tmpl->before.ptr[i], 1);
    }
    return rc;
}

int t2v_template_set_ends(struct t2v_template *tmpl, int32_t bos, int32_t eos)
{
    struct t2v_pair_template *pair = &tmpl->pair;
    start_pair(pair, 0, 1);
    int rc = 0;
    if (bos >= 0)
        rc = add(tmpl, &tmpl->before, bos);
    if (rc == 0 && bos >= 0)
        rc = add_pair(pair, 0, bos, 0);
    if (rc == 0 && eos >= 0)
        rc = add(tmpl, &tmpl->behind, eos);
    if (rc == 0 && eos >= 0)
        rc = add_pair(pair, 1, eos, 0);
    if (rc == 0 && bos >= 0)
        rc = add_pair(pair, 1, bos, 1);
    return rc == 0 && eos >= 0 ? add_pair(pair, 2, eos, 1) : rc;
}

int t2v_template_set_lang(struct t2v_template *tmpl, int32_t lang, int32_t eos, bool last)
{
    struct t2v_pair_template *pair = &tmpl->pair;
    start_pair(pair, 0, 0);
    int rc = last ? 0 : add(tmpl, &tmpl->before, lang);
    if (rc == 0 && !last)
        rc = add_pair(pair, 0, lang, 0);
    if (rc == 0)
        rc = add(tmpl, &tmpl->behind, eos);
    if (rc == 0)
        rc = add_pair(pair, 2, eos, 0);
    if (rc == 0 && last)
        rc = add(tmpl, &tmpl->behind, lang);
    return rc == 0 && last ? add_pair(pair, 2, lang, 0) : rc;
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

/* BertProcessing's B is of type 1; RobertaProcessing's, of type 0, has another sep before it. */
static int load_bert(const t2v_json *value, const char *where, bool roberta,
                     struct t2v_template *out, struct t2v_err *err)
{
    int32_t cls, sep;
    int rc = load_pair(value, where, "cls", &cls, err);
    if (rc == 0)
        rc = load_pair(value, where, "sep", &sep, err);
    if (rc == 0 && t2v_template_set(out, cls, sep, roberta ? sep : -1, !roberta) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    return rc;
}

/* Takes an id of a template: 0, T2V_ENOMEM or T2V_ETOOLARGE. */
struct taker {
    int (*take)(const struct taker *taker, int32_t id);
    struct t2v_template *tmpl;
    size_t part;  /* 0: before the (first) text; and so on */
    int32_t type; /* take_pair */
};

static int take_single(const struct taker *taker, int32_t id)
{
    struct t2v_template *tmpl = taker->tmpl;
    return add(tmpl, taker->part == 0 ? &tmpl->before : &tmpl->behind, id);
}

static int take_pair(const struct taker *taker, int32_t id)
{
    return add_pair(&taker->tmpl->pair, taker->part, id, taker->type);
}

/* The ids of one special token of the template. */
static int load_special(const t2v_json *tokens, const char *where, struct t2v_str name,
                        const struct taker *taker, struct t2v_err *err)
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
        int added = rc == 0 ? taker->take(taker, id) : 0;
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
    struct taker taker = {take_single, out, 0, 0};
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
            rc = load_special(tokens, where, name, &taker, err);
        if (rc != 0)
            return rc;
        if (text != NULL && (taker.part != 0 || !t2v_str_is(name, "A")))
            return t2v_fail(err, T2V_EUNSUPPORTED, "%s.id: only \"A\", once, is supported", path);
        taker.part += text != NULL;
    }
    if (taker.part == 0)
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s.single has no place for the text", where);
    return 0;
}

/* The same of `pair`, where there are A and then B, and each piece has a type_id. A text alone
 * needs none of it, so what is not like that is an error only for those who ask for pairs. Returns
 * 0 or T2V_ENOMEM. */
static int load_pairs(const char *where, const t2v_json *pair, const t2v_json *tokens,
                      struct t2v_template *out)
{
    struct taker taker = {take_pair, out, 0, 0};
    int32_t types[2] = {0, 0};
    start_pair(&out->pair, 0, 0);
    for (size_t i = 0; i < t2v_json_len(pair) && out->pair.there; i++) {
        const t2v_json *piece = t2v_json_at(pair, i), *text = t2v_json_get(piece, "Sequence");
        const t2v_json *what = text != NULL ? text : t2v_json_get(piece, "SpecialToken");
        struct t2v_str name = t2v_json_str(t2v_json_get(what, "id"));
        int64_t type;
        bool good = name.ptr != NULL && t2v_json_int(t2v_json_get(what, "type_id"), &type) &&
                    type >= 0 && type <= T2V_TEMPLATE_MAX;
        if (good && text != NULL)
            good = taker.part < 2 && t2v_str_is(name, taker.part == 0 ? "A" : "B");
        if (good && text != NULL)
            types[taker.part++] = (int32_t)type;
        taker.type = good ? (int32_t)type : 0;
        int rc = good && text == NULL ? load_special(tokens, where, name, &taker, NULL) : 0;
        if (rc == T2V_ENOMEM)
            return rc;
        out->pair.there = good && rc == 0;
    }
    for (int i = 0; i < 2; i++) {
        out->pair.text_type[i] = types[i];
        if (types[i] > out->pair.max_type)
            out->pair.max_type = types[i];
    }
    out->pair.there = out->pair.there && taker.part == 2;
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
    rc = load_pieces(where, single, tokens, tmpl, err);
    if (rc == 0 && load_pairs(where, t2v_json_get(value, "pair"), tokens, tmpl) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    return rc;
}

/* trim_offsets and add_prefix_space of RobertaProcessing and ByteLevel. */
static int load_trim(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                     struct t2v_err *err)
{
    bool trim = true, prefixed = true;
    int rc = t2v_field_bool_opt(value, where, "trim_offsets", &trim, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "add_prefix_space", &prefixed, err);
    if (rc == 0 && trim && t2v_template_trim(tmpl, prefixed) != 0)
        rc = t2v_fail(err, T2V_ETOOLARGE, "%s: more than %d that trim offsets", where,
                      T2V_TRIMS_MAX);
    return rc;
}

static int load_part(void *ctx, const t2v_json *value, const char *where, struct t2v_str type,
                     struct t2v_err *err)
{
    struct t2v_template *tmpl = ctx;
    if (t2v_str_is(type, "ByteLevel"))
        return load_trim(value, where, tmpl, err);
    const struct t2v_pair_template *pair = &tmpl->pair;
    if (tmpl->before.len + tmpl->behind.len + pair->ids[0].len + pair->ids[1].len +
            pair->ids[2].len !=
        0)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: a second post-processor that adds ids is not supported", where);
    if (t2v_str_is(type, "TemplateProcessing"))
        return load_template(value, where, tmpl, err);
    bool roberta = t2v_str_is(type, "RobertaProcessing");
    if (roberta || t2v_str_is(type, "BertProcessing")) {
        int rc = load_bert(value, where, roberta, tmpl, err);
        return rc == 0 && roberta ? load_trim(value, where, tmpl, err) : rc;
    }
    return t2v_field_unknown(value, where, "post-processor", err);
}

int t2v_template_load(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                      struct t2v_err *err)
{
    *tmpl = (struct t2v_template){.max_id = -1};
    bool none = t2v_json_type(value) <= T2V_JSON_NULL;
    t2v_template_set_pair_plain(tmpl);
    return none ? 0 : t2v_field_sequence(value, where, "processors", load_part, tmpl, err);
}
