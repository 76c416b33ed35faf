/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that make texts. Their input is made a text first. */
#include "base/utf8.h"
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/filter.h"
#include "chat/markup.h"
#include "chat/method.h"
#include "chat/percent.h"
#include "chat/print.h"
#include "chat/undefined.h"
#include "unicode/letter.h"
#include "unicode/lower.h"
#include "unicode/space.h"
#include "unicode/upper.h"

#include "base/banned.h"

/* str(v).NAME(*args) */
static struct t2v_value method(struct t2v_run *run, struct t2v_value v, const char *name,
                               const struct t2v_args *args)
{
    struct t2v_value bound, text = t2v_str_value(run, v);
    if (run->rc != 0 || !t2v_method_find(run, text, t2v_str_of(name), &bound) || run->rc != 0)
        return t2v_none();
    size_t n = args->n;
    while (n != 0 && args->at[n - 1].type == T2V_MISSING)
        n--;
    struct t2v_value result =
        t2v_native_call(run, bound.method->native, text, &(struct t2v_args){args->at, n, NULL});
    return text.is_safe ? t2v_markup_result(run, result) : result;
}

static struct t2v_value lower(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return method(run, v, "lower", args);
}

static struct t2v_value upper(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return method(run, v, "upper", args);
}

static struct t2v_value capitalize(struct t2v_run *run, struct t2v_value v,
                                   const struct t2v_args *args)
{
    return method(run, v, "capitalize", args);
}

static struct t2v_value trim(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return method(run, v, "strip", args);
}

static struct t2v_value center(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    struct t2v_value width = args->at[0].type == T2V_MISSING ? t2v_int(80) : args->at[0];
    return method(run, v, "center", &(struct t2v_args){&width, 1, NULL});
}

static struct t2v_value replace(struct t2v_run *run, struct t2v_value v,
                                const struct t2v_args *args)
{
    bool all = args->at[2].type == T2V_MISSING || args->at[2].type == T2V_NONE;
    struct t2v_value three[] = {t2v_str_value(run, args->at[0]), t2v_str_value(run, args->at[1]),
                                all ? t2v_int(-1) : args->at[2]};
    v.is_safe = false;
    return method(run, v, "replace", &(struct t2v_args){three, 3, NULL});
}

static struct t2v_value string(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    return t2v_str_value(run, v);
}

static struct t2v_value safe(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    return t2v_markup_mark(t2v_str_value(run, v));
}

static bool begins_word(uint32_t before)
{
    return before == '-' || before == '(' || before == '{' || before == '[' || before == '<' ||
           t2v_space_is(before);
}

/* Each word with its first letter in upper case and the others in lower case. */
static struct t2v_value title(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    struct t2v_buf buf;
    struct t2v_str s = t2v_str_value(run, v).text;
    const char *at = s.ptr, *end = s.ptr + (run->rc == 0 ? s.len : 0);
    (void)args;
    t2v_run_buf(&buf);
    while (at < end && run->rc == 0) {
        const char *begin = at, *stop;
        uint32_t cp = t2v_utf8_next(&at, end);
        t2v_upper((struct t2v_str){begin, (size_t)(at - begin)}, &buf);
        if (begins_word(cp))
            continue;
        for (stop = at; stop < end;) {
            const char *next = stop;
            if (begins_word(t2v_utf8_next(&next, end)))
                break;
            stop = next;
        }
        t2v_lower((struct t2v_str){at, (size_t)(stop - at)}, &buf);
        at = stop;
    }
    t2v_run_step(run, s.len);
    return t2v_run_take(run, &buf);
}

static struct t2v_value escape(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    return t2v_markup_escape(run, v);
}

static struct t2v_value forceescape(struct t2v_run *run, struct t2v_value v,
                                    const struct t2v_args *args)
{
    (void)args;
    v.is_safe = false;
    return t2v_markup_escape(run, v);
}

static struct t2v_value urlencode(struct t2v_run *run, struct t2v_value v,
                                  const struct t2v_args *args)
{
    static const char digits[] = "0123456789ABCDEF";
    struct t2v_buf buf;
    (void)args;
    if (v.type == T2V_DICT || v.type == T2V_LIST || v.type == T2V_TUPLE)
        return t2v_run_fail(run, T2V_EUNSUPPORTED, "urlencode of pairs is not supported");
    struct t2v_str s = t2v_str_value(run, v).text;
    t2v_run_buf(&buf);
    for (size_t i = 0; run->rc == 0 && i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("_.-~/", c) != NULL);
        if (!plain)
            t2v_buf_addf(&buf, "%%%c%c", digits[c >> 4], digits[c & 15]);
        else
            t2v_buf_addc(&buf, (char)c);
    }
    return t2v_run_take(run, &buf);
}

