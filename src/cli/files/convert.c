/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/convert.h"

#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "cli/files/part.h"
#include "unicode/space.h"

#include "base/banned.h"

enum {
    N_PART = 6,
    FIRST_ROWS = 32,        /* records of the first parts */
    FEWEST_ROWS = 8,        /* records of a part may become so few */
    RESULT_BYTES = 1 << 20, /* of a part's vectors, at most, if these are more than FEWEST_ROWS */
    SHORT_MS = 500,
    LONG_MS = 2000 /* a part that took less or more changes the next one's size */
};

/* The parts form a ring: `first` is the oldest that the engine has, or that is to be written. After
 * those in flight comes the one that is being filled. */
struct flow {
    struct t2v_convert *convert;
    struct t2v_part_bell bell;
    struct t2v_part parts[N_PART];
    size_t first, n_flying;
    size_t part_rows;        /* records of the next part */
    size_t max_rows;         /* of any part */
    bool waits;              /* the input has nothing more yet */
    bool end;                /* nor will it have; or read_err */
    struct t2v_err read_err; /* code 0: none */
};

static struct t2v_part *filling(struct flow *flow)
{
    return &flow->parts[(flow->first + flow->n_flying) % N_PART];
}

/* --- read --- */

/* Whether a record is to have no row or a null row; decided by the record alone, so that a run that
 * resumes decides the same. */
static int next_record(struct t2v_convert *convert, struct t2v_record *record,
                       enum t2v_records_state *state, struct t2v_err *err)
{
    int rc;
    do {
        rc = t2v_records_next(convert->records, record, state, err);
        if (rc != 0 || *state != T2V_RECORDS_NEXT)
            return rc;
        if (convert->blank_is_null && t2v_space_skip(record->text, 0) == record->text.len)
            record->empty = true;
    } while (record->empty && convert->skip_empty);
    return 0;
}

static int submit(struct flow *flow, struct t2v_err *err)
{
    struct t2v_convert *convert = flow->convert;
    struct t2v_part *part = filling(flow);
    part->taken = t2v_records_taken(convert->records);
    int rc = t2v_part_submit(part, part->n_text, convert->engine, convert->params, err);
    flow->n_flying += rc == 0;
    return rc;
}

/* Adds records to the part that is being filled until it is full or the input waits or ends. A
 * mistake in the input is its end, and reported once the rows before it are written. */
static int fill_part(struct flow *flow, struct t2v_err *err)
{
    struct t2v_part *part = filling(flow);
    struct t2v_record record;
    enum t2v_records_state state = T2V_RECORDS_NEXT;
    while (part->n_row < flow->part_rows && part->bytes.len < T2V_PART_BYTES) {
        flow->read_err = (struct t2v_err){0};
        int rc = next_record(flow->convert, &record, &state, &flow->read_err);
        flow->end = rc != 0 || state == T2V_RECORDS_END;
        flow->waits = !flow->end && state == T2V_RECORDS_WAIT;
        if (flow->end || flow->waits)
            break;
        rc = t2v_part_add(part, &record, err);
        if (rc != 0)
            return t2v_records_fail_in(flow->convert->records, record.line, rc, err);
    }
    return 0;
}

/* Fills parts while there is input and a part is free. While the input waits, a part that is not
 * full is held back as long as the engine has enough to do. */
static int read_input(struct flow *flow, struct t2v_err *err)
{
    int rc = 0;
    flow->waits = false;
    while (rc == 0 && !flow->end && !flow->waits && flow->n_flying < N_PART) {
        rc = fill_part(flow, err);
        bool held = flow->waits && flow->n_flying >= 2;
        if (rc == 0 && filling(flow)->n_row != 0 && !held)
            rc = submit(flow, err);
    }
    return rc;
}

/* --- write --- */

/* Sizes the next part by what this one took. */
static void adapt(struct flow *flow, const struct t2v_work *work)
{
    uint64_t ms = (work->ended_ns - work->begun_ns) / 1000000;
    if (work->n_text >= flow->part_rows / 2 && ms < SHORT_MS && flow->part_rows < flow->max_rows)
        flow->part_rows *= 2;
    else if (ms > LONG_MS && flow->part_rows > FEWEST_ROWS)
        flow->part_rows /= 2;
}

/* Writes its first n rows; their texts have vectors. */
static int write_rows(struct flow *flow, const struct t2v_part *part, size_t n, struct t2v_err *err)
{
    struct t2v_convert *convert = flow->convert;
    const float *vector = part->work.result.values;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        bool is_null = part->rows[i].is_null;
        rc = t2v_rows_add(convert->rows, is_null ? NULL : vector, err);
        vector += is_null ? 0 : convert->width;
        convert->n_row += rc == 0;
    }
    if (rc == 0)
        rc = t2v_rows_flush(convert->rows, err);
    t2v_meter_show(&convert->meter, convert->n_row, part->taken,
                   t2v_records_size(convert->records));
    return rc;
}

