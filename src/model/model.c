/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/model.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "json/overlay.h"
#include "model/diagnose.h"
#include "model/place.h"

#include "base/banned.h"

struct t2v_model {
    char *dir;
    char *net_dir;
    bool is_static;
    struct t2v_json_file config;
    t2v_store *store;
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    t2v_net *net;
    t2v_tokenizer *tokenizer;
    struct t2v_notes notes;
};

/* --- finding --- */

static int find_parts(t2v_model *model, bool as_model2vec, struct t2v_err *err)
{
    struct t2v_place place;
    int rc = t2v_place_find(model->dir, as_model2vec, &place, err);
    if (rc != 0)
        return rc;
    model->net_dir = t2v_dup(place.dir, strlen(place.dir));
    model->config = place.config;
    model->is_static = place.is_static;
    if (model->net_dir == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    return model->is_static ? 0 : t2v_net_check(model->config.root, err);
}

int t2v_model_find(const char *dir, bool as_model2vec, t2v_model **out, struct t2v_err *err)
{
    t2v_model *model = t2v_alloc_zero(1, sizeof *model);
    if (model == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    model->dir = t2v_dup(dir, strlen(dir));
    int rc = model->dir == NULL ? t2v_fail(err, T2V_ENOMEM, "no memory for the model")
                                : t2v_diagnose_dir(dir, err);
    if (rc == 0)
        rc = t2v_file_fence(dir, err);
    if (rc == 0)
        rc = find_parts(model, as_model2vec, err);
    if (rc != 0)
        t2v_model_free(model);
    else
        *out = model;
    return t2v_fail_in_dir(err, rc, dir, NULL);
}

void t2v_model_free(t2v_model *model)
{
    if (model == NULL)
        return;
    t2v_net_free(model->net);
    t2v_store_close(model->store);
    t2v_tokenizer_free(model->tokenizer);
    t2v_json_file_deinit(&model->config);
    t2v_free(model->net_dir);
    t2v_free(model->dir);
    t2v_free(model);
}

/* --- loading --- */

/* Lays args over config.json; its text stays the file's. */
static int overlay_config(t2v_model *model, struct t2v_str args, struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_json *json = NULL;
    t2v_buf_init(&text, (size_t)32 << 20);
    int rc = t2v_json_overlay(model->config.text, args, &text);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for config.json");
    else
        rc = t2v_json_parse_python(t2v_buf_str(&text), &json, err);
    t2v_buf_deinit(&text);
    if (rc != 0)
        return rc;
    t2v_json_free(model->config.root);
    model->config.root = json;
    return 0;
}

/* The tokenizer opens on a thread of its own: a vocabulary of 250,000 words takes as long as the
 * weights. */
struct tokenizer_job {
    t2v_model *model;
    struct t2v_str args;
    pthread_t thread;
    bool started;
    int rc;
    struct t2v_err err;
};

static void *open_tokenizer(void *arg)
{
    struct tokenizer_job *job = arg;
    t2v_model *model = job->model;
    job->rc =
        model->is_static
            ? t2v_tokenizer_open_alone(model->net_dir, &model->tokenizer, &job->err)
            : t2v_tokenizer_open_with(model->net_dir, job->args, &model->tokenizer, &job->err);
    return NULL;
}

/* As the setting says; a warning in the log where the family ignores it. */
static enum t2v_bidirectional read_bidirectional(const t2v_model *model, const char *word)
{
    static const char family[] = "gemma3_text";
    if (word == NULL || strcmp(word, "auto") == 0)
        return T2V_BIDIRECTIONAL_AUTO;
    if (!t2v_str_is(t2v_json_str(t2v_json_get(t2v_net_text(model->config.root), "model_type")),
                    family))
        t2v_log(T2V_LOG_WARN, "model", "bidirectional-attention is for %s alone, and ignored here",
                family);
    return strcmp(word, "true") == 0 ? T2V_BIDIRECTIONAL_TRUE : T2V_BIDIRECTIONAL_FALSE;
}

static int open_weights(t2v_model *model, const struct t2v_model_options *options,
                        struct t2v_err *err)
{
    const struct t2v_net_options of_net = {
        .n_lane = options->threads > 1 ? options->threads : 1,
        .bidirectional = read_bidirectional(model, options->bidirectional),
        .head = options->head,
    };
    int rc = t2v_store_open(model->net_dir, &model->store, err);
    if (rc == 0 && model->is_static)
        return t2v_net_open_static(model->store, &model->kernels, options->weighted, &model->net,
                                   err);
    if (rc == 0)
        rc = t2v_net_open(model->config.root, model->store, &model->kernels, model->form, &of_net,
                          &model->net, err);
    return rc;
}

/* Where both fail it is the tokenizer's error that is reported, whichever came first. */
static int open_files(t2v_model *model, const struct t2v_model_options *options,
                      struct t2v_err *err)
{
    struct tokenizer_job job = {.model = model, .args = options->tokenizer_args};
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

int t2v_model_load(t2v_model *model, const struct t2v_model_options *options, struct t2v_err *err)
{
    int rc = 0;
    if (options->config_args.ptr != NULL)
        rc = overlay_config(model, options->config_args, err);
    if (rc == 0)
        rc = t2v_kernels_init(&model->kernels, options->cpu, err);
    if (rc == 0)
        rc = t2v_kernels_form(&model->kernels, options->precision, &model->form, err);
    if (rc == 0)
        rc = open_files(model, options, err);
    if (rc == 0 && t2v_net_is_static(model->net))
        model->form = model->kernels.f32; /* whatever was asked for: nothing is multiplied */
    return rc;
}

/* --- limits --- */

static int check_rows(const t2v_model *model, int32_t max_id, const struct t2v_model_use *use,
                      struct t2v_err *err)
{
    size_t n_row = t2v_net_shape(model->net)->vocab;
    if (max_id < 0)
        return t2v_fail(err, T2V_EFORMAT, "the tokenizer has no token");
    if ((size_t)max_id < n_row)
        return 0;
    if (use->every_row)
        return t2v_fail(err, T2V_EFORMAT,
                        "the tokenizer's largest id is %" PRId32
                        ", but the embeddings have only %zu rows",
                        max_id, n_row);
    if (use->again)
        return 0;
    t2v_log(T2V_LOG_WARN, "model",
            "the tokenizer's largest id is %" PRId32
            ", but the embeddings have only %zu rows: a text with a token that has none gets "
            "status 500",
            max_id, n_row);
    return 0;
}

int t2v_model_fit(const t2v_model *model, const struct t2v_model_use *use, size_t *max_tok,
                  struct t2v_err *err)
{
    const struct t2v_shape *shape = t2v_net_shape(model->net);
    size_t n_special = t2v_tokenizer_n_special(model->tokenizer), of_pair;
    int32_t max_id = t2v_tokenizer_max_id(model->tokenizer), pair_id, max_type;
    if (use->pairs && t2v_tokenizer_pair(model->tokenizer, &of_pair, &pair_id, &max_type)) {
        max_id = pair_id > max_id ? pair_id : max_id;
        n_special = of_pair > n_special ? of_pair : n_special;
    }
    int rc = check_rows(model, max_id, use, err);
    if (rc != 0)
        return rc;
    *max_tok = use->limit < shape->max_tok ? use->limit : shape->max_tok;
    if (n_special > *max_tok)
        return t2v_fail(err, T2V_EFORMAT,
                        "%zu special tokens, but a sequence is at most %zu tokens", n_special,
                        *max_tok);
    return 0;
}

enum { SPELLED_BYTES = 160 }; /* of a token, in a message */

static int refuse_token(const t2v_model *model, int32_t id, struct t2v_err *err)
{
    struct t2v_buf spelled;
    t2v_buf_init(&spelled, SIZE_MAX);
    int rc = t2v_tokenizer_spell(model->tokenizer, id, &spelled);
    struct t2v_str token = t2v_buf_str(&spelled);
    if (token.len > SPELLED_BYTES) {
        for (token.len = SPELLED_BYTES; t2v_utf8_is_tail(token.ptr[token.len]);)
            token.len--;
    }
    rc = rc != 0
             ? t2v_fail(err, rc, "no memory for a message")
             : t2v_fail(err, T2V_EMODEL, "token %" PRId32 " ('%.*s') has no row in the embeddings",
                        id, T2V_STR_ARG(token));
    t2v_buf_deinit(&spelled);
    return rc;
}

/* UPSTREAM: a tokenizer may have more ids than the embeddings have rows. The libraries run such a
 * model, and fail where a text has one of those tokens. */
int t2v_model_check_ids(const t2v_model *model, const struct t2v_ids *ids, struct t2v_err *err)
{
    size_t n_row = t2v_net_shape(model->net)->vocab;
    for (size_t i = 0; i < ids->len; i++) {
        if ((size_t)ids->ptr[i] >= n_row)
            return refuse_token(model, ids->ptr[i], err);
    }
    return 0;
}

/* --- what it is --- */

const char *t2v_model_dir(const t2v_model *model)
{
    return model->dir;
}

const char *t2v_model_net_dir(const t2v_model *model)
{
    return model->net_dir;
}

bool t2v_model_is_static(const t2v_model *model)
{
    return model->is_static;
}

struct t2v_str t2v_model_config(const t2v_model *model)
{
    return model->config.text;
}

const t2v_json *t2v_model_settings(const t2v_model *model)
{
    return model->config.root;
}

const char *t2v_model_family(const t2v_model *model)
{
    return t2v_net_family(model->net);
}

const char *t2v_model_precision(const t2v_model *model)
{
    return model->form->name;
}

const char *t2v_model_cpu(const t2v_model *model)
{
    return model->kernels.name;
}

const struct t2v_kernels *t2v_model_kernels(const t2v_model *model)
{
    return &model->kernels;
}

const struct t2v_form *t2v_model_form(const t2v_model *model)
{
    return model->form;
}

const t2v_net *t2v_model_net(const t2v_model *model)
{
    return model->net;
}

const t2v_store *t2v_model_store(const t2v_model *model)
{
    return model->store;
}

const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model)
{
    return model->tokenizer;
}

t2v_tokenizer *t2v_model_own_tokenizer(t2v_model *model)
{
    return model->tokenizer;
}

struct t2v_notes *t2v_model_notes(t2v_model *model)
{
    return &model->notes;
}
