/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/decoder.h"

#include "base/mem.h"
#include "token/decode/step.h"
#include "token/decode/vocab.h"
#include "token/parts.h"

#include "base/banned.h"

enum { KEPT_BYTES = 1 << 20 }; /* of a buffer, from one text to the next */

struct t2v_decoder {
    const struct t2v_decode_spec *spec; /* the tokenizer's */
    struct t2v_decode_vocab vocab;
    bool tidies;
};

struct t2v_decoding {
    const t2v_decoder *decoder;
    unsigned flags;
    struct t2v_decode_run run;
    struct t2v_decode_state *states; /* [run.n] */
    struct t2v_replacing tidying;
    struct t2v_buf *out; /* of the call that is going on */
    bool behind;         /* there was a token before */
};

int t2v_decoder_new(const t2v_tokenizer *tokenizer, t2v_decoder **out, struct t2v_err *err)
{
    const struct t2v_decode_spec *spec = &tokenizer->decode;
    if (spec->err.code != 0)
        return t2v_fail(err, spec->err.code, "%s", spec->err.msg);
    t2v_decoder *decoder = t2v_alloc_zero(1, sizeof *decoder);
    if (decoder == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the decoder");
    decoder->spec = spec;
    decoder->tidies = tokenizer->tidies;
    int rc = t2v_decode_vocab_build(tokenizer->model, &tokenizer->added, &decoder->vocab);
    if (rc != 0) {
        t2v_decoder_free(decoder);
        return t2v_fail(err, rc,
                        rc == T2V_ENOMEM ? "no memory for the decoder's vocabulary"
                                         : "too large a vocabulary to decode");
    }
    *out = decoder;
    return 0;
}

void t2v_decoder_free(t2v_decoder *decoder)
{
    if (decoder == NULL)
        return;
    t2v_decode_vocab_deinit(&decoder->vocab);
    t2v_free(decoder);
}

bool t2v_decoder_tidies(const t2v_decoder *decoder)
{
    return decoder->tidies;
}

struct t2v_str t2v_decoder_token(const t2v_decoder *decoder, int32_t id)
{
    return t2v_decode_vocab_get(&decoder->vocab, id);
}

bool t2v_decoder_is_special(const t2v_decoder *decoder, int32_t id)
{
    return t2v_decoder_token(decoder, id).ptr != NULL && decoder->vocab.special[id];
}

/* What the last step hands on. */
static int take_text(void *ctx, struct t2v_str part)
{
    t2v_decoding *decoding = ctx;
    int rc = 0;
    if ((decoding->flags & T2V_DECODE_TIDY) != 0)
        rc = t2v_replacer_run(t2v_replacer_tidy, T2V_REPLACER_N_TIDY, &decoding->tidying, part,
                              false, &part);
    return rc != 0 ? rc : t2v_buf_add(decoding->out, part.ptr, part.len);
}

static void init_state(struct t2v_decode_state *state)
{
    *state = (struct t2v_decode_state){0};
    t2v_buf_init(&state->kept, T2V_DECODE_MAX_KEPT);
    t2v_buf_init(&state->more, T2V_DECODE_MAX_KEPT);
    t2v_replacing_init(&state->replacing, T2V_DECODE_MAX_KEPT);
}

static void deinit_state(struct t2v_decode_state *state)
{
    t2v_buf_deinit(&state->kept);
    t2v_buf_deinit(&state->more);
    t2v_replacing_deinit(&state->replacing);
}

int t2v_decoding_new(const t2v_decoder *decoder, unsigned flags, t2v_decoding **out)
{
    size_t n = decoder->spec->n;
    t2v_decoding *decoding = t2v_alloc_zero(1, sizeof *decoding);
    struct t2v_decode_state *states = t2v_alloc_zero(n + 1, sizeof *states);
    if (decoding == NULL || states == NULL) {
        t2v_free(decoding);
        t2v_free(states);
        return T2V_ENOMEM;
    }
    *decoding = (t2v_decoding){.decoder = decoder, .flags = flags, .states = states};
    decoding->run = (struct t2v_decode_run){.steps = decoder->spec->steps,
                                            .states = states,
                                            .n = n,
                                            .take = take_text,
                                            .ctx = decoding};
    for (size_t i = 0; i < n; i++)
        init_state(&states[i]);
    t2v_replacing_init(&decoding->tidying, T2V_DECODE_MAX_KEPT);
    *out = decoding;
    return 0;
}

void t2v_decoding_free(t2v_decoding *decoding)
{
    if (decoding == NULL)
        return;
    for (size_t i = 0; i < decoding->run.n; i++)
        deinit_state(&decoding->states[i]);
    t2v_replacing_deinit(&decoding->tidying);
    t2v_free(decoding->states);
    t2v_free(decoding);
}

/* Without a decoder each token but the first has a space before it. */
static int feed_token(t2v_decoding *decoding, struct t2v_str token)
{
    bool joined = decoding->behind && !decoding->decoder->spec->there;
    decoding->behind = true;
    int rc = joined ? take_text(decoding, T2V_STR(" ")) : 0;
    return rc == 0 ? t2v_decode_feed_first(&decoding->run, token, true) : rc;
}

int t2v_decoding_feed(t2v_decoding *decoding, const int32_t *ids, size_t n, struct t2v_buf *out)
{
    const t2v_decoder *decoder = decoding->decoder;
    bool skip = (decoding->flags & T2V_DECODE_SKIP_SPECIAL) != 0;
    int rc = 0;
    decoding->out = out;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct t2v_str token = t2v_decoder_token(decoder, ids[i]);
        if (token.ptr != NULL && !(skip && decoder->vocab.special[ids[i]]))
            rc = feed_token(decoding, token);
    }
    return rc;
}

