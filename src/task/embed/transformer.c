/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/transformer.h"

#include "json/pull.h"

#include "base/banned.h"

/* The file being read. */
struct reading {
    struct t2v_transformer *out;
    struct t2v_str text;  /* of the file */
    const t2v_json *root; /* the same as a tree */
    const char *file;     /* its name */
    struct t2v_notes *notes;
    bool heads;      /* as t2v_transformer_read has it */
    bool is_6;       /* it has keys that sentence-transformers has from version 6 on */
    size_t text_tok; /* processing_kwargs' max_length; 0: not given */
    struct t2v_err *err;
};

static int refuse(struct reading *r, const char *key, const char *why)
{
    return t2v_fail(r->err, T2V_EUNSUPPORTED, "%s %s", key, why);
}

static bool is_there(const t2v_json *value)
{
    return t2v_json_type(value) > T2V_JSON_NULL;
}

/* --- single values --- */

static int read_limit(struct reading *r, const t2v_json *value, const char *key, size_t *out)
{
    int64_t n;
    if (!is_there(value))
        return 0;
    if (!t2v_json_int(value, &n) || n < 1)
        return t2v_fail(r->err, T2V_EFORMAT, "%s should be an integer above 0", key);
    *out = (size_t)n;
    return 0;
}

static int read_nothing(struct reading *r, const char *key)
{
    (void)r, (void)key;
    return 0;
}

static int read_max_seq_length(struct reading *r, const char *key)
{
    return read_limit(r, t2v_json_get(r->root, key), key, &r->out->max_tok);
}

static int read_query_length(struct reading *r, const char *key)
{
    if (is_there(t2v_json_get(r->root, key)))
        t2v_notes_add(r->notes, r->file, key);
    return read_limit(r, t2v_json_get(r->root, key), key, &r->out->query_tok);
}

static int read_document_length(struct reading *r, const char *key)
{
    if (is_there(t2v_json_get(r->root, key)))
        t2v_notes_add(r->notes, r->file, key);
    return read_limit(r, t2v_json_get(r->root, key), key, &r->out->document_tok);
}

/* Older files have 0 and 1, which Python takes for false and true. */
static int read_lower(struct reading *r, const char *key)
{
    double number;
    if (t2v_json_double(t2v_json_get(r->root, key), &number)) {
        r->out->lower = number != 0;
        return 0;
    }
    return t2v_json_flag(r->root, key, &r->out->lower, r->err);
}

static int read_null(struct reading *r, const char *key)
{
    return is_there(t2v_json_get(r->root, key)) ? refuse(r, key, "is not supported") : 0;
}

/* A name that must be the only one supported. */
static int read_name(struct reading *r, const char *key, const char *ours)
{
    const t2v_json *value = t2v_json_get(r->root, key);
    struct t2v_str name = t2v_json_str(value);
    if (!is_there(value) || (name.ptr != NULL && t2v_str_is(name, ours)))
        return 0;
    return t2v_fail(r->err, T2V_EUNSUPPORTED, "%s '%.*s' is not supported (%s is)", key,
                    T2V_STR_ARG(name), ours);
}

static int read_task(struct reading *r, const char *key)
{
    return read_name(r, key, "feature-extraction");
}

static int read_output(struct reading *r, const char *key)
{
    return read_name(r, key, "token_embeddings");
}

/* How a "message", which every text becomes where there is one, is written. */
static int read_message(struct reading *r, const t2v_json *message, const char *key)
{
    struct t2v_str format = t2v_json_str(t2v_json_get(message, "format"));
    bool flat = format.ptr != NULL && t2v_str_is(format, "flat");
    if (r->heads)
        return refuse(r, key, "has \"message\", which is not supported for this head");
    if (!flat && (format.ptr == NULL || !t2v_str_is(format, "structured")))
        return refuse(r, key, "has \"message\" in a format that is neither flat nor structured");
    r->out->message = flat ? T2V_MESSAGE_FLAT : T2V_MESSAGE_STRUCTURED;
    t2v_notes_add(r->notes, r->file, key);
    return 0;
}

