/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/second_config.h: the second level as a snapshot of the configuration (core/config.h) holds
 * it: where the store is, and the keys of the hashes, which are derived from the secret. The secret itself
 * is not kept.
 *
 * Thread: built by one, then immutable, but for the epoch, and counted; any.
 */
#ifndef TARN_CORE_SECOND_SECOND_CONFIG_H
#define TARN_CORE_SECOND_SECOND_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "tarn.h"

enum {
	TARN__SECOND_FLEET_LEN = 8, /* hexadecimal digits that name those who share the secret */
	TARN__SECOND_CHANNEL_MAX = 32, /* octets of the channel's name, with NUL */
};

struct tarn__tls_client;

struct tarn__second_config {
	atomic_uint references;
	/* Where the store is. Texts are owned; NULL or AF_UNSPEC: not given. */
	struct tarn_address server, replica;
	char *socket; /* the path of a Unix socket, instead of server */
	struct tarn_address sentinels[TARN_SENTINELS_MAX];
	size_t sentinel_count;
	char *master; /* the name by which the sentinels know it */
	char *user, *password;
	uint32_t database;
	bool tls;
	char *ca; /* a file or a folder of CA certificates; NULL: OpenSSL's own */
	char *name; /* of the store's certificate; NULL: it has the address */
	struct tarn__tls_client *tls_client; /* a reference, which net/ sets; NULL: no TLS */

	uint32_t wait_ms;
	bool is_read_only, has_leases, keeps_stale;
	uint8_t key_hash_key[TARN__SIPHASH_KEY_LEN]; /* of the keys of answers */
	uint8_t tag_hash_key[TARN__SIPHASH_KEY_LEN]; /* of the tags of values and messages */
	/*
	 * Not immutable: the epoch of those who share the secret (core/second/epoch.h); 0: not known yet.
	 */
	_Atomic uint64_t epoch;
	char fleet[TARN__SECOND_FLEET_LEN + 1];
	char channel[TARN__SECOND_CHANNEL_MAX]; /* that messages to all machines are published in */
};

/*
 * Makes it from a copy of the options; the caller has the one reference. Returns NULL with errno set:
 * ENOMEM; EINVAL, and *fault is a text that names the error.
 */
struct tarn__second_config *tarn__second_config_new(const struct tarn_second_level *,
						    const char **fault);

/* Returns true if the options have a second level. */
bool tarn__second_config_is_wanted(const struct tarn_second_level *);

/* Returns true if all is equal: a connection of the one serves the other. Both may be NULL. */
bool tarn__second_config_is_equal(const struct tarn__second_config *,
				  const struct tarn__second_config *);

/* Takes a reference, and drops one; dropping the last one frees it. Both accept NULL. */
struct tarn__second_config *tarn__second_config_get(struct tarn__second_config *);
void tarn__second_config_put(struct tarn__second_config *);

#endif
