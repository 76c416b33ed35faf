/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/attribute.h"

#include "chat/access.h"
#include "chat/dict.h"
#include "chat/loop.h"
#include "chat/method.h"
#include "chat/undefined.h"

#include "base/banned.h"

bool t2v_attribute_find(struct t2v_run *run, struct t2v_value object, struct t2v_str name,
                        struct t2v_value *out)
{
    if (object.type == T2V_NAMESPACE) {
        const struct t2v_value *found = t2v_dict_get(run, object.dict, t2v_string(name));
        if (found != NULL)
            *out = *found;
        return found != NULL;
    }
    if (object.type == T2V_LOOP)
        return t2v_loop_attribute(run, object.loop, name, out);
    if (object.type == T2V_CYCLER && t2v_str_is(name, "current") && object.cycler->items.n != 0) {
        *out = object.cycler->items.at[object.cycler->at];
        return true;
    }
    bool group = object.type == T2V_TUPLE && object.items->name != NULL; /* of `groupby` */
    if (group && (t2v_str_is(name, "grouper") || t2v_str_is(name, "list"))) {
        *out = object.items->at[t2v_str_is(name, "list")];
        return true;
    }
    return t2v_method_find(run, object, name, out);
}

struct t2v_value t2v_attribute(struct t2v_run *run, struct t2v_value object, struct t2v_str name)
{
    struct t2v_value value;
    if (object.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, object);
    if (t2v_attribute_find(run, object, name, &value) ||
        t2v_find_item(run, object, t2v_string(name), &value))
        return value;
    return t2v_undefined_in(run, object, t2v_string(name));
}

struct t2v_value t2v_item(struct t2v_run *run, struct t2v_value object, struct t2v_value index)
{
    struct t2v_value value;
    if (object.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, object);
    if (t2v_find_item(run, object, index, &value) ||
        (index.type == T2V_STRING && t2v_attribute_find(run, object, index.text, &value)))
        return value;
    return t2v_undefined_in(run, object, index);
}
