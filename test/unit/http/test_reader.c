/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP reader: a table of inputs and what must come of them. Every input is fed whole, cut in
 * two at every place, and byte by byte, each piece flush against an unmapped page: the outcome must
 * be the same, and one byte read too many is a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/reader.h"

#include "base/banned.h"

enum { MAX_BODY = 20, ROOM = 128 * 1024 };

static char *guarded; /* ROOM bytes, then a page that must not be touched */

/* What comes of the bytes fed so far, as text. */
struct outcome {
    char text[2048];
    size_t len;
    bool bad;
};

static void say(struct outcome *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct outcome *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(o->text + o->len, sizeof o->text - o->len, format, args);
    va_end(args);
    o->len += n > 0 ? (size_t)n : 0;
    assert_true(o->len < sizeof o->text);
}

static void say_head(struct outcome *o, const struct t2v_request *q)
{
    say(o, "%.*s %.*s", T2V_STR_ARG(q->method), T2V_STR_ARG(q->path));
    if (q->authorization.ptr != NULL)
        say(o, " auth=%.*s", T2V_STR_ARG(q->authorization));
    if (q->length != 0)
        say(o, " length=%llu", (unsigned long long)q->length);
    say(o, "%s%s%s%s%s", q->chunked ? " chunked" : "", q->encoded ? " encoded" : "",
        q->expect_continue ? " expects" : "", q->keep_alive ? "" : " close", q->old ? " old" : "");
}

static void feed(struct t2v_reader *r, struct outcome *o, const char *bytes, size_t len)
{
    char *at = guarded + ROOM - len;
    memcpy(at, bytes, len);
    while (!o->bad) {
        size_t used = SIZE_MAX;
        enum t2v_reader_event event = t2v_reader_feed(r, at, len, &used);
        assert_true(used <= len);
        at += used;
        len -= used;
        switch (event) {
        case T2V_READER_MORE:
            assert_int_equal(len, 0);
            return;
        case T2V_READER_HEAD:
            say_head(o, &r->request);
            break;
        case T2V_READER_DONE:
            say(o, " body=%.*s\n", T2V_STR_ARG(r->request.body));
            t2v_reader_next(r);
            assert_false(t2v_reader_begun(r));
            if (len == 0)
                return;
            break;
        case T2V_READER_BAD:
            say(o, "%s%d %s\n", o->len != 0 && o->text[o->len - 1] != '\n' ? " " : "", r->status,
                r->err.msg);
            o->bad = true;
            break;
        }
    }
}

static struct outcome outcome_of(const char *bytes, size_t len, size_t first, size_t step)
{
    struct outcome o = {.len = 0};
    struct t2v_reader *r = t2v_alloc(sizeof *r);
    assert_non_null(r);
    memset(r->bytes, 0xee, sizeof r->bytes);
    t2v_reader_init(r, MAX_BODY);
    feed(r, &o, bytes, first);
    for (size_t at = first; at < len && !o.bad; at += step)
        feed(r, &o, bytes + at, len - at < step ? len - at : step);
    if (!o.bad && t2v_reader_begun(r))
        say(&o, " unfinished");
    t2v_reader_deinit(r);
    t2v_free(r);
    return o;
}

static void check(const char *name, const char *bytes, size_t len, const char *want)
{
    struct outcome whole = outcome_of(bytes, len, len, len + 1);
    if (strcmp(whole.text, want) != 0)
        fail_msg("%s:\nexpected: %s\ngot: %s", name, want, whole.text);
    struct outcome each = outcome_of(bytes, len, 0, 1);
    if (strcmp(each.text, want) != 0)
        fail_msg("%s, byte by byte:\nexpected: %s\ngot: %s", name, want, each.text);
    for (size_t cut = 1; cut<len; cut += len> 4096 ? 509 : 1) {
        struct outcome two = outcome_of(bytes, len, cut, len);
        if (strcmp(two.text, want) != 0)
            fail_msg("%s, cut at %zu:\nexpected: %s\ngot: %s", name, cut, want, two.text);
    }
}

struct example {
    const char *name, *bytes, *want;
};

static void check_all(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(examples[i].name, examples[i].bytes, strlen(examples[i].bytes), examples[i].want);
}

