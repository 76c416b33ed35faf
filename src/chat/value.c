/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/value.h"

#include "base/banned.h"

const char *t2v_type_name(struct t2v_value v)
{
    static const char *const names[] = {
        [T2V_MISSING] = "NoneType", [T2V_UNDEFINED] = "Undefined",
        [T2V_NONE] = "NoneType",    [T2V_BOOL] = "bool",
        [T2V_INT] = "int",          [T2V_FLOAT] = "float",
        [T2V_STRING] = "str",       [T2V_LIST] = "list",
        [T2V_TUPLE] = "tuple",      [T2V_DICT] = "dict",
        [T2V_RANGE] = "range",      [T2V_NAMESPACE] = "Namespace",
        [T2V_MACRO] = "Macro",      [T2V_LOOP] = "LoopContext",
        [T2V_METHOD] = "method",    [T2V_FUNCTION] = "function",
        [T2V_CYCLER] = "Cycler",    [T2V_JOINER] = "Joiner",
        [T2V_VIEW] = "dict_items",  [T2V_ITERATOR] = "generator",
    };
    if (v.type == T2V_VIEW || (v.type == T2V_ITERATOR && v.items->name != NULL))
        return v.items->name;
    return names[v.type];
}

const char *t2v_type_object(struct t2v_value v)
{
    static const char *const names[] = {
        [T2V_MISSING] = "None",
        [T2V_UNDEFINED] = "jinja2.runtime.Undefined object",
        [T2V_NONE] = "None",
        [T2V_BOOL] = "bool object",
        [T2V_INT] = "int object",
        [T2V_FLOAT] = "float object",
        [T2V_STRING] = "str object",
        [T2V_LIST] = "list object",
        [T2V_TUPLE] = "tuple object",
        [T2V_DICT] = "dict object",
        [T2V_RANGE] = "range object",
        [T2V_NAMESPACE] = "jinja2.utils.Namespace object",
        [T2V_MACRO] = "jinja2.runtime.Macro object",
        [T2V_LOOP] = "jinja2.runtime.LoopContext object",
        [T2V_METHOD] = "builtin_function_or_method object",
        [T2V_FUNCTION] = "function object",
        [T2V_CYCLER] = "jinja2.utils.Cycler object",
        [T2V_JOINER] = "jinja2.utils.Joiner object",
        [T2V_VIEW] = "dict_items object",
        [T2V_ITERATOR] = "generator object",
    };
    if (v.type == T2V_VIEW && v.items->name[5] == 'k')
        return "dict_keys object";
    if (v.type == T2V_VIEW && v.items->name[5] == 'v')
        return "dict_values object";
    return names[v.type];
}

int64_t t2v_range_len(const struct t2v_range *r)
{
    /* as unsigned, where the distance cannot overflow */
    uint64_t start = (uint64_t)r->start, stop = (uint64_t)r->stop, step = (uint64_t)r->step;
    if (r->step > 0)
        return r->stop > r->start ? (int64_t)((stop - start - 1) / step + 1) : 0;
    return r->start > r->stop ? (int64_t)((start - stop - 1) / (0 - step) + 1) : 0;
}
