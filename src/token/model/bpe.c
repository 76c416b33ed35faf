/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BPE: a piece falls into characters, each a symbol; then, again and again, the pair of neighbours
 * whose merge is listed first (of equal ones the leftmost) becomes one symbol.
 *
 * Two things keep it quick. One table, by pair, holds all merges, and also the pairs of characters
 * that stand side by side inside of some token without being a merge themselves. Where two
 * characters of a text are not in it, nothing can ever grow across, and the piece is cut: what is
 * merged at a time is a word or so, however long the piece. And a short run of symbols is searched
 * in full for its best pair each time; a long one ("aaaa...") has a heap, so that time does not
 * grow with its square.
 */
#include "token/model/bpe.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

enum {
    LOW_CHARS = 0x800, /* characters of one and two bytes have a table */
    SHORT_RUN = 32,    /* symbols up to which there is no heap */
    MAX_MERGES = 1 << 25,
    NO_RANK = UINT32_MAX /* side by side in some token, but no merge */
};

struct pair {
    uint64_t key; /* left << 32 | right; UINT64_MAX: free */
    uint32_t rank;
    int32_t id; /* what the two become */
};

struct pairs {
    struct pair *slots;
    size_t n, mask;
    uint64_t seed;
};

struct bpe {
    struct t2v_token_model base; /* first: the two are cast into each other */
    struct t2v_arena arena;      /* the bytes of the vocabulary */
    struct t2v_map vocab;
    struct pairs pairs;
    int32_t low[LOW_CHARS]; /* ids of the characters that are tokens, or -1 */
    int32_t bytes[256];     /* ids of "<0x00>" and so on, or -1 */
    struct t2v_str prefix, suffix;
    struct t2v_str unk_token; /* ptr NULL: none */
    bool fuse_unk, byte_fallback, ignore_merges;
    bool cuts; /* a pair that is not in the table is a border */
};

static const struct bpe *of(const struct t2v_token_model *model)
{
    return (const struct bpe *)model;
}

/* The table of pairs. */

static uint64_t pair_key(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

static struct pair *find_slot(const struct pairs *pairs, uint64_t key)
{
    uint64_t h = (key ^ pairs->seed) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    for (size_t i = (size_t)(h >> 32) & pairs->mask;; i = (i + 1) & pairs->mask) {
        struct pair *slot = &pairs->slots[i];
        if (slot->key == key || slot->key == UINT64_MAX)
            return slot;
    }
}

/* NULL when the two are not in the table. */
static const struct pair *get_pair(const struct pairs *pairs, int32_t left, int32_t right)
{
    const struct pair *slot = find_slot(pairs, pair_key(left, right));
    return slot->key != UINT64_MAX ? slot : NULL;
}

static int grow_pairs(struct pairs *pairs, size_t n_slot)
{
    struct pairs bigger = {
        .slots = t2v_resize(NULL, n_slot, sizeof *pairs->slots),
        .n = pairs->n,
        .mask = n_slot - 1,
        .seed = pairs->seed,
    };
    if (bigger.slots == NULL)
        return T2V_ENOMEM;
    memset(bigger.slots, 0xff, n_slot * sizeof *bigger.slots);
    for (size_t i = 0; pairs->slots != NULL && i <= pairs->mask; i++) {
        if (pairs->slots[i].key != UINT64_MAX)
            *find_slot(&bigger, pairs->slots[i].key) = pairs->slots[i];
    }
    t2v_free(pairs->slots);
    *pairs = bigger;
    return 0;
}

static int init_pairs(struct pairs *pairs, size_t n)
{
    size_t n_slot = 64;
    while (n_slot / 2 < n)
        n_slot *= 2;
    *pairs = (struct pairs){.seed = t2v_clock_ns()};
    return grow_pairs(pairs, n_slot);
}

/* A merge replaces what is there; a pair without a rank does not. */
static int set_pair(struct pairs *pairs, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
    if (pairs->n >= (pairs->mask + 1) / 2) {
        int rc = grow_pairs(pairs, (pairs->mask + 1) * 2);
        if (rc != 0)
            return rc;
    }
    uint64_t key = pair_key(left, right);
    struct pair *slot = find_slot(pairs, key);
    if (slot->key == key && rank == NO_RANK)
        return 0;
    pairs->n += slot->key != key;
    *slot = (struct pair){key, rank, id};
    return 0;
}

/* Merging. */

/* A run of symbols, linked by their places in it. */
struct symbol {
    int32_t id;              /* -1: it went into the one before */
    uint32_t rank;           /* of the merge with the next, or NO_RANK */
    int32_t merged;          /* what that gives */
    uint32_t len;            /* bytes of the piece */
    uint32_t previous, next; /* long runs; UINT32_MAX: none */
};

static void look_up(const struct bpe *bpe, struct symbol *left, const struct symbol *right)
{
    const struct pair *pair = right != NULL ? get_pair(&bpe->pairs, left->id, right->id) : NULL;
    left->rank = pair != NULL ? pair->rank : NO_RANK;
    left->merged = pair != NULL ? pair->id : -1;
}

/* Merges symbols[0, n) in place; returns how many are left. */
static size_t merge_short(const struct bpe *bpe, struct symbol *symbols, size_t n)
{
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++) {
            if (symbols[i].rank < symbols[best].rank)
                best = i;
        }
        struct symbol *to = &symbols[best];
        if (to->rank == NO_RANK)
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

/* A binary heap of rank << 32 | place, the smallest first. */

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
    if (symbols[at].rank != NO_RANK)
        heap_push(heap, n, (uint64_t)symbols[at].rank << 32 | at);
}

