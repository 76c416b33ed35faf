/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_COMMANDS_H
#define T2V_COMMANDS_H
/*
 * The commands beside `serve`: each prints on standard output and
 * returns 0 or a negative code with err filled.
 */
#include "base/buf.h"
#include "base/options.h"
#include "batch/engine.h"

int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_tokens(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_sentences(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_inspect(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_bench(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_selftest(const struct t2v_options *options, struct t2v_err *err);
int t2v_command_health(const struct t2v_options *options, struct t2v_err *err);

/* The model, as the settings say. */
int t2v_open_model(const struct t2v_options *options, t2v_model **model, struct t2v_err *err);
/* The model and an engine over it, as the settings say. Freed in reverse order. */
int t2v_open(const struct t2v_options *options, bool leader, t2v_model **model, t2v_engine **engine,
             struct t2v_err *err);
/* t2v_engine_run, whose error comes out of it. work is for t2v_work_deinit, also on failure. */
int t2v_run_work(t2v_engine *engine, struct t2v_work *work, struct t2v_err *err);
/* Prints words of strangers on standard output as t2v_utf8_show has them; returns their length. */
size_t t2v_print_words(struct t2v_str words);
/* Prints a line of JSON, and empties the buffer. Characters that would act on a terminal become
 * escapes of JSON, which mean the same. */
int t2v_print_json(struct t2v_buf *line, struct t2v_err *err);
/* The settings' threads, or as many as there are processors. */
int t2v_thread_count(const struct t2v_options *options);

#endif