/* How texts, images and the like go through the model. */
static int read_modality(struct reading *r, const char *key)
{
    const t2v_json *modes = t2v_json_get(r->root, key);
    const t2v_json *message = t2v_json_get(modes, "message");
    const t2v_json *text = is_there(message) ? message : t2v_json_get(modes, "text");
    int rc = is_there(message) ? read_message(r, message, key) : 0;
    if (rc != 0 || !is_there(modes) || r->heads)
        return rc;
    struct t2v_str method = t2v_json_str(t2v_json_get(text, "method"));
    struct t2v_str name = t2v_json_str(t2v_json_get(text, "method_output_name"));
    if (method.ptr == NULL || !t2v_str_is(method, "forward") || name.ptr == NULL ||
        !t2v_str_is(name, "last_hidden_state"))
        return refuse(r, key, "does not take texts through the model's last_hidden_state");
    return 0;
}

/* --- arguments of other classes --- */

/* Keys of any arguments that change no number here: where files come from, what holds the weights,
 * which of several ways to the same result is taken. */
static const char *const without_effect[] = {
    "_attn_implementation",
    "_commit_hash",
    "_from_auto",
    "attn_implementation",
    "cache_dir",
    "code_revision",
    "device_map",
    "dtype",
    "force_download",
    "from_pt",
    "local_files_only",
    "low_cpu_mem_usage",
    "offload_folder",
    "padding_side",
    "proxies",
    "resume_download",
    "revision",
    "subfolder",
    "token",
    "torch_dtype",
    "trust_remote_code",
    "use_auth_token",
    "use_cache",
    "use_fast",
    "use_safetensors",
    "variant",
    "weights_only",
    "add_pooling_layer",
    "output_attentions",
    "output_hidden_states",
    "return_dict",
    "reference_compile",
};

static bool has_effect(struct t2v_str key)
{
    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++) {
        if (t2v_str_is(key, without_effect[i]))
            return false;
    }
    return true;
}

/* The first member with an effect; its value is NULL when there is none. */
static struct t2v_json_member first_effect(const t2v_json *object)
{
    struct t2v_json_member m = t2v_json_first(object);
    while (m.value != NULL && !has_effect(m.key))
        m = t2v_json_next(object, m);
    return m;
}

static int want_object(struct reading *r, const t2v_json *value, const char *key)
{
    if (!is_there(value) || t2v_json_type(value) == T2V_JSON_OBJECT)
        return 0;
    return t2v_fail(r->err, T2V_EFORMAT, "%s should be an object, and is %s", key,
                    t2v_json_type_name(value));
}

/* The text of a member of an object's text; the last one, where there are several. */
static int text_of(struct reading *r, struct t2v_str object, const char *key, struct t2v_str *out)
{
    struct t2v_pull pull;
    struct t2v_str name, value;
    t2v_pull_init(&pull, object, r->err);
    pull.python = true;
    int rc = t2v_pull_open(&pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(&pull, '}')) == 1) {
        rc = t2v_pull_key(&pull, &name);
        bool is_it = rc == 0 && t2v_str_is(name, key);
        if (rc == 0)
            rc = t2v_pull_skip(&pull, &value);
        if (rc == 0 && is_it)
            *out = value;
    }
    t2v_pull_deinit(&pull);
    return rc;
}

/* Keeps the text of arguments whose keys override another file's. */
static int read_args(struct reading *r, const char *key, struct t2v_str *out)
{
    const t2v_json *value = t2v_json_get(r->root, key);
    int rc = want_object(r, value, key);
    if (rc != 0 || first_effect(value).value == NULL)
        return rc;
    t2v_notes_add(r->notes, r->file, key);
    return text_of(r, r->text, key, out);
}

static int read_config_args(struct reading *r, const char *key)
{
    return read_args(r, key, &r->out->config_args);
}

static int read_tokenizer_args(struct reading *r, const char *key)
{
    const t2v_json *value = t2v_json_get(r->root, key);
    if (t2v_json_get(value, "add_special_tokens") != NULL)
        return refuse(r, key, "has add_special_tokens, which no tokenizer takes there");
    /* From version 6 on it wins over max_seq_length, before that the other way round. */
    if (r->is_6 && is_there(t2v_json_get(value, "model_max_length")))
        r->out->max_tok = 0;
    return read_args(r, key, &r->out->tokenizer_args);
}

