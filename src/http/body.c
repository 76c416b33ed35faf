/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/body.h"

#include <string.h>

#include "json/json.h"
#include "json/pull.h"

#include "base/banned.h"

/* ---- What a body is that is not JSON ---- */

/* A message about the body, quoting nothing of it. */
struct mistake {
    const char *message; /* static; NULL: it looks like JSON */
    bool other;          /* another format altogether: an example of the right one helps */
};

/* First bytes that give a format away. */
static const struct {
    struct t2v_str bytes;
    struct mistake mistake;
} marks[] = {
    {{"\xef\xbb\xbf", 3},
     {"the body begins with a byte order mark: send UTF-8 without one", false}},
    {{"\xff\xfe", 2}, {"the body is UTF-16 or UTF-32: JSON is sent as UTF-8", false}},
    {{"\xfe\xff", 2}, {"the body is UTF-16: JSON is sent as UTF-8", false}},
    {{"\0\0\xfe\xff", 4}, {"the body is UTF-32: JSON is sent as UTF-8", false}},
    {{"\x1f\x8b", 2}, {"the body is compressed with gzip: send the JSON uncompressed", false}},
    {{"\x28\xb5\x2f\xfd", 4},
     {"the body is compressed with zstd: send the JSON uncompressed", false}},
    {{"\x78\x01", 2}, {"the body is compressed with zlib: send the JSON uncompressed", false}},
    {{"\x78\x9c", 2}, {"the body is compressed with zlib: send the JSON uncompressed", false}},
    {{"\x78\xda", 2}, {"the body is compressed with zlib: send the JSON uncompressed", false}},
    {{"--", 2}, {"the body is a multipart form", true}},
    {{"%7B", 3}, {"the body is percent-encoded", true}},
    {{"%7b", 3}, {"the body is percent-encoded", true}},
    {{"'", 1},
     {"the body begins with a single quote, which the shell did not take off: put double quotes "
      "around it and \\\" inside",
      false}},
    {{"<", 1}, {"the body is XML or HTML", true}},
};

/* NAME=..., as a form sends it. */
static bool is_form(struct t2v_str body)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.~+%*[]";
    size_t i = 0;
    while (i < body.len && i < 200 && memchr(name, body.ptr[i], sizeof name - 1) != NULL)
        i++;
    return i != 0 && i < body.len && body.ptr[i] == '=';
}

/* UTF-16 or UTF-32 without a mark: each ASCII character has a NUL on one side. */
static bool is_wide(struct t2v_str body)
{
    return body.len >= 2 && (body.ptr[0] == '\0') != (body.ptr[1] == '\0');
}

/* {'text': ...}: Python's str() of a dictionary; {text: ...}: JavaScript, or quotes that a shell
 * took. */
static const char *wrong_object(struct t2v_str body)
{
    if (body.len == 0 || body.ptr[0] != '{')
        return NULL;
    body = t2v_str_skip(body, 1);
    while (body.len != 0 && strchr(" \t\r\n", body.ptr[0]) != NULL && body.ptr[0] != '\0')
        body = t2v_str_skip(body, 1);
    if (body.len == 0)
        return NULL;
    char c = body.ptr[0];
    if (c == '\'')
        return "single quotes: JSON has its names and strings in double quotes";
    if (c == '\\')
        return "a backslash before a quote that the shell did not take off: names and strings are "
               "in plain double quotes";
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter ? "a name without quotes: JSON has its names and strings in double quotes" : NULL;
}

static struct mistake mistake_of(struct t2v_str body)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (t2v_str_starts(body, marks[i].bytes))
            return marks[i].mistake;
    }
    if (is_wide(body))
        return (struct mistake){"the body is UTF-16 or UTF-32: JSON is sent as UTF-8", false};
    if (is_form(body))
        return (struct mistake){"the body is form data (NAME=VALUE)", true};
    const char *wrong = wrong_object(body);
    if (wrong != NULL)
        return (struct mistake){wrong, false};
    bool json = body.len != 0 && memchr(" \t\r\n{[\"-0123456789", body.ptr[0], 18) != NULL;
    return json ? (struct mistake){NULL, false} : (struct mistake){"the body is not JSON", true};
}

/* ---- Members ---- */

/* *whole: the text of the one value that the body is. */
static int read_whole_body(struct t2v_pull *pull, const char *const *names, struct t2v_str *values,
                           size_t n, struct t2v_str *whole)
{
    bool object = t2v_pull_peek(pull) == '{';
    const char *first = pull->at;
    int rc = object ? t2v_pull_members(pull, names, values, n, t2v_pull_pass)
                    : t2v_pull_pass(pull, whole);
    *whole = (struct t2v_str){first, (size_t)(pull->at - first)};
    return rc == 0 ? t2v_pull_end(pull) : rc;
}

/* The JSON reader's message, unless the body most likely is something else. */
static void not_json(struct t2v_str body, const char *example, const struct t2v_err *err,
                     struct t2v_fault *fault)
{
    const struct t2v_loc loc = {NULL, NULL, (ptrdiff_t)err->pos};
    struct mistake mistake = mistake_of(body);
    if (mistake.other)
        t2v_fault_invalid(fault, "json_invalid", loc, "%s: send a JSON object, such as %s",
                          mistake.message, example);
    else
        t2v_fault_invalid(fault, "json_invalid", loc, "%s",
                          mistake.message != NULL ? mistake.message : err->msg);
}

