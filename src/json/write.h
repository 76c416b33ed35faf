/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_WRITE_H
#define T2V_JSON_WRITE_H
/* Appends JSON values to a buffer, whose failures are sticky (base/buf.h). */
#include <stdint.h>

#include "base/buf.h"

/* A string in quotes. Valid UTF-8 is written as it is, except that '"', '\\' and controls below
 * U+0020 are escaped. An invalid byte becomes U+FFFD, so that the result always parses. */
void t2v_json_write_str(struct t2v_buf *buf, struct t2v_str s);

/* The number of bytes that t2v_json_write_str appends for s. */
size_t t2v_json_str_bytes(struct t2v_str s);

/* A decimal integer: "-12". */
void t2v_json_write_int(struct t2v_buf *buf, int64_t x);

/* The shortest decimal that reads back as the same float32, as JSON: "0.12", "-1.5e-07", "3.0".
 * NaN and infinities, which JSON lacks, become null. */
void t2v_json_write_f32(struct t2v_buf *buf, float x);

/* An array of n numbers: [x,x,...] */
void t2v_json_write_f32s(struct t2v_buf *buf, const float *x, size_t n);

/* About the number of bytes that t2v_json_write_f32s appends for n components of a normalised
 * vector, to plan memory: 13 each ("-0.012345678,"), a little more than they have on average. Other
 * numbers may have up to 20. */
size_t t2v_json_f32s_bytes(size_t n);

#endif
