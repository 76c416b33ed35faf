/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Encoding a text: added tokens split it. The text between them is normalised chunk by chunk, split
 * again by the normalised added tokens, then into pre-tokens, and each pre-token becomes ids. As
 * soon as there are enough ids, all stages return. If offsets are wanted, every stage also maps its
 * output bytes to bytes of its input.
 */
#include "token/encode.h"

#include <assert.h>

#include "base/mem.h"
#include "regex/regex.h"
#include "token/offsets.h"
#include "token/parts.h"
#include "token/space.h"

#include "base/banned.h"

enum {
    CHUNK_BYTES = 4096, /* 500 tokens of English are some 2,400 bytes */
    ENOUGH = 1          /* not an error: there are as many ids as are wanted */
};

/* One call of encode. */
struct job {
    const t2v_tokenizer *tokenizer;
    t2v_token_space *space;
    struct t2v_ids *ids;
    size_t enough;                    /* ids->len at which the rest of the text no longer matters */
    struct t2v_buf *marks;            /* of the tokens, see offsets.h; NULL: not wanted */
    struct t2v_buf *align, *spans;    /* of the chunk, of the piece; NULL, too */
    const struct t2v_pretok_run *run; /* that hands on pieces now */
    uint32_t base;                    /* where the chunk begins in the text */
    uint32_t word;                    /* pre-tokens and added tokens so far */
};

static int add_id(struct job *job, int32_t id)
{
    if (t2v_ids_add(job->ids, id) != 0)
        return T2V_ENOMEM;
    return job->ids->len >= job->enough ? ENOUGH : 0;
}

/* An added token: bytes [begin, end) of the text, spelled as it was found. */
static int add_token(struct job *job, int32_t id, struct t2v_span span, struct t2v_str spelled)
{
    job->word++;
    if (job->marks != NULL) {
        struct t2v_token_mark mark = {.span = span, .word = job->word};
        t2v_token_mark_blanks(&mark, spelled);
        if (t2v_buf_add(job->marks, &mark, sizeof mark) != 0)
            return job->marks->fail;
    }
    return add_id(job, id);
}

/* The mark of a token of the model: span is in bytes of the piece. */
static struct t2v_token_mark mark_of(const struct job *job, struct t2v_str piece, int32_t id,
                                     struct t2v_span span)
{
    const struct t2v_token_model *model = job->tokenizer->model;
    struct t2v_token_mark mark = {.span = span, .odd = span.end > piece.len, .word = job->word};
    if (mark.odd)
        return mark;
    const char *at = piece.ptr + span.begin;
    struct t2v_str spelled = {at, span.end - span.begin};
    struct t2v_span first = t2v_pretok_span(job->run, at);
    struct t2v_span last = t2v_pretok_span(job->run, piece.ptr + span.end - 1);
    mark.span = (struct t2v_span){job->base + first.begin, job->base + last.end};
    if (job->tokenizer->tmpl.n_trim != 0 && model->ops->id_of(model, spelled) == id)
        t2v_token_mark_blanks(&mark, spelled);
    return mark;
}

/* Marks the last tokens, of which the piece was made. */
static int mark_piece(struct job *job, struct t2v_str piece)
{
    size_t n = job->spans->len / sizeof(struct t2v_span), first = job->ids->len - n;
    for (size_t i = 0; i < n; i++) {
        struct t2v_token_mark mark =
            mark_of(job, piece, job->ids->ptr[first + i], t2v_span_at(job->spans, i));
        t2v_buf_add(job->marks, &mark, sizeof mark);
    }
    return job->spans->fail != 0 ? job->spans->fail : job->marks->fail;
}

static int take_piece(void *ctx, struct t2v_str piece)
{
    struct job *job = ctx;
    const struct t2v_token_model *model = job->tokenizer->model;
    job->word++;
    if (job->spans != NULL)
        t2v_buf_clear(job->spans);
    int rc = model->ops->encode(model, job->space->model, piece, job->ids, job->spans);
    if (rc == 0 && job->spans != NULL)
        rc = mark_piece(job, piece);
    if (rc != 0)
        return rc;
    return job->ids->len >= job->enough ? ENOUGH : 0;
}

