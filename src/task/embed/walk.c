/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/walk.h"

#include "task/embed/embedder_private.h"
#include "token/encode.h"
#include "unicode/lower.h"
#include "unicode/space.h"

#include "base/banned.h"

/* UPSTREAM: sentences go through the model in batches of so many, and of DPR's output only the
 * first of a batch is used, though the sum is divided by the number of all. */
enum { DPR_BATCH = 25 };

/* prompt + "<task_type>: " + text, as far as params have them. A message has its prompt apart. */
static int add_before(struct t2v_walk *walk, const struct t2v_embed_resolved *params)
{
    struct t2v_str prompt = params->prompt;
    if (walk->embedder->message.chat != NULL)
        prompt.len = 0;
    if (params->task.ptr == NULL && prompt.len == 0)
        return 0;
    t2v_buf_add(&walk->buf, prompt.ptr, prompt.len);
    if (params->task.ptr != NULL) {
        t2v_buf_add(&walk->buf, params->task.ptr, params->task.len);
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
static bool strips(const t2v_embedder *embedder)
{
    const t2v_json *wrote =
        t2v_json_get(t2v_model_settings(embedder->model), "transformers_version");
    return t2v_str_leading(t2v_json_str(wrote)) < 5;
}

/* The text as the model's chat template has it. */
static int add_template(struct t2v_walk *walk, struct t2v_err *err)
{
    struct t2v_buf out;
    if (walk->embedder->message.chat == NULL)
        return 0;
    t2v_buf_init(&out, SIZE_MAX / 2);
    int rc = t2v_message_render(&walk->embedder->message, walk->way, walk->text, &out, err);
    t2v_buf_deinit(&walk->buf);
    walk->buf = out;
    walk->text = t2v_buf_str(&walk->buf);
    return rc;
}

static int prepare(struct t2v_walk *walk)
{
    const t2v_embedder *embedder = walk->embedder;
    if (!walk->whole)
        return rewrite(walk, t2v_space_collapse);
    if (embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        walk->text = t2v_model2vec_cut_text(&embedder->m2v, walk->text);
    if (embedder->vectorizer != T2V_VECTORIZER_SENTENCE)
        return 0;
    if (t2v_model_is_static(embedder->model))
        return 0;
    if (strips(embedder))
        walk->text = t2v_space_strip(walk->text);
    return embedder->transformer.lower ? rewrite(walk, t2v_lower) : 0;
}

int t2v_walk_start(struct t2v_walk *walk, const t2v_embedder *embedder, struct t2v_str text,
                   const struct t2v_embed_resolved *params, struct t2v_err *err)
{
    *walk = (struct t2v_walk){
        .embedder = embedder,
        .text = text,
        .encode = params->encode,
        .max_tok = params->max_tok,
        .way = {params->prompt, params->side},
    };
    walk->whole = t2v_embedder_splitter(embedder) == NULL;
    t2v_buf_init(&walk->buf, SIZE_MAX);
    int rc = add_before(walk, params);
    if (rc == 0)
        rc = prepare(walk);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for a text of %zu bytes", text.len);
    rc = add_template(walk, err);
    if (rc != 0)
        return rc;
    walk->whole |= walk->text.len == 0 && walk->encode.empty_ok;
    if (walk->whole)
        return 0;
    if (walk->text.len == 0)
        return t2v_fail(err, T2V_EEMPTY, "empty or only white space: no sentence to average");
    t2v_punkt_start(&walk->sentences, embedder->punkt, walk->text);
    return 0;
}

/* The next sentence that counts; false at the end. */
static bool next_sentence(struct t2v_walk *walk, struct t2v_str *out)
{
    bool first_alone = t2v_net_pools_first(t2v_model_net(walk->embedder->model));
    while (t2v_punkt_next(&walk->sentences, out)) {
        if (walk->n_seq++ % DPR_BATCH == 0 || !first_alone)
            return true;
    }
    return false;
}

static const t2v_tokenizer *tokenizer_of(const struct t2v_walk *walk)
{
    return t2v_model_tokenizer(walk->embedder->model);
}

/* The next piece of static embeddings; a text without tokens is one that is empty. */
static int next_piece(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids,
                      bool *more, struct t2v_err *err)
{
    const t2v_embedder *embedder = walk->embedder;
    int rc = 0;
    if (walk->n_seq == 0)
        rc = t2v_tokenizer_encode_bare(tokenizer_of(walk), space, walk->text, &walk->all, err);
    if (walk->n_seq == 0 && rc == 0 && embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC)
        t2v_model2vec_cut_ids(&embedder->m2v, &walk->all);
    size_t max_tok = embedder->max_tok, left = walk->all.len - walk->n_taken;
    size_t n = left < max_tok ? left : max_tok;
    *more = rc == 0 && (walk->n_seq == 0 || left != 0);
    ids->len = 0;
    ids->cut = walk->all.cut;
    for (size_t i = 0; i < n && *more; i++) {
        if (t2v_ids_add(ids, walk->all.ptr[walk->n_taken + i]) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", n);
    }
    walk->n_taken += n;
    walk->n_seq += *more;
    return rc;
}

/* The ids of a sequence, cut where it is too long, unless that is an error. */
static int encode_cut(const struct t2v_walk *walk, t2v_token_space *space, struct t2v_str sequence,
                      struct t2v_ids *ids, struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = tokenizer_of(walk);
    const struct t2v_embed_encode *encode = &walk->encode;
    bool bare = walk->embedder->transformer.bare || walk->embedder->message.chat != NULL;
    size_t limit = encode->keep_all || encode->cut_start ? SIZE_MAX : walk->max_tok;
    int rc = bare ? t2v_tokenizer_encode_bare_cut(tokenizer, space, sequence, limit, ids, err)
                  : t2v_tokenizer_encode(tokenizer, space, sequence, limit, ids, err);
    if (rc != 0 || limit != SIZE_MAX || ids->len <= walk->max_tok)
        return rc;
    if (encode->keep_all)
        return t2v_fail(err, T2V_ETOOLARGE, "a text of %zu tokens, and at most %zu are allowed",
                        ids->len, walk->max_tok);
    t2v_tokenizer_cut_start(tokenizer, walk->max_tok, bare, ids);
    return 0;
}

static int encode_sequence(const struct t2v_walk *walk, t2v_token_space *space,
                           struct t2v_str sequence, struct t2v_ids *ids, struct t2v_err *err)
{
    const struct t2v_message *message = &walk->embedder->message;
    int rc = encode_cut(walk, space, sequence, ids, err);
    if (rc != 0 || message->chat == NULL || ids->len < walk->max_tok)
        return rc;
    return t2v_message_restore(message, tokenizer_of(walk), space, walk->way, ids, err);
}

static int next_sequence(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids,
                         bool *more, struct t2v_err *err)
{
    struct t2v_str sequence = walk->text;
    if (t2v_model_is_static(walk->embedder->model))
        return next_piece(walk, space, ids, more, err);
    *more = walk->whole ? walk->n_seq == 0 : next_sentence(walk, &sequence);
    if (!*more)
        return 0;
    if (walk->whole)
        walk->n_seq = 1;
    return encode_sequence(walk, space, sequence, ids, err);
}

int t2v_walk_next(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids, bool *more,
                  struct t2v_err *err)
{
    int rc = next_sequence(walk, space, ids, more, err);
    return rc == 0 && *more ? t2v_model_check_ids(walk->embedder->model, ids, err) : rc;
}

/* A mean of rows needs their number. Where a vector is made one of length 1, as that of static
 * embeddings under sentence-transformers, the number of pieces will do. */
size_t t2v_walk_divisor(const struct t2v_walk *walk)
{
    bool is_static = t2v_model_is_static(walk->embedder->model);
    bool rows =
        walk->embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC || (is_static && walk->encode.given);
    return rows ? walk->all.len : walk->n_seq;
}

void t2v_walk_deinit(struct t2v_walk *walk)
{
    t2v_buf_deinit(&walk->buf);
    t2v_ids_deinit(&walk->all);
}
