/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_COMPARE_H
#define T2V_CLI_COMPARE_H
/* Compares vectors with those of another precision, for `bench --against`. */
#include <stddef.h>

/* The number of nearest neighbours of a text that are compared. */
enum { T2V_NEIGHBOURS = 10 };

struct t2v_distance {
    double mean, least; /* of the cosines between a text's two vectors */
    double
        lost; /* the share of nearest neighbours in a that are not so in b; NaN for a single text */
    size_t n_neighbour; /* of each text: T2V_NEIGHBOURS, or all others if there are fewer */
};

/* a, b: [n, dim], the vectors of the same n >= 1 texts; normalised in place. Of more than 1,000
 * texts every k-th is sampled, and its neighbours are searched among all. */
void t2v_distance(float *a, float *b, size_t n, size_t dim, struct t2v_distance *out);

#endif
