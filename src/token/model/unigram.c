/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unigram: of all ways to cut a piece into entries of the vocabulary, the one with the largest sum
 * of scores. A character that is no entry may stand alone as an unknown one, at a score 10 below
 * the worst entry's; neighbouring unknowns are one token. Sums are doubles, added from the left,
 * and a later path must be better, not as good: ids hang on that.
 *
 * The best path to each byte is kept in a node, until a place is reached that no entry spans: all
 * paths meet there, so what lies before is settled and goes out. Memory is that of the longest
 * stretch between two such places.
 */
#include "token/model/unigram.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "json/pull.h"
#include "token/field.h"
#include "token/trie.h"

#include "base/banned.h"

enum { UNKNOWN = -1 }; /* instead of an id: a character that is no entry */

struct unigram {
    struct t2v_token_model base; /* first: the two are cast into each other */
    struct t2v_trie trie;
    double *scores; /* [n_vocab] */
    size_t cap, cap_twin;
    double min_score;
    bool byte_fallback;
    int32_t bytes[256]; /* the ids of <0x00> to <0xFF>, -1 for none */
};

/* The best path to a place: its score, and the entry that it ends with. */
struct node {
    double score;
    int32_t id;
    uint32_t len; /* of the entry, in bytes; 0: no path ends here yet */
};

/* One piece on its way. */
struct run {
    const struct unigram *model;
    struct t2v_ids *ids;
    struct t2v_buf *spans; /* or NULL */
    struct t2v_str piece;
    struct t2v_buf *buf; /* the nodes of base, base + 1, ... */
    size_t base;         /* the place that all paths meet at */
    size_t reach;        /* the farthest place that a path ends at */
    size_t unknown;      /* where the unknowns began that may still go on; SIZE_MAX: none */
};

static const struct unigram *of(const struct t2v_token_model *model)
{
    return (const struct unigram *)model;
}

static struct node *node_at(const struct run *run, size_t place)
{
    return (struct node *)(void *)run->buf->ptr + (place - run->base);
}

/* Makes the nodes up to place: 0 or the buffer's failure. */
static int extend(struct run *run, size_t place)
{
    size_t n = place - run->reach;
    struct node *nodes = (void *)t2v_buf_room(run->buf, n * sizeof *nodes);
    if (nodes == NULL)
        return run->buf->fail;
    for (size_t i = 0; i < n; i++)
        nodes[i] = (struct node){0, 0, 0};
    run->buf->len += n * sizeof *nodes;
    run->reach = place;
    return 0;
}

/* An entry from place on, which leads to a path of this score. */
static int offer(struct run *run, size_t place, size_t len, int32_t id, double score)
{
    int rc = place + len > run->reach ? extend(run, place + len) : 0;
    if (rc != 0)
        return rc;
    struct node *node = node_at(run, place + len);
    if (node->len != 0 && score <= node->score)
        return 0;
    if (id == UNKNOWN && run->model->base.unk_id < 0)
        return T2V_EUNSUPPORTED; /* even where a better path comes later, as in the library */
    *node = (struct node){score, id, (uint32_t)len};
    return 0;
}