int t2v_decoding_feed_tokens(t2v_decoding *decoding, const struct t2v_str *tokens, size_t n,
                             struct t2v_buf *out)
{
    int rc = 0;
    decoding->out = out;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = feed_token(decoding, tokens[i]);
    return rc;
}

int t2v_decoding_finish(t2v_decoding *decoding, struct t2v_buf *out)
{
    struct t2v_str rest;
    decoding->out = out;
    int rc = t2v_decode_finish_all(&decoding->run);
    if (rc != 0 || (decoding->flags & T2V_DECODE_TIDY) == 0)
        return rc;
    rc = t2v_replacer_run(t2v_replacer_tidy, T2V_REPLACER_N_TIDY, &decoding->tidying, T2V_STR(""),
                          true, &rest);
    return rc != 0 ? rc : t2v_buf_add(out, rest.ptr, rest.len);
}

/* Empties a buffer, and lets go of what only a very long text needed. */
static void empty(struct t2v_buf *buf)
{
    t2v_buf_clear(buf);
    if (buf->cap > KEPT_BYTES)
        t2v_buf_deinit(buf);
}

static void restart_replacing(struct t2v_replacing *replacing)
{
    memset(replacing->matched, 0, sizeof replacing->matched);
    empty(&replacing->made[0]);
    empty(&replacing->made[1]);
}

void t2v_decoding_restart(t2v_decoding *decoding)
{
    for (size_t i = 0; i < decoding->run.n; i++) {
        struct t2v_decode_state *state = &decoding->states[i], old = *state;
        *state = (struct t2v_decode_state){
            .kept = old.kept, .more = old.more, .replacing = old.replacing};
        empty(&state->kept);
        empty(&state->more);
        restart_replacing(&state->replacing);
    }
    restart_replacing(&decoding->tidying);
    decoding->behind = false;
}

int t2v_decode(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags,
               struct t2v_buf *out)
{
    t2v_decoding *decoding;
    int rc = t2v_decoding_new(decoder, flags, &decoding);
    if (rc != 0)
        return rc;
    rc = t2v_decoding_feed(decoding, ids, n, out);
    if (rc == 0)
        rc = t2v_decoding_finish(decoding, out);
    t2v_decoding_free(decoding);
    return rc;
}
