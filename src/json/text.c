/* SPDX-License-Identifier: BSD-3-Clause */
/* What of json.h needs no tree. */
#include <math.h>

#include "json/json.h"
#include "json/plain.h"
#include "json/pull.h"

#include "base/banned.h"

int t2v_json_plain(struct t2v_str text, struct t2v_buf *out)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, text, NULL);
    pull.python = true;
    while (pull.at < pull.end) {
        const char *from = pull.at;
        double number = 0;
        if (*from == '"')
            pull.at = text.ptr + t2v_json_string_end(text, (size_t)(from + 1 - text.ptr)) + 1;
        else if (!t2v_pull_is_number(&pull, *from) || t2v_pull_number(&pull, &number) != 0)
            pull.at++;
        if (isfinite(number))
            t2v_buf_add(out, from, (size_t)(pull.at - from));
        else
            t2v_buf_adds(out, "null");
    }
    t2v_pull_deinit(&pull);
    return out->fail;
}

const char *t2v_json_kind_name(enum t2v_json_type type)
{
    static const char *const names[] = {
        [T2V_JSON_MISSING] = "nothing",    [T2V_JSON_NULL] = "null",
        [T2V_JSON_BOOL] = "true or false", [T2V_JSON_NUMBER] = "a number",
        [T2V_JSON_STRING] = "a string",    [T2V_JSON_ARRAY] = "an array",
        [T2V_JSON_OBJECT] = "an object",
    };
    return names[type];
}

enum t2v_json_type t2v_json_type_of(struct t2v_str text)
{
    if (text.ptr == NULL)
        return T2V_JSON_MISSING;
    switch (text.ptr[0]) {
    case 'n':
        return T2V_JSON_NULL;
    case 't':
    case 'f':
        return T2V_JSON_BOOL;
    case '"':
        return T2V_JSON_STRING;
    case '[':
        return T2V_JSON_ARRAY;
    case '{':
        return T2V_JSON_OBJECT;
    default:
        return T2V_JSON_NUMBER;
    }
}
