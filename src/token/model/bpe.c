/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/bpe.h"

#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "token/model/bpe_encode.h"

#include "base/banned.h"

enum { MAX_MERGES = 1 << 25 };

static const struct t2v_bpe *of(const struct t2v_token_model *model)
{
    return (const struct t2v_bpe *)model;
}

static int32_t id_of(const struct t2v_token_model *model, struct t2v_str token)
{
    return t2v_map_get(&of(model)->vocab, token);
}

static void free_bpe(struct t2v_token_model *model)
{
    struct t2v_bpe *bpe = (struct t2v_bpe *)model;
    t2v_map_deinit(&bpe->vocab);
    t2v_pairs_deinit(&bpe->pairs);
    t2v_arena_free(&bpe->arena);
    t2v_free(bpe);
}

static int each(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx)
{
    const struct t2v_map *vocab = &of(model)->vocab;
    int rc = 0;
    for (size_t i = 0; i <= vocab->mask && rc == 0; i++) {
        const struct t2v_map_slot *slot = &vocab->slots[i];
        if (slot->key != NULL)
            rc = take(ctx, (struct t2v_str){slot->key, slot->len}, slot->value);
    }
    return rc;
}

static const struct t2v_token_model_ops ops = {"BPE", t2v_bpe_encode, id_of, free_bpe, each};

int t2v_bpe_new(size_t n_vocab, size_t n_merge, const struct t2v_bpe_settings *settings,
                struct t2v_token_model **out)
{
    struct t2v_bpe *bpe = t2v_alloc_zero(1, sizeof *bpe);
    if (bpe == NULL)
        return T2V_ENOMEM;
    bpe->base = (struct t2v_token_model){.ops = &ops, .max_id = -1};
    bpe->base.unk_id = -1;
    bpe->base.marks_inside = settings->prefix.len != 0;
    bpe->fuse_unk = settings->fuse_unk;
    bpe->byte_fallback = settings->byte_fallback;
    bpe->ignore_merges = settings->ignore_merges;
    bpe->prefix = t2v_arena_dup(&bpe->arena, settings->prefix);
    bpe->suffix = t2v_arena_dup(&bpe->arena, settings->suffix);
    bool has_unk = settings->unk_token.ptr != NULL;
    if (has_unk)
        bpe->unk_token = t2v_arena_dup(&bpe->arena, settings->unk_token);
    if (n_merge > MAX_MERGES)
        n_merge = MAX_MERGES; /* n_merge is only an estimate */
    if (bpe->prefix.ptr == NULL || bpe->suffix.ptr == NULL ||
        (has_unk && bpe->unk_token.ptr == NULL) || t2v_map_init(&bpe->vocab, n_vocab) != 0 ||
        t2v_pairs_init(&bpe->pairs, n_merge + n_merge / 2) != 0) {
        free_bpe(&bpe->base);
        return T2V_ENOMEM;
    }
    *out = &bpe->base;
    return 0;
}

int t2v_bpe_add(struct t2v_token_model *model, struct t2v_str token, int32_t id)
{
    struct t2v_bpe *bpe = (struct t2v_bpe *)model;
    struct t2v_str own = t2v_arena_dup(&bpe->arena, token);
    if (own.ptr == NULL || t2v_map_set(&bpe->vocab, own, id) != 0)
        return T2V_ENOMEM;
    model->n_vocab = bpe->vocab.n;
    if (id > model->max_id)
        model->max_id = id;
    return 0;
}

/* The id of the last character of s (of the first, if first is set), or -1 if it is not a token. */
static int32_t end_id(const struct t2v_bpe *bpe, struct t2v_str s, bool first)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    if (s.len == 0)
        return -1;
    if (first)
        t2v_utf8_next(&at, end);
    else
        at = t2v_utf8_back(s.ptr, end);
    struct t2v_str c = first ? (struct t2v_str){s.ptr, (size_t)(at - s.ptr)}
                             : (struct t2v_str){at, (size_t)(end - at)};
    return t2v_map_get(&bpe->vocab, c);
}

