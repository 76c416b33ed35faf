/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods of str that return a text or a number. split_method.c has those that cut. */
#include "base/utf8.h"
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/format.h"
#include "chat/method.h"
#include "unicode/letter.h"
#include "unicode/lower.h"
#include "unicode/space.h"
#include "unicode/upper.h"

#include "base/banned.h"

static struct t2v_value rewrite(struct t2v_run *run, struct t2v_str text,
                                int (*how)(struct t2v_str, struct t2v_buf *))
{
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    if (t2v_run_step(run, text.len))
        how(text, &buf);
    return t2v_run_take(run, &buf);
}

static struct t2v_value lower(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    (void)args;
    return rewrite(run, self.text, t2v_lower);
}

static struct t2v_value upper(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    (void)args;
    return rewrite(run, self.text, t2v_upper);
}

static struct t2v_value capitalize(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    (void)args;
    return rewrite(run, self.text, t2v_upper_capitalize);
}

static struct t2v_value title(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    (void)args;
    return rewrite(run, self.text, t2v_upper_title);
}

static struct t2v_value swapcase(struct t2v_run *run, struct t2v_value self,
                                 const struct t2v_args *args)
{
    (void)args;
    return rewrite(run, self.text, t2v_upper_swapcase);
}

/* Whether the n bytes at `at`, one character, are to be stripped: white space, or one of chars. */
static bool is_stripped(struct t2v_str c, struct t2v_value chars)
{
    if (chars.type != T2V_STRING)
        return t2v_space_first(c) != 0;
    return chars.text.len != 0 && memmem(chars.text.ptr, chars.text.len, c.ptr, c.len) != NULL;
}

static struct t2v_value strip_sides(struct t2v_run *run, struct t2v_str s, struct t2v_value chars,
                                    bool left, bool right)
{
    if (chars.type != T2V_MISSING && chars.type != T2V_NONE)
        t2v_arg_text(run, chars, NULL);
    t2v_run_step(run, s.len);
    while (left && s.len != 0) {
        size_t n = (size_t)t2v_utf8_len(s);
        if (!is_stripped((struct t2v_str){s.ptr, n}, chars))
            break;
        s = t2v_str_skip(s, n);
    }
    while (right && s.len != 0) {
        const char *last = t2v_utf8_back(s.ptr, s.ptr + s.len);
        size_t n = (size_t)(s.ptr + s.len - last);
        if (!is_stripped((struct t2v_str){last, n}, chars))
            break;
        s.len -= n;
    }
    return t2v_string(s);
}

static struct t2v_value strip(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    return strip_sides(run, self.text, args->at[0], true, true);
}

static struct t2v_value lstrip(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    return strip_sides(run, self.text, args->at[0], true, false);
}

static struct t2v_value rstrip(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    return strip_sides(run, self.text, args->at[0], false, true);
}

/* self[start:end] for the methods that search; *offset: where it begins, in characters. False: the
 * start is past the end, where nothing is found. */
static bool window(struct t2v_run *run, struct t2v_value self, const struct t2v_args *args,
                   struct t2v_str *out, int64_t *offset)
{
    int64_t n = (int64_t)t2v_length(run, self);
    struct t2v_value start = args->at[1], end = args->at[2];
    int64_t from = start.type == T2V_NONE ? 0 : t2v_arg_int(run, start, 0);
    int64_t to = end.type == T2V_NONE ? n : t2v_arg_int(run, end, n);
    from = from < 0 ? (from + n < 0 ? 0 : from + n) : from;
    to = to < 0 ? (to + n < 0 ? 0 : to + n) : to > n ? n : to;
    *offset = from;
    if (from > n || from > to || run->rc != 0)
        return false;
    size_t begin = t2v_text_offset(self.text, (size_t)from);
    *out = t2v_str_skip(self.text, begin);
    out->len = t2v_text_offset(*out, (size_t)(to - from));
    return true;
}

static bool has_affix(struct t2v_str text, struct t2v_str affix, bool at_end)
{
    return at_end ? t2v_str_ends(text, affix) : t2v_str_starts(text, affix);
}