static struct t2v_value format(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    bool named = args->named != NULL && args->named->n != 0;
    if (named && args->n != 0)
        return t2v_run_fail(run, T2V_EFORMAT,
                            "can't handle positional and keyword arguments at the same time");
    struct t2v_items items = {.at = args->at, .n = args->n, .cap = args->n};
    struct t2v_value values = t2v_items_value(T2V_TUPLE, &items);
    if (named)
        values = (struct t2v_value){.type = T2V_DICT, .dict = args->named};
    struct t2v_value text = t2v_str_value(run, v);
    return run->rc != 0 ? text : t2v_percent(run, text.text, values);
}

/* What a line begins with: `width` blanks, or that text. */
static struct t2v_value indention(struct t2v_run *run, struct t2v_value width)
{
    if (width.type == T2V_STRING)
        return width;
    struct t2v_value blank = t2v_string(T2V_STR(" "));
    return t2v_binary(run, '*', blank, t2v_int(t2v_arg_int(run, width, 4)));
}

static struct t2v_value indent(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    bool first = t2v_truth(args->at[1]), blank = t2v_truth(args->at[2]);
    struct t2v_args none = {NULL, 0, NULL};
    struct t2v_buf buf;
    struct t2v_value text = t2v_binary(run, '+', v, t2v_string(T2V_STR("\n")));
    struct t2v_value lines = run->rc == 0 ? method(run, text, "splitlines", &none) : t2v_none();
    struct t2v_value before = indention(run, args->at[0]);
    t2v_run_buf(&buf);
    for (size_t i = 0; run->rc == 0 && i < lines.items->n; i++) {
        struct t2v_str line = lines.items->at[i].text;
        if (i != 0)
            t2v_buf_addc(&buf, '\n');
        if (i == 0 ? first : blank || line.len != 0)
            t2v_buf_add(&buf, before.text.ptr, before.text.len);
        t2v_buf_add(&buf, line.ptr, line.len);
        t2v_run_step(run, before.text.len);
    }
    return t2v_run_take(run, &buf);
}

static struct t2v_value truncate(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    int64_t length = t2v_arg_int(run, args->at[0], 255), leeway = t2v_arg_int(run, args->at[3], 5);
    struct t2v_value end =
        args->at[2].type == T2V_MISSING ? t2v_string(T2V_STR("...")) : args->at[2];
    int64_t n_end = (int64_t)t2v_length(run, end), n = (int64_t)t2v_length(run, v);
    if (length < n_end || leeway < 0)
        return t2v_run_fail(run, T2V_EFORMAT, "truncate with wrong arguments");
    if (n <= length || n - length <= leeway)
        return v;
    if (v.type != T2V_STRING || end.type != T2V_STRING)
        return t2v_run_fail(run, T2V_EFORMAT, "truncate is for texts");
    struct t2v_str text = {v.text.ptr, t2v_text_offset(v.text, (size_t)(length - n_end))};
    if (!t2v_truth(args->at[1])) {
        const char *space = text.len != 0 ? memrchr(text.ptr, ' ', text.len) : NULL;
        text.len = space != NULL ? (size_t)(space - text.ptr) : text.len;
    }
    return t2v_binary(run, '+', t2v_string(text), end);
}

static struct t2v_value wordcount(struct t2v_run *run, struct t2v_value v,
                                  const struct t2v_args *args)
{
    struct t2v_str s = t2v_str_value(run, v).text;
    const char *at = s.ptr, *end = s.ptr + (run->rc == 0 ? s.len : 0);
    int64_t n = 0;
    bool inside = false;
    (void)args;
    t2v_run_step(run, s.len);
    while (at < end) {
        uint32_t cp = t2v_utf8_next(&at, end);
        bool is = t2v_letter_is_word(cp) || t2v_letter_is_digit(cp);
        n += is && !inside;
        inside = is;
    }
    return t2v_int(n);
}

const struct t2v_native t2v_text_filters[] = {
    {"capitalize", "", capitalize},
    {"center", "|width", center},
    {"e", "", escape},
    {"escape", "", escape},
    {"forceescape", "", forceescape},
    {"format", NULL, format},
    {"indent", "|width first blank", indent},
    {"lower", "", lower},
    {"replace", "old new|count", replace},
    {"safe", "", safe},
    {"string", "", string},
    {"title", "", title},
    {"trim", "|chars", trim},
    {"truncate", "|length killwords end leeway", truncate},
    {"upper", "", upper},
    {"urlencode", "", urlencode},
    {"wordcount", "", wordcount},
};
const size_t t2v_n_text_filter = sizeof t2v_text_filters / sizeof *t2v_text_filters;
