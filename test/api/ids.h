/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_API_IDS_H
#define TEST_API_IDS_H
/*
 * An API that t2v has not, for fake.c: its paths end in an id, and its errors are {"oops": "..."}.
 * GET /ids/ID answers {"id": ID}; for the id "nobody" 404. POST /ids/ID takes the body of /vectors
 * with one text, and answers {"id": ID, "vector": [...]}.
 */
#include "http/api/api.h"

extern const struct t2v_api api_ids;
extern const struct t2v_operation ids_get, ids_post;

#endif
