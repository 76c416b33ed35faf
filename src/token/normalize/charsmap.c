/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/normalize/charsmap.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "unicode/cluster.h"
#include "unicode/from.h"

#include "base/banned.h"

/* Reading. */

static uint32_t read_u32(const char *at)
{
    const uint8_t *s = (const uint8_t *)at;
    return (uint32_t)s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
}

/* A unit of the array, as darts-clone (the library of SentencePiece) lays it out. A node's:
 *
 *     bits 0-7 the byte that leads to it; bit 8: a value hangs below it; bits 10-30: how far away
 * its children are, as an exclusive or of places; bit 9: times 256
 *
 * A value's has bit 31, and the value in the others. */
#define UNIT_BYTE      UINT32_C(0xff)
#define UNIT_HAS_VALUE (UINT32_C(1) << 8)
#define UNIT_FAR       (UINT32_C(1) << 9)
#define UNIT_IS_VALUE  (UINT32_C(1) << 31)
enum { UNIT_OFFSET_SHIFT = 10, UNIT_FAR_SHIFT = 8 };

/* The place of the children of the unit at `place`. */
static uint32_t children_of(uint32_t place, uint32_t unit)
{
    uint32_t offset = unit >> UNIT_OFFSET_SHIFT;
    if (unit & UNIT_FAR)
        offset <<= UNIT_FAR_SHIFT;
    return place ^ offset;
}

/* The unit that byte leads to from the children's place *at, which moves on to its own children. */
static bool step(const struct t2v_charsmap *map, uint32_t *at, uint8_t byte, uint32_t *unit)
{
    uint32_t place = *at ^ byte;
    if (byte == 0 || place >= map->n_unit ||
        (map->units[place] & (UNIT_IS_VALUE | UNIT_BYTE)) != byte)
        return false;
    *unit = map->units[place];
    *at = children_of(place, *unit);
    return true;
}

