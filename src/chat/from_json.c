/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/from_json.h"

#include "chat/dict.h"

#include "base/banned.h"

static struct t2v_value number(struct t2v_run *run, const t2v_json *json)
{
    int64_t whole;
    double real;
    if (t2v_json_exact(json, &whole))
        return t2v_int(whole);
    if (t2v_json_real(json, &real))
        return t2v_float(real);
    return t2v_run_fail(run, T2V_EUNSUPPORTED, "integers beyond 64 bits are not supported");
}

static struct t2v_value array(struct t2v_run *run, const t2v_json *json)
{
    size_t n = t2v_json_len(json);
    struct t2v_items *items = t2v_items_new(run, n);
    for (size_t i = 0; i < n && run->rc == 0; i++)
        t2v_items_add(run, items, t2v_from_json(run, t2v_json_at(json, i)));
    return t2v_items_value(T2V_LIST, items);
}

static struct t2v_value object(struct t2v_run *run, const t2v_json *json)
{
    struct t2v_dict *dict = t2v_dict_new(run, t2v_json_len(json));
    for (struct t2v_json_member m = t2v_json_first(json); m.value != NULL && run->rc == 0;
         m = t2v_json_next(json, m))
        t2v_dict_add(run, dict, t2v_string(m.key), t2v_from_json(run, m.value));
    return run->rc == 0 ? (struct t2v_value){.type = T2V_DICT, .dict = dict} : t2v_none();
}

struct t2v_value t2v_from_json(struct t2v_run *run, const t2v_json *json)
{
    struct t2v_value value = t2v_none();
    bool yes = false;
    if (t2v_run_enter(run)) {
        switch (t2v_json_type(json)) {
        case T2V_JSON_BOOL:
            t2v_json_bool(json, &yes);
            value = t2v_bool(yes);
            break;
        case T2V_JSON_NUMBER:
            value = number(run, json);
            break;
        case T2V_JSON_STRING:
            value = t2v_string(t2v_json_str(json));
            break;
        case T2V_JSON_ARRAY:
            value = array(run, json);
            break;
        case T2V_JSON_OBJECT:
            value = object(run, json);
            break;
        default:
            break;
        }
    }
    t2v_run_leave(run);
    return value;
}
