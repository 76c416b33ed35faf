/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/diagnose.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#include "base/banned.h"

enum { NAME_BYTES = 256, MAX_ENTRIES = 10000 };

/* Files of other programs and of other kinds, by the ends of their names. */
static const struct {
    const char *ending, *what;
} foreign[] = {
    {".gguf", "a GGUF file, which llama.cpp reads"},
    {".ggml", "a GGML file, which llama.cpp reads"},
    {".onnx", "an ONNX file"},
    {".h5", "weights of TensorFlow"},
    {".msgpack", "weights of Flax"},
    {".tflite", "a file of TensorFlow Lite"},
    {".ot", "weights of rust-bert"},
    {".zip", "a zip file, to be unpacked first"},
    {".tar.gz", "an archive, to be unpacked first"},
    {".tgz", "an archive, to be unpacked first"},
};
enum { N_FOREIGN = sizeof foreign / sizeof foreign[0] };

/* What a folder holds, as far as it matters here. Names are "" where there is none. */
struct listing {
    size_t n;
    bool config, modules, tokenizer, weights, adapter; /* files that make a model, or an adapter */
    bool snapshots, refs;                              /* folders of the hub's cache */
    char cached[NAME_BYTES];                           /* a folder models--OWNER--NAME */
    char dangling[NAME_BYTES];                         /* a model's file: a link to nothing */
    char alien[NAME_BYTES];                            /* a file of foreign[] */
    size_t alien_kind;
};

static bool ends_with(const char *name, const char *ending)
{
    return t2v_str_ends(t2v_str_of(name), t2v_str_of(ending));
}

/* Index in foreign[]; N_FOREIGN: none of them. */
static size_t foreign_kind(const char *name)
{
    size_t i = 0;
    while (i < N_FOREIGN && !ends_with(name, foreign[i].ending))
        i++;
    return i;
}

static bool is_weights(const char *name)
{
    static const char *const starts[] = {"model.safetensors", "pytorch_model.bin"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

static void note_entry(struct listing *list, const char *name)
{
    list->n++;
    list->config |= strcmp(name, "config.json") == 0;
    list->modules |= strcmp(name, "modules.json") == 0;
    list->tokenizer |= strcmp(name, "tokenizer.json") == 0;
    list->adapter |= strcmp(name, "adapter_config.json") == 0;
    list->snapshots |= strcmp(name, "snapshots") == 0;
    list->refs |= strcmp(name, "refs") == 0;
    list->weights |= is_weights(name);
    if (strncmp(name, "models--", 8) == 0)
        snprintf(list->cached, sizeof list->cached, "%s", name);
    size_t kind = foreign_kind(name);
    if (kind < N_FOREIGN && *list->alien == '\0') {
        snprintf(list->alien, sizeof list->alien, "%s", name);
        list->alien_kind = kind;
    }
}

/* A link to nothing under the name of a file that a model has. */
static bool is_dangling(int fd, const struct dirent *e)
{
    const char *name = e->d_name;
    bool ours = ends_with(name, ".json") || strcmp(name, "vocab.txt") == 0 || is_weights(name);
    return ours && (e->d_type == DT_LNK || e->d_type == DT_UNKNOWN) &&
           faccessat(fd, name, F_OK, 0) != 0 && errno == ENOENT;
}

/* False when it cannot be listed; errno says why. */
static bool list_dir(const char *dir, struct listing *list)
{
    *list = (struct listing){0};
    DIR *d = opendir(dir);
    if (d == NULL)
        return false;
    for (const struct dirent *e; list->n < MAX_ENTRIES && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            note_entry(list, e->d_name);
        if (*list->dangling == '\0' && is_dangling(dirfd(d), e))
            snprintf(list->dangling, sizeof list->dangling, "%s", e->d_name);
    }
    closedir(d);
    return true;
}

/* The name of the only entry of dir that is not hidden; false when there is none, or another. */
static bool only_entry(const char *dir, char out[NAME_BYTES])
{
    DIR *d = opendir(dir);
    size_t n = 0;
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(out, NAME_BYTES, "%s", e->d_name);
        n++;
    }
    if (d != NULL)
        closedir(d);
    return n == 1;
}

/* --- what is no folder --- */

static bool is_hub_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* OWNER/NAME, as the hub names models. */
static bool is_hub_name(const char *path)
{
    size_t slashes = 0;
    for (const char *p = path; *p != '\0'; p++) {
        slashes += *p == '/';
        if (*p != '/' && !is_hub_char(*p))
            return false;
    }
    size_t len = strlen(path);
    return slashes == 1 && path[0] != '/' && path[0] != '.' && path[len - 1] != '/';
}

static int diagnose_missing(const char *dir, int why, struct t2v_err *err)
{
    struct stat st;
    char target[PATH_MAX];
    ssize_t n = -1;
    if (why == EACCES)
        return t2v_fail(err, T2V_EIO, "no permission: user %u may not enter a folder above it",
                        (unsigned)geteuid());
    if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode))
        n = readlink(dir, target, sizeof target);
    if (n >= 0)
        return t2v_fail(err, T2V_EIO, "a link to %.*s, which is not there", n < 150 ? (int)n : 150,
                        target);
    if (why != ENOENT && why != ENOTDIR)
        return t2v_fail(err, T2V_EIO, "%s", strerror(why));
    if (is_hub_name(dir))
        return t2v_fail(err, T2V_EIO,
                        "no such directory. If this is a model's name on the hub: `models/fetch "
                        "%.100s` brings it, and prints the directory for --model",
                        dir);
    return t2v_fail(err, T2V_EIO,
                    "no such directory (see --model; `models/fetch NAME` brings a model)");
}

