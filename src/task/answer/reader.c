/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "task/answer/spans.h"
#include "token/encode.h"
#include "unicode/lower.h"

#include "base/banned.h"

enum { MAX_SEQ = 384, MAX_STRIDE = 128 };

void t2v_reader_windows(const t2v_classifier *classifier, size_t max_seq_tok, const size_t *stride,
                        struct t2v_classify_params *params)
{
    size_t limit = t2v_classifier_task(classifier)->max_tok;
    size_t seq = max_seq_tok != T2V_READER_DEFAULT ? max_seq_tok : MAX_SEQ;
    seq = seq < limit ? seq : limit;
    size_t half = seq / 2 < MAX_STRIDE ? seq / 2 : MAX_STRIDE;
    *params = (struct t2v_classify_params){
        .max_tok = seq, .windows = true, .overlap = stride != NULL ? *stride : half};
}

void t2v_answers_deinit(struct t2v_answers *answers)
{
    t2v_free(answers->ptr);
    *answers = (struct t2v_answers){0};
}

/* An answer with what others are compared with. */
struct candidate {
    struct t2v_answer answer;
    struct t2v_str lower; /* its text in lower case */
    size_t index;         /* in the order in which they were found */
};

_Static_assert(sizeof(struct candidate) <= T2V_READER_SPAN_BYTES, "as reader.h says");

/* One call of t2v_reader_answers. */
struct job {
    const struct t2v_reader_params *params;
    const struct t2v_reading *reading;
    struct t2v_layout layout;
    size_t n_question;          /* tokens */
    struct t2v_offsets offsets; /* of the context's tokens */
    struct t2v_spans spans;     /* of the window */
    struct t2v_arena texts;     /* in lower case, where that is not the text itself */
    struct candidate *candidates;
    size_t n, cap;
    size_t n_found; /* candidates so far; n are left where some were merged */
    double null;    /* the least probability of "no answer" */
};

static int encode(const t2v_classifier *classifier, struct job *job, struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(t2v_classifier_model(classifier));
    struct t2v_ids ids = {0};
    t2v_token_space *space;
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    job->layout = t2v_tokenizer_layout(tokenizer, true);
    rc = t2v_tokenizer_encode_bare(tokenizer, space, job->reading->question, &ids, err);
    job->n_question = ids.len;
    if (rc == 0)
        rc = t2v_tokenizer_encode_bare_offsets(tokenizer, space, job->reading->context, &ids,
                                               &job->offsets, err);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    return rc;
}

/* --- from spans to pieces of the context --- */

/* offsets[n]: those of the window's context. Extends the span to the ends of its pre-tokens. */
static void align(const struct t2v_offset *offsets, size_t n, struct t2v_window_span *span)
{
    while (span->start > 0 && offsets[span->start - 1].word == offsets[span->start].word)
        span->start--;
    while (span->end + 1 < n && offsets[span->end + 1].word == offsets[span->end].word)
        span->end++;
}

static struct t2v_answer answer_of(const struct job *job, const struct t2v_offset *offsets,
                                   const struct t2v_window_span *span)
{
    const struct t2v_offset *first = &offsets[span->start], *last = &offsets[span->end];
    struct t2v_str text = t2v_str_skip(job->reading->context, first->byte_begin);
    text.len = last->byte_end > first->byte_begin ? last->byte_end - first->byte_begin : 0;
    return (struct t2v_answer){span->score, first->begin, last->end, text};
}

/* The text of an answer in lower case: the text itself where it has no capitals, that of the
 * candidate before where that is the same piece, else a copy. */
static int lower_of(struct job *job, struct t2v_str text, struct t2v_str *out)
{
    const struct candidate *last = job->n != 0 ? &job->candidates[job->n - 1] : NULL;
    struct t2v_buf lower;
    if (last != NULL && last->answer.text.ptr == text.ptr && last->answer.text.len == text.len) {
        *out = last->lower;
        return 0;
    }
    t2v_buf_init(&lower, SIZE_MAX);
    int rc = t2v_lower(text, &lower);
    bool same = rc == 0 && t2v_str_eq(t2v_buf_str(&lower), text);
    if (rc == 0)
        *out = same ? text : t2v_arena_dup(&job->texts, t2v_buf_str(&lower));
    t2v_buf_deinit(&lower);
    return rc == 0 && (same || out->ptr != NULL) ? 0 : T2V_ENOMEM;
}

static int add_candidate(struct job *job, struct t2v_answer answer)
{
    struct t2v_str lower;
    if (job->n == job->cap) {
        void *grown = t2v_grow(job->candidates, &job->cap, 32, sizeof *job->candidates);
        if (grown == NULL)
            return T2V_ENOMEM;
        job->candidates = grown;
    }
    if (lower_of(job, answer.text, &lower) != 0)
        return T2V_ENOMEM;
    job->candidates[job->n++] = (struct candidate){answer, lower, job->n_found++};
    return 0;
}

/* --- candidates of the same text --- */

