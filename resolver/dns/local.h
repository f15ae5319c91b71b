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

enum {
	TARN__LOCAL_MAX = 1024, /* room for any of these */
	TARN__LOCAL_RDATA_MAX = 256, /* a TXT of one string */
};

/*
 * NXDOMAIN, or NODATA where rcode is NOERROR, with the SOA of the zone that the last zone_len
 * octets of qname name, as RFC 6303 section 3 has it. ttl is both the SOA's TTL and its MINIMUM, in
 * seconds, TARN__TTL_MAX at most. Returns the octets written.
 */
size_t tarn__local_negative(const struct tarn__query *, uint16_t rcode, size_t zone_len,
			    uint32_t ttl, uint8_t out[TARN__LOCAL_MAX]);

/*
 * NOERROR with one record at qname, of the question's class. ttl is TARN__TTL_MAX at most,
 * rdata_len TARN__LOCAL_RDATA_MAX. Returns the octets written.
 */
size_t tarn__local_record(const struct tarn__query *, uint16_t type, uint32_t ttl,
			  const void *rdata, size_t rdata_len, uint8_t out[TARN__LOCAL_MAX]);

#endif
