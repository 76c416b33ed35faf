/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/normalize/normalize.h"

#include "regex/regex.h"
#include "token/byte_level.h"
#include "token/field.h"
#include "token/normalize/bert.h"
#include "token/normalize/replace.h"
#include "token/normalize/spm.h"

#include "unicode/code_point.h"

#include "base/banned.h"

#define MAX_TEXT_BYTES ((size_t)1 << 28)

/* The kinds. Each has how it runs and how it is read; the steps come zeroed, run and local set. */

static int run_normal_form(const struct t2v_norm_step *step, struct t2v_str in,
                           struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    return t2v_unicode_normal_form(in, step->compat, step->compose, scratch, out, from);
}

static int run_lowercase(const struct t2v_norm_step *step, struct t2v_str in,
                         struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)step;
    (void)scratch;
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        uint32_t lower[2];
        size_t here = (size_t)(at - in.ptr), n = t2v_unicode_lower(t2v_utf8_next(&at, end), lower);
        rc = t2v_norm_put(out, from, lower[0], here);
        if (n == 2 && rc == 0)
            rc = t2v_norm_put(out, from, lower[1], here);
    }
    return rc;
}

static int run_strip_accents(const struct t2v_norm_step *step, struct t2v_str in,
                             struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)step;
    (void)scratch;
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        size_t here = (size_t)(at - in.ptr);
        uint32_t cp = t2v_utf8_next(&at, end);
        if (cp < 0x300 || !(t2v_unicode_flags(cp) & T2V_UNI_MARK))
            rc = t2v_norm_put(out, from, cp, here);
    }
    return rc;
}

static int load_strip(const t2v_json *value, const char *where, struct t2v_arena *arena,
                      struct t2v_norm_step *step, struct t2v_err *err)
{
    (void)arena;
    int rc = t2v_field_bool(value, where, "strip_left", &step->left, err);
    return rc == 0 ? t2v_field_bool(value, where, "strip_right", &step->right, err) : rc;
}

static int run_byte_level(const struct t2v_norm_step *step, struct t2v_str in,
                          struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    (void)step;
    (void)scratch;
    if (from == NULL)
        return t2v_byte_level_add(in, out);
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        const char *here = at;
        size_t before = out->len;
        t2v_utf8_next(&at, end);
        rc = t2v_byte_level_add((struct t2v_str){here, (size_t)(at - here)}, out);
        t2v_from_add(from, (uint32_t)(here - in.ptr), out->len - before);
    }
    return rc;
}

static int load_bert(const t2v_json *value, const char *where, struct t2v_arena *arena,
                     struct t2v_norm_step *step, struct t2v_err *err)
{
    (void)arena;
    bool clean, chinese, accents = false, lower;
    int rc = t2v_field_bool(value, where, "clean_text", &clean, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "handle_chinese_chars", &chinese, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "strip_accents", &accents, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "lowercase", &lower, err);
    if (rc == 0)
        t2v_norm_bert(step, clean, chinese,
                      t2v_field_there(value, "strip_accents") ? &accents : NULL, lower);
    return rc;
}

/* clang-format off */
static const struct {
    const char *type;
    t2v_norm_run *run;   /* NULL: set by load */
    t2v_norm_load *load; /* NULL: it has no fields */
    bool local, compat, compose;
} kinds[] = {
    {"BertNormalizer", NULL,              load_bert,    true,  false, false},
    {"ByteLevel",      run_byte_level,    NULL,         true,  false, false},
    {"Lowercase",      run_lowercase,     NULL,         true,  false, false},
    {"NFC",            run_normal_form,   NULL,         true,  false, true},
    {"NFD",            run_normal_form,   NULL,         true,  false, false},
    {"NFKC",           run_normal_form,   NULL,         true,  true,  true},
    {"NFKD",           run_normal_form,   NULL,         true,  true,  false},
    {"Nmt",            t2v_norm_run_nmt,  NULL,         true,  false, false},
    {"Precompiled",    t2v_norm_run_precompiled, t2v_norm_load_precompiled, false, false, false},
    {"Prepend",        t2v_norm_run_prepend, t2v_norm_load_prepend, false, false, false},
    {"Replace",        NULL,              t2v_norm_load_replace, false, false, false},
    {"Strip",          t2v_norm_run_strip,         load_strip,   false, false, false},
    {"StripAccents",   run_strip_accents, NULL,         true,  false, false},
};
/* clang-format on */

