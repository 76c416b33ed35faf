/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metaspace: blanks become a mark, which is also put in front of the text unless it is there; then
 * the text is cut before each mark. With the scheme "first" only the beginning of the whole input
 * gets one, and not where the normalizer has taken something off that beginning.
 */
#include "token/pretok/metaspace.h"

#include "base/utf8.h"
#include "token/field.h"

#include "base/banned.h"

/* Adds n marks' bytes' spans, or those of n bytes of text. spans may be NULL. */
static void align_mark(struct t2v_buf *spans, const struct t2v_pretok_run *run, const char *at,
                       size_t n)
{
    if (spans != NULL)
        t2v_span_fill(spans, t2v_pretok_span(run, at), n);
}

static void align_copy(struct t2v_buf *spans, const struct t2v_pretok_run *run, struct t2v_str text)
{
    for (size_t i = 0; spans != NULL && i < text.len; i++)
        t2v_span_fill(spans, t2v_pretok_span(run, text.ptr + i), 1);
}

/* The text with its marks, in the step's scratch buffer. A mark is aligned with the blank that it
 * stands for; the one that is put in front, with the first character. */
static int mark(const struct t2v_pretok_step *step, const struct t2v_pretok_run *run,
                struct t2v_str text, struct t2v_buf *buf, struct t2v_buf *spans)
{
    struct t2v_str sign = step->replacement;
    bool first = run->at_start && text.ptr == run->begin;
    bool wanted =
        step->prepend == T2V_PREPEND_ALWAYS || (step->prepend == T2V_PREPEND_FIRST && first);
    if (wanted && text.ptr[0] != ' ' && !t2v_str_starts(text, sign)) {
        t2v_buf_add(buf, sign.ptr, sign.len);
        align_mark(spans, run, text.ptr, sign.len);
    }
    while (text.len != 0 && buf->fail == 0) {
        const char *blank = memchr(text.ptr, ' ', text.len);
        size_t n = blank != NULL ? (size_t)(blank - text.ptr) : text.len;
        t2v_buf_add(buf, text.ptr, n);
        align_copy(spans, run, (struct t2v_str){text.ptr, n});
        text = t2v_str_skip(text, n);
        if (blank != NULL) {
            t2v_buf_add(buf, sign.ptr, sign.len);
            align_mark(spans, run, blank, sign.len);
            text = t2v_str_skip(text, 1);
        }
    }
    return buf->fail != 0 || spans == NULL ? buf->fail : spans->fail;
}

static int emit_marked(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                       struct t2v_str left)
{
    struct t2v_str sign = step->replacement;
    int rc = 0;
    while (left.len != 0 && rc == 0) {
        const char *next = NULL;
        if (step->cut_before_mark && left.len > sign.len)
            next = memmem(left.ptr + 1, left.len - 1, sign.ptr, sign.len);
        size_t n = next != NULL ? (size_t)(next - left.ptr) : left.len;
        rc = t2v_pretok_emit(run, (struct t2v_str){left.ptr, n});
        left = t2v_str_skip(left, n);
    }
    return rc;
}

int t2v_pretok_split_metaspace(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                               struct t2v_str text)
{
    struct t2v_buf *buf = &run->scratch[run->depth];
    struct t2v_buf *spans = run->align != NULL ? &run->aligned[run->depth] : NULL;
    t2v_buf_clear(buf);
    if (spans != NULL)
        t2v_buf_clear(spans);
    int rc = mark(step, run, text, buf, spans);
    if (rc != 0)
        return rc;
    const struct t2v_buf *align = run->align;
    const char *base = run->base;
    run->align = spans;
    run->base = buf->ptr;
    rc = emit_marked(step, run, t2v_buf_str(buf));
    run->align = align;
    run->base = base;
    return rc;
}

/* prepend_scheme; "always" if it is missing. */
static int read_scheme(const t2v_json *value, const char *where, struct t2v_pretok_step *step,
                       struct t2v_err *err)
{
    static const char *const words[] = {"always", "first", "never", NULL};
    size_t index = T2V_PREPEND_ALWAYS;
    int rc = 0;
    if (t2v_json_get(value, "prepend_scheme") != NULL)
        rc = t2v_field_choice(value, where, "prepend_scheme", words, &index, err);
    step->prepend = (enum t2v_prepend)index;
    return rc;
}

/* Older files have str_rep, which says what replacement says, and add_prefix_space; false there
 * goes with "never" alone. */
int t2v_pretok_load_metaspace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                              struct t2v_pretok_step *step, struct t2v_err *err)
{
    struct t2v_str sign;
    bool prefix = true;
    step->cut_before_mark = true;
    int rc = t2v_field_char(value, where, "replacement", &sign, err);
    if (rc == 0)
        rc = read_scheme(value, where, step, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "split", &step->cut_before_mark, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "add_prefix_space", &prefix, err);
    if (rc != 0)
        return rc;
    if (!prefix && step->prepend != T2V_PREPEND_NEVER)
        return t2v_fail(err, T2V_EFORMAT, "%s.add_prefix_space does not go with prepend_scheme",
                        where);
    step->replacement = t2v_arena_dup(arena, sign);
    if (step->replacement.ptr == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    return 0;
}
