/* SPDX-License-Identifier: BSD-2-Clause */
/* core/config.c: makes snapshots of what a resolver was told, and compares them. */
#include "core/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/access.h"
#include "core/policy/policy.h"
#include "base/ports.h"
#include "core/reverse.h"
#include "core/zones.h"
#include "dns/name.h"
#include "base/siphash.h"
#include "dns/text.h"

enum {
	/* Digests of what are no servers of a zone's own. */
	ROOT_DIGEST = 0,
	NONE_DIGEST = 1,
	/* Told apart from the same servers whose chains end where they leave the zone. */
	FOLLOWS_DIGEST = 2,
};

static const uint8_t digest_key[TARN__SIPHASH_KEY_LEN];

/* ---- references ------------------------------------------------------------------------- */

struct tarn__config *tarn__config_get(struct tarn__config *config)
{
	atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
	return config;
}

void tarn__config_put(struct tarn__config *config)
{
	if (!config || atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) > 1)
		return;
	if (config->base) {
		tarn__config_put(config->base);
	} else {
		tarn__policy_free(config->policy);
		tarn__zones_free(config->zones);
		free(config->ports);
	}
	free(config->groups);
	free(config->servers);
	free(config->health);
	free(config);
}

/* ---- servers ---------------------------------------------------------------------------- */

static bool traits_are_equal(const struct tarn_traits *a, const struct tarn_traits *b)
{
	return a->transport == b->transport && a->no_mixed_case == b->no_mixed_case &&
	       a->no_cookies == b->no_cookies && a->no_edns == b->no_edns;
}

bool tarn__server_config_is_equal(const struct tarn__server_config *a,
				  const struct tarn__server_config *b)
{
	return tarn_address_is_equal(&a->address, &b->address) &&
	       a->source.sa.sa_family == b->source.sa.sa_family &&
	       (a->source.sa.sa_family == AF_UNSPEC ||
		tarn_address_is_equal(&a->source, &b->source)) &&
	       strcmp(a->interface, b->interface) == 0 && traits_are_equal(&a->traits, &b->traits);
}

struct endpoint {
	uint8_t octets[16];
	uint32_t scope;
	char interface[sizeof(((struct tarn_address *)NULL)->interface)];
	uint16_t family, port;
};

static void set_endpoint(struct endpoint *endpoint, const struct tarn_address *address)
{
	endpoint->family = address->sa.sa_family;
	if (endpoint->family == AF_UNSPEC)
		return;
	endpoint->port = tarn_address_port(address);
	if (endpoint->family == AF_INET6) {
		endpoint->scope = address->in6.sin6_scope_id;
		snprintf(endpoint->interface, sizeof endpoint->interface, "%s", address->interface);
	}
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	memcpy(endpoint->octets, octets, len);
}

/* Without its traits: however it is asked, it says the same. */
static uint64_t server_digest(const struct tarn__server_config *server)
{
	struct {
		struct endpoint address, source;
		char interface[TARN__INTERFACE_MAX];
	} all;
	memset(&all, 0, sizeof all);
	set_endpoint(&all.address, &server->address);
	set_endpoint(&all.source, &server->source);
	memcpy(all.interface, server->interface, sizeof all.interface);
	return tarn__siphash(digest_key, &all, sizeof all);
}

/* Appends a group's servers to the list. There is room. */
static void add_servers(struct tarn__config *config, struct tarn__group *group,
			const struct tarn_address *addresses, const struct tarn_traits *traits,
			size_t count, const struct tarn_source *source)
{
	group->first = config->server_count;
	group->count = count;
	group->digest = NONE_DIGEST;
	for (size_t i = 0; i < count; i++) {
		struct tarn__server_config *server = &config->servers[config->server_count++];
		server->address = addresses[i];
		if (traits)
			server->traits = traits[i];
		bool is_ipv6 = addresses[i].sa.sa_family == AF_INET6;
		server->source = is_ipv6 ? source->ipv6 : source->ipv4;
		if (server->source.sa.sa_family != AF_UNSPEC)
			tarn_address_set_port(&server->source, 0);
		snprintf(server->interface, sizeof server->interface, "%s",
			 source->interface ? source->interface : "");
		group->digest += server_digest(server);
	}
}

