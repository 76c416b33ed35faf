/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/schema_container.h"

#include <stdlib.h>

#include "task/generate/grammar/schema_value.h"

#include "base/banned.h"

int t2v_schema_array(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    const t2v_json *items = t2v_json_get(json, "items"), *first = t2v_json_get(json, "prefixItems");
    node->kind = T2V_NODE_ARRAY;
    node->rest = c->any;
    if (first != NULL && t2v_json_type(first) != T2V_JSON_ARRAY)
        return t2v_compiler_wrong(c, "prefixItems", "an array");
    size_t n = t2v_json_len(first);
    node->items = t2v_compiler_alloc(c, n, sizeof *node->items);
    int rc = node->items != NULL ? 0 : T2V_ENOMEM;
    for (; node->n < n && rc == 0; node->n++)
        rc = t2v_compiler_new(c, t2v_json_at(first, node->n), &node->items[node->n]);
    bool none = true;
    if (t2v_json_bool(items, &none) && !none)
        node->rest = NULL;
    else if (rc == 0 && items != NULL)
        rc = t2v_compiler_new(c, items, &node->rest);
    return rc != 0 ? rc : t2v_compiler_sizes(c, json, "minItems", "maxItems", node);
}

static int by_bytes(const void *a, const void *b)
{
    const struct t2v_str *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int order = n != 0 ? memcmp(x->ptr, y->ptr, n) : 0;
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

void t2v_schema_sort_names(struct t2v_node *node)
{
    if (node->n != 0)
        qsort(node->names, node->n, sizeof *node->names, by_bytes);
}

static int add_property(struct t2v_compiler *c, struct t2v_node *node, struct t2v_str name,
                        struct t2v_node *value)
{
    struct t2v_property *property = &node->properties[node->n];
    *property = (struct t2v_property){.value = value};
    property->name = t2v_arena_dup(&c->schema->arena, name);
    node->names[node->n++] = property->name;
    return property->name.ptr != NULL
               ? t2v_schema_string(property->name, &c->schema->arena, &property->key)
               : T2V_ENOMEM;
}

struct t2v_property *t2v_schema_property(const struct t2v_node *node, struct t2v_str name)
{
    for (size_t i = 0; i < node->n; i++)
        if (t2v_str_eq(node->properties[i].name, name))
            return &node->properties[i];
    return NULL;
}

/* Those that `properties` does not have are further properties. */
static int read_required(struct t2v_compiler *c, const t2v_json *list, struct t2v_node *node)
{
    int rc = 0;
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++) {
        struct t2v_str name = t2v_json_str(t2v_json_at(list, i));
        if (name.ptr == NULL)
            return t2v_compiler_wrong(c, "required", "an array of strings");
        struct t2v_property *property = t2v_schema_property(node, name);
        if (property == NULL && node->rest == NULL)
            return t2v_fail(c->err, T2V_EFORMAT,
                            "the schema requires the property \"%.*s\", which it does not allow",
                            T2V_STR_ARG(name));
        if (property == NULL) {
            rc = add_property(c, node, name, node->rest);
            property = &node->properties[node->n - 1];
        }
        property->required = true;
    }
    return rc;
}

static int read_further(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    const t2v_json *further = t2v_json_get(json, "additionalProperties");
    bool allowed = true;
    if (further != NULL && !t2v_json_bool(further, &allowed))
        return t2v_compiler_new(c, further, &node->rest);
    node->rest = allowed ? c->any : NULL;
    return 0;
}

int t2v_schema_object(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    const t2v_json *list = t2v_json_get(json, "properties"),
                   *required = t2v_json_get(json, "required");
    node->kind = T2V_NODE_OBJECT;
    if (list != NULL && t2v_json_type(list) != T2V_JSON_OBJECT)
        return t2v_compiler_wrong(c, "properties", "an object");
    if (required != NULL && t2v_json_type(required) != T2V_JSON_ARRAY)
        return t2v_compiler_wrong(c, "required", "an array of strings");
    size_t n = t2v_json_len(list) + t2v_json_len(required);
    node->properties = t2v_compiler_alloc(c, n, sizeof *node->properties);
    node->names = t2v_compiler_alloc(c, n, sizeof *node->names);
    int rc =
        node->properties != NULL && node->names != NULL ? read_further(c, json, node) : T2V_ENOMEM;
    for (struct t2v_json_member m = t2v_json_first(list); m.value != NULL && rc == 0;
         m = t2v_json_next(list, m)) {
        struct t2v_node *value = NULL;
        rc = t2v_compiler_new(c, m.value, &value);
        if (rc == 0)
            rc = add_property(c, node, m.key, value);
    }
    if (rc == 0)
        rc = read_required(c, required, node);
    node->open = t2v_json_get(json, "additionalProperties") == NULL;
    if (node->n != 0 && node->open)
        node->rest = NULL;
    t2v_schema_sort_names(node);
    return rc;
}
