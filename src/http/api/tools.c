/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tools.h"

#include "base/mem.h"
#include "http/body.h"
#include "json/pull.h"
#include "json/write.h"

#include "base/banned.h"

enum { TOOLS_MAX = 128 };

/* ---- Reading ---- */

/* The function of a tool: values of its members. */
struct function {
    struct t2v_str name, parameters; /* JSON values; name is a string */
};

static bool read_function(const struct t2v_params *p, struct t2v_str tool, struct function *out)
{
    enum { TYPE, FUNCTION, N };
    enum { NAME, DESCRIPTION, PARAMETERS, N_INNER };
    static const char *const names[N] = {"type", "function"};
    static const char *const inner[N_INNER] = {"name", "description", "parameters"};
    struct t2v_str values[N] = {{NULL, 0}}, of_function[N_INNER] = {{NULL, 0}};
    if (!t2v_param_object(p, "tools", tool, names, values, N) ||
        !t2v_param_object(p, "tools", values[FUNCTION], inner, of_function, N_INNER))
        return false;
    if (of_function[NAME].ptr == NULL || of_function[NAME].ptr[0] != '"')
        return t2v_param_wrong(p, "tools", "a tool is an object with a function, which has a name");
    if (t2v_body_has(values[TYPE]) && !t2v_str_is(values[TYPE], "\"function\""))
        return t2v_param_wrong(p, "tools", "the type of a tool is function");
    if (t2v_body_has(of_function[DESCRIPTION]) && of_function[DESCRIPTION].ptr[0] != '"')
        return t2v_param_wrong(p, "tools", "the description of a function is a string");
    if (t2v_body_has(of_function[PARAMETERS]) && of_function[PARAMETERS].ptr[0] != '{')
        return t2v_param_wrong(p, "tools", "the parameters of a function are an object");
    out->name = of_function[NAME];
    out->parameters = of_function[PARAMETERS];
    return true;
}

/* Appends the schema of a call of this function. */
static void add_schema(const struct function *function, struct t2v_buf *out)
{
    t2v_buf_adds(out, "{\"type\":\"object\",\"properties\":{\"name\":{\"const\":");
    t2v_buf_add(out, function->name.ptr, function->name.len);
    t2v_buf_adds(out, "},\"arguments\":");
    if (t2v_body_has(function->parameters))
        t2v_buf_add(out, function->parameters.ptr, function->parameters.len);
    else
        t2v_buf_adds(out, "{\"type\":\"object\"}");
    t2v_buf_adds(out, "},\"required\":[\"name\",\"arguments\"],\"additionalProperties\":false}");
}

/* Checks all tools, perhaps null or missing. Appends the schemas of those whose name is `wanted`
 * (ptr NULL: of all), with commas between them, and sets *n to their number. */
static bool read_tools(const struct t2v_params *p, struct t2v_str tools, struct t2v_str wanted,
                       struct t2v_buf *schemas, size_t *n)
{
    struct function function = {{NULL, 0}, {NULL, 0}};
    struct t2v_pull pull;
    struct t2v_str tool;
    size_t n_tool = 0;
    bool ok = true;
    if (!t2v_body_has(tools))
        return true;
    if (tools.ptr[0] != '[') {
        t2v_body_wrong_type(p->fault, "list_type", t2v_param_loc(p, "tools"), "an array", tools);
        return false;
    }
    t2v_pull_init(&pull, tools, NULL);
    int more = t2v_pull_open(&pull, '[');
    while (ok && more == 0 && (more = t2v_pull_more(&pull, ']')) == 1) {
        more = t2v_pull_pass(&pull, &tool);
        ok = more == 0 && read_function(p, tool, &function);
        if (ok && ++n_tool > TOOLS_MAX)
            ok = t2v_param_wrong(p, "tools", "more than 128 tools, the limit");
        if (ok && (wanted.ptr == NULL || t2v_str_eq(wanted, function.name))) {
            t2v_buf_adds(schemas, (*n)++ != 0 ? "," : "");
            add_schema(&function, schemas);
        }
    }
    t2v_pull_deinit(&pull);
    if (p->fault->status != 0)
        return false;
    return (ok && more == 0 && schemas->fail == 0) || t2v_fault_no_memory(p->fault);
}

bool t2v_tools_check(const struct t2v_params *params, struct t2v_str tools)
{
    struct t2v_buf ignored;
    size_t n = 0;
    t2v_buf_init(&ignored, SIZE_MAX / 2);
    bool ok = read_tools(params, tools, (struct t2v_str){NULL, 0}, &ignored, &n);
    t2v_buf_deinit(&ignored);
    return ok;
}

