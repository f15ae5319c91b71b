/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries: comparison of keys that have the same hash. */

#include "entry.h"

#include <stdlib.h>

#include "cache.h"
#include "flight.h"
#include "support/unit.h"

enum {
	/* Some words beyond the lengths that are compared word by word. */
	KEY_LEN_MAX = 80,
	HASH = 7,
};

static struct rtcache__entry *entry;

static void make_entry(void)
{
	entry = calloc(1, sizeof(*entry) + KEY_LEN_MAX);
	ck_assert_ptr_nonnull(entry);
	entry->hash = HASH;
}

static void free_entry(void)
{
	free(entry);
}

/* No two octets near each other are the same, and none is zero. */
static void write_key(unsigned char *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		key[i] = (unsigned char)(1 + 37 * i % 251);
}

static bool is(const unsigned char *key, size_t len)
{
	return rtcache__entry_is(entry, HASH, key, len);
}

/* _i: the key's length. Exactly its octets are read: a tool sees those behind them. */
START_TEST(key_is_every_octet_of_it)
{
	size_t len = (size_t)_i;
	unsigned char *key = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(key);
	write_key(key, len);
	write_key(entry->key, KEY_LEN_MAX);
	entry->key_len = (uint16_t)len;
	ck_assert(is(key, len));
	ck_assert(!rtcache__entry_is(entry, HASH ^ UINT64_C(1) << 63, key, len));
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			key[i] ^= (unsigned char)bit;
			ck_assert_msg(!is(key, len), "octet %zu of %zu", i, len);
			key[i] ^= (unsigned char)bit;
		}
	}
	free(key);
}
END_TEST

/* As many octets are the same as the shorter one has. */
START_TEST(longer_key_is_another)
{
	size_t len = (size_t)_i;
	unsigned char key[KEY_LEN_MAX];
	write_key(key, sizeof(key));
	write_key(entry->key, KEY_LEN_MAX);
	entry->key_len = (uint16_t)len;
	ck_assert(!is(key, len + 1));
	entry->key_len = (uint16_t)(len + 1);
	ck_assert(!is(key, len));
}
END_TEST

/* Two octets that change places, or two words, or that differ by the same. */
START_TEST(key_with_octets_in_another_order_is_another)
{
	size_t len = (size_t)_i;
	unsigned char key[KEY_LEN_MAX];
	entry->key_len = (uint16_t)len;
	for (size_t distance = 1; distance < len; distance++) {
		for (size_t i = 0; i + distance < len; i++) {
			write_key(entry->key, len);
			write_key(key, len);
			key[i] ^= 0x80;
			key[i + distance] ^= 0x80;
			ck_assert(!is(key, len));
		}
	}
}
END_TEST

/* Lookups under way are compared by themselves. */
START_TEST(lookup_under_way_is_of_every_octet_of_its_key)
{
	size_t len = (size_t)_i;
	unsigned char key[KEY_LEN_MAX];
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.size = 1 << 20});
	ck_assert_ptr_nonnull(cache);
	write_key(key, len);
	struct rtcache__flights *flights = &rtcache__shard_of(cache, HASH)->flights;
	struct rtcache__flight *flight = rtcache__flight_new(flights, cache, HASH, key, len, true);
	ck_assert_ptr_nonnull(flight);
	ck_assert_ptr_eq(rtcache__flight_find(flights, HASH, key, len), flight);
	ck_assert_ptr_null(rtcache__flight_find(flights, HASH, key, len - 1));
	for (size_t i = 0; i < len; i++) {
		key[i] ^= 1;
		ck_assert_ptr_null(rtcache__flight_find(flights, HASH, key, len));
		key[i] ^= 1;
	}
	rtcache_free(cache);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_entry");
	TCase *tcase = tcase_create("rtcache_entry");
	tcase_add_checked_fixture(tcase, make_entry, free_entry);
	tcase_add_loop_test(tcase, key_is_every_octet_of_it, 0, KEY_LEN_MAX + 1);
	tcase_add_loop_test(tcase, longer_key_is_another, 0, KEY_LEN_MAX);
	tcase_add_loop_test(tcase, key_with_octets_in_another_order_is_another, 2, KEY_LEN_MAX + 1);
	tcase_add_loop_test(tcase, lookup_under_way_is_of_every_octet_of_its_key, 1,
			    KEY_LEN_MAX + 1);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