/* Part of a normalised chunk, without added tokens. */
static int encode_plain(struct job *job, struct t2v_str chunk, struct t2v_str text, bool at_start)
{
    struct t2v_pretok_run run = {
        .pretok = &job->tokenizer->pretok,
        .at_start = at_start,
        .scratch = job->space->pretok,
        .aligned = job->space->aligned,
        .align = job->align,
        .base = chunk.ptr,
        .take = take_piece,
        .ctx = job,
    };
    job->run = &run;
    return t2v_pretok_run(&run, text);
}

/* A token that was found in a normalised chunk. */
static int add_found(struct job *job, struct t2v_str chunk, const struct t2v_match *match)
{
    struct t2v_span span = {0, 0};
    struct t2v_str spelled = {chunk.ptr + match->start, match->stop - match->start};
    if (job->align != NULL && spelled.len != 0) {
        span.begin = job->base + t2v_span_at(job->align, match->start).begin;
        span.end = job->base + t2v_span_at(job->align, match->stop - 1).end;
    }
    return add_token(job, match->id, span, spelled);
}

/* Raw text without added tokens of the raw kind. */
static int encode_chunk(struct job *job, struct t2v_str text, bool at_start)
{
    const t2v_tokenizer *tokenizer = job->tokenizer;
    bool moved = !at_start || !t2v_pretok_uses_start(&tokenizer->pretok);
    int rc = t2v_normalizer_run_from(&tokenizer->normalizer, &job->space->norm, text, &text, &moved,
                                     job->align);
    at_start = at_start && !moved;
    if (rc != 0 || tokenizer->added.normalized.n == 0)
        return rc != 0 ? rc : encode_plain(job, text, text, at_start);
    struct t2v_match match = {0};
    do {
        t2v_matcher_next(&tokenizer->added, &tokenizer->added.normalized, text, &match);
        struct t2v_str plain = {text.ptr + match.begin, match.start - match.begin};
        rc = plain.len != 0 ? encode_plain(job, text, plain, at_start && match.begin == 0) : 0;
        if (rc == 0 && match.id >= 0)
            rc = add_found(job, text, &match);
    } while (rc == 0 && match.id >= 0);
    return rc;
}

/* How much of a long text to take now: up to the first white space behind CHUNK_BYTES. */
static size_t chunk_len(const t2v_tokenizer *tokenizer, struct t2v_str text)
{
    if (!tokenizer->chunked || text.len <= CHUNK_BYTES)
        return text.len;
    size_t n = CHUNK_BYTES;
    while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != '\n' && text.ptr[n] != '\t' &&
           text.ptr[n] != '\r')
        n++;
    return n;
}

static int encode_text(struct job *job, struct t2v_str text)
{
    const struct t2v_added *added = &job->tokenizer->added;
    struct t2v_match match = {0};
    int rc = 0;
    do {
        t2v_matcher_next(added, &added->raw, text, &match);
        for (size_t at = match.begin, n; at < match.start && rc == 0; at += n) {
            n = chunk_len(job->tokenizer, (struct t2v_str){text.ptr + at, match.start - at});
            job->base = (uint32_t)at;
            rc = encode_chunk(job, (struct t2v_str){text.ptr + at, n}, at == 0);
        }
        struct t2v_span span = {(uint32_t)match.start, (uint32_t)match.stop};
        if (rc == 0 && match.id >= 0)
            rc = add_token(job, match.id, span,
                           (struct t2v_str){text.ptr + match.start, match.stop - match.start});
    } while (rc == 0 && match.id >= 0);
    return rc == ENOUGH ? 0 : rc;
}

static int encode_failed(int rc, struct t2v_str text, struct t2v_err *err)
{
    if (rc == T2V_ETOOLARGE)
        return t2v_fail(
            err, rc,
            "a text of %zu bytes becomes too long when normalized, has too long a word, "
            "or takes a pattern of the tokenizer too many steps",
            text.len);
    if (rc == T2V_EUNSUPPORTED)
        return t2v_fail(err, rc,
                        "a text of %zu bytes has a character that the vocabulary lacks, as it "
                        "lacks the unknown token",
                        text.len);
    return t2v_fail(err, rc, "no memory to tokenize a text of %zu bytes", text.len);
}

