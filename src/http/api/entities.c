/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/entities.h"

#include "base/mem.h"
#include "http/api/rerank.h"
#include "http/api/scoring.h"
#include "http/api/tei.h"
#include "http/body.h"
#include "http/decoders.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"
#include "task/answer/tagger.h"

#include "base/banned.h"

enum {
    AROUND_BYTES = 128, /* of an answer, for each entity beside its label and word */
    MOST_IGNORED = 1000 /* ignore_labels, at most */
};

struct entity_state {
    struct t2v_scoring scoring; /* the first member */
    struct t2v_tagger_params tagger;
    bool *ignored; /* what tagger.ignored points to; owned */
    const t2v_decoder *decoder;
    size_t entity_bytes; /* of the entities of one text, at most */
};

/* ---- Reading ---- */

static size_t longest_label(const t2v_classifier *classifier)
{
    size_t longest = 0;
    for (size_t i = 0; i < t2v_classifier_n_label(classifier); i++) {
        size_t len = t2v_json_str_bytes(t2v_classifier_label(classifier, i));
        longest = len > longest ? len : longest;
    }
    return longest;
}

/* Bytes of the answer, at most, and of the entities of one text at a time: one for each token, and
 * of those of overlapping windows, before they are merged, two copies. A word is not longer than a
 * token of a vocabulary: bounded here by what stands around it and the text. */
static void count_bytes(const struct t2v_service *service, struct entity_state *state)
{
    enum { KEPT = 3 * sizeof(struct t2v_entity) + sizeof(size_t) };
    struct t2v_scoring *scoring = &state->scoring;
    size_t label = longest_label(scoring->served->classifier);
    size_t written = t2v_scoring_written(&scoring->texts), n_tok = 0, longest = 0;
    for (size_t i = 0; i < scoring->n; i++) {
        size_t n = t2v_scoring_most_rows(service, scoring, i).n_tok;
        size_t n_merged = t2v_text_most_tok(scoring->list[i], n);
        n_tok += n_merged + 1;
        longest = n > longest ? n : longest;
    }
    scoring->answer_bytes = 4 * written + n_tok * (AROUND_BYTES + label);
    state->entity_bytes = longest * KEPT + written;
}

/* An input for each text. */
static bool finish_read(const struct t2v_service *service, struct entity_state *state,
                        struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    const struct t2v_texts *texts = &scoring->texts;
    struct t2v_err err = {0};
    if (!t2v_scoring_make(scoring, texts->n, false, fault))
        return false;
    if (t2v_decoders_get(service->decoders, scoring->served, &state->decoder, &err) != 0) {
        t2v_fault_work(fault, &err);
        return false;
    }
    for (size_t i = 0; i < texts->n; i++)
        scoring->list[i] = texts->list[i];
    count_bytes(service, state);
    return true;
}

static void read_weaviate(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    enum { TEXT, MODEL, N };
    static const char *const names[N] = {"text", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct entity_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    scoring->member = names[TEXT];
    state->tagger = t2v_tagger_defaults;
    bool ok = t2v_body_members(body, "{\"text\": \"hello\"}", names, values, N, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_TAG, 404, scoring, fault) &&
              t2v_scoring_read_string(values[TEXT], names[TEXT], &scoring->texts, fault);
    if (ok)
        finish_read(service, state, fault);
}

static bool read_strategy(struct t2v_str value, struct entity_state *state, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"parameters", "aggregation_strategy", -1};
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, loc, fault))
        return false;
    struct t2v_str word = t2v_texts_first(&texts);
    bool known = word.ptr == NULL;
    for (size_t i = 0; i < T2V_N_AGGREGATION && word.ptr != NULL; i++) {
        if (t2v_str_is(word, t2v_aggregation_names[i])) {
            state->tagger.aggregation = (enum t2v_aggregation)i;
            known = true;
        }
    }
    t2v_texts_deinit(&texts);
    if (!known)
        t2v_fault_invalid(fault, "value_error", loc,
                          "none, simple, first, average or max is needed here");
    return known;
}

