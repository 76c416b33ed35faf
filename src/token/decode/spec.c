/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/spec.h"

#include "token/decode/bytes.h"
#include "token/decode/text.h"
#include "token/decode/words.h"
#include "token/field.h"
#include "token/pretok/metaspace.h"

#include "base/banned.h"

/* Where the steps go. */
struct target {
    struct t2v_decode_spec *spec;
    struct t2v_arena *arena;
};

static const struct t2v_str space = {" ", 1}, nothing = {"", 0};

static int add_rule(struct t2v_str pattern, struct t2v_str content, struct t2v_arena *arena,
                    struct t2v_decode_step *step)
{
    return t2v_replacer_make(pattern, content, arena, &step->rules[step->n_rule++]);
}

static int no_memory(int rc, const char *where, struct t2v_err *err)
{
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for %s", where);
}

/* The kinds. Each reads its fields; the step comes zeroed, but for its name and functions. */

static int load_wordpiece(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_str prefix;
    bool cleanup;
    int rc = t2v_field_str(value, where, "prefix", &prefix, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "cleanup", &cleanup, err);
    if (rc != 0)
        return rc;
    step->n_rule = cleanup ? T2V_REPLACER_N_CLEANUP : 0;
    step->prefix = t2v_arena_dup(arena, prefix);
    return no_memory(step->prefix.ptr != NULL ? 0 : T2V_ENOMEM, where, err);
}

/* UPSTREAM: "first" is as "always" here. */
static int make_metaspace(struct t2v_str mark, bool keep, struct t2v_arena *arena,
                          struct t2v_decode_step *step)
{
    int rc = add_rule(mark, keep ? space : nothing, arena, step);
    return rc == 0 ? add_rule(mark, space, arena, step) : rc;
}

static int load_metaspace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_pretok_step same = {.name = NULL};
    int rc = t2v_pretok_load_metaspace(value, where, arena, &same, err);
    if (rc != 0)
        return rc;
    bool keep = same.prepend == T2V_PREPEND_NEVER;
    return no_memory(make_metaspace(same.replacement, keep, arena, step), where, err);
}

static int load_bpe(const t2v_json *value, const char *where, struct t2v_arena *arena,
                    struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_str suffix;
    int rc = t2v_field_str(value, where, "suffix", &suffix, err);
    if (rc != 0)
        return rc;
    rc = add_rule(suffix, space, arena, step);
    if (rc == 0)
        rc = add_rule(suffix, nothing, arena, step);
    return no_memory(rc, where, err);
}

static int load_ctc(const t2v_json *value, const char *where, struct t2v_arena *arena,
                    struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_str pad, delimiter;
    bool cleanup;
    int rc = t2v_field_str(value, where, "pad_token", &pad, err);
    if (rc == 0)
        rc = t2v_field_str(value, where, "word_delimiter_token", &delimiter, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "cleanup", &cleanup, err);
    if (rc != 0)
        return rc;
    rc = add_rule(pad, nothing, arena, step);
    for (size_t i = 0; i < T2V_REPLACER_N_CLEANUP && cleanup; i++)
        step->rules[step->n_rule++] = t2v_replacer_cleanup[i];
    if (cleanup && rc == 0)
        rc = add_rule(delimiter, space, arena, step);
    return no_memory(rc, where, err);
}

static int load_replace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                        struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_pattern pattern;
    struct t2v_str content;
    int rc = t2v_field_replace(value, where, &pattern, &content, err);
    if (rc != 0)
        return rc;
    if (!pattern.regex)
        return no_memory(add_rule(pattern.text, content, arena, step), where, err);
    step->feed = t2v_decode_replace_regex;
    step->content = t2v_arena_dup(arena, content);
    rc = no_memory(step->content.ptr != NULL ? 0 : T2V_ENOMEM, where, err);
    return rc == 0 ? t2v_regex_new(pattern.text, pattern.path, &step->regex, err) : rc;
}

static int load_strip(const t2v_json *value, const char *where, struct t2v_arena *arena,
                      struct t2v_decode_step *step, struct t2v_err *err)
{
    struct t2v_str sign;
    int64_t start, stop;
    int rc = t2v_field_char(value, where, "content", &sign, err);
    if (rc == 0)
        rc = t2v_field_int(value, where, "start", 0, INT64_MAX, &start, err);
    if (rc == 0)
        rc = t2v_field_int(value, where, "stop", 0, INT64_MAX, &stop, err);
    if (rc != 0)
        return rc;
    step->start = (size_t)start;
    step->stop = (size_t)stop;
    step->sign = t2v_arena_dup(arena, sign);
    return no_memory(step->sign.ptr != NULL ? 0 : T2V_ENOMEM, where, err);
}

static int load_byte_level(const t2v_json *value, const char *where, struct t2v_arena *arena,
                           struct t2v_decode_step *step, struct t2v_err *err)
{
    bool ignored;
    (void)arena;
    (void)step;
    int rc = t2v_field_bool(value, where, "add_prefix_space", &ignored, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "trim_offsets", &ignored, err);
    return rc == 0 ? t2v_field_bool_opt(value, where, "use_regex", &ignored, err) : rc;
}

typedef int load_kind(const t2v_json *, const char *, struct t2v_arena *, struct t2v_decode_step *,
                      struct t2v_err *);

