/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/automaton.h"

#include "task/generate/grammar/pattern.h"
#include "task/generate/grammar/scalar.h"

#include "base/banned.h"

/* What an object or array waits for. */
enum { FIRST, NEXT, COLON, AFTER, BEFORE_END };

enum { MAX_WORK = 4 * 1000 * 1000 };

enum { ONE_SPACE = 1, LINE_END = 2, MAX_INDENT = 64 };

static void put(struct t2v_step *step, const struct t2v_frame *frame)
{
    step->pool->work += 1 + step->out->n / 16; /* it is compared with those that are there */
    if (step->rc == 0)
        step->rc = step->pool->work <= MAX_WORK ? t2v_frames_add(step->out, frame) : T2V_ETOOLARGE;
}

static const struct t2v_frame *make(struct t2v_step *step, struct t2v_frame frame)
{
    const struct t2v_frame *made = step->rc == 0 ? t2v_frame_new(step->pool, &frame) : NULL;
    if (made == NULL && step->rc == 0)
        step->rc = T2V_ENOMEM;
    return made;
}

static void push(struct t2v_step *step, struct t2v_frame frame)
{
    const struct t2v_frame *made = make(step, frame);
    if (made != NULL)
        put(step, made);
}

/* White space here; `most` of what may be: ONE_SPACE, or LINE_END for both. True: byte is it, or
 * would be but for the limits. */
static bool blank(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte, int most)
{
    struct t2v_frame next = *frame;
    if (byte == '\n' && frame->blank == 0 && most == LINE_END) {
        next.blank = LINE_END;
    } else if (byte == ' ' && frame->blank == 0) {
        next.blank = ONE_SPACE;
    } else if (byte == ' ' && frame->blank >= LINE_END && frame->blank < LINE_END + MAX_INDENT) {
        next.blank++;
    } else {
        return byte == ' ' || byte == '\n';
    }
    push(step, next);
    return true;
}

static bool fits(const struct t2v_node *node, uint32_t depth)
{
    return node->depth + depth <= T2V_SCHEMA_MAX_DEPTH;
}

static void read_literal(struct t2v_step *step, const struct t2v_frame *up, uint16_t depth,
                         const struct t2v_node *node, uint8_t byte)
{
    if ((uint8_t)node->text.ptr[0] != byte)
        return;
    if (node->text.len == 1)
        put(step, up);
    else
        push(step, (struct t2v_frame){
                       .up = up, .node = node, .kind = T2V_FRAME_LITERAL, .depth = depth, .n = 1});
}

static void read_number(struct t2v_step *step, struct t2v_frame frame, uint8_t byte)
{
    frame.kind = T2V_FRAME_NUMBER;
    if (t2v_scalar_number(&frame, byte))
        push(step, frame);
}

/* The first byte of a value of node; up: what follows the value. */
static void begin(struct t2v_step *step, const struct t2v_frame *up, uint16_t depth,
                  const struct t2v_node *node, uint8_t byte)
{
    struct t2v_frame frame = {.up = up, .node = node, .depth = depth};
    if (!fits(node, depth))
        return;
    switch (node->kind) {
    case T2V_NODE_ANY_OF:
        for (size_t i = 0; i < node->n; i++)
            begin(step, up, depth, node->items[i], byte);
        return;
    case T2V_NODE_LITERAL:
        read_literal(step, up, depth, node, byte);
        return;
    case T2V_NODE_NUMBER:
        read_number(step, frame, byte);
        return;
    case T2V_NODE_STRING:
        frame.kind = T2V_FRAME_STRING;
        break;
    case T2V_NODE_PATTERN:
        frame.kind = T2V_FRAME_PATTERN;
        frame.n = T2V_PATTERN_START;
        break;
    case T2V_NODE_OBJECT:
        frame.kind = T2V_FRAME_OBJECT;
        frame.depth++;
        break;
    case T2V_NODE_ARRAY:
        frame.kind = T2V_FRAME_ARRAY;
        frame.depth++;
        break;
    }
    if (byte == (node->kind == T2V_NODE_OBJECT ? '{' : node->kind == T2V_NODE_ARRAY ? '[' : '"'))
        push(step, frame);
}

static void expect_value(struct t2v_step *step, const struct t2v_frame *up, uint16_t depth,
                         const struct t2v_node *node, uint8_t phase)
{
    push(step,
         (struct t2v_frame){
             .up = up, .node = node, .kind = T2V_FRAME_VALUE, .phase = phase, .depth = depth});
}

