/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/schema.h"

#include <string.h>

#include "task/generate/grammar/compiler.h"
#include "task/generate/grammar/pattern_product.h"
#include "task/generate/grammar/schema_check.h"
#include "task/generate/grammar/schema_container.h"
#include "task/generate/grammar/schema_merge.h"
#include "task/generate/grammar/schema_value.h"

#include "base/banned.h"

enum { MAX_NESTED = 100, DISJOINT_DEPTH = 8 };

/* Types, as bits. */
enum {
    IS_NULL = 1,
    IS_BOOLEAN = 2,
    IS_OBJECT = 4,
    IS_ARRAY = 8,
    IS_NUMBER = 16,
    IS_STRING = 32,
    IS_INTEGER = 64,
    ANNOTATION = 128,
    OF_ALL = 256 /* keywords for values of any type */
};

static const struct keyword {
    const char *name;
    unsigned types; /* that it is for */
} keywords[] = {
    {"$ref", OF_ALL},
    {"allOf", OF_ALL},
    {"anyOf", OF_ALL},
    {"const", OF_ALL},
    {"enum", OF_ALL},
    {"oneOf", OF_ALL},
    {"additionalProperties", IS_OBJECT},
    {"properties", IS_OBJECT},
    {"required", IS_OBJECT},
    {"items", IS_ARRAY},
    {"maxItems", IS_ARRAY},
    {"minItems", IS_ARRAY},
    {"prefixItems", IS_ARRAY},
    {"exclusiveMaximum", IS_NUMBER},
    {"exclusiveMinimum", IS_NUMBER},
    {"maximum", IS_NUMBER},
    {"minimum", IS_NUMBER},
    {"multipleOf", IS_NUMBER},
    {"format", IS_STRING},
    {"maxLength", IS_STRING},
    {"minLength", IS_STRING},
    {"pattern", IS_STRING},
    {"type", 0},
    {"$comment", ANNOTATION},
    {"$defs", ANNOTATION},
    {"$id", ANNOTATION},
    {"$schema", ANNOTATION},
    {"contentEncoding", ANNOTATION},
    {"contentMediaType", ANNOTATION},
    {"default", ANNOTATION},
    {"definitions", ANNOTATION},
    {"deprecated", ANNOTATION},
    {"description", ANNOTATION},
    {"discriminator", ANNOTATION},
    {"example", ANNOTATION},
    {"examples", ANNOTATION},
    {"readOnly", ANNOTATION},
    {"title", ANNOTATION},
    {"writeOnly", ANNOTATION},
};

static const struct {
    const char *name;
    unsigned type;
} types[] = {{"null", IS_NULL},      {"boolean", IS_BOOLEAN}, {"object", IS_OBJECT},
             {"array", IS_ARRAY},    {"number", IS_NUMBER},   {"string", IS_STRING},
             {"integer", IS_INTEGER}};

/* *out: of `pattern` or `format`; NULL where it is missing. */
static int read_pattern(struct t2v_compiler *c, const t2v_json *json, const char *keyword,
                        struct t2v_pattern **out)
{
    const t2v_json *value = t2v_json_get(json, keyword);
    struct t2v_str text = t2v_json_str(value);
    *out = NULL;
    if (value == NULL)
        return 0;
    if (text.ptr == NULL)
        return t2v_compiler_wrong(c, keyword, "a string");
    if (strcmp(keyword, "format") == 0) {
        struct t2v_str name = text;
        text = t2v_pattern_of_format(name);
        if (text.ptr == NULL)
            return t2v_fail(c->err, T2V_EUNSUPPORTED,
                            "the schema's format \"%.*s\" is not supported", T2V_STR_ARG(name));
    }
    return t2v_pattern_compile(c, text, out);
}