/* Where load_step puts a step. */
struct target {
    struct t2v_normalizer *normalizer;
    struct t2v_arena *arena;
};

static int load_step(void *ctx, const t2v_json *value, const char *where, struct t2v_str type,
                     struct t2v_err *err)
{
    const struct target *to = ctx;
    struct t2v_normalizer *normalizer = to->normalizer;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!t2v_str_is(type, kinds[i].type))
            continue;
        if (normalizer->n == T2V_NORM_MAX_STEPS)
            return t2v_fail(err, T2V_ETOOLARGE, "%s: more than %d normalizers", where,
                            T2V_NORM_MAX_STEPS);
        struct t2v_norm_step step = {
            .name = kinds[i].type,
            .run = kinds[i].run,
            .local = kinds[i].local,
            .compat = kinds[i].compat,
            .compose = kinds[i].compose,
        };
        int rc = kinds[i].load != NULL ? kinds[i].load(value, where, to->arena, &step, err) : 0;
        if (rc == 0)
            normalizer->steps[normalizer->n++] = step;
        return rc;
    }
    return t2v_field_unknown(value, where, "normalizer", err);
}

int t2v_normalizer_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                        struct t2v_normalizer *normalizer, struct t2v_err *err)
{
    if (value == NULL || t2v_json_type(value) == T2V_JSON_NULL)
        return 0;
    normalizer->sequence = t2v_str_is(t2v_json_str(t2v_json_get(value, "type")), "Sequence");
    struct target to = {normalizer, arena};
    return t2v_field_sequence(value, where, "normalizers", load_step, &to, err);
}

void t2v_normalizer_deinit(struct t2v_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->n; i++)
        t2v_regex_free(normalizer->steps[i].regex);
    normalizer->n = 0;
}

void t2v_norm_space_init(struct t2v_norm_space *space)
{
    *space = (struct t2v_norm_space){0};
    t2v_buf_init(&space->text[0], MAX_TEXT_BYTES);
    t2v_buf_init(&space->text[1], MAX_TEXT_BYTES);
    t2v_buf_init(&space->probe, MAX_TEXT_BYTES);
    t2v_buf_init(&space->from, MAX_TEXT_BYTES * sizeof(uint32_t));
    t2v_buf_init(&space->spans, MAX_TEXT_BYTES * sizeof(struct t2v_span));
}

void t2v_norm_space_deinit(struct t2v_norm_space *space)
{
    t2v_buf_deinit(&space->text[0]);
    t2v_buf_deinit(&space->text[1]);
    t2v_buf_deinit(&space->probe);
    t2v_buf_deinit(&space->from);
    t2v_buf_deinit(&space->spans);
    t2v_cps_deinit(&space->cps[0]);
    t2v_cps_deinit(&space->cps[1]);
}

static struct t2v_str first_char(struct t2v_str in)
{
    const char *next = in.ptr;
    if (in.len != 0)
        t2v_utf8_next(&next, in.ptr + in.len);
    return (struct t2v_str){in.ptr, (size_t)(next - in.ptr)};
}

/* Sets *moved when the first character of a step's output does not come from the first of `in`. The
 * library aligns a replacement with the last of the characters that it replaces. UPSTREAM:
 * Precompiled does not count what it drops at the beginning. */
