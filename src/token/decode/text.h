/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_TEXT_H
#define T2V_TOKEN_DECODE_TEXT_H
/*
 * The decoders Replace, Fuse and Strip, as step functions (step.h, which also has their errors).
 * They keep:
 *
 * Replace  of a string: the end of the token that may be the start of a match; of a regex: the
 *          token until it ends, which after a Fuse is the whole text
 * Fuse     nothing
 * Strip    up to `stop` characters at the end of the token
 */
#include "token/decode/step.h"

t2v_decode_feed t2v_decode_replace, t2v_decode_replace_regex, t2v_decode_fuse, t2v_decode_strip;
t2v_decode_finish t2v_decode_fuse_end;

#endif
