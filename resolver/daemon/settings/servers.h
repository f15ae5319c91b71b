/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/servers.h: a list of upstream servers, the program's or a zone's, with who each of them is and how it
 * is asked. On the heap: most zones have few servers or none.
 */
#ifndef TARN_DAEMON_SETTINGS_SERVERS_H
#define TARN_DAEMON_SETTINGS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "tarn.h"

/* All zeros is the empty list. */
struct tarn__servers {
	struct tarn_address *items; /* of no family: of a server that has a name alone */
	struct tarn_traits *traits; /* as many; their pointers are into texts */
	void **texts; /* as many; NULL: none */
	size_t count;
};

/* Frees what the list has; it is empty afterwards. */
void tarn__servers_clear(struct tarn__servers *);

/*
 * Adds a server, unless the list has it. TARN_EINVAL: the list has TARN__ADDRESSES_MAX, or has it with other traits;
 * TARN_ENOMEM.
 */
int tarn__servers_add(struct tarn__servers *, const struct tarn_address *,
		      const struct tarn_traits *);

/*
 * Returns the index of the server of that address, or of that name and port if it has no address; SIZE_MAX: the list
 * has none.
 */
size_t tarn__servers_find(const struct tarn__servers *, const struct tarn_address *,
			  const struct tarn_traits *);

/* Returns true if both have the same servers in the same order. */
bool tarn__servers_is_equal(const struct tarn__servers *, const struct tarn__servers *);

/* Writes "192.0.2.1:53, tcp://[2001:db8::1]:53", or what fits and " ..."; size is 8 at least. */
void tarn__servers_format(const struct tarn__servers *, char *out, size_t size);

#endif
