/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads from the end of the file. The end record has the directory's offset and number of entries
 * (zip64: in a record of its own, found by a locator just before it). Each directory entry has the
 * offset of its local header; the data follows that.
 */
#include "weight/zip.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum {
    END_BYTES = 22,
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    ENTRY_BYTES = 46,
    LOCAL_BYTES = 30,
    MAX_ENTRIES = 1 << 20,
    SIZES_FOLLOW = 0x0008, /* flag: sizes are after the data, not in the local header */
    NAMES_ARE_UTF8 = 0x0800
};
#define END_SIGN     UINT32_C(0x06054b50)
#define LOCATOR_SIGN UINT32_C(0x07064b50)
#define END64_SIGN   UINT32_C(0x06064b50)
#define ENTRY_SIGN   UINT32_C(0x02014b50)
#define LOCAL_SIGN   UINT32_C(0x04034b50)
/* The value is in the zip64 field. */
#define ELSEWHERE16 UINT16_C(0xffff)
#define ELSEWHERE32 UINT32_C(0xffffffff)

struct directory {
    uint64_t n, len, begin;
};

static uint16_t get16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static int bad(struct t2v_err *err, const char *reason)
{
    return t2v_fail(err, T2V_EFORMAT, "zip: %s", reason);
}

static int bad_entry(struct t2v_err *err, int code, struct t2v_str name, const char *reason)
{
    char shown[64];
    size_t n = name.len < sizeof shown ? name.len : sizeof shown;
    for (size_t i = 0; i < n; i++)
        shown[i] = name.ptr[i] >= ' ' && name.ptr[i] <= '~' ? name.ptr[i] : '?';
    return t2v_fail(err, code, "zip: entry \"%.*s\" %s", (int)n, shown, reason);
}

/* Finds the end record: the last offset from which its comment ends exactly at the end of the file.
 * False if there is none. */
static bool find_end(const uint8_t *bytes, size_t len, size_t *out)
{
    for (size_t n_comment = 0; n_comment <= UINT16_MAX; n_comment++) {
        if (len < END_BYTES + n_comment)
            return false;
        size_t at = len - END_BYTES - n_comment;
        if (get32(bytes + at) == END_SIGN && get16(bytes + at + 20) == n_comment) {
            *out = at;
            return true;
        }
    }
    return false;
}

/* Reads the zip64 end record that the locator at bytes[at] points to. It is before the locator. */
static int read_end64(const uint8_t *bytes, size_t at, struct directory *dir, struct t2v_err *err)
{
    uint64_t begin = get64(bytes + at + 8);
    if (at < END64_BYTES || begin > at - END64_BYTES || get32(bytes + begin) != END64_SIGN)
        return bad(err, "its zip64 locator leads to no end record");
    const uint8_t *end = bytes + begin;
    *dir = (struct directory){get64(end + 32), get64(end + 40), get64(end + 48)};
    if (dir->len > begin || dir->begin > begin - dir->len)
        return bad(err, "its directory does not lie before its end record");
    return 0;
}

/* Reads the end records; if there are two, they must agree. */
static int read_end(const uint8_t *bytes, size_t len, struct directory *dir, struct t2v_err *err)
{
    size_t at;
    if (!find_end(bytes, len, &at))
        return bad(err, "no end record; the file may be cut short");
    const uint8_t *end = bytes + at;
    uint16_t n = get16(end + 10);
    uint32_t dir_len = get32(end + 12), begin = get32(end + 16);
    if (at >= LOCATOR_BYTES && get32(end - LOCATOR_BYTES) == LOCATOR_SIGN) {
        int rc = read_end64(bytes, at - LOCATOR_BYTES, dir, err);
        if (rc != 0)
            return rc;
        if ((n != ELSEWHERE16 && n != dir->n) || (dir_len != ELSEWHERE32 && dir_len != dir->len) ||
            (begin != ELSEWHERE32 && begin != dir->begin))
            return bad(err, "its two end records do not agree");
    } else {
        *dir = (struct directory){n, dir_len, begin};
        if (dir->len > at || dir->begin > at - dir->len)
            return bad(err, "its directory does not lie before its end record");
    }
    if (dir->n > MAX_ENTRIES)
        return t2v_fail(err, T2V_ETOOLARGE, "zip: %llu entries, the limit is %d",
                        (unsigned long long)dir->n, MAX_ENTRIES);
    if (dir->n > dir->len / ENTRY_BYTES)
        return bad(err, "its directory is too short for its entries");
    return 0;
}

