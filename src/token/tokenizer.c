/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The road of one text: added tokens split it; what stands between is normalised chunk by chunk,
 * split again by the normalised added tokens, then into pieces, and each piece becomes ids. As soon
 * as there are enough ids, the way back down begins.
 */
#include "token/tokenizer.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "regex/regex.h"
#include "token/decode/vocab.h"
#include "token/parts.h"

#include "base/banned.h"

enum {
    CHUNK_BYTES = 4096,   /* 500 tokens of English are some 2,400 bytes */
    KEPT_BYTES = 1 << 20, /* of a scratch buffer, from one text to the next */
    /* Ceilings of scratch buffers: a piece of as many bytes as a body may have takes 20 times that
     * in the model, when nothing cuts it. */
    MAX_PRETOK_BYTES = 1 << 28,
    MAX_MODEL_BYTES = 1 << 29,
    ENOUGH = 1 /* not an error: there are as many ids as are asked for */
};

int t2v_ids_add(struct t2v_ids *ids, int32_t id)
{
    if (ids->len == ids->cap) {
        int32_t *grown = t2v_grow(ids->ptr, &ids->cap, 64, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        ids->ptr = grown;
    }
    ids->ptr[ids->len++] = id;
    return 0;
}

void t2v_ids_deinit(struct t2v_ids *ids)
{
    t2v_free(ids->ptr);
    *ids = (struct t2v_ids){0};
}

int t2v_token_space_new(t2v_token_space **out)
{
    t2v_token_space *space = t2v_alloc_zero(1, sizeof *space);
    if (space == NULL)
        return T2V_ENOMEM;
    t2v_norm_space_init(&space->norm);
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        t2v_buf_init(&space->pretok[i], MAX_PRETOK_BYTES);
    for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
        t2v_buf_init(&space->model[i], MAX_MODEL_BYTES);
    *out = space;
    return 0;
}

void t2v_token_space_free(t2v_token_space *space)
{
    if (space == NULL)
        return;
    t2v_ids_deinit(&space->pair[0]);
    t2v_ids_deinit(&space->pair[1]);
    t2v_norm_space_deinit(&space->norm);
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        t2v_buf_deinit(&space->pretok[i]);
    for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
        t2v_buf_deinit(&space->model[i]);
    t2v_free(space);
}

static void shrink(struct t2v_buf *buf)
{
    if (buf->cap > KEPT_BYTES)
        t2v_buf_deinit(buf);
}

/* Lets go of what only a very long text (without white space) needed. */
static void shrink_space(t2v_token_space *space)
{
    shrink(&space->norm.text[0]);
    shrink(&space->norm.text[1]);
    if (space->norm.cps.cap > KEPT_BYTES / sizeof *space->norm.cps.ptr)
        t2v_cps_deinit(&space->norm.cps);
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        shrink(&space->pretok[i]);
    for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
        shrink(&space->model[i]);
}

/* One call of encode. */
struct job {
    const t2v_tokenizer *tokenizer;
    t2v_token_space *space;
    struct t2v_ids *ids;
    size_t enough; /* ids->len at which the rest of the text no longer matters */
};

static int add_id(struct job *job, int32_t id)
{
    if (t2v_ids_add(job->ids, id) != 0)
        return T2V_ENOMEM;
    return job->ids->len >= job->enough ? ENOUGH : 0;
}

static int take_piece(void *ctx, struct t2v_str piece)
{
    struct job *job = ctx;
    const struct t2v_token_model *model = job->tokenizer->model;
    int rc = model->ops->encode(model, job->space->model, piece, job->ids);
    if (rc != 0)
        return rc;
    return job->ids->len >= job->enough ? ENOUGH : 0;
}

/* Normalised text without added tokens. */
static int encode_plain(struct job *job, struct t2v_str text, bool at_start)
{
    struct t2v_pretok_run run = {
        .pretok = &job->tokenizer->pretok,
        .at_start = at_start,
        .scratch = job->space->pretok,
        .take = take_piece,
        .ctx = job,
    };
    return t2v_pretok_run(&run, text);
}

/* Raw text without added tokens of the raw kind. */
static int encode_chunk(struct job *job, struct t2v_str text, bool at_start)
{
    const t2v_tokenizer *tokenizer = job->tokenizer;
    bool moved = !at_start || !t2v_pretok_uses_start(&tokenizer->pretok);
    int rc =
        t2v_normalizer_run_from(&tokenizer->normalizer, &job->space->norm, text, &text, &moved);
    at_start = at_start && !moved;
    if (rc != 0 || tokenizer->added.normalized.n == 0)
        return rc != 0 ? rc : encode_plain(job, text, at_start);
    struct t2v_match match = {0};
    do {
        t2v_matcher_next(&tokenizer->added, &tokenizer->added.normalized, text, &match);
        struct t2v_str plain = {text.ptr + match.begin, match.start - match.begin};
        rc = plain.len != 0 ? encode_plain(job, plain, at_start && match.begin == 0) : 0;
        if (rc == 0 && match.id >= 0)
            rc = add_id(job, match.id);
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
            rc = encode_chunk(job, (struct t2v_str){text.ptr + at, n}, at == 0);
        }
        if (rc == 0 && match.id >= 0)
            rc = add_id(job, match.id);
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

static int add_all(struct t2v_ids *ids, const struct t2v_ids *more)
{
    for (size_t i = 0; i < more->len; i++) {
        if (t2v_ids_add(ids, more->ptr[i]) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

int t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                         struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                         struct t2v_err *err)
{
    size_t n_special = t2v_tokenizer_n_special(tokenizer);
    size_t room = max_tok > n_special ? max_tok - n_special : 0;
    size_t begin = tokenizer->tmpl.before.len;
    ids->len = 0;
    int rc = add_all(ids, &tokenizer->tmpl.before);
    if (rc == 0 && room != 0) {
        struct job job = {tokenizer, space, ids, SIZE_MAX};
        if (!tokenizer->cut_left && room < SIZE_MAX - begin)
            job.enough = begin + room + 1; /* one more, to see that the text is cut */
        t2v_regex_allow(text.len);
        rc = encode_text(&job, text);
        shrink_space(space);
    }
    if (rc != 0)
        return encode_failed(rc, text, err);
    size_t n = ids->len - begin;
    ids->cut = n > room || (room == 0 && text.len != 0);
    if (n > room && tokenizer->cut_left)
        memmove(ids->ptr + begin, ids->ptr + begin + (n - room), room * sizeof *ids->ptr);
    if (n > room)
        ids->len = begin + room;
    if (add_all(ids, &tokenizer->tmpl.behind) != 0)
        return encode_failed(T2V_ENOMEM, text, err);
    return 0;
}

int t2v_tokenizer_encode_bare(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str text, struct t2v_ids *ids, struct t2v_err *err)
{
    size_t n_special = t2v_tokenizer_n_special(tokenizer), limit = tokenizer->limit;
    int rc =
        t2v_tokenizer_encode(tokenizer, space, text,
                             limit < SIZE_MAX - n_special ? limit + n_special : SIZE_MAX, ids, err);
    if (rc != 0)
        return rc;
    size_t before = tokenizer->tmpl.before.len;
    ids->len -= n_special;
    if (before != 0 && ids->len != 0)
        memmove(ids->ptr, ids->ptr + before, ids->len * sizeof *ids->ptr);
    return 0;
}

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

/* Adds n ids of a text, those at the end where the tokenizer cuts on the left, and their types. */
static int add_text(const t2v_tokenizer *tokenizer, const struct t2v_ids *text, size_t n,
                    int32_t type, struct t2v_ids *ids, struct t2v_ids *types)
{
    size_t from = tokenizer->cut_left ? text->len - n : 0;
    for (size_t i = from; i < from + n; i++) {
        if (t2v_ids_add(ids, text->ptr[i]) != 0 || t2v_ids_add(types, type) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

/* Special tokens and n[2] ids of the two texts, one behind the other. */
static int lay_pair(const t2v_tokenizer *tokenizer, const struct t2v_ids text[2], const size_t n[2],
                    struct t2v_ids *ids, struct t2v_ids *types)
{
    const struct t2v_pair_template *pair = &tokenizer->tmpl.pair;
    int rc = 0;
    ids->len = types->len = 0;
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        rc = add_all(ids, &pair->ids[i]);
        if (rc == 0)
            rc = add_all(types, &pair->types[i]);
        if (rc == 0 && i < 2)
            rc = add_text(tokenizer, &text[i], n[i], pair->text_type[i], ids, types);
    }
    return rc;
}

int t2v_tokenizer_encode_pair(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str a, struct t2v_str b, size_t max_tok, enum t2v_cut cut,
                              struct t2v_ids *ids, struct t2v_ids *types, struct t2v_err *err)
{
    size_t n_special;
    int32_t max_id, max_type;
    if (!t2v_tokenizer_pair(tokenizer, &n_special, &max_id, &max_type))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the tokenizer has no template for two texts, or one that is not A and "
                        "then B");
    struct t2v_ids *text = space->pair;
    int rc = t2v_tokenizer_encode_bare(tokenizer, space, a, &text[0], err);
    if (rc == 0)
        rc = t2v_tokenizer_encode_bare(tokenizer, space, b, &text[1], err);
    if (rc != 0)
        return rc;
    size_t n[2] = {text[0].len, text[1].len}, room = max_tok > n_special ? max_tok - n_special : 0;
    if (!cut_pair(n, room, cut))
        return t2v_fail(err, T2V_ETOOLARGE,
                        "the first text is of %zu tokens, which leaves none of %zu to the second",
                        text[0].len, max_tok);
    rc = lay_pair(tokenizer, text, n, ids, types);
    for (size_t i = 0; i < 2; i++) {
        if (text[i].cap > KEPT_BYTES / sizeof *text[i].ptr)
            t2v_ids_deinit(&text[i]);
    }
    return rc == 0 ? 0 : encode_failed(rc, b, err);
}

bool t2v_tokenizer_pair(const t2v_tokenizer *tokenizer, size_t *n_special, int32_t *max_id,
                        int32_t *max_type)
{
    const struct t2v_pair_template *pair = &tokenizer->tmpl.pair;
    *n_special = pair->ids[0].len + pair->ids[1].len + pair->ids[2].len;
    *max_id = pair->max_id;
    *max_type = pair->max_type;
    return pair->there;
}

size_t t2v_tokenizer_n_special(const t2v_tokenizer *tokenizer)
{
    return tokenizer->tmpl.before.len + tokenizer->tmpl.behind.len;
}

int32_t t2v_tokenizer_max_id(const t2v_tokenizer *tokenizer)
{
    int32_t max = tokenizer->model->max_id;
    if (tokenizer->added.max_id > max)
        max = tokenizer->added.max_id;
    return tokenizer->tmpl.max_id > max ? tokenizer->tmpl.max_id : max;
}

int t2v_tokenizer_spell(const t2v_tokenizer *tokenizer, int32_t id, struct t2v_buf *out)
{
    struct t2v_decode_vocab vocab;
    int rc = t2v_decode_vocab_build(tokenizer->model, &tokenizer->added, &vocab);
    if (rc == 0) {
        struct t2v_str token = t2v_decode_vocab_get(&vocab, id);
        rc = t2v_buf_add(out, token.ptr, token.len);
    }
    t2v_decode_vocab_deinit(&vocab);
    return rc;
}

void t2v_tokenizer_truncate(t2v_tokenizer *tokenizer, size_t max_tok)
{
    tokenizer->limit = max_tok;
    tokenizer->cut_left = false;
}

size_t t2v_tokenizer_truncation(const t2v_tokenizer *tokenizer)
{
    return tokenizer->limit;
}

int32_t t2v_tokenizer_unk(const t2v_tokenizer *tokenizer, bool named)
{
    const struct t2v_token_model *model = tokenizer->model;
    return named && strcmp(model->ops->name, "Unigram") == 0 ? -1 : model->unk_id;
}

bool t2v_tokenizer_prefix_space(const t2v_tokenizer *tokenizer)
{
    const struct t2v_pretok_step *step = &tokenizer->pretok.steps[0];
    return tokenizer->pretok.n == 1 && !tokenizer->pretok.sequence &&
           strcmp(step->name, "ByteLevel") == 0 && step->prefix_space;
}

/* How many tokens have each length, in characters. */
enum { LONGEST = T2V_TRIE_MAX_KEY };

struct survey {
    size_t n, of_length[LONGEST + 1];
};

static int take_length(void *ctx, struct t2v_str token, int32_t id)
{
    struct survey *survey = ctx;
    size_t n = 0;
    (void)id;
    for (size_t i = 0; i < token.len; i++)
        n += !t2v_utf8_is_tail(token.ptr[i]);
    survey->of_length[n < LONGEST ? n : LONGEST]++;
    survey->n++;
    return 0;
}

/* The length of the k-th shortest. */
static size_t length_at(const struct survey *survey, size_t k)
{
    size_t length = 0;
    for (size_t below = survey->of_length[0]; below <= k && length < LONGEST;)
        below += survey->of_length[++length];
    return length;
}

int t2v_tokenizer_survey(const t2v_tokenizer *tokenizer, size_t *n_token, size_t *median)
{
    const struct t2v_token_model *model = tokenizer->model;
    const struct t2v_added_list *added = &tokenizer->added.by_id;
    struct survey survey = {0};
    int rc = model->ops->each(model, take_length, &survey);
    for (size_t i = 0; i < added->n; i++) {
        if (model->ops->id_of(model, added->ptr[i].content) < 0)
            take_length(&survey, added->ptr[i].content, added->ptr[i].id);
    }
    *n_token = survey.n;
    *median = 0;
    if (survey.n != 0)
        *median = (length_at(&survey, (survey.n - 1) / 2) + length_at(&survey, survey.n / 2)) / 2;
    return rc;
}

size_t t2v_tokenizer_model_max(const t2v_tokenizer *tokenizer)
{
    return tokenizer->model_max;
}

const char *t2v_tokenizer_describe(const t2v_tokenizer *tokenizer)
{
    return tokenizer->describe;
}
