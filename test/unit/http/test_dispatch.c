/* SPDX-License-Identifier: BSD-3-Clause */
/* The way of a job over the clerk and an engine of this test's own: stages, refusals, clients that
 * leave, streams with bytes. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/dispatch.h"

#include "base/banned.h"

enum { JOB_BYTES = 1000, LARGE = 100 * 1024 };

/* ---- An engine that keeps what it is given ---- */

static struct t2v_work *given[4];
static size_t n_given;
static int refusal; /* what submit returns; 0: it takes the work */

int t2v_engine_submit(t2v_engine *engine, struct t2v_work *work)
{
    (void)engine;
    if (refusal == 0)
        given[n_given++] = work;
    return refusal;
}

void t2v_work_cancel(struct t2v_work *work)
{
    atomic_store(&work->cancelled, true);
}

void t2v_work_deinit(struct t2v_work *work)
{
    (void)work;
}

/* ---- An API whose state is a byte ---- */

static int n_freed, n_kept, n_done, n_ready, status;
static char msg[sizeof(((struct t2v_fault *)NULL)->msg)]; /* of the last fault */
static char order[8]; /* the first bytes of the bodies of jobs that are done */

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    (void)service;
    *(char *)job->state = body.ptr[0];
    if (body.ptr[0] == 'f')
        t2v_fault_set(&job->fault, 422, "refused");
    if (body.ptr[0] == 's')
        job->stream = t2v_stream_new("text/plain");
}

static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    (void)service;
    return *(char *)job->state != 'n';
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return JOB_BYTES;
}

static void keep(struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    n_kept++;
}

static bool is_large(const struct t2v_job *job)
{
    return *(char *)job->state == 'l';
}

static void write_answer(struct t2v_job *job)
{
    if (job->stream != NULL)
        t2v_stream_put(job->stream, T2V_STR("last"));
    else
        t2v_buf_add(&job->reply.buf, job->state, 1);
}

static void deinit(void *state)
{
    (void)state;
    n_freed++;
}

static const struct t2v_api api = {.name = "test"};

static const struct t2v_operation operation = {
    .api = &api,
    .state_size = 1,
    .read = read_body,
    .plan = plan,
    .bytes = bytes,
    .keep = keep,
    .is_large = is_large,
    .write = write_answer,
    .deinit = deinit,
};

static void on_done(struct t2v_job *job)
{
    assert_true(job->stage == T2V_JOB_DONE || job->fault.status != 0);
    order[n_done++] = *(char *)job->state;
    status = job->fault.status;
    snprintf(msg, sizeof msg, "%s", status != 0 ? job->fault.msg : "");
}

static void on_ready(struct t2v_job *job)
{
    (void)job;
    n_ready++;
}

/* ---- The service and its dispatch ---- */

static struct t2v_server_options options;
static struct t2v_service service;
static struct t2v_dispatch dispatch;

static int set_up(void **state)
{
    (void)state;
    options = (struct t2v_server_options){.max_queue = 2};
    service = (struct t2v_service){.options = &options, .budget = {.limit = 10 << 20}};
    n_given = 0;
    n_freed = n_kept = n_done = n_ready = status = refusal = 0;
    return t2v_dispatch_init(&dispatch, &service);
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(t2v_dispatch_stop(&dispatch));
    assert_int_equal(service.budget.held, 0);
    t2v_dispatch_deinit(&dispatch);
    return 0;
}

