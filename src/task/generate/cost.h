/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_COST_H
#define T2V_TASK_GENERATE_COST_H
/*
 * What the rows of prompts cost, learnt from the steps that were: so much a row, and so much a key
 * that a row attends to. It is an extended Kalman filter on the logarithms of both, so a step at
 * the begin of a prompt corrects the one, a step far in it the other. Private to task/generate.
 */
#include <stddef.h>

struct t2v_cost {
    double step_ns; /* a step without rows of prompts, a running mean; 0: unknown */
    double row_ns;  /* a row, without attention; 0: unknown */
    double key_ns;  /* a key of a row */
    double var[3];  /* of both logarithms: variance of row_ns's, covariance, variance of key_ns's */
};

/* The keys that n rows after `past` tokens attend to, all together. */
double t2v_cost_keys(size_t past, size_t n);

/* A step took ns. Of prompts it had n_row rows, which attended to n_key keys. One that took far
 * longer than expected counts as one that took twice as long. */
void t2v_cost_learn(struct t2v_cost *cost, size_t n_row, double n_key, double ns);

/* What n rows after `past` tokens take of a step. */
double t2v_cost_of(const struct t2v_cost *cost, size_t past, size_t n);
/* How many rows after `past` tokens take ns; row_ns must be known. */
size_t t2v_cost_rows(const struct t2v_cost *cost, size_t past, double ns);

#endif
