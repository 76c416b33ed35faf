/* SPDX-License-Identifier: BSD-3-Clause */
/* `t2v inspect`: what a model directory holds, for people or as JSON. */
#include "cli/inspect.h"

#include <stdio.h>

#include "chat/chat.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "json/write.h"
#include "model/kind.h"
#include "task/multi/multi.h"
#include "task/sparse/sparse.h"

#include "base/banned.h"

enum { NAME_COLUMNS = 60 };

struct facts {
    const t2v_embedder *embedder;
    const t2v_model *model;
    const struct t2v_shape *shape;
    const t2v_store *store;
    const t2v_chat *chat;    /* templates of a generator; NULL: it has none */
    bool is_static;          /* static embeddings, without an encoder */
    enum t2v_kind kind;      /* as `t2v serve` opens it */
    size_t n_weight, n_byte; /* of all tensors */
};

static struct facts facts_of(const t2v_embedder *embedder, enum t2v_kind kind, const t2v_chat *chat)
{
    const t2v_model *model = t2v_embedder_model(embedder);
    struct facts f = {
        .embedder = embedder,
        .kind = kind,
        .chat = chat,
        .model = model,
        .shape = t2v_net_shape(t2v_model_net(model)),
        .store = t2v_model_store(model),
        .is_static = t2v_net_is_static(t2v_model_net(model)),
    };
    for (size_t i = 0; i < t2v_store_len(f.store); i++) {
        const struct t2v_tensor *t = t2v_store_at(f.store, i);
        f.n_weight += t->n;
        f.n_byte += t->n_byte;
    }
    return f;
}

static void print_tensors(const struct facts *f)
{
    for (size_t i = 0; i < t2v_store_len(f->store); i++) {
        const struct t2v_tensor *t = t2v_store_at(f->store, i);
        printf("  ");
        size_t n = t2v_print_words(t->name);
        printf("%*s %-4s [", n < NAME_COLUMNS ? (int)(NAME_COLUMNS - n) : 0, "",
               t2v_dtype_name(t->dtype));
        for (int d = 0; d < t->n_dim; d++)
            printf("%s%zu", d > 0 ? ", " : "", t->shape[d]);
        printf("]\n");
    }
}

static void print_fact(const char *name, const char *fact)
{
    printf("%-12s", name);
    t2v_print_words(t2v_str_of(fact));
    printf("\n");
}

/* The routes of `t2v serve` that need a model and are served by this one. */
static void list_routes(const struct facts *f, struct t2v_buf *out)
{
    static const char *const routes[T2V_N_KIND] = {
        [T2V_KIND_RERANKER] = "/rerank, /v1/rerank, /v2/rerank, /predict, /",
        [T2V_KIND_CLASSIFIER] = "/predict, /",
        [T2V_KIND_READER] = "/answers, /",
        [T2V_KIND_TAGGER] = "/ner, /",
        [T2V_KIND_GENERATOR] = "/generate, /generate_stream, /v1/chat/completions, "
                               "/v1/completions, /api/chat, /api/generate, /",
    };
    if (routes[f->kind] != NULL) {
        t2v_buf_adds(out, routes[f->kind]);
        return;
    }
    t2v_buf_adds(out, "/vectors, /v1/embeddings, /embed, /similarity, /api/embed, /");
    t2v_buf_adds(out, f->is_static ? "" : ", /embed_all");
    t2v_buf_adds(out, !t2v_multi_is_meant(f->model) && t2v_sparse_can(f->model) ? ", /embed_sparse"
                                                                                : "");
    t2v_buf_adds(out, t2v_multi_is_meant(f->model) ? ", /v1/multi-vector" : "");
}

static void print_routes(const struct facts *f)
{
    struct t2v_buf routes;
    t2v_buf_init(&routes, 4096);
    list_routes(f, &routes);
    printf("serves      ");
    t2v_print_words(t2v_buf_str(&routes));
    printf("\n");
    t2v_buf_deinit(&routes);
}

/* What a generator makes a prompt of messages with. */
static const char *chat_of(const struct facts *f)
{
    const char *fault = f->chat != NULL ? t2v_chat_fault(f->chat) : NULL;
    return f->chat == NULL ? "no template" : fault != NULL ? fault : "by the model's template";
}

static void print_text(const struct facts *f)
{
    const struct t2v_shape *shape = f->shape;
    print_fact("model", t2v_model_dir(f->model));
    print_fact("family", t2v_model_family(f->model));
    print_fact("kind", t2v_kind_names[f->kind]);
    print_routes(f);
    if (f->kind == T2V_KIND_GENERATOR)
        print_fact("chat", chat_of(f));
    print_fact("vectorizer", t2v_embedder_vectorizer(f->embedder));
    printf("precision   %s, %s kernels\n", t2v_model_precision(f->model), t2v_model_cpu(f->model));
    print_fact("tokenizer", t2v_tokenizer_describe(t2v_model_tokenizer(f->model)));
    if (f->is_static)
        printf("tokens      %zu words, a vector for each\n", shape->vocab);
    else
        printf("tokens      %zu words, at most %zu tokens in a sequence\n"
               "encoder     %zu layers, hidden %zu, %zu heads of %zu, inter %zu\n",
               shape->vocab, t2v_embedder_max_tok(f->embedder), shape->n_layer, shape->hidden,
               shape->heads, shape->head_dim, shape->inter);
    printf("vectors     %zu components: ", t2v_embedder_dim(f->embedder));
    t2v_print_words(t2v_str_of(t2v_embedder_pipeline(f->embedder)));
    printf("\n");
    printf("weights     %zu tensors, %zu numbers, %.1f MB\n", t2v_store_len(f->store), f->n_weight,
           (double)f->n_byte / 1e6);
}

