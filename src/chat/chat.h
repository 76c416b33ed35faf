/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_CHAT_H
#define T2V_CHAT_CHAT_H
/*
 * Chat templates: the text that a model continues, from a conversation. The templates are written
 * in Jinja; this folder interprets them as transformers' apply_chat_template has jinja2 do it
 * (sandboxed; trim_blocks, lstrip_blocks, loop controls, `generation` blocks). A template can do
 * nothing but print, and its steps, depth, memory and output are bounded.
 *
 * Not supported, and an error that names it: include, import, from, extends, integers beyond 64
 * bits, some filters (filter.c), and `%`, format and join of a text marked as safe.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

/* Limits of one rendering. */
enum {
    T2V_CHAT_MAX_STEPS = 20 * 1000 * 1000, /* nodes evaluated, and 16 bytes of text are one */
    T2V_CHAT_MAX_DEPTH = 1000,             /* of values, expressions, blocks and calls */
    T2V_CHAT_MAX_BYTES = 256 << 20,        /* memory for values */
    T2V_CHAT_MAX_OUTPUT = 16 << 20,        /* bytes */
    T2V_CHAT_MAX_TEMPLATE = 1 << 20        /* bytes of one template */
};

/* The templates of a model, parsed once. Read-only: any number of threads. */
typedef struct t2v_chat t2v_chat;

/* Reads the templates of a model's directory, as transformers chooses among them:
 * chat_template.jinja and additional_chat_templates/NAME.jinja; or else `chat_template` of
 * tokenizer_config.json, a text or a list of {name, template}; or else that of chat_template.json.
 * Special tokens come from tokenizer_config.json and special_tokens_map.json. Without a template
 * *out is NULL and 0 is returned. A template that cannot be used (malformed, too large, not
 * supported) is no failure: t2v_chat_fault and its renderings tell of it. T2V_EFORMAT: another
 * setting is malformed. T2V_EIO or T2V_ENOMEM. */
int t2v_chat_open(const char *dir, t2v_chat **out, struct t2v_err *err);

/* What is wrong with the first template that cannot be used: file, line, column and reason; NULL:
 * nothing is. Valid as long as *chat. */
const char *t2v_chat_fault(const t2v_chat *chat);

/* Whether a template reads this variable, such as "tools"; false if it cannot be used. */
bool t2v_chat_reads(const t2v_chat *chat, const char *variable);

/* The same for one template, which becomes "default". tokens: an object of special tokens, as
 * tokenizer_config.json has them; may be NULL. Keeps neither. */
int t2v_chat_parse(struct t2v_str text, const t2v_json *tokens, t2v_chat **out,
                   struct t2v_err *err);

void t2v_chat_free(t2v_chat *chat); /* NULL is allowed */

struct t2v_chat_request {
    const t2v_json *messages;  /* an array of objects */
    const t2v_json *tools;     /* an array of objects; NULL or null: none */
    const t2v_json *documents; /* the same */
    const t2v_json *kwargs;    /* an object of more variables, which override special tokens; NULL:
                                  none. Names of the members here are refused. */
    bool add_generation_prompt;
    bool continue_final_message; /* the text ends within the last message, to be continued */
    const char *template_name;   /* NULL: "tool_use" if there are tools and it exists, else
                                    "default" */
    int64_t now;                 /* seconds since the epoch, for strftime_now, in local time */
};

/* Appends the rendered text. T2V_EFORMAT: the template refused the conversation (its message), uses
 * something that is undefined, or the request is malformed. T2V_EUNSUPPORTED: the template uses
 * what this interpreter lacks. T2V_ETOOLARGE: a limit was reached. T2V_ENOMEM. After a failure *out
 * may have a part of the text. */
int t2v_chat_render(const t2v_chat *chat, const struct t2v_chat_request *request,
                    struct t2v_buf *out, struct t2v_err *err);

#endif
