/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/labels.h"

#include "base/mem.h"
#include "http/api/scoring.h"
#include "http/api/tei.h"
#include "http/body.h"
#include "http/job.h"
#include "json/pull.h"
#include "json/write.h"
#include "task/answer/score.h"

#include "base/banned.h"

enum { AROUND_BYTES = 48 }; /* of an answer, for each score beside its label */

struct label_state {
    struct t2v_scoring scoring; /* the first member */
    size_t *order;              /* [n_label], owned: scratch of `write` */
    enum t2v_apply apply;
    enum t2v_ties ties;
    size_t most; /* labels of each input, at most */
    bool nested; /* the answer is a list of lists */
};

/* ---- Reading ---- */

/* The list of inputs is made, and the rest that the answer needs. */
static bool finish_read(struct label_state *state, struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    const t2v_classifier *classifier = scoring->served->classifier;
    size_t n_label = t2v_classifier_n_label(classifier), of_each = AROUND_BYTES;
    state->order = t2v_alloc_zero(n_label, sizeof *state->order);
    if (state->order == NULL)
        return t2v_fault_no_memory(fault);
    for (size_t i = 0; i < n_label; i++)
        of_each += AROUND_BYTES + t2v_json_str_bytes(t2v_classifier_label(classifier, i));
    scoring->answer_bytes = AROUND_BYTES + scoring->n * of_each;
    return true;
}

static void wrong_count(struct t2v_loc loc, struct t2v_fault *fault)
{
    t2v_fault_invalid(fault, "value_error", loc,
                      "a text, or a pair of two, is needed here; several texts are a list of "
                      "lists: [[\"a\"], [\"b\"]]");
}

/* A batch, which is looked at twice: its texts are counted, then copied. */
struct batch {
    struct t2v_scoring *scoring;
    bool copy;        /* this is the second look */
    size_t n, n_byte; /* items so far, and bytes of their texts */
    bool paired;      /* an item had two texts */
    struct t2v_fault *fault;
};

static struct t2v_loc loc_of_item(const struct batch *batch)
{
    return (struct t2v_loc){batch->scoring->member, NULL, (ptrdiff_t)batch->n};
}

/* A string, or null. */
static int read_text(struct batch *batch, struct t2v_pull *pull, struct t2v_str *text)
{
    bool is_string = t2v_pull_peek(pull) == '"';
    int rc = is_string ? t2v_pull_str(pull, text) : t2v_pull_pass(pull, text);
    if (rc != 0)
        return rc;
    if (!is_string && t2v_body_has(*text))
        t2v_body_wrong_type(batch->fault, "string_type", loc_of_item(batch), "a string", *text);
    if (!is_string)
        *text = (struct t2v_str){"", 0};
    batch->n_byte += text->len;
    if (batch->copy)
        *text = t2v_texts_keep(&batch->scoring->texts, *text);
    return 0;
}

/* An array of one or two texts. */
static int read_item(struct batch *batch, struct t2v_pull *pull)
{
    struct t2v_scoring *scoring = batch->scoring;
    struct t2v_str text, pair[2] = {{NULL, 0}, {NULL, 0}};
    size_t n = 0;
    int rc = 0;
    if (t2v_pull_peek(pull) != '[') {
        if ((rc = t2v_pull_pass(pull, &text)) == 0)
            t2v_body_wrong_type(batch->fault, "list_type", loc_of_item(batch),
                                "an array of strings", text);
        return rc;
    }
    rc = t2v_pull_open(pull, '[');
    while (rc == 0 && batch->fault->status == 0 && (rc = t2v_pull_more(pull, ']')) == 1) {
        rc = read_text(batch, pull, &text);
        if (n < 2)
            pair[n] = text;
        n++;
    }
    if (rc == 0 && batch->fault->status == 0 && (n < 1 || n > 2))
        wrong_count(loc_of_item(batch), batch->fault);
    if (batch->copy)
        scoring->list[batch->n] = pair[0];
    if (batch->copy && scoring->paired)
        scoring->list[scoring->n + batch->n] = pair[1];
    batch->paired |= n == 2;
    batch->n++;
    return rc;
}

