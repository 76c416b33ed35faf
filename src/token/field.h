/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_FIELD_H
#define T2V_TOKEN_FIELD_H
/*
 * Fields of the tokenizer's JSON files, with errors that name them: "normalizer.lowercase is a
 * string, not true or false". `where` is the path of the object inside its file; who knows the file
 * puts its name before. A null counts as missing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "json/json.h"

enum { T2V_WHERE_MAX = 160, T2V_TOKEN_MAX_ID = (1 << 24) - 1 };

/* Each needs object[key] to be there and of the kind: 0 or T2V_EFORMAT. */
int t2v_field_bool(const t2v_json *object, const char *where, const char *key, bool *out,
                   struct t2v_err *err);
int t2v_field_str(const t2v_json *object, const char *where, const char *key, struct t2v_str *out,
                  struct t2v_err *err);
int t2v_field_int(const t2v_json *object, const char *where, const char *key, int64_t min,
                  int64_t max, int64_t *out, struct t2v_err *err);
int t2v_field_array(const t2v_json *object, const char *where, const char *key,
                    const t2v_json **out, struct t2v_err *err);
int t2v_field_object(const t2v_json *object, const char *where, const char *key,
                     const t2v_json **out, struct t2v_err *err);
/* A string of one character. */
int t2v_field_char(const t2v_json *object, const char *where, const char *key, struct t2v_str *out,
                   struct t2v_err *err);
/* object[key] is one of the words, which end with NULL: *out is its index. T2V_EUNSUPPORTED for
 * another string. */
int t2v_field_choice(const t2v_json *object, const char *where, const char *key,
                     const char *const *words, size_t *out, struct t2v_err *err);
/* As t2v_field_bool, but leaves *out alone when the field is missing. */
int t2v_field_bool_opt(const t2v_json *object, const char *where, const char *key, bool *out,
                       struct t2v_err *err);
/* As t2v_field_bool_opt; 0 and 1 are equal to false and true, as in Python. */
int t2v_field_flag(const t2v_json *object, const char *where, const char *key, bool *out,
                   struct t2v_err *err);
/* bool(value) of Python; a missing value is false. */
bool t2v_field_truth(const t2v_json *value);

/* The `pattern` of Split and Replace: {"String": text} or {"Regex": text}. */
struct t2v_pattern {
    struct t2v_str text;      /* owned by the object */
    bool regex;               /* also for an empty string, which matches everywhere */
    char path[T2V_WHERE_MAX]; /* its place in the file, for messages */
};
int t2v_field_pattern(const t2v_json *object, const char *where, struct t2v_pattern *out,
                      struct t2v_err *err);
/* The fields of Replace: its pattern and `content`, which is owned by the object. */
int t2v_field_replace(const t2v_json *object, const char *where, struct t2v_pattern *pattern,
                      struct t2v_str *content, struct t2v_err *err);

/* True when object[key] is neither missing nor null. */
bool t2v_field_there(const t2v_json *object, const char *key);
/* A token id: a number in [0, T2V_TOKEN_MAX_ID]. name is its whole path. */
int t2v_field_id(const t2v_json *value, const char *name, int32_t *out, struct t2v_err *err);

/* What t2v_field_sequence calls for a component. type: its `type`; NULL: it has none. */
typedef int t2v_field_component(void *ctx, const t2v_json *value, const char *where,
                                struct t2v_str type, struct t2v_err *err);
/* Flattens a component: calls each for it or, where its type is "Sequence", for those in its array
 * list_key, one after the other, which may be Sequences, too. Stops at the first that is not 0 and
 * returns that; T2V_EFORMAT for a Sequence without its array, T2V_ETOOLARGE when Sequences are
 * nested too deeply. */
int t2v_field_sequence(const t2v_json *value, const char *where, const char *list_key,
                       t2v_field_component *each, void *ctx, struct t2v_err *err);
/* The failure for a component whose type is missing (T2V_EFORMAT) or unknown (T2V_EUNSUPPORTED:
 * "WHERE: the KIND "TYPE" is not supported"). kind: such as "normalizer". */
int t2v_field_unknown(const t2v_json *value, const char *where, const char *kind,
                      struct t2v_err *err);

/* T2V_EFORMAT: "WHERE is KIND, not WANTED", or "WHERE is missing". */
int t2v_field_wrong(const t2v_json *value, const char *where, const char *wanted,
                    struct t2v_err *err);

#endif