static int read_model_args(struct reading *r, const char *key)
{
    const t2v_json *value = t2v_json_get(r->root, key);
    int rc = want_object(r, value, key);
    struct t2v_json_member m = first_effect(value);
    if (rc != 0 || m.value == NULL)
        return rc;
    return t2v_fail(r->err, T2V_EUNSUPPORTED, "%s has %.*s, which is not supported", key,
                    T2V_STR_ARG(m.key));
}

/* What is given to the tokenizer with each text. */
static int read_call(struct reading *r, const t2v_json *call, const char *key)
{
    static const char *const nothing[] = {"padding",
                                          "pad_to_multiple_of",
                                          "return_tensors",
                                          "return_token_type_ids",
                                          "return_attention_mask",
                                          "verbose"};
    bool special = true, cut = true;
    int rc = want_object(r, call, key);
    for (struct t2v_json_member m = t2v_json_first(call); rc == 0 && m.value != NULL;
         m = t2v_json_next(call, m)) {
        bool known = t2v_str_is(m.key, "max_length") || t2v_str_is(m.key, "add_special_tokens") ||
                     t2v_str_is(m.key, "truncation");
        for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
            known |= t2v_str_is(m.key, nothing[i]);
        if (!known)
            rc = t2v_fail(r->err, T2V_EUNSUPPORTED, "%s has %.*s, which is not supported", key,
                          T2V_STR_ARG(m.key));
    }
    if (rc == 0)
        rc = read_limit(r, t2v_json_get(call, "max_length"), "max_length", &r->text_tok);
    if (rc == 0)
        rc = t2v_json_flag(call, "add_special_tokens", &special, r->err);
    if (rc == 0 && t2v_json_bool(t2v_json_get(call, "truncation"), &cut) && !cut)
        rc = t2v_fail(r->err, T2V_EUNSUPPORTED, "%s has truncation false, which is not supported",
                      key);
    r->out->bare |= !special;
    return rc;
}

static int read_processing(struct reading *r, const char *key)
{
    const t2v_json *value = t2v_json_get(r->root, key);
    int rc = want_object(r, value, key);
    if (rc == 0)
        rc = read_call(r, t2v_json_get(value, "common"), "processing_kwargs.common");
    if (rc == 0)
        rc = read_call(r, t2v_json_get(value, "text"), "processing_kwargs.text");
    if (rc == 0 && (r->text_tok != 0 || r->out->bare))
        t2v_notes_add(r->notes, r->file, key);
    const t2v_json *chat = t2v_json_get(value, "chat_template");
    if (rc == 0)
        rc = want_object(r, chat, "processing_kwargs.chat_template");
    struct t2v_str text = {NULL, 0};
    if (rc == 0 && is_there(chat))
        rc = text_of(r, r->text, key, &text);
    return rc == 0 && is_there(chat) ? text_of(r, text, "chat_template", &r->out->chat_args) : rc;
}

/* Arguments of the tokenizer that would change what its chat template makes. */
static bool has_template_args(const t2v_json *args)
{
    bool has = false;
    for (struct t2v_json_member m = t2v_json_first(args); m.value != NULL;
         m = t2v_json_next(args, m))
        has |= t2v_str_is(m.key, "chat_template") || t2v_str_ends(m.key, T2V_STR("_token"));
    return has;
}

/* What the library cannot do together with messages, or would do in another way than here. */
static int check_message(struct reading *r)
{
    if (r->out->message == T2V_MESSAGE_NONE)
        return 0;
    if (r->out->lower)
        return refuse(r, "do_lower_case", "is not supported where modality_config has \"message\"");
    if (r->out->bare)
        return refuse(r, "add_special_tokens",
                      "has no effect where modality_config has \"message\"");
    if (has_template_args(t2v_json_get(r->root, "processor_kwargs")) ||
        has_template_args(t2v_json_get(r->root, "tokenizer_args")))
        return refuse(r, "processor_kwargs",
                      "has a chat_template or a special token, which is not supported where "
                      "modality_config has \"message\"");
    return 0;
}

