/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/spans.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

#include "base/banned.h"

/* UPSTREAM: the logit of a masked token. */
static const double MASKED = -10000;

static double logit_of(const struct t2v_window *window, size_t i, size_t which)
{
    bool inside = i >= window->from && i < window->from + window->n;
    if (!inside && (window->cls < 0 || window->ids[i] != window->cls))
        return MASKED;
    return (double)window->logits[2 * i + which];
}

/* out[n_tok] = the softmax of the window's starts (which 0) or ends (1). */
static void softmax(const struct t2v_window *window, size_t which, double *out)
{
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < window->n_tok; i++) {
        out[i] = logit_of(window, i, which);
        top = out[i] > top ? out[i] : top;
    }
    for (size_t i = 0; i < window->n_tok; i++) {
        out[i] = exp(out[i] - top);
        sum += out[i];
    }
    for (size_t i = 0; i < window->n_tok; i++)
        out[i] /= sum;
}

/* Higher scores first, then earlier spans. */
static int compare(const void *a, const void *b)
{
    const struct t2v_window_span *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void swap(struct t2v_window_span *a, struct t2v_window_span *b)
{
    struct t2v_window_span old = *a;
    *a = *b;
    *b = old;
}

/* The list is a heap with its worst span first. */
static void sink_first(struct t2v_spans *heap)
{
    struct t2v_window_span *p = heap->ptr;
    for (size_t i = 0, child; (child = 2 * i + 1) < heap->len; i = child) {
        if (child + 1 < heap->len && compare(&p[child + 1], &p[child]) > 0)
            child++;
        if (compare(&p[child], &p[i]) <= 0)
            break;
        swap(&p[child], &p[i]);
    }
}

static int add(struct t2v_spans *heap, size_t most, struct t2v_window_span span)
{
    if (heap->len == most) {
        if (compare(&span, &heap->ptr[0]) < 0) {
            heap->ptr[0] = span;
            sink_first(heap);
        }
        return 0;
    }
    if (heap->len == heap->cap) {
        void *grown = t2v_grow(heap->ptr, &heap->cap, 32, sizeof *heap->ptr);
        if (grown == NULL)
            return T2V_ENOMEM;
        heap->ptr = grown;
    }
    size_t i = heap->len++;
    heap->ptr[i] = span;
    for (; i > 0 && compare(&heap->ptr[i], &heap->ptr[(i - 1) / 2]) > 0; i = (i - 1) / 2)
        swap(&heap->ptr[i], &heap->ptr[(i - 1) / 2]);
    return 0;
}

int t2v_spans_find(const struct t2v_window *window, size_t most, size_t max_len,
                   struct t2v_spans *out, double *null)
{
    double *start = t2v_alloc_zero(window->n_tok, 2 * sizeof *start);
    int rc = start == NULL ? T2V_ENOMEM : 0;
    out->len = 0;
    if (rc != 0 || window->n_tok == 0) {
        t2v_free(start);
        return rc;
    }
    double *end = start + window->n_tok;
    softmax(window, 0, start);
    softmax(window, 1, end);
    *null = start[0] * end[0];
    const double *of_start = start + window->from, *of_end = end + window->from;
    for (size_t i = 0; i < window->n && rc == 0; i++) {
        size_t last = max_len < window->n - i ? i + max_len : window->n;
        for (size_t j = i; j < last && rc == 0; j++) {
            double score = of_start[i] * of_end[j];
            if (score > 0)
                rc = add(out, most, (struct t2v_window_span){score, (uint32_t)i, (uint32_t)j});
        }
    }
    t2v_free(start);
    if (out->len > 1)
        qsort(out->ptr, out->len, sizeof *out->ptr, compare);
    return rc;
}
