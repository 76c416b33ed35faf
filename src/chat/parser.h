/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_PARSER_H
#define T2V_CHAT_PARSER_H
/*
 * The state of the parser, and what its two halves share: expression.c reads expressions,
 * statement.c statements. The first failure sticks: after it the current token is END, so that
 * every loop ends, and what is returned is NULL or incomplete.
 */
#include "chat/lexer.h"
#include "chat/node.h"

struct t2v_parser {
    const struct t2v_token *token; /* the current one */
    const struct t2v_token *end;   /* the last one, of type END */
    struct t2v_arena *arena;
    struct t2v_err *err;
    int rc;
    unsigned depth;
    unsigned loops; /* around the current place, within its macro */
    unsigned uses;  /* special names that the current macro uses: enum t2v_macro_uses */
};

/* A list of nodes that grows at its end; zeroed: empty. */
struct t2v_node_list {
    struct t2v_node *first, *last;
};
void t2v_node_append(struct t2v_node_list *list, struct t2v_node *node); /* node may be NULL */

/* Fails with "line L, column C: MESSAGE" at the current token. Returns NULL. */
struct t2v_node *t2v_parser_fail(struct t2v_parser *p, int code, const char *message);
/* The same for a token that should be something else. */
struct t2v_node *t2v_parser_expected(struct t2v_parser *p, const char *what);
/* A node at the place of `at`. NULL after a failure. */
struct t2v_node *t2v_parser_node(struct t2v_parser *p, enum t2v_node_type type,
                                 const struct t2v_token *at);
/* The same with two children. */
struct t2v_node *t2v_parser_pair(struct t2v_parser *p, enum t2v_node_type type,
                                 const struct t2v_token *at, struct t2v_node *a,
                                 struct t2v_node *b);
/* Counts a level of recursion; false after a failure. t2v_parser_leave undoes it. */
bool t2v_parser_enter(struct t2v_parser *p);
void t2v_parser_leave(struct t2v_parser *p);

void t2v_parser_advance(struct t2v_parser *p);
bool t2v_parser_at(const struct t2v_parser *p, unsigned operator_code);
bool t2v_parser_at_word(const struct t2v_parser *p, const char *word);
/* Advances if the operator, or the word, is current. */
bool t2v_parser_skip(struct t2v_parser *p, unsigned operator_code);
bool t2v_parser_skip_word(struct t2v_parser *p, const char *word);
void t2v_parser_expect(struct t2v_parser *p, char operator_code);

/* Expressions. */
struct t2v_node *t2v_parse_expression(struct t2v_parser *p);
struct t2v_node *t2v_parse_or(struct t2v_parser *p); /* without IF_ELSE */
struct t2v_node *t2v_parse_primary(struct t2v_parser *p);
/* Attributes, indexes and calls behind node. */
struct t2v_node *t2v_parse_postfix(struct t2v_parser *p, struct t2v_node *node);
/* Filters, tests and calls behind node, which bind less than its sign. */
struct t2v_node *t2v_parse_filters_and_tests(struct t2v_parser *p, struct t2v_node *node);
/* An expression, or a tuple without parentheses; each item is read by `item`. It ends at the
 * words `in` (if targets are read), `recursive` and the ends of tags and brackets. */
struct t2v_node *t2v_parse_tuple(struct t2v_parser *p,
                                 struct t2v_node *(*item)(struct t2v_parser *), bool may_be_empty);
/* Filters behind `input`: `| name(...)`. in_line: the first has no bar. */
struct t2v_node *t2v_parse_filters(struct t2v_parser *p, struct t2v_node *input, bool in_line);

#endif
