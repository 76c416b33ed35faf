/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_JSON_H
#define T2V_JSON_JSON_H
/*
 * The JSON reader: requests, config.json, the header of safetensors, tokenizer.json but for its two
 * long lists. json/pull.h reads the words, this makes a tree of them. A value is a pointer into a
 * tree that its root owns; a tree is read-only, so any thread may read it. Every accessor takes
 * NULL as "not there", so that a path can be walked without a check at each step.
 *
 * Integers are read as doubles (real files hold 1000000000000000019884624838656), strings may hold
 * NULs, the last of equal keys wins (as in Python), bad UTF-8 and lone surrogates are errors.
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

/* Parses all of text. T2V_EFORMAT (err->pos is the byte to blame), T2V_ENOMEM, or T2V_ETOOLARGE:
 * the tree would take more than half a GiB, or an object has more than a million members. */
int t2v_json_parse(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* The same, but equal keys in one object are an error. */
int t2v_json_parse_unique(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* The same, and also what Python's json module writes and reads: NaN, Infinity, -Infinity, and
 * numbers above a double's range, which are infinite. For files that Python reads; not for
 * requests, nor for those that Rust reads, tokenizer.json and the headers of safetensors. */
int t2v_json_parse_python(struct t2v_str text, t2v_json **root, struct t2v_err *err);
/* Copies a text that t2v_json_parse_python takes to out, with null for each number that is not
 * finite, so that it is JSON. T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_json_plain(struct t2v_str text, struct t2v_buf *out);
/* Reads and parses a file of at most max_bytes, as t2v_json_parse_python; messages name it. */
int t2v_json_load(const char *path, size_t max_bytes, t2v_json **root, struct t2v_err *err);
void t2v_json_free(t2v_json *root);

enum t2v_json_type t2v_json_type(const t2v_json *value);
/* "null", "a number", "a string", ... for messages. */
const char *t2v_json_type_name(const t2v_json *value);

const char *t2v_json_kind_name(enum t2v_json_type type); /* the same, by the type */
/* The type of a value by its text, which is known to be JSON; ptr NULL: MISSING. */
enum t2v_json_type t2v_json_type_of(struct t2v_str text);

/* The member of an object; NULL when there is none, or when value is no object. */
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

/* The text of a string (borrowed); ptr is NULL for anything else. */
struct t2v_str t2v_json_str(const t2v_json *value);
/* Each sets *out and returns true when value is of that kind (an integer: a number without a
 * fraction, below 2^53 in size); else leaves *out alone, so that it may hold the default. */
bool t2v_json_bool(const t2v_json *value, bool *out);
bool t2v_json_int(const t2v_json *value, int64_t *out);
bool t2v_json_double(const t2v_json *value, double *out);
/* As t2v_json_int, of a number. */
bool t2v_json_whole(double x, int64_t *out);

#endif