static bool read_items(struct batch *batch, struct t2v_str array)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, array, NULL);
    int rc = t2v_pull_open(&pull, '[');
    while (rc == 0 && batch->fault->status == 0 && (rc = t2v_pull_more(&pull, ']')) == 1)
        rc = read_item(batch, &pull);
    t2v_pull_deinit(&pull);
    return batch->fault->status == 0 && (rc == 0 || t2v_fault_no_memory(batch->fault));
}

/* The items of an array, each an array of one or two strings. */
static bool read_batch(struct t2v_str array, struct label_state *state, struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    struct batch first = {.scoring = scoring, .fault = fault}, second = first;
    state->nested = true;
    if (!read_items(&first, array) || !t2v_scoring_make(scoring, first.n, first.paired, fault) ||
        !t2v_texts_make(&scoring->texts, 0, first.n_byte, fault))
        return false;
    scoring->texts.many = true;
    second.copy = true;
    return read_items(&second, array);
}

static bool is_batch(struct t2v_str value)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, value, NULL);
    bool batch = t2v_body_has(value) && value.ptr[0] == '[' && t2v_pull_open(&pull, '[') == 0 &&
                 t2v_pull_peek(&pull) == '[';
    t2v_pull_deinit(&pull);
    return batch;
}

/* One text, or a pair of them. */
static bool read_input(struct t2v_str value, struct t2v_scoring *scoring, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {scoring->member, NULL, -1};
    struct t2v_texts *texts = &scoring->texts;
    if (!t2v_texts_read_strings(texts, value, loc, fault))
        return false;
    if (texts->n > 2) {
        wrong_count(loc, fault);
        return false;
    }
    if (!t2v_scoring_make(scoring, 1, texts->n == 2, fault))
        return false;
    for (size_t i = 0; i < texts->n; i++)
        scoring->list[i] = texts->list[i];
    return true;
}

static bool read_inputs(struct t2v_str value, struct label_state *state, struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    if (is_batch(value))
        return read_batch(value, state, fault);
    return read_input(value, scoring, fault);
}

static void read_predict(const struct t2v_service *service, struct t2v_str body,
                         struct t2v_job *job)
{
    enum { INPUTS, RAW, TRUNCATE, DIRECTION, MODEL, N };
    static const char *const names[N] = {"inputs", "raw_scores", "truncate", "truncation_direction",
                                         "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct label_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    bool raw = false;
    scoring->member = names[INPUTS];
    state->most = SIZE_MAX;
    state->ties = T2V_TIES_LAST;
    bool ok = t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_LABEL, 424, scoring, fault) &&
              t2v_body_read_bool(values[RAW], names[RAW], &raw, fault) &&
              t2v_scoring_read_truncate(values[TRUNCATE], values[DIRECTION], scoring, fault) &&
              read_inputs(values[INPUTS], state, fault) && finish_read(state, fault);
    if (ok)
        state->apply = raw ? T2V_APPLY_NONE : t2v_apply_tei(scoring->served->classifier);
}

static bool read_function(struct t2v_str value, enum t2v_apply *apply, struct t2v_fault *fault)
{
    static const char *const names[] = {"none", "sigmoid", "softmax"};
    const struct t2v_loc loc = {"parameters", "function_to_apply", -1};
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, loc, fault))
        return false;
    struct t2v_str word = t2v_texts_first(&texts);
    bool known = word.ptr == NULL;
    for (size_t i = 0; i < 3; i++) {
        if (word.ptr != NULL && t2v_str_is_word(word, names[i])) {
            *apply = (enum t2v_apply)i;
            known = true;
        }
    }
    t2v_texts_deinit(&texts);
    if (!known)
        t2v_fault_invalid(fault, "value_error", loc, "none, sigmoid or softmax is needed here");
    return known;
}

