/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "batch/inbox.h"

static const struct t2v_str small = T2V_STR("a short text"), large = {NULL, T2V_SMALL_BYTES};

static struct t2v_work small_work(void)
{
    return (struct t2v_work){.texts = &small, .n_text = 1, .bytes = 13};
}

/* What the express thread gets. */
struct taker {
    struct t2v_inbox *inbox;
    struct t2v_queues queues;
    struct t2v_work *works;
    size_t n;
    bool got;
    uint64_t at_ns;
    pthread_t thread;
};

static void *take(void *arg)
{
    struct taker *taker = arg;
    taker->got = t2v_inbox_take_small(taker->inbox, &taker->queues, &taker->works, &taker->n);
    taker->at_ns = t2v_clock_ns();
    return NULL;
}

static void start(struct taker *taker, struct t2v_inbox *inbox)
{
    *taker = (struct taker){.inbox = inbox};
    assert_int_equal(t2v_queues_init(&taker->queues, inbox->n_task), 0);
    assert_int_equal(pthread_create(&taker->thread, NULL, take, taker), 0);
}

/* Nothing is taken while no batch runs, and during one only after a while. */
static void test_patience(void **state)
{
    (void)state;
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    struct t2v_work work = small_work(),
                    big = {.texts = &large, .n_text = 1, .bytes = T2V_SMALL_BYTES + 1}, *works;
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    assert_int_equal(t2v_queues_init(&leader, 1), 0);
    inbox.has_express = true;
    start(&taker, &inbox);
    t2v_inbox_put(&inbox, &big, false);
    t2v_inbox_put(&inbox, &work, false);
    uint64_t begin_ns = t2v_clock_ns();
    t2v_inbox_lend(&inbox, &leader, false);
    pthread_join(taker.thread, NULL);
    assert_true(taker.got && taker.n == 1 && taker.works == &work && work.next == NULL);
    assert_true(taker.at_ns - begin_ns >= (uint64_t)T2V_EXPRESS_MS * 1000000);
    t2v_inbox_reclaim(&inbox, &leader);
    t2v_inbox_settle(&inbox);
    assert_true(t2v_inbox_take_all(&inbox, &leader, T2V_STEPS_NONE, &works));
    assert_true(works == &big && big.next == NULL);
    t2v_inbox_stop(&inbox);
    assert_false(t2v_inbox_take_all(&inbox, &leader, T2V_STEPS_NONE, &works));
    t2v_queues_deinit(&leader);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
}

/* The shortest go first, at most about T2V_SMALL_BYTES at a time; what is not taken is the leader's
 * again, in order. */
static void test_lent(void **state)
{
    (void)state;
    static char bytes[T2V_SMALL_BYTES / 2];
    const struct t2v_str half = {bytes, sizeof bytes - 1};
    struct t2v_work of[3], *works;
    struct t2v_progress progress[3];
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    assert_int_equal(t2v_queues_init(&leader, 1), 0);
    inbox.has_express = true;
    memset(progress, 0, sizeof progress);
    for (int i = 0; i < 3; i++) {
        of[i] = (struct t2v_work){.texts = &half, .n_text = 1, .bytes = T2V_SMALL_BYTES / 2};
        progress[i] = (struct t2v_progress){.work = &of[i], .rank = T2V_RANK_SMALL};
        of[i].progress = &progress[i];
        t2v_queues_push(&leader, &progress[i]);
    }
    struct t2v_work arrived = small_work(), longer = {.bytes = T2V_SMALL_BYTES / 2 + 1};
    t2v_inbox_put(&inbox, &longer, false);
    t2v_inbox_put(&inbox, &arrived, false);
    t2v_inbox_lend(&inbox, &leader, false);
    assert_true(t2v_queues_are_empty(&leader));
    start(&taker, &inbox);
    pthread_join(taker.thread, NULL);
    assert_true(taker.got && taker.n == 3 && taker.works == &arrived && arrived.next == NULL);
    assert_ptr_equal(t2v_list_pop(&taker.queues.of[0].active[T2V_RANK_SMALL]), &of[0]);
    t2v_inbox_reclaim(&inbox, &leader);
    t2v_inbox_bring_back(&inbox, &progress[0]);
    t2v_inbox_settle(&inbox);
    t2v_inbox_settle(&inbox);
    assert_true(t2v_inbox_take_all(&inbox, &leader, T2V_STEPS_NONE, &works) && works == &longer);
    assert_ptr_equal(leader.of[0].active[T2V_RANK_SMALL].head, &of[2]);
    assert_ptr_equal(of[2].next, &of[0]);
    assert_int_equal(inbox.n_away, 0);
    t2v_queues_deinit(&leader);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
}

