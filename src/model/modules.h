/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_MODULES_H
#define T2V_MODEL_MODULES_H
/*
 * modules.json, the list of the parts of a sentence-transformers model: each has a type, a class of
 * that library, and a path, its folder in the model directory. The file is a stranger's: folders
 * stay inside the directory, and the model's own classes are refused.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/json_file.h"

/* Reads DIR/modules.json, an array; *out is zeroed where there is none. Errors:
 * t2v_json_file_find's. */
int t2v_modules_find(const char *dir, struct t2v_json_file *out, struct t2v_err *err);

/* The last part of a module's type, "Pooling" of "sentence_transformers.models.Pooling"; borrowed
 * from the tree. T2V_EFORMAT: there is no type; T2V_EUNSUPPORTED: a class of the model's own. */
int t2v_module_type(const t2v_json *module, struct t2v_str *out, struct t2v_err *err);
/* "DIR/PATH", or DIR where the path is empty. T2V_EFORMAT: no path, or one that does not stay
 * inside dir; T2V_ETOOLARGE. */
int t2v_module_folder(const char *dir, const t2v_json *module, char out[T2V_PATH_BYTES],
                      struct t2v_err *err);
/* T2V_EUNSUPPORTED: the module is not supported at its place. */
int t2v_module_refuse(struct t2v_str type, struct t2v_err *err);

/* The folder of the first module, where modules.json of dir puts it in one, and whether that module
 * is a StaticEmbedding. *out is an empty string where there is no modules.json, or the module is in
 * dir itself. */
int t2v_modules_first(const char *dir, char out[T2V_PATH_BYTES], bool *is_static,
                      struct t2v_err *err);
/* T2V_EUNSUPPORTED, naming the module, where modules.json of dir begins with one that is neither a
 * Transformer nor a StaticEmbedding, such as a Router. */
int t2v_modules_check_first(const char *dir, struct t2v_err *err);

#endif
