/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_SYNTAX_H
#define T2V_REGEX_SYNTAX_H
/* Oniguruma's language written in PCRE2's; regex.h says what differs. */
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum { T2V_REGEX_MAX_BYTES = 8192 }; /* of a pattern */

/* Appends the pattern as PCRE2 wants it (UTF, UCP, MULTILINE) to out. Errors as
 * t2v_regex_new, of regex.h. */
int t2v_regex_translate(struct t2v_str pattern, const char *where, struct t2v_buf *out,
                        struct t2v_err *err);

#endif