/* A job whose body is n bytes of kind. */
static struct t2v_job *new_job(char kind, size_t n)
{
    struct t2v_buf body;
    t2v_buf_init(&body, SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(t2v_buf_addc(&body, kind), 0);
    struct t2v_job *job = t2v_job_new(&operation, T2V_STR(""), &body);
    assert_non_null(job);
    job->done = on_done;
    job->ready = on_ready;
    return job;
}

static struct t2v_job *send_small(char kind)
{
    struct t2v_job *job = new_job(kind, 1);
    assert_int_equal(t2v_dispatch_send(&dispatch, job), 0);
    return job;
}

/* The engine is done with its i-th work. */
static void give_back(size_t i)
{
    given[i]->done(given[i]);
}

static bool is_woken(void)
{
    struct pollfd fd = {.fd = dispatch.wake_fd, .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

/* Waits for the clerk. */
static void collect_one(void)
{
    struct pollfd fd = {.fd = dispatch.wake_fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    t2v_dispatch_collect(&dispatch);
}

/* ---- The tests ---- */

static void test_stages(void **state)
{
    (void)state;
    struct t2v_job *job = send_small('a');
    assert_int_equal(job->stage, T2V_JOB_RUN);
    assert_int_equal(dispatch.n_away, 1);
    assert_int_equal(job->held_bytes, JOB_BYTES);
    assert_int_equal(n_given, 1);
    send_small('b');
    assert_false(is_woken());
    give_back(1);
    give_back(0);
    assert_true(is_woken());
    assert_int_equal(n_done, 0); /* only the loop thread moves jobs on */
    t2v_dispatch_collect(&dispatch);
    assert_false(is_woken());
    assert_int_equal(n_kept, 2);
    assert_int_equal(n_done, 2);
    assert_memory_equal(order, "ba", 2);
    assert_int_equal(status, 0);
    assert_int_equal(n_freed, 2);
    assert_int_equal(dispatch.n_away, 0);
}

/* A large body and a large answer go to the clerk. */
static void test_clerk(void **state)
{
    (void)state;
    struct t2v_job *job = new_job('l', LARGE);
    assert_int_equal(t2v_dispatch_send(&dispatch, job), 0);
    assert_int_equal(job->held_bytes, 2 * LARGE);
    assert_int_equal(n_given, 0);
    collect_one();
    assert_int_equal(n_given, 1);
    assert_int_equal(job->stage, T2V_JOB_RUN);
    assert_int_equal(job->held_bytes, JOB_BYTES);
    give_back(0);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_done, 0); /* the clerk writes the answer */
    assert_int_equal(dispatch.n_away, 1);
    collect_one();
    assert_int_equal(n_done, 1);
    assert_int_equal(n_freed, 1);
}

static size_t read_bytes(const struct t2v_service *any, struct t2v_str body)
{
    (void)any;
    return 3 * body.len;
}

/* An operation may make more of a body than its length. */
static void test_read_bytes(void **state)
{
    (void)state;
    struct t2v_operation greedy = operation;
    greedy.read_bytes = read_bytes;
    struct t2v_job *job = new_job('a', LARGE);
    job->operation = &greedy;
    assert_int_equal(t2v_dispatch_send(&dispatch, job), 0);
    assert_int_equal(job->held_bytes, 4 * LARGE);
    t2v_job_abandon(job);
    collect_one();
    assert_int_equal(n_freed, 1);
}

/* What needs no engine is done at once, and stays the caller's. */
static void test_at_once(void **state)
{
    (void)state;
    for (const char *kind = "nf"; *kind != '\0'; kind++) {
        struct t2v_job *job = new_job(*kind, 1);
        assert_int_equal(t2v_dispatch_send(&dispatch, job), 1);
        assert_int_equal(job->stage, T2V_JOB_DONE);
        assert_int_equal(job->fault.status, *kind == 'f' ? 422 : 0);
        t2v_job_free(job);
    }
    assert_int_equal(n_given + dispatch.n_away, 0);
    assert_int_equal(n_done, 0);
}

/* A job that is refused at once is the caller's still, and holds no memory. */
static void refuses(char kind, size_t n, int code)
{
    struct t2v_job *job = new_job(kind, n);
    assert_int_equal(t2v_dispatch_send(&dispatch, job), code);
    assert_int_equal(job->held_bytes, 0);
    assert_int_equal(dispatch.n_away, 0);
    assert_int_equal(n_done, 0);
    assert_int_equal(job->fault.status, code == T2V_ETOOLARGE ? 413 : 503);
    t2v_job_free(job);
}

static void test_busy(void **state)
{
    (void)state;
    refusal = T2V_EBUSY;
    refuses('a', 1, T2V_EBUSY);
    for (int64_t i = 0; i < options.max_queue; i++)
        t2v_pulse_enter(&service.clerk, 0);
    refuses('a', LARGE, T2V_EBUSY);
    for (int64_t i = 0; i < options.max_queue; i++)
        t2v_pulse_drop(&service.clerk);
    refusal = T2V_ENOMEM;
    refuses('a', 1, T2V_ENOMEM);
}

static void test_no_memory(void **state)
{
    (void)state;
    size_t other = 0;
    assert_true(t2v_budget_hold(&service.budget, &other, service.budget.limit * 7 / 8));
    refuses('a', LARGE, T2V_ENOMEM);
    service.budget.limit = other + JOB_BYTES - 1;
    refuses('a', 1, T2V_ENOMEM);
    t2v_budget_hold(&service.budget, &other, 0);
    assert_int_equal(n_given, 0);
}

/* What the budget never has is no matter of waiting: 413, with both numbers. */
static void test_too_large(void **state)
{
    (void)state;
    service.budget.limit = JOB_BYTES - 1;
    refuses('a', 1, T2V_ETOOLARGE);
    refuses('a', LARGE, T2V_ETOOLARGE);
    service.budget.limit = 2 * LARGE; /* an eighth of it is for small requests */
    refuses('a', LARGE, T2V_ETOOLARGE);
    assert_int_equal(n_given, 0);
    service.budget.limit = JOB_BYTES;
    send_small('a');
    assert_int_equal(n_given, 1);
    give_back(0);
    t2v_dispatch_collect(&dispatch);
}

/* The clerk has read a body, and then it is too much: the job is told, and freed. */
static void test_too_large_later(void **state)
{
    (void)state;
    struct t2v_job *job = new_job('a', LARGE);
    assert_int_equal(t2v_dispatch_send(&dispatch, job), 0);
    service.budget.limit = JOB_BYTES - 1;
    collect_one();
    assert_int_equal(n_done, 1);
    assert_int_equal(status, 413);
    assert_string_equal(msg, "the request may take 1000 bytes of memory, the limit is 999 "
                             "(max-memory)");
    assert_int_equal(n_freed, 1);
    assert_int_equal(n_given, 0);
}

/* The engine refuses a job whose body the clerk has read: the job is told, and freed. */
static void test_busy_later(void **state)
{
    (void)state;
    refusal = T2V_EBUSY;
    assert_int_equal(t2v_dispatch_send(&dispatch, new_job('a', LARGE)), 0);
    collect_one();
    assert_int_equal(n_done, 1);
    assert_int_equal(status, 503);
    assert_int_equal(n_freed, 1);
    assert_int_equal(dispatch.n_away, 0);
}

/* ---- Jobs that wait for a place ---- */

static struct t2v_job *send_to_wait(char kind)
{
    struct t2v_job *job = send_small(kind);
    assert_int_equal(job->held_bytes, JOB_BYTES); /* so that memory bounds how many wait */
    return job;
}

/* They are sent in order once there are places; nobody overtakes them. */
static void test_wait(void **state)
{
    (void)state;
    options.queue_ms = 60000;
    refusal = T2V_EBUSY;
    send_to_wait('a');
    send_to_wait('b');
    refusal = 0;
    send_to_wait('c');
    assert_int_equal(service.metrics.n_waiting, 3);
    assert_int_equal((int)n_given + (int)dispatch.n_away, 0);
    t2v_dispatch_tick(&dispatch, t2v_clock_ns());
    assert_int_equal(service.metrics.n_waiting, 0);
    assert_int_equal(dispatch.n_away, 3);
    for (size_t i = 0; i < 3; i++)
        give_back(i);
    t2v_dispatch_collect(&dispatch);
    assert_memory_equal(order, "abc", 3);
    assert_int_equal(n_freed, 3);
}

/* A job that comes back makes a place. */
static void test_wait_until_back(void **state)
{
    (void)state;
    options.queue_ms = 60000;
    send_small('a');
    refusal = T2V_EBUSY;
    send_to_wait('b');
    refusal = 0;
    give_back(0);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_given, 2);
    assert_int_equal(service.metrics.n_waiting, 0);
    give_back(1);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_done, 2);
}

/* One that has waited for too long is refused; one whose client has left is freed. */
static void test_wait_ends(void **state)
{
    (void)state;
    options.queue_ms = 1000;
    refusal = T2V_EBUSY;
    send_to_wait('a');
    struct t2v_job *left = send_to_wait('b');
    options.queue_ms = 60000;
    send_to_wait('c');
    t2v_job_abandon(left);
    t2v_dispatch_tick(&dispatch, t2v_clock_ns());
    assert_int_equal(n_done, 0);
    assert_int_equal(n_freed, 1);
    t2v_dispatch_tick(&dispatch, t2v_clock_ns() + (uint64_t)1001 * 1000000);
    assert_int_equal(n_done, 1);
    assert_int_equal(status, 503);
    assert_int_equal(order[0], 'a');
    assert_int_equal(n_freed, 2);
    assert_int_equal(service.metrics.n_waiting, 1);
    assert_true(t2v_dispatch_stop(&dispatch));
    assert_int_equal(n_freed, 3);
    assert_int_equal(n_done, 1);
}

/* ---- Clients that leave, and streams ---- */

/* The work of a client that has left is cancelled; the job lives until the engine returns it. */
static void test_abandon(void **state)
{
    (void)state;
    struct t2v_job *job = send_small('a');
    t2v_job_abandon(job);
    assert_true(atomic_load(&given[0]->cancelled));
    assert_int_equal(n_freed, 0);
    assert_false(t2v_dispatch_stop(&dispatch));
    give_back(0);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_done + n_kept, 0);
    assert_int_equal(n_freed, 1);
}

