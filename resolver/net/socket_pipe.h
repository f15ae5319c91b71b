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

/*
 * The same, but send() never fails: it takes nothing any more, as if the peer did not read, and recv() returns what
 * has come before the end. Events report such a socket as readable.
 */
void tarn__socket_pipe_init_mild(struct tarn__socket_pipe *, int fd);

#endif
