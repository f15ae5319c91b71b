/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/nxdomain.c: NXDOMAIN under the key of its name. */
#include "core/forward/nxdomain.h"

#include <string.h>

#include "dns/stored.h"

static size_t write_name_key(const struct tarn__key *key, uint8_t out[TARN__KEY_MAX])
{
	struct tarn__query typeless = {
		.qname = key->qname,
		.qname_len = key->qname_len,
		.qclass = key->qclass,
		.flags = key->checking_disabled ? TARN__FLAG_CD : 0,
		.dnssec_ok = key->dnssec_ok,
	};
	return tarn__key_write(&typeless, out);
}

bool tarn__nxdomain_is_for(uint16_t qtype)
{
	return qtype != TARN__TYPE_DS;
}

/* A question of the chain of trust has the answer of its own servers. */
static bool is_for_key(const struct tarn__key *key)
{
	return tarn__nxdomain_is_for(key->qtype) && !key->is_of_chain;
}

bool tarn__nxdomain_find(struct rtcache_client *client, const struct tarn__key *key,
			 struct rtcache_value *out)
{
	uint8_t name[TARN__KEY_MAX];
	size_t len = write_name_key(key, name);
	return is_for_key(key) && rtcache_peek(client, name, len, false, out) == 1;
}

bool tarn__nxdomain_is_known(struct rtcache_client *client, const struct tarn__key *key)
{
	uint8_t name[TARN__KEY_MAX];
	size_t len = write_name_key(key, name);
	struct rtcache_state state;
	return is_for_key(key) && rtcache_inspect(client, name, len, &state) == 0 &&
	       state.is_stored && state.item.value.status == RTCACHE_HIT;
}

bool tarn__nxdomain_fill(struct rtcache_client *client, struct rtcache_lookup *handle,
			 const struct tarn__key *key, uint8_t *stored)
{
	struct rtcache_value value;
	if (!tarn__nxdomain_find(client, key, &value))
		return false;
	size_t key_len;
	const void *octets = rtcache_lookup_key(handle, &key_len);
	struct rtcache_state state;
	if (rtcache_inspect(client, octets, key_len, &state) == 0 && state.is_stored &&
	    state.item.value.status == RTCACHE_HIT)
		return false;
	tarn__stored_copy(stored, value.data, value.len);
	/* Rounded up, so that the copy does not live longer than the original. */
	tarn__stored_age(stored, value.len, (uint32_t)((value.age_ms + 999) / 1000));
	rtcache_fill(handle, stored, value.len, value.ttl_ms);
	return true;
}

void tarn__nxdomain_put(struct rtcache_client *client, const struct tarn__key *key,
			const uint8_t *stored, size_t len, uint64_t ttl_ms)
{
	if (!is_for_key(key))
		return;
	uint8_t name[TARN__KEY_MAX];
	size_t name_len = write_name_key(key, name);
	(void)rtcache_put(client, name, name_len, stored, len, ttl_ms);
}

void tarn__nxdomain_load(struct rtcache_client *client, const struct tarn__key *key,
			 const struct rtcache_item *item)
{
	if (!is_for_key(key))
		return;
	uint8_t name[TARN__KEY_MAX];
	struct rtcache_item of_name = *item;
	of_name.key = name;
	of_name.key_len = write_name_key(key, name);
	(void)rtcache_load(client, &of_name);
}

void tarn__nxdomain_end(struct rtcache_client *client, const struct tarn__key *key)
{
	/* There is rarely one, and looking takes no lock. */
	struct rtcache_value value;
	if (!tarn__nxdomain_find(client, key, &value))
		return;
	uint8_t name[TARN__KEY_MAX];
	size_t len = write_name_key(key, name);
	rtcache_remove(client, name, len);
}
