/* SPDX-License-Identifier: BSD-3-Clause */
/* The normalizers of tokenizers that come from SentencePiece: Nmt, Precompiled, Prepend, Strip, and
 * a Replace whose pattern is a run of one character. */
#include "token/normalize/spm.h"

#include "token/field.h"
#include "token/normalize/charsmap.h"

#include "unicode/code_point.h"

#include "base/banned.h"

int t2v_norm_run_strip(const struct t2v_norm_step *step, struct t2v_str in,
                       struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    const char *begin = in.ptr, *end = in.ptr + in.len;
    while (step->left && begin < end) {
        const char *next = begin;
        if (!t2v_unicode_space(t2v_utf8_next(&next, end)))
            break;
        begin = next;
    }
    while (step->right && begin < end) {
        const char *last = t2v_utf8_back(begin, end), *at = last;
        if (!t2v_unicode_space(t2v_utf8_next(&at, end)))
            break;
        end = last;
    }
    t2v_from_copy(from, in, (size_t)(begin - in.ptr), (size_t)(end - in.ptr));
    return t2v_buf_add(out, begin, (size_t)(end - begin));
}

int t2v_norm_run_prepend(const struct t2v_norm_step *step, struct t2v_str in,
                         struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    if (in.len == 0)
        return 0;
    t2v_from_add(from, 0, step->content.len);
    t2v_from_copy(from, in, 0, in.len);
    t2v_buf_add(out, step->content.ptr, step->content.len);
    return t2v_buf_add(out, in.ptr, in.len);
}

int t2v_norm_load_prepend(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_norm_step *step, struct t2v_err *err)
{
    struct t2v_str content;
    int rc = t2v_field_str(value, where, "prepend", &content, err);
    if (rc != 0)
        return rc;
    step->content = t2v_arena_dup(arena, content);
    return step->content.ptr != NULL ? 0 : t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
}

int t2v_norm_run_precompiled(const struct t2v_norm_step *step, struct t2v_str in,
                             struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)scratch;
    return t2v_charsmap_run(step->charsmap, in, out, from);
}

int t2v_norm_load_precompiled(const t2v_json *value, const char *where, struct t2v_arena *arena,
                              struct t2v_norm_step *step, struct t2v_err *err)
{
    struct t2v_str base64;
    struct t2v_charsmap *map;
    int rc = t2v_field_str(value, where, "precompiled_charsmap", &base64, err);
    if (rc != 0)
        return rc;
    rc = t2v_charsmap_read_base64(base64, arena, &map, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, where);
    step->charsmap = map;
    return 0;
}

static bool nmt_drops(uint32_t cp)
{
    return (cp >= 1 && cp <= 8) || cp == 0xb || (cp >= 0xe && cp <= 0x1f) || cp == 0x7f ||
           cp == 0x8f || cp == 0x9f;
}

static bool nmt_blanks(uint32_t cp)
{
    return cp == '\t' || cp == '\n' || cp == '\f' || cp == '\r' || cp == 0x1680 ||
           (cp >= 0x200b && cp <= 0x200f) || cp == 0x2028 || cp == 0x2029 || cp == 0x2581 ||
           cp == 0xfeff || cp == 0xfffd;
}

int t2v_norm_run_nmt(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps scratch[2],
                     struct t2v_buf *out, struct t2v_buf *from)
{
    (void)step;
    (void)scratch;
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        size_t here = (size_t)(at - in.ptr);
        uint32_t cp = t2v_utf8_next(&at, end);
        if (!nmt_drops(cp))
            rc = t2v_norm_put(out, from, nmt_blanks(cp) ? ' ' : cp, here);
    }
    return rc;
}
