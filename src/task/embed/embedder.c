/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "model/diagnose.h"
#include "task/embed/embedder_private.h"
#include "json/overlay.h"

#include "base/banned.h"

enum {
    /* UPSTREAM: the default vectorizer cuts at 500 tokens, whatever the model could take. */
    DEFAULT_MAX_TOK = 500
};

/* Where the parts are, and config.json. */
static int find_parts(t2v_model *model, const char *vectorizer, struct t2v_err *err)
{
    struct t2v_place place;
    int rc = t2v_place_find(model->dir, vectorizer, &place, err);
    if (rc != 0)
        return rc;
    model->encoder_dir = t2v_dup(place.dir, strlen(place.dir));
    model->config = place.config;
    model->json = place.json;
    model->is_static = place.is_static;
    return model->encoder_dir != NULL ? 0 : t2v_fail(err, T2V_ENOMEM, "no memory for the model");
}

/* UPSTREAM: images of the sentence-transformers vectorizer hold what /meta shows in a file of its
 * own. */
static int read_meta(t2v_model *model, struct t2v_err *err)
{
    bool name, config = false;
    int rc = t2v_marker_exists(model, "model_name", &name, err);
    if (rc == 0 && name)
        rc = t2v_marker_exists(model, "model_config", &config, err);
    if (rc != 0 || !config)
        return rc;
    t2v_json *json = NULL;
    rc = t2v_read_object(model->dir, "model_config", &model->meta, &json, err);
    t2v_json_free(json);
    return rc;
}

static int choose_precision(t2v_model *model, const struct t2v_model_options *options,
                            struct t2v_err *err)
{
    const char *precision = options->precision;
    if (*precision == '\0')
        precision = model->vectorizer == T2V_VECTORIZER_ONNX ? "int8" : "f32";
    return t2v_kernels_form(&model->kernels, precision, &model->form, err);
}

/* The vectorizer's own limit on the tokens of a sequence; SIZE_MAX where it has none. */
static size_t vectorizer_limit(const t2v_model *model)
{
    size_t of_tokenizer = t2v_tokenizer_model_max(model->tokenizer);
    int64_t positions;
    if (model->vectorizer == T2V_VECTORIZER_DEFAULT)
        return DEFAULT_MAX_TOK;
    if (model->vectorizer == T2V_VECTORIZER_SENTENCE && model->transformer.max_tok != 0)
        return model->transformer.max_tok;
    size_t limit = of_tokenizer != 0 ? of_tokenizer : SIZE_MAX;
    if (model->vectorizer == T2V_VECTORIZER_SENTENCE &&
        t2v_json_int(t2v_json_get(model->json, "max_position_embeddings"), &positions) &&
        positions > 0 && (uint64_t)positions < limit)
        limit = (size_t)positions;
    return limit;
}

/* A task's own limit, where it has one. */
static size_t task_limit(size_t own, size_t other, size_t of_encoder)
{
    size_t limit = own != 0 ? own : other;
    return limit < of_encoder ? limit : of_encoder;
}

/* The tokenizer and the encoder must fit each other. */
static int check_fit(t2v_model *model, struct t2v_err *err)
{
    const struct t2v_shape *shape = t2v_net_shape(model->encoder);
    int32_t max_id = t2v_tokenizer_max_id(model->tokenizer);
    if (max_id < 0)
        return t2v_fail(err, T2V_EFORMAT, "the tokenizer has no token");
    if ((size_t)max_id >= shape->vocab)
        t2v_log(T2V_LOG_WARN, "model",
                "the tokenizer's largest id is %" PRId32
                ", but the embeddings have only %zu rows: a text with a token that has none gets "
                "status 500",
                max_id, shape->vocab);
    size_t limit = vectorizer_limit(model);
    size_t query_tok = model->transformer.query_tok, document_tok = model->transformer.document_tok;
    model->max_tok = limit < shape->max_tok ? limit : shape->max_tok;
    model->task_tok[T2V_PROMPT_QUERY] = task_limit(query_tok, model->max_tok, shape->max_tok);
    model->task_tok[T2V_PROMPT_DOCUMENT] = task_limit(document_tok, model->max_tok, shape->max_tok);
    if (t2v_tokenizer_n_special(model->tokenizer) > model->max_tok)
        return t2v_fail(err, T2V_EFORMAT,
                        "%zu special tokens, but a sequence is at most %zu tokens",
                        t2v_tokenizer_n_special(model->tokenizer), model->max_tok);
    return 0;
}

