/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/store.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "json/json.h"
#include "weight/reader.h"

#include "base/banned.h"

enum { MAX_INDEX_BYTES = 16 * 1000 * 1000 };

/* A file that tensors point into, newest first. */
struct mapped {
    struct mapped *next;
    struct t2v_mapping mapping;
};

struct t2v_store {
    const char *dir;        /* borrowed; set only while the store is opened */
    struct mapped *files;   /* in the arena */
    struct t2v_arena arena; /* names of files and tensors */
    struct t2v_tensor_list list;
    struct t2v_map by_name; /* -> index in list */
};

static int no_memory(const t2v_store *store, struct t2v_err *err)
{
    return t2v_fail(err, T2V_ENOMEM, "%s: no memory to open its weights", store->dir);
}

static int join(const t2v_store *store, const char *name, char path[PATH_MAX], struct t2v_err *err)
{
    return t2v_file_join(path, PATH_MAX, store->dir, name, err);
}

/* Maps one file of the directory and adds its tensors. */
static int add_file(t2v_store *store, const char *name, t2v_tensor_reader *reader,
                    struct t2v_err *err)
{
    char path[PATH_MAX];
    int rc = join(store, name, path, err);
    if (rc != 0)
        return rc;
    struct mapped *file = t2v_arena_alloc(&store->arena, 1, sizeof *file);
    struct t2v_str kept = t2v_arena_dup(&store->arena, t2v_str_of(path));
    if (file == NULL || kept.ptr == NULL)
        return no_memory(store, err);
    rc = t2v_file_map(path, &file->mapping, err);
    if (rc != 0)
        return rc;
    file->next = store->files;
    store->files = file;
    return reader(file->mapping.ptr, file->mapping.len, kept.ptr, &store->arena, &store->list, err);
}

/* Fills by_name; a name may be in one file only. */
static int index_names(t2v_store *store, struct t2v_err *err)
{
    if (t2v_map_init(&store->by_name, store->list.n) != 0)
        return no_memory(store, err);
    for (size_t i = 0; i < store->list.n; i++) {
        const struct t2v_tensor *t = &store->list.at[i];
        const struct t2v_tensor *twin = t2v_store_find(store, t->name);
        if (twin != NULL)
            return t2v_fail(err, T2V_EFORMAT, "%s: tensor \"%.*s\" stands in %.100s, too", t->file,
                            (int)(t->name.len < 80 ? t->name.len : 80), t->name.ptr, twin->file);
        if (t2v_map_set(&store->by_name, t->name, (int32_t)i) != 0)
            return no_memory(store, err);
    }
    return 0;
}

/* Whether name is a plain file name: a shard must be in the directory itself. */
static bool is_plain_name(struct t2v_str name)
{
    return name.len != 0 && name.len <= NAME_MAX && memchr(name.ptr, '/', name.len) == NULL &&
           memchr(name.ptr, '\0', name.len) == NULL && !t2v_str_is(name, ".") &&
           !t2v_str_is(name, "..");
}

/* Adds each file that weight_map, of the index at `path`, names; each once. seen: the names so far.
 */
