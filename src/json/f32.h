/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_F32_H
#define T2V_JSON_F32_H
/* The shortest decimal of a float32, without printf and without locale. */

enum { T2V_F32_CHARS = 24 };

/* Writes the shortest decimal that reads back as x (the nearest to x among the shortest) and
 * returns its length; not terminated. x must be finite. Plain notation for 1e-4 <= |x| < 1e16, as
 * Python's repr has it, else with an exponent. */
int t2v_f32_write(char out[T2V_F32_CHARS], float x);

#endif
