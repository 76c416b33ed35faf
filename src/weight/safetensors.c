/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a safetensors file: the header's length (8 bytes, little-endian), the header (a JSON
 * object, tensor name -> {dtype, shape, data_offsets}), then the data, where offset 0 is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/json.h"
#include "weight/reader.h"

#include "base/banned.h"

/* The reference library's limit on headers is 100 MB, but parsed JSON needs up to 50 times its
 * length. A tensor's entry has about 100 bytes. */
enum { LENGTH_BYTES = 8, MAX_HEADER_BYTES = 16 * 1000 * 1000 };

/* The state of reading one file. */
struct parse {
    const char *file;
    const uint8_t *data; /* [n_data] */
    size_t n_data;
    struct t2v_arena *arena;
    struct t2v_tensor_list *list;
    struct t2v_err *err;
};

static int bad(const struct parse *p, struct t2v_str name, const char *reason)
{
    return t2v_fail(p->err, T2V_EFORMAT, "%s: tensor \"%.*s\": %s", p->file, T2V_STR_ARG(name),
                    reason);
}

static int no_memory(const char *file, struct t2v_err *err)
{
    return t2v_fail(err, T2V_ENOMEM, "%s: no memory for its list of tensors", file);
}

static bool as_size(const t2v_json *value, size_t *out)
{
    int64_t x;
    if (!t2v_json_int(value, &x) || x < 0)
        return false;
    *out = (size_t)x;
    return true;
}

static int read_dtype(const struct parse *p, const t2v_json *value, struct t2v_tensor *t)
{
    struct t2v_str name = t2v_json_str(value);
    if (name.ptr == NULL)
        return bad(p, t->name, "dtype is no string");
    for (int i = 0; i < T2V_N_DTYPE; i++) {
        t->dtype = (enum t2v_dtype)i;
        if (t2v_str_is(name, t2v_dtype_name(t->dtype)))
            return 0;
    }
    return t2v_fail(p->err, T2V_EUNSUPPORTED, "%s: tensor \"%.*s\": dtype %.*s is not supported",
                    p->file, T2V_STR_ARG(t->name), (int)(name.len < 32 ? name.len : 32), name.ptr);
}

/* Also sets t->n. An empty shape is a scalar. */
static int read_shape(const struct parse *p, const t2v_json *value, struct t2v_tensor *t)
{
    size_t n_dim = t2v_json_len(value);
    if (t2v_json_type(value) != T2V_JSON_ARRAY)
        return bad(p, t->name, "shape is no array");
    if (n_dim > T2V_MAX_DIMS)
        return bad(p, t->name, "shape has too many dimensions");
    t->n_dim = (int)n_dim;
    t->n = 1;
    for (size_t i = 0; i < n_dim; i++) {
        if (!as_size(t2v_json_at(value, i), &t->shape[i]))
            return bad(p, t->name, "shape holds something that is no size");
        if (!t2v_mul(t->n, t->shape[i], &t->n))
            return bad(p, t->name, "shape is too large");
    }
    return 0;
}

/* Reads the byte range and checks that it is inside the data and fits shape and dtype. */
static int read_offsets(const struct parse *p, const t2v_json *value, struct t2v_tensor *t)
{
    size_t begin, end, bits;
    if (t2v_json_type(value) != T2V_JSON_ARRAY || t2v_json_len(value) != 2 ||
        !as_size(t2v_json_at(value, 0), &begin) || !as_size(t2v_json_at(value, 1), &end))
        return bad(p, t->name, "data_offsets is no pair of sizes");
    if (begin > end)
        return bad(p, t->name, "data_offsets end before they begin");
    if (end > p->n_data)
        return bad(p, t->name, "data_offsets lie beyond the end of the file");
    if (!t2v_mul(t->n, t2v_dtype_bits(t->dtype), &bits) || bits % 8 != 0 || bits / 8 != end - begin)
        return bad(p, t->name, "data_offsets do not span what shape and dtype need");
    t->data = p->data + begin;
    t->n_byte = end - begin;
    return 0;
}

static int read_tensor(const struct parse *p, struct t2v_str name, const t2v_json *value)
{
    struct t2v_tensor *t = t2v_tensor_list_add(p->list);
    if (t == NULL)
        return no_memory(p->file, p->err);
    t->name = t2v_arena_dup(p->arena, name);
    if (t->name.ptr == NULL)
        return no_memory(p->file, p->err);
    t->file = p->file;
    if (t2v_json_type(value) != T2V_JSON_OBJECT)
        return bad(p, name, "is described by no object");
    int rc = read_dtype(p, t2v_json_get(value, "dtype"), t);
    if (rc == 0)
        rc = read_shape(p, t2v_json_get(value, "shape"), t);
    if (rc == 0)
        rc = read_offsets(p, t2v_json_get(value, "data_offsets"), t);
    return rc;
}

