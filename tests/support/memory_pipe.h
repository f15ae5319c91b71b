/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support/memory_pipe.h: two pipes in one process (base/pipe.h): what is sent on one is received on the other. A
 * pipe may be narrow, slow, ended or broken, as sockets are.
 */
#ifndef TESTS_SUPPORT_MEMORY_PIPE_H
#define TESTS_SUPPORT_MEMORY_PIPE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/pipe.h"

enum { MEMORY_PIPE_ROOM = 1 << 18 }; /* octets under way, as in a socket's buffer */

struct memory_pipe {
	struct tarn__pipe pipe;
	struct memory_pipe *peer;
	uint8_t *octets; /* what the peer has sent */
	size_t begin, end; /* of them, what has not been received */
	size_t recv_max; /* octets for each call of recv() */
	size_t send_left; /* octets that send() takes before it blocks */
	int error; /* with which both calls fail; 0: they do not */
	bool is_ended; /* the peer sends no more */
	size_t recv_count, send_count; /* calls that gave or took octets */
};

static inline ssize_t memory_pipe_recv(struct tarn__pipe *base, void *out, size_t room)
{
	struct memory_pipe *pipe = TARN__CONTAINER(base, struct memory_pipe, pipe);
	size_t len = pipe->end - pipe->begin;
	len = len < room ? len : room;
	len = len < pipe->recv_max ? len : pipe->recv_max;
	if (pipe->error || (len == 0 && !pipe->is_ended)) {
		errno = pipe->error ? pipe->error : EAGAIN;
		return -1;
	}
	if (len > 0)
		memcpy(out, pipe->octets + pipe->begin, len);
	pipe->begin += len;
	pipe->recv_count += len > 0;
	return (ssize_t)len;
}

static inline ssize_t memory_pipe_send(struct tarn__pipe *base, const void *octets, size_t len)
{
	struct memory_pipe *pipe = TARN__CONTAINER(base, struct memory_pipe, pipe);
	struct memory_pipe *to = pipe->peer;
	if (to->begin == to->end)
		to->begin = to->end = 0;
	size_t room = MEMORY_PIPE_ROOM - to->end;
	room = room < pipe->send_left ? room : pipe->send_left;
	len = len < room ? len : room;
	if (pipe->error || to->is_ended || len == 0) {
		errno = pipe->error ? pipe->error : to->is_ended ? EPIPE : EAGAIN;
		return -1;
	}
	memcpy(to->octets + to->end, octets, len);
	to->end += len;
	pipe->send_left -= len;
	pipe->send_count++;
	return (ssize_t)len;
}

static inline void memory_pipe_end(struct tarn__pipe *base)
{
	TARN__CONTAINER(base, struct memory_pipe, pipe)->peer->is_ended = true;
}

/* Makes both ends, wide and fast. */
static inline void memory_pipes_init(struct memory_pipe pipes[2])
{
	static const struct tarn__pipe_ops ops = {
		.recv = memory_pipe_recv, .send = memory_pipe_send, .end = memory_pipe_end};
	for (size_t i = 0; i < 2; i++) {
		pipes[i] = (struct memory_pipe){.pipe.ops = &ops,
						.peer = &pipes[1 - i],
						.octets = malloc(MEMORY_PIPE_ROOM),
						.recv_max = SIZE_MAX,
						.send_left = SIZE_MAX};
		if (!pipes[i].octets)
			abort();
	}
}

static inline void memory_pipes_fini(struct memory_pipe pipes[2])
{
	free(pipes[0].octets);
	free(pipes[1].octets);
}

#endif
