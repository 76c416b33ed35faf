/* SPDX-License-Identifier: BSD-3-Clause */
/* Operands: constants, names, brackets, and what follows them: attributes, indexes, calls, filters,
 * tests. */
#include "chat/parser.h"

#include "base/banned.h"

static struct t2v_node *of_text(struct t2v_parser *p, enum t2v_node_type type,
                                const struct t2v_token *at)
{
    struct t2v_node *node = t2v_parser_node(p, type, at);
    if (node != NULL)
        node->name = at->text;
    return node;
}

/* Adjacent strings are one. */
static struct t2v_node *parse_string(struct t2v_parser *p)
{
    const struct t2v_token *first = p->token;
    size_t len = 0, n = 0;
    for (const struct t2v_token *t = first; t->type == T2V_TOKEN_STRING; t++)
        len += t->text.len;
    char *text = t2v_arena_alloc(p->arena, len + 1, 1);
    if (text == NULL)
        return t2v_parser_fail(p, T2V_ENOMEM, "no memory for a string");
    for (; p->token->type == T2V_TOKEN_STRING; t2v_parser_advance(p)) {
        if (p->token->text.len != 0)
            memcpy(text + n, p->token->text.ptr, p->token->text.len);
        n += p->token->text.len;
    }
    struct t2v_node *node = t2v_parser_node(p, T2V_NODE_STRING, first);
    if (node != NULL)
        node->name = (struct t2v_str){text, n};
    return node;
}

static void note_use(struct t2v_parser *p, struct t2v_str name)
{
    p->uses |= t2v_str_is(name, "caller")    ? T2V_USES_CALLER
               : t2v_str_is(name, "kwargs")  ? T2V_USES_KWARGS
               : t2v_str_is(name, "varargs") ? T2V_USES_VARARGS
                                             : 0u;
}

static struct t2v_node *parse_name(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    bool yes = t2v_str_is(at->text, "true") || t2v_str_is(at->text, "True");
    t2v_parser_advance(p);
    if (yes || t2v_str_is(at->text, "false") || t2v_str_is(at->text, "False")) {
        struct t2v_node *node = t2v_parser_node(p, T2V_NODE_BOOL, at);
        if (node != NULL)
            node->whole = yes;
        return node;
    }
    if (t2v_str_is(at->text, "none") || t2v_str_is(at->text, "None"))
        return t2v_parser_node(p, T2V_NODE_NONE, at);
    note_use(p, at->text);
    return of_text(p, T2V_NODE_NAME, at);
}

static struct t2v_node *parse_number(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    bool is_float = at->type == T2V_TOKEN_FLOAT;
    struct t2v_node *node = t2v_parser_node(p, is_float ? T2V_NODE_FLOAT : T2V_NODE_INTEGER, at);
    if (node != NULL && is_float)
        node->number = at->number;
    else if (node != NULL)
        node->whole = at->whole;
    t2v_parser_advance(p);
    return node;
}

static struct t2v_node *parse_pair(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *key = t2v_parse_expression(p);
    t2v_parser_expect(p, ':');
    return t2v_parser_pair(p, T2V_NODE_PAIR, at, key, t2v_parse_expression(p));
}

/* A list or dict, after its opening bracket. */
static struct t2v_node *parse_items(struct t2v_parser *p, enum t2v_node_type type, char close)
{
    struct t2v_node_list items = {0};
    const struct t2v_token *at = p->token;
    t2v_parser_advance(p);
    while (p->rc == 0 && !t2v_parser_at(p, (unsigned char)close)) {
        if (items.first != NULL)
            t2v_parser_expect(p, ',');
        if (t2v_parser_at(p, (unsigned char)close))
            break;
        t2v_node_append(&items, type == T2V_NODE_DICT ? parse_pair(p) : t2v_parse_expression(p));
    }
    t2v_parser_expect(p, close);
    return t2v_parser_pair(p, type, at, items.first, NULL);
}

struct t2v_node *t2v_parse_primary(struct t2v_parser *p)
{
    struct t2v_node *node;
    switch (p->token->type) {
    case T2V_TOKEN_NAME:
        return parse_name(p);
    case T2V_TOKEN_STRING:
        return parse_string(p);
    case T2V_TOKEN_INTEGER:
    case T2V_TOKEN_FLOAT:
        return parse_number(p);
    default:
        break;
    }
    if (t2v_parser_at(p, '['))
        return parse_items(p, T2V_NODE_LIST, ']');
    if (t2v_parser_at(p, '{'))
        return parse_items(p, T2V_NODE_DICT, '}');
    if (!t2v_parser_skip(p, '('))
        return t2v_parser_expected(p, "an expression");
    node = t2v_parse_tuple(p, t2v_parse_expression, true);
    t2v_parser_expect(p, ')');
    return node;
}

