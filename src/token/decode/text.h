/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_TEXT_H
#define T2V_TOKEN_DECODE_TEXT_H
/*
 * The decoders that know neither words nor bytes: Replace, Fuse and Strip. Each is the step
 * function of step.h, with the errors said there. What they keep:
 *
 * Replace  by a string: an end of the token that may be the start of a hit; by a pattern: the whole
 *          token until it ends, which after a Fuse is the whole text
 * Fuse     nothing
 * Strip    as many characters at the token's end as `stop` says
 */
#include "token/decode/step.h"

t2v_decode_feed t2v_decode_replace, t2v_decode_replace_regex, t2v_decode_fuse, t2v_decode_strip;
t2v_decode_finish t2v_decode_fuse_end;

#endif
