/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes on a connection, as conn.c has it but for the sockets: read, routed, refused or
 * encoded by small models, and answered.
 */
#include "service.h"

enum { MAX_REQUESTS = 16 };

static void answer(struct t2v_request *request)
{
    struct t2v_reply reply;
    struct t2v_fault fault = {0};
    struct t2v_match match = t2v_route_find(service.routes, request->path, request->method);
    const struct t2v_operation *operation = match.route->operation;
    request->id = match.id;
    t2v_reply_init(&reply);
    bool answered = t2v_service_answers_head(&service, &match, request, &reply, &fault);
    if (!answered && operation->answer == NULL) {
        submit(&match, request);
    } else {
        if (!answered)
            operation->answer(&service, request, &reply, &fault);
        if (fault.status != 0)
            t2v_route_fail(match.route, &fault, &reply);
        check_sent(&reply, request);
    }
    t2v_reply_deinit(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct t2v_reader reader;
    struct t2v_str rest = {(const char *)data, size};
    open_service(NULL);
    t2v_reader_init(&reader, MAX_BODY);
    for (int n = 0; n < MAX_REQUESTS;) {
        size_t used = 0;
        enum t2v_reader_event event = t2v_reader_feed(&reader, rest.ptr, rest.len, &used);
        rest = t2v_str_skip(rest, used);
        if (event == T2V_READER_DONE) {
            answer(&reader.request);
            t2v_reader_next(&reader);
            n++;
        } else if (event == T2V_READER_BAD || (event == T2V_READER_MORE && rest.len == 0)) {
            break;
        }
    }
    t2v_reader_deinit(&reader);
    return 0;
}
