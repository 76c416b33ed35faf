/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/models.h"
#include "http/server.h"
#include "kernel/kernel.h"
#include "version.h"

#include "base/banned.h"

static double megabytes(size_t bytes)
{
    return (double)bytes / (1 << 20);
}

/* mb: what the process has grown by when the model was opened. */
static void log_model(const struct t2v_served *served)
{
    double mb = megabytes(served->resident_bytes);
    const t2v_model *model = served->model;
    const t2v_embedder *embedder = served->embedder;
    if (embedder != NULL)
        t2v_log(T2V_LOG_INFO, "model",
                "open path=%s family=%s vectorizer=%s precision=%s dim=%zu name=%s mb=%.1f",
                t2v_model_dir(model), t2v_model_family(model), t2v_embedder_vectorizer(embedder),
                t2v_model_precision(model), t2v_embedder_dim(embedder), served->name, mb);
    else if (served->generator != NULL)
        t2v_log(T2V_LOG_INFO, "model",
                "open path=%s family=%s precision=%s max_tokens=%zu name=%s mb=%.1f",
                t2v_model_dir(model), t2v_model_family(model), t2v_model_precision(model),
                served->max_tok, served->name, mb);
    else
        t2v_log(T2V_LOG_INFO, "model",
                "open path=%s family=%s labels=%zu precision=%s name=%s mb=%.1f",
                t2v_model_dir(model), t2v_model_family(model),
                t2v_classifier_n_label(served->classifier), t2v_model_precision(model),
                served->name, mb);
}

static void log_start(const struct t2v_options *options, const struct t2v_opened_models *opened)
{
    const struct t2v_models *models = &opened->list;
    const t2v_model *model = models->list[0].model;
    for (size_t i = 0; i < models->n; i++)
        log_model(&models->list[i]);
    t2v_log(T2V_LOG_INFO, "kernel", "chosen kernels=%s blas=%s threads=%d", t2v_model_cpu(model),
            t2v_blas_name(), t2v_thread_count(options));
    t2v_log(T2V_LOG_INFO, "model", "all are open models=%zu resident_mb=%.0f", models->n,
            megabytes(t2v_resident_bytes()));
    if (strcmp(t2v_model_precision(model), "f32") != 0)
        t2v_log(T2V_LOG_WARN, "model",
                "vectors are near those of f32, but not the same: an index needs one precision for "
                "all of its vectors precision=%s",
                t2v_model_precision(model));
    const char *forced = getenv("OPENBLAS_CORETYPE");
    if (forced != NULL && *forced != '\0' && strcmp(t2v_model_cpu(model), "blas") == 0)
        t2v_log(T2V_LOG_WARN, "kernel",
                "OPENBLAS_CORETYPE forces the core of OpenBLAS; one that is too low halves the "
                "speed core=%.40s",
                forced);
}

int t2v_command_serve(const struct t2v_options *options, struct t2v_err *err)
{
    uint64_t begun = t2v_clock_ns();
    t2v_log_setup(t2v_log_level_of(options->log_level), strcmp(options->log_format, "json") == 0);
    t2v_log_never_wait(true);
    t2v_options_log_environment();
    struct t2v_opened_models models = {0};
    t2v_server *server = NULL;
    int fd;
    int rc = t2v_server_bind(&options->server, &fd, err);
    if (rc != 0)
        return rc;
    rc = t2v_models_open(options, &models, err);
    if (rc == 0 && (rc = t2v_guard_watch()) != 0)
        t2v_fail(err, rc, "no memory for what watches the model's files");
    if (rc == 0) {
        log_start(options, &models); /* before anybody can connect */
        rc = t2v_server_new(&options->server, fd, models.engine, &models.list, T2V_VERSION, &server,
                            err);
    } else {
        close(fd);
    }
    if (rc == 0) {
        t2v_log(T2V_LOG_INFO, "http", "ready ms=%.0f", (double)(t2v_clock_ns() - begun) / 1e6);
        rc = t2v_server_run(server, err);
        if (t2v_server_is_abandoned(server) && *err->msg == '\0')
            _exit(rc == 0 ? 0 : 1);
    }
    t2v_server_free(server);
    t2v_engine_free(models.engine);
    models.engine = NULL;
    t2v_guard_unwatch();
    t2v_models_close(&models);
    return rc;
}
