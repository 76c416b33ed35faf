/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_VALUE_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_VALUE_H
/* Values that a schema has: texts of enum and const, ranges of numbers, $ref. Private to this
 * folder. */
#include "base/error.h"
#include "json/json.h"
#include "task/generate/grammar/node.h"

/* s as JSON. T2V_ENOMEM. */
int t2v_schema_string(struct t2v_str s, struct t2v_arena *arena, struct t2v_str *out);
/* Any value as JSON. T2V_ETOOLARGE: above 1 MiB; T2V_ENOMEM. */
int t2v_schema_value(const t2v_json *value, struct t2v_arena *arena, struct t2v_str *out,
                     struct t2v_err *err);
/* Sets the range of a NUMBER whose `whole` is set from minimum, maximum and the exclusive ones, and
 * its step from multipleOf. T2V_EFORMAT: no number is left, or a keyword is not as it must be;
 * T2V_EUNSUPPORTED: multipleOf has more than 6 decimals, or is above 10^12. */
int t2v_schema_range(const t2v_json *json, struct t2v_node *node, struct t2v_err *err);
/* Whether a NUMBER with a range has a value. */
bool t2v_schema_has_multiple(const struct t2v_node *node);
/* The greatest common divisor; one of a and b is not 0. */
uint64_t t2v_schema_gcd(uint64_t a, uint64_t b);
/* The part of root that a $ref names: "#" and a JSON pointer. T2V_EUNSUPPORTED: it is elsewhere;
 * T2V_EFORMAT: there is none. */
int t2v_schema_find(const t2v_json *root, struct t2v_str ref, const t2v_json **out,
                    struct t2v_err *err);

#endif
