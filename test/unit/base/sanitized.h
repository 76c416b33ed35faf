/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_SANITIZED_H
#define T2V_TEST_SANITIZED_H
/*
 * Whether gcc built this test with AddressSanitizer or ThreadSanitizer. It is many times as slow
 * then, so a size that only makes it take longer is smaller.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { T2V_TEST_SANITIZED = 1 };
#else
enum { T2V_TEST_SANITIZED = 0 };
#endif

#endif
