/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/stops.h"

#include "base/banned.h"

static void find_borders(struct t2v_stop *stop)
{
    const char *text = stop->text.ptr;
    uint32_t k = stop->border[0] = 0;
    for (size_t i = 1; i < stop->text.len; i++) {
        while (k != 0 && text[k] != text[i])
            k = stop->border[k - 1];
        k += text[k] == text[i];
        stop->border[i] = k;
    }
}

int t2v_stops_init(struct t2v_stops *stops, const struct t2v_str *texts, size_t n)
{
    *stops = (struct t2v_stops){0};
    if (n == 0)
        return 0;
    stops->list = t2v_arena_alloc(&stops->arena, n, sizeof *stops->list);
    if (stops->list == NULL)
        return T2V_ENOMEM;
    for (; stops->n < n; stops->n++) {
        struct t2v_stop *stop = &stops->list[stops->n];
        if (texts[stops->n].len > UINT32_MAX)
            return T2V_ETOOLARGE;
        stop->text = t2v_arena_dup(&stops->arena, texts[stops->n]);
        stop->border = t2v_arena_alloc(&stops->arena, stop->text.len, sizeof *stop->border);
        stop->matched = 0;
        if (stop->text.ptr == NULL || stop->border == NULL)
            return T2V_ENOMEM;
        find_borders(stop);
    }
    return 0;
}

void t2v_stops_deinit(struct t2v_stops *stops)
{
    t2v_arena_free(&stops->arena);
    *stops = (struct t2v_stops){0};
}

/* True: the stop string is complete. No search goes on after that. */
static bool step(struct t2v_stop *stop, char byte)
{
    size_t k = stop->matched;
    while (k != 0 && stop->text.ptr[k] != byte)
        k = stop->border[k - 1];
    stop->matched = k + (stop->text.ptr[k] == byte);
    return stop->matched == stop->text.len;
}

bool t2v_stops_find(struct t2v_stops *stops, struct t2v_str part, size_t *end, size_t *len)
{
    for (size_t at = 0; at < part.len; at++) {
        size_t longest = 0;
        for (size_t i = 0; i < stops->n; i++) {
            struct t2v_stop *stop = &stops->list[i];
            if (step(stop, part.ptr[at]) && stop->text.len > longest)
                longest = stop->text.len;
        }
        if (longest != 0) {
            *end = at + 1;
            *len = longest;
            return true;
        }
    }
    return false;
}

size_t t2v_stops_held(const struct t2v_stops *stops)
{
    size_t held = 0;
    for (size_t i = 0; i < stops->n; i++)
        held = stops->list[i].matched > held ? stops->list[i].matched : held;
    return held;
}

void t2v_stops_copy_state(struct t2v_stops *to, const struct t2v_stops *from)
{
    for (size_t i = 0; i < from->n; i++)
        to->list[i].matched = from->list[i].matched;
}
