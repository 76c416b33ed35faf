/* SPDX-License-Identifier: BSD-3-Clause */
/* Replace: by a string, by a regular expression, and by a run of one character, which is what most
 * of the expressions are and needs none. */
#include "token/normalize/replace.h"

#include "regex/regex.h"
#include "token/field.h"

#include "base/banned.h"

/* One text on its way. */
struct replacing {
    const struct t2v_norm_step *step;
    struct t2v_str in;
    size_t done; /* what lies before has been put out */
    struct t2v_buf *out, *from;
};

static int copy_to(struct replacing *r, size_t end)
{
    t2v_from_copy(r->from, r->in, r->done, end);
    return t2v_buf_add(r->out, r->in.ptr + r->done, end - r->done);
}

/* Replaces [begin, end), and copies what stands before. The library aligns what it puts there with
 * the last of the characters before end. */
static int put_hit(struct replacing *r, size_t begin, size_t end)
{
    struct t2v_str content = r->step->content;
    copy_to(r, begin);
    if (r->from != NULL) {
        const char *last = end != 0 ? t2v_utf8_back(r->in.ptr, r->in.ptr + end) : NULL;
        uint32_t at = last != NULL ? (uint32_t)(last - r->in.ptr) : T2V_FROM_NOWHERE;
        t2v_from_add(r->from, at, content.len);
    }
    r->done = end;
    return t2v_buf_add(r->out, content.ptr, content.len);
}

static int run_replace(const struct t2v_norm_step *step, struct t2v_str in,
                       struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    struct replacing r = {step, in, 0, out, from};
    for (;;) {
        const char *hit = in.len > r.done ? memmem(in.ptr + r.done, in.len - r.done,
                                                   step->pattern.ptr, step->pattern.len)
                                          : NULL;
        if (hit == NULL)
            return copy_to(&r, in.len);
        size_t begin = (size_t)(hit - in.ptr);
        if (put_hit(&r, begin, begin + step->pattern.len) != 0)
            return out->fail;
    }
}

static int run_regex(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps scratch[2],
                     struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    struct replacing r = {step, in, 0, out, from};
    struct t2v_regex_walk walk;
    if (in.len == 0) /* the library does not look into an empty text */
        return 0;
    int rc = t2v_regex_begin(&walk, step->regex, in);
    while (rc == 0) {
        rc = t2v_regex_next(&walk);
        if (rc == 0)
            copy_to(&r, in.len);
        if (rc <= 0)
            break;
        rc = put_hit(&r, walk.begin, walk.end);
    }
    t2v_regex_end(&walk);
    return rc != 0 ? rc : out->fail;
}

/* Runs. */

/* True when regex is a run of one character, such as " {2,}" or "\s+": then sets run_of and
 * run_min. */
static bool read_run(struct t2v_str regex, struct t2v_norm_step *step)
{
    if (regex.len == 0)
        return false;
    const char *at = regex.ptr, *end = regex.ptr + regex.len;
    uint32_t cp = t2v_utf8_next(&at, end);
    if (cp == '\\' && at < end && *at == 's') {
        at++;
        cp = T2V_NORM_ANY_SPACE;
    } else if (cp < 0x80 && memchr("\\^$.|?*+()[]{}", (int)cp, 14) != NULL) {
        return false;
    }
    struct t2v_str count = {at, (size_t)(end - at)};
    size_t min = 0;
    if (t2v_str_is(count, "+")) {
        min = 1;
    } else if (count.len == 4 && count.ptr[0] == '{' && count.ptr[1] >= '1' &&
               count.ptr[1] <= '9' && count.ptr[2] == ',' && count.ptr[3] == '}') {
        min = (size_t)(count.ptr[1] - '0');
    }
    step->run_of = cp;
    step->run_min = min;
    return min != 0;
}

static bool in_run(const struct t2v_norm_step *step, uint32_t cp)
{
    return step->run_of == T2V_NORM_ANY_SPACE ? t2v_unicode_space(cp) : cp == step->run_of;
}

/* The bytes of the run that in begins with, where it is long enough to be replaced; else 0. */
static size_t run_len(const struct t2v_norm_step *step, struct t2v_str in)
{
    const char *at = in.ptr, *end = in.ptr + in.len;
    size_t n = 0;
    for (const char *next = at; next < end; n++, at = next) {
        if (!in_run(step, t2v_utf8_next(&next, end)))
            break;
    }
    return n >= step->run_min ? (size_t)(at - in.ptr) : 0;
}

int t2v_norm_run_runs(const struct t2v_norm_step *step, struct t2v_str in,
                      struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    struct replacing r = {step, in, 0, out, from};
    const char *at = in.ptr, *end = in.ptr + in.len;
    int rc = 0;
    while (at < end && rc == 0) {
        const char *begin = at, *next = at;
        size_t n = 0;
        while (next < end && in_run(step, t2v_utf8_next(&next, end))) {
            n++;
            at = next;
        }
        if (n >= step->run_min)
            rc = put_hit(&r, (size_t)(begin - in.ptr), (size_t)(at - in.ptr));
        at = next; /* behind the character that ended the run */
    }
    return rc == 0 ? copy_to(&r, in.len) : rc;
}

int t2v_norm_load_replace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_norm_step *step, struct t2v_err *err)
{
    struct t2v_pattern pattern;
    struct t2v_str content;
    int rc = t2v_field_replace(value, where, &pattern, &content, err);
    if (rc != 0)
        return rc;
    bool runs = pattern.regex && read_run(pattern.text, step);
    step->replaces = true;
    step->pattern = t2v_arena_dup(arena, pattern.text);
    step->content = t2v_arena_dup(arena, content);
    if (step->pattern.ptr == NULL || step->content.ptr == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", pattern.path);
    step->run = runs ? t2v_norm_run_runs : run_replace;
    if (!pattern.regex || runs)
        return 0;
    step->run = run_regex;
    return t2v_regex_new(pattern.text, pattern.path, &step->regex, err);
}

int t2v_norm_replaced_first(const struct t2v_norm_step *step, struct t2v_str in, size_t *len)
{
    *len = 0;
    if (step->regex != NULL) {
        struct t2v_regex_walk walk;
        int rc = t2v_regex_begin(&walk, step->regex, in);
        if (rc == 0)
            rc = t2v_regex_next(&walk);
        if (rc > 0 && walk.begin == 0)
            *len = walk.end;
        t2v_regex_end(&walk);
        return rc < 0 ? rc : 0;
    }
    if (step->run_min != 0) {
        *len = run_len(step, in);
        return 0;
    }
    if (in.len >= step->pattern.len && memcmp(in.ptr, step->pattern.ptr, step->pattern.len) == 0)
        *len = step->pattern.len;
    return 0;
}
