/* SPDX-License-Identifier: BSD-2-Clause */
/* The store alone: what is put is found, for its time, and within its size. */

#include <errno.h>
#include <inttypes.h>

#include "support/cache_world.h"

static struct world world;

static void open_small(void)
{
	world_open(&world, (struct rtcache_options){.size = 65536});
}

static void close_world(void)
{
	world_close(&world);
}

static struct rtcache_stats stats_of(struct rtcache *cache)
{
	struct rtcache_stats stats;
	rtcache_stats_get(cache, &stats);
	return stats;
}

START_TEST(value_is_found_until_its_end)
{
	struct rtcache_value value;
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	ck_assert_int_eq(value.status, RTCACHE_MISS);
	ck_assert_int_eq(put_text(world.client, "key", "one", 100), 0);
	world_run(&world, 99);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_int_eq(value.status, RTCACHE_HIT);
	ck_assert_uint_eq(value.len, 3);
	ck_assert_mem_eq(value.data, "one", 3);
	world_run(&world, 1);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	ck_assert_int_eq(value.status, RTCACHE_EXPIRED);
	ck_assert_ptr_null(value.data);
	ck_assert_int_eq(peek_text(world.client, "key", true, &value), 0);
}
END_TEST

START_TEST(ttl_zero_stores_nothing_and_drops_what_was_there)
{
	struct rtcache_value value;
	put_text(world.client, "key", "one", 100);
	ck_assert_int_eq(put_text(world.client, "key", "two", 0), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	ck_assert_int_eq(value.status, RTCACHE_MISS);
	ck_assert(!rtcache_remove(world.client, "key", 3));
}
END_TEST

START_TEST(longest_ttl_ends_and_no_ttl_does_not)
{
	struct rtcache_value value;
	put_text(world.client, "long", "x", RTCACHE_NO_TTL - 1);
	put_text(world.client, "ever", "x", RTCACHE_NO_TTL);
	world.now_ms = UINT64_MAX - 2;
	ck_assert_int_eq(peek_text(world.client, "ever", false, &value), 1);
	ck_assert_uint_eq(value.ttl_ms, RTCACHE_NO_TTL);
}
END_TEST

START_TEST(stale_value_is_peeked_when_asked_for)
{
	struct rtcache_value value;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 1000});
	put_text(world.client, "key", "one", 100);
	world_run(&world, 150);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	ck_assert_int_eq(peek_text(world.client, "key", true, &value), 1);
	ck_assert_int_eq(value.status, RTCACHE_STALE);
	ck_assert_uint_eq(value.stale_ms, 50);
	world_run(&world, 950);
	ck_assert_int_eq(peek_text(world.client, "key", true, &value), 0);
}
END_TEST

START_TEST(keys_are_compared_whole)
{
	/* Every length up to 70, and at each one octet that differs at every place. */
	unsigned char key[70] = {0};
	struct rtcache_value value;
	for (size_t len = 0; len <= sizeof(key); len++) {
		rtcache_force_put(world.client, key, len, &len, sizeof(len), RTCACHE_NO_TTL);
		for (size_t i = 0; i < len; i++) {
			key[i] = 1;
			ck_assert_int_eq(rtcache_peek(world.client, key, len, false, &value), 0);
			key[i] = 0;
		}
		ck_assert_int_eq(rtcache_peek(world.client, key, len, false, &value), 1);
		ck_assert_mem_eq(value.data, &len, sizeof(len));
	}
}
END_TEST