static int compile_string(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    struct t2v_pattern *pattern = NULL, *format = NULL;
    node->kind = T2V_NODE_STRING;
    int rc = t2v_compiler_sizes(c, json, "minLength", "maxLength", node);
    if (rc == 0)
        rc = read_pattern(c, json, "pattern", &pattern);
    if (rc == 0)
        rc = read_pattern(c, json, "format", &format);
    if (rc != 0 || (pattern == NULL && format == NULL))
        return rc;
    node->kind = T2V_NODE_PATTERN;
    node->pattern = pattern != NULL ? pattern : format;
    if (pattern != NULL && format != NULL)
        rc = t2v_pattern_both(c, pattern, format, &node->pattern);
    if (rc == 0 && node->pattern != NULL && (node->min != 0 || node->max != UINT64_MAX))
        rc = t2v_pattern_of_length(c, node->pattern, node->min, node->max, &node->pattern);
    return rc != 0 || node->pattern != NULL
               ? rc
               : t2v_fail(
                     c->err, T2V_EFORMAT,
                     "no text has what the schema says of a string: \"pattern\", \"format\" and "
                     "length exclude each other");
}

static int compile_number(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node,
                          bool whole)
{
    node->kind = T2V_NODE_NUMBER;
    node->whole = whole;
    return t2v_schema_range(json, node, c->err);
}

/* --- types --- */

static int compile_words(struct t2v_compiler *c, unsigned type, struct t2v_node *node)
{
    static const struct t2v_str words[] = {{"null", 4}, {"true", 4}, {"false", 5}};
    if (type == IS_NULL) {
        node->kind = T2V_NODE_LITERAL;
        node->text = words[0];
        return 0;
    }
    node->items = t2v_compiler_alloc(c, 2, sizeof *node->items);
    if (node->items == NULL)
        return T2V_ENOMEM;
    int rc = 0;
    for (; node->n < 2 && rc == 0; node->n++) {
        struct t2v_node *word = NULL;
        rc = t2v_compiler_node(c, T2V_NODE_LITERAL, &word);
        if (rc == 0)
            word->text = words[1 + node->n];
        node->items[node->n] = word;
    }
    return rc;
}

static int compile_type(struct t2v_compiler *c, const t2v_json *json, unsigned type,
                        struct t2v_node *node)
{
    switch (type) {
    case IS_OBJECT:
        return t2v_schema_object(c, json, node);
    case IS_ARRAY:
        return t2v_schema_array(c, json, node);
    case IS_STRING:
        return compile_string(c, json, node);
    case IS_NUMBER:
    case IS_INTEGER:
        return compile_number(c, json, node, type == IS_INTEGER);
    default:
        return compile_words(c, type, node);
    }
}

/* One node for each of several types. */
static int compile_types(struct t2v_compiler *c, const t2v_json *json, unsigned all,
                         struct t2v_node *node)
{
    if ((all & (all - 1)) == 0)
        return compile_type(c, json, all, node);
    node->items = t2v_compiler_alloc(c, sizeof types / sizeof *types, sizeof *node->items);
    int rc = node->items != NULL ? 0 : T2V_ENOMEM;
    for (size_t i = 0; i < sizeof types / sizeof *types && rc == 0; i++) {
        if ((all & types[i].type) == 0)
            continue;
        struct t2v_node *item = NULL;
        rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, &item);
        if (rc == 0)
            rc = compile_type(c, json, types[i].type, item);
        node->items[node->n] = item;
        node->n += rc == 0;
    }
    return rc;
}

static unsigned type_named(struct t2v_str name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (name.ptr != NULL && t2v_str_is(name, types[i].name))
            return types[i].type;
    return 0;
}