static bool read_parameters(struct t2v_str object, struct label_state *state,
                            struct t2v_fault *fault)
{
    enum { TOP, FUNCTION, N };
    static const char *const names[N] = {"top_k", "function_to_apply"};
    struct t2v_str values[N] = {{NULL, 0}};
    state->apply = t2v_apply_pipeline(state->scoring.served->classifier);
    return t2v_body_read_object(object, (struct t2v_loc){"parameters", NULL, -1}, names, values, N,
                                fault) &&
           t2v_scoring_read_count(values[TOP], "parameters", names[TOP], &state->most, fault) &&
           read_function(values[FUNCTION], &state->apply, fault);
}

static void read_classify(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    enum { INPUTS, PARAMETERS, MODEL, N };
    static const char *const names[N] = {"inputs", "parameters", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct label_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    scoring->member = names[INPUTS];
    state->most = SIZE_MAX;
    state->ties = T2V_TIES_FIRST;
    state->nested = true;
    bool ok = t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_LABEL, 424, scoring, fault) &&
              read_parameters(values[PARAMETERS], state, fault) &&
              t2v_texts_read_strings(&scoring->texts, values[INPUTS],
                                     (struct t2v_loc){names[INPUTS], NULL, -1}, fault) &&
              t2v_scoring_make(scoring, scoring->texts.n, false, fault) &&
              finish_read(state, fault);
    for (size_t i = 0; ok && i < scoring->n; i++)
        scoring->list[i] = scoring->texts.list[i];
}

/* ---- Answering ---- */

static void write_labels(const struct label_state *state, float *logits, struct t2v_buf *buf)
{
    const t2v_classifier *classifier = state->scoring.served->classifier;
    size_t n = t2v_classifier_n_label(classifier);
    t2v_apply(state->apply, logits, n);
    t2v_rank(logits, n, state->ties, state->order);
    t2v_buf_adds(buf, "[");
    for (size_t i = 0; i < n && i < state->most; i++) {
        t2v_buf_adds(buf, i != 0 ? ",{\"label\":" : "{\"label\":");
        t2v_json_write_str(buf, t2v_classifier_label(classifier, state->order[i]));
        t2v_buf_adds(buf, ",\"score\":");
        t2v_json_write_f32(buf, logits[state->order[i]]);
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_adds(buf, "]");
}

static void write_all(struct t2v_job *job)
{
    const struct label_state *state = job->state;
    struct t2v_buf *buf = &job->reply.buf;
    const struct t2v_result *result = &job->work.result;
    if (!t2v_scoring_succeeded(job))
        return;
    t2v_buf_adds(buf, state->nested ? "[" : "");
    for (size_t i = 0; i < state->scoring.n; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        write_labels(state, result->values + i * result->width, buf);
    }
    t2v_buf_adds(buf, state->nested ? "]" : "");
}

/* Each item of a batch begins with a bracket, and has a place in the list for each of two texts. */
static size_t read_bytes(const struct t2v_service *service, struct t2v_str body)
{
    (void)service;
    size_t n = 0;
    for (size_t i = 0; i < body.len; i++)
        n += body.ptr[i] == '[';
    return body.len + n * 2 * sizeof(struct t2v_str);
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct label_state *state = job->state;
    size_t sum = t2v_scoring_bytes(service, job);
    return sum + t2v_classifier_n_label(state->scoring.served->classifier) * sizeof *state->order;
}

static void deinit(void *arg)
{
    struct label_state *state = arg;
    t2v_free(state->order);
    t2v_scoring_deinit(&state->scoring);
}

const struct t2v_operation t2v_labels_predict = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct label_state),
    .read = read_predict,
    .read_bytes = read_bytes,
    .plan = t2v_scoring_plan,
    .bytes = bytes,
    .is_large = t2v_scoring_is_large,
    .write = write_all,
    .deinit = deinit,
};

const struct t2v_operation t2v_labels_classify = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct label_state),
    .read = read_classify,
    .read_bytes = t2v_scoring_read_bytes,
    .plan = t2v_scoring_plan,
    .bytes = bytes,
    .is_large = t2v_scoring_is_large,
    .write = write_all,
    .deinit = deinit,
};
