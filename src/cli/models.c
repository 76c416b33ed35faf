/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/models.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "model/kind.h"

#include "base/banned.h"

/* --- names --- */

/* The last part of a path: "minilm" of "models/minilm/". */
static struct t2v_str last_part(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return (struct t2v_str){path + begin, end - begin};
}

static int set_name(struct t2v_opened_models *models, size_t i,
                    const struct t2v_model_choice *option, struct t2v_err *err)
{
    struct t2v_str name = option->name.len != 0 ? option->name : last_part(option->dir);
    struct t2v_opened *opened = &models->opened[i];
    if (name.len >= sizeof opened->name)
        return t2v_fail(err, T2V_EUSAGE, "--model: a name has %zu bytes at most",
                        sizeof opened->name - 1);
    memcpy(opened->name, name.ptr, name.len);
    for (size_t j = 0; j < i; j++) {
        if (strcmp(models->opened[j].name, opened->name) == 0)
            return t2v_fail(err, T2V_EUSAGE,
                            "--model: two models are called %s: give names with --model NAME=DIR",
                            opened->name);
    }
    return 0;
}

/* --- opening one --- */

/* Vectors as sentence-transformers makes them. Where these cannot be had, or the settings say so,
 * all routes give those of /vectors. */
static int open_sentence(const struct t2v_options *options, struct t2v_opened *opened,
                         struct t2v_served *served, struct t2v_err *err)
{
    struct t2v_err why = {0};
    int rc = strcmp(options->embeddings_formula, "vectors") != 0
                 ? t2v_embedder_open_sentence(opened->embedder, &opened->sentence, &why)
                 : 0;
    if (rc == T2V_EUNSUPPORTED)
        t2v_log(T2V_LOG_WARN, "model", "all routes embed as /vectors does: %s", why.msg);
    served->sentence = opened->sentence != NULL ? opened->sentence : opened->embedder;
    return rc == 0 || rc == T2V_EUNSUPPORTED ? 0 : t2v_fail(err, rc, "%s", why.msg);
}

/* The hidden states of tokens. */
static int open_tokens(struct t2v_opened *opened, struct t2v_served *served, struct t2v_err *err)
{
    if (t2v_model_is_static(served->model))
        return 0;
    int rc = t2v_token_embedder_open(served->sentence, &opened->tokens, err);
    served->tokens = opened->tokens;
    return rc;
}

/* What else the embedder's model can do. */
static int open_beside(struct t2v_opened *opened, struct t2v_served *served, struct t2v_err *err)
{
    const t2v_model *model = served->model;
    struct t2v_err why = {0};
    int rc = 0;
    if (t2v_multi_is_meant(model))
        rc = t2v_multi_open(opened->embedder, &opened->multi, &why);
    else if (t2v_sparse_can(model))
        rc = t2v_sparse_open(opened->embedder, &opened->sparse, &why);
    if (rc == T2V_EUNSUPPORTED)
        t2v_log(T2V_LOG_WARN, "model", "it only embeds: %s", why.msg);
    served->multi = opened->multi;
    served->sparse = opened->sparse;
    served->abilities |= (opened->multi != NULL ? (unsigned)T2V_CAN_MULTI : 0) |
                         (opened->sparse != NULL ? (unsigned)T2V_CAN_SPARSE : 0);
    return rc == 0 || rc == T2V_EUNSUPPORTED ? 0 : t2v_fail(err, rc, "%s", why.msg);
}

static int open_embedder(const struct t2v_options *options, const char *dir,
                         struct t2v_opened *opened, struct t2v_served *served, struct t2v_err *err)
{
    int rc = t2v_open_model_at(options, dir, &opened->embedder, err);
    if (rc != 0)
        return rc;
    served->abilities = T2V_CAN_EMBED;
    served->embedder = opened->embedder;
    served->model = t2v_embedder_model(opened->embedder);
    served->max_tok = t2v_embedder_max_tok(opened->embedder);
    rc = open_sentence(options, opened, served, err);
    if (rc == 0)
        rc = open_tokens(opened, served, err);
    return rc == 0 ? open_beside(opened, served, err) : rc;
}

static int open_classifier(const struct t2v_options *options, const char *dir,
                           struct t2v_opened *opened, struct t2v_served *served,
                           struct t2v_err *err)
{
    const struct t2v_classifier_options of_classifier = {
        .dir = dir,
        .precision = *options->precision != '\0' ? options->precision : "f32",
        .cpu = options->cpu,
        .threads = t2v_thread_count(options),
    };
    int rc = t2v_classifier_open(&of_classifier, &opened->classifier, err);
    if (rc != 0)
        return rc;
    const t2v_classifier *classifier = opened->classifier;
    enum t2v_classifier_kind kind = t2v_classifier_kind(classifier);
    served->abilities = kind == T2V_CLASSIFY_SPAN                 ? T2V_CAN_READ
                        : kind == T2V_CLASSIFY_TOKEN              ? T2V_CAN_TAG
                        : t2v_classifier_n_label(classifier) == 1 ? T2V_CAN_RANK | T2V_CAN_LABEL
                                                                  : T2V_CAN_LABEL;
    served->classifier = classifier;
    served->model = t2v_classifier_model(classifier);
    served->max_tok = t2v_classifier_task(classifier)->max_tok;
    return 0;
}

