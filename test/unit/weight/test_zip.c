/* SPDX-License-Identifier: BSD-3-Clause */
/* pytorch_model.bin: zip files built by hand, each wrong in one way, and one with zip64 offsets. */
#include <fcntl.h>
#include <stdlib.h>

#include "torch_build.h"

enum part { LOCAL, CENTRAL, END };

static void test_zip(void **state)
{
    (void)state;
    static const struct {
        enum part part;
        size_t entry, at, n_byte;
        uint64_t value;
        int code;
        const char *reason;
    } cases[] = {
        {LOCAL, 1, 0, 1, 'p', T2V_EFORMAT, "\"m/byteorder\" has no local header"},
        {LOCAL, 1, 31, 1, '-', T2V_EFORMAT, "\"m/byteorder\" has no local header"},
        {LOCAL, 1, 26, 2, 10, T2V_EFORMAT, "has no local header"},
        {LOCAL, 1, 28, 2, 0xffff, T2V_EFORMAT, "beyond the end of the entries"},
        {LOCAL, 1, 8, 2, 8, T2V_EFORMAT, "differs from its local"},
        {LOCAL, 1, 18, 4, 5, T2V_EFORMAT, "differs from its local"},
        {LOCAL, 1, 22, 4, 5, T2V_EFORMAT, "differs from its local"},
        {CENTRAL, 1, 0, 1, 'p', T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 8, 2, 1, T2V_EUNSUPPORTED, "\"m/byteorder\" is encrypted"},
        {CENTRAL, 1, 10, 2, 8, T2V_EUNSUPPORTED, "\"m/byteorder\" is compressed"},
        {CENTRAL, 1, 20, 4, 5, T2V_EUNSUPPORTED, "is compressed"},
        {CENTRAL, 1, 24, 4, 0xffffffff, T2V_EFORMAT, "lacks its zip64 field"},
        {CENTRAL, 1, 28, 2, 0xffff, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 32, 2, 1, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 2, 32, 2, 1, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 42, 4, 0xfffffffe, T2V_EFORMAT, "begins beyond"},
        {CENTRAL, 1, 42, 4, 0, T2V_EFORMAT, "has no local header"},
        {CENTRAL, 1, 46, 1, '?', T2V_EFORMAT, "\"?/byteorder\" has no local header"},
        {END, 0, 0, 1, 'p', T2V_EFORMAT, "no end record"},
        {END, 0, 20, 2, 1, T2V_EFORMAT, "no end record"},
        {END, 0, 10, 2, 4, T2V_EFORMAT, "too short for its entries"},
        {END, 0, 10, 2, 2, T2V_EFORMAT, "longer than its entries"},
        {END, 0, 10, 2, 0, T2V_EFORMAT, "empty"},
        {END, 0, 12, 4, 0xfffffff0, T2V_EFORMAT, "does not lie before"},
        {END, 0, 16, 4, 0xfffffff0, T2V_EFORMAT, "does not lie before"},
        {END, 0, 16, 4, 0, T2V_EFORMAT, "ends before its last"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zip zip = zip_of(DICT(TENSOR), sizeof DICT(TENSOR) - 1);
        size_t at = cases[i].part == LOCAL     ? zip.local[cases[i].entry]
                    : cases[i].part == CENTRAL ? zip.central[cases[i].entry]
                                               : zip.end;
        memcpy(zip.bytes + at + cases[i].at, &cases[i].value, cases[i].n_byte);
        struct result r = read_zip(&zip);
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        check_fails(what, &r, cases[i].code, cases[i].reason);
    }
}

static void test_zip_entries(void **state)
{
    (void)state;
    /* Two names, one place; the first one's data reaches into the second one. */
    struct zip zip = {0};
    put_entry(&zip, "m/data.pkl", DICT(TENSOR), sizeof DICT(TENSOR) - 1);
    put_entry(&zip, "m/data/0", data, sizeof data);
    uint32_t more = sizeof data + 1;
    put_entry(&zip, "m/other", "", 0);
    memcpy(zip.bytes + zip.local[1] + 18, &more, 4);
    memcpy(zip.bytes + zip.local[1] + 22, &more, 4);
    put_directory(&zip);
    struct result r = read_zip(&zip);
    check_fails("overlap", &r, T2V_EFORMAT, "\"m/other\" overlaps");

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("twice", &r, T2V_EFORMAT, "\"m/data.pkl\" stands there twice");

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_entry(&zip, "n/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("two pickles", &r, T2V_EFORMAT, "not exactly one NAME/data.pkl");

    zip = (struct zip){0};
    put_entry(&zip, "data.pkl", "N.", 2);
    put_entry(&zip, "m/n/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("no pickle", &r, T2V_EFORMAT, "not exactly one NAME/data.pkl");

    /* A comment at the end, with what looks like an end record in it. */
    zip = zip_of(DICT(TENSOR), sizeof DICT(TENSOR) - 1);
    zip.bytes[zip.end + 20] = 40;
    put(&zip, "comment PK\5\6 and more of the comment here", 40);
    r = read_zip(&zip);
    assert_int_equal(r.rc, 0);
    result_free(&r);
}

/* A file of more than 6 GB with a hole in it: offsets that need zip64, in the directory, the local
 * header and the end record. */

#define LARGE_ITEMS (UINT64_C(1) << 30)
#define LARGE_BYTES (4 * LARGE_ITEMS)
#define LARGE_HOLE  (UINT64_C(2) << 30)

static void write_at(int fd, const void *bytes, size_t len, uint64_t at)
{
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
}

/* The local header of a storage whose sizes stand in its zip64 field, which is left out. */
static void put_large_local(struct zip *zip)
{
    put(zip, "PK\3\4", 4);
    put_int(zip, 0, 8);
    put_int(zip, 0, 6);
    put_int(zip, UINT64_MAX, 8);
    put_int(zip, 8, 2);
    put_int(zip, 0, 2);
    put(zip, "m/data/0", 8);
}

static void put_central64(struct zip *zip, const char *name, uint64_t size, uint64_t begin)
{
    put(zip, "PK\1\2", 4);
    put_int(zip, 0, 8);
    put_int(zip, 0, 8);
    put_int(zip, UINT64_MAX, 8);
    put_int(zip, strlen(name), 2);
    put_int(zip, 28, 2);
    put_int(zip, 0, 8);
    put_int(zip, 0, 2);
    put_int(zip, 0xffffffff, 4);
    put(zip, name, strlen(name));
    put_int(zip, 1 | 24 << 16, 4);
    put_int(zip, size, 8);
    put_int(zip, size, 8);
    put_int(zip, begin, 8);
}

/* Both end records and the locator, for a directory of two entries at `begin`. */
static void put_end64(struct zip *zip, uint64_t begin, uint64_t n_directory)
{
    put(zip, "PK\6\6", 4);
    put_int(zip, 44, 8);
    put_int(zip, 0, 4);
    put_int(zip, 0, 8);
    put_int(zip, 2, 8);
    put_int(zip, 2, 8);
    put_int(zip, n_directory, 8);
    put_int(zip, begin, 8);
    put(zip, "PK\6\7\0\0\0\0", 8);
    put_int(zip, begin + n_directory, 8);
    put_int(zip, 1, 4);
    put(zip, "PK\5\6\0\0\0\0\2\0\2\0", 12);
    put_int(zip, n_directory, 4);
    put_int(zip, 0xffffffff, 4);
    put_int(zip, 0, 2);
}

/* Writes it: the hole, a storage of 4 GiB whose data ends with 3, 4, the pickle, the directory. The
 * file's length, or 0 where there can be no such file; *data_end is where the data ends. */
static size_t write_large(int fd, uint64_t *data_end)
{
    static const char pickle[] =
        "}" STR("\1", "w") REBUILD "((" STR("\7", "storage") "ctorch\nFloatStorage\n" STR("\1", "0")
            STR("\3", "cpu") "\x8a\5\0\0\0\x40\0tQ\x8a\5\xfe\xff\xff\x3f\0K\2\x85K\1\x85\x89}tRs.";
    struct zip zip = {0};
    put_large_local(&zip);
    uint64_t pickle_at = LARGE_HOLE + zip.len + LARGE_BYTES;
    if (ftruncate(fd, (off_t)(pickle_at + 4096)) != 0)
        return 0;
    write_at(fd, "PK\3\4", 4, 0); /* what the file begins with */
    write_at(fd, zip.bytes, zip.len, LARGE_HOLE);
    write_at(fd, data, sizeof data, pickle_at - sizeof data);

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", pickle, sizeof pickle - 1);
    size_t before = zip.len;
    put_central64(&zip, "m/data/0", LARGE_BYTES, LARGE_HOLE);
    put_central64(&zip, "m/data.pkl", sizeof pickle - 1, pickle_at);
    put_end64(&zip, pickle_at + before, zip.len - before);
    write_at(fd, zip.bytes, zip.len, pickle_at);
    *data_end = pickle_at;
    return (size_t)pickle_at + zip.len;
}

static void test_large(void **state)
{
    (void)state;
    char path[] = "t2v-large-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    uint64_t data_end = 0;
    size_t len = write_large(fd, &data_end);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    uint8_t *map =
        len != 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0) : MAP_FAILED;
    close(fd);
    if (map == MAP_FAILED)
        skip();
    struct result r = read_bytes(map, len);
    if (r.rc != 0)
        fail_msg("%s", r.err.msg);
    const struct t2v_tensor *t = find(&r, "w");
    assert_true(t->n == 2 && t->data == map + data_end - sizeof data);
    assert_true(item(t, 0) == 3 && item(t, 1) == 4);
    result_free(&r);
    munmap(map, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip),
        cmocka_unit_test(test_zip_entries),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
