/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/pipe.h: octets to and from a peer, in order, without blocking: what messages are read from and written
 * to. The plain pipe is a socket (net/socket_pipe.h); another kind, such as TLS (tls/tls.h), stands on a pipe
 * that it is given.
 *
 * Thread: one at a time.
 */
#ifndef TARN_BASE_PIPE_H
#define TARN_BASE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tarn__pipe;

struct tarn__pipe_ops {
	/* As recv(2): octets, 0 at the end, or -1 with errno: EAGAIN or EINTR is no error. */
	ssize_t (*recv)(struct tarn__pipe *, void *out, size_t room);
	/* As send(2): octets taken, or -1 with errno: EAGAIN, EINTR or ENOBUFS is no error. No SIGPIPE. */
	ssize_t (*send)(struct tarn__pipe *, const void *octets, size_t len);
	/* The peer reads its end; what it sends is still received. */
	void (*end)(struct tarn__pipe *);
	/*
	 * Returns true if recv() may have octets that no event of the socket reports: they have been read from
	 * it already. NULL: never.
	 */
	bool (*has_more)(const struct tarn__pipe *);
};

/* The first member of what a kind of pipe needs. */
struct tarn__pipe {
	const struct tarn__pipe_ops *ops;
};

static inline ssize_t tarn__pipe_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	return pipe->ops->recv(pipe, out, room);
}

static inline ssize_t tarn__pipe_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	return pipe->ops->send(pipe, octets, len);
}

static inline void tarn__pipe_end(struct tarn__pipe *pipe)
{
	pipe->ops->end(pipe);
}

static inline bool tarn__pipe_has_more(const struct tarn__pipe *pipe)
{
	return pipe->ops->has_more && pipe->ops->has_more(pipe);
}

#endif
