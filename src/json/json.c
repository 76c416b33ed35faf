/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/json.h"

#include <math.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "json/pull.h"

#include "base/banned.h"

enum {
    MAX_TREE_BYTES = 1 << 29, /* values of one tree; "[[],[],[], ..." needs 20 times its length */
    MAX_MEMBERS = 1 << 20,    /* in one object */
    MAX_DEPTH = T2V_JSON_MAX_DEPTH,
    MANY_MEMBERS = 32 /* a larger object has an index */
};

/* The places of an object's members, by key. */
struct index {
    struct index *next;
    struct t2v_map map;
};

struct t2v_json {
    union {
        double number;
        const char *text;      /* n bytes and a NUL */
        struct t2v_json *item; /* [n]: the items of an array, the members of an object */
        size_t first;          /* while reading: the index of item[0] in maker.done */
        struct index *index; /* in the entry before an object's first member, if it has an index */
        size_t outer;        /* while open: the container around it, an index in maker.open */
    };
    size_t n;        /* the value of a boolean; of an integer, its bits */
    const char *key; /* of a member; n_key bytes and a NUL */
    uint32_t n_key;
    enum t2v_json_type type : 8;
    unsigned is_real : 1;  /* a number with a fraction or exponent */
    unsigned is_whole : 1; /* an integer that fits n */
};

/* A tree. t2v_json_free gets a pointer to root, which is the first field. */
struct tree {
    struct t2v_json root;
    struct t2v_json *done;
    char *text; /* all strings and keys */
    struct index *indexes;
};

struct list {
    struct t2v_json *at;
    size_t n, cap;
};

/* Values are collected in `open`, where a container is followed by the values it has so far. When
 * it closes, these move to `done` as one block. Nothing recurses, and after a failure both lists
 * can be freed as they are. */
struct maker {
    struct t2v_pull pull;
    struct list open, done;
    size_t inner; /* the innermost open container, an index in open; if depth > 0 */
    size_t depth;
    char *text; /* as long as the document: no string is longer here than there */
    size_t n_text;
    struct index *indexes;
    size_t n_index_byte;
    bool unique;
};

/* Makes room for n more values in a list of the maker. */
static int make_room(struct maker *m, struct list *list, size_t n)
{
    while (list->cap - list->n < n) {
        size_t n_value = m->open.cap + m->done.cap + list->cap;
        if (n_value * sizeof *list->at + m->n_index_byte > MAX_TREE_BYTES)
            return t2v_fail(m->pull.err, T2V_ETOOLARGE,
                            "this JSON needs more than %d MiB of memory", MAX_TREE_BYTES >> 20);
        struct t2v_json *grown = t2v_grow(list->at, &list->cap, 16, sizeof *grown);
        if (grown == NULL)
            return t2v_fail(m->pull.err, T2V_ENOMEM, "no memory for a tree of JSON");
        list->at = grown;
    }
    return 0;
}

static const char *keep(struct maker *m, struct t2v_str s)
{
    char *copy = m->text + m->n_text;
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    m->n_text += s.len + 1;
    return copy;
}

static struct t2v_str key_of(const struct t2v_json *value)
{
    return (struct t2v_str){value->key, value->n_key};
}

/* Merges equal keys: the first one's place, the last one's value. Sets *n to the number that
 * remains and fills map, which is empty, with the keys' places. */
static int merge_equal(struct maker *m, struct t2v_json *members, size_t *n, struct t2v_map *map)
{
    size_t n_kept = 0;
    int rc = 0;
    for (size_t i = 0; i < *n && rc == 0; i++) {
        int32_t equal = t2v_map_get(map, key_of(&members[i]));
        if (equal < 0) {
            members[n_kept] = members[i];
            rc = t2v_map_set(map, key_of(&members[i]), (int32_t)n_kept++);
        } else if (m->unique) {
            rc = t2v_fail_at(m->pull.err, T2V_EFORMAT, (size_t)(m->pull.at - m->pull.begin),
                             "JSON with a duplicate object key \"%.*s\"",
                             T2V_STR_ARG(key_of(&members[i])));
        } else {
            members[equal] = members[i];
        }
    }
    *n = n_kept;
    return rc;
}

