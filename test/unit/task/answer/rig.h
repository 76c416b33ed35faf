/* SPDX-License-Identifier: BSD-3-Clause */
/* A model of test/golden/heads with its engine, and the files of test/golden/answers. Include it
 * after cmocka. */
#ifndef T2V_TEST_ANSWER_RIG_H
#define T2V_TEST_ANSWER_RIG_H
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "batch/engine.h"
#include "json/json.h"
#include "task/classify/open.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

struct rig {
    t2v_classifier *classifier;
    t2v_engine *engine;
};

static inline t2v_json *load_json(const char *name)
{
    char path[1024];
    struct t2v_err err = {0};
    t2v_json *json;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (t2v_json_load(path, 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    return json;
}

static inline struct rig set_up(const char *dir)
{
    struct rig rig;
    struct t2v_err err = {0};
    const struct t2v_classifier_options options = {dir, "f32", "", 1};
    const struct t2v_engine_options of_engine = {
        .n_thread = 2, .max_queue = 1, .max_text_tok = 1000000};
    if (t2v_classifier_open(&options, &rig.classifier, &err) != 0)
        fail_msg("%s", err.msg);
    const struct t2v_task *task = t2v_classifier_task(rig.classifier);
    if (t2v_engine_new(&task, 1, &of_engine, &rig.engine, &err) != 0)
        fail_msg("%s", err.msg);
    return rig;
}

static inline void tear_down(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_classifier_free(rig->classifier);
}

/* One input, or a pair if second.ptr is not NULL. The caller calls t2v_work_deinit. */
static inline struct t2v_work run_one(const struct rig *rig, const struct t2v_str *text,
                                      const struct t2v_str *second,
                                      const struct t2v_classify_params *params)
{
    struct t2v_work work = {.texts = text,
                            .seconds = second->ptr != NULL ? second : NULL,
                            .n_text = 1,
                            .params = params};
    t2v_engine_run(rig->engine, &work);
    return work;
}

static inline double number(const t2v_json *value)
{
    double x = NAN;
    t2v_json_double(value, &x);
    return x;
}

/* -1 if there is none. */
static inline int64_t integer(const t2v_json *value)
{
    int64_t x = -1;
    t2v_json_int(value, &x);
    return x;
}

#endif