/* How many tokens of a sequence are the prompt's: all that it is when it stands alone, less the
 * special token behind it, as the library counts. */
static int count_prompt(t2v_model *model, int which, t2v_token_space *space, struct t2v_ids *ids,
                        struct t2v_err *err)
{
    const struct t2v_plan plan = {.prompt = model->pipeline.prompts[which],
                                  .max_tok = model->task_tok[which]};
    struct t2v_walk walk;
    bool more;
    int32_t last = -1;
    int rc = t2v_tokenizer_encode(model->tokenizer, space, T2V_STR(""), model->max_tok, ids, err);
    if (rc == 0 && ids->len != 0)
        last = ids->ptr[ids->len - 1];
    if (rc != 0)
        return rc;
    rc = t2v_walk_start(&walk, model, T2V_STR(""), &plan, err);
    if (rc == 0)
        rc = t2v_walk_next(&walk, space, ids, &more, err);
    t2v_walk_deinit(&walk);
    if (rc == 0)
        model->n_prompt_tok[which] =
            ids->len != 0 && ids->ptr[ids->len - 1] == last ? ids->len - 1 : ids->len;
    return rc;
}

static int count_prompts(t2v_model *model, struct t2v_err *err)
{
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    for (int i = 0; i < T2V_N_PROMPT && rc == 0; i++) {
        if (model->pipeline.skip_prompt && model->pipeline.prompts[i].len != 0)
            rc = count_prompt(model, i, space, &ids, err);
    }
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    return rc;
}

/* The library takes the Transformer from the folder that modules.json names; t2v_place_find looks
 * into the model directory first. Where both hold a model, that would be the wrong one. */
static int check_encoder_dir(const t2v_model *model, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    bool is_static;
    int rc = t2v_pipeline_first(model->dir, path, &is_static, err);
    if (rc == 0 && *path != '\0' && strcmp(path, model->encoder_dir) != 0)
        rc =
            t2v_fail(err, T2V_EUNSUPPORTED,
                     "%s: modules.json has the Transformer here, but there is a config.json in the "
                     "model directory, too",
                     path);
    return rc;
}

/* Under int8 a broken file is refused when it is opened, whichever of its tensors is broken: those
 * of the steps after pooling, too, though they stay in float. */
static int check_finite(const t2v_model *model, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < model->pipeline.n_step && model->form->takes_outliers && rc == 0; i++)
        rc = t2v_step_check_finite(&model->pipeline.steps[i], i + 1, err);
    return rc;
}

/* The pipeline of static embeddings, or of a Transformer. */
static int read_pipeline(t2v_model *model, size_t hidden, struct t2v_err *err)
{
    int rc = check_encoder_dir(model, err);
    if (rc != 0)
        return rc;
    rc = t2v_net_is_static(model->encoder)
             ? t2v_pipeline_read_bag(model->dir, hidden, &model->arena, &model->pipeline, err)
             : t2v_pipeline_read(model->dir, hidden, &model->kernels, &model->arena,
                                 &model->pipeline, err);
    if (rc == 0 && model->pipeline.cut_dim != 0)
        t2v_notes_add(&model->notes, "config_sentence_transformers.json", "truncate_dim");
    return rc;
}

