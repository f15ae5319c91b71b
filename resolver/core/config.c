/* SPDX-License-Identifier: BSD-2-Clause */
/* core/config.c: makes snapshots of a resolver's configuration, and compares them. */
#include "core/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_anchors.h"
#include "core/policy/network_list.h"
#include "core/policy/policy.h"
#include "core/second/second_config.h"
#include "base/ports.h"
#include "core/reverse.h"
#include "core/zone_index.h"
#include "dnssec/anchors.h"
#include "dns/denial.h"
#include "dns/name.h"
#include "base/siphash.h"
#include "base/transport.h"
#include "dns/text.h"
#include "http2/http2.h"
#include "tls/tls.h"

enum { ROOT_DIGEST = 0 };

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
	tarn__policy_put(config->policy);
	if (config->base) {
		tarn__config_put(config->base);
	} else {
		tarn__zone_index_free(config->zone_index);
		free(config->ports);
		tarn__network_list_free(config->proxies);
		free(config->https_path);
	}
	tarn__anchors_free(config->anchors);
	tarn__tls_client_put(config->tls);
	tarn__second_config_put(config->second);
	while (config->zone_count > 0)
		tarn__zone_config_put(config->zones[--config->zone_count]);
	free(config->zones);
	free(config);
}

static struct tarn__config *make_config(void)
{
	static atomic_uint last;
	struct tarn__config *config = calloc(1, sizeof *config);
	if (!config)
		return NULL;
	atomic_init(&config->references, 1);
	config->number = atomic_fetch_add(&last, 1) + 1;
	return config;
}

/* ---- checks ------------------------------------------------------------------------------ */

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

static int check_server(const char *zone, const struct tarn_address *address,
			const struct tarn_traits *traits, char fault[TARN__CONFIG_FAULT_MAX])
{
	if ((unsigned)traits->transport >= TARN__TRANSPORTS)
		return refuse(fault, "zone %s: a transport that is none", zone);
	bool is_encrypted = tarn__transports[traits->transport].is_encrypted;
	if (address->sa.sa_family == AF_UNSPEC && !(is_encrypted && traits->name))
		return refuse(fault, "zone %s: a server without an address", zone);
	if (!is_encrypted && (traits->name || traits->pin_count > 0 || traits->path))
		return refuse(fault, "zone %s: a name or a pin of a server in the clear", zone);
	if (is_encrypted && !tarn__tls_is_built())
		return refuse(fault,
			      "zone %s: tarn was built without DNS over TLS (--with-openssl)",
			      zone);
	if (traits->transport == TARN_HTTPS && !tarn__http2_is_built())
		return refuse(fault,
			      "zone %s: tarn was built without DNS over HTTPS (--with-nghttp2)",
			      zone);
	return 0;
}

static int check_zone(const char *name, const struct tarn_address *servers, size_t server_count,
		      const struct tarn_traits *traits, const struct tarn_source *source,
		      char fault[TARN__CONFIG_FAULT_MAX])
{
	if (server_count > TARN__SERVERS_MAX)
		return refuse(fault, "zone %s: more than %d upstream servers", name,
			      TARN__SERVERS_MAX);
	for (size_t i = 0; i < server_count; i++) {
		int error = check_server(name, &servers[i],
					 traits ? &traits[i] : &(struct tarn_traits){0}, fault);
		if (error != 0)
			return error;
	}
	if (source->interface && strlen(source->interface) >= TARN__INTERFACE_MAX)
		return refuse(fault, "zone %s: \"%s\" cannot be an interface's name", name,
			      source->interface);
	sa_family_t ipv4 = source->ipv4.sa.sa_family, ipv6 = source->ipv6.sa.sa_family;
	if ((ipv4 != AF_UNSPEC && ipv4 != AF_INET) || (ipv6 != AF_UNSPEC && ipv6 != AF_INET6))
		return refuse(fault, "zone %s: a source address of the wrong family", name);
	return 0;
}

/* Returns true for the number of a valid option; 0 means the default. */
static bool is_failure_span(int32_t sec)
{
	return sec == 0 || (sec >= TARN_FAILURE_SEC_MIN && sec <= TARN_FAILURE_SEC_MAX);
}

