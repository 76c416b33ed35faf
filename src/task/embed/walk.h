/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_WALK_H
#define T2V_TASK_EMBED_WALK_H
/*
 * From a text to sequences. The default vectorizer's are sentences, or with direct tokenisation the
 * whole text; for the others the whole text is one sequence (static embeddings: it comes in
 * pieces). Private to task/embed/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "task/embed/embedder.h"
#include "task/embed/message.h"
#include "task/embed/params.h"
#include "text/punkt.h"
#include "token/tokenizer.h"

/* A walk over the sequences of one text. A zeroed struct may be passed to t2v_walk_deinit. */
struct t2v_walk {
    const t2v_embedder *embedder;
    struct t2v_str text; /* what is cut into sequences: the caller's, or what is in buf */
    struct t2v_buf buf;
    struct t2v_punkt_walk sentences;
    struct t2v_embed_encode encode;
    size_t max_tok;             /* of a sequence */
    struct t2v_message_way way; /* where texts are messages */
    bool whole;
    struct t2v_ids all; /* static embeddings: the tokens of all of the text */
    size_t n_taken;     /* of all */
    size_t n_seq;       /* sequences so far, those that do not count for the sum among them */
};

/* text is valid UTF-8, borrowed until the end of the walk. T2V_EEMPTY when there is no sentence,
 * T2V_ENOMEM, and t2v_chat_render's errors where texts are messages. */
int t2v_walk_start(struct t2v_walk *walk, const t2v_embedder *embedder, struct t2v_str text,
                   const struct t2v_embed_resolved *params, struct t2v_err *err);
/* Puts the next sequence into ids and sets *more, or clears *more at the end. Errors:
 * t2v_tokenizer_encode's, and T2V_EMODEL where a token has no row in the embeddings. */
int t2v_walk_next(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids, bool *more,
                  struct t2v_err *err);
/* At the end of a walk: what the sum of its sequences' vectors is divided by. */
size_t t2v_walk_divisor(const struct t2v_walk *walk);
void t2v_walk_deinit(struct t2v_walk *walk);

#endif
