/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/vocab_trie.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "token/byte_level.h"
#include "token/decode/bytes.h"

#include "base/banned.h"

enum { MAX_BYTES = 1 << 30 };

/* How the decoder treats tokens. */
struct builder {
    const t2v_decoder *decoder;
    t2v_decoding *decoding;
    t2v_vocab_trie *trie;
    struct t2v_buf scratch;
    bool byte_level;    /* characters stand for bytes */
    bool byte_fallback; /* <0x41> is a byte */
};

/* What `token` adds after the token "a", as text, into b->scratch. *added: false if even "a" is
 * something else. */
static int decode_after(struct builder *b, struct t2v_str token, struct t2v_str *added)
{
    const struct t2v_str tokens[] = {T2V_STR("a"), token};
    t2v_decoding_restart(b->decoding);
    t2v_buf_clear(&b->scratch);
    int rc = t2v_decoding_feed_tokens(b->decoding, tokens, 2, &b->scratch);
    if (rc == 0)
        rc = t2v_decoding_finish(b->decoding, &b->scratch);
    *added = t2v_buf_str(&b->scratch);
    if (rc == 0 && added->len != 0 && *added->ptr == 'a')
        *added = t2v_str_skip(*added, 1);
    return rc;
}

static int probe(struct builder *b)
{
    struct t2v_str added;
    int rc = decode_after(b, T2V_STR("\xc4\xa0x"), &added);
    b->byte_level = rc == 0 && t2v_str_is(added, " x");
    if (rc == 0)
        rc = decode_after(b, T2V_STR("<0x41>"), &added);
    b->byte_fallback = rc == 0 && t2v_str_is(added, "A");
    return rc;
}

/* Appends the bytes that the characters of token stand for. A token with another character is text.
 */
static int spell(struct t2v_str token, struct t2v_buf *out)
{
    size_t before = out->len;
    const char *at = token.ptr, *end = token.ptr + token.len;
    while (at < end) {
        int byte = t2v_byte_level_byte(t2v_utf8_next(&at, end));
        if (byte < 0) {
            out->len = before;
            return t2v_buf_add(out, token.ptr, token.len);
        }
        t2v_buf_addc(out, (char)byte);
    }
    return out->fail;
}

/* Appends the bytes that a token adds to a text. */
static int add_bytes(struct builder *b, struct t2v_str token)
{
    struct t2v_buf *out = &b->trie->bytes;
    struct t2v_str added;
    if (b->byte_level)
        return spell(token, out);
    int byte = b->byte_fallback ? t2v_decode_byte_of(token) : -1;
    if (byte >= 0)
        return t2v_buf_addc(out, (char)byte);
    int rc = decode_after(b, token, &added);
    return rc != 0 ? rc : t2v_buf_add(out, added.ptr, added.len);
}

/* Whether the bytes are whole characters that a JSON string holds as they are; counts them. */
static bool is_plain(struct t2v_str s, uint32_t *n_char)
{
    *n_char = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.ptr[i];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            return false;
        *n_char += (byte & 0xc0) != 0x80;
    }
    return t2v_utf8_valid(s, NULL);
}

static void add_token(t2v_vocab_trie *trie, int32_t id, size_t begin)
{
    struct t2v_str text = t2v_str_skip(t2v_buf_str(&trie->bytes), begin);
    uint32_t n_char;
    bool plain = is_plain(text, &n_char);
    struct t2v_vocab_list *list = plain ? &trie->plain : &trie->other;
    list->tokens[list->n++] =
        (struct t2v_vocab_token){.id = id, .begin = (uint32_t)begin, .len = (uint32_t)text.len};
    if (!plain)
        return;
    trie->plain_bits[id / 32] |= 1u << id % 32;
    trie->longest_plain = n_char > trie->longest_plain ? n_char : trie->longest_plain;
}

static bool is_end(const t2v_vocab_trie *trie, int32_t id)
{
    for (size_t i = 0; i < trie->n_end; i++)
        if (trie->ends[i] == id)
            return true;
    return false;
}

