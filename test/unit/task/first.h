/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_TASK_FIRST_H
#define T2V_TEST_TASK_FIRST_H
/* For tests of tasks over the model of an embedder: the embedder, an engine, and one work. Include
 * it after cmocka.h. */
#include "batch/engine.h"
#include "task/embed/open.h"

/* The embedder of a model directory, in its default precision. cpu: as in t2v_embedder_options. */
static inline t2v_embedder *open_first(const char *dir, const char *vectorizer, const char *cpu)
{
    const struct t2v_embedder_options options = {
        .dir = dir, .vectorizer = vectorizer, .precision = "", .cpu = cpu};
    t2v_embedder *first = NULL;
    struct t2v_err err = {0};
    if (t2v_embedder_open(&options, &first, &err) != 0)
        fail_msg("%s", err.msg);
    return first;
}

/* An engine without a leader. */
static inline t2v_engine *engine_of(const struct t2v_task *task, int n_thread)
{
    const struct t2v_engine_options options = {
        .n_thread = n_thread, .max_queue = 1, .max_text_tok = 1000000};
    t2v_engine *engine = NULL;
    assert_int_equal(t2v_engine_new(&task, 1, &options, &engine, NULL), 0);
    return engine;
}

/* The work after it was done, for t2v_work_deinit. params: the task's, or NULL. */
static inline struct t2v_work run_texts(t2v_engine *engine, const struct t2v_str *texts, size_t n,
                                        const void *params)
{
    struct t2v_work work = {.texts = texts, .n_text = n, .params = params};
    t2v_engine_run(engine, &work);
    return work;
}

#endif
