/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/answers.h"

#include <string.h>

#include "base/mem.h"
#include "http/api/rerank.h"
#include "http/api/scoring.h"
#include "http/api/tei.h"
#include "http/body.h"
#include "http/decoders.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"
#include "task/answer/qna.h"
#include "task/answer/reader.h"

#include "base/banned.h"

enum {
    AROUND_BYTES = 128, /* of an answer beside its text */
    MOST_ANSWERS = 1000 /* top_k, at most */
};

struct answer_state {
    struct t2v_scoring scoring; /* the first member: query is the question, texts the context */
    struct t2v_reader_params reader;
    const t2v_decoder *decoder; /* of the container's formula; NULL: that of transformers */
};

/* ---- Reading ---- */

/* Sets what may be kept while the windows are read: the spans of all and copies of their texts,
 * twice, since half of it must be free after equal ones are merged. A copy has up to 1.5 times the
 * bytes of its text; a few may be much longer than the others. Windows that share more than seven
 * eighths of their tokens find mostly the same spans. */
static void limit_kept(const struct t2v_service *service, struct answer_state *state)
{
    enum {
        SHARED = 8,
        LONG_BYTES = 1024 * 1024,
        TEXT_BYTES = 256,
        TOKEN_BYTES = 16,
        MOST_TOK = 64 * 1024
    };
    struct t2v_reader_params *reader = &state->reader;
    size_t n_row = t2v_scoring_most_rows(service, &state->scoring, 0).n_row;
    size_t max_tok = state->scoring.params.max_tok, len = state->scoring.list[1].len;
    size_t usual = SHARED * (max_tok != 0 ? len / max_tok + 1 : 1);
    n_row = n_row < usual ? n_row : usual;
    size_t n_span = 2 * (2 * reader->top_k + 10), n_byte = 2 * state->scoring.list[1].len;
    size_t n_tok = reader->max_answer_tok < MOST_TOK ? reader->max_answer_tok : MOST_TOK;
    size_t of_text = TEXT_BYTES + TOKEN_BYTES * n_tok, bytes;
    size_t of_each = T2V_READER_SPAN_BYTES + (of_text < n_byte ? of_text : n_byte);
    size_t of_long = n_byte < LONG_BYTES / n_span ? n_byte * n_span : LONG_BYTES;
    if (t2v_mul(n_row * n_span, of_each, &bytes) && bytes < T2V_READER_MOST_BYTES - LONG_BYTES)
        reader->most_bytes = bytes + of_long;
}

/* One input: the question, then the context. The answer may quote the context top_k times. */
static bool finish_read(struct answer_state *state, size_t n_quoted, struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    size_t written = t2v_scoring_written(&scoring->texts);
    if (!t2v_scoring_make(scoring, 1, true, fault))
        return false;
    scoring->list[0] = scoring->query.list[0];
    scoring->list[1] = scoring->texts.list[0];
    if (!t2v_mul(n_quoted, written + AROUND_BYTES, &scoring->answer_bytes) ||
        !t2v_add(scoring->answer_bytes, t2v_scoring_written(&scoring->query),
                 &scoring->answer_bytes))
        scoring->answer_bytes = SIZE_MAX / 2;
    return true;
}

static bool use_container(const struct t2v_service *service, struct answer_state *state,
                          struct t2v_fault *fault)
{
    struct t2v_err err = {0};
    state->scoring.params.as_qna = true;
    if (t2v_decoders_get(service->decoders, state->scoring.served, &state->decoder, &err) == 0)
        return true;
    t2v_fault_work(fault, &err);
    return false;
}

