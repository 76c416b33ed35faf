/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/markup.h"

#include "chat/print.h"

#include "base/banned.h"

struct t2v_value t2v_markup_mark(struct t2v_value v)
{
    v.is_safe = v.type == T2V_STRING;
    return v;
}

struct t2v_value t2v_markup_escape(struct t2v_run *run, struct t2v_value v)
{
    static const char special[] = "&<>'\"";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    struct t2v_buf buf;
    if (v.type == T2V_STRING && v.is_safe)
        return v;
    struct t2v_str s = t2v_str_value(run, v).text;
    t2v_run_buf(&buf);
    for (size_t i = 0; run->rc == 0 && i < s.len; i++) {
        const char *found = s.ptr[i] != '\0' ? strchr(special, s.ptr[i]) : NULL;
        if (found != NULL)
            t2v_buf_adds(&buf, entities[found - special]);
        else
            t2v_buf_addc(&buf, s.ptr[i]);
    }
    return t2v_markup_mark(t2v_run_take(run, &buf));
}

struct t2v_value t2v_markup_result(struct t2v_run *run, struct t2v_value v)
{
    if (run->rc != 0 || (v.type != T2V_LIST && v.type != T2V_TUPLE))
        return t2v_markup_mark(v);
    for (size_t i = 0; i < v.items->n; i++)
        v.items->at[i] = t2v_markup_mark(v.items->at[i]);
    return v;
}

static struct t2v_value escape_text(struct t2v_run *run, struct t2v_value v)
{
    return v.type == T2V_STRING ? t2v_markup_escape(run, v) : v;
}

struct t2v_args t2v_markup_args(struct t2v_run *run, const char *method,
                                const struct t2v_args *args)
{
    static const char *const escaped[] = {"replace", "ljust",        "rjust",
                                          "lstrip",  "rstrip",       "center",
                                          "strip",   "removeprefix", "removesuffix"};
    bool does = false;
    for (size_t i = 0; i < sizeof escaped / sizeof *escaped; i++)
        does |= strcmp(method, escaped[i]) == 0;
    if (!does && (strcmp(method, "join") == 0 || strcmp(method, "format") == 0))
        t2v_run_fail(run, T2V_EUNSUPPORTED, "'%s' of a text marked as safe is not supported",
                     method);
    struct t2v_items *items = does ? t2v_items_new(run, args->n) : NULL;
    if (items == NULL)
        return *args;
    for (size_t i = 0; i < args->n; i++)
        t2v_items_add(run, items, escape_text(run, args->at[i]));
    return (struct t2v_args){items->at, items->n, args->named};
}
