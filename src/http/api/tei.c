/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tei.h"

#include <math.h>

#include "http/api/typed.h"
#include "http/body.h"
#include "http/job.h"
#include "json/write.h"

#include "base/banned.h"

enum { FLOAT_BYTES = 20 }; /* of any number in an answer, with its comma, at most */

/* ---- Errors ---- */

/* A model that cannot do it (404) or has failed (500) is 424 here. */
static int status_of(int status)
{
    return status == 404 || status == 500 ? 424 : status;
}

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    struct t2v_fault changed = *fault;
    changed.status = reply->status = status_of(fault->status);
    t2v_typed_fail(&changed, reply);
}

const struct t2v_api t2v_api_tei = {.name = "tei", .measured = true, .fail = fail};

/* ---- What requests say ---- */

static bool read_direction(struct t2v_str value, bool *left, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"truncation_direction", NULL, -1};
    struct t2v_str word;
    if (!t2v_texts_read_word(value, loc, "left Left right Right", "left or right is needed here",
                             &word, fault))
        return false;
    *left = t2v_str_is(word, "left") || t2v_str_is(word, "Left");
    return true;
}

bool t2v_tei_read_length(const struct t2v_tei_length *length, struct t2v_embed_encode *encode,
                         struct t2v_fault *fault)
{
    bool truncate = true;
    if (!t2v_body_read_bool(length->truncate, "truncate", &truncate, fault) ||
        !read_direction(length->direction, &encode->cut_start, fault))
        return false;
    encode->keep_all = !truncate;
    return true;
}

bool t2v_tei_read_prompt(struct t2v_str value, const t2v_embedder *embedder,
                         struct t2v_embed_encode *encode, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"prompt_name", NULL, -1};
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, loc, fault))
        return false;
    struct t2v_str name = t2v_texts_first(&texts);
    size_t n = name.ptr != NULL ? t2v_embedder_n_prompt(embedder) : 0;
    for (size_t i = 0; i < n && encode->prompt_name.ptr == NULL; i++) {
        struct t2v_str prompt = t2v_embedder_prompt(embedder, i, NULL);
        if (t2v_str_eq(prompt, name))
            encode->prompt_name = prompt;
    }
    bool known = name.ptr == NULL || encode->prompt_name.ptr != NULL;
    t2v_texts_deinit(&texts);
    if (!known && n == 0)
        t2v_fault_invalid(fault, "value_error", loc, "the model has no prompts");
    else if (!known)
        t2v_fault_invalid(fault, "value_error", loc,
                          "none of the model's %zu prompts has this name", n);
    return known;
}

void t2v_tei_fix_fault(const struct t2v_embed_encode *encode, struct t2v_fault *fault)
{
    if (fault->status != 413 || !encode->keep_all)
        return;
    fault->status = 422;
    fault->type = "value_error";
}

/* ---- Vectors ---- */

/* How an operation reads its `inputs`. */
struct way {
    enum t2v_embed_norm norm; /* unless the request has `normalize` */
    bool empty_is_wrong;      /* of the text "" alone */
};

static bool read_norm(struct t2v_str value, enum t2v_embed_norm *norm, struct t2v_fault *fault)
{
    bool yes = true;
    if (!t2v_body_read_bool(value, "normalize", &yes, fault))
        return false;
    if (t2v_body_has(value))
        *norm = yes ? T2V_NORM_YES : T2V_NORM_NO;
    return true;
}

static bool is_empty_string(struct t2v_str value)
{
    return t2v_str_is(value, "\"\"");
}

static void read_inputs(const struct t2v_service *service, struct t2v_str body, struct way way,
                        struct t2v_job *job)
{
    enum { INPUTS, MODEL, DIMENSIONS, NORMALIZE, PROMPT, TRUNCATE, DIRECTION, N };
    static const char *const names[N] = {
        "inputs",      "model",    "dimensions",          "normalize",
        "prompt_name", "truncate", "truncation_direction"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_embedding *embedding = job->state;
    struct t2v_embed_encode *encode = &embedding->params.encode;
    struct t2v_fault *fault = &job->fault;
    embedding->member = names[INPUTS];
    *encode = (struct t2v_embed_encode){.given = true, .norm = way.norm, .empty_ok = true};
    if (!t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) ||
        !t2v_embedding_choose(service, values[MODEL], embedding, fault) ||
        !t2v_embedding_read_dimensions(values[DIMENSIONS], embedding, fault) ||
        !read_norm(values[NORMALIZE], &encode->norm, fault) ||
        !t2v_tei_read_prompt(values[PROMPT], embedding->served->sentence, encode, fault) ||
        !t2v_tei_read_length(&(struct t2v_tei_length){values[TRUNCATE], values[DIRECTION]}, encode,
                             fault))
        return;
    embedding->float_bytes = encode->norm == T2V_NORM_YES ? 0 : FLOAT_BYTES;
    const struct t2v_loc loc = {names[INPUTS], NULL, -1};
    if (way.empty_is_wrong && is_empty_string(values[INPUTS])) {
        t2v_fault_set(fault, 400, "the text is empty");
        fault->loc = loc;
    } else if (t2v_embedding_read_texts(service, values[INPUTS], embedding, fault)) {
        t2v_embedding_check(embedding, fault);
    }
}

static void read_embed(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    read_inputs(service, body, (struct way){T2V_NORM_YES, true}, job);
}

static void read_any(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    read_inputs(service, body, (struct way){T2V_NORM_YES, false}, job);
}

static void read_features(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    read_inputs(service, body, (struct way){T2V_NORM_AS_MODEL, false}, job);
}

