/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/place.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "json/write.h"
#include "model/modules.h"

#include "base/banned.h"

static int look_for(const char *dir, const char *name, bool *there, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    return t2v_file_find(path, sizeof path, dir, name, there, err);
}

/* Whether a table and its tokenizer are there. */
static int look_for_table(const char *dir, bool *there, struct t2v_err *err)
{
    bool weights, tokenizer = false;
    int rc = look_for(dir, "model.safetensors", &weights, err);
    if (rc == 0)
        rc = look_for(dir, "tokenizer.json", &tokenizer, err);
    *there = weights && tokenizer;
    return rc;
}

void t2v_place_deinit(struct t2v_place *place)
{
    t2v_json_file_deinit(&place->config);
    *place = (struct t2v_place){0};
}

static int use_dir(struct t2v_place *place, const char *dir, struct t2v_err *err)
{
    snprintf(place->dir, sizeof place->dir, "%s", dir);
    return strlen(dir) < sizeof place->dir ? 0 : t2v_fail(err, T2V_ETOOLARGE, "%s: too long", dir);
}

/* What /meta shows where there is no config.json. UPSTREAM: model2vec's server shows the path. */
static int invent_config(struct t2v_place *place, const char *dir, bool with_path,
                         struct t2v_err *err)
{
    struct t2v_buf buf;
    size_t len;
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_buf_adds(&buf, "{");
    if (with_path) {
        t2v_buf_adds(&buf, "\"model_path\":");
        t2v_json_write_str(&buf, t2v_str_of(dir));
    }
    t2v_buf_adds(&buf, "}");
    int rc = buf.fail != 0 ? t2v_fail(err, buf.fail, "no memory for the model") : 0;
    if (rc == 0) {
        place->config.text.ptr = t2v_buf_take(&buf, &len);
        place->config.text.len = len;
    }
    t2v_buf_deinit(&buf);
    return rc;
}

/* The folders in which model2vec looks, and the file that has its settings there. */
static int find_model2vec(struct t2v_place *place, const char *dir, struct t2v_err *err)
{
    static const char other[] = "config_sentence_transformers.json", sub[] = "0_StaticEmbedding";
    char folder[T2V_PATH_BYTES];
    bool here = false, below = false, settings = false;
    int rc = t2v_file_join(folder, sizeof folder, dir, sub, err);
    if (rc == 0)
        rc = look_for_table(dir, &here, err);
    if (rc == 0)
        rc = look_for_table(folder, &below, err);
    if (rc == 0 && here && place->config.root != NULL)
        return 0;
    if (rc == 0)
        rc = look_for(dir, other, &settings, err);
    if (rc == 0 && !((here || below) && settings))
        return t2v_fail(err, T2V_EIO,
                        "no model2vec model here: model.safetensors and tokenizer.json are needed, "
                        "with config.json, or here or in %s with %s",
                        sub, other);
    struct t2v_json_file found = {0};
    if (rc == 0)
        rc = t2v_json_file_read(dir, other, T2V_JSON_OBJECT, &found, err);
    t2v_json_free(place->config.root);
    place->config.root = found.root;
    found.root = NULL;
    t2v_json_file_deinit(&found);
    if (rc == 0 && place->config.text.ptr == NULL)
        rc = invent_config(place, dir, true, err);
    return rc == 0 && !here ? use_dir(place, folder, err) : rc;
}

/* The module's folder, which has a config.json of its own. */
static int use_module(struct t2v_place *place, const char *folder, struct t2v_err *err)
{
    t2v_place_deinit(place);
    int rc = use_dir(place, folder, err);
    return rc == 0 ? t2v_json_file_read(folder, "config.json", T2V_JSON_OBJECT, &place->config, err)
                   : rc;
}

/* UPSTREAM: sentence-transformers goes by modules.json alone. A config.json that names a model_type
 * comes first here, as the Python server's default vectorizer reads nothing else. */
static int find_parts(const char *dir, bool as_model2vec, struct t2v_place *place,
                      struct t2v_err *err)
{
    char folder[T2V_PATH_BYTES];
    bool is_static, there = false;
    int rc = use_dir(place, dir, err);
    if (rc == 0)
        rc = look_for(dir, "config.json", &there, err);
    if (rc == 0 && there)
        rc = t2v_json_file_read(dir, "config.json", T2V_JSON_OBJECT, &place->config, err);
    if (rc == 0 && as_model2vec) {
        place->is_static = true;
        return find_model2vec(place, dir, err);
    }
    if (rc == 0)
        rc = t2v_modules_first(dir, folder, &is_static, err);
    if (rc != 0)
        return rc;
    struct t2v_str type = t2v_json_str(t2v_json_get(place->config.root, "model_type"));
    place->is_static =
        (type.ptr == NULL && is_static) || (type.ptr != NULL && t2v_str_is(type, "model2vec"));
    if (place->is_static) {
        if (is_static && *folder != '\0')
            rc = use_dir(place, folder, err);
        return rc == 0 && place->config.text.ptr == NULL ? invent_config(place, dir, false, err)
                                                         : rc;
    }
    if (type.ptr == NULL && (rc = t2v_modules_check_first(dir, err)) != 0)
        return rc;
    if (type.ptr == NULL && *folder != '\0')
        return use_module(place, folder, err);
    if (place->config.text.ptr == NULL)
        return t2v_fail(err, T2V_EIO, "no model here: there is no config.json (see --model)");
    return 0;
}

int t2v_place_find(const char *dir, bool as_model2vec, struct t2v_place *out, struct t2v_err *err)
{
    *out = (struct t2v_place){0};
    int rc = find_parts(dir, as_model2vec, out, err);
    if (rc != 0)
        t2v_place_deinit(out);
    return rc;
}

int t2v_place_open_tokenizer(const char *dir, t2v_tokenizer **out, bool *is_static,
                             struct t2v_err *err)
{
    struct t2v_place place;
    *is_static = false;
    int rc = t2v_file_fence(dir, err);
    if (rc != 0)
        return rc;
    if (t2v_place_find(dir, false, &place, NULL) != 0)
        return t2v_tokenizer_open(dir, out, err);
    *is_static = place.is_static;
    rc = (place.is_static ? t2v_tokenizer_open_alone : t2v_tokenizer_open)(place.dir, out, err);
    t2v_place_deinit(&place);
    return rc;
}