#define H       "Host: x\r\n"
#define GET     "GET / HTTP/1.1\r\n" H
#define POST    "POST / HTTP/1.1\r\n" H
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKS  "POST / chunked"

static void test_good(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"plain", GET "\r\n", "GET / body=\n"},
        {"query", "GET /a?b=c?d HTTP/1.1\r\n" H "\r\n", "GET /a body=\n"},
        {"length", POST "Content-Length: 3\r\n\r\nabc", "POST / length=3 body=abc\n"},
        {"length in any case, no blanks", POST "cONTENT-lENGTH:3\r\n\r\nabc",
         "POST / length=3 body=abc\n"},
        {"blanks around a value", POST "Content-Length: \t 3 \t \r\n\r\nabc",
         "POST / length=3 body=abc\n"},
        {"zeros before a length", POST "Content-Length: 003\r\n\r\nabc",
         "POST / length=3 body=abc\n"},
        {"length 0", POST "Content-Length: 0\r\n\r\n", "POST / body=\n"},
        {"two in a row", GET "\r\n" POST "Content-Length: 2\r\n\r\nhi" GET "\r\n",
         "GET / body=\nPOST / length=2 body=hi\nGET / body=\n"},
        {"empty lines before a request", "\r\n\r\n" GET "\r\n\r\n" GET "\r\n",
         "GET / body=\nGET / body=\n"},
        {"absolute URI", "GET http://h:80/a?q HTTP/1.1\r\n" H "\r\n", "GET /a body=\n"},
        {"absolute URI without a path", "GET HTTPS://h HTTP/1.1\r\n" H "\r\n", "GET / body=\n"},
        {"absolute URI, only a query", "GET http://h?q HTTP/1.1\r\n" H "\r\n", "GET / body=\n"},
        {"star", "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * body=\n"},
        {"1.0", "GET / HTTP/1.0\r\n\r\n", "GET / close old body=\n"},
        {"1.0 that keeps alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
         "GET / old body=\n"},
        {"1.0 does not expect", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
         "GET / close old body=\n"},
        {"a later 1.x", "GET / HTTP/1.7\r\n" H "\r\n", "GET / body=\n"},
        {"close", GET "Connection: foo, CLOSE\r\n\r\n", "GET / close body=\n"},
        {"close beats keep-alive", GET "Connection: close\r\nConnection: keep-alive\r\n\r\n",
         "GET / close body=\n"},
        {"expect", POST "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\nx",
         "POST / length=1 expects body=x\n"},
        {"authorization", GET "Authorization:  Bearer a b \r\n\r\n",
         "GET / auth=Bearer a b body=\n"},
        {"an empty authorization", GET "Authorization:\r\n\r\n", "GET / auth= body=\n"},
        {"encoded", GET "Content-Encoding: gzip\r\n\r\n", "GET / encoded body=\n"},
        {"not encoded", GET "Content-Encoding: identity\r\n\r\n", "GET / body=\n"},
        {"bytes above 127 in a value", GET "X: \xc3\xa9\xff\r\n\r\n", "GET / body=\n"},
        {"an empty value", GET "X:\r\n\r\n", "GET / body=\n"},
        {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / body=\n"},
        {"half a line", "GET / HT", " unfinished"},
        {"half a body", POST "Content-Length: 5\r\n\r\nab", "POST / length=5 unfinished"},
        {"largest body", POST "Content-Length: 20\r\n\r\n01234567890123456789",
         "POST / length=20 body=01234567890123456789\n"},
    };
    check_all(examples, sizeof examples / sizeof *examples);
}

