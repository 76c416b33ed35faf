/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/offsets.h"

#include "base/utf8.h"
#include "unicode/code_point.h"

#include "base/banned.h"

enum { BLANK_BYTE = 0x120 }; /* a space in ByteLevel's alphabet */

static bool is_blank(uint32_t cp)
{
    return cp == BLANK_BYTE || t2v_unicode_space(cp);
}

void t2v_token_mark_blanks(struct t2v_token_mark *mark, struct t2v_str spelled)
{
    const char *begin = spelled.ptr, *end = begin + spelled.len;
    mark->lead = mark->trail = 0;
    for (const char *at = begin; at < end && is_blank(t2v_utf8_next(&at, end));)
        mark->lead++;
    for (const char *last = end; last > begin; mark->trail++) {
        const char *at = last = t2v_utf8_back(begin, last);
        if (!is_blank(t2v_utf8_next(&at, end)))
            break;
    }
}

/* The text's characters and bytes by each other's numbers. */
struct places {
    struct t2v_str text;
    const struct t2v_buf *chars; /* the character of each byte */
    const struct t2v_buf *bytes; /* the first byte of each character, and the text's end */
};

static uint32_t number_at(const struct t2v_buf *buf, size_t i)
{
    uint32_t n;
    memcpy(&n, buf->ptr + i * sizeof n, sizeof n);
    return n;
}

static int number_text(t2v_token_space *space, struct t2v_str text, struct places *out)
{
    struct t2v_buf *chars = &space->chars, *bytes = &space->bytes;
    uint32_t n = 0, end = (uint32_t)text.len;
    t2v_buf_clear(chars);
    t2v_buf_clear(bytes);
    for (uint32_t i = 0; i < end; i++) {
        bool begins = !t2v_utf8_is_tail(text.ptr[i]);
        if (begins)
            t2v_buf_add(bytes, &i, sizeof i);
        n += begins;
        uint32_t mine = n - 1;
        t2v_buf_add(chars, &mine, sizeof mine);
    }
    t2v_buf_add(bytes, &end, sizeof end);
    *out = (struct places){text, chars, bytes};
    return chars->fail != 0 ? chars->fail : bytes->fail;
}

/* The span in characters. UPSTREAM: one that begins at or behind the text's end stays as it is, and
 * one that ends behind it ends a character behind its beginning, or that one's next. */
static struct t2v_span to_chars(const struct places *places, struct t2v_span span)
{
    size_t len = places->text.len;
    if (span.begin >= len)
        return span;
    uint32_t begin = number_at(places->chars, span.begin), last = begin + 1;
    if (span.end < len)
        return (struct t2v_span){begin, number_at(places->chars, span.end)};
    if (span.end == len)
        last = number_at(places->chars, len - 1);
    return (struct t2v_span){begin, last + 1};
}

/* What process_offsets of the library does to token number i. */
static void trim(const struct t2v_trim *trim_of, const struct t2v_token_mark *mark, size_t i,
                 struct t2v_span *span)
{
    uint32_t lead = mark->lead, width = span->end > span->begin ? span->end - span->begin : 0;
    if (lead != 0) {
        bool first = i == 0 || span->begin == 0;
        if (lead == 1 && first && trim_of->prefixed) /* it was put there; two were not */
            lead = 0;
        span->begin = lead < width ? span->begin + lead : span->end;
    }
    if (mark->trail != 0 && span->end >= mark->trail) {
        uint32_t end = span->end - mark->trail;
        span->end = end > span->begin ? end : span->begin;
    }
}

static struct t2v_offset offset_of(const struct places *places, struct t2v_span span, uint32_t word)
{
    size_t last = places->bytes->len / sizeof(uint32_t) - 1;
    return (struct t2v_offset){
        .begin = span.begin,
        .end = span.end,
        .byte_begin = number_at(places->bytes, span.begin < last ? span.begin : last),
        .byte_end = number_at(places->bytes, span.end < last ? span.end : last),
        .word = word,
    };
}

int t2v_offsets_from_marks(const struct t2v_template *tmpl, t2v_token_space *space,
                           struct t2v_str text, size_t first, size_t n, struct t2v_offsets *offsets)
{
    struct places places;
    int rc = number_text(space, text, &places);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct t2v_token_mark mark;
        memcpy(&mark, space->marks.ptr + (first + i) * sizeof mark, sizeof mark);
        struct t2v_span span = to_chars(&places, mark.span);
        for (size_t t = 0; t < tmpl->n_trim; t++)
            trim(&tmpl->trims[t], &mark, i, &span);
        rc = t2v_offsets_add(offsets, offset_of(&places, span, mark.word));
    }
    return rc;
}
