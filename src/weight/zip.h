/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_ZIP_H
#define T2V_WEIGHT_ZIP_H
/*
 * Reads the directory of a zip file with stored (uncompressed) entries, as torch.save writes it,
 * with zip64. Every entry is checked to be before the directory, to match its local header, and to
 * share no byte with another. CRC-32 sums are not checked: that would read all of a file of
 * gigabytes.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/map.h"

struct t2v_zip_entry {
    struct t2v_str name; /* in the file */
    const uint8_t *data; /* [len], in the file; not aligned */
    size_t len;
    size_t begin, end; /* offsets in the file, of the local header and the data */
};

struct t2v_zip {
    struct t2v_zip_entry *entries; /* [n], by their place in the file */
    size_t n;
    struct t2v_map by_name; /* -> index in entries */
};

/* Reads the directory of bytes[0..len), which must outlive the zip. T2V_EFORMAT, T2V_EUNSUPPORTED,
 * T2V_ETOOLARGE or T2V_ENOMEM, with messages that do not name the file. Call t2v_zip_deinit after a
 * failure, too. */
int t2v_zip_init(struct t2v_zip *zip, const uint8_t *bytes, size_t len, struct t2v_err *err);
void t2v_zip_deinit(struct t2v_zip *zip);

/* The entry of that name, or NULL. */
const struct t2v_zip_entry *t2v_zip_find(const struct t2v_zip *zip, struct t2v_str name);

#endif
