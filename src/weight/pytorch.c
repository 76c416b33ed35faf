/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a state dictionary (name -> tensor) that torch.save wrote. A tensor is a view (first item,
 * shape, strides) of a storage, which tensors may share. There are two layouts.
 *
 * zip, from torch 1.6 on: NAME/data.pkl is the pickle, NAME/data/KEY is each storage,
 * NAME/byteorder is "little" (missing in older files, which are little-endian).
 *
 * legacy: consecutive pickles (a magic number, the version, the machine that wrote it, the
 * dictionary, the list of storage keys), then the storages in that order, each after its number of
 * items (8 bytes).
 */
#include <string.h>

#include "base/mem.h"
#include "weight/pickle.h"
#include "weight/reader.h"
#include "weight/zip.h"

#include "base/banned.h"

/* A name may be in the memo once and be used a million times, each time copied: hence the limit. */
enum { NAME_BYTES = 512, VERSION = 1001 };

/* The state of reading one file. */
struct parse {
    const char *file;
    const uint8_t *bytes; /* [len] */
    size_t len;
    struct t2v_arena *arena; /* the caller's */
    struct t2v_tensor_list *list;
    struct t2v_err *err;
    struct t2v_pickle_machine machine;
    size_t copied; /* bytes of reordered tensors so far */
};

static int bad(const struct parse *p, const char *reason)
{
    return t2v_fail(p->err, T2V_EFORMAT, "%s: %s", p->file, reason);
}

static int bad_tensor(const struct parse *p, int code, struct t2v_str name, const char *reason)
{
    return t2v_fail(p->err, code, "%s: tensor \"%.*s\": %s", p->file, T2V_STR_ARG(name), reason);
}

static int no_memory(const struct parse *p)
{
    return t2v_fail(p->err, T2V_ENOMEM, "%s: no memory for its tensors", p->file);
}

static int read_pickle(struct parse *p, const uint8_t *bytes, size_t len,
                       struct t2v_pickle_value *out, size_t *n_read)
{
    int rc = t2v_pickle_read(&p->machine, bytes, len, out, n_read, p->err);
    return rc != 0 ? t2v_fail_in(p->err, rc, p->file) : 0;
}

/* Tensors. */

/* Whether the tensor is dense in row-major order. Dimensions of one item may have any stride. */
static bool is_contiguous(const struct t2v_pickle_tensor *from)
{
    size_t want = 1;
    for (int i = from->n_dim - 1; i >= 0; i--) {
        if (from->shape[i] != 1 && from->stride[i] != want)
            return false;
        want *= from->shape[i]; /* no overflow: read_shape has checked */
    }
    return true;
}

/* Copies all items of `from`, of size bytes each and the first one at `data`, in row-major order.
 */
static void put_in_order(const struct t2v_pickle_tensor *from, size_t n, size_t size,
                         const uint8_t *data, uint8_t *out)
{
    size_t at[T2V_MAX_DIMS] = {0}, offset = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * size, data + offset * size, size);
        for (int d = from->n_dim - 1; d >= 0; d--) {
            offset += from->stride[d];
            if (++at[d] < from->shape[d])
                break;
            offset -= at[d] * from->stride[d];
            at[d] = 0;
        }
    }
}

/* A view of one item can have a shape of billions, so copies are limited: to the length of the
 * file, all such tensors together. */
static int copy_view(struct parse *p, const struct t2v_pickle_tensor *from, size_t size,
                     struct t2v_tensor *t)
{
    if (t->n_byte > p->len - p->copied)
        return bad_tensor(p, T2V_EUNSUPPORTED, t->name,
                          "an expanded view, larger than what the file holds, is not supported");
    uint8_t *copy = t2v_arena_alloc(p->arena, t->n_byte, 1);
    if (copy == NULL)
        return no_memory(p);
    put_in_order(from, t->n, size, t->data, copy);
    p->copied += t->n_byte;
    t->data = copy;
    t->copied = true;
    return 0;
}

static int read_shape(const struct parse *p, const struct t2v_pickle_tensor *from,
                      struct t2v_tensor *t)
{
    t->dtype = from->dtype;
    t->n_dim = from->n_dim;
    t->n = 1;
    for (int i = 0; i < t->n_dim; i++) {
        t->shape[i] = from->shape[i];
        if (!t2v_mul(t->n, t->shape[i], &t->n))
            return bad_tensor(p, T2V_EFORMAT, t->name, "shape is too large");
    }
    if (!t2v_mul(t->n, t2v_dtype_bits(t->dtype) / 8, &t->n_byte))
        return bad_tensor(p, T2V_EFORMAT, t->name, "shape is too large");
    return 0;
}

/* Whether the tensor's last item is among the n of the view. The tensor is not empty. */
static bool lies_within(const struct t2v_pickle_tensor *from, size_t n)
{
    size_t last = from->first, step;
    for (int i = 0; i < from->n_dim; i++)
        if (!t2v_mul(from->shape[i] - 1, from->stride[i], &step) || !t2v_add(last, step, &last))
            return false;
    return last < n;
}

