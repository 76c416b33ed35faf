/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/scoring.h"

#include "base/mem.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    FLOATS_MAX = 8 * 1024 * 1024, /* logits of one request */
    LARGE_BYTES = 256 * 1024,     /* an answer above it takes about a millisecond to write */
    LARGE_TOKENS = 256,           /* to encode more again, too */
    LARGE_TEXT_BYTES = 64 * 1024, /* and to encode a longer text, though most of it was cut */
    TOKENS_AROUND = 16,           /* special tokens of an input, and more than those */
    QNA_TOK = 512                 /* of a row with as_qna */
};

bool t2v_scoring_choose(const struct t2v_service *service, struct t2v_str name,
                        enum t2v_ability ability, int status, struct t2v_scoring *scoring,
                        struct t2v_fault *fault)
{
    scoring->served = t2v_models_read(service->models, name, ability, fault);
    if (scoring->served == NULL && fault->status == 404)
        fault->status = status;
    return scoring->served != NULL;
}

bool t2v_scoring_read_string(struct t2v_str value, const char *name, struct t2v_texts *out,
                             struct t2v_fault *fault)
{
    const struct t2v_loc loc = {name, NULL, -1};
    if (value.ptr == NULL)
        t2v_body_missing(loc, fault);
    else if (t2v_body_has(value) && value.ptr[0] != '"')
        t2v_body_wrong_type(fault, "string_type", loc, "a string", value);
    else
        return t2v_texts_read(out, value, loc, 0, fault);
    return false;
}

bool t2v_scoring_make(struct t2v_scoring *scoring, size_t n, bool paired, struct t2v_fault *fault)
{
    size_t n_label = t2v_classifier_n_label(scoring->served->classifier),
           most = FLOATS_MAX / n_label;
    if (n > most) {
        t2v_fault_set(fault, 413, "%zu texts in one request, the limit is %zu for this model", n,
                      most);
        fault->loc = (struct t2v_loc){scoring->member, NULL, -1};
        return false;
    }
    scoring->list = t2v_alloc_zero((paired ? 2 : 1) * n + 1, sizeof *scoring->list);
    if (scoring->list == NULL) {
        t2v_fault_no_memory(fault);
        return false;
    }
    scoring->n = n;
    scoring->paired = paired;
    return true;
}

bool t2v_scoring_read_truncate(struct t2v_str truncate, struct t2v_str direction,
                               struct t2v_scoring *scoring, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"truncation_direction", NULL, -1};
    struct t2v_str word;
    bool cut = true;
    if (!t2v_body_read_bool(truncate, "truncate", &cut, fault))
        return false;
    scoring->whole = !cut;
    return t2v_texts_read_word(direction, loc, "right Right",
                               "only right is possible: long texts are cut at their ends", &word,
                               fault);
}

bool t2v_scoring_read_count(struct t2v_str value, const char *outer, const char *inner, size_t *out,
                            struct t2v_fault *fault)
{
    const struct t2v_loc loc = {outer, inner, -1};
    int64_t count = 1;
    if (!t2v_body_has(value))
        return true;
    if (!t2v_body_whole(value, &count))
        t2v_body_not_whole(fault, loc, "a whole number", value);
    else if (count < 1)
        t2v_fault_invalid(fault, "greater_than_equal", loc, "at least 1 is needed here");
    else
        *out = (size_t)count;
    return fault->status == 0;
}

size_t t2v_scoring_written(const struct t2v_texts *texts)
{
    size_t sum = 0;
    for (size_t i = 0; i < texts->n; i++)
        sum += t2v_json_str_bytes(texts->list[i]);
    return sum;
}

/* What ends a text of an array (a string, null or an object), or follows it before the comma. */
static bool ends_text(char c)
{
    return (c == '"') | (c == 'l') | (c == '}') | (c == ' ') | (c == '\t') | (c == '\n') |
           (c == '\r');
}

/* The last text has no comma. */
size_t t2v_scoring_read_bytes(const struct t2v_service *service, struct t2v_str body)
{
    (void)service;
    size_t n = 1;
    for (size_t i = 1; i < body.len; i++)
        n += (body.ptr[i] == ',') & ends_text(body.ptr[i - 1]);
    return body.len + n * T2V_SCORING_EACH;
}

bool t2v_scoring_plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_scoring *scoring = job->state;
    (void)service;
    job->work.texts = scoring->list;
    job->work.seconds = scoring->paired ? scoring->list + scoring->n : NULL;
    job->work.n_text = scoring->n;
    job->work.params = &scoring->params;
    job->work.task = t2v_classifier_task(scoring->served->classifier);
    return true;
}

