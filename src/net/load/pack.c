/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packs weights of linear layers, which is most of the time it takes to open a model. Layers are
 * registered first, share one block of memory, and are then packed by all threads together; in a
 * form with outliers, each when the calibration pass reaches it, see calibrate.c.
 */
#include "net/load/pack.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

struct t2v_pack {
    struct t2v_linear *layer;          /* form, n_in, n_out are set */
    const struct t2v_tensor *parts[3]; /* [any, n_in] each, n_out rows in all */
    size_t n_part;
    struct t2v_order order;
    atomic_bool broken[3]; /* a part with a non-finite value */
    size_t at;             /* byte offset of its weights in the block */
    uint32_t *keep;        /* the layer's outliers.keep; NULL if its form has none */
};

/* Below MANY_BYTES threads are not worth starting; about eight saturate the memory. */
enum { MANY_BYTES = 4 << 20, MAX_LANES = 8 };
/* Pages are released after about as many bytes of rows, as floats. */
enum { RELEASE_BYTES = 4 << 20 };

struct t2v_packing {
    const struct t2v_loader *loader;
    char *block;
    float *panels; /* [n_lane, T2V_PANEL_MAX, widest]: one panel's weights before packing */
    size_t widest; /* n_in */
};

int t2v_pack_note(struct t2v_loader *loader, struct t2v_linear *layer,
                  const struct t2v_tensor *const *parts, size_t n_part,
                  const struct t2v_order *order)
{
    if (loader->n_pack == loader->cap_pack) {
        struct t2v_pack *grown = t2v_grow(loader->packs, &loader->cap_pack, 16, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        loader->packs = grown;
    }
    struct t2v_pack *pack = &loader->packs[loader->n_pack++];
    *pack = (struct t2v_pack){
        .layer = layer, .n_part = n_part, .order = *order, .at = loader->n_packed};
    for (size_t p = 0; p < n_part; p++)
        pack->parts[p] = parts[p];
    loader->n_packed += (t2v_linear_bytes(layer->form, layer->n_in, layer->n_out) + 63) / 64 * 64;
    return 0;
}

/* Columns first to first + n - 1 of a tensor [n_in, any] as rows of panel, [n, n_in]. */
static void read_columns(const struct t2v_tensor *t, size_t first, size_t n, float *panel)
{
    float row[T2V_PANEL_MAX];
    size_t n_in = t->shape[0], n_out = t->shape[1];
    for (size_t i = 0; i < n_in; i++) {
        t2v_tensor_f32(t, i * n_out + first, n, row);
        for (size_t c = 0; c < n; c++)
            panel[c * n_in + i] = row[c];
    }
}

/* A row of the layer, [n_in]; returns the part that has it. */
static size_t read_row(const struct t2v_pack *pack, size_t row, float *to)
{
    size_t n_in = pack->layer->n_in, part = 0;
    row = t2v_order_row(&pack->order, row, pack->layer->n_out);
    while (row >= pack->parts[part]->shape[0])
        row -= pack->parts[part++]->shape[0];
    t2v_tensor_f32(pack->parts[part], row * n_in, n_in, to);
    return part;
}

/* Rows first to first + n - 1 of the layer, at most a panel, as [n, n_in]. */
static void read_panel(const struct t2v_packing *packing, struct t2v_pack *pack, size_t first,
                       size_t n, float *panel)
{
    size_t n_in = pack->layer->n_in;
    bool check = packing->loader->finite;
    if (pack->order.transposed) {
        read_columns(pack->parts[0], first, n, panel);
        if (check && !t2v_floats_finite(panel, n * n_in))
            atomic_store(&pack->broken[0], true);
        return;
    }
    for (size_t r = 0; r < n; r++) {
        size_t part = read_row(pack, first + r, panel + r * n_in);
        if (check && !t2v_floats_finite(panel + r * n_in, n_in))
            atomic_store(&pack->broken[part], true);
    }
}

static bool is_reordered(const struct t2v_pack *pack)
{
    return pack->order.transposed || pack->order.head_dim != 0;
}

/* Releases the file's pages of rows [begin, end). In another order a lane's rows are all over the
 * tensor: each lane releases all of it, and another one that still needs a page reads it again. */
static void release_rows(const struct t2v_pack *pack, size_t begin, size_t end)
{
    if (is_reordered(pack)) {
        if (!pack->parts[0]->copied)
            t2v_file_release(pack->parts[0]->data, pack->parts[0]->n_byte);
        return;
    }
    for (size_t p = 0, above = 0; p < pack->n_part; above += pack->parts[p++]->shape[0]) {
        size_t part_rows = pack->parts[p]->shape[0];
        size_t first = begin > above ? begin - above : 0;
        size_t last = end > above ? end - above : 0;
        last = last < part_rows ? last : part_rows;
        size_t row_bytes = pack->parts[p]->n_byte / part_rows;
        if (first < last && !pack->parts[p]->copied)
            t2v_file_release(pack->parts[p]->data + first * row_bytes, (last - first) * row_bytes);
    }
}

/* Rows [begin, end) of the layer; begin is a multiple of the panel. Pages are released as it goes,
 * so that hardly more than the packed weights is in memory. */
static void pack_rows(const struct t2v_packing *packing, struct t2v_pack *pack, size_t begin,
                      size_t end, float *panel)
{
    const struct t2v_form *form = pack->layer->form;
    size_t bytes = form->panel_bytes(pack->layer->n_in), released = begin;
    size_t step = RELEASE_BYTES / (pack->layer->n_in * sizeof(float)) + 1;
    char *to = packing->block + pack->at + begin / form->panel * bytes;
    for (size_t first = begin; first < end; first += form->panel, to += bytes) {
        size_t rows = end - first < form->panel ? end - first : form->panel;
        read_panel(packing, pack, first, rows, panel);
        form->pack(pack->layer, panel, rows, to);
        if (!is_reordered(pack) && first - released >= step) {
            release_rows(pack, released, first);
            released = first;
        }
    }
    release_rows(pack, begin, end);
}

/* The lane's buffer for a panel's weights. */
static float *lane_panel(const struct t2v_packing *packing, const struct t2v_lane *lane)
{
    return packing->panels + (size_t)lane->rank * T2V_PANEL_MAX * packing->widest;
}

/* This lane's share of a layer. */
static void pack_layer(const struct t2v_packing *packing, struct t2v_pack *pack,
                       const struct t2v_lane *lane)
{
    size_t begin, end;
    t2v_lane_share(lane, pack->layer->n_out, pack->layer->form->panel, &begin, &end);
    pack_rows(packing, pack, begin, end, lane_panel(packing, lane));
}

static void pack_lane(void *arg, const struct t2v_lane *lane)
{
    struct t2v_packing *packing = arg;
    const struct t2v_loader *loader = packing->loader;
    if (loader->calibrate != NULL)
        loader->calibrate(loader->calibrate_arg, lane, packing);
    for (size_t i = 0; i < loader->n_pack; i++) {
        if (loader->packs[i].layer->weight == NULL)
            pack_layer(packing, &loader->packs[i], lane);
    }
}

/* Selects the inputs with the largest |x|. x: [n_tok, n_in]; top: [n_in], overwritten. */
static void find_outliers(const struct t2v_pack *pack, const float *x, size_t n_tok, float *top)
{
    size_t n_in = pack->layer->n_in;
    struct t2v_outliers *out = &pack->layer->outliers;
    memset(top, 0, n_in * sizeof *top);
    for (size_t t = 0; t < n_tok; t++, x += n_in) {
        for (size_t i = 0; i < n_in; i++)
            top[i] = fabsf(x[i]) > top[i] ? fabsf(x[i]) : top[i];
    }
    memset(pack->keep, 0xff, n_in * sizeof *pack->keep);
    out->n = n_in < T2V_OUTLIERS ? n_in : T2V_OUTLIERS;
    out->keep = pack->keep;
    for (size_t k = 0; k < out->n; k++) {
        size_t best = 0;
        for (size_t i = 1; i < n_in; i++)
            best = top[i] > top[best] ? i : best;
        out->index[k] = (uint32_t)best;
        pack->keep[best] = 0;
        top[best] = -1.0f;
    }
}

struct t2v_pack *t2v_pack_find(const struct t2v_packing *packing, const struct t2v_linear *layer)
{
    const struct t2v_loader *loader = packing->loader;
    for (size_t i = 0; i < loader->n_pack; i++) {
        if (loader->packs[i].layer == layer)
            return layer->weight == NULL ? &loader->packs[i] : NULL;
    }
    return NULL;
}

void t2v_pack_observed(const struct t2v_packing *packing, struct t2v_pack *pack,
                       const struct t2v_lane *lane, const float *x, size_t n_tok)
{
    if (lane->rank == 0 && pack->keep != NULL)
        find_outliers(pack, x, n_tok, lane_panel(packing, lane));
    for (size_t i = 0; i < packing->loader->n_table && lane->rank == 0; i++)
        t2v_file_release(packing->loader->tables[i]->data, packing->loader->tables[i]->n_byte);
    t2v_lane_barrier(lane);
    pack_layer(packing, pack, lane);
    t2v_lane_barrier(lane);
    if (lane->rank == 0)
        pack->layer->weight = packing->block + pack->at;
    t2v_lane_barrier(lane);
}

static int make_room(struct t2v_loader *loader, struct t2v_packing *packing, int n_lane)
{
    size_t bytes = loader->n_packed; /* config.c bounds the factors: below 2^56 */
    packing->block = t2v_arena_alloc(loader->arena, bytes, 1);
    packing->panels =
        t2v_alloc_aligned((size_t)n_lane * T2V_PANEL_MAX * packing->widest, sizeof(float));
    if (packing->block == NULL || packing->panels == NULL)
        return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the model's weights (%zu bytes)",
                        bytes);
    t2v_mem_large_pages(packing->block, bytes);
    for (size_t i = 0; i < loader->n_pack; i++) {
        struct t2v_pack *pack = &loader->packs[i];
        if (!pack->layer->form->takes_outliers)
            continue;
        pack->keep = t2v_arena_alloc(loader->arena, pack->layer->n_in, sizeof *pack->keep);
        if (pack->keep == NULL)
            return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the model's weights");
    }
    return 0;
}

