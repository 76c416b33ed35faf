/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/exchange.h"

#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/took.h"

#include "base/banned.h"

enum {
    TURN_REQUESTS = 16
}; /* pipelined requests answered before other connections have their turn */

static const uint64_t never = UINT64_MAX;

/* ---- Answering ---- */

/* Sends what the socket takes now and leaves the rest, with the reply's memory, to the
 * bufferevent. */
static void send_reply(struct t2v_conn *c, struct t2v_str bytes, struct t2v_reply *reply)
{
    size_t n = reply->buf.len;
    int rc = t2v_output_send(&c->output, bytes, &reply->buf);
    if (rc < 0) {
        t2v_conn_kill(c);
    } else if (rc != 0) {
        t2v_conn_answered(c);
    } else {
        t2v_conn_hold(c, t2v_conn_read_bytes(c) + n);
        c->state = T2V_CONN_WRITING;
        t2v_conn_wait_ms(c, c->place.spare ? T2V_SPARE_MS : t2v_conn_options(c)->read_ms);
    }
}

/* Counts and logs the answer. job: NULL when the engine had no part in it. */
static void note(struct t2v_conn *c, const struct t2v_reply *reply, const struct t2v_job *job)
{
    struct t2v_service *service = c->all->service;
    const struct t2v_request_entry entry = {
        .id = c->id,
        .began_ns = c->began_ns,
        .route = c->match.route,
        .fd = c->fd,
        .is_draining = service->draining,
        .status = reply->status,
        .why = reply->why,
        .work = job != NULL ? &job->work : NULL,
    };
    t2v_request_log_add(&c->all->log, &service->metrics, &entry);
}

/* Fills *head for the request under way; cors: memory for a part of it. */
static void make_head(const struct t2v_conn *c, struct t2v_reply_head *head,
                      char cors[T2V_CORS_MAX])
{
    const struct t2v_request *request = &c->reader.request;
    const struct t2v_service *service = c->all->service;
    t2v_cors_lines(&service->cors, request, t2v_methods_text(c->match.methods), cors);
    *head = (struct t2v_reply_head){
        .more = cors,
        .keep_alive = c->keep_alive && !service->draining,
        .old = request->old,
        .only_head = t2v_str_is(request->method, "HEAD"),
    };
}

/* Sends the reply, or what fault says instead, where its status is set. */
static void answer(struct t2v_conn *c, struct t2v_reply *reply, const struct t2v_fault *fault,
                   const struct t2v_job *job)
{
    struct t2v_reply_head head;
    char more[T2V_REPLY_MORE];
    if (fault->status != 0)
        t2v_route_fail(c->match.route, fault, reply);
    make_head(c, &head, more);
    if (fault->status == 0 && job != NULL && job->operation->api->measured)
        t2v_took_lines(&job->work, job->n_char, t2v_clock_ns() - c->began_ns, more + strlen(more));
    struct t2v_str bytes = t2v_reply_finish(reply, &head);
    c->keep_alive = head.keep_alive;
    note(c, reply, job);
    send_reply(c, bytes, reply);
}

/* Answers with a fault alone. */
static void refuse(struct t2v_conn *c, const struct t2v_fault *fault)
{
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    answer(c, &reply, fault, NULL);
    t2v_reply_deinit(&reply);
}

/* The route of the request under way, as soon as its request line is read. */
static void find_route(struct t2v_conn *c)
{
    struct t2v_request *request = &c->reader.request;
    if (request->path.ptr == NULL)
        return;
    c->match = t2v_route_find(c->all->service->routes, request->path, request->method);
    request->id = c->match.id;
}

void t2v_exchange_refuse_busy(struct t2v_conn *c, const char *why)
{
    struct t2v_fault fault;
    find_route(c);
    t2v_fault_busy(&fault, why);
    c->keep_alive = false;
    refuse(c, &fault);
}

