/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_DIAGNOSE_H
#define T2V_MODEL_DIAGNOSE_H
/*
 * What a path given as --model is, where no model can be read there: missing, a file, a name of the
 * hub, a folder of the hub's cache, another program's format. Each has its own message, which says
 * what to do.
 */
#include "base/error.h"

/* 0 where dir may be a model directory; what is in it is for its readers to judge. Else T2V_EIO or
 * T2V_EUNSUPPORTED; err does not name dir. */
int t2v_diagnose_dir(const char *dir, struct t2v_err *err);

#endif