/* Appends the ids of a text, at most `room`, and their offsets. */
static int append_text(struct job *job, struct t2v_str text, size_t room,
                       struct t2v_offsets *offsets)
{
    struct t2v_ids *ids = job->ids;
    size_t begin = ids->len;
    bool cut_left = job->tokenizer->cut_left;
    job->enough = SIZE_MAX;
    if (!cut_left && room < SIZE_MAX - begin)
        job->enough = begin + room + 1; /* one more, to see that the text is cut */
    t2v_regex_allow(text.len);
    int rc = encode_text(job, text);
    size_t n = ids->len - begin, kept = n > room ? room : n, from = cut_left ? n - kept : 0;
    ids->cut = n > room;
    if (rc == 0 && from != 0)
        memmove(ids->ptr + begin, ids->ptr + begin + from, kept * sizeof *ids->ptr);
    ids->len = begin + kept;
    if (rc == 0 && offsets != NULL)
        rc = t2v_offsets_from_marks(&job->tokenizer->tmpl, job->space, text, from, kept, offsets);
    return rc;
}

/* As append_text, with the job made and the space shrunk. */
static int encode_room(const t2v_tokenizer *tokenizer, t2v_token_space *space, struct t2v_str text,
                       size_t room, struct t2v_ids *ids, struct t2v_offsets *offsets)
{
    struct job job = {.tokenizer = tokenizer, .space = space, .ids = ids};
    if (offsets != NULL) {
        job.marks = &space->marks;
        job.align = &space->align;
        job.spans = &space->spans;
        t2v_buf_clear(job.marks);
    }
    ids->cut = room == 0 && text.len != 0;
    if (room == 0)
        return 0;
    int rc = append_text(&job, text, room, offsets);
    t2v_token_space_shrink(space);
    return rc;
}

/* Special tokens; offsets may be NULL. */
static int add_special(struct t2v_ids *ids, struct t2v_offsets *offsets, const struct t2v_ids *more)
{
    for (size_t i = 0; i < more->len; i++) {
        if (t2v_ids_add(ids, more->ptr[i]) != 0 ||
            (offsets != NULL && t2v_offsets_add(offsets, (struct t2v_offset){0}) != 0))
            return T2V_ENOMEM;
    }
    return 0;
}

int t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                         struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                         struct t2v_err *err)
{
    return t2v_tokenizer_encode_offsets(tokenizer, space, text, max_tok, ids, NULL, err);
}

int t2v_tokenizer_encode_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                 struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                 struct t2v_offsets *offsets, struct t2v_err *err)
{
    size_t n_special = t2v_tokenizer_n_special(tokenizer);
    ids->len = 0;
    if (offsets != NULL)
        offsets->len = 0;
    int rc = add_special(ids, offsets, &tokenizer->tmpl.before);
    if (rc == 0)
        rc = encode_room(tokenizer, space, text, max_tok > n_special ? max_tok - n_special : 0, ids,
                         offsets);
    if (rc == 0)
        rc = add_special(ids, offsets, &tokenizer->tmpl.behind);
    return rc == 0 ? 0 : encode_failed(rc, text, err);
}

int t2v_tokenizer_encode_marked(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                int32_t marker, struct t2v_str text, size_t max_tok,
                                struct t2v_ids *ids, struct t2v_err *err)
{
    size_t n_added = t2v_tokenizer_n_special(tokenizer) + (marker >= 0);
    ids->len = 0;
    int rc = add_special(ids, NULL, &tokenizer->tmpl.before);
    if (rc == 0 && marker >= 0)
        rc = t2v_ids_add(ids, marker);
    if (rc == 0)
        rc = encode_room(tokenizer, space, text, max_tok > n_added ? max_tok - n_added : 0, ids,
                         NULL);
    if (rc == 0)
        rc = add_special(ids, NULL, &tokenizer->tmpl.behind);
    return rc == 0 ? 0 : encode_failed(rc, text, err);
}

int t2v_tokenizer_encode_bare(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str text, struct t2v_ids *ids, struct t2v_err *err)
{
    return t2v_tokenizer_encode_bare_offsets(tokenizer, space, text, ids, NULL, err);
}

