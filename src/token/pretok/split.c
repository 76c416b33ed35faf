/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pre-tokenizers that look for something in the text and cut around it: Split, ByteLevel,
 * Digits, Punctuation, CharDelimiterSplit. The text becomes a row of ranges, hits and what stands
 * between, and a behavior makes pieces of them as they come; none has to be kept but the last.
 */
#include "token/pretok/split.h"

#include "regex/regex.h"
#include "token/byte_level.h"
#include "token/field.h"
#include "unicode/code_point.h"

#include "base/banned.h"

/* In the order of enum t2v_split_behavior. */
static const char *const behaviors[] = {
    "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous", NULL,
};

/* Ranges on their way to pieces. */
struct splitter {
    struct t2v_pretok_run *run;
    struct t2v_str text;
    enum t2v_split_behavior behavior;
    bool invert;
    size_t begin, end; /* the range that the next one may join */
    bool held, hit;    /* there is one, and it is a hit */
    size_t done;       /* where the last range ends */
};

static int emit(const struct splitter *s, size_t begin, size_t end)
{
    return t2v_pretok_emit(s->run, (struct t2v_str){s->text.ptr + begin, end - begin});
}

static int let_go(struct splitter *s)
{
    bool held = s->held;
    s->held = false;
    return held ? emit(s, s->begin, s->end) : 0;
}

/* True when the range that is held and the next one are one piece. */
static bool join(const struct splitter *s, bool hit)
{
    if (!s->held)
        return false;
    switch (s->behavior) {
    case T2V_SPLIT_MERGED_WITH_PREVIOUS:
        return hit && !s->hit;
    case T2V_SPLIT_MERGED_WITH_NEXT:
        return s->hit && !hit;
    case T2V_SPLIT_CONTIGUOUS:
        return s->hit == hit;
    default:
        return false;
    }
}

static int add_range(struct splitter *s, size_t begin, size_t end, bool hit)
{
    hit = hit != s->invert;
    s->done = end;
    if (s->behavior == T2V_SPLIT_REMOVED)
        return hit ? 0 : emit(s, begin, end);
    if (s->behavior == T2V_SPLIT_ISOLATED)
        return emit(s, begin, end);
    bool joined = join(s, hit);
    int rc = joined ? 0 : let_go(s);
    if (!joined)
        s->begin = begin;
    s->end = end;
    s->held = true;
    s->hit = hit;
    return rc;
}

/* A hit, and what stands between it and the one before. */
static int add_hit(struct splitter *s, size_t begin, size_t end)
{
    int rc = begin != s->done ? add_range(s, s->done, begin, false) : 0;
    return rc == 0 ? add_range(s, begin, end, true) : rc;
}

static int finish(struct splitter *s)
{
    int rc = s->done != s->text.len ? add_range(s, s->done, s->text.len, false) : 0;
    return rc == 0 ? let_go(s) : rc;
}

static struct splitter begin(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                             struct t2v_str text)
{
    return (struct splitter){
        .run = run, .text = text, .behavior = step->behavior, .invert = step->invert};
}

/* Split. */

static int split_regex(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                       struct t2v_str text)
{
    struct splitter s = begin(step, run, text);
    struct t2v_regex_walk walk;
    int rc = t2v_regex_begin(&walk, step->regex, text);
    while (rc == 0) {
        int found = t2v_regex_next(&walk);
        if (found <= 0) {
            rc = found < 0 ? found : finish(&s);
            break;
        }
        rc = add_hit(&s, walk.begin, walk.end);
    }
    t2v_regex_end(&walk);
    return rc;
}

static int split_string(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                        struct t2v_str text)
{
    struct splitter s = begin(step, run, text);
    for (;;) {
        const char *hit =
            memmem(text.ptr + s.done, text.len - s.done, step->pattern.ptr, step->pattern.len);
        if (hit == NULL)
            return finish(&s);
        size_t at = (size_t)(hit - text.ptr);
        int rc = add_hit(&s, at, at + step->pattern.len);
        if (rc != 0)
            return rc;
    }
}

static int load_behavior(const t2v_json *value, const char *where, struct t2v_pretok_step *step,
                         struct t2v_err *err)
{
    size_t index = 0;
    int rc = t2v_field_choice(value, where, "behavior", behaviors, &index, err);
    step->behavior = (enum t2v_split_behavior)index;
    return rc;
}