int t2v_charsmap_read(struct t2v_str bytes, struct t2v_arena *arena, struct t2v_charsmap **out,
                      struct t2v_err *err)
{
    if (bytes.len < 4 || read_u32(bytes.ptr) / 4 > (bytes.len - 4) / 4)
        return t2v_fail(err, T2V_EFORMAT, "the charsmap is shorter than it says (%zu bytes)",
                        bytes.len);
    size_t n = read_u32(bytes.ptr) / 4;
    struct t2v_str text = t2v_str_skip(bytes, 4 + n * 4);
    if (n == 0)
        return t2v_fail(err, T2V_EFORMAT, "the charsmap is empty");
    if (!t2v_utf8_valid(text, NULL))
        return t2v_fail(err, T2V_EFORMAT, "the charsmap's replacements are not UTF-8");
    struct t2v_charsmap *map = t2v_arena_alloc(arena, 1, sizeof *map);
    uint32_t *units = t2v_arena_alloc(arena, n, sizeof *units);
    text = t2v_arena_dup(arena, text);
    if (map == NULL || units == NULL || text.ptr == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the charsmap");
    for (size_t i = 0; i < n; i++)
        units[i] = read_u32(bytes.ptr + 4 + i * 4);
    *map = (struct t2v_charsmap){.units = units, .n_unit = n, .text = text};
    for (uint32_t c = 0; c < 128; c++) {
        uint32_t at = children_of(0, units[0]), unit;
        map->ascii[c] = step(map, &at, (uint8_t)c, &unit);
    }
    *out = map;
    return 0;
}

int t2v_charsmap_read_base64(struct t2v_str base64, struct t2v_arena *arena,
                             struct t2v_charsmap **out, struct t2v_err *err)
{
    size_t room = base64.len / 4 * 3, len;
    char *bytes = t2v_alloc(room + 1);
    if (bytes == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the charsmap");
    int rc = t2v_base64_decode(base64, bytes, room, &len)
                 ? t2v_charsmap_read((struct t2v_str){bytes, len}, arena, out, err)
                 : t2v_fail(err, T2V_EFORMAT, "the charsmap is not base64");
    t2v_free(bytes);
    return rc;
}

/* Running. */

/* UPSTREAM: the replacement of the shortest entry that text begins with; the library then puts it
 * in the place of the whole text. */
static bool look_up(const struct t2v_charsmap *map, struct t2v_str text, struct t2v_str *out)
{
    uint32_t at = children_of(0, map->units[0]), unit;
    for (size_t i = 0; i < text.len; i++) {
        if (!step(map, &at, (uint8_t)text.ptr[i], &unit))
            return false;
        if ((unit & UNIT_HAS_VALUE) == 0)
            continue;
        size_t place = at < map->n_unit ? map->units[at] & ~UNIT_IS_VALUE : SIZE_MAX;
        if (place > map->text.len || t2v_utf8_is_tail(map->text.ptr[place]))
            return false;
        const char *begin = map->text.ptr + place;
        *out = (struct t2v_str){begin, strnlen(begin, map->text.len - place)};
        return true;
    }
    return false;
}

/* A text on its way, and the alignment of what was put out last. */
struct mapping {
    const struct t2v_charsmap *map;
    struct t2v_str text;
    struct t2v_buf *out, *from;
    size_t used; /* bytes of the text that the characters put out stand for */
    size_t last; /* bytes of from before the last character */
    bool inserted;
};

static void use_char(struct mapping *m)
{
    const char *at = m->text.ptr + m->used;
    if (m->used < m->text.len)
        t2v_utf8_next(&at, m->text.ptr + m->text.len);
    m->used = (size_t)(at - m->text.ptr);
}

/* n bytes of output, one character, stand for the next of the text, or are inserted behind the
 * last. */
static void align(struct mapping *m, size_t n, bool inserted)
{
    size_t at = m->used;
    m->last = m->from->len;
    m->inserted = inserted;
    if (!inserted)
        use_char(m);
    else if (at != 0)
        at = (size_t)(t2v_utf8_back(m->text.ptr, m->text.ptr + at) - m->text.ptr);
    else
        at = T2V_FROM_NOWHERE;
    t2v_from_add(m->from, (uint32_t)at, n);
}

/* n characters of the text are dropped behind the last one put out. UPSTREAM: where that was
 * inserted it stands for the first of them; and what is dropped before anything was put out does
 * not count, so that all alignments are too early by it. */
static void align_drop(struct mapping *m, size_t n)
{
    if (m->from->len == 0)
        return;
    if (m->inserted && n != 0) {
        size_t bytes = (m->from->len - m->last) / sizeof(uint32_t);
        m->from->len = m->last;
        align(m, bytes, false);
        n--;
    }
    for (; n != 0; n--)
        use_char(m);
}

static size_t n_char(struct t2v_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += !t2v_utf8_is_tail(s.ptr[i]);
    return n;
}

static void align_replaced(struct mapping *m, struct t2v_str was, struct t2v_str put)
{
    size_t n_old = n_char(was), n_new = n_char(put), i = 0;
    for (const char *at = put.ptr, *end = at + put.len; at < end; i++) {
        const char *here = at;
        t2v_utf8_next(&at, end);
        align(m, (size_t)(at - here), i >= n_old);
    }
    if (n_new < n_old)
        align_drop(m, n_old - n_new);
}

/* Puts `put` in the place of `was`. */
static int replace(struct mapping *m, struct t2v_str was, struct t2v_str put)
{
    if (m->from != NULL)
        align_replaced(m, was, put);
    return t2v_buf_add(m->out, put.ptr, put.len);
}

/* A cluster of less than six bytes is looked up as a whole, then each character by itself. */
static int put_cluster(struct mapping *m, struct t2v_str cluster)
{
    struct t2v_str put;
    if (cluster.len < 6 && look_up(m->map, cluster, &put))
        return replace(m, cluster, put);
    int rc = 0;
    for (const char *at = cluster.ptr, *end = at + cluster.len; at < end && rc == 0;) {
        const char *begin = at;
        t2v_utf8_next(&at, end);
        struct t2v_str one = {begin, (size_t)(at - begin)};
        bool looked = one.len == cluster.len && one.len < 6; /* above */
        rc = replace(m, one, !looked && look_up(m->map, one, &put) ? put : one);
    }
    return rc;
}

int t2v_charsmap_run(const struct t2v_charsmap *map, struct t2v_str text, struct t2v_buf *out,
                     struct t2v_buf *from)
{
    struct mapping m = {.map = map, .text = text, .out = out, .from = from};
    const char *at = text.ptr, *end = text.ptr + text.len;
    int rc = 0;
    while (at < end && rc == 0) {
        /* ASCII in front of ASCII is a cluster by itself, but for CR LF. */
        const char *plain = at;
        while (at < end && (unsigned char)*at < 0x80 && !map->ascii[(unsigned char)*at] &&
               *at != '\r' && (end - at == 1 || (unsigned char)at[1] < 0x80))
            at++;
        for (const char *c = plain; from != NULL && c < at; c++)
            align(&m, 1, false);
        rc = t2v_buf_add(out, plain, (size_t)(at - plain));
        if (rc != 0 || at == end)
            break;
        const char *next = t2v_cluster_end(at, end);
        rc = put_cluster(&m, (struct t2v_str){at, (size_t)(next - at)});
        at = next;
    }
    return rc;
}
