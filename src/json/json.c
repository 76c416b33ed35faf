/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/json.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

/* What jansson may ask for to make one tree. A vocabulary of a million words takes a third of it;
 * "[[],[],[], ..." takes 50 times its own size. */
enum { MAX_TREE_BYTES = 1 << 29 };

/* What the parse of this thread may still ask for. */
static _Thread_local size_t allowed;
static _Thread_local bool too_much;
/* Set when jansson was refused memory. Its own word is not enough: not every such failure reaches
 * its json_error_t, and where its lexer cannot grow a string it drops bytes of it and goes on. */
static _Thread_local bool refused;

static void *jansson_alloc(size_t bytes)
{
    too_much = too_much || bytes > allowed;
    void *ptr = too_much ? NULL : t2v_alloc(bytes);
    if (ptr == NULL)
        refused = true;
    else
        allowed -= bytes;
    return ptr;
}

static void use_our_memory(void)
{
    json_set_alloc_funcs(jansson_alloc, t2v_free);
}

static const json_t *tree(const t2v_json *value)
{
    return (const json_t *)value;
}

/* jansson's iterators take a json_t without const, though they leave it as it is. */
static json_t *tree_mutable(const t2v_json *value)
{
    return (json_t *)(uintptr_t)value;
}

static int parse(struct t2v_str text, size_t flags, t2v_json **root, struct t2v_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_our_memory);

    json_error_t said = {.position = 0};
    refused = too_much = false;
    allowed = MAX_TREE_BYTES;
    json_t *parsed =
        json_loadb(text.ptr != NULL ? text.ptr : "", text.len,
                   flags | JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &said);
    if (too_much) {
        json_decref(parsed);
        return t2v_fail(err, T2V_ETOOLARGE, "%zu bytes of JSON take more than %d MiB of memory",
                        text.len, MAX_TREE_BYTES >> 20);
    }
    if (refused) {
        json_decref(parsed);
        return t2v_fail(err, T2V_ENOMEM, "no memory to parse %zu bytes of JSON", text.len);
    }
    if (parsed == NULL) {
        /* jansson says how far it has read: the byte to blame is the last of these, give or take
         * a quote, except for bytes that are no UTF-8, which it has not counted yet. */
        size_t pos = said.position > 0 ? (size_t)said.position : 0;
        if (pos > 0 && json_error_code(&said) != json_error_invalid_utf8)
            pos--;
        return t2v_fail_at(err, T2V_EFORMAT, pos < text.len ? pos : text.len,
                           "not JSON: %s (line %d, column %d)", said.text, said.line, said.column);
    }
    /* jansson passes over a NUL behind a number or a word. */
    const char *nul = text.len != 0 ? memchr(text.ptr, '\0', text.len) : NULL;
    if (nul != NULL) {
        json_decref(parsed);
        return t2v_fail_at(err, T2V_EFORMAT, (size_t)(nul - text.ptr), "not JSON: a NUL byte");
    }
    *root = (t2v_json *)parsed;
    return 0;
}

int t2v_json_parse(struct t2v_str text, t2v_json **root, struct t2v_err *err)
{
    return parse(text, 0, root, err);
}

int t2v_json_parse_unique(struct t2v_str text, t2v_json **root, struct t2v_err *err)
{
    return parse(text, JSON_REJECT_DUPLICATES, root, err);
}

int t2v_json_load(const char *path, size_t max_bytes, t2v_json **root, struct t2v_err *err)
{
    char *bytes;
    size_t len;
    int rc = t2v_file_read(path, max_bytes, &bytes, &len, err);
    if (rc != 0)
        return rc;
    rc = t2v_json_parse((struct t2v_str){bytes, len}, root, err);
    t2v_free(bytes);
    return rc != 0 ? t2v_fail_in(err, rc, path) : 0;
}

void t2v_json_free(t2v_json *root)
{
    json_decref((json_t *)root);
}

enum t2v_json_type t2v_json_type(const t2v_json *value)
{
    if (value == NULL)
        return T2V_JSON_MISSING;
    switch (json_typeof(tree(value))) {
    case JSON_OBJECT:
        return T2V_JSON_OBJECT;
    case JSON_ARRAY:
        return T2V_JSON_ARRAY;
    case JSON_STRING:
        return T2V_JSON_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return T2V_JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return T2V_JSON_BOOL;
    case JSON_NULL:
        break;
    }
    return T2V_JSON_NULL;
}

const char *t2v_json_type_name(const t2v_json *value)
{
    static const char *const names[] = {
        [T2V_JSON_MISSING] = "nothing",    [T2V_JSON_NULL] = "null",
        [T2V_JSON_BOOL] = "true or false", [T2V_JSON_NUMBER] = "a number",
        [T2V_JSON_STRING] = "a string",    [T2V_JSON_ARRAY] = "an array",
        [T2V_JSON_OBJECT] = "an object",
    };
    return names[t2v_json_type(value)];
}

const t2v_json *t2v_json_get(const t2v_json *value, const char *key)
{
    return (const t2v_json *)json_object_get(tree(value), key);
}

size_t t2v_json_len(const t2v_json *value)
{
    return json_is_array(tree(value)) ? json_array_size(tree(value))
                                      : json_object_size(tree(value));
}

const t2v_json *t2v_json_at(const t2v_json *value, size_t i)
{
    return (const t2v_json *)json_array_get(tree(value), i);
}

static struct t2v_json_member member_at(void *iter)
{
    if (iter == NULL)
        return (struct t2v_json_member){.value = NULL};
    return (struct t2v_json_member){
        .key = {json_object_iter_key(iter), json_object_iter_key_len(iter)},
        .value = (const t2v_json *)json_object_iter_value(iter),
        .iter = iter,
    };
}

struct t2v_json_member t2v_json_first(const t2v_json *object)
{
    return member_at(json_object_iter(tree_mutable(object)));
}

struct t2v_json_member t2v_json_next(const t2v_json *object, struct t2v_json_member member)
{
    return member_at(json_object_iter_next(tree_mutable(object), member.iter));
}

struct t2v_str t2v_json_str(const t2v_json *value)
{
    return (struct t2v_str){json_string_value(tree(value)), json_string_length(tree(value))};
}

bool t2v_json_bool(const t2v_json *value, bool *out)
{
    if (!json_is_boolean(tree(value)))
        return false;
    *out = json_is_true(tree(value));
    return true;
}

bool t2v_json_double(const t2v_json *value, double *out)
{
    if (!json_is_number(tree(value)))
        return false;
    *out = json_number_value(tree(value));
    return true;
}

bool t2v_json_int(const t2v_json *value, int64_t *out)
{
    double x;
    if (!t2v_json_double(value, &x) || x != trunc(x) || fabs(x) >= 0x1p53)
        return false;
    *out = (int64_t)x;
    return true;
}

const char *t2v_json_library(void)
{
    return jansson_version_str();
}
