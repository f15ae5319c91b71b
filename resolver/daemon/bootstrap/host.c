/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/host.c: addresses of a server, from answers. */
#include "daemon/bootstrap/host.h"

#include <string.h>

#include "dns/name.h"
#include "dns/record.h"

enum { NO_RCODE = 0xff };

/* ---- answers --------------------------------------------------------------------------------- */

/* RFC 1122 section 3.2.1.3, RFC 5771, RFC 4291 sections 2.5.2 and 2.7. */
static bool is_of_a_host(const struct tarn__ip *ip)
{
	static const uint8_t zeros[TARN__IPV6_LEN];
	if (ip->len == TARN__IPV4_LEN)
		return ip->octets[0] != 0 && ip->octets[0] < 224;
	return memcmp(ip->octets, zeros, sizeof(zeros)) != 0 && ip->octets[0] != 0xff;
}

static void take_address(const struct tarn__record *record, size_t len,
			 struct tarn__host_answer *out)
{
	struct tarn__ip ip = {.len = (uint8_t)len};
	if (record->rdata_len != len || out->count == TARN__HOST_ANSWER_MAX)
		return;
	memcpy(ip.octets, record->rdata, len);
	if (is_of_a_host(&ip))
		out->items[out->count++] = ip;
}

/* The TTL is the shortest of the chain. */
static void take_records(struct tarn__reader *reader, unsigned count, uint16_t type,
			 struct tarn__host_answer *out)
{
	size_t len = type == TARN__TYPE_A ? TARN__IPV4_LEN : TARN__IPV6_LEN;
	out->ttl = TARN__HOST_TTL_MAX;
	for (; count > 0; count--) {
		struct tarn__record record;
		if (!tarn__record_read(reader, &record))
			break;
		if (record.class != TARN__CLASS_IN)
			continue;
		if (record.ttl < out->ttl)
			out->ttl = record.ttl;
		if (record.type == type)
			take_address(&record, len, out);
	}
	if (out->ttl < TARN__HOST_TTL_MIN || out->count == 0)
		out->ttl = TARN__HOST_TTL_MIN;
}

void tarn__host_read(const uint8_t *wire, size_t len, uint16_t type, struct tarn__host_answer *out)
{
	*out = (struct tarn__host_answer){.rcode = NO_RCODE, .ttl = TARN__HOST_TTL_MIN};
	if (!wire || len < TARN__HEADER_LEN)
		return;
	out->rcode = tarn__get16(wire + 2) & TARN__FLAG_RCODE;
	if (out->rcode != TARN__NOERROR && out->rcode != TARN__NXDOMAIN)
		return;
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	uint8_t qname[TARN__NAME_MAX];
	if (tarn__get16(wire + 4) == 1 && tarn__name_read(&reader, qname) > 0)
		tarn__read_octets(&reader, 4);
	take_records(&reader, tarn__get16(wire + 6), type, out);
	out->result = out->count > 0 ? TARN__HOST_FOUND : TARN__HOST_NONE;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool has(const struct tarn__ip *items, size_t count, const struct tarn__ip *ip)
{
	for (size_t i = 0; i < count; i++) {
		if (tarn__ip_is_equal(&items[i], ip))
			return true;
	}
	return false;
}

/* Those of one family, the known ones first. */
static void order_family(const struct tarn__host_addresses *known,
			 const struct tarn__host_answer *answer, size_t len,
			 struct tarn__host_answer *out)
{
	out->count = 0;
	for (size_t i = 0; i < known->count; i++) {
		const struct tarn__ip *ip = &known->items[i];
		bool stays = answer->result == TARN__HOST_FAILED ||
			     has(answer->items, answer->count, ip);
		if (ip->len == len && stays)
			out->items[out->count++] = *ip;
	}
	for (size_t i = 0; i < answer->count && out->count < TARN__HOST_ANSWER_MAX; i++) {
		if (!has(out->items, out->count, &answer->items[i]))
			out->items[out->count++] = answer->items[i];
	}
}

/* In turn, so that both families are there. */
static void merge(const struct tarn__host_answer *a, const struct tarn__host_answer *b,
		  struct tarn__host_addresses *out)
{
	out->count = 0;
	for (size_t i = 0; i < TARN__HOST_ADDRESSES_MAX; i++) {
		if (i < a->count && out->count < TARN__HOST_ADDRESSES_MAX)
			out->items[out->count++] = a->items[i];
		if (i < b->count && out->count < TARN__HOST_ADDRESSES_MAX)
			out->items[out->count++] = b->items[i];
	}
}

static bool is_same_set(const struct tarn__host_addresses *a, const struct tarn__host_addresses *b)
{
	size_t i = 0;
	while (i < a->count && has(b->items, b->count, &a->items[i]))
		i++;
	return a->count == b->count && i == a->count;
}

bool tarn__host_update(struct tarn__host_addresses *known, const struct tarn__host_answer *ipv4,
		       const struct tarn__host_answer *ipv6)
{
	struct tarn__host_answer of_ipv4, of_ipv6;
	struct tarn__host_addresses found;
	order_family(known, ipv4, TARN__IPV4_LEN, &of_ipv4);
	order_family(known, ipv6, TARN__IPV6_LEN, &of_ipv6);
	merge(&of_ipv6, &of_ipv4, &found);
	if (found.count == 0 || is_same_set(&found, known))
		return false;
	*known = found;
	return true;
}
