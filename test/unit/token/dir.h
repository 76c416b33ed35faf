/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_TOKEN_DIR_H
#define TEST_TOKEN_DIR_H
/* A model directory that a test writes file by file, and reads golden JSON from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "json/json.h"

enum { DIR_PATH = 256 };

static const char *const dir_files[] = {
    "tokenizer.json", "tokenizer_config.json",   "special_tokens_map.json",
    "vocab.txt",      "added_tokens.json",       "config.json",
    "spiece.model",   "sentencepiece.bpe.model", "vocab.json",
    "merges.txt",
};

static inline void dir_make(char dir[DIR_PATH])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, DIR_PATH, "%s/t2v-token-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
}

static inline void dir_write(const char *dir, const char *name, struct t2v_str bytes)
{
    char path[DIR_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static inline void dir_remove(const char *dir)
{
    for (size_t i = 0; i < sizeof dir_files / sizeof *dir_files; i++) {
        char path[DIR_PATH + 64];
        snprintf(path, sizeof path, "%s/%s", dir, dir_files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
}

/* Copies those of dir_files that are in from, less `without` (may be NULL). */
static inline void dir_copy(const char *dir, const char *from, const char *without)
{
    for (size_t i = 0; i < sizeof dir_files / sizeof *dir_files; i++) {
        char path[1024];
        static char bytes[1 << 20];
        snprintf(path, sizeof path, "%.900s/%s", from, dir_files[i]);
        FILE *f = without != NULL && strcmp(dir_files[i], without) == 0 ? NULL : fopen(path, "rb");
        if (f == NULL)
            continue;
        size_t n = fread(bytes, 1, sizeof bytes, f);
        assert_in_range(n, 1, sizeof bytes - 1);
        fclose(f);
        dir_write(dir, dir_files[i], (struct t2v_str){bytes, n});
    }
}

/* Copies one file. */
static inline void dir_add(const char *dir, const char *name, const char *from)
{
    static char bytes[1 << 20];
    FILE *f = fopen(from, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    assert_in_range(n, 1, sizeof bytes - 1);
    fclose(f);
    dir_write(dir, name, (struct t2v_str){bytes, n});
}

static inline t2v_json *golden(const char *name)
{
    char path[1024];
    t2v_json *root = NULL;
    struct t2v_err err;
    snprintf(path, sizeof path, T2V_TEST_DIR "/golden/%.500s", name);
    if (t2v_json_load(path, 64 << 20, &root, &err) != 0)
        fail_msg("%s", err.msg);
    return root;
}

#endif
