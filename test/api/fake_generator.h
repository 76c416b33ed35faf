/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_GENERATOR_H
#define FAKE_GENERATOR_H
/*
 * A generator that repeats its prompt, token by token, for fake.c: FAKE_GENERATES=MS in the
 * environment turns it on, with MS milliseconds between two tokens. Its tokenizer is that of the
 * model's directory. It takes FAKE_MAX_TOK tokens, 512 by default. If set, new token number
 * FAKE_FAIL_AT fails, and the step of number FAKE_STUCK_AT ends only when the work is cancelled.
 */
#include <stdbool.h>

#include "batch/engine.h"
#include "task/generate/generator.h"

/* NULL: off, or the directory has no tokenizer. */
t2v_generator *fake_generator_open(const char *dir);
void fake_generator_close(t2v_generator *generator);
/* Generates the next token of each choice, if it is time for it. True: the work is over. */
bool fake_generator_step(struct t2v_work *work);

#endif