/* phase of a VALUE: what white space may be before it. */
static void in_value(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    if (!blank(step, frame, byte, frame->phase))
        begin(step, frame->up, frame->depth, frame->node, byte);
}

static void in_literal(struct t2v_step *step, const struct t2v_frame *frame, struct t2v_str text,
                       uint8_t byte)
{
    struct t2v_frame next = *frame;
    if ((uint8_t)text.ptr[frame->n] != byte)
        return;
    next.n++;
    if (next.n == text.len)
        put(step, frame->up);
    else
        push(step, next);
}

/* Objects. `from` is the next property; a LITERAL above one with phase COLON reads the key of the
 * property before `from`, and a KEY that of a further one. */

/* Whether no required property is left from `from` on. */
static bool may_close(const struct t2v_frame *frame)
{
    for (size_t i = frame->from; i < frame->node->n; i++)
        if (frame->node->properties[i].required)
            return false;
    return true;
}

static bool has_key(const struct t2v_frame *frame)
{
    const struct t2v_node *node = frame->node;
    for (size_t i = frame->from; i < node->n; i++)
        if (node->properties[i].required || fits(node->properties[i].value, frame->depth))
            return true;
    return node->rest != NULL && fits(node->rest, frame->depth);
}

static void begin_key(struct t2v_step *step, const struct t2v_frame *frame, size_t i)
{
    const struct t2v_node *node = frame->node;
    struct t2v_frame colon = *frame;
    colon.phase = COLON;
    colon.blank = 0;
    colon.from = (uint32_t)i + (i < node->n);
    colon.n = i < node->n; /* the key is a property's */
    struct t2v_frame key = {.up = make(step, colon), .node = node, .depth = frame->depth};
    key.kind = i < node->n ? T2V_FRAME_LITERAL : T2V_FRAME_KEY;
    key.n = i < node->n;
    if (key.kind == T2V_FRAME_KEY)
        t2v_scalar_key_start(&key);
    if (key.up != NULL)
        push(step, key);
}

/* A '"': of any property up to the next required one, or of a further one after them. */
static void begin_keys(struct t2v_step *step, const struct t2v_frame *frame)
{
    const struct t2v_node *node = frame->node;
    for (size_t i = frame->from; i < node->n; i++) {
        if (fits(node->properties[i].value, frame->depth))
            begin_key(step, frame, i);
        if (node->properties[i].required)
            return;
    }
    if (node->rest != NULL && fits(node->rest, frame->depth))
        begin_key(step, frame, node->n);
}

static void after_key(struct t2v_step *step, const struct t2v_frame *frame)
{
    const struct t2v_node *node = frame->node;
    struct t2v_frame after = *frame;
    after.phase = AFTER;
    after.n = 0;
    const struct t2v_frame *up = make(step, after);
    if (up != NULL)
        expect_value(step, up, frame->depth,
                     frame->n != 0 ? node->properties[frame->from - 1].value : node->rest,
                     ONE_SPACE);
}

/* The end of a container after a line end. */
static void before_end(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    struct t2v_frame next = *frame;
    next.phase = BEFORE_END;
    if (byte == '\n' || frame->phase == BEFORE_END)
        blank(step, &next, byte, LINE_END);
}

static void in_object(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    struct t2v_frame next = *frame;
    bool ends = frame->phase != NEXT && frame->phase != COLON && may_close(frame);
    next.blank = 0;
    next.phase = NEXT;
    if (byte == '}' && ends)
        put(step, frame->up);
    else if (frame->phase == COLON && byte == ':')
        after_key(step, frame);
    else if (frame->phase == AFTER && byte == ',' && has_key(frame))
        push(step, next);
    else if ((frame->phase == FIRST || frame->phase == NEXT) && byte == '"')
        begin_keys(step, frame);
    else if (frame->phase == NEXT || (frame->phase == FIRST && has_key(frame)))
        blank(step, frame, byte, LINE_END);
    else if (ends)
        before_end(step, frame, byte);
}

/* Arrays. n is the number of items so far, counted to where the rest is the same. */

static const struct t2v_node *item_of(const struct t2v_frame *frame)
{
    const struct t2v_node *node = frame->node;
    const struct t2v_node *item = frame->n < node->n ? node->items[frame->n] : node->rest;
    return frame->n < node->max && item != NULL && fits(item, frame->depth) ? item : NULL;
}

