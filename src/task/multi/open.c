/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/multi/open.h"

#include "base/mem.h"
#include "model/json_file.h"
#include "model/modules.h"
#include "net/load/single.h"
#include "task/embed/open.h"
#include "task/multi/multi_private.h"
#include "task/multi/run.h"
#include "token/decode/decoder.h"
#include "unicode/space.h"

#include "base/banned.h"

/* --- the projection --- */

static struct t2v_step *add_step(t2v_multi *multi, struct t2v_err *err)
{
    if (multi->n_step < T2V_MULTI_STEPS)
        return &multi->steps[multi->n_step++];
    t2v_fail(err, T2V_EUNSUPPORTED, "more than %d Dense modules", (int)T2V_MULTI_STEPS);
    return NULL;
}

static void set_dim(t2v_multi *multi, size_t dim)
{
    multi->dim = dim;
    multi->width = dim > multi->width ? dim : multi->width;
}

/* Stanford's: linear.weight beside the net's tensors, without a bias. */
static int load_stanford(t2v_multi *multi, const t2v_model *model, struct t2v_err *err)
{
    const struct t2v_single from = {t2v_model_store(model), t2v_model_kernels(model), &multi->arena,
                                    err};
    const struct t2v_tensor *tensor = t2v_store_find(from.store, T2V_STR("linear.weight"));
    struct t2v_step *step = add_step(multi, err);
    if (tensor == NULL || tensor->n_dim != 2 || tensor->shape[0] == 0)
        return t2v_fail(err, T2V_EFORMAT, "tensor linear.weight is missing, or not of rank 2");
    *step =
        (struct t2v_step){.kind = T2V_STEP_DENSE, .n_in = multi->dim, .n_out = tensor->shape[0]};
    multi->normalize = true;
    int rc = t2v_single_linear(&from, "linear", multi->dim, step->n_out, false, &step->linear);
    set_dim(multi, step->n_out);
    return rc;
}

/* The last part of a module's type. PyLate's Dense is that of sentence-transformers. */
static int read_type(const t2v_json *module, struct t2v_str *out, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(module, "type"));
    if (type.ptr == NULL || !t2v_str_is(type, "pylate.models.Dense.Dense"))
        return t2v_module_type(module, out, err);
    *out = T2V_STR("Dense");
    return 0;
}

static int read_dense(t2v_multi *multi, const char *folder, struct t2v_err *err)
{
    struct t2v_step *step = add_step(multi, err);
    if (step == NULL)
        return T2V_EUNSUPPORTED;
    int rc = t2v_step_read_dense(folder, "token_embeddings", multi->dim,
                                 t2v_model_kernels(multi->task.model), &multi->arena, step, err);
    set_dim(multi, step->n_out);
    return rc;
}

static int read_module(t2v_multi *multi, const t2v_json *module, size_t index, struct t2v_err *err)
{
    char folder[T2V_PATH_BYTES];
    struct t2v_str type = {NULL, 0};
    int rc = read_type(module, &type, err);
    if (rc == 0)
        rc = t2v_module_folder(t2v_model_dir(multi->task.model), module, folder, err);
    if (rc != 0 || (index == 0 && t2v_str_is(type, "Transformer")) || t2v_str_is(type, "Dropout"))
        return rc;
    bool after_norm = multi->normalize; /* vectors get length 1 last */
    if (index > 0 && t2v_str_is(type, "Dense") && !after_norm)
        return read_dense(multi, folder, err);
    if (index > 0 && t2v_str_is(type, "MultiVectorMask"))
        return t2v_multi_read_mask(folder, &multi->arena, &multi->settings, err);
    if (index == 0 || !t2v_str_is(type, "Normalize"))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "module '%.*s' is not supported here; supported: Transformer, then Dense, "
                        "MultiVectorMask, Dropout, and Normalize after the last Dense",
                        T2V_STR_ARG(type));
    multi->normalize = true;
    return 0;
}

/* PyLate's files list no Normalize. */
static int read_modules(t2v_multi *multi, const t2v_json *list, struct t2v_err *err)
{
    const char *dir = t2v_model_dir(multi->task.model);
    struct t2v_json_file file;
    int rc = 0;
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++)
        rc = read_module(multi, t2v_json_at(list, i), i, err);
    if (rc != 0)
        return t2v_fail_in_dir(err, rc, dir, "modules.json");
    rc = t2v_json_file_find(dir, "config_sentence_transformers.json", T2V_JSON_OBJECT, &file, err);
    struct t2v_str type = t2v_json_str(t2v_json_get(file.root, "model_type"));
    multi->normalize |= type.ptr == NULL || !t2v_str_is(type, "MultiVectorEncoder");
    t2v_json_file_deinit(&file);
    return rc;
}

