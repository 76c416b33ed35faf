/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_COMMAND_H
#define T2V_CLI_COMMAND_H
/* Shared by the commands: opens the model and the engine of the settings. */
#include "batch/engine.h"
#include "cli/options.h"
#include "task/embed/open.h"
#include "task/embed/params.h"
#include "task/generate/generator.h"

/* The settings' threads, or as many as there are processors. */
int t2v_thread_count(const struct t2v_options *options);
/* The memory of the process that is in use; 0: unknown. */
size_t t2v_resident_bytes(void);
/* What the settings say of an engine. leader: it has a thread of its own. */
struct t2v_engine_options t2v_engine_options_of(const struct t2v_options *options, bool leader);
/* What the settings say of a generator in dir. */
struct t2v_generator_options t2v_generator_options_of(const struct t2v_options *options,
                                                      const char *dir);
/* Whether the settings name a vectorizer, which makes any directory an embedder. */
bool t2v_names_vectorizer(const struct t2v_options *options);
/* Where the model is that was given as dir: nearly always there. */
const char *t2v_model_place(const struct t2v_options *options, const char *dir);
/* The model in dir, as the settings say; else as t2v_open_model. */
int t2v_open_model_at(const struct t2v_options *options, const char *dir, t2v_embedder **model,
                      struct t2v_err *err);
/* The model, as the settings say; *model is set on success alone, for t2v_embedder_free. The errors
 * of t2v_embedder_open. */
int t2v_open_model(const struct t2v_options *options, t2v_embedder **model, struct t2v_err *err);
/* The model and an engine over it, as the settings say; both are set on success alone, and freed in
 * reverse order. leader: the engine has a thread of its own, for works that are submitted. The
 * errors of t2v_embedder_open and t2v_engine_new. */
int t2v_open(const struct t2v_options *options, bool leader, t2v_embedder **model,
             t2v_engine **engine, struct t2v_err *err);
/* t2v_engine_run, whose error comes out of it. work is for t2v_work_deinit, also on failure. */
int t2v_run_work(t2v_engine *engine, struct t2v_work *work, struct t2v_err *err);

#endif
