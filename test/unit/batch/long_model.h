/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_BATCH_LONG_MODEL_H
#define T2V_TEST_BATCH_LONG_MODEL_H
/* A model whose batches may take long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "task/embed/open.h"

/* Copies a file of a model; the first `from` in it, if there is one, is replaced by "9999". */
static inline void copy_with(const char *dir, const char *name, const char *from)
{
    char path[600], *bytes;
    size_t len, n = strlen(from), at = 0;
    snprintf(path, sizeof path, "%s/golden/qwen3-embedding/%s", T2V_TEST_DIR, name);
    assert_int_equal(t2v_file_read(path, (size_t)1 << 30, &bytes, &len, NULL), 0);
    while (at + n <= len && memcmp(bytes + at, from, n) != 0)
        at++;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (n == 0 || at + n > len)
        at = 0, n = 0;
    fwrite(bytes, 1, at, file);
    fputs(n != 0 ? "9999" : "", file);
    fwrite(bytes + at + n, 1, len - at - n, file);
    assert_int_equal(fclose(file), 0);
    t2v_free(bytes);
}

static const char *const long_files[][2] = {{"config.json", "1024"},
                                            {"tokenizer_config.json", "512"},
                                            {"sentence_bert_config.json", "512"},
                                            {"tokenizer.json", ""},
                                            {"model.safetensors", ""}};
enum { N_LONG_FILE = sizeof long_files / sizeof *long_files };

/* A model that takes sequences of 9,999 tokens, with plain C kernels, so that one of them is long
 * on every machine. */
static inline t2v_embedder *open_long_model(char *dir)
{
    t2v_embedder *out;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < N_LONG_FILE; i++)
        copy_with(dir, long_files[i][0], long_files[i][1]);
    struct t2v_embedder_options options = {
        .dir = dir, .vectorizer = "sentence-transformers", .precision = "", .cpu = "c"};
    assert_int_equal(t2v_embedder_open(&options, &out, NULL), 0);
    return out;
}

static inline void remove_long_model(const char *dir, t2v_embedder *it)
{
    char path[600];
    t2v_embedder_free(it);
    for (size_t i = 0; i < N_LONG_FILE; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, long_files[i][0]);
        unlink(path);
    }
    rmdir(dir);
}

#endif
