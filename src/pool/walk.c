/* SPDX-License-Identifier: BSD-3-Clause */
/* The `default` vectorizer's way from a text to sequences: sentences, each at most 500 tokens. */
#include "pool/model_private.h"
#include "text/space.h"

#include "base/banned.h"

/* "<task_type>: " + text, where prefixes are on and a task is named. */
static int add_prefix(struct t2v_walk *walk, const struct t2v_ask *ask)
{
    t2v_buf_add(&walk->buf, ask->task.ptr, ask->task.len);
    t2v_buf_adds(&walk->buf, ": ");
    t2v_buf_add(&walk->buf, walk->text.ptr, walk->text.len);
    walk->text = t2v_buf_str(&walk->buf);
    return walk->buf.fail;
}

static int collapse(struct t2v_walk *walk)
{
    struct t2v_buf collapsed;
    t2v_buf_init(&collapsed, SIZE_MAX);
    int rc = t2v_space_collapse(walk->text, &collapsed);
    t2v_buf_deinit(&walk->buf);
    walk->buf = collapsed;
    walk->text = t2v_buf_str(&walk->buf);
    return rc;
}

int t2v_walk_start(struct t2v_walk *walk, const t2v_model *model, struct t2v_str text,
                   const struct t2v_ask *ask, struct t2v_err *err)
{
    *walk = (struct t2v_walk){.model = model, .text = text, .whole = model->direct_tokenize};
    t2v_buf_init(&walk->buf, SIZE_MAX);
    int rc = 0;
    if (model->prefixes && ask->task.ptr != NULL)
        rc = add_prefix(walk, ask);
    if (rc == 0 && !walk->whole)
        rc = collapse(walk);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for a text of %zu bytes", text.len);
    if (walk->whole)
        return 0;
    if (walk->text.len == 0)
        return t2v_fail(err, T2V_EEMPTY, "empty or only white space: no sentence to average");
    t2v_punkt_start(&walk->sentences, model->punkt, walk->text);
    return 0;
}

int t2v_walk_next(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids, bool *more,
                  struct t2v_err *err)
{
    struct t2v_str sequence = walk->text;
    *more = walk->whole ? !walk->ended : t2v_punkt_next(&walk->sentences, &sequence);
    if (!*more)
        return 0;
    walk->ended = walk->whole;
    return t2v_tokenizer_encode(walk->model->tokenizer, space, sequence, walk->model->max_tok, ids,
                                err);
}

void t2v_walk_deinit(struct t2v_walk *walk)
{
    t2v_buf_deinit(&walk->buf);
}
