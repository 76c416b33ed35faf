/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/embed.h"

#include <string.h>

#include "cli/command.h"
#include "cli/files/convert.h"
#include "cli/files/resume.h"

#include "base/banned.h"

struct embed {
    const struct t2v_options *options;
    struct t2v_embed_params params;
    struct t2v_rows_options output;
    t2v_embedder *model;
    t2v_engine *engine;
    t2v_records *records;
    t2v_rows *rows;
};

/* What can be wrong before the model is read, which takes long. */
static int open_input(struct embed *e, struct t2v_err *err)
{
    const struct t2v_options *options = e->options;
    const struct t2v_records_options input = {
        .text = options->text,
        .path = options->input,
        .format = options->format,
        .column = options->column,
        .no_header = options->no_header,
    };
    if (options->text != NULL && (*options->input != '\0' || *options->format != '\0'))
        return t2v_fail(err, T2V_EUSAGE, "--text excludes --%s",
                        *options->input != '\0' ? "input" : "format");
    if (*options->prompt_name != '\0' && options->prompt != NULL)
        return t2v_fail(err, T2V_EUSAGE, "--prompt-name excludes --prompt");
    if ((*options->prompt_name != '\0' || options->prompt != NULL) && *options->task != '\0')
        return t2v_fail(err, T2V_EUSAGE, "--task excludes --prompt%s",
                        options->prompt == NULL ? "-name" : "");
    int rc = t2v_rows_check(&e->output, err);
    if (rc == 0)
        rc = t2v_records_open(&input, &e->records, err);
    if (rc == 0 && options->text == NULL)
        rc = t2v_rows_check_input(&e->output, t2v_records_fd(e->records), err);
    return rc;
}

/* Under sentence-transformers a prompt of either kind takes the place of the one that --task or its
 * absence stands for. Another vectorizer has no prompts of its own. */
static int choose_prompt(struct embed *e, struct t2v_err *err)
{
    const struct t2v_options *options = e->options;
    const char *vectorizer = t2v_embedder_vectorizer(e->model);
    bool sentence = strcmp(vectorizer, "sentence-transformers") == 0;
    struct t2v_embed_resolved resolved;
    if (*options->prompt_name != '\0' && !sentence)
        return t2v_fail(err, T2V_EUSAGE, "--prompt-name has no effect under the vectorizer %s",
                        vectorizer);
    if (!sentence || (*options->prompt_name == '\0' && options->prompt == NULL))
        return 0;
    e->params.encode.given = true;
    if (options->prompt == NULL)
        e->params.encode.prompt_name = t2v_str_of(options->prompt_name);
    int rc = t2v_embed_resolve(e->model, &e->params, &resolved, err);
    if (rc != 0)
        return T2V_EUSAGE; /* err has the name, or the dimensions */
    if (options->prompt != NULL && resolved.prompt.len != 0)
        return t2v_fail(err, T2V_EUSAGE,
                        "--prompt: this model always has a prompt, which --prompt-name chooses");
    if (options->prompt != NULL && t2v_embedder_skips_prompt(e->model))
        return t2v_fail(
            err, T2V_EUSAGE,
            "--prompt: this model pools without its prompt, which --prompt-name chooses");
    return 0;
}

static int open_model(struct embed *e, size_t *width, struct t2v_err *err)
{
    struct t2v_embed_resolved resolved = {.dim = 0};
    int rc = t2v_open(e->options, true, &e->model, &e->engine, err);
    if (rc == 0)
        rc = t2v_embedder_check_params(e->model, &e->params, err);
    if (rc == 0)
        rc = choose_prompt(e, err);
    if (rc == 0)
        rc = t2v_embed_resolve(e->model, &e->params, &resolved, err);
    *width = resolved.dim;
    return rc;
}

/* The default vectorizer takes the mean of sentences, of which white space has none. */
static bool blank_is_null(const struct embed *e)
{
    return strcmp(t2v_embedder_vectorizer(e->model), "default") == 0 &&
           !e->options->direct_tokenize;
}

static int convert(struct embed *e, size_t width, size_t n_row, struct t2v_err *err)
{
    struct t2v_convert convert = {
        .records = e->records,
        .rows = e->rows,
        .engine = e->engine,
        .params = &e->params,
        .prompt =
            e->options->prompt != NULL ? t2v_str_of(e->options->prompt) : (struct t2v_str){NULL, 0},
        .width = width,
        .blank_is_null = blank_is_null(e),
        .skip_empty = e->options->skip_empty,
        .n_row = n_row,
    };
    struct t2v_record last;
    int rc = t2v_convert_skip(&convert, &last, err);
    if (rc == 0 && n_row != 0)
        rc = t2v_resume_check(&convert, &last, err);
    if (rc == 0)
        rc = t2v_rows_begin(e->rows, err);
    if (rc != 0)
        return rc;
    t2v_meter_begin(&convert.meter, e->options->progress, n_row, t2v_records_taken(e->records));
    rc = t2v_convert_run(&convert, err);
    t2v_meter_end(&convert.meter, convert.n_row);
    return rc;
}

static void deinit(struct embed *e)
{
    t2v_records_close(e->records);
    t2v_engine_free(e->engine);
    t2v_embedder_free(e->model);
}

int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err)
{
    struct embed e = {
        .options = options,
        .params =
            {
                .pooling = t2v_str_of(options->pooling),
                .task =
                    *options->task != '\0' ? t2v_str_of(options->task) : (struct t2v_str){NULL, 0},
                .dimensions = options->dimensions,
            },
        .output = {options->output, options->output_format, options->resume, options->overwrite},
    };
    size_t width, n_row;
    int rc = open_input(&e, err);
    if (rc == 0)
        rc = open_model(&e, &width, err);
    if (rc == 0)
        rc = t2v_rows_open(&e.output, width, &e.rows, &n_row, err);
    if (rc == 0)
        rc = convert(&e, width, n_row, err);
    int closed = t2v_rows_close(e.rows, rc == 0 ? err : NULL);
    deinit(&e);
    return rc != 0 ? rc : closed;
}
