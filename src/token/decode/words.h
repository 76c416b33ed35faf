/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_WORDS_H
#define T2V_TOKEN_DECODE_WORDS_H
/*
 * The decoders that know words: WordPiece, Metaspace, BPEDecoder and CTC. Each is the step function
 * of step.h, with the errors said there. What they keep:
 *
 * WordPiece   of a token's start, what may be the prefix; for `cleanup`, a token's end that may be
 *             the start of one of its patterns
 * Metaspace   nothing
 * BPEDecoder  of a token, all from the first suffix on: the last token's suffixes become nothing,
 *             those of others a space
 * CTC         the token until it ends, and the one before it
 */
#include "token/decode/step.h"

t2v_decode_feed t2v_decode_wordpiece, t2v_decode_metaspace, t2v_decode_bpe, t2v_decode_ctc;
t2v_decode_finish t2v_decode_bpe_end;

#endif
