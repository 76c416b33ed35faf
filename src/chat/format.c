/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/format.h"

#include "chat/attribute.h"
#include "chat/dict.h"
#include "chat/print.h"
#include "chat/spec.h"
#include "chat/undefined.h"

#include "base/banned.h"

struct format {
    struct t2v_run *run;
    const struct t2v_args *args;
    size_t next;
    struct t2v_buf out;
    unsigned depth;
};

static void format_all(struct format *f, struct t2v_str s, struct t2v_buf *out);

/* The number that s is; false if it is none. */
static bool is_index(struct t2v_str s, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || i > 6)
            return false;
        *out = *out * 10 + (size_t)(s.ptr[i] - '0');
    }
    return s.len != 0;
}

static struct t2v_value argument(struct format *f, struct t2v_str name)
{
    size_t i;
    if (name.len == 0)
        i = f->next++;
    else if (!is_index(name, &i)) {
        const struct t2v_value *found =
            f->args->named != NULL ? t2v_dict_get(f->run, f->args->named, t2v_string(name)) : NULL;
        if (found != NULL)
            return *found;
        return t2v_run_fail(f->run, T2V_EFORMAT, "'%.*s'", T2V_STR_ARG(name));
    }
    if (i >= f->args->n)
        return t2v_run_fail(f->run, T2V_EFORMAT,
                            "Replacement index %zu out of range for positional args tuple", i);
    return f->args->at[i];
}

/* The value of "name.attribute[item]". */
static struct t2v_value value_of(struct format *f, struct t2v_str path)
{
    size_t n = 0, i;
    while (n < path.len && path.ptr[n] != '.' && path.ptr[n] != '[')
        n++;
    struct t2v_value v = argument(f, (struct t2v_str){path.ptr, n});
    for (path = t2v_str_skip(path, n); path.len != 0 && f->run->rc == 0;) {
        bool item = path.ptr[0] == '[';
        path = t2v_str_skip(path, 1);
        for (n = 0; n < path.len &&
                    (item ? path.ptr[n] != ']' : path.ptr[n] != '.' && path.ptr[n] != '[');)
            n++;
        struct t2v_str part = {path.ptr, n};
        path = t2v_str_skip(path, n + (item && n < path.len));
        if (!item)
            v = t2v_attribute(f->run, v, part);
        else
            v = t2v_item(f->run, v, is_index(part, &i) ? t2v_int((int64_t)i) : t2v_string(part));
    }
    return v;
}

/* The inside of one pair of braces. */
static void format_field(struct format *f, struct t2v_str field, struct t2v_buf *out)
{
    size_t n = 0;
    bool bracket = false;
    for (; n < field.len && (bracket || (field.ptr[n] != '!' && field.ptr[n] != ':')); n++)
        bracket = field.ptr[n] == '[' || (bracket && field.ptr[n] != ']');
    struct t2v_value v = value_of(f, (struct t2v_str){field.ptr, n});
    struct t2v_str rest = t2v_str_skip(field, n);
    if (rest.len > 1 && rest.ptr[0] == '!') {
        v = rest.ptr[1] == 's' ? t2v_str_value(f->run, v) : t2v_repr(f->run, v);
        rest = t2v_str_skip(rest, 2);
    }
    struct t2v_buf text;
    t2v_run_buf(&text);
    if (rest.len != 0)
        format_all(f, t2v_str_skip(rest, 1), &text);
    struct t2v_spec spec = t2v_spec_read(f->run, t2v_buf_str(&text));
    if (f->run->rc == 0)
        t2v_spec_print(f->run, out, v, &spec);
    t2v_buf_deinit(&text);
}

/* The length of the field at the start of s, up to its closing brace; s.len if it has none. */
static size_t field_len(struct t2v_str s)
{
    size_t depth = 0, n = 0;
    for (; n < s.len && (s.ptr[n] != '}' || depth != 0); n++)
        depth += s.ptr[n] == '{' ? 1 : s.ptr[n] == '}' ? (size_t)-1 : 0;
    return n;
}

static void format_all(struct format *f, struct t2v_str s, struct t2v_buf *out)
{
    if (++f->depth > 2)
        t2v_run_fail(f->run, T2V_EFORMAT, "Max string recursion exceeded");
    while (s.len != 0 && t2v_run_step(f->run, 0)) {
        char c = s.ptr[0];
        bool doubled = s.len > 1 && s.ptr[1] == c;
        if ((c != '{' && c != '}') || doubled) {
            t2v_buf_addc(out, c);
            s = t2v_str_skip(s, 1 + (doubled && (c == '{' || c == '}')));
            continue;
        }
        s = t2v_str_skip(s, 1);
        size_t n = c == '{' ? field_len(s) : s.len;
        if (n == s.len) {
            t2v_run_fail(f->run, T2V_EFORMAT, "Single '%c' encountered in format string", c);
            break;
        }
        format_field(f, (struct t2v_str){s.ptr, n}, out);
        s = t2v_str_skip(s, n + 1);
    }
    f->depth--;
}

struct t2v_value t2v_format(struct t2v_run *run, struct t2v_value self, const struct t2v_args *args)
{
    struct format f = {.run = run, .args = args};
    t2v_run_buf(&f.out);
    format_all(&f, self.text, &f.out);
    return t2v_run_take(run, &f.out);
}
