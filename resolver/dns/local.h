/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/local.h: local answers, which no server is asked for, in the stored form (dns/stored.h), so that they
 * are cut and sent as all others. Pure functions.
 */
#ifndef TARN_DNS_LOCAL_H
#define TARN_DNS_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"

enum {
	TARN__LOCAL_MAX = 1024, /* room for any of these */
	TARN__LOCAL_RDATA_MAX = 256, /* a TXT of one string */
};

/*
 * Writes NXDOMAIN, or NODATA if rcode is NOERROR, with the SOA of RFC 6303 section 3 for the zone that is
 * the last zone_len octets of QNAME. ttl, in seconds, is the TTL of the SOA and its MINIMUM, TARN__TTL_MAX
 * at most. Returns the octets written.
 */
size_t tarn__local_negative(const struct tarn__query *, uint16_t rcode, size_t zone_len,
			    uint32_t ttl, uint8_t out[TARN__LOCAL_MAX]);

/* Writes NOERROR with that SOA for the zone that is QNAME. Returns the octets written. */
size_t tarn__local_soa(const struct tarn__query *, uint32_t ttl, uint8_t out[TARN__LOCAL_MAX]);

/*
 * Writes NOERROR with one record owned by QNAME, of the question's class. ttl is TARN__TTL_MAX seconds at
 * most, rdata_len TARN__LOCAL_RDATA_MAX. Returns the octets written.
 */
size_t tarn__local_record(const struct tarn__query *, uint16_t type, uint32_t ttl,
			  const void *rdata, size_t rdata_len, uint8_t out[TARN__LOCAL_MAX]);

#endif
