/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a text to sequences. The default vectorizer's are sentences, or with direct tokenisation the
 * whole text; for the others the whole text is one sequence (static embeddings: it comes in
 * pieces).
 */
#include <inttypes.h>

#include "base/utf8.h"
#include "task/embed/embedder_private.h"
#include "unicode/lower.h"
#include "unicode/space.h"

#include "base/banned.h"

/* UPSTREAM: sentences go through the model in batches of so many, and of DPR's output only the
 * first of a batch is used, though the sum is divided by the number of all. */
enum { DPR_BATCH = 25 };

/* prompt + "<task_type>: " + text, as far as the plan has them. */
static int add_before(struct t2v_walk *walk, const struct t2v_plan *plan)
{
    if (plan->task.ptr == NULL && plan->prompt.len == 0)
        return 0;
    t2v_buf_add(&walk->buf, plan->prompt.ptr, plan->prompt.len);
    if (plan->task.ptr != NULL) {
        t2v_buf_add(&walk->buf, plan->task.ptr, plan->task.len);
        t2v_buf_adds(&walk->buf, ": ");
    }
    t2v_buf_add(&walk->buf, walk->text.ptr, walk->text.len);
    walk->text = t2v_buf_str(&walk->buf);
    return walk->buf.fail;
}

/* Has the text rewritten into a buffer of its own. */
static int rewrite(struct t2v_walk *walk, int (*fn)(struct t2v_str text, struct t2v_buf *out))
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    int rc = fn(walk->text, &out);
    t2v_buf_deinit(&walk->buf);
    walk->buf = out;
    walk->text = t2v_buf_str(&walk->buf);
    return rc;
}

/* UPSTREAM: sentence-transformers takes white space off both ends of a text, but not from version 6
 * on, which needs Transformers 5. A directory does not say what is to run it; one that Transformers
 * 5 wrote is taken to go with the latter. */
static bool strips(const t2v_model *model)
{
    const t2v_json *wrote = t2v_json_get(model->json, "transformers_version");
    return t2v_str_leading(t2v_json_str(wrote)) < 5;
}

