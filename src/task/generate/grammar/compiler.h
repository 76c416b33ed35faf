/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_COMPILER_H
#define T2V_TASK_GENERATE_GRAMMAR_COMPILER_H
/* What the parts of the compiler of schemas share: new nodes, and errors. Private to this folder.
 */
#include "base/error.h"
#include "json/json.h"
#include "task/generate/grammar/node.h"

/* A schema that a $ref names, and its node. */
struct t2v_target {
    const t2v_json *json;
    struct t2v_node *node;
    struct t2v_target *next;
};

struct t2v_compiler {
    struct t2v_schema *schema;
    const t2v_json *root;
    struct t2v_target *targets;
    struct t2v_node *any; /* any value */
    struct t2v_err *err;
    int nested;
    size_t n_state; /* of the patterns so far */
    /* Compiles json to a node that is an ANY_OF of nothing. */
    int (*compile)(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node);
};

/* Fails with T2V_EFORMAT: the keyword must be `what`. */
int t2v_compiler_wrong(struct t2v_compiler *c, const char *keyword, const char *what);
/* A new node. 0; T2V_ENOMEM; T2V_ETOOLARGE: there are too many. */
int t2v_compiler_node(struct t2v_compiler *c, enum t2v_node_kind kind, struct t2v_node **out);
/* n items in the schema's arena, n may be 0. NULL without memory. */
void *t2v_compiler_alloc(struct t2v_compiler *c, size_t n, size_t size);
/* Compiles json to a new node. */
int t2v_compiler_new(struct t2v_compiler *c, const t2v_json *json, struct t2v_node **out);
/* Reads a lower and an upper bound of lengths, each if it is there, to node->min and max. */
int t2v_compiler_sizes(struct t2v_compiler *c, const t2v_json *json, const char *min,
                       const char *max, struct t2v_node *node);

#endif