bool t2v_body_members(struct t2v_str body, const char *example, const char *const *names,
                      struct t2v_str *values, size_t n, struct t2v_fault *fault)
{
    struct t2v_err err = {0};
    struct t2v_str whole = {NULL, 0};
    struct t2v_pull pull;
    if (body.len == 0) {
        t2v_fault_invalid(fault, "missing", T2V_LOC_BODY,
                          "the body is empty, a JSON object is needed");
        return false;
    }
    t2v_pull_init(&pull, body, &err);
    int rc = read_whole_body(&pull, names, values, n, &whole);
    t2v_pull_deinit(&pull);
    if (rc == T2V_EFORMAT) {
        not_json(body, example, &err, fault);
    } else if (rc != 0) {
        t2v_fault_busy(fault, t2v_why_busy(rc));
    } else if (whole.ptr[0] != '{') {
        t2v_body_wrong_type(fault, "model_attributes_type", T2V_LOC_BODY, "a JSON object", whole);
        rc = T2V_EFORMAT;
    }
    return rc == 0;
}

bool t2v_body_inner(struct t2v_str object, const char *const *names, struct t2v_str *values,
                    size_t n, struct t2v_fault *fault)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, object, NULL);
    int rc = t2v_pull_members(&pull, names, values, n, t2v_pull_pass);
    t2v_pull_deinit(&pull);
    if (rc != 0)
        t2v_fault_busy(fault, t2v_why_busy(rc));
    return rc == 0;
}

/* ---- Values ---- */

bool t2v_body_has(struct t2v_str value)
{
    return value.ptr != NULL && value.ptr[0] != 'n';
}

void t2v_body_wrong_type(struct t2v_fault *fault, const char *type, struct t2v_loc loc,
                         const char *wanted, struct t2v_str value)
{
    t2v_fault_invalid(fault, type, loc, "%s is needed here, not %s", wanted,
                      t2v_json_kind_name(t2v_json_type_of(value)));
}

bool t2v_body_missing(struct t2v_loc loc, struct t2v_fault *fault)
{
    t2v_fault_invalid(fault, "missing", loc, "the field is missing");
    return false;
}

bool t2v_body_needs_string(struct t2v_str value, struct t2v_loc loc, struct t2v_fault *fault)
{
    if (value.ptr == NULL)
        return t2v_body_missing(loc, fault);
    if (value.ptr[0] == '"')
        return true;
    t2v_body_wrong_type(fault, "string_type", loc, "a string", value);
    return false;
}

bool t2v_body_read_object(struct t2v_str value, struct t2v_loc loc, const char *const *names,
                          struct t2v_str *values, size_t n, struct t2v_fault *fault)
{
    if (!t2v_body_has(value))
        return true;
    if (value.ptr[0] == '{')
        return t2v_body_inner(value, names, values, n, fault);
    t2v_body_wrong_type(fault, "dict_type", loc, "an object", value);
    return false;
}

void t2v_body_not_whole(struct t2v_fault *fault, struct t2v_loc loc, const char *wanted,
                        struct t2v_str value)
{
    enum t2v_json_type type = t2v_json_type_of(value);
    t2v_fault_invalid(fault, "int_type", loc, "%s is needed here, not %s", wanted,
                      type == T2V_JSON_NUMBER ? "another number" : t2v_json_kind_name(type));
}

bool t2v_body_read_bool(struct t2v_str value, const char *name, bool *out, struct t2v_fault *fault)
{
    if (!t2v_body_has(value))
        return true;
    if (value.ptr[0] != 't' && value.ptr[0] != 'f') {
        t2v_body_wrong_type(fault, "bool_type", (struct t2v_loc){name, NULL, -1}, "true or false",
                            value);
        return false;
    }
    *out = value.ptr[0] == 't';
    return true;
}

bool t2v_body_whole(struct t2v_str value, int64_t *out)
{
    struct t2v_pull pull;
    double number;
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_is_number(&pull, value.ptr[0]) && t2v_pull_number(&pull, &number) == 0 &&
              t2v_json_whole(number, out);
    t2v_pull_deinit(&pull);
    return ok;
}

/* Counts one item, and keeps the first that is no string. */
static int count_item(struct t2v_pull *pull, struct t2v_body_strings *out)
{
    struct t2v_str value;
    bool is_string = t2v_pull_peek(pull) == '"';
    int rc = is_string ? t2v_pull_str(pull, &value) : t2v_pull_pass(pull, &value);
    if (is_string && rc == 0)
        out->n_byte += value.len;
    if (!is_string && out->wrong == SIZE_MAX) {
        out->wrong = out->n;
        out->wrong_value = value;
    }
    out->n++;
    return rc;
}

bool t2v_body_count(struct t2v_str array, struct t2v_body_strings *out, struct t2v_fault *fault)
{
    struct t2v_pull pull;
    *out = (struct t2v_body_strings){.wrong = SIZE_MAX};
    t2v_pull_init(&pull, array, NULL);
    int rc = t2v_pull_open(&pull, '[');
    while (rc == 0 && (rc = t2v_pull_more(&pull, ']')) == 1)
        rc = count_item(&pull, out);
    t2v_pull_deinit(&pull);
    if (rc != 0)
        t2v_fault_busy(fault, t2v_why_busy(rc));
    return rc == 0;
}