/* Reports the first part with a non-finite value. */
static int check_finite(const struct t2v_loader *loader)
{
    for (size_t i = 0; i < loader->n_pack; i++) {
        const struct t2v_pack *pack = &loader->packs[i];
        for (size_t p = 0; p < pack->n_part; p++) {
            if (atomic_load(&pack->broken[p]))
                return t2v_tensor_not_finite(pack->parts[p], loader->err);
        }
    }
    return 0;
}

static int pack_all(struct t2v_loader *loader, struct t2v_packing *packing, int n_lane)
{
    int rc = make_room(loader, packing, n_lane);
    if (rc != 0)
        return rc;
    t2v_team *team;
    rc = t2v_team_new(n_lane, &team, loader->err);
    if (rc != 0)
        return rc;
    t2v_team_run(team, pack_lane, packing);
    t2v_team_free(team);
    for (size_t i = 0; i < loader->n_pack; i++)
        loader->packs[i].layer->weight = packing->block + loader->packs[i].at;
    return check_finite(loader);
}

int t2v_pack_finish(struct t2v_loader *loader, int n_lane)
{
    if (loader->n_pack == 0)
        return 0;
    struct t2v_packing packing = {.loader = loader};
    for (size_t i = 0; i < loader->n_pack; i++) {
        size_t n_in = loader->packs[i].layer->n_in;
        packing.widest = n_in > packing.widest ? n_in : packing.widest;
    }
    n_lane = n_lane < MAX_LANES ? n_lane : MAX_LANES;
    if (loader->n_packed < MANY_BYTES)
        n_lane = 1;
    int rc = pack_all(loader, &packing, n_lane);
    t2v_free(packing.panels);
    return rc;
}
