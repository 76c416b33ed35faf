/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/cost.h"

#include <math.h>

#include "base/banned.h"

/* How much of an error of step_ns is corrected at once. */
static const double rate = 0.5;

/* The filter's settings: variances of a step's time and of what a step may change, both relative;
 * and the first and the largest ones of what it knows. */
static const double seen_var = 0.02, drift_var = 0.0025, first_row_var = 0.25, most_var = 1;

/* As many keys as cost what a row does, before it is known. */
enum { KEYS_OF_ROW = 2000 };

double t2v_cost_keys(size_t past, size_t n)
{
    return (double)n * ((double)past + (double)(n + 1) / 2);
}

/* A disturbance shall not count for more than twice what was expected. */
static double error_of(double ns, double expected)
{
    double error = ns - expected;
    return error > expected ? expected : error < -expected / 2 ? -expected / 2 : error;
}

static double scale(double x)
{
    return exp(x < -0.5 ? -0.5 : x < 0.5 ? x : 0.5);
}

/* What is known ages: the variances grow, up to a limit. */
static void age(double var[3])
{
    for (size_t i = 0; i < 3; i += 2) {
        var[i] += drift_var;
        if (var[i] > most_var) {
            var[1] *= sqrt(most_var / var[i]);
            var[i] = most_var;
        }
    }
}

static void correct(struct t2v_cost *cost, double n_row, double n_key, double ns)
{
    double *var = cost->var, rows = cost->row_ns * n_row, keys = cost->key_ns * n_key;
    double expected = rows + keys, error = error_of(ns, expected);
    double of_row = rows * var[0] + keys * var[1], of_key = rows * var[1] + keys * var[2];
    double all = rows * of_row + keys * of_key + seen_var * expected * expected;
    cost->row_ns *= scale(error * of_row / all);
    cost->key_ns *= scale(error * of_key / all);
    var[0] -= of_row * of_row / all;
    var[1] -= of_row * of_key / all;
    var[2] -= of_key * of_key / all;
    age(var);
}

void t2v_cost_learn(struct t2v_cost *cost, size_t n_row, double n_key, double ns)
{
    if (n_row == 0) {
        cost->step_ns += cost->step_ns == 0 ? ns : rate * error_of(ns, cost->step_ns);
        return;
    }
    double of_rows = ns - cost->step_ns, least = ns / 8;
    if (of_rows < least)
        of_rows = least;
    if (cost->row_ns == 0) {
        cost->row_ns = of_rows / ((double)n_row + n_key / KEYS_OF_ROW);
        cost->key_ns = cost->row_ns / KEYS_OF_ROW;
        cost->var[0] = first_row_var;
        cost->var[2] = most_var;
    } else {
        correct(cost, (double)n_row, n_key, of_rows);
    }
}

double t2v_cost_of(const struct t2v_cost *cost, size_t past, size_t n)
{
    return cost->row_ns * (double)n + cost->key_ns * t2v_cost_keys(past, n);
}

/* The n with n * (row_ns + key_ns * (past + n / 2)) = ns. */
size_t t2v_cost_rows(const struct t2v_cost *cost, size_t past, double ns)
{
    double first = cost->row_ns + cost->key_ns * (double)past;
    if (ns <= 0)
        return 0;
    return (size_t)(2 * ns / (first + sqrt(first * first + 2 * cost->key_ns * ns)));
}