static void test_bad_start(void **state)
{
    (void)state;
    static const char token[] = "400 request line: the method is not a token\n",
                      shape[] = "400 request line: METHOD TARGET HTTP/1.1 was expected\n",
                      escape[] =
                          "400 request line: a character in the target that must be escaped\n",
                      form[] = "400 request line: the target is neither a path nor an http URI\n";
    static const struct example examples[] = {
        {"no method", " / HTTP/1.1\r\n\r\n", token},
        {"a strange method", "G\"T / HTTP/1.1\r\n\r\n", token},
        {"TLS", "\x16\x03\x01\x02\x05\x01",
         "400 this is TLS, but plain HTTP is spoken here: use http://, not https://\n"},
        {"JSON", "{\"text\": \"a\"}\r\n",
         "400 request line: this is JSON; was a body sent without Content-Length, or with one that "
         "is too small?\n"},
        {"no version", "GET /\r\n\r\n", shape},
        {"two blanks", "GET  / HTTP/1.1\r\n\r\n", shape},
        {"blank at the end", "GET / HTTP/1.1 \r\n\r\n", shape},
        {"small letters", "GET / http/1.1\r\n\r\n", shape},
        {"a long version", "GET / HTTP/1.10\r\n\r\n", shape},
        {"no target", "GET  HTTP/1.1\r\n\r\n", "400 request line: no target\n"},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
         "505 only HTTP/1.1 and HTTP/1.0 are spoken here\n"},
        {"a tab in the target", "GET /\ta HTTP/1.1\r\n", escape},
        {"a fragment", "GET /a#b HTTP/1.1\r\n", escape},
        {"bytes above 127", "GET /\xc3\xa9 HTTP/1.1\r\n", escape},
        {"a CR in the target", "GET /\ra HTTP/1.1\r\n", escape},
        {"no slash", "GET a HTTP/1.1\r\n", form},
        {"host:port", "CONNECT h:80 HTTP/1.1\r\n", form},
        {"another scheme", "GET ftp://h/ HTTP/1.1\r\n", form},
        {"URI without a host", "GET http:///a HTTP/1.1\r\n",
         "400 request line: the URI has no host\n"},
        {"bare LF", "GET / HTTP/1.1\n" H "\r\n", "400 header: a line ends without CR\n"},
        {"bare LF before", "\n" GET "\r\n", "400 header: a line ends without CR\n"},
    };
    check_all(examples, sizeof examples / sizeof *examples);
}

static void test_bad_fields(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"no Host", "GET / HTTP/1.1\r\n\r\n", "400 header: Host is missing\n"},
        {"two Hosts", GET "Host: x\r\n\r\n", "400 header field 2: a second Host\n"},
        {"a Host that is two", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
         "400 header field 1: Host is not a host\n"},
        {"bare LF in a field", GET "A: b\n\r\n", "400 header: a line ends without CR\n"},
        {"bare LF at the end", GET "\n", "400 header: a line ends without CR\n"},
        {"a CR in a value", GET "A: b\rc\r\n\r\n",
         "400 header field 2: a control character in the value\n"},
        {"a CR before CRLF", GET "A: b\r\r\n\r\n",
         "400 header field 2: a control character in the value\n"},
        {"fold", GET "A: b\r\n c\r\n\r\n", "400 header field 3: a folded line\n"},
        {"fold by tab", GET "A: b\r\n\tc\r\n\r\n", "400 header field 3: a folded line\n"},
        {"a blank first", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
         "400 header field 1: a folded line\n"},
        {"blank before the colon", GET "Content-Length : 3\r\n\r\nabc",
         "400 header field 2: white space before the colon\n"},
        {"no colon", GET "Foo\r\n\r\n", "400 header field 2: no colon\n"},
        {"no name", GET ": a\r\n\r\n", "400 header field 2: the name is not a token\n"},
        {"a strange name", GET "A(b): a\r\n\r\n", "400 header field 2: the name is not a token\n"},
        {"two Authorizations", GET "Authorization: a\r\nAuthorization: a\r\n\r\n",
         "400 header field 3: a second Authorization\n"},
        {"another Expect", POST "Expect: tea\r\n\r\n",
         "417 the only Expect taken is 100-continue\n"},
        {"two lengths", POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         "400 header field 3: a second Content-Length\n"},
        {"two equal lengths", POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
         "400 header field 3: a second Content-Length\n"},
        {"a list of lengths", POST "Content-Length: 1, 1\r\n\r\na",
         "400 header field 2: Content-Length is not a number\n"},
        {"a signed length", POST "Content-Length: +1\r\n\r\na",
         "400 header field 2: Content-Length is not a number\n"},
        {"a negative length", POST "Content-Length: -1\r\n\r\na",
         "400 header field 2: Content-Length is not a number\n"},
        {"a hexadecimal length", POST "Content-Length: 0x1\r\n\r\na",
         "400 header field 2: Content-Length is not a number\n"},
        {"an empty length", POST "Content-Length: \r\n\r\n",
         "400 header field 2: Content-Length is empty\n"},
        {"length, then chunked", POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400 header: Content-Length and Transfer-Encoding in one request\n"},
        {"chunked, then length", POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
         "400 header: Content-Length and Transfer-Encoding in one request\n"},
        {"chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400 header field 3: a second Transfer-Encoding\n"},
        {"gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
         "501 the only Transfer-Encoding taken is chunked\n"},
        {"xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n",
         "501 the only Transfer-Encoding taken is chunked\n"},
        {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400 header field 1: Transfer-Encoding in HTTP/1.0\n"},
    };
    check_all(examples, sizeof examples / sizeof *examples);
}

