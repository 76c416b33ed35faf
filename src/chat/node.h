/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_NODE_H
#define T2V_CHAT_NODE_H
/*
 * The syntax tree of a template. A node has up to five children; a list of nodes is linked by
 * `next`. All memory is in the arena of the templates.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum t2v_node_type {
    /* expressions */
    T2V_NODE_NONE,
    T2V_NODE_BOOL,      /* whole */
    T2V_NODE_INTEGER,   /* whole */
    T2V_NODE_FLOAT,     /* number */
    T2V_NODE_STRING,    /* name */
    T2V_NODE_NAME,      /* name */
    T2V_NODE_TUPLE,     /* a: items */
    T2V_NODE_LIST,      /* a: items */
    T2V_NODE_DICT,      /* a: PAIRs */
    T2V_NODE_PAIR,      /* a: key, b: value */
    T2V_NODE_IF_ELSE,   /* a: condition, b: value, c: the other value or NULL */
    T2V_NODE_OR,        /* a, b */
    T2V_NODE_AND,       /* a, b */
    T2V_NODE_NOT,       /* a */
    T2V_NODE_COMPARE,   /* a: first operand, b: COMPARANDs */
    T2V_NODE_COMPARAND, /* code, a: operand */
    T2V_NODE_BINARY,    /* code, a, b */
    T2V_NODE_CONCAT,    /* a: parts */
    T2V_NODE_NEGATE,    /* a */
    T2V_NODE_PLUS,      /* a */
    T2V_NODE_ATTRIBUTE, /* a: object, name */
    T2V_NODE_ITEM,      /* a: object, b: index */
    T2V_NODE_SLICE,     /* a, b, c: start, stop, step; each may be NULL */
    T2V_NODE_CALL,      /* a: callee, b: arguments */
    T2V_NODE_FILTER,    /* a: input or NULL, name, b: arguments */
    T2V_NODE_TEST,      /* a: input, name, b: arguments */
    /* an argument: a is its value */
    T2V_NODE_ARGUMENT,
    T2V_NODE_NAMED,     /* name */
    T2V_NODE_STAR,      /* *a */
    T2V_NODE_STAR_STAR, /* **a */
    /* a target of an assignment; or a NAME, or a TUPLE of targets */
    T2V_NODE_MEMBER, /* a: NAME of a namespace, name */
    /* statements */
    T2V_NODE_TEXT,         /* name: the text */
    T2V_NODE_PRINT,        /* a: expressions */
    T2V_NODE_IF,           /* a: condition, b: body, c: else */
    T2V_NODE_FOR,          /* a: target, b: iterable, c: condition or NULL, d: body, e: else;
                              whole: recursive */
    T2V_NODE_SET,          /* a: target, b: value */
    T2V_NODE_SET_BLOCK,    /* a: target, b: filters or NULL, d: body */
    T2V_NODE_MACRO,        /* name, a: PARAMETERs, d: body, whole: enum t2v_macro_uses */
    T2V_NODE_PARAMETER,    /* name, a: default or NULL */
    T2V_NODE_CALL_BLOCK,   /* a: CALL, b: MACRO */
    T2V_NODE_FILTER_BLOCK, /* a: filters, d: body */
    T2V_NODE_WITH,         /* a: SETs, d: body */
    T2V_NODE_SCOPE,        /* d: body */
    T2V_NODE_BREAK,
    T2V_NODE_CONTINUE
};

/* Special names that a macro's body uses. */
enum t2v_macro_uses { T2V_USES_CALLER = 1, T2V_USES_KWARGS = 2, T2V_USES_VARARGS = 4 };

enum t2v_comparison { /* other codes of COMPARAND are those of operators */
                      T2V_IN = 1,
                      T2V_NOT_IN = 2
};

struct t2v_node {
    enum t2v_node_type type;
    unsigned code;
    uint32_t line, column;
    struct t2v_str name;
    union {
        int64_t whole;
        double number;
    };
    struct t2v_node *a, *b, *c, *d, *e;
    struct t2v_node *next;
};

/* Parses a template. *body, its statements, may be NULL: an empty template. T2V_EFORMAT (the
 * message begins with line and column), T2V_EUNSUPPORTED, T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_node_parse(struct t2v_str source, struct t2v_arena *arena, struct t2v_node **body,
                   struct t2v_err *err);

#endif
