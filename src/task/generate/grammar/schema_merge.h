/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_MERGE_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_MERGE_H
/* Schemas that hold together, as one. Private to this folder. */
#include "task/generate/grammar/compiler.h"

/* Replaces every node that is `all`, once all are linked, by one for what its items have in common;
 * an ANY_OF of nothing where that is no value. T2V_EUNSUPPORTED: an enum or const with an object or
 * array beside what else is said of these; T2V_ETOOLARGE; T2V_ENOMEM. */
int t2v_schema_merge(struct t2v_compiler *c);

#endif
