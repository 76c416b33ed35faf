/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/field.h"

#include <stdio.h>

#include "base/utf8.h"

#include "base/banned.h"

enum { MAX_DEPTH = 8 }; /* of Sequences in Sequences */

bool t2v_field_there(const t2v_json *object, const char *key)
{
    enum t2v_json_type type = t2v_json_type(t2v_json_get(object, key));
    return type != T2V_JSON_MISSING && type != T2V_JSON_NULL;
}

int t2v_field_wrong(const t2v_json *value, const char *where, const char *wanted,
                    struct t2v_err *err)
{
    if (value == NULL)
        return t2v_fail(err, T2V_EFORMAT, "%s is missing", where);
    return t2v_fail(err, T2V_EFORMAT, "%s is %s, not %s", where, t2v_json_type_name(value), wanted);
}

static int wrong(const t2v_json *object, const char *where, const char *key, const char *wanted,
                 struct t2v_err *err)
{
    char path[T2V_WHERE_MAX + 40];
    snprintf(path, sizeof path, "%s%s%s", where, where[0] != '\0' ? "." : "", key);
    return t2v_field_wrong(t2v_json_get(object, key), path, wanted, err);
}

bool t2v_field_truth(const t2v_json *value)
{
    bool flag = false;
    double number = 0;
    switch (t2v_json_type(value)) {
    case T2V_JSON_STRING:
        return t2v_json_str(value).len != 0;
    case T2V_JSON_ARRAY:
    case T2V_JSON_OBJECT:
        return t2v_json_len(value) != 0;
    default:
        return t2v_json_bool(value, &flag) ? flag : t2v_json_double(value, &number) && number != 0;
    }
}

int t2v_field_bool(const t2v_json *object, const char *where, const char *key, bool *out,
                   struct t2v_err *err)
{
    if (!t2v_json_bool(t2v_json_get(object, key), out))
        return wrong(object, where, key, "true or false", err);
    return 0;
}

int t2v_field_bool_opt(const t2v_json *object, const char *where, const char *key, bool *out,
                       struct t2v_err *err)
{
    return t2v_field_there(object, key) ? t2v_field_bool(object, where, key, out, err) : 0;
}

int t2v_field_flag(const t2v_json *object, const char *where, const char *key, bool *out,
                   struct t2v_err *err)
{
    double number;
    if (!t2v_json_double(t2v_json_get(object, key), &number) || (number != 0 && number != 1))
        return t2v_field_bool_opt(object, where, key, out, err);
    *out = number == 1;
    return 0;
}

int t2v_field_str(const t2v_json *object, const char *where, const char *key, struct t2v_str *out,
                  struct t2v_err *err)
{
    struct t2v_str s = t2v_json_str(t2v_json_get(object, key));
    if (s.ptr == NULL)
        return wrong(object, where, key, "a string", err);
    *out = s;
    return 0;
}

int t2v_field_char(const t2v_json *object, const char *where, const char *key, struct t2v_str *out,
                   struct t2v_err *err)
{
    uint32_t cp;
    int rc = t2v_field_str(object, where, key, out, err);
    if (rc != 0 || (out->len != 0 && (size_t)t2v_utf8_decode(*out, &cp) == out->len))
        return rc;
    return t2v_fail(err, T2V_EFORMAT, "%s.%s is not one character", where, key);
}

int t2v_field_choice(const t2v_json *object, const char *where, const char *key,
                     const char *const *words, size_t *out, struct t2v_err *err)
{
    struct t2v_str word = {NULL, 0};
    int rc = t2v_field_str(object, where, key, &word, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (t2v_str_is(word, words[i])) {
            *out = i;
            return 0;
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s.%s \"%.*s\" is not supported", where, key,
                    T2V_STR_ARG(word));
}

int t2v_field_int(const t2v_json *object, const char *where, const char *key, int64_t min,
                  int64_t max, int64_t *out, struct t2v_err *err)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a whole number in [%lld, %lld]", (long long)min,
             (long long)max);
    int64_t n;
    if (!t2v_json_int(t2v_json_get(object, key), &n))
        return wrong(object, where, key, wanted, err);
    if (n < min || n > max)
        return t2v_fail(err, T2V_EFORMAT, "%s.%s is %lld, not %s", where, key, (long long)n,
                        wanted);
    *out = n;
    return 0;
}