static bool read_ignored(struct t2v_str value, struct entity_state *state, struct t2v_fault *fault)
{
    const t2v_classifier *classifier = state->scoring.served->classifier;
    const struct t2v_loc loc = {"parameters", "ignore_labels", -1};
    struct t2v_texts texts = {0};
    if (!t2v_body_has(value))
        return true;
    if (!t2v_texts_read_array(&texts, value, loc, 0, fault))
        return false;
    if (texts.n > MOST_IGNORED)
        t2v_fault_invalid(fault, "value_error", loc, "at most %d labels are possible",
                          (int)MOST_IGNORED);
    else if ((state->ignored = t2v_alloc_zero(2 * t2v_classifier_n_label(classifier),
                                              sizeof *state->ignored)) == NULL)
        t2v_fault_no_memory(fault);
    else
        t2v_tagger_ignore(classifier, texts.list, texts.n, state->ignored);
    state->tagger.ignored = state->ignored;
    t2v_texts_deinit(&texts);
    return fault->status == 0;
}

static bool read_parameters(struct t2v_str object, struct entity_state *state,
                            struct t2v_fault *fault)
{
    enum { STRATEGY, IGNORE, STRIDE, N };
    static const char *const names[N] = {"aggregation_strategy", "ignore_labels", "stride"};
    struct t2v_classify_params *params = &state->scoring.params;
    struct t2v_str values[N] = {{NULL, 0}};
    int64_t stride = 0;
    if (!t2v_body_read_object(object, (struct t2v_loc){"parameters", NULL, -1}, names, values, N,
                              fault) ||
        !read_strategy(values[STRATEGY], state, fault))
        return false;
    if (!read_ignored(values[IGNORE], state, fault))
        return false;
    params->windows = t2v_body_has(values[STRIDE]);
    if (params->windows && (!t2v_body_whole(values[STRIDE], &stride) || stride < 0)) {
        t2v_body_not_whole(fault, (struct t2v_loc){"parameters", names[STRIDE], -1},
                           "a whole number of at least 0", values[STRIDE]);
        return false;
    }
    params->overlap = (size_t)stride;
    return true;
}

static void read_hub(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUTS, PARAMETERS, MODEL, N };
    static const char *const names[N] = {"inputs", "parameters", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct entity_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    scoring->member = names[INPUTS];
    state->tagger = t2v_tagger_defaults;
    bool ok = t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_TAG, 424, scoring, fault) &&
              read_parameters(values[PARAMETERS], state, fault) &&
              t2v_texts_read_strings(&scoring->texts, values[INPUTS],
                                     (struct t2v_loc){names[INPUTS], NULL, -1}, fault);
    if (ok)
        finish_read(service, state, fault);
}

/* ---- Answering ---- */

static int find_entities(const struct t2v_job *job, size_t input, struct t2v_entities *out,
                         struct t2v_err *err)
{
    const struct entity_state *state = job->state;
    const struct t2v_tagging tagging = {
        .result = &job->work.result, .input = input, .text = state->scoring.list[input]};
    return t2v_tagger_entities(state->scoring.served->classifier, state->decoder, &tagging,
                               &state->tagger, out, err);
}

static void write_weaviate(const struct entity_state *state, const struct t2v_entities *entities,
                           struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"text\":");
    t2v_json_write_str(buf, state->scoring.list[0]);
    t2v_buf_adds(buf, entities != NULL ? ",\"tokens\":[" : ",\"tokens\":null}");
    for (size_t i = 0; entities != NULL && i < entities->len; i++) {
        const struct t2v_entity *entity = &entities->ptr[i];
        t2v_buf_adds(buf, i != 0 ? ",{\"entity\":" : "{\"entity\":");
        t2v_json_write_str(buf, entity->label);
        t2v_buf_adds(buf, ",\"word\":");
        t2v_json_write_str(buf, entity->word);
        t2v_buf_adds(buf, ",\"certainty\":");
        t2v_json_write_f32(buf, (float)entity->score);
        t2v_buf_addf(buf, ",\"startPosition\":%zu,\"endPosition\":%zu}", entity->begin,
                     entity->end);
    }
    t2v_buf_adds(buf, entities != NULL ? "]}" : "");
}

