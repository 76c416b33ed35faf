/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_CLERK_H
#define T2V_HTTP_CLERK_H
/*
 * The worker thread that reads large bodies and writes large answers, so that the loop thread never
 * does anything long: 16 MiB of JSON take some 0.3 s, and a probe that waits 0.5 s has failed.
 * Small bodies and answers, nearly all, are not sent here, but for those of texts to generate:
 * their templates, tokens and schemas may take longer. They do not wait for large ones, but for the
 * one that is under way.
 */
#include "base/pulse.h"
#include "http/job.h"

typedef struct t2v_clerk t2v_clerk;

/* done is called on the clerk's thread for every job given. pulse counts the jobs
 * that the clerk has, and notes its progress. Both are borrowed. T2V_ENOMEM, also where no thread
 * can be started. */
int t2v_clerk_new(const struct t2v_service *service, struct t2v_pulse *pulse,
                  void (*done)(struct t2v_job *job), t2v_clerk **out);
/* Returns jobs that it has not begun unprocessed, and ends the thread. NULL is allowed. */
void t2v_clerk_free(t2v_clerk *clerk);

/* From the loop thread: t2v_job_do_stage(job), then done(job). */
void t2v_clerk_give(t2v_clerk *clerk, struct t2v_job *job);

#endif
