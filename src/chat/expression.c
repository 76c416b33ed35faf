/* SPDX-License-Identifier: BSD-3-Clause */
/* Expressions, in jinja2's order of precedence; operand.c reads the operands. */
#include "chat/parser.h"

#include "base/banned.h"

static struct t2v_node *parse_signed(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    bool minus = t2v_parser_at(p, '-');
    struct t2v_node *node = NULL;
    if (!minus && !t2v_parser_at(p, '+'))
        return t2v_parse_postfix(p, t2v_parse_primary(p));
    t2v_parser_advance(p);
    if (t2v_parser_enter(p))
        node =
            t2v_parser_pair(p, minus ? T2V_NODE_NEGATE : T2V_NODE_PLUS, at, parse_signed(p), NULL);
    t2v_parser_leave(p);
    return t2v_parse_postfix(p, node);
}

static struct t2v_node *parse_unary(struct t2v_parser *p)
{
    return t2v_parse_filters_and_tests(p, parse_signed(p));
}

/* Operands of `operand` between operators of `codes`, from left to right. */
static struct t2v_node *parse_binary(struct t2v_parser *p,
                                     struct t2v_node *(*operand)(struct t2v_parser *),
                                     const unsigned *codes, size_t n_code)
{
    struct t2v_node *left = operand(p);
    for (size_t i = 0; p->rc == 0 && i < n_code;) {
        const struct t2v_token *at = p->token;
        if (!t2v_parser_skip(p, codes[i])) {
            i++;
            continue;
        }
        left = t2v_parser_pair(p, T2V_NODE_BINARY, at, left, operand(p));
        if (left != NULL)
            left->code = codes[i];
        i = 0;
    }
    return left;
}

static struct t2v_node *parse_power(struct t2v_parser *p)
{
    static const unsigned codes[] = {T2V_OPERATOR('*', '*')};
    return parse_binary(p, parse_unary, codes, 1);
}

static struct t2v_node *parse_product(struct t2v_parser *p)
{
    static const unsigned codes[] = {'*', '/', T2V_OPERATOR('/', '/'), '%'};
    return parse_binary(p, parse_power, codes, 4);
}

static struct t2v_node *parse_concat(struct t2v_parser *p)
{
    struct t2v_node_list parts = {0};
    const struct t2v_token *at = p->token;
    do
        t2v_node_append(&parts, parse_product(p));
    while (t2v_parser_skip(p, '~'));
    if (parts.first == parts.last)
        return parts.first;
    return t2v_parser_pair(p, T2V_NODE_CONCAT, at, parts.first, NULL);
}

static struct t2v_node *parse_sum(struct t2v_parser *p)
{
    static const unsigned codes[] = {'+', '-'};
    return parse_binary(p, parse_concat, codes, 2);
}

/* The code of a comparison that is current, which it skips; else 0. */
static unsigned skip_comparison(struct t2v_parser *p)
{
    static const unsigned codes[] = {T2V_OPERATOR('=', '='),
                                     T2V_OPERATOR('!', '='),
                                     T2V_OPERATOR('>', '='),
                                     T2V_OPERATOR('<', '='),
                                     '<',
                                     '>'};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (t2v_parser_skip(p, codes[i]))
            return codes[i];
    }
    if (t2v_parser_skip_word(p, "in"))
        return T2V_IN;
    if (t2v_parser_at_word(p, "not") && p->token[1].type == T2V_TOKEN_NAME &&
        t2v_str_is(p->token[1].text, "in")) {
        p->token += 2;
        return T2V_NOT_IN;
    }
    return 0;
}

static struct t2v_node *parse_comparison(struct t2v_parser *p)
{
    struct t2v_node_list others = {0};
    const struct t2v_token *at = p->token;
    struct t2v_node *first = parse_sum(p);
    unsigned code;
    while (p->rc == 0 && (code = skip_comparison(p)) != 0) {
        const struct t2v_token *here = p->token;
        struct t2v_node *other = t2v_parser_pair(p, T2V_NODE_COMPARAND, here, parse_sum(p), NULL);
        if (other != NULL)
            other->code = code;
        t2v_node_append(&others, other);
    }
    return others.first != NULL ? t2v_parser_pair(p, T2V_NODE_COMPARE, at, first, others.first)
                                : first;
}

static struct t2v_node *parse_not(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *node = NULL;
    if (!t2v_parser_skip_word(p, "not"))
        return parse_comparison(p);
    if (t2v_parser_enter(p))
        node = t2v_parser_pair(p, T2V_NODE_NOT, at, parse_not(p), NULL);
    t2v_parser_leave(p);
    return node;
}

static struct t2v_node *parse_and(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *left = parse_not(p);
    while (t2v_parser_skip_word(p, "and"))
        left = t2v_parser_pair(p, T2V_NODE_AND, at, left, parse_not(p));
    return left;
}

struct t2v_node *t2v_parse_or(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *left = parse_and(p);
    while (t2v_parser_skip_word(p, "or"))
        left = t2v_parser_pair(p, T2V_NODE_OR, at, left, parse_and(p));
    return left;
}

static struct t2v_node *parse_if_else(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *value = t2v_parse_or(p);
    while (p->rc == 0 && t2v_parser_skip_word(p, "if")) {
        struct t2v_node *condition = t2v_parse_or(p);
        struct t2v_node *node = t2v_parser_pair(p, T2V_NODE_IF_ELSE, at, condition, value);
        if (t2v_parser_skip_word(p, "else") && node != NULL)
            node->c = t2v_parse_expression(p);
        value = node;
    }
    return value;
}

struct t2v_node *t2v_parse_expression(struct t2v_parser *p)
{
    struct t2v_node *node = t2v_parser_enter(p) ? parse_if_else(p) : NULL;
    t2v_parser_leave(p);
    return node;
}
