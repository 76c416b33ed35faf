/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/embed.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/lines.h"
#include "json/write.h"

#include "base/banned.h"

struct embedder {
    t2v_engine *engine;
    struct t2v_embed_params params;
    size_t n_text; /* so far */
};

static void show_progress(size_t n, bool end)
{
    if (isatty(STDERR_FILENO) && (end || n % 100 == 0))
        fprintf(stderr, "\r%zu texts%s", n, end ? "\n" : "");
}

static int on_line(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err)
{
    struct embedder *e = user;
    struct t2v_work work = {.texts = &text, .n_text = 1, .params = &e->params};
    show_progress(e->n_text, false);
    int rc = t2v_run_work(e->engine, &work, err);
    if (rc == 0) {
        t2v_json_write_f32s(out, work.result.values, work.result.width);
        e->n_text++;
    }
    t2v_work_deinit(&work);
    return rc;
}

int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err)
{
    t2v_embedder *model = NULL;
    struct embedder e = {
        .params = {
            .pooling = t2v_str_of(options->pooling),
            .task = *options->task != '\0' ? t2v_str_of(options->task) : (struct t2v_str){NULL, 0},
            .dimensions = options->dimensions,
        }};
    int rc = t2v_open(options, false, &model, &e.engine, err);
    if (rc == 0)
        rc = t2v_embedder_check_params(model, &e.params, err);
    if (rc == 0) {
        rc = t2v_lines_each(on_line, &e, err);
        show_progress(e.n_text, true);
    }
    t2v_engine_free(e.engine);
    t2v_embedder_free(model);
    return rc;
}