/* Room for groups, and for servers with their health. */
static bool have_room(struct tarn__config *config, size_t group_count, size_t server_count)
{
	config->groups = calloc(group_count, sizeof *config->groups);
	config->servers = calloc(server_count + 1, sizeof *config->servers);
	config->health = calloc(server_count + 1, sizeof *config->health);
	return config->groups && config->servers && config->health;
}

static struct tarn__config *make_config(void)
{
	struct tarn__config *config = calloc(1, sizeof *config);
	if (config)
		atomic_init(&config->references, 1);
	return config;
}

/* ---- what is wrong with them ------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static int refuse(char fault[TARN__CONFIG_FAULT_MAX],
							const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(fault, TARN__CONFIG_FAULT_MAX, format, arguments);
	va_end(arguments);
	errno = EINVAL;
	return TARN_EINVAL;
}

static int check_group(const char *name, size_t server_count, const struct tarn_traits *traits,
		       const struct tarn_source *source, char fault[TARN__CONFIG_FAULT_MAX])
{
	if (server_count > TARN__SERVERS_MAX)
		return refuse(fault, "zone %s: more than %d upstream servers", name,
			      TARN__SERVERS_MAX);
	for (size_t i = 0; traits && i < server_count; i++) {
		if (traits[i].transport != TARN_UDP && traits[i].transport != TARN_TCP)
			return refuse(fault, "zone %s: a transport that is none", name);
	}
	if (source->interface && strlen(source->interface) >= TARN__INTERFACE_MAX)
		return refuse(fault, "zone %s: \"%s\" cannot be an interface's name", name,
			      source->interface);
	sa_family_t ipv4 = source->ipv4.sa.sa_family, ipv6 = source->ipv6.sa.sa_family;
	if ((ipv4 != AF_UNSPEC && ipv4 != AF_INET) || (ipv6 != AF_UNSPEC && ipv6 != AF_INET6))
		return refuse(fault, "zone %s: a source address of the wrong family", name);
	return 0;
}

/* 0 is the default. */
static bool is_failure_span(int32_t sec)
{
	return sec == 0 || (sec >= TARN__FAILURE_SEC_MIN && sec <= TARN__FAILURE_SEC_MAX);
}

static int check(const struct tarn_options *options, char fault[TARN__CONFIG_FAULT_MAX])
{
	if (!is_failure_span(options->failure_sec) || !is_failure_span(options->failure_max_sec))
		return refuse(fault, "failures are remembered for %d to %d seconds",
			      TARN__FAILURE_SEC_MIN, TARN__FAILURE_SEC_MAX);
	size_t server_count = options->upstream_count;
	int error =
		check_group(".", options->upstream_count, options->traits, &options->source, fault);
	for (size_t i = 0; i < options->forward_count && error == 0; i++) {
		const struct tarn_forward *forward = &options->forwards[i];
		server_count += forward->upstream_count;
		error = check_group(forward->zone, forward->upstream_count, forward->traits,
				    &forward->source, fault);
	}
	if (error == 0 && server_count > TARN__SERVERS_ALL_MAX)
		return refuse(fault, "more than %d upstream servers", TARN__SERVERS_ALL_MAX);
	return error;
}

/* ---- ports ------------------------------------------------------------------------------ */

/* Those of the configuration, or any. */
static void get_ports(const struct tarn__config *config, struct tarn__ports *out)
{
	if (config->ports)
		*out = *config->ports;
	else
		tarn__ports_fill(out);
}

static int set_ports(struct tarn__config *config, struct tarn__ports *ports)
{
	if (tarn__ports_count(ports) < TARN__PORTS_LEAST)
		return TARN_EINVAL;
	if (!config->ports)
		config->ports = malloc(sizeof *config->ports);
	if (!config->ports)
		return TARN_ENOMEM;
	*config->ports = *ports;
	return 0;
}

static int avoid_ports(struct tarn__config *config, const struct tarn_options *options,
		       char fault[TARN__CONFIG_FAULT_MAX])
{
	struct tarn__ports ports;
	get_ports(config, &ports);
	for (size_t i = 0; i < options->avoid_port_count; i++)
		tarn__ports_avoid(&ports, options->avoid_ports[i].first,
				  options->avoid_ports[i].last);
	int error = set_ports(config, &ports);
	if (error == TARN_EINVAL)
		return refuse(fault, "fewer than %d ports are left to ask from", TARN__PORTS_LEAST);
	return error;
}