static int diagnose_file(const char *path, struct t2v_err *err)
{
    const char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    size_t kind = foreign_kind(name);
    if (kind < N_FOREIGN)
        return t2v_fail(
            err, T2V_EUNSUPPORTED,
            "%s, and not a directory with config.json and model.safetensors; `models/fetch "
            "NAME` brings one",
            foreign[kind].what);
    return t2v_fail(err, T2V_EIO,
                    "a file; --model is the directory that holds config.json, the weights and the "
                    "tokenizer");
}

/* --- what is a folder, but no model --- */

static int diagnose_cache(const char *dir, const struct listing *list, struct t2v_err *err)
{
    char inner[PATH_MAX], commit[NAME_BYTES];
    if (*list->cached != '\0')
        return t2v_fail(err, T2V_EIO,
                        "the hub's cache of many models; --model is one of them: "
                        "%.80s/snapshots/COMMIT",
                        list->cached);
    bool one = t2v_file_join(inner, sizeof inner, dir, "snapshots", NULL) == 0 &&
               only_entry(inner, commit);
    return t2v_fail(err, T2V_EIO,
                    "a folder of the hub's cache; the model is below it: --model DIR/snapshots/%s",
                    one ? commit : "COMMIT");
}

static int diagnose_contents(const char *dir, const struct listing *list, struct t2v_err *err)
{
    char inner[NAME_BYTES], path[PATH_MAX];
    struct listing below;
    if (list->n == 0)
        return t2v_fail(
            err, T2V_EIO,
            "an empty directory: no config.json, no weights (`models/fetch NAME` brings a "
            "model)");
    if (list->adapter)
        return t2v_fail(
            err, T2V_EUNSUPPORTED,
            "an adapter (LoRA) without its base model: merge the two and save the whole "
            "model (peft's merge_and_unload)");
    if (*list->cached != '\0' || (list->snapshots && list->refs))
        return diagnose_cache(dir, list, err);
    if (*list->alien != '\0')
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "no config.json, but %.60s: %s; t2v reads model.safetensors or "
                        "pytorch_model.bin (`models/fetch NAME` brings a model)",
                        list->alien, foreign[list->alien_kind].what);
    if (only_entry(dir, inner) && t2v_file_join(path, sizeof path, dir, inner, NULL) == 0 &&
        list_dir(path, &below) && (below.config || below.modules))
        return t2v_fail(err, T2V_EIO, "no config.json here, but in %.100s below it", inner);
    return t2v_fail(
        err, T2V_EIO,
        "no model here: there is no config.json (see --model; `models/fetch NAME` brings "
        "a model)");
}

/* A model without weights that we read, beside some that we do not. */
static int diagnose_weights(const struct listing *list, struct t2v_err *err)
{
    if (list->weights || list->modules || *list->alien == '\0')
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "no weights that t2v reads: %.60s is %s; model.safetensors or "
                    "pytorch_model.bin is needed (`models/fetch NAME` brings one)",
                    list->alien, foreign[list->alien_kind].what);
}

int t2v_diagnose_dir(const char *dir, struct t2v_err *err)
{
    struct stat st;
    struct listing list;
    if (stat(dir, &st) != 0)
        return diagnose_missing(dir, errno, err);
    if (!S_ISDIR(st.st_mode))
        return diagnose_file(dir, err);
    bool listed = access(dir, X_OK) == 0 && list_dir(dir, &list);
    if (!listed && errno == EACCES)
        return t2v_fail(err, T2V_EIO, "no permission: user %u may not read this directory",
                        (unsigned)geteuid());
    if (!listed)
        return t2v_fail(err, T2V_EIO, "cannot be listed: %s", strerror(errno));
    if (*list.dangling != '\0')
        return t2v_fail(err, T2V_EIO,
                        "%.80s is a link to a file that is not there (a hub snapshot was copied "
                        "without its blobs?)",
                        list.dangling);
    if (list.config)
        return diagnose_weights(&list, err);
    bool may_be_static = list.tokenizer && list.weights && !list.adapter;
    return list.modules || may_be_static ? 0 : diagnose_contents(dir, &list, err);
}
