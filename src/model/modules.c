/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/modules.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

#include "base/banned.h"

/* True when one of the path's parts is "..". */
static bool has_parent_part(struct t2v_str path)
{
    size_t from = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        if (i - from == 2 && memcmp(path.ptr + from, "..", 2) == 0)
            return true;
        from = i + 1;
    }
    return false;
}

int t2v_module_folder(const char *dir, const t2v_json *module, char out[T2V_PATH_BYTES],
                      struct t2v_err *err)
{
    char name[512];
    struct t2v_str path = t2v_json_str(t2v_json_get(module, "path"));
    if (path.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "a module without a path");
    if (path.len >= sizeof name || memchr(path.ptr, '\0', path.len) != NULL ||
        has_parent_part(path) || (path.len != 0 && path.ptr[0] == '/'))
        return t2v_fail(err, T2V_EFORMAT, "path '%.*s' does not stay inside the model directory",
                        T2V_STR_ARG(path));
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    if (path.len != 0)
        return t2v_file_join(out, T2V_PATH_BYTES, dir, name, err);
    snprintf(out, T2V_PATH_BYTES, "%s", dir);
    return strlen(out) == strlen(dir) ? 0 : t2v_fail(err, T2V_ETOOLARGE, "%s: too long", dir);
}

int t2v_module_type(const t2v_json *module, struct t2v_str *out, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(module, "type"));
    if (type.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "a module without a type");
    if (!t2v_str_starts(type, T2V_STR("sentence_transformers.")))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "type '%.*s' is the model's own code, which is not run", T2V_STR_ARG(type));
    *out = type;
    for (size_t i = 0; i < type.len; i++) {
        if (type.ptr[i] == '.')
            *out = t2v_str_skip(type, i + 1);
    }
    return 0;
}

int t2v_module_refuse(struct t2v_str type, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "module '%.*s' is not supported here; supported: Transformer, then Pooling, "
                    "then Dense, LayerNorm, Dropout, Normalize",
                    T2V_STR_ARG(type));
}

int t2v_modules_find(const char *dir, struct t2v_json_file *out, struct t2v_err *err)
{
    return t2v_json_file_find(dir, "modules.json", T2V_JSON_ARRAY, out, err);
}

int t2v_modules_check_first(const char *dir, struct t2v_err *err)
{
    struct t2v_json_file modules;
    struct t2v_str type = {NULL, 0};
    int rc = t2v_modules_find(dir, &modules, err);
    if (rc == 0 && t2v_json_len(modules.root) != 0)
        rc = t2v_module_type(t2v_json_at(modules.root, 0), &type, err);
    if (rc == 0 && type.ptr != NULL && !t2v_str_is(type, "Transformer") &&
        !t2v_str_is(type, "StaticEmbedding"))
        rc = t2v_module_refuse(type, err);
    t2v_json_file_deinit(&modules);
    return t2v_fail_in_dir(err, rc, dir, "modules.json");
}

int t2v_modules_first(const char *dir, char out[T2V_PATH_BYTES], bool *is_static,
                      struct t2v_err *err)
{
    struct t2v_json_file modules;
    *out = '\0';
    int rc = t2v_modules_find(dir, &modules, err);
    const t2v_json *first = t2v_json_at(modules.root, 0);
    struct t2v_str path = t2v_json_str(t2v_json_get(first, "path"));
    if (rc == 0 && path.len != 0 && !t2v_str_is(path, ".") && !t2v_str_is(path, "./"))
        rc = t2v_fail_in_dir(err, t2v_module_folder(dir, first, out, err), dir, "modules.json");
    struct t2v_str type = {NULL, 0};
    *is_static = t2v_module_type(first, &type, NULL) == 0 && t2v_str_is(type, "StaticEmbedding");
    t2v_json_file_deinit(&modules);
    return rc;
}
