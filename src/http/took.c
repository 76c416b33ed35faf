/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/took.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

#include "base/banned.h"

static size_t count_chars(const struct t2v_str *texts, size_t n)
{
    size_t n_char = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < texts[i].len; k++)
            n_char += !t2v_utf8_is_tail(texts[i].ptr[k]);
    return n_char;
}

size_t t2v_took_count_chars(const struct t2v_work *work)
{
    size_t n_char = work->texts != NULL ? count_chars(work->texts, work->n_text) : 0;
    return n_char + (work->seconds != NULL ? count_chars(work->seconds, work->n_text) : 0);
}

static uint64_t ms_between(uint64_t begin_ns, uint64_t end_ns)
{
    return end_ns > begin_ns ? (end_ns - begin_ns) / 1000000 : 0;
}

void t2v_took_lines(const struct t2v_work *work, size_t n_char, uint64_t total_ns,
                    char out[T2V_TOOK_MAX])
{
    uint64_t total_ms = total_ns / 1000000;
    out[0] = '\0';
    if (work->begun_ns == 0)
        return;
    /* Short texts are encoded before their first batch begins, which is no waiting. */
    snprintf(out, T2V_TOOK_MAX,
             "x-compute-type: cpu\r\nx-compute-time: %" PRIu64 "\r\nx-compute-characters: %zu\r\n"
             "x-compute-tokens: %zu\r\nx-total-time: %" PRIu64 "\r\nx-tokenization-time: %" PRIu64
             "\r\nx-queue-time: %" PRIu64 "\r\nx-inference-time: %" PRIu64 "\r\n",
             total_ms, n_char, work->n_tok, total_ms, work->encode_ns / 1000000,
             ms_between(work->queued_ns + work->encode_ns, work->begun_ns),
             ms_between(work->begun_ns, work->ended_ns));
}
