/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/sentences.h"

#include "http/api/tei.h"
#include "http/api/texts.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"
#include "text/punkt.h"
#include "unicode/space.h"

#include "base/banned.h"

enum {
    TEXT_MAX = 2 * 1000 * 1000, /* bytes of all texts of a request */
    SENTENCE_BYTES = 64,        /* of an answer, beside a sentence's text, and for its list */
    LARGE = 16 * 1024           /* bytes of text that take about a millisecond */
};

struct sentences_state {
    struct t2v_texts texts;
    const t2v_punkt *splitter; /* NULL: a text is read as a whole */
    size_t answer_bytes;       /* at most */
};

/* A sentence ends at a mark or at the end of its text. */
static size_t most_bytes(struct t2v_str text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += (text.ptr[i] == '.') | (text.ptr[i] == '?') | (text.ptr[i] == '!');
    return t2v_json_str_bytes(text) + n * SENTENCE_BYTES;
}

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUTS, MODEL, N };
    static const char *const names[N] = {"inputs", "model"};
    const struct t2v_loc loc = {names[INPUTS], NULL, -1};
    struct t2v_str values[N] = {{NULL, 0}};
    struct sentences_state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    const struct t2v_served *served;
    if (!t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) ||
        (served = t2v_models_read(service->models, values[MODEL], T2V_CAN_EMBED, fault)) == NULL ||
        !t2v_texts_read(&state->texts, values[INPUTS], loc, 0, fault))
        return;
    state->splitter = t2v_embedder_splitter(served->embedder);
    size_t n = state->texts.n_byte;
    if (n > TEXT_MAX) {
        t2v_fault_set(fault, 413, "texts of %zu bytes in one request, the limit is %d", n,
                      TEXT_MAX);
        fault->loc = loc;
        return;
    }
    for (size_t i = 0; i < state->texts.n; i++)
        state->answer_bytes += most_bytes(state->texts.list[i]);
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct sentences_state *state = job->state;
    (void)service;
    return t2v_texts_bytes(&state->texts) + state->texts.n_byte + state->answer_bytes;
}

static bool is_large(const struct t2v_job *job)
{
    const struct sentences_state *state = job->state;
    return state->texts.n_byte > LARGE;
}

/* Where the text goes on after what `part` of it was made of, which begins at `at`: white space has
 * become one space there. */
static size_t pass(struct t2v_str text, size_t at, struct t2v_str part)
{
    for (size_t i = 0; i < part.len; i++)
        at = part.ptr[i] == ' ' ? t2v_space_skip(text, at) : at + 1;
    return at;
}

static void write_sentence(struct t2v_str sentence, size_t start, struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"text\":");
    t2v_json_write_str(buf, sentence);
    t2v_buf_addf(buf, ",\"start\":%zu,\"stop\":%zu}", start, start + sentence.len);
}

/* As /vectors does it: single spaces first (in `collapsed`), then sentences. */
static int write_split(const t2v_punkt *splitter, struct t2v_str text, struct t2v_buf *collapsed,
                       struct t2v_buf *buf)
{
    struct t2v_punkt_walk walk;
    struct t2v_str sentence;
    t2v_buf_clear(collapsed);
    int rc = t2v_space_collapse(text, collapsed);
    if (rc != 0)
        return rc;
    struct t2v_str rest = t2v_buf_str(collapsed);
    size_t at = t2v_space_skip(text, 0);
    t2v_punkt_start(&walk, splitter, rest);
    for (const char *comma = ""; t2v_punkt_next(&walk, &sentence); comma = ",") {
        size_t before = (size_t)(sentence.ptr - rest.ptr);
        size_t start = pass(text, at, (struct t2v_str){rest.ptr, before});
        at = pass(text, start, sentence);
        rest = t2v_str_skip(rest, before + sentence.len);
        t2v_buf_adds(buf, comma);
        write_sentence((struct t2v_str){text.ptr + start, at - start}, start, buf);
    }
    return buf->fail;
}

static void write_sentences(struct t2v_job *job)
{
    const struct sentences_state *state = job->state;
    struct t2v_buf *buf = &job->reply.buf, collapsed;
    int rc = 0;
    t2v_buf_init(&collapsed, SIZE_MAX);
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < state->texts.n && rc == 0; i++) {
        struct t2v_str text = state->texts.list[i];
        t2v_buf_adds(buf, i != 0 ? ",[" : "[");
        if (state->splitter != NULL)
            rc = write_split(state->splitter, text, &collapsed, buf);
        else
            write_sentence(text, 0, buf);
        t2v_buf_addc(buf, ']');
    }
    t2v_buf_addc(buf, ']');
    t2v_buf_deinit(&collapsed);
    if (rc != 0)
        t2v_fault_no_memory(&job->fault);
}

static void deinit(void *arg)
{
    struct sentences_state *state = arg;
    t2v_texts_deinit(&state->texts);
}

const struct t2v_operation t2v_sentences_split = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct sentences_state),
    .read = read_body,
    .bytes = bytes,
    .is_large = is_large,
    .write = write_sentences,
    .deinit = deinit,
};
