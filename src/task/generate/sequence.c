/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/sequence.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

/* --- begin and end --- */

static int fill(struct t2v_sequence *sequence, const struct t2v_generate *generate)
{
    const struct t2v_causal *causal = sequence->causal;
    const struct t2v_choice *choice = sequence->choice;
    size_t vocab = t2v_net_shape(t2v_model_net(causal->model))->vocab;
    sequence->cap_id = choice->n_prompt + 64;
    sequence->ids = t2v_alloc_zero(sequence->cap_id, sizeof *sequence->ids);
    if (sequence->ids == NULL)
        return T2V_ENOMEM;
    memcpy(sequence->ids, choice->prompt, choice->n_prompt * sizeof *sequence->ids);
    sequence->n_id = choice->n_prompt;
    int rc = t2v_sampler_new(&generate->sampling, vocab, choice->seed, choice->prompt,
                             choice->n_prompt, &sequence->sampler);
    if (rc == 0 && generate->schema != NULL)
        rc = t2v_grammar_new(generate->tokens, generate->schema, &sequence->grammar);
    return rc == 0 ? t2v_gen_text_new(causal->decoder, generate->stops, generate->n_stop,
                                      generate->keep_stop, &sequence->text)
                   : rc;
}

int t2v_sequence_new(const struct t2v_causal *causal, const struct t2v_generate *generate,
                     struct t2v_choice *choice, struct t2v_sequence **out)
{
    struct t2v_sequence *sequence = t2v_alloc_zero(1, sizeof *sequence);
    if (sequence == NULL)
        return T2V_ENOMEM;
    sequence->causal = causal;
    sequence->choice = choice;
    t2v_buf_init(&choice->text, SIZE_MAX);
    int rc = fill(sequence, generate);
    if (rc != 0) {
        t2v_sequence_free(sequence);
        return rc;
    }
    *out = sequence;
    return 0;
}

size_t t2v_sequence_bytes(const struct t2v_causal *causal, const struct t2v_generate *generate,
                          size_t n_tok)
{
    enum {
        LEAST = 4096,
        OF_TOK = 12,  /* its id and the lists of pages, which grow to twice what they need */
        OF_SEEN = 40, /* an id that penalties count */
        OF_BIAS = 12,
        OF_STOP_BYTE = 10, /* the byte and how far to go back, for two searches */
        OF_STOP = 128,
        OF_GRAMMAR = 256 << 10 /* its states */
    };
    const struct t2v_sampling *sampling = &generate->sampling;
    bool counts = sampling->repetition_penalty != 1 || sampling->frequency_penalty != 0 ||
                  sampling->presence_penalty != 0;
    size_t bytes = LEAST + n_tok * (OF_TOK + (counts ? OF_SEEN : 0)) + sampling->n_bias * OF_BIAS;
    for (size_t i = 0; i < generate->n_stop; i++)
        bytes += OF_STOP + generate->stops[i].len * OF_STOP_BYTE;
    if (generate->schema != NULL)
        bytes += OF_GRAMMAR + t2v_net_shape(t2v_model_net(causal->model))->vocab / 8;
    return bytes;
}

void t2v_sequence_free(struct t2v_sequence *sequence)
{
    if (sequence == NULL)
        return;
    t2v_gen_text_free(sequence->text);
    t2v_grammar_free(sequence->grammar);
    t2v_sampler_free(sequence->sampler);
    t2v_free(sequence->ids);
    t2v_free(sequence->places);
    t2v_free(sequence->pages);
    t2v_free(sequence);
}

/* --- pages --- */

static int make_room(struct t2v_sequence *sequence)
{
    if (sequence->n_page == sequence->cap_page) {
        uint32_t *pages =
            t2v_grow(sequence->pages, &sequence->cap_page, 8, sizeof *sequence->pages);
        if (pages == NULL)
            return T2V_ENOMEM;
        sequence->pages = pages;
    }
    if (sequence->n_page == sequence->cap_place) {
        char **places =
            t2v_grow(sequence->places, &sequence->cap_place, 8, sizeof *sequence->places);
        if (places == NULL)
            return T2V_ENOMEM;
        sequence->places = places;
        sequence->kv.pages = places;
    }
    return 0;
}

