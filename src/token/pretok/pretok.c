/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/pretok/pretok.h"

#include "regex/regex.h"
#include "token/field.h"
#include "token/pretok/metaspace.h"
#include "token/pretok/split.h"
#include "unicode/code_point.h"

#include "base/banned.h"

/* What a character is to the splitters below. */
enum char_kind { WORD, SPACE, PUNCT };

static int emit_range(struct t2v_pretok_run *run, const char *begin, const char *end)
{
    return begin == end ? 0 : t2v_pretok_emit(run, (struct t2v_str){begin, (size_t)(end - begin)});
}

/* BertPreTokenizer: words between white space; each punctuation character is a piece of its own. */

static enum char_kind bert_class(uint32_t cp)
{
    if (t2v_unicode_space(cp))
        return SPACE;
    return t2v_unicode_flags(cp) & T2V_UNI_PUNCT ? PUNCT : WORD;
}

/* bert_class of ASCII: the symbols and punctuation, and White_Space. */
static enum char_kind bert_ascii_class(unsigned char c)
{
    if (c == ' ' || (c >= '\t' && c <= '\r'))
        return SPACE;
    bool punct = (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
                 (c >= '{' && c <= '~');
    return punct ? PUNCT : WORD;
}

static int split_bert(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                      struct t2v_str text)
{
    (void)step;
    const char *begin = text.ptr, *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *here = at;
        unsigned char c = (unsigned char)*at;
        enum char_kind kind;
        if (c < 0x80) {
            kind = bert_ascii_class(c);
            at++;
        } else {
            kind = bert_class(t2v_utf8_next(&at, end));
        }
        if (kind == WORD)
            continue;
        int rc = emit_range(run, begin, here);
        if (rc == 0 && kind == PUNCT)
            rc = emit_range(run, here, at);
        if (rc != 0)
            return rc;
        begin = at;
    }
    return emit_range(run, begin, end);
}

/* WhitespaceSplit: what stands between white space. */
static int split_space(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                       struct t2v_str text)
{
    (void)step;
    const char *begin = text.ptr, *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *here = at;
        if (!t2v_unicode_space(t2v_utf8_next(&at, end)))
            continue;
        int rc = emit_range(run, begin, here);
        if (rc != 0)
            return rc;
        begin = at;
    }
    return emit_range(run, begin, end);
}

/* Whitespace: \w+|[^\w\s]+ */
static int split_words(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                       struct t2v_str text)
{
    (void)step;
    const char *begin = text.ptr, *at = text.ptr, *end = text.ptr + text.len;
    enum char_kind last = SPACE;
    while (at < end) {
        const char *here = at;
        uint32_t cp = t2v_utf8_next(&at, end);
        enum char_kind kind = PUNCT;
        if (t2v_unicode_flags(cp) & T2V_UNI_WORD)
            kind = WORD;
        else if (t2v_unicode_space(cp))
            kind = SPACE;
        if (kind == last)
            continue;
        int rc = last != SPACE ? emit_range(run, begin, here) : 0;
        if (rc != 0)
            return rc;
        begin = here;
        last = kind;
    }
    return last != SPACE ? emit_range(run, begin, end) : 0;
}

/* UnicodeScripts: a border wherever the script changes. What goes with any script stays with what
 * is before it. UPSTREAM: at the beginning of the text, where nothing is, it is dropped. */
static int split_scripts(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                         struct t2v_str text)
{
    (void)step;
    const char *begin = NULL, *at = text.ptr, *end = text.ptr + text.len;
    unsigned last = 0;
    while (at < end) {
        const char *here = at;
        unsigned script = t2v_unicode_script(t2v_utf8_next(&at, end));
        if (script == 0 || script == last)
            continue;
        int rc = begin != NULL ? emit_range(run, begin, here) : 0;
        if (rc != 0)
            return rc;
        begin = here;
        last = script;
    }
    return begin != NULL ? emit_range(run, begin, end) : 0;
}

/* FixedLength: pieces of so many characters. */
static int split_length(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                        struct t2v_str text)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *begin = at;
        for (size_t n = 0; n < step->length && at < end; n++)
            t2v_utf8_next(&at, end);
        int rc = emit_range(run, begin, at);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int load_length(const t2v_json *value, const char *where, struct t2v_arena *arena,
                       struct t2v_pretok_step *step, struct t2v_err *err)
{
    (void)arena;
    int64_t length = 5; /* as the library's default_length */
    int rc = t2v_json_get(value, "length") == NULL
                 ? 0
                 : t2v_field_int(value, where, "length", 1, INT64_MAX, &length, err);
    step->length = (size_t)length;
    return rc;
}

