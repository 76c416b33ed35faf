/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_generator.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "task/generate/grammar/grammar.h"
#include "task/generate/text.h"
#include "token/decode/decoder.h"

#include "base/banned.h"

struct t2v_generator {
    struct t2v_task task;
    t2v_tokenizer *tokenizer;
    t2v_decoder *decoder;
    size_t max_tok;
    uint64_t token_ns;
    long fail_at, stuck_at; /* -1: never */
};

static t2v_generator *the_generator; /* of t2v_model_tokenizer */

static long of_environment(const char *name, long otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? strtol(value, NULL, 10) : otherwise;
}

t2v_generator *fake_generator_open(const char *dir)
{
    struct t2v_err err;
    long ms = of_environment("FAKE_GENERATES", -1);
    t2v_generator *g = ms >= 0 ? t2v_alloc_zero(1, sizeof *g) : NULL;
    if (g == NULL)
        return NULL;
    if (t2v_tokenizer_open(dir, &g->tokenizer, &err) != 0 ||
        t2v_decoder_new(g->tokenizer, &g->decoder, &err) != 0) {
        fake_generator_close(g);
        return NULL;
    }
    g->token_ns = (uint64_t)ms * 1000000;
    g->max_tok = (size_t)of_environment("FAKE_MAX_TOK", 512);
    g->fail_at = of_environment("FAKE_FAIL_AT", -1);
    g->stuck_at = of_environment("FAKE_STUCK_AT", -1);
    the_generator = g;
    return g;
}

void fake_generator_close(t2v_generator *g)
{
    if (g == NULL)
        return;
    t2v_decoder_free(g->decoder);
    t2v_tokenizer_free(g->tokenizer);
    t2v_free(g);
    the_generator = NULL;
}

/* ---- What takes the place of the library's ---- */

const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model)
{
    (void)model;
    return the_generator != NULL ? the_generator->tokenizer : NULL;
}

const t2v_decoder *t2v_generator_decoder(const t2v_generator *g)
{
    return g->decoder;
}

const struct t2v_task *t2v_generator_task(const t2v_generator *g)
{
    return &g->task;
}

size_t t2v_generator_max_tok(const t2v_generator *g)
{
    return g->max_tok;
}

const struct t2v_sampling *t2v_generator_defaults(const t2v_generator *g)
{
    (void)g;
    return &t2v_sampling_greedy;
}

void t2v_generator_get_stats(const t2v_generator *g, struct t2v_generator_stats *out)
{
    (void)g;
    *out = (struct t2v_generator_stats){.first_token_s = {.first = 50e-6},
                                        .next_token_s = {.first = 50e-6}};
}

const t2v_vocab_trie *t2v_generator_tokens(const t2v_generator *g)
{
    (void)g;
    return NULL;
}

size_t t2v_generator_bytes(const t2v_generator *g, const struct t2v_generate *generate,
                           size_t n_tok)
{
    (void)g, (void)generate;
    return n_tok;
}

/* ---- Steps ---- */

/* The state of a work, which takes the place of its progress: a text for each choice. */
static t2v_gen_text **begin(const t2v_generator *g, struct t2v_work *work)
{
    const struct t2v_generate *generate = work->params;
    t2v_gen_text **texts = t2v_alloc_zero(generate->n_choice, sizeof(t2v_gen_text *));
    work->begun_ns = t2v_clock_ns();
    for (size_t i = 0; i < generate->n_choice; i++) {
        struct t2v_choice *choice = &generate->choices[i];
        size_t fits = g->max_tok - choice->n_prompt;
        t2v_buf_init(&choice->text, 1 << 20);
        choice->tokens = t2v_alloc_zero(fits, sizeof *choice->tokens);
        choice->tops = t2v_alloc_zero(fits * generate->n_top, sizeof *choice->tops);
        choice->prompt_logprobs = t2v_alloc_zero(choice->n_prompt, sizeof(float));
        choice->prompt_tops =
            t2v_alloc_zero(choice->n_prompt * generate->n_top, sizeof *choice->tops);
        t2v_gen_text_new(g->decoder, generate->stops, generate->n_stop, generate->keep_stop,
                         &texts[i]);
    }
    return texts;
}

/* Nothing of the model: the logits of all ids are equal. */
static void add_token(const t2v_generator *g, const struct t2v_generate *generate,
                      struct t2v_choice *choice, t2v_gen_text *text)
{
    size_t i = choice->n_token++, before = choice->text.len;
    int32_t id = choice->prompt[i % choice->n_prompt];
    bool stopped = false;
    size_t most = g->max_tok - choice->n_prompt;
    t2v_gen_text_feed(text, id, &choice->text, &stopped);
    for (size_t k = 0; k < generate->n_top; k++)
        choice->tops[i * generate->n_top + k] = (struct t2v_top){id + (int32_t)k, -1 - (float)k};
    most = most < generate->max_new ? most : generate->max_new;
    if (stopped)
        choice->finish = T2V_FINISH_STOP;
    else if (choice->n_token == most)
        choice->finish = T2V_FINISH_LENGTH;
    if (choice->finish != T2V_FINISH_NONE && !stopped)
        t2v_gen_text_finish(text, &choice->text);
    choice->last_ns = t2v_clock_ns();
    choice->first_ns = i == 0 ? choice->last_ns : choice->first_ns;
    choice->tokens[i] = (struct t2v_token_out){.id = id,
                                               .logprob = -1,
                                               .special = t2v_decoder_is_special(g->decoder, id),
                                               .text_end = choice->text.len};
    if (generate->on_token != NULL)
        generate->on_token(generate, choice,
                           (struct t2v_str){choice->text.ptr + before, choice->text.len - before});
}

static bool end(struct t2v_work *work, t2v_gen_text **texts)
{
    const struct t2v_generate *generate = work->params;
    for (size_t i = 0; i < generate->n_choice; i++)
        t2v_gen_text_free(texts[i]);
    t2v_free(texts);
    work->progress = NULL;
    work->ended_ns = t2v_clock_ns();
    return true;
}

/* A step that does not end as long as its result is wanted. */
static void be_stuck(const struct t2v_work *work)
{
    while (!atomic_load(&work->cancelled))
        usleep(1000);
}

bool fake_generator_step(struct t2v_work *work)
{
    t2v_generator *g = the_generator;
    const struct t2v_generate *generate = work->params;
    t2v_gen_text **texts = (t2v_gen_text **)work->progress;
    bool over = true;
    if (texts == NULL)
        work->progress = (struct t2v_progress *)(texts = begin(g, work));
    enum t2v_flow flow = generate->flow != NULL ? generate->flow(generate) : T2V_FLOW_OPEN;
    if (flow == T2V_FLOW_GONE || atomic_load(&work->cancelled)) {
        t2v_fail(&work->err, T2V_EBUSY, "given up");
        return end(work, texts);
    }
    for (size_t i = 0; i < generate->n_choice; i++) {
        struct t2v_choice *choice = &generate->choices[i];
        bool is_time = flow == T2V_FLOW_OPEN && t2v_clock_ns() >= choice->last_ns + g->token_ns;
        if (is_time && (long)choice->n_token == g->fail_at) {
            t2v_fail(&work->err, T2V_EMODEL, "it failed");
            return end(work, texts);
        }
        if (is_time && (long)choice->n_token == g->stuck_at)
            be_stuck(work);
        if (is_time && choice->finish == T2V_FINISH_NONE)
            add_token(g, generate, choice, texts[i]);
        over = over && choice->finish != T2V_FINISH_NONE;
    }
    return over && end(work, texts);
}