/* The unknowns in front of place, as a token or as bytes. */
static int close_unknown(struct run *run, size_t place)
{
    const struct unigram *model = run->model;
    if (run->unknown == SIZE_MAX)
        return 0;
    size_t begin = run->unknown;
    struct t2v_str text = {run->piece.ptr + begin, place - begin};
    run->unknown = SIZE_MAX;
    /* What is unknown in parts may be an entry as a whole, such as the unknown token itself. */
    int32_t id = t2v_trie_get(&model->trie, text);
    bool bytes = id < 0 && model->byte_fallback;
    for (size_t i = 0; i < text.len && bytes; i++)
        bytes = model->bytes[(uint8_t)text.ptr[i]] >= 0;
    if (!bytes)
        return t2v_token_model_give(run->ids, run->spans, id >= 0 ? id : model->base.unk_id, begin,
                                    place);
    for (size_t i = 0; i < text.len; i++) {
        if (t2v_token_model_give(run->ids, run->spans, model->bytes[(uint8_t)text.ptr[i]], begin,
                                 place) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

static int put_entry(struct run *run, size_t place, const struct node *node)
{
    int32_t id = node->id;
    if (id == UNKNOWN || id == run->model->base.unk_id) {
        if (run->unknown == SIZE_MAX)
            run->unknown = place;
        return 0;
    }
    int rc = close_unknown(run, place);
    return rc == 0 ? t2v_token_model_give(run->ids, run->spans, id, place, place + node->len) : rc;
}

/* Sends out the best path from base to place, where the next stretch then begins. */
static int settle(struct run *run, size_t place)
{
    /* Turn the path around: each node on it now tells of the entry that begins there. */
    struct node entry = *node_at(run, place);
    double score = entry.score;
    for (size_t at = place; at > run->base;) {
        at -= entry.len;
        struct node *node = node_at(run, at);
        struct node before = *node;
        *node = entry;
        entry = before;
    }
    int rc = 0;
    for (size_t at = run->base; at < place && rc == 0;) {
        const struct node *node = node_at(run, at);
        rc = put_entry(run, at, node);
        at += node->len;
    }
    run->base = run->reach = place;
    run->buf->len = sizeof(struct node);
    *node_at(run, place) = (struct node){score, 0, 0};
    return rc;
}

/* Offers all entries that begin at place, whose character has n bytes. */
static int offer_all(struct run *run, size_t place, size_t n)
{
    const struct unigram *model = run->model;
    double score = node_at(run, place)->score;
    bool single = false;
    uint32_t node = T2V_TRIE_ROOT;
    for (size_t i = place; i < run->piece.len; i++) {
        node = t2v_trie_step(&model->trie, node, (uint8_t)run->piece.ptr[i]);
        if (node == 0)
            break;
        int32_t id = model->trie.values[node];
        if (id < 0)
            continue;
        size_t len = i + 1 - place;
        single = single || len == n;
        int rc = offer(run, place, len, id, score + model->scores[id]);
        if (rc != 0)
            return rc;
    }
    return single ? 0 : offer(run, place, n, UNKNOWN, score + (model->min_score - 10));
}

static int encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                  struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans)
{
    struct run run = {of(model), ids, spans, piece, &scratch[0], 0, 0, SIZE_MAX};
    t2v_buf_clear(run.buf);
    if (t2v_buf_room(run.buf, sizeof(struct node)) == NULL)
        return T2V_ENOMEM;
    run.buf->len = sizeof(struct node);
    *node_at(&run, 0) = (struct node){0, 0, 0};
    int rc = 0;
    for (size_t at = 0, n; at < piece.len && rc == 0; at += n) {
        const char *next = piece.ptr + at;
        t2v_utf8_next(&next, piece.ptr + piece.len);
        n = (size_t)(next - (piece.ptr + at));
        if (at == run.reach && at != run.base)
            rc = settle(&run, at);
        if (rc == 0)
            rc = offer_all(&run, at, n);
    }
    if (rc == 0)
        rc = settle(&run, piece.len);
    return rc == 0 ? close_unknown(&run, piece.len) : rc;
}

static int32_t id_of(const struct t2v_token_model *model, struct t2v_str token)
{
    return t2v_trie_get(&of(model)->trie, token);
}

static void free_unigram(struct t2v_token_model *model)
{
    struct unigram *unigram = (struct unigram *)model;
    t2v_trie_deinit(&unigram->trie);
    t2v_free(unigram->scores);
    t2v_free(unigram->base.twins);
    t2v_free(unigram);
}

static int each(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx)
{
    return t2v_trie_each(&of(model)->trie, take, ctx);
}

static const struct t2v_token_model_ops ops = {"Unigram", encode, id_of, free_unigram, each};

int t2v_unigram_new(size_t n_byte, struct t2v_token_model **out)
{
    struct unigram *unigram = t2v_alloc_zero(1, sizeof *unigram);
    if (unigram == NULL || t2v_trie_init(&unigram->trie, n_byte) != 0) {
        t2v_free(unigram);
        return T2V_ENOMEM;
    }
    unigram->base = (struct t2v_token_model){.ops = &ops, .max_id = -1};
    unigram->min_score = HUGE_VAL;
    *out = &unigram->base;
    return 0;
}

static int add_twins(struct unigram *unigram, int32_t earlier, int32_t later)
{
    struct t2v_token_model *model = &unigram->base;
    if (model->n_twin == unigram->cap_twin) {
        struct t2v_token_twins *grown =
            t2v_grow(model->twins, &unigram->cap_twin, 8, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        model->twins = grown;
    }
    model->twins[model->n_twin++] = (struct t2v_token_twins){earlier, later};
    return 0;
}

int t2v_unigram_add(struct t2v_token_model *model, struct t2v_str token, double score)
{
    struct unigram *unigram = (struct unigram *)model;
    if (model->n_vocab > T2V_TOKEN_MAX_ID)
        return T2V_ETOOLARGE;
    if (model->n_vocab == unigram->cap) {
        double *grown = t2v_grow(unigram->scores, &unigram->cap, 1024, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        unigram->scores = grown;
    }
    int32_t id = (int32_t)model->n_vocab, earlier;
    int rc = t2v_trie_swap(&unigram->trie, token, id, &earlier);
    if (rc == 0 && earlier >= 0)
        rc = add_twins(unigram, earlier, id);
    if (rc != 0)
        return rc;
    if (score < unigram->min_score)
        unigram->min_score = score;
    model->max_id = id;
    unigram->scores[model->n_vocab++] = score;
    return 0;
}

int t2v_unigram_finish(struct t2v_token_model *model, int64_t unk_id, bool byte_fallback,
                       struct t2v_err *err)
{
    struct unigram *unigram = (struct unigram *)model;
    if (unk_id >= 0 && (size_t)unk_id >= model->n_vocab)
        return t2v_fail(err, T2V_EFORMAT, "the unknown token's id %lld is none of the %zu",
                        (long long)unk_id, model->n_vocab);
    unigram->base.unk_id = (int32_t)unk_id;
    unigram->byte_fallback = byte_fallback;
    t2v_token_model_bytes(model, unigram->bytes);
    return 0;
}

/* [["token", score], ...] */
static int load_vocab(struct t2v_pull *pull, struct t2v_token_model *model, struct t2v_err *err)
{
    int rc = t2v_pull_open(pull, '[');
    while (rc == 0 && (rc = t2v_pull_more(pull, ']')) == 1) {
        struct t2v_str token;
        double score;
        rc = t2v_pull_open(pull, '[');
        if (rc == 0 && (rc = t2v_pull_more(pull, ']')) >= 0)
            rc = t2v_pull_str(pull, &token);
        if (rc == 0) /* The token may lie in the reader's buffer, which a number leaves alone. */
            rc = t2v_pull_more(pull, ']');
        if (rc >= 0)
            rc = t2v_pull_number(pull, &score);
        if (rc == 0 && (rc = t2v_pull_more(pull, ']')) == 1)
            rc = t2v_fail(err, T2V_EFORMAT, "[%zu] has more than a token and a score",
                          model->n_vocab);
        if (rc != 0)
            return rc;
        rc = t2v_unigram_add(model, token, score);
        if (rc != 0)
            return t2v_fail(err, rc,
                            rc == T2V_ENOMEM ? "no memory"
                                             : "too large a vocabulary, or too long a token");
    }
    return rc == 0 ? t2v_pull_end(pull) : rc;
}

static int load_list(struct t2v_str list, struct t2v_token_model *model, const char *where,
                     struct t2v_err *err)
{
    struct t2v_pull pull;
    char name[T2V_WHERE_MAX];
    t2v_pull_init(&pull, list, err);
    int rc = load_vocab(&pull, model, err);
    t2v_pull_deinit(&pull);
    if (rc == 0)
        return 0;
    snprintf(name, sizeof name, "%.140s.vocab", where);
    return t2v_fail_in(err, rc, name);
}

int t2v_unigram_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                     struct t2v_token_model **out, struct t2v_err *err)
{
    int64_t unk_id = -1;
    bool byte_fallback = false;
    int rc = 0;
    if (t2v_field_there(value, "unk_id"))
        rc = t2v_field_int(value, where, "unk_id", 0, T2V_TOKEN_MAX_ID, &unk_id, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "byte_fallback", &byte_fallback, err);
    if (rc != 0)
        return rc;
    if (lists->vocab.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "%s.vocab is missing", where);
    struct t2v_token_model *model;
    /* About a quarter of an entry's text is its token, half of that in XLM-R's. */
    if (t2v_unigram_new(lists->vocab.len / 6, &model) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s.vocab", where);
    rc = load_list(lists->vocab, model, where, err);
    if (rc == 0) {
        rc = t2v_unigram_finish(model, unk_id, byte_fallback, err);
        if (rc != 0)
            t2v_fail_in(err, rc, where);
    }
    if (rc != 0) {
        t2v_token_model_free(model);
        return rc;
    }
    *out = model;
    return 0;
}
