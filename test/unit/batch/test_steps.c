/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine with a stepped task beside one whose rows go into batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "task/embed/open.h"
#include "waited.h"

/* A stepped task of one work, which it completes in a step that goes on until it may end. */
static struct t2v_stepped *stepped;
static atomic_bool has_begun, may_end, was_late;

static void add(const t2v_task *task, struct t2v_stepped *work)
{
    (void)task;
    stepped = work;
}

static bool is_idle(const t2v_task *task)
{
    (void)task;
    return stepped == NULL;
}

static bool can_step(const t2v_task *task)
{
    return !is_idle(task);
}

static int step(const t2v_task *task, t2v_team *team, bool ending, struct t2v_stepped **done,
                struct t2v_err *err)
{
    (void)task, (void)team, (void)ending, (void)err;
    uint64_t until = t2v_clock_ns() + (uint64_t)60 * 1000000000;
    atomic_store(&has_begun, true);
    while (!atomic_load(&may_end) && t2v_clock_ns() < until)
        usleep(1000);
    atomic_store(&was_late, !atomic_load(&may_end));
    *done = stepped;
    stepped = NULL;
    return 0;
}

/* While a step takes long, short texts are encoded. */
static void test_express(void **state)
{
    (void)state;
    static const struct t2v_step_ops ops = {
        .add = add, .is_idle = is_idle, .can_step = can_step, .step = step};
    const struct t2v_embedder_options options = {
        .dir = T2V_TEST_DIR "/golden/bert-uncased", .vectorizer = "default", .precision = "f32"};
    const struct t2v_engine_options of_engine = {1, true, 1000, 1000000};
    t2v_embedder *bert;
    t2v_engine *engine;
    struct waited slow, quick;
    assert_int_equal(t2v_embedder_open(&options, &bert, NULL), 0);
    const struct t2v_task steps = {.steps = &ops, .model = t2v_embedder_task(bert)->model};
    const struct t2v_task *tasks[] = {t2v_embedder_task(bert), &steps};
    assert_int_equal(t2v_engine_new(tasks, 2, &of_engine, &engine, NULL), 0);
    waited_init(&slow, "", 0);
    slow.work.task = &steps;
    waited_init(&quick, "a short text", 0);
    quick.work.task = tasks[0];
    assert_int_equal(t2v_engine_submit(engine, &slow.work), 0);
    while (!atomic_load(&has_begun))
        usleep(1000);
    assert_int_equal(t2v_engine_submit(engine, &quick.work), 0);
    wait_for(&quick);
    atomic_store(&may_end, true);
    wait_for(&slow);
    assert_false(atomic_load(&was_late));
    assert_int_equal(quick.work.err.code, 0);
    t2v_engine_free(engine);
    t2v_work_deinit(&quick.work);
    t2v_work_deinit(&slow.work);
    t2v_embedder_free(bert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_express),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