/* `type`, one or several; 0 if it is missing. An integer is a number, too. */
static int read_types(struct t2v_compiler *c, const t2v_json *json, unsigned *out)
{
    const t2v_json *value = t2v_json_get(json, "type");
    *out = 0;
    if (value == NULL)
        return 0;
    bool several = t2v_json_type(value) == T2V_JSON_ARRAY;
    for (size_t i = 0; i < (several ? t2v_json_len(value) : 1); i++) {
        unsigned type = type_named(t2v_json_str(several ? t2v_json_at(value, i) : value));
        if (type == 0)
            return t2v_compiler_wrong(c, "type", "a name of a type, or several");
        *out |= type;
    }
    if ((*out & IS_NUMBER) != 0)
        *out &= ~(unsigned)IS_INTEGER;
    return *out != 0 ? 0 : t2v_compiler_wrong(c, "type", "a name of a type, or several");
}

/* --- alternatives --- */

/* The type that a value has, with that of a schema which allows it. */
static bool is_of(const t2v_json *value, unsigned all)
{
    static const unsigned of[] = {0,         IS_NULL,  IS_BOOLEAN, IS_NUMBER,
                                  IS_STRING, IS_ARRAY, IS_OBJECT};
    int64_t whole;
    return all == 0 || (all & of[t2v_json_type(value)]) != 0 ||
           ((all & IS_INTEGER) != 0 && t2v_json_int(value, &whole));
}

/* The values of an enum that have one of the types. */
static int compile_enum(struct t2v_compiler *c, const t2v_json *list, unsigned all,
                        struct t2v_node *node)
{
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_compiler_wrong(c, "enum", "an array");
    node->items = t2v_compiler_alloc(c, t2v_json_len(list), sizeof *node->items);
    int rc = node->items != NULL ? 0 : T2V_ENOMEM;
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++) {
        if (!is_of(t2v_json_at(list, i), all))
            continue;
        struct t2v_node *item = NULL;
        rc = t2v_compiler_node(c, T2V_NODE_LITERAL, &item);
        if (rc == 0)
            rc = t2v_schema_value(t2v_json_at(list, i), &c->schema->arena, &item->text, c->err);
        node->items[node->n] = item;
        node->n += rc == 0;
    }
    return rc != 0 || node->n != 0 ? rc
                                   : t2v_fail(c->err, T2V_EFORMAT,
                                              "no value of the schema's \"enum\" has its \"type\"");
}

static int compile_const(struct t2v_compiler *c, const t2v_json *value, unsigned all,
                         struct t2v_node *node)
{
    node->kind = T2V_NODE_LITERAL;
    return is_of(value, all) ? t2v_schema_value(value, &c->schema->arena, &node->text, c->err)
                             : t2v_compiler_wrong(c, "const", "of its \"type\"");
}

static int compile_alternatives(struct t2v_compiler *c, const t2v_json *list, const char *name,
                                struct t2v_node *node)
{
    size_t n = t2v_json_len(list);
    if (t2v_json_type(list) != T2V_JSON_ARRAY || n == 0)
        return t2v_compiler_wrong(c, name, "an array that is not empty");
    node->items = t2v_compiler_alloc(c, n, sizeof *node->items);
    int rc = node->items != NULL ? 0 : T2V_ENOMEM;
    for (; node->n < n && rc == 0; node->n++)
        rc = t2v_compiler_new(c, t2v_json_at(list, node->n), &node->items[node->n]);
    node->exclusive = strcmp(name, "oneOf") == 0;
    return rc;
}

/* The alternatives of each oneOf, once all nodes are linked. */
static int check_exclusive(const struct t2v_schema *schema, struct t2v_err *err)
{
    for (const struct t2v_node *node = schema->nodes; node != NULL; node = node->next)
        for (size_t i = 0; i < node->n && node->exclusive; i++)
            for (size_t k = 0; k < i; k++)
                if (!t2v_schema_disjoint(node->items[i], node->items[k], DISJOINT_DEPTH))
                    return t2v_fail(err, T2V_EUNSUPPORTED,
                                    "the schema's keyword \"oneOf\" is not supported with "
                                    "alternatives that can hold together; use \"anyOf\"");
    return 0;
}

