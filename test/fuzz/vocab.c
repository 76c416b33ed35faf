/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the older files of a tokenizer: vocab.txt, tokenizer_config.json,
 * special_tokens_map.json and added_tokens.json, one after the other with a NUL between them (a
 * file that does not come, or is empty, is not there), then a text.
 */
#include "folder.h"

static const char *const names[] = {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json",
                                    "added_tokens.json"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    folder_make(names, MAX_FILES);
    for (int i = 0; i < MAX_FILES; i++) {
        const uint8_t *nul = size != 0 ? memchr(data, '\0', size) : NULL;
        size_t n = nul != NULL ? (size_t)(nul - data) : size;
        folder_put(names[i], n != 0 ? data : NULL, n);
        size -= n + (nul != NULL);
        data = nul != NULL ? nul + 1 : data + n;
    }
    folder_tokenize((struct t2v_str){(const char *)data, size});
    return 0;
}