int t2v_pretok_load_split(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_pretok_step *step, struct t2v_err *err)
{
    struct t2v_pattern pattern;
    int rc = t2v_field_pattern(value, where, &pattern, err);
    if (rc == 0)
        rc = load_behavior(value, where, step, err);
    if (rc == 0)
        rc = t2v_field_bool(value, where, "invert", &step->invert, err);
    if (rc != 0)
        return rc;
    if (pattern.regex) {
        step->split = split_regex;
        return t2v_regex_new(pattern.text, pattern.path, &step->regex, err);
    }
    step->split = split_string;
    step->pattern = t2v_arena_dup(arena, pattern.text);
    return step->pattern.ptr != NULL ? 0
                                     : t2v_fail(err, T2V_ENOMEM, "no memory for %s", pattern.path);
}

/* Characters of a kind. */

static bool is_char(const struct t2v_pretok_step *step, uint32_t cp)
{
    return step->flag != 0 ? (t2v_unicode_flags(cp) & step->flag) != 0 : cp == step->delimiter;
}

static int split_chars(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                       struct t2v_str text)
{
    struct splitter s = begin(step, run, text);
    int rc = 0;
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end && rc == 0;) {
        const char *here = at;
        if (is_char(step, t2v_utf8_next(&at, end)))
            rc = add_hit(&s, (size_t)(here - text.ptr), (size_t)(at - text.ptr));
    }
    return rc == 0 ? finish(&s) : rc;
}

int t2v_pretok_load_digits(const t2v_json *value, const char *where, struct t2v_arena *arena,
                           struct t2v_pretok_step *step, struct t2v_err *err)
{
    (void)arena;
    bool single = false;
    int rc = t2v_field_bool(value, where, "individual_digits", &single, err);
    step->split = split_chars;
    step->flag = T2V_UNI_NUMERIC;
    step->behavior = single ? T2V_SPLIT_ISOLATED : T2V_SPLIT_CONTIGUOUS;
    return rc;
}

int t2v_pretok_load_punctuation(const t2v_json *value, const char *where, struct t2v_arena *arena,
                                struct t2v_pretok_step *step, struct t2v_err *err)
{
    (void)arena;
    step->split = split_chars;
    step->flag = T2V_UNI_PUNCT;
    step->behavior = T2V_SPLIT_ISOLATED;
    return t2v_field_there(value, "behavior") ? load_behavior(value, where, step, err) : 0;
}

int t2v_pretok_load_delimiter(const t2v_json *value, const char *where, struct t2v_arena *arena,
                              struct t2v_pretok_step *step, struct t2v_err *err)
{
    struct t2v_str sign;
    (void)arena;
    int rc = t2v_field_char(value, where, "delimiter", &sign, err);
    if (rc != 0)
        return rc;
    t2v_utf8_decode(sign, &step->delimiter);
    step->split = split_chars;
    step->behavior = T2V_SPLIT_REMOVED;
    return 0;
}

/* ByteLevel: GPT-2's pattern, and then its alphabet. */

static const char gpt2_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* A text on its way: the step's scratch holds first, where a space was put in front of it, the text
 * so made (`kept` bytes), and behind that the piece that is handed on. */
struct mapping {
    struct t2v_pretok_run *run;
    struct t2v_buf *out, *spans; /* spans: of out, or NULL */
    size_t kept;
    const struct t2v_buf *align; /* the run's, before this step */
    const char *base;
};

/* The spans of a piece, in that alphabet, behind those of what is kept. */
static int align_mapped(const struct mapping *m, struct t2v_str piece)
{
    m->spans->len = m->kept * sizeof(struct t2v_span);
    for (size_t i = 0; i < piece.len; i++) {
        const char *at = piece.ptr + i;
        struct t2v_span span = m->kept != 0 ? t2v_span_at(m->spans, (size_t)(at - m->out->ptr))
                                            : t2v_span_at(m->align, (size_t)(at - m->base));
        t2v_span_fill(m->spans, span, t2v_byte_level_width((uint8_t)*at));
    }
    return m->spans->fail;
}

