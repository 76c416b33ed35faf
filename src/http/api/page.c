/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/page.h"

#include "http/api/probe.h"
#include "http/service.h"

#include "base/banned.h"

/* The files, made into C when the program is built. */
extern const char t2v_page_html[], t2v_page_css[], t2v_page_js[];
extern const size_t t2v_page_html_len, t2v_page_css_len, t2v_page_js_len;

#define SAFE "X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n"

static const char html_lines[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\nVary: Accept\r\n" SAFE;

/* Whether the parameters of a media range have q=0, with any number of decimals, all 0. */
static bool is_refused(struct t2v_str params)
{
    while (params.len != 0) {
        struct t2v_str value = t2v_str_cut(&params, ';');
        struct t2v_str name = t2v_str_trim(t2v_str_cut(&value, '='));
        if (!t2v_str_is_word(name, "q"))
            continue;
        value = t2v_str_trim(value);
        while (value.len != 0 && (value.ptr[0] == '0' || value.ptr[0] == '.'))
            value = t2v_str_skip(value, 1);
        return value.len == 0;
    }
    return false;
}

bool t2v_page_is_wanted(struct t2v_str accept)
{
    while (accept.len != 0) {
        struct t2v_str params = t2v_str_cut(&accept, ',');
        struct t2v_str type = t2v_str_trim(t2v_str_cut(&params, ';'));
        if (t2v_str_is_word(type, "text/html"))
            return !is_refused(params);
    }
    return false;
}

static void answer_root(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    if (!service->options->page || service->draining || !t2v_page_is_wanted(request->accept)) {
        t2v_probe_health.answer(service, request, reply, fault);
        return;
    }
    reply->type = "text/html; charset=utf-8";
    reply->extra = html_lines;
    t2v_buf_add(&reply->buf, t2v_page_html, t2v_page_html_len);
}

static void answer_file(const struct t2v_service *service, const char *type, struct t2v_str file,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    if (!service->options->page) {
        t2v_fault_set(fault, 404, "no such path");
        return;
    }
    reply->type = type;
    reply->extra = SAFE;
    t2v_buf_add(&reply->buf, file.ptr, file.len);
}

static void answer_style(struct t2v_service *service, const struct t2v_request *request,
                         struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request;
    answer_file(service, "text/css; charset=utf-8",
                (struct t2v_str){t2v_page_css, t2v_page_css_len}, reply, fault);
}

static void answer_script(struct t2v_service *service, const struct t2v_request *request,
                          struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request;
    answer_file(service, "text/javascript; charset=utf-8",
                (struct t2v_str){t2v_page_js, t2v_page_js_len}, reply, fault);
}

const struct t2v_operation t2v_page_root = {.api = &t2v_api_probe, .answer = answer_root};
const struct t2v_operation t2v_page_style = {.api = &t2v_api_probe, .answer = answer_style};
const struct t2v_operation t2v_page_script = {.api = &t2v_api_probe, .answer = answer_script};
