/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_BODY_H
#define T2V_HTTP_BODY_H
/*
 * A request's body as JSON, for every API: the members of an object, and the types of their values.
 * No tree is made: a value is its text within the body, with ptr NULL where it is missing, and what
 * nobody asks for is checked and passed over. What is wrong goes into a fault.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/fault.h"

/* Checks that body is one JSON object and finds the members with these names, the last of equal
 * ones. names, values: [n]. example: a body of this API, such as {"text": "hello"}, for the message
 * about one in another format. False: *fault is set. A body that is not JSON gets a message that
 * says what it most likely is and how to send it, and quotes nothing of it. */
bool t2v_body_members(struct t2v_str body, const char *example, const char *const *names,
                      struct t2v_str *values, size_t n, struct t2v_fault *fault);
/* The same for an object inside a body that has been checked; only memory can be missing then. */
bool t2v_body_inner(struct t2v_str object, const char *const *names, struct t2v_str *values,
                    size_t n, struct t2v_fault *fault);

/* Neither missing nor null. */
bool t2v_body_has(struct t2v_str value);
/* 422: the field at loc is missing. Always false. */
bool t2v_body_missing(struct t2v_loc loc, struct t2v_fault *fault);
/* Whether the value is there and a string, which null is not; else a 422. */
bool t2v_body_needs_string(struct t2v_str value, struct t2v_loc loc, struct t2v_fault *fault);
/* The members of an object inside a body that has been checked; of null or a missing value there
 * are none, and values are left as they are. False: a 422, or no memory. */
bool t2v_body_read_object(struct t2v_str value, struct t2v_loc loc, const char *const *names,
                          struct t2v_str *values, size_t n, struct t2v_fault *fault);
/* 422: the value at loc is not what is needed. wanted: such as "a string". */
void t2v_body_wrong_type(struct t2v_fault *fault, const char *type, struct t2v_loc loc,
                         const char *wanted, struct t2v_str value);
/* The same, of a value that t2v_body_whole refuses: a number is "another number". wanted: such as
 * "a whole number". */
void t2v_body_not_whole(struct t2v_fault *fault, struct t2v_loc loc, const char *wanted,
                        struct t2v_str value);
/* true, false, null or missing; *out is unchanged by the last two. name: of the member, static.
 * False: a 422 in *fault. */
bool t2v_body_read_bool(struct t2v_str value, const char *name, bool *out, struct t2v_fault *fault);
/* A whole number below 2^53 in size; false for anything else. */
bool t2v_body_whole(struct t2v_str value, int64_t *out);

/* The strings of an array. */
struct t2v_body_strings {
    size_t n, n_byte; /* items; bytes of those that are strings */
    size_t wrong;     /* the first that is no string; SIZE_MAX: none */
    struct t2v_str wrong_value;
};
/* Counts them. array: of a body that has been checked. False: no memory, and *fault is set. */
bool t2v_body_count(struct t2v_str array, struct t2v_body_strings *out, struct t2v_fault *fault);

#endif