int t2v_tokenizer_encode_bare_cut(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                  struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                  struct t2v_err *err)
{
    size_t room = max_tok < tokenizer->limit ? max_tok : tokenizer->limit;
    ids->len = 0;
    int rc = encode_room(tokenizer, space, text, room, ids, NULL);
    return rc == 0 ? 0 : encode_failed(rc, text, err);
}

void t2v_tokenizer_cut_start(const t2v_tokenizer *tokenizer, size_t max_tok, bool bare,
                             struct t2v_ids *ids)
{
    size_t n_before = bare ? 0 : tokenizer->tmpl.before.len;
    size_t n_special = bare ? 0 : t2v_tokenizer_n_special(tokenizer);
    size_t room = max_tok > n_special ? max_tok - n_special : 0, n_text = ids->len - n_special;
    if (n_text <= room)
        return;
    size_t n_drop = n_text - room;
    memmove(ids->ptr + n_before, ids->ptr + n_before + n_drop,
            (ids->len - n_before - n_drop) * sizeof *ids->ptr);
    ids->len -= n_drop;
    ids->cut = true;
}

int t2v_tokenizer_encode_bare_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                      struct t2v_str text, struct t2v_ids *ids,
                                      struct t2v_offsets *offsets, struct t2v_err *err)
{
    ids->len = 0;
    if (offsets != NULL)
        offsets->len = 0;
    int rc = encode_room(tokenizer, space, text, tokenizer->limit, ids, offsets);
    return rc == 0 ? 0 : encode_failed(rc, text, err);
}

/* Pairs. */

/* n[2]: lengths of two texts, of which `room` tokens may stay. False: the second is too short. */
static bool cut_pair(size_t n[2], size_t room, enum t2v_cut cut)
{
    if (n[0] + n[1] <= room)
        return true;
    if (cut == T2V_CUT_SECOND) {
        n[1] = n[0] < room ? room - n[0] : 0;
        return n[1] != 0;
    }
    size_t longer = n[0] > n[1] ? 0 : 1, shorter = 1 - longer, most = room - room / 2;
    if (n[shorter] <= room / 2) {
        n[longer] = room - n[shorter];
    } else {
        n[shorter] = room / 2;
        n[longer] = most;
    }
    return true;
}

/* What a pair becomes. */
struct laid {
    const struct t2v_ids *texts[2]; /* of these */
    struct t2v_ids *ids, *types;
    struct t2v_offsets *offsets; /* or NULL */
};