static int find_data(struct parse *p, const struct t2v_pickle_tensor *from, struct t2v_tensor *t)
{
    const struct t2v_pickle_storage *storage = &p->machine.storages[from->view.storage];
    size_t unit = t2v_dtype_bits(storage->dtype) / 8, size = t2v_dtype_bits(t->dtype) / 8;
    t->data = storage->data + from->view.first * unit;
    if (t->n == 0)
        return 0;
    if (!lies_within(from, from->view.n * unit / size))
        return bad_tensor(p, T2V_EFORMAT, t->name, "does not lie within its storage");
    t->data += from->first * size;
    return is_contiguous(from) ? 0 : copy_view(p, from, size, t);
}

static bool is_printable(struct t2v_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return true;
}

static int add_tensor(struct parse *p, struct t2v_str name, const struct t2v_pickle_tensor *from)
{
    if (name.len > NAME_BYTES)
        return t2v_fail(p->err, T2V_ETOOLARGE, "%s: a tensor's name of %zu bytes, the limit is %d",
                        p->file, name.len, (int)NAME_BYTES);
    if (!is_printable(name))
        return t2v_fail(p->err, T2V_EUNSUPPORTED,
                        "%s: a tensor whose name is not printable ASCII is not supported", p->file);
    struct t2v_tensor *t = t2v_tensor_list_add(p->list);
    if (t == NULL)
        return no_memory(p);
    t->name = t2v_arena_dup(p->arena, name);
    if (t->name.ptr == NULL)
        return no_memory(p);
    t->file = p->file;
    int rc = read_shape(p, from, t);
    return rc != 0 ? rc : find_data(p, from, t);
}

/* Ignores anything else in the dictionary, as transformers does. */
static int add_tensors(struct parse *p, struct t2v_pickle_value dict)
{
    if (dict.kind != T2V_PICKLE_DICT)
        return bad(p, "holds no dictionary of tensors");
    const struct t2v_pickle_items *items = dict.u.items;
    size_t n = 0;
    for (size_t i = 0; i < items->n; i += 2) {
        if (items->at[i].kind != T2V_PICKLE_STR || items->at[i + 1].kind != T2V_PICKLE_TENSOR)
            continue;
        int rc = add_tensor(p, t2v_pickle_str(items->at[i]), items->at[i + 1].u.tensor);
        if (rc != 0)
            return rc;
        n++;
    }
    return n != 0 ? 0 : bad(p, "its dictionary has no tensor under any name");
}

/* The zip layout. */

/* The one entry called NAME/data.pkl, or NULL. */
static const struct t2v_zip_entry *find_pickle(const struct t2v_zip *zip)
{
    static const char pickle[] = "/data.pkl";
    const struct t2v_zip_entry *found = NULL;
    for (size_t i = 0; i < zip->n; i++) {
        struct t2v_str name = zip->entries[i].name;
        const char *slash = memchr(name.ptr, '/', name.len);
        if (slash == NULL || !t2v_str_is(t2v_str_skip(name, (size_t)(slash - name.ptr)), pickle))
            continue;
        if (found != NULL)
            return NULL;
        found = &zip->entries[i];
    }
    return found;
}

/* The entry PREFIX + folder + name, or NULL. */
static const struct t2v_zip_entry *find_part(const struct t2v_zip *zip, struct t2v_str prefix,
                                             const char *folder, struct t2v_str name)
{
    char full[NAME_BYTES];
    size_t n_folder = strlen(folder);
    if (prefix.len > sizeof full / 4 || name.len > sizeof full / 2)
        return NULL;
    memcpy(full, prefix.ptr, prefix.len);
    memcpy(full + prefix.len, folder, n_folder);
    memcpy(full + prefix.len + n_folder, name.ptr, name.len);
    return t2v_zip_find(zip, (struct t2v_str){full, prefix.len + n_folder + name.len});
}

static int read_storages(struct parse *p, const struct t2v_zip *zip, struct t2v_str prefix)
{
    for (size_t i = 0; i < p->machine.n_storage; i++) {
        struct t2v_pickle_storage *storage = &p->machine.storages[i];
        const struct t2v_zip_entry *e = find_part(zip, prefix, "data/", storage->key);
        if (e == NULL)
            return bad(p, "a storage of its pickle is no entry of the zip file");
        if (e->len != storage->n_byte)
            return t2v_fail(p->err, T2V_EFORMAT, "%s: a storage has %zu bytes, its pickle says %zu",
                            p->file, e->len, storage->n_byte);
        storage->data = e->data;
    }
    return 0;
}

static int read_entries(struct parse *p, const struct t2v_zip *zip)
{
    const struct t2v_zip_entry *pickle = find_pickle(zip);
    if (pickle == NULL)
        return bad(p, "a zip file, but not of torch.save: not exactly one NAME/data.pkl in it");
    struct t2v_str prefix = {pickle->name.ptr, pickle->name.len - strlen("data.pkl")};
    const struct t2v_zip_entry *order = find_part(zip, prefix, "", T2V_STR("byteorder"));
    if (order != NULL &&
        !t2v_str_is((struct t2v_str){(const char *)order->data, order->len}, "little"))
        return t2v_fail(p->err, T2V_EUNSUPPORTED, "%s: its byte order is not little-endian",
                        p->file);
    struct t2v_pickle_value dict;
    size_t n_read;
    int rc = read_pickle(p, pickle->data, pickle->len, &dict, &n_read);
    if (rc != 0)
        return rc;
    if (n_read != pickle->len)
        return bad(p, "its data.pkl goes on after the pickle");
    rc = read_storages(p, zip, prefix);
    return rc != 0 ? rc : add_tensors(p, dict);
}

