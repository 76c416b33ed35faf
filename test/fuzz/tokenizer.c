/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as tokenizer.json, which then tokenises texts. If the input has a NUL, the part after
 * its last one is also a text.
 */
#include "tokenize.h"

static const char *const names[] = {"tokenizer.json"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    folder_make(names, 1);
    const uint8_t *nul = size != 0 ? memrchr(data, '\0', size) : NULL;
    size_t n_json = nul != NULL ? (size_t)(nul - data) : size;
    struct t2v_str text = {(const char *)data + n_json, size - n_json};
    folder_put(names[0], size != 0 ? data : (const uint8_t *)"", n_json);
    folder_tokenize(text.len != 0 ? t2v_str_skip(text, 1) : text);
    return 0;
}