int tarn__config_reserve_ports(struct tarn__config *config, const struct tarn__ports *usable)
{
	struct tarn__ports ports;
	get_ports(config, &ports);
	tarn__ports_intersect(&ports, usable);
	return set_ports(config, &ports);
}

/* ---- zones ------------------------------------------------------------------------------ */

/*
 * "10.0.0.0/8", "10.0.0.0/255.0.0.0", "10/255.0.0.0": nobody calls a zone so, but there are such labels:
 * 0/25.2.0.192.in-addr.arpa (RFC 2317).
 */
static bool is_network_notation(const char *text)
{
	const char *slash = strchr(text, '/');
	if (!slash)
		return false;
	char start[TARN_ADDRESS_TEXT_MAX];
	snprintf(start, sizeof(start), "%.*s", (int)(slash - text), text);
	struct tarn_address address;
	bool is_mask = slash[1] != '\0' && slash[1 + strspn(slash + 1, "0123456789.")] == '\0';
	return is_mask || tarn_address_parse(start, 53, &address) == 0;
}

/*
 * Adds a zone, unless another section has it already. The group goes by the first that is its own, so
 * that no two have one name.
 */
static int add_zone(struct tarn__config *config, const uint8_t *zone, size_t zone_len, size_t group,
		    size_t *added)
{
	int error = tarn__zones_add(config->zones, zone, zone_len, (uint16_t)group);
	if (error != 0)
		return error == TARN_EINVAL ? 0 : error;
	struct {
		uint64_t digest;
		uint8_t zone[TARN__NAME_MAX];
	} all;
	all.digest = group == TARN__GROUP_NONE ? NONE_DIGEST : config->groups[group].digest;
	tarn__name_fold(all.zone, zone, zone_len);
	config->zones_digest +=
		tarn__siphash(digest_key, &all, offsetof(__typeof__(all), zone) + zone_len);
	if (group != TARN__GROUP_NONE && *added == 0) {
		memcpy(config->groups[group].zone, all.zone, zone_len);
		config->groups[group].zone_len = (uint16_t)zone_len;
	}
	++*added;
	return 0;
}

const char *tarn__zone_fault(const char *text)
{
	struct tarn_network network;
	int error = tarn_network_parse(text, &network);
	if (error == 0)
		return tarn__reverse_count(&network) > 0
			       ? NULL
			       : "only networks of 1 to 24 or 32 bits (IPv4), 1 to 128 bits (IPv6) "
				 "have reverse zones of their own";
	if (is_network_notation(text))
		return tarn_error_text(error);
	uint8_t zone[TARN__NAME_MAX];
	switch (tarn__name_parse(text, zone)) {
	case 0:
		return "not a domain name";
	case 1:
		return "the root: its servers are those of \"upstream\"";
	}
	return NULL;
}

/* How many zones a text stands for that has no fault. */
static size_t count_zones(const char *text)
{
	struct tarn_network network;
	return tarn_network_parse(text, &network) == 0 ? tarn__reverse_count(&network) : 1;
}

/* The zones of a network, or the one that the text names, but for those that others have. */
static int add_zones(struct tarn__config *config, const char *text, size_t group,
		     char fault[TARN__CONFIG_FAULT_MAX])
{
	uint8_t zone[TARN__NAME_MAX];
	struct tarn_network network;
	size_t added = 0;
	int error = 0;
	if (tarn_network_parse(text, &network) != 0) {
		error = add_zone(config, zone, tarn__name_parse(text, zone), group, &added);
	} else {
		for (size_t i = 0; i < tarn__reverse_count(&network) && error == 0; i++)
			error = add_zone(config, zone, tarn__reverse_zone(&network, i, zone), group,
					 &added);
	}
	if (error == 0 && added == 0)
		return refuse(fault, "zone %s: it is there twice, or others have all of it", text);
	return error;
}

/* The next group, with a section's servers. Without any there is none. */
static size_t add_group(struct tarn__config *config, const struct tarn_forward *forward)
{
	if (forward->upstream_count == 0)
		return TARN__GROUP_NONE;
	struct tarn__group *group = &config->groups[config->group_count];
	group->selection = forward->selection;
	add_servers(config, group, forward->upstreams, forward->traits, forward->upstream_count,
		    &forward->source);
	group->follows_cnames = forward->follow_cnames;
	group->digest ^= forward->follow_cnames ? FOLLOWS_DIGEST : 0;
	return config->group_count++;
}