static void refuse_unreadable(struct t2v_conn *c)
{
    struct t2v_fault fault;
    const char *message = c->reader.err.msg;
    find_route(c);
    if (c->reader.status == 503)
        t2v_fault_busy(&fault, message);
    else
        t2v_fault_set(&fault, c->reader.status, "%s", message);
    c->keep_alive = false;
    refuse(c, &fault);
}

void t2v_exchange_refuse_late(struct t2v_conn *c)
{
    struct t2v_fault fault;
    find_route(c);
    t2v_fault_set(&fault, 408, "the request was not complete in time");
    c->keep_alive = false;
    refuse(c, &fault);
}

/* ---- Answering in pieces ---- */

/* Sends *out, which is freed. True: all is sent; false: it is not, or the connection is dead. */
static bool send_pieces(struct t2v_conn *c, struct t2v_buf *out)
{
    size_t n = out->len;
    int rc = out->fail;
    if (rc == 0)
        rc = n != 0 ? t2v_output_send(&c->output, t2v_buf_str(out), out)
                    : !t2v_output_waits(&c->output);
    t2v_buf_deinit(out);
    if (rc < 0) {
        t2v_conn_cut(c);
    } else if (rc == 0 && n != 0) {
        bool waits = c->deadline_ns != never;
        t2v_conn_hold(c, t2v_conn_read_bytes(c) + t2v_output_bytes(&c->output));
        if (!waits)
            t2v_conn_wait_ms(c, t2v_conn_options(c)->read_ms);
    }
    return rc > 0;
}

/* The head of the answer. */
static void begin_stream(struct t2v_conn *c, struct t2v_buf *out)
{
    struct t2v_job *job = c->job;
    struct t2v_reply_head head;
    char cors[T2V_CORS_MAX];
    make_head(c, &head, cors);
    job->reply.type = t2v_stream_type(job->stream);
    t2v_reply_begin(&job->reply, &head, out);
    c->keep_alive = head.keep_alive;
    c->state = T2V_CONN_STREAMING;
}

/* Moves the bytes that are ready to *out. */
static void take_pieces(struct t2v_conn *c, t2v_stream *stream, struct t2v_buf *out)
{
    struct t2v_buf piece;
    t2v_stream_take(stream, &piece);
    t2v_reply_piece(t2v_buf_str(&piece), c->reader.request.old, out);
    t2v_buf_deinit(&piece);
}

/* HEAD has been answered: the body is not needed. */
static void leave_stream(struct t2v_conn *c, struct t2v_buf *out)
{
    struct t2v_job *job = c->job;
    note(c, &job->reply, job);
    c->job = NULL;
    t2v_job_abandon(job);
    c->state = T2V_CONN_WRITING;
    if (send_pieces(c, out))
        t2v_conn_answered(c);
}

void t2v_exchange_stream(struct t2v_conn *c)
{
    struct t2v_buf out;
    if (t2v_output_waits(&c->output))
        return; /* on_written calls it again */
    c->deadline_ns = never;
    t2v_conn_hold(c, t2v_conn_read_bytes(c));
    t2v_buf_init(&out, SIZE_MAX / 2);
    if (c->state == T2V_CONN_WORKING)
        begin_stream(c, &out);
    if (t2v_str_is(c->reader.request.method, "HEAD")) {
        leave_stream(c, &out);
        return;
    }
    take_pieces(c, c->job->stream, &out);
    send_pieces(c, &out);
}

/* The job is done. */
static void end_stream(struct t2v_conn *c, struct t2v_job *job)
{
    struct t2v_buf out;
    bool whole = job->fault.status == 0 && !t2v_stream_has_failed(job->stream);
    if (!whole)
        job->reply.status = job->fault.status != 0 ? job->fault.status : 503;
    job->reply.why = job->fault.why;
    note(c, &job->reply, job);
    if (!whole) {
        t2v_conn_cut(c);
        return;
    }
    t2v_buf_init(&out, SIZE_MAX / 2);
    take_pieces(c, job->stream, &out);
    t2v_reply_end(c->reader.request.old, &out);
    if (c->state == T2V_CONN_STREAMING)
        c->state = T2V_CONN_WRITING;
    if (send_pieces(c, &out))
        t2v_conn_answered(c);
}

