/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_TEMPLATE_H
#define T2V_TOKEN_TEMPLATE_H
/*
 * The post-processor: the ids that go before and behind a text. TemplateProcessing, BertProcessing,
 * RobertaProcessing all come down to that; ByteLevel changes no ids. A Sequence may hold one that
 * adds ids: what the library makes of two of them is of no use to anybody.
 */
#include "base/error.h"
#include "token/tokenizer.h"
#include "json/json.h"

enum { T2V_TEMPLATE_MAX = 1024 }; /* ids on each side */

struct t2v_template {
    struct t2v_ids before, behind;
    int32_t max_id; /* -1 without ids */
};

/* Reads the component `value` (null: no ids) into a zeroed *tmpl. Errors as t2v_normalizer_load,
 * and T2V_ETOOLARGE; free with t2v_template_deinit even then. */
int t2v_template_load(const t2v_json *value, const char *where, struct t2v_template *tmpl,
                      struct t2v_err *err);
/* Makes an empty template of one id on each side. 0 or T2V_ENOMEM. */
int t2v_template_set(struct t2v_template *tmpl, int32_t before, int32_t behind);
void t2v_template_deinit(struct t2v_template *tmpl);

#endif
