/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/zone_servers.h: copies of the servers of some zones, as configured, from which those that the
 * resolver is told of are made: settings do not keep those of forward sections.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_ZONE_SERVERS_H
#define TARN_DAEMON_BOOTSTRAP_ZONE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/forward/endpoint.h"
#include "daemon/bootstrap/host.h"
#include "daemon/settings/settings.h"

struct tarn__zone_servers {
	size_t index; /* of the zone in the resolver's configuration; 0: the root */
	size_t forward; /* of its section, if it is not the root */
	struct tarn__servers servers;
	enum tarn_selection selection;
	struct tarn_source source; /* its interface is the one below, or NULL */
	char interface[TARN__INTERFACE_MAX];
};

/* Returns true if the zone is to be copied. */
typedef bool (*tarn__zone_servers_filter)(const struct tarn__servers *, bool discover);

/*
 * Makes copies of those that are wanted, which the caller frees; with none *out is NULL. TARN_ENOMEM.
 */
int tarn__zone_servers_copy(const struct tarn__settings *, tarn__zone_servers_filter is_wanted,
			    struct tarn__zone_servers **out, size_t *count);
void tarn__zone_servers_free(struct tarn__zone_servers *, size_t count);

/* Servers as the resolver is told of them; what traits point at is borrowed. */
struct tarn__expansion {
	struct tarn_address *items;
	struct tarn_traits *traits;
	size_t count;
};

/* Returns the addresses of a server's name; NULL: it is not known. */
typedef const struct tarn__host_addresses *(*tarn__host_find)(void *data, const char *name);

/*
 * Puts a server for each address of a name, with the port and the traits of the one with the name alone, where the
 * addresses are known; the others stay as they are. Of addresses that are too many for room servers each
 * name has the first ones. One that is there already is left out. TARN_ENOMEM.
 */
int tarn__expand(const struct tarn__servers *, tarn__host_find, void *data, size_t room,
		 struct tarn__expansion *out);
void tarn__expansion_clear(struct tarn__expansion *);

#endif