static bool is_tuple_end(const struct t2v_parser *p, bool targets)
{
    return p->token->type == T2V_TOKEN_PRINT_END || p->token->type == T2V_TOKEN_BLOCK_END ||
           t2v_parser_at(p, ')') || (targets && t2v_parser_at_word(p, "in")) ||
           (!targets && t2v_parser_at_word(p, "recursive"));
}

struct t2v_node *t2v_parse_tuple(struct t2v_parser *p,
                                 struct t2v_node *(*item)(struct t2v_parser *), bool may_be_empty)
{
    struct t2v_node_list items = {0};
    const struct t2v_token *at = p->token;
    bool is_tuple = false;
    bool targets = item != t2v_parse_expression && item != t2v_parse_or;
    while (p->rc == 0) {
        if (is_tuple_end(p, targets))
            break;
        t2v_node_append(&items, item(p));
        if (!t2v_parser_skip(p, ','))
            break;
        is_tuple = true;
    }
    if (!is_tuple && items.first != NULL)
        return items.first;
    if (!is_tuple && !may_be_empty)
        return t2v_parser_expected(p, "an expression");
    return t2v_parser_pair(p, T2V_NODE_TUPLE, at, items.first, NULL);
}

/* An index or a slice, within brackets. */
static struct t2v_node *parse_index(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    struct t2v_node *part[3] = {NULL, NULL, NULL};
    if (!t2v_parser_at(p, ':')) {
        part[0] = t2v_parse_expression(p);
        if (!t2v_parser_at(p, ':'))
            return part[0];
    }
    for (int i = 1; i < 3 && t2v_parser_skip(p, ':'); i++) {
        if (!t2v_parser_at(p, ':') && !t2v_parser_at(p, ']') && !t2v_parser_at(p, ','))
            part[i] = t2v_parse_expression(p);
    }
    struct t2v_node *node = t2v_parser_pair(p, T2V_NODE_SLICE, at, part[0], part[1]);
    if (node != NULL)
        node->c = part[2];
    return node;
}

static struct t2v_node *parse_item(struct t2v_parser *p, struct t2v_node *object)
{
    struct t2v_node_list items = {0};
    const struct t2v_token *at = p->token;
    t2v_parser_advance(p);
    while (p->rc == 0 && !t2v_parser_at(p, ']')) {
        if (items.first != NULL)
            t2v_parser_expect(p, ',');
        t2v_node_append(&items, parse_index(p));
    }
    t2v_parser_expect(p, ']');
    struct t2v_node *index = items.first;
    if (index == NULL || index->next != NULL)
        index = t2v_parser_pair(p, T2V_NODE_TUPLE, at, index, NULL);
    return t2v_parser_pair(p, T2V_NODE_ITEM, at, object, index);
}

static struct t2v_node *parse_attribute(struct t2v_parser *p, struct t2v_node *object)
{
    t2v_parser_advance(p);
    const struct t2v_token *at = p->token;
    if (at->type == T2V_TOKEN_INTEGER)
        return t2v_parser_pair(p, T2V_NODE_ITEM, at, object, parse_number(p));
    if (at->type != T2V_TOKEN_NAME)
        return t2v_parser_expected(p, "a name or a number");
    struct t2v_node *node = of_text(p, T2V_NODE_ATTRIBUTE, at);
    if (node != NULL)
        node->a = object;
    t2v_parser_advance(p);
    return node;
}

static struct t2v_node *parse_argument(struct t2v_parser *p, enum t2v_node_type *type)
{
    const struct t2v_token *at = p->token;
    *type = T2V_NODE_ARGUMENT;
    if (t2v_parser_skip(p, '*'))
        *type = T2V_NODE_STAR;
    else if (t2v_parser_skip(p, T2V_OPERATOR('*', '*')))
        *type = T2V_NODE_STAR_STAR;
    else if (at->type == T2V_TOKEN_NAME && at[1].type == T2V_TOKEN_OPERATOR && at[1].code == '=')
        *type = T2V_NODE_NAMED;
    if (*type == T2V_NODE_NAMED)
        p->token += 2;
    struct t2v_node *node = t2v_parser_pair(p, *type, at, t2v_parse_expression(p), NULL);
    if (node != NULL && *type == T2V_NODE_NAMED)
        node->name = at->text;
    return node;
}

/* Arguments must come in this order: plain, named, *, **; * may be before or after named ones. */
static bool is_in_order(enum t2v_node_type type, unsigned seen)
{
    unsigned named = 1u << (T2V_NODE_NAMED - T2V_NODE_ARGUMENT);
    unsigned star = 1u << (T2V_NODE_STAR - T2V_NODE_ARGUMENT);
    unsigned star_star = 1u << (T2V_NODE_STAR_STAR - T2V_NODE_ARGUMENT);
    unsigned excluded = type == T2V_NODE_ARGUMENT ? named | star | star_star
                        : type == T2V_NODE_STAR   ? star | star_star
                                                  : star_star;
    return (seen & excluded) == 0;
}