/* The last event and the end of the body. */
static void add_cut(struct t2v_conn *c, const struct t2v_fault *fault, struct t2v_buf *out)
{
    struct t2v_buf event;
    bool old = c->reader.request.old;
    t2v_buf_init(&event, SIZE_MAX / 2);
    c->job->operation->cut(fault, &event);
    t2v_reply_piece(t2v_buf_str(&event), old, out);
    t2v_buf_deinit(&event);
    t2v_reply_end(old, out);
}

void t2v_exchange_end_stream(struct t2v_conn *c, const char *why)
{
    struct t2v_job *job = c->job;
    struct t2v_fault fault;
    struct t2v_buf out;
    if (job == NULL || job->operation->cut == NULL) {
        t2v_conn_cut(c);
        return;
    }
    t2v_fault_busy(&fault, why);
    job->reply.status = fault.status;
    job->reply.why = fault.why;
    note(c, &job->reply, job);
    t2v_buf_init(&out, SIZE_MAX / 2);
    take_pieces(c, job->stream, &out);
    add_cut(c, &fault, &out);
    c->job = NULL;
    t2v_job_abandon(job);
    c->keep_alive = false;
    c->state = T2V_CONN_WRITING;
    if (send_pieces(c, &out))
        t2v_conn_answered(c);
}

/* ---- Reading ---- */

/* The first contiguous bytes of the input; len 0 if there are none. */
static struct t2v_str next_piece(struct t2v_conn *c)
{
    struct evbuffer_iovec piece;
    if (evbuffer_peek(bufferevent_get_input(c->bev), -1, NULL, &piece, 1) < 1)
        return (struct t2v_str){NULL, 0};
    return (struct t2v_str){piece.iov_base, piece.iov_len};
}

static enum t2v_reader_event feed(struct t2v_conn *c, struct t2v_str piece)
{
    size_t used;
    enum t2v_reader_event event = t2v_reader_feed(&c->reader, piece.ptr, piece.len, &used);
    evbuffer_drain(bufferevent_get_input(c->bev), used);
    c->over = !t2v_conn_hold(c, t2v_conn_read_bytes(c));
    return event;
}

/* After a refusal decided by the head alone: the connection stays usable if the request's body has
 * arrived with the head. */
static bool swallow(struct t2v_conn *c)
{
    enum t2v_reader_event event;
    struct t2v_str piece;
    do {
        piece = next_piece(c);
        event = feed(c, piece);
    } while (event == T2V_READER_MORE && piece.len != 0);
    return event == T2V_READER_DONE;
}

static void say_continue(struct t2v_conn *c)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (send(c->fd, line, sizeof line - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof line - 1))
        t2v_conn_kill(c);
}

/* In a spare place only probes are answered, and requests that the head alone decides. Others need
 * an ordinary place, or get 503. A request that needs no token never closes another connection. */
static bool has_place(struct t2v_conn *c, bool answered)
{
    int flags = c->match.route->flags;
    bool needs = !answered && (flags & T2V_ROUTE_PROBE) == 0;
    return !c->place.spare || t2v_conn_promote(c, needs && (flags & T2V_ROUTE_OPEN) == 0) || !needs;
}

static void on_head(struct t2v_conn *c)
{
    const struct t2v_request *request = &c->reader.request;
    const struct t2v_service *service = c->all->service;
    struct t2v_fault fault = {0};
    struct t2v_reply reply;
    find_route(c);
    t2v_reply_init(&reply);
    bool answered = t2v_service_answers_head(service, &c->match, request, &reply, &fault);
    bool stays = has_place(c, answered);
    c->keep_alive = request->keep_alive && !c->place.spare;
    if (!stays) {
        t2v_exchange_refuse_busy(c, "all connections are taken");
    } else if (answered) {
        c->keep_alive = swallow(c) && c->keep_alive;
        answer(c, &reply, &fault, NULL);
    } else if (request->expect_continue && next_piece(c).len == 0 &&
               request->length <= c->reader.max_body) {
        say_continue(c);
    }
    t2v_reply_deinit(&reply);
}