/* What tool_choice says. *wanted: the name of a tool, a JSON string. */
static bool read_choice(const struct t2v_params *p, struct t2v_str choice, struct t2v_tools *out,
                        struct t2v_str *wanted)
{
    enum { TYPE, FUNCTION, NAME, N };
    static const char *const names[N] = {"type", "function", "name"}, *const inner[] = {"name"};
    struct t2v_str values[N] = {{NULL, 0}};
    if (!t2v_body_has(choice) || t2v_str_is(choice, "\"auto\"")) {
        out->choice = T2V_TOOLS_AUTO;
        return true;
    }
    if (t2v_str_is(choice, "\"none\""))
        return true;
    out->choice = T2V_TOOLS_FORCED;
    if (t2v_str_is(choice, "\"required\""))
        return true;
    if (choice.ptr[0] != '{')
        return t2v_param_wrong(p, "tool_choice",
                               "none, auto, required or a function's name is needed here");
    if (!t2v_param_object(p, "tool_choice", choice, names, values, N))
        return false;
    if (t2v_body_has(values[TYPE]) && !t2v_str_is(values[TYPE], "\"function\""))
        return t2v_param_wrong(p, "tool_choice", "its type is function");
    *wanted = values[NAME];
    if (t2v_body_has(values[FUNCTION]) &&
        !t2v_param_object(p, "tool_choice", values[FUNCTION], inner, wanted, 1))
        return false;
    bool is_name = wanted->ptr != NULL && wanted->ptr[0] == '"';
    return is_name ||
           t2v_param_wrong(p, "tool_choice", "a function needs a name, which is a string");
}

/* The texts are calls of these schemas. */
static bool force(const struct t2v_params *p, const struct t2v_buf *schemas,
                  struct t2v_generation *generation)
{
    struct t2v_buf schema;
    if (generation->json)
        return t2v_param_wrong(p, "tool_choice", "a call is not possible with a response_format");
    t2v_buf_init(&schema, SIZE_MAX / 2);
    t2v_buf_adds(&schema, "{\"anyOf\":[");
    t2v_buf_add(&schema, schemas->ptr, schemas->len);
    t2v_buf_adds(&schema, "]}");
    bool ok = schema.fail == 0 || t2v_fault_no_memory(p->fault);
    ok = ok && t2v_generation_read_schema(p, "tools", t2v_buf_str(&schema), generation);
    t2v_buf_deinit(&schema);
    return ok;
}

bool t2v_tools_read(const struct t2v_params *params, struct t2v_str tools, struct t2v_str choice,
                    struct t2v_tools *out, struct t2v_generation *generation)
{
    struct t2v_str wanted = {NULL, 0};
    struct t2v_buf schemas;
    size_t n = 0;
    out->choice = T2V_TOOLS_NONE;
    if (params->fault->status != 0)
        return false;
    t2v_buf_init(&schemas, SIZE_MAX / 2);
    bool ok = read_choice(params, choice, out, &wanted) &&
              read_tools(params, tools, wanted, &schemas, &n);
    if (ok && n == 0 && wanted.ptr != NULL)
        ok = t2v_param_wrong(params, "tool_choice", "none of the tools has this name");
    if (n == 0)
        out->choice = T2V_TOOLS_NONE;
    if (ok && out->choice == T2V_TOOLS_FORCED)
        ok = force(params, &schemas, generation);
    if (ok && out->choice == T2V_TOOLS_AUTO)
        ok = t2v_json_parse(tools, &out->list, NULL) == 0 || t2v_fault_no_memory(params->fault);
    t2v_buf_deinit(&schemas);
    return ok;
}

/* ---- Calls ---- */

void t2v_tools_deinit(struct t2v_tools *tools)
{
    for (size_t i = 0; i < tools->n_stream; i++)
        t2v_calls_free(tools->streams[i]);
    t2v_free(tools->streams);
    t2v_json_free(tools->list);
    *tools = (struct t2v_tools){.choice = T2V_TOOLS_NONE};
}

static void calls_init(struct t2v_tool_calls *calls)
{
    *calls = (struct t2v_tool_calls){0};
    t2v_buf_init(&calls->content, SIZE_MAX / 2);
    t2v_buf_init(&calls->name, SIZE_MAX / 2);
}

void t2v_tool_calls_deinit(struct t2v_tool_calls *calls)
{
    t2v_free(calls->list);
    t2v_buf_deinit(&calls->content);
    t2v_buf_deinit(&calls->name);
    t2v_calls_free(calls->calls);
    *calls = (struct t2v_tool_calls){0};
}

/* The text of a forced call; false: it is none, as it was cut off. */
static bool parse_forced(struct t2v_str text, struct t2v_tool_calls *out)
{
    enum { NAME, ARGUMENTS, N };
    static const char *const names[N] = {"name", "arguments"};
    struct t2v_str values[N] = {{NULL, 0}}, name;
    struct t2v_fault ignored = {0};
    struct t2v_pull pull;
    if (!t2v_body_members(text, "", names, values, N, &ignored) || values[NAME].ptr == NULL ||
        values[NAME].ptr[0] != '"' || values[ARGUMENTS].ptr == NULL)
        return false;
    t2v_pull_init(&pull, values[NAME], NULL);
    bool ok = t2v_pull_str(&pull, &name) == 0 && t2v_buf_add(&out->name, name.ptr, name.len) == 0;
    t2v_pull_deinit(&pull);
    out->list = ok ? t2v_alloc_zero(1, sizeof *out->list) : NULL;
    if (out->list == NULL) {
        out->fail = T2V_ENOMEM;
        return true;
    }
    out->list[0] = (struct t2v_tool_call){t2v_buf_str(&out->name), values[ARGUMENTS]};
    out->n = 1;
    return true;
}

