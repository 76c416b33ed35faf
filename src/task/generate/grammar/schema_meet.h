/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCHEMA_MEET_H
#define T2V_TASK_GENERATE_GRAMMAR_SCHEMA_MEET_H
/* What two nodes have in common that are neither objects nor arrays nor alternatives. Private to
 * this folder. */
#include "task/generate/grammar/compiler.h"

/* Whether a value has the kind of both, as far as the kinds tell. */
bool t2v_schema_meets(const struct t2v_node *a, const struct t2v_node *b);
/* A LITERAL with another node that it meets. *out: whether it is a value of that.
 * T2V_EUNSUPPORTED: an object or array, and not all are values of that; T2V_ENOMEM. */
int t2v_schema_has_literal(struct t2v_compiler *c, const struct t2v_node *literal,
                           const struct t2v_node *node, bool *out);
/* STRINGs and PATTERNs, into *node. *some: there is a text. The errors of t2v_pattern_both. */
int t2v_schema_meet_strings(struct t2v_compiler *c, const struct t2v_node *a,
                            const struct t2v_node *b, struct t2v_node *node, bool *some);
/* NUMBERs, into *node. Returns whether there is one. */
bool t2v_schema_meet_numbers(const struct t2v_node *a, const struct t2v_node *b,
                             struct t2v_node *node);

#endif
