/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/collect.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { FIRST_ITEMS = 128 };

/* Makes room for `more` items after the n of a list, of which it had room for *cap. False: no
 * memory, and the list is as it was. */
static bool reserve(void **list, size_t n, size_t more, size_t *cap, size_t size)
{
    size_t want = n + more, wide = 2 * *cap > FIRST_ITEMS ? 2 * *cap : FIRST_ITEMS;
    if (want <= *cap)
        return true;
    size_t grown = want > wide ? want : wide;
    void *moved = t2v_resize(*list, grown, size);
    if (moved == NULL)
        return false;
    *list = moved;
    *cap = grown;
    return true;
}

static bool make_room(struct t2v_collector *c, const struct t2v_taken *row)
{
    struct t2v_result *r = &c->result;
    void *rows = r->rows, *ids = r->ids, *types = r->types, *values = r->values;
    bool typed = row->types != NULL;
    bool made = reserve(&rows, r->n_row, 1, &c->cap_row, sizeof *r->rows);
    r->rows = rows;
    made = made && reserve(&ids, r->n_tok, row->n_tok, &c->cap_id, sizeof *r->ids);
    r->ids = ids;
    made =
        made && (!typed || reserve(&types, r->n_tok, row->n_tok, &c->cap_type, sizeof *r->types));
    r->types = types;
    made = made && reserve(&values, r->n_tok * r->width, row->n_tok * r->width, &c->cap_value,
                           sizeof *r->values);
    r->values = values;
    return made;
}

int t2v_collect(struct t2v_collector *collector, const struct t2v_taken *row, struct t2v_err *err)
{
    struct t2v_result *result = &collector->result;
    size_t n = row->n_tok, at = result->n_tok, width = result->width;
    if (!make_room(collector, row))
        return t2v_fail(err, T2V_ENOMEM, "no memory for the values of %zu tokens", n);
    result->rows[result->n_row++] = (struct t2v_result_row){row->input, row->first, at, n};
    result->n_tok += n;
    if (n == 0)
        return 0;
    memcpy(result->ids + at, row->ids, n * sizeof *row->ids);
    if (row->types != NULL)
        memcpy(result->types + at, row->types, n * sizeof *row->types);
    memcpy(result->values + at * width, row->values, n * width * sizeof *row->values);
    return 0;
}

static bool all_finite(const float *x, size_t n)
{
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite &= isfinite(x[i]) != 0;
    return finite;
}

/* JSON has no word for what is no number. */
int t2v_collect_finish(struct t2v_collector *collector, struct t2v_result *out, size_t *input,
                       struct t2v_err *err)
{
    const struct t2v_result *result = &collector->result;
    for (size_t i = 0; i < result->n_row; i++) {
        const struct t2v_result_row *row = &result->rows[i];
        *input = row->input;
        if (!all_finite(result->values + row->at * result->width, row->n_tok * result->width))
            return t2v_fail(err, T2V_EMODEL, "the model gave a value that is not finite");
    }
    *out = *result;
    *collector = (struct t2v_collector){0};
    return 0;
}

void t2v_collect_deinit(struct t2v_collector *collector)
{
    t2v_result_deinit(&collector->result);
}