/* clang-format off */
/* In the order in which the library tries those that have a key on a component without a type. */
static const struct kind {
    const char *type;
    const char *key; /* NULL: it must have its type */
    t2v_decode_feed *feed;
    t2v_decode_finish *finish;
    load_kind *load; /* NULL: it has no fields */
    bool fuses;      /* what it makes is one token */
} kinds[] = {
    {"BPEDecoder",   "suffix",    t2v_decode_bpe,           t2v_decode_bpe_end,           load_bpe,        false},
    {"WordPiece",    "prefix",    t2v_decode_wordpiece,     NULL,                         load_wordpiece,  false},
    {"CTC",          "pad_token", t2v_decode_ctc,           NULL,                         load_ctc,        false},
    {"Replace",      "pattern",   t2v_decode_replace,       NULL,                         load_replace,    false},
    {"Strip",        "start",     t2v_decode_strip,         NULL,                         load_strip,      false},
    {"ByteLevel",    NULL,        t2v_decode_byte_level,    t2v_decode_byte_level_end,    load_byte_level, true},
    {"Metaspace",    NULL,        t2v_decode_metaspace,     NULL,                         load_metaspace,  false},
    {"Fuse",         NULL,        t2v_decode_fuse,          t2v_decode_fuse_end,          NULL,            true},
    {"ByteFallback", NULL,        t2v_decode_byte_fallback, t2v_decode_byte_fallback_end, NULL,            false},
};
/* clang-format on */

static const struct kind *find_kind(struct t2v_str type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (t2v_str_is(type, kinds[i].type))
            return &kinds[i];
    }
    return NULL;
}

/* UPSTREAM: a component without a type, or with an unknown one, is known by its fields. */
static const struct kind *guess_kind(const t2v_json *value)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].key != NULL && t2v_field_there(value, kinds[i].key))
            return &kinds[i];
    }
    return NULL;
}

/* A step more, of a kind; NULL: no memory or no room. */
static struct t2v_decode_step *new_step(const struct kind *kind, const struct target *to)
{
    struct t2v_decode_spec *spec = to->spec;
    if (spec->steps == NULL)
        spec->steps = t2v_arena_alloc(to->arena, T2V_DECODE_MAX_STEPS, sizeof *spec->steps);
    if (spec->steps == NULL)
        return NULL;
    struct t2v_decode_step *step = &spec->steps[spec->n];
    *step =
        (struct t2v_decode_step){.name = kind->type, .feed = kind->feed, .finish = kind->finish};
    for (size_t i = 0; i < spec->n; i++)
        step->single |= find_kind(t2v_str_of(spec->steps[i].name))->fuses;
    spec->n++;
    return step;
}

static int load_step(void *ctx, const t2v_json *value, const char *where, struct t2v_str type,
                     struct t2v_err *err)
{
    const struct target *to = ctx;
    const struct kind *kind = type.ptr != NULL ? find_kind(type) : NULL;
    if (kind == NULL)
        kind = guess_kind(value);
    if (kind == NULL)
        return t2v_field_unknown(value, where, "decoder", err);
    if (to->spec->n == T2V_DECODE_MAX_STEPS)
        return t2v_fail(err, T2V_ETOOLARGE, "%s: more than %d decoders", where,
                        T2V_DECODE_MAX_STEPS);
    struct t2v_decode_step *step = new_step(kind, to);
    if (step == NULL)
        return no_memory(T2V_ENOMEM, where, err);
    return kind->load != NULL ? kind->load(value, where, to->arena, step, err) : 0;
}

int t2v_decode_spec_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                         struct t2v_decode_spec *spec, struct t2v_err *err)
{
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    struct target to = {spec, arena};
    spec->there = true;
    int rc = t2v_json_type(value) == T2V_JSON_OBJECT
                 ? t2v_field_sequence(value, where, "decoders", load_step, &to, &spec->err)
                 : t2v_field_wrong(value, where, "an object", &spec->err);
    return rc == T2V_ENOMEM ? t2v_fail(err, rc, "no memory for %s", where) : 0;
}

void t2v_decode_spec_deinit(struct t2v_decode_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++)
        t2v_regex_free(spec->steps[i].regex);
    *spec = (struct t2v_decode_spec){0};
}

/* The one step of older files. */
static struct t2v_decode_step *only_step(const char *type, struct t2v_arena *arena,
                                         struct t2v_decode_spec *spec)
{
    struct target to = {spec, arena};
    spec->there = true;
    return new_step(find_kind(t2v_str_of(type)), &to);
}

int t2v_decode_spec_wordpiece(struct t2v_arena *arena, struct t2v_decode_spec *spec)
{
    struct t2v_decode_step *step = only_step("WordPiece", arena, spec);
    if (step == NULL)
        return T2V_ENOMEM;
    step->prefix = T2V_STR("##");
    step->n_rule = T2V_REPLACER_N_CLEANUP;
    return 0;
}

int t2v_decode_spec_byte_level(struct t2v_arena *arena, struct t2v_decode_spec *spec)
{
    return only_step("ByteLevel", arena, spec) != NULL ? 0 : T2V_ENOMEM;
}

int t2v_decode_spec_metaspace(struct t2v_str mark, bool keep, struct t2v_arena *arena,
                              struct t2v_decode_spec *spec)
{
    struct t2v_decode_step *step = only_step("Metaspace", arena, spec);
    return step != NULL ? make_metaspace(mark, keep, arena, step) : T2V_ENOMEM;
}
