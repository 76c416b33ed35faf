/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as the body of POST /vectors: a valid request, or an error that can be written as a
 * response. */
#include "http/api/vectors.h"
#include "base/utf8.h"
#include "fuzz.h"

static void check_answer(const struct t2v_question *question, struct t2v_reply *reply)
{
    enum { DIM = 2, MAX_TEXT = 8 };
    static const float vectors[MAX_TEXT * DIM] = {0.5F, -1e-9F, 3.0F};
    if (question->n_text <= MAX_TEXT)
        t2v_question_answer(question, vectors, DIM, &reply->buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_question question;
    struct t2v_reply reply = {0};
    struct t2v_fault fault = {0};
    t2v_reply_init(&reply);
    bool taken =
        t2v_question_read(&question, (struct t2v_str){(const char *)data, size}, 2, &fault);
    if (taken) {
        for (size_t i = 0; i < question.n_text; i++)
            CHECK(t2v_utf8_valid(question.texts[i], NULL));
        check_answer(&question, &reply);
        CHECK(reply.status == 200);
        t2v_question_deinit(&question);
    } else {
        CHECK(fault.status >= 400);
        t2v_api_vectors.fail(&fault, &reply);
    }
    struct t2v_reply_head head = {.keep_alive = true};
    struct t2v_str sent = t2v_reply_finish(&reply, &head);
    CHECK(t2v_str_starts(sent, T2V_STR("HTTP/1.1 ")));
    t2v_reply_deinit(&reply);
    return 0;
}
