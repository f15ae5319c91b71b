/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/local.c: answers of our own; each has one record. */
#include "dns/local.h"

#include "dns/answer.h"
#include "dns/name.h"
#include "dns/pack.h"
#include "dns/stored.h"

enum { RECORDS_AT = TARN__STORED_HEAD_LEN + 2 /* one offset */ };

/* The stored form up to the record's RDATA. The owner is the last owner_len octets of qname. */
static void open_record(struct tarn__packer *packer, const struct tarn__query *query,
			uint16_t rcode, bool is_answer, size_t owner_len, uint16_t type,
			uint32_t ttl, uint8_t *out)
{
	out[0] = (uint8_t)rcode;
	out[TARN__STORED_ANSWER_SOURCE_AT] = TARN__ANSWER_SOURCE_UNKNOWN;
	tarn__put16(out + TARN__STORED_ANSWERS_AT, is_answer);
	tarn__put16(out + TARN__STORED_AUTHORITIES_AT, !is_answer);
	tarn__pack_start(packer, out + RECORDS_AT, TARN__LOCAL_MAX - RECORDS_AT, query->qname,
			 query->qname_len);
	tarn__pack_owner(packer, query->qname + query->qname_len - owner_len, owner_len);
	tarn__pack16(packer, type);
	tarn__pack16(packer, query->qclass);
	tarn__put16(out + TARN__STORED_HEAD_LEN, (uint16_t)packer->len);
	tarn__pack32(packer, ttl);
	tarn__pack16(packer, 0);
}

/* rdata_at is where open_record() ended. */
static size_t close_record(struct tarn__packer *packer, size_t rdata_at)
{
	tarn__put16(packer->wire + rdata_at - 2, (uint16_t)(packer->len - rdata_at));
	return RECORDS_AT + packer->len;
}

size_t tarn__local_negative(const struct tarn__query *query, uint16_t rcode, size_t zone_len,
			    uint32_t ttl, uint8_t out[TARN__LOCAL_MAX])
{
	static const uint8_t rname[] = "\6nobody\7invalid";
	static const uint32_t numbers[] = {1, 3600, 1200, 604800};
	struct tarn__packer packer;
	open_record(&packer, query, rcode, false, zone_len, TARN__TYPE_SOA, ttl, out);
	size_t rdata_at = packer.len;
	/* Not as the client spelt it: that is for owner names. */
	uint8_t mname[TARN__NAME_MAX];
	tarn__name_fold(mname, query->qname + query->qname_len - zone_len, zone_len);
	tarn__pack_rdata_name(&packer, mname, zone_len);
	tarn__pack_rdata_name(&packer, rname, sizeof(rname));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		tarn__pack32(&packer, numbers[i]);
	tarn__pack32(&packer, ttl);
	return close_record(&packer, rdata_at);
}

size_t tarn__local_record(const struct tarn__query *query, uint16_t type, uint32_t ttl,
			  const void *rdata, size_t rdata_len, uint8_t out[TARN__LOCAL_MAX])
{
	struct tarn__packer packer;
	open_record(&packer, query, TARN__NOERROR, true, query->qname_len, type, ttl, out);
	size_t rdata_at = packer.len;
	tarn__pack_octets(&packer, rdata, rdata_len);
	return close_record(&packer, rdata_at);
}
