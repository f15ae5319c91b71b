/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/stream.h: DNS messages on a pipe, each behind its length in two octets (RFC 1035 section 4.2.2, RFC
 * 7766 section 8), for connections of clients and to servers. Memory is held only while a message is half
 * received or output waits to be taken.
 */
#ifndef TARN_NET_STREAM_H
#define TARN_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/framing.h"

/* Octets that wait: those of data from start up to end. */
struct tarn__octets {
	uint8_t *data;
	size_t start, end, size;
};

struct tarn__pipe;

struct tarn__stream {
	struct tarn__pipe *pipe;
	struct tarn__octets in, out;
};

/* The pipe is borrowed: fini frees the memory only. */
void tarn__stream_init(struct tarn__stream *, struct tarn__pipe *);
void tarn__stream_fini(struct tarn__stream *);

/*
 * Reads what is there, some thousand octets at most. TARN__STREAM_READ: octets came, see next(). _AGAIN: none
 * now. _END: the peer writes no more; octets may have come before. TARN_ESYSTEM with errno: broken, or no
 * memory.
 */
int tarn__stream_read(struct tarn__stream *);

/* The same, but discards what comes and what was read before. Needs no memory. */
int tarn__stream_discard(struct tarn__stream *);

/* The next whole message; *message is valid until the next read() or done(). */
bool tarn__stream_next(struct tarn__stream *, const uint8_t **message, size_t *len);

/* After the last next(): frees memory that holds nothing half received. */
void tarn__stream_done(struct tarn__stream *);

/* Returns true if a message is half received. */
bool tarn__stream_is_partial(const struct tarn__stream *);

/* Queues a message behind its length; len is at most 65,535. TARN_ENOMEM. */
int tarn__stream_put(struct tarn__stream *, const uint8_t *message, size_t len);

/*
 * Writes octets that bear their lengths already; what the pipe does not take is queued. As flush(),
 * or TARN_ENOMEM.
 */
int tarn__stream_write(struct tarn__stream *, const uint8_t *octets, size_t len);

/* Writes what is queued, as far as the pipe takes it. TARN_ESYSTEM with errno: broken. */
int tarn__stream_flush(struct tarn__stream *);

/* Returns the number of octets queued. */
size_t tarn__stream_pending(const struct tarn__stream *);

#endif
