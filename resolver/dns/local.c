/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/local.c: local answers, of one record each. */
#include "dns/local.h"

#include "dns/name.h"
#include "dns/stored.h"

enum { ROOM = TARN__LOCAL_MAX - TARN__STORED_HEAD_LEN - 2 /* one offset */ };

/* Begins the stored form and its record. The owner is the last owner_len octets of QNAME. */
static void begin(struct tarn__stored_writer *writer, const struct tarn__query *query,
		  const struct tarn__stored_head *head, size_t owner_len, uint16_t type,
		  uint32_t ttl, uint8_t *out)
{
	tarn__stored_begin(writer, out, ROOM, head, query->qname, query->qname_len);
	tarn__stored_begin_record(writer, query->qname + query->qname_len - owner_len, owner_len,
				  type, query->qclass, ttl);
}

static size_t end(struct tarn__stored_writer *writer)
{
	tarn__stored_end_record(writer);
	return tarn__stored_end(writer);
}

static size_t write_soa(const struct tarn__query *query, const struct tarn__stored_head *head,
			size_t zone_len, uint32_t ttl, uint8_t *out)
{
	static const uint8_t rname[] = "\6nobody\7invalid";
	static const uint32_t numbers[] = {1, 3600, 1200, 604800};
	struct tarn__stored_writer writer;
	begin(&writer, query, head, zone_len, TARN__TYPE_SOA, ttl, out);
	/* RDATA does not depend on a client's spelling. */
	uint8_t mname[TARN__NAME_MAX];
	tarn__name_fold(mname, query->qname + query->qname_len - zone_len, zone_len);
	tarn__pack_rdata_name(&writer.packer, mname, zone_len);
	tarn__pack_rdata_name(&writer.packer, rname, sizeof(rname));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		tarn__pack32(&writer.packer, numbers[i]);
	tarn__pack32(&writer.packer, ttl);
	return end(&writer);
}

size_t tarn__local_negative(const struct tarn__query *query, uint16_t rcode, size_t zone_len,
			    uint32_t ttl, uint8_t out[TARN__LOCAL_MAX])
{
	const struct tarn__stored_head head = {.rcode = rcode, .authority_count = 1};
	return write_soa(query, &head, zone_len, ttl, out);
}

size_t tarn__local_soa(const struct tarn__query *query, uint32_t ttl, uint8_t out[TARN__LOCAL_MAX])
{
	const struct tarn__stored_head head = {.rcode = TARN__NOERROR, .answer_count = 1};
	return write_soa(query, &head, query->qname_len, ttl, out);
}

size_t tarn__local_record(const struct tarn__query *query, uint16_t type, uint32_t ttl,
			  const void *rdata, size_t rdata_len, uint8_t out[TARN__LOCAL_MAX])
{
	const struct tarn__stored_head head = {.rcode = TARN__NOERROR, .answer_count = 1};
	struct tarn__stored_writer writer;
	begin(&writer, query, &head, query->qname_len, type, ttl, out);
	tarn__pack_octets(&writer.packer, rdata, rdata_len);
	return end(&writer);
}
