/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a file of texts. The first byte chooses the format: 'l', 'j', 'c', 't', else CSV
 * without a header. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/files/csv.h"
#include "cli/files/records.h"
#include "fuzz.h"

/* CSV that arrives a byte at a time has the records of CSV that is there at once. */
static void check_csv(struct t2v_str data)
{
    while (data.len != 0) {
        struct t2v_csv_scan whole = {0}, steps = {0};
        size_t want = t2v_csv_end(&whole, data, ',', true), got = 0;
        for (size_t n = 0; n <= data.len && got == 0; n++)
            got = t2v_csv_end(&steps, (struct t2v_str){data.ptr, n}, ',', n == data.len);
        CHECK(got == want && want <= data.len);
        if (want == 0)
            break;
        data = t2v_str_skip(data, want);
    }
}

static struct t2v_records_options options_of(uint8_t kind, const char *path)
{
    struct t2v_records_options options = {.path = path, .format = "csv", .column = ""};
    options.format = kind == 'l' ? "lines" : kind == 'j' ? "json" : kind == 't' ? "tsv" : "csv";
    options.no_header = kind < 'c';
    return options;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size == 0)
        return 0;
    if (size < 2000)
        check_csv((struct t2v_str){(const char *)data, size});
    int fd = memfd_create("records", 0);
    CHECK(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct t2v_records_options options = options_of(*data, path);
    t2v_records *records;
    struct t2v_record record;
    enum t2v_records_state state = T2V_RECORDS_NEXT;
    size_t line = 0;
    CHECK(t2v_records_open(&options, &records, NULL) == 0);
    while (t2v_records_next(records, &record, &state, NULL) == 0 && state == T2V_RECORDS_NEXT) {
        CHECK(record.empty || t2v_utf8_valid(record.text, NULL));
        CHECK(record.line > line && record.line <= size);
        line = record.line;
    }
    CHECK(state != T2V_RECORDS_WAIT && t2v_records_taken(records) < size);
    t2v_records_close(records);
    close(fd);
    return 0;
}
