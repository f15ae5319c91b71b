/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/record.h: reading one resource record (RFC 1035 section 4.1.3), and where names stand in its
 * RDATA.
 */
#ifndef TARN_DNS_RECORD_H
#define TARN_DNS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"

enum {
	TARN__RECORD_FIXED_LEN = 10, /* TYPE, CLASS, TTL and RDLENGTH */
	TARN__RECORD_MIN = 1 + TARN__RECORD_FIXED_LEN, /* the root's, without RDATA */
};

struct tarn__record {
	size_t owner_at, type_at; /* where its owner name and its TYPE stand */
	uint8_t owner[TARN__NAME_MAX];
	size_t owner_len;
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *rdata;
	uint16_t rdata_len;
};

/* false: malformed, and the reader has failed. RDATA is only known to end within the message. */
bool tarn__record_read(struct tarn__reader *, struct tarn__record *);

/*
 * The part of an RDATA that holds names: octets, then character-strings, then names, then the rest.
 * A type that is not known is all rest (RFC 3597 section 4).
 */
struct tarn__rdata_form {
	uint8_t octets, strings, names;
	int8_t rest; /* octets, exactly; TARN__RDATA_ANY */
	bool can_compress; /* the types of RFC 1035 only */
};
enum { TARN__RDATA_ANY = -1 };

struct tarn__rdata_form tarn__rdata_form(uint16_t type);

#endif
