/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_H
/*
 * A JSON Schema, compiled to a graph of nodes that automaton.h walks. What a node generates is
 * valid, but it need not generate all that is:
 *
 *   - properties come in the order of the schema, required ones that it does not describe last;
 *     further ones only where additionalProperties says so, or nothing else names any;
 *   - without `type`, the keywords tell the types; without any keyword it is any value;
 *   - integers have at most 15 digits; numbers at most 15, a fraction of 15 and an exponent of 2,
 * or with a range or multipleOf 9 and a fraction of 6;
 *   - containers are nested at most T2V_SCHEMA_MAX_DEPTH deep.
 *
 * Keywords beside each other, and the schemas of an allOf, all hold; schema_merge.h finds what they
 * have in common. An enum or const with an object or array is refused beside what else is said of
 * these.
 *
 * Supported: type (one or several), properties, required, additionalProperties, items, prefixItems,
 * minItems, maxItems, minLength, maxLength, pattern (pattern.h), format (date, time, date-time,
 * uuid, email, ipv4), minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf (at most 6
 * decimals, and at most 10^12), enum, const, anyOf, oneOf (of alternatives that cannot hold
 * together), allOf, and $ref within the schema. Annotations are ignored; every other keyword is
 * refused. Read-only once compiled.
 */
#include "base/error.h"
#include "json/json.h"
#include "task/generate/grammar/node.h"

/* Compiles json, which is not kept; NULL: any object. T2V_EUNSUPPORTED: err names the keyword;
 * T2V_EFORMAT: not a schema, or no value satisfies it; T2V_ETOOLARGE; T2V_ENOMEM. Free it with
 * t2v_schema_deinit even then. */
int t2v_schema_compile(const t2v_json *json, struct t2v_schema *schema, struct t2v_err *err);
void t2v_schema_deinit(struct t2v_schema *schema);

#endif