static int compile_ref(struct t2v_compiler *c, const t2v_json *value, struct t2v_node *node)
{
    const t2v_json *json = NULL;
    int rc = t2v_schema_find(c->root, t2v_json_str(value), &json, c->err);
    struct t2v_target *target = c->targets;
    while (rc == 0 && target != NULL && target->json != json)
        target = target->next;
    node->items = t2v_compiler_alloc(c, 1, sizeof *node->items);
    if (rc != 0 || node->items == NULL)
        return rc != 0 ? rc : T2V_ENOMEM;
    node->n = 1;
    if (target != NULL) {
        node->items[0] = target->node;
        return 0;
    }
    target = t2v_compiler_alloc(c, 1, sizeof *target);
    rc = target != NULL ? t2v_compiler_node(c, T2V_NODE_ANY_OF, &node->items[0]) : T2V_ENOMEM;
    if (rc != 0)
        return rc;
    *target = (struct t2v_target){json, node->items[0], c->targets};
    c->targets = target;
    return c->compile(c, json, node->items[0]);
}

/* --- schemas --- */

static const struct keyword *find_keyword(struct t2v_str name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (t2v_str_is(name, keywords[i].name))
            return &keywords[i];
    return NULL;
}

/* What keywords a schema has. */
struct keywords {
    unsigned used; /* for which types those are that are not for all */
    unsigned all;  /* `type`; 0: it is missing */
    size_t n;      /* those of OF_ALL */
    size_t n_part; /* at least as many as they and the schemas of an allOf */
    const struct keyword *last;
};

/* Checks that every keyword is known. */
static int read_keywords(struct t2v_compiler *c, const t2v_json *json, struct keywords *out)
{
    *out = (struct keywords){0};
    for (struct t2v_json_member m = t2v_json_first(json); m.value != NULL;
         m = t2v_json_next(json, m)) {
        const struct keyword *keyword = find_keyword(m.key);
        if (keyword == NULL)
            return t2v_fail(c->err, T2V_EUNSUPPORTED,
                            "the schema's keyword \"%.*s\" is not supported", T2V_STR_ARG(m.key));
        if (keyword->types == OF_ALL) {
            out->n++;
            out->n_part += 1 + t2v_json_len(m.value);
            out->last = keyword;
        }
        out->used |= keyword->types & ~(unsigned)(OF_ALL | ANNOTATION);
    }
    return read_types(c, json, &out->all);
}

static bool is_of_values(const struct keyword *keyword)
{
    return strcmp(keyword->name, "enum") == 0 || strcmp(keyword->name, "const") == 0;
}

/* One keyword of OF_ALL but allOf; `all` counts for values. */
static int compile_one(struct t2v_compiler *c, const t2v_json *value, const char *name,
                       unsigned all, struct t2v_node *node)
{
    if (strcmp(name, "enum") == 0)
        return compile_enum(c, value, all, node);
    if (strcmp(name, "const") == 0)
        return compile_const(c, value, all, node);
    if (strcmp(name, "$ref") == 0)
        return compile_ref(c, value, node);
    return compile_alternatives(c, value, name, node);
}

/* The schemas of an allOf, to the items of node. */
static int add_all(struct t2v_compiler *c, const t2v_json *list, struct t2v_node *node)
{
    int rc = 0;
    if (t2v_json_type(list) != T2V_JSON_ARRAY || t2v_json_len(list) == 0)
        return t2v_compiler_wrong(c, "allOf", "an array that is not empty");
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++)
        rc = t2v_compiler_new(c, t2v_json_at(list, i), &node->items[node->n++]);
    return rc;
}

