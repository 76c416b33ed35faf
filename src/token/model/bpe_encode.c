/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/bpe_encode.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { SHORT_RUN = 32 }; /* symbols up to which there is no heap */

/* One of a run of symbols, linked by their indices in it. */
struct symbol {
    int32_t id;              /* -1: merged into the one before */
    uint32_t rank;           /* of the merge with the next, or T2V_PAIR_NO_RANK */
    int32_t merged;          /* the id that gives, or -1 */
    uint32_t len;            /* bytes of the piece */
    uint32_t previous, next; /* long runs; UINT32_MAX: none */
};

static void look_up(const struct t2v_bpe *bpe, struct symbol *left, const struct symbol *right)
{
    const struct t2v_pair *pair =
        right != NULL ? t2v_pairs_get(&bpe->pairs, left->id, right->id) : NULL;
    left->rank = pair != NULL ? pair->rank : T2V_PAIR_NO_RANK;
    left->merged = pair != NULL ? pair->id : -1;
}

/* Merges symbols[0, n) in place; returns how many are left. */
static size_t merge_short(const struct t2v_bpe *bpe, struct symbol *symbols, size_t n)
{
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++) {
            if (symbols[i].rank < symbols[best].rank)
                best = i;
        }
        struct symbol *to = &symbols[best];
        if (to->rank == T2V_PAIR_NO_RANK)
            break;
        to->id = to->merged;
        to->len += to[1].len;
        n--;
        memmove(to + 1, to + 2, (n - best - 1) * sizeof *to);
        look_up(bpe, to, best + 1 < n ? to + 1 : NULL);
        if (best != 0)
            look_up(bpe, to - 1, to);
    }
    return n;
}

/* A binary heap of rank << 32 | index, the smallest first. */

static void heap_push(uint64_t *heap, size_t *n, uint64_t item)
{
    size_t i = (*n)++;
    for (; i != 0 && heap[(i - 1) / 2] > item; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = item;
}

static uint64_t heap_pop(uint64_t *heap, size_t *n)
{
    uint64_t top = heap[0], item = heap[--*n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < *n && heap[child + 1] < heap[child])
            child++;
        if (child >= *n || heap[child] >= item)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = item;
    return top;
}

static void push_pair(const struct symbol *symbols, size_t at, uint64_t *heap, size_t *n)
{
    if (symbols[at].rank != T2V_PAIR_NO_RANK)
        heap_push(heap, n, (uint64_t)symbols[at].rank << 32 | at);
}

static void merge_at(const struct t2v_bpe *bpe, struct symbol *symbols, size_t at, uint64_t *heap,
                     size_t *n)
{
    struct symbol *to = &symbols[at], *gone = &symbols[to->next];
    to->id = to->merged;
    to->len += gone->len;
    to->next = gone->next;
    gone->id = -1;
    gone->rank = T2V_PAIR_NO_RANK;
    if (to->next != UINT32_MAX)
        symbols[to->next].previous = (uint32_t)at;
    look_up(bpe, to, to->next != UINT32_MAX ? &symbols[to->next] : NULL);
    push_pair(symbols, at, heap, n);
    if (to->previous != UINT32_MAX) {
        look_up(bpe, &symbols[to->previous], to);
        push_pair(symbols, to->previous, heap, n);
    }
}

/* As merge_short, for a long run; sets *n_symbol. Each merge grows the heap by at most one item, so
 * 2 n items are enough. T2V_ENOMEM, T2V_ETOOLARGE. */
static int merge_long(const struct t2v_bpe *bpe, struct symbol *symbols, size_t *n_symbol,
                      struct t2v_buf *scratch)
{
    size_t n = *n_symbol, n_heap = 0, bytes;
    scratch->len = 0;
    uint64_t *heap = t2v_mul(n, 2 * sizeof *heap, &bytes) && n < UINT32_MAX
                         ? (uint64_t *)(void *)t2v_buf_room(scratch, bytes)
                         : NULL;
    if (heap == NULL)
        return scratch->fail != 0 ? scratch->fail : T2V_ETOOLARGE;
    for (size_t i = 0; i < n; i++) {
        symbols[i].previous = i != 0 ? (uint32_t)i - 1 : UINT32_MAX;
        symbols[i].next = i + 1 < n ? (uint32_t)i + 1 : UINT32_MAX;
        push_pair(symbols, i, heap, &n_heap);
    }
    while (n_heap != 0) {
        uint64_t top = heap_pop(heap, &n_heap);
        size_t at = (size_t)(uint32_t)top;
        if (symbols[at].rank == top >> 32 && symbols[at].id >= 0)
            merge_at(bpe, symbols, at, heap, &n_heap);
    }
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        if (symbols[i].id >= 0)
            symbols[left++] = symbols[i];
    }
    *n_symbol = left;
    return 0;
}

/* The state of encoding a piece. */
struct job {
    const struct t2v_bpe *bpe;
    struct t2v_buf *run; /* of struct symbol */
    struct t2v_buf *heap;
    struct t2v_ids *ids;
    struct t2v_buf *spans; /* or NULL */
    size_t waiting;        /* bytes that the waiting unknown token covers; 0: none waits */
    size_t done;           /* bytes that the ids cover; dropped characters do not count */
};

static struct symbol *symbols_of(const struct job *job)
{
    return (struct symbol *)(void *)job->run->ptr;
}

