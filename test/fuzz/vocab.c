/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the legacy files of a tokenizer: vocab.txt, tokenizer_config.json,
 * special_tokens_map.json and added_tokens.json, separated by NULs (an empty or missing one does
 * not exist), then a text.
 */
#include "tokenize.h"

static const char *const names[] = {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json",
                                    "added_tokens.json"};
enum { N_NAME = sizeof names / sizeof names[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    folder_make(names, N_NAME);
    for (int i = 0; i < N_NAME; i++)
        folder_put_next(names[i], &data, &size);
    folder_tokenize((struct t2v_str){(const char *)data, size});
    return 0;
}
