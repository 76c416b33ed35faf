/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_BYTES_H
#define T2V_TOKEN_DECODE_BYTES_H
/*
 * The decoders that make text of bytes: ByteLevel and ByteFallback. Each is the step function of
 * step.h, with the errors said there. What they keep:
 *
 * ByteLevel     a character whose last bytes are still to come, at most three bytes; of a token,
 *               all while it may turn out to be text (a token ends at once, but after a Fuse)
 * ByteFallback  a run of byte tokens, while it may become UTF-8: as soon as it cannot, each of its
 *               bytes is U+FFFD, also those that were fine by themselves, so none may go before
 */
#include "token/decode/step.h"

t2v_decode_feed t2v_decode_byte_level, t2v_decode_byte_fallback;
t2v_decode_finish t2v_decode_byte_level_end, t2v_decode_byte_fallback_end;

#endif