/* Stores the map of a large object's members where t2v_json_get finds it. */
static int keep_index(struct maker *m, struct t2v_map *map)
{
    int rc = make_room(m, &m->done, 1);
    struct index *index = rc == 0 ? t2v_alloc(sizeof *index) : NULL;
    if (index == NULL)
        return rc != 0 ? rc : T2V_ENOMEM;
    *index = (struct index){m->indexes, *map};
    m->indexes = index;
    m->n_index_byte += sizeof *index + (map->mask + 1) * sizeof *map->slots;
    *map = (struct t2v_map){0};
    m->done.at[m->done.n++] = (struct t2v_json){.index = index};
    return 0;
}

static int finish_object(struct maker *m, struct t2v_json *members, size_t *n)
{
    struct t2v_map map;
    if (*n > MAX_MEMBERS)
        return t2v_fail(m->pull.err, T2V_ETOOLARGE, "an object of %zu members, the limit is %d", *n,
                        MAX_MEMBERS);
    int rc = t2v_map_init(&map, *n);
    if (rc == 0)
        rc = merge_equal(m, members, n, &map);
    if (rc == 0 && *n > MANY_MEMBERS)
        rc = keep_index(m, &map);
    t2v_map_deinit(&map);
    return rc;
}

static void free_indexes(struct index *index)
{
    while (index != NULL) {
        struct index *next = index->next;
        t2v_map_deinit(&index->map);
        t2v_free(index);
        index = next;
    }
}

static int close_inner(struct maker *m)
{
    struct t2v_json *container = &m->open.at[m->inner], *items = container + 1;
    size_t n = m->open.n - m->inner - 1;
    m->open.n = m->inner + 1;
    m->inner = container->outer;
    m->depth--;
    int rc = container->type == T2V_JSON_OBJECT && n > 1 ? finish_object(m, items, &n) : 0;
    if (rc == 0)
        rc = make_room(m, &m->done, n);
    if (rc != 0)
        return rc;
    if (n != 0)
        memcpy(m->done.at + m->done.n, items, n * sizeof *items);
    container->first = m->done.n;
    container->n = n;
    m->done.n += n;
    return 0;
}

static int read_word(struct maker *m, char c, struct t2v_json *value)
{
    value->type = c == 'n' ? T2V_JSON_NULL : T2V_JSON_BOOL;
    value->n = c == 't';
    return t2v_pull_word(&m->pull, c == 'n' ? "null" : c == 't' ? "true" : "false");
}

static int read_string(struct maker *m, struct t2v_json *value)
{
    struct t2v_str s;
    int rc = t2v_pull_str(&m->pull, &s);
    if (rc != 0)
        return rc;
    value->type = T2V_JSON_STRING;
    value->text = keep(m, s);
    value->n = s.len;
    return 0;
}

static int read_number(struct maker *m, struct t2v_json *value)
{
    const char *begin = m->pull.at;
    int rc = t2v_pull_number(&m->pull, &value->number);
    struct t2v_str text = {begin, (size_t)(m->pull.at - begin)};
    bool minus = text.len != 0 && *begin == '-';
    int64_t whole = 0;
    value->type = T2V_JSON_NUMBER;
    value->is_whole = rc == 0 && text.len > minus;
    for (text = t2v_str_skip(text, minus); rc == 0 && text.len != 0; text = t2v_str_skip(text, 1)) {
        int digit = text.ptr[0] - '0';
        value->is_real |= digit < 0 || digit > 9;
        if (value->is_whole && (__builtin_mul_overflow(whole, 10, &whole) ||
                                __builtin_add_overflow(whole, minus ? -digit : digit, &whole)))
            value->is_whole = false;
    }
    value->is_whole &= !value->is_real;
    value->n = (size_t)whole;
    return rc;
}

/* Opens a container; reads the bracket only. */
static int open_inner(struct maker *m, char bracket, struct t2v_json *value)
{
    if (m->depth == MAX_DEPTH)
        return t2v_fail_at(m->pull.err, T2V_EFORMAT, (size_t)(m->pull.at - m->pull.begin),
                           "nested deeper than %d levels", MAX_DEPTH);
    m->depth++;
    value->type = bracket == '[' ? T2V_JSON_ARRAY : T2V_JSON_OBJECT;
    value->outer = m->inner;
    m->inner = m->open.n;
    return t2v_pull_open(&m->pull, bracket);
}

