/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/calls.h"

#include "base/arena.h"
#include "base/mem.h"
#include "json/pull.h"

#include "base/banned.h"

enum { MAX_HELD = 1 << 30, FIRST_CALLS = 4 };

/* What the text in `held` is. */
enum place {
    AT_START,   /* white space, or what a mark may begin with */
    IN_CONTENT, /* the same, after content or a call */
    IN_TAG,     /* white space, <tool_call> and a call */
    IN_REST     /* white space, another mark or none, and calls to the end */
};

struct t2v_calls {
    enum place place;
    struct t2v_buf held;
    size_t head;       /* bytes of held up to the call */
    size_t n_searched; /* bytes of held that are known to have no end mark */
    bool bare;         /* the answer began like calls without a mark */
    struct t2v_call *list;
    size_t n, cap;
    struct t2v_str *names; /* [n_name], of the tools */
    size_t n_name;
    struct t2v_arena arena; /* names, and strings of the calls */
};

enum { HERMES, LLAMA, MISTRAL, N_MARK };

static const struct mark {
    struct t2v_str text;
    enum place place; /* after it */
} marks[N_MARK] = {
    [HERMES] = {{"<tool_call>", 11}, IN_TAG},
    [LLAMA] = {{"<|python_tag|>", 14}, IN_REST},
    [MISTRAL] = {{"[TOOL_CALLS]", 12}, IN_REST},
};

static int read_names(t2v_calls *calls, const t2v_json *tools)
{
    size_t n = t2v_json_len(tools);
    calls->names = t2v_arena_alloc(&calls->arena, n != 0 ? n : 1, sizeof *calls->names);
    if (calls->names == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const t2v_json *tool = t2v_json_at(tools, i), *function = t2v_json_get(tool, "function");
        struct t2v_str name =
            t2v_json_str(t2v_json_get(function != NULL ? function : tool, "name"));
        if (name.ptr == NULL)
            continue;
        name = t2v_arena_dup(&calls->arena, name);
        if (name.ptr == NULL)
            return T2V_ENOMEM;
        calls->names[calls->n_name++] = name;
    }
    return 0;
}

int t2v_calls_new(const t2v_json *tools, t2v_calls **out)
{
    t2v_calls *calls = t2v_alloc_zero(1, sizeof *calls);
    if (calls == NULL)
        return T2V_ENOMEM;
    t2v_buf_init(&calls->held, MAX_HELD);
    int rc = read_names(calls, tools);
    if (rc != 0)
        t2v_calls_free(calls);
    else
        *out = calls;
    return rc;
}

void t2v_calls_free(t2v_calls *calls)
{
    if (calls == NULL)
        return;
    t2v_buf_deinit(&calls->held);
    t2v_arena_free(&calls->arena);
    t2v_free(calls->list);
    t2v_free(calls);
}

size_t t2v_calls_count(const t2v_calls *calls)
{
    return calls->n;
}

struct t2v_call t2v_calls_at(const t2v_calls *calls, size_t i)
{
    return calls->list[i];
}

/* Reading calls. */

static bool is_tool(const t2v_calls *calls, struct t2v_str name)
{
    for (size_t i = 0; i < calls->n_name; i++)
        if (t2v_str_eq(calls->names[i], name))
            return true;
    return false;
}

static int add_call(t2v_calls *calls, struct t2v_str name, struct t2v_str arguments)
{
    if (calls->n == calls->cap) {
        void *list = t2v_grow(calls->list, &calls->cap, FIRST_CALLS, sizeof *calls->list);
        if (list == NULL)
            return T2V_ENOMEM;
        calls->list = list;
    }
    struct t2v_call call = {t2v_arena_dup(&calls->arena, name),
                            t2v_arena_dup(&calls->arena, arguments)};
    if (call.name.ptr == NULL || call.arguments.ptr == NULL)
        return T2V_ENOMEM;
    calls->list[calls->n++] = call;
    return 0;
}

/* The text of a JSON string, in *tree, which the caller frees. */
static struct t2v_str string_of(struct t2v_str json, t2v_json **tree)
{
    *tree = NULL;
    if (t2v_json_type_of(json) != T2V_JSON_STRING || t2v_json_parse(json, tree, NULL) != 0)
        return (struct t2v_str){NULL, 0};
    return t2v_json_str(*tree);
}

static bool is_object(struct t2v_str text)
{
    t2v_json *tree = NULL;
    bool is = t2v_json_parse(text, &tree, NULL) == 0 && t2v_json_type(tree) == T2V_JSON_OBJECT;
    t2v_json_free(tree);
    return is;
}

/* The arguments: an object, {} if there are none, or a string that has an object's text. */
static int take_call(t2v_calls *calls, struct t2v_str name, struct t2v_str arguments)
{
    t2v_json *tree;
    struct t2v_str text = string_of(arguments, &tree);
    if (arguments.ptr == NULL)
        arguments = T2V_STR("{}");
    else if (text.ptr != NULL)
        arguments = text;
    int rc = is_object(arguments) ? add_call(calls, name, arguments) : T2V_EFORMAT;
    t2v_json_free(tree);
    return rc;
}

