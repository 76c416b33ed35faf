/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/vocab.h"

#include "base/mem.h"

#include "base/banned.h"

enum { MAX_TEXT_BYTES = 1 << 30 };

static const struct t2v_decode_token nobody = {0, UINT32_MAX};

static int put(struct t2v_decode_vocab *vocab, struct t2v_str token, int32_t id)
{
    size_t begin = vocab->texts.len;
    if (t2v_buf_add(&vocab->texts, token.ptr, token.len) != 0)
        return vocab->texts.fail;
    vocab->tokens[id] = (struct t2v_decode_token){(uint32_t)begin, (uint32_t)token.len};
    return 0;
}

/* What the walk through the model's vocabulary needs. */
struct filling {
    struct t2v_decode_vocab *vocab;
    const struct t2v_added *added;
};

static int take_token(void *ctx, struct t2v_str token, int32_t id)
{
    const struct filling *filling = ctx;
    struct t2v_decode_vocab *vocab = filling->vocab;
    if ((size_t)id >= vocab->n_id || vocab->tokens[id].len != UINT32_MAX)
        return 0;
    /* UPSTREAM: a token is special by its text, whatever its id. */
    vocab->special[id] = t2v_map_get(&filling->added->special_set, token) >= 0;
    return put(vocab, token, id);
}

/* An id whose text has another id, too. */
static void copy_twin(struct t2v_decode_vocab *vocab, const struct t2v_token_twins *twins)
{
    if (vocab->tokens[twins->earlier].len != UINT32_MAX)
        return;
    vocab->tokens[twins->earlier] = vocab->tokens[twins->later];
    vocab->special[twins->earlier] = vocab->special[twins->later];
}

static int make_room(struct t2v_decode_vocab *vocab, int32_t max_id)
{
    vocab->n_id = (size_t)(max_id + 1);
    vocab->tokens = t2v_resize(NULL, vocab->n_id + 1, sizeof *vocab->tokens);
    vocab->special = t2v_alloc_zero(vocab->n_id + 1, sizeof *vocab->special);
    if (vocab->tokens == NULL || vocab->special == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < vocab->n_id; i++)
        vocab->tokens[i] = nobody;
    return t2v_buf_addc(&vocab->texts, '\0'); /* so that texts.ptr is there */
}

int t2v_decode_vocab_build(const struct t2v_token_model *model, const struct t2v_added *added,
                           struct t2v_decode_vocab *vocab)
{
    struct filling filling = {vocab, added};
    *vocab = (struct t2v_decode_vocab){0};
    t2v_buf_init(&vocab->texts, MAX_TEXT_BYTES);
    int rc = make_room(vocab, model->max_id > added->max_id ? model->max_id : added->max_id);
    for (size_t i = 0; i < added->by_id.n && rc == 0; i++)
        rc = take_token(&filling, added->by_id.ptr[i].content, added->by_id.ptr[i].id);
    if (rc == 0)
        rc = model->ops->each(model, take_token, &filling);
    for (size_t i = model->n_twin; i-- > 0 && rc == 0;)
        copy_twin(vocab, &model->twins[i]);
    return rc;
}

void t2v_decode_vocab_deinit(struct t2v_decode_vocab *vocab)
{
    t2v_free(vocab->tokens);
    t2v_free(vocab->special);
    t2v_buf_deinit(&vocab->texts);
    *vocab = (struct t2v_decode_vocab){0};
}

struct t2v_str t2v_decode_vocab_get(const struct t2v_decode_vocab *vocab, int32_t id)
{
    if (id < 0 || (size_t)id >= vocab->n_id || vocab->tokens[id].len == UINT32_MAX)
        return (struct t2v_str){NULL, 0};
    return (struct t2v_str){vocab->texts.ptr + vocab->tokens[id].begin, vocab->tokens[id].len};
}