static int by_text(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    size_t n = x->lower.len < y->lower.len ? x->lower.len : y->lower.len;
    int order = n != 0 ? memcmp(x->lower.ptr, y->lower.ptr, n) : 0;
    if (order != 0)
        return order;
    if (x->lower.len != y->lower.len)
        return x->lower.len < y->lower.len ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* They become the first of them. Their scores are added in the order in which they were found, so
 * it does not matter whether this is done once or several times. */
static void merge(struct job *job)
{
    size_t n = 0;
    if (job->n == 0)
        return;
    qsort(job->candidates, job->n, sizeof *job->candidates, by_text);
    for (size_t i = 1; i < job->n; i++) {
        if (t2v_str_eq(job->candidates[i].lower, job->candidates[n].lower))
            job->candidates[n].answer.score += job->candidates[i].answer.score;
        else
            job->candidates[++n] = job->candidates[i];
    }
    job->n = n + 1;
}

static size_t kept_bytes(const struct job *job)
{
    return job->n * sizeof *job->candidates + job->texts.bytes;
}

/* Merges when too much is kept. What is left must be half of the limit at most, so that merging,
 * which sorts, is rare. */
static int limit_kept(struct job *job, struct t2v_err *err)
{
    size_t most = job->params->most_bytes;
    struct t2v_arena texts = {0};
    bool ok = true;
    if (kept_bytes(job) <= most)
        return 0;
    merge(job);
    for (size_t i = 0; i < job->n && ok; i++) {
        struct candidate *one = &job->candidates[i];
        if (one->lower.ptr != one->answer.text.ptr)
            one->lower = t2v_arena_dup(&texts, one->lower);
        ok = one->lower.ptr != NULL || one->lower.len == 0;
    }
    t2v_arena_free(&job->texts);
    job->texts = texts;
    if (!ok)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the answers");
    if (kept_bytes(job) > most / 2)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "%zu different answers of the windows need more than %zu bytes: ask for "
                        "fewer (top_k), or make the context shorter",
                        job->n, most / 2);
    return 0;
}

/* The tokens of the context in a row are what the question and special tokens leave. */
static int read_window(struct job *job, const struct t2v_result_row *row, struct t2v_err *err)
{
    const struct t2v_result *result = job->reading->result;
    const size_t *special = job->layout.n_special;
    size_t before = special[0] + job->n_question + special[1], around = before + special[2];
    size_t n = row->n_tok > around ? row->n_tok - around : 0;
    if (row->n_tok < around || row->first + n > job->offsets.len)
        return t2v_fail(err, T2V_EFORMAT, "the answer is not of these texts");
    const struct t2v_offset *offsets = job->offsets.ptr + row->first;
    const struct t2v_window window = {
        .logits = result->values + row->at * result->width,
        .ids = result->ids + row->at,
        .n_tok = row->n_tok,
        .from = before,
        .n = n,
        .cls = special[0] != 0 ? result->ids[row->at] : -1,
    };
    size_t most = job->params->top_k;
    if (job->params->align) /* some will be the same answer */
        most = most < SIZE_MAX / 4 ? 2 * most + 10 : SIZE_MAX;
    double null = 1;
    int rc = t2v_spans_find(&window, most, job->params->max_answer_tok, &job->spans, &null);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the answers");
    job->null = null < job->null ? null : job->null;
    for (size_t i = 0; i < job->spans.len && rc == 0; i++) {
        struct t2v_window_span span = job->spans.ptr[i];
        if (job->params->align)
            align(offsets, n, &span);
        rc = add_candidate(job, answer_of(job, offsets, &span));
        if (rc != 0)
            return t2v_fail(err, rc, "no memory for the answers");
        rc = limit_kept(job, err);
    }
    return rc;
}

/* --- from pieces to answers --- */

static int by_score(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->answer.score != y->answer.score)
        return x->answer.score > y->answer.score ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int finish(struct job *job, struct t2v_answers *out, struct t2v_err *err)
{
    const struct t2v_answer none = {.score = job->null, .text = T2V_STR("")};
    merge(job);
    if (job->params->impossible && add_candidate(job, none) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the answers");
    if (job->n != 0)
        qsort(job->candidates, job->n, sizeof *job->candidates, by_score);
    size_t n = job->n < job->params->top_k ? job->n : job->params->top_k;
    struct t2v_answer *list = t2v_alloc_zero(n, sizeof *list);
    if (list == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the answers");
    for (size_t i = 0; i < n; i++)
        list[i] = job->candidates[i].answer;
    *out = (struct t2v_answers){list, n};
    return 0;
}

int t2v_reader_answers(const t2v_classifier *classifier, const struct t2v_reading *reading,
                       const struct t2v_reader_params *params, struct t2v_answers *out,
                       struct t2v_err *err)
{
    const struct t2v_result *result = reading->result;
    struct job job = {.params = params, .reading = reading, .null = 1};
    int rc = encode(classifier, &job, err);
    for (size_t i = 0; i < result->n_row && rc == 0; i++) {
        if (result->rows[i].input == reading->input)
            rc = read_window(&job, &result->rows[i], err);
    }
    if (rc == 0)
        rc = finish(&job, out, err);
    t2v_free(job.candidates);
    t2v_free(job.spans.ptr);
    t2v_offsets_deinit(&job.offsets);
    t2v_arena_free(&job.texts);
    return rc;
}
