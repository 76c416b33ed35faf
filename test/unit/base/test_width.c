/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/width.h"

enum { MS = 1000000 };

/* A machine: n processors, of which neighbours take some. */
struct machine {
    struct t2v_width width;
    double free; /* processors left to the team */
    uint64_t now_ns;
};

static struct machine machine_of(int lanes)
{
    struct machine machine = {.free = lanes};
    t2v_width_init(&machine.width, lanes);
    return machine;
}

/* Runs of 5 ms for so many milliseconds. Lanes above the free processors are lost, and while some
 * are, the rest wait at barriers for half of the time. */
static void run(struct machine *machine, unsigned ms)
{
    for (unsigned done = 0; done < ms; done += 5) {
        double lanes = machine->width.now;
        double lost = lanes > machine->free ? lanes - machine->free : 0;
        double useful = lost > 0 ? machine->free / 2 : lanes;
        const struct t2v_width_spent spent = {
            .wall = 5 * MS,
            .useful = (uint64_t)(useful * 5 * MS),
            .lost = (uint64_t)(lost * 5 * MS),
        };
        machine->now_ns += 5 * MS;
        t2v_width_add(&machine->width, &spent, machine->now_ns);
    }
}

/* The width in the end, but for a trial that is going on. */
static int settled(struct machine *machine, unsigned ms)
{
    for (run(machine, ms); machine->width.trial;)
        run(machine, 5);
    return machine->width.now;
}

static void test_alone(void **state)
{
    (void)state;
    struct machine machine = machine_of(2);
    for (int i = 0; i < 400; i++) {
        run(&machine, 5);
        assert_int_equal(machine.width.now, 2);
    }
}

/* The neighbour's processor is left to it, and taken again soon after the neighbour has gone. */
static void test_neighbour(void **state)
{
    (void)state;
    struct machine machine = machine_of(2);
    machine.free = 1;
    assert_int_equal(settled(&machine, 150), 1);
    unsigned wide = 0;
    for (int i = 0; i < 2000; i++) { /* ten seconds */
        run(&machine, 5);
        wide += machine.width.now == 2;
    }
    assert_in_range(wide, 1, 40); /* of 2,000: trials */
    machine.free = 2;
    assert_int_equal(settled(&machine, 2000), 2);
}

static void test_several(void **state)
{
    (void)state;
    struct machine machine = machine_of(8);
    machine.free = 5;
    assert_int_equal(settled(&machine, 150), 5);
    machine.free = 8;
    assert_int_equal(settled(&machine, 2000), 8);
    machine.free = 0.5;
    assert_int_equal(settled(&machine, 2000), 1);
}

/* A loss that does not last, and lanes that get much done in spite of their losses, change
 * nothing. */
static void test_disturbance(void **state)
{
    (void)state;
    struct machine machine = machine_of(2);
    for (int i = 0; i < 20; i++) {
        machine.free = 1;
        run(&machine, 20);
        assert_int_equal(machine.width.now, 2);
        machine.free = 2;
        run(&machine, 40);
        assert_int_equal(machine.width.now, 2);
    }
    struct t2v_width width;
    t2v_width_init(&width, 2);
    unsigned narrow = 0;
    for (uint64_t i = 1; i <= 2000; i++) {
        struct t2v_width_spent spent = {5 * MS, 5 * MS, 0};
        if (width.now == 2)
            spent = (struct t2v_width_spent){5 * MS, 7 * MS, 2 * MS};
        else
            narrow++;
        t2v_width_add(&width, &spent, i * 5 * MS);
    }
    assert_in_range(narrow, 1, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_neighbour),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_disturbance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