static void test_nul_in_header(void **state)
{
    (void)state;
    static const char value[] = GET "A: b\0c\r\n\r\n", name[] = GET "A\0: b\r\n\r\n",
                      target[] = "GET /\0 HTTP/1.1\r\n";
    check("NUL in a value", value, sizeof value - 1,
          "400 header field 2: a control character in the value\n");
    check("NUL in a name", name, sizeof name - 1, "400 header field 2: the name is not a token\n");
    check("NUL in the target", target, sizeof target - 1,
          "400 request line: a character in the target that must be escaped\n");
}

static void test_chunked(void **state)
{
    (void)state;
    static const char after[] = CHUNKS " 400 chunked body: bytes after a chunk's size\n",
                      longer[] = CHUNKS " 400 chunked body: a chunk is longer than its size\n",
                      large[] = CHUNKS " 413 the body is larger than the limit of 20 bytes\n";
    static const struct example examples[] = {
        {"empty", CHUNKED "0\r\n\r\n", CHUNKS " body=\n"},
        {"one", CHUNKED "3\r\nabc\r\n0\r\n\r\n", CHUNKS " body=abc\n"},
        {"some, in hexadecimal", CHUNKED "3\r\nabc\r\nA\r\n0123456789\r\n00\r\n\r\n" GET "\r\n",
         CHUNKS " body=abc0123456789\nGET / body=\n"},
        {"extensions", CHUNKED "3;a=\"b\";c\r\nabc\r\n0 ; x\r\n\r\n", CHUNKS " body=abc\n"},
        {"trailers", CHUNKED "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 7\r\n\r\n" GET "\r\n",
         CHUNKS " body=x\nGET / body=\n"},
        {"CRLF in a chunk", CHUNKED "4\r\n\r\n\r\n\r\n0\r\n\r\n", CHUNKS " body=\r\n\r\n\n"},
        {"as large as may be", CHUNKED "14\r\n01234567890123456789\r\n0\r\n\r\n",
         CHUNKS " body=01234567890123456789\n"},
        {"unfinished", CHUNKED "3\r\nab", CHUNKS " unfinished"},
        {"one too many", CHUNKED "15\r\n", large},
        {"one too many in two", CHUNKED "14\r\n01234567890123456789\r\n1\r\n", large},
        {"a size beyond 64 bits", CHUNKED "ffffffffffffffff1\r\n", large},
        {"a size of 64 bits", CHUNKED "ffffffffffffffff\r\n", large},
        {"no size", CHUNKED "\r\n", CHUNKS " 400 chunked body: a chunk has no size\n"},
        {"no digit", CHUNKED "x\r\n", CHUNKS " 400 chunked body: a chunk has no size\n"},
        {"a signed size", CHUNKED "+3\r\nabc\r\n",
         CHUNKS " 400 chunked body: a chunk has no size\n"},
        {"0x", CHUNKED "0x3\r\nabc\r\n", after},
        {"a blank after the size", CHUNKED "3 \r\nabc\r\n", after},
        {"a control character", CHUNKED "3;\x01\r\nabc\r\n", after},
        {"a CR in an extension", CHUNKED "3;a\rb\r\nabc\r\n", after},
        {"bare LF", CHUNKED "3\nabc\r\n", CHUNKS " 400 chunked body: a line ends without CR\n"},
        {"longer than its size", CHUNKED "3\r\nabcd\r\n", longer},
        {"bare LF after a chunk", CHUNKED "3\r\nabc\n0\r\n\r\n",
         CHUNKS " 400 chunked body: a line ends without CR\n"},
        {"a bad trailer", CHUNKED "0\r\nA b\r\n\r\n", CHUNKS " 400 header field 1: no colon\n"},
    };
    check_all(examples, sizeof examples / sizeof *examples);
}

