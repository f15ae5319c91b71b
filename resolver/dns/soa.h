/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/soa.h: the numbers of an SOA (RFC 1035 section 3.3.13), and the order of serials (RFC 1982). */
#ifndef TARN_DNS_SOA_H
#define TARN_DNS_SOA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

enum {
	TARN__SOA_NUMBERS_LEN = 20,
	TARN__SOA_MAX = 2 * TARN__NAME_MAX + TARN__SOA_NUMBERS_LEN, /* octets of RDATA */
};

struct tarn__soa {
	uint32_t serial;
	uint32_t refresh, retry, expire, minimum; /* seconds */
};

/* Reads RDATA without compression. Returns false if it is none of an SOA. */
static inline bool tarn__soa_read(const uint8_t *rdata, size_t len, struct tarn__soa *out)
{
	size_t mname = tarn__name_span(rdata, len);
	size_t rname = mname > 0 ? tarn__name_span(rdata + mname, len - mname) : 0;
	if (rname == 0 || len - mname - rname != TARN__SOA_NUMBERS_LEN)
		return false;
	const uint8_t *numbers = rdata + mname + rname;
	*out = (struct tarn__soa){.serial = tarn__get32(numbers),
				  .refresh = tarn__get32(numbers + 4),
				  .retry = tarn__get32(numbers + 8),
				  .expire = tarn__get32(numbers + 12),
				  .minimum = tarn__get32(numbers + 16)};
	return true;
}

/*
 * Returns true if a serial is newer than another one (RFC 1982 section 3.2). Of two that are half of all
 * numbers apart neither is.
 */
static inline bool tarn__serial_is_newer(uint32_t serial, uint32_t than)
{
	uint32_t distance = serial - than;
	return distance != 0 && distance < UINT32_C(0x80000000);
}

#endif