static int check(const struct tarn_options *options, char fault[TARN__CONFIG_FAULT_MAX])
{
	if (!is_failure_span(options->failure_sec) || !is_failure_span(options->failure_max_sec))
		return refuse(fault, "failures are remembered for %d to %d seconds",
			      TARN_FAILURE_SEC_MIN, TARN_FAILURE_SEC_MAX);
	if (options->min_ttl > TARN_MIN_TTL_MAX ||
	    (options->max_ttl > 0 && options->min_ttl > options->max_ttl))
		return refuse(fault, "the least TTL is above %d seconds, or above the longest",
			      TARN_MIN_TTL_MAX);
	size_t server_count = options->upstream_count;
	int error = check_zone(".", options->upstreams, options->upstream_count, options->traits,
			       &options->source, fault);
	for (size_t i = 0; i < options->forward_count && error == 0; i++) {
		const struct tarn_forward *forward = &options->forwards[i];
		server_count += forward->upstream_count;
		error = check_zone(forward->zone, forward->upstreams, forward->upstream_count,
				   forward->traits, &forward->source, fault);
	}
	if (error == 0 && server_count > TARN__SERVERS_ALL_MAX)
		return refuse(fault, "more than %d upstream servers", TARN__SERVERS_ALL_MAX);
	return error;
}

/* ---- ports ------------------------------------------------------------------------------ */

/* The ports of the configuration; all that take no privilege where it has none. */
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
 * "10.0.0.0/8", "10.0.0.0/255.0.0.0", "10/255.0.0.0" are no names, although labels may have a slash:
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
 * Adds a name to the zone with that index, unless another section has it already. The zone goes by the
 * first name that is its own, so that no two have one name.
 */
static int add_name(struct tarn__config *config, const uint8_t *name, size_t len, size_t index,
		    size_t *added)
{
	int error = tarn__zone_index_add(config->zone_index, name, len, (uint16_t)index);
	if (error != 0)
		return error == TARN_EINVAL ? 0 : error;
	struct {
		uint64_t digest;
		uint8_t name[TARN__NAME_MAX];
	} all;
	bool has_servers = index != TARN__ZONE_NONE;
	all.digest = has_servers ? config->zones[index]->digest : TARN__DIGEST_NONE;
	tarn__name_fold(all.name, name, len);
	config->zones_digest +=
		tarn__siphash(digest_key, &all, offsetof(__typeof__(all), name) + len);
	if (has_servers && *added == 0) {
		memcpy(config->zones[index]->name, all.name, len);
		config->zones[index]->name_len = (uint16_t)len;
	}
	++*added;
	/* What the zone above says of it, signed, is not what its own servers say. */
	bool is_insecure = config->validates && has_servers && !config->zones[index]->is_validated;
	return is_insecure ? tarn__anchors_add_negative(config->anchors, name, len) : 0;
}

const char *tarn__zone_name_fault(const char *text)
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

/* The number of zones that a text without an error stands for. */
static size_t count_names(const char *text)
{
	struct tarn_network network;
	return tarn_network_parse(text, &network) == 0 ? tarn__reverse_count(&network) : 1;
}

/* The names of a network, or the one that the text is, but for those that other sections have. */
static int add_names(struct tarn__config *config, const char *text, size_t index,
		     char fault[TARN__CONFIG_FAULT_MAX])
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn_network network;
	size_t added = 0;
	int error = 0;
	if (tarn_network_parse(text, &network) != 0) {
		error = add_name(config, name, tarn__name_parse(text, name), index, &added);
	} else {
		for (size_t i = 0; i < tarn__reverse_count(&network) && error == 0; i++)
			error = add_name(config, name, tarn__reverse_zone(&network, i, name), index,
					 &added);
	}
	if (error == TARN_EINVAL)
		return refuse(fault, "zone %s: too many insecure names", text);
	if (error == 0 && added == 0)
		return refuse(fault, "zone %s: it is there twice, or others have all of it", text);
	return error;
}

