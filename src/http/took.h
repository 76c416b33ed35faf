/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_TOOK_H
#define T2V_HTTP_TOOK_H
/*
 * What a work took, as header lines of its answer: those of text-embeddings-inference. An API asks
 * for them (t2v_api.measured).
 */
#include <stddef.h>
#include <stdint.h>

#include "batch/engine.h"

/* The characters of a work's texts. Its time is that of reading all their bytes. */
size_t t2v_took_count_chars(const struct t2v_work *work);

enum { T2V_TOOK_MAX = 512 }; /* bytes of the header lines, the final NUL included */

/* Header lines, each with its CRLF; "" if the engine had no part in the answer. n_char: of its
 * texts. total_ns: from the request to its answer. Times in the lines are whole milliseconds. */
void t2v_took_lines(const struct t2v_work *work, size_t n_char, uint64_t total_ns,
                    char out[T2V_TOOK_MAX]);

#endif
