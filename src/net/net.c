/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/net.h"

#include <string.h>

#include "base/mem.h"
#include "net/block/linear.h"
#include "net/family/family.h"
#include "net/load/calibrate.h"
#include "net/load/pack.h"

#include "base/banned.h"

struct t2v_net {
    const struct t2v_family *family;
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    struct t2v_arena arena;
    struct t2v_shape shape;
    void *model;
    size_t weight_bytes;
};

/* The family of config.json. Quantised checkpoints are refused by the method's name: their tensors
 * have other names and shapes, and some have none of the scales that others need. */
static int find_family(const t2v_json *config, const struct t2v_family **out, struct t2v_err *err)
{
    const t2v_json *quantised = t2v_json_get(config, "quantization_config");
    struct t2v_str method = t2v_json_str(t2v_json_get(quantised, "quant_method"));
    if (t2v_json_type(quantised) <= T2V_JSON_NULL)
        return t2v_family_find(config, out, err);
    if (method.ptr == NULL)
        method = T2V_STR("unknown");
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: quantization_config (quant_method '%.*s') is not supported; "
                    "unquantised checkpoints are",
                    T2V_STR_ARG(method));
}

const t2v_json *t2v_net_text(const t2v_json *config)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    const t2v_json *text = t2v_json_get(config, "text_config");
    bool is_part = type.ptr != NULL && t2v_str_is(type, "gemma3") && text != NULL;
    return is_part ? text : config;
}

int t2v_net_check(const t2v_json *config, struct t2v_err *err)
{
    const struct t2v_family *family;
    return find_family(t2v_net_text(config), &family, err);
}

/* The output layer; NULL: none. */
static const struct t2v_linear *head_of(const t2v_net *net)
{
    const struct t2v_family *family = net->family;
    const struct t2v_linear *head = family->head != NULL ? family->head(net->model) : NULL;
    return head != NULL && head->n_out > 0 ? head : NULL;
}

/* Packs the weights that the family has noted. */
static int finish(const t2v_net *net, struct t2v_loader *loader, int n_lane)
{
    const struct t2v_calibration calibration = {
        .kernels = &net->kernels,
        .form = net->form,
        .shape = &net->shape,
        .forward = net->family->forward,
        .model = net->model,
        .head = head_of(net),
    };
    if (net->form->takes_outliers && loader->n_pack > 0)
        return t2v_calibrate(loader, &calibration, n_lane);
    return t2v_pack_finish(loader, n_lane);
}

/* The loader's arena is set here. */
static int open_family(struct t2v_loader *loader, const struct t2v_family *family, int n_lane,
                       t2v_net **out)
{
    t2v_net *net = t2v_alloc_zero(1, sizeof *net);
    if (net == NULL)
        return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the model");
    net->family = family;
    net->kernels = *loader->kernels;
    net->form = loader->form;
    loader->arena = &net->arena;
    int rc = family->open(loader, &net->shape, &net->model);
    net->shape.half_kv = strcmp(net->form->name, "f32") != 0;
    if (rc == 0)
        rc = finish(net, loader, n_lane);
    net->weight_bytes = loader->n_packed;
    t2v_free(loader->packs);
    if (rc != 0) {
        t2v_net_free(net);
        return rc;
    }
    *out = net;
    return 0;
}

int t2v_net_open(const t2v_json *config, const t2v_store *store, const struct t2v_kernels *kernels,
                 const struct t2v_form *form, const struct t2v_net_options *options, t2v_net **out,
                 struct t2v_err *err)
{
    const struct t2v_form *attention = form;
    /* A generator's next token depends on smaller differences than the direction of a vector, and
     * most of all on queries and keys. */
    if (options->head && form == kernels->int8 && kernels->int8_fine != NULL) {
        form = kernels->int8_fine;
        attention = kernels->int16;
    }
    struct t2v_loader loader = {
        .config = t2v_net_text(config),
        .err = err,
        .store = store,
        .form = form,
        .attention_form = attention,
        .f32 = kernels->f32,
        .kernels = kernels,
        .finite = form->takes_outliers,
        .bidirectional = options->bidirectional,
        .head = options->head,
    };
    const struct t2v_family *family;
    int rc = find_family(loader.config, &family, err);
    return rc == 0 ? open_family(&loader, family, options->n_lane, out) : rc;
}

int t2v_net_open_static(const t2v_store *store, const struct t2v_kernels *kernels, bool weighted,
                        t2v_net **out, struct t2v_err *err)
{
    struct t2v_loader loader = {
        .err = err,
        .store = store,
        .form = kernels->f32,
        .f32 = kernels->f32,
        .kernels = kernels,
        .weighted = weighted,
    };
    return open_family(&loader, &t2v_family_model2vec, 1, out);
}

void t2v_net_free(t2v_net *net)
{
    if (net == NULL)
        return;
    t2v_arena_free(&net->arena);
    t2v_free(net);
}

size_t t2v_net_weight_bytes(const t2v_net *net)
{
    return net->weight_bytes;
}

const char *t2v_net_family(const t2v_net *net)
{
    return net->family->model_type;
}

const struct t2v_shape *t2v_net_shape(const t2v_net *net)
{
    return &net->shape;
}

bool t2v_net_is_static(const t2v_net *net)
{
    return net->family->is_static;
}

bool t2v_net_pools_first(const t2v_net *net)
{
    return net->family->pools_first;
}

const struct t2v_linear *t2v_net_projection(const t2v_net *net)
{
    const struct t2v_family *family = net->family;
    return family->projection != NULL ? family->projection(net->model) : NULL;
}

bool t2v_net_has_head(const t2v_net *net)
{
    return head_of(net) != NULL;
}

int t2v_scratch_new(const t2v_net *net, size_t max_tok, int n_lane, t2v_scratch **out)
{
    return t2v_scratch_make(&net->shape, net->form, max_tok, n_lane, out);
}

void t2v_net_forward(const t2v_net *net, const struct t2v_lane *lane, const struct t2v_seqs *seqs,
                     t2v_scratch *scratch, float *hidden)
{
    struct t2v_run run = {
        .kernels = &net->kernels,
        .lane = lane,
        .seqs = seqs,
        .scratch = scratch,
        .half_kv = net->shape.half_kv,
        .linear = t2v_linear_run,
    };
    net->family->forward(net->model, &run, hidden);
}

void t2v_net_logits(const t2v_net *net, const struct t2v_lane *lane, const float *hidden,
                    size_t n_row, t2v_scratch *scratch, float *logits)
{
    const struct t2v_seqs rows = {.n_tok = n_row}; /* a linear layer reads nothing else */
    const struct t2v_run run = {
        .kernels = &net->kernels,
        .lane = lane,
        .seqs = &rows,
        .scratch = scratch,
        .half_kv = net->shape.half_kv,
        .linear = t2v_linear_run,
    };
    t2v_linear_run(&run, head_of(net), T2V_ACT_NONE, hidden, logits);
}
