/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_JSON_FILE_H
#define T2V_MODEL_JSON_FILE_H
/*
 * The JSON files of a model directory: DIR/NAME as an object (or an array), with its text. They are
 * read as Python's json module reads them. Messages name the path.
 */
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"

enum { T2V_PATH_BYTES = 4096 };

/* A file that was read. Zeroed: none. */
struct t2v_json_file {
    struct t2v_str text; /* owned, NUL-terminated */
    t2v_json *root;      /* owned, of the type that was wanted */
};

/* Reads DIR/NAME. T2V_EIO where there is no such file, what t2v_file_read and
 * t2v_json_parse_python say, T2V_EFORMAT where the value is of another type. On failure *out is
 * zeroed. The caller calls t2v_json_file_deinit. */
int t2v_json_file_read(const char *dir, const char *name, enum t2v_json_type type,
                       struct t2v_json_file *out, struct t2v_err *err);
/* The same, but where there is no such file that is no failure: *out is zeroed, its root NULL. */
int t2v_json_file_find(const char *dir, const char *name, enum t2v_json_type type,
                       struct t2v_json_file *out, struct t2v_err *err);
void t2v_json_file_deinit(struct t2v_json_file *file);

/* Sets *out, which holds the default, to the boolean under key; null counts as not there.
 * T2V_EFORMAT, naming the key alone, for a value of another type. */
int t2v_json_flag(const t2v_json *object, const char *key, bool *out, struct t2v_err *err);

#endif
