/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BANNED_H
#define T2V_BASE_BANNED_H
/*
 * Functions that must not be called, made into compile errors. Include it last in every .c file.
 * The first group overruns or loses errors; the second depends on the locale or knows only ASCII;
 * the third is memory that the fault injection of the tests would not see (base/mem.h has its
 * like).
 */
#undef alloca
#pragma GCC poison alloca strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol atof
#pragma GCC poison setlocale strtod strtof tolower toupper isalpha isalnum isspace isdigit isupper
#ifndef T2V_BASE_MEM_C
#pragma GCC poison malloc calloc realloc strdup strndup aligned_alloc posix_memalign
#endif

#endif
