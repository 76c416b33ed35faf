/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods of str that cut a text, join texts, or ask what characters it has. */
#include "base/utf8.h"
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/method.h"
#include "unicode/letter.h"
#include "unicode/space.h"

#include "base/banned.h"

static void add_text(struct t2v_run *run, struct t2v_items *items, struct t2v_str text)
{
    t2v_items_add(run, items, t2v_string(text));
}

static struct t2v_str until(struct t2v_str s, size_t n)
{
    return (struct t2v_str){s.ptr, n};
}

/* split() without a separator: at runs of white space. */
static void split_space(struct t2v_run *run, struct t2v_items *items, struct t2v_str s,
                        int64_t limit)
{
    s = t2v_str_skip(s, t2v_space_skip(s, 0));
    while (s.len != 0 && run->rc == 0 && limit-- != 0) {
        size_t n = 0;
        while (n < s.len && t2v_space_first(t2v_str_skip(s, n)) == 0)
            n += (size_t)t2v_utf8_len(t2v_str_skip(s, n));
        add_text(run, items, until(s, n));
        s = t2v_str_skip(s, t2v_space_skip(s, n));
    }
    if (s.len != 0)
        add_text(run, items, s);
}

static size_t last_of(struct t2v_str s, struct t2v_str separator)
{
    for (size_t i = s.len + 1; i-- > 0;) {
        if (t2v_str_starts(t2v_str_skip(s, i), separator))
            return i;
    }
    return SIZE_MAX;
}

static void reverse(struct t2v_items *items)
{
    for (size_t i = 0; items != NULL && i < items->n / 2; i++) {
        struct t2v_value v = items->at[i];
        items->at[i] = items->at[items->n - 1 - i];
        items->at[items->n - 1 - i] = v;
    }
}

/* rsplit() without a separator. */
static void rsplit_space(struct t2v_run *run, struct t2v_items *items, struct t2v_str s,
                         int64_t limit)
{
    int n;
    while ((n = t2v_space_last(s)) != 0)
        s.len -= (size_t)n;
    while (s.len != 0 && run->rc == 0 && limit-- != 0) {
        size_t from = s.len;
        while (from > 0 && t2v_space_last(until(s, from)) == 0)
            from = (size_t)(t2v_utf8_back(s.ptr, s.ptr + from) - s.ptr);
        add_text(run, items, t2v_str_skip(s, from));
        s.len = from;
        while ((n = t2v_space_last(s)) != 0)
            s.len -= (size_t)n;
    }
    if (s.len != 0)
        add_text(run, items, s);
}

static struct t2v_value split_any(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args, bool right)
{
    struct t2v_items *items = t2v_items_new(run, 4);
    struct t2v_str s = self.text;
    int64_t limit = t2v_arg_int(run, args->at[1], -1);
    t2v_run_step(run, s.len);
    if (args->at[0].type == T2V_MISSING || args->at[0].type == T2V_NONE) {
        (right ? rsplit_space : split_space)(run, items, s, limit);
    } else {
        struct t2v_str separator = t2v_arg_text(run, args->at[0], NULL);
        if (separator.len == 0 && run->rc == 0)
            return t2v_run_fail(run, T2V_EFORMAT, "empty separator");
        while (run->rc == 0 && limit-- != 0) {
            size_t at = right ? last_of(s, separator) : t2v_text_find(run, s, separator);
            if (at == SIZE_MAX)
                break;
            struct t2v_str rest = t2v_str_skip(s, at + separator.len);
            add_text(run, items, right ? rest : until(s, at));
            s = right ? until(s, at) : rest;
        }
        add_text(run, items, s);
    }
    if (right)
        reverse(items);
    return t2v_items_value(T2V_LIST, items);
}

static struct t2v_value split(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    return split_any(run, self, args, false);
}

static struct t2v_value rsplit(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    return split_any(run, self, args, true);
}

/* The length of the line end at the start of s, as splitlines knows them; 0: there is none. */
static size_t line_end(struct t2v_str s)
{
    uint32_t cp;
    size_t n = (size_t)t2v_utf8_decode(s, &cp);
    if (cp == '\r')
        return s.len > 1 && s.ptr[1] == '\n' ? 2 : 1;
    bool is = (cp >= '\n' && cp <= '\f') || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 ||
              cp == 0x2028 || cp == 0x2029;
    return is ? n : 0;
}

