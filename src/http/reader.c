/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/reader.h"

#include <string.h>

#include "base/banned.h"

enum state {
    START_LINE,
    FIELD_LINE,
    BODY_BEGIN, /* the head has been reported */
    BODY_BYTES,
    CHUNK_SIZE_LINE,
    CHUNK_BYTES,
    CHUNK_END_LINE,
    TRAILER_LINE,
    COMPLETE,
    BROKEN
};

/* The first byte of a TLS connection; no method begins with it. */
enum { TLS_HANDSHAKE = 0x16 };

enum {
    CHUNKED_BYTES = 2 * 1024, /* first room for a chunked body, whose size is not known yet */
    PAGE_BYTES = 4096
};

static int bad(struct t2v_reader *r, int status, const char *why)
{
    r->state = BROKEN;
    r->status = status;
    return t2v_fail(&r->err, status == 413 ? T2V_ETOOLARGE : T2V_EFORMAT, "%s", why);
}

static int bad_field(struct t2v_reader *r, const char *why)
{
    r->state = BROKEN;
    r->status = 400;
    return t2v_fail(&r->err, T2V_EFORMAT, "header field %zu: %s", r->n_field, why);
}

static bool is_token(unsigned char c)
{
    /* RFC 9110, 5.6.2: one bit for each of the bytes 0..127. */
    static const uint32_t set[4] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    return c < 128 && (set[c >> 5] >> (c & 31) & 1) != 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool all_tokens(struct t2v_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_token((unsigned char)s.ptr[i]))
            return false;
    }
    return s.len != 0;
}

/* No control characters except tabs: neither NUL nor a bare CR. */
static bool is_plain(struct t2v_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* "http://host:port/path?query" to "/path?query". */
static int strip_authority(struct t2v_reader *r, struct t2v_str *target)
{
    struct t2v_str rest = *target;
    struct t2v_str scheme = t2v_str_cut(&rest, ':');
    bool known = t2v_str_is_word(scheme, "http") || t2v_str_is_word(scheme, "https");
    if (!known || !t2v_str_starts(rest, T2V_STR("//")))
        return bad(r, 400, "request line: the target is neither a path nor an http URI");
    rest = t2v_str_skip(rest, 2);
    size_t host = 0;
    while (host < rest.len && rest.ptr[host] != '/' && rest.ptr[host] != '?')
        host++;
    if (host == 0)
        return bad(r, 400, "request line: the URI has no host");
    *target = t2v_str_skip(rest, host);
    return 0;
}

static int read_target(struct t2v_reader *r, struct t2v_str target)
{
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return bad(r, 400, "request line: a character in the target that must be escaped");
    }
    if (target.len == 0)
        return bad(r, 400, "request line: no target");
    bool star = t2v_str_is(target, "*");
    if (!star && target.ptr[0] != '/' && strip_authority(r, &target) != 0)
        return r->err.code;
    r->request.path = t2v_str_cut(&target, '?');
    if (r->request.path.len == 0)
        r->request.path = T2V_STR("/");
    return 0;
}

static int read_version(struct t2v_reader *r, struct t2v_str version)
{
    bool shaped = version.len == 8 && t2v_str_starts(version, T2V_STR("HTTP/")) &&
                  version.ptr[6] == '.' && version.ptr[5] >= '0' && version.ptr[5] <= '9' &&
                  version.ptr[7] >= '0' && version.ptr[7] <= '9';
    if (!shaped)
        return bad(r, 400, "request line: METHOD TARGET HTTP/1.1 was expected");
    if (version.ptr[5] != '1')
        return bad(r, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    r->request.old = version.ptr[7] == '0';
    return 0;
}

static int read_start_line(struct t2v_reader *r, struct t2v_str line)
{
    if (line.len == 0) {
        /* RFC 9112, 2.2: empty lines before a request are ignored. */
        r->line = r->used;
        return 0;
    }
    struct t2v_str method = t2v_str_cut(&line, ' ');
    struct t2v_str target = t2v_str_cut(&line, ' ');
    if (method.len != 0 && (method.ptr[0] == '{' || method.ptr[0] == '['))
        return bad(r, 400,
                   "request line: this is JSON; was a body sent without Content-Length, or with "
                   "one that is too small?");
    if (!all_tokens(method))
        return bad(r, 400, "request line: the method is not a token");
    r->request.method = method;
    if (read_version(r, line) != 0 || read_target(r, target) != 0)
        return r->err.code;
    r->state = FIELD_LINE;
    return 0;
}

static int read_length(struct t2v_reader *r, struct t2v_str value)
{
    if (r->has_length)
        return bad_field(r, "a second Content-Length");
    if (value.len == 0)
        return bad_field(r, "Content-Length is empty");
    uint64_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c < '0' || c > '9')
            return bad_field(r, "Content-Length is not a number");
        if (length > (UINT64_MAX - 9) / 10)
            length = UINT64_MAX;
        else
            length = length * 10 + (uint64_t)(c - '0');
    }
    r->has_length = true;
    r->request.length = length;
    return 0;
}