static int read_zip(struct parse *p)
{
    struct t2v_zip zip;
    int rc = t2v_zip_init(&zip, p->bytes, p->len, p->err);
    rc = rc != 0 ? t2v_fail_in(p->err, rc, p->file) : read_entries(p, &zip);
    t2v_zip_deinit(&zip);
    return rc;
}

/* The legacy layout. */

/* Reads the pickles before the dictionary; *at advances. */
static int read_preamble(struct parse *p, size_t *at)
{
    static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    struct t2v_pickle_value v[3];
    for (int i = 0; i < 3; i++) {
        size_t n_read;
        int rc = read_pickle(p, p->bytes + *at, p->len - *at, &v[i], &n_read);
        if (rc != 0)
            return rc;
        *at += n_read;
        if (i == 0 && !t2v_str_is(t2v_pickle_str(v[0]), magic))
            return bad(p, "a pickle, but not of torch.save");
    }
    if (v[1].kind != T2V_PICKLE_INT || v[1].u.i != VERSION || v[2].kind != T2V_PICKLE_DICT)
        return t2v_fail(p->err, T2V_EUNSUPPORTED, "%s: its version of torch.save is not supported",
                        p->file);
    const struct t2v_pickle_items *machine = v[2].u.items;
    for (size_t i = 0; i < machine->n; i += 2)
        if (t2v_str_is(t2v_pickle_str(machine->at[i]), "little_endian") &&
            (machine->at[i + 1].kind != T2V_PICKLE_BOOL || machine->at[i + 1].u.i != 1))
            return t2v_fail(p->err, T2V_EUNSUPPORTED, "%s: its byte order is not little-endian",
                            p->file);
    return 0;
}

/* Reads the storage of that key at *at, which advances. */
static int read_storage(struct parse *p, struct t2v_pickle_value key, size_t *at)
{
    int32_t i = t2v_map_get(&p->machine.by_key, t2v_pickle_str(key));
    if (key.kind != T2V_PICKLE_STR || i < 0 || p->machine.storages[i].data != NULL)
        return bad(p, "its list of storages does not match its tensors");
    struct t2v_pickle_storage *storage = &p->machine.storages[i];
    uint64_t n;
    if (p->len - *at < sizeof n || p->len - *at - sizeof n < storage->n_byte)
        return bad(p, "cut short: a storage ends beyond the end of the file");
    memcpy(&n, p->bytes + *at, sizeof n);
    if (n != storage->n)
        return t2v_fail(p->err, T2V_EFORMAT, "%s: a storage has %llu items, its pickle says %zu",
                        p->file, (unsigned long long)n, storage->n);
    storage->data = p->bytes + *at + sizeof n;
    *at += sizeof n + storage->n_byte;
    return 0;
}

static int read_legacy(struct parse *p)
{
    size_t at = 0, n_read;
    struct t2v_pickle_value dict, keys;
    int rc = read_preamble(p, &at);
    if (rc == 0)
        rc = read_pickle(p, p->bytes + at, p->len - at, &dict, &n_read);
    if (rc != 0)
        return rc;
    at += n_read;
    rc = read_pickle(p, p->bytes + at, p->len - at, &keys, &n_read);
    if (rc != 0)
        return rc;
    at += n_read;
    if (keys.kind != T2V_PICKLE_LIST || keys.u.items->n != p->machine.n_storage)
        return bad(p, "its list of storages does not match its tensors");
    for (size_t i = 0; i < keys.u.items->n && rc == 0; i++)
        rc = read_storage(p, keys.u.items->at[i], &at);
    return rc != 0 ? rc : add_tensors(p, dict);
}

static int read_layout(struct parse *p)
{
    if (p->len >= 4 && memcmp(p->bytes, "PK\3\4", 4) == 0)
        return read_zip(p);
    if (p->len >= 2 && p->bytes[0] == 0x80)
        return read_legacy(p);
    return bad(p, "not a file of torch.save: neither a zip file nor a pickle, or cut short");
}

int t2v_pytorch_read(const uint8_t *bytes, size_t len, const char *file, struct t2v_arena *arena,
                     struct t2v_tensor_list *list, struct t2v_err *err)
{
    struct t2v_arena values = {0};
    struct parse p = {
        .file = file, .bytes = bytes, .len = len, .arena = arena, .list = list, .err = err};
    int rc = t2v_pickle_init(&p.machine, &values);
    rc = rc != 0 ? no_memory(&p) : read_layout(&p);
    t2v_pickle_deinit(&p.machine);
    t2v_arena_free(&values);
    return rc;
}