static void add_page(struct t2v_sequence *sequence, const t2v_pool *pool, uint32_t page)
{
    sequence->pages[sequence->n_page] = page;
    sequence->places[sequence->n_page] = t2v_pool_at(pool, page);
    sequence->n_page++;
}

int t2v_sequence_reserve(struct t2v_sequence *sequence, t2v_pool *pool, size_t n)
{
    size_t wanted = t2v_page_count(sequence->kv.n_tok + n);
    while (sequence->n_page < wanted) {
        uint32_t page;
        if (make_room(sequence) != 0)
            return T2V_ENOMEM;
        if (!t2v_pool_take(pool, &page))
            return T2V_EBUSY;
        add_page(sequence, pool, page);
    }
    return 0;
}

/* Whether the next tokens may be those of a whole page that somebody else has. */
static bool is_at_page(const struct t2v_sequence *sequence)
{
    size_t n_tok = sequence->kv.n_tok;
    return n_tok == sequence->n_page * T2V_PAGE_TOK && sequence->n_noted == sequence->n_page &&
           t2v_sequence_left(sequence) > T2V_PAGE_TOK;
}

int t2v_sequence_adopt(struct t2v_sequence *sequence, t2v_pool *pool)
{
    uint32_t page;
    while (is_at_page(sequence)) {
        if (make_room(sequence) != 0)
            return T2V_ENOMEM;
        const int32_t *ids = sequence->ids + sequence->kv.n_tok;
        if (!t2v_pool_find(pool, sequence->key, ids, &page, &sequence->key))
            return 0;
        add_page(sequence, pool, page);
        sequence->n_noted++;
        sequence->kv.n_tok += T2V_PAGE_TOK;
        if (sequence->choice->n_token == 0)
            sequence->choice->n_reused += T2V_PAGE_TOK;
    }
    return 0;
}

void t2v_sequence_advance(struct t2v_sequence *sequence, t2v_pool *pool, size_t n)
{
    sequence->kv.n_tok += n;
    for (; (sequence->n_noted + 1) * T2V_PAGE_TOK <= sequence->kv.n_tok; sequence->n_noted++)
        sequence->key = t2v_pool_note(pool, sequence->pages[sequence->n_noted], sequence->key,
                                      sequence->ids + sequence->n_noted * T2V_PAGE_TOK);
}

void t2v_sequence_release(struct t2v_sequence *sequence, t2v_pool *pool)
{
    /* The last first, so that of pages that nobody uses the beginnings stay longest. */
    while (sequence->n_page > 0)
        t2v_pool_drop(pool, sequence->pages[--sequence->n_page]);
    sequence->kv.n_tok = sequence->n_noted = 0;
    sequence->key = 0;
}

/* --- tokens --- */

static int push_id(struct t2v_sequence *sequence, int32_t id)
{
    if (sequence->n_id == sequence->cap_id) {
        int32_t *ids = t2v_grow(sequence->ids, &sequence->cap_id, 64, sizeof *ids);
        if (ids == NULL)
            return T2V_ENOMEM;
        sequence->ids = ids;
    }
    sequence->ids[sequence->n_id++] = id;
    return 0;
}

/* Room for one more token in the choice's lists. */
static int grow_choice(struct t2v_choice *choice, size_t n_top)
{
    size_t n = choice->n_token;
    if (n != 0 && (n < 16 || (n & (n - 1)) != 0)) /* there is room up to 16, and each power of 2 */
        return 0;
    size_t cap = n == 0 ? 16 : 2 * n;
    struct t2v_token_out *tokens = t2v_resize(choice->tokens, cap, sizeof *tokens);
    if (tokens == NULL)
        return T2V_ENOMEM;
    choice->tokens = tokens;
    if (n_top == 0)
        return 0;
    struct t2v_top *tops = t2v_resize(choice->tops, cap, n_top * sizeof *tops);
    if (tops == NULL)
        return T2V_ENOMEM;
    choice->tops = tops;
    return 0;
}