static int add_shards(t2v_store *store, const char *path, const t2v_json *weight_map,
                      t2v_tensor_reader *reader, struct t2v_map *seen, struct t2v_err *err)
{
    for (struct t2v_json_member m = t2v_json_first(weight_map); m.value != NULL;
         m = t2v_json_next(weight_map, m)) {
        struct t2v_str shard = t2v_json_str(m.value);
        if (shard.ptr == NULL || !is_plain_name(shard))
            return t2v_fail(err, T2V_EFORMAT,
                            "%s: tensor \"%.*s\": its shard is no plain name of a file: %.80s",
                            path, T2V_STR_ARG(m.key),
                            shard.ptr != NULL ? shard.ptr : t2v_json_type_name(m.value));
        if (t2v_map_get(seen, shard) >= 0)
            continue;
        if (t2v_map_set(seen, shard, 1) != 0)
            return no_memory(store, err);
        int rc = add_file(store, shard.ptr, reader, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Checks that every tensor of the index is in the shard that it names. */
static int check_listed(const t2v_store *store, const char *path, const t2v_json *weight_map,
                        struct t2v_err *err)
{
    for (struct t2v_json_member m = t2v_json_first(weight_map); m.value != NULL;
         m = t2v_json_next(weight_map, m)) {
        struct t2v_str shard = t2v_json_str(m.value);
        const struct t2v_tensor *t = t2v_store_find(store, m.key);
        if (t == NULL || !t2v_str_is(shard, strrchr(t->file, '/') + 1))
            return t2v_fail(err, T2V_EFORMAT, "%s: tensor \"%.*s\" is not in %.*s", path,
                            T2V_STR_ARG(m.key), (int)(shard.len < 80 ? shard.len : 80), shard.ptr);
    }
    return 0;
}

static int open_one(t2v_store *store, const char *name, t2v_tensor_reader *reader,
                    struct t2v_err *err)
{
    int rc = add_file(store, name, reader, err);
    return rc != 0 ? rc : index_names(store, err);
}

static int open_shards(t2v_store *store, const char *name, t2v_tensor_reader *reader,
                       struct t2v_err *err)
{
    char path[PATH_MAX];
    int rc = join(store, name, path, err);
    if (rc != 0)
        return rc;
    t2v_json *root;
    rc = t2v_json_load(path, MAX_INDEX_BYTES, &root, err);
    if (rc != 0)
        return rc;
    struct t2v_map seen = {0};
    const t2v_json *weight_map = t2v_json_get(root, "weight_map");
    if (t2v_json_type(weight_map) != T2V_JSON_OBJECT || t2v_json_len(weight_map) == 0)
        rc = t2v_fail(err, T2V_EFORMAT, "%s: weight_map is no object with tensors in it", path);
    else if (t2v_map_init(&seen, 0) != 0)
        rc = no_memory(store, err);
    else
        rc = add_shards(store, path, weight_map, reader, &seen, err);
    if (rc == 0)
        rc = index_names(store, err);
    if (rc == 0)
        rc = check_listed(store, path, weight_map, err);
    t2v_map_deinit(&seen);
    t2v_json_free(root);
    return rc;
}

/* The layouts of a directory, in order: the first one whose file exists is used, as in
 * transformers. */
static const struct {
    const char *name;
    int (*open)(t2v_store *store, const char *name, t2v_tensor_reader *reader, struct t2v_err *err);
    t2v_tensor_reader *reader;
} layouts[] = {
    {"model.safetensors", open_one, t2v_safetensors_read},
    {"model.safetensors.index.json", open_shards, t2v_safetensors_read},
    {"pytorch_model.bin", open_one, t2v_pytorch_read},
    {"pytorch_model.bin.index.json", open_shards, t2v_pytorch_read},
};

static int open_layout(t2v_store *store, struct t2v_err *err)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        char path[PATH_MAX];
        bool there;
        int rc = t2v_file_find(path, sizeof path, store->dir, layouts[i].name, &there, err);
        if (rc != 0)
            return rc;
        if (there)
            return layouts[i].open(store, layouts[i].name, layouts[i].reader, err);
    }
    return t2v_fail(err, T2V_EIO, "%s: no weights that can be read; looked for %s, %s, %s and %s",
                    store->dir, layouts[0].name, layouts[1].name, layouts[2].name, layouts[3].name);
}

int t2v_store_open(const char *model_dir, t2v_store **out, struct t2v_err *err)
{
    t2v_store *store = t2v_alloc_zero(1, sizeof *store);
    if (store == NULL)
        return t2v_fail(err, T2V_ENOMEM, "%s: no memory to open its weights", model_dir);
    store->dir = model_dir;
    int rc = open_layout(store, err);
    store->dir = NULL;
    if (rc != 0) {
        t2v_store_close(store);
        return rc;
    }
    *out = store;
    return 0;
}

void t2v_store_close(t2v_store *store)
{
    if (store == NULL)
        return;
    for (struct mapped *file = store->files; file != NULL; file = file->next)
        t2v_file_unmap(&file->mapping);
    t2v_map_deinit(&store->by_name);
    t2v_tensor_list_deinit(&store->list);
    t2v_arena_free(&store->arena);
    t2v_free(store);
}

const struct t2v_tensor *t2v_store_find(const t2v_store *store, struct t2v_str name)
{
    int32_t i = t2v_map_get(&store->by_name, name);
    return i >= 0 ? &store->list.at[i] : NULL;
}

static bool is_float(enum t2v_dtype dtype)
{
    return dtype == T2V_F32 || dtype == T2V_F16 || dtype == T2V_BF16 || dtype == T2V_F64;
}

/* "3, 4" */
static void write_shape(const size_t *shape, int n_dim, char *out, size_t size)
{
    size_t at = 0;
    *out = '\0';
    for (int i = 0; i < n_dim && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%zu", i > 0 ? ", " : "", shape[i]);
}

int t2v_store_want(const t2v_store *store, const char *name, size_t rows, size_t columns,
                   const struct t2v_tensor **out, struct t2v_err *err)
{
    const struct t2v_tensor *t = t2v_store_find(store, t2v_str_of(name));
    if (t == NULL)
        return t2v_fail(err, T2V_EFORMAT, "tensor %s is missing", name);
    if (!is_float(t->dtype))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: tensor %s is %s; F32, F16, BF16 and F64 are supported", t->file, name,
                        t2v_dtype_name(t->dtype));
    const size_t shape[2] = {rows, columns};
    int n_dim = columns == 0 ? 1 : 2;
    if (t->n_dim != n_dim || memcmp(t->shape, shape, (size_t)n_dim * sizeof *shape) != 0) {
        char seen[96], wanted[48];
        write_shape(t->shape, t->n_dim, seen, sizeof seen);
        write_shape(shape, n_dim, wanted, sizeof wanted);
        return t2v_fail(err, T2V_EFORMAT, "%s: tensor %s has shape [%s], expected [%s]", t->file,
                        name, seen, wanted);
    }
    *out = t;
    return 0;
}

size_t t2v_store_len(const t2v_store *store)
{
    return store->list.n;
}

const struct t2v_tensor *t2v_store_at(const t2v_store *store, size_t i)
{
    return i < store->list.n ? &store->list.at[i] : NULL;
}