/* The next zone, with a section's servers. There is room. */
static int add_zone(struct tarn__config *config, const struct tarn_forward *section)
{
	struct tarn__zone_config *zone = tarn__zone_config_new(section);
	if (!zone)
		return TARN_ENOMEM;
	zone->is_validated = config->validates && section->validate;
	config->zones[config->zone_count++] = zone;
	config->server_count += zone->endpoint_count;
	return 0;
}

/* Adds a section's zone without its names. *index is TARN__ZONE_NONE where it has no servers. */
static int add_section(struct tarn__config *config, const struct tarn_forward *section,
		       size_t *index, char fault[TARN__CONFIG_FAULT_MAX])
{
	const char *wrong = tarn__zone_name_fault(section->zone);
	if (wrong)
		return refuse(fault, "zone %s: %s", section->zone, wrong);
	*index = TARN__ZONE_NONE;
	if (section->upstream_count == 0)
		return 0;
	*index = config->zone_count;
	return add_zone(config, section);
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
	size_t *indexes = calloc(left, sizeof *indexes);
	if (!indexes)
		return TARN_ENOMEM;
	int error = 0;
	for (size_t i = 0; i < options->forward_count && error == 0; i++)
		error = add_section(config, &forwards[i], &indexes[i], fault);
	for (size_t names = 1; left > 0 && error == 0; names *= 2) {
		for (size_t i = 0; i < options->forward_count && error == 0; i++) {
			if (count_names(forwards[i].zone) != names)
				continue;
			error = add_names(config, forwards[i].zone, indexes[i], fault);
			left--;
		}
	}
	free(indexes);
	return error;
}

/* ---- encrypted servers ------------------------------------------------------------------ */

static bool has_transport(const struct tarn__config *config, enum tarn_transport transport)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		for (size_t j = 0; j < zone->endpoint_count; j++) {
			if (zone->endpoints[j]->traits.transport == transport)
				return true;
		}
	}
	return false;
}

int tarn__config_open_tls(struct tarn__config *config, const struct tarn_tls *tls,
			  char fault[TARN__CONFIG_FAULT_MAX])
{
	bool is_over_http = has_transport(config, TARN_HTTPS);
	/* Servers that are to come may do without HTTP/2. */
	const char *reason = is_over_http || tls->early ? tarn__http2_load() : NULL;
	if (reason && is_over_http)
		return refuse(fault, "DNS over HTTPS: %s", reason);
	if (!is_over_http && !tls->early && !has_transport(config, TARN_TLS))
		return 0;
	char text[TARN__TLS_FAULT_MAX];
	config->tls = tarn__tls_client_new(
		&(struct tarn__tls_client_options){
			.ca = tls->ca,
			.lenient_until_sec = tls->lenient_clock ? TARN__RELEASE_SEC : 0,
			.clock_floor_sec = TARN__RELEASE_SEC},
		text);
	if (config->tls)
		return 0;
	refuse(fault, "encrypted servers: %s", text);
	return TARN_ECERTIFICATE;
}

/* ---- encrypted clients -------------------------------------------------------------------- */

/* RFC 9113 section 8.3.1: a path begins with a slash; what is behind a "?" is the question's. */
static bool is_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c > '~' || *c == '?' || *c == '#')
			return false;
	}
	return true;
}

static int set_clients(struct tarn__config *config, const struct tarn_options *options,
		       char fault[TARN__CONFIG_FAULT_MAX])
{
	const char *path = options->https_path ? options->https_path : "/dns-query";
	if (!is_path(path))
		return refuse(fault, "https path \"%s\": it begins with / and has no ?, # or blank",
			      path);
	config->https_path = strdup(path);
	if (options->proxy_count > 0)
		config->proxies = tarn__network_list_copy(options->proxies, options->proxy_count);
	bool has_proxies = options->proxy_count == 0 || config->proxies;
	return config->https_path && has_proxies ? 0 : TARN_ENOMEM;
}

/* ---- the second level --------------------------------------------------------------------- */

