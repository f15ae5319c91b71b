/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/wire.h: a cursor over a message. Reading past the end sets failed and returns zeros, so that a
 * parser checks failed once, after several reads.
 */
#ifndef TARN_DNS_WIRE_H
#define TARN_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

struct tarn__reader {
	const uint8_t *wire; /* the whole message: compression pointers count from here */
	size_t at, end; /* end: of the message or of a part of it, e.g. an RDATA */
	bool failed;
};

static inline size_t tarn__reader_left(const struct tarn__reader *reader)
{
	return reader->end - reader->at;
}

static inline void tarn__reader_fail(struct tarn__reader *reader)
{
	reader->failed = true;
	reader->at = reader->end;
}

/* Returns the next len octets; NULL if fewer are left, and then the reader has failed. */
static inline const uint8_t *tarn__read_octets(struct tarn__reader *reader, size_t len)
{
	if (len > tarn__reader_left(reader)) {
		tarn__reader_fail(reader);
		return NULL;
	}
	const uint8_t *octets = reader->wire + reader->at;
	reader->at += len;
	return octets;
}

static inline uint8_t tarn__read8(struct tarn__reader *reader)
{
	const uint8_t *octets = tarn__read_octets(reader, 1);
	return octets ? octets[0] : 0;
}

static inline uint16_t tarn__read16(struct tarn__reader *reader)
{
	const uint8_t *octets = tarn__read_octets(reader, 2);
	return octets ? tarn__get16(octets) : 0;
}

#endif
