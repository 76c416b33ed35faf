/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_H
#define T2V_TEST_FUZZ_H
/*
 * What the targets share. A target is a file with one LLVMFuzzerTestOneInput: it gives foreign
 * bytes to a parser and traps when what comes back breaks the parser's own promises; sanitizers see
 * the rest. `./run SECONDS` searches with libFuzzer; main.c replays corpus/TARGET/ without any
 * engine. An input that once failed goes into the corpus, under a name that says what was wrong.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert, also in a release build. */
#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x))                                                                                  \
            __builtin_trap();                                                                      \
    } while (0)

#endif