/* Adds n tokens of text number i, those at the end where the tokenizer cuts on the left. */
static int add_text(const t2v_tokenizer *tokenizer, const t2v_token_space *space, size_t i,
                    size_t n, struct laid *to)
{
    const struct t2v_ids *text = to->texts[i];
    size_t from = tokenizer->cut_left ? text->len - n : 0;
    int32_t type = tokenizer->tmpl.pair.text_type[i];
    for (size_t at = from; at < from + n; at++) {
        if (t2v_ids_add(to->ids, text->ptr[at]) != 0 || t2v_ids_add(to->types, type) != 0)
            return T2V_ENOMEM;
        if (to->offsets != NULL &&
            t2v_offsets_add(to->offsets, space->pair_offsets[i].ptr[at]) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

/* Special tokens and n[2] ids of the two texts, one behind the other. */
static int lay_pair(const t2v_tokenizer *tokenizer, const t2v_token_space *space, const size_t n[2],
                    struct laid *to)
{
    const struct t2v_pair_template *pair = &tokenizer->tmpl.pair;
    int rc = 0;
    to->ids->len = to->types->len = 0;
    if (to->offsets != NULL)
        to->offsets->len = 0;
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        rc = add_special(to->ids, to->offsets, &pair->ids[i]);
        if (rc == 0)
            rc = add_special(to->types, NULL, &pair->types[i]);
        if (rc == 0 && i < 2)
            rc = add_text(tokenizer, space, i, n[i], to);
    }
    return rc;
}

static int encode_first(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                        const struct t2v_text_pair *pair, struct t2v_err *err)
{
    struct t2v_first_text *first = pair->first;
    if (t2v_first_text_is(first, pair->a, pair->max_tok))
        return 0;
    first->text.ptr = NULL;
    int rc = t2v_tokenizer_encode_bare(tokenizer, space, pair->a, &first->ids, err);
    if (rc == 0)
        t2v_first_text_set(first, pair->a, pair->max_tok, tokenizer->cut_left);
    return rc;
}

/* Encodes both texts; to->texts is set, and n[2] to the tokens of each. */
static int encode_both(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                       const struct t2v_text_pair *pair, struct laid *to, size_t n[2],
                       struct t2v_err *err)
{
    struct t2v_offsets *offsets = to->offsets != NULL ? space->pair_offsets : NULL;
    int rc = pair->first != NULL ? encode_first(tokenizer, space, pair, err)
                                 : t2v_tokenizer_encode_bare_offsets(tokenizer, space, pair->a,
                                                                     &space->pair[0], offsets, err);
    if (rc == 0)
        rc = t2v_tokenizer_encode_bare_offsets(tokenizer, space, pair->b, &space->pair[1],
                                               offsets != NULL ? offsets + 1 : NULL, err);
    to->texts[0] = pair->first != NULL ? &pair->first->ids : &space->pair[0];
    to->texts[1] = &space->pair[1];
    n[0] = pair->first != NULL ? pair->first->n_tok : space->pair[0].len;
    n[1] = space->pair[1].len;
    return rc;
}

int t2v_tokenizer_encode_pair(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              const struct t2v_text_pair *pair, struct t2v_ids *ids,
                              struct t2v_ids *types, struct t2v_offsets *offsets,
                              struct t2v_err *err)
{
    size_t n_special, max_tok = pair->max_tok, n[2];
    int32_t max_id, max_type;
    if (!t2v_tokenizer_pair(tokenizer, &n_special, &max_id, &max_type))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the tokenizer has no template for two texts, or one that is not A and "
                        "then B");
    struct laid laid = {.ids = ids, .types = types, .offsets = offsets};
    assert(pair->first == NULL || offsets == NULL);
    int rc = encode_both(tokenizer, space, pair, &laid, n, err);
    if (rc != 0)
        return rc;
    size_t n_first = n[0], n_all = n[0] + n[1];
    if (!cut_pair(n, max_tok > n_special ? max_tok - n_special : 0, pair->cut))
        return t2v_fail(err, T2V_ETOOLARGE,
                        "the first text is of %zu tokens, which leaves none of %zu to the second",
                        n_first, max_tok);
    rc = lay_pair(tokenizer, space, n, &laid);
    ids->cut = n[0] + n[1] < n_all;
    t2v_token_space_shrink_pair(space);
    return rc == 0 ? 0 : encode_failed(rc, pair->b, err);
}

/* Adds n ids of a text and their type. */
static int add_known(const int32_t *text, size_t n, int32_t type, struct laid *to)
{
    for (size_t i = 0; i < n; i++) {
        if (t2v_ids_add(to->ids, text[i]) != 0 || t2v_ids_add(to->types, type) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

int t2v_tokenizer_join_pair(const t2v_tokenizer *tokenizer, const struct t2v_ids *a,
                            const struct t2v_ids *b, size_t from, size_t n, struct t2v_ids *ids,
                            struct t2v_ids *types)
{
    const struct t2v_pair_template *pair = &tokenizer->tmpl.pair;
    struct laid to = {.ids = ids, .types = types};
    int rc = 0;
    ids->len = types->len = 0;
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        rc = add_special(ids, NULL, &pair->ids[i]);
        if (rc == 0)
            rc = add_special(types, NULL, &pair->types[i]);
        if (rc == 0 && i == 0)
            rc = add_known(a->ptr, a->len, pair->text_type[0], &to);
        if (rc == 0 && i == 1)
            rc = add_known(b->ptr + from, n, pair->text_type[1], &to);
    }
    return rc;
}

int t2v_tokenizer_join(const t2v_tokenizer *tokenizer, const struct t2v_ids *text, size_t from,
                       size_t n, struct t2v_ids *ids)
{
    ids->len = 0;
    int rc = add_special(ids, NULL, &tokenizer->tmpl.before);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_ids_add(ids, text->ptr[from + i]);
    return rc == 0 ? add_special(ids, NULL, &tokenizer->tmpl.behind) : rc;
}