static struct t2v_value splitlines(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    struct t2v_items *items = t2v_items_new(run, 4);
    struct t2v_str s = self.text;
    bool keep = t2v_arg_int(run, args->at[0], 0) != 0;
    t2v_run_step(run, s.len);
    for (size_t n = 0, end; s.len != 0 && run->rc == 0;) {
        end = n < s.len ? line_end(t2v_str_skip(s, n)) : 0;
        if (n < s.len && end == 0) {
            n += (size_t)t2v_utf8_len(t2v_str_skip(s, n));
            continue;
        }
        add_text(run, items, until(s, n + (keep ? end : 0)));
        s = t2v_str_skip(s, n + end);
        n = 0;
    }
    return t2v_items_value(T2V_LIST, items);
}

static struct t2v_value part(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args, bool right)
{
    struct t2v_str s = self.text, separator = t2v_arg_text(run, args->at[0], NULL);
    struct t2v_items *items = t2v_items_new(run, 3);
    if (separator.len == 0 && run->rc == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "empty separator");
    t2v_run_step(run, s.len);
    size_t at = right ? last_of(s, separator) : t2v_text_find(run, s, separator);
    bool there = at != SIZE_MAX;
    struct t2v_str none = {"", 0}, whole = s;
    add_text(run, items, there ? until(s, at) : right ? none : whole);
    add_text(run, items, there ? separator : none);
    add_text(run, items, there ? t2v_str_skip(s, at + separator.len) : right ? whole : none);
    return t2v_items_value(T2V_TUPLE, items);
}

static struct t2v_value partition(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args)
{
    return part(run, self, args, false);
}

static struct t2v_value rpartition(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    return part(run, self, args, true);
}

static struct t2v_value join(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, args->at[0]);
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        if (items->at[i].type != T2V_STRING) {
            t2v_run_fail(run, T2V_EFORMAT, "sequence item %zu: expected str instance, %s found", i,
                         t2v_type_name(items->at[i]));
            break;
        }
        if (i != 0)
            t2v_buf_add(&buf, self.text.ptr, self.text.len);
        t2v_buf_add(&buf, items->at[i].text.ptr, items->at[i].text.len);
    }
    return t2v_run_take(run, &buf);
}

/* Whether a text is not empty and all its characters are so. */
static struct t2v_value all_are(struct t2v_run *run, struct t2v_str s, bool (*is)(uint32_t))
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    t2v_run_step(run, s.len);
    while (at < end) {
        if (!is(t2v_utf8_next(&at, end)))
            return t2v_bool(false);
    }
    return t2v_bool(s.len != 0);
}

static bool is_alnum(uint32_t cp)
{
    return t2v_letter_is_alpha(cp) || t2v_letter_is_number(cp);
}

static struct t2v_value isalpha_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return all_are(run, self.text, t2v_letter_is_alpha);
}

static struct t2v_value isalnum_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return all_are(run, self.text, is_alnum);
}

static struct t2v_value isdecimal(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args)
{
    (void)args;
    return all_are(run, self.text, t2v_letter_is_digit);
}

static struct t2v_value isnumeric(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args)
{
    (void)args;
    return all_are(run, self.text, t2v_letter_is_number);
}

static struct t2v_value isspace_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return all_are(run, self.text, t2v_space_is);
}

static struct t2v_value isascii_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return t2v_bool(t2v_length(run, self) == self.text.len);
}

/* Whether all letters with case are of one, and there is one. */
static struct t2v_value is_case(struct t2v_run *run, struct t2v_str s, bool (*is)(uint32_t),
                                bool (*is_not)(uint32_t))
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    bool any = false;
    t2v_run_step(run, s.len);
    while (at < end) {
        uint32_t cp = t2v_utf8_next(&at, end);
        if (is_not(cp))
            return t2v_bool(false);
        any |= is(cp);
    }
    return t2v_bool(any);
}

static struct t2v_value islower_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return is_case(run, self.text, t2v_letter_is_lower, t2v_letter_is_upper);
}

static struct t2v_value isupper_text(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)args;
    return is_case(run, self.text, t2v_letter_is_upper, t2v_letter_is_lower);
}

const struct t2v_native t2v_split_methods[] = {
    {"isalnum", "", isalnum_text},
    {"isalpha", "", isalpha_text},
    {"isascii", "", isascii_text},
    {"isdecimal", "", isdecimal},
    {"isdigit", "", isdecimal},
    {"islower", "", islower_text},
    {"isnumeric", "", isnumeric},
    {"isspace", "", isspace_text},
    {"isupper", "", isupper_text},
    {"join", "iterable", join},
    {"partition", "sep", partition},
    {"rpartition", "sep", rpartition},
    {"rsplit", "|sep maxsplit", rsplit},
    {"split", "|sep maxsplit", split},
    {"splitlines", "|keepends", splitlines},
};
const size_t t2v_n_split_method = sizeof t2v_split_methods / sizeof *t2v_split_methods;
