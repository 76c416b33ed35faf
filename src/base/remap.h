/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_REMAP_H
#define T2V_BASE_REMAP_H
/*
 * Replaces pages of a read-only mapping that other threads may be reading: they see the old ones or
 * the new ones, and what they compute is computed again. Only system calls are made, so a signal
 * handler may use it, and ThreadSanitizer does not count them as writes. False: it failed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maps the file fd over at[0..len). */
bool t2v_remap_file(void *at, size_t len, int fd);
/* Zeros from the page that holds address `from` to the end of ptr[0..len). */
bool t2v_remap_zeros(const uint8_t *ptr, size_t len, uintptr_t from);
/* Moves copy[0..len), an anonymous mapping, to `at`; it is read-only then. On failure copy stays.
 */
bool t2v_remap_copy(void *at, void *copy, size_t len);

#endif