static int look_at_start(const struct t2v_norm_step *step, struct t2v_norm_space *space,
                         struct t2v_str in, bool *moved)
{
    struct t2v_str first = first_char(in);
    if (first.len == 0 || step->charsmap != NULL || (step->right && !step->left))
        return 0;
    if (step->replaces) {
        size_t len;
        int rc = t2v_norm_replaced_first(step, in, &len);
        *moved |= len > first.len || (len != 0 && step->content.len == 0);
        return rc;
    }
    t2v_buf_clear(&space->probe);
    int rc = step->run(step, first, space->cps, &space->probe, NULL);
    *moved |= space->probe.len == 0;
    return rc;
}

/* Each byte of in with its character. */
static int align_self(struct t2v_str in, struct t2v_buf *align)
{
    t2v_buf_clear(align);
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end;) {
        uint32_t begin = (uint32_t)(at - in.ptr);
        t2v_utf8_next(&at, end);
        struct t2v_span span = {begin, (uint32_t)(at - in.ptr)};
        t2v_span_fill(align, span, span.end - span.begin);
    }
    return align->fail;
}

/* Leads align, that of a step's input, on to its output. */
static int align_on(struct t2v_norm_space *space, struct t2v_buf *align)
{
    const char *from = space->from.ptr;
    size_t n = space->from.len / sizeof(uint32_t);
    t2v_buf_clear(&space->spans);
    for (size_t i = 0; i < n; i++) {
        uint32_t at;
        memcpy(&at, from + i * sizeof at, sizeof at);
        struct t2v_span none = {0, 0};
        t2v_span_fill(&space->spans, at != T2V_FROM_NOWHERE ? t2v_span_at(align, at) : none, 1);
    }
    if (space->from.fail != 0 || space->spans.fail != 0)
        return space->from.fail != 0 ? space->from.fail : space->spans.fail;
    struct t2v_buf new = space->spans;
    space->spans = *align;
    *align = new;
    return 0;
}

/* Runs a step or a pass of it: *in becomes what comes out. align may be NULL. */
static int run_pass(const struct t2v_norm_step *step, struct t2v_norm_space *space,
                    struct t2v_str *in, struct t2v_buf *align)
{
    struct t2v_buf *to = &space->text[space->turn++ & 1];
    t2v_buf_clear(to);
    t2v_buf_clear(&space->from);
    int rc = step->run(step, *in, space->cps, to, align != NULL ? &space->from : NULL);
    if (rc == 0)
        rc = to->fail;
    *in = t2v_buf_str(to);
    return rc == 0 && align != NULL ? align_on(space, align) : rc;
}

static int run_step(const struct t2v_norm_step *step, struct t2v_norm_space *space,
                    struct t2v_str *in, struct t2v_buf *align)
{
    struct t2v_norm_step passes[3];
    size_t n = align != NULL ? t2v_norm_bert_passes(step, passes) : 0;
    int rc = n == 0 ? run_pass(step, space, in, align) : 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = run_pass(&passes[i], space, in, align);
    return rc;
}

int t2v_normalizer_run(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                       struct t2v_str in, struct t2v_str *out)
{
    bool moved = true;
    return t2v_normalizer_run_from(normalizer, space, in, out, &moved, NULL);
}

int t2v_normalizer_run_from(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                            struct t2v_str in, struct t2v_str *out, bool *moved,
                            struct t2v_buf *align)
{
    int rc = align != NULL ? align_self(in, align) : 0;
    for (size_t i = 0; i < normalizer->n && rc == 0; i++) {
        const struct t2v_norm_step *step = &normalizer->steps[i];
        rc = *moved ? 0 : look_at_start(step, space, in, moved);
        if (rc == 0)
            rc = run_step(step, space, &in, align);
    }
    *out = in;
    return rc;
}

bool t2v_normalizer_local(const struct t2v_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->n; i++) {
        if (!normalizer->steps[i].local)
            return false;
    }
    return true;
}
