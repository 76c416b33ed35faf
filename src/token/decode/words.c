/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/words.h"

#include "base/banned.h"

/* Runs a part through n of the step's rules and hands on what comes out. */
static int emit_by_rules(struct t2v_decode_run *run, size_t at, const struct t2v_replacer *rules,
                         size_t n, struct t2v_str part, bool ends)
{
    struct t2v_str out;
    int rc = t2v_replacer_run(rules, n, &run->states[at].replacing, part, ends, &out);
    return rc != 0 ? rc : t2v_decode_emit(run, at, out, ends);
}

/* WordPiece. */

static int emit_cleaned(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    const struct t2v_decode_step *step = &run->steps[at];
    return emit_by_rules(run, at, t2v_replacer_cleanup, step->n_rule, part, ends);
}

/* The start of a token behind another: its prefix goes, or a space comes before it. */
static int start_word(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str prefix = run->steps[at].prefix;
    int rc = t2v_buf_add(&state->kept, part.ptr, part.len);
    struct t2v_str start = t2v_buf_str(&state->kept);
    if (rc != 0 || (!ends && start.len < prefix.len && t2v_str_starts(prefix, start)))
        return rc;
    if (t2v_str_starts(start, prefix))
        start = t2v_str_skip(start, prefix.len);
    else
        rc = emit_cleaned(run, at, T2V_STR(" "), false);
    if (rc == 0)
        rc = emit_cleaned(run, at, start, ends);
    t2v_buf_clear(&state->kept);
    state->decided = true;
    return rc;
}

int t2v_decode_wordpiece(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    int rc = state->behind && !state->decided ? start_word(run, at, part, ends)
                                              : emit_cleaned(run, at, part, ends);
    if (ends) {
        state->decided = false;
        state->behind = true;
    }
    return rc;
}

/* Metaspace. */

/* The first rule is the first token's. */
int t2v_decode_metaspace(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    int rc = emit_by_rules(run, at, &run->steps[at].rules[state->behind], 1, part, ends);
    state->behind |= ends;
    return rc;
}

/* BPEDecoder. */

enum { TO_SPACE, TO_NOTHING }; /* its rules: for a token before another, for the last one */

/* The token that was waiting for what comes behind it. */
static int end_waiting(struct t2v_decode_run *run, size_t at, size_t rule)
{
    struct t2v_decode_state *state = &run->states[at];
    if (!state->waiting)
        return 0;
    state->waiting = false;
    int rc =
        emit_by_rules(run, at, &run->steps[at].rules[rule], 1, t2v_buf_str(&state->kept), true);
    t2v_buf_clear(&state->kept);
    return rc;
}

/* A whole token. */
static int take_word(struct t2v_decode_run *run, size_t at, struct t2v_str token)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str suffix = run->steps[at].rules[TO_SPACE].pattern;
    size_t n = 0;
    if (suffix.len != 0) {
        const char *hit =
            token.len != 0 ? memmem(token.ptr, token.len, suffix.ptr, suffix.len) : NULL;
        n = hit != NULL ? (size_t)(hit - token.ptr) : token.len;
    }
    if (suffix.len != 0 && n == token.len)
        return t2v_decode_emit(run, at, token, true);
    int rc = t2v_buf_add(&state->kept, token.ptr + n, token.len - n);
    state->waiting = true;
    return rc != 0 ? rc : t2v_decode_emit(run, at, (struct t2v_str){token.ptr, n}, false);
}

int t2v_decode_bpe(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    const struct t2v_decode_step *step = &run->steps[at];
    struct t2v_decode_state *state = &run->states[at];
    if (step->single) /* there is no other token: it is the last one */
        return emit_by_rules(run, at, &step->rules[TO_NOTHING], 1, part, ends);
    int rc = end_waiting(run, at, TO_SPACE);
    if (rc == 0 && (!ends || state->more.len != 0)) {
        rc = t2v_buf_add(&state->more, part.ptr, part.len);
        part = t2v_buf_str(&state->more);
    }
    if (rc != 0 || !ends)
        return rc;
    rc = take_word(run, at, part);
    t2v_buf_clear(&state->more);
    return rc;
}

int t2v_decode_bpe_end(struct t2v_decode_run *run, size_t at)
{
    return end_waiting(run, at, TO_NOTHING);
}

/* CTC. */

static int emit_frame(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    const struct t2v_decode_step *step = &run->steps[at];
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str out;
    int rc = t2v_replacer_run(step->rules, step->n_rule, &state->replacing, part, ends, &out);
    if (rc != 0)
        return rc;
    state->some |= out.len != 0;
    bool there = state->some; /* a token of which nothing is left is none */
    state->some = there && !ends;
    return there ? t2v_decode_emit(run, at, out, ends) : 0;
}

/* A token that is as the one before vanishes. */
int t2v_decode_ctc(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    if (run->steps[at].single)
        return emit_frame(run, at, part, ends);
    int rc = t2v_buf_add(&state->kept, part.ptr, part.len);
    if (rc != 0 || !ends)
        return rc;
    struct t2v_str token = t2v_buf_str(&state->kept);
    if (!state->behind || !t2v_str_eq(token, t2v_buf_str(&state->more))) {
        t2v_buf_clear(&state->more);
        rc = t2v_buf_add(&state->more, token.ptr, token.len);
        if (rc == 0)
            rc = emit_frame(run, at, token, true);
    }
    state->behind = true;
    t2v_buf_clear(&state->kept);
    return rc;
}
