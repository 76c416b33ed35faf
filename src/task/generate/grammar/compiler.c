/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/compiler.h"

#include "base/banned.h"

int t2v_compiler_wrong(struct t2v_compiler *c, const char *keyword, const char *what)
{
    return t2v_fail(c->err, T2V_EFORMAT, "\"%s\" of the schema must be %s", keyword, what);
}

int t2v_compiler_node(struct t2v_compiler *c, enum t2v_node_kind kind, struct t2v_node **out)
{
    struct t2v_schema *schema = c->schema;
    if (schema->n_node == T2V_SCHEMA_MAX_NODES)
        return t2v_fail(c->err, T2V_ETOOLARGE, "the schema has more than %d parts",
                        T2V_SCHEMA_MAX_NODES);
    struct t2v_node *node = t2v_arena_alloc(&schema->arena, 1, sizeof *node);
    if (node == NULL)
        return T2V_ENOMEM;
    *node = (struct t2v_node){.kind = kind, .max = UINT64_MAX, .next = schema->nodes};
    schema->nodes = *out = node;
    schema->n_node++;
    return 0;
}

void *t2v_compiler_alloc(struct t2v_compiler *c, size_t n, size_t size)
{
    return t2v_arena_alloc(&c->schema->arena, n != 0 ? n : 1, size);
}

int t2v_compiler_new(struct t2v_compiler *c, const t2v_json *json, struct t2v_node **out)
{
    int rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, out);
    return rc != 0 ? rc : c->compile(c, json, *out);
}

static int read_size(struct t2v_compiler *c, const t2v_json *json, const char *name, uint64_t *out)
{
    const t2v_json *value = t2v_json_get(json, name);
    int64_t x = -1;
    if (value == NULL)
        return 0;
    if (!t2v_json_int(value, &x) || x < 0 || x > INT32_MAX)
        return t2v_compiler_wrong(c, name, "an integer from 0 to 2147483647");
    *out = (uint64_t)x;
    return 0;
}

int t2v_compiler_sizes(struct t2v_compiler *c, const t2v_json *json, const char *min,
                       const char *max, struct t2v_node *node)
{
    int rc = read_size(c, json, min, &node->min);
    if (rc == 0)
        rc = read_size(c, json, max, &node->max);
    if (rc == 0 && node->min > node->max)
        rc = t2v_fail(c->err, T2V_EFORMAT, "\"%s\" of the schema is above \"%s\"", min, max);
    return rc;
}