/* --- the file --- */

/* In the order in which they are read: what comes later may overrule. from_6: only version 6 and
 * later write it. of_output: it is about what the model gives out. */
static const struct {
    const char *key;
    int (*read)(struct reading *r, const char *key);
    bool from_6, of_output;
} keys[] = {
    {"max_seq_length", read_max_seq_length, false, false},
    {"do_lower_case", read_lower, false, false},
    {"model_args", read_model_args, false, false},
    {"model_kwargs", read_model_args, true, false},
    {"config_args", read_config_args, false, false},
    {"config_kwargs", read_config_args, true, false},
    {"tokenizer_args", read_tokenizer_args, false, false},
    {"processor_kwargs", read_tokenizer_args, true, false},
    {"tokenizer_name_or_path", read_null, false, false},
    {"transformer_task", read_task, true, true},
    {"modality_config", read_modality, true, false},
    {"module_output_name", read_output, true, true},
    {"query_length", read_query_length, true, false},
    {"document_length", read_document_length, true, false},
    {"query_expansion", read_null, true, true},
    {"processing_kwargs", read_processing, true, false},
    {"unpad_inputs", read_nothing, true, false},
    {"backend", read_nothing, false, false},
    {"cache_dir", read_nothing, false, false},
    {"trust_remote_code", read_nothing, false, false},
    {"torch_dtype", read_nothing, false, false},
    {"attn_implementation", read_nothing, false, false},
};
enum { N_KEY = sizeof keys / sizeof keys[0] };

static int check_keys(struct reading *r)
{
    for (struct t2v_json_member m = t2v_json_first(r->root); m.value != NULL;
         m = t2v_json_next(r->root, m)) {
        size_t i = 0;
        while (i < N_KEY && !t2v_str_is(m.key, keys[i].key))
            i++;
        if (i == N_KEY)
            return t2v_fail(r->err, T2V_EUNSUPPORTED, "%.*s is not known to sentence-transformers",
                            T2V_STR_ARG(m.key));
        r->is_6 |= keys[i].from_6;
    }
    return 0;
}

static int read_root(struct reading *r)
{
    int rc = check_keys(r);
    for (size_t i = 0; i < N_KEY && rc == 0; i++) {
        bool skip = r->heads && keys[i].of_output;
        if (t2v_json_get(r->root, keys[i].key) != NULL && !skip)
            rc = keys[i].read(r, keys[i].key);
    }
    if (r->text_tok != 0)
        r->out->max_tok = r->out->query_tok = r->out->document_tok = r->text_tok;
    return rc == 0 ? check_message(r) : rc;
}

static int read_file(const char *folder, const char *name, bool heads, struct t2v_transformer *out,
                     struct t2v_notes *notes, struct t2v_err *err)
{
    struct t2v_json_file *file = &out->file;
    int rc = t2v_json_file_find(folder, name, T2V_JSON_OBJECT, file, err);
    if (rc != 0 || file->root == NULL)
        return rc;
    struct reading r = {.out = out,
                        .text = file->text,
                        .root = file->root,
                        .file = name,
                        .heads = heads,
                        .notes = notes,
                        .err = err};
    return t2v_fail_in_dir(err, read_root(&r), folder, name);
}

int t2v_transformer_read(const char *folder, bool heads, struct t2v_transformer *out,
                         struct t2v_notes *notes, struct t2v_err *err)
{
    static const char *const names[] = {
        "sentence_bert_config.json",       "sentence_roberta_config.json",
        "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json",
    };
    *out = (struct t2v_transformer){0};
    int rc = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && rc == 0 && out->file.root == NULL; i++)
        rc = read_file(folder, names[i], heads, out, notes, err);
    return rc;
}

void t2v_transformer_deinit(struct t2v_transformer *transformer)
{
    t2v_json_file_deinit(&transformer->file);
    *transformer = (struct t2v_transformer){0};
}
