/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_TOOK_H
#define T2V_HTTP_TOOK_H
/*
 * What a job took, as header lines of its answer: those of text-embeddings-inference. An API asks
 * for them (t2v_api.measured).
 */
#include <stddef.h>
#include <stdint.h>

#include "http/job.h"

/* The characters of a work's texts. Its time is that of reading all their bytes. */
size_t t2v_took_count_chars(const struct t2v_work *work);

enum { T2V_TOOK_MAX = 512 }; /* bytes of the header lines, the final NUL included */

/* Header lines, each with its CRLF; "" if the engine had no part in the answer. began_ns: when the
 * request came; now_ns: when its answer is sent. Times in the lines are whole milliseconds. */
void t2v_took_lines(const struct t2v_job *job, uint64_t began_ns, uint64_t now_ns,
                    char out[T2V_TOOK_MAX]);

#endif
