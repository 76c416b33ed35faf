/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/output.h"

#include <errno.h>
#include <event2/buffer.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

static const uint64_t second_ns = 1000000000;

void t2v_output_init(struct t2v_output *output, struct bufferevent *bev, evutil_socket_t fd)
{
    *output = (struct t2v_output){.bev = bev, .fd = fd};
}

static void free_bytes(const void *data, size_t len, void *arg)
{
    (void)data, (void)len;
    t2v_free(arg);
}

size_t t2v_output_bytes(const struct t2v_output *output)
{
    return evbuffer_get_length(bufferevent_get_output(output->bev));
}

/* Bytes of the answer that the client has not taken: in our buffer and in the kernel's, which may
 * hold megabytes, and accepts more only when a third of it is free. */
static size_t unsent_bytes(const struct t2v_output *output)
{
    int queued = 0;
    if (ioctl(output->fd, SIOCOUTQ, &queued) != 0 || queued < 0)
        queued = 0;
    return t2v_output_bytes(output) + (size_t)queued;
}

/* Returns how many bytes the socket takes now; 0 if earlier bytes wait. Negative: it is broken. */
static ssize_t send_now(const struct t2v_output *output, struct t2v_str bytes)
{
    if (t2v_output_waits(output))
        return 0;
    ssize_t n = send(output->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

int t2v_output_send(struct t2v_output *output, struct t2v_str bytes, struct t2v_buf *owner)
{
    ssize_t n = send_now(output, bytes);
    if (n < 0)
        return T2V_EIO;
    size_t left = bytes.len - (size_t)n, n_taken;
    if (left == 0)
        return 1;
    char *taken = t2v_buf_take(owner, &n_taken);
    struct evbuffer *rest = bufferevent_get_output(output->bev);
    if (evbuffer_add_reference(rest, bytes.ptr + n, left, free_bytes, taken) != 0) {
        t2v_free(taken);
        return T2V_ENOMEM;
    }
    if (output->since_ns != 0) {
        output->unsent += left;
    } else {
        output->unsent = unsent_bytes(output);
        output->since_ns = t2v_clock_ns();
    }
    return 0;
}

bool t2v_output_waits(const struct t2v_output *output)
{
    return output->since_ns != 0;
}

void t2v_output_done(struct t2v_output *output)
{
    output->since_ns = 0;
}

bool t2v_output_is_slow(const struct t2v_output *output, uint64_t now_ns)
{
    return output->since_ns != 0 && now_ns > output->since_ns + second_ns;
}

double t2v_output_rate(const struct t2v_output *output, uint64_t now_ns)
{
    size_t left = unsent_bytes(output), taken = left < output->unsent ? output->unsent - left : 0;
    return (double)taken / ((double)(now_ns - output->since_ns) * 1e-9);
}
