/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/config.h: the configuration of a resolver: the access list, the names that are answered here, and
 * the servers for all others. A snapshot: immutable once made, shared by all workers, counted. Another
 * configuration is another snapshot, which shares the parts that are equal with the one before
 * (tarn__config_take_over()), and which each worker takes over at a turn of its own.
 *
 * Its zones are those with servers of their own; the first is the root, for all names that are in no
 * other.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_CONFIG_H
#define TARN_CORE_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/zone_config.h"
#include "dns/stored.h"
#include "tarn.h"

struct tarn__anchors;
struct tarn__name;
struct tarn__network_list;
struct tarn__policy;
struct tarn__policy_data;
struct tarn__ports;
struct tarn__second_config;
struct tarn__tls_client;
struct tarn__zone_index;

enum {
	TARN__SERVERS_ALL_MAX = 1024, /* of all zones: each may have tens of sockets per worker */
	TARN__CONFIG_FAULT_MAX = 256, /* octets of a configuration's error text, with NUL */
	/* The date of the release, 30 November 2026: an earlier one cannot be that of today. */
	TARN__RELEASE_SEC = 1795996800,
};

struct tarn__config {
	atomic_uint references;
	/*
	 * Configurations that differ in the data of the policy alone, or in names that are insecure for a
	 * time, have the same number, and no others do.
	 */
	unsigned number;
	/* The owner of ports, zone_index, proxies and https_path; NULL: this one. */
	struct tarn__config *base;
	struct tarn__ports *ports; /* from which questions are sent; NULL: any unprivileged port */
	struct tarn__policy *policy; /* a reference */
	/* Names of zones; the value is an index into zones, or TARN__ZONE_NONE. NULL: the root is all. */
	struct tarn__zone_index *zone_index;
	uint64_t zones_digest; /* of the zones and their servers, in any order */
	/* AD is asked for and passed on: the servers validate, and are trusted (RFC 6840). */
	bool trust_ad;
	/*
	 * Answers are validated, from the anchors; those that have no positive anchor at or above them are
	 * insecure.
	 */
	bool validates;
	struct tarn__anchors *anchors; /* a reference; NULL: it does not validate */
	uint32_t
		clock_floor_sec; /* since 1970: a clock that shows an earlier time cannot be right */
	bool rotate_addresses; /* in replies */
	bool has_ttl_limits; /* other ones than those that every answer is read with */
	struct tarn__ttl_limits ttl_limits;
	struct tarn_source source; /* of the root's servers, those to come too */
	char interface[TARN__INTERFACE_MAX]; /* of the source */
	size_t zone_count;
	struct tarn__zone_config **zones; /* a reference to each */
	size_t server_count; /* of all zones */
	struct tarn__tls_client
		*tls; /* a reference; NULL: no server was encrypted when it was made */
	struct tarn__second_config *second; /* a reference; NULL: there is no second level */
	/* Whose connections begin with a header of the PROXY protocol; NULL: there are none. */
	struct tarn__network_list *proxies;
	char *https_path; /* of questions of clients over HTTPS */
	/* Not immutable: how often a server that was dead has answered. */
	atomic_uint recoveries;
};

/*
 * Makes a snapshot from a copy of the options; version and identity are those of struct
 * tarn__policy_options. The caller has the one reference. Returns NULL with errno set: ENOMEM; EINVAL, and
 * fault is one line that names the error.
 */
struct tarn__config *tarn__config_new(const struct tarn_options *, const char *version,
				      const char *identity, char fault[TARN__CONFIG_FAULT_MAX]);

/*
 * To be called before the configuration is shared: loads what its encrypted servers need, and reads the CA
 * certificates. TARN_EINVAL: a library is missing; TARN_ECERTIFICATE: there is no such client, and
 * config->tls is NULL; fault is one line that names the error.
 */
int tarn__config_open_tls(struct tarn__config *, const struct tarn_tls *,
			  char fault[TARN__CONFIG_FAULT_MAX]);

/*
 * Make a copy with other servers for the root, with or without traits, or with another trust. NULL as
 * above.
 */
struct tarn__config *tarn__config_with_upstreams(struct tarn__config *,
						 const struct tarn_address *upstreams,
						 size_t count);
struct tarn__config *tarn__config_with_traits(struct tarn__config *,
					      const struct tarn_address *upstreams,
					      const struct tarn_traits *traits, size_t count);
struct tarn__config *tarn__config_with_trust(struct tarn__config *, bool trust_ad);

/*
 * The same with other servers, sources and another selection for the zone of that index, 0 for the root; all
 * else of the section is not read. They are the same servers as before in another way, at another address or
 * encrypted: answers that came from those before remain valid. NULL as above.
 */
struct tarn__config *tarn__config_with_zone(struct tarn__config *, size_t index,
					    const struct tarn_forward *section);

/*
 * The same with the insecure names of its options and these; a name that is none of dnssec/anchors.h is
 * left out. Nothing changes in one that does not validate. NULL as above.
 */
struct tarn__config *tarn__config_with_insecure(struct tarn__config *,
						const struct tarn__name *names, size_t count);

/*
 * The same with other data of the policy, which gets references. The configuration that it is made from
 * stays without, so that what shares its zones does not keep data that is out of use. NULL as above.
 */
struct tarn__config *tarn__config_with_data(struct tarn__config *,
					    const struct tarn__policy_data *);

/*
 * The same without data: what holds it does not keep data that is out of use. A reference, the caller's.
 * NULL as above.
 */
struct tarn__config *tarn__config_without_data(struct tarn__config *);

/*
 * To be called before the configuration is shared. Zones that are equal in the one before, equal endpoints of
 * zones that are in both, and an equal second level are replaced by those of the one before.
 */
void tarn__config_take_over(struct tarn__config *, const struct tarn__config *before);

/*
 * To be called before the configuration is shared: queries are sent from usable ports only. Returns 0 or
 * TARN_ENOMEM; TARN_EINVAL: too few ports are left, and nothing has changed.
 */
int tarn__config_reserve_ports(struct tarn__config *, const struct tarn__ports *usable);

/* Takes a reference, and drops one; dropping the last one frees it. put accepts NULL. */
struct tarn__config *tarn__config_get(struct tarn__config *);
void tarn__config_put(struct tarn__config *);

/* Returns the error text for struct tarn_forward.zone; NULL: it has no error. */
const char *tarn__zone_name_fault(const char *text);

/* Instead of an index of a zone: the zone is never forwarded, or there is no such zone. */
enum { TARN__ZONE_NONE = UINT16_MAX };

/*
 * Returns the index of the zone whose servers are asked, which is the zone that has the name's records of
 * that type (tarn__zone_index_find_for()). qname is in wire form, in any letter case.
 */
size_t tarn__config_find_zone(const struct tarn__config *, const uint8_t *qname, size_t len,
			      uint16_t qtype);

/* Returns the index of the zone of exactly that name. */
size_t tarn__config_zone_of(const struct tarn__config *, const uint8_t *name, size_t len);

/*
 * Returns true if some name has other servers in one of them than in the other, or may be validated from
 * other anchors; the root's servers count as equal.
 */
bool tarn__config_moves_names(const struct tarn__config *, const struct tarn__config *);

/*
 * Returns true if a question of this name and type has other servers, or if its chain of trust starts at
 * another anchor. All servers of the root count as equal: they serve the same DNS, so that answers of other
 * ones remain valid.
 */
bool tarn__config_moves(const struct tarn__config *, const struct tarn__config *,
			const uint8_t *qname, size_t len, uint16_t qtype);

#endif