/* Merges the run and appends its ids. */
static int flush(struct job *job)
{
    struct symbol *symbols = symbols_of(job);
    size_t n = job->run->len / sizeof *symbols;
    int rc = 0;
    job->run->len = 0;
    if (n > SHORT_RUN)
        rc = merge_long(job->bpe, symbols, &n, job->heap);
    else if (n > 1)
        n = merge_short(job->bpe, symbols, n);
    for (size_t i = 0; i < n && rc == 0; i++) {
        size_t begin = job->done;
        job->done += symbols[i].len;
        rc = t2v_token_model_give(job->ids, job->spans, symbols[i].id, begin, job->done);
    }
    return rc;
}

/* Appends a symbol to the run; flushes that first where no token crosses. */
static int add_symbol(struct job *job, int32_t id, size_t len)
{
    const struct t2v_bpe *bpe = job->bpe;
    if (job->run->len != 0) {
        struct symbol *last = symbols_of(job) + job->run->len / sizeof *last - 1;
        const struct t2v_pair *pair = t2v_pairs_get(&bpe->pairs, last->id, id);
        last->rank = pair != NULL ? pair->rank : T2V_PAIR_NO_RANK;
        last->merged = pair != NULL ? pair->id : -1;
        int rc = pair == NULL && bpe->cuts ? flush(job) : 0;
        if (rc != 0)
            return rc;
    }
    struct symbol symbol = {.id = id, .rank = T2V_PAIR_NO_RANK, .merged = -1, .len = (uint32_t)len};
    return t2v_buf_add(job->run, &symbol, sizeof symbol);
}

/* The id of a character of the piece, with the prefix and suffix of the settings, or -1. Sets *s to
 * the bytes looked up, which may be in room. */
static int32_t char_id(const struct t2v_bpe *bpe, struct t2v_str *s, bool first, bool last,
                       struct t2v_buf *room)
{
    bool before = !first && bpe->prefix.len != 0, behind = last && bpe->suffix.len != 0;
    if (!before && !behind) {
        uint32_t cp = 0;
        const char *at = s->ptr;
        if (s->len <= 2 && (cp = t2v_utf8_next(&at, s->ptr + s->len)) < T2V_BPE_LOW_CHARS)
            return bpe->low[cp];
        return t2v_map_get(&bpe->vocab, *s);
    }
    room->len = 0;
    if (before)
        t2v_buf_add(room, bpe->prefix.ptr, bpe->prefix.len);
    t2v_buf_add(room, s->ptr, s->len);
    if (behind)
        t2v_buf_add(room, bpe->suffix.ptr, bpe->suffix.len);
    if (room->fail != 0)
        return -1;
    *s = t2v_buf_str(room);
    return t2v_map_get(&bpe->vocab, *s);
}

/* Adds a character that is not a token as its byte tokens, if there is one for each byte. */
static int add_bytes(struct job *job, struct t2v_str s, bool *added)
{
    const struct t2v_bpe *bpe = job->bpe;
    *added = false;
    for (size_t i = 0; i < s.len; i++) {
        if (bpe->bytes[(uint8_t)s.ptr[i]] < 0)
            return 0;
    }
    int rc = 0;
    for (size_t i = 0; i < s.len && rc == 0; i++)
        rc = add_symbol(job, bpe->bytes[(uint8_t)s.ptr[i]], 1);
    *added = true;
    return rc;
}

/* Adds the unknown token that waits, if one does. */
static int end_unknown(struct job *job)
{
    size_t len = job->waiting;
    job->waiting = 0;
    return len != 0 ? add_symbol(job, job->bpe->base.unk_id, len) : 0;
}

/* A character of len bytes that has neither a token nor byte tokens. UPSTREAM: the unknown token
 * waits until the next one or a character that is a token comes, so byte tokens may overtake it. */
static int add_unknown(struct job *job, size_t len)
{
    const struct t2v_bpe *bpe = job->bpe;
    if (bpe->unk_token.ptr == NULL)
        return 0;
    if (bpe->base.unk_id < 0)
        return T2V_EUNSUPPORTED;
    int rc = 0;
    if (!bpe->fuse_unk)
        rc = end_unknown(job);
    job->waiting += len;
    return rc;
}

int t2v_bpe_encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                   struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans)
{
    const struct t2v_bpe *bpe = (const struct t2v_bpe *)model;
    if (bpe->ignore_merges) {
        int32_t whole = t2v_map_get(&bpe->vocab, piece);
        if (whole >= 0)
            return t2v_token_model_give(ids, spans, whole, 0, piece.len);
    }
    struct job job = {bpe, &scratch[0], &scratch[1], ids, spans, 0, 0};
    int rc = 0;
    for (size_t i = 0; i < 3; i++)
        t2v_buf_clear(&scratch[i]);
    for (const char *at = piece.ptr, *end = piece.ptr + piece.len; at < end && rc == 0;) {
        const char *here = at;
        t2v_utf8_next(&at, end);
        struct t2v_str s = {here, (size_t)(at - here)};
        int32_t id = char_id(bpe, &s, here == piece.ptr, at == end, &scratch[2]);
        bool added = false;
        if (id < 0 && scratch[2].fail != 0)
            rc = scratch[2].fail;
        else if (id < 0 && bpe->byte_fallback)
            rc = add_bytes(&job, s, &added);
        if (id < 0 && rc == 0 && !added)
            rc = add_unknown(&job, (size_t)(at - here));
        if (id >= 0)
            rc = end_unknown(&job);
        if (id >= 0 && rc == 0)
            rc = add_symbol(&job, id, (size_t)(at - here));
    }
    if (rc == 0)
        rc = end_unknown(&job);
    return rc == 0 ? flush(&job) : rc;
}