/* Reads the sizes and the offset of a directory entry. Those that are ELSEWHERE32 are in the zip64
 * field of extra[0..n_extra), in this order. False if they are missing there. */
static bool read_sizes(const uint8_t *entry, const uint8_t *extra, size_t n_extra, uint64_t out[3])
{
    out[0] = get32(entry + 24); /* uncompressed */
    out[1] = get32(entry + 20); /* compressed */
    out[2] = get32(entry + 42); /* of the local header */
    if (out[0] != ELSEWHERE32 && out[1] != ELSEWHERE32 && out[2] != ELSEWHERE32)
        return true;
    while (n_extra >= 4) {
        size_t n_field = get16(extra + 2);
        if (n_field > n_extra - 4)
            return false;
        if (get16(extra) == 1) {
            const uint8_t *field = extra + 4, *end = field + n_field;
            for (int i = 0; i < 3; i++) {
                if (out[i] != ELSEWHERE32)
                    continue;
                if (end - field < 8)
                    return false;
                out[i] = get64(field);
                field += 8;
            }
            return true;
        }
        extra += 4 + n_field;
        n_extra -= 4 + n_field;
    }
    return false;
}

/* Reads the local header at e->begin, which must match the directory, and sets data and end.
 * Entries are in bytes[0..limit). */
static int read_local(const uint8_t *bytes, size_t limit, struct t2v_zip_entry *e,
                      struct t2v_err *err)
{
    if (limit < LOCAL_BYTES || e->begin > limit - LOCAL_BYTES)
        return bad_entry(err, T2V_EFORMAT, e->name, "begins beyond the end of the entries");
    const uint8_t *local = bytes + e->begin;
    size_t rest = limit - e->begin - LOCAL_BYTES, n_name = get16(local + 26),
           n_extra = get16(local + 28);
    if (get32(local) != LOCAL_SIGN || n_name != e->name.len || n_name > rest ||
        memcmp(local + LOCAL_BYTES, e->name.ptr, n_name) != 0)
        return bad_entry(err, T2V_EFORMAT, e->name, "has no local header of that name");
    rest -= n_name;
    if (n_extra > rest || e->len > rest - n_extra)
        return bad_entry(err, T2V_EFORMAT, e->name, "lies beyond the end of the entries");
    uint32_t stored = get32(local + 18), size = get32(local + 22);
    bool has_sizes = (get16(local + 6) & SIZES_FOLLOW) == 0;
    if (get16(local + 8) != 0 || (has_sizes && stored != ELSEWHERE32 && stored != e->len) ||
        (has_sizes && size != ELSEWHERE32 && size != e->len))
        return bad_entry(err, T2V_EFORMAT, e->name, "differs from its local header");
    e->data = local + LOCAL_BYTES + n_name + n_extra;
    e->end = (size_t)(e->data - bytes) + e->len;
    return 0;
}

