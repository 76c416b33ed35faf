/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/open.h"

#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/modules.h"
#include "task/embed/embedder_private.h"
#include "task/embed/params.h"
#include "task/embed/run.h"
#include "task/embed/walk.h"
#include "token/encode.h"

#include "base/banned.h"

enum {
    /* UPSTREAM: the default vectorizer cuts at 500 tokens, whatever the model could take. */
    DEFAULT_MAX_TOK = 500
};

/* --- loading the model --- */

/* UPSTREAM: images of the sentence-transformers vectorizer hold what /meta shows in a file of its
 * own. */
static int read_meta(t2v_embedder *embedder, struct t2v_err *err)
{
    bool name, config = false;
    int rc = t2v_marker_exists(embedder->model, "model_name", &name, err);
    if (rc == 0 && name)
        rc = t2v_marker_exists(embedder->model, "model_config", &config, err);
    if (rc != 0 || !config)
        return rc;
    return t2v_json_file_read(t2v_model_dir(embedder->model), "model_config", T2V_JSON_OBJECT,
                              &embedder->meta, err);
}

/* UPSTREAM: without modules.json the library does not look for the Transformer's settings. */
static int read_transformer(t2v_embedder *embedder, struct t2v_err *err)
{
    t2v_model *model = embedder->model;
    bool there;
    if (embedder->vectorizer != T2V_VECTORIZER_SENTENCE || t2v_model_is_static(model))
        return 0;
    int rc = t2v_marker_exists(model, "modules.json", &there, err);
    if (rc != 0 || !there)
        return rc;
    return t2v_transformer_read(t2v_model_net_dir(model), embedder->texts, &embedder->transformer,
                                embedder->borrowed ? NULL : t2v_model_notes(model), err);
}

