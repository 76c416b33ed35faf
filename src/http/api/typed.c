/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/typed.h"

#include "base/banned.h"

static const char *type_of(const struct t2v_fault *fault)
{
    switch (fault->status) {
    case 400:
        return fault->loc.outer != NULL ? "Empty" : "Validation";
    case 424:
    case 500:
        return "Backend";
    case 429:
    case 503:
        return "Overloaded";
    default:
        return "Validation";
    }
}

void t2v_typed_fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    t2v_buf_adds(&reply->buf, "{\"error\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_addf(&reply->buf, ",\"error_type\":\"%s\"}", type_of(fault));
}