static int read_value(struct maker *m, struct t2v_str key)
{
    struct t2v_json value = {.key = key.ptr, .n_key = (uint32_t)key.len};
    char c = t2v_pull_peek(&m->pull);
    int rc = make_room(m, &m->open, 1);
    if (rc != 0)
        return rc;
    if (c == '[' || c == '{') {
        rc = open_inner(m, c, &value);
    } else if (c == '"') {
        rc = read_string(m, &value);
    } else if (c == 'n' || c == 't' || c == 'f') {
        rc = read_word(m, c, &value);
    } else if (t2v_pull_is_number(&m->pull, c)) {
        rc = read_number(m, &value);
    } else {
        rc = t2v_pull_wrong(&m->pull, "a value");
    }
    m->open.at[m->open.n++] = value;
    return rc;
}

static int read_key(struct maker *m, struct t2v_str *key)
{
    int rc = t2v_pull_key(&m->pull, key);
    if (rc == 0)
        key->ptr = keep(m, *key);
    return rc;
}

static int read_all(struct maker *m)
{
    struct t2v_str key = {NULL, 0};
    int rc = read_value(m, key);
    while (rc == 0 && m->depth != 0) {
        bool object = m->open.at[m->inner].type == T2V_JSON_OBJECT;
        rc = t2v_pull_more(&m->pull, object ? '}' : ']');
        if (rc == 0) {
            rc = close_inner(m);
        } else if (rc == 1) {
            rc = object ? read_key(m, &key) : 0;
            if (rc == 0)
                rc = read_value(m, object ? key : (struct t2v_str){NULL, 0});
        }
    }
    return rc != 0 ? rc : t2v_pull_end(&m->pull);
}

static void point_at_items(struct t2v_json *value, struct t2v_json *done)
{
    if (value->type == T2V_JSON_ARRAY || value->type == T2V_JSON_OBJECT)
        value->item = value->n != 0 ? done + value->first : NULL;
}

static struct tree *finish(struct maker *m)
{
    struct tree *tree = t2v_alloc(sizeof *tree);
    if (tree == NULL)
        return NULL;
    *tree = (struct tree){m->open.at[0], m->done.at, m->text, m->indexes};
    point_at_items(&tree->root, m->done.at);
    for (size_t i = 0; i < m->done.n; i++)
        point_at_items(&m->done.at[i], m->done.at);
    return tree;
}

static int parse(struct t2v_str text, bool unique, bool python, t2v_json **root,
                 struct t2v_err *err)
{
    struct maker m = {.unique = unique};
    struct tree *tree = NULL;
    if (text.len >= UINT32_MAX)
        return t2v_fail(err, T2V_ETOOLARGE, "%zu bytes of JSON", text.len);
    m.text = t2v_alloc(text.len + 1);
    t2v_pull_init(&m.pull, text, err);
    m.pull.python = python;
    int rc = m.text != NULL ? read_all(&m) : T2V_ENOMEM;
    if (rc == 0 && (tree = finish(&m)) == NULL)
        rc = T2V_ENOMEM;
    if (rc == T2V_ENOMEM)
        t2v_fail(err, rc, "no memory to parse %zu bytes of JSON", text.len);
    t2v_pull_deinit(&m.pull);
    t2v_free(m.open.at);
    if (rc == 0) {
        *root = &tree->root;
        return 0;
    }
    free_indexes(m.indexes);
    t2v_free(m.done.at);
    t2v_free(m.text);
    return rc;
}

int t2v_json_parse(struct t2v_str text, t2v_json **root, struct t2v_err *err)
{
    return parse(text, false, false, root, err);
}

int t2v_json_parse_python(struct t2v_str text, t2v_json **root, struct t2v_err *err)
{
    return parse(text, false, true, root, err);
}

