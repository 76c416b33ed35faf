/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GENERATE_H
#define T2V_TASK_GENERATE_GENERATE_H
/*
 * A work of a generator: the sequences that are wanted, how their tokens are chosen, and the
 * answer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hist.h"
#include "base/str.h"
#include "task/generate/grammar/grammar.h"
#include "task/generate/sample.h"

/* Why a sequence ended. Where several reasons hold, the first of this order. */
enum t2v_finish {
    T2V_FINISH_NONE,  /* it has not ended */
    T2V_FINISH_END,   /* an end-of-text token */
    T2V_FINISH_STOP,  /* a stop string */
    T2V_FINISH_LENGTH /* max_new tokens, or the generator's limit */
};

struct t2v_token_out {
    int32_t id;
    float logprob; /* log-softmax of the unmodified logits; 0 unless generate->logprobs */
    bool special;
    size_t text_end; /* length of choice->text after this token: the token's piece is what came
                      * since the one before */
};

/* A sequence. The caller zeroes it and sets the first part. */
struct t2v_choice {
    const int32_t *prompt; /* [n_prompt], at least 1, below t2v_generator_max_tok; borrowed */
    size_t n_prompt;
    uint64_t seed;

    /* The answer; for the leader in on_token, and for anyone after the work is done. */
    struct t2v_buf text; /* the new tokens decoded without special tokens: whole characters */
    struct t2v_token_out *tokens; /* [n_token] */
    size_t n_token;
    struct t2v_top *tops;        /* [n_token, generate->n_top], best first */
    float *prompt_logprobs;      /* [n_prompt], the first is NAN; NULL unless asked for */
    struct t2v_top *prompt_tops; /* [n_prompt, n_top], but for the first; NULL unless both are
                                  * asked for */
    enum t2v_finish finish;
    size_t n_reused;            /* tokens of the prompt that had been computed before */
    uint64_t first_ns, last_ns; /* clock at the first and the last new token */
};
void t2v_choice_deinit(struct t2v_choice *choice);

enum t2v_flow {
    T2V_FLOW_OPEN, /* go on */
    T2V_FLOW_FULL, /* wait: t2v_engine_wake when that may have changed */
    T2V_FLOW_GONE  /* give up */
};

struct t2v_generate {
    struct t2v_choice *choices; /* [n_choice] */
    size_t n_choice;
    struct t2v_sampling sampling;
    size_t max_new;              /* new tokens of a choice; SIZE_MAX: as many as fit */
    const struct t2v_str *stops; /* [n_stop], none empty */
    size_t n_stop;
    const struct t2v_schema *schema; /* the texts are JSON of it; NULL: any text */
    const t2v_vocab_trie *tokens;    /* of the generator, with a schema */
    bool keep_stop;                  /* the text ends with the stop string; else before it */
    bool ignore_end;                 /* end-of-text tokens do not end it */
    bool logprobs, prompt_logprobs;
    size_t n_top;
    /* Both run on the leader's thread and must be quick; NULL: none.
     * on_token: a choice has a new token; piece: the text that became certain, perhaps empty.
     * choice->finish is set with the last token.
     * flow: asked before each step. */
    void (*on_token)(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece);
    enum t2v_flow (*flow)(const struct t2v_generate *generate);
    void *user;
};

struct t2v_generator_stats {
    uint64_t n_prompt_tok; /* computed */
    uint64_t n_reused_tok; /* of prompts, that had been computed before */
    uint64_t n_new_tok;
    uint64_t n_step;
    uint64_t n_preempted;       /* sequences that gave their pages to older ones */
    size_t n_page, n_page_used; /* of the pool */
    size_t page_bytes;
    size_t n_running, n_waiting;   /* sequences */
    struct t2v_hist first_token_s; /* from submission to the first token */
    struct t2v_hist next_token_s;  /* between two tokens of a sequence */
};

#endif
