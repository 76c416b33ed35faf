/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tokens.h"

#include "cli/lines.h"
#include "json/write.h"
#include "model/diagnose.h"
#include "model/place.h"
#include "token/decode/decoder.h"
#include "token/encode.h"
#include "token/tokenizer.h"

#include "base/banned.h"

/* UPSTREAM: the default vectorizer's limit. Static embeddings have that of tokenizer.json. */
enum { MAX_TOK = 500 };

struct encoder {
    t2v_tokenizer *tokenizer;
    t2v_token_space *space;
    struct t2v_ids ids;
    struct t2v_offsets offsets;
    bool is_static, with_offsets;
};

static void write_ids(struct t2v_buf *out, const struct t2v_ids *ids)
{
    t2v_buf_addc(out, '[');
    for (size_t i = 0; i < ids->len; i++) {
        if (i > 0)
            t2v_buf_add(out, ", ", 2);
        t2v_json_write_int(out, ids->ptr[i]);
    }
    t2v_buf_addc(out, ']');
}

static void write_offsets(struct t2v_buf *out, const struct t2v_offsets *offsets, bool bytes)
{
    t2v_buf_addc(out, '[');
    for (size_t i = 0; i < offsets->len; i++) {
        const struct t2v_offset *o = &offsets->ptr[i];
        t2v_buf_adds(out, i > 0 ? ", [" : "[");
        t2v_json_write_int(out, bytes ? o->byte_begin : o->begin);
        t2v_buf_add(out, ", ", 2);
        t2v_json_write_int(out, bytes ? o->byte_end : o->end);
        t2v_buf_addc(out, ']');
    }
    t2v_buf_addc(out, ']');
}

static int on_line(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err)
{
    struct encoder *e = user;
    struct t2v_offsets *offsets = e->with_offsets ? &e->offsets : NULL;
    int rc = e->is_static ? t2v_tokenizer_encode_bare_offsets(e->tokenizer, e->space, text, &e->ids,
                                                              offsets, err)
                          : t2v_tokenizer_encode_offsets(e->tokenizer, e->space, text, MAX_TOK,
                                                         &e->ids, offsets, err);
    if (rc != 0)
        return rc;
    if (offsets == NULL) {
        write_ids(out, &e->ids);
        return 0;
    }
    t2v_buf_adds(out, "{\"ids\": ");
    write_ids(out, &e->ids);
    t2v_buf_adds(out, ", \"offsets\": ");
    write_offsets(out, offsets, false);
    t2v_buf_adds(out, ", \"bytes\": ");
    write_offsets(out, offsets, true);
    t2v_buf_addc(out, '}');
    return 0;
}

static int open_tokenizer(struct encoder *e, const char *dir, struct t2v_err *err)
{
    int rc = t2v_diagnose_dir(dir, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, dir);
    rc = t2v_place_open_tokenizer(dir, &e->tokenizer, &e->is_static, err);
    if (rc == 0 && (rc = t2v_token_space_new(&e->space)) != 0)
        t2v_fail(err, rc, "no memory for the tokenizer");
    return rc;
}

/* The state of decoding. */
struct back {
    t2v_decoder *decoder;
    unsigned flags;
    struct t2v_ids ids;
    struct t2v_buf text;
};

/* An id above INT32_MAX is unknown, like any that is not in the vocabulary. */
static int read_ids(const t2v_json *list, struct t2v_ids *ids, struct t2v_err *err)
{
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_fail(err, T2V_EFORMAT, "expected an array of token ids, found %s",
                        t2v_json_type_name(list));
    ids->len = 0;
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        const t2v_json *item = t2v_json_at(list, i);
        int64_t id = -1;
        if (!t2v_json_int(item, &id) || id < 0)
            return t2v_fail(err, T2V_EFORMAT, "[%zu] is not a token id", i);
        if (t2v_ids_add(ids, id <= INT32_MAX ? (int32_t)id : -1) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for the token ids");
    }
    return 0;
}

static int decode_line(void *user, const t2v_json *value, struct t2v_buf *out, struct t2v_err *err)
{
    struct back *back = user;
    int rc = read_ids(value, &back->ids, err);
    if (rc != 0)
        return rc;
    t2v_buf_clear(&back->text);
    rc = t2v_decode(back->decoder, back->ids.ptr, back->ids.len, back->flags, &back->text);
    if (rc != 0)
        return t2v_fail(err, rc,
                        rc == T2V_ENOMEM ? "no memory for the text of %zu ids"
                                         : "the text of %zu ids is too long, or takes a pattern of "
                                           "the decoder too many steps",
                        back->ids.len);
    t2v_json_write_str(out, t2v_buf_str(&back->text));
    return 0;
}

static int decode_lines(const t2v_tokenizer *tokenizer, const struct t2v_options *options,
                        struct t2v_err *err)
{
    struct back back = {.decoder = NULL};
    t2v_buf_init(&back.text, SIZE_MAX);
    int rc = t2v_decoder_new(tokenizer, &back.decoder, err);
    if (rc == 0) {
        bool tidy = !options->raw && t2v_decoder_tidies(back.decoder);
        back.flags =
            (options->keep_special ? 0 : T2V_DECODE_SKIP_SPECIAL) | (tidy ? T2V_DECODE_TIDY : 0);
        rc = t2v_lines_each_value(decode_line, &back, err);
    }
    t2v_decoder_free(back.decoder);
    t2v_ids_deinit(&back.ids);
    t2v_buf_deinit(&back.text);
    return rc;
}

int t2v_command_tokens(const struct t2v_options *options, struct t2v_err *err)
{
    struct encoder e = {.tokenizer = NULL, .with_offsets = options->offsets};
    int rc = open_tokenizer(&e, options->model, err);
    if (rc == 0 && options->decode)
        rc = decode_lines(e.tokenizer, options, err);
    else if (rc == 0)
        rc = t2v_lines_each(on_line, &e, err);
    t2v_token_space_free(e.space);
    t2v_tokenizer_free(e.tokenizer);
    t2v_ids_deinit(&e.ids);
    t2v_offsets_deinit(&e.offsets);
    return rc;
}
