/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/schema_check.h"

#include "base/banned.h"

enum { NEVER = 1 << 20 };

enum { UNSEEN, OPEN, CLOSED };

static uint32_t depth_of_items(const struct t2v_node *node)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < node->n && i < node->min; i++)
        depth = node->items[i]->depth > depth ? node->items[i]->depth : depth;
    if (node->min > node->n) {
        uint32_t rest = node->rest != NULL ? node->rest->depth : NEVER;
        depth = rest > depth ? rest : depth;
    }
    return depth;
}

static uint32_t depth_of_required(const struct t2v_node *node)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < node->n; i++)
        if (node->properties[i].required && node->properties[i].value->depth > depth)
            depth = node->properties[i].value->depth;
    return depth;
}

static uint32_t depth_of(const struct t2v_node *node)
{
    uint32_t depth = node->kind == T2V_NODE_ANY_OF ? NEVER : 0;
    if (node->kind == T2V_NODE_OBJECT || node->kind == T2V_NODE_ARRAY) {
        depth = node->kind == T2V_NODE_OBJECT ? depth_of_required(node) : depth_of_items(node);
        return depth < NEVER ? depth + 1 : NEVER;
    }
    for (size_t i = 0; node->kind == T2V_NODE_ANY_OF && i < node->n; i++)
        depth = node->items[i]->depth < depth ? node->items[i]->depth : depth;
    return depth;
}

/* Depths fall from NEVER until none changes; those above the limit are as good as NEVER. */
static void find_depths(struct t2v_schema *schema)
{
    bool changed = true;
    for (struct t2v_node *node = schema->nodes; node != NULL; node = node->next)
        node->depth = NEVER;
    for (size_t round = 0; changed && round <= schema->n_node; round++) {
        changed = false;
        for (struct t2v_node *node = schema->nodes; node != NULL; node = node->next) {
            uint32_t depth = depth_of(node);
            depth = depth <= T2V_SCHEMA_MAX_DEPTH ? depth : NEVER;
            changed |= depth != node->depth;
            node->depth = depth;
        }
    }
}

/* Whether alternatives lead from the node to itself. The compiler bounds how deep they nest. */
static bool leads_to_itself(struct t2v_node *node)
{
    if (node->kind != T2V_NODE_ANY_OF || node->mark == CLOSED)
        return false;
    if (node->mark == OPEN)
        return true;
    node->mark = OPEN;
    for (size_t i = 0; i < node->n; i++)
        if (leads_to_itself(node->items[i]))
            return true;
    node->mark = CLOSED;
    return false;
}

int t2v_schema_check(struct t2v_schema *schema, struct t2v_err *err)
{
    for (struct t2v_node *node = schema->nodes; node != NULL; node = node->next)
        if (leads_to_itself(node))
            return t2v_fail(err, T2V_EUNSUPPORTED, "a $ref that leads to itself is not supported");
    find_depths(schema);
    if (schema->root->depth > T2V_SCHEMA_MAX_DEPTH)
        return t2v_fail(err, T2V_EFORMAT, "no value nested at most %d deep satisfies the schema",
                        T2V_SCHEMA_MAX_DEPTH);
    return 0;
}

/* Disjoint alternatives. */

static bool literals_disjoint(const struct t2v_node *literal, const struct t2v_node *other)
{
    char first = literal->text.ptr[0];
    switch (other->kind) {
    case T2V_NODE_LITERAL:
        /* Numbers may be equal though their texts are not. */
        return other->text.ptr[0] != first ||
               (first == '"' && !t2v_str_eq(literal->text, other->text));
    case T2V_NODE_STRING:
        return first != '"';
    case T2V_NODE_NUMBER:
        return first != '-' && (first < '0' || first > '9');
    case T2V_NODE_OBJECT:
        return first != '{';
    case T2V_NODE_ARRAY:
        return first != '[';
    default:
        return false;
    }
}

static const struct t2v_property *find_required(const struct t2v_node *node, struct t2v_str name)
{
    for (size_t i = 0; i < node->n; i++)
        if (node->properties[i].required && t2v_str_eq(node->properties[i].name, name))
            return &node->properties[i];
    return NULL;
}

static bool objects_disjoint(const struct t2v_node *a, const struct t2v_node *b, int depth)
{
    for (size_t i = 0; i < a->n && depth > 0; i++) {
        const struct t2v_property *mine = &a->properties[i], *other;
        other = mine->required ? find_required(b, mine->name) : NULL;
        if (other != NULL && t2v_schema_disjoint(mine->value, other->value, depth - 1))
            return true;
    }
    return false;
}

bool t2v_schema_disjoint(const struct t2v_node *a, const struct t2v_node *b, int depth)
{
    if (depth <= 0)
        return false;
    if (a->kind != T2V_NODE_ANY_OF && b->kind == T2V_NODE_ANY_OF)
        return t2v_schema_disjoint(b, a, depth);
    if (a->kind == T2V_NODE_ANY_OF) {
        for (size_t i = 0; i < a->n; i++)
            if (!t2v_schema_disjoint(a->items[i], b, depth - 1))
                return false;
        return true;
    }
    if (a->kind == T2V_NODE_LITERAL)
        return literals_disjoint(a, b);
    if (b->kind == T2V_NODE_LITERAL)
        return literals_disjoint(b, a);
    if (a->kind == T2V_NODE_OBJECT && b->kind == T2V_NODE_OBJECT)
        return objects_disjoint(a, b, depth);
    return a->kind != b->kind;
}
