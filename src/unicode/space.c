/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/space.h"

#include "base/utf8.h"

#include "base/banned.h"

/* What a byte may be: the last two can begin a white space character. */
enum { INK, BLANK, WIDE };
static const uint8_t KIND[256] = {
    ['\t' ... '\r'] = BLANK,
    [0x1C ... 0x20] = BLANK, /* ASCII */
    [0xC2] = WIDE,
    [0xE1 ... 0xE3] = WIDE, /* leads of all the others */
};

bool t2v_space_is(uint32_t cp)
{
    if (cp < 0x80)
        return KIND[cp] == BLANK;
    return cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

int t2v_space_first(struct t2v_str s)
{
    if (s.len == 0 || KIND[(uint8_t)s.ptr[0]] == INK)
        return 0;
    uint32_t cp;
    int n = t2v_utf8_decode(s, &cp);
    return t2v_space_is(cp) ? n : 0;
}

int t2v_space_last(struct t2v_str s)
{
    if (s.len == 0)
        return 0;
    uint32_t cp;
    int n = t2v_utf8_decode_last(s, &cp);
    return t2v_space_is(cp) ? n : 0;
}

size_t t2v_space_skip(struct t2v_str text, size_t at)
{
    int n;
    while ((n = t2v_space_first(t2v_str_skip(text, at))) > 0)
        at += (size_t)n;
    return at;
}

struct t2v_str t2v_space_strip(struct t2v_str text)
{
    int n;
    text = t2v_str_skip(text, t2v_space_skip(text, 0));
    while ((n = t2v_space_last(text)) > 0)
        text.len -= (size_t)n;
    return text;
}

static size_t skip_word(struct t2v_str text, size_t at)
{
    while (at < text.len &&
           (KIND[(uint8_t)text.ptr[at]] == INK || t2v_space_first(t2v_str_skip(text, at)) == 0))
        at++;
    return at;
}

/* Words that are one U+0020 apart already are copied together: most texts are one memcpy. */
int t2v_space_collapse(struct t2v_str text, struct t2v_buf *out)
{
    size_t from = t2v_space_skip(text, 0), at = from;
    while (at < text.len) {
        size_t end = skip_word(text, at);
        at = end;
        if (text.len - end >= 2 && text.ptr[end] == ' ' &&
            KIND[(uint8_t)text.ptr[end + 1]] == INK) {
            at++;
            continue;
        }
        at = t2v_space_skip(text, end);
        t2v_buf_add(out, text.ptr + from, end - from);
        if (at < text.len)
            t2v_buf_addc(out, ' ');
        from = at;
    }
    return out->fail;
}
