/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BANNED_H
#define T2V_BASE_BANNED_H
/*
 * Makes calls of banned functions compile errors. Include it last in every .c file. The first group
 * overruns buffers or loses errors. The second depends on the locale or knows only ASCII. The third
 * allocates memory that the tests' fault injection would not see; use base/mem.h.
 */
#undef alloca
#pragma GCC poison alloca strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol atof
#pragma GCC poison setlocale strtod strtof tolower toupper isalpha isalnum isspace isdigit isupper
#ifndef T2V_BASE_MEM_C
#pragma GCC poison malloc calloc realloc strdup strndup aligned_alloc posix_memalign
#endif

#endif
