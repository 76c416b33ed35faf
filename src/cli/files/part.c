/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/part.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

int t2v_part_bell_init(struct t2v_part_bell *bell, struct t2v_err *err)
{
    bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell->fd < 0)
        return t2v_fail(err, T2V_EIO, "eventfd: %s", strerror(errno));
    pthread_mutex_init(&bell->lock, NULL);
    return 0;
}

void t2v_part_bell_deinit(struct t2v_part_bell *bell)
{
    pthread_mutex_destroy(&bell->lock);
    close(bell->fd);
}

int t2v_part_init(struct t2v_part *part, struct t2v_str prompt, struct t2v_part_bell *bell,
                  struct t2v_err *err)
{
    *part = (struct t2v_part){.prompt = prompt, .bell = bell};
    t2v_buf_init(&part->bytes, SIZE_MAX);
    part->texts = t2v_alloc_zero(T2V_PART_ROWS, sizeof *part->texts);
    part->rows = t2v_alloc_zero(T2V_PART_ROWS, sizeof *part->rows);
    if (part->texts == NULL || part->rows == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for texts");
    return 0;
}

void t2v_part_deinit(struct t2v_part *part)
{
    t2v_work_deinit(&part->work);
    t2v_buf_deinit(&part->bytes);
    t2v_free(part->texts);
    t2v_free(part->rows);
    *part = (struct t2v_part){0};
}

void t2v_part_clear(struct t2v_part *part)
{
    t2v_work_deinit(&part->work);
    t2v_buf_clear(&part->bytes);
    if (part->bytes.cap > 4 * (size_t)T2V_PART_BYTES)
        t2v_buf_deinit(&part->bytes);
    part->n_row = part->n_text = 0;
    part->done = false;
}

int t2v_part_add(struct t2v_part *part, const struct t2v_record *record, struct t2v_err *err)
{
    if (!record->empty) {
        t2v_buf_add(&part->bytes, part->prompt.ptr, part->prompt.len);
        if (t2v_buf_add(&part->bytes, record->text.ptr, record->text.len) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for a text of %zu bytes", record->text.len);
        part->n_text++;
    }
    part->rows[part->n_row++] = (struct t2v_part_row){
        .line = record->line, .is_null = record->empty, .end = part->bytes.len};
    return 0;
}

static void ring(struct t2v_part *part)
{
    struct t2v_part_bell *bell = part->bell;
    const uint64_t one = 1;
    pthread_mutex_lock(&bell->lock);
    part->done = true;
    if (write(bell->fd, &one, sizeof one) < 0) {
        /* Its count is at the maximum: it is readable already. */
    }
    pthread_mutex_unlock(&bell->lock);
}

static void on_done(struct t2v_work *work)
{
    ring(work->user);
}

int t2v_part_submit(struct t2v_part *part, size_t n_text, t2v_engine *engine, const void *params,
                    struct t2v_err *err)
{
    size_t begin = 0, n = 0;
    for (size_t i = 0; i < part->n_row && n < n_text; i++) {
        const struct t2v_part_row *row = &part->rows[i];
        if (!row->is_null)
            part->texts[n++] = (struct t2v_str){part->bytes.ptr + begin, row->end - begin};
        begin = row->end;
    }
    t2v_work_deinit(&part->work);
    part->work = (struct t2v_work){
        .texts = part->texts, .n_text = n, .params = params, .done = on_done, .user = part};
    part->done = false;
    if (n == 0) {
        ring(part);
        return 0;
    }
    int rc = t2v_engine_submit(engine, &part->work);
    return rc != 0 ? t2v_fail(err, rc, "the engine takes no more texts") : 0;
}

bool t2v_part_is_done(struct t2v_part *part)
{
    pthread_mutex_lock(&part->bell->lock);
    bool done = part->done;
    pthread_mutex_unlock(&part->bell->lock);
    return done;
}

size_t t2v_part_row_of(const struct t2v_part *part, size_t text)
{
    size_t i = 0;
    for (; i < part->n_row; i++) {
        if (!part->rows[i].is_null && text-- == 0)
            break;
    }
    return i;
}
