/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_WORDS_H
#define T2V_TOKEN_DECODE_WORDS_H
/*
 * The decoders that join words, WordPiece, Metaspace, BPEDecoder and CTC, as step functions
 * (step.h, which also has their errors). They keep:
 *
 * WordPiece   the start of a token that may be the prefix; for `cleanup`, the end of a token that
 *             may be the start of one of its patterns
 * Metaspace   nothing
 * BPEDecoder  the token from its first suffix on. A suffix becomes a space, except in the last
 * token, where it is removed CTC         the current token until it ends, and the previous token
 */
#include "token/decode/step.h"

t2v_decode_feed t2v_decode_wordpiece, t2v_decode_metaspace, t2v_decode_bpe, t2v_decode_ctc;
t2v_decode_finish t2v_decode_bpe_end;

#endif
