/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_SCALAR_H
#define T2V_TASK_GENERATE_GRAMMAR_SCALAR_H
/*
 * Strings and numbers of automaton.h. Each function takes a frame to change for the next byte.
 * Private to this folder.
 */
#include <stdbool.h>
#include <stdint.h>

#include "task/generate/grammar/frame.h"

enum t2v_scalar {
    T2V_SCALAR_NO,   /* the byte cannot follow */
    T2V_SCALAR_MORE, /* it is part of the value */
    T2V_SCALAR_END   /* it ends the value: a string's '"' */
};

/* A byte of a string after its opening '"'. */
enum t2v_scalar t2v_scalar_string(struct t2v_frame *frame, uint8_t byte);
/* True between characters, outside of escapes. */
bool t2v_scalar_at_character(const struct t2v_frame *frame);
/* A byte of a key after its opening '"': a string without escapes that is no name of frame->node.
 */
enum t2v_scalar t2v_scalar_key(struct t2v_frame *frame, uint8_t byte);
/* The names that a key may become, before its first byte. */
void t2v_scalar_key_start(struct t2v_frame *frame);

/* The first byte of a number, or a later one. */
bool t2v_scalar_number(struct t2v_frame *frame, uint8_t byte);
/* Whether the number may end here. */
bool t2v_scalar_number_ends(const struct t2v_frame *frame);

#endif
