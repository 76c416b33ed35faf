/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_PARAMS_H
#define T2V_HTTP_API_PARAMS_H
/*
 * Reads the parameters of a generation request from the values of its members (http/body.h). A
 * value that is missing or null leaves *out unchanged. After the first mistake, which is a 422 in
 * the fault, every function returns false and does nothing. So a reader may call one after the
 * other and check the fault once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/fault.h"

struct t2v_params {
    const char *outer; /* the member that has them, such as "parameters"; NULL: the body itself */
    struct t2v_fault *fault;
};

/* The numbers that are allowed. */
struct t2v_range {
    double least, most;
    bool open;        /* least itself is not allowed */
    const char *says; /* such as "a number above 0"; static */
};

/* Where a member is, for a message. */
struct t2v_loc t2v_param_loc(const struct t2v_params *params, const char *name);
/* Sets the fault: 422, "NAME: MESSAGE". Returns false. */
bool t2v_param_wrong(const struct t2v_params *params, const char *name, const char *message);
/* 422 with this message if there is a value other than null and `nothing`, which is how clients
 * leave it empty, as JSON: false, "\"\"" or "[]". */
bool t2v_param_refuse(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const char *nothing, const char *message);

bool t2v_param_bool(const struct t2v_params *params, const char *name, struct t2v_str value,
                    bool *out);
bool t2v_param_number(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const struct t2v_range *range, float *out);
/* A whole number of at least `least` and at most `most`. */
bool t2v_param_count(const struct t2v_params *params, const char *name, struct t2v_str value,
                     size_t least, size_t most, size_t *out);
/* A seed: a whole number from -2^63 to 2^64 - 1; a negative one counts modulo 2^64. */
bool t2v_param_seed(const struct t2v_params *params, const char *name, struct t2v_str value,
                    uint64_t *out, bool *given);
/* An object, whose members become values[n]. */
bool t2v_param_object(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const char *const *names, struct t2v_str *values, size_t n);

#endif
