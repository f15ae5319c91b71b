/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/dns64.c: DNS64. */
#include "core/policy/dns64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/name_list.h"
#include "core/policy/network_list.h"
#include "core/policy/policy.h"
#include "dns/name.h"
#include "dns/stored.h"

/* RFC 7050 section 8.2, RFC 8880 section 7. */
static const uint8_t ipv4only[] = "\10ipv4only\4arpa";
static const uint8_t well_known_ipv4[][4] = {{192, 0, 0, 170}, {192, 0, 0, 171}};

enum { WELL_KNOWN_COUNT = sizeof well_known_ipv4 / sizeof well_known_ipv4[0] };

/* ---- configuration ---------------------------------------------------------------------- */

static bool take_prefixes(struct tarn__dns64 *dns64, const struct tarn_options *options)
{
	if (options->dns64_prefix_count > TARN_DNS64_PREFIXES_MAX)
		return false;
	for (size_t i = 0; i < options->dns64_prefix_count; i++) {
		const struct tarn_network *from = &options->dns64_prefixes[i];
		struct tarn__dns64_prefix *prefix = &dns64->prefixes[dns64->prefix_count++];
		prefix->len = (uint8_t)from->prefix_len;
		memcpy(prefix->octets, from->address.in6.sin6_addr.s6_addr, sizeof prefix->octets);
		if (from->address.sa.sa_family != AF_INET6 || !tarn__dns64_is_valid(prefix))
			return false;
	}
	return true;
}

static int init(struct tarn__policy *policy, const struct tarn__policy_options *all)
{
	const struct tarn_options *options = all->public;
	if (options->dns64_prefix_count == 0)
		return 0;
	struct tarn__dns64 *dns64 = calloc(1, sizeof *dns64);
	if (!dns64)
		return TARN_ENOMEM;
	policy->dns64 = dns64;
	if (!take_prefixes(dns64, options))
		return TARN_EINVAL;
	if (options->dns64_client_count > 0) {
		dns64->clients = tarn__network_list_copy(options->dns64_clients,
							 options->dns64_client_count);
		if (!dns64->clients)
			return TARN_ENOMEM;
	}
	if (options->dns64_excluded_count == 0)
		return 0;
	return tarn__name_list_new(options->dns64_excluded, options->dns64_excluded_count,
				   &dns64->excluded);
}

static void fini(struct tarn__policy *policy)
{
	struct tarn__dns64 *dns64 = policy->dns64;
	if (!dns64)
		return;
	tarn__network_list_free(dns64->clients);
	tarn__name_list_free(dns64->excluded);
	free(dns64);
}

/* ---- which answers ---------------------------------------------------------------------- */

static bool has_client(const struct tarn__dns64 *dns64, const struct tarn_address *client)
{
	return !dns64->clients || (client && tarn__network_list_cover(dns64->clients, client));
}

bool tarn__dns64_applies(const struct tarn__policy *policy, const struct tarn__query *query,
			 const struct tarn_address *client)
{
	const struct tarn__dns64 *dns64 = policy->dns64;
	if (!dns64 || query->qtype != TARN__TYPE_AAAA || query->qclass != TARN__CLASS_IN)
		return false;
	if (query->dnssec_ok && query->flags & TARN__FLAG_CD)
		return false;
	return has_client(dns64, client) &&
	       !(dns64->excluded &&
		 tarn__name_list_cover(dns64->excluded, query->qname, query->qname_len));
}

static bool is_mapped(const uint8_t *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	return memcmp(address, mapped, sizeof mapped) == 0;
}

bool tarn__dns64_lacks_ipv6(const uint8_t *octets, size_t len, uint32_t age_sec, uint32_t *ttl_max)
{
	if (tarn__stored_rcode(octets) != TARN__NOERROR)
		return false;
	*ttl_max = TARN__DNS64_TTL;
	struct tarn__stored stored = tarn__stored_open(octets, len);
	for (unsigned i = 0; i < tarn__stored_count(&stored); i++) {
		size_t at = tarn__stored_ttl_at(&stored, i);
		uint16_t type = tarn__stored_type(stored.records, at);
		if (type == TARN__TYPE_AAAA && i < stored.answer_count &&
		    !is_mapped(stored.records + tarn__stored_rdata_at(at)))
			return false;
		if (type == TARN__TYPE_SOA) {
			uint32_t ttl = tarn__stored_ttl(stored.records, at);
			*ttl_max = ttl > age_sec ? ttl - age_sec : 0;
		}
	}
	return true;
}

/* ---- the stage -------------------------------------------------------------------------- */