START_TEST(empty_value_is_a_value)
{
	struct rtcache_value value;
	ck_assert_int_eq(rtcache_put(world.client, "key", 3, NULL, 0, 10), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_uint_eq(value.len, 0);
	ck_assert_ptr_nonnull(value.data);
}
END_TEST

START_TEST(too_big_is_refused_and_the_old_value_stays)
{
	static char big[65536];
	struct rtcache_value value;
	put_text(world.client, "key", "one", 100);
	ck_assert_int_eq(rtcache_force_put(world.client, "key", 3, big, sizeof(big), 100),
			 RTCACHE_ETOOBIG);
	ck_assert_int_eq(rtcache_force_put(world.client, "key", 3, big, 65536 / 4 - 55, 100),
			 RTCACHE_ETOOBIG);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_int_eq(rtcache_force_put(world.client, "key", 3, big, 65536 / 4 - 56, 100), 0);
	ck_assert_int_eq(rtcache_put(world.client, NULL, 3, "", 0, 100), RTCACHE_EINVAL);
	ck_assert_int_eq(rtcache_put(world.client, "key", 3, NULL, 1, 100), RTCACHE_EINVAL);
	ck_assert_int_eq(rtcache_put(world.client, big, RTCACHE_KEY_MAX + 1, "", 0, 100),
			 RTCACHE_EINVAL);
}
END_TEST

START_TEST(size_is_kept_whatever_is_put)
{
	static unsigned char data[9000];
	unsigned random = 1;
	for (unsigned i = 0; i < 20000; i++) {
		random = random * 1103515245 + 12345;
		unsigned key = random >> 16 & 4095;
		size_t len = (random >> 8) % (i % 50 ? 300 : sizeof(data));
		ck_assert_int_eq(rtcache_force_put(world.client, &key, sizeof(key), data, len,
						   RTCACHE_NO_TTL),
				 0);
	}
	struct rtcache_stats stats = stats_of(world.cache);
	ck_assert_uint_eq(stats.size, 65536);
	ck_assert_uint_le(stats.bytes, stats.size);
	ck_assert_uint_gt(stats.evicted, 0);
	ck_assert_uint_gt(stats.entries, 100);
}
END_TEST

START_TEST(used_entry_survives_a_flood)
{
	struct rtcache_value value;
	put_text(world.client, "key", "one", RTCACHE_NO_TTL);
	for (unsigned i = 0; i < 5000; i++) {
		ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
		rtcache_client_run(world.client);
		rtcache_put(world.client, &i, sizeof(i), "flood", 5, RTCACHE_NO_TTL);
	}
}
END_TEST

START_TEST(rare_newcomer_does_not_displace_a_popular_entry)
{
	static unsigned char data[100];
	unsigned refused = 0;
	for (unsigned round = 0; round < 8; round++) {
		for (unsigned i = 0; i < 300; i++) {
			rtcache_remove(world.client, &i, sizeof(i));
			rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), 1000);
		}
	}
	for (unsigned i = 1000; i < 3000; i++)
		refused += rtcache_put(world.client, &i, sizeof(i), data, sizeof(data), 1000) ==
			   RTCACHE_EREFUSED;
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(stats_of(world.cache).refused, refused);
	ck_assert_int_eq(rtcache_force_put(world.client, "key", 3, data, sizeof(data), 1000), 0);
}
END_TEST

START_TEST(expired_entries_go_first)
{
	static unsigned char data[100];
	struct rtcache_value value;
	for (unsigned i = 0; i < 100; i++)
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), RTCACHE_NO_TTL);
	for (unsigned i = 100; i < 300; i++)
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), 1000);
	ck_assert_uint_eq(stats_of(world.cache).evicted, 0);
	world.now_ms += 1000;
	for (unsigned i = 1000; i < 1250; i++)
		ck_assert_int_eq(rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data),
						   RTCACHE_NO_TTL),
				 0);
	ck_assert_uint_eq(stats_of(world.cache).evicted, 0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(rtcache_peek(world.client, &i, sizeof(i), false, &value), 1);
}
END_TEST

START_TEST(run_sweeps_what_is_long_dead)
{
	for (unsigned i = 0; i < 300; i++)
		rtcache_force_put(world.client, &i, sizeof(i), "x", 1, 1000);
	size_t full = stats_of(world.cache).bytes;
	world.now_ms += 1001;
	for (unsigned i = 0; i < 50; i++)
		world_run(&world, 10);
	ck_assert_uint_eq(stats_of(world.cache).entries, 300);
	world.now_ms += 1000;
	for (unsigned i = 0; i < 50; i++)
		world_run(&world, 10);
	ck_assert_uint_eq(stats_of(world.cache).entries, 0);
	ck_assert_uint_lt(stats_of(world.cache).bytes, full / 2);
}
END_TEST

