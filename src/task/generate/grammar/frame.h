/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_FRAME_H
#define T2V_TASK_GENERATE_GRAMMAR_FRAME_H
/*
 * States of the automaton of automaton.h. A state is a stack of frames, which are immutable, so
 * that stacks share them: the frame on top says what is being read, the one below it what follows
 * that. Frames live in a pool, and are freed by resetting it to an earlier mark.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "task/generate/grammar/node.h"

enum t2v_frame_kind {
    T2V_FRAME_DONE, /* the bottom: the value is complete */
    T2V_FRAME_VALUE,
    T2V_FRAME_LITERAL,
    T2V_FRAME_STRING,
    T2V_FRAME_PATTERN,
    T2V_FRAME_KEY, /* of a property that the schema does not name */
    T2V_FRAME_NUMBER,
    T2V_FRAME_OBJECT,
    T2V_FRAME_ARRAY
};

struct t2v_frame {
    const struct t2v_frame *up; /* what follows; NULL only in DONE */
    const struct t2v_node *node;
    uint8_t kind, phase; /* phase: the kind's own */
    uint8_t blank;       /* white space here: 0: none; 1: a space; else 2 and the spaces after \n */
    bool negative;       /* NUMBER */
    uint16_t depth;      /* containers about it */
    uint32_t n;          /* bytes of a literal or key, characters, digits, or items so far; a
                          * pattern's state */
    uint32_t from, to;   /* STRING, KEY: bounds of the next byte of a character; OBJECT: `from`: the
                            next property */
    uint32_t first, last; /* KEY: names that begin as it does */
    uint64_t v;           /* NUMBER: its digits */
};

enum { T2V_FRAMES_OF_CHUNK = 256 };

struct t2v_frame_pool {
    struct t2v_frame **chunks; /* [n_chunk] of T2V_FRAMES_OF_CHUNK */
    size_t n_chunk, cap, used;
    size_t work; /* counted by the automaton, reset by its caller */
};

void t2v_frame_pool_deinit(struct t2v_frame_pool *pool);
/* Frees memory that more frames than now are used needed, but for some. */
void t2v_frame_pool_trim(struct t2v_frame_pool *pool);
/* A copy of frame; NULL without memory. */
const struct t2v_frame *t2v_frame_new(struct t2v_frame_pool *pool, const struct t2v_frame *frame);

/* Stacks, by their frames on top; no two are equal. */
struct t2v_frames {
    const struct t2v_frame **list; /* [n] */
    size_t n, cap;
};

void t2v_frames_deinit(struct t2v_frames *frames);
/* Adds one unless it is there. 0, T2V_ENOMEM, T2V_ETOOLARGE: more than 2048. */
int t2v_frames_add(struct t2v_frames *frames, const struct t2v_frame *frame);
/* Replaces *to by copies in pool. 0 or T2V_ENOMEM. */
int t2v_frames_copy(const struct t2v_frames *from, struct t2v_frame_pool *pool,
                    struct t2v_frames *to);

#endif