static void take_forced(struct t2v_str text, struct t2v_tool_calls *out)
{
    if (!parse_forced(text, out))
        t2v_buf_add(&out->content, text.ptr, text.len);
}

/* The list of what was found. */
static void list_calls(const t2v_calls *calls, struct t2v_tool_calls *out)
{
    size_t n = t2v_calls_count(calls);
    out->list = t2v_alloc_zero(n, sizeof *out->list);
    if (out->list == NULL) {
        out->fail = T2V_ENOMEM;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct t2v_call call = t2v_calls_at(calls, i);
        out->list[i] = (struct t2v_tool_call){call.name, call.arguments};
    }
    out->n = n;
}

void t2v_tools_parse(const struct t2v_tools *tools, struct t2v_str text, struct t2v_tool_calls *out)
{
    calls_init(out);
    if (tools->choice == T2V_TOOLS_FORCED) {
        take_forced(text, out);
    } else if (tools->choice == T2V_TOOLS_NONE) {
        t2v_buf_add(&out->content, text.ptr, text.len);
    } else {
        int rc = t2v_calls_new(tools->list, &out->calls);
        if (rc == 0)
            rc = t2v_calls_feed(out->calls, text, &out->content);
        if (rc == 0)
            rc = t2v_calls_finish(out->calls, &out->content);
        if (rc == 0)
            list_calls(out->calls, out);
        else
            out->fail = rc;
    }
    if (out->content.fail != 0)
        out->fail = out->content.fail;
}

bool t2v_tools_begin(struct t2v_tools *tools, size_t n, struct t2v_fault *fault)
{
    if (tools->choice != T2V_TOOLS_AUTO)
        return true;
    tools->streams = t2v_alloc_zero(n, sizeof(t2v_calls *));
    if (tools->streams == NULL)
        return t2v_fault_no_memory(fault);
    tools->n_stream = n;
    for (size_t i = 0; i < n; i++) {
        if (t2v_calls_new(tools->list, &tools->streams[i]) != 0)
            return t2v_fault_no_memory(fault);
    }
    return true;
}

void t2v_tools_piece(const struct t2v_tools *tools, size_t index, struct t2v_str piece,
                     struct t2v_buf *content)
{
    int rc = 0;
    if (tools->choice == T2V_TOOLS_NONE)
        t2v_buf_add(content, piece.ptr, piece.len);
    else if (tools->choice == T2V_TOOLS_AUTO)
        rc = t2v_calls_feed(tools->streams[index], piece, content);
    if (rc != 0)
        content->fail = rc;
}

void t2v_tools_last(const struct t2v_tools *tools, size_t index, struct t2v_str text,
                    struct t2v_tool_calls *out)
{
    calls_init(out);
    if (tools->choice == T2V_TOOLS_FORCED)
        take_forced(text, out);
    if (tools->choice != T2V_TOOLS_AUTO)
        return;
    t2v_calls *calls = tools->streams[index];
    int rc = t2v_calls_finish(calls, &out->content);
    if (rc == 0)
        list_calls(calls, out);
    else
        out->fail = rc;
}

/* An id of 9 letters and digits, the form that Mistral's templates demand. */
static void write_id(const char *id, size_t index, size_t i, struct t2v_buf *out)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    uint64_t x = UINT64_C(0xcbf29ce484222325) + index * 1000003 + i;
    for (; *id != '\0'; id++)
        x = (x ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
    x ^= x >> 29;
    for (int k = 0; k < 9; k++, x /= 36)
        t2v_buf_addc(out, digits[x % 36]);
}

void t2v_tools_write(const struct t2v_tool_calls *calls, const char *id, size_t index,
                     bool in_piece, struct t2v_buf *out)
{
    t2v_buf_adds(out, "\"tool_calls\":[");
    for (size_t i = 0; i < calls->n; i++) {
        t2v_buf_addf(out, "%s{", i != 0 ? "," : "");
        if (in_piece)
            t2v_buf_addf(out, "\"index\":%zu,", i);
        t2v_buf_adds(out, "\"id\":\"");
        write_id(id, index, i, out);
        t2v_buf_adds(out, "\",\"type\":\"function\",\"function\":{\"name\":");
        t2v_json_write_str(out, calls->list[i].name);
        t2v_buf_adds(out, ",\"arguments\":");
        t2v_json_write_str(out, calls->list[i].arguments);
        t2v_buf_adds(out, "}}");
    }
    t2v_buf_addc(out, ']');
}