START_TEST(held_values_outlive_a_full_cache)
{
	static unsigned char data[300];
	struct rtcache_value value;
	rtcache_force_put(world.client, "key", 3, "held value", 10, RTCACHE_NO_TTL);
	peek_text(world.client, "key", false, &value);
	bool was_refused = false;
	for (unsigned i = 0; i < 2000; i++)
		was_refused |= rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data),
						 RTCACHE_NO_TTL) == RTCACHE_ENOMEM;
	ck_assert(was_refused);
	ck_assert_mem_eq(value.data, "held value", 10);
	rtcache_client_run(world.client);
	ck_assert_int_eq(rtcache_force_put(world.client, "new", 3, "x", 1, RTCACHE_NO_TTL), 0);
}
END_TEST

START_TEST(parked_client_holds_up_nobody)
{
	static unsigned char data[300];
	struct rtcache_value value;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	peek_text(other, "key", false, &value);
	rtcache_client_park(other);
	for (unsigned i = 0; i < 2000; i++)
		ck_assert_int_eq(rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data),
						   RTCACHE_NO_TTL),
				 0);
	rtcache_client_unpark(other);
	rtcache_client_free(other);
}
END_TEST

struct seen {
	unsigned char count[500];
	struct rtcache_client *client;
};

static void see(const struct rtcache_item *item, void *arg)
{
	struct seen *seen = arg;
	unsigned key;
	memcpy(&key, item->key, sizeof(key));
	seen->count[key]++;
	if (key % 2)
		rtcache_remove(seen->client, item->key, item->key_len);
}

START_TEST(walk_sees_everything_and_may_remove)
{
	struct seen seen = {.client = world.client};
	uint64_t cursor = 0;
	for (unsigned i = 0; i < 400; i++)
		rtcache_force_put(world.client, &i, sizeof(i), "x", 1, RTCACHE_NO_TTL);
	/* The table grows while the walk is under way. */
	for (unsigned i = 400; rtcache_walk(world.client, &cursor, 10, see, &seen); i++) {
		if (i < 500)
			rtcache_force_put(world.client, &i, sizeof(i), "x", 1, RTCACHE_NO_TTL);
	}
	for (unsigned i = 0; i < 400; i++)
		ck_assert_uint_ge(seen.count[i], 1);
	memset(seen.count, 0, sizeof(seen.count));
	cursor = 0;
	while (rtcache_walk(world.client, &cursor, 10, see, &seen))
		;
	for (unsigned i = 0; i < 400; i++)
		ck_assert_uint_eq(seen.count[i], i % 2 ? 0 : 1);
}
END_TEST

START_TEST(inspect_tells_all_of_a_key)
{
	static struct caller a, b;
	struct rtcache_state state;
	ck_assert_int_eq(rtcache_inspect(world.client, "key", 3, &state), 0);
	ck_assert(!state.is_stored);
	ck_assert_uint_eq(state.lookups, 0);
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	world.now_ms += 5;
	rtcache_inspect(world.client, "key", 3, &state);
	ck_assert_uint_eq(state.lookups, 1);
	ck_assert_uint_eq(state.waiters, 2);
	ck_assert_uint_eq(state.lookup_age_ms, 5);
	world_fill(&world, 0, "one");
	rtcache_inspect(world.client, "key", 3, &state);
	ck_assert(state.is_stored);
	ck_assert_uint_eq(state.item.value.len, 3);
	ck_assert_int_eq(state.item.value.status, RTCACHE_HIT);
}
END_TEST