/*
 * Of two networks that share a label the one with the longer prefix has it, which is that of fewer
 * zones: 172.20.0.0/16 is one, and takes it from the sixteen of 172.16.0.0/12.
 */
static int add_forwards(struct tarn__config *config, const struct tarn_options *options,
			char fault[TARN__CONFIG_FAULT_MAX])
{
	const struct tarn_forward *forwards = options->forwards;
	size_t left = options->forward_count;
	size_t *groups = calloc(left, sizeof *groups);
	if (!groups)
		return TARN_ENOMEM;
	int error = 0;
	for (size_t i = 0; i < options->forward_count && error == 0; i++) {
		const char *wrong = tarn__zone_fault(forwards[i].zone);
		groups[i] = add_group(config, &forwards[i]);
		if (wrong)
			error = refuse(fault, "zone %s: %s", forwards[i].zone, wrong);
	}
	for (size_t zones = 1; left > 0 && error == 0; zones *= 2) {
		for (size_t i = 0; i < options->forward_count && error == 0; i++) {
			if (count_zones(forwards[i].zone) != zones)
				continue;
			error = add_zones(config, forwards[i].zone, groups[i], fault);
			left--;
		}
	}
	free(groups);
	return error;
}

/* ---- snapshots -------------------------------------------------------------------------- */

static void set_root(struct tarn__config *config, enum tarn_selection selection,
		     const struct tarn_address *upstreams, const struct tarn_traits *traits,
		     size_t count)
{
	struct tarn__group *group = &config->groups[config->group_count++];
	group->zone_len = 1; /* and its only octet is 0 */
	group->selection = selection;
	add_servers(config, group, upstreams, traits, count, &config->source);
}

static int fill_config(struct tarn__config *config, const struct tarn_options *options,
		       const char *version, const char *identity,
		       char fault[TARN__CONFIG_FAULT_MAX])
{
	int error = check(options, fault);
	if (error != 0)
		return error;
	size_t group_count = 1, server_count = options->upstream_count;
	for (size_t i = 0; i < options->forward_count; i++) {
		group_count += options->forwards[i].upstream_count > 0;
		server_count += options->forwards[i].upstream_count;
	}
	if (!have_room(config, group_count + 1, server_count))
		return TARN_ENOMEM;
	if (options->avoid_port_count > 0) {
		error = avoid_ports(config, options, fault);
		if (error != 0)
			return error;
	}
	config->trust_ad = options->trust_ad;
	config->rotate_addresses = options->rotate_addresses;
	config->source = options->source;
	if (options->source.interface) {
		snprintf(config->interface, sizeof config->interface, "%s",
			 options->source.interface);
		config->source.interface = config->interface;
	}
	set_root(config, options->selection, options->upstreams, options->traits,
		 options->upstream_count);
	if (options->forward_count > 0) {
		config->zones = tarn__zones_new();
		if (!config->zones)
			return TARN_ENOMEM;
		error = add_forwards(config, options, fault);
		if (error != 0)
			return error;
	}
	config->policy = tarn__policy_new(&(struct tarn__policy_options){
		.allowed = options->allow,
		.allowed_count = options->allow_count,
		.passed = options->pass,
		.passed_count = options->pass_count,
		.version = options->hide_identity ? NULL : version,
		.identity = options->hide_identity ? NULL : identity,
		.zones = config->zones,
	});
	if (config->policy)
		return 0;
	return errno == EINVAL ? refuse(fault, "a name to pass that is none") : TARN_ENOMEM;
}

struct tarn__config *tarn__config_new(const struct tarn_options *options, const char *version,
				      const char *identity, char fault[TARN__CONFIG_FAULT_MAX])
{
	struct tarn__config *config = make_config();
	if (!config)
		return NULL;
	int error = fill_config(config, options, version, identity, fault);
	if (error == 0)
		return config;
	tarn__config_put(config);
	errno = error == TARN_ENOMEM ? ENOMEM : EINVAL;
	return NULL;
}

