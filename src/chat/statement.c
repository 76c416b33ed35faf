/* SPDX-License-Identifier: BSD-3-Clause */
/* Statements, and the text between them. */
#include "base/mem.h"
#include "chat/parser.h"

#include "base/banned.h"

static struct t2v_node *parse_body(struct t2v_parser *p, const char *const *ends);

static const char *const PLAIN_ENDS[] = {NULL};

static void expect_block_end(struct t2v_parser *p)
{
    if (p->token->type == T2V_TOKEN_BLOCK_END)
        t2v_parser_advance(p);
    else
        t2v_parser_expected(p, "'%}'");
}

/* The body of a statement: after the rest of its tag, up to one of the tags `ends`, whose name is
 * current then. */
static struct t2v_node *parse_inside(struct t2v_parser *p, const char *const *ends)
{
    t2v_parser_skip(p, ':');
    expect_block_end(p);
    struct t2v_node *body = parse_body(p, ends);
    if (p->rc == 0 && p->token->type == T2V_TOKEN_END)
        t2v_parser_expected(p, ends[0]);
    return body;
}

/* The same, with one possible end, which is skipped. */
static struct t2v_node *parse_up_to(struct t2v_parser *p, const char *end)
{
    const char *const ends[] = {end, NULL};
    struct t2v_node *body = parse_inside(p, ends);
    t2v_parser_skip_word(p, end);
    return body;
}

static struct t2v_node *parse_target_name(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    if (at->type != T2V_TOKEN_NAME)
        return t2v_parser_expected(p, "a name");
    static const char *const constants[] = {"true", "True", "false", "False", "none", "None"};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (t2v_str_is(at->text, constants[i]))
            return t2v_parser_fail(p, T2V_EFORMAT, "a constant cannot be assigned to");
    }
    struct t2v_node *node = t2v_parser_node(p, T2V_NODE_NAME, at);
    if (node != NULL)
        node->name = at->text;
    t2v_parser_advance(p);
    return node;
}

static struct t2v_node *parse_target(struct t2v_parser *p);

static struct t2v_node *parse_targets(struct t2v_parser *p)
{
    return t2v_parse_tuple(p, parse_target, false);
}

/* One target: a name, NAMESPACE.NAME, or targets in parentheses. */
static struct t2v_node *parse_target(struct t2v_parser *p)
{
    if (t2v_parser_at(p, '(')) {
        struct t2v_node *node = NULL;
        t2v_parser_advance(p);
        if (t2v_parser_enter(p))
            node = parse_targets(p);
        t2v_parser_leave(p);
        t2v_parser_expect(p, ')');
        return node;
    }
    const struct t2v_token *at = p->token;
    struct t2v_node *name = parse_target_name(p);
    if (!t2v_parser_skip(p, '.'))
        return name;
    struct t2v_node *member = parse_target_name(p);
    struct t2v_node *node = t2v_parser_node(p, T2V_NODE_MEMBER, at);
    if (node != NULL && member != NULL) {
        node->a = name;
        node->name = member->name;
    }
    return node;
}

static struct t2v_node *parse_set(struct t2v_parser *p, struct t2v_node *node)
{
    node->type = T2V_NODE_SET;
    node->a = parse_targets(p);
    if (t2v_parser_skip(p, '=')) {
        node->b = t2v_parse_tuple(p, t2v_parse_expression, false);
        return node;
    }
    node->type = T2V_NODE_SET_BLOCK;
    node->b = t2v_parse_filters(p, NULL, false);
    node->d = parse_up_to(p, "endset");
    return node;
}

static struct t2v_node *parse_for(struct t2v_parser *p, struct t2v_node *node)
{
    static const char *const ends[] = {"endfor", "else", NULL};
    node->type = T2V_NODE_FOR;
    node->a = parse_targets(p);
    if (!t2v_parser_skip_word(p, "in"))
        return t2v_parser_expected(p, "'in'");
    node->b = t2v_parse_tuple(p, t2v_parse_or, false);
    if (t2v_parser_skip_word(p, "if"))
        node->c = t2v_parse_expression(p);
    node->whole = t2v_parser_skip_word(p, "recursive");
    p->loops++;
    node->d = parse_inside(p, ends);
    p->loops--;
    if (t2v_parser_skip_word(p, "else"))
        node->e = parse_up_to(p, "endfor");
    else
        t2v_parser_skip_word(p, "endfor");
    return node;
}

static struct t2v_node *parse_if(struct t2v_parser *p, struct t2v_node *node)
{
    static const char *const ends[] = {"endif", "elif", "else", NULL};
    struct t2v_node *first = node;
    while (p->rc == 0) {
        node->type = T2V_NODE_IF;
        node->a = t2v_parse_tuple(p, t2v_parse_or, false);
        node->b = parse_inside(p, ends);
        const struct t2v_token *at = p->token;
        if (!t2v_parser_skip_word(p, "elif"))
            break;
        node->c = t2v_parser_node(p, T2V_NODE_IF, at);
        if ((node = node->c) == NULL)
            return NULL;
    }
    if (t2v_parser_skip_word(p, "else"))
        node->c = parse_up_to(p, "endif");
    else
        t2v_parser_skip_word(p, "endif");
    return first;
}

