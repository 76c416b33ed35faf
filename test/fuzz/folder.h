/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_FOLDER_H
#define T2V_TEST_FUZZ_FOLDER_H
/*
 * For targets whose parser takes a model directory: a folder of this process's own, in memory where
 * the system has such a place (some ten thousand files are written a second), and what is done with
 * the tokenizer that lies in it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "text/utf8.h"
#include "token/tokenizer.h"

enum { MAX_TOK = 20, MAX_FILES = 4 };

static struct {
    char path[64];
    const char *names[MAX_FILES];
    int n;
} folder;

static void folder_path(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder.path, name);
}

static void folder_remove(void)
{
    char path[128];
    for (int i = 0; i < folder.n; i++) {
        folder_path(path, folder.names[i]);
        unlink(path);
    }
    rmdir(folder.path);
}

/* The names of the files that the target may put there; they are removed at exit. */
static void folder_make(const char *const *names, int n)
{
    const char *tmp = getenv("TMPDIR");
    if (folder.path[0] != '\0')
        return;
    CHECK(n <= MAX_FILES);
    for (int i = 0; i < n; i++)
        folder.names[folder.n++] = names[i];
    snprintf(folder.path, sizeof folder.path, "/dev/shm/t2v-fuzz-XXXXXX");
    if (mkdtemp(folder.path) == NULL) {
        snprintf(folder.path, sizeof folder.path, "%.32s/t2v-fuzz-XXXXXX", tmp != NULL ? tmp : ".");
        CHECK(mkdtemp(folder.path) != NULL);
    }
    atexit(folder_remove);
}

/* The file holds these bytes now, or is not there when data is NULL. */
static void folder_put(const char *name, const uint8_t *data, size_t size)
{
    char path[128];
    folder_path(path, name);
    if (data == NULL) {
        unlink(path);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void encode(const t2v_tokenizer *tokenizer, t2v_token_space *space, struct t2v_str text)
{
    struct t2v_ids ids = {0};
    struct t2v_err err = {0};
    if (!t2v_utf8_valid(text, NULL) || t2v_tokenizer_n_special(tokenizer) > MAX_TOK)
        return;
    int rc = t2v_tokenizer_encode(tokenizer, space, text, MAX_TOK, &ids, &err);
    CHECK(rc == 0 || err.msg[0] != '\0');
    if (rc == 0) {
        CHECK(ids.len >= t2v_tokenizer_n_special(tokenizer) && ids.len <= MAX_TOK);
        for (size_t i = 0; i < ids.len; i++)
            CHECK(ids.ptr[i] >= 0 && ids.ptr[i] <= t2v_tokenizer_max_id(tokenizer));
    }
    t2v_ids_deinit(&ids);
}

/* Opens the folder's tokenizer and has it encode some texts, this one last. */
static void folder_tokenize(struct t2v_str text)
{
    t2v_tokenizer *tokenizer = NULL;
    t2v_token_space *space = NULL;
    struct t2v_err err = {0};
    int rc = t2v_tokenizer_open(folder.path, &tokenizer, &err);
    CHECK(rc == 0 ? tokenizer != NULL : tokenizer == NULL && err.msg[0] != '\0');
    if (rc == 0) {
        CHECK(t2v_tokenizer_describe(tokenizer) != NULL && t2v_token_space_new(&space) == 0);
        encode(tokenizer, space, T2V_STR(""));
        encode(tokenizer, space,
               T2V_STR("Hello, [MASK] w\xc3\xb6rld!  \xe4\xb8\xad\xe6\x96\x87 e\xcc\x81\n"));
        encode(tokenizer, space, text);
    }
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

#endif
