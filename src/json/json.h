/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_JSON_H
#define T2V_JSON_JSON_H
/*
 * The JSON reader, for requests, config.json, the header of safetensors, and tokenizer.json without
 * its two long lists. json/pull.h reads the tokens; this file builds a tree of them. A value is a
 * pointer into a tree that its root owns. A tree is read-only, so any thread may read it. Every
 * accessor allows NULL, for a missing value, so a path needs no check at each step.
 *
 * Integers are read as doubles (real files have 1000000000000000019884624838656). Strings may
 * contain NULs. Of equal keys the last one wins, as in Python. Invalid UTF-8 and lone surrogates
 * are errors.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

typedef struct t2v_json t2v_json;

enum t2v_json_type {
    T2V_JSON_MISSING, /* the pointer is NULL */
    T2V_JSON_NULL,
    T2V_JSON_BOOL,
    T2V_JSON_NUMBER,
    T2V_JSON_STRING,
    T2V_JSON_ARRAY,
    T2V_JSON_OBJECT
};

/* Parses all of text, which may be freed afterwards. *root is set on success only, for
 * t2v_json_free. T2V_EFORMAT (err->pos: the offset of the error), T2V_ENOMEM, or T2V_ETOOLARGE: the
 * tree needs more than half a GiB, or an object has more than 2^20 members. */
int t2v_json_parse(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* The same, but equal keys in one object are an error. */
int t2v_json_parse_unique(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* As t2v_json_parse, but accepts what Python's json module does: NaN, Infinity, -Infinity, and
 * numbers beyond a double's range, which become infinite. For files that Python reads; not for
 * requests, nor for files that Rust reads (tokenizer.json, the headers of safetensors). */
int t2v_json_parse_python(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* Copies a text that t2v_json_parse_python accepts to out, with null for each non-finite number, so
 * that the copy is JSON. T2V_ENOMEM or T2V_ETOOLARGE. */
int t2v_json_plain(struct t2v_str text, struct t2v_buf *out);
/* Reads a file of at most max_bytes and parses it as t2v_json_parse_python does. Messages name the
 * file. T2V_EIO, or an error of t2v_file_read or t2v_json_parse. */
int t2v_json_load(const char *path, size_t max_bytes, t2v_json **root, struct t2v_err *err);
/* root: a whole tree, not one of its values. NULL is allowed. */
void t2v_json_free(t2v_json *root);

/* The type of a value; MISSING for NULL. */
enum t2v_json_type t2v_json_type(const t2v_json *value);
/* "null", "a number", "a string", ... for messages. */
const char *t2v_json_type_name(const t2v_json *value);

const char *t2v_json_kind_name(enum t2v_json_type type); /* the same for a type */
/* The type of a value from its text, which must be valid JSON. MISSING if ptr is NULL. */
enum t2v_json_type t2v_json_type_of(struct t2v_str text);

/* The member of an object. NULL if there is none, or if value is not an object. */
const t2v_json *t2v_json_get(const t2v_json *value, const char *key);
/* Members of an object, items of an array; 0 for anything else. */
size_t t2v_json_len(const t2v_json *value);
/* Item i of an array; NULL past its end. */
const t2v_json *t2v_json_at(const t2v_json *value, size_t i);

/* Walks an object's members in the order of the text:
 *     for (struct t2v_json_member m = t2v_json_first(v); m.value != NULL; m = t2v_json_next(v, m))
 */
struct t2v_json_member {
    struct t2v_str key;
    const t2v_json *value;
};
struct t2v_json_member t2v_json_first(const t2v_json *object);
struct t2v_json_member t2v_json_next(const t2v_json *object, struct t2v_json_member before);

/* The text of a string, owned by the tree. ptr is NULL for any other value. */
struct t2v_str t2v_json_str(const t2v_json *value);
/* Each sets *out and returns true if value is of that type; else leaves *out unchanged, so that it
 * may hold the default. An integer is a number without a fraction, below 2^53 in magnitude. */
bool t2v_json_bool(const t2v_json *value, bool *out);
bool t2v_json_int(const t2v_json *value, int64_t *out);
bool t2v_json_double(const t2v_json *value, double *out);
/* As Python tells int and float apart: a number without a fraction or exponent in its text, which
 * fits 64 bits, exactly; and one with. Both are false for an integer beyond 64 bits. */
bool t2v_json_exact(const t2v_json *value, int64_t *out);
bool t2v_json_real(const t2v_json *value, double *out);
/* As t2v_json_int, for a number. */
bool t2v_json_whole(double x, int64_t *out);

#endif