/* The arguments within parentheses, the first of which is current. */
static struct t2v_node *parse_arguments(struct t2v_parser *p)
{
    struct t2v_node_list list = {0};
    unsigned seen = 0;
    t2v_parser_advance(p);
    while (p->rc == 0 && !t2v_parser_at(p, ')')) {
        enum t2v_node_type type;
        if (list.first != NULL)
            t2v_parser_expect(p, ',');
        if (t2v_parser_at(p, ')'))
            break;
        t2v_node_append(&list, parse_argument(p, &type));
        if (!is_in_order(type, seen))
            t2v_parser_fail(p, T2V_EFORMAT, "arguments in a wrong order");
        seen |= 1u << (type - T2V_NODE_ARGUMENT);
    }
    t2v_parser_expect(p, ')');
    return list.first;
}

static struct t2v_node *parse_call(struct t2v_parser *p, struct t2v_node *callee)
{
    const struct t2v_token *at = p->token;
    return t2v_parser_pair(p, T2V_NODE_CALL, at, callee, parse_arguments(p));
}

struct t2v_node *t2v_parse_postfix(struct t2v_parser *p, struct t2v_node *node)
{
    while (p->rc == 0) {
        if (t2v_parser_at(p, '.'))
            node = parse_attribute(p, node);
        else if (t2v_parser_at(p, '['))
            node = parse_item(p, node);
        else if (t2v_parser_at(p, '('))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

/* The name of a filter or test, which may have dots. */
static struct t2v_node *parse_dotted(struct t2v_parser *p, enum t2v_node_type type)
{
    const struct t2v_token *at = p->token;
    if (at->type != T2V_TOKEN_NAME)
        return t2v_parser_expected(p, "a name");
    struct t2v_node *node = of_text(p, type, at);
    t2v_parser_advance(p);
    if (t2v_parser_at(p, '.'))
        return t2v_parser_fail(p, T2V_EFORMAT, "no such filter or test");
    return node;
}

struct t2v_node *t2v_parse_filters(struct t2v_parser *p, struct t2v_node *input, bool in_line)
{
    while (p->rc == 0 && (in_line || t2v_parser_skip(p, '|'))) {
        struct t2v_node *node = parse_dotted(p, T2V_NODE_FILTER);
        if (node != NULL && t2v_parser_at(p, '('))
            node->b = parse_arguments(p);
        if (node != NULL)
            node->a = input;
        input = node;
        in_line = false;
    }
    return input;
}

/* Whether a test's argument without parentheses follows. */
static bool at_operand(const struct t2v_parser *p)
{
    enum t2v_token_type type = p->token->type;
    if (t2v_parser_at_word(p, "else") || t2v_parser_at_word(p, "or") ||
        t2v_parser_at_word(p, "and"))
        return false;
    return type == T2V_TOKEN_NAME || type == T2V_TOKEN_STRING || type == T2V_TOKEN_INTEGER ||
           type == T2V_TOKEN_FLOAT || t2v_parser_at(p, '[') || t2v_parser_at(p, '{');
}

static struct t2v_node *parse_test(struct t2v_parser *p, struct t2v_node *input)
{
    const struct t2v_token *at = p->token;
    t2v_parser_advance(p);
    bool negated = t2v_parser_skip_word(p, "not");
    struct t2v_node *node = parse_dotted(p, T2V_NODE_TEST);
    if (node == NULL)
        return NULL;
    node->a = input;
    if (t2v_parser_at(p, '(')) {
        node->b = parse_arguments(p);
    } else if (at_operand(p)) {
        if (t2v_parser_at_word(p, "is"))
            return t2v_parser_fail(p, T2V_EFORMAT, "tests with 'is' cannot be chained");
        const struct t2v_token *operand = p->token;
        node->b = t2v_parser_pair(p, T2V_NODE_ARGUMENT, operand,
                                  t2v_parse_postfix(p, t2v_parse_primary(p)), NULL);
    }
    return negated ? t2v_parser_pair(p, T2V_NODE_NOT, at, node, NULL) : node;
}

/* Filters, tests and calls, which bind less than a sign. */
struct t2v_node *t2v_parse_filters_and_tests(struct t2v_parser *p, struct t2v_node *node)
{
    while (p->rc == 0) {
        if (t2v_parser_at(p, '|'))
            node = t2v_parse_filters(p, node, false);
        else if (t2v_parser_at_word(p, "is"))
            node = parse_test(p, node);
        else if (t2v_parser_at(p, '('))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}
