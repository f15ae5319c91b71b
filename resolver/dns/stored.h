/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/stored.h: the octets of the stored form, for the two files that share it: answer.c makes it,
 * reply.c reads it. It has no alignment.
 *
 *	0  1  rcode, and STORED_AD
 *	1  1  origin: see tarn__stored_answer_source()
 *	2  2  records in the answer section: a
 *	4  2  records in the authority section: b
 *	6  2  for each of the a + b records: where its TTL stands in the records
 *	...   the records
 *
 * No TTL here is above TARN__TTL_MAX. The top bit of a TTL field tells that the record is of the
 * same RRset as the one before: a reply can be cut between RRsets without looking at names.
 */
#ifndef TARN_DNS_STORED_H
#define TARN_DNS_STORED_H

#include <stdint.h>

enum {
	TARN__STORED_RCODE = 0x0f,
	TARN__STORED_AD = 0x10,
	TARN__STORED_ANSWER_SOURCE_AT = 1,
	TARN__STORED_ANSWERS_AT = 2,
	TARN__STORED_AUTHORITIES_AT = 4,
	TARN__STORED_HEAD_LEN = 6,
};

#define TARN__STORED_SAME_RRSET UINT32_C(0x80000000)

#endif