/* What becomes of hidden states. */
static int open_pipeline(t2v_model *model, struct t2v_err *err)
{
    size_t hidden = t2v_net_shape(model->encoder)->hidden;
    bool first = t2v_net_pools_first(model->encoder);
    const struct t2v_linear *projection = t2v_net_projection(model->encoder);
    if (model->vectorizer == T2V_VECTORIZER_SENTENCE)
        return read_pipeline(model, hidden, err);
    if (model->vectorizer == T2V_VECTORIZER_MODEL2VEC) {
        t2v_pipeline_simple(&model->pipeline, T2V_POOL_SUM, hidden);
        return 0;
    }
    t2v_pipeline_simple(&model->pipeline, first ? T2V_POOL_CLS : T2V_POOL_MEAN, hidden);
    if (projection != NULL)
        t2v_pipeline_add_linear(&model->pipeline, projection);
    if (first && !model->direct_tokenize)
        t2v_log(
            T2V_LOG_WARN, "model",
            "of %s's sentences only the first of every 25 counts, as in the Python server; with "
            "T2V_TRANSFORMERS_DIRECT_TOKENIZE=1 the whole text does",
            t2v_net_family(model->encoder));
    return 0;
}

/* UPSTREAM: pooling_strategy counts under the default vectorizer alone, and there not for DPR. */
static bool reads_pooling(const t2v_model *model)
{
    return model->vectorizer == T2V_VECTORIZER_DEFAULT && !t2v_net_pools_first(model->encoder);
}

static int describe(t2v_model *model, struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_buf_init(&text, 4096);
    t2v_pipeline_describe(&model->pipeline, &text);
    if (reads_pooling(model))
        t2v_buf_adds(&text, ", or cls where asked for");
    if (model->vectorizer == T2V_VECTORIZER_MODEL2VEC ? model->m2v.normalize
                                                      : model->vectorizer != T2V_VECTORIZER_DEFAULT)
        t2v_buf_adds(&text, ", to length 1");
    model->described = t2v_arena_dup(&model->arena, t2v_buf_str(&text)).ptr;
    int rc = text.fail;
    t2v_buf_deinit(&text);
    return rc != 0 || model->described == NULL
               ? t2v_fail(err, T2V_ENOMEM, "no memory for the model")
               : 0;
}

/* Lays config_args over config.json; /meta goes on showing the file. */
static int overlay_config(t2v_model *model, struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_json *json = NULL;
    t2v_buf_init(&text, (size_t)32 << 20);
    int rc = t2v_json_overlay(model->config, model->transformer.config_args, &text);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for config.json");
    else
        rc = t2v_json_parse_python(t2v_buf_str(&text), &json, err);
    t2v_buf_deinit(&text);
    if (rc != 0)
        return rc;
    t2v_json_free(model->json);
    model->json = json;
    return 0;
}

/* UPSTREAM: without modules.json the library does not look for the Transformer's settings. */
static int read_transformer(t2v_model *model, struct t2v_err *err)
{
    bool there;
    if (model->vectorizer != T2V_VECTORIZER_SENTENCE || model->is_static)
        return 0;
    int rc = t2v_marker_exists(model, "modules.json", &there, err);
    if (rc != 0 || !there)
        return rc;
    rc = t2v_transformer_read(model->encoder_dir, &model->transformer, &model->notes, err);
    if (rc == 0 && model->transformer.config_args.ptr != NULL)
        rc = overlay_config(model, err);
    return rc;
}

/* config.json, and what it and the settings make of the model. */
static int open_settings(t2v_model *model, const struct t2v_model_options *options,
                         struct t2v_err *err)
{
    int rc = find_parts(model, options->vectorizer, err);
    if (rc == 0 && !model->is_static)
        rc = t2v_net_check(model->json, err);
    if (rc == 0)
        rc = t2v_choose_vectorizer(model, options, err);
    if (rc == 0)
        rc = read_meta(model, err);
    if (rc == 0)
        rc = read_transformer(model, err);
    if (rc == 0)
        rc = t2v_kernels_init(&model->kernels, options->cpu, err);
    if (rc == 0)
        rc = choose_precision(model, options, err);
    return rc;
}

