/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_AUTH_H
#define T2V_HTTP_AUTH_H
/* Bearer tokens. Tokens never appear in a log or a message. Read-only once set up. */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct t2v_auth {
    struct t2v_str *tokens; /* [n], views into the list given */
    size_t n;               /* 0: no token is needed */
};

/* list: "token1,token2", borrowed for as long as auth is used; "" or NULL: no token is needed.
 * White space around a token, line ends too, does not count; quotes do. A list without any token in
 * it is T2V_EUSAGE: it would lock everybody out or let everybody in, and neither was intended. */
int t2v_auth_init(struct t2v_auth *auth, const char *list, struct t2v_err *err);
void t2v_auth_deinit(struct t2v_auth *auth);
/* True when a token begins or ends with a quote. A shell removes quotes, an env file does not, so
 * this is hardly ever intended. */
bool t2v_auth_has_quotes(const struct t2v_auth *auth);

/* header: the value of Authorization ("Bearer TOKEN", the scheme in any case); ptr NULL when there
 * is none. Its time depends only on lengths, not on which bytes are right. */
bool t2v_auth_allows(const struct t2v_auth *auth, struct t2v_str header);

#endif