static bool is_of_class_and_type(const struct tarn__query *query, uint16_t type)
{
	return query->qclass == TARN__CLASS_IN && query->qtype == type;
}

/* Writes the addresses of ipv4only.arpa, or those made of them. */
static size_t write_well_known(const struct tarn__dns64 *dns64, const struct tarn__query *query,
			       uint8_t *room)
{
	bool is_ipv6 = query->qtype == TARN__TYPE_AAAA;
	size_t prefixes = is_ipv6 ? dns64->prefix_count : 1;
	struct tarn__stored_writer writer;
	const struct tarn__stored_head head = {
		.rcode = TARN__NOERROR, .answer_count = (uint16_t)(prefixes * WELL_KNOWN_COUNT)};
	tarn__stored_begin(&writer, room, TARN__MESSAGE_MAX, &head, query->qname, query->qname_len);
	for (size_t i = 0; i < prefixes * WELL_KNOWN_COUNT; i++) {
		const uint8_t *ipv4 = well_known_ipv4[i % WELL_KNOWN_COUNT];
		uint8_t ipv6[16];
		tarn__stored_begin_record(&writer, query->qname, query->qname_len, query->qtype,
					  query->qclass,
					  TARN__LOCAL_TTL | (i > 0 ? TARN__STORED_SAME_RRSET : 0));
		tarn__dns64_embed(&dns64->prefixes[i / WELL_KNOWN_COUNT], ipv4, ipv6);
		tarn__pack_octets(&writer.packer, is_ipv6 ? ipv6 : ipv4, is_ipv6 ? 16 : 4);
		tarn__stored_end_record(&writer);
	}
	return tarn__stored_end(&writer);
}

static enum tarn__policy_action answer_ipv4only(const struct tarn__dns64 *dns64,
						const struct tarn__query *query,
						struct tarn__decision *decision)
{
	if (query->qtype != TARN__TYPE_A && query->qtype != TARN__TYPE_AAAA)
		return tarn__decision_negative(decision, query, TARN__NOERROR, query->qname_len);
	return tarn__decision_stored(decision, decision->room,
				     write_well_known(dns64, query, decision->room));
}

static bool is_well_known_reverse(const struct tarn__query *query)
{
	for (size_t i = 0; i < WELL_KNOWN_COUNT; i++) {
		uint8_t name[TARN__NAME_MAX];
		size_t len = tarn__dns64_write_reverse(well_known_ipv4[i], name);
		if (len == query->qname_len && tarn__name_is_equal(name, query->qname, len))
			return true;
	}
	return false;
}

/* An address within a prefix has the name of the IPv4 address in it (RFC 6147 section 5.3.1). */
static enum tarn__policy_action follow_reverse(const struct tarn__dns64 *dns64,
					       const struct tarn__query *query,
					       struct tarn__decision *decision)
{
	uint8_t ipv6[16], ipv4[4];
	if (!tarn__dns64_read_reverse(query->qname, query->qname_len, ipv6))
		return TARN__POLICY_PASS;
	for (size_t i = 0; i < dns64->prefix_count; i++) {
		if (!tarn__dns64_extract(&dns64->prefixes[i], ipv6, ipv4))
			continue;
		struct tarn__name target;
		target.len = tarn__dns64_write_reverse(ipv4, target.octets);
		return tarn__decision_follow(decision, query, TARN__LOCAL_TTL, &target);
	}
	return TARN__POLICY_PASS;
}

enum tarn__policy_action tarn__stage_dns64_decide(const struct tarn__policy *policy,
						  const struct tarn__query *query,
						  const struct tarn_address *client,
						  struct tarn__decision *decision)
{
	const struct tarn__dns64 *dns64 = policy->dns64;
	if (query->qclass != TARN__CLASS_IN || !has_client(dns64, client))
		return TARN__POLICY_PASS;
	if (query->qname_len == sizeof ipv4only &&
	    tarn__name_is_equal(query->qname, ipv4only, sizeof ipv4only))
		return answer_ipv4only(dns64, query, decision);
	if (!is_of_class_and_type(query, TARN__TYPE_PTR))
		return TARN__POLICY_PASS;
	if (is_well_known_reverse(query))
		return tarn__decision_record(decision, query, TARN__TYPE_PTR, TARN__LOCAL_TTL,
					     ipv4only, sizeof ipv4only);
	return follow_reverse(dns64, query, decision);
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX,
		 asked->action == TARN__POLICY_FOLLOW
			 ? "an address within a DNS64 prefix has the name of its IPv4 address"
			 : "ipv4only.arpa is answered by the DNS64 (RFC 8880)");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_dns64 = {
	.name = "dns64", .init = init, .fini = fini, .explain = explain};