static void begin_item(struct t2v_step *step, const struct t2v_frame *frame, bool now, uint8_t byte)
{
    const struct t2v_node *item = item_of(frame), *node = frame->node;
    struct t2v_frame after = *frame;
    if (item == NULL)
        return;
    after.phase = AFTER;
    after.blank = 0;
    if (frame->n < node->n || frame->n < node->min || node->max != UINT64_MAX)
        after.n++;
    const struct t2v_frame *up = make(step, after);
    if (up != NULL && now)
        begin(step, up, frame->depth, item, byte);
    else if (up != NULL)
        expect_value(step, up, frame->depth, item, LINE_END);
}

static void in_array(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    bool ends = frame->n >= frame->node->min;
    if (byte == ']' && ends)
        put(step, frame->up);
    else if (frame->phase == AFTER && byte == ',')
        begin_item(step, frame, false, byte);
    else if (frame->phase == FIRST && item_of(frame) != NULL && blank(step, frame, byte, LINE_END))
        return;
    else if (frame->phase == FIRST)
        begin_item(step, frame, true, byte);
    else if (ends)
        before_end(step, frame, byte);
}

static void in_string(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    struct t2v_frame next = *frame;
    enum t2v_scalar what =
        frame->kind == T2V_FRAME_KEY ? t2v_scalar_key(&next, byte) : t2v_scalar_string(&next, byte);
    if (what == T2V_SCALAR_MORE)
        push(step, next);
    else if (what == T2V_SCALAR_END)
        put(step, frame->up);
}

static void in_pattern(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    const struct t2v_pattern *pattern = frame->node->pattern;
    struct t2v_frame next = *frame;
    next.n = pattern->next[frame->n][byte];
    if (byte == '"' && pattern->ends[frame->n])
        put(step, frame->up);
    else if (next.n != 0)
        push(step, next);
}

static void advance(struct t2v_step *step, const struct t2v_frame *frame, uint8_t byte)
{
    switch ((enum t2v_frame_kind)frame->kind) {
    case T2V_FRAME_DONE:
        break;
    case T2V_FRAME_VALUE:
        in_value(step, frame, byte);
        break;
    case T2V_FRAME_LITERAL:
        in_literal(step, frame,
                   frame->node->kind == T2V_NODE_LITERAL
                       ? frame->node->text
                       : frame->node->properties[frame->up->from - 1].key,
                   byte);
        break;
    case T2V_FRAME_STRING:
    case T2V_FRAME_KEY:
        in_string(step, frame, byte);
        break;
    case T2V_FRAME_PATTERN:
        in_pattern(step, frame, byte);
        break;
    case T2V_FRAME_NUMBER:
        read_number(step, *frame, byte);
        if (t2v_scalar_number_ends(frame)) /* then the byte is of what follows */
            advance(step, frame->up, byte);
        break;
    case T2V_FRAME_OBJECT:
        in_object(step, frame, byte);
        break;
    case T2V_FRAME_ARRAY:
        in_array(step, frame, byte);
        break;
    }
}

int t2v_automaton_start(const struct t2v_schema *schema, struct t2v_frame_pool *pool,
                        struct t2v_frames *out)
{
    struct t2v_step step = {pool, out, 0};
    const struct t2v_frame *done = make(&step, (struct t2v_frame){.kind = T2V_FRAME_DONE});
    if (done != NULL)
        expect_value(&step, done, 0, schema->root, ONE_SPACE);
    return step.rc;
}

int t2v_automaton_step(struct t2v_frame_pool *pool, const struct t2v_frames *in, uint8_t byte,
                       struct t2v_frames *out)
{
    struct t2v_step step = {pool, out, 0};
    out->n = 0;
    for (size_t i = 0; i < in->n && step.rc == 0; i++)
        advance(&step, in->list[i], byte);
    return step.rc;
}

bool t2v_automaton_can_end(const struct t2v_frames *states)
{
    for (size_t i = 0; i < states->n; i++) {
        const struct t2v_frame *frame = states->list[i];
        if (frame->kind == T2V_FRAME_NUMBER && t2v_scalar_number_ends(frame))
            frame = frame->up;
        if (frame->kind == T2V_FRAME_DONE)
            return true;
    }
    return false;
}