static void read_weaviate(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    enum { TEXT, QUESTION, MODEL, N };
    static const char *const names[N] = {"text", "question", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct answer_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    scoring->member = names[TEXT];
    state->reader = T2V_READER_PARAMS;
    bool ok = t2v_body_members(body, "{\"text\": \"hello\", \"question\": \"who?\"}", names, values,
                               N, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_READ, 404, scoring, fault) &&
              t2v_scoring_read_string(values[TEXT], names[TEXT], &scoring->texts, fault) &&
              t2v_scoring_read_string(values[QUESTION], names[QUESTION], &scoring->query, fault) &&
              finish_read(state, 2, fault);
    if (!ok)
        return;
    if (strcmp(service->options->answers_formula, "container") == 0)
        use_container(service, state, fault);
    else
        t2v_reader_windows(scoring->served->classifier, T2V_READER_DEFAULT, NULL, &scoring->params);
    limit_kept(service, state);
}

static bool read_parameters(struct t2v_str object, struct answer_state *state,
                            struct t2v_fault *fault)
{
    enum { TOP, STRIDE, ANSWER, SEQUENCE, IMPOSSIBLE, ALIGN, N };
    static const char *const names[N] = {
        "top_k",         "doc_stride", "max_answer_len", "max_seq_len", "handle_impossible_answer",
        "align_to_words"};
    static const char outer[] = "parameters";
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_reader_params *reader = &state->reader;
    size_t max_seq = T2V_READER_DEFAULT, stride = 0;
    bool ok =
        t2v_body_read_object(object, (struct t2v_loc){outer, NULL, -1}, names, values, N, fault) &&
        t2v_scoring_read_count(values[TOP], outer, names[TOP], &reader->top_k, fault) &&
        t2v_scoring_read_count(values[STRIDE], outer, names[STRIDE], &stride, fault) &&
        t2v_scoring_read_count(values[ANSWER], outer, names[ANSWER], &reader->max_answer_tok,
                               fault) &&
        t2v_scoring_read_count(values[SEQUENCE], outer, names[SEQUENCE], &max_seq, fault) &&
        t2v_body_read_bool(values[IMPOSSIBLE], names[IMPOSSIBLE], &reader->impossible, fault) &&
        t2v_body_read_bool(values[ALIGN], names[ALIGN], &reader->align, fault);
    if (ok && reader->top_k > MOST_ANSWERS) {
        t2v_fault_invalid(fault, "value_error", (struct t2v_loc){outer, names[TOP], -1},
                          "at most %d answers are possible", (int)MOST_ANSWERS);
        return false;
    }
    if (ok)
        t2v_reader_windows(state->scoring.served->classifier, max_seq, stride != 0 ? &stride : NULL,
                           &state->scoring.params);
    return ok;
}

static bool read_inputs(struct t2v_str object, struct t2v_scoring *scoring, struct t2v_fault *fault)
{
    enum { QUESTION, CONTEXT, N };
    static const char *const names[N] = {"question", "context"};
    struct t2v_str values[N] = {{NULL, 0}};
    const struct t2v_loc loc = {"inputs", NULL, -1};
    if (object.ptr == NULL)
        return t2v_body_missing(loc, fault);
    return t2v_body_read_object(object, loc, names, values, N, fault) &&
           t2v_scoring_read_string(values[QUESTION], names[QUESTION], &scoring->query, fault) &&
           t2v_scoring_read_string(values[CONTEXT], names[CONTEXT], &scoring->texts, fault);
}

static void read_hub(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUTS, PARAMETERS, MODEL, N };
    static const char *const names[N] = {"inputs", "parameters", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct answer_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    scoring->member = names[INPUTS];
    state->reader = T2V_READER_PARAMS;
    bool ok =
        t2v_body_members(body, "{\"inputs\": {\"question\": \"who?\", \"context\": \"hello\"}}",
                         names, values, N, fault) &&
        t2v_scoring_choose(service, values[MODEL], T2V_CAN_READ, 424, scoring, fault) &&
        read_parameters(values[PARAMETERS], state, fault) &&
        read_inputs(values[INPUTS], scoring, fault);
    if (ok && finish_read(state, state->reader.top_k, fault))
        limit_kept(service, state);
}

/* ---- Answering ---- */

/* certainty: of an answer that is there. */
static void write_weaviate(const struct answer_state *state, const struct t2v_str *answer,
                           double certainty, struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"text\":");
    t2v_json_write_str(buf, state->scoring.texts.list[0]);
    t2v_buf_adds(buf, ",\"question\":");
    t2v_json_write_str(buf, state->scoring.query.list[0]);
    t2v_buf_adds(buf, ",\"answer\":");
    if (answer == NULL) {
        t2v_buf_adds(buf, "null,\"certainty\":null}");
        return;
    }
    t2v_json_write_str(buf, *answer);
    t2v_buf_adds(buf, ",\"certainty\":");
    t2v_json_write_f32(buf, (float)certainty);
    t2v_buf_adds(buf, "}");
}