/* Works of several tasks are taken in turn, and each is the shortest of its task. */
static void test_tasks_in_turn(void **state)
{
    (void)state;
    struct t2v_work of[] = {
        {.which = 0, .bytes = 30}, {.which = 0, .bytes = 10}, {.which = 0, .bytes = 20},
        {.which = 2, .bytes = 60}, {.which = 2, .bytes = 50},
    };
    const int turns[] = {1, 4, 2, 3, 0};
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    assert_int_equal(t2v_inbox_init(&inbox, 3), 0);
    assert_int_equal(t2v_queues_init(&leader, 3), 0);
    inbox.has_express = true;
    for (int i = 0; i < 5; i++)
        t2v_inbox_put(&inbox, &of[i], false);
    t2v_inbox_lend(&inbox, &leader, false);
    start(&taker, &inbox);
    pthread_join(taker.thread, NULL);
    assert_true(taker.got && taker.n == 5);
    const struct t2v_work *work = taker.works;
    for (int i = 0; i < 5; i++, work = work->next)
        assert_ptr_equal(work, &of[turns[i]]);
    assert_null(work);
    t2v_queues_deinit(&leader);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
}

/* What was begun and lent comes back to the queue of its task. */
static void test_lent_of_tasks(void **state)
{
    (void)state;
    struct t2v_work of[3] = {{.which = 0}, {.which = 1}, {.which = 1}};
    struct t2v_progress progress[3];
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    assert_int_equal(t2v_inbox_init(&inbox, 2), 0);
    assert_int_equal(t2v_queues_init(&leader, 2), 0);
    inbox.has_express = true;
    memset(progress, 0, sizeof progress);
    for (int i = 0; i < 3; i++) {
        progress[i] = (struct t2v_progress){.work = &of[i], .rank = T2V_RANK_SMALL};
        of[i].progress = &progress[i];
        progress[i].which = of[i].which;
        t2v_queues_push(&leader, &progress[i]);
    }
    t2v_inbox_lend(&inbox, &leader, false);
    assert_true(t2v_queues_are_empty(&leader));
    t2v_inbox_reclaim(&inbox, &leader);
    assert_ptr_equal(leader.of[0].active[T2V_RANK_SMALL].head, &of[0]);
    assert_null(of[0].next);
    assert_ptr_equal(leader.of[1].active[T2V_RANK_SMALL].head, &of[1]);
    assert_ptr_equal(of[1].next, &of[2]);
    t2v_queues_deinit(&leader);
    t2v_inbox_deinit(&inbox);
}

static struct t2v_work query_work(void)
{
    return (struct t2v_work){.texts = &small, .n_text = 1, .bytes = 13, .is_query = true};
}

/* Puts a short text and a query while a batch runs. Returns whether the express thread has taken
 * the query alone: that it was early enough is for its caller to know, *in_time. */
