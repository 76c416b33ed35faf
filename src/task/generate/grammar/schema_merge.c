/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new node stands for each pair of nodes that must hold together. It is an ANY_OF of nothing
 * until its turn comes, in the order in which they were made; by then both of its nodes are what
 * they will be. So pairs may lead to each other, as $refs do.
 */
#include "task/generate/grammar/schema_merge.h"

#include "task/generate/grammar/schema_container.h"
#include "task/generate/grammar/schema_meet.h"

#include "base/banned.h"

enum { N_BUCKET = 1024, MAX_WORK = 20 * 1000 * 1000, MAX_PROPERTIES = 10 * 1000 };

struct pair {
    struct t2v_node *a, *b, *node;
    struct pair *next;   /* in the order of making */
    struct pair *beside; /* in its bucket */
};

struct merge {
    struct t2v_compiler *c;
    struct pair *first, **end;
    struct pair *buckets[N_BUCKET];
    struct t2v_node *never; /* no value */
    size_t work;            /* comparisons, and bytes of literals */
    size_t n_property;      /* of merged objects */
};

static int spend(struct merge *m, size_t work)
{
    m->work += work;
    return m->work <= MAX_WORK
               ? 0
               : t2v_fail(m->c->err, T2V_ETOOLARGE,
                          "the schema's \"allOf\", or keywords beside each other, are too large");
}

/* The node of a pair, which is made if it is new. */
static int find(struct merge *m, struct t2v_node *a, struct t2v_node *b, struct t2v_node **out)
{
    struct pair **bucket = &m->buckets[((uintptr_t)a / 64 * 31 + (uintptr_t)b / 64) % N_BUCKET];
    for (struct pair *p = *bucket; p != NULL; p = p->beside) {
        m->work++;
        if (p->a == a && p->b == b) {
            *out = p->node;
            return 0;
        }
    }
    struct pair *made = t2v_compiler_alloc(m->c, 1, sizeof *made);
    int rc = made != NULL ? t2v_compiler_node(m->c, T2V_NODE_ANY_OF, out) : T2V_ENOMEM;
    if (rc != 0)
        return rc;
    *made = (struct pair){.a = a, .b = b, .node = *out, .beside = *bucket};
    *bucket = made;
    *m->end = made;
    m->end = &made->next;
    return 0;
}

/* Of two nodes of which one at least is a LITERAL. */
static int keep_literal(struct merge *m, struct t2v_node *a, struct t2v_node *b,
                        struct t2v_node **out)
{
    struct t2v_node *literal = a->kind == T2V_NODE_LITERAL ? a : b;
    bool is = false;
    int rc = spend(m, literal->text.len);
    if (rc == 0)
        rc = t2v_schema_has_literal(m->c, literal, literal == a ? b : a, &is);
    *out = is ? literal : NULL;
    return rc;
}

/* *out: the values of both; NULL: there are none. */
static int both(struct merge *m, struct t2v_node *a, struct t2v_node *b, struct t2v_node **out)
{
    const struct t2v_node *any = m->c->any;
    int rc = spend(m, 1);
    *out = NULL;
    if (rc != 0)
        return rc;
    if (a == b || b == any || a == any) {
        *out = a == any ? b : a;
        return 0;
    }
    if (a->kind == T2V_NODE_ANY_OF || b->kind == T2V_NODE_ANY_OF)
        return find(m, a, b, out);
    if (!t2v_schema_meets(a, b))
        return 0;
    if (a->kind == T2V_NODE_LITERAL || b->kind == T2V_NODE_LITERAL)
        return keep_literal(m, a, b, out);
    return find(m, a, b, out);
}

/* The same where a node is needed; either may be NULL: no value. */
static int both_or_never(struct merge *m, struct t2v_node *a, struct t2v_node *b,
                         struct t2v_node **out)
{
    int rc = a != NULL && b != NULL ? both(m, a, b, out) : 0;
    if (a == NULL || b == NULL || *out == NULL)
        *out = m->never;
    return rc;
}

/* A node that has no value after all. */
static void empty(struct t2v_node *node)
{
    *node = (struct t2v_node){.kind = T2V_NODE_ANY_OF, .next = node->next};
}

/* ---- Containers ---- */

static struct t2v_node *item_at(const struct t2v_node *array, size_t i)
{
    return i < array->n ? array->items[i] : array->rest;
}

static int merge_arrays(struct merge *m, const struct t2v_node *a, const struct t2v_node *b,
                        struct t2v_node *node)
{
    size_t n = a->n > b->n ? a->n : b->n;
    int rc = 0;
    node->kind = T2V_NODE_ARRAY;
    node->min = a->min > b->min ? a->min : b->min;
    node->max = a->max < b->max ? a->max : b->max;
    node->items = t2v_compiler_alloc(m->c, n, sizeof *node->items);
    if (node->items == NULL)
        return T2V_ENOMEM;
    for (; node->n < n && rc == 0; node->n++)
        rc = both_or_never(m, item_at(a, node->n), item_at(b, node->n), &node->items[node->n]);
    if (rc == 0 && a->rest != NULL && b->rest != NULL)
        rc = both(m, a->rest, b->rest, &node->rest);
    if (node->min > node->max)
        empty(node);
    return rc;
}

