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

/* A stepped task of one work. */
static struct t2v_stepped *stepped;

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

/* A step that goes on until it may end, or for a minute, and completes the work. */
static atomic_bool has_begun, may_end, was_late;

static int long_step(const t2v_task *task, t2v_team *team, bool ending, struct t2v_stepped **done,
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

/* An engine of that task and of BERT. */
struct rig {
    struct t2v_step_ops ops;
    t2v_task steps;
    t2v_embedder *bert;
    t2v_engine *engine;
};

static void open_rig(struct rig *rig, int (*step)(const t2v_task *task, t2v_team *team, bool ending,
                                                  struct t2v_stepped **done, struct t2v_err *err))
{
    const struct t2v_embedder_options options = {
        .dir = T2V_TEST_DIR "/golden/bert-uncased", .vectorizer = "default", .precision = "f32"};
    const struct t2v_engine_options of_engine = {1, true, 1000, 1000000};
    assert_int_equal(t2v_embedder_open(&options, &rig->bert, NULL), 0);
    const t2v_task *bert = t2v_embedder_task(rig->bert);
    rig->ops =
        (struct t2v_step_ops){.add = add, .is_idle = is_idle, .can_step = can_step, .step = step};
    rig->steps = (t2v_task){.steps = &rig->ops, .model = bert->model};
    const t2v_task *tasks[] = {bert, &rig->steps};
    atomic_store(&has_begun, false);
    atomic_store(&may_end, false);
    assert_int_equal(t2v_engine_new(tasks, 2, &of_engine, &rig->engine, NULL), 0);
}

static void close_rig(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_embedder_free(rig->bert);
}

static void submit(const struct rig *rig, struct waited *w, const char *text, const t2v_task *task)
{
    waited_init(w, text, 0);
    w->work.task = task;
    assert_int_equal(t2v_engine_submit(rig->engine, &w->work), 0);
}

static void end(struct waited *w)
{
    wait_for(w);
    assert_int_equal(w->work.err.code, 0);
    t2v_work_deinit(&w->work);
}

/* While a step takes long, short texts are encoded. */
static void test_express(void **state)
{
    struct rig rig;
    struct waited slow, quick;
    (void)state;
    open_rig(&rig, long_step);
    submit(&rig, &slow, "", &rig.steps);
    while (!atomic_load(&has_begun))
        usleep(1000);
    submit(&rig, &quick, "a short text", t2v_embedder_task(rig.bert));
    end(&quick);
    atomic_store(&may_end, true);
    end(&slow);
    assert_false(atomic_load(&was_late));
    close_rig(&rig);
}

/* A step that does not end is a stall, also while short texts are encoded beside it. */
static void test_stuck_step(void **state)
{
    struct rig rig;
    struct waited stuck, quick;
    (void)state;
    open_rig(&rig, long_step);
    submit(&rig, &stuck, "", &rig.steps);
    while (t2v_engine_stalled_ms(rig.engine) < 100 && !atomic_load(&was_late))
        usleep(1000);
    submit(&rig, &quick, "a short text", t2v_embedder_task(rig.bert));
    end(&quick);
    assert_true(t2v_engine_stalled_ms(rig.engine) >= 100);
    atomic_store(&may_end, true);
    end(&stuck);
    assert_false(atomic_load(&was_late));
    assert_int_equal(t2v_engine_stalled_ms(rig.engine), 0);
    close_rig(&rig);
}

/* Steps of a few milliseconds, the last of which completes the work. No more is seen as a stall
 * than the time since the step before. */
enum { N_SHORT_STEP = 30 };
static t2v_engine *the_engine;
static size_t n_step, n_stalled;
static uint64_t step_ended_ns;

static int short_step(const t2v_task *task, t2v_team *team, bool ending, struct t2v_stepped **done,
                      struct t2v_err *err)
{
    (void)task, (void)team, (void)ending, (void)err;
    uint64_t seen_ms = t2v_engine_stalled_ms(the_engine);
    if (n_step > 0 && seen_ms > (t2v_clock_ns() - step_ended_ns) / 1000000)
        n_stalled++;
    usleep(5000);
    if (++n_step == N_SHORT_STEP) {
        *done = stepped;
        stepped = NULL;
    }
    step_ended_ns = t2v_clock_ns();
    return 0;
}

/* A work of many steps is no stall, however long it takes. */
static void test_long_work(void **state)
{
    struct rig rig;
    struct waited many;
    (void)state;
    open_rig(&rig, short_step);
    the_engine = rig.engine;
    submit(&rig, &many, "", &rig.steps);
    end(&many);
    assert_int_equal(n_step, N_SHORT_STEP);
    assert_int_equal(n_stalled, 0);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_express),
        cmocka_unit_test(test_stuck_step),
        cmocka_unit_test(test_long_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
