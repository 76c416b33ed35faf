/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_COMPARE_H
#define T2V_CLI_COMPARE_H
/* How far vectors are from those of another precision: what `bench --against` prints. */
#include <stddef.h>

/* The neighbours of a text that are compared. */
enum { T2V_NEIGHBOURS = 10 };

struct t2v_distance {
    double mean, least; /* cosine of a text's two vectors */
    double lost;        /* the share of its nearest neighbours that are not so any more; NaN where
                         * there is but one text */
    size_t n_neighbour; /* of each text: T2V_NEIGHBOURS, or all others when they are fewer */
};

/* a, b: [n, dim], the same texts' vectors; scaled to length 1 in place. Of more than 1,000 texts
 * every so manieth is asked for its neighbours, among all. n is at least 1. */
void t2v_distance(float *a, float *b, size_t n, size_t dim, struct t2v_distance *out);

#endif