/* Keywords that all hold: a part for each of OF_ALL, and one for the others together. */
static int compile_parts(struct t2v_compiler *c, const t2v_json *json, const struct keywords *k,
                         struct t2v_node *node)
{
    node->all = true;
    node->items = t2v_compiler_alloc(c, k->n_part + 1, sizeof *node->items);
    int rc = node->items != NULL ? 0 : T2V_ENOMEM;
    for (struct t2v_json_member m = t2v_json_first(json); m.value != NULL && rc == 0;
         m = t2v_json_next(json, m)) {
        const struct keyword *keyword = find_keyword(m.key);
        struct t2v_node **item = &node->items[node->n];
        if (keyword->types != OF_ALL)
            continue;
        if (strcmp(keyword->name, "allOf") == 0) {
            rc = add_all(c, m.value, node);
            continue;
        }
        rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, item);
        node->n += rc == 0;
        if (rc == 0)
            rc = compile_one(c, m.value, keyword->name, k->all, *item);
    }
    if (rc != 0 || (k->used == 0 && k->all == 0))
        return rc;
    rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, &node->items[node->n]);
    if (rc == 0)
        rc = compile_types(c, json, k->all != 0 ? k->all : k->used, node->items[node->n++]);
    return rc;
}

static int compile_any(struct t2v_compiler *c, struct t2v_node *node)
{
    node->items = t2v_compiler_alloc(c, 1, sizeof *node->items);
    if (node->items == NULL)
        return T2V_ENOMEM;
    node->items[node->n++] = c->any;
    return 0;
}

static int compile_here(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    struct keywords k;
    bool allowed = false;
    if (t2v_json_bool(json, &allowed))
        return allowed ? compile_any(c, node)
                       : t2v_fail(c->err, T2V_EFORMAT, "the schema has a part that is false");
    if (t2v_json_type(json) != T2V_JSON_OBJECT)
        return t2v_fail(c->err, T2V_EFORMAT, "a schema must be an object");
    int rc = read_keywords(c, json, &k);
    if (rc != 0)
        return rc;
    if (k.n == 0)
        return k.all == 0 && k.used == 0
                   ? compile_any(c, node)
                   : compile_types(c, json, k.all != 0 ? k.all : k.used, node);
    bool alone = k.n == 1 && k.used == 0 && (k.all == 0 || is_of_values(k.last));
    if (alone && strcmp(k.last->name, "allOf") != 0)
        return compile_one(c, t2v_json_get(json, k.last->name), k.last->name, k.all, node);
    return compile_parts(c, json, &k, node);
}

static int compile(struct t2v_compiler *c, const t2v_json *json, struct t2v_node *node)
{
    if (c->nested >= MAX_NESTED)
        return t2v_fail(c->err, T2V_ETOOLARGE, "the schema is nested deeper than %d", MAX_NESTED);
    c->nested++;
    int rc = compile_here(c, json, node);
    c->nested--;
    return rc;
}

/* Any value: one of each type, whose parts are any value again. */
static int make_any(struct t2v_compiler *c)
{
    int rc = t2v_compiler_node(c, T2V_NODE_ANY_OF, &c->any);
    const unsigned all = IS_NULL | IS_BOOLEAN | IS_OBJECT | IS_ARRAY | IS_NUMBER | IS_STRING;
    return rc != 0 ? rc : compile_types(c, NULL, all, c->any);
}

int t2v_schema_compile(const t2v_json *json, struct t2v_schema *schema, struct t2v_err *err)
{
    struct t2v_compiler c = {.schema = schema, .root = json, .err = err, .compile = compile};
    *schema = (struct t2v_schema){0};
    int rc = make_any(&c);
    if (rc == 0)
        rc = t2v_compiler_node(&c, T2V_NODE_ANY_OF, &schema->root);
    if (rc == 0)
        rc = json != NULL ? compile(&c, json, schema->root)
                          : t2v_schema_object(&c, NULL, schema->root);
    if (rc == 0)
        rc = t2v_schema_merge(&c);
    if (rc == 0)
        rc = t2v_schema_check(schema, err);
    return rc != 0 ? rc : check_exclusive(schema, err);
}

void t2v_schema_deinit(struct t2v_schema *schema)
{
    t2v_arena_free(&schema->arena);
    *schema = (struct t2v_schema){0};
}
