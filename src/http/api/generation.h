/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_GENERATION_H
#define T2V_HTTP_API_GENERATION_H
/*
 * Jobs that generate text: what TGI's, OpenAI's and Ollama's routes share. `read` (on the clerk's
 * thread) fills struct t2v_generation, with which the state of such an operation begins: the model,
 * the prompts as ids, the parameters, and at last the choices. The engine's thread then owns it
 * until the work is done; on_token (task/generate/generator.h) writes the events of a stream.
 *
 *     choose -> parameters -> t2v_generation_prompts, _encode for each -> t2v_generation_make
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "http/api/api.h"
#include "http/api/params.h"
#include "http/api/texts.h"
#include "http/models.h"
#include "task/generate/generator.h"
#include "token/ids.h"

enum { T2V_STOPS_MAX = 512 }; /* stop strings of a request */

struct t2v_generation {
    struct t2v_generate generate; /* .choices: [n_prompt * n_each], owned; those of a prompt come
                                   * one after the other. generate.user is the job */
    const struct t2v_served *served;
    const t2v_decoder *decoder;
    const char *member;       /* of the body that has the prompt, for errors; static */
    struct t2v_texts prompts; /* as sent; none of a chat */
    struct t2v_ids *ids;      /* [n_prompt], owned */
    size_t n_prompt;
    size_t n_each; /* choices for each prompt; at least 1 */
    size_t n_best; /* of these, the answer has so many */
    bool ranked;   /* those of the highest mean log-probability, the best first */
    struct t2v_texts stops;
    struct t2v_bias *bias; /* owned */
    uint64_t seed;         /* of the first choice of each prompt; the others have the next ones */
    bool seeded;           /* the request has it */
    bool json;             /* the texts are JSON, */
    struct t2v_schema schema; /* of this schema */
    size_t answer_bytes;      /* of the answer, for each token, at most; beside its text */
    bool streams;             /* set before t2v_generation_make */
    struct t2v_buf event;     /* the engine thread's: what it puts into the stream */
};

/* For `read`. Each is false if the fault is set. */

/* Chooses the model. name: of the request, a JSON value. Sets generate.sampling to `sampling`. */
bool t2v_generation_choose(const struct t2v_service *service, struct t2v_str name,
                           struct t2v_generation *generation, struct t2v_fault *fault);
/* Samples, unless the temperature is 0: then temperature, top_k, top_p, typical_p and min_p are
 * switched off, and the penalties stay. A top_p of 0 counts as a temperature of 0. */
void t2v_generation_settle(struct t2v_sampling *sampling);
/* Strings that end the text: one, an array of them, or none. */
bool t2v_generation_read_stops(const struct t2v_params *params, const char *name,
                               struct t2v_str value, struct t2v_generation *generation);
/* OpenAI's logit_bias: an object {"ID": number from -100 to 100}. */
bool t2v_generation_read_bias(const struct t2v_params *params, const char *name,
                              struct t2v_str value, struct t2v_generation *generation);
/* A JSON Schema: the texts will be values of it. */
bool t2v_generation_read_schema(const struct t2v_params *params, const char *name,
                                struct t2v_str value, struct t2v_generation *generation);

/* Makes room for the ids of n prompts. */
bool t2v_generation_prompts(struct t2v_generation *generation, size_t n, struct t2v_fault *fault);
/* How a prompt becomes ids. */
struct t2v_encoding_way {
    bool bare;       /* no special tokens are added: it is a rendered template */
    size_t truncate; /* tokens that are kept, of the end; 0: all */
};
/* Encodes the text of prompt i. A prompt that leaves no room for a token is a 422 of type
 * "context_length_exceeded". */
bool t2v_generation_encode(struct t2v_generation *generation, size_t i, struct t2v_str text,
                           struct t2v_encoding_way way, struct t2v_fault *fault);
/* The same for a prompt that comes as ids, which are taken as they are. */
bool t2v_generation_take(struct t2v_generation *generation, size_t i, const int32_t *ids, size_t n,
                         struct t2v_fault *fault);
/* At the end of `read`: makes the choices, and the stream (of this Content-Type) if there is to be
 * one. on_token: NULL without a stream. */
bool t2v_generation_make(struct t2v_job *job, const char *type,
                         void (*on_token)(const struct t2v_generate *, struct t2v_choice *,
                                          struct t2v_str piece));

/* Hooks of api.h. */
size_t t2v_generation_read_bytes(const struct t2v_service *service, struct t2v_str body);
bool t2v_generation_is_long(const struct t2v_service *service, const struct t2v_job *job);
bool t2v_generation_plan(struct t2v_service *service, struct t2v_job *job);
size_t t2v_generation_bytes(const struct t2v_service *service, const struct t2v_job *job);
bool t2v_generation_is_large(const struct t2v_job *job);
void t2v_generation_deinit(void *state);

/* For `write`. */
/* True if the work succeeded; else job->fault is set, unless the stream has begun: then the caller
 * writes the error into the stream, from *fault. */
bool t2v_generation_succeeded(struct t2v_job *job, struct t2v_fault *fault);
/* The job whose work this is. */
struct t2v_job *t2v_generation_job(const struct t2v_generate *generate);
/* Tokens of all prompts, and of all choices. */
size_t t2v_generation_prompt_tok(const struct t2v_generation *generation);
size_t t2v_generation_new_tok(const struct t2v_generation *generation);
/* Prompt tokens, of each prompt's first choice, whose keys and values were there already. */
size_t t2v_generation_reused_tok(const struct t2v_generation *generation);

#endif