/* The tokens of the text that windows go through by which the next one is further, at least. */
static size_t least_step(const struct t2v_scoring *scoring, size_t i, size_t max_tok)
{
    const struct t2v_classify_params *params = &scoring->params;
    size_t around =
        TOKENS_AROUND + (scoring->paired ? t2v_text_most_tok(scoring->list[i], max_tok) : 0);
    size_t room = max_tok > around ? max_tok - around : 1;
    if (params->as_qna)
        return room - room / 4;
    return room > params->overlap ? room - params->overlap : 1;
}

struct t2v_scoring_rows t2v_scoring_most_rows(const struct t2v_service *service,
                                              const struct t2v_scoring *scoring, size_t i)
{
    size_t most = t2v_engine_max_text_tok(service->engine);
    size_t limit = t2v_classifier_task(scoring->served->classifier)->max_tok;
    size_t max_tok = scoring->params.max_tok;
    max_tok = max_tok != 0 && max_tok < limit ? max_tok : limit;
    if (scoring->params.as_qna)
        max_tok = max_tok < QNA_TOK ? max_tok : QNA_TOK;
    size_t n_first = t2v_text_most_tok(scoring->list[i], most);
    size_t n_second = scoring->paired ? t2v_text_most_tok(scoring->list[scoring->n + i], most) : 0;
    size_t n_tok = n_first + n_second + TOKENS_AROUND;
    if ((!scoring->params.windows && !scoring->params.as_qna) || n_tok <= max_tok)
        return (struct t2v_scoring_rows){1, n_tok < max_tok ? n_tok : max_tok};
    /* All windows but the last are full. */
    size_t most_full = most / max_tok + 1;
    size_t n_full = (scoring->paired ? n_second : n_first) / least_step(scoring, i, max_tok);
    n_full = n_full < most_full ? n_full : most_full;
    return (struct t2v_scoring_rows){n_full + 1, (n_full + 1) * max_tok};
}

/* Of a result for each token, whose lists grow by doubling. */
static size_t token_bytes(const struct t2v_service *service, const struct t2v_scoring *scoring)
{
    const t2v_classifier *classifier = scoring->served->classifier;
    size_t each = t2v_classifier_n_label(classifier) * sizeof(float) + 2 * sizeof(int32_t);
    size_t sum = 0;
    if (t2v_classifier_kind(classifier) == T2V_CLASSIFY_SEQUENCE)
        return 0;
    for (size_t i = 0; i < scoring->n; i++) {
        struct t2v_scoring_rows rows = t2v_scoring_most_rows(service, scoring, i);
        sum += 2 * (rows.n_tok * each + rows.n_row * sizeof(struct t2v_result_row));
    }
    return sum;
}

size_t t2v_scoring_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct t2v_scoring *scoring = job->state;
    size_t n_label =
        scoring->served != NULL ? t2v_classifier_n_label(scoring->served->classifier) : 0;
    size_t of_each = (scoring->paired ? 2 : 1) * sizeof *scoring->list + n_label * sizeof(float);
    return t2v_texts_bytes(&scoring->query) + t2v_texts_bytes(&scoring->texts) +
           scoring->n * of_each + (scoring->n != 0 ? token_bytes(service, scoring) : 0) +
           scoring->answer_bytes;
}

bool t2v_scoring_is_large(const struct t2v_job *job)
{
    const struct t2v_scoring *scoring = job->state;
    return job->work.err.code == 0 && scoring->answer_bytes > LARGE_BYTES;
}

bool t2v_scoring_is_long(const struct t2v_job *job)
{
    const struct t2v_scoring *scoring = job->state;
    return job->work.err.code == 0 &&
           (job->work.n_tok > LARGE_TOKENS ||
            t2v_texts_bytes(&scoring->query) + t2v_texts_bytes(&scoring->texts) > LARGE_TEXT_BYTES);
}

void t2v_scoring_deinit(void *state)
{
    struct t2v_scoring *scoring = state;
    t2v_texts_deinit(&scoring->query);
    t2v_texts_deinit(&scoring->texts);
    t2v_free(scoring->list);
}

bool t2v_scoring_succeeded(struct t2v_job *job)
{
    const struct t2v_scoring *scoring = job->state;
    const struct t2v_err *err = &job->work.err;
    bool blames_text =
        err->code == T2V_EEMPTY || err->code == T2V_ETOOLARGE || err->code == T2V_EMODEL;
    const struct t2v_loc loc = {scoring->member, NULL,
                                scoring->texts.many && blames_text ? (ptrdiff_t)job->work.err_text
                                                                   : -1};
    if (err->code == 0 && (!scoring->whole || job->work.n_cut == 0))
        return true;
    if (err->code != 0)
        t2v_fault_work(&job->fault, err);
    else
        t2v_fault_invalid(&job->fault, "value_error", loc,
                          "%zu of %zu are longer than %zu tokens, and truncate is false",
                          job->work.n_cut, scoring->n, scoring->served->max_tok);
    if (err->code == 0 || blames_text)
        job->fault.loc = loc;
    return false;
}
