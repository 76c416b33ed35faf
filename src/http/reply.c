/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/reply.h"

#include <stdio.h>
#include <time.h>

#include "base/banned.h"

/* HEAD_ROOM: a head with every field that we send, but `more`, is below 700 bytes. BODY_MAX: routes
 * bound their answers far below this. */
enum { HEAD_ROOM = 768 + T2V_REPLY_MORE, BODY_MAX = 1 << 30 };

static const char json_type[] = "application/json";

void t2v_reply_init(struct t2v_reply *reply)
{
    *reply = (struct t2v_reply){.status = 200, .type = json_type, .extra = ""};
    t2v_buf_init(&reply->buf, BODY_MAX);
    if (t2v_buf_room(&reply->buf, HEAD_ROOM + 128) != NULL)
        reply->buf.len = HEAD_ROOM;
}

void t2v_reply_deinit(struct t2v_reply *reply)
{
    t2v_buf_deinit(&reply->buf);
}

void t2v_reply_empty(struct t2v_reply *reply, int status)
{
    reply->status = status;
    reply->type = NULL;
}

void t2v_reply_clear(struct t2v_reply *reply)
{
    reply->type = json_type;
    if (reply->buf.len > HEAD_ROOM)
        reply->buf.len = HEAD_ROOM;
}

static const char *phrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 422:
        return "Unprocessable Content";
    case 424:
        return "Failed Dependency";
    case 429:
        return "Too Many Requests";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", made once a second. Only the loop thread answers, but tests may
 * have several. */
static const char *date(void)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static _Thread_local time_t made;
    static _Thread_local char text[64];
    time_t now = time(NULL);
    struct tm t;
    if (now != made && gmtime_r(&now, &t) != NULL) {
        snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * t.tm_wday,
                 t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        made = now;
    }
    return text;
}

static struct t2v_str no_memory(struct t2v_reply *reply, struct t2v_reply_head *head)
{
    t2v_buf_deinit(&reply->buf);
    reply->status = 503;
    reply->why = "no memory for this request";
    head->keep_alive = false;
    return T2V_STR("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                   "Content-Length: 38\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
                   "{\"error\":\"no memory for this request\"}");
}

/* Writes the head to text; content: the header lines about the body. Its length, or a negative
 * number when it does not fit. */
static int write_head(const struct t2v_reply *reply, const struct t2v_reply_head *head,
                      const char *content, char text[HEAD_ROOM])
{
    const char *connection = "";
    if (!head->keep_alive)
        connection = "Connection: close\r\n";
    else if (head->old)
        connection = "Connection: keep-alive\r\n";
    int n = snprintf(text, HEAD_ROOM, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s\r\n", reply->status,
                     phrase(reply->status), date(), content, reply->extra,
                     head->more != NULL ? head->more : "", connection);
    return n < HEAD_ROOM ? n : -1;
}

struct t2v_str t2v_reply_finish(struct t2v_reply *reply, struct t2v_reply_head *head)
{
    struct t2v_buf *buf = &reply->buf;
    if (buf->fail != 0)
        return no_memory(reply, head);
    size_t n_body = buf->len - HEAD_ROOM;
    char text[HEAD_ROOM], content[160] = "";
    if (reply->type != NULL)
        snprintf(content, sizeof content, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                 reply->type, n_body);
    else if (reply->status != 204)
        snprintf(content, sizeof content, "Content-Length: 0\r\n");
    int n = write_head(reply, head, content, text);
    if (n < 0)
        return no_memory(reply, head);
    char *begin = buf->ptr + HEAD_ROOM - n;
    memcpy(begin, text, (size_t)n);
    return (struct t2v_str){begin, (size_t)n + (head->only_head ? 0 : n_body)};
}

void t2v_reply_begin(const struct t2v_reply *reply, struct t2v_reply_head *head,
                     struct t2v_buf *out)
{
    char text[HEAD_ROOM], content[160];
    snprintf(content, sizeof content, "Content-Type: %s\r\n%s", reply->type,
             head->old ? "" : "Transfer-Encoding: chunked\r\n");
    if (head->old)
        head->keep_alive = false;
    int n = write_head(reply, head, content, text);
    if (n < 0)
        out->fail = T2V_ETOOLARGE;
    else
        t2v_buf_add(out, text, (size_t)n);
}

void t2v_reply_piece(struct t2v_str piece, bool old, struct t2v_buf *out)
{
    if (piece.len == 0)
        return;
    if (!old)
        t2v_buf_addf(out, "%zx\r\n", piece.len);
    t2v_buf_add(out, piece.ptr, piece.len);
    if (!old)
        t2v_buf_adds(out, "\r\n");
}

void t2v_reply_end(bool old, struct t2v_buf *out)
{
    if (!old)
        t2v_buf_adds(out, "0\r\n\r\n");
}