/* The tokenizer opens on a thread of its own: a vocabulary of 250,000 words takes as long as the
 * weights. */
struct tokenizer_job {
    t2v_model *model;
    pthread_t thread;
    bool started;
    int rc;
    struct t2v_err err;
};

static void *open_tokenizer(void *arg)
{
    struct tokenizer_job *job = arg;
    t2v_model *model = job->model;
    job->rc = model->is_static
                  ? t2v_tokenizer_open_alone(model->encoder_dir, &model->tokenizer, &job->err)
                  : t2v_tokenizer_open_with(model->encoder_dir, model->transformer.tokenizer_args,
                                            &model->tokenizer, &job->err);
    return NULL;
}

/* As the setting says; a warning in the log where the family ignores it. */
static enum t2v_bidirectional read_bidirectional(const t2v_model *model, const char *word)
{
    static const char family[] = "gemma3_text";
    if (word == NULL || strcmp(word, "auto") == 0)
        return T2V_BIDIRECTIONAL_AUTO;
    if (!t2v_str_is(t2v_json_str(t2v_json_get(model->json, "model_type")), family))
        t2v_log(T2V_LOG_WARN, "model", "bidirectional-attention is for %s alone, and ignored here",
                family);
    return strcmp(word, "true") == 0 ? T2V_BIDIRECTIONAL_TRUE : T2V_BIDIRECTIONAL_FALSE;
}

static int open_weights(t2v_model *model, const struct t2v_model_options *options,
                        struct t2v_err *err)
{
    const struct t2v_net_options of_encoder = {
        .n_lane = options->threads > 1 ? options->threads : 1,
        .bidirectional = read_bidirectional(model, options->bidirectional),
    };
    int rc = t2v_store_open(model->encoder_dir, &model->store, err);
    if (rc == 0 && model->is_static)
        return t2v_net_open_static(model->store, &model->kernels,
                                   model->vectorizer == T2V_VECTORIZER_MODEL2VEC, &model->encoder,
                                   err);
    if (rc == 0)
        rc = t2v_net_open(model->json, model->store, &model->kernels, model->form, &of_encoder,
                          &model->encoder, err);
    return rc;
}

/* Where both fail it is the tokenizer's error that is told, whichever came first. */
static int open_files(t2v_model *model, const struct t2v_model_options *options,
                      struct t2v_err *err)
{
    struct tokenizer_job job = {.model = model};
    job.started = t2v_thread_start(&job.thread, open_tokenizer, &job) == 0;
    if (!job.started)
        open_tokenizer(&job);
    int rc = open_weights(model, options, err);
    if (job.started)
        pthread_join(job.thread, NULL);
    if (job.rc != 0 && err != NULL)
        *err = job.err;
    if (job.rc == 0)
        t2v_notes_join(&model->notes, t2v_tokenizer_notes(model->tokenizer));
    return job.rc != 0 ? job.rc : rc;
}

/* What earlier releases ignored of the tokenizer.json of static embeddings. */
static void note_tokenizer(t2v_model *model)
{
    if (t2v_tokenizer_truncation(model->tokenizer) != SIZE_MAX)
        t2v_notes_add(&model->notes, "tokenizer.json", "truncation");
    if (t2v_tokenizer_prefix_space(model->tokenizer))
        t2v_notes_add(&model->notes, "tokenizer.json", "add_prefix_space");
}