static int read_layout(t2v_multi *multi, struct t2v_err *err)
{
    const t2v_model *model = multi->task.model;
    struct t2v_json_file modules;
    if (!t2v_multi_is_meant(model))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "neither HF_ColBERT nor a model of PyLate or of MultiVectorEncoder: it "
                        "gives no vectors for the tokens of a text");
    int rc = t2v_modules_find(t2v_model_dir(model), &modules, err);
    if (rc == 0 && modules.root == NULL) {
        rc = t2v_multi_read_stanford(t2v_model_dir(model), &multi->arena, &multi->settings, err);
        if (rc == 0)
            rc = load_stanford(multi, model, err);
    } else if (rc == 0) {
        rc = t2v_multi_read_sentence(model, &multi->arena, &multi->settings, err);
        if (rc == 0)
            rc = read_modules(multi, modules.root, err);
    }
    t2v_json_file_deinit(&modules);
    return rc;
}

/* --- tokens by name --- */

/* The id of the token that is spelled like this; -1: there is none. */
static int32_t find_id(const t2v_tokenizer *tokenizer, const t2v_decoder *decoder,
                       struct t2v_str text)
{
    int32_t max_id = t2v_tokenizer_max_id(tokenizer);
    for (int32_t id = 0; id <= max_id && text.len != 0; id++) {
        struct t2v_str token = t2v_decoder_token(decoder, id);
        if (token.ptr != NULL && t2v_str_eq(token, text))
            return id;
    }
    return -1;
}

/* A prefix that is one token, alone or with what follows its first word, is that token; any other
 * is a part of the text. */
static void find_marker(t2v_multi *multi, const t2v_decoder *decoder, int s)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(multi->task.model);
    const struct t2v_multi_side *side = &multi->settings.sides[s];
    struct t2v_str prefix = {side->prompt.ptr, side->n_marker}, word = prefix;
    for (size_t i = 0; i < prefix.len && word.len == prefix.len; i++) {
        if (i > 0 && (prefix.ptr[i] == ' ' || prefix.ptr[i] == '\t' || prefix.ptr[i] == '\n'))
            word.len = i;
    }
    multi->prompts[s] = side->prompt;
    multi->markers[s] = find_id(tokenizer, decoder, prefix);
    if (multi->markers[s] >= 0)
        word = prefix;
    else
        multi->markers[s] = find_id(tokenizer, decoder, word);
    if (multi->markers[s] >= 0)
        multi->prompts[s] = t2v_str_skip(side->prompt, word.len);
}

/* The mask token by the tokenizer's files: a string, or an object with the content. */
static int find_mask(const char *dir, const t2v_tokenizer *tokenizer, const t2v_decoder *decoder,
                     int32_t *out, struct t2v_err *err)
{
    static const char *const files[] = {"tokenizer_config.json", "special_tokens_map.json"};
    static const char *const usual[] = {"[MASK]", "<mask>"};
    *out = -1;
    for (size_t i = 0; i < 2 && *out < 0; i++) {
        struct t2v_json_file file;
        int rc = t2v_json_file_find(dir, files[i], T2V_JSON_OBJECT, &file, err);
        const t2v_json *token = t2v_json_get(file.root, "mask_token");
        struct t2v_str text = t2v_json_type(token) == T2V_JSON_OBJECT
                                  ? t2v_json_str(t2v_json_get(token, "content"))
                                  : t2v_json_str(token);
        if (rc == 0)
            *out = find_id(tokenizer, decoder, text);
        t2v_json_file_deinit(&file);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < 2 && *out < 0; i++)
        *out = find_id(tokenizer, decoder, t2v_str_of(usual[i]));
    return 0;
}

static int find_expansion(t2v_multi *multi, const t2v_decoder *decoder, struct t2v_err *err)
{
    const t2v_model *model = multi->task.model;
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(model);
    struct t2v_str name = multi->settings.expand_token;
    int rc = 0;
    if (multi->settings.expand_to == 0)
        return 0;
    if (name.ptr != NULL)
        multi->expand_id = find_id(tokenizer, decoder, name);
    else
        rc = find_mask(t2v_model_net_dir(model), tokenizer, decoder, &multi->expand_id, err);
    if (rc == 0 && multi->expand_id < 0)
        rc = t2v_fail(err, T2V_EUNSUPPORTED,
                      "queries are expanded, but the tokenizer has no token for that");
    const struct t2v_ids alone = {&multi->expand_id, 1, 1, false};
    return rc == 0 ? t2v_model_check_ids(model, &alone, err) : rc;
}

