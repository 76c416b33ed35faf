/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/token_ids.h"

#include "base/mem.h"
#include "http/body.h"
#include "http/decoders.h"
#include "http/service.h"
#include "json/json.h"
#include "json/pull.h"
#include "token/encode.h"

#include "base/banned.h"

enum {
    IDS_MAX = 1000 * 1000, /* of a request; so many texts, too */
    BYTES_OF_ID = 16       /* of its text, on average, at most */
};

void t2v_token_ids_deinit(struct t2v_token_ids *ids)
{
    t2v_ids_deinit(&ids->ids);
    t2v_ids_deinit(&ids->ends);
}

const int32_t *t2v_token_ids_of(const struct t2v_token_ids *ids, size_t i, size_t *n)
{
    size_t begin = i != 0 ? (size_t)ids->ends.ptr[i - 1] : 0;
    *n = (size_t)ids->ends.ptr[i] - begin;
    return *n != 0 ? ids->ids.ptr + begin : NULL;
}

/* ---- Reading ---- */

/* What is read, and for errors where it is. */
struct reading {
    struct t2v_pull pull;
    struct t2v_token_ids *ids;
    struct t2v_loc loc;
    struct t2v_fault *fault;
};

static bool refuse(const struct reading *reading, const char *wanted)
{
    t2v_fault_invalid(reading->fault, "list_type", reading->loc, "%s", wanted);
    return false;
}

static bool too_many(const struct reading *reading, const char *what)
{
    t2v_fault_set(reading->fault, 413, "more than %d %s in one request, the limit", IDS_MAX, what);
    reading->fault->loc = reading->loc;
    return false;
}

static bool read_id(struct reading *reading)
{
    struct t2v_ids *ids = &reading->ids->ids;
    struct t2v_str value;
    int64_t id;
    if (t2v_pull_pass(&reading->pull, &value) != 0)
        return t2v_fault_no_memory(reading->fault);
    if (!t2v_body_whole(value, &id) || id < 0)
        return refuse(reading, "an id is a whole number from 0");
    if (ids->len == IDS_MAX)
        return too_many(reading, "ids");
    return t2v_ids_add(ids, id <= INT32_MAX ? (int32_t)id : -1) == 0 ||
           t2v_fault_no_memory(reading->fault);
}

/* The ids of one text. */
static bool read_list(struct reading *reading)
{
    struct t2v_token_ids *ids = reading->ids;
    int more = t2v_pull_open(&reading->pull, '[');
    while (more == 0 && (more = t2v_pull_more(&reading->pull, ']')) == 1) {
        if (!read_id(reading))
            return false;
        more = 0;
    }
    return t2v_ids_add(&ids->ends, (int32_t)ids->ids.len) == 0 ||
           t2v_fault_no_memory(reading->fault);
}

static bool read_lists(struct reading *reading)
{
    int rc = t2v_pull_open(&reading->pull, '[');
    while (rc == 0 && t2v_pull_more(&reading->pull, ']') == 1) {
        if (t2v_pull_peek(&reading->pull) != '[')
            return refuse(reading, "an array of ids, or an array of such arrays");
        if (reading->ids->ends.len == IDS_MAX)
            return too_many(reading, "texts");
        if (!read_list(reading))
            return false;
    }
    return rc == 0 || t2v_fault_no_memory(reading->fault);
}

/* The first byte of an array's first item, or ']'; 0: it is no array. */
static char first_of(struct t2v_str value)
{
    struct t2v_pull pull;
    if (value.ptr == NULL || value.ptr[0] != '[')
        return 0;
    t2v_pull_init(&pull, value, NULL);
    t2v_pull_open(&pull, '[');
    char first = t2v_pull_peek(&pull);
    t2v_pull_deinit(&pull);
    return first;
}

bool t2v_token_ids_are_there(struct t2v_str value)
{
    char first = first_of(value);
    return first == '[' || first == '-' || (first >= '0' && first <= '9');
}

bool t2v_token_ids_read(struct t2v_token_ids *ids, struct t2v_str value, struct t2v_loc loc,
                        struct t2v_fault *fault)
{
    struct reading reading = {.ids = ids, .loc = loc, .fault = fault};
    char first = first_of(value);
    if (first == 0)
        return refuse(&reading, "an array of ids, or an array of such arrays");
    if (first == ']') {
        t2v_fault_set(fault, 400, "an empty array: at least one id is needed");
        fault->loc = loc;
        return false;
    }
    ids->many = first == '[';
    t2v_pull_init(&reading.pull, value, NULL);
    bool ok = ids->many ? read_lists(&reading) : read_list(&reading);
    t2v_pull_deinit(&reading.pull);
    return ok;
}

/* ---- Texts ---- */

