/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_NODE_H
#define T2V_TASK_GENERATE_GRAMMAR_NODE_H
/* The graph that a JSON Schema is compiled to (schema.h), for the automaton (automaton.h). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum {
    T2V_SCHEMA_MAX_DEPTH = 48,
    T2V_SCHEMA_MAX_NODES = 5000,
    T2V_SCHEMA_MAX_CHOICES = 1024, /* alternatives at one place, and optional properties in a row */
    T2V_SCHEMA_DECIMALS = 6,       /* of the fraction of a number with a range */
    T2V_SCHEMA_SCALE = 1000 * 1000
};

enum t2v_node_kind {
    T2V_NODE_ANY_OF,
    T2V_NODE_LITERAL,
    T2V_NODE_STRING,
    T2V_NODE_PATTERN, /* a string */
    T2V_NODE_NUMBER,
    T2V_NODE_OBJECT,
    T2V_NODE_ARRAY
};

struct t2v_property {
    struct t2v_str name;
    struct t2v_str key; /* JSON */
    struct t2v_node *value;
    bool required;
};

struct t2v_node {
    enum t2v_node_kind kind;
    struct t2v_str text; /* LITERAL: JSON */
    /* ANY_OF: the alternatives; ARRAY: the first items. [n] */
    struct t2v_node **items;
    struct t2v_property *properties; /* OBJECT: [n] */
    struct t2v_str *names;           /* OBJECT: [n], of the properties, sorted by bytes */
    size_t n;
    struct t2v_node *rest; /* OBJECT: of further properties; ARRAY: of further items; NULL:
                                    there are none */
    const struct t2v_pattern *pattern; /* PATTERN */
    uint64_t min, max;                 /* STRING: characters; ARRAY: items */
    /* NUMBER: whole: an integer. ranged: from lo to hi, in units of 1 if whole, else of 1 /
     * T2V_SCHEMA_SCALE; integers always are. */
    bool exclusive; /* ANY_OF: of a oneOf */
    bool all;       /* ANY_OF: all items must hold, until schema_merge.h has made them one */
    bool open;      /* OBJECT: the schema says nothing of further properties */
    bool whole, ranged;
    int64_t lo, hi;
    uint64_t step;     /* NUMBER, ranged: the multiples of it alone, in the same units; 0: any */
    uint32_t depth;    /* the least nesting of containers in a value */
    uint32_t n_choice; /* ANY_OF: alternatives, those of alternatives included */
    uint32_t height;   /* ANY_OF: how deep they are nested; 0 while it is being computed */
    struct t2v_node *next;
};

struct t2v_schema {
    struct t2v_arena arena;
    struct t2v_node *nodes; /* all of them */
    size_t n_node;
    struct t2v_node *root;
};

#endif