static void merge_at(const struct bpe *bpe, struct symbol *symbols, size_t at, uint64_t *heap,
                     size_t *n)
{
    struct symbol *to = &symbols[at], *gone = &symbols[to->next];
    to->id = to->merged;
    to->len += gone->len;
    to->next = gone->next;
    gone->id = -1;
    gone->rank = NO_RANK;
    if (to->next != UINT32_MAX)
        symbols[to->next].previous = (uint32_t)at;
    look_up(bpe, to, to->next != UINT32_MAX ? &symbols[to->next] : NULL);
    push_pair(symbols, at, heap, n);
    if (to->previous != UINT32_MAX) {
        look_up(bpe, &symbols[to->previous], to);
        push_pair(symbols, to->previous, heap, n);
    }
}

/* As merge_short, for a long run; the heap grows by at most one item a merge, so 2 n are enough. */
static int merge_long(const struct bpe *bpe, struct symbol *symbols, size_t *n_symbol,
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

/* A piece on its way to ids. */
struct job {
    const struct bpe *bpe;
    struct t2v_buf *run; /* of struct symbol */
    struct t2v_buf *heap;
    struct t2v_ids *ids;
    struct t2v_buf *spans; /* or NULL */
    size_t waiting;        /* bytes of the unknown token that waits; 0: none does */
    size_t done;           /* bytes that the ids cover, all characters without a symbol left out */
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

/* Adds a symbol behind the run, or begins another where nothing grows across. */
static int add_symbol(struct job *job, int32_t id, size_t len)
{
    const struct bpe *bpe = job->bpe;
    if (job->run->len != 0) {
        struct symbol *last = symbols_of(job) + job->run->len / sizeof *last - 1;
        const struct pair *pair = get_pair(&bpe->pairs, last->id, id);
        last->rank = pair != NULL ? pair->rank : NO_RANK;
        last->merged = pair != NULL ? pair->id : -1;
        int rc = pair == NULL && bpe->cuts ? flush(job) : 0;
        if (rc != 0)
            return rc;
    }
    struct symbol symbol = {.id = id, .rank = NO_RANK, .merged = -1, .len = (uint32_t)len};
    return t2v_buf_add(job->run, &symbol, sizeof symbol);
}

/* The id of a character of the piece, with what the settings put before and behind it, or -1; its
 * bytes in *s (which may be in room). */
static int32_t char_id(const struct bpe *bpe, struct t2v_str *s, bool first, bool last,
                       struct t2v_buf *room)
{
    bool before = !first && bpe->prefix.len != 0, behind = last && bpe->suffix.len != 0;
    if (!before && !behind) {
        uint32_t cp = 0;
        const char *at = s->ptr;
        if (s->len <= 2 && (cp = t2v_utf8_next(&at, s->ptr + s->len)) < LOW_CHARS)
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

/* The bytes of a character that is no token, if all of them are. */
static int add_bytes(struct job *job, struct t2v_str s, bool *added)
{
    const struct bpe *bpe = job->bpe;
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

/* The unknown token that waits, if one does. */
static int end_unknown(struct job *job)
{
    size_t len = job->waiting;
    job->waiting = 0;
    return len != 0 ? add_symbol(job, job->bpe->base.unk_id, len) : 0;
}

/* A character of len bytes that is no token and has no bytes. UPSTREAM: the unknown token waits
 * until the next one or a character that is a token comes, so bytes may overtake it. */
static int add_unknown(struct job *job, size_t len)
{
    const struct bpe *bpe = job->bpe;
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

static int encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                  struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans)
{
    const struct bpe *bpe = of(model);
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

static int32_t id_of(const struct t2v_token_model *model, struct t2v_str token)
{
    return t2v_map_get(&of(model)->vocab, token);
}

static void free_bpe(struct t2v_token_model *model)
{
    struct bpe *bpe = (struct bpe *)model;
    t2v_map_deinit(&bpe->vocab);
    t2v_free(bpe->pairs.slots);
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

static const struct t2v_token_model_ops ops = {"BPE", encode, id_of, free_bpe, each};

/* Making one. */

int t2v_bpe_new(size_t n_vocab, size_t n_merge, const struct t2v_bpe_settings *settings,
                struct t2v_token_model **out)
{
    struct bpe *bpe = t2v_alloc_zero(1, sizeof *bpe);
    if (bpe == NULL)
        return T2V_ENOMEM;
    bpe->base = (struct t2v_token_model){.ops = &ops, .max_id = -1};
    bpe->base.unk_id = -1;
    bpe->fuse_unk = settings->fuse_unk;
    bpe->byte_fallback = settings->byte_fallback;
    bpe->ignore_merges = settings->ignore_merges;
    bpe->prefix = t2v_arena_dup(&bpe->arena, settings->prefix);
    bpe->suffix = t2v_arena_dup(&bpe->arena, settings->suffix);
    bool has_unk = settings->unk_token.ptr != NULL;
    if (has_unk)
        bpe->unk_token = t2v_arena_dup(&bpe->arena, settings->unk_token);
    if (n_merge > MAX_MERGES)
        n_merge = MAX_MERGES; /* there may be fewer than it seemed */
    if (bpe->prefix.ptr == NULL || bpe->suffix.ptr == NULL ||
        (has_unk && bpe->unk_token.ptr == NULL) || t2v_map_init(&bpe->vocab, n_vocab) != 0 ||
        init_pairs(&bpe->pairs, n_merge + n_merge / 2) != 0) {
        free_bpe(&bpe->base);
        return T2V_ENOMEM;
    }
    *out = &bpe->base;
    return 0;
}

int t2v_bpe_add(struct t2v_token_model *model, struct t2v_str token, int32_t id)
{
    struct bpe *bpe = (struct bpe *)model;
    struct t2v_str own = t2v_arena_dup(&bpe->arena, token);
    if (own.ptr == NULL || t2v_map_set(&bpe->vocab, own, id) != 0)
        return T2V_ENOMEM;
    model->n_vocab = bpe->vocab.n;
    if (id > model->max_id)
        model->max_id = id;
    return 0;
}

/* The id of the last character of s (first: of the first), or -1 when it is no token. */
static int32_t end_id(const struct bpe *bpe, struct t2v_str s, bool first)
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
    struct bpe *bpe = (struct bpe *)model;
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
    int rc = set_pair(&bpe->pairs, a, b, rank, id);
    int32_t last = end_id(bpe, left, false), first = end_id(bpe, right, true);
    if (rc == 0 && last >= 0 && first >= 0)
        rc = set_pair(&bpe->pairs, last, first, NO_RANK, -1);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for merge %u", (unsigned)rank);
}

bool t2v_bpe_has_merge(const struct t2v_token_model *model, struct t2v_str left,
                       struct t2v_str right)
{
    const struct bpe *bpe = of(model);
    int32_t a = t2v_map_get(&bpe->vocab, left), b = t2v_map_get(&bpe->vocab, right);
    const struct pair *pair = a >= 0 && b >= 0 ? get_pair(&bpe->pairs, a, b) : NULL;
    return pair != NULL && pair->rank != NO_RANK;
}

/* Marks of an id, for finish. */
enum { SEEN = 1, SPECIAL = 2 };

/* What is not exact about cutting: a character with more than one spelling (prefix, suffix), two
 * tokens of one id, a merge of a byte or unknown token. Then nothing is cut. */
static bool may_cut(const struct bpe *bpe, uint8_t *marks)
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
        const struct pair *pair = &bpe->pairs.slots[i];
        if (pair->key != UINT64_MAX && pair->rank != NO_RANK &&
            ((marks[pair->key >> 32] | marks[(uint32_t)pair->key]) & SPECIAL) != 0)
            return false;
    }
    return true;
}

int t2v_bpe_finish(struct t2v_token_model *model, struct t2v_err *err)
{
    struct bpe *bpe = (struct bpe *)model;
    if (bpe->unk_token.ptr != NULL)
        bpe->base.unk_id = t2v_map_get(&bpe->vocab, bpe->unk_token);
    for (uint32_t cp = 0; cp < LOW_CHARS; cp++) {
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
