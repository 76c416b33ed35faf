/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "batch/queue.h"

enum { MANY = 30 };

static struct t2v_progress works[MANY];
static struct t2v_work of[MANY]; /* of one length, unless a test says otherwise */

static void queue_of(struct t2v_queue *queue, int n_small, int n_large)
{
    t2v_queue_init(queue);
    memset(works, 0, sizeof works);
    memset(of, 0, sizeof of);
    for (int i = 0; i < MANY; i++) {
        works[i].work = &of[i];
        of[i].progress = &works[i];
    }
    for (int i = 0; i < n_small + n_large; i++) {
        works[i].rank = i < n_small ? T2V_RANK_SMALL : T2V_RANK_LARGE;
        t2v_queue_push(queue, &works[i]);
    }
}

static void took(struct t2v_queue *queue, struct t2v_progress *progress, size_t n_tok)
{
    t2v_queue_took(queue, progress, n_tok);
    t2v_queue_push(queue, progress);
}

/* Fills a batch of `budget` tokens as the runner does, from works without end: a sequence of a
 * small one has `small` tokens, of a large one `large`. The works' indices go to order, ended by
 * -1. */
static void fill(struct t2v_queue *queue, size_t budget, size_t small, size_t large, int *order)
{
    struct t2v_progress *progress;
    size_t n_tok = 0;
    t2v_queue_begin(queue, budget);
    while (n_tok < budget && (progress = t2v_queue_next(queue)) != NULL) {
        size_t n = progress->rank == T2V_RANK_SMALL ? small : large;
        if (n_tok != 0 && n_tok + n > budget) {
            t2v_queue_return(queue, progress);
            continue;
        }
        n_tok += n;
        took(queue, progress, n);
        *order++ = (int)(progress - works);
    }
    t2v_queue_end(queue);
    *order = -1;
}

static void expect(const int *got, const int *want)
{
    for (int i = 0;; i++) {
        if (got[i] != want[i])
            fail_msg("place %d: work %d, expected %d", i, got[i], want[i]);
        if (want[i] == -1)
            return;
    }
}

static void test_in_turn(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 3, 0);
    int order[MANY];
    fill(&queue, 40, 10, 0, order);
    expect(order, (int[]){0, 1, 2, 0, -1});
    fill(&queue, 40, 10, 0, order);
    expect(order, (int[]){1, 2, 0, 1, -1});
    queue_of(&queue, 0, 3);
    fill(&queue, 40, 0, 15, order);
    expect(order, (int[]){0, 1, -1});
    fill(&queue, 40, 0, 15, order);
    expect(order, (int[]){2, 0, -1});
}

/* A small work goes before every large one, however many have come before it. */
static void test_small_first(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 0, 24);
    int order[MANY];
    fill(&queue, 100, 10, 100, order);
    expect(order, (int[]){0, -1});
    works[24].rank = T2V_RANK_SMALL;
    t2v_queue_push(&queue, &works[24]);
    t2v_queue_begin(&queue, 100);
    assert_ptr_equal(t2v_queue_next(&queue), &works[24]);
}

/* Small works without end leave half of each batch to a large one that fits there, */
static void test_half_for_large(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 2, 2);
    int order[MANY];
    for (int turn = 0; turn < 4; turn++) {
        fill(&queue, 80, 10, 20, order);
        expect(order, (int[]){0, 1, 0, 1, 2, 3, -1});
    }
    queue_of(&queue, 2, 1); /* and what it does not need is theirs */
    t2v_queue_begin(&queue, 40);
    for (int i = 0; i < 2; i++)
        took(&queue, t2v_queue_next(&queue), 10);
    assert_ptr_equal(t2v_queue_next(&queue), &works[2]);
    for (int i = 0; i < 2; i++)
        took(&queue, t2v_queue_next(&queue), 10);
    assert_int_equal(queue.taken[T2V_RANK_SMALL], 40);
}

/* and every second batch to one that does not. */
static void test_large_every_second(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 2, 2);
    int order[MANY];
    for (int turn = 0; turn < 4; turn++) {
        fill(&queue, 40, 10, 100, order);
        expect(order, (int[]){0, 1, 0, 1, -1});
        fill(&queue, 40, 10, 100, order);
        expect(order, (int[]){2 + turn % 2, -1});
    }
}

