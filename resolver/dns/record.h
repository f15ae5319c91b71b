/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/record.h: reading one resource record (RFC 1035 section 4.1.3). */
#ifndef TARN_DNS_RECORD_H
#define TARN_DNS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

enum {
	TARN__RECORD_FIXED_LEN = 10, /* TYPE, CLASS, TTL and RDLENGTH */
	TARN__RECORD_MIN =
		1 + TARN__RECORD_FIXED_LEN, /* the owner is the root, and there is no RDATA */
};

struct tarn__record {
	size_t owner_at, type_at; /* offsets of the owner name and of TYPE in the message */
	uint8_t owner[TARN__NAME_MAX];
	size_t owner_len;
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *rdata;
	uint16_t rdata_len;
};

/*
 * Reads the next record. Returns false if it is malformed; then the reader has failed. Of the RDATA only
 * its end within the message is checked.
 */
bool tarn__record_read(struct tarn__reader *, struct tarn__record *);

/* The same from TYPE on, where the owner has been read: all of *out but the owner is set. */
bool tarn__record_read_fixed(struct tarn__reader *, struct tarn__record *);

#endif
