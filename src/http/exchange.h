/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_EXCHANGE_H
#define T2V_HTTP_EXCHANGE_H
/*
 * Requests and answers on a connection: reads a request, refuses it, answers it or sends it on as a
 * job, and sends the answer. For the loop thread alone.
 */
#include "http/conn.h"

/* Reads requests and answers them, until more bytes are needed, a request has to wait, or it is the
 * turn of other connections (then the loop calls it again later). */
void t2v_exchange_go_on(struct t2v_conn *conn);
/* While STREAMING: sends the next bytes of the answer, if the client has taken those before. */
void t2v_exchange_stream(struct t2v_conn *conn);
/* While STREAMING: ends the answer with the event that its operation's `cut` writes, or cuts it
 * off; the connection closes after it. why: static. */
void t2v_exchange_end_stream(struct t2v_conn *conn, const char *why);
/* 503 to the request under way; the connection closes after it. why: static. */
void t2v_exchange_refuse_busy(struct t2v_conn *conn, const char *why);
/* 408, and the connection closes after it. */
void t2v_exchange_refuse_late(struct t2v_conn *conn);

#endif
