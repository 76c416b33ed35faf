/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_THREAD_H
#define T2V_BASE_THREAD_H
#include <pthread.h>

/* Starts a thread with all signals blocked but SIGBUS: the thread of the event loop handles them. 0
 * or T2V_ENOMEM. */
int t2v_thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/* Lowers the priority of the calling thread: it gets about a tenth of a processor that it shares
 * with a busy thread of normal priority. Does nothing if the system refuses. */
void t2v_thread_lower_priority(void);

#endif
