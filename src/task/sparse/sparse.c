/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/sparse/sparse.h"

#include "base/mem.h"
#include "model/modules.h"
#include "task/sparse/sparse_private.h"

#include "base/banned.h"

bool t2v_sparse_can(const t2v_model *model)
{
    return t2v_mlm_head_there(model);
}

bool t2v_sparse_is_meant(const t2v_model *model)
{
    struct t2v_json_file modules;
    bool meant = false;
    if (t2v_modules_find(t2v_model_dir(model), &modules, NULL) != 0)
        return false;
    for (size_t i = 0; i < t2v_json_len(modules.root) && !meant; i++) {
        struct t2v_str type = {NULL, 0};
        meant = t2v_module_type(t2v_json_at(modules.root, i), &type, NULL) == 0 &&
                t2v_str_is(type, "SpladePooling");
    }
    t2v_json_file_deinit(&modules);
    return meant;
}

void t2v_sparse_free(t2v_sparse *sparse)
{
    if (sparse == NULL)
        return;
    t2v_embedder_free(sparse->embedder);
    t2v_arena_free(&sparse->arena);
    t2v_free(sparse);
}

const struct t2v_task *t2v_sparse_task(const t2v_sparse *sparse)
{
    return &sparse->task;
}

size_t t2v_sparse_vocab(const t2v_sparse *sparse)
{
    return sparse->head.decoder.n_out;
}

const t2v_embedder *t2v_sparse_embedder(const t2v_sparse *sparse)
{
    return sparse->embedder;
}