static void test_too_large(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"one too many", POST "Content-Length: 21\r\n\r\n",
         "POST / length=21 413 the body is larger than the limit of 20 bytes\n"},
        {"beyond 64 bits", POST "Content-Length: 99999999999999999999999\r\n\r\n",
         "POST / length=18446744073709551615 413 the body is larger than the limit of 20 bytes\n"},
    };
    check_all(examples, sizeof examples / sizeof *examples);
}

/* Appends n times the same text. */
static size_t repeat(char *to, const char *text, size_t n)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * len, text, len);
    return n * len;
}

static void test_limits(void **state)
{
    (void)state;
    static char bytes[ROOM];
    static const char large[] = "400 the header is larger than 16384 bytes\n";
    size_t len = repeat(bytes, GET, 1);
    len += repeat(bytes + len, "A: b\r\n", 99);
    size_t end = len + repeat(bytes + len, "\r\n", 1);
    check("100 fields", bytes, end, "GET / body=\n");
    end = len + repeat(bytes + len, "A: b\r\n\r\n", 1);
    check("101 fields", bytes, end, "400 more than 100 header fields\n");

    len = repeat(bytes, GET "A: ", 1);
    len += repeat(bytes + len, "b", T2V_HEAD_MAX - len - 4);
    end = len + repeat(bytes + len, "\r\n\r\n", 1);
    check("as large as may be", bytes, end, "GET / body=\n");
    end = len + repeat(bytes + len, "b\r\n\r\n", 1);
    check("one byte too large", bytes, end, large);
    check("a line without end", bytes, repeat(bytes, "a", ROOM), large);
    check("empty lines without end", bytes, repeat(bytes, "\r\n", ROOM / 2), large);

    len = repeat(bytes, CHUNKED "3;", 1);
    len += repeat(bytes + len, "x", T2V_BODY_LINE_MAX);
    check("a long extension", bytes, len, CHUNKS " 400 chunked body: a line too long\n");
    len = repeat(bytes, CHUNKED "0\r\n", 1);
    len += repeat(bytes + len, "A: b\r\n", 101);
    check("101 trailers", bytes, len, CHUNKS " 400 more than 100 header fields\n");
}

/* A chunked request that goes on with the same bytes, at most `most` times. */
static struct t2v_reader *feed_often(const char *bytes, size_t len, int most, int *n)
{
    struct t2v_reader *r = t2v_alloc(sizeof *r);
    assert_non_null(r);
    t2v_reader_init(r, 1 << 20);
    size_t used;
    assert_int_equal(t2v_reader_feed(r, CHUNKED, sizeof CHUNKED - 1, &used), T2V_READER_HEAD);
    enum t2v_reader_event event = T2V_READER_MORE;
    for (*n = 0; event == T2V_READER_MORE && *n < most; ++*n)
        event = t2v_reader_feed(r, bytes, len, &used);
    return r;
}

/* Bytes around the body are bounded too: a body of many small chunks with long extensions, or with
 * sizes that are zeros for the most part, or many long trailers. */