/* Reads the directory entry at *at, which advances. end: of the directory. limit: as above. */
static int read_entry(const uint8_t *bytes, size_t *at, size_t end, size_t limit,
                      struct t2v_zip_entry *e, struct t2v_err *err)
{
    if (end - *at < ENTRY_BYTES || get32(bytes + *at) != ENTRY_SIGN)
        return bad(err, "its directory ends before its last entry");
    const uint8_t *entry = bytes + *at;
    size_t rest = end - *at - ENTRY_BYTES, n_name = get16(entry + 28), n_extra = get16(entry + 30),
           n_comment = get16(entry + 32);
    if (n_name + n_extra + n_comment > rest)
        return bad(err, "its directory ends before its last entry");
    e->name = (struct t2v_str){(const char *)entry + ENTRY_BYTES, n_name};
    uint64_t sizes[3];
    if (!read_sizes(entry, entry + ENTRY_BYTES + n_name, n_extra, sizes))
        return bad_entry(err, T2V_EFORMAT, e->name, "lacks its zip64 field");
    if ((get16(entry + 8) & ~(SIZES_FOLLOW | NAMES_ARE_UTF8)) != 0)
        return bad_entry(err, T2V_EUNSUPPORTED, e->name, "is encrypted, or has unknown flags");
    if (get16(entry + 10) != 0 || sizes[0] != sizes[1])
        return bad_entry(err, T2V_EUNSUPPORTED, e->name,
                         "is compressed; only stored ones are read");
    e->len = (size_t)sizes[0];
    e->begin = (size_t)sizes[2];
    *at += ENTRY_BYTES + n_name + n_extra + n_comment;
    return read_local(bytes, limit, e, err);
}

static int by_begin(const void *a, const void *b)
{
    const struct t2v_zip_entry *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Sorts the entries, checks that no two share a byte or a name, and fills by_name. */
static int check_entries(struct t2v_zip *zip, struct t2v_err *err)
{
    if (t2v_map_init(&zip->by_name, zip->n) != 0)
        return t2v_fail(err, T2V_ENOMEM, "zip: no memory for its directory");
    qsort(zip->entries, zip->n, sizeof *zip->entries, by_begin);
    for (size_t i = 0; i < zip->n; i++) {
        const struct t2v_zip_entry *e = &zip->entries[i];
        if (i != 0 && e->begin < e[-1].end)
            return bad_entry(err, T2V_EFORMAT, e->name, "overlaps another");
        if (t2v_map_get(&zip->by_name, e->name) >= 0)
            return bad_entry(err, T2V_EFORMAT, e->name, "stands there twice");
        if (t2v_map_set(&zip->by_name, e->name, (int32_t)i) != 0)
            return t2v_fail(err, T2V_ENOMEM, "zip: no memory for its directory");
    }
    return 0;
}

int t2v_zip_init(struct t2v_zip *zip, const uint8_t *bytes, size_t len, struct t2v_err *err)
{
    *zip = (struct t2v_zip){0};
    struct directory dir = {0};
    int rc = read_end(bytes, len, &dir, err);
    if (rc != 0)
        return rc;
    if (dir.n == 0)
        return bad(err, "it is empty");
    zip->entries = t2v_alloc_zero((size_t)dir.n, sizeof *zip->entries);
    if (zip->entries == NULL)
        return t2v_fail(err, T2V_ENOMEM, "zip: no memory for its directory");
    size_t at = (size_t)dir.begin, end = (size_t)(dir.begin + dir.len);
    for (; zip->n < dir.n && rc == 0; zip->n++)
        rc = read_entry(bytes, &at, end, (size_t)dir.begin, &zip->entries[zip->n], err);
    if (rc == 0 && at != end)
        rc = bad(err, "its directory is longer than its entries");
    return rc != 0 ? rc : check_entries(zip, err);
}

void t2v_zip_deinit(struct t2v_zip *zip)
{
    t2v_map_deinit(&zip->by_name);
    t2v_free(zip->entries);
    *zip = (struct t2v_zip){0};
}

const struct t2v_zip_entry *t2v_zip_find(const struct t2v_zip *zip, struct t2v_str name)
{
    int32_t i = t2v_map_get(&zip->by_name, name);
    return i >= 0 ? &zip->entries[i] : NULL;
}
