/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tokens.h"

#include "cli/lines.h"
#include "model/diagnose.h"
#include "task/embed/embedder.h"
#include "token/tokenizer.h"

#include "base/banned.h"

/* UPSTREAM: the default vectorizer's limit. Static embeddings have that of tokenizer.json. */
enum { MAX_TOK = 500 };

struct encoder {
    t2v_tokenizer *tokenizer;
    t2v_token_space *space;
    struct t2v_ids ids;
    bool is_static;
};

static int on_line(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err)
{
    struct encoder *e = user;
    int rc = e->is_static
                 ? t2v_tokenizer_encode_bare(e->tokenizer, e->space, text, &e->ids, err)
                 : t2v_tokenizer_encode(e->tokenizer, e->space, text, MAX_TOK, &e->ids, err);
    if (rc != 0)
        return rc;
    t2v_buf_addc(out, '[');
    for (size_t i = 0; i < e->ids.len; i++)
        t2v_buf_addf(out, "%s%d", i > 0 ? ", " : "", (int)e->ids.ptr[i]);
    t2v_buf_addc(out, ']');
    return 0;
}

static int open_tokenizer(struct encoder *e, const char *dir, struct t2v_err *err)
{
    int rc = t2v_diagnose_dir(dir, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, dir);
    rc = t2v_model_open_tokenizer(dir, "auto", &e->tokenizer, &e->is_static, err);
    if (rc == 0 && (rc = t2v_token_space_new(&e->space)) != 0)
        t2v_fail(err, rc, "no memory for the tokenizer");
    return rc;
}

int t2v_command_tokens(const struct t2v_options *options, struct t2v_err *err)
{
    struct encoder e = {.tokenizer = NULL};
    int rc = open_tokenizer(&e, options->model, err);
    if (rc == 0)
        rc = t2v_lines_each(on_line, &e, err);
    t2v_token_space_free(e.space);
    t2v_tokenizer_free(e.tokenizer);
    t2v_ids_deinit(&e.ids);
    return rc;
}