/* Queries go first, in a batch of their own. While others wait, every second batch is theirs, so
 * queries without end leave them at least half of the batches. */
static void test_queries_first(void **state)
{
    (void)state;
    struct t2v_queue queue;
    int order[MANY];
    queue_of(&queue, 1, 1);
    works[2].rank = works[3].rank = T2V_RANK_QUERY;
    t2v_queue_push(&queue, &works[2]);
    t2v_queue_push(&queue, &works[3]);
    for (int turn = 0; turn < 4; turn++) {
        fill(&queue, 40, 10, 100, order); /* the queries' sequences are as long as large ones */
        expect(order, (int[]){2 + turn % 2, -1});
        fill(&queue, 40, 10, 20, order);
        expect(order, (int[]){0, 0, 1, -1});
    }
    t2v_list_pop(&queue.active[T2V_RANK_SMALL]);
    t2v_list_pop(&queue.active[T2V_RANK_LARGE]);
    for (int turn = 0; turn < 4; turn++) { /* nobody else waits */
        fill(&queue, 40, 10, 20, order);
        expect(order, (int[]){2, 3, -1});
    }
}

/* A batch of queries does not count as one without large works. */
static void test_large_due_after_queries(void **state)
{
    (void)state;
    struct t2v_queue queue;
    int order[MANY];
    queue_of(&queue, 2, 1);
    fill(&queue, 40, 10, 100, order);
    expect(order, (int[]){0, 1, 0, 1, -1});
    works[3].rank = T2V_RANK_QUERY;
    t2v_queue_push(&queue, &works[3]);
    fill(&queue, 40, 10, 100, order);
    expect(order, (int[]){3, -1});
    fill(&queue, 40, 10, 100, order);
    expect(order, (int[]){2, -1});
    fill(&queue, 40, 10, 100, order);
    expect(order, (int[]){3, -1});
    fill(&queue, 40, 10, 100, order);
    expect(order, (int[]){0, 1, 0, 1, -1});
}

static void test_rank(void **state)
{
    (void)state;
    static char bytes[2 * T2V_SMALL_BYTES];
    struct t2v_str texts[] = {{bytes, T2V_SMALL_BYTES - 2}, {bytes, 0}, {bytes, 0}};
    struct t2v_work work = {.texts = texts, .n_text = 2};
    work.bytes = t2v_small_bytes(&work);
    assert_int_equal(t2v_rank_of(&work), T2V_RANK_SMALL);
    work.is_query = true;
    assert_int_equal(t2v_rank_of(&work), T2V_RANK_QUERY);
    work.n_text = 3;
    work.bytes = t2v_small_bytes(&work);
    assert_int_equal(t2v_rank_of(&work), T2V_RANK_LARGE);
    texts[0].len = sizeof bytes;
    work.n_text = 1;
    work.bytes = t2v_small_bytes(&work);
    assert_int_equal(t2v_rank_of(&work), T2V_RANK_LARGE);
}

/* Every second turn is the shortest work's, and of these the oldest's. */
static void test_shortest(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 5, 0);
    for (int i = 0; i < 5; i++)
        of[i].bytes = i < 3 ? 900 : 9;
    const int turns[] = {0, 3, 1, 4, 2};
    t2v_queue_begin(&queue, 100);
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(t2v_queue_next(&queue), &works[turns[i]]);
    t2v_queue_push(&queue, &works[4]); /* after the last was taken */
    t2v_queue_push(&queue, &works[0]);
    assert_ptr_equal(t2v_queue_next(&queue), &works[4]);
    assert_ptr_equal(t2v_queue_next(&queue), &works[0]);
    assert_null(t2v_queue_next(&queue));
}

/* Small works and queries that are not placed are lent, and come back before the others of their
 * rank, in order. */