static int open_generator(const struct t2v_options *options, const char *dir,
                          struct t2v_opened *opened, struct t2v_served *served, struct t2v_err *err)
{
    const struct t2v_generator_options of_generator = t2v_generator_options_of(options, dir);
    int rc = t2v_generator_open(&of_generator, &opened->generator, err);
    if (rc == 0)
        rc = t2v_chat_open(dir, &opened->chat, err);
    if (rc != 0)
        return rc;
    const char *fault = opened->chat != NULL ? t2v_chat_fault(opened->chat) : NULL;
    if (fault != NULL)
        t2v_log(T2V_LOG_WARN, "model", "%s: chats are refused: %s", opened->name, fault);
    served->abilities = T2V_CAN_GENERATE;
    served->generator = opened->generator;
    served->chat = opened->chat;
    served->model = t2v_generator_model(opened->generator);
    served->max_tok = t2v_generator_max_tok(opened->generator);
    return 0;
}

static bool is_classifier(enum t2v_kind kind)
{
    return kind == T2V_KIND_RERANKER || kind == T2V_KIND_CLASSIFIER || kind == T2V_KIND_READER ||
           kind == T2V_KIND_TAGGER;
}

/* What the directory is for, as the settings and it itself say. */
static int find_kind(const struct t2v_options *options, const char *dir, enum t2v_kind *kind,
                     struct t2v_err *err)
{
    bool embeds = strcmp(options->serve_task, "embed") == 0;
    int rc = t2v_kind_find(dir, embeds || t2v_names_vectorizer(options), kind, err);
    if (strcmp(options->serve_task, "generate") == 0)
        *kind = T2V_KIND_GENERATOR;
    return rc;
}

static int open_one(const struct t2v_options *options, size_t i, struct t2v_opened_models *models,
                    struct t2v_err *err)
{
    const struct t2v_model_choice *option = &options->models.list[i];
    struct t2v_opened *opened = &models->opened[i];
    struct t2v_served *served = &models->served[i];
    const char *dir = t2v_model_place(options, option->dir);
    enum t2v_kind kind = T2V_KIND_EMBEDDER;
    int rc = set_name(models, i, option, err);
    if (rc == 0)
        rc = find_kind(options, dir, &kind, err);
    if (rc != 0)
        return rc;
    served->name = opened->name;
    models->list.n = i + 1;
    size_t before = t2v_resident_bytes();
    if (is_classifier(kind))
        rc = open_classifier(options, dir, opened, served, err);
    else if (kind == T2V_KIND_GENERATOR)
        rc = open_generator(options, dir, opened, served, err);
    else
        rc = open_embedder(options, dir, opened, served, err);
    size_t after = t2v_resident_bytes();
    served->resident_bytes = after > before ? after - before : 0;
    return rc;
}

/* --- opening all --- */

static size_t list_tasks(const struct t2v_opened_models *models, const struct t2v_task **tasks)
{
    size_t n = 0;
    for (size_t i = 0; i < models->list.n; i++)
        n += t2v_served_tasks(&models->served[i], tasks + n);
    return n;
}

int t2v_models_open(const struct t2v_options *options, struct t2v_opened_models *models,
                    struct t2v_err *err)
{
    *models = (struct t2v_opened_models){.list = {.list = models->served}};
    for (size_t i = 0; i < options->models.n; i++) {
        int rc = open_one(options, i, models, err);
        if (rc != 0)
            return rc;
    }
    const struct t2v_task *tasks[T2V_SERVED_TASKS * T2V_MAX_MODELS];
    const struct t2v_engine_options of_engine = t2v_engine_options_of(options, true);
    return t2v_engine_new(tasks, list_tasks(models, tasks), &of_engine, &models->engine, err);
}

void t2v_models_close(struct t2v_opened_models *models)
{
    t2v_engine_free(models->engine);
    for (size_t i = 0; i < models->list.n; i++) {
        struct t2v_opened *opened = &models->opened[i];
        t2v_multi_free(opened->multi);
        t2v_sparse_free(opened->sparse);
        t2v_token_embedder_free(opened->tokens);
        t2v_embedder_free(opened->sentence);
        t2v_embedder_free(opened->embedder);
        t2v_classifier_free(opened->classifier);
        t2v_chat_free(opened->chat);
        t2v_generator_free(opened->generator);
    }
    *models = (struct t2v_opened_models){0};
}
