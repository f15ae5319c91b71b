/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/second_config.c: a copy of the options, and the keys derived from the secret. */
#include "core/second/second_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base16.h"
#include "tls/tls.h"

/* What a key is for: the first octet of the key with which the secret is hashed to it. */
enum purpose { FOR_KEYS = 1, FOR_TAGS, FOR_FLEET };

/* ---- the secret --------------------------------------------------------------------------- */

static void derive(const struct tarn_second_level *options, enum purpose purpose,
		   uint8_t out[TARN__SIPHASH128_LEN])
{
	const uint8_t key[TARN__SIPHASH_KEY_LEN] = {(uint8_t)purpose};
	tarn__siphash128(key, options->secret, options->secret_len, out);
}

_Static_assert((int)TARN__SIPHASH128_LEN == (int)TARN__SIPHASH_KEY_LEN, "one is made of the other");

static void derive_all(struct tarn__second_config *config, const struct tarn_second_level *options)
{
	uint8_t fleet[TARN__SIPHASH128_LEN];
	derive(options, FOR_KEYS, config->key_hash_key);
	derive(options, FOR_TAGS, config->tag_hash_key);
	derive(options, FOR_FLEET, fleet);
	*tarn__base16_write(fleet, TARN__SECOND_FLEET_LEN / 2, config->fleet) = '\0';
	snprintf(config->channel, sizeof(config->channel), "tarn1:%s:flush", config->fleet);
}

/* ---- options ------------------------------------------------------------------------------ */

static bool has_address(const struct tarn_address *address)
{
	return address->sa.sa_family != AF_UNSPEC;
}

bool tarn__second_config_is_wanted(const struct tarn_second_level *options)
{
	return has_address(&options->server) || options->socket || options->sentinel_count > 0;
}

/* Returns NULL, or the text of the error. */
static const char *find_fault(const struct tarn_second_level *options)
{
	int ways = has_address(&options->server) + (options->socket != NULL) +
		   (options->sentinel_count > 0);
	if (ways > 1)
		return "either a server, a socket or sentinels";
	if (options->sentinel_count > TARN_SENTINELS_MAX)
		return "too many sentinels";
	if ((options->sentinel_count > 0) != (options->master != NULL))
		return "sentinels need the name of a master, and a master needs sentinels";
	if (!options->secret || options->secret_len < TARN_SECRET_MIN ||
	    options->secret_len > TARN_SECRET_MAX)
		return "a secret of 16 to 1024 octets is needed";
	if (options->wait_ms > TARN_SECOND_WAIT_MS_MAX)
		return "the wait is above a second";
	if (options->user && !options->password)
		return "a user without a password";
	if (options->socket && options->tls)
		return "TLS over a Unix socket";
	if ((options->ca || options->name) && !options->tls)
		return "certificates without TLS";
	return NULL;
}

/* Copies a text or NULL. Returns false if out of memory. */
static bool copy_text(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

static bool copy_texts(struct tarn__second_config *config, const struct tarn_second_level *options)
{
	return copy_text(&config->socket, options->socket) &&
	       copy_text(&config->master, options->master) &&
	       copy_text(&config->user, options->user) &&
	       copy_text(&config->password, options->password) &&
	       copy_text(&config->ca, options->ca) && copy_text(&config->name, options->name);
}

struct tarn__second_config *tarn__second_config_new(const struct tarn_second_level *options,
						    const char **fault)
{
	*fault = find_fault(options);
	if (*fault) {
		errno = EINVAL;
		return NULL;
	}
	struct tarn__second_config *config = calloc(1, sizeof *config);
	if (!config)
		return NULL;
	atomic_init(&config->references, 1);
	config->server = options->server;
	config->replica = options->replica;
	for (size_t i = 0; i < options->sentinel_count; i++)
		config->sentinels[config->sentinel_count++] = options->sentinels[i];
	config->database = options->database;
	config->tls = options->tls;
	config->wait_ms = options->wait_ms > 0 ? options->wait_ms : TARN_SECOND_WAIT_MS_DEFAULT;
	config->is_read_only = options->read_only;
	config->has_leases = options->lease;
	config->keeps_stale = options->keep_stale;
	derive_all(config, options);
	if (copy_texts(config, options))
		return config;
	tarn__second_config_put(config);
	errno = ENOMEM;
	return NULL;
}

/* ---- comparison --------------------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_place(const struct tarn__second_config *a, const struct tarn__second_config *b)
{
	if (!tarn_address_is_equal(&a->server, &b->server) ||
	    !tarn_address_is_equal(&a->replica, &b->replica) ||
	    !is_same_text(a->socket, b->socket) || !is_same_text(a->master, b->master) ||
	    a->sentinel_count != b->sentinel_count || a->database != b->database)
		return false;
	for (size_t i = 0; i < a->sentinel_count; i++) {
		if (!tarn_address_is_equal(&a->sentinels[i], &b->sentinels[i]))
			return false;
	}
	return true;
}

/* The files may have changed. */
static bool has_same_tls(const struct tarn__second_config *a, const struct tarn__second_config *b)
{
	if (!a->tls_client || !b->tls_client)
		return a->tls_client == b->tls_client;
	return tarn__tls_client_is_equal(a->tls_client, b->tls_client);
}

static bool has_same_access(const struct tarn__second_config *a,
			    const struct tarn__second_config *b)
{
	return is_same_text(a->user, b->user) && is_same_text(a->password, b->password) &&
	       a->tls == b->tls && has_same_tls(a, b) && is_same_text(a->ca, b->ca) &&
	       is_same_text(a->name, b->name) &&
	       memcmp(a->key_hash_key, b->key_hash_key, sizeof a->key_hash_key) == 0 &&
	       memcmp(a->tag_hash_key, b->tag_hash_key, sizeof a->tag_hash_key) == 0;
}

bool tarn__second_config_is_equal(const struct tarn__second_config *a,
				  const struct tarn__second_config *b)
{
	if (!a || !b || a == b)
		return a == b;
	return is_same_place(a, b) && has_same_access(a, b) && a->wait_ms == b->wait_ms &&
	       a->is_read_only == b->is_read_only && a->has_leases == b->has_leases &&
	       a->keeps_stale == b->keeps_stale;
}

/* ---- references --------------------------------------------------------------------------- */

struct tarn__second_config *tarn__second_config_get(struct tarn__second_config *config)
{
	if (config)
		atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
	return config;
}

void tarn__second_config_put(struct tarn__second_config *config)
{
	if (!config || atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) > 1)
		return;
	free(config->socket);
	free(config->master);
	free(config->user);
	if (config->password)
		explicit_bzero(config->password, strlen(config->password));
	free(config->password);
	tarn__tls_client_put(config->tls_client);
	free(config->ca);
	free(config->name);
	explicit_bzero(config, sizeof *config);
	free(config);
}