static int load_model(t2v_embedder *embedder, const struct t2v_embedder_options *options,
                      struct t2v_err *err)
{
    const char *precision = options->precision, *word = options->bidirectional;
    if (word != NULL &&
        (embedder->bidirectional = t2v_arena_dup(&embedder->arena, t2v_str_of(word)).ptr) == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    if (*precision == '\0')
        precision = embedder->vectorizer == T2V_VECTORIZER_ONNX ? "int8" : "f32";
    const struct t2v_model_options of_model = {
        .precision = precision,
        .cpu = options->cpu,
        .threads = options->threads,
        .bidirectional = options->bidirectional,
        .weighted = embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC,
        .config_args = embedder->transformer.config_args,
        .tokenizer_args = embedder->transformer.tokenizer_args,
    };
    return t2v_model_load(embedder->model, &of_model, err);
}

/* What the directory and the settings make of the model, and the model with that. */
static int open_model(t2v_embedder *embedder, const struct t2v_embedder_options *options,
                      struct t2v_err *err)
{
    const char *name = t2v_vectorizer_names[T2V_VECTORIZER_MODEL2VEC];
    int rc =
        t2v_model_find(options->dir, strcmp(options->vectorizer, name) == 0, &embedder->model, err);
    if (rc == 0)
        rc = t2v_vectorizer_choose(embedder->model, options, &embedder->vectorizer,
                                   &embedder->prefixes, err);
    embedder->direct_tokenize = options->direct_tokenize;
    embedder->threads = options->threads;
    if (rc == 0)
        rc = read_meta(embedder, err);
    if (rc == 0)
        rc = read_transformer(embedder, err);
    return rc == 0 ? load_model(embedder, options, err) : rc;
}

/* --- limits --- */

/* The vectorizer's own limit on the tokens of a sequence; SIZE_MAX where it has none. */
static size_t vectorizer_limit(const t2v_embedder *embedder)
{
    const t2v_model *model = embedder->model;
    size_t of_tokenizer = t2v_tokenizer_model_max(t2v_model_tokenizer(model));
    int64_t positions;
    if (embedder->vectorizer == T2V_VECTORIZER_DEFAULT)
        return DEFAULT_MAX_TOK;
    if (embedder->vectorizer == T2V_VECTORIZER_SENTENCE && embedder->transformer.max_tok != 0)
        return embedder->transformer.max_tok;
    size_t limit = of_tokenizer != 0 ? of_tokenizer : SIZE_MAX;
    if (embedder->vectorizer == T2V_VECTORIZER_SENTENCE &&
        t2v_json_int(t2v_json_get(t2v_model_settings(model), "max_position_embeddings"),
                     &positions) &&
        positions > 0 && (uint64_t)positions < limit)
        limit = (size_t)positions;
    return limit;
}

/* A task's own limit, where it has one. */
static size_t task_limit(size_t own, size_t other, size_t of_net)
{
    size_t limit = own != 0 ? own : other;
    return limit < of_net ? limit : of_net;
}

static int set_limits(t2v_embedder *embedder, struct t2v_err *err)
{
    const t2v_model *model = embedder->model;
    const struct t2v_transformer *own = &embedder->transformer;
    const struct t2v_model_use use = {.limit = vectorizer_limit(embedder),
                                      .again = embedder->borrowed};
    int rc = t2v_model_fit(model, &use, &embedder->max_tok, err);
    if (rc != 0)
        return rc;
    size_t of_net = t2v_net_shape(t2v_model_net(model))->max_tok;
    size_t max_tok = embedder->max_tok;
    embedder->task_tok[T2V_PROMPT_QUERY] = task_limit(own->query_tok, max_tok, of_net);
    embedder->task_tok[T2V_PROMPT_DOCUMENT] = task_limit(own->document_tok, max_tok, of_net);
    return 0;
}

/* How many tokens of a sequence are the prompt's: all that it is when it stands alone, less the
 * special token after it, as the library counts. */
static int count_prompt(const t2v_embedder *embedder, const struct t2v_embed_resolved *params,
                        t2v_token_space *space, size_t *n_tok, struct t2v_err *err)
{
    const t2v_model *model = embedder->model;
    struct t2v_walk walk = {0};
    struct t2v_ids ids = {0};
    bool more;
    int32_t last = -1;
    int rc = t2v_tokenizer_encode(t2v_model_tokenizer(model), space, T2V_STR(""), embedder->max_tok,
                                  &ids, err);
    if (rc == 0 && ids.len != 0)
        last = ids.ptr[ids.len - 1];
    if (rc == 0)
        rc = t2v_walk_start(&walk, embedder, T2V_STR(""), params, err);
    if (rc == 0)
        rc = t2v_walk_next(&walk, space, &ids, &more, err);
    t2v_walk_deinit(&walk);
    *n_tok = ids.len != 0 && ids.ptr[ids.len - 1] == last ? ids.len - 1 : ids.len;
    t2v_ids_deinit(&ids);
    return rc;
}

/* UPSTREAM: a prompt that is a message of its own is not left out. */
static int count_prompts(t2v_embedder *embedder, struct t2v_err *err)
{
    struct t2v_pipeline *pipeline = &embedder->pipeline;
    t2v_token_space *space;
    if (!pipeline->skip_prompt || embedder->message.chat != NULL)
        return 0;
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    for (size_t i = 0; i < T2V_N_PROMPT + pipeline->n_named && rc == 0; i++) {
        struct t2v_prompt *named = i < T2V_N_PROMPT ? NULL : &pipeline->named[i - T2V_N_PROMPT];
        const struct t2v_embed_resolved params = {
            .prompt = named != NULL ? named->text : pipeline->prompts[i],
            .max_tok = named != NULL ? embedder->max_tok : embedder->task_tok[i]};
        size_t *n_tok = named != NULL ? &named->n_tok : &embedder->n_prompt_tok[i];
        if (params.prompt.len != 0)
            rc = count_prompt(embedder, &params, space, n_tok, err);
    }
    t2v_token_space_free(space);
    return rc;
}

/* --- what becomes of hidden states --- */

/* The library takes the Transformer from the folder that modules.json names; t2v_place_find looks
 * into the model directory first. Where both hold a model, that would be the wrong one. */
static int check_net_dir(const t2v_model *model, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    bool is_static;
    int rc = t2v_modules_first(t2v_model_dir(model), path, &is_static, err);
    if (rc == 0 && *path != '\0' && strcmp(path, t2v_model_net_dir(model)) != 0)
        rc =
            t2v_fail(err, T2V_EUNSUPPORTED,
                     "%s: modules.json has the Transformer here, but there is a config.json in the "
                     "model directory, too",
                     path);
    return rc;
}

/* Under int8 a broken file is refused when it is opened, whichever of its tensors is broken: those
 * of the steps after pooling, too, though they stay in float. */
static int check_finite(const t2v_embedder *embedder, struct t2v_err *err)
{
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    bool check = t2v_model_form(embedder->model)->takes_outliers;
    int rc = 0;
    for (size_t i = 0; i < pipeline->n_step && check && rc == 0; i++)
        rc = t2v_step_check_finite(&pipeline->steps[i], i + 1, err);
    return rc;
}

/* The pipeline of static embeddings, or of a Transformer. */
static int read_pipeline(t2v_embedder *embedder, size_t hidden, struct t2v_err *err)
{
    t2v_model *model = embedder->model;
    const char *dir = t2v_model_dir(model);
    struct t2v_pipeline *pipeline = &embedder->pipeline;
    int rc = check_net_dir(model, err);
    if (rc != 0)
        return rc;
    rc = t2v_model_is_static(model)
             ? t2v_pipeline_read_static(dir, hidden, &embedder->arena, pipeline, err)
             : t2v_pipeline_read(dir, hidden, t2v_model_kernels(model), &embedder->arena, pipeline,
                                 err);
    if (rc == 0 && pipeline->cut_dim != 0 && !embedder->borrowed)
        t2v_notes_add(t2v_model_notes(model), "config_sentence_transformers.json", "truncate_dim");
    return rc;
}

static int open_pipeline(t2v_embedder *embedder, struct t2v_err *err)
{
    const t2v_net *net = t2v_model_net(embedder->model);
    size_t hidden = t2v_net_shape(net)->hidden;
    bool first = t2v_net_pools_first(net);
    const struct t2v_linear *projection = t2v_net_projection(net);
    if (embedder->texts)
        return t2v_pipeline_read_texts(t2v_model_dir(embedder->model), hidden, &embedder->arena,
                                       &embedder->pipeline, err);
    if (embedder->vectorizer == T2V_VECTORIZER_SENTENCE)
        return read_pipeline(embedder, hidden, err);
    if (embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC) {
        t2v_pipeline_simple(&embedder->pipeline, T2V_POOL_SUM, hidden);
        return 0;
    }
    t2v_pipeline_simple(&embedder->pipeline, first ? T2V_POOL_CLS : T2V_POOL_MEAN, hidden);
    if (projection != NULL)
        t2v_pipeline_add_linear(&embedder->pipeline, projection);
    if (first && !embedder->direct_tokenize)
        t2v_log(
            T2V_LOG_WARN, "model",
            "of %s's sentences only the first of every 25 counts, as in the Python server; with "
            "T2V_TRANSFORMERS_DIRECT_TOKENIZE=1 the whole text does",
            t2v_net_family(net));
    return 0;
}

static bool is_normalized(const t2v_embedder *embedder)
{
    if (embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        return embedder->m2v.normalize;
    return embedder->vectorizer != T2V_VECTORIZER_DEFAULT;
}

static int describe(t2v_embedder *embedder, struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_buf_init(&text, 4096);
    t2v_pipeline_describe(&embedder->pipeline, &text);
    t2v_buf_adds(&text, embedder->message.chat != NULL ? ", of texts in the chat template" : "");
    if (t2v_embedder_reads_pooling(embedder))
        t2v_buf_adds(&text, ", or cls where asked for");
    if (is_normalized(embedder))
        t2v_buf_adds(&text, ", to length 1");
    embedder->described = t2v_arena_dup(&embedder->arena, t2v_buf_str(&text)).ptr;
    int rc = text.fail;
    t2v_buf_deinit(&text);
    return rc != 0 || embedder->described == NULL
               ? t2v_fail(err, T2V_ENOMEM, "no memory for the model")
               : 0;
}

/* --- opening --- */

/* What earlier releases ignored of the tokenizer.json of static embeddings. */
static void note_tokenizer(t2v_model *model)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(model);
    if (t2v_tokenizer_truncation(tokenizer) != SIZE_MAX)
        t2v_notes_add(t2v_model_notes(model), "tokenizer.json", "truncation");
    if (t2v_tokenizer_prefix_space(tokenizer))
        t2v_notes_add(t2v_model_notes(model), "tokenizer.json", "add_prefix_space");
}

/* What is opened once the model is there. */
static int open_rest(t2v_embedder *embedder, struct t2v_err *err)
{
    int rc = open_pipeline(embedder, err);
    if (rc == 0)
        rc = t2v_message_open(t2v_model_net_dir(embedder->model), &embedder->transformer,
                              &embedder->message, err);
    if (rc == 0)
        rc = check_finite(embedder, err);
    if (rc == 0)
        rc = set_limits(embedder, err);
    if (rc == 0)
        rc = count_prompts(embedder, err);
    if (rc == 0)
        rc = describe(embedder, err);
    if (rc == 0 && t2v_punkt_new(&embedder->punkt) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the sentence splitter");
    if (rc == 0)
        rc = t2v_guard_check(t2v_guard_mark(), err);
    embedder->task = (struct t2v_task){
        .ops = &t2v_embed_ops, .model = embedder->model, .max_tok = t2v_embedder_max_tok(embedder)};
    return rc;
}

static int open_parts(t2v_embedder *embedder, const struct t2v_embedder_options *options,
                      struct t2v_err *err)
{
    int rc = open_model(embedder, options, err);
    if (rc == 0 && embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        rc = t2v_model2vec_open(embedder->model, options->char_cut, &embedder->m2v, err);
    else if (rc == 0 && t2v_model_is_static(embedder->model))
        note_tokenizer(embedder->model);
    return rc == 0 ? open_rest(embedder, err) : rc;
}

int t2v_embedder_open(const struct t2v_embedder_options *options, t2v_embedder **out,
                      struct t2v_err *err)
{
    t2v_embedder *embedder = t2v_alloc_zero(1, sizeof *embedder);
    if (embedder == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_parts(embedder, options, err);
    if (rc != 0) {
        t2v_embedder_free(embedder);
        return t2v_fail_in_dir(err, rc, options->dir, NULL);
    }
    const struct t2v_notes *notes = t2v_model_notes(embedder->model);
    if (*notes->text != '\0')
        t2v_log(T2V_LOG_WARN, "model",
                "vectors may differ from an index that an earlier t2v filled: it ignored %s (see "
                "CHANGELOG.md)",
                notes->text);
    *out = embedder;
    return 0;
}

/* --- a second embedder --- */

/* The model as sentence-transformers loads it, where its settings change config.json or the
 * tokenizer. */
static int open_again(t2v_embedder *embedder, const t2v_embedder *first, struct t2v_err *err)
{
    const struct t2v_embedder_options options = {
        .precision = t2v_model_precision(first->model),
        .cpu = t2v_model_cpu(first->model),
        .threads = first->threads,
        .bidirectional = first->bidirectional,
    };
    embedder->model = NULL;
    embedder->borrowed = false;
    t2v_log(T2V_LOG_INFO, "model",
            "sentence-transformers' settings load the model in another way, so its weights are "
            "held twice");
    int rc = t2v_model_find(t2v_model_dir(first->model), false, &embedder->model, err);
    return rc == 0 ? load_model(embedder, &options, err) : rc;
}

static int fill_second(t2v_embedder *embedder, const t2v_embedder *first, struct t2v_err *err)
{
    const struct t2v_transformer *own = &embedder->transformer;
    bool same = first->vectorizer == T2V_VECTORIZER_SENTENCE;
    embedder->model = first->model;
    embedder->borrowed = true;
    embedder->vectorizer = T2V_VECTORIZER_SENTENCE;
    int rc = read_transformer(embedder, err);
    if (rc == 0 && !same && (own->config_args.ptr != NULL || own->tokenizer_args.ptr != NULL))
        rc = open_again(embedder, first, err);
    return rc == 0 ? open_rest(embedder, err) : rc;
}

static int open_second(const t2v_embedder *first, bool texts, t2v_embedder **out,
                       struct t2v_err *err)
{
    t2v_embedder *embedder = t2v_alloc_zero(1, sizeof *embedder);
    if (embedder == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    embedder->texts = texts;
    int rc = fill_second(embedder, first, err);
    if (rc == 0)
        *out = embedder;
    else
        t2v_embedder_free(embedder);
    return t2v_fail_in_dir(err, rc, t2v_model_dir(first->model), NULL);
}

/* DPR and static embeddings. */
static bool has_vectors_alone(const t2v_embedder *embedder)
{
    return t2v_net_pools_first(t2v_model_net(embedder->model)) ||
           t2v_model_is_static(embedder->model);
}

int t2v_embedder_open_sentence(const t2v_embedder *first, t2v_embedder **out, struct t2v_err *err)
{
    *out = NULL;
    if (first->vectorizer == T2V_VECTORIZER_SENTENCE || has_vectors_alone(first))
        return 0;
    return open_second(first, false, out, err);
}

int t2v_embedder_open_texts(const t2v_embedder *first, t2v_embedder **out, struct t2v_err *err)
{
    if (has_vectors_alone(first))
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s gives no hidden states of a text's tokens",
                        t2v_model_family(first->model));
    return open_second(first, true, out, err);
}