static struct t2v_value check_affix(struct t2v_run *run, struct t2v_value self,
                                    const struct t2v_args *args, bool at_end)
{
    struct t2v_value affix = args->at[0];
    struct t2v_str text;
    int64_t offset;
    bool open = window(run, self, args, &text, &offset);
    if (affix.type != T2V_TUPLE) {
        struct t2v_str one = t2v_arg_text(run, affix, NULL);
        return t2v_bool(open && has_affix(text, one, at_end));
    }
    for (size_t i = 0; open && i < affix.items->n && run->rc == 0; i++) {
        if (has_affix(text, t2v_arg_text(run, affix.items->at[i], NULL), at_end))
            return t2v_bool(true);
    }
    return t2v_bool(false);
}

static struct t2v_value startswith(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    return check_affix(run, self, args, false);
}

static struct t2v_value endswith(struct t2v_run *run, struct t2v_value self,
                                 const struct t2v_args *args)
{
    return check_affix(run, self, args, true);
}

static size_t find_last(struct t2v_run *run, struct t2v_str text, struct t2v_str needle)
{
    t2v_run_step(run, text.len);
    for (size_t i = text.len + 1; i-- > 0;) {
        if (t2v_str_starts(t2v_str_skip(text, i), needle))
            return i;
    }
    return SIZE_MAX;
}

/* Where the needle is, in characters, or -1. */
static int64_t search(struct t2v_run *run, struct t2v_value self, const struct t2v_args *args,
                      bool last)
{
    struct t2v_str text, needle = t2v_arg_text(run, args->at[0], NULL);
    int64_t offset;
    if (!window(run, self, args, &text, &offset))
        return -1;
    size_t at = last ? find_last(run, text, needle) : t2v_text_find(run, text, needle);
    if (at == SIZE_MAX)
        return -1;
    text.len = at;
    return offset + (int64_t)t2v_text_count(text);
}

static struct t2v_value find(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args)
{
    return t2v_int(search(run, self, args, false));
}

static struct t2v_value rfind(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    return t2v_int(search(run, self, args, true));
}

static struct t2v_value found(struct t2v_run *run, int64_t at)
{
    return at >= 0 ? t2v_int(at) : t2v_run_fail(run, T2V_EFORMAT, "substring not found");
}

static struct t2v_value text_index(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    return found(run, search(run, self, args, false));
}

static struct t2v_value rindex_of(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args)
{
    return found(run, search(run, self, args, true));
}

static struct t2v_value count(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    struct t2v_str text, needle = t2v_arg_text(run, args->at[0], NULL);
    int64_t offset, n = 0;
    if (!window(run, self, args, &text, &offset))
        return t2v_int(0);
    if (needle.len == 0)
        return t2v_int((int64_t)t2v_text_count(text) + 1);
    for (size_t at; (at = t2v_text_find(run, text, needle)) != SIZE_MAX; n++)
        text = t2v_str_skip(text, at + needle.len);
    return t2v_int(n);
}

/* text with `from` replaced by `to`, at most `limit` times; negative: all. */
static struct t2v_value replace_text(struct t2v_run *run, struct t2v_str text, struct t2v_str from,
                                     struct t2v_str to, int64_t limit)
{
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    while (limit != 0 && run->rc == 0 && buf.fail == 0) {
        size_t at = t2v_text_find(run, text, from);
        if (at == SIZE_MAX)
            break;
        t2v_buf_add(&buf, text.ptr, at);
        t2v_buf_add(&buf, to.ptr, to.len);
        text = t2v_str_skip(text, at + from.len);
        limit -= limit > 0;
        if (from.len != 0)
            continue;
        if (text.len == 0) /* an empty text is found between all characters */
            break;
        size_t n = (size_t)t2v_utf8_len(text);
        t2v_buf_add(&buf, text.ptr, n);
        text = t2v_str_skip(text, n);
    }
    t2v_buf_add(&buf, text.ptr, text.len);
    return t2v_run_take(run, &buf);
}