static void on_job_ready(struct t2v_job *job)
{
    struct t2v_conn *c = job->user;
    t2v_exchange_stream(c);
    t2v_exchange_go_on(c);
    t2v_conn_settle(c);
}

static void on_job_done(struct t2v_job *job)
{
    struct t2v_conn *c = job->user;
    if (c->state == T2V_CONN_WORKING && job->stream != NULL && t2v_stream_has_begun(job->stream))
        t2v_exchange_stream(c);
    if (c->job == job) {
        c->job = NULL;
        if (c->state == T2V_CONN_STREAMING)
            end_stream(c, job);
        else
            answer(c, &job->reply, &job->fault, job);
    }
    t2v_exchange_go_on(c);
    t2v_conn_settle(c);
}

/* Sends the job on its way. The connection has it only while it is away. */
static void submit(struct t2v_conn *c, struct t2v_job *job)
{
    job->done = on_job_done;
    job->ready = on_job_ready;
    job->user = c;
    c->state = T2V_CONN_WORKING; /* so that it is not dropped as one that sends slowly */
    c->deadline_ns = never;
    t2v_conn_hold(c, t2v_conn_read_bytes(c)); /* the body is the job's */
    int rc = t2v_dispatch_send(c->all->dispatch, job);
    if (rc == 0) {
        c->job = job;
        return;
    }
    answer(c, &job->reply, &job->fault, NULL);
    t2v_job_free(job);
}

static void make_job(struct t2v_conn *c, const struct t2v_operation *operation)
{
    struct t2v_fault fault;
    struct t2v_job *job = NULL;
    if (!c->reader.request.has_body) {
        t2v_fault_invalid(&fault, "missing", T2V_LOC_BODY,
                          "there is no body: neither Content-Length nor Transfer-Encoding: chunked "
                          "was sent");
    } else {
        job = t2v_job_new(operation, c->match.id, &c->reader.body);
        t2v_fault_no_memory(&fault);
    }
    if (job == NULL)
        refuse(c, &fault);
    else
        submit(c, job);
}

static void on_request(struct t2v_conn *c)
{
    const struct t2v_operation *operation = c->match.route->operation;
    struct t2v_fault fault = {0};
    struct t2v_reply reply;
    if (operation->answer == NULL) {
        make_job(c, operation);
        return;
    }
    t2v_reply_init(&reply);
    operation->answer(c->all->service, &c->reader.request, &reply, &fault);
    answer(c, &reply, &fault, NULL);
    t2v_reply_deinit(&reply);
}

static void begin_request(struct t2v_conn *c)
{
    c->began_ns = c->all->active_ns = t2v_clock_ns();
    c->id = ++c->all->next_id;
    c->n_begun++;
    if (!c->place.spare)
        c->deadline_ns = c->began_ns + (uint64_t)t2v_conn_options(c)->read_ms * 1000000;
}

void t2v_exchange_go_on(struct t2v_conn *c)
{
    uint64_t first = c->n_begun;
    while (c->state == T2V_CONN_READING) {
        if (c->n_begun - first >= TURN_REQUESTS && !t2v_reader_begun(&c->reader)) {
            bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
            return;
        }
        struct t2v_str piece = next_piece(c);
        if (piece.len != 0 && !t2v_reader_begun(&c->reader))
            begin_request(c);
        switch (feed(c, piece)) {
        case T2V_READER_HEAD:
            on_head(c);
            break;
        case T2V_READER_DONE:
            on_request(c);
            break;
        case T2V_READER_BAD:
            refuse_unreadable(c);
            break;
        case T2V_READER_MORE:
            if (c->over && piece.len != 0)
                t2v_exchange_refuse_busy(c, "no memory for this request now");
            else if (piece.len == 0 && c->eof)
                t2v_conn_kill(c);
            else if (piece.len == 0)
                return;
            break;
        }
    }
}