/* Reads an object that is a call. T2V_EFORMAT: it is none. known: only of a tool that there is. */
static int read_call(t2v_calls *calls, struct t2v_pull *pull, bool known)
{
    static const char *const names[] = {"name", "arguments", "parameters"};
    struct t2v_str values[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    t2v_json *tree = NULL;
    if (t2v_pull_peek(pull) != '{')
        return T2V_EFORMAT;
    int rc = t2v_pull_members(pull, names, values, 3, t2v_pull_pass);
    struct t2v_str name =
        rc == 0 && values[0].ptr != NULL ? string_of(values[0], &tree) : (struct t2v_str){NULL, 0};
    if (rc == 0 && (name.len == 0 || (known && !is_tool(calls, name))))
        rc = T2V_EFORMAT;
    if (rc == 0)
        rc = take_call(calls, name, values[1].ptr != NULL ? values[1] : values[2]);
    t2v_json_free(tree);
    return rc;
}

static void skip_space(struct t2v_pull *pull)
{
    (void)t2v_pull_peek(pull);
}

/* True: a mark was next, and is behind. */
static bool pass_mark(struct t2v_pull *pull, struct t2v_str mark)
{
    skip_space(pull);
    struct t2v_str rest = {pull->at, (size_t)(pull->end - pull->at)};
    if (!t2v_str_starts(rest, mark))
        return false;
    pull->at += mark.len;
    return true;
}

/* Text up to a bracket of either kind, without white space at its ends. */
static struct t2v_str pass_word(struct t2v_pull *pull)
{
    const char *begin = pull->at;
    while (pull->at != pull->end && *pull->at != '[' && *pull->at != '{')
        pull->at++;
    return t2v_str_strip((struct t2v_str){begin, (size_t)(pull->at - begin)});
}

/* Letters, digits and what joins them. */
static bool is_name(struct t2v_str text)
{
    bool is = text.len != 0;
    for (size_t i = 0; i < text.len && is; i++) {
        char c = text.ptr[i], lower = (char)(c | 0x20);
        is = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
             c == '-';
    }
    return is;
}

/* name[CALL_ID]id[ARGS]{...}, where the marks may be missing, and the id with its mark. */
static int read_named(t2v_calls *calls, struct t2v_pull *pull, bool known)
{
    struct t2v_str name = pass_word(pull), arguments;
    if (known ? !is_tool(calls, name) : !is_name(name))
        return T2V_EFORMAT;
    if (pass_mark(pull, T2V_STR("[CALL_ID]")))
        (void)pass_word(pull);
    (void)pass_mark(pull, T2V_STR("[ARGS]"));
    if (t2v_pull_peek(pull) != '{')
        return T2V_EFORMAT;
    int rc = t2v_pull_pass(pull, &arguments);
    if (rc == 0)
        rc = take_call(calls, name, arguments);
    (void)pass_mark(pull, marks[MISTRAL].text);
    return rc;
}

/* [call, call], or calls with ';' or nothing between them, or calls that begin with a name. */
static int read_all(t2v_calls *calls, struct t2v_pull *pull, bool known)
{
    int rc = 0;
    if (t2v_pull_peek(pull) == '[') {
        rc = t2v_pull_open(pull, '[');
        while (rc == 0 && (rc = t2v_pull_more(pull, ']')) == 1)
            rc = read_call(calls, pull, known);
        return rc != 0 ? rc : t2v_pull_end(pull);
    }
    bool named = t2v_pull_peek(pull) != '{';
    while (rc == 0 && t2v_pull_peek(pull) != '\0') {
        rc = named ? read_named(calls, pull, known) : read_call(calls, pull, known);
        if (rc == 0 && t2v_pull_peek(pull) == ';')
            pull->at++;
    }
    return rc;
}

/* Reads all of text as calls. T2V_EFORMAT: it is something else, and none is added. */
static int read_calls(t2v_calls *calls, struct t2v_str text, bool known)
{
    struct t2v_pull pull;
    size_t before = calls->n;
    t2v_pull_init(&pull, text, NULL);
    int rc = read_all(calls, &pull, known);
    t2v_pull_deinit(&pull);
    if (rc == 0 && calls->n == before)
        rc = T2V_EFORMAT;
    if (rc == T2V_EFORMAT || rc == T2V_ETOOLARGE) {
        calls->n = before;
        rc = T2V_EFORMAT;
    }
    return rc;
}

/* Finding them. */

/* Drops the first n bytes of held. */
static void drop(t2v_calls *calls, size_t n)
{
    struct t2v_buf *held = &calls->held;
    held->len -= n;
    if (held->len != 0 && n != 0)
        memmove(held->ptr, held->ptr + n, held->len);
    calls->n_searched = calls->head = 0;
    calls->place = IN_CONTENT;
}

static int send(t2v_calls *calls, size_t n, struct t2v_buf *content)
{
    if (n == 0)
        return 0;
    int rc = t2v_buf_add(content, calls->held.ptr, n);
    drop(calls, n);
    return rc;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* True: s begins with mark, or all of s is a beginning of it. */
static bool may_begin(struct t2v_str s, struct t2v_str mark)
{
    return memcmp(s.ptr, mark.ptr, s.len < mark.len ? s.len : mark.len) == 0;
}

/* The first place where a mark begins, or may begin at the end of the text; text.len: nowhere. */
static size_t find_mark(struct t2v_str text, const struct mark **mark)
{
    for (size_t at = 0; at < text.len; at++)
        for (size_t i = 0; i < N_MARK && (text.ptr[at] == '<' || text.ptr[at] == '['); i++)
            if (may_begin(t2v_str_skip(text, at), marks[i].text)) {
                *mark = &marks[i];
                return at;
            }
    return text.len;
}

/* Whether text begins with a tool's name and arguments. *unsure: it may, yet. */
static bool begins_named(const t2v_calls *calls, struct t2v_str text, bool *unsure)
{
    bool is = false;
    for (size_t i = 0; i < calls->n_name; i++) {
        if (calls->names[i].len == 0 || !may_begin(text, calls->names[i]))
            continue;
        struct t2v_str rest = t2v_str_strip(
            t2v_str_skip(text, text.len < calls->names[i].len ? text.len : calls->names[i].len));
        is |= t2v_str_starts(rest, T2V_STR("{")) || t2v_str_starts(rest, T2V_STR("[ARGS]"));
        *unsure |= rest.len == 0 || t2v_str_starts(T2V_STR("[ARGS]"), rest);
    }
    *unsure &= !is;
    return is;
}

/* Whether the answer begins like calls without a mark, "{", "[{" or a tool's name. *unsure: it may,
 * yet. */
static bool is_bare(const t2v_calls *calls, bool *unsure)
{
    struct t2v_str text = t2v_str_strip(t2v_buf_str(&calls->held));
    *unsure = false;
    if (calls->place != AT_START || text.len == 0)
        return false;
    if (*text.ptr != '[')
        return *text.ptr == '{' || begins_named(calls, text, unsure);
    text = t2v_str_strip(t2v_str_skip(text, 1));
    *unsure = text.len == 0;
    return text.len != 0 && *text.ptr == '{';
}

/* Sends content up to a mark; white space before it waits, since it is dropped before a call.
 * True: a mark is complete. */
static bool scan(t2v_calls *calls, struct t2v_buf *content, int *rc)
{
    const struct mark *mark = NULL;
    bool unsure;
    if (is_bare(calls, &unsure)) {
        calls->place = IN_REST;
        calls->bare = true;
    }
    if (calls->place == IN_REST || unsure)
        return false;
    struct t2v_str text = t2v_buf_str(&calls->held);
    size_t at = find_mark(text, &mark), blank = at;
    while (blank > 0 && is_space(text.ptr[blank - 1]))
        blank--;
    bool whole = mark != NULL && text.len - at >= mark->text.len;
    *rc = send(calls, blank, content);
    if (*rc != 0 || !whole)
        return false;
    calls->place = mark->place;
    calls->n_searched = calls->head = at - blank + mark->text.len;
    return true;
}

/* A call ends with a mark. True: one did. */
static bool end_tag(t2v_calls *calls, struct t2v_buf *content, int *rc)
{
    struct t2v_str text = t2v_buf_str(&calls->held), end = T2V_STR("</tool_call>");
    struct t2v_str rest = t2v_str_skip(text, calls->n_searched);
    const char *at = rest.len != 0 ? memmem(rest.ptr, rest.len, end.ptr, end.len) : NULL;
    if (at == NULL) {
        if (rest.len >= end.len)
            calls->n_searched = text.len - end.len + 1;
        return false;
    }
    size_t upto = (size_t)(at - text.ptr);
    *rc = read_calls(calls, (struct t2v_str){text.ptr + calls->head, upto - calls->head}, false);
    if (*rc == T2V_EFORMAT) {
        *rc = send(calls, upto + end.len, content);
    } else if (*rc == 0) {
        drop(calls, upto + end.len);
    }
    return *rc == 0;
}

int t2v_calls_feed(t2v_calls *calls, struct t2v_str piece, struct t2v_buf *content)
{
    int rc = t2v_buf_add(&calls->held, piece.ptr, piece.len);
    bool more = rc == 0;
    while (more && calls->place != IN_REST)
        more = calls->place == IN_TAG ? end_tag(calls, content, &rc) : scan(calls, content, &rc);
    return rc;
}

int t2v_calls_finish(t2v_calls *calls, struct t2v_buf *content)
{
    struct t2v_str text = t2v_buf_str(&calls->held);
    int rc = T2V_EFORMAT;
    if (calls->place == IN_REST || calls->place == IN_TAG)
        rc = read_calls(calls, t2v_str_skip(text, calls->head), calls->bare);
    else if (calls->n != 0 && t2v_str_strip(text).len == 0)
        rc = 0;
    if (rc == T2V_EFORMAT)
        return send(calls, text.len, content);
    if (rc == 0)
        drop(calls, text.len);
    return rc;
}
