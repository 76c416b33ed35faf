/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_SUM_H
#define T2V_TASK_EMBED_SUM_H
/*
 * The vectors of several texts as sums of their rows: in float32, and corrected by the same sum in
 * double (see t2v_pool_settle). Rows come text by text. Private to task/embed/.
 */
#include <stddef.h>

#include "task/embed/pool.h"

/* The caller sets the first part, arrays zeroed, and owns them. */
struct t2v_sum {
    const struct t2v_pool *pool; /* how the rows were made */
    size_t dim;
    float *vectors; /* [n_text, dim] */
    double *exact;  /* [dim]: of the text that a row was added to last */

    size_t text; /* that text */
    size_t n;    /* its rows so far; exact counts from the second on */
};

/* Adds row[dim] to a text's vector. */
void t2v_sum_add(struct t2v_sum *sum, size_t text, const float *row);
/* No further row comes for the text that t2v_sum_add had last. */
void t2v_sum_settle(struct t2v_sum *sum);

#endif
