/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/config.h: the configuration of a resolver: who may ask, which names are answered here, and which
 * servers the others go to. A snapshot: immutable once made, shared by all workers, counted. Another
 * configuration is another snapshot, which shares what is equal with the one before
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
#include "tarn.h"

struct tarn__policy;
struct tarn__ports;
struct tarn__zone_index;

enum {
	TARN__SERVERS_ALL_MAX = 1024, /* of all: each may have tens of sockets in each worker */
	TARN__CONFIG_FAULT_MAX = 256, /* octets of a configuration's error text, with NUL */
};

struct tarn__config {
	atomic_uint references;
	struct tarn__config *base; /* the owner of policy, ports and zone_index; NULL: this one */
	struct tarn__ports *ports; /* that questions come from; NULL: any that takes no privilege */
	struct tarn__policy *policy;
	/* Names of zones; the value is an index into zones, or TARN__ZONE_NONE. NULL: the root is all. */
	struct tarn__zone_index *zone_index;
	uint64_t zones_digest; /* of the zones and their servers, in any order */
	/* AD is asked for and passed on: the servers validate, and are trusted (RFC 6840). */
	bool trust_ad;
	bool rotate_addresses; /* in replies */
	struct tarn_source source; /* of the root's servers, those to come too */
	char interface[TARN__INTERFACE_MAX]; /* of the source */
	size_t zone_count;
	struct tarn__zone_config **zones; /* a reference to each */
	size_t server_count; /* of all zones */
	/* Not immutable: how often a server that was dead has answered. */
	atomic_uint recoveries;
};

/*
 * Copies what the options say; version and identity are struct tarn__policy_options'. One reference,
 * the caller's. NULL with errno set: ENOMEM; EINVAL, and fault is what is wrong, in a line.
 */
struct tarn__config *tarn__config_new(const struct tarn_options *, const char *version,
				      const char *identity, char fault[TARN__CONFIG_FAULT_MAX]);

/* The same with other servers for the root, of these traits or of none; with another trust. NULL as above. */
struct tarn__config *tarn__config_with_upstreams(struct tarn__config *,
						 const struct tarn_address *upstreams,
						 size_t count);
struct tarn__config *tarn__config_with_traits(struct tarn__config *,
					      const struct tarn_address *upstreams,
					      const struct tarn_traits *traits, size_t count);
struct tarn__config *tarn__config_with_trust(struct tarn__config *, bool trust_ad);

/*
 * Before the configuration is shared: zones that are equal in the one before, and equal endpoints of zones
 * that are in both, become those of the one before.
 */
void tarn__config_take_over(struct tarn__config *, const struct tarn__config *before);

/*
 * Before the configuration is shared: queries come from none of the ports that are not usable. 0 or
 * TARN_ENOMEM; TARN_EINVAL: too few were left, and nothing has changed.
 */
int tarn__config_reserve_ports(struct tarn__config *, const struct tarn__ports *usable);

/* One reference more, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__config *tarn__config_get(struct tarn__config *);
void tarn__config_put(struct tarn__config *);

/* Returns the error text for struct tarn_forward.zone; NULL: it has no error. */
const char *tarn__zone_name_fault(const char *text);

/* Instead of an index of a zone: the zone is never forwarded, or there is no such zone. */
enum { TARN__ZONE_NONE = UINT16_MAX };

/*
 * The index of the zone whose servers a question goes to: of the zone that has the name's records of that
 * type (tarn__zone_index_find_for()). qname is in wire form, any spelling.
 */
size_t tarn__config_find_zone(const struct tarn__config *, const uint8_t *qname, size_t len,
			      uint16_t qtype);

/* The index of the zone of exactly that name. */
size_t tarn__config_zone_of(const struct tarn__config *, const uint8_t *name, size_t len);

/* Returns true if some name goes to other servers in one of them than in the other, the root's apart. */
bool tarn__config_moves_names(const struct tarn__config *, const struct tarn__config *);

/*
 * Returns true if a question of this name and type does. All servers of the root, whichever they are, see the
 * same DNS; what they have answered stays good.
 */
bool tarn__config_moves(const struct tarn__config *, const struct tarn__config *,
			const uint8_t *qname, size_t len, uint16_t qtype);

#endif
