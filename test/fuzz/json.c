/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as JSON: calls every accessor on every value. Strings must survive being written and
 * read again. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "json/json.h"
#include "json/pull.h"
#include "json/write.h"

static void rewrite(struct t2v_str s)
{
    struct t2v_buf buf;
    t2v_json *again = NULL;
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_json_write_str(&buf, s);
    CHECK(buf.fail == 0 && t2v_json_parse(t2v_buf_str(&buf), &again, NULL) == 0);
    CHECK(t2v_str_eq(t2v_json_str(again), s));
    t2v_json_free(again);
    t2v_buf_deinit(&buf);
}

/* At most the reader's limit on depth. */
static void walk(const t2v_json *value, bool python)
{
    enum t2v_json_type type = t2v_json_type(value);
    bool b;
    int64_t i;
    double d;
    CHECK(type != T2V_JSON_MISSING && t2v_json_type_name(value) != NULL);
    CHECK(t2v_json_bool(value, &b) == (type == T2V_JSON_BOOL));
    CHECK(t2v_json_double(value, &d) == (type == T2V_JSON_NUMBER));
    if (type == T2V_JSON_NUMBER && !python)
        CHECK(isfinite(d));
    if (t2v_json_int(value, &i))
        CHECK(type == T2V_JSON_NUMBER && (double)i == d);
    struct t2v_str s = t2v_json_str(value);
    CHECK((s.ptr != NULL) == (type == T2V_JSON_STRING));
    if (s.ptr != NULL)
        rewrite(s);

    size_t n = 0;
    for (struct t2v_json_member m = t2v_json_first(value); m.value != NULL;
         m = t2v_json_next(value, m), n++) {
        CHECK(type == T2V_JSON_OBJECT);
        const t2v_json *got = t2v_json_get(value, m.key.ptr);
        CHECK(memchr(m.key.ptr, '\0', m.key.len) != NULL || got == m.value);
        rewrite(m.key);
        walk(m.value, python);
    }
    CHECK(type == T2V_JSON_ARRAY || n == t2v_json_len(value));
    for (size_t k = 0; type == T2V_JSON_ARRAY && k < t2v_json_len(value); k++)
        walk(t2v_json_at(value, k), python);
    CHECK(t2v_json_at(value, t2v_json_len(value)) == NULL);
}

enum { MAX_PULL = 64 };

/* Reads any value with the pull reader, which makes no tree. T2V_ETOOLARGE: too deep. */
static int pull_value(struct t2v_pull *pull, unsigned depth)
{
    static const char brackets[] = "[{", closing[] = "]}";
    struct t2v_str s;
    double d;
    while (pull->at < pull->end && memchr(" \n\r\t", *pull->at, 4) != NULL)
        pull->at++;
    char c = '\0';
    if (pull->at < pull->end)
        c = *pull->at;
    const char *kind = c != '\0' ? strchr(brackets, c) : NULL;
    if (kind == NULL) {
        if (c == '"')
            return t2v_pull_str(pull, &s);
        bool word = c == 't' || c == 'f' || c == 'n';
        return word ? t2v_pull_skip(pull, &s) : t2v_pull_number(pull, &d);
    }
    if (depth == MAX_PULL)
        return T2V_ETOOLARGE;
    int rc = t2v_pull_open(pull, c);
    while (rc == 0 && (rc = t2v_pull_more(pull, closing[kind - brackets])) == 1) {
        rc = c == '{' ? t2v_pull_key(pull, &s) : 0;
        if (rc == 0)
            rc = pull_value(pull, depth + 1);
    }
    return rc;
}

/* The pull reader must accept what the tree reader accepts, and the rest must still parse after
 * lists are cut out. */
static void check_pull(struct t2v_str text, bool good)
{
    static const char *const inner[] = {"vocab", "merges"};
    struct t2v_pull pull;
    struct t2v_err err = {0};
    t2v_pull_init(&pull, text, &err);
    int rc = pull_value(&pull, 0);
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    CHECK(rc == 0 || rc == T2V_ETOOLARGE || (rc == T2V_EFORMAT && err.msg[0] != '\0'));
    CHECK(!good || rc != T2V_EFORMAT);
    t2v_pull_deinit(&pull);

    struct t2v_str lists[2];
    struct t2v_buf rest;
    t2v_json *root = NULL;
    t2v_buf_init(&rest, SIZE_MAX);
    if (t2v_json_cut(text, "model", inner, 2, lists, &rest, NULL) == 0 && good)
        CHECK(t2v_json_parse(t2v_buf_str(&rest), &root, NULL) == 0);
    t2v_json_free(root);
    t2v_buf_deinit(&rest);
}

/* The Python mode must accept all JSON; what it accepts must be JSON with null for non-finite
 * numbers. */
static void check_python(struct t2v_str text, bool good)
{
    t2v_json *root = NULL, *plain = NULL;
    int rc = t2v_json_parse_python(text, &root, NULL);
    CHECK(!good || rc == 0);
    if (rc != 0)
        return;
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    CHECK(t2v_json_plain(text, &buf) == 0);
    CHECK(t2v_json_parse(t2v_buf_str(&buf), &plain, NULL) == 0);
    CHECK(!good || t2v_str_eq(t2v_buf_str(&buf), text));
    walk(root, true);
    t2v_buf_deinit(&buf);
    t2v_json_free(plain);
    t2v_json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_str text = {(const char *)data, size};
    t2v_json *root = NULL, *unique = NULL;
    struct t2v_err err = {0};
    int rc = t2v_json_parse(text, &root, &err);
    CHECK(rc == 0 || (rc == T2V_EFORMAT && root == NULL && err.pos <= size && err.msg[0] != '\0'));
    check_pull(text, rc == 0);
    if (rc == 0)
        walk(root, false);
    if (t2v_json_parse_unique(text, &unique, NULL) == 0)
        CHECK(rc == 0);
    check_python(text, rc == 0);
    t2v_json_free(root);
    t2v_json_free(unique);
    return 0;
}
