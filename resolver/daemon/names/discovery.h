/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/discovery.h: the records by which clients find the encrypted listeners of the resolver that they
 * ask (RFC 9462 section 4, RFC 9461): SVCB of _dns.resolver.arpa, one for each transport and port.
 */
#ifndef TARN_DAEMON_NAMES_DISCOVERY_H
#define TARN_DAEMON_NAMES_DISCOVERY_H

#include <stddef.h>

#include "daemon/settings/settings.h"

enum {
	TARN__DISCOVERY_MAX = 8, /* records; of more ports a client tries the first ones at most */
	TARN__DISCOVERY_TTL = 300, /* seconds; what a reload changes is seen soon */
};

/* Lines in the syntax of zone files, each to be freed. */
struct tarn__discovery {
	char *items[TARN__DISCOVERY_MAX];
	size_t count;
};

/*
 * Makes the records of the addresses that are listened on (settings->bound). None without a name of the
 * listeners, or without an encrypted one. Hints are the addresses: no wildcards, none that have a scope, and
 * loopback addresses only if there are no others, since a client may be elsewhere. TARN_ENOMEM: there are
 * none.
 */
int tarn__discovery_make(const struct tarn__settings *, struct tarn__discovery *out);
void tarn__discovery_fini(struct tarn__discovery *);

#endif
