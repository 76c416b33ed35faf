/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/multi/multi.h"

#include "base/mem.h"
#include "model/json_file.h"
#include "task/multi/multi_private.h"

#include "base/banned.h"

static bool says(const t2v_json *object, const char *key, const char *word)
{
    struct t2v_str text = t2v_json_str(t2v_json_get(object, key));
    return text.ptr != NULL && t2v_str_is(text, word);
}

bool t2v_multi_is_meant(const t2v_model *model)
{
    const t2v_json *list = t2v_json_get(t2v_model_settings(model), "architectures");
    struct t2v_str name = t2v_json_str(t2v_json_at(list, 0));
    struct t2v_json_file file;
    if (name.ptr != NULL && t2v_str_is(name, "HF_ColBERT"))
        return true;
    if (t2v_json_file_find(t2v_model_dir(model), "config_sentence_transformers.json",
                           T2V_JSON_OBJECT, &file, NULL) != 0)
        return false;
    bool meant = says(file.root, "model_type", "ColBERT") ||
                 says(file.root, "model_type", "MultiVectorEncoder") ||
                 t2v_json_get(file.root, "query_prefix") != NULL ||
                 t2v_json_get(file.root, "document_prefix") != NULL;
    t2v_json_file_deinit(&file);
    return meant;
}

void t2v_multi_free(t2v_multi *multi)
{
    if (multi == NULL)
        return;
    t2v_embedder_free(multi->embedder);
    t2v_arena_free(&multi->arena);
    t2v_free(multi);
}

const struct t2v_task *t2v_multi_task(const t2v_multi *multi)
{
    return &multi->task;
}

size_t t2v_multi_dim(const t2v_multi *multi)
{
    return multi->dim;
}

size_t t2v_multi_max_tok(const t2v_multi *multi, bool query)
{
    const struct t2v_multi_settings *settings = &multi->settings;
    size_t max_tok = settings->sides[query ? T2V_MULTI_QUERY : T2V_MULTI_DOCUMENT].max_tok;
    return query && settings->expand_to > max_tok ? settings->expand_to : max_tok;
}