static struct t2v_node *parse_with(struct t2v_parser *p, struct t2v_node *node)
{
    struct t2v_node_list sets = {0};
    node->type = T2V_NODE_WITH;
    while (p->rc == 0 && p->token->type != T2V_TOKEN_BLOCK_END) {
        const struct t2v_token *at = p->token;
        if (sets.first != NULL)
            t2v_parser_expect(p, ',');
        struct t2v_node *set = t2v_parser_node(p, T2V_NODE_SET, at);
        if (set == NULL)
            return NULL;
        set->a = parse_target(p);
        t2v_parser_expect(p, '=');
        set->b = t2v_parse_expression(p);
        t2v_node_append(&sets, set);
    }
    node->a = sets.first;
    node->d = parse_up_to(p, "endwith");
    return node;
}

/* The parameters of a macro, within parentheses. */
static struct t2v_node *parse_parameters(struct t2v_parser *p)
{
    struct t2v_node_list list = {0};
    bool has_default = false;
    t2v_parser_expect(p, '(');
    while (p->rc == 0 && !t2v_parser_at(p, ')')) {
        if (list.first != NULL)
            t2v_parser_expect(p, ',');
        struct t2v_node *node = parse_target_name(p);
        if (node == NULL)
            return NULL;
        node->type = T2V_NODE_PARAMETER;
        if (t2v_parser_skip(p, '='))
            node->a = t2v_parse_expression(p);
        else if (has_default)
            return t2v_parser_fail(p, T2V_EFORMAT, "a parameter without a default after one with");
        has_default = node->a != NULL;
        t2v_node_append(&list, node);
    }
    t2v_parser_expect(p, ')');
    return list.first;
}

/* The body of a macro, which also records what special names it uses. */
static void parse_macro_body(struct t2v_parser *p, struct t2v_node *macro, const char *end)
{
    unsigned outer = p->uses, loops = p->loops;
    p->uses = p->loops = 0;
    macro->d = parse_up_to(p, end);
    macro->whole = p->uses;
    p->uses |= outer;
    p->loops = loops;
}

static struct t2v_node *parse_macro(struct t2v_parser *p, struct t2v_node *node)
{
    node->type = T2V_NODE_MACRO;
    struct t2v_node *name = parse_target_name(p);
    if (name == NULL)
        return NULL;
    node->name = name->name;
    node->a = parse_parameters(p);
    parse_macro_body(p, node, "endmacro");
    return node;
}

static struct t2v_node *parse_call_block(struct t2v_parser *p, struct t2v_node *node)
{
    struct t2v_node *macro = t2v_parser_node(p, T2V_NODE_MACRO, p->token);
    if (macro == NULL)
        return NULL;
    node->type = T2V_NODE_CALL_BLOCK;
    macro->name = T2V_STR("caller");
    if (t2v_parser_at(p, '('))
        macro->a = parse_parameters(p);
    node->a = t2v_parse_expression(p);
    if (p->rc == 0 && node->a->type != T2V_NODE_CALL)
        return t2v_parser_fail(p, T2V_EFORMAT, "expected a call");
    node->b = macro;
    parse_macro_body(p, macro, "endcall");
    return node;
}

static struct t2v_node *parse_filter_block(struct t2v_parser *p, struct t2v_node *node)
{
    node->type = T2V_NODE_FILTER_BLOCK;
    node->a = t2v_parse_filters(p, NULL, true);
    node->d = parse_up_to(p, "endfilter");
    return node;
}

static struct t2v_node *parse_generation(struct t2v_parser *p, struct t2v_node *node)
{
    node->type = T2V_NODE_SCOPE;
    node->d = parse_up_to(p, "endgeneration");
    return node;
}

static struct t2v_node *parse_block(struct t2v_parser *p, struct t2v_node *node)
{
    node->type = T2V_NODE_SCOPE;
    struct t2v_node *name = parse_target_name(p);
    t2v_parser_skip_word(p, "scoped");
    node->d = parse_up_to(p, "endblock");
    if (name != NULL && p->token->type == T2V_TOKEN_NAME && t2v_str_eq(p->token->text, name->name))
        t2v_parser_advance(p);
    return node;
}

static struct t2v_node *parse_print(struct t2v_parser *p, struct t2v_node *node)
{
    struct t2v_node_list list = {0};
    node->type = T2V_NODE_PRINT;
    while (p->rc == 0 && p->token->type != T2V_TOKEN_BLOCK_END) {
        if (list.first != NULL)
            t2v_parser_expect(p, ',');
        t2v_node_append(&list, t2v_parse_expression(p));
    }
    node->a = list.first;
    return node;
}

