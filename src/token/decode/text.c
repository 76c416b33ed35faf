/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/text.h"

#include "base/banned.h"

/* Replace. */

int t2v_decode_replace(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    const struct t2v_decode_step *step = &run->steps[at];
    struct t2v_str out;
    int rc = t2v_replacer_run(step->rules, 1, &run->states[at].replacing, part, ends, &out);
    return rc != 0 ? rc : t2v_decode_emit(run, at, out, ends);
}

static int replace_hits(const struct t2v_decode_step *step, struct t2v_str token,
                        struct t2v_buf *out)
{
    struct t2v_regex_walk walk;
    size_t done = 0;
    int rc = t2v_regex_begin(&walk, step->regex, token);
    while (rc == 0 && (rc = t2v_regex_next(&walk)) > 0) {
        t2v_buf_add(out, token.ptr + done, walk.begin - done);
        rc = t2v_buf_add(out, step->content.ptr, step->content.len);
        done = walk.end;
    }
    t2v_regex_end(&walk);
    return rc != 0 ? rc : t2v_buf_add(out, token.ptr + done, token.len - done);
}

/* A pattern may look at any of the token: it is kept until it ends. An empty one is not looked at.
 */
int t2v_decode_replace_regex(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str token = part;
    int rc = 0;
    if (!ends || state->kept.len != 0) {
        rc = t2v_buf_add(&state->kept, part.ptr, part.len);
        token = t2v_buf_str(&state->kept);
    }
    if (rc != 0 || !ends)
        return rc;
    struct t2v_buf *made = &state->replacing.made[0];
    t2v_buf_clear(made);
    if (token.len != 0) {
        t2v_regex_enter(&state->regex, token.len);
        rc = replace_hits(&run->steps[at], token, made);
        t2v_regex_leave(&state->regex);
    }
    t2v_buf_clear(&state->kept);
    return rc != 0 ? rc : t2v_decode_emit(run, at, t2v_buf_str(made), true);
}

/* Fuse. */

int t2v_decode_fuse(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    (void)ends;
    return t2v_decode_emit(run, at, part, false);
}

int t2v_decode_fuse_end(struct t2v_decode_run *run, size_t at)
{
    return t2v_decode_emit(run, at, T2V_STR(""), true);
}

/* Strip. */

static int emit_kept(struct t2v_decode_run *run, size_t at, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_decode_emit(run, at, run->steps[at].sign, false);
    return rc;
}

/* One more of the characters that may be cut off. Of those at the end as many as `stop` wait, as a
 * number. */
static int take_sign(struct t2v_decode_run *run, size_t at)
{
    const struct t2v_decode_step *step = &run->steps[at];
    struct t2v_decode_state *state = &run->states[at];
    if (!state->decided && state->n_start < step->start) {
        state->n_start++;
        return 0;
    }
    state->decided = true;
    if (state->count == step->stop)
        return emit_kept(run, at, 1);
    state->count++;
    return 0;
}

/* Text before the next of those characters. */
static int take_text(struct t2v_decode_run *run, size_t at, struct t2v_str text)
{
    struct t2v_decode_state *state = &run->states[at];
    if (text.len == 0)
        return 0;
    state->decided = true;
    int rc = emit_kept(run, at, state->count);
    state->count = 0;
    return rc != 0 ? rc : t2v_decode_emit(run, at, text, false);
}

/* UPSTREAM: a token that has fewer characters than are to be cut off panics there; here nothing is
 * left of it. */
int t2v_decode_strip(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    const struct t2v_decode_step *step = &run->steps[at];
    struct t2v_decode_state *state = &run->states[at];
    int rc = 0;
    while (part.len != 0 && rc == 0) {
        const char *sign = part.ptr;
        if (step->stop != 0 || !state->decided)
            sign = memmem(part.ptr, part.len, step->sign.ptr, step->sign.len);
        else
            sign = NULL; /* nothing more will be cut off */
        size_t n = sign != NULL ? (size_t)(sign - part.ptr) : part.len;
        rc = take_text(run, at, (struct t2v_str){part.ptr, n});
        if (rc == 0 && sign != NULL) {
            rc = take_sign(run, at);
            n += step->sign.len;
        }
        part = t2v_str_skip(part, n);
    }
    if (rc != 0 || !ends)
        return rc;
    state->decided = false;
    state->count = state->n_start = 0;
    return t2v_decode_emit(run, at, T2V_STR(""), true);
}