static void test_abandon_at_clerk(void **state)
{
    (void)state;
    struct t2v_job *job = new_job('a', LARGE);
    assert_int_equal(t2v_dispatch_send(&dispatch, job), 0);
    t2v_job_abandon(job);
    collect_one();
    assert_int_equal(n_done + (int)n_given, 0);
    assert_int_equal(n_freed, 1);
}

static void empty(t2v_stream *stream)
{
    struct t2v_buf out;
    t2v_stream_take(stream, &out);
    t2v_buf_deinit(&out);
}

/* Pieces put before the loop looks are one call of ready. */
static void test_stream(void **state)
{
    (void)state;
    struct t2v_job *job = send_small('s'), *other = send_small('s');
    assert_int_equal(job->held_bytes, JOB_BYTES + T2V_STREAM_BYTES);
    t2v_stream_put(job->stream, T2V_STR("one"));
    t2v_stream_put(other->stream, T2V_STR("one"));
    t2v_stream_put(job->stream, T2V_STR("two"));
    assert_true(is_woken());
    assert_int_equal(n_ready, 0);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_ready, 2);
    t2v_stream_put(job->stream, T2V_STR("three")); /* the buffer was not empty */
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_ready, 2);
    empty(job->stream);
    t2v_stream_put(job->stream, T2V_STR("four"));
    empty(job->stream);
    t2v_stream_put(job->stream, T2V_STR("five")); /* in the list already */
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_ready, 3);
    t2v_job_abandon(job);
    give_back(0);
    give_back(1);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_done, 1);
    assert_int_equal(n_freed, 2);
}

/* A job that ends with its first bytes is not in the list of ready ones when it is freed. */
static void test_stream_ends(void **state)
{
    (void)state;
    send_small('s');
    send_small('s');
    give_back(0);
    give_back(1);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_done, 2);
    assert_int_equal(n_freed, 2);
    assert_null(dispatch.ready);
    t2v_dispatch_collect(&dispatch);
    assert_int_equal(n_ready, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stages),
        TEST(test_clerk),
        TEST(test_read_bytes),
        TEST(test_at_once),
        TEST(test_busy),
        TEST(test_no_memory),
        TEST(test_too_large),
        TEST(test_too_large_later),
        TEST(test_busy_later),
        TEST(test_wait),
        TEST(test_wait_until_back),
        TEST(test_wait_ends),
        TEST(test_abandon),
        TEST(test_abandon_at_clerk),
        TEST(test_stream),
        TEST(test_stream_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