/* Whether the token that was added last ends the choice. stopped: by a stop string. */
static enum t2v_finish finish_of(const struct t2v_sequence *sequence,
                                 const struct t2v_generate *generate, bool stopped)
{
    const struct t2v_choice *choice = sequence->choice;
    int32_t id = choice->tokens[choice->n_token - 1].id;
    if (!generate->ignore_end && t2v_generation_config_is_end(&sequence->causal->config, id))
        return T2V_FINISH_END;
    if (stopped)
        return T2V_FINISH_STOP;
    bool full = choice->n_token >= generate->max_new || sequence->n_id >= sequence->causal->max_tok;
    return full ? T2V_FINISH_LENGTH : T2V_FINISH_NONE;
}

/* Adds the token's text, and ends the choice if it is the last. */
static int add_text(struct t2v_sequence *sequence, const struct t2v_generate *generate, int32_t id)
{
    struct t2v_choice *choice = sequence->choice;
    bool stopped = false;
    int rc = t2v_gen_text_feed(sequence->text, id, &choice->text, &stopped);
    if (rc != 0)
        return rc;
    choice->finish = finish_of(sequence, generate, stopped);
    if (choice->finish != T2V_FINISH_NONE)
        rc = t2v_gen_text_finish(sequence->text, &choice->text);
    choice->tokens[choice->n_token - 1].text_end = choice->text.len;
    return rc;
}

int t2v_sequence_pick(struct t2v_sequence *sequence, const struct t2v_generate *generate,
                      float *logits)
{
    struct t2v_choice *choice = sequence->choice;
    size_t n_top = generate->n_top;
    int32_t id;
    float logprob = 0;
    int rc = grow_choice(choice, n_top);
    if (rc != 0)
        return rc;
    const uint32_t *allowed = NULL;
    if (sequence->grammar != NULL)
        rc = t2v_grammar_allowed(sequence->grammar, &allowed);
    if (rc != 0)
        return rc;
    rc = t2v_sampler_next(sequence->sampler, logits, allowed, &id,
                          generate->logprobs ? &logprob : NULL,
                          n_top != 0 ? choice->tops + choice->n_token * n_top : NULL, n_top);
    if (rc == 0 && sequence->grammar != NULL)
        rc = t2v_grammar_take(sequence->grammar, id);
    if (rc == 0)
        rc = push_id(sequence, id);
    if (rc != 0)
        return rc;
    choice->last_ns = t2v_clock_ns();
    if (choice->n_token == 0)
        choice->first_ns = choice->last_ns;
    choice->tokens[choice->n_token++] = (struct t2v_token_out){
        .id = id,
        .logprob = logprob,
        .special = t2v_decoder_is_special(sequence->causal->decoder, id),
    };
    return add_text(sequence, generate, id);
}

int t2v_sequence_rate(struct t2v_sequence *sequence, const struct t2v_generate *generate, size_t at,
                      const float *logits, size_t vocab)
{
    struct t2v_choice *choice = sequence->choice;
    size_t n_top = generate->n_top;
    if (choice->prompt_logprobs == NULL) {
        choice->prompt_logprobs = t2v_alloc_zero(choice->n_prompt, sizeof(float));
        if (choice->prompt_logprobs == NULL)
            return T2V_ENOMEM;
        choice->prompt_logprobs[0] = NAN;
    }
    if (choice->prompt_tops == NULL && n_top != 0) {
        choice->prompt_tops = t2v_alloc_zero(choice->n_prompt, n_top * sizeof *choice->prompt_tops);
        if (choice->prompt_tops == NULL)
            return T2V_ENOMEM;
    }
    t2v_logprobs(logits, vocab, choice->prompt[at], &choice->prompt_logprobs[at],
                 n_top != 0 ? choice->prompt_tops + at * n_top : NULL, n_top);
    return 0;
}
