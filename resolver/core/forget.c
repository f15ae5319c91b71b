/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forget.c: removing names from the cache. */
#include "core/forget.h"

#include <string.h>

#include "dns/name.h"
#include "dns/stored.h"
#include "rtcache.h"

/* The type in the key of NXDOMAIN for a whole name: core/forward/nxdomain.h. */
enum { NAME_ITSELF = 0 };

size_t tarn__variant_key(const uint8_t *qname, size_t qname_len, uint16_t qtype, unsigned variant,
			 uint8_t key[TARN__KEY_MAX])
{
	const struct tarn__query query = {
		.qname = qname,
		.qname_len = (uint16_t)qname_len,
		.qtype = qtype,
		.qclass = TARN__CLASS_IN,
		.flags = variant & TARN__VARIANT_CD ? TARN__FLAG_CD : 0,
		.dnssec_ok = variant & TARN__VARIANT_DO,
	};
	return tarn__key_write(&query, key);
}

static void forget_key(struct rtcache_client *client, const void *key, size_t len,
		       struct tarn__forgotten *forgotten)
{
	struct rtcache_state state;
	if (rtcache_inspect(client, key, len, &state) == 0 && state.failure < 0)
		forgotten->failures++;
	forgotten->answers += rtcache_remove(client, key, len);
}

struct tarn__forgotten tarn__forget(struct rtcache_client *client, const uint8_t *qname,
				    size_t qname_len, uint16_t qtype)
{
	const uint16_t types[] = {qtype, NAME_ITSELF};
	struct tarn__forgotten forgotten = {0};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		for (unsigned variant = 0; variant < TARN__VARIANTS; variant++) {
			uint8_t key[TARN__KEY_MAX];
			size_t len = tarn__variant_key(qname, qname_len, types[i], variant, key);
			forget_key(client, key, len, &forgotten);
		}
	}
	return forgotten;
}

/* ---- sweeps ------------------------------------------------------------------------------- */

static bool is_swept(const struct tarn__sweep *sweep, const struct rtcache_item *item,
		     const struct tarn__key *key)
{
	switch (sweep->kind) {
	case TARN__SWEEP_NEGATIVE:
		return item->value.data && !key->is_trust &&
		       tarn__stored_is_negative(item->value.data, item->value.len);
	case TARN__SWEEP_TREE:
		return tarn__name_is_within(key->qname, key->qname_len, sweep->name,
					    sweep->name_len);
	case TARN__SWEEP_NAME:
		break;
	}
	return key->qname_len == sweep->name_len &&
	       tarn__name_is_equal(key->qname, sweep->name, sweep->name_len);
}

static void on_item(const struct rtcache_item *item, void *arg)
{
	struct tarn__sweep *sweep = arg;
	struct tarn__key key;
	if (tarn__key_read(item->key, item->key_len, &key) && is_swept(sweep, item, &key))
		forget_key(sweep->client, item->key, item->key_len, &sweep->forgotten);
}

bool tarn__sweep_step(struct tarn__sweep *sweep, struct rtcache_client *client, size_t count)
{
	sweep->client = client;
	return rtcache_walk(client, &sweep->cursor, count, on_item, sweep);
}

static bool is_waiting(const struct tarn__sweep *sweep, enum tarn__sweep_kind kind,
		       const uint8_t *name, size_t name_len)
{
	return sweep->cursor == 0 && sweep->kind == kind && sweep->name_len == name_len &&
	       tarn__name_is_equal(sweep->name, name, name_len);
}

void tarn__sweeps_add(struct tarn__sweeps *sweeps, enum tarn__sweep_kind kind, const uint8_t *name,
		      size_t name_len)
{
	static const uint8_t root[1] = {0};
	if (sweeps->count > 0 &&
	    is_waiting(&sweeps->items[sweeps->count - 1], kind, name, name_len))
		return;
	if (sweeps->count == TARN__SWEEPS_MAX) {
		sweeps->count = 0;
		kind = TARN__SWEEP_TREE;
		name = root;
		name_len = sizeof(root);
	}
	struct tarn__sweep *sweep = &sweeps->items[sweeps->count++];
	*sweep = (struct tarn__sweep){.kind = kind, .name_len = name_len};
	memcpy(sweep->name, name, name_len);
}

bool tarn__sweeps_step(struct tarn__sweeps *sweeps, struct rtcache_client *client, size_t count)
{
	if (sweeps->count == 0)
		return false;
	if (tarn__sweep_step(&sweeps->items[0], client, count))
		return true;
	sweeps->count--;
	memmove(&sweeps->items[0], &sweeps->items[1], sweeps->count * sizeof(sweeps->items[0]));
	return sweeps->count > 0;
}
