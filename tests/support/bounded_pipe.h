/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of a connection in memory: what one sends, the other receives. */

#ifndef TESTS_SUPPORT_BOUNDED_PIPE_H
#define TESTS_SUPPORT_BOUNDED_PIPE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/pipe.h"

struct memory_pipe {
	struct tarn__pipe pipe;
	struct memory_pipe *peer;
	/* what the peer has sent and this end has not received: octets of data from start up to end */
	uint8_t *data;
	size_t start, end, size;
	bool has_ended; /* the peer has */
	/* limits of this end, to be set by a test; as it begins there are none */
	size_t room; /* octets that wait here: the peer's send() gives EAGAIN beyond them */
	size_t grain; /* octets that one recv() gives at most */
	int send_error, recv_error; /* an errno; 0: none */
	size_t sends; /* calls of this end's send() that took octets */
};

static inline size_t memory_pipe_waiting(const struct memory_pipe *end)
{
	return end->end - end->start;
}

static inline ssize_t memory_pipe_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	struct memory_pipe *end = (struct memory_pipe *)pipe;
	size_t len = memory_pipe_waiting(end);
	if (end->recv_error != 0) {
		errno = end->recv_error;
		return -1;
	}
	if (len == 0 && end->has_ended)
		return 0;
	if (len == 0) {
		errno = EAGAIN;
		return -1;
	}
	len = len < room ? len : room;
	len = len < end->grain ? len : end->grain;
	memcpy(out, end->data + end->start, len);
	end->start += len;
	return (ssize_t)len;
}

static inline ssize_t memory_pipe_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	struct memory_pipe *end = (struct memory_pipe *)pipe, *peer = end->peer;
	size_t waiting = memory_pipe_waiting(peer);
	size_t room = waiting < peer->room ? peer->room - waiting : 0;
	if (end->send_error != 0 || room == 0) {
		errno = end->send_error != 0 ? end->send_error : EAGAIN;
		return -1;
	}
	len = len < room ? len : room;
	if (peer->start > 0) {
		memmove(peer->data, peer->data + peer->start, waiting);
		peer->start = 0;
		peer->end = waiting;
	}
	if (peer->end + len > peer->size) {
		peer->size = 2 * (peer->end + len);
		peer->data = realloc(peer->data, peer->size);
		if (!peer->data)
			abort();
	}
	memcpy(peer->data + peer->end, octets, len);
	peer->end += len;
	end->sends++;
	return (ssize_t)len;
}

static inline void memory_pipe_end(struct tarn__pipe *pipe)
{
	((struct memory_pipe *)pipe)->peer->has_ended = true;
}

static const struct tarn__pipe_ops memory_pipe_ops = {
	.recv = memory_pipe_recv, .send = memory_pipe_send, .end = memory_pipe_end};

static inline void memory_pipe_init(struct memory_pipe *one, struct memory_pipe *other)
{
	*one = (struct memory_pipe){{&memory_pipe_ops}, .peer = other};
	one->room = one->grain = SIZE_MAX;
	*other = (struct memory_pipe){{&memory_pipe_ops}, .peer = one};
	other->room = other->grain = SIZE_MAX;
}

static inline void memory_pipe_fini(struct memory_pipe *one)
{
	free(one->data);
	free(one->peer->data);
}

#endif
