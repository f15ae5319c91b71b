/* SPDX-License-Identifier: BSD-2-Clause */
/* net/socket_pipe.c: the plain pipe, a stream socket. */
#include "net/socket_pipe.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/list.h"

static int fd_of(struct tarn__pipe *pipe)
{
	return TARN__CONTAINER(pipe, struct tarn__socket_pipe, pipe)->fd;
}

static ssize_t socket_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	return recv(fd_of(pipe), out, room, 0);
}

static ssize_t socket_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	return send(fd_of(pipe), octets, len, MSG_NOSIGNAL);
}

static ssize_t mild_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	ssize_t sent = socket_send(pipe, octets, len);
	if (sent < 0)
		errno = EAGAIN;
	return sent;
}

static void socket_end(struct tarn__pipe *pipe)
{
	(void)shutdown(fd_of(pipe), SHUT_WR);
}

void tarn__socket_pipe_init(struct tarn__socket_pipe *pipe, int fd)
{
	static const struct tarn__pipe_ops ops = {
		.recv = socket_recv, .send = socket_send, .end = socket_end};
	*pipe = (struct tarn__socket_pipe){.pipe.ops = &ops, .fd = fd};
}

void tarn__socket_pipe_init_mild(struct tarn__socket_pipe *pipe, int fd)
{
	static const struct tarn__pipe_ops ops = {
		.recv = socket_recv, .send = mild_send, .end = socket_end};
	*pipe = (struct tarn__socket_pipe){.pipe.ops = &ops, .fd = fd};
}
