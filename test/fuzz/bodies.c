/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the body of a POST: an input is a path and a line feed, then the body, so that
 * nothing of HTTP has to be found. Token ids are taken for texts.
 */
#include "service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size != 0 ? memchr(text, '\n', size) : NULL;
    open_service("--accept-token-ids");
    if (end == NULL || size > MAX_BODY)
        return 0;
    size_t n_path = (size_t)(end - text);
    struct t2v_request request = {.method = T2V_STR("POST"),
                                  .path = {text, n_path},
                                  .body = {end + 1, size - n_path - 1},
                                  .keep_alive = true};
    struct t2v_match match = t2v_route_find(service.routes, request.path, request.method);
    if (match.allowed && match.route->operation->answer == NULL)
        submit(&match, &request);
    return 0;
}