static int find_answers(const struct t2v_job *job, struct t2v_answers *answers, struct t2v_err *err)
{
    const struct answer_state *state = job->state;
    const struct t2v_reading reading = {.result = &job->work.result,
                                        .input = 0,
                                        .question = state->scoring.list[0],
                                        .context = state->scoring.list[1]};
    return t2v_reader_answers(state->scoring.served->classifier, &reading, &state->reader, answers,
                              err);
}

static int answer_as_container(const struct t2v_job *job, struct t2v_buf *buf, struct t2v_err *err)
{
    const struct answer_state *state = job->state;
    struct t2v_qna qna = {.there = false};
    t2v_buf_init(&qna.text, SIZE_MAX);
    int rc = t2v_qna_answer(&job->work.result, 0, state->decoder, &qna, err);
    struct t2v_str text = t2v_buf_str(&qna.text);
    if (rc == 0)
        write_weaviate(state, qna.there ? &text : NULL, qna.certainty, buf);
    t2v_buf_deinit(&qna.text);
    return rc;
}

static int answer_as_pipeline(const struct t2v_job *job, struct t2v_buf *buf, struct t2v_err *err)
{
    struct t2v_answers answers = {0};
    int rc = find_answers(job, &answers, err);
    if (rc != 0)
        return rc;
    bool there = answers.len != 0;
    write_weaviate(job->state, there ? &answers.ptr[0].text : NULL,
                   there ? answers.ptr[0].score : 0, buf);
    t2v_answers_deinit(&answers);
    return 0;
}

static void write_for_weaviate(struct t2v_job *job)
{
    const struct answer_state *state = job->state;
    struct t2v_err err = {0};
    if (!t2v_scoring_succeeded(job))
        return;
    int rc = state->decoder != NULL ? answer_as_container(job, &job->reply.buf, &err)
                                    : answer_as_pipeline(job, &job->reply.buf, &err);
    if (rc != 0)
        t2v_fault_work(&job->fault, &err);
}

/* UPSTREAM: the pipeline gives an object where there is one answer, else a list. */
static void write_for_hub(struct t2v_job *job)
{
    struct t2v_buf *buf = &job->reply.buf;
    struct t2v_answers answers = {0};
    struct t2v_err err = {0};
    if (!t2v_scoring_succeeded(job))
        return;
    if (find_answers(job, &answers, &err) != 0) {
        t2v_fault_work(&job->fault, &err);
        return;
    }
    t2v_buf_adds(buf, answers.len != 1 ? "[" : "");
    for (size_t i = 0; i < answers.len; i++) {
        const struct t2v_answer *answer = &answers.ptr[i];
        t2v_buf_adds(buf, i != 0 ? ",{\"score\":" : "{\"score\":");
        t2v_json_write_f32(buf, (float)answer->score);
        t2v_buf_addf(buf, ",\"start\":%zu,\"end\":%zu,\"answer\":", answer->begin, answer->end);
        t2v_json_write_str(buf, answer->text);
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_adds(buf, answers.len != 1 ? "]" : "");
    t2v_answers_deinit(&answers);
}

/* UPSTREAM: the container answers null if one of the texts is empty. */
static bool plan_weaviate(struct t2v_service *service, struct t2v_job *job)
{
    const struct answer_state *state = job->state;
    if (state->scoring.list[0].len != 0 && state->scoring.list[1].len != 0)
        return t2v_scoring_plan(service, job);
    write_weaviate(state, NULL, 0, &job->reply.buf);
    return false;
}

/* Finding the answers encodes both texts again. */
static bool is_large(const struct t2v_job *job)
{
    const struct answer_state *state = job->state;
    return job->work.err.code == 0 && (state->reader.top_k > 1 || t2v_scoring_is_long(job));
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct answer_state *state = job->state;
    bool reads = state->scoring.n != 0 && state->decoder == NULL;
    return t2v_scoring_bytes(service, job) + (reads ? 2 * state->reader.most_bytes : 0);
}

const struct t2v_operation t2v_answers_weaviate = {
    .api = &t2v_api_rerank,
    .state_size = sizeof(struct answer_state),
    .read = read_weaviate,
    .plan = plan_weaviate,
    .bytes = bytes,
    .is_large = is_large,
    .write = write_for_weaviate,
    .deinit = t2v_scoring_deinit,
};

const struct t2v_operation t2v_answers_hub = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct answer_state),
    .read = read_hub,
    .plan = t2v_scoring_plan,
    .bytes = bytes,
    .is_large = is_large,
    .write = write_for_hub,
    .deinit = t2v_scoring_deinit,
};
