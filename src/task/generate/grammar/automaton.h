/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_AUTOMATON_H
#define T2V_TASK_GENERATE_GRAMMAR_AUTOMATON_H
/*
 * A nondeterministic pushdown automaton that reads, byte by byte, the JSON texts of a schema. Every
 * state that it reaches can still be completed. White space is what models write: one space, or a
 * line end and up to 64 spaces, after brackets and commas; one space after a colon and at the
 * start; a line end and spaces before a closing bracket.
 */
#include <stdbool.h>
#include <stdint.h>

#include "task/generate/grammar/frame.h"

/* What one step has: the pool of the new frames, and the new states. */
struct t2v_step {
    struct t2v_frame_pool *pool;
    struct t2v_frames *out;
    int rc;
};

/* The state before the text, into an empty *out. 0, T2V_ENOMEM. */
int t2v_automaton_start(const struct t2v_schema *schema, struct t2v_frame_pool *pool,
                        struct t2v_frames *out);
/* Replaces *out by the states after byte: none if it cannot follow. 0; T2V_ENOMEM; T2V_ETOOLARGE:
 * too many states, or pool->work, about 30 ns each, exceeds 4,000,000. */
int t2v_automaton_step(struct t2v_frame_pool *pool, const struct t2v_frames *in, uint8_t byte,
                       struct t2v_frames *out);
/* Whether the text may end here. */
bool t2v_automaton_can_end(const struct t2v_frames *states);

#endif
