/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/generator.h"

#include <pthread.h>

#include "base/guard.h"
#include "base/mem.h"
#include "base/memory.h"
#include "task/generate/causal.h"
#include "task/generate/pass.h"
#include "task/generate/pool.h"
#include "task/generate/scheduler.h"
#include "task/generate/sequence.h"

#include "base/banned.h"

/* The pool, where no size is given: a share of the memory that the process may use, but no more
 * than so many of the longest sequences need. */
enum { MEMORY_SHARE = 4, LONGEST_SEQUENCES = 8 };

/* What is made when it is first needed. */
struct late {
    pthread_mutex_t lock;
    t2v_vocab_trie *tokens; /* under the lock; NULL: not made yet */
};

struct t2v_generator {
    struct t2v_task task; /* first */
    struct t2v_causal causal;
    t2v_pool *pool;
    t2v_scheduler *scheduler;
    struct late *late;
};

/* --- a stepped task --- */

static t2v_scheduler *scheduler_of(const t2v_task *task)
{
    return ((const t2v_generator *)task)->scheduler;
}

static void add(const t2v_task *task, struct t2v_stepped *work)
{
    t2v_scheduler_add(scheduler_of(task), work);
}

static bool is_idle(const t2v_task *task)
{
    return t2v_scheduler_is_idle(scheduler_of(task));
}

static bool can_step(const t2v_task *task)
{
    return t2v_scheduler_can_step(scheduler_of(task));
}

static int step(const t2v_task *task, t2v_team *team, bool ending, struct t2v_stepped **done,
                struct t2v_err *err)
{
    return t2v_scheduler_step(scheduler_of(task), team, ending, done, err);
}

static const struct t2v_step_ops generate_steps = {
    .add = add, .is_idle = is_idle, .can_step = can_step, .step = step};

/* --- open --- */

static int open_model(t2v_generator *generator, const struct t2v_generator_options *options,
                      struct t2v_err *err)
{
    const struct t2v_model_options of_model = {
        .precision = options->precision,
        .cpu = options->cpu,
        .threads = options->threads,
        .head = true,
    };
    int rc = t2v_model_find(options->dir, false, &generator->causal.model, err);
    if (rc == 0)
        rc = t2v_model_load(generator->causal.model, &of_model, err);
    if (rc != 0)
        return rc;
    const t2v_net *net = t2v_model_net(generator->causal.model);
    if (net == NULL || !t2v_net_has_head(net) || t2v_net_shape(net)->kv == 0)
        return t2v_fail(err, T2V_EUNSUPPORTED, "the model does not generate text");
    return t2v_decoder_new(t2v_model_tokenizer(generator->causal.model), &generator->causal.decoder,
                           err);
}

/* The model's limit: that of its positions, else the tokenizer's. */
static int fit(const t2v_generator *generator, size_t *max_tok, struct t2v_err *err)
{
    enum { NO_LIMIT = 10000000 };
    const t2v_json *config = t2v_net_text(t2v_model_settings(generator->causal.model));
    bool positions = t2v_json_get(config, "max_position_embeddings") != NULL ||
                     t2v_json_get(config, "n_positions") != NULL;
    size_t limit = t2v_tokenizer_model_max(t2v_model_tokenizer(generator->causal.model));
    bool counts = !positions && limit != 0 && limit < NO_LIMIT;
    const struct t2v_model_use use = {.limit = counts ? limit : SIZE_MAX};
    return t2v_model_fit(generator->causal.model, &use, max_tok, err);
}

static size_t pages_of(size_t n_tok)
{
    return n_tok / T2V_PAGE_TOK + 1;
}

/* The pool, which may hold less than the longest sequence. */
static int open_pool(t2v_generator *generator, size_t cache_bytes, size_t *page_bytes,
                     struct t2v_err *err)
{
    *page_bytes = t2v_page_bytes(t2v_net_shape(t2v_model_net(generator->causal.model)));
    size_t n = cache_bytes / *page_bytes;
    if (cache_bytes == 0) {
        size_t most = pages_of(generator->causal.max_tok) * LONGEST_SEQUENCES;
        n = t2v_memory_allowed("/proc", "/sys") / MEMORY_SHARE / *page_bytes;
        n = n < most ? n : most;
    }
    if (n < 2)
        return t2v_fail(err, T2V_EUSAGE,
                        "%zu bytes for keys and values are too few: a page of %d "
                        "tokens has %zu",
                        cache_bytes, T2V_PAGE_TOK, *page_bytes);
    n = n < UINT32_MAX / 2 ? n : UINT32_MAX / 2;
    if (generator->causal.max_tok > n * T2V_PAGE_TOK)
        generator->causal.max_tok = n * T2V_PAGE_TOK;
    int rc = t2v_pool_new(*page_bytes, (uint32_t)n, &generator->pool);
    return rc == 0
               ? 0
               : t2v_fail(err, rc, "no memory for keys and values (%zu bytes)", n * *page_bytes);
}