static int add_tokens(struct builder *b)
{
    t2v_vocab_trie *trie = b->trie;
    for (int32_t id = 0; (size_t)id < trie->vocab; id++) {
        struct t2v_str token = t2v_decoder_token(b->decoder, id);
        size_t begin = trie->bytes.len;
        if (token.len == 0 || t2v_decoder_is_special(b->decoder, id) || is_end(trie, id))
            continue;
        int rc = add_bytes(b, token);
        if (rc != 0)
            return rc;
        if (trie->bytes.len != begin)
            add_token(trie, id, begin);
    }
    return 0;
}

static int by_bytes(const void *x, const void *y, void *bytes)
{
    const struct t2v_vocab_token *a = x, *b = y;
    const char *text = bytes;
    size_t n = a->len < b->len ? a->len : b->len;
    int order = memcmp(text + a->begin, text + b->begin, n);
    if (order != 0)
        return order;
    return a->len != b->len ? (a->len > b->len) - (a->len < b->len)
                            : (a->id > b->id) - (a->id < b->id);
}

static void sort(const t2v_vocab_trie *trie, struct t2v_vocab_list *list)
{
    char *bytes = trie->bytes.ptr;
    if (list->n == 0)
        return;
    qsort_r(list->tokens, list->n, sizeof *list->tokens, by_bytes, bytes);
    for (size_t i = 1; i < list->n; i++) {
        struct t2v_vocab_token *token = &list->tokens[i], *before = token - 1;
        size_t n = token->len < before->len ? token->len : before->len, common = 0;
        while (common < n && bytes[token->begin + common] == bytes[before->begin + common])
            common++;
        token->common = (uint32_t)common;
    }
}

static void find_texts(t2v_vocab_trie *trie, const struct t2v_vocab_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        trie->text_of[list->tokens[i].id] =
            (struct t2v_str){trie->bytes.ptr + list->tokens[i].begin, list->tokens[i].len};
}

static int allot(t2v_vocab_trie *trie, size_t vocab, size_t n_end)
{
    trie->vocab = vocab;
    trie->plain.tokens = t2v_alloc_zero(vocab, sizeof *trie->plain.tokens);
    trie->other.tokens = t2v_alloc_zero(vocab, sizeof *trie->other.tokens);
    trie->plain_bits = t2v_alloc_zero((vocab + 31) / 32, sizeof *trie->plain_bits);
    trie->text_of = t2v_alloc_zero(vocab, sizeof *trie->text_of);
    trie->ends = t2v_alloc_zero(n_end, sizeof *trie->ends);
    t2v_buf_init(&trie->bytes, MAX_BYTES);
    return trie->plain.tokens != NULL && trie->other.tokens != NULL && trie->plain_bits != NULL &&
                   trie->text_of != NULL && trie->ends != NULL
               ? 0
               : T2V_ENOMEM;
}

int t2v_vocab_trie_new(const t2v_decoder *decoder, size_t vocab, const int32_t *ends, size_t n_end,
                       t2v_vocab_trie **out)
{
    t2v_vocab_trie *trie = t2v_alloc_zero(1, sizeof *trie);
    struct builder b = {.decoder = decoder, .trie = trie};
    if (trie == NULL)
        return T2V_ENOMEM;
    t2v_buf_init(&b.scratch, MAX_BYTES);
    int rc = allot(trie, vocab, n_end);
    for (size_t i = 0; i < n_end && rc == 0; i++)
        if (ends[i] >= 0 && (size_t)ends[i] < vocab)
            trie->ends[trie->n_end++] = ends[i];
    if (rc == 0)
        rc = t2v_decoding_new(decoder, 0, &b.decoding);
    if (rc == 0)
        rc = probe(&b);
    if (rc == 0)
        rc = add_tokens(&b);
    t2v_decoding_free(b.decoding);
    t2v_buf_deinit(&b.scratch);
    if (rc != 0) {
        t2v_vocab_trie_free(trie);
        return rc;
    }
    sort(trie, &trie->plain);
    sort(trie, &trie->other);
    find_texts(trie, &trie->plain);
    find_texts(trie, &trie->other);
    *out = trie;
    return 0;
}

void t2v_vocab_trie_free(t2v_vocab_trie *trie)
{
    if (trie == NULL)
        return;
    t2v_free(trie->plain.tokens);
    t2v_free(trie->other.tokens);
    t2v_free(trie->plain_bits);
    t2v_free(trie->text_of);
    t2v_free(trie->ends);
    t2v_buf_deinit(&trie->bytes);
    t2v_free(trie);
}
