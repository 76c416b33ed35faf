/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_LETTER_H
#define T2V_UNICODE_LETTER_H
/*
 * Letters, digits and case as Python's str and re see single characters, on utf8proc's categories.
 * Checked against Python 3.11 (Unicode 14) for all code points: they differ only where utf8proc
 * (2.8: Unicode 15) knows letters and digits that Unicode 14 had not assigned yet.
 */
#include <stdbool.h>
#include <stdint.h>

/* re's \d: a decimal digit of any script. */
bool t2v_letter_is_digit(uint32_t cp);
/* re's [^\W\d]: a letter, a number that is not a decimal digit, or '_'. */
bool t2v_letter_is_word(uint32_t cp);
/* str.isupper and str.islower of the one character. */
bool t2v_letter_is_upper(uint32_t cp);
bool t2v_letter_is_lower(uint32_t cp);

/* str.isprintable of the one character. */
bool t2v_letter_is_printable(uint32_t cp);
/* str.isalpha and str.isnumeric of the one character; the second knows no ideographs. */
bool t2v_letter_is_alpha(uint32_t cp);
bool t2v_letter_is_number(uint32_t cp);

/* utf8proc's version and Unicode's: "2.8.0, Unicode 15.0.0". */
const char *t2v_letter_library(void);

#endif
