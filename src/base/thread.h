/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_THREAD_H
#define T2V_BASE_THREAD_H
#include <pthread.h>

/* Starts a thread that takes no signals from outside: they are for the thread that runs the event
 * loop. 0 or T2V_ENOMEM. */
int t2v_thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/* Gives the calling thread about a tenth of the processor while threads of normal priority want it
 * whole. Where the system refuses, nothing changes. */
void t2v_thread_lower_priority(void);

#endif
