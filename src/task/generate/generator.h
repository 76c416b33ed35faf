/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GENERATOR_H
#define T2V_TASK_GENERATE_GENERATOR_H
/*
 * Text generation: a causal model with its output layer, and the sequences that it continues. It is
 * a stepped task (task/task.h): the engine passes its works to the generator's scheduler, which
 * moves all running sequences on together, a token each, or a chunk of a prompt.
 *
 * A work's params are a struct t2v_generate. Sequences get the same tokens whatever runs beside
 * them (to the bit, except with OpenBLAS).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "task/generate/generate.h"
#include "task/generate/grammar/grammar.h"
#include "task/task.h"
#include "token/decode/decoder.h"

typedef struct t2v_generator t2v_generator;

struct t2v_generator_options {
    const char *dir;
    const char *precision, *cpu; /* as in struct t2v_model_options */
    int threads;
    size_t cache_bytes; /* the pool of keys and values; 0: a share of the memory that the process
                         * may use */
};

/* T2V_EUNSUPPORTED: no generator, or one of a kind that is not supported; else the errors of
 * t2v_model_find, t2v_model_load and t2v_decoder_new. T2V_EUSAGE: cache_bytes holds less than one
 * page. */
int t2v_generator_open(const struct t2v_generator_options *options, t2v_generator **out,
                       struct t2v_err *err);
/* No work of it may be with an engine. NULL is allowed. */
void t2v_generator_free(t2v_generator *generator);

const t2v_model *t2v_generator_model(const t2v_generator *generator);
const t2v_decoder *t2v_generator_decoder(const t2v_generator *generator);
const struct t2v_task *t2v_generator_task(const t2v_generator *generator);
/* Of a sequence, prompt and new tokens together: the model's limit, or what the pool holds. */
size_t t2v_generator_max_tok(const t2v_generator *generator);
/* An end-of-text id of config.json or generation_config.json. */
bool t2v_generator_is_end(const t2v_generator *generator, int32_t id);
/* The sampling values of generation_config.json; what it lacks is neutral. */
const struct t2v_sampling *t2v_generator_defaults(const t2v_generator *generator);
/* For grammars: the texts of all tokens. Made at the first call, by any thread; NULL: no memory. */
const t2v_vocab_trie *t2v_generator_tokens(const t2v_generator *generator);

/* What the sequences of a work hold at the most, in bytes, beside its choices and the pool. n_tok:
 * of the longest, its prompt and new tokens. */
size_t t2v_generator_bytes(const t2v_generator *generator, const struct t2v_generate *generate,
                           size_t n_tok);

/* Any thread. */
void t2v_generator_get_stats(const t2v_generator *generator, struct t2v_generator_stats *out);

#endif
