/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/replacer.h"

#include "base/utf8.h"

#include "base/banned.h"

/* clang-format off */
#define RULE(from, to) {{"" from, sizeof(from) - 1}, {"" to, sizeof(to) - 1}, NULL}

const struct t2v_replacer t2v_replacer_cleanup[T2V_REPLACER_N_CLEANUP] = {
    RULE(" .", "."),     RULE(" ?", "?"),     RULE(" !", "!"),            RULE(" ,", ","),
    RULE(" ' ", "'"),    RULE(" n't", "n't"), RULE(" 'm", "'m"),          RULE(" do not", " don't"),
    RULE(" 's", "'s"),   RULE(" 've", "'ve"), RULE(" 're", "'re"),
};

const struct t2v_replacer t2v_replacer_tidy[T2V_REPLACER_N_TIDY] = {
    RULE(" .", "."),     RULE(" ?", "?"),     RULE(" !", "!"),            RULE(" ,", ","),
    RULE(" ' ", "'"),    RULE(" n't", "n't"), RULE(" 'm", "'m"),
    RULE(" 's", "'s"),   RULE(" 've", "'ve"), RULE(" 're", "'re"),
};
/* clang-format on */

static void find_borders(struct t2v_str pattern, uint32_t *border)
{
    size_t k = 0;
    border[0] = 0;
    for (size_t i = 1; i < pattern.len; i++) {
        while (k != 0 && pattern.ptr[k] != pattern.ptr[i])
            k = border[k - 1];
        k += pattern.ptr[k] == pattern.ptr[i];
        border[i] = (uint32_t)k;
    }
}

int t2v_replacer_make(struct t2v_str pattern, struct t2v_str content, struct t2v_arena *arena,
                      struct t2v_replacer *out)
{
    if (pattern.len > UINT32_MAX)
        return T2V_ENOMEM;
    *out =
        (struct t2v_replacer){t2v_arena_dup(arena, pattern), t2v_arena_dup(arena, content), NULL};
    if (out->pattern.ptr == NULL || out->content.ptr == NULL)
        return T2V_ENOMEM;
    if (pattern.len == 0)
        return 0;
    uint32_t *border = t2v_arena_alloc(arena, pattern.len, sizeof *border);
    if (border == NULL)
        return T2V_ENOMEM;
    find_borders(pattern, border);
    out->border = border;
    return 0;
}

void t2v_replacing_init(struct t2v_replacing *state, size_t max_bytes)
{
    *state = (struct t2v_replacing){0};
    t2v_buf_init(&state->made[0], max_bytes);
    t2v_buf_init(&state->made[1], max_bytes);
}

void t2v_replacing_deinit(struct t2v_replacing *state)
{
    t2v_buf_deinit(&state->made[0]);
    t2v_buf_deinit(&state->made[1]);
}

/* The longest proper beginning of the pattern that its first n (> 0) bytes end with. */
static size_t border_of(const struct t2v_replacer *rule, size_t n)
{
    const char *ptr = rule->pattern.ptr;
    if (rule->border != NULL)
        return rule->border[n - 1];
    size_t k = n - 1;
    while (k != 0 && memcmp(ptr, ptr + n - k, k) != 0)
        k--;
    return k;
}

/* One byte, after *matched bytes of the pattern. */
static void take_byte(const struct t2v_replacer *rule, size_t *matched, char byte,
                      struct t2v_buf *out)
{
    const char *pattern = rule->pattern.ptr;
    size_t k = *matched;
    while (k != 0 && pattern[k] != byte) {
        size_t border = border_of(rule, k);
        t2v_buf_add(out, pattern, k - border);
        k = border;
    }
    if (pattern[k] != byte)
        t2v_buf_addc(out, byte);
    else if (++k == rule->pattern.len) {
        t2v_buf_add(out, rule->content.ptr, rule->content.len);
        k = 0;
    }
    *matched = k;
}

/* The empty pattern: *matched is 1 once it was found at the text's start. */
static void surround(const struct t2v_replacer *rule, size_t *matched, struct t2v_str in,
                     struct t2v_buf *out)
{
    if (*matched == 0)
        t2v_buf_add(out, rule->content.ptr, rule->content.len);
    *matched = 1;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && out->fail == 0;) {
        const char *begin = at;
        t2v_utf8_next(&at, end);
        t2v_buf_add(out, begin, (size_t)(at - begin));
        t2v_buf_add(out, rule->content.ptr, rule->content.len);
    }
}

static int run_rule(const struct t2v_replacer *rule, size_t *matched, struct t2v_str in, bool ends,
                    struct t2v_buf *out)
{
    t2v_buf_clear(out);
    if (rule->pattern.len == 0) {
        if (ends || in.len != 0)
            surround(rule, matched, in, out);
        *matched = ends ? 0 : *matched;
        return out->fail;
    }
    while (in.len != 0 && out->fail == 0) {
        size_t n = 0;
        if (*matched == 0) { /* what holds no first byte goes as it is */
            const char *first = memchr(in.ptr, rule->pattern.ptr[0], in.len);
            n = first != NULL ? (size_t)(first - in.ptr) : in.len;
            t2v_buf_add(out, in.ptr, n);
        }
        if (n < in.len)
            take_byte(rule, matched, in.ptr[n++], out);
        in = t2v_str_skip(in, n);
    }
    if (ends) {
        t2v_buf_add(out, rule->pattern.ptr, *matched);
        *matched = 0;
    }
    return out->fail;
}

/* True when a rule leaves the part as it is, and keeps nothing. */
static bool passes(const struct t2v_replacer *rule, size_t matched, struct t2v_str in)
{
    return matched == 0 && rule->pattern.len != 0 &&
           (in.len == 0 || memchr(in.ptr, rule->pattern.ptr[0], in.len) == NULL);
}

int t2v_replacer_run(const struct t2v_replacer *rules, size_t n, struct t2v_replacing *state,
                     struct t2v_str in, bool ends, struct t2v_str *out)
{
    size_t next = 0;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (passes(&rules[i], state->matched[i], in))
            continue;
        rc = run_rule(&rules[i], &state->matched[i], in, ends, &state->made[next]);
        in = t2v_buf_str(&state->made[next]);
        next = 1 - next;
    }
    *out = in;
    return rc;
}
