/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_PROBE_H
#define T2V_HTTP_API_PROBE_H
/* What watches and describes the service asks for; every operation answers at once. */
#include "http/api/api.h"

extern const struct t2v_api t2v_api_probe;

extern const struct t2v_operation t2v_probe_live;    /* 204, or 503 when work makes no progress */
extern const struct t2v_operation t2v_probe_ready;   /* 204, or 503 while shutting down */
extern const struct t2v_operation t2v_probe_health;  /* as ready, with 200 */
extern const struct t2v_operation t2v_probe_meta;    /* the model */
extern const struct t2v_operation t2v_probe_metrics; /* Prometheus text */
extern const struct t2v_operation t2v_probe_openapi; /* all APIs */

#endif