START_TEST(multi_peek_finds_what_is_there)
{
	struct rtcache_key keys[] = {{"a", 1}, {"b", 1}, {NULL, 1}};
	struct rtcache_value values[3];
	put_text(world.client, "b", "two", 100);
	ck_assert_uint_eq(rtcache_multi_peek(world.client, keys, 3, values), 1);
	ck_assert_int_eq(values[0].status, RTCACHE_MISS);
	ck_assert_mem_eq(values[1].data, "two", 3);
	ck_assert_int_eq(values[2].error, RTCACHE_EINVAL);
}
END_TEST

/* The flags of the mapping of an address, from smaps: "VmFlags: rd wr … dd …". */
static void read_flags(const void *address, char *line, int size)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	ck_assert_ptr_nonnull(file);
	bool is_found = false;
	while (fgets(line, size, file)) {
		uintptr_t start, end;
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			is_found = (uintptr_t)address >= start && (uintptr_t)address < end;
		if (is_found && strncmp(line, "VmFlags:", 8) == 0)
			break;
	}
	fclose(file);
}

START_TEST(core_dump_has_no_values)
{
	struct rtcache_value value;
	put_text(world.client, "key", "one", 100);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	char flags[512] = "";
	read_flags(value.data, flags, sizeof(flags));
	ck_assert_ptr_nonnull(strstr(flags, " dd"));
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
	errno = 0;
	ck_assert_ptr_null(rtcache_new(&(struct rtcache_options){.refresh_percent = 101}));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(rtcache_new(&(struct rtcache_options){.size = SIZE_MAX}));
	/* With 32 bits it is in the range, and more than there is. */
	ck_assert_int_eq(errno, SIZE_MAX > UINT32_MAX ? EINVAL : ENOMEM);
	rtcache_free(NULL);
	rtcache_client_free(NULL);
}
END_TEST

START_TEST(names_and_texts)
{
	ck_assert_str_eq(rtcache_status_name(RTCACHE_LOCK_HIT), "lock_hit");
	ck_assert(rtcache_status_is_hit(RTCACHE_HIT) && rtcache_status_is_hit(RTCACHE_LOCK_HIT) &&
		  rtcache_status_is_hit(RTCACHE_STALE));
	ck_assert(!rtcache_status_is_hit(RTCACHE_MISS) && !rtcache_status_is_hit(RTCACHE_EXPIRED));
	ck_assert_str_eq(rtcache_error_name(RTCACHE_ETOOBIG), "RTCACHE_ETOOBIG");
	ck_assert_str_eq(rtcache_error_text(RTCACHE_ENOMEM), "out of memory");
	ck_assert_str_eq(rtcache_error_text(-5), "unknown error");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_store");
	TCase *tcase = tcase_create("store");
	tcase_add_checked_fixture(tcase, open_small, close_world);
	tcase_add_test(tcase, value_is_found_until_its_end);
	tcase_add_test(tcase, ttl_zero_stores_nothing_and_drops_what_was_there);
	tcase_add_test(tcase, longest_ttl_ends_and_no_ttl_does_not);
	tcase_add_test(tcase, stale_value_is_peeked_when_asked_for);
	tcase_add_test(tcase, keys_are_compared_whole);
	tcase_add_test(tcase, empty_value_is_a_value);
	tcase_add_test(tcase, too_big_is_refused_and_the_old_value_stays);
	tcase_add_test(tcase, size_is_kept_whatever_is_put);
	tcase_add_test(tcase, used_entry_survives_a_flood);
	tcase_add_test(tcase, rare_newcomer_does_not_displace_a_popular_entry);
	tcase_add_test(tcase, expired_entries_go_first);
	tcase_add_test(tcase, run_sweeps_what_is_long_dead);
	tcase_add_test(tcase, held_values_outlive_a_full_cache);
	tcase_add_test(tcase, parked_client_holds_up_nobody);
	tcase_add_test(tcase, walk_sees_everything_and_may_remove);
	tcase_add_test(tcase, inspect_tells_all_of_a_key);
	tcase_add_test(tcase, multi_peek_finds_what_is_there);
	tcase_add_test(tcase, core_dump_has_no_values);
	tcase_add_test(tcase, options_out_of_range_are_refused);
	tcase_add_test(tcase, names_and_texts);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
