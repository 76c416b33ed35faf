/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TOKEN_IDS_H
#define T2V_HTTP_API_TOKEN_IDS_H
/*
 * Token ids in a body, `[id, ...]` for one text or `[[id, ...], ...]` for several, and the texts
 * that they stand for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/api/texts.h"
#include "http/models.h"
#include "token/decode/decoder.h"
#include "token/ids.h"

struct t2v_service;

/* A zeroed struct holds none. */
struct t2v_token_ids {
    struct t2v_ids ids;  /* of all texts */
    struct t2v_ids ends; /* [ends.len], of each text: where its ids end */
    bool many;           /* they came as an array of arrays */
};
void t2v_token_ids_deinit(struct t2v_token_ids *ids);

/* Whether value is an array whose first item is a number or an array. */
bool t2v_token_ids_are_there(struct t2v_str value);
/* Reads value, of a body that has been checked. An id that is larger than any becomes -1. False:
 * *fault is set, with loc: 400 for an empty array, 413 for more than a million ids or texts, 422
 * for anything else than whole numbers from 0. */
bool t2v_token_ids_read(struct t2v_token_ids *ids, struct t2v_str value, struct t2v_loc loc,
                        struct t2v_fault *fault);
/* The ids of text i of ends.len, *n many; NULL where there are none. */
const int32_t *t2v_token_ids_of(const struct t2v_token_ids *ids, size_t i, size_t *n);

/* The decoder of the model. False: *fault is set. */
bool t2v_token_ids_decoder(const struct t2v_service *service, const struct t2v_served *served,
                           const t2v_decoder **out, struct t2v_fault *fault);
/* Reads ids as t2v_token_ids_read, and decodes them to *texts, without the special tokens that the
 * model puts around a text. 422 for an id that the vocabulary lacks, 413 for ids of more than 16
 * bytes of text each, on average. */
bool t2v_token_ids_read_texts(const struct t2v_service *service, const struct t2v_served *served,
                              struct t2v_str value, struct t2v_loc loc, struct t2v_texts *texts,
                              struct t2v_fault *fault);

#endif
