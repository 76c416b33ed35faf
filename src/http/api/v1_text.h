/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_V1_TEXT_H
#define T2V_HTTP_API_V1_TEXT_H
/*
 * What /v1/completions and /v1/chat/completions share. Values of generation_config.json count for
 * what a request leaves out; a temperature of 0 switches sampling off, the penalties stay.
 */
#include "http/api/generated.h"
#include "http/api/generation.h"

/* Where the state of these operations begins. */
struct t2v_v1_text {
    struct t2v_generation generation; /* the first member */
    bool include_usage;               /* the last event of a stream has the usage */
    int64_t created;                  /* seconds since the epoch */
    char id[24];                      /* of the answer, without its prefix */
};

/* The members of a body that both have. A route's own come after them: its list of names begins
 * with T2V_V1_NAMES. */
enum {
    T2V_V1_MODEL,
    T2V_V1_STREAM,
    T2V_V1_STREAM_OPTIONS,
    T2V_V1_TEMPERATURE,
    T2V_V1_TOP_P,
    T2V_V1_TOP_K,
    T2V_V1_MIN_P,
    T2V_V1_TYPICAL_P,
    T2V_V1_REPETITION,
    T2V_V1_FREQUENCY,
    T2V_V1_PRESENCE,
    T2V_V1_BIAS,
    T2V_V1_SEED,
    T2V_V1_STOP,
    T2V_V1_N_CHOICE,
    T2V_V1_MAX_TOKENS,
    T2V_V1_MAX_COMPLETION,
    T2V_V1_FORMAT,
    T2V_V1_IGNORE_END,
    T2V_V1_ADAPTER,
    T2V_N_V1
};
#define T2V_V1_NAMES                                                                               \
    "model", "stream", "stream_options", "temperature", "top_p", "top_k", "min_p", "typical_p",    \
        "repetition_penalty", "frequency_penalty", "presence_penalty", "logit_bias", "seed",       \
        "stop", "n", "max_tokens", "max_completion_tokens", "response_format", "ignore_eos",       \
        "adapter_id"

/* For `read`: chooses the model and reads the members above. values: [T2V_N_V1] and more. False:
 * the fault is set. */
bool t2v_v1_text_read(const struct t2v_service *service, const struct t2v_str *values,
                      struct t2v_v1_text *text, struct t2v_fault *fault);
/* Replaces *max by max_tokens or max_completion_tokens, each at least `least`, if one is given.
 * False: the fault is set; also if both are and differ. */
bool t2v_v1_read_max(const struct t2v_params *p, const struct t2v_str *values, size_t least,
                     size_t *max);

/* "stop" or "length". */
const char *t2v_v1_finish(enum t2v_finish finish);
/* The members that answers and events begin with: {"id":...,"object":...,"created":...,"model":...,
 * "system_fingerprint":... and a comma. prefix: of the id. */
void t2v_v1_write_begin(const struct t2v_v1_text *text, const char *prefix, const char *object,
                        struct t2v_buf *out);
/* "usage":{...} */
void t2v_v1_write_usage(const struct t2v_v1_text *text, struct t2v_buf *out);
/* The hook `write` of api.h: write_answer for an answer in one piece; of a stream, whose events
 * have this prefix and object, the usage, if the request wants it, and the end, or the error. */
void t2v_v1_write_result(struct t2v_job *job, const char *prefix, const char *object,
                         void (*write_answer)(struct t2v_job *job));
/* The hook `cut` of api.h. */
void t2v_v1_cut(const struct t2v_fault *fault, struct t2v_buf *out);

#endif
