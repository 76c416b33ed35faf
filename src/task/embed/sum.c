/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/sum.h"

#include "base/banned.h"

void t2v_sum_settle(struct t2v_sum *sum)
{
    if (sum->n > 2) /* the sum of two is rounded once */
        t2v_pool_settle(sum->pool, sum->exact, sum->dim, sum->vectors + sum->text * sum->dim);
    sum->n = 0;
}

void t2v_sum_add(struct t2v_sum *sum, size_t text, const float *row)
{
    if (text != sum->text)
        t2v_sum_settle(sum);
    sum->text = text;
    float *vector = sum->vectors + text * sum->dim;
    size_t n_before = sum->n++;
    for (size_t i = 0; i < sum->dim && n_before != 0; i++) {
        double before = n_before == 1 ? (double)vector[i] : sum->exact[i];
        sum->exact[i] = before + (double)row[i];
    }
    for (size_t i = 0; i < sum->dim; i++)
        vector[i] += row[i];
}
