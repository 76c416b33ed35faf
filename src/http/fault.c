/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "json/write.h"

#include "base/banned.h"

static const char *header_of(int status)
{
    switch (status) {
    case 401:
        return "WWW-Authenticate: Bearer\r\n";
    case 503:
        return "Retry-After: 1\r\n";
    default:
        return "";
    }
}

static void set(struct t2v_fault *fault, int status, const char *format, va_list args)
{
    fault->status = status;
    fault->header = header_of(status);
    fault->why = fault->type = NULL;
    fault->loc = T2V_LOC_BODY;
    vsnprintf(fault->msg, sizeof fault->msg, format, args);
}

void t2v_fault_set(struct t2v_fault *fault, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(fault, status, format, args);
    va_end(args);
}

void t2v_fault_busy(struct t2v_fault *fault, const char *why)
{
    t2v_fault_set(fault, 503, "%s", why);
    fault->why = why;
}

void t2v_fault_invalid(struct t2v_fault *fault, const char *type, struct t2v_loc loc,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(fault, 422, format, args);
    va_end(args);
    fault->type = type;
    fault->loc = loc;
}

/* "config.dimensions: ", "texts[3]: ", "text: ", or nothing. */
static void write_loc(const struct t2v_loc *loc, char *out, size_t size)
{
    out[0] = '\0';
    if (loc->outer == NULL)
        return;
    if (loc->inner != NULL)
        snprintf(out, size, "%s.%s: ", loc->outer, loc->inner);
    else if (loc->index >= 0)
        snprintf(out, size, "%s[%td]: ", loc->outer, loc->index);
    else
        snprintf(out, size, "%s: ", loc->outer);
}

void t2v_fault_write_msg(const struct t2v_fault *fault, struct t2v_buf *buf)
{
    char loc[64], whole[sizeof loc + sizeof fault->msg];
    write_loc(&fault->loc, loc, sizeof loc);
    snprintf(whole, sizeof whole, "%s%s", loc, fault->msg);
    t2v_json_write_str(buf, t2v_str_of(whole));
}

int t2v_status_of(int code)
{
    switch (code) {
    case T2V_OK:
        return 200;
    case T2V_ENOMEM:
    case T2V_EBUSY:
        return 503;
    case T2V_ETOOLARGE:
        return 413;
    case T2V_EEMPTY:
    case T2V_EFORMAT:
    case T2V_EUNSUPPORTED:
        return 422;
    case T2V_EPOOLING: /* UPSTREAM: an unknown pooling_strategy is a 500 */
    default:
        return 500;
    }
}

bool t2v_fault_no_memory(struct t2v_fault *fault)
{
    t2v_fault_busy(fault, t2v_why_busy(T2V_ENOMEM));
    return false;
}

void t2v_fault_work(struct t2v_fault *fault, const struct t2v_err *err)
{
    int status = t2v_status_of(err->code);
    if (status == 422) {
        t2v_fault_invalid(fault, "value_error", T2V_LOC_BODY, "%s", err->msg);
        return;
    }
    t2v_fault_set(fault, status, "%s", err->msg);
    fault->why = t2v_why_failed(err->code);
}

const char *t2v_why_busy(int code)
{
    return code == T2V_EBUSY ? "the queue is full" : "no memory for this request";
}

const char *t2v_why_failed(int code)
{
    switch (code) {
    case T2V_EPOOLING:
        return "unknown pooling_strategy";
    case T2V_EMODEL:
        return "a value that is not finite, or a token without a row";
    case T2V_EIO:
        return "a file of the model changed";
    case T2V_ENOMEM:
    case T2V_EBUSY:
        return t2v_why_busy(code);
    default:
        return "the text could not be encoded";
    }
}