static const struct {
    const char *type;
    int (*split)(const struct t2v_pretok_step *, struct t2v_pretok_run *, struct t2v_str);
    int (*load)(const t2v_json *, const char *, struct t2v_arena *, struct t2v_pretok_step *,
                struct t2v_err *); /* NULL: it has no fields */
    bool cuts_at_space;
} kinds[] = {
    {"BertPreTokenizer", split_bert, NULL, true},
    {"ByteLevel", NULL, t2v_pretok_load_byte_level, false},
    {"CharDelimiterSplit", NULL, t2v_pretok_load_delimiter, false},
    {"Digits", NULL, t2v_pretok_load_digits, false},
    {"FixedLength", split_length, load_length, false},
    {"Metaspace", t2v_pretok_split_metaspace, t2v_pretok_load_metaspace, false},
    {"Punctuation", NULL, t2v_pretok_load_punctuation, false},
    {"Split", NULL, t2v_pretok_load_split, false},
    {"UnicodeScripts", split_scripts, NULL, false},
    {"Whitespace", split_words, NULL, true},
    {"WhitespaceSplit", split_space, NULL, true},
};

static const size_t n_kind = sizeof kinds / sizeof *kinds;

bool t2v_pretok_add(struct t2v_pretok *pretok, const char *type)
{
    for (size_t i = 0; i < n_kind && pretok->n < T2V_PRETOK_MAX_STEPS; i++) {
        if (kinds[i].load != NULL || strcmp(kinds[i].type, type) != 0)
            continue;
        pretok->steps[pretok->n++] = (struct t2v_pretok_step){
            .name = kinds[i].type,
            .split = kinds[i].split,
            .cuts_at_space = kinds[i].cuts_at_space,
        };
        return true;
    }
    return false;
}

int t2v_pretok_add_byte_level(struct t2v_pretok *pretok, bool prefix_space, struct t2v_err *err)
{
    struct t2v_pretok_step step;
    int rc = t2v_pretok_make_byte_level(&step, prefix_space, err);
    if (rc == 0)
        pretok->steps[pretok->n++] = step;
    return rc;
}

/* Where load_step puts a step. */
struct target {
    struct t2v_pretok *pretok;
    struct t2v_arena *arena;
};

static int load_step(void *ctx, const t2v_json *value, const char *where, struct t2v_str type,
                     struct t2v_err *err)
{
    const struct target *to = ctx;
    struct t2v_pretok *pretok = to->pretok;
    for (size_t i = 0; i < n_kind; i++) {
        if (!t2v_str_is(type, kinds[i].type))
            continue;
        if (pretok->n == T2V_PRETOK_MAX_STEPS)
            return t2v_fail(err, T2V_ETOOLARGE, "%s: more than %d pre-tokenizers", where,
                            T2V_PRETOK_MAX_STEPS);
        struct t2v_pretok_step step = {
            .name = kinds[i].type,
            .split = kinds[i].split,
            .cuts_at_space = kinds[i].cuts_at_space,
        };
        int rc = kinds[i].load != NULL ? kinds[i].load(value, where, to->arena, &step, err) : 0;
        if (rc == 0)
            pretok->steps[pretok->n++] = step;
        return rc;
    }
    return t2v_field_unknown(value, where, "pre-tokenizer", err);
}

int t2v_pretok_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                    struct t2v_pretok *pretok, struct t2v_err *err)
{
    if (value == NULL || t2v_json_type(value) == T2V_JSON_NULL)
        return 0;
    pretok->sequence = t2v_str_is(t2v_json_str(t2v_json_get(value, "type")), "Sequence");
    struct target to = {pretok, arena};
    return t2v_field_sequence(value, where, "pretokenizers", load_step, &to, err);
}

void t2v_pretok_deinit(struct t2v_pretok *pretok)
{
    for (size_t i = 0; i < pretok->n; i++)
        t2v_regex_free(pretok->steps[i].regex);
    pretok->n = 0;
}

bool t2v_pretok_cuts_at_space(const struct t2v_pretok *pretok)
{
    return pretok->n != 0 && pretok->steps[0].cuts_at_space;
}

bool t2v_pretok_uses_start(const struct t2v_pretok *pretok)
{
    for (size_t i = 0; i < pretok->n; i++) {
        if (pretok->steps[i].prepend == T2V_PREPEND_FIRST)
            return true;
    }
    return false;
}

int t2v_pretok_run(struct t2v_pretok_run *run, struct t2v_str text)
{
    run->begin = text.ptr;
    run->depth = SIZE_MAX; /* the emit below enters step 0 */
    return t2v_pretok_emit(run, text);
}

int t2v_pretok_emit(struct t2v_pretok_run *run, struct t2v_str piece)
{
    if (piece.len == 0)
        return 0;
    size_t next = run->depth + 1;
    if (next == run->pretok->n)
        return run->take(run->ctx, piece);
    run->depth = next;
    const struct t2v_pretok_step *step = &run->pretok->steps[next];
    int rc = step->split(step, run, piece);
    run->depth = next - 1;
    return rc;
}
