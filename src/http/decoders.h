/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_DECODERS_H
#define T2V_HTTP_DECODERS_H
/*
 * The decoders of the models' tokenizers. A decoder is as large as the vocabulary, so each is made
 * when it is first needed, and then kept. Any thread may use it.
 */
#include "http/models.h"
#include "token/decode/decoder.h"

typedef struct t2v_decoders t2v_decoders;

/* models is borrowed. T2V_ENOMEM. */
int t2v_decoders_new(const struct t2v_models *models, t2v_decoders **out);
/* NULL is allowed. */
void t2v_decoders_free(t2v_decoders *decoders);

/* *out: the decoder of the model `served`, one of the list; it lives as long as decoders. Errors:
 * those of t2v_decoder_new. */
int t2v_decoders_get(t2v_decoders *decoders, const struct t2v_served *served,
                     const t2v_decoder **out, struct t2v_err *err);

#endif
