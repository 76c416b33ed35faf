/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/root.h"

#include "http/api/answers.h"
#include "http/api/entities.h"
#include "http/api/generation.h"
#include "http/api/labels.h"
#include "http/api/rerank.h"
#include "http/api/scoring.h"
#include "http/api/tei.h"
#include "http/api/tei_rows.h"
#include "http/api/tgi.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"

#include "base/banned.h"

/* Room for the state of any operation that may be meant. */
enum { STATE_BYTES = 1024 };

/* What the members of a body ask for. */
enum meaning {
    MEANS_VECTORS,    /* inputs: texts */
    MEANS_FEATURES,   /* the same with options, as Weaviate's text2vec-huggingface sends it */
    MEANS_SIMILARITY, /* inputs: source_sentence and sentences */
    MEANS_RANK,       /* query and texts, without inputs */
    MEANS_ANSWER,     /* inputs: question and context */
    MEANS_SPARSE,     /* inputs: texts, for a model that is meant for sparse vectors */
    MEANS_LABELS,     /* inputs: texts, for a classifier */
    MEANS_ENTITIES,   /* inputs: texts, for a tagger */
    MEANS_TEXT,       /* inputs: a text, for a generator */
    MEANS_NOTHING
};

/* The operations, and what each needs of the model. Another task at this path is another line. */
static const struct {
    const struct t2v_operation *operation;
    enum t2v_ability ability;
} meant[] = {
    [MEANS_VECTORS] = {&t2v_tei_inputs, T2V_CAN_EMBED},
    [MEANS_FEATURES] = {&t2v_tei_features, T2V_CAN_EMBED},
    [MEANS_SIMILARITY] = {&t2v_tei_similarity, T2V_CAN_EMBED},
    [MEANS_RANK] = {&t2v_rerank_rank, T2V_CAN_RANK},
    [MEANS_ANSWER] = {&t2v_answers_hub, T2V_CAN_READ},
    [MEANS_SPARSE] = {&t2v_tei_embed_sparse, T2V_CAN_SPARSE},
    [MEANS_LABELS] = {&t2v_labels_classify, T2V_CAN_LABEL},
    [MEANS_ENTITIES] = {&t2v_entities_hub, T2V_CAN_TAG},
    [MEANS_TEXT] = {&t2v_tgi_root, T2V_CAN_GENERATE},
};

/* Of `inputs` that is an object. */
static enum meaning meaning_of_object(struct t2v_str object, struct t2v_fault *fault)
{
    enum { SOURCE, SENTENCES, QUESTION, CONTEXT, N };
    static const char *const names[N] = {"source_sentence", "sentences", "question", "context"};
    struct t2v_str values[N] = {{NULL, 0}};
    if (!t2v_body_inner(object, names, values, N, fault))
        return MEANS_NOTHING;
    if (t2v_body_has(values[SOURCE]) || t2v_body_has(values[SENTENCES]))
        return MEANS_SIMILARITY;
    if (t2v_body_has(values[QUESTION]) || t2v_body_has(values[CONTEXT]))
        return MEANS_ANSWER;
    t2v_fault_invalid(fault, "missing", (struct t2v_loc){"inputs", NULL, -1},
                      "an object has source_sentence and sentences here, or question and context");
    return MEANS_NOTHING;
}

static enum meaning meaning_of(struct t2v_str body, struct t2v_str *model, struct t2v_fault *fault)
{
    enum { INPUTS, OPTIONS, MODEL, QUERY, TEXTS, N };
    static const char *const names[N] = {"inputs", "options", "model", "query", "texts"};
    struct t2v_str values[N] = {{NULL, 0}};
    if (!t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault))
        return MEANS_NOTHING;
    *model = values[MODEL];
    if (!t2v_body_has(values[INPUTS]) && t2v_body_has(values[QUERY]) && t2v_body_has(values[TEXTS]))
        return MEANS_RANK;
    if (t2v_body_has(values[INPUTS]) && values[INPUTS].ptr[0] == '{')
        return meaning_of_object(values[INPUTS], fault);
    return t2v_body_has(values[OPTIONS]) ? MEANS_FEATURES : MEANS_VECTORS;
}

/* What `inputs` with texts mean is for the model to say: that of the request, else the first that
 * takes texts. */
static enum meaning meaning_for_model(const struct t2v_models *models, struct t2v_str name,
                                      enum meaning meaning)
{
    const unsigned any = T2V_CAN_EMBED | T2V_CAN_LABEL | T2V_CAN_TAG | T2V_CAN_GENERATE;
    struct t2v_fault ignored = {0};
    const struct t2v_served *served =
        t2v_models_read(models, name, (enum t2v_ability)any, &ignored);
    if (served != NULL && served->sparse != NULL && t2v_sparse_is_meant(served->model))
        return MEANS_SPARSE;
    if (served == NULL || (served->abilities & T2V_CAN_EMBED) != 0)
        return meaning;
    if ((served->abilities & T2V_CAN_GENERATE) != 0)
        return MEANS_TEXT;
    return (served->abilities & T2V_CAN_TAG) != 0 ? MEANS_ENTITIES : MEANS_LABELS;
}

static void read_root(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct t2v_str model = {NULL, 0};
    enum meaning meaning = meaning_of(body, &model, &job->fault);
    if (meaning == MEANS_VECTORS || meaning == MEANS_FEATURES)
        meaning = meaning_for_model(service->models, model, meaning);
    if (meaning == MEANS_NOTHING ||
        t2v_models_read(service->models, model, meant[meaning].ability, &job->fault) == NULL)
        return;
    const struct t2v_operation *operation = meant[meaning].operation;
    if (operation->state_size > STATE_BYTES) {
        t2v_fault_set(&job->fault, 500, "the request has no room");
        return;
    }
    job->operation = operation;
    job->reply.api = operation->api;
    operation->read(service, body, job);
}

/* The hooks after `read` are those of the operation that the job has become. A job that could not
 * be read has a fault, and gets no further. */
static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    (void)service, (void)job;
    return false;
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return 0;
}

static void write_nothing(struct t2v_job *job)
{
    (void)job;
}

/* The most that any of them may need, with these models. */
static size_t read_bytes(const struct t2v_service *service, struct t2v_str body)
{
    size_t scoring = t2v_scoring_read_bytes(service, body), generation = 0;
    if (t2v_models_first(service->models, T2V_CAN_GENERATE) != NULL)
        generation = t2v_generation_read_bytes(service, body);
    return scoring > generation ? scoring : generation;
}

/* For a generator, if there is no model that embeds. */
static bool is_long(const struct t2v_service *service, const struct t2v_job *job)
{
    return t2v_models_first(service->models, T2V_CAN_EMBED) == NULL &&
           t2v_models_first(service->models, T2V_CAN_GENERATE) != NULL &&
           t2v_generation_is_long(service, job);
}

const struct t2v_operation t2v_root = {
    .api = &t2v_api_tei,
    .state_size = STATE_BYTES,
    .read = read_root,
    .read_bytes = read_bytes,
    .is_long = is_long,
    .plan = plan,
    .bytes = bytes,
    .write = write_nothing,
};
