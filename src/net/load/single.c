/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/load/single.h"

#include <stdio.h>

#include "base/mem.h"

#include "base/banned.h"

enum { NAME_BYTES = 256 };

int t2v_single_vector(const struct t2v_single *from, const char *name, size_t n, const float **out)
{
    const struct t2v_tensor *t = NULL;
    int rc = t2v_store_want(from->store, name, n, 0, &t, from->err);
    if (rc != 0)
        return rc;
    float *copy = t2v_arena_alloc(from->arena, n, sizeof *copy);
    if (copy == NULL)
        return t2v_fail(from->err, T2V_ENOMEM, "no memory for %s", name);
    t2v_tensor_f32(t, 0, n, copy);
    *out = copy;
    return 0;
}

/* The layer's weight from the tensor, in the kernels' form. */
static int pack(const struct t2v_single *from, const struct t2v_tensor *t, struct t2v_linear *layer)
{
    const struct t2v_form *form = layer->form;
    size_t n_in = layer->n_in, n_out = layer->n_out;
    char *matrix = t2v_arena_alloc(from->arena, t2v_linear_bytes(form, n_in, n_out), 1);
    float *panel = t2v_alloc_aligned(form->panel * n_in, sizeof *panel);
    layer->weight = matrix;
    for (size_t c = 0; c < n_out && matrix != NULL && panel != NULL; c += form->panel) {
        size_t n_col = n_out - c < form->panel ? n_out - c : form->panel;
        t2v_tensor_f32(t, c * n_in, n_col * n_in, panel);
        form->pack(layer, panel, n_col, matrix + c / form->panel * form->panel_bytes(n_in));
    }
    bool made = matrix != NULL && panel != NULL;
    t2v_free(panel);
    return made ? 0 : t2v_fail(from->err, T2V_ENOMEM, "no memory for the model's weights");
}

int t2v_single_linear(const struct t2v_single *from, const char *name, size_t n_in, size_t n_out,
                      bool has_bias, struct t2v_linear *out)
{
    char full[NAME_BYTES];
    const struct t2v_tensor *t = NULL;
    *out = (struct t2v_linear){.form = from->kernels->f32, .n_in = n_in, .n_out = n_out};
    snprintf(full, sizeof full, "%s.weight", name);
    int rc = t2v_store_want(from->store, full, n_out, n_in, &t, from->err);
    if (rc == 0)
        rc = pack(from, t, out);
    snprintf(full, sizeof full, "%s.bias", name);
    if (rc == 0 && has_bias)
        rc = t2v_single_vector(from, full, n_out, &out->bias);
    return rc;
}
