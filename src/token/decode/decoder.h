/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_DECODER_H
#define T2V_TOKEN_DECODE_DECODER_H
/*
 * Token ids to text, byte for byte as `tokenizers` 0.22 decodes them with the tokenizer's decoder.
 * With T2V_DECODE_TIDY, clean_up_tokenization_spaces of transformers is applied too:
 *
 *   ids -vocabulary-> tokens -skip_special_tokens-> tokens -decoder-> text
 *       -clean_up_tokenization_spaces-> text
 *
 * An id that the vocabulary lacks is skipped. Without a decoder the tokens are joined by spaces.
 * t2v_decode decodes all ids at once; these functions decode ids as they arrive:
 *
 *   t2v_decoder_new(tokenizer, &decoder, &err);
 *   t2v_decoding_new(decoder, T2V_DECODE_SKIP_SPECIAL, &decoding);
 *   t2v_decoding_feed(decoding, &id, 1, &text);    appends the text that is final
 *   t2v_decoding_finish(decoding, &text);          appends the rest
 *
 * The streamed parts joined equal t2v_decode of all ids. Each part is whole characters. Text that a
 * later id could still change is held back:
 *
 * - bytes that are not yet a whole character (ByteLevel: at most 3);
 * - ByteFallback: a run of tokens such as <0xE4>. If the run is not UTF-8, each of its bytes
 * becomes U+FFFD, also those before the first invalid byte. After that byte nothing of the run is
 * held;
 * - an end that a rule may still change: " " before "." with clean_up_tokenization_spaces or
 *   `cleanup`, the suffix of BPEDecoder's last token, characters that Strip may remove at the end,
 *   the start of a match of Replace. These are a few bytes, or the length of the file's pattern;
 * - CTC: the current token; Replace with a regex after a Fuse: the whole text.
 *
 * The time for an id depends only on its own text, and a decoding's memory on the text held back; a
 * decoding fails with T2V_ETOOLARGE when that exceeds 64 MiB. A decoder is read-only and serves any
 * number of threads; a decoding belongs to one thread at a time. A decoder needs as much memory as
 * the vocabulary, so make one per tokenizer, not one per text.
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
 * if the tokenizer's `decoder` is not supported (encoding works all the same), T2V_ENOMEM. */
int t2v_decoder_new(const t2v_tokenizer *tokenizer, t2v_decoder **out, struct t2v_err *err);
/* NULL is allowed. */
void t2v_decoder_free(t2v_decoder *decoder);

/* clean_up_tokenization_spaces of tokenizer_config.json: whether transformers' decode applies it by
 * default. False if the key is missing, or if the tokenizer was opened alone. */
bool t2v_decoder_tidies(const t2v_decoder *decoder);
/* The token with this id as the vocabulary spells it, valid as long as the decoder; ptr NULL: there
 * is none. */
struct t2v_str t2v_decoder_token(const t2v_decoder *decoder, int32_t id);
/* True when T2V_DECODE_SKIP_SPECIAL leaves this id out. */
bool t2v_decoder_is_special(const t2v_decoder *decoder, int32_t id);

/* Appends the text of ids[n] (NULL when n is 0) to out; flags: of enum t2v_decode_flags. 0,
 * T2V_ENOMEM, or T2V_ETOOLARGE: more than 64 MiB would be held back, out's ceiling, or a pattern of
 * the tokenizer took more steps than regex/regex.h allows. After a failure *out has a part of the
 * text. */
int t2v_decode(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags,
               struct t2v_buf *out);

/* One text. The decoder must outlive it. 0 or T2V_ENOMEM. */
int t2v_decoding_new(const t2v_decoder *decoder, unsigned flags, t2v_decoding **out);
/* NULL is allowed. */
void t2v_decoding_free(t2v_decoding *decoding);
/* Takes the next n ids and appends the text that is final, perhaps none. Errors as t2v_decode;
 * after one only t2v_decoding_free and t2v_decoding_restart may be called. */
int t2v_decoding_feed(t2v_decoding *decoding, const int32_t *ids, size_t n, struct t2v_buf *out);
/* The same for n tokens as the vocabulary spells them, or of other text: what
 * convert_tokens_to_string of transformers takes. None is left out. */
int t2v_decoding_feed_tokens(t2v_decoding *decoding, const struct t2v_str *tokens, size_t n,
                             struct t2v_buf *out);
/* After the last id: appends the text that was held back. Errors as t2v_decoding_feed. */
int t2v_decoding_finish(t2v_decoding *decoding, struct t2v_buf *out);
/* Makes it ready for another text. Keeps its memory, except buffers above 1 MiB. */
void t2v_decoding_restart(t2v_decoding *decoding);

#endif