static void add_text(struct t2v_buf *out, const char *key, const char *value)
{
    t2v_buf_addf(out, "%s\"%s\":", out->len != 0 ? "," : "{", key);
    t2v_json_write_str(out, t2v_str_of(value));
}

static void add_count(struct t2v_buf *out, const char *key, size_t value)
{
    t2v_buf_addf(out, ",\"%s\":%zu", key, value);
}

static void add_routes(struct t2v_buf *out, const struct facts *f)
{
    struct t2v_buf routes;
    t2v_buf_init(&routes, 4096);
    list_routes(f, &routes);
    t2v_buf_adds(out, ",\"serves\":");
    t2v_json_write_str(out, t2v_buf_str(&routes));
    t2v_buf_deinit(&routes);
}

static void add_encoder(struct t2v_buf *out, const struct facts *f)
{
    const struct t2v_shape *shape = f->shape;
    add_count(out, "vocabulary", shape->vocab);
    if (f->is_static)
        return;
    add_count(out, "max_tokens", t2v_embedder_max_tok(f->embedder));
    add_count(out, "layers", shape->n_layer);
    add_count(out, "hidden", shape->hidden);
    add_count(out, "heads", shape->heads);
    add_count(out, "head_dim", shape->head_dim);
    add_count(out, "intermediate", shape->inter);
}

static void add_tensors(struct t2v_buf *out, const t2v_store *store)
{
    t2v_buf_adds(out, ",\"weights\":[");
    for (size_t i = 0; i < t2v_store_len(store); i++) {
        const struct t2v_tensor *t = t2v_store_at(store, i);
        t2v_buf_addf(out, "%s{\"name\":", i != 0 ? "," : "");
        t2v_json_write_str(out, t->name);
        t2v_buf_addf(out, ",\"dtype\":\"%s\",\"shape\":[", t2v_dtype_name(t->dtype));
        for (int d = 0; d < t->n_dim; d++)
            t2v_buf_addf(out, "%s%zu", d > 0 ? "," : "", t->shape[d]);
        t2v_buf_adds(out, "]}");
    }
    t2v_buf_adds(out, "]");
}

/* One object in one line. */
static int print_json(const struct facts *f, bool brief, struct t2v_err *err)
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    add_text(&out, "model", t2v_model_dir(f->model));
    add_text(&out, "family", t2v_model_family(f->model));
    add_text(&out, "kind", t2v_kind_names[f->kind]);
    add_routes(&out, f);
    if (f->kind == T2V_KIND_GENERATOR)
        add_text(&out, "chat", chat_of(f));
    add_text(&out, "vectorizer", t2v_embedder_vectorizer(f->embedder));
    add_text(&out, "precision", t2v_model_precision(f->model));
    add_text(&out, "kernels", t2v_model_cpu(f->model));
    add_text(&out, "tokenizer", t2v_tokenizer_describe(t2v_model_tokenizer(f->model)));
    add_encoder(&out, f);
    add_count(&out, "dimensions", t2v_embedder_dim(f->embedder));
    add_text(&out, "pipeline", t2v_embedder_pipeline(f->embedder));
    add_count(&out, "tensors", t2v_store_len(f->store));
    add_count(&out, "numbers", f->n_weight);
    add_count(&out, "bytes", f->n_byte);
    if (!brief)
        add_tensors(&out, f->store);
    t2v_buf_adds(&out, "}");
    int rc = t2v_print_json(&out, err);
    t2v_buf_deinit(&out);
    return rc;
}

static int print(const struct facts *f, const struct t2v_options *options, struct t2v_err *err)
{
    if (options->json)
        return print_json(f, options->brief, err);
    print_text(f);
    if (!options->brief)
        print_tensors(f);
    return 0;
}

int t2v_command_inspect(const struct t2v_options *options, struct t2v_err *err)
{
    const char *dir = t2v_model_place(options, options->model);
    t2v_embedder *model;
    t2v_chat *chat = NULL;
    enum t2v_kind kind;
    int rc = t2v_open_model(options, &model, err);
    if (rc != 0)
        return rc;
    rc = t2v_kind_find(dir, t2v_names_vectorizer(options), &kind, err);
    if (rc == 0 && kind == T2V_KIND_GENERATOR)
        rc = t2v_chat_open(dir, &chat, err);
    if (rc == 0) {
        const struct facts f = facts_of(model, kind, chat);
        rc = print(&f, options, err);
    }
    t2v_chat_free(chat);
    t2v_embedder_free(model);
    return rc;
}
