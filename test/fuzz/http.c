/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes on a connection: the reader must see the same requests whole, byte by byte and in odd
 * pieces. */
#include <string.h>

#include "fuzz.h"
#include "http/reader.h"

enum { MAX_BODY = 256 };

/* FNV-1a of all results of the reader. */
struct seen {
    uint64_t hash;
};

static void see(struct seen *seen, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++)
        seen->hash = (seen->hash ^ at[i]) * UINT64_C(1099511628211);
    seen->hash = (seen->hash ^ n) * UINT64_C(1099511628211);
}

static void see_request(struct seen *seen, const struct t2v_request *r)
{
    const struct t2v_str parts[] = {r->method, r->path, r->authorization, r->body};
    const bool flags[] = {r->chunked, r->encoded, r->expect_continue, r->keep_alive, r->old};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        see(seen, parts[i].ptr, parts[i].len);
    see(seen, flags, sizeof flags);
    see(seen, &r->length, sizeof r->length);
    CHECK(r->body.len <= MAX_BODY);
}

/* Feeds all the bytes, `piece` at a time. */
static uint64_t read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    static struct t2v_reader reader;
    struct seen seen = {UINT64_C(1469598103934665603)};
    size_t at = 0, idle = 0;
    t2v_reader_init(&reader, MAX_BODY);
    for (;;) {
        size_t n = size - at < piece ? size - at : piece, used = 0;
        enum t2v_reader_event event = t2v_reader_feed(&reader, (const char *)data + at, n, &used);
        CHECK(used <= n);
        at += used;
        idle = used != 0 ? 0 : idle + 1;
        CHECK(idle < 4); /* it makes progress */
        if (event == T2V_READER_HEAD) {
            CHECK(t2v_reader_begun(&reader));
            see(&seen, "head", 4);
        } else if (event == T2V_READER_DONE) {
            see_request(&seen, &reader.request);
            t2v_reader_next(&reader);
            CHECK(!t2v_reader_begun(&reader));
        } else if (event == T2V_READER_BAD) {
            CHECK(reader.status >= 400 && reader.status < 600 && reader.err.msg[0] != '\0');
            see(&seen, &reader.status, sizeof reader.status);
            see(&seen, reader.err.msg, strlen(reader.err.msg));
            break;
        } else if (at == size) {
            CHECK(used == n);
            break;
        }
    }
    t2v_reader_deinit(&reader);
    return seen.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = read_in_pieces(data, size, SIZE_MAX);
    CHECK(read_in_pieces(data, size, 1) == whole);
    CHECK(read_in_pieces(data, size, 7) == whole);
    return 0;
}