static bool takes_query_alone(bool *in_time)
{
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    struct t2v_work work = small_work(), query = query_work();
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    assert_int_equal(t2v_queues_init(&leader, 1), 0);
    inbox.has_express = true;
    start(&taker, &inbox);
    t2v_inbox_put(&inbox, &work, false);
    uint64_t begin_ns = t2v_clock_ns();
    t2v_inbox_lend(&inbox, &leader, false);
    t2v_inbox_put(&inbox, &query, false);
    pthread_join(taker.thread, NULL);
    assert_true(taker.got && taker.at_ns - begin_ns >= (uint64_t)T2V_QUERY_MS * 1000000);
    *in_time = taker.at_ns - begin_ns < (uint64_t)T2V_EXPRESS_MS * 1000000;
    t2v_queues_deinit(&leader);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
    return taker.n == 1 && taker.works == &query && query.next == NULL;
}

/* A query is taken soon after the batch has begun, and what else is small waits on; */
static void test_query(void **state)
{
    (void)state;
    bool in_time = false, alone = false;
    for (int tries = 0; tries < 100 && !in_time; tries++) /* other processes may delay it */
        alone = takes_query_alone(&in_time);
    assert_true(in_time && alone);
}

/* but while a batch of queries runs it waits as others do: the leader takes those of many clients
 * together. */
static void test_query_beside_queries(void **state)
{
    (void)state;
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    struct t2v_work query = query_work();
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    assert_int_equal(t2v_queues_init(&leader, 1), 0);
    inbox.has_express = true;
    start(&taker, &inbox);
    uint64_t begin_ns = t2v_clock_ns();
    t2v_inbox_lend(&inbox, &leader, true);
    t2v_inbox_put(&inbox, &query, false);
    pthread_join(taker.thread, NULL);
    assert_true(taker.got && taker.n == 1 && taker.works == &query);
    assert_true(taker.at_ns - begin_ns >= (uint64_t)T2V_EXPRESS_MS * 1000000);
    t2v_queues_deinit(&leader);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
}

/* Among queries without end, every second work that is taken is another small one that is due. */
static void test_query_and_small(void **state)
{
    (void)state;
    enum { N = 12 };
    struct t2v_work of[N];
    struct t2v_inbox inbox;
    struct t2v_queues leader;
    struct taker taker;
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    assert_int_equal(t2v_queues_init(&leader, 1), 0);
    inbox.has_express = true;
    for (int i = 0; i < N; i++) {
        of[i] = i < N / 2 ? query_work() : small_work();
        of[i].bytes = T2V_SMALL_BYTES / 4;
        t2v_inbox_put(&inbox, &of[i], false);
    }
    t2v_inbox_lend(&inbox, &leader, false);
    inbox.batch_ns -= (uint64_t)T2V_EXPRESS_MS * 1000000;
    for (int turn = 0; turn < 3; turn++) {
        start(&taker, &inbox);
        pthread_join(taker.thread, NULL);
        assert_true(taker.got && taker.n == 4);
        const struct t2v_work *work = taker.works;
        for (int i = 0; i < 4; i++, work = work->next)
            assert_ptr_equal(work, &of[turn * 2 + i / 2 + i % 2 * (N / 2)]);
        t2v_queues_deinit(&taker.queues);
    }
    t2v_queues_deinit(&leader);
    t2v_inbox_deinit(&inbox);
}

static void test_stop(void **state)
{
    (void)state;
    struct t2v_inbox inbox;
    struct taker taker;
    assert_int_equal(t2v_inbox_init(&inbox, 1), 0);
    start(&taker, &inbox);
    t2v_inbox_stop(&inbox);
    pthread_join(taker.thread, NULL);
    assert_true(!taker.got && taker.n == 0);
    t2v_queues_deinit(&taker.queues);
    t2v_inbox_deinit(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),        cmocka_unit_test(test_lent),
        cmocka_unit_test(test_tasks_in_turn),   cmocka_unit_test(test_lent_of_tasks),
        cmocka_unit_test(test_query),           cmocka_unit_test(test_query_beside_queries),
        cmocka_unit_test(test_query_and_small), cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
