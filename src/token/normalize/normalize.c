/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/normalize/normalize.h"

#include "regex/regex.h"
#include "token/byte_level.h"
#include "token/field.h"
#include "token/normalize/bert.h"
#include "token/normalize/spm.h"

#include "unicode/code_point.h"

#include "base/banned.h"

enum { MAX_TEXT_BYTES = 1 << 28 };

/* The kinds. Each has how it runs and how it is read; the steps come zeroed, run and local set. */

static int run_normal_form(const struct t2v_norm_step *step, struct t2v_str in,
                           struct t2v_cps *scratch, struct t2v_buf *out)
{
    return t2v_unicode_normal_form(in, step->compat, step->compose, scratch, out);
}

static int run_lowercase(const struct t2v_norm_step *step, struct t2v_str in,
                         struct t2v_cps *scratch, struct t2v_buf *out)
{
    (void)step;
    (void)scratch;
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        uint32_t lower[2];
        size_t n = t2v_unicode_lower(t2v_utf8_next(&at, end), lower);
        rc = t2v_unicode_put(out, lower[0]);
        if (n == 2 && rc == 0)
            rc = t2v_unicode_put(out, lower[1]);
    }
    return rc;
}

static int run_strip_accents(const struct t2v_norm_step *step, struct t2v_str in,
                             struct t2v_cps *scratch, struct t2v_buf *out)
{
    (void)step;
    (void)scratch;
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        uint32_t cp = t2v_utf8_next(&at, end);
        if (cp < 0x300 || !(t2v_unicode_flags(cp) & T2V_UNI_MARK))
            rc = t2v_unicode_put(out, cp);
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

static int run_replace(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps *scratch,
                       struct t2v_buf *out)
{
    (void)scratch;
    struct t2v_str left = in;
    for (;;) {
        const char *hit =
            left.len != 0 ? memmem(left.ptr, left.len, step->pattern.ptr, step->pattern.len) : NULL;
        if (hit == NULL)
            return t2v_buf_add(out, left.ptr, left.len);
        size_t before = (size_t)(hit - left.ptr);
        t2v_buf_add(out, left.ptr, before);
        if (t2v_buf_add(out, step->content.ptr, step->content.len) != 0)
            return out->fail;
        left = t2v_str_skip(left, before + step->pattern.len);
    }
}

static int run_replace_regex(const struct t2v_norm_step *step, struct t2v_str in,
                             struct t2v_cps *scratch, struct t2v_buf *out)
{
    (void)scratch;
    struct t2v_regex_walk walk;
    size_t done = 0;
    /* The library does not look into an empty text. */
    int rc = in.len != 0 ? t2v_regex_begin(&walk, step->regex, in) : 0;
    if (in.len == 0)
        return 0;
    while (rc == 0) {
        rc = t2v_regex_next(&walk);
        size_t stop = rc > 0 ? walk.begin : in.len;
        if (rc >= 0)
            t2v_buf_add(out, in.ptr + done, stop - done);
        if (rc <= 0)
            break;
        rc = t2v_buf_add(out, step->content.ptr, step->content.len);
        done = walk.end;
    }
    t2v_regex_end(&walk);
    return rc != 0 ? rc : out->fail;
}

static int load_replace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                        struct t2v_norm_step *step, struct t2v_err *err)
{
    struct t2v_str content, text;
    char path[T2V_WHERE_MAX];
    bool regex;
    int rc = t2v_field_pattern(value, where, &text, &regex, path, err);
    if (rc == 0)
        rc = t2v_field_str(value, where, "content", &content, err);
    if (rc != 0)
        return rc;
    if (regex && t2v_norm_read_run(text, step)) {
        regex = false; /* read as a run */
        step->run = t2v_norm_run_runs;
    }
    step->replaces = true;
    step->pattern = t2v_arena_dup(arena, text);
    step->content = t2v_arena_dup(arena, content);
    if (step->pattern.ptr == NULL || step->content.ptr == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", path);
    if (!regex)
        return 0;
    step->run = run_replace_regex;
    return t2v_regex_new(text, path, &step->regex, err);
}

static int run_byte_level(const struct t2v_norm_step *step, struct t2v_str in,
                          struct t2v_cps *scratch, struct t2v_buf *out)
{
    (void)step;
    (void)scratch;
    return t2v_byte_level_add(in, out);
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
    int (*run)(const struct t2v_norm_step *, struct t2v_str, struct t2v_cps *, struct t2v_buf *);
    int (*load)(const t2v_json *, const char *, struct t2v_arena *, struct t2v_norm_step *,
                struct t2v_err *); /* NULL: it has no fields */
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
    {"Replace",        run_replace,       load_replace, false, false, false},
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
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s: the normalizer \"%.*s\" is not supported", where,
                    T2V_STR_ARG(type));
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
}

void t2v_norm_space_deinit(struct t2v_norm_space *space)
{
    t2v_buf_deinit(&space->text[0]);
    t2v_buf_deinit(&space->text[1]);
    t2v_buf_deinit(&space->probe);
    t2v_cps_deinit(&space->cps);
}

static struct t2v_str first_char(struct t2v_str in)
{
    const char *next = in.ptr;
    if (in.len != 0)
        t2v_utf8_next(&next, in.ptr + in.len);
    return (struct t2v_str){in.ptr, (size_t)(next - in.ptr)};
}

/* How many bytes a Replace replaces at the beginning of in. */
static int replaced_first(const struct t2v_norm_step *step, struct t2v_str in, size_t *len)
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
        *len = t2v_norm_run_len(step, in);
        return 0;
    }
    if (in.len >= step->pattern.len && memcmp(in.ptr, step->pattern.ptr, step->pattern.len) == 0)
        *len = step->pattern.len;
    return 0;
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
        int rc = replaced_first(step, in, &len);
        *moved |= len > first.len || (len != 0 && step->content.len == 0);
        return rc;
    }
    t2v_buf_clear(&space->probe);
    int rc = step->run(step, first, &space->cps, &space->probe);
    *moved |= space->probe.len == 0;
    return rc;
}

int t2v_normalizer_run(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                       struct t2v_str in, struct t2v_str *out)
{
    bool moved = true;
    return t2v_normalizer_run_from(normalizer, space, in, out, &moved);
}

int t2v_normalizer_run_from(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                            struct t2v_str in, struct t2v_str *out, bool *moved)
{
    for (size_t i = 0; i < normalizer->n; i++) {
        struct t2v_buf *to = &space->text[i & 1];
        t2v_buf_clear(to);
        int looked = *moved ? 0 : look_at_start(&normalizer->steps[i], space, in, moved);
        if (looked != 0)
            return looked;
        int rc = normalizer->steps[i].run(&normalizer->steps[i], in, &space->cps, to);
        if (rc == 0)
            rc = to->fail;
        if (rc != 0)
            return rc;
        in = t2v_buf_str(to);
    }
    *out = in;
    return 0;
}

bool t2v_normalizer_local(const struct t2v_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->n; i++) {
        if (!normalizer->steps[i].local)
            return false;
    }
    return true;
}
