/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"

#include "base/banned.h"

int t2v_thread_count(const struct t2v_options *options)
{
    return options->threads > 0 ? (int)options->threads : t2v_cpus();
}

size_t t2v_resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*s %ld", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* UPSTREAM: the images of model2vec's server have the model in another directory. */
const char *t2v_model_place(const struct t2v_options *options, const char *dir)
{
    static const char usual[] = "./models/model", of_model2vec[] = "/app/models";
    bool other = strcmp(options->vectorizer, "model2vec") == 0 && strcmp(dir, usual) == 0 &&
                 access(usual, F_OK) != 0 && errno == ENOENT;
    return other ? of_model2vec : dir;
}

bool t2v_names_vectorizer(const struct t2v_options *options)
{
    return strcmp(options->vectorizer, "auto") != 0 || options->sentence_transformers ||
           options->onnx_runtime;
}

struct t2v_engine_options t2v_engine_options_of(const struct t2v_options *options, bool leader)
{
    return (struct t2v_engine_options){
        .n_thread = t2v_thread_count(options),
        .leader = leader,
        .max_queue = options->server.max_queue > 0 ? (size_t)options->server.max_queue : 1,
        .max_text_tok = (size_t)options->max_text_tok,
    };
}

struct t2v_generator_options t2v_generator_options_of(const struct t2v_options *options,
                                                      const char *dir)
{
    return (struct t2v_generator_options){
        .dir = dir,
        .precision = *options->precision != '\0' ? options->precision : "f32",
        .cpu = options->cpu,
        .threads = t2v_thread_count(options),
        .cache_bytes = (size_t)options->kv_cache,
    };
}

int t2v_open_model_at(const struct t2v_options *options, const char *dir, t2v_embedder **model,
                      struct t2v_err *err)
{
    const struct t2v_embedder_options of_model = {
        .dir = dir,
        .vectorizer = options->vectorizer,
        .precision = options->precision,
        .cpu = options->cpu,
        .threads = t2v_thread_count(options),
        .bidirectional = options->bidirectional,
        .direct_tokenize = options->direct_tokenize,
        .char_cut = options->char_cut,
        .sentence_transformers = options->sentence_transformers,
        .onnx_runtime = options->onnx_runtime,
        .query_passage_prefixes = options->query_passage_prefixes,
    };
    return t2v_embedder_open(&of_model, model, err);
}

int t2v_open_model(const struct t2v_options *options, t2v_embedder **model, struct t2v_err *err)
{
    return t2v_open_model_at(options, t2v_model_place(options, options->model), model, err);
}

int t2v_open(const struct t2v_options *options, bool leader, t2v_embedder **model,
             t2v_engine **engine, struct t2v_err *err)
{
    const struct t2v_engine_options of_engine = t2v_engine_options_of(options, leader);
    int rc = t2v_open_model(options, model, err);
    if (rc != 0)
        return rc;
    const struct t2v_task *task = t2v_embedder_task(*model);
    rc = t2v_engine_new(&task, 1, &of_engine, engine, err);
    if (rc != 0) {
        t2v_embedder_free(*model);
        *model = NULL;
    }
    return rc;
}

int t2v_run_work(t2v_engine *engine, struct t2v_work *work, struct t2v_err *err)
{
    t2v_engine_run(engine, work);
    return work->err.code != 0 ? t2v_fail(err, work->err.code, "%s", work->err.msg) : 0;
}
