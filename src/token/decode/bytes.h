/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_BYTES_H
#define T2V_TOKEN_DECODE_BYTES_H
/*
 * The decoders that turn bytes into text, ByteLevel and ByteFallback, as step functions (step.h,
 * which also has their errors). They keep:
 *
 * ByteLevel     at most three bytes of a character that is not complete; and the current token, as
 *               long as all its characters stand for bytes (only after a Fuse is this more than
 *               one part)
 * ByteFallback  a run of byte tokens, as long as it may become UTF-8. Once it cannot, each of its
 *               bytes becomes U+FFFD, also valid ones, so none can be passed on earlier
 */
#include "token/decode/step.h"

/* The byte that a token such as "<0x41>" stands for under ByteFallback, or -1. */
int t2v_decode_byte_of(struct t2v_str token);

t2v_decode_feed t2v_decode_byte_level, t2v_decode_byte_fallback;
t2v_decode_finish t2v_decode_byte_level_end, t2v_decode_byte_fallback_end;

#endif
