/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/local.h: answers of our own, in the stored form of dns/answer.h, so that they are cut, aged
 * and sent like every other. Pure functions over a question.
 */
#ifndef TARN_DNS_LOCAL_H
#define TARN_DNS_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"

/* Room for any of these. */
enum { TARN__LOCAL_MAX = 1024 };

/*
 * NXDOMAIN, or NODATA where rcode is NOERROR, with the SOA of the zone that the last zone_len octets
 * of qname name: its own nobody's (RFC 6303 section 3). ttl is both the SOA's TTL and its MINIMUM,
 * in seconds. Returns the octets written.
 */
size_t tarn__local_negative(const struct tarn__query *, uint16_t rcode, size_t zone_len,
			    uint32_t ttl, uint8_t out[TARN__LOCAL_MAX]);

/* One record at qname, of the question's class; rdata_len is at most 256. */
size_t tarn__local_record(const struct tarn__query *, uint16_t type, uint32_t ttl,
			  const void *rdata, size_t rdata_len, uint8_t out[TARN__LOCAL_MAX]);

#endif
