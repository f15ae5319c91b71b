/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/config.h: what a resolver was told: who may ask, which names are answered here, and which
 * servers the others go to. A snapshot: immutable once made, shared by all workers, counted. Another
 * configuration is another snapshot, that each worker takes over at a turn of its own.
 *
 * A group is a zone with servers of its own; the first is the root's, for all names that are in no
 * other. All servers stand in one list, group after group.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_CONFIG_H
#define TARN_CORE_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"
#include "tarn.h"

struct tarn__policy;
struct tarn__ports;
struct tarn__zones;

enum {
	TARN__SERVERS_MAX = 64, /* of one group */
	TARN__SERVERS_ALL_MAX = 1024, /* of all: each may have tens of sockets in each worker */
	TARN__INTERFACE_MAX = 16, /* octets of an interface's name, with NUL: the kernel's limit */
	TARN__FAILURE_SEC_MIN =
		1, /* RFC 9520 section 3.2: failures are to be remembered so long ... */
	TARN__FAILURE_SEC_MAX = 300, /* ... and no longer */
	TARN__CONFIG_FAULT_MAX = 256, /* octets of what is wrong with a configuration */
};

/* A server, and where questions to it come from. */
struct tarn__server_config {
	struct tarn_address address;
	struct tarn_address source; /* port 0; of no family: the system chooses */
	char interface[TARN__INTERFACE_MAX]; /* empty: any */
	struct tarn_traits traits;
};

bool tarn__server_config_is_equal(const struct tarn__server_config *,
				  const struct tarn__server_config *);

struct tarn__group {
	/* Its name in lower case, in wire form; of a network with several the first of its own. */
	uint16_t zone_len;
	uint8_t zone[TARN__NAME_MAX];
	enum tarn_selection selection;
	bool follows_cnames; /* out of the zone */
	size_t first; /* of its servers, in config->servers ... */
	size_t count; /* ... and how many; the root's alone may be none */
	/* Of the servers, in any order, and of what becomes of their chains. */
	uint64_t digest;
};

/* What workers tell each other of a server. */
struct tarn__health {
	atomic_bool is_dead; /* one of them says so, and none has heard from it since */
	_Atomic uint64_t probe_at_ms; /* the next probe, whosever it is */
};

struct tarn__config {
	atomic_uint references;
	struct tarn__config *base; /* whose policy, ports and zones these are; NULL: its own */
	struct tarn__ports *ports; /* that questions come from; NULL: any that takes no privilege */
	struct tarn__policy *policy;
	/* The zones' values are groups, or TARN__GROUP_NONE. NULL: there is none but the root. */
	struct tarn__zones *zones;
	uint64_t zones_digest; /* of the zones and their servers, in any order */
	/* Their word on what they validated is taken: AD is asked for and passed on (RFC 6840). */
	bool trust_ad;
	bool rotate_addresses; /* in replies */
	struct tarn_source source; /* of the root's servers, those to come too */
	char interface[TARN__INTERFACE_MAX]; /* of the source */
	size_t group_count;
	struct tarn__group *groups;
	size_t server_count;
	struct tarn__server_config *servers;
	/* Not immutable: of each of the servers; and how often one was healed. */
	struct tarn__health *health;
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
 * Before anybody else has the configuration: questions come from none of what is missing there. 0,
 * TARN_ENOMEM; TARN_EINVAL: too few were left, and nothing has changed.
 */
int tarn__config_reserve_ports(struct tarn__config *, const struct tarn__ports *usable);

/* One more reference, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__config *tarn__config_get(struct tarn__config *);
void tarn__config_put(struct tarn__config *);

/* What is wrong with struct tarn_forward.zone; NULL: nothing. */
const char *tarn__zone_fault(const char *text);

/* Instead of a group: of a zone that is never forwarded; or there is none. */
enum { TARN__GROUP_NONE = UINT16_MAX };

/*
 * The group whose servers a question goes to: that of the zone which has the name's records of that type
 * (tarn__zones_find_for()). qname is in wire form, any spelling.
 */
size_t tarn__config_find_group(const struct tarn__config *, const uint8_t *qname, size_t len,
			       uint16_t qtype);

/* The group of exactly that zone. */
size_t tarn__config_group_of(const struct tarn__config *, const uint8_t *zone, size_t len);

/* The group of a server of the list. */
size_t tarn__config_server_group(const struct tarn__config *, size_t server_index);

/* Are the groups the same, servers, their order and selection, wherever they stand in their lists? */
bool tarn__config_group_is_equal(const struct tarn__config *, size_t group,
				 const struct tarn__config *, size_t other_group);

/* Is there a name that goes to other servers in one of them than in the other, the root's apart? */
bool tarn__config_moves_names(const struct tarn__config *, const struct tarn__config *);

/*
 * Does a question of this name and type? The root's servers, whichever they are, all see the same; what
 * they have said of a name stays good.
 */
bool tarn__config_moves(const struct tarn__config *, const struct tarn__config *,
			const uint8_t *qname, size_t len, uint16_t qtype);

#endif
