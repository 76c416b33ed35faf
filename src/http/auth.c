/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/auth.h"

#include "base/mem.h"

#include "base/banned.h"

int t2v_auth_init(struct t2v_auth *auth, const char *list, struct t2v_err *err)
{
    *auth = (struct t2v_auth){0};
    if (list == NULL || list[0] == '\0')
        return 0;
    struct t2v_str rest = t2v_str_of(list);
    size_t most = 1;
    for (size_t i = 0; i < rest.len; i++)
        most += rest.ptr[i] == ',';
    struct t2v_str *tokens = t2v_alloc_zero(most, sizeof *tokens);
    if (tokens == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the list of tokens");
    size_t n = 0;
    for (size_t begin = 0, i = 0; i <= rest.len; i++) {
        if (i < rest.len && rest.ptr[i] != ',')
            continue;
        struct t2v_str token = t2v_str_strip((struct t2v_str){rest.ptr + begin, i - begin});
        if (token.len != 0)
            tokens[n++] = token;
        begin = i + 1;
    }
    if (n == 0) {
        t2v_free(tokens);
        return t2v_fail(err, T2V_EUSAGE, "the list of allowed tokens is set, but holds no token");
    }
    *auth = (struct t2v_auth){tokens, n};
    return 0;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

bool t2v_auth_has_quotes(const struct t2v_auth *auth)
{
    bool found = false;
    for (size_t i = 0; i < auth->n; i++) {
        struct t2v_str token = auth->tokens[i];
        found |= is_quote(token.ptr[0]) || is_quote(token.ptr[token.len - 1]);
    }
    return found;
}

void t2v_auth_deinit(struct t2v_auth *auth)
{
    t2v_free(auth->tokens);
    *auth = (struct t2v_auth){0};
}

/* Takes a time that depends only on the length of given, not on the token: not on its length (a
 * modulo would be slower for some lengths, so byte 0 is compared past its end), nor on where the
 * two differ. */
static bool same(struct t2v_str given, struct t2v_str token)
{
    volatile unsigned char differs = given.len != token.len;
    for (size_t i = 0; i < given.len; i++) {
        size_t at = i & ((size_t)0 - (i < token.len));
        differs |= (unsigned char)(given.ptr[i] ^ token.ptr[at]);
    }
    return differs == 0;
}

bool t2v_auth_allows(const struct t2v_auth *auth, struct t2v_str header)
{
    if (auth->n == 0)
        return true;
    static const char scheme[] = "bearer ";
    if (header.ptr == NULL || header.len < sizeof scheme - 1)
        return false;
    for (size_t i = 0; i < sizeof scheme - 1; i++) {
        char c = header.ptr[i];
        if (scheme[i] != (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c))
            return false;
    }
    struct t2v_str given = t2v_str_trim(t2v_str_skip(header, sizeof scheme - 1));
    volatile bool found = false;
    for (size_t i = 0; i < auth->n; i++)
        found |= same(given, auth->tokens[i]);
    return found;
}
