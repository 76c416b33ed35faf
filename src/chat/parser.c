/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/parser.h"

#include "base/banned.h"

enum { MAX_DEPTH = 200 };

void t2v_node_append(struct t2v_node_list *list, struct t2v_node *node)
{
    if (node == NULL)
        return;
    if (list->last != NULL)
        list->last->next = node;
    else
        list->first = node;
    list->last = node;
}

struct t2v_node *t2v_parser_fail(struct t2v_parser *p, int code, const char *message)
{
    if (p->rc == 0)
        p->rc = t2v_fail(p->err, code, "line %u, column %u: %s", p->token->line, p->token->column,
                         message);
    p->token = p->end;
    return NULL;
}

struct t2v_node *t2v_parser_expected(struct t2v_parser *p, const char *what)
{
    const struct t2v_token *token = p->token;
    if (p->rc == 0 && token->type == T2V_TOKEN_END)
        p->rc = t2v_fail(p->err, T2V_EFORMAT, "line %u, column %u: the template ends before %s",
                         token->line, token->column, what);
    if (p->rc == 0 && token->type == T2V_TOKEN_NAME)
        p->rc = t2v_fail(p->err, T2V_EFORMAT, "line %u, column %u: expected %s, got '%.*s'",
                         token->line, token->column, what, T2V_STR_ARG(token->text));
    if (p->rc == 0)
        p->rc = t2v_fail(p->err, T2V_EFORMAT, "line %u, column %u: expected %s", token->line,
                         token->column, what);
    p->token = p->end;
    return NULL;
}

struct t2v_node *t2v_parser_node(struct t2v_parser *p, enum t2v_node_type type,
                                 const struct t2v_token *at)
{
    struct t2v_node *node = p->rc == 0 ? t2v_arena_alloc(p->arena, 1, sizeof *node) : NULL;
    if (node == NULL)
        return t2v_parser_fail(p, T2V_ENOMEM, "no memory for the template");
    *node = (struct t2v_node){.type = type, .line = at->line, .column = at->column};
    return node;
}

struct t2v_node *t2v_parser_pair(struct t2v_parser *p, enum t2v_node_type type,
                                 const struct t2v_token *at, struct t2v_node *a, struct t2v_node *b)
{
    struct t2v_node *node = t2v_parser_node(p, type, at);
    if (node != NULL) {
        node->a = a;
        node->b = b;
    }
    return node;
}

bool t2v_parser_enter(struct t2v_parser *p)
{
    if (++p->depth > MAX_DEPTH)
        t2v_parser_fail(p, T2V_ETOOLARGE, "nested too deep");
    return p->rc == 0;
}

void t2v_parser_leave(struct t2v_parser *p)
{
    p->depth--;
}

void t2v_parser_advance(struct t2v_parser *p)
{
    if (p->token != p->end)
        p->token++;
}

bool t2v_parser_at(const struct t2v_parser *p, unsigned operator_code)
{
    return p->token->type == T2V_TOKEN_OPERATOR && p->token->code == operator_code;
}

bool t2v_parser_at_word(const struct t2v_parser *p, const char *word)
{
    return p->token->type == T2V_TOKEN_NAME && t2v_str_is(p->token->text, word);
}

bool t2v_parser_skip(struct t2v_parser *p, unsigned operator_code)
{
    bool is = t2v_parser_at(p, operator_code);
    if (is)
        t2v_parser_advance(p);
    return is;
}

bool t2v_parser_skip_word(struct t2v_parser *p, const char *word)
{
    bool is = t2v_parser_at_word(p, word);
    if (is)
        t2v_parser_advance(p);
    return is;
}

void t2v_parser_expect(struct t2v_parser *p, char operator_code)
{
    const char what[] = {'\'', operator_code, '\'', '\0'};
    if (!t2v_parser_skip(p, (unsigned char)operator_code))
        t2v_parser_expected(p, what);
}