static int read_coding(struct t2v_reader *r, struct t2v_str value)
{
    if (r->has_encoding)
        return bad_field(r, "a second Transfer-Encoding");
    r->has_encoding = true;
    if (r->request.old)
        return bad_field(r, "Transfer-Encoding in HTTP/1.0");
    if (!t2v_str_is_word(value, "chunked"))
        return bad(r, 501, "the only Transfer-Encoding taken is chunked");
    r->request.chunked = true;
    return 0;
}

static int read_host(struct t2v_reader *r, struct t2v_str value)
{
    if (r->has_host)
        return bad_field(r, "a second Host");
    for (size_t i = 0; i < value.len; i++) {
        if (is_blank(value.ptr[i]) || value.ptr[i] == ',')
            return bad_field(r, "Host is not a host");
    }
    r->has_host = true;
    return 0;
}

static void read_connection(struct t2v_reader *r, struct t2v_str value)
{
    while (value.len != 0) {
        struct t2v_str option = t2v_str_trim(t2v_str_cut(&value, ','));
        r->says_close = r->says_close || t2v_str_is_word(option, "close");
        r->says_keep = r->says_keep || t2v_str_is_word(option, "keep-alive");
    }
}

static int read_field(struct t2v_reader *r, struct t2v_str name, struct t2v_str value)
{
    if (t2v_str_is_word(name, "content-length"))
        return read_length(r, value);
    if (t2v_str_is_word(name, "transfer-encoding"))
        return read_coding(r, value);
    if (t2v_str_is_word(name, "host"))
        return read_host(r, value);
    if (t2v_str_is_word(name, "connection"))
        read_connection(r, value);
    else if (t2v_str_is_word(name, "content-encoding"))
        r->request.encoded = r->request.encoded || !t2v_str_is_word(value, "identity");
    else if (t2v_str_is_word(name, "expect") && !r->request.old) {
        if (!t2v_str_is_word(value, "100-continue"))
            return bad(r, 417, "the only Expect taken is 100-continue");
        r->request.expect_continue = true;
    } else if (t2v_str_is_word(name, "origin")) {
        /* Of two, neither is trusted. */
        r->request.origin = r->request.origin.ptr == NULL ? value : T2V_STR("");
    } else if (t2v_str_is_word(name, "accept")) {
        if (r->request.accept.ptr == NULL)
            r->request.accept = value;
    } else if (t2v_str_is_word(name, "access-control-request-method")) {
        r->request.wanted_method = value;
    } else if (t2v_str_is_word(name, "access-control-request-headers")) {
        r->request.wanted_fields = value;
    } else if (t2v_str_is_word(name, "authorization")) {
        if (r->request.authorization.ptr != NULL)
            return bad_field(r, "a second Authorization");
        r->request.authorization = value;
    }
    return 0;
}

static int read_field_line(struct t2v_reader *r, struct t2v_str line)
{
    if (++r->n_field > T2V_FIELDS_MAX)
        return bad(r, 400, "more than 100 header fields");
    if (is_blank(line.ptr[0]))
        return bad_field(r, "a folded line");
    struct t2v_str value = line;
    struct t2v_str name = t2v_str_cut(&value, ':');
    if (name.len == line.len)
        return bad_field(r, "no colon");
    if (name.len != 0 && is_blank(name.ptr[name.len - 1]))
        return bad_field(r, "white space before the colon");
    if (!all_tokens(name))
        return bad_field(r, "the name is not a token");
    if (!is_plain(value))
        return bad_field(r, "a control character in the value");
    return r->state == FIELD_LINE ? read_field(r, name, t2v_str_trim(value)) : 0;
}