static int set_second(struct tarn__config *config, const struct tarn_options *options,
		      char fault[TARN__CONFIG_FAULT_MAX])
{
	if (!tarn__second_config_is_wanted(&options->second))
		return 0;
	const char *reason;
	config->second = tarn__second_config_new(&options->second, &reason);
	if (config->second)
		return 0;
	return reason ? refuse(fault, "the second level: %s", reason) : TARN_ENOMEM;
}

/* ---- snapshots -------------------------------------------------------------------------- */

/*
 * Makes the array, with room for that many zones, and the first of them. The root's name is one octet, 0.
 */
static int add_root(struct tarn__config *config, size_t room, enum tarn_selection selection,
		    const struct tarn_address *upstreams, const struct tarn_traits *traits,
		    size_t count)
{
	config->zones = calloc(room, sizeof config->zones[0]);
	if (!config->zones)
		return TARN_ENOMEM;
	const struct tarn_forward section = {.upstreams = upstreams,
					     .upstream_count = count,
					     .traits = traits,
					     .selection = selection,
					     .source = config->source,
					     .validate = true};
	int error = add_zone(config, &section);
	if (error == 0)
		config->zones[0]->name_len = 1;
	return error;
}

static int set_policy(struct tarn__config *config, const struct tarn_options *options,
		      const char *version, const char *identity, char fault[TARN__CONFIG_FAULT_MAX])
{
	config->policy = tarn__policy_new(&(struct tarn__policy_options){
		.public = options,
		.version = options->hide_identity ? NULL : version,
		.identity = options->hide_identity ? NULL : identity,
		.zones = config->zone_index,
	});
	if (config->policy)
		return 0;
	return errno == EINVAL
		       ? refuse(fault, "a name, a prefix or a type of the policy that is none")
		       : TARN_ENOMEM;
}

static void set_source(struct tarn__config *config, const struct tarn_source *source)
{
	config->source = *source;
	if (!source->interface)
		return;
	snprintf(config->interface, sizeof config->interface, "%s", source->interface);
	config->source.interface = config->interface;
}

static void set_ttl_limits(struct tarn__config *config, const struct tarn_options *options)
{
	config->ttl_limits = (struct tarn__ttl_limits){
		.min = options->min_ttl,
		.max = options->max_ttl > 0 ? options->max_ttl : TARN__TTL_MAX,
		.negative_max = options->max_negative_ttl > 0 ? options->max_negative_ttl
							      : TARN__NEGATIVE_TTL_MAX,
	};
	config->has_ttl_limits = config->ttl_limits.min > 0 ||
				 config->ttl_limits.max < TARN__TTL_MAX ||
				 config->ttl_limits.negative_max < TARN__NEGATIVE_TTL_MAX;
}

static int set_zones(struct tarn__config *config, const struct tarn_options *options,
		     char fault[TARN__CONFIG_FAULT_MAX])
{
	int error = add_root(config, 1 + options->forward_count, options->selection,
			     options->upstreams, options->traits, options->upstream_count);
	if (error != 0 || options->forward_count == 0)
		return error;
	config->zone_index = tarn__zone_index_new();
	return config->zone_index ? add_forwards(config, options, fault) : TARN_ENOMEM;
}

