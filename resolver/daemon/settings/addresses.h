/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/addresses.h: short lists of addresses, and which of them belong to tarn itself.
 */
#ifndef TARN_DAEMON_SETTINGS_ADDRESSES_H
#define TARN_DAEMON_SETTINGS_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "tarn.h"

/* More than any configuration lists; with a bound the lists need no memory of their own. */
enum { TARN__ADDRESSES_MAX = 64 };

/* Of an address without a port, unless an option has another one. */
enum { TARN__DNS_PORT = 53 };

struct tarn__addresses {
	struct tarn_address items[TARN__ADDRESSES_MAX];
	/* Of addresses that are listened on: TARN_TLS, TARN_HTTPS; TARN_UDP: UDP and TCP, and of all else. */
	enum tarn_transport over[TARN__ADDRESSES_MAX];
	size_t count;
};

/* Adds an address, unless the list has it. TARN_EINVAL: the list is full. */
int tarn__addresses_add(struct tarn__addresses *, const struct tarn_address *);

/* The same for one that is listened on; one that the list has keeps its transport. */
int tarn__addresses_add_over(struct tarn__addresses *, const struct tarn_address *,
			     enum tarn_transport);

/* Octets of the text of an address with its transport, with NUL. */
enum { TARN__OVER_TEXT_MAX = TARN_ADDRESS_TEXT_MAX + 8 };

/* Writes "tls://192.0.2.1:853", and "192.0.2.1:53" for TARN_UDP, of the item with that index. Returns out. */
char *tarn__addresses_format_one(const struct tarn__addresses *, size_t index,
				 char out[TARN__OVER_TEXT_MAX]);

bool tarn__addresses_has(const struct tarn__addresses *, const struct tarn_address *);

/* Writes "192.0.2.1:53, tls://[2001:db8::1]:853", or what fits and " ..."; size is 8 at least. */
void tarn__addresses_format(const struct tarn__addresses *, char *out, size_t size);

/*
 * Adds an item to a text of size octets, ", " before it, or " ..." and returns false: then nothing may be added
 * any more. The text is empty at first; size is 8 at least.
 */
bool tarn__list_text_add(char *out, size_t size, const char *item);

/* Returns true if both have the same addresses in the same order. */
bool tarn__addresses_is_equal(const struct tarn__addresses *, const struct tarn__addresses *);

/* Returns true if the text of an address, which is valid, has a port. */
bool tarn__address_has_port(const char *text);

/* Returns true if all addresses are loopback addresses; of an empty list, too. */
bool tarn__addresses_are_loopback(const struct tarn__addresses *);

/*
 * Returns true if a query to server would arrive at one of listens. An unspecified address
 * (0.0.0.0, ::) listens on every address of this machine; as a server it is the loopback address.
 */
bool tarn__addresses_has_self(const struct tarn__addresses *listens,
			      const struct tarn_address *server);

/*
 * Returns true if sockets at both addresses conflict: they have the port and at least one address
 * in common.
 */
bool tarn__addresses_overlap(const struct tarn_address *, const struct tarn_address *);

#endif