/* What a further property of an object has, if the schema may add to those that it describes. */
static struct t2v_node *further(const struct merge *m, const struct t2v_node *object)
{
    return object->open ? m->c->any : object->rest;
}

/* The properties of `from`; those of `other`, too, are left out if `alone`. */
static int add_properties(struct merge *m, const struct t2v_node *from,
                          const struct t2v_node *other, bool alone, struct t2v_node *node)
{
    int rc = spend(m, from->n * other->n);
    for (size_t i = 0; i < from->n && rc == 0; i++) {
        const struct t2v_property *mine = &from->properties[i];
        const struct t2v_property *its = t2v_schema_property(other, mine->name);
        if (its != NULL && alone)
            continue;
        struct t2v_property *made = &node->properties[node->n];
        *made = *mine;
        made->required = mine->required || (its != NULL && its->required);
        node->names[node->n++] = mine->name;
        rc = both_or_never(m, mine->value, its != NULL ? its->value : further(m, other),
                           &made->value);
    }
    return rc;
}

static int merge_objects(struct merge *m, const struct t2v_node *a, const struct t2v_node *b,
                         struct t2v_node *node)
{
    size_t n = a->n + b->n;
    m->n_property += n;
    if (m->n_property > MAX_PROPERTIES)
        return spend(m, MAX_WORK + 1);
    node->kind = T2V_NODE_OBJECT;
    node->open = a->open && b->open;
    node->properties = t2v_compiler_alloc(m->c, n, sizeof *node->properties);
    node->names = t2v_compiler_alloc(m->c, n, sizeof *node->names);
    if (node->properties == NULL || node->names == NULL)
        return T2V_ENOMEM;
    int rc = add_properties(m, a, b, false, node);
    if (rc == 0)
        rc = add_properties(m, b, a, true, node);
    t2v_schema_sort_names(node);
    if (node->open)
        node->rest = node->n != 0 ? NULL : m->c->any;
    else if (rc == 0 && further(m, a) != NULL && further(m, b) != NULL)
        rc = both(m, further(m, a), further(m, b), &node->rest);
    return rc;
}

/* ---- Pairs ---- */

/* Each alternative of `of` with the other node. */
static int distribute(struct merge *m, const struct pair *pair)
{
    struct t2v_node *node = pair->node, *made = NULL;
    struct t2v_node *of = pair->a->kind == T2V_NODE_ANY_OF ? pair->a : pair->b;
    struct t2v_node *other = of == pair->a ? pair->b : pair->a;
    node->items = t2v_compiler_alloc(m->c, of->n, sizeof *node->items);
    int rc = node->items != NULL ? spend(m, of->n) : T2V_ENOMEM;
    for (size_t i = 0; i < of->n && rc == 0; i++) {
        struct t2v_node *mine = of->items[i];
        rc = of == pair->a ? both(m, mine, other, &made) : both(m, other, mine, &made);
        if (made != NULL)
            node->items[node->n++] = made;
    }
    return rc;
}

/* Two nodes that are no alternatives, whose pair was made before that was known. */
static int unite(struct merge *m, const struct pair *pair)
{
    const struct t2v_node *a = pair->a, *b = pair->b;
    struct t2v_node *node = pair->node;
    bool some = true;
    int rc = 0;
    if (a->kind == T2V_NODE_OBJECT)
        return merge_objects(m, a, b, node);
    if (a->kind == T2V_NODE_ARRAY)
        return merge_arrays(m, a, b, node);
    if (a->kind == T2V_NODE_NUMBER)
        some = t2v_schema_meet_numbers(a, b, node);
    else
        rc = t2v_schema_meet_strings(m->c, a, b, node, &some);
    if (rc == 0 && !some)
        empty(node);
    return rc;
}

static int settle(struct merge *m, const struct pair *pair)
{
    struct t2v_node *a = pair->a, *b = pair->b, *node = pair->node, *literal = NULL;
    if (a->kind == T2V_NODE_ANY_OF || b->kind == T2V_NODE_ANY_OF)
        return distribute(m, pair);
    if (!t2v_schema_meets(a, b))
        return 0;
    if (a->kind != T2V_NODE_LITERAL && b->kind != T2V_NODE_LITERAL)
        return unite(m, pair);
    node->items = t2v_compiler_alloc(m->c, 1, sizeof *node->items);
    int rc = node->items != NULL ? keep_literal(m, a, b, &literal) : T2V_ENOMEM;
    if (literal != NULL)
        node->items[node->n++] = literal;
    return rc;
}

/* An ANY_OF of the one node for all items. */
static int fold(struct merge *m, struct t2v_node *node)
{
    struct t2v_node *sum = node->items[0];
    int rc = 0;
    for (size_t i = 1; i < node->n && rc == 0; i++)
        rc = both_or_never(m, sum, node->items[i], &sum);
    node->all = false;
    node->items[0] = sum;
    node->n = 1;
    return rc;
}

int t2v_schema_merge(struct t2v_compiler *c)
{
    struct merge m = {.c = c};
    struct t2v_node *known = c->schema->nodes;
    m.end = &m.first;
    int rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, &m.never);
    for (struct t2v_node *node = known; node != NULL && rc == 0; node = node->next)
        if (node->all)
            rc = fold(&m, node);
    for (const struct pair *pair = m.first; pair != NULL && rc == 0; pair = pair->next)
        rc = settle(&m, pair);
    return rc;
}
