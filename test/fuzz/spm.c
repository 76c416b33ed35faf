/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a SentencePiece model, after the first line feed. The part before that is
 * tokenizer_config.json, which names the class. Then it tokenises texts.
 */
#include "tokenize.h"

static const char *const names[] = {"tokenizer_config.json", "spiece.model",
                                    "sentencepiece.bpe.model"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    folder_make(names, 3);
    const uint8_t *end = size != 0 ? memchr(data, '\n', size) : NULL;
    size_t n = end != NULL ? (size_t)(end - data) : 0;
    const uint8_t *model = end != NULL ? end + 1 : (const uint8_t *)"";
    size_t n_model = end != NULL ? size - n - 1 : 0;
    folder_put(names[0], size != 0 ? data : (const uint8_t *)"", n);
    folder_put(names[1], model, n_model);
    folder_put(names[2], model, n_model);
    folder_tokenize(T2V_STR("e\xcc\x81 <mask>\xe2\x84\xa2  \xc2\xbd \xd8\x80ze\xcc\x81 A\r\n aab"));
    return 0;
}
