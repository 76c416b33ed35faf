/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_MARKUP_H
#define T2V_CHAT_MARKUP_H
/* Texts marked as HTML (markupsafe's Markup). What is added to them is escaped first, even in chat
 * templates, which are no HTML: some add to `"..." | safe`. */
#include "chat/run.h"

/* v as a text with &, <, > and quotes escaped, and marked. A marked text stays as it is. */
struct t2v_value t2v_markup_escape(struct t2v_run *run, struct t2v_value v);
/* text, marked; not a text: v itself. */
struct t2v_value t2v_markup_mark(struct t2v_value v);
/* The result of a method of a marked text: its texts, or those in a list of them, are marked. */
struct t2v_value t2v_markup_result(struct t2v_run *run, struct t2v_value v);
/* The arguments of a method of a marked text, escaped where markupsafe does. */
struct t2v_args t2v_markup_args(struct t2v_run *run, const char *method,
                                const struct t2v_args *args);

#endif
