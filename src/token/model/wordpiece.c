/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WordPiece: from the left, the longest entry of the vocabulary that the word begins with; from
 * the second on, entries with the prefix ("##"). A word that does not come out whole, or is longer
 * than max_chars code points, is one unknown token.
 */
#include "token/model/wordpiece.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "token/field.h"
#include "token/trie.h"

#include "base/banned.h"

struct wordpiece {
    struct t2v_token_model base; /* first: the two are cast into each other */
    struct t2v_trie trie;
    uint32_t inside; /* the node behind the prefix */
    bool has_inside; /* some entry begins with the prefix */
    size_t max_chars;
};

static const struct wordpiece *of(const struct t2v_token_model *model)
{
    return (const struct wordpiece *)model;
}

/* True when s has more than max code points. */
static bool longer_than(struct t2v_str s, size_t max)
{
    if (s.len <= max)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.len && n <= max; i++)
        n += !t2v_utf8_is_tail(s.ptr[i]);
    return n > max;
}

static int add_unknown(const struct wordpiece *wp, struct t2v_str piece, struct t2v_ids *ids,
                       struct t2v_buf *spans)
{
    return wp->base.unk_id < 0 ? T2V_EUNSUPPORTED
                               : t2v_token_model_give(ids, spans, wp->base.unk_id, 0, piece.len);
}

static int encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                  struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans)
{
    (void)scratch;
    const struct wordpiece *wp = of(model);
    const char *at = piece.ptr, *end = piece.ptr + piece.len;
    size_t before = ids->len, n_span = spans != NULL ? spans->len : 0;
    uint32_t node = T2V_TRIE_ROOT;
    if (longer_than(piece, wp->max_chars))
        return add_unknown(wp, piece, ids, spans);
    while (at < end) {
        size_t begin = (size_t)(at - piece.ptr);
        int32_t id = t2v_trie_longest(&wp->trie, node, at, end, &at);
        if (id < 0 || (!wp->has_inside && at < end)) {
            ids->len = before;
            if (spans != NULL)
                spans->len = n_span;
            return add_unknown(wp, piece, ids, spans);
        }
        if (t2v_token_model_give(ids, spans, id, begin, (size_t)(at - piece.ptr)) != 0)
            return T2V_ENOMEM;
        node = wp->inside;
    }
    return 0;
}

static int32_t id_of(const struct t2v_token_model *model, struct t2v_str token)
{
    return t2v_trie_get(&of(model)->trie, token);
}

static void free_wordpiece(struct t2v_token_model *model)
{
    struct wordpiece *wp = (struct wordpiece *)model;
    t2v_trie_deinit(&wp->trie);
    t2v_free(wp);
}

static int each(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx)
{
    return t2v_trie_each(&of(model)->trie, take, ctx);
}

static const struct t2v_token_model_ops ops = {"WordPiece", encode, id_of, free_wordpiece, each};

int t2v_wordpiece_new(size_t n_byte, struct t2v_token_model **out)
{
    struct wordpiece *wp = t2v_alloc_zero(1, sizeof *wp);
    if (wp == NULL || t2v_trie_init(&wp->trie, n_byte) != 0) {
        t2v_free(wp);
        return T2V_ENOMEM;
    }
    wp->base = (struct t2v_token_model){.ops = &ops, .max_id = -1};
    *out = &wp->base;
    return 0;
}

int t2v_wordpiece_add(struct t2v_token_model *model, struct t2v_str token, int32_t id)
{
    return t2v_token_model_put(model, &((struct wordpiece *)model)->trie, token, id);
}

void t2v_wordpiece_finish(struct t2v_token_model *model, struct t2v_str unk_token,
                          struct t2v_str prefix, size_t max_chars)
{
    struct wordpiece *wp = (struct wordpiece *)model;
    wp->base.unk_id = t2v_trie_get(&wp->trie, unk_token);
    wp->base.marks_inside = prefix.len != 0;
    int64_t inside = t2v_trie_walk(&wp->trie, T2V_TRIE_ROOT, prefix);
    wp->has_inside = inside >= 0;
    wp->inside = inside >= 0 ? (uint32_t)inside : 0;
    wp->max_chars = max_chars;
}

int t2v_wordpiece_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err)
{
    struct t2v_str unk, prefix;
    int64_t max_chars;
    const t2v_json *vocab;
    int rc = t2v_field_str(value, where, "unk_token", &unk, err);
    if (rc == 0)
        rc = t2v_field_str(value, where, "continuing_subword_prefix", &prefix, err);
    if (rc == 0)
        rc = t2v_field_int(value, where, "max_input_chars_per_word", 0, INT32_MAX, &max_chars, err);
    if (rc == 0)
        rc = t2v_field_object(value, where, "vocab", &vocab, err);
    if (rc != 0)
        return rc;
    struct t2v_token_model *model;
    if (t2v_wordpiece_new(t2v_json_len(vocab) * 7, &model) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s.vocab", where);
    rc = t2v_token_model_read_vocab(vocab, where, t2v_wordpiece_add, model, err);
    if (rc != 0) {
        t2v_token_model_free(model);
        return rc;
    }
    t2v_wordpiece_finish(model, unk, prefix, (size_t)max_chars);
    *out = model;
    return 0;
}
