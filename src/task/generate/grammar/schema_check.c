/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/schema_check.h"

#include "base/banned.h"

enum { NEVER = 1 << 20, MAX_HEIGHT = 64, OPEN = UINT16_MAX /* height while it is computed */ };

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

static int too_many(struct t2v_err *err)
{
    return t2v_fail(err, T2V_ETOOLARGE,
                    "the schema has more than %d alternatives or optional properties at one place",
                    T2V_SCHEMA_MAX_CHOICES);
}

/* Counts the alternatives of an ANY_OF. They lead neither to itself nor too deep. above: how many
 * ANY_OFs led here. */
static int count_choices(struct t2v_node *node, uint32_t above, struct t2v_err *err)
{
    if (node->kind != T2V_NODE_ANY_OF) {
        node->n_choice = 1;
        return 0;
    }
    if (node->height == OPEN)
        return t2v_fail(err, T2V_EUNSUPPORTED, "a $ref that leads to itself is not supported");
    uint32_t height = node->height, n = 0;
    for (size_t i = 0; i < node->n && node->height == 0; i++) {
        node->height = OPEN;
        int rc = above < MAX_HEIGHT ? count_choices(node->items[i], above + 1, err)
                                    : t2v_fail(err, T2V_ETOOLARGE,
                                               "the schema's alternatives are nested too deep");
        node->height = 0;
        if (rc != 0)
            return rc;
        n += node->items[i]->n_choice;
        height = node->items[i]->height > height ? node->items[i]->height : height;
        if (n > T2V_SCHEMA_MAX_CHOICES)
            return too_many(err);
    }
    if (node->height == 0) {
        node->height = height + 1;
        node->n_choice = n;
    }
    return above + node->height <= MAX_HEIGHT
               ? 0
               : t2v_fail(err, T2V_ETOOLARGE, "the schema's alternatives are nested too deep");
}

static int count_optional(const struct t2v_node *node, struct t2v_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < node->n; i++) {
        n = node->properties[i].required ? 0 : n + 1;
        if (n > T2V_SCHEMA_MAX_CHOICES)
            return too_many(err);
    }
    return 0;
}

int t2v_schema_check(struct t2v_schema *schema, struct t2v_err *err)
{
    int rc = 0;
    for (struct t2v_node *node = schema->nodes; node != NULL && rc == 0; node = node->next) {
        rc = count_choices(node, 0, err);
        if (rc == 0 && node->kind == T2V_NODE_OBJECT)
            rc = count_optional(node, err);
    }
    if (rc != 0)
        return rc;
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
    case T2V_NODE_PATTERN:
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

static bool is_text(const struct t2v_node *node)
{
    return node->kind == T2V_NODE_STRING || node->kind == T2V_NODE_PATTERN;
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
    bool texts = is_text(a) && is_text(b);
    return a->kind != b->kind && !texts;
}
