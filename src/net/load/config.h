/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_CONFIG_H
#define T2V_NET_LOAD_CONFIG_H
/*
 * Settings from config.json. Every error names config.json and the key. Private to net/, and to
 * task/classify/, which reads config.json alike.
 */
#include "base/error.h"
#include "json/json.h"
#include "kernel/kernel.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Defaults for sizes that config.json lacks: those of the family's config class in Transformers.
 * Most such files are then refused, because their weights have other shapes. */
struct t2v_absent {
    int64_t hidden, heads, inter, n_layer, vocab, positions;
};

/* An integer of config.json in [min, max]. */
struct t2v_size_key {
    const char *key;
    int64_t min, max;
    int64_t absent; /* value if the key is absent or null; negative: that is an error */
    size_t *to;
};
int t2v_config_sizes(const t2v_json *config, const struct t2v_size_key *keys, size_t n_key,
                     struct t2v_err *err);
int t2v_config_float(const t2v_json *config, const char *key, double min, double max, double absent,
                     float *out, struct t2v_err *err);
int t2v_config_bool(const t2v_json *config, const char *key, bool absent, bool *out,
                    struct t2v_err *err);
/* A string; absent: its value if the key is absent. null is an error. */
int t2v_config_word(const t2v_json *config, const char *key, const char *absent,
                    struct t2v_str *out, struct t2v_err *err);
/* The activation of that name in Transformers. key: for the error message. */
int t2v_act_of(struct t2v_str name, const char *key, enum t2v_act *out, struct t2v_err *err);
/* The activation named by a key; absent: the name if the key is absent. null is an error. */
int t2v_config_act(const t2v_json *config, const char *key, const char *absent, enum t2v_act *out,
                   struct t2v_err *err);

#endif