/* The empty line after the fields. */
static int end_head(struct t2v_reader *r)
{
    if (r->has_length && r->has_encoding)
        return bad(r, 400, "header: Content-Length and Transfer-Encoding in one request");
    if (!r->has_host && !r->request.old)
        return bad(r, 400, "header: Host is missing");
    r->request.has_body = r->has_length || r->has_encoding;
    r->request.keep_alive = !r->says_close && (!r->request.old || r->says_keep);
    r->state = BODY_BEGIN;
    r->n_field = 0;
    return 0;
}

static int too_large(struct t2v_reader *r)
{
    r->state = BROKEN;
    r->status = 413;
    return t2v_fail(&r->err, T2V_ETOOLARGE, "the body is larger than the limit of %zu bytes",
                    r->max_body);
}

/* Counts framing overhead: chunk extensions, trailers, leading zeros of sizes. The sizes themselves
 * and line ends are not counted, since each chunk has at least one byte of the body, which is
 * limited. */
static int count_overhead(struct t2v_reader *r, size_t n)
{
    r->overhead += n;
    return r->overhead <= T2V_BODY_OVERHEAD_MAX
               ? 0
               : bad(r, 400, "chunked body: too many bytes that are not the body's");
}

static int read_chunk_size(struct t2v_reader *r, struct t2v_str line)
{
    uint64_t size = 0;
    size_t i = 0, n_zero = 0;
    for (; i < line.len; i++) {
        char c = lower(line.ptr[i]);
        bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f'))
            break;
        if (size >> 59 != 0)
            return too_large(r);
        size = size * 16 + (uint64_t)(digit ? c - '0' : c - 'a' + 10);
        n_zero += size == 0;
    }
    if (i == 0)
        return bad(r, 400, "chunked body: a chunk has no size");
    struct t2v_str extension = t2v_str_trim(t2v_str_skip(line, i));
    bool bare = i == line.len;
    if (!bare && (extension.len == 0 || extension.ptr[0] != ';' || !is_plain(extension)))
        return bad(r, 400, "chunked body: bytes after a chunk's size");
    if (size > r->max_body - r->body.len)
        return too_large(r);
    if (count_overhead(r, n_zero + line.len - i) != 0)
        return r->err.code;
    r->left = size;
    r->state = size != 0 ? CHUNK_BYTES : TRAILER_LINE;
    return 0;
}

static int read_line(struct t2v_reader *r, struct t2v_str line)
{
    switch (r->state) {
    case START_LINE:
        return read_start_line(r, line);
    case FIELD_LINE:
        return line.len == 0 ? end_head(r) : read_field_line(r, line);
    case CHUNK_SIZE_LINE:
        return read_chunk_size(r, line);
    case CHUNK_END_LINE:
        r->state = CHUNK_SIZE_LINE;
        return line.len == 0 ? 0 : bad(r, 400, "chunked body: a chunk is longer than its size");
    default: /* TRAILER_LINE */
        if (count_overhead(r, line.len) != 0)
            return r->err.code;
        if (line.len != 0)
            return read_field_line(r, line);
        r->state = COMPLETE;
        return 0;
    }
}

static bool in_head(const struct t2v_reader *r)
{
    return r->state == START_LINE || r->state == FIELD_LINE;
}

/* Copies bytes up to the end of the line, and parses the line once it is complete. Lines of the
 * head stay in r->bytes; a line of a chunked body is overwritten by the next one. Returns the
 * number of bytes consumed. */
static size_t take_line(struct t2v_reader *r, const char *ptr, size_t len)
{
    bool head = in_head(r);
    size_t room = head ? T2V_HEAD_MAX - r->used : T2V_BODY_LINE_MAX - (r->used - r->line);
    const char *end = memchr(ptr, '\n', len);
    size_t n = end != NULL ? (size_t)(end - ptr) + 1 : len;
    if (n > room) {
        bad(r, 400,
            head ? "the header is larger than 16384 bytes" : "chunked body: a line too long");
        return 0;
    }
    memcpy(r->bytes + r->used, ptr, n);
    r->used += n;
    if (r->state == START_LINE && r->bytes[r->line] == TLS_HANDSHAKE) {
        bad(r, 400, "this is TLS, but plain HTTP is spoken here: use http://, not https://");
        return n;
    }
    if (end == NULL)
        return n;
    struct t2v_str line = {r->bytes + r->line, r->used - r->line - 1};
    if (line.len == 0 || line.ptr[line.len - 1] != '\r') {
        bad(r, 400,
            head ? "header: a line ends without CR" : "chunked body: a line ends without CR");
        return n;
    }
    line.len--;
    read_line(r, line);
    if (head)
        r->line = r->used;
    else
        r->used = r->line;
    return n;
}

