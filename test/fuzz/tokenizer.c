/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as tokenizer.json, then texts through it. What follows the last NUL of the input, if
 * there is one, is a text, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "text/utf8.h"
#include "token/tokenizer.h"

enum { MAX_TOK = 20 };

static char folder[64], path[96];

static void clean_up(void)
{
    unlink(path);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.32s/t2v-fuzz-XXXXXX", tmp != NULL ? tmp : ".");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    atexit(clean_up);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (folder[0] == '\0')
        make_folder();
    const uint8_t *nul = size != 0 ? memrchr(data, '\0', size) : NULL;
    size_t n_json = nul != NULL ? (size_t)(nul - data) : size;
    struct t2v_str more = {(const char *)data + n_json, size - n_json};
    if (more.len != 0)
        more = t2v_str_skip(more, 1);

    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(data, 1, n_json, file) == n_json);
    fclose(file);
    t2v_tokenizer *tokenizer = NULL;
    t2v_token_space *space = NULL;
    struct t2v_err err = {0};
    int rc = t2v_tokenizer_open(folder, &tokenizer, &err);
    CHECK(rc == 0 ? tokenizer != NULL : tokenizer == NULL && err.msg[0] != '\0');
    if (rc == 0) {
        CHECK(t2v_tokenizer_describe(tokenizer) != NULL && t2v_token_space_new(&space) == 0);
        encode(tokenizer, space, T2V_STR(""));
        encode(tokenizer, space,
               T2V_STR("Hello, [MASK] w\xc3\xb6rld!  \xe4\xb8\xad\xe6\x96\x87 e\xcc\x81\n"));
        encode(tokenizer, space, more);
    }
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
    return 0;
}