/* Sorts by start, then by end, so that empty tensors come first. */
static int by_data(const void *a, const void *b)
{
    const struct t2v_tensor *const *x = a, *const *y = b;
    if ((*x)->data != (*y)->data)
        return (*x)->data > (*y)->data ? 1 : -1;
    return ((*x)->n_byte > (*y)->n_byte) - ((*x)->n_byte < (*y)->n_byte);
}

static int refuse_overlap(const struct parse *p, struct t2v_str a, struct t2v_str b)
{
    return t2v_fail(p->err, T2V_EFORMAT, "%s: tensors \"%.*s\" and \"%.*s\" overlap", p->file,
                    (int)(a.len < 80 ? a.len : 80), a.ptr, (int)(b.len < 80 ? b.len : 80), b.ptr);
}

/* Checks that each tensor starts where the one before it ends, and the last one ends with the file.
 */
static int check_sorted(const struct parse *p, const struct t2v_tensor **sorted, size_t n)
{
    const uint8_t *at = p->data;
    for (size_t i = 0; i < n; i++) {
        if (sorted[i]->data < at)
            return refuse_overlap(p, sorted[i - 1]->name, sorted[i]->name);
        if (sorted[i]->data > at)
            return bad(p, sorted[i]->name, "bytes of no tensor lie before it");
        at += sorted[i]->n_byte;
    }
    size_t n_after = p->n_data - (size_t)(at - p->data);
    return n_after == 0 ? 0
                        : t2v_fail(p->err, T2V_EFORMAT, "%s: %zu byte%s after its last tensor",
                                   p->file, n_after, n_after == 1 ? "" : "s");
}

/* The reference library's rule: t[0..n) cover the data without gaps and overlaps. */
static int check_layout(const struct parse *p, const struct t2v_tensor *t, size_t n)
{
    const struct t2v_tensor **sorted = t2v_alloc_zero(n, sizeof(struct t2v_tensor *));
    if (sorted == NULL)
        return no_memory(p->file, p->err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &t[i];
    qsort(sorted, n, sizeof *sorted, by_data);
    int rc = check_sorted(p, sorted, n);
    t2v_free(sorted);
    return rc;
}

static int read_header(const struct parse *p, const t2v_json *header)
{
    if (t2v_json_type(header) != T2V_JSON_OBJECT)
        return t2v_fail(p->err, T2V_EFORMAT, "%s: the header is no JSON object", p->file);
    size_t first = p->list->n;
    for (struct t2v_json_member m = t2v_json_first(header); m.value != NULL;
         m = t2v_json_next(header, m)) {
        if (t2v_str_is(m.key, "__metadata__"))
            continue;
        int rc = read_tensor(p, m.key, m.value);
        if (rc != 0)
            return rc;
    }
    return check_layout(p, p->list->at + first, p->list->n - first);
}

int t2v_safetensors_read(const uint8_t *bytes, size_t len, const char *file,
                         struct t2v_arena *arena, struct t2v_tensor_list *list, struct t2v_err *err)
{
    if (len < LENGTH_BYTES)
        return t2v_fail(err, T2V_EFORMAT, "%s: too short for a safetensors file", file);
    uint64_t n_header;
    memcpy(&n_header, bytes, sizeof n_header);
    if (n_header > len - LENGTH_BYTES)
        return t2v_fail(err, T2V_EFORMAT,
                        "%s: no safetensors file, or cut short: its header is longer than it",
                        file);
    if (n_header > MAX_HEADER_BYTES)
        return t2v_fail(err, T2V_ETOOLARGE, "%s: a header of %llu bytes, the limit is %d", file,
                        (unsigned long long)n_header, MAX_HEADER_BYTES);

    t2v_json *header;
    struct t2v_str text = {(const char *)bytes + LENGTH_BYTES, (size_t)n_header};
    int rc = t2v_json_parse_unique(text, &header, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, file);
    struct parse p = {
        .file = file,
        .data = bytes + LENGTH_BYTES + n_header,
        .n_data = len - LENGTH_BYTES - (size_t)n_header,
        .arena = arena,
        .list = list,
        .err = err,
    };
    rc = read_header(&p, header);
    t2v_json_free(header);
    return rc;
}
