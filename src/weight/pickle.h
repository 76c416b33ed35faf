/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_PICKLE_H
#define T2V_WEIGHT_PICKLE_H
/*
 * Reads pickles as torch.save writes them. A pickle is a program for a small stack machine, which
 * may name any function of Python and have it called. Ours knows numbers, strings, tuples, lists,
 * dictionaries, storages and tensors; of functions only those that make tensors, and those it does
 * not call but notes what they were given. Any other opcode or global name is refused by name.
 *
 * Nothing is read through a tensor here: its storage may not be known yet. Whoever reads the
 * storages checks that the tensor lies inside (pytorch.c).
 *
 * A machine takes any number of pickles, one after the other; values live until it is deinited, and
 * may hold each other in circles. Memory is bounded by the number of opcodes, which has a limit.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "weight/store.h"

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

/* Bytes that tensors share, outside the pickle. */
struct t2v_pickle_storage {
    struct t2v_str key;
    enum t2v_dtype dtype;
    size_t n; /* items */
    size_t n_byte;
    const uint8_t *data; /* [n_byte]; NULL: for the reader of the layout to fill in */
};

/* A part of a storage, or all of it. */
struct t2v_pickle_view {
    size_t storage;  /* index in machine.storages */
    size_t first, n; /* items; inside the storage */
};

struct t2v_pickle_tensor {
    struct t2v_pickle_view view;
    enum t2v_dtype dtype; /* perhaps not the storage's */
    int n_dim;
    size_t first; /* items from the view's begin */
    size_t shape[T2V_MAX_DIMS], stride[T2V_MAX_DIMS];
};

struct t2v_pickle_machine {
    const uint8_t *bytes, *at, *end; /* the pickle now read, or read last */
    struct t2v_err *err;
    struct t2v_pickle_items stack, memo;
    size_t *marks; /* [n_mark] places in the stack */
    size_t n_mark, cap_mark;
    size_t n_op;              /* so far, all pickles together */
    struct t2v_arena *values; /* borrowed */
    struct t2v_pickle_storage *storages;
    size_t n_storage, cap_storage;
    struct t2v_map by_key; /* -> index in storages */
};

/* values: where what is not fixed in size lives. 0 or T2V_ENOMEM. */
int t2v_pickle_init(struct t2v_pickle_machine *machine, struct t2v_arena *values);
void t2v_pickle_deinit(struct t2v_pickle_machine *machine);

/* Runs the pickle that begins at bytes; *n_read: how long it is. bytes[0..len) must outlive the
 * values. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE or T2V_ENOMEM, with messages that do not
 * name the file. */
int t2v_pickle_read(struct t2v_pickle_machine *machine, const uint8_t *bytes, size_t len,
                    struct t2v_pickle_value *out, size_t *n_read, struct t2v_err *err);

/* The text of a STR or the bytes of a LONG; else a NULL ptr. */
struct t2v_str t2v_pickle_str(struct t2v_pickle_value value);

#endif