static int fill_config(struct tarn__config *config, const struct tarn_options *options,
		       const char *version, const char *identity,
		       char fault[TARN__CONFIG_FAULT_MAX])
{
	int error = check(options, fault);
	if (error == 0 && options->avoid_port_count > 0)
		error = avoid_ports(config, options, fault);
	if (error != 0)
		return error;
	config->trust_ad = options->trust_ad;
	config->rotate_addresses = options->rotate_addresses;
	set_ttl_limits(config, options);
	set_source(config, &options->source);
	if (options->dnssec.validate)
		error = tarn__config_set_anchors(config, options, fault);
	if (error == 0)
		error = set_zones(config, options, fault);
	if (error == 0)
		error = set_clients(config, options, fault);
	if (error == 0)
		error = set_second(config, options, fault);
	if (error == 0)
		tarn__config_find_anchored_zones(config);
	return error != 0 ? error : set_policy(config, options, version, identity, fault);
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

/* The same but for the root, which add_root() adds, and trust. */
static struct tarn__config *derive(struct tarn__config *old, bool trust_ad)
{
	struct tarn__config *config = make_config();
	if (!config)
		return NULL;
	struct tarn__config *base = old->base ? old->base : old;
	config->base = tarn__config_get(base);
	config->policy = tarn__policy_get(old->policy);
	config->zone_index = base->zone_index;
	config->ports = base->ports;
	config->proxies = base->proxies;
	config->https_path = base->https_path;
	config->zones_digest = base->zones_digest;
	config->trust_ad = trust_ad;
	config->validates = base->validates;
	config->anchors = old->anchors ? tarn__anchors_get(old->anchors) : NULL;
	config->tls = old->tls ? tarn__tls_client_get(old->tls) : NULL;
	config->second = tarn__second_config_get(old->second);
	config->clock_floor_sec = base->clock_floor_sec;
	config->rotate_addresses = base->rotate_addresses;
	config->has_ttl_limits = base->has_ttl_limits;
	config->ttl_limits = base->ttl_limits;
	config->source = base->source; /* the interface's name stays the base's */
	return config;
}

static void share_zone(struct tarn__config *config, struct tarn__zone_config *zone)
{
	config->zones[config->zone_count++] = tarn__zone_config_get(zone);
	config->server_count += zone->endpoint_count;
}

/* The same with other trust. */
static struct tarn__config *copy(struct tarn__config *old, bool trust_ad)
{
	struct tarn__config *config = derive(old, trust_ad);
	if (!config)
		return NULL;
	config->zones = calloc(old->zone_count, sizeof config->zones[0]);
	if (!config->zones) {
		tarn__config_put(config);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < old->zone_count; i++)
		share_zone(config, old->zones[i]);
	return config;
}

struct tarn__config *tarn__config_with_traits(struct tarn__config *old,
					      const struct tarn_address *upstreams,
					      const struct tarn_traits *traits, size_t count)
{
	size_t kept = old->server_count - old->zones[0]->endpoint_count;
	if (count > TARN__SERVERS_MAX || kept + count > TARN__SERVERS_ALL_MAX) {
		errno = EINVAL;
		return NULL;
	}
	struct tarn__config *config = derive(old, old->trust_ad);
	if (!config)
		return NULL;
	if (add_root(config, old->zone_count, old->zones[0]->selection, upstreams, traits, count) !=
	    0) {
		tarn__config_put(config);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 1; i < old->zone_count; i++)
		share_zone(config, old->zones[i]);
	return config;
}

struct tarn__config *tarn__config_with_zone(struct tarn__config *old, size_t index,
					    const struct tarn_forward *section)
{
	size_t count = section->upstream_count;
	if (index >= old->zone_count || count > TARN__SERVERS_MAX ||
	    old->server_count - old->zones[index]->endpoint_count + count > TARN__SERVERS_ALL_MAX) {
		errno = EINVAL;
		return NULL;
	}
	struct tarn__zone_config *zone = tarn__zone_config_new(section);
	struct tarn__config *config = zone ? copy(old, old->trust_ad) : NULL;
	if (!config) {
		tarn__zone_config_put(zone);
		errno = ENOMEM;
		return NULL;
	}
	struct tarn__zone_config *before = config->zones[index];
	tarn__zone_config_follow(zone, before);
	config->zones[index] = zone;
	config->server_count += zone->endpoint_count - before->endpoint_count;
	tarn__zone_config_put(before);
	return config;
}

struct tarn__config *tarn__config_with_upstreams(struct tarn__config *config,
						 const struct tarn_address *upstreams, size_t count)
{
	return tarn__config_with_traits(config, upstreams, NULL, count);
}

struct tarn__config *tarn__config_with_trust(struct tarn__config *old, bool trust_ad)
{
	return copy(old, trust_ad);
}

/* The anchors from now on are those of the base and these. 0 or TARN_ENOMEM. */
static int set_insecure(struct tarn__config *config, const struct tarn__name *names, size_t count)
{
	struct tarn__anchors *anchors = tarn__anchors_copy(config->base->anchors);
	if (!anchors)
		return TARN_ENOMEM;
	tarn__anchors_free(config->anchors);
	config->anchors = anchors;
	int error = 0;
	for (size_t i = 0; i < count && error != TARN_ENOMEM; i++)
		error = tarn__anchors_add_negative(anchors, names[i].octets, names[i].len);
	return error == TARN_ENOMEM ? error : 0;
}

struct tarn__config *tarn__config_with_insecure(struct tarn__config *old,
						const struct tarn__name *names, size_t count)
{
	struct tarn__config *config = copy(old, old->trust_ad);
	if (!config)
		return NULL;
	config->number = old->number;
	if (!config->validates || set_insecure(config, names, count) == 0)
		return config;
	tarn__config_put(config);
	errno = ENOMEM;
	return NULL;
}

/* Its policy has this data from now on. 0 or TARN_ENOMEM. */
static int set_data(struct tarn__config *config, const struct tarn__policy_data *data)
{
	struct tarn__policy *policy = tarn__policy_with(config->policy, data);
	if (!policy)
		return TARN_ENOMEM;
	tarn__policy_put(config->policy);
	config->policy = policy;
	return 0;
}

struct tarn__config *tarn__config_with_data(struct tarn__config *old,
					    const struct tarn__policy_data *data)
{
	struct tarn__config *config = copy(old, old->trust_ad);
	if (!config)
		return NULL;
	config->number = old->number;
	if (set_data(config, data) == 0)
		return config;
	tarn__config_put(config);
	errno = ENOMEM;
	return NULL;
}

struct tarn__config *tarn__config_without_data(struct tarn__config *config)
{
	static const struct tarn__policy_data none;
	return config->policy->base ? tarn__config_with_data(config, &none)
				    : tarn__config_get(config);
}

void tarn__config_take_over(struct tarn__config *config, const struct tarn__config *before)
{
	if (tarn__second_config_is_equal(config->second, before->second)) {
		tarn__second_config_put(config->second);
		config->second = tarn__second_config_get(before->second);
	}
	for (size_t i = 0; i < config->zone_count; i++) {
		struct tarn__zone_config *zone = config->zones[i];
		size_t index = tarn__config_zone_of(before, zone->name, zone->name_len);
		if (index != TARN__ZONE_NONE)
			config->zones[i] = tarn__zone_config_take_over(zone, before->zones[index]);
	}
}

/* ---- names and their zones -------------------------------------------------------------- */

size_t tarn__config_find_zone(const struct tarn__config *config, const uint8_t *qname, size_t len,
			      uint16_t qtype)
{
	struct tarn__zone_match zone;
	if (!config->zone_index ||
	    !tarn__zone_index_find_for(config->zone_index, qname, len, qtype, &zone))
		return 0;
	return zone.value;
}

size_t tarn__config_zone_of(const struct tarn__config *config, const uint8_t *name, size_t len)
{
	size_t index = tarn__config_find_zone(config, name, len, TARN__TYPE_SOA);
	if (index == TARN__ZONE_NONE)
		return TARN__ZONE_NONE;
	const struct tarn__zone_config *zone = config->zones[index];
	bool is_same = zone->name_len == len && tarn__name_is_equal(zone->name, name, len);
	return is_same ? index : TARN__ZONE_NONE;
}

bool tarn__config_moves_names(const struct tarn__config *a, const struct tarn__config *b)
{
	return a->zones_digest != b->zones_digest || !tarn__config_has_same_anchors(a, b);
}

static uint64_t find_digest(const struct tarn__config *config, const uint8_t *qname, size_t len,
			    uint16_t qtype)
{
	size_t index = tarn__config_find_zone(config, qname, len, qtype);
	if (index == 0)
		return ROOT_DIGEST;
	return index == TARN__ZONE_NONE ? TARN__DIGEST_NONE : config->zones[index]->digest;
}

bool tarn__config_moves(const struct tarn__config *a, const struct tarn__config *b,
			const uint8_t *qname, size_t len, uint16_t qtype)
{
	return find_digest(a, qname, len, qtype) != find_digest(b, qname, len, qtype) ||
	       !tarn__config_has_same_anchor(a, b, qname, len, qtype);
}
