/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/ring.h: records of any octets on their way from one thread to one other. Nobody waits: what
 * finds no room is lost, and counted.
 */
#ifndef TARN_DAEMON_THREADS_RING_H
#define TARN_DAEMON_THREADS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARN__RING_SIZE = 1 << 18, /* octets */
	TARN__RING_RECORD_MAX = 1024, /* octets of a record */
};

struct tarn__ring { /* zeros: empty */
	_Alignas(64) _Atomic uint64_t put; /* octets ever put; the putting thread's */
	_Atomic uint64_t lost; /* records; the same thread's */
	_Alignas(64) _Atomic uint64_t taken; /* octets ever taken; the taking thread's */
	uint8_t octets[TARN__RING_SIZE];
};

/* A record of at least one octet, in two parts. Thread: the putting one. */
void tarn__ring_put(struct tarn__ring *, const void *head, size_t head_len, const void *tail,
		    size_t tail_len);

/* The oldest record. Returns its octets; 0: there is none. Thread: the taking one. */
size_t tarn__ring_take(struct tarn__ring *, uint8_t out[TARN__RING_RECORD_MAX]);

/* Thread: the taking one; sees all that was put before it. */
bool tarn__ring_is_empty(const struct tarn__ring *);

/* Thread: any. */
uint64_t tarn__ring_lost(const struct tarn__ring *);

#endif
