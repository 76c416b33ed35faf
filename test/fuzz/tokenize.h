/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_TOKENIZE_H
#define T2V_TEST_FUZZ_TOKENIZE_H
/* What is done with the tokenizer that lies in the folder. */
#include "base/utf8.h"
#include "folder.h"
#include "token/encode.h"
#include "token/tokenizer.h"

enum { MAX_TOK = 20 };

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