int t2v_field_array(const t2v_json *object, const char *where, const char *key,
                    const t2v_json **out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(object, key);
    if (t2v_json_type(value) != T2V_JSON_ARRAY)
        return wrong(object, where, key, "an array", err);
    *out = value;
    return 0;
}

int t2v_field_object(const t2v_json *object, const char *where, const char *key,
                     const t2v_json **out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(object, key);
    if (t2v_json_type(value) != T2V_JSON_OBJECT)
        return wrong(object, where, key, "an object", err);
    *out = value;
    return 0;
}

int t2v_field_pattern(const t2v_json *object, const char *where, struct t2v_pattern *out,
                      struct t2v_err *err)
{
    const t2v_json *pattern = NULL;
    int rc = t2v_field_object(object, where, "pattern", &pattern, err);
    if (rc != 0)
        return rc;
    snprintf(out->path, sizeof out->path, "%.140s.pattern", where);
    out->regex = t2v_field_there(pattern, "Regex");
    rc = t2v_field_str(pattern, out->path, out->regex ? "Regex" : "String", &out->text, err);
    if (rc == 0)
        out->regex = out->regex || out->text.len == 0;
    return rc;
}

int t2v_field_replace(const t2v_json *object, const char *where, struct t2v_pattern *pattern,
                      struct t2v_str *content, struct t2v_err *err)
{
    int rc = t2v_field_pattern(object, where, pattern, err);
    return rc == 0 ? t2v_field_str(object, where, "content", content, err) : rc;
}

int t2v_field_id(const t2v_json *value, const char *name, int32_t *out, struct t2v_err *err)
{
    int64_t id;
    if (!t2v_json_int(value, &id))
        return t2v_field_wrong(value, name, "a token id", err);
    if (id < 0 || id > T2V_TOKEN_MAX_ID)
        return t2v_fail(err, T2V_EFORMAT, "%s is %lld, not a token id in [0, %d]", name,
                        (long long)id, T2V_TOKEN_MAX_ID);
    *out = (int32_t)id;
    return 0;
}

static int walk(const t2v_json *value, const char *where, const char *list_key, unsigned depth,
                t2v_field_component *each, void *ctx, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(value, "type"));
    if (!t2v_str_is(type, "Sequence"))
        return each(ctx, value, where, type, err);
    if (depth == MAX_DEPTH)
        return t2v_fail(err, T2V_ETOOLARGE, "%s: Sequences nested too deeply", where);
    const t2v_json *list = NULL;
    int rc = t2v_field_array(value, where, list_key, &list, err);
    for (size_t i = 0; rc == 0 && i < t2v_json_len(list); i++) {
        char path[T2V_WHERE_MAX];
        snprintf(path, sizeof path, "%.110s.%.20s[%zu]", where, list_key, i);
        rc = walk(t2v_json_at(list, i), path, list_key, depth + 1, each, ctx, err);
    }
    return rc;
}

int t2v_field_sequence(const t2v_json *value, const char *where, const char *list_key,
                       t2v_field_component *each, void *ctx, struct t2v_err *err)
{
    return walk(value, where, list_key, 0, each, ctx, err);
}

int t2v_field_unknown(const t2v_json *value, const char *where, const char *kind,
                      struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(value, "type"));
    if (type.ptr == NULL)
        return wrong(value, where, "type", "a string", err);
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the %s \"%.*s\" is not supported", where, kind,
                    T2V_STR_ARG(type));
}
