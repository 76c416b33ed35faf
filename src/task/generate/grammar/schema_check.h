/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_CHECK_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_CHECK_H
/* What must hold of all nodes of a schema, once they are linked. Private to this folder. */
#include "base/error.h"
#include "task/generate/grammar/node.h"

/* Sets the depth of every node. T2V_EFORMAT: no value of at most T2V_SCHEMA_MAX_DEPTH satisfies the
 * schema; T2V_EUNSUPPORTED: a $ref leads to itself without a container between; T2V_ETOOLARGE: more
 * than T2V_SCHEMA_MAX_CHOICES at one place, or alternatives nested too deep. */
int t2v_schema_check(struct t2v_schema *schema, struct t2v_err *err);
/* Whether no value satisfies both, as far as types, literals, and properties that both require
 * tell. depth: how far properties are followed. */
bool t2v_schema_disjoint(const struct t2v_node *a, const struct t2v_node *b, int depth);

#endif
