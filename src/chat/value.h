/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_VALUE_H
#define T2V_CHAT_VALUE_H
/*
 * The values of templates, which are Python's. Passed by value; what they point to is in the arena
 * of the rendering, or borrowed from the request or the template. Lists and dicts do not change
 * once they are built (a sandboxed template cannot change them), so they are shared freely; only
 * namespaces, loops, cyclers, joiners and iterators have a state.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum t2v_type {
    T2V_MISSING, /* no value: an argument that was not given */
    T2V_UNDEFINED,
    T2V_NONE,
    T2V_BOOL, /* whole */
    T2V_INT,  /* whole */
    T2V_FLOAT,
    T2V_STRING, /* valid UTF-8 */
    T2V_LIST,
    T2V_TUPLE,
    T2V_DICT,
    T2V_RANGE,
    T2V_VIEW,     /* of a dict: items(), keys(), values() */
    T2V_ITERATOR, /* can be walked once */
    T2V_NAMESPACE,
    T2V_MACRO,
    T2V_LOOP,
    T2V_METHOD,
    T2V_FUNCTION,
    T2V_CYCLER,
    T2V_JOINER
};

struct t2v_value {
    enum t2v_type type;
    bool is_safe; /* STRING: marked as HTML, by `safe` or `escape`; see markup.h */
    union {
        int64_t whole;
        double number;
        struct t2v_str text;
        struct t2v_items *items; /* LIST, TUPLE, VIEW, ITERATOR */
        struct t2v_dict *dict;   /* DICT, NAMESPACE */
        const struct t2v_range *range;
        const struct t2v_undefined *undefined;
        const struct t2v_macro *macro;
        struct t2v_loop *loop;
        const struct t2v_method *method;
        const struct t2v_native *function;
        struct t2v_cycler *cycler; /* CYCLER, JOINER */
    };
};

struct t2v_items {
    struct t2v_value *at;
    size_t n, cap;
    size_t next;      /* ITERATOR: the next item */
    const char *name; /* VIEW, ITERATOR: Python's name of the type, "dict_items" */
};

struct t2v_pair {
    struct t2v_value key, value;
};

struct t2v_dict {
    struct t2v_pair *at;
    size_t n, cap;
};

struct t2v_range {
    int64_t start, stop, step;
};

/* Either a hint, which is the whole message; or name, looked up in an object of a type ("dict
 * object"), or among variables if that is NULL. */
struct t2v_undefined {
    struct t2v_str hint;
    const char *object;
    struct t2v_value name;
};

/* Positional and named arguments of a call; named may be NULL. */
struct t2v_args {
    struct t2v_value *at;
    size_t n;
    struct t2v_dict *named;
};

struct t2v_run;

/* A function, filter, test or method that is built in. If params is not NULL, it names the
 * parameters, those without a default before a '|': "old new|count"; then the function gets one
 * value for each, MISSING for a default. Otherwise it gets the arguments as they are. */
struct t2v_native {
    const char *name, *params;
    struct t2v_value (*call)(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args);
};

struct t2v_method {
    const struct t2v_native *native;
    struct t2v_value self;
};

struct t2v_macro {
    const struct t2v_node *node;
    struct t2v_scope *scope; /* where it was defined */
};

struct t2v_cycler {
    struct t2v_items items; /* of a cycler; the separator of a joiner */
    size_t at;
};

static inline struct t2v_value t2v_none(void)
{
    return (struct t2v_value){.type = T2V_NONE, .whole = 0};
}

static inline struct t2v_value t2v_bool(bool yes)
{
    return (struct t2v_value){.type = T2V_BOOL, .whole = yes};
}

static inline struct t2v_value t2v_int(int64_t whole)
{
    return (struct t2v_value){.type = T2V_INT, .whole = whole};
}

static inline struct t2v_value t2v_float(double number)
{
    return (struct t2v_value){.type = T2V_FLOAT, .number = number};
}

static inline struct t2v_value t2v_string(struct t2v_str text)
{
    return (struct t2v_value){.type = T2V_STRING, .text = text};
}

static inline bool t2v_is_string(struct t2v_value v, const char *text)
{
    return v.type == T2V_STRING && t2v_str_is(v.text, text);
}

/* Whether v is an int, as bool is one in Python. */
static inline bool t2v_is_whole(struct t2v_value v)
{
    return v.type == T2V_INT || v.type == T2V_BOOL;
}

static inline bool t2v_is_number(struct t2v_value v)
{
    return t2v_is_whole(v) || v.type == T2V_FLOAT;
}

static inline double t2v_number_of(struct t2v_value v)
{
    return v.type == T2V_FLOAT ? v.number : (double)v.whole;
}

/* Python's name of the type: "str", "NoneType". */
const char *t2v_type_name(struct t2v_value v);
/* How jinja2 names an object in messages: "str object", "None". */
const char *t2v_type_object(struct t2v_value v);
/* The number of items of a range. */
int64_t t2v_range_len(const struct t2v_range *range);

#endif