static void test_bytes_without_body(void **state)
{
    (void)state;
    static const char *const parts[][3] = {
        {"1;", "x", "\r\nb\r\n"}, {"", "0", "1\r\nb\r\n"}, {"0\r\nA:", "b", "\r\n"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        static char bytes[1100];
        size_t len = repeat(bytes, parts[i][0], 1);
        len += repeat(bytes + len, parts[i][1], 1000);
        len += repeat(bytes + len, parts[i][2], 1);
        size_t begin = i == 2 ? 3 : 0; /* trailers follow the last chunk */
        int n;
        struct t2v_reader *r = feed_often(bytes, len, begin != 0 ? 1 : 1000, &n);
        size_t used;
        while (begin != 0 && n < 1000 && r->status == 0) {
            t2v_reader_feed(r, bytes + begin, len - begin, &used);
            n++;
        }
        if (r->status != 400 || strstr(r->err.msg, "not the body's") == NULL || n < 60 || n > 70)
            fail_msg("%zu: expected 400 after 60 to 70, got %d after %d: %s", i, r->status, n,
                     r->err.msg);
        t2v_reader_deinit(r);
        t2v_free(r);
    }
}

/* What chunks need is not bounded but by the body: the smallest that there are, up to the limit. */
static void test_small_chunks(void **state)
{
    (void)state;
    int n;
    size_t used;
    struct t2v_reader *r = feed_often("1\r\nb\r\n", 6, 1 << 20, &n);
    if (n != 1 << 20 || r->status != 0)
        fail_msg("expected %d chunks, got %d and %d: %s", 1 << 20, n, r->status, r->err.msg);
    assert_int_equal(t2v_reader_feed(r, "0\r\n\r\n", 5, &used), T2V_READER_DONE);
    assert_int_equal(r->request.body.len, 1 << 20);
    t2v_reader_deinit(r);
    t2v_free(r);
}

/* Memory for a body of n_sent bytes so far, which this field announces. */
static size_t bytes_held(const char *field, const char *sent, size_t n_sent)
{
    static char head[200];
    struct t2v_reader *r = t2v_alloc(sizeof *r);
    assert_non_null(r);
    t2v_reader_init(r, 1 << 20);
    int len = snprintf(head, sizeof head, POST "%s\r\n\r\n", field);
    size_t used;
    assert_int_equal(t2v_reader_feed(r, head, (size_t)len, &used), T2V_READER_HEAD);
    assert_int_equal(t2v_reader_feed(r, NULL, 0, &used), T2V_READER_MORE);
    size_t before = t2v_reader_bytes(r);
    assert_int_equal(before, len);
    for (size_t at = 0; at < n_sent; at += used) {
        size_t n = n_sent - at < 1000 ? n_sent - at : 1000;
        assert_int_equal(t2v_reader_feed(r, sent + at, n, &used), T2V_READER_MORE);
        assert_true(r->body.len <= r->body.cap);
    }
    size_t bytes = t2v_reader_bytes(r) - before;
    t2v_reader_deinit(r);
    t2v_free(r);
    return bytes;
}

/* None for a head's word alone; then a small body's whole size, and of a large one what has come,
 * in pages. */
static void test_room(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        size_t n_sent, want;
    } rows[] = {
        {"Content-Length: 1000000", 0, 0},
        {"Content-Length: 1000", 1, 1000},
        {"Content-Length: 65536", 1, 65536},
        {"Content-Length: 65536", 65535, 65536},
        {"Content-Length: 65537", 1, 2 * 4096},
        {"Content-Length: 1000000", 8000, 3 * 4096},
        {"Content-Length: 1000000", 300000, 75 * 4096},
        {"Transfer-Encoding: chunked", 0, 0},
    };
    static char bytes[300000];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t got = bytes_held(rows[i].field, bytes, rows[i].n_sent);
        if (got != rows[i].want)
            fail_msg("%s, %zu bytes sent: expected %zu, got %zu", rows[i].field, rows[i].n_sent,
                     rows[i].want, got);
    }
    static char chunk[20000] = "4e00\r\n"; /* its size, then as many of its bytes as are sent */
    assert_int_equal(bytes_held("Transfer-Encoding: chunked", chunk, 1006), 2048);
    assert_int_equal(bytes_held("Transfer-Encoding: chunked", chunk, 6006), 3 * 4096);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char bytes[] = POST "Content-Length: 3\r\n\r\nabc";
    struct t2v_reader *r = t2v_alloc(sizeof *r);
    assert_non_null(r);
    size_t used, more;
    t2v_reader_init(r, MAX_BODY);
    assert_int_equal(t2v_reader_feed(r, bytes, sizeof bytes - 1, &used), T2V_READER_HEAD);
    t2v_mem_fail_at(0);
    assert_int_equal(t2v_reader_feed(r, bytes + used, sizeof bytes - 1 - used, &more),
                     T2V_READER_BAD);
    t2v_mem_fail_at(-1);
    assert_int_equal(r->status, 503);
    assert_int_equal(r->err.code, T2V_ENOMEM);
    t2v_reader_deinit(r);
    t2v_free(r);
}

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + ROOM, page, PROT_NONE) != 0)
        return 1;
    guarded = map;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_bad_start),
        cmocka_unit_test(test_bad_fields),   cmocka_unit_test(test_nul_in_header),
        cmocka_unit_test(test_chunked),      cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_bytes_without_body),
        cmocka_unit_test(test_small_chunks), cmocka_unit_test(test_room),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
