/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_FAULT_H
#define T2V_HTTP_FAULT_H
/*
 * Why a request is refused or has failed, in no API's shape yet: an API's `fail` (api/api.h) writes
 * the body of the error from it. The one table from T2V_E* to HTTP statuses is here.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* The part of a request's body that is wrong. */
struct t2v_loc {
    const char *outer; /* a member of the body, such as "config"; NULL: the body itself */
    const char *inner; /* a member of outer, such as "dimensions"; NULL: none */
    ptrdiff_t index;   /* of an item of outer, or of a byte of the body; -1: none */
};
#define T2V_LOC_BODY ((struct t2v_loc){NULL, NULL, -1})

struct t2v_fault {
    int status;         /* HTTP status; 0: there is no fault */
    const char *header; /* header lines that the status needs, each with its CRLF; static */
    const char *why;    /* a static reason, safe to log; a 401, 500 and 503 have one. NULL: none */
    const char *type;   /* of a 422: FastAPI's name of the mistake, see below; NULL: none */
    struct t2v_loc loc; /* what is wrong, before msg in the text; T2V_LOC_BODY: nothing is named */
    char msg[384];      /* without the location; a longer one is cut */
};

/* A fault with a message. 401 and 503 get the header lines that they need. why is NULL: who sets a
 * 500 sets it afterwards. */
void t2v_fault_set(struct t2v_fault *fault, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 503. why: a static message, which is logged too. */
void t2v_fault_busy(struct t2v_fault *fault, const char *why);
/* 503 for want of memory. False, for `return t2v_fault_no_memory(...)`. */
bool t2v_fault_no_memory(struct t2v_fault *fault);
/* 422: the body is wrong at loc. type: FastAPI's name for the mistake, static. So far: "missing",
 * "json_invalid", "model_attributes_type" (no object), "list_type", "string_type", "int_type",
 * "string_too_long", "greater_than_equal", "value_error". */
void t2v_fault_invalid(struct t2v_fault *fault, const char *type, struct t2v_loc loc,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The failure of a job's work (job->work.err): status, message and why from err. A 422 has the type
 * "value_error". loc is T2V_LOC_BODY; the caller may set another. */
void t2v_fault_work(struct t2v_fault *fault, const struct t2v_err *err);

/* Appends a JSON string: the message with its location, such as "config.dimensions: at least 1 is
 * needed here". */
void t2v_fault_write_msg(const struct t2v_fault *fault, struct t2v_buf *buf);

/* The HTTP status for a failure. */
int t2v_status_of(int code);
/* Why a request could not be taken: the message beside 503. Static. */
const char *t2v_why_busy(int code);
/* Why a request failed, for the log: quotes nothing of the request. Static. */
const char *t2v_why_failed(int code);

#endif
