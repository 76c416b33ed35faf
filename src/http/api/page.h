/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_PAGE_H
#define T2V_HTTP_API_PAGE_H
/*
 * The page for people (src/http/page/), on which they try the models. Three static files, which are
 * part of the program; every operation answers at once. None needs a token: the page asks for it.
 */
#include "http/api/api.h"

/* GET /: the page if the request accepts text/html and the setting is on; else as /health. */
extern const struct t2v_operation t2v_page_root;
extern const struct t2v_operation t2v_page_style;  /* page.css; 404 if the setting is off */
extern const struct t2v_operation t2v_page_script; /* page.js; 404 if the setting is off */

/* Whether text/html itself is in the value of an Accept field, with a q other than 0. Wildcards do
 * not count: curl and health checks send them. */
bool t2v_page_is_wanted(struct t2v_str accept);

#endif
