/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_CONTAINER_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_CONTAINER_H
/* Schemas of objects and arrays. json may be NULL: without keywords. Errors as t2v_schema_compile.
 * Private to this folder. */
#include "task/generate/grammar/compiler.h"

int t2v_schema_object(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node);
/* NULL: it has none of that name. */
struct t2v_property *t2v_schema_property(const struct t2v_node *node, struct t2v_str name);
/* Once all its properties are there. */
void t2v_schema_sort_names(struct t2v_node *node);
int t2v_schema_array(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node);

#endif
