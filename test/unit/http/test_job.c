/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a job, and the hooks of an operation that may be NULL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/job.h"

#include "base/banned.h"

enum { N_STATE = 4 };

static const struct t2v_api api = {.name = "test"};

static int n_freed;

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    (void)service;
    ((char *)job->state)[0] = body.ptr[0];
}

static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    (void)service;
    (void)job;
    return true;
}

static bool always_large(const struct t2v_job *job)
{
    (void)job;
    return true;
}

static void write_answer(struct t2v_job *job)
{
    t2v_buf_add(&job->reply.buf, job->state, 1);
}

static void deinit(void *state)
{
    (void)state;
    n_freed++;
}

static struct t2v_job *new_job(const struct t2v_operation *operation)
{
    struct t2v_buf body;
    t2v_buf_init(&body, SIZE_MAX);
    assert_int_equal(t2v_buf_adds(&body, "x"), 0);
    char id[] = "a/b";
    struct t2v_job *job = t2v_job_new(operation, t2v_str_of(id), &body);
    assert_non_null(job);
    id[0] = 'x'; /* the job has a copy */
    assert_true(t2v_str_is(job->id, "a/b"));
    assert_null(body.ptr);
    return job;
}

/* Runs a job through its stages. large: whether the stage WRITE takes long. */
static void check(const struct t2v_operation *operation, bool large)
{
    struct t2v_job *job = new_job(operation);
    assert_int_equal(job->stage, T2V_JOB_READ);
    assert_false(t2v_job_is_long(NULL, job));
    t2v_job_do_stage(NULL, job);
    t2v_job_next(NULL, job);
    assert_int_equal(job->stage, T2V_JOB_RUN);
    assert_false(t2v_job_is_long(NULL, job));
    t2v_job_next(NULL, job);
    assert_int_equal(job->stage, T2V_JOB_WRITE);
    assert_int_equal(t2v_job_is_long(NULL, job), large);
    t2v_job_do_stage(NULL, job);
    t2v_job_next(NULL, job);
    assert_int_equal(job->stage, T2V_JOB_DONE);
    assert_true(job->reply.buf.ptr[job->reply.buf.len - 1] == 'x');
    t2v_job_free(job);
}

static bool always_long(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return true;
}

static void test_long_read(void **state)
{
    (void)state;
    const struct t2v_operation operation = {.api = &api,
                                            .state_size = N_STATE,
                                            .read = read_body,
                                            .is_long = always_long,
                                            .deinit = deinit};
    struct t2v_job *job = new_job(&operation);
    assert_true(t2v_job_is_long(NULL, job)); /* though its body is small */
    t2v_job_free(job);
}

static void test_stages(void **state)
{
    (void)state;
    const struct t2v_operation operation = {.api = &api,
                                            .state_size = N_STATE,
                                            .read = read_body,
                                            .plan = plan,
                                            .is_large = always_large,
                                            .write = write_answer,
                                            .deinit = deinit};
    n_freed = 0;
    check(&operation, true);
    assert_int_equal(n_freed, 1);
}

static void test_without_hooks(void **state)
{
    (void)state;
    const struct t2v_operation operation = {
        .api = &api, .state_size = N_STATE, .read = read_body, .plan = plan, .write = write_answer};
    check(&operation, false);
}

/* Without `plan` the engine has no part in it. */
static void test_without_work(void **state)
{
    (void)state;
    const struct t2v_operation operation = {
        .api = &api, .state_size = N_STATE, .read = read_body, .write = write_answer};
    struct t2v_job *job = new_job(&operation);
    t2v_job_do_stage(NULL, job);
    t2v_job_next(NULL, job);
    assert_int_equal(job->stage, T2V_JOB_WRITE);
    t2v_job_free(job);
    job = new_job(&operation);
    t2v_job_do_stage(NULL, job);
    t2v_fault_set(&job->fault, 422, "refused");
    job->stage = T2V_JOB_READ;
    t2v_job_next(NULL, job);
    assert_int_equal(job->stage, T2V_JOB_DONE);
    t2v_job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_read), cmocka_unit_test(test_stages),
        cmocka_unit_test(test_without_hooks), cmocka_unit_test(test_without_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