/* Hands on a piece in that alphabet. */
static int emit_mapped(const struct mapping *m, struct t2v_str piece)
{
    struct t2v_buf *out = m->out;
    struct t2v_pretok_run *run = m->run;
    out->len = m->kept;
    int rc = t2v_byte_level_add(piece, out);
    if (rc == 0 && m->spans != NULL)
        rc = align_mapped(m, piece);
    if (rc != 0)
        return rc;
    run->align = m->spans;
    run->base = out->ptr;
    rc = t2v_pretok_emit(run, (struct t2v_str){out->ptr + m->kept, out->len - m->kept});
    run->align = m->align;
    run->base = m->base;
    return rc;
}

/* The pieces of text, which is what out holds if something is kept. */
static int byte_level_pieces(const struct t2v_pretok_step *step, const struct mapping *m,
                             struct t2v_str text)
{
    struct t2v_regex_walk walk;
    struct t2v_buf *out = m->out;
    size_t done = 0;
    int found = 1, rc = t2v_regex_begin(&walk, step->regex, text);
    while (rc == 0 && found > 0 && done < text.len) {
        out->len = m->kept;
        found = t2v_regex_next(&walk);
        if (found < 0)
            rc = found;
        /* The pattern leaves no gaps, but nothing is lost should it. */
        size_t begin = found > 0 ? walk.begin : text.len, end = found > 0 ? walk.end : text.len;
        size_t cuts[] = {done, begin, end};
        for (size_t i = 0; i < 2 && rc == 0; i++) {
            /* The buffer grows before its bytes are looked at. */
            if (t2v_buf_room(out, 2 * (cuts[i + 1] - cuts[i])) == NULL)
                rc = out->fail;
            if (m->kept != 0)
                text.ptr = walk.text.ptr = out->ptr;
            struct t2v_str piece = {text.ptr + cuts[i], cuts[i + 1] - cuts[i]};
            if (rc == 0)
                rc = emit_mapped(m, piece);
        }
        done = end;
    }
    t2v_regex_end(&walk);
    return rc;
}

/* Keeps a space and text in the scratch. The space is aligned with the first character. */
static int keep_prefixed(struct mapping *m, struct t2v_str text)
{
    t2v_buf_addc(m->out, ' ');
    t2v_buf_add(m->out, text.ptr, text.len);
    m->kept = text.len + 1;
    for (size_t i = 0; m->spans != NULL && i < m->kept; i++)
        t2v_span_fill(m->spans, t2v_pretok_span(m->run, text.ptr + (i != 0 ? i - 1 : 0)), 1);
    return m->out->fail != 0 || m->spans == NULL ? m->out->fail : m->spans->fail;
}

static int split_byte_level(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                            struct t2v_str text)
{
    struct mapping m = {.run = run,
                        .out = &run->scratch[run->depth],
                        .spans = run->align != NULL ? &run->aligned[run->depth] : NULL,
                        .align = run->align,
                        .base = run->base};
    t2v_buf_clear(m.out);
    if (m.spans != NULL)
        t2v_buf_clear(m.spans);
    if (step->prefix_space && text.len != 0 && text.ptr[0] != ' ') {
        int rc = keep_prefixed(&m, text);
        if (rc != 0)
            return rc;
        /* Room for all of it in that alphabet: then it stays where it is. */
        if (t2v_buf_room(m.out, 2 * m.kept) == NULL)
            return m.out->fail;
        text = t2v_buf_str(m.out);
    }
    return step->regex != NULL ? byte_level_pieces(step, &m, text) : emit_mapped(&m, text);
}

int t2v_pretok_load_byte_level(const t2v_json *value, const char *where, struct t2v_arena *arena,
                               struct t2v_pretok_step *step, struct t2v_err *err)
{
    (void)arena;
    bool regex = true, prefix = false;
    int rc = t2v_field_bool(value, where, "add_prefix_space", &prefix, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "use_regex", &regex, err);
    if (rc != 0)
        return rc;
    step->split = split_byte_level;
    step->prefix_space = prefix;
    return regex ? t2v_regex_new(t2v_str_of(gpt2_pattern), where, &step->regex, err) : 0;
}

int t2v_pretok_make_byte_level(struct t2v_pretok_step *step, bool prefix_space, struct t2v_err *err)
{
    *step = (struct t2v_pretok_step){
        .name = "ByteLevel", .split = split_byte_level, .prefix_space = prefix_space};
    return t2v_regex_new(t2v_str_of(gpt2_pattern), step->name, &step->regex, err);
}