static struct t2v_value replace(struct t2v_run *run, struct t2v_value self,
                                const struct t2v_args *args)
{
    struct t2v_str from = t2v_arg_text(run, args->at[0], NULL);
    struct t2v_str to = t2v_arg_text(run, args->at[1], NULL);
    return replace_text(run, self.text, from, to, t2v_arg_int(run, args->at[2], -1));
}

static struct t2v_value removeprefix(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    struct t2v_str affix = t2v_arg_text(run, args->at[0], NULL);
    return t2v_string(t2v_str_starts(self.text, affix) ? t2v_str_skip(self.text, affix.len)
                                                       : self.text);
}

static struct t2v_value removesuffix(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    struct t2v_str affix = t2v_arg_text(run, args->at[0], NULL), text = self.text;
    if (t2v_str_ends(text, affix))
        text.len -= affix.len;
    return t2v_string(text);
}

/* Pads to a width: `before` and `after` of what is missing. */
static struct t2v_value pad(struct t2v_run *run, struct t2v_value self, const struct t2v_args *args,
                            char align)
{
    int64_t n = (int64_t)t2v_length(run, self), width = t2v_arg_int(run, args->at[0], 80);
    struct t2v_str fill = t2v_arg_text(run, args->at[1], " ");
    if (width <= n || run->rc != 0)
        return self;
    if (t2v_text_count(fill) != 1)
        return t2v_run_fail(run, T2V_EFORMAT,
                            "The fill character must be exactly one character long");
    int64_t missing = width - n;
    int64_t before = align == '<'   ? 0
                     : align == '>' ? missing
                                    : missing / 2 + (missing & width & 1);
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    for (int64_t i = 0; i < missing && buf.fail == 0; i++) {
        if (i == before)
            t2v_buf_add(&buf, self.text.ptr, self.text.len);
        t2v_buf_add(&buf, fill.ptr, fill.len);
    }
    if (before == missing)
        t2v_buf_add(&buf, self.text.ptr, self.text.len);
    return t2v_run_take(run, &buf);
}

static struct t2v_value ljust(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    return pad(run, self, args, '<');
}

static struct t2v_value rjust(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    return pad(run, self, args, '>');
}

static struct t2v_value center(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    return pad(run, self, args, '^');
}

static struct t2v_value zfill(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    int64_t missing = t2v_arg_int(run, args->at[0], 0) - (int64_t)t2v_length(run, self);
    bool sign = self.text.len != 0 && (self.text.ptr[0] == '-' || self.text.ptr[0] == '+');
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    t2v_buf_add(&buf, self.text.ptr, sign);
    for (int64_t i = 0; i < missing && buf.fail == 0; i++)
        t2v_buf_addc(&buf, '0');
    t2v_buf_add(&buf, self.text.ptr + sign, self.text.len - sign);
    return t2v_run_take(run, &buf);
}

const struct t2v_native t2v_text_methods[] = {
    {"capitalize", "", capitalize},
    {"center", "width|fillchar", center},
    {"count", "sub|start end", count},
    {"endswith", "suffix|start end", endswith},
    {"find", "sub|start end", find},
    {"format", NULL, t2v_format},
    {"index", "sub|start end", text_index},
    {"ljust", "width|fillchar", ljust},
    {"lower", "", lower},
    {"lstrip", "|chars", lstrip},
    {"removeprefix", "prefix", removeprefix},
    {"removesuffix", "suffix", removesuffix},
    {"replace", "old new|count", replace},
    {"rfind", "sub|start end", rfind},
    {"rindex", "sub|start end", rindex_of},
    {"rjust", "width|fillchar", rjust},
    {"rstrip", "|chars", rstrip},
    {"startswith", "prefix|start end", startswith},
    {"strip", "|chars", strip},
    {"swapcase", "", swapcase},
    {"title", "", title},
    {"upper", "", upper},
    {"zfill", "width", zfill},
};
const size_t t2v_n_text_method = sizeof t2v_text_methods / sizeof *t2v_text_methods;
