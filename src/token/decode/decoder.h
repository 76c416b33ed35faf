/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_DECODER_H
#define T2V_TOKEN_DECODE_DECODER_H
/*
 * Token ids to text, byte for byte as `tokenizers` 0.22 decodes them with the tokenizer's decoder
 * and, with T2V_DECODE_TIDY, as transformers' decode goes on:
 *
 *   ids -vocabulary-> tokens -special ones left out-> tokens -decoder-> text -tidied-> text
 *
 * An id that the vocabulary lacks counts as not there. Without a decoder the tokens are joined by
 * spaces. All at once, or as ids come:
 *
 *   t2v_decoder_new(tokenizer, &decoder, &err);
 *   t2v_decoding_new(decoder, T2V_DECODE_SKIP_SPECIAL, &decoding);
 *   t2v_decoding_feed(decoding, &id, 1, &text);    text grows by what is certain now
 *   t2v_decoding_finish(decoding, &text);          and by the rest
 *
 * What comes out one after the other is together what t2v_decode makes of all ids. It is whole
 * characters, and none is ever taken back. Held back is what a later id could still change:
 *
 * - bytes that are not a whole character yet (ByteLevel: 3 at most);
 * - with ByteFallback, a run of tokens such as <0xE4>: if it is not UTF-8 in the end, each of its
 *   bytes becomes U+FFFD, those before the bad one, too. From there on nothing of it is held;
 * - an end that may turn into something else: " " before "." where a text is tidied or cleaned up,
 *   the suffix of BPEDecoder's last token, what Strip may cut off at the end, the start of a hit of
 *   Replace. A few bytes, or as many as the file's pattern has;
 * - CTC: nothing beyond the token; Replace by a regular expression behind a Fuse: the whole text.
 *
 * No decoding looks back at what was given out: each id costs what its own text costs, and memory
 * is what is held back, of which T2V_ETOOLARGE ends a decoding at 64 MiB. A decoder is read-only
 * and serves any number of threads; a decoding belongs to one at a time. It takes a vocabulary's
 * size of memory, so make one for a tokenizer, not one for a text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "token/tokenizer.h"

typedef struct t2v_decoder t2v_decoder;
typedef struct t2v_decoding t2v_decoding;

enum t2v_decode_flags {
    T2V_DECODE_SKIP_SPECIAL = 1, /* skip_special_tokens */
    T2V_DECODE_TIDY = 2          /* clean_up_tokenization_spaces, see t2v_decoder_tidies */
};

/* The decoder of a tokenizer, which must outlive it. T2V_EFORMAT, T2V_EUNSUPPORTED or T2V_ETOOLARGE
 * when the tokenizer's `decoder` is none that we know (which does not keep it from encoding),
 * T2V_ENOMEM. */
int t2v_decoder_new(const t2v_tokenizer *tokenizer, t2v_decoder **out, struct t2v_err *err);
/* NULL is fine. */
void t2v_decoder_free(t2v_decoder *decoder);

/* True when `clean_up_tokenization_spaces` of tokenizer_config.json is, as transformers' decode
 * then has it; it is false when it is not there, and of a tokenizer that was opened alone. */
bool t2v_decoder_tidies(const t2v_decoder *decoder);
/* The token with this id as the vocabulary spells it, valid as long as the decoder; ptr is NULL
 * when there is none. */
struct t2v_str t2v_decoder_token(const t2v_decoder *decoder, int32_t id);
/* True when T2V_DECODE_SKIP_SPECIAL leaves this id out. */
bool t2v_decoder_is_special(const t2v_decoder *decoder, int32_t id);

/* Appends the text of ids[n] (NULL when n is 0) to out; flags: of enum t2v_decode_flags. 0,
 * T2V_ENOMEM, or T2V_ETOOLARGE: more than 64 MiB would be held back, out's ceiling, or a pattern of
 * the tokenizer took more steps than regex/regex.h allows. After a failure *out has some of it. */
int t2v_decode(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags,
               struct t2v_buf *out);

/* One text. The decoder must outlive it. 0 or T2V_ENOMEM. */
int t2v_decoding_new(const t2v_decoder *decoder, unsigned flags, t2v_decoding **out);
/* NULL is fine. */
void t2v_decoding_free(t2v_decoding *decoding);
/* Takes the next n ids and appends the text that is certain now, perhaps none. Errors as
 * t2v_decode; after one only t2v_decoding_free and t2v_decoding_restart make sense. */
int t2v_decoding_feed(t2v_decoding *decoding, const int32_t *ids, size_t n, struct t2v_buf *out);
/* The end: appends what was held back. Then it may be restarted. Errors as t2v_decoding_feed. */
int t2v_decoding_finish(t2v_decoding *decoding, struct t2v_buf *out);
/* Makes it ready for another text, with the memory that it has, but for buffers above 1 MiB. */
void t2v_decoding_restart(t2v_decoding *decoding);

#endif