int t2v_json_parse_unique(struct t2v_str text, t2v_json **root, struct t2v_err *err)
{
    return parse(text, true, false, root, err);
}

int t2v_json_load(const char *path, size_t max_bytes, t2v_json **root, struct t2v_err *err)
{
    char *bytes;
    size_t len;
    int rc = t2v_file_read(path, max_bytes, &bytes, &len, err);
    if (rc != 0)
        return rc;
    rc = t2v_json_parse_python((struct t2v_str){bytes, len}, root, err);
    t2v_free(bytes);
    return rc != 0 ? t2v_fail_in(err, rc, path) : 0;
}

void t2v_json_free(t2v_json *root)
{
    struct tree *tree = (struct tree *)root;
    if (tree == NULL)
        return;
    free_indexes(tree->indexes);
    t2v_free(tree->done);
    t2v_free(tree->text);
    t2v_free(tree);
}

static bool is(const t2v_json *value, enum t2v_json_type type)
{
    return value != NULL && value->type == type;
}

enum t2v_json_type t2v_json_type(const t2v_json *value)
{
    return value != NULL ? value->type : T2V_JSON_MISSING;
}

const char *t2v_json_type_name(const t2v_json *value)
{
    return t2v_json_kind_name(t2v_json_type(value));
}

const t2v_json *t2v_json_get(const t2v_json *value, const char *key)
{
    struct t2v_str wanted = t2v_str_of(key);
    if (!is(value, T2V_JSON_OBJECT))
        return NULL;
    if (value->n > MANY_MEMBERS) {
        int32_t at = t2v_map_get(&value->item[-1].index->map, wanted);
        return at >= 0 ? &value->item[at] : NULL;
    }
    for (size_t i = 0; i < value->n; i++) {
        if (t2v_str_eq(key_of(&value->item[i]), wanted))
            return &value->item[i];
    }
    return NULL;
}

size_t t2v_json_len(const t2v_json *value)
{
    return is(value, T2V_JSON_ARRAY) || is(value, T2V_JSON_OBJECT) ? value->n : 0;
}

const t2v_json *t2v_json_at(const t2v_json *value, size_t i)
{
    return is(value, T2V_JSON_ARRAY) && i < value->n ? &value->item[i] : NULL;
}

static struct t2v_json_member member(const t2v_json *object, const t2v_json *at)
{
    if (at == object->item + object->n)
        return (struct t2v_json_member){.value = NULL};
    return (struct t2v_json_member){key_of(at), at};
}

struct t2v_json_member t2v_json_first(const t2v_json *object)
{
    if (!is(object, T2V_JSON_OBJECT) || object->n == 0)
        return (struct t2v_json_member){.value = NULL};
    return member(object, object->item);
}

struct t2v_json_member t2v_json_next(const t2v_json *object, struct t2v_json_member before)
{
    return member(object, before.value + 1);
}

struct t2v_str t2v_json_str(const t2v_json *value)
{
    if (!is(value, T2V_JSON_STRING))
        return (struct t2v_str){NULL, 0};
    return (struct t2v_str){value->text, value->n};
}

bool t2v_json_bool(const t2v_json *value, bool *out)
{
    if (!is(value, T2V_JSON_BOOL))
        return false;
    *out = value->n != 0;
    return true;
}

bool t2v_json_double(const t2v_json *value, double *out)
{
    if (!is(value, T2V_JSON_NUMBER))
        return false;
    *out = value->number;
    return true;
}

bool t2v_json_int(const t2v_json *value, int64_t *out)
{
    double x;
    return t2v_json_double(value, &x) && t2v_json_whole(x, out);
}

bool t2v_json_exact(const t2v_json *value, int64_t *out)
{
    if (!is(value, T2V_JSON_NUMBER) || !value->is_whole)
        return false;
    *out = (int64_t)value->n;
    return true;
}

bool t2v_json_real(const t2v_json *value, double *out)
{
    return is(value, T2V_JSON_NUMBER) && value->is_real && t2v_json_double(value, out);
}

bool t2v_json_whole(double x, int64_t *out)
{
    if (x != trunc(x) || fabs(x) >= 0x1p53)
        return false;
    *out = (int64_t)x;
    return true;
}