int t2v_bpe_merge(struct t2v_token_model *model, struct t2v_str left, struct t2v_str right,
                  uint32_t rank, struct t2v_err *err)
{
    struct t2v_bpe *bpe = (struct t2v_bpe *)model;
    char room[256];
    if (rank >= MAX_MERGES)
        return t2v_fail(err, T2V_ETOOLARGE, "more than %d merges", MAX_MERGES);
    struct t2v_str tail = right.len >= bpe->prefix.len ? t2v_str_skip(right, bpe->prefix.len)
                                                       : (struct t2v_str){NULL, 0};
    size_t n = left.len + tail.len;
    char *both = n <= sizeof room ? room : t2v_alloc(n);
    if (both == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for merge %u", (unsigned)rank);
    if (left.len != 0)
        memcpy(both, left.ptr, left.len);
    if (tail.len != 0)
        memcpy(both + left.len, tail.ptr, tail.len);
    int32_t id = t2v_map_get(&bpe->vocab, (struct t2v_str){both, n});
    if (both != room)
        t2v_free(both);
    int32_t a = t2v_map_get(&bpe->vocab, left), b = t2v_map_get(&bpe->vocab, right);
    if (a < 0 || b < 0 || id < 0 || right.len < bpe->prefix.len)
        return t2v_fail(err, T2V_EFORMAT,
                        "merge %u, \"%.*s\" and \"%.*s\": one of the two, or both together, is "
                        "not in the vocabulary",
                        (unsigned)rank, (int)(left.len > 60 ? 60 : left.len), left.ptr,
                        (int)(right.len > 60 ? 60 : right.len), right.ptr);
    int rc = t2v_pairs_set(&bpe->pairs, a, b, rank, id);
    int32_t last = end_id(bpe, left, false), first = end_id(bpe, right, true);
    if (rc == 0 && last >= 0 && first >= 0)
        rc = t2v_pairs_set(&bpe->pairs, last, first, T2V_PAIR_NO_RANK, -1);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for merge %u", (unsigned)rank);
}

bool t2v_bpe_has_merge(const struct t2v_token_model *model, struct t2v_str left,
                       struct t2v_str right)
{
    const struct t2v_bpe *bpe = of(model);
    int32_t a = t2v_map_get(&bpe->vocab, left), b = t2v_map_get(&bpe->vocab, right);
    const struct t2v_pair *pair = a >= 0 && b >= 0 ? t2v_pairs_get(&bpe->pairs, a, b) : NULL;
    return pair != NULL && pair->rank != T2V_PAIR_NO_RANK;
}

/* Marks of an id, for t2v_bpe_finish. */
enum { SEEN = 1, SPECIAL = 2 };

/* Cutting is not exact if a character has more than one spelling (prefix, suffix), if two tokens
 * share an id, or if a byte token or the unknown token takes part in a merge. */
static bool may_cut(const struct t2v_bpe *bpe, uint8_t *marks)
{
    if (bpe->prefix.len != 0 || bpe->suffix.len != 0)
        return false;
    for (size_t i = 0; i <= bpe->vocab.mask; i++) {
        const struct t2v_map_slot *slot = &bpe->vocab.slots[i];
        if (slot->key == NULL)
            continue;
        if (marks[slot->value] != 0)
            return false;
        marks[slot->value] = SEEN;
    }
    for (size_t i = 0; i < 256 && bpe->byte_fallback; i++) {
        if (bpe->bytes[i] >= 0)
            marks[bpe->bytes[i]] |= SPECIAL;
    }
    if (bpe->base.unk_id >= 0)
        marks[bpe->base.unk_id] |= SPECIAL;
    for (size_t i = 0; i <= bpe->pairs.mask; i++) {
        const struct t2v_pair *pair = &bpe->pairs.slots[i];
        if (pair->key != UINT64_MAX && pair->rank != T2V_PAIR_NO_RANK &&
            ((marks[pair->key >> 32] | marks[(uint32_t)pair->key]) & SPECIAL) != 0)
            return false;
    }
    return true;
}

int t2v_bpe_finish(struct t2v_token_model *model, struct t2v_err *err)
{
    struct t2v_bpe *bpe = (struct t2v_bpe *)model;
    if (bpe->unk_token.ptr != NULL)
        bpe->base.unk_id = t2v_map_get(&bpe->vocab, bpe->unk_token);
    for (uint32_t cp = 0; cp < T2V_BPE_LOW_CHARS; cp++) {
        char c[4];
        size_t n = (size_t)t2v_utf8_encode(cp, c);
        bpe->low[cp] = t2v_map_get(&bpe->vocab, (struct t2v_str){c, n});
    }
    t2v_token_model_bytes(model, bpe->bytes);
    uint8_t *marks = t2v_alloc_zero((size_t)model->max_id + 2, 1);
    if (marks == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the vocabulary");
    bpe->cuts = may_cut(bpe, marks);
    t2v_free(marks);
    return 0;
}