static int open_parts(t2v_model *model, const struct t2v_model_options *options,
                      struct t2v_err *err)
{
    int rc = open_settings(model, options, err);
    if (rc == 0)
        rc = open_files(model, options, err);
    if (rc == 0 && t2v_net_is_static(model->encoder))
        model->form = model->kernels.f32; /* whatever was asked for: nothing is multiplied */
    if (rc == 0 && model->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        rc = t2v_model2vec_open(model, options->char_cut, err);
    else if (rc == 0 && model->is_static)
        note_tokenizer(model);
    if (rc == 0)
        rc = open_pipeline(model, err);
    if (rc == 0)
        rc = check_finite(model, err);
    if (rc == 0)
        rc = check_fit(model, err);
    if (rc == 0)
        rc = count_prompts(model, err);
    if (rc == 0)
        rc = describe(model, err);
    if (rc == 0 && t2v_punkt_new(&model->punkt) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the sentence splitter");
    return rc;
}

int t2v_model_open(const struct t2v_model_options *options, t2v_model **out, struct t2v_err *err)
{
    t2v_model *model = t2v_alloc_zero(1, sizeof *model);
    if (model == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    model->dir = t2v_dup(options->dir, strlen(options->dir));
    int rc = model->dir == NULL ? t2v_fail(err, T2V_ENOMEM, "no memory for the model")
                                : t2v_diagnose_dir(model->dir, err);
    if (rc == 0)
        rc = t2v_file_fence(model->dir, err);
    if (rc == 0)
        rc = open_parts(model, options, err);
    if (rc == 0)
        rc = t2v_guard_check(t2v_guard_mark(), err);
    if (rc != 0) {
        t2v_model_free(model);
        return t2v_fail_in_dir(err, rc, options->dir, NULL);
    }
    if (*model->notes.text != '\0')
        t2v_log(T2V_LOG_WARN, "model",
                "vectors may differ from an index that an earlier t2v filled: it ignored %s (see "
                "CHANGELOG.md)",
                model->notes.text);
    *out = model;
    return 0;
}

void t2v_model_free(t2v_model *model)
{
    if (model == NULL)
        return;
    t2v_punkt_free(model->punkt);
    t2v_net_free(model->encoder);
    t2v_store_close(model->store);
    t2v_tokenizer_free(model->tokenizer);
    t2v_json_free(model->json);
    t2v_arena_free(&model->arena);
    t2v_transformer_deinit(&model->transformer);
    t2v_free((char *)(uintptr_t)model->config.ptr);
    t2v_free((char *)(uintptr_t)model->meta.ptr);
    t2v_free(model->encoder_dir);
    t2v_free(model->dir);
    t2v_free(model);
}

struct t2v_str t2v_model_config(const t2v_model *model)
{
    return model->meta.ptr != NULL ? model->meta : model->config;
}

const char *t2v_model_dir(const t2v_model *model)
{
    return model->dir;
}

const char *t2v_model_family(const t2v_model *model)
{
    return t2v_net_family(model->encoder);
}

const char *t2v_model_vectorizer(const t2v_model *model)
{
    return t2v_vectorizer_names[model->vectorizer];
}

const char *t2v_model_precision(const t2v_model *model)
{
    return model->form->name;
}

const char *t2v_model_cpu(const t2v_model *model)
{
    return model->kernels.name;
}

size_t t2v_model_dim(const t2v_model *model)
{
    return model->pipeline.cut_dim != 0 ? model->pipeline.cut_dim : model->pipeline.dim;
}

size_t t2v_model_max_dim(const t2v_model *model)
{
    return model->pipeline.dim;
}

size_t t2v_model_max_tok(const t2v_model *model)
{
    size_t most = model->max_tok;
    for (int i = 0; i < T2V_N_PROMPT; i++)
        most = model->task_tok[i] > most ? model->task_tok[i] : most;
    return most;
}

const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model)
{
    return model->tokenizer;
}

const t2v_net *t2v_model_encoder(const t2v_model *model)
{
    return model->encoder;
}

const t2v_store *t2v_model_store(const t2v_model *model)
{
    return model->store;
}

const char *t2v_model_pipeline(const t2v_model *model)
{
    return model->described;
}

size_t t2v_model_width(const t2v_model *model)
{
    return model->pipeline.width;
}

/* --- a request's way --- */

static int read_pooling(struct t2v_str name, enum t2v_pooling *out, struct t2v_err *err)
{
    if (name.len == 0 || t2v_str_is(name, "masked_mean"))
        *out = T2V_POOL_MEAN;
    else if (t2v_str_is(name, "cls"))
        *out = T2V_POOL_CLS;
    else
        return t2v_fail(err, T2V_EPOOLING, "invalid pooling method '%.*s'", T2V_STR_ARG(name));
    return 0;
}

/* UPSTREAM: dimensions count under sentence-transformers alone. */
int t2v_model_plan(const t2v_model *model, const struct t2v_ask *ask, struct t2v_plan *out,
                   struct t2v_err *err)
{
    const struct t2v_pipeline *pipeline = &model->pipeline;
    *out = (struct t2v_plan){
        .n_mode = pipeline->n_mode, .dim = t2v_model_dim(model), .max_tok = model->max_tok};
    memcpy(out->modes, pipeline->modes, sizeof out->modes);
    if (model->prefixes)
        out->task = ask->task;
    if (reads_pooling(model))
        return read_pooling(ask->pooling, &out->modes[0], err);
    if (model->vectorizer != T2V_VECTORIZER_SENTENCE)
        return 0;
    bool query = ask->task.ptr != NULL && t2v_str_is(ask->task, "query");
    int prompt = query ? T2V_PROMPT_QUERY : T2V_PROMPT_DOCUMENT;
    out->prompt = pipeline->prompts[prompt];
    out->n_skip = model->n_prompt_tok[prompt];
    out->max_tok = model->task_tok[prompt];
    if (ask->dimensions > 0)
        out->dim =
            (uint64_t)ask->dimensions < pipeline->dim ? (size_t)ask->dimensions : pipeline->dim;
    return 0;
}

static int ignored(const t2v_model *model, const char *flag, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EUSAGE, "--%s has no effect on %s under the vectorizer %s", flag,
                    t2v_net_family(model->encoder), t2v_vectorizer_names[model->vectorizer]);
}

int t2v_model_check_ask(const t2v_model *model, const struct t2v_ask *ask, struct t2v_err *err)
{
    bool sentence = model->vectorizer == T2V_VECTORIZER_SENTENCE;
    enum t2v_pooling mode;
    if (ask->pooling.len != 0 && !reads_pooling(model))
        return ignored(model, "pooling", err);
    if (reads_pooling(model) && read_pooling(ask->pooling, &mode, NULL) != 0)
        return t2v_fail(err, T2V_EUSAGE, "--pooling: expected masked_mean or cls, found '%.*s'",
                        T2V_STR_ARG(ask->pooling));
    if (ask->dimensions != 0 && !sentence)
        return ignored(model, "dimensions", err);
    if (ask->task.ptr == NULL || model->prefixes)
        return 0;
    if (!sentence)
        return ignored(model, "task", err);
    if (!t2v_str_is(ask->task, "query") && !t2v_str_is(ask->task, "passage"))
        return t2v_fail(err, T2V_EUSAGE, "--task: expected query or passage, found '%.*s'",
                        T2V_STR_ARG(ask->task));
    return 0;
}

void t2v_model_project(const t2v_model *model, float *rows, float *spare, size_t n_row)
{
    const struct t2v_pipeline *pipeline = &model->pipeline;
    float *x = rows, *other = spare;
    for (size_t i = 0; i < pipeline->n_step && n_row != 0; i++) {
        float *y =
            t2v_step_run(&pipeline->steps[i], &model->kernels, x, other, pipeline->width, n_row);
        if (y != x) {
            other = x;
            x = y;
        }
    }
    if (x != rows)
        memcpy(rows, x, n_row * pipeline->width * sizeof *rows);
}

void t2v_model_finish(const t2v_model *model, float *vector, size_t dim, size_t divisor)
{
    if (divisor > 1) {
        for (size_t i = 0; i < dim; i++)
            vector[i] /= (float)divisor;
    }
    if (model->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        t2v_model2vec_finish(model, vector, dim);
    else if (model->vectorizer != T2V_VECTORIZER_DEFAULT)
        t2v_normalize(vector, dim);
}
