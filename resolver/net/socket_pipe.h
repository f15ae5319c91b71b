/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/socket_pipe.h: the plain pipe (base/pipe.h): a stream socket.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SOCKET_PIPE_H
#define TARN_NET_SOCKET_PIPE_H

#include "base/pipe.h"

struct tarn__socket_pipe {
	struct tarn__pipe pipe;
	int fd; /* a non-blocking stream socket, borrowed */
};

void tarn__socket_pipe_init(struct tarn__socket_pipe *, int fd);

#endif