/* Words that are no token are dropped, as sentence-transformers drops them. */
static int find_skips(t2v_multi *multi, const t2v_decoder *decoder, struct t2v_err *err)
{
    const struct t2v_multi_settings *settings = &multi->settings;
    size_t n = settings->n_skip;
    multi->skips = t2v_arena_alloc(&multi->arena, n != 0 ? n : 1, sizeof *multi->skips);
    if (multi->skips == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model's settings");
    for (size_t i = 0; i < n; i++) {
        int32_t id =
            find_id(t2v_model_tokenizer(multi->task.model), decoder, settings->skiplist[i]);
        if (id >= 0)
            multi->skips[multi->n_skip++] = id;
    }
    return 0;
}

static int find_tokens(t2v_multi *multi, struct t2v_err *err)
{
    t2v_decoder *decoder;
    int rc = t2v_decoder_new(t2v_model_tokenizer(multi->task.model), &decoder, err);
    if (rc != 0)
        return rc;
    for (int s = 0; s < T2V_N_MULTI; s++)
        find_marker(multi, decoder, s);
    rc = find_expansion(multi, decoder, err);
    if (rc == 0)
        rc = find_skips(multi, decoder, err);
    t2v_decoder_free(decoder);
    return rc;
}

/* --- limits --- */

/* Appended tokens that are not attended to need attention in both directions, and everything in
 * reach. */
static int check_unseen(const t2v_multi *multi, struct t2v_err *err)
{
    static const char *const families[] = {"bert",      "distilbert", "roberta", "xlm-roberta",
                                           "camembert", "mpnet",      "electra", "modernbert"};
    const char *family = t2v_model_family(multi->task.model);
    int64_t window = 128;
    bool known = false;
    if (multi->settings.expand_to == 0 || multi->settings.attend)
        return 0;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        known |= t2v_str_is(t2v_str_of(family), families[i]);
    if (!known)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: queries are expanded by tokens that others do not attend to, which "
                        "is not supported for this family",
                        family);
    t2v_json_int(t2v_json_get(t2v_model_settings(multi->task.model), "local_attention"), &window);
    if (t2v_str_is(t2v_str_of(family), "modernbert") &&
        multi->settings.expand_to > (size_t)window / 2)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "queries are expanded to %zu tokens, which are farther apart than the "
                        "local attention reaches",
                        multi->settings.expand_to);
    return 0;
}

static int set_limits(t2v_multi *multi, struct t2v_err *err)
{
    const t2v_model *model = multi->task.model;
    size_t of_net = t2v_net_shape(t2v_model_net(model))->max_tok;
    size_t n_special = t2v_tokenizer_n_special(t2v_model_tokenizer(model));
    for (int s = 0; s < T2V_N_MULTI; s++) {
        struct t2v_multi_side *side = &multi->settings.sides[s];
        size_t added = n_special + (multi->markers[s] >= 0);
        if (s == T2V_MULTI_QUERY && multi->settings.expand_fixed && multi->settings.expand_to != 0)
            side->max_tok = multi->settings.expand_to;
        if (side->max_tok == 0)
            side->max_tok = t2v_embedder_text_tok(multi->embedder);
        side->max_tok = side->max_tok < of_net ? side->max_tok : of_net;
        if (side->max_tok < added)
            return t2v_fail(err, T2V_EFORMAT,
                            "%zu special tokens, but a sequence is at most %zu tokens", added,
                            side->max_tok);
    }
    if (multi->settings.expand_to > of_net)
        return t2v_fail(err, T2V_EFORMAT,
                        "queries are expanded to %zu tokens, but the model takes at most %zu",
                        multi->settings.expand_to, of_net);
    size_t query = t2v_multi_max_tok(multi, true), document = t2v_multi_max_tok(multi, false);
    multi->task.max_tok = query > document ? query : document;
    return check_unseen(multi, err);
}

/* --- opening --- */

static int open_parts(t2v_multi *multi, const t2v_embedder *first, struct t2v_err *err)
{
    int rc = t2v_embedder_open_texts(first, &multi->embedder, err);
    if (rc != 0)
        return rc;
    multi->task =
        (struct t2v_task){.ops = &t2v_multi_ops, .model = t2v_embedder_model(multi->embedder)};
    set_dim(multi, t2v_net_shape(t2v_model_net(multi->task.model))->hidden);
    rc = read_layout(multi, err);
    if (rc == 0)
        rc = find_tokens(multi, err);
    return rc == 0 ? set_limits(multi, err) : rc;
}

int t2v_multi_open(const t2v_embedder *first, t2v_multi **out, struct t2v_err *err)
{
    t2v_multi *multi = t2v_alloc_zero(1, sizeof *multi);
    if (multi == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_parts(multi, first, err);
    if (rc == 0)
        *out = multi;
    else
        t2v_multi_free(multi);
    return t2v_fail_in_dir(err, rc, t2v_model_dir(t2v_embedder_model(first)), NULL);
}