static int open_parts(t2v_generator *generator, const struct t2v_generator_options *options,
                      struct t2v_err *err)
{
    size_t page_bytes;
    int rc = open_model(generator, options, err);
    if (rc == 0)
        rc = fit(generator, &generator->causal.max_tok, err);
    if (rc == 0)
        rc = t2v_generation_config_read(generator->causal.model, &generator->causal.config, err);
    if (rc == 0)
        rc = open_pool(generator, options->cache_bytes, &page_bytes, err);
    if (rc == 0) {
        rc = t2v_scheduler_new(&generator->causal, generator->pool, page_bytes, options->threads,
                               &generator->scheduler);
        if (rc != 0)
            t2v_fail(err, rc, "no memory for the sequences");
    }
    return rc == 0 ? t2v_guard_check(t2v_guard_mark(), err) : rc;
}

static int open_late(t2v_generator *generator, struct t2v_err *err)
{
    generator->late = t2v_alloc_zero(1, sizeof *generator->late);
    if (generator->late == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    pthread_mutex_init(&generator->late->lock, NULL);
    return 0;
}

static void free_late(struct late *late)
{
    if (late == NULL)
        return;
    t2v_vocab_trie_free(late->tokens);
    pthread_mutex_destroy(&late->lock);
    t2v_free(late);
}

int t2v_generator_open(const struct t2v_generator_options *options, t2v_generator **out,
                       struct t2v_err *err)
{
    t2v_generator *generator = t2v_alloc_zero(1, sizeof *generator);
    if (generator == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_late(generator, err);
    if (rc == 0)
        rc = open_parts(generator, options, err);
    if (rc != 0) {
        t2v_generator_free(generator);
        return t2v_fail_in_dir(err, rc, options->dir, NULL);
    }
    generator->task.steps = &generate_steps;
    generator->task.model = generator->causal.model;
    generator->task.max_tok = generator->causal.max_tok;
    *out = generator;
    return 0;
}

void t2v_generator_free(t2v_generator *generator)
{
    if (generator == NULL)
        return;
    t2v_scheduler_free(generator->scheduler);
    t2v_pool_free(generator->pool);
    free_late(generator->late);
    t2v_generation_config_deinit(&generator->causal.config);
    t2v_decoder_free(generator->causal.decoder);
    t2v_model_free(generator->causal.model);
    t2v_free(generator);
}

/* --- what it is --- */

const t2v_model *t2v_generator_model(const t2v_generator *generator)
{
    return generator->causal.model;
}

const t2v_decoder *t2v_generator_decoder(const t2v_generator *generator)
{
    return generator->causal.decoder;
}

const struct t2v_task *t2v_generator_task(const t2v_generator *generator)
{
    return &generator->task;
}

size_t t2v_generator_max_tok(const t2v_generator *generator)
{
    return generator->causal.max_tok;
}

bool t2v_generator_is_end(const t2v_generator *generator, int32_t id)
{
    return t2v_generation_config_is_end(&generator->causal.config, id);
}

const struct t2v_sampling *t2v_generator_defaults(const t2v_generator *generator)
{
    return &generator->causal.config.sampling;
}

const t2v_vocab_trie *t2v_generator_tokens(const t2v_generator *generator)
{
    struct late *late = generator->late;
    size_t vocab = t2v_net_shape(t2v_model_net(generator->causal.model))->vocab;
    pthread_mutex_lock(&late->lock);
    if (late->tokens == NULL &&
        t2v_vocab_trie_new(generator->causal.decoder, vocab, generator->causal.config.ends,
                           generator->causal.config.n_end, &late->tokens) != 0)
        late->tokens = NULL;
    const t2v_vocab_trie *tokens = late->tokens;
    pthread_mutex_unlock(&late->lock);
    return tokens;
}

size_t t2v_generator_bytes(const t2v_generator *generator, const struct t2v_generate *generate,
                           size_t n_tok)
{
    size_t n = generate->n_choice < T2V_PASS_SEQ ? generate->n_choice : T2V_PASS_SEQ;
    return n * t2v_sequence_bytes(&generator->causal, generate, n_tok);
}

void t2v_generator_get_stats(const t2v_generator *generator, struct t2v_generator_stats *out)
{
    t2v_scheduler_get_stats(generator->scheduler, out);
}