static int prepare(struct t2v_walk *walk)
{
    const t2v_model *model = walk->model;
    if (!walk->whole)
        return rewrite(walk, t2v_space_collapse);
    if (model->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        walk->text = t2v_model2vec_cut_text(model, walk->text);
    if (model->vectorizer != T2V_VECTORIZER_SENTENCE)
        return 0;
    if (t2v_net_is_static(model->encoder))
        return 0;
    if (strips(model))
        walk->text = t2v_space_strip(walk->text);
    return model->transformer.lower ? rewrite(walk, t2v_lower) : 0;
}

int t2v_walk_start(struct t2v_walk *walk, const t2v_model *model, struct t2v_str text,
                   const struct t2v_plan *plan, struct t2v_err *err)
{
    *walk = (struct t2v_walk){.model = model, .text = text, .max_tok = plan->max_tok};
    walk->whole = model->direct_tokenize || model->vectorizer != T2V_VECTORIZER_DEFAULT;
    t2v_buf_init(&walk->buf, SIZE_MAX);
    int rc = add_before(walk, plan);
    if (rc == 0)
        rc = prepare(walk);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for a text of %zu bytes", text.len);
    if (walk->whole)
        return 0;
    if (walk->text.len == 0)
        return t2v_fail(err, T2V_EEMPTY, "empty or only white space: no sentence to average");
    t2v_punkt_start(&walk->sentences, model->punkt, walk->text);
    return 0;
}

/* The next sentence that counts; false at the end. */
static bool next_sentence(struct t2v_walk *walk, struct t2v_str *out)
{
    bool first_alone = t2v_net_pools_first(walk->model->encoder);
    while (t2v_punkt_next(&walk->sentences, out)) {
        if (walk->n_seq++ % DPR_BATCH == 0 || !first_alone)
            return true;
    }
    return false;
}

/* A sequence without special tokens, cut at its end. */
static int encode_bare(const struct t2v_walk *walk, t2v_token_space *space, struct t2v_str text,
                       struct t2v_ids *ids, struct t2v_err *err)
{
    int rc = t2v_tokenizer_encode_bare(walk->model->tokenizer, space, text, ids, err);
    ids->cut = rc == 0 && ids->len > walk->max_tok;
    if (ids->cut)
        ids->len = walk->max_tok;
    return rc;
}

/* The next piece of a bag; a text without tokens is one that is empty. */
static int next_piece(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids,
                      bool *more, struct t2v_err *err)
{
    const t2v_model *model = walk->model;
    int rc = 0;
    if (walk->n_seq == 0)
        rc = t2v_tokenizer_encode_bare(model->tokenizer, space, walk->text, &walk->bag, err);
    if (walk->n_seq == 0 && rc == 0 && model->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        t2v_model2vec_cut_ids(model, &walk->bag);
    size_t left = walk->bag.len - walk->n_taken, n = left < model->max_tok ? left : model->max_tok;
    *more = rc == 0 && (walk->n_seq == 0 || left != 0);
    ids->len = 0;
    ids->cut = walk->bag.cut;
    for (size_t i = 0; i < n && *more; i++) {
        if (t2v_ids_add(ids, walk->bag.ptr[walk->n_taken + i]) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", n);
    }
    walk->n_taken += n;
    walk->n_seq += *more;
    return rc;
}

static int next_sequence(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids,
                         bool *more, struct t2v_err *err)
{
    struct t2v_str sequence = walk->text;
    if (t2v_net_is_static(walk->model->encoder))
        return next_piece(walk, space, ids, more, err);
    *more = walk->whole ? walk->n_seq == 0 : next_sentence(walk, &sequence);
    if (!*more)
        return 0;
    if (walk->whole)
        walk->n_seq = 1;
    if (walk->model->transformer.bare)
        return encode_bare(walk, space, sequence, ids, err);
    return t2v_tokenizer_encode(walk->model->tokenizer, space, sequence, walk->max_tok, ids, err);
}

enum { SPELLED_BYTES = 160 }; /* of a token, in a message */

static int refuse_token(const t2v_model *model, int32_t id, struct t2v_err *err)
{
    struct t2v_buf spelled;
    t2v_buf_init(&spelled, SIZE_MAX);
    int rc = t2v_tokenizer_spell(model->tokenizer, id, &spelled);
    struct t2v_str token = t2v_buf_str(&spelled);
    if (token.len > SPELLED_BYTES) {
        for (token.len = SPELLED_BYTES; t2v_utf8_is_tail(token.ptr[token.len]);)
            token.len--;
    }
    rc = rc != 0
             ? t2v_fail(err, rc, "no memory for a message")
             : t2v_fail(err, T2V_EMODEL, "token %" PRId32 " ('%.*s') has no row in the embeddings",
                        id, T2V_STR_ARG(token));
    t2v_buf_deinit(&spelled);
    return rc;
}

/* UPSTREAM: a tokenizer may have more ids than the embeddings have rows. The libraries run such a
 * model, and fail where a text has one of those tokens. */
static int check_rows(const t2v_model *model, const struct t2v_ids *ids, struct t2v_err *err)
{
    size_t n_row = t2v_net_shape(model->encoder)->vocab;
    for (size_t i = 0; i < ids->len; i++) {
        if ((size_t)ids->ptr[i] >= n_row)
            return refuse_token(model, ids->ptr[i], err);
    }
    return 0;
}

int t2v_walk_next(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids, bool *more,
                  struct t2v_err *err)
{
    int rc = next_sequence(walk, space, ids, more, err);
    return rc == 0 && *more ? check_rows(walk->model, ids, err) : rc;
}

/* A mean of rows needs their number. Where a vector is made one of length 1, as that of static
 * embeddings under sentence-transformers, the number of pieces will do. */
size_t t2v_walk_divisor(const struct t2v_walk *walk)
{
    bool rows = walk->model->vectorizer == T2V_VECTORIZER_MODEL2VEC;
    return rows ? walk->bag.len : walk->n_seq;
}

void t2v_walk_deinit(struct t2v_walk *walk)
{
    t2v_buf_deinit(&walk->buf);
    t2v_ids_deinit(&walk->bag);
}
