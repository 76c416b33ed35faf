/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/filter.h"

#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/tojson.h"

#include "base/banned.h"

static const struct t2v_native *find_filter(struct t2v_str name)
{
    const struct t2v_native *found = t2v_native_find(t2v_text_filters, t2v_n_text_filter, name);
    if (found == NULL)
        found = t2v_native_find(t2v_number_filters, t2v_n_number_filter, name);
    if (found == NULL)
        found = t2v_native_find(t2v_list_filters, t2v_n_list_filter, name);
    if (found == NULL)
        found = t2v_native_find(t2v_group_filters, t2v_n_group_filter, name);
    if (found == NULL)
        found = t2v_native_find(t2v_select_filters, t2v_n_select_filter, name);
    if (found == NULL)
        found = t2v_native_find(&t2v_tojson, 1, name);
    return found;
}

static struct t2v_value refuse(struct t2v_run *run, const char *kind, struct t2v_str name)
{
    static const char *const unsupported[] = {"filesizeformat", "pprint",   "random", "striptags",
                                              "urlize",         "wordwrap", "xmlattr"};
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        if (t2v_str_is(name, unsupported[i]))
            return t2v_run_fail(run, T2V_EUNSUPPORTED, "the filter '%s' is not supported",
                                unsupported[i]);
    }
    return t2v_run_fail(run, T2V_EFORMAT, "No %s named '%.*s'.", kind, T2V_STR_ARG(name));
}

struct t2v_value t2v_filter_call(struct t2v_run *run, struct t2v_str name, struct t2v_value v,
                                 const struct t2v_args *args)
{
    const struct t2v_native *filter = find_filter(name);
    if (filter == NULL)
        return refuse(run, "filter", name);
    struct t2v_value result = t2v_run_enter(run) ? t2v_native_call(run, filter, v, args) : v;
    t2v_run_leave(run);
    return result;
}

bool t2v_test_call(struct t2v_run *run, struct t2v_str name, struct t2v_value v,
                   const struct t2v_args *args)
{
    const struct t2v_native *test = t2v_native_find(t2v_tests, t2v_n_test, name);
    if (test == NULL) {
        refuse(run, "test", name);
        return false;
    }
    return t2v_truth(t2v_native_call(run, test, v, args)) && run->rc == 0;
}

bool t2v_filter_exists(struct t2v_str name)
{
    return find_filter(name) != NULL;
}

bool t2v_test_exists(struct t2v_str name)
{
    return t2v_native_find(t2v_tests, t2v_n_test, name) != NULL;
}
