/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_CLUSTER_H
#define T2V_UNICODE_CLUSTER_H
/* Grapheme clusters (UAX #29, extended) as the Hugging Face library cuts them. Any thread. */

/* The end of the grapheme cluster that begins at `at`, which is before end; valid UTF-8. */
const char *t2v_cluster_end(const char *at, const char *end);

#endif