static void write_vectors(struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    const struct t2v_result *result = &job->work.result;
    struct t2v_buf *buf = &job->reply.buf;
    if (!t2v_embedding_succeeded(job)) {
        t2v_tei_fix_fault(&embedding->params.encode, &job->fault);
        return;
    }
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < job->work.n_text; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        t2v_json_write_f32s(buf, result->values + i * result->width, result->width);
    }
    t2v_buf_addc(buf, ']');
}

#define EMBEDDING_OPERATION(read_hook, write_hook)                                                 \
    {                                                                                              \
        .api = &t2v_api_tei, .state_size = sizeof(struct t2v_embedding), .read = (read_hook),      \
        .plan = t2v_embedding_plan, .bytes = t2v_embedding_bytes,                                  \
        .is_large = t2v_embedding_is_large, .write = (write_hook), .deinit = t2v_embedding_deinit  \
    }

const struct t2v_operation t2v_tei_embed = EMBEDDING_OPERATION(read_embed, write_vectors);
const struct t2v_operation t2v_tei_inputs = EMBEDDING_OPERATION(read_any, write_vectors);
const struct t2v_operation t2v_tei_features = EMBEDDING_OPERATION(read_features, write_vectors);

/* ---- Similarity ---- */

/* The source sentence becomes the first text. */
static bool read_sentences(struct t2v_str inputs, struct t2v_embedding *embedding,
                           struct t2v_fault *fault)
{
    enum { SOURCE, SENTENCES, N };
    static const char *const names[N] = {"source_sentence", "sentences"};
    const struct t2v_loc loc = {"inputs", names[SENTENCES], -1};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_texts source = {0};
    bool ok = t2v_body_inner(inputs, names, values, N, fault) &&
              t2v_texts_read(&source, values[SOURCE], (struct t2v_loc){"inputs", names[SOURCE], -1},
                             0, fault);
    if (ok && source.many) {
        t2v_fault_invalid(fault, "string_type", (struct t2v_loc){"inputs", names[SOURCE], -1},
                          "a string is needed here, not an array");
        ok = false;
    }
    ok = ok && t2v_texts_read_array(&embedding->texts, values[SENTENCES], loc, 0, fault);
    if (ok && embedding->texts.n == 0) {
        t2v_fault_set(fault, 400, "an empty array: at least one text is needed");
        fault->loc = loc;
        ok = false;
    }
    ok = ok && t2v_texts_prepend(&embedding->texts, &source, fault);
    t2v_texts_deinit(&source);
    return ok;
}

static bool read_parameters(struct t2v_str object, struct t2v_embedding *embedding,
                            struct t2v_fault *fault)
{
    enum { PROMPT, TRUNCATE, DIRECTION, N };
    static const char *const names[N] = {"prompt_name", "truncate", "truncation_direction"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_embed_encode *encode = &embedding->params.encode;
    return t2v_body_read_object(object, (struct t2v_loc){"parameters", NULL, -1}, names, values, N,
                                fault) &&
           t2v_tei_read_prompt(values[PROMPT], embedding->served->sentence, encode, fault) &&
           t2v_tei_read_length(&(struct t2v_tei_length){values[TRUNCATE], values[DIRECTION]},
                               encode, fault);
}

static void read_similarity(const struct t2v_service *service, struct t2v_str body,
                            struct t2v_job *job)
{
    enum { INPUTS, PARAMETERS, MODEL, N };
    static const char *const names[N] = {"inputs", "parameters", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_embedding *embedding = job->state;
    struct t2v_fault *fault = &job->fault;
    embedding->member = names[INPUTS];
    embedding->params.encode =
        (struct t2v_embed_encode){.given = true, .norm = T2V_NORM_YES, .empty_ok = true};
    if (!t2v_body_members(body,
                          "{\"inputs\": {\"source_sentence\": \"hello\", \"sentences\": [\"hi\"]}}",
                          names, values, N, fault))
        return;
    if (values[INPUTS].ptr == NULL || values[INPUTS].ptr[0] != '{') {
        t2v_body_wrong_type(fault, "dict_type", (struct t2v_loc){names[INPUTS], NULL, -1},
                            "an object with source_sentence and sentences", values[INPUTS]);
        return;
    }
    if (t2v_embedding_choose(service, values[MODEL], embedding, fault) &&
        read_parameters(values[PARAMETERS], embedding, fault) &&
        read_sentences(values[INPUTS], embedding, fault))
        t2v_embedding_check(embedding, fault);
}

/* 0 where one of them is all zeros, as static embeddings without a known token are. */
static float cosine(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    double lengths = sqrt(aa) * sqrt(bb);
    return lengths > 0 ? (float)(ab / lengths) : 0;
}

static void write_similarity(struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    const struct t2v_result *result = &job->work.result;
    struct t2v_buf *buf = &job->reply.buf;
    if (!t2v_embedding_succeeded(job)) {
        const char *inner = job->work.err_text == 0 ? "source_sentence" : "sentences";
        t2v_tei_fix_fault(&embedding->params.encode, &job->fault);
        if (job->fault.loc.outer != NULL)
            job->fault.loc = (struct t2v_loc){embedding->member, inner, -1};
        return;
    }
    t2v_buf_addc(buf, '[');
    for (size_t i = 1; i < job->work.n_text; i++) {
        t2v_buf_adds(buf, i != 1 ? "," : "");
        t2v_json_write_f32(
            buf, cosine(result->values, result->values + i * result->width, result->width));
    }
    t2v_buf_addc(buf, ']');
}

const struct t2v_operation t2v_tei_similarity =
    EMBEDDING_OPERATION(read_similarity, write_similarity);
