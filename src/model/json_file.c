/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/json_file.h"

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

enum { FILE_BYTES = 16 << 20 };

static int parse(struct t2v_json_file *file, enum t2v_json_type type, struct t2v_err *err)
{
    int rc = t2v_json_parse_python(file->text, &file->root, err);
    if (rc == 0 && t2v_json_type(file->root) != type)
        rc = t2v_fail(err, T2V_EFORMAT, "should be %s, and is %s", t2v_json_kind_name(type),
                      t2v_json_type_name(file->root));
    return rc;
}

static int read_path(const char *path, enum t2v_json_type type, struct t2v_json_file *out,
                     struct t2v_err *err)
{
    char *bytes;
    size_t len;
    int rc = t2v_file_read(path, FILE_BYTES, &bytes, &len, err);
    if (rc != 0)
        return rc;
    out->text = (struct t2v_str){bytes, len};
    rc = parse(out, type, err);
    if (rc != 0)
        t2v_json_file_deinit(out);
    return rc != 0 ? t2v_fail_in(err, rc, path) : 0;
}

int t2v_json_file_read(const char *dir, const char *name, enum t2v_json_type type,
                       struct t2v_json_file *out, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    *out = (struct t2v_json_file){0};
    int rc = t2v_file_join(path, sizeof path, dir, name, err);
    return rc == 0 ? read_path(path, type, out, err) : rc;
}

int t2v_json_file_find(const char *dir, const char *name, enum t2v_json_type type,
                       struct t2v_json_file *out, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    bool there;
    *out = (struct t2v_json_file){0};
    int rc = t2v_file_find(path, sizeof path, dir, name, &there, err);
    return rc == 0 && there ? read_path(path, type, out, err) : rc;
}

void t2v_json_file_deinit(struct t2v_json_file *file)
{
    t2v_json_free(file->root);
    t2v_free((char *)(uintptr_t)file->text.ptr);
    *file = (struct t2v_json_file){0};
}

int t2v_json_flag(const t2v_json *object, const char *key, bool *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(object, key);
    if (t2v_json_type(value) <= T2V_JSON_NULL || t2v_json_bool(value, out))
        return 0;
    return t2v_fail(err, T2V_EFORMAT, "%s should be true or false, and is %s", key,
                    t2v_json_type_name(value));
}
