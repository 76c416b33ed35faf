/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the files of a sentence-transformers pipeline: modules.json and the files that it
 * names, separated by NULs; an empty or missing one does not exist. The rest is the weights of both
 * modules with weights. A pipeline that is accepted is run.
 */
#include "model/modules.h"
#include "folder.h"
#include "task/embed/pipeline.h"
#include "task/embed/transformer.h"

static const char *const names[] = {
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    "2_Dense/config.json",
    "3_LayerNorm/config.json",
    "2_Dense/model.safetensors",
    "3_LayerNorm/model.safetensors",
};
enum { N_TEXT = 6, N_NAME = sizeof names / sizeof names[0], HIDDEN = 2, N_ROW = 2 };

/* The path stays inside the folder. */
static void check_path(const char *path)
{
    size_t n = strlen(folder.path);
    CHECK(*path == '\0' || (strncmp(path, folder.path, n) == 0 && path[n] == '/'));
    CHECK(strstr(path, "/../") == NULL);
    CHECK(strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0);
}

static void run(const struct t2v_pipeline *pipeline, const struct t2v_kernels *kernels)
{
    size_t n = N_ROW * pipeline->width, dim = pipeline->n_mode * HIDDEN;
    float *rows = calloc(n, sizeof *rows), *spare = calloc(n, sizeof *spare), *at = rows;
    CHECK(rows != NULL && spare != NULL && dim <= pipeline->width);
    for (size_t i = 0; i < n; i++)
        rows[i] = (float)i - 1;
    for (size_t i = 0; i < pipeline->n_step; i++) {
        const struct t2v_step *step = &pipeline->steps[i];
        CHECK(step->n_in == dim && step->n_out <= pipeline->width);
        dim = step->n_out;
        at = t2v_step_run(step, kernels, at, at == rows ? spare : rows, pipeline->width, N_ROW);
    }
    CHECK(dim == pipeline->dim);
    free(rows);
    free(spare);
}

static void check(const struct t2v_pipeline *pipeline, const struct t2v_kernels *kernels)
{
    struct t2v_buf text;
    CHECK(pipeline->n_mode >= 1 && pipeline->n_mode <= T2V_MAX_MODE);
    CHECK(pipeline->n_step <= T2V_MAX_STEP && pipeline->dim >= 1);
    t2v_buf_init(&text, 4096);
    t2v_pipeline_describe(pipeline, &text);
    CHECK(text.fail == 0 && text.len != 0);
    t2v_buf_deinit(&text);
    run(pipeline, kernels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct t2v_kernels kernels;
    struct t2v_arena arena = {0};
    struct t2v_pipeline pipeline;
    struct t2v_err err = {0};
    char path[T2V_PATH_BYTES];
    folder_make(names, N_NAME);
    for (int i = 0; i < N_TEXT; i++)
        folder_put_next(names[i], &data, &size);
    for (int i = N_TEXT; i < N_NAME; i++)
        folder_put(names[i], size != 0 ? data : NULL, size);
    CHECK(kernels.f32 != NULL || t2v_kernels_init(&kernels, "", NULL) == 0);
    bool is_static;
    if (t2v_modules_first(folder.path, path, &is_static, &err) == 0)
        check_path(path);
    struct t2v_transformer transformer;
    int said = t2v_transformer_read(folder.path, false, &transformer, NULL, &err);
    CHECK(said == 0 ||
          (err.code == said && strncmp(err.msg, folder.path, strlen(folder.path)) == 0));
    t2v_transformer_deinit(&transformer);
    int rc = t2v_pipeline_read(folder.path, HIDDEN, &kernels, &arena, &pipeline, &err);
    CHECK(rc == 0 || (err.code == rc && strncmp(err.msg, folder.path, strlen(folder.path)) == 0));
    if (rc == 0)
        check(&pipeline, &kernels);
    rc = t2v_pipeline_read_static(folder.path, HIDDEN, &arena, &pipeline, &err);
    CHECK(rc == 0 || (err.code == rc && strncmp(err.msg, folder.path, strlen(folder.path)) == 0));
    t2v_arena_free(&arena);
    return 0;
}
