/* SPDX-License-Identifier: BSD-3-Clause */
/* In which order the clerk reads bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/clerk.h"

enum { N_MOST = 64 };

static atomic_bool may_read;
static atomic_size_t n_read, n_done;
static char order[N_MOST + 1]; /* the first byte of each body, as they are read */

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    (void)service, (void)job;
    order[atomic_fetch_add(&n_read, 1)] = body.ptr[0];
    while (!atomic_load(&may_read))
        usleep(1000);
}

static void done(struct t2v_job *job)
{
    free(job);
    atomic_fetch_add(&n_done, 1);
}

/* A job whose body is n times the letter. */
static void give(t2v_clerk *clerk, char letter, size_t n)
{
    static const struct t2v_operation operation = {.read = read_body};
    struct t2v_job *job = calloc(1, sizeof *job);
    char *bytes = malloc(n);
    memset(bytes, letter, n);
    job->operation = &operation;
    job->stage = T2V_JOB_READ;
    t2v_buf_init(&job->body, n);
    assert_int_equal(t2v_buf_add(&job->body, bytes, n), 0);
    free(bytes);
    t2v_clerk_give(clerk, job);
}

/* Gives a job that is under way while the others of `letters` come: capitals have large bodies.
 * Returns once all are done. */
static void run(const char *letters)
{
    struct t2v_pulse pulse = {0};
    t2v_clerk *clerk;
    memset(order, 0, sizeof order);
    atomic_store(&may_read, false);
    atomic_store(&n_read, 0);
    atomic_store(&n_done, 0);
    assert_int_equal(t2v_clerk_new(NULL, &pulse, done, &clerk), 0);
    give(clerk, '-', 1);
    while (atomic_load(&n_read) == 0)
        usleep(1000);
    for (const char *at = letters; *at != '\0'; at++)
        give(clerk, *at, *at < 'a' ? 100000 : 1000);
    atomic_store(&may_read, true);
    while (atomic_load(&n_done) < strlen(letters) + 1)
        usleep(1000);
    t2v_clerk_free(clerk);
    assert_int_equal(t2v_pulse_waiting(&pulse), 0);
}

static void test_small_first(void **state)
{
    (void)state;
    run("ABCaDbE");
    assert_string_equal(order, "-abABCDE");
}

/* Large ones have a turn all the same. */
static void test_turns(void **state)
{
    (void)state;
    run("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_non_null(strchr(order, 'A'));
    assert_true(strchr(order, 'A') - order <= 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_first),
        cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