static struct t2v_node *parse_jump(struct t2v_parser *p, struct t2v_node *node,
                                   enum t2v_node_type type)
{
    if (p->loops == 0)
        return t2v_parser_fail(p, T2V_EFORMAT, "'break' or 'continue' outside of a loop");
    node->type = type;
    return node;
}

static struct t2v_node *parse_break(struct t2v_parser *p, struct t2v_node *node)
{
    return parse_jump(p, node, T2V_NODE_BREAK);
}

static struct t2v_node *parse_continue(struct t2v_parser *p, struct t2v_node *node)
{
    return parse_jump(p, node, T2V_NODE_CONTINUE);
}

static const struct statement {
    const char *name;
    struct t2v_node *(*parse)(struct t2v_parser *p, struct t2v_node *node);
} statements[] = {
    {"block", parse_block},
    {"break", parse_break},
    {"call", parse_call_block},
    {"continue", parse_continue},
    {"filter", parse_filter_block},
    {"for", parse_for},
    {"generation", parse_generation},
    {"if", parse_if},
    {"macro", parse_macro},
    {"print", parse_print},
    {"set", parse_set},
    {"with", parse_with},
};

static struct t2v_node *refuse_tag(struct t2v_parser *p)
{
    static const char *const unsupported[] = {"include", "import", "from", "extends", "autoescape"};
    struct t2v_str name = p->token->text;
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        if (t2v_str_is(name, unsupported[i]) && p->rc == 0)
            p->rc = t2v_fail(p->err, T2V_EUNSUPPORTED,
                             "line %u, column %u: '%s' is not supported in chat templates",
                             p->token->line, p->token->column, unsupported[i]);
    }
    if (p->rc == 0)
        p->rc = t2v_fail(p->err, T2V_EFORMAT, "line %u, column %u: unknown tag '%.*s'",
                         p->token->line, p->token->column, T2V_STR_ARG(name));
    p->token = p->end;
    return NULL;
}

static struct t2v_node *parse_statement(struct t2v_parser *p)
{
    const struct t2v_token *at = p->token;
    if (at->type != T2V_TOKEN_NAME)
        return t2v_parser_expected(p, "the name of a tag");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!t2v_str_is(at->text, statements[i].name))
            continue;
        struct t2v_node *node = t2v_parser_node(p, T2V_NODE_TEXT, at);
        t2v_parser_advance(p);
        if (node != NULL && t2v_parser_enter(p))
            node = statements[i].parse(p, node);
        t2v_parser_leave(p);
        return node;
    }
    return refuse_tag(p);
}

static struct t2v_node *parse_print_tag(struct t2v_parser *p)
{
    struct t2v_node *node = t2v_parser_node(p, T2V_NODE_PRINT, p->token);
    t2v_parser_advance(p);
    struct t2v_node *value = t2v_parse_tuple(p, t2v_parse_expression, false);
    if (p->token->type == T2V_TOKEN_PRINT_END)
        t2v_parser_advance(p);
    else
        t2v_parser_expected(p, "'}}'");
    if (node != NULL)
        node->a = value;
    return node;
}

static struct t2v_node *parse_text(struct t2v_parser *p)
{
    struct t2v_node *node = t2v_parser_node(p, T2V_NODE_TEXT, p->token);
    if (node != NULL)
        node->name = p->token->text;
    t2v_parser_advance(p);
    return node;
}

static bool at_end_tag(const struct t2v_parser *p, const char *const *ends)
{
    for (; *ends != NULL; ends++) {
        if (t2v_parser_at_word(p, *ends))
            return true;
    }
    return false;
}

static struct t2v_node *parse_body(struct t2v_parser *p, const char *const *ends)
{
    struct t2v_node_list body = {0};
    while (p->rc == 0 && p->token->type != T2V_TOKEN_END) {
        if (p->token->type == T2V_TOKEN_TEXT) {
            t2v_node_append(&body, parse_text(p));
        } else if (p->token->type == T2V_TOKEN_PRINT_BEGIN) {
            t2v_node_append(&body, parse_print_tag(p));
        } else {
            t2v_parser_advance(p); /* BLOCK_BEGIN */
            if (at_end_tag(p, ends))
                break;
            t2v_node_append(&body, parse_statement(p));
            expect_block_end(p);
        }
    }
    return body.first;
}

int t2v_node_parse(struct t2v_str source, struct t2v_arena *arena, struct t2v_node **body,
                   struct t2v_err *err)
{
    struct t2v_tokens tokens = {0};
    int rc = t2v_lex(source, arena, &tokens, err);
    if (rc == 0) {
        struct t2v_parser p = {
            .token = tokens.at, .end = tokens.at + tokens.n - 1, .arena = arena, .err = err};
        *body = parse_body(&p, PLAIN_ENDS);
        rc = p.rc;
    }
    t2v_free(tokens.at);
    return rc;
}
