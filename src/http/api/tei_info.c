/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tei_info.h"

#include <string.h>

#include "batch/batch.h"
#include "http/api/tei.h"
#include "http/api/tgi_tokens.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

/* The name in TEI, which has those of PyTorch. */
static const char *dtype_of(const char *precision)
{
    if (strcmp(precision, "f32") == 0)
        return "float32";
    return strcmp(precision, "bf16") == 0 ? "bfloat16" : precision;
}

/* The first word of "lasttoken, Dense to 24, Normalize". */
static void write_pooling(const t2v_embedder *embedder, struct t2v_buf *buf)
{
    struct t2v_str word = t2v_str_of(t2v_embedder_pipeline(embedder));
    const char *comma = memchr(word.ptr, ',', word.len);
    if (comma != NULL)
        word.len = (size_t)(comma - word.ptr);
    if (t2v_str_is(word, "lasttoken"))
        word = T2V_STR("last_token");
    t2v_buf_adds(buf, "{\"embedding\":{\"pooling\":");
    t2v_json_write_str(buf, word);
    t2v_buf_adds(buf, "}}");
}

static void write_labels(const t2v_classifier *classifier, struct t2v_buf *buf)
{
    size_t n = t2v_classifier_n_label(classifier);
    t2v_buf_adds(buf, "{\"id2label\":{");
    for (size_t i = 0; i < n; i++) {
        t2v_buf_addf(buf, "%s\"%zu\":", i != 0 ? "," : "", i);
        t2v_json_write_str(buf, t2v_classifier_label(classifier, i));
    }
    t2v_buf_adds(buf, "},\"label2id\":{");
    for (size_t i = 0; i < n; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        t2v_json_write_str(buf, t2v_classifier_label(classifier, i));
        t2v_buf_addf(buf, ":%zu", i);
    }
    t2v_buf_adds(buf, "}}");
}

static void write_type(const struct t2v_served *served, struct t2v_buf *buf)
{
    if (served->sentence != NULL) {
        write_pooling(served->sentence, buf);
        return;
    }
    bool ranks = (served->abilities & T2V_CAN_RANK) != 0;
    t2v_buf_addf(buf, "{\"%s\":", ranks ? "reranker" : "classifier");
    write_labels(served->classifier, buf);
    t2v_buf_adds(buf, "}");
}

/* max_client_batch_size: of texts that become vectors; others are limited by their bytes alone. */
static size_t most_texts(const struct t2v_served *served, const struct t2v_server_options *options)
{
    return served->sentence != NULL ? t2v_embedding_most_texts(served->sentence)
                                    : (size_t)options->max_body_bytes;
}

static void answer_info(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    const struct t2v_served *served = &service->models->list[0];
    if ((served->abilities & T2V_CAN_GENERATE) != 0) {
        t2v_tgi_write_info(service, served, &reply->buf);
        return;
    }
    size_t most =
        served->sentence != NULL ? t2v_embedder_max_tok(served->sentence) : served->max_tok;
    size_t batch = most > T2V_BATCH_TOK ? most : T2V_BATCH_TOK;
    struct t2v_buf *buf = &reply->buf;
    (void)request, (void)fault;
    t2v_buf_adds(buf, "{\"model_id\":");
    t2v_json_write_str(buf, t2v_str_of(t2v_model_dir(served->model)));
    t2v_buf_adds(buf, ",\"model_sha\":null,\"model_dtype\":");
    t2v_json_write_str(buf, t2v_str_of(dtype_of(t2v_model_precision(served->model))));
    t2v_buf_adds(buf, ",\"served_model_name\":");
    t2v_json_write_str(buf, t2v_str_of(served->name));
    t2v_buf_adds(buf, ",\"model_type\":");
    write_type(served, buf);
    t2v_buf_addf(buf, ",\"max_concurrent_requests\":%lld", (long long)service->options->max_queue);
    t2v_buf_addf(buf, ",\"max_input_length\":%zu,\"max_batch_tokens\":%zu", most, batch);
    t2v_buf_addf(buf, ",\"max_batch_requests\":null,\"max_client_batch_size\":%zu",
                 most_texts(served, service->options));
    t2v_buf_addf(buf, ",\"auto_truncate\":true,\"tokenization_workers\":%d,\"version\":",
                 t2v_engine_threads(service->engine));
    t2v_json_write_str(buf, t2v_str_of(service->version));
    t2v_buf_adds(buf, ",\"sha\":null,\"docker_label\":null}");
}

const struct t2v_operation t2v_tei_info = {.api = &t2v_api_tei, .answer = answer_info};