static void test_lend(void **state)
{
    (void)state;
    struct t2v_queue queue;
    queue_of(&queue, 4, 1);
    struct t2v_list lists[T2V_N_EXPRESS], *list = &lists[T2V_RANK_SMALL];
    for (int rank = 0; rank < T2V_N_EXPRESS; rank++)
        t2v_list_init(&lists[rank]);
    works[5].rank = T2V_RANK_QUERY;
    t2v_queue_push(&queue, &works[5]);
    works[0].placed = works[2].placed = true;
    t2v_queue_lend(&queue, lists);
    assert_ptr_equal(lists[T2V_RANK_QUERY].head, &of[5]);
    assert_ptr_equal(queue.active[T2V_RANK_SMALL].head, &of[0]);
    assert_ptr_equal(of[0].next, &of[2]);
    assert_ptr_equal(queue.active[T2V_RANK_LARGE].head, &of[4]);
    assert_ptr_equal(list->head, &of[1]);
    t2v_queue_reclaim(&queue, lists);
    assert_null(list->head);
    int order[MANY];
    fill(&queue, 10, 10, 10, order);
    expect(order, (int[]){5, -1});
    fill(&queue, 80, 10, 20, order);
    expect(order, (int[]){1, 3, 0, 2, 4, 4, -1});
}

/* Whatever the lengths of sequences are, no work waits for long among others that never end:
 * neither a query, nor the longest of the small ones, nor a large one. */
static void test_none_starves(void **state)
{
    (void)state;
    enum { N_SMALL = 18, N_LARGE = 9, N_QUERY = 3, N_BATCH = 4000, BUDGET = 128 };
    const int most[T2V_N_RANK] = {2 * N_QUERY, 8 * N_SMALL, 4 * N_LARGE}; /* from turn to turn */
    struct t2v_queue queue;
    int order[MANY], seen[N_SMALL + N_LARGE + N_QUERY] = {0};
    uint32_t random = 1;
    queue_of(&queue, N_SMALL, N_LARGE);
    for (int i = 0; i < N_SMALL + N_LARGE; i++)
        of[i].bytes = i == 0 || i >= N_SMALL ? T2V_SMALL_BYTES : 10;
    for (int i = N_SMALL + N_LARGE; i < N_SMALL + N_LARGE + N_QUERY; i++) {
        works[i].rank = T2V_RANK_QUERY;
        t2v_queue_push(&queue, &works[i]);
    }
    for (int batch = 1; batch <= N_BATCH; batch++) {
        random = random * 1664525 + 1013904223;
        fill(&queue, BUDGET, 8 + (random >> 8) % 150, 8 + (random >> 16) % 300, order);
        for (int i = 0; order[i] >= 0; i++)
            seen[order[i]] = batch;
        for (int i = 0; i < N_SMALL + N_LARGE + N_QUERY; i++) {
            if (batch - seen[i] > most[works[i].rank])
                fail_msg("batch %d: work %d had its last turn in batch %d", batch, i, seen[i]);
        }
    }
}

/* Tasks that have works take turns, one batch each. */
static void test_tasks_in_turn(void **state)
{
    (void)state;
    struct t2v_queues queues;
    struct t2v_queue of_works;
    queue_of(&of_works, MANY, 0);
    assert_int_equal(t2v_queues_init(&queues, 4), 0);
    assert_true(t2v_queues_are_empty(&queues));
    for (int i = 0; i < 2; i++) {
        works[i].which = 2;
        t2v_queues_push(&queues, &works[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(t2v_queues_next(&queues), 2);
    works[2].which = 0;
    works[3].which = 3;
    t2v_queues_push(&queues, &works[2]);
    t2v_queues_push(&queues, &works[3]);
    const size_t turns[] = {3, 0, 2, 3, 0, 2};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        assert_int_equal(t2v_queues_next(&queues), turns[i]);
    t2v_list_pop(&queues.of[3].active[T2V_RANK_SMALL]);
    assert_int_equal(t2v_queues_next(&queues), 0);
    assert_int_equal(t2v_queues_next(&queues), 2);
    assert_int_equal(t2v_queues_next(&queues), 0);
    assert_false(t2v_queues_are_empty(&queues));
    t2v_queues_deinit(&queues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_turn),        cmocka_unit_test(test_small_first),
        cmocka_unit_test(test_half_for_large), cmocka_unit_test(test_large_every_second),
        cmocka_unit_test(test_queries_first),  cmocka_unit_test(test_large_due_after_queries),
        cmocka_unit_test(test_rank),           cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_lend),           cmocka_unit_test(test_none_starves),
        cmocka_unit_test(test_tasks_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
