/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_H
#define T2V_TEST_FUZZ_H
/*
 * Shared by the targets. A target is a file with one LLVMFuzzerTestOneInput: it gives arbitrary
 * bytes to a parser and traps if the result breaks the parser's contract; sanitizers find the rest.
 * `./run SECONDS` fuzzes with libFuzzer; main.c replays corpus/TARGET/ without a fuzzing engine. An
 * input that failed once goes into the corpus, under a name that says what was wrong.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert, but also in a release build. */
#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x))                                                                                  \
            __builtin_trap();                                                                      \
    } while (0)

#endif