bool t2v_token_ids_decoder(const struct t2v_service *service, const struct t2v_served *served,
                           const t2v_decoder **out, struct t2v_fault *fault)
{
    struct t2v_err err = {0};
    int rc = t2v_decoders_get(service->decoders, served, out, &err);
    if (rc != 0)
        t2v_fault_work(fault, &err);
    return rc == 0;
}

static bool check_known(const t2v_decoder *decoder, const struct t2v_token_ids *ids,
                        struct t2v_loc loc, struct t2v_fault *fault)
{
    for (size_t i = 0; i < ids->ids.len; i++) {
        if (t2v_decoder_token(decoder, ids->ids.ptr[i]).ptr != NULL)
            continue;
        t2v_fault_invalid(fault, "value_error", loc,
                          "an id that the model's vocabulary lacks: they are another tokenizer's");
        return false;
    }
    return true;
}

static bool has(const struct t2v_ids *ids, int32_t id)
{
    for (size_t i = 0; i < ids->len; i++) {
        if (ids->ptr[i] == id)
            return true;
    }
    return false;
}

/* Leaves out the special tokens of the post-processor at both ends, which embedding the text adds
 * again. Others stay, such as those for unknown words. */
static const int32_t *trim(const struct t2v_ids *specials, const int32_t *ids, size_t *n)
{
    while (*n != 0 && has(specials, ids[0])) {
        ids++;
        --*n;
    }
    while (*n != 0 && has(specials, ids[*n - 1]))
        --*n;
    return *n != 0 ? ids : NULL;
}

/* Appends the text of each list to `all`, and stores its length. */
static int decode(const t2v_decoder *decoder, const struct t2v_ids *specials,
                  const struct t2v_token_ids *ids, struct t2v_buf *all, struct t2v_texts *texts)
{
    int rc = 0;
    for (size_t i = 0; i < ids->ends.len && rc == 0; i++) {
        size_t n, begin = all->len;
        const int32_t *of_text = t2v_token_ids_of(ids, i, &n);
        of_text = trim(specials, of_text, &n);
        rc = t2v_decode(decoder, of_text, n, 0, all);
        texts->list[i].len = all->len - begin;
    }
    return rc;
}

/* The special tokens that the post-processor puts around a text. */
static int find_specials(const t2v_tokenizer *tokenizer, struct t2v_ids *specials)
{
    t2v_token_space *space;
    struct t2v_err err;
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return rc;
    rc = t2v_tokenizer_encode(tokenizer, space, T2V_STR(""), SIZE_MAX, specials, &err);
    t2v_token_space_free(space);
    return rc;
}

/* Moves the bytes of `all` into texts, whose lengths are known. */
static void take_bytes(struct t2v_buf *all, size_t n, struct t2v_texts *texts)
{
    if (all->len != 0) {
        t2v_free(texts->bytes);
        texts->cap = all->cap;
        texts->bytes = t2v_buf_take(all, &texts->n_byte);
    }
    const char *at = texts->bytes;
    for (texts->n = 0; texts->n < n; texts->n++) {
        texts->list[texts->n].ptr = at;
        at += texts->list[texts->n].len;
    }
}

static bool make_texts(const t2v_decoder *decoder, const struct t2v_ids *specials,
                       const struct t2v_token_ids *ids, struct t2v_loc loc, struct t2v_texts *texts,
                       struct t2v_fault *fault)
{
    size_t most = ids->ids.len * BYTES_OF_ID;
    struct t2v_buf all;
    if (!check_known(decoder, ids, loc, fault) || !t2v_texts_make(texts, ids->ends.len, 0, fault))
        return false;
    t2v_buf_init(&all, most);
    int rc = decode(decoder, specials, ids, &all, texts);
    if (rc == 0)
        take_bytes(&all, ids->ends.len, texts);
    t2v_buf_deinit(&all);
    if (rc != T2V_ETOOLARGE)
        return rc == 0 || t2v_fault_no_memory(fault);
    t2v_fault_set(fault, 413, "the ids stand for more than %zu bytes of text, the limit", most);
    fault->loc = loc;
    return false;
}

bool t2v_token_ids_read_texts(const struct t2v_service *service, const struct t2v_served *served,
                              struct t2v_str value, struct t2v_loc loc, struct t2v_texts *texts,
                              struct t2v_fault *fault)
{
    const t2v_decoder *decoder;
    struct t2v_token_ids ids = {0};
    struct t2v_ids specials = {0};
    if (!t2v_token_ids_decoder(service, served, &decoder, fault))
        return false;
    bool ok = t2v_token_ids_read(&ids, value, loc, fault);
    if (ok && find_specials(t2v_model_tokenizer(served->model), &specials) != 0)
        ok = t2v_fault_no_memory(fault);
    ok = ok && make_texts(decoder, &specials, &ids, loc, texts, fault);
    texts->many = ok && ids.many;
    if (!ok)
        t2v_texts_deinit(texts);
    t2v_ids_deinit(&specials);
    t2v_token_ids_deinit(&ids);
    return ok;
}