static void write_hub(const struct entity_state *state, const struct t2v_entities *entities,
                      struct t2v_buf *buf)
{
    bool groups = state->tagger.aggregation != T2V_AGGREGATE_NONE;
    t2v_buf_adds(buf, "[");
    for (size_t i = 0; i < entities->len; i++) {
        const struct t2v_entity *entity = &entities->ptr[i];
        t2v_buf_addf(buf, "%s{\"%s\":", i != 0 ? "," : "", groups ? "entity_group" : "entity");
        t2v_json_write_str(buf, entity->label);
        t2v_buf_adds(buf, ",\"score\":");
        t2v_json_write_f32(buf, (float)entity->score);
        if (!groups)
            t2v_buf_addf(buf, ",\"index\":%zu", entity->index);
        t2v_buf_adds(buf, ",\"word\":");
        t2v_json_write_str(buf, entity->word);
        t2v_buf_addf(buf, ",\"start\":%zu,\"end\":%zu}", entity->begin, entity->end);
    }
    t2v_buf_adds(buf, "]");
}

static void write_for_weaviate(struct t2v_job *job)
{
    struct t2v_entities entities = {0};
    struct t2v_err err = {0};
    if (!t2v_scoring_succeeded(job))
        return;
    if (find_entities(job, 0, &entities, &err) == 0)
        write_weaviate(job->state, &entities, &job->reply.buf);
    else
        t2v_fault_work(&job->fault, &err);
    t2v_entities_deinit(&entities);
}

static void write_for_hub(struct t2v_job *job)
{
    const struct entity_state *state = job->state;
    struct t2v_buf *buf = &job->reply.buf;
    struct t2v_entities entities = {0};
    struct t2v_err err = {0};
    bool many = state->scoring.texts.many;
    if (!t2v_scoring_succeeded(job))
        return;
    t2v_buf_adds(buf, many ? "[" : "");
    int rc = 0;
    for (size_t i = 0; i < state->scoring.n && rc == 0; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        rc = find_entities(job, i, &entities, &err);
        if (rc == 0)
            write_hub(state, &entities, buf);
    }
    t2v_buf_adds(buf, many ? "]" : "");
    t2v_entities_deinit(&entities);
    if (rc != 0)
        t2v_fault_work(&job->fault, &err);
}

static bool plan_weaviate(struct t2v_service *service, struct t2v_job *job)
{
    const struct entity_state *state = job->state;
    if (state->scoring.list[0].len != 0)
        return t2v_scoring_plan(service, job);
    write_weaviate(state, NULL, &job->reply.buf);
    return false;
}

static size_t ignored_bytes(const struct entity_state *state)
{
    return state->ignored != NULL ? 2 * t2v_classifier_n_label(state->scoring.served->classifier)
                                  : 0;
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct entity_state *state = job->state;
    return t2v_scoring_bytes(service, job) + state->entity_bytes + ignored_bytes(state);
}

static void deinit(void *arg)
{
    struct entity_state *state = arg;
    t2v_free(state->ignored);
    t2v_scoring_deinit(&state->scoring);
}

const struct t2v_operation t2v_entities_weaviate = {
    .api = &t2v_api_rerank,
    .state_size = sizeof(struct entity_state),
    .read = read_weaviate,
    .plan = plan_weaviate,
    .bytes = bytes,
    .is_large = t2v_scoring_is_long,
    .write = write_for_weaviate,
    .deinit = deinit,
};

const struct t2v_operation t2v_entities_hub = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct entity_state),
    .read = read_hub,
    .read_bytes = t2v_scoring_read_bytes,
    .plan = t2v_scoring_plan,
    .bytes = bytes,
    .is_large = t2v_scoring_is_long,
    .write = write_for_hub,
    .deinit = deinit,
};
