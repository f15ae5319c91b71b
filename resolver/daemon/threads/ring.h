/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/ring.h: a queue of records from one thread to another. Neither thread waits: a record that
 * does not fit is dropped and counted.
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

struct tarn__ring { /* all zeros: empty */
	_Alignas(64) _Atomic uint64_t
		put; /* octets put since the start; written by the putting thread */
	_Atomic uint64_t lost; /* records dropped; written by the putting thread */
	/* octets taken since the start; written by the taking thread */
	_Alignas(64) _Atomic uint64_t taken;
	uint8_t octets[TARN__RING_SIZE];
};

/* Puts a record of at least one octet, given in two parts. Thread: the putting one. */
void tarn__ring_put(struct tarn__ring *, const void *head, size_t head_len, const void *tail,
		    size_t tail_len);

/* Takes the oldest record. Returns its length in octets; 0: the ring is empty. Thread: the taking one. */
size_t tarn__ring_take(struct tarn__ring *, uint8_t out[TARN__RING_RECORD_MAX]);

/* Thread: the taking one. Sees every record that was put before the call. */
bool tarn__ring_is_empty(const struct tarn__ring *);

/* Thread: any. */
uint64_t tarn__ring_lost(const struct tarn__ring *);

#endif