/* Waits until something has happened: a part is done or, if `input`, the input has more. */
static void wait_for(struct flow *flow, bool input)
{
    struct pollfd fds[2] = {{.fd = flow->bell.fd, .events = POLLIN},
                            {.fd = t2v_records_fd(flow->convert->records), .events = POLLIN}};
    uint64_t count;
    poll(fds, input ? 2 : 1, -1);
    if (read(flow->bell.fd, &count, sizeof count) < 0) {
        /* The bell has not rung. */
    }
}

static void await(struct flow *flow, struct t2v_part *part)
{
    while (!t2v_part_is_done(part))
        wait_for(flow, false);
}

/* Cancels the parts after the first, and waits until the engine has none. */
static void call_off(struct flow *flow)
{
    for (size_t i = 0; i < flow->n_flying; i++) {
        struct t2v_part *part = &flow->parts[(flow->first + i) % N_PART];
        if (part->n_text != 0)
            t2v_work_cancel(&part->work);
    }
    for (size_t i = 0; i < flow->n_flying; i++)
        await(flow, &flow->parts[(flow->first + i) % N_PART]);
}

/* The oldest part is done and has failed by one of its texts: writes the rows before that, whose
 * texts are encoded once more. Returns the failure. */
static int write_before_failure(struct flow *flow, struct t2v_err *err)
{
    struct t2v_convert *convert = flow->convert;
    struct t2v_part *part = &flow->parts[flow->first];
    size_t n_row = 0;
    struct t2v_err why;
    int rc = 0;
    call_off(flow);
    do {
        why = part->work.err;
        n_row = t2v_part_row_of(part, part->work.err_text);
        rc = t2v_part_submit(part, part->work.err_text, convert->engine, convert->params, err);
        if (rc == 0)
            await(flow, part);
    } while (rc == 0 && part->work.err.code != 0);
    if (rc == 0)
        rc = write_rows(flow, part, n_row, err);
    if (rc != 0)
        return rc;
    *err = why;
    return t2v_records_fail_in(convert->records, part->rows[n_row].line, why.code, err);
}

static int write_done(struct flow *flow, struct t2v_err *err)
{
    while (flow->n_flying > 0 && t2v_part_is_done(&flow->parts[flow->first])) {
        struct t2v_part *part = &flow->parts[flow->first];
        if (part->work.err.code != 0)
            return write_before_failure(flow, err);
        int rc = write_rows(flow, part, part->n_row, err);
        if (rc != 0)
            return rc;
        if (part->n_text != 0)
            adapt(flow, &part->work);
        t2v_part_clear(part);
        flow->first = (flow->first + 1) % N_PART;
        flow->n_flying--;
    }
    return 0;
}

/* --- all of it --- */

static int run(struct flow *flow, struct t2v_err *err)
{
    for (;;) {
        int rc = read_input(flow, err);
        if (rc == 0)
            rc = write_done(flow, err);
        if (rc != 0)
            return rc;
        if (flow->n_flying == 0 && flow->end)
            break;
        bool wants_input = !flow->end && flow->n_flying < N_PART;
        if (flow->waits || !wants_input)
            wait_for(flow, flow->waits && wants_input);
    }
    if (flow->read_err.code != 0 && err != NULL)
        *err = flow->read_err;
    return flow->read_err.code;
}

int t2v_convert_run(struct t2v_convert *convert, struct t2v_err *err)
{
    struct flow flow = {.convert = convert, .part_rows = FIRST_ROWS};
    size_t by_width = RESULT_BYTES / (convert->width * sizeof(float));
    flow.max_rows = by_width < T2V_PART_ROWS / 2 ? by_width : T2V_PART_ROWS / 2;
    int rc = t2v_part_bell_init(&flow.bell, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < N_PART && rc == 0; i++)
        rc = t2v_part_init(&flow.parts[i], convert->prompt, &flow.bell, err);
    if (rc == 0)
        rc = run(&flow, err);
    call_off(&flow);
    for (size_t i = 0; i < N_PART; i++)
        t2v_part_deinit(&flow.parts[i]);
    t2v_part_bell_deinit(&flow.bell);
    return rc;
}

int t2v_convert_skip(struct t2v_convert *convert, struct t2v_record *last, struct t2v_err *err)
{
    enum t2v_records_state state;
    for (size_t n = 0; n < convert->n_row;) {
        int rc = next_record(convert, last, &state, err);
        if (rc != 0)
            return rc;
        if (state == T2V_RECORDS_END)
            return t2v_fail(err, T2V_EFORMAT,
                            "the output has %zu rows, but the input has only %zu: another input?",
                            convert->n_row, n);
        if (state == T2V_RECORDS_WAIT) {
            struct pollfd input = {.fd = t2v_records_fd(convert->records), .events = POLLIN};
            poll(&input, 1, -1);
        }
        n += state == T2V_RECORDS_NEXT;
    }
    return 0;
}
