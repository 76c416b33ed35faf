/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_PLACE_H
#define T2V_MODEL_PLACE_H
/*
 * Where a model directory has its parts: the folder that holds weights and tokenizer, config.json,
 * and whether they are static embeddings.
 */
#include <stdbool.h>

#include "base/error.h"
#include "model/json_file.h"
#include "token/tokenizer.h"

struct t2v_place {
    char dir[T2V_PATH_BYTES];    /* of weights and tokenizer */
    struct t2v_json_file config; /* its text is what /meta shows, its root the settings: NULL where
                                    static embeddings come without any */
    bool is_static;              /* static embeddings: a table, and tokenizer.json alone */
};

/* Finds the parts of a model directory; as_model2vec: as that library looks for them. T2V_EIO,
 * T2V_EFORMAT, T2V_EUNSUPPORTED or T2V_ENOMEM. On failure *out is empty; the caller calls
 * t2v_place_deinit. */
int t2v_place_find(const char *dir, bool as_model2vec, struct t2v_place *out, struct t2v_err *err);
void t2v_place_deinit(struct t2v_place *place);

/* The tokenizer of a model directory alone, freed by the caller; a directory with nothing but a
 * tokenizer will do. *is_static: static embeddings, whose ids t2v_tokenizer_encode_bare gives.
 * Errors: t2v_tokenizer_open's. Links that lead out of dir are refused from then on. */
int t2v_place_open_tokenizer(const char *dir, t2v_tokenizer **out, bool *is_static,
                             struct t2v_err *err);

#endif
