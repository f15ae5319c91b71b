/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rpz.h: what a record of a response policy zone says (draft-vixie-dnsop-dns-rpz-00), as a rule of a
 * list of names (dns/namelist_rule.h). The owner without the zone's name is the trigger:
 *
 *	NAME                  that name
 *	*.NAME                all names below it
 *	PREFIX.rpz-client-ip  clients with these addresses (dns/rpz_prefix.h)
 *	PREFIX.rpz-ip         answers with one of these addresses
 *
 * The record is the action:
 *
 *	CNAME .               NXDOMAIN
 *	CNAME *.              NODATA
 *	CNAME rpz-passthru.   the real answer; so is a CNAME to the trigger's name, which older zones have
 *	CNAME rpz-drop.       no answer
 *	CNAME rpz-tcp-only.   TC over UDP
 *	any other record      is the answer
 *
 * Triggers by name server (rpz-nsdname, rpz-nsip) are recognised, and not supported: they need a resolver
 * that asks them itself. Pure; nothing is allocated.
 */
#ifndef TARN_DNS_RPZ_H
#define TARN_DNS_RPZ_H

#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/namelist_rule.h"
#include "dns/zone_entry.h"

enum tarn__rpz_result {
	TARN__RPZ_RULE,
	TARN__RPZ_NOTHING, /* the zone's own SOA and NS, and records of DNSSEC */
	TARN__RPZ_INVALID, /* not of the zone, not of class IN, or no prefix of addresses */
	TARN__RPZ_UNSUPPORTED,
};

struct tarn__rpz_rule {
	struct tarn__namelist_rule rule; /* refers to the members below, and to the record */
	struct tarn__namelist_more more;
	uint8_t name[TARN__NAME_MAX];
};

/*
 * Reads a record of the zone with that apex, in any spelling. A record that is the answer has a TTL of ttl_max
 * seconds at most. *out is set for TARN__RPZ_RULE only, and is valid as long as the record.
 */
enum tarn__rpz_result tarn__rpz_read(const struct tarn__zone_record *, const uint8_t *apex,
				     size_t apex_len, uint32_t ttl_max, struct tarn__rpz_rule *out);

#endif
