/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_F32_H
#define T2V_JSON_F32_H
/* The shortest decimal of a float32, without printf and without locale. */

enum { T2V_F32_CHARS = 24 };

/* Writes the shortest decimal that reads back as x, and of several the nearest to x. Returns its
 * length; no NUL follows. x must be finite. As in Python's repr, the notation is plain for 1e-4 <=
 * |x| < 1e16, else with an exponent. */
int t2v_f32_write(char out[T2V_F32_CHARS], float x);

#endif