static void begin_body(struct t2v_reader *r)
{
    if (r->request.length > r->max_body) {
        too_large(r);
        return;
    }
    r->left = r->request.length;
    if (r->request.chunked)
        r->state = CHUNK_SIZE_LINE;
    else
        r->state = r->left != 0 ? BODY_BYTES : COMPLETE;
}

/* Makes room for n more bytes of the body, and for some that follow; reader.h describes when. */
static void reserve(struct t2v_reader *r, size_t n)
{
    size_t len = r->body.len, need = len + n, size = need;
    if (need <= r->body.cap)
        return;
    if (r->request.chunked && need <= CHUNKED_BYTES)
        size = CHUNKED_BYTES;
    else if (!r->request.chunked && r->request.length <= T2V_BODY_HEAP_MAX)
        size = (size_t)r->request.length;
    else if (need < T2V_BODY_MAPPED)
        size = T2V_BODY_MAPPED;
    if (size > r->max_body)
        size = r->max_body;
    t2v_buf_room(&r->body, size - len);
}

static size_t take_body(struct t2v_reader *r, const char *ptr, size_t len)
{
    size_t n = len < r->left ? len : (size_t)r->left;
    reserve(r, n);
    if (t2v_buf_add(&r->body, ptr, n) != 0) {
        bad(r, 503, "no memory for the body");
        r->err.code = T2V_ENOMEM;
        return 0;
    }
    r->left -= n;
    if (r->left == 0)
        r->state = r->state == CHUNK_BYTES ? CHUNK_END_LINE : COMPLETE;
    return n;
}

void t2v_reader_init(struct t2v_reader *reader, size_t max_body)
{
    reader->max_body = max_body;
    t2v_buf_init(&reader->body, max_body);
    t2v_reader_next(reader);
}

void t2v_reader_deinit(struct t2v_reader *reader)
{
    t2v_buf_deinit(&reader->body);
}

enum t2v_reader_event t2v_reader_feed(struct t2v_reader *reader, const char *ptr, size_t len,
                                      size_t *used)
{
    struct t2v_reader *r = reader;
    size_t at = 0;
    enum t2v_reader_event event = T2V_READER_MORE;
    if (r->state == BODY_BEGIN)
        begin_body(r);
    while (at < len && r->state < COMPLETE && r->state != BODY_BEGIN) {
        bool bytes = r->state == BODY_BYTES || r->state == CHUNK_BYTES;
        at += (bytes ? take_body : take_line)(r, ptr + at, len - at);
    }
    if (r->state == BODY_BEGIN)
        event = T2V_READER_HEAD;
    else if (r->state == BROKEN)
        event = T2V_READER_BAD;
    else if (r->state == COMPLETE)
        event = T2V_READER_DONE;
    if (event == T2V_READER_DONE)
        r->request.body = t2v_buf_str(&r->body);
    *used = at;
    return event;
}

bool t2v_reader_begun(const struct t2v_reader *reader)
{
    return reader->state != START_LINE || reader->used != reader->line;
}

size_t t2v_reader_bytes(const struct t2v_reader *reader)
{
    const struct t2v_buf *body = &reader->body;
    size_t pages = (body->len + PAGE_BYTES - 1) / PAGE_BYTES + 1; /* one for malloc's header */
    return reader->used + (body->cap < T2V_BODY_MAPPED ? body->cap : pages * PAGE_BYTES);
}

void t2v_reader_next(struct t2v_reader *reader)
{
    struct t2v_reader *r = reader;
    t2v_buf_deinit(&r->body);
    r->request = (struct t2v_request){0};
    r->status = 0;
    r->err = (struct t2v_err){0};
    r->state = START_LINE;
    r->has_host = r->has_length = r->has_encoding = r->says_close = r->says_keep = false;
    r->n_field = r->line = r->used = r->overhead = 0;
    r->left = 0;
}
