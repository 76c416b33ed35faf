/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_STOPS_H
#define T2V_TASK_GENERATE_STOPS_H
/*
 * Finds stop strings in a text that comes in parts: the search of Knuth, Morris and Pratt for each,
 * so a byte costs amortised constant time per stop string, whatever their lengths.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct t2v_stops {
    struct t2v_stop {
        struct t2v_str text;
        uint32_t *border; /* [text.len]: the longest proper prefix of text that ends its first
                             i + 1 bytes */
        size_t matched;   /* the longest prefix of text that the text so far ends with */
    } * list;             /* [n] */
    size_t n;
    struct t2v_arena arena;
};

/* Copies texts [n], none empty. T2V_ETOOLARGE: one is longer than UINT32_MAX; T2V_ENOMEM. Free it
 * with t2v_stops_deinit even then. */
int t2v_stops_init(struct t2v_stops *stops, const struct t2v_str *texts, size_t n);
void t2v_stops_deinit(struct t2v_stops *stops);
/* Reads the next part of the text, up to where a stop string completes. True: one did; *end: bytes
 * of part up to its end, *len: its length, the largest if several end there. */
bool t2v_stops_find(struct t2v_stops *stops, struct t2v_str part, size_t *end, size_t *len);
/* The longest end of the text so far that a stop string begins with. */
size_t t2v_stops_held(const struct t2v_stops *stops);
/* Copies the state of one search to another with the same stop strings. */
void t2v_stops_copy_state(struct t2v_stops *to, const struct t2v_stops *from);

#endif