/* The same but for the root's servers and trust. */
static struct tarn__config *derive(struct tarn__config *old, const struct tarn_address *upstreams,
				   const struct tarn_traits *traits, size_t count, bool trust_ad)
{
	size_t kept = old->server_count - old->groups[0].count;
	if (count > TARN__SERVERS_MAX || kept + count > TARN__SERVERS_ALL_MAX) {
		errno = EINVAL;
		return NULL;
	}
	struct tarn__config *config = make_config();
	if (!config)
		return NULL;
	struct tarn__config *base = old->base ? old->base : old;
	config->base = tarn__config_get(base);
	config->policy = base->policy;
	config->zones = base->zones;
	config->ports = base->ports;
	config->zones_digest = base->zones_digest;
	config->trust_ad = trust_ad;
	config->rotate_addresses = base->rotate_addresses;
	config->source = base->source; /* the interface's name stays the base's */
	if (!have_room(config, old->group_count, kept + count)) {
		tarn__config_put(config);
		errno = ENOMEM;
		return NULL;
	}
	set_root(config, old->groups[0].selection, upstreams, traits, count);
	memcpy(config->servers + count, old->servers + old->groups[0].count,
	       kept * sizeof config->servers[0]);
	config->server_count += kept;
	for (; config->group_count < old->group_count; config->group_count++) {
		struct tarn__group *group = &config->groups[config->group_count];
		*group = old->groups[config->group_count];
		group->first = group->first - old->groups[0].count + count;
	}
	return config;
}

struct tarn__config *tarn__config_with_upstreams(struct tarn__config *config,
						 const struct tarn_address *upstreams, size_t count)
{
	return derive(config, upstreams, NULL, count, config->trust_ad);
}

struct tarn__config *tarn__config_with_traits(struct tarn__config *config,
					      const struct tarn_address *upstreams,
					      const struct tarn_traits *traits, size_t count)
{
	return derive(config, upstreams, traits, count, config->trust_ad);
}

struct tarn__config *tarn__config_with_trust(struct tarn__config *config, bool trust_ad)
{
	struct tarn_address upstreams[TARN__SERVERS_MAX];
	struct tarn_traits traits[TARN__SERVERS_MAX];
	for (size_t i = 0; i < config->groups[0].count; i++) {
		upstreams[i] = config->servers[i].address;
		traits[i] = config->servers[i].traits;
	}
	return derive(config, upstreams, traits, config->groups[0].count, trust_ad);
}

/* ---- names and their groups ------------------------------------------------------------- */

size_t tarn__config_find_group(const struct tarn__config *config, const uint8_t *qname, size_t len,
			       uint16_t qtype)
{
	struct tarn__zone zone;
	if (!config->zones || !tarn__zones_find_for(config->zones, qname, len, qtype, &zone))
		return 0;
	return zone.value;
}

size_t tarn__config_group_of(const struct tarn__config *config, const uint8_t *zone, size_t len)
{
	size_t index = tarn__config_find_group(config, zone, len, TARN__TYPE_SOA);
	if (index == TARN__GROUP_NONE)
		return TARN__GROUP_NONE;
	const struct tarn__group *group = &config->groups[index];
	bool is_same = group->zone_len == len && tarn__name_is_equal(group->zone, zone, len);
	return is_same ? index : TARN__GROUP_NONE;
}

size_t tarn__config_server_group(const struct tarn__config *config, size_t server_index)
{
	size_t group = 0;
	while (server_index >= config->groups[group].first + config->groups[group].count)
		group++;
	return group;
}

bool tarn__config_group_is_equal(const struct tarn__config *a, size_t a_index,
				 const struct tarn__config *b, size_t b_index)
{
	const struct tarn__group *a_group = &a->groups[a_index], *b_group = &b->groups[b_index];
	if (a_group->selection != b_group->selection || a_group->count != b_group->count ||
	    a_group->follows_cnames != b_group->follows_cnames)
		return false;
	for (size_t i = 0; i < a_group->count; i++) {
		if (!tarn__server_config_is_equal(&a->servers[a_group->first + i],
						  &b->servers[b_group->first + i]))
			return false;
	}
	return true;
}

bool tarn__config_moves_names(const struct tarn__config *a, const struct tarn__config *b)
{
	return a->zones_digest != b->zones_digest;
}

static uint64_t find_digest(const struct tarn__config *config, const uint8_t *qname, size_t len,
			    uint16_t qtype)
{
	size_t index = tarn__config_find_group(config, qname, len, qtype);
	if (index == 0)
		return ROOT_DIGEST;
	return index == TARN__GROUP_NONE ? NONE_DIGEST : config->groups[index].digest;
}

bool tarn__config_moves(const struct tarn__config *a, const struct tarn__config *b,
			const uint8_t *qname, size_t len, uint16_t qtype)
{
	return find_digest(a, qname, len, qtype) != find_digest(b, qname, len, qtype);
}
