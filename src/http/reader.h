/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_READER_H
#define T2V_HTTP_READER_H
/*
 * Turns the bytes of a connection into HTTP/1.x requests, one at a time: incremental, without
 * libevent or routes. It is strict (RFC 9112 with its "may be lenient" left out): two parties that
 * read the same bytes must not see different requests. The result does not depend on how the bytes
 * are split.
 *
 * The head is in a fixed array inside the reader (the struct has some 17 KiB). The body has no
 * memory before its first byte. Then a small body gets its whole size from the heap at once, and a
 * large one a mapping of its own, whose pages count as they are written. A body that grew in the
 * heap would leave a hole there at each step. One thread at a time.
 *
 * It does not decode percent signs or join repeated header fields, and drops fields that t2v does
 * not use.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum {
    T2V_HEAD_MAX = 16 * 1024, /* request line and header fields, line ends included */
    T2V_FIELDS_MAX = 100,     /* header fields; trailer fields have the same limit */
    T2V_BODY_LINE_MAX = 1024, /* a line inside a chunked body: size and extensions, a trailer */
    T2V_BODY_OVERHEAD_MAX = 64 * 1024, /* framing overhead of a chunked body */
    T2V_BODY_HEAP_MAX = 64 * 1024,     /* a body of more bytes has a mapping of its own */
    T2V_BODY_MAPPED = 256 * 1024 /* smallest room of such a body: malloc maps blocks of this size,
                                    see M_MMAP_THRESHOLD in server.c */
};

/* A request. Views into the reader, valid until t2v_reader_next or _deinit. */
struct t2v_request {
    struct t2v_str method; /* "POST" */
    struct t2v_str path;   /* "/vectors": of an absolute URI too, "/" when it has none; without
                              the query */
    struct t2v_str authorization; /* the field's value; ptr NULL when not sent */
    struct t2v_str origin;        /* Origin; ptr NULL when not sent, empty when sent twice */
    struct t2v_str accept;        /* Accept, the first of several; ptr NULL when not sent */
    struct t2v_str wanted_method; /* Access-Control-Request-Method, and ...-Headers: */
    struct t2v_str wanted_fields; /* ptr NULL when not sent */
    struct t2v_str body;          /* set when the whole request is read */
    struct t2v_str id; /* of a path with T2V_ROUTE_ID (http/route.h), else empty; the reader leaves
                          it so, the owner of the reader sets it */
    uint64_t length;   /* Content-Length (UINT64_MAX: larger than that); 0 when not sent */
    bool chunked;
    bool has_body;        /* Content-Length or Transfer-Encoding was sent */
    bool encoded;         /* Content-Encoding names something other than identity */
    bool expect_continue; /* the client waits for "100 Continue" before it sends the body */
    bool keep_alive;      /* from the version and the Connection field */
    bool old;             /* HTTP/1.0 */
};

enum t2v_reader_event {
    T2V_READER_MORE, /* all bytes used, the request is not complete */
    T2V_READER_HEAD, /* the head is complete; reported once for each request, before the body */
    T2V_READER_DONE, /* the request is complete; reported again until t2v_reader_next */
    T2V_READER_BAD   /* this connection cannot be read further: see status and err */
};

struct t2v_reader {
    struct t2v_request request;
    int status;         /* after BAD: 400, 413, 417, 501, 503, 505 */
    struct t2v_err err; /* after BAD: why; never quotes a header's value */

    /* private */
    int state;
    bool has_host, has_length, has_encoding, says_close, says_keep;
    size_t max_body;
    size_t n_field;
    size_t line;     /* where the current line begins in bytes */
    size_t used;     /* filled part of bytes */
    size_t overhead; /* bytes of extensions, trailers and leading zeros of sizes so far */
    uint64_t left;   /* of the body, or of the current chunk */
    struct t2v_buf body;
    char bytes[T2V_HEAD_MAX + T2V_BODY_LINE_MAX];
};

/* max_body: a body of more bytes is status 413. */
void t2v_reader_init(struct t2v_reader *reader, size_t max_body);
void t2v_reader_deinit(struct t2v_reader *reader);

/* Reads bytes that follow those used before; *used: how many of them were used. After HEAD call it
 * again (with no bytes, if there are none), so that a body announced as too large, or an empty one,
 * is reported at once. len may be 0; then ptr may be NULL. */
enum t2v_reader_event t2v_reader_feed(struct t2v_reader *reader, const char *ptr, size_t len,
                                      size_t *used);

/* True when a request has begun: some of its bytes are read. */
bool t2v_reader_begun(const struct t2v_reader *reader);
/* Bytes of memory that the request holds so far, head and body. */
size_t t2v_reader_bytes(const struct t2v_reader *reader);
/* After DONE: drops the request and begins the next one on the connection. */
void t2v_reader_next(struct t2v_reader *reader);

#endif
