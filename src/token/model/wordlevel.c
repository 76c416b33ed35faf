/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WordLevel: a piece is one token, or the unknown one.
 */
#include "token/model/wordlevel.h"

#include "base/mem.h"
#include "token/field.h"
#include "token/trie.h"

#include "base/banned.h"

struct wordlevel {
    struct t2v_token_model base; /* first: the two are cast into each other */
    struct t2v_trie trie;
};

static const struct wordlevel *of(const struct t2v_token_model *model)
{
    return (const struct wordlevel *)model;
}

static int32_t id_of(const struct t2v_token_model *model, struct t2v_str token)
{
    return t2v_trie_get(&of(model)->trie, token);
}

static int encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                  struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans)
{
    (void)scratch;
    int32_t id = id_of(model, piece);
    if (id < 0)
        id = model->unk_id;
    return id < 0 ? T2V_EUNSUPPORTED : t2v_token_model_give(ids, spans, id, 0, piece.len);
}

static void free_wordlevel(struct t2v_token_model *model)
{
    struct wordlevel *words = (struct wordlevel *)model;
    t2v_trie_deinit(&words->trie);
    t2v_free(words);
}

static int each(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx)
{
    return t2v_trie_each(&of(model)->trie, take, ctx);
}

static const struct t2v_token_model_ops ops = {"WordLevel", encode, id_of, free_wordlevel, each};

static int add(struct t2v_token_model *model, struct t2v_str token, int32_t id)
{
    return t2v_token_model_put(model, &((struct wordlevel *)model)->trie, token, id);
}

int t2v_wordlevel_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err)
{
    struct t2v_str unk;
    const t2v_json *vocab;
    int rc = t2v_field_str(value, where, "unk_token", &unk, err);
    if (rc == 0)
        rc = t2v_field_object(value, where, "vocab", &vocab, err);
    if (rc != 0)
        return rc;
    struct wordlevel *words = t2v_alloc_zero(1, sizeof *words);
    if (words == NULL || t2v_trie_init(&words->trie, t2v_json_len(vocab) * 7) != 0) {
        t2v_free(words);
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s.vocab", where);
    }
    words->base = (struct t2v_token_model){.ops = &ops, .max_id = -1};
    rc = t2v_token_model_read_vocab(vocab, where, add, &words->base, err);
    if (rc != 0) {
        free_wordlevel(&words->base);
        return rc;
    }
    words->base.unk_id = id_of(&words->base, unk); /* the library asks only when it needs it */
    *out = &words->base;
    return 0;
}
