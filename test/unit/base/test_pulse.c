/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/pulse.h"

#define MS UINT64_C(1000000)

static void test_idle(void **state)
{
    struct t2v_pulse pulse = {0};
    (void)state;
    assert_int_equal(t2v_pulse_waiting(&pulse), 0);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 1000 * MS), 0);
}

/* The time counts from when the queue stopped being empty, not from the last item before that. */
static void test_first_item(void **state)
{
    struct t2v_pulse pulse = {0};
    (void)state;
    assert_int_equal(t2v_pulse_enter(&pulse, 10 * MS), 0);
    t2v_pulse_leave(&pulse, 20 * MS);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 500 * MS), 0);
    assert_int_equal(t2v_pulse_enter(&pulse, 500 * MS), 0);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 503 * MS), 3);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 499 * MS), 0); /* a clock read before it */
}

/* Items that only arrive, or are dropped, are no progress; beats and completions are. */
static void test_progress(void **state)
{
    struct t2v_pulse pulse = {0};
    (void)state;
    t2v_pulse_enter(&pulse, 10 * MS);
    assert_int_equal(t2v_pulse_enter(&pulse, 20 * MS), 1);
    assert_int_equal(t2v_pulse_enter(&pulse, 30 * MS), 2);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 40 * MS), 30);
    t2v_pulse_drop(&pulse);
    assert_int_equal(t2v_pulse_waiting(&pulse), 2);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 40 * MS), 30);
    t2v_pulse_leave(&pulse, 40 * MS);
    assert_int_equal(t2v_pulse_waiting(&pulse), 1);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 45 * MS), 5);
    t2v_pulse_beat(&pulse, 50 * MS);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 57 * MS), 7);
    t2v_pulse_leave(&pulse, 60 * MS);
    assert_int_equal(t2v_pulse_stalled_ms(&pulse, 900 * MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_first_item),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
