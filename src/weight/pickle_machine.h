/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_PICKLE_MACHINE_H
#define T2V_WEIGHT_PICKLE_MACHINE_H
/*
 * The machine that runs a pickle: its values, its stack with marks, its memo and the storages it
 * has met. The opcodes (pickle.c) and the calls that make tensors (pickle_tensor.c) work on it.
 *
 * A machine runs any number of pickles, one after the other. Its values live in an arena that the
 * caller owns, and may hold each other in cycles. Memory is bounded by a limit on opcodes. One
 * thread at a time.
 *
 * Functions return 0 or a negative code with the machine's err filled in, unless they say
 * otherwise. Messages do not name the file.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "weight/tensor.h"

enum t2v_pickle_kind {
    T2V_PICKLE_NONE,
    T2V_PICKLE_BOOL,
    T2V_PICKLE_INT,
    T2V_PICKLE_LONG,  /* an integer of more than 64 bits: its bytes, as `str` */
    T2V_PICKLE_FLOAT, /* its value is not kept */
    T2V_PICKLE_STR,
    T2V_PICKLE_TUPLE,
    T2V_PICKLE_LIST,
    T2V_PICKLE_DICT, /* its items: key, value, key, value, ... */
    T2V_PICKLE_GLOBAL,
    T2V_PICKLE_VIEW,
    T2V_PICKLE_TENSOR
};

struct t2v_pickle_value {
    enum t2v_pickle_kind kind;
    uint32_t len; /* of ptr */
    union {
        int64_t i;       /* INT, BOOL */
        const char *ptr; /* STR, LONG: in the pickle */
        struct t2v_pickle_items *items;
        const struct t2v_pickle_global *global;
        const struct t2v_pickle_view *view;
        const struct t2v_pickle_tensor *tensor;
    } u;
};

struct t2v_pickle_items {
    struct t2v_pickle_value *at;
    size_t n, cap;
};

/* Bytes outside the pickle. Tensors may share them. */
struct t2v_pickle_storage {
    struct t2v_str key;
    enum t2v_dtype dtype;
    size_t n; /* items */
    size_t n_byte;
    const uint8_t *data; /* [n_byte]; NULL until the reader of the layout sets it */
};

/* A part of a storage, or all of it. */
struct t2v_pickle_view {
    size_t storage;  /* index in the machine's storages */
    size_t first, n; /* items; inside the storage */
};

struct t2v_pickle_tensor {
    struct t2v_pickle_view view;
    enum t2v_dtype dtype; /* may differ from the storage's */
    int n_dim;
    size_t first; /* items from the start of the view */
    size_t shape[T2V_MAX_DIMS], stride[T2V_MAX_DIMS];
};

struct t2v_pickle_machine {
    const uint8_t *bytes, *at, *end; /* the pickle that is read, or was read last */
    struct t2v_err *err;             /* borrowed; may be NULL */
    struct t2v_pickle_items stack, memo;
    size_t *marks; /* [n_mark] stack heights */
    size_t n_mark, cap_mark;
    size_t n_op;              /* so far, over all pickles */
    struct t2v_arena *values; /* borrowed */
    struct t2v_pickle_storage *storages;
    size_t n_storage, cap_storage;
    struct t2v_map by_key; /* storage key -> index in storages */
};

/* values: the arena for containers, views and tensors; borrowed. 0 or T2V_ENOMEM. */
int t2v_pickle_init(struct t2v_pickle_machine *machine, struct t2v_arena *values);
/* machine may be zeroed. The arena stays. */
void t2v_pickle_deinit(struct t2v_pickle_machine *machine);

/* The text of a STR or the bytes of a LONG; for other kinds ptr is NULL. */
struct t2v_str t2v_pickle_str(struct t2v_pickle_value value);

/* --- errors: each fills err and returns its code --- */

/* T2V_EFORMAT at the current byte. */
int t2v_pickle_bad(const struct t2v_pickle_machine *m, const char *reason);
/* T2V_EUNSUPPORTED: well formed, but not supported. */
int t2v_pickle_unsupported(const struct t2v_pickle_machine *m, const char *reason);
/* T2V_ENOMEM. */
int t2v_pickle_no_memory(const struct t2v_pickle_machine *m);
/* T2V_EFORMAT: too few values above the last mark; no mark at all. */
int t2v_pickle_too_few(const struct t2v_pickle_machine *m);
int t2v_pickle_no_mark(const struct t2v_pickle_machine *m);

/* Counts one step towards the limit on opcodes. T2V_ETOOLARGE beyond it. */
int t2v_pickle_count(struct t2v_pickle_machine *m);

/* --- the stack: an opcode may touch only what is above the last mark --- */

/* 0 or T2V_ENOMEM. */
int t2v_pickle_push(struct t2v_pickle_machine *m, struct t2v_pickle_value v);
/* Takes the topmost n values off the stack. Returns them, valid until the next push, or NULL when
 * there are fewer. */
const struct t2v_pickle_value *t2v_pickle_pop(struct t2v_pickle_machine *m, size_t n);
/* The topmost value, or NULL. */
const struct t2v_pickle_value *t2v_pickle_top(const struct t2v_pickle_machine *m);
/* Puts a mark on the stack. 0 or T2V_ENOMEM. */
int t2v_pickle_mark(struct t2v_pickle_machine *m);
/* Takes the last mark and the values above it, (*at)[0..*n), off the stack; *at is valid until the
 * next push, NULL when *n is 0. False when there is no mark. */
bool t2v_pickle_pop_mark(struct t2v_pickle_machine *m, const struct t2v_pickle_value **at,
                         size_t *n);

/* --- containers --- */

/* Pushes a new TUPLE, LIST or DICT with a copy of at[0..n). at may be NULL when n is 0. */
int t2v_pickle_push_items(struct t2v_pickle_machine *m, enum t2v_pickle_kind kind,
                          const struct t2v_pickle_value *at, size_t n);
int t2v_pickle_empty_dict(struct t2v_pickle_machine *m);
/* Appends at[0..n) (for a DICT: key, value, key, value, ...) to the container on top, which must be
 * of that kind. Pushes nothing, so at may point to popped values. */
int t2v_pickle_add_to_top(struct t2v_pickle_machine *m, enum t2v_pickle_kind kind,
                          const struct t2v_pickle_value *at, size_t n);

/* --- the memo --- */

/* Stores the topmost value as entry i. T2V_EFORMAT when that would leave a gap. */
int t2v_pickle_put(struct t2v_pickle_machine *m, uint64_t i);
/* Pushes entry i. T2V_EFORMAT when there is none. */
int t2v_pickle_get(struct t2v_pickle_machine *m, uint64_t i);

#endif
