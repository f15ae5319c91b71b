/* SPDX-License-Identifier: BSD-2-Clause */
/* The table: what is in it is found, while it grows, and by readers that take no lock. */

#include "table.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "support/churn.h"
#include "support/unit.h"

enum {
	SEGMENTS = 16,
	CAPACITY = SEGMENTS * RTCACHE__SEGMENT_BUCKETS,
	/* A key is a number. */
	KEYS = 2 * CAPACITY,
	ENTRIES = 16 * KEYS,
	ENTRY_UNITS = (sizeof(struct rtcache__entry) + 8) / RTCACHE__UNIT,
	READERS = 3,
};

static uint64_t memory[(1 + ENTRIES) * ENTRY_UNITS];
static _Alignas(RTCACHE__UNIT) struct rtcache__segment segments[SEGMENTS];
static struct rtcache__table table;
static unsigned entry_count;
/* All keys begin in one chain. */
static bool is_one_chain;

static void open_table(void)
{
	memset(segments, 0, sizeof(segments));
	/* The creator of a table zeroes the first segment only. */
	memset(segments, 0xff, sizeof(segments) - sizeof(segments[0]));
	entry_count = 0;
	is_one_chain = false;
	rtcache__table_init(&table, (unsigned char *)memory, &segments[SEGMENTS], SEGMENTS);
}

static struct rtcache__entry *entry_at(uint32_t ref)
{
	return rtcache__entry_at((unsigned char *)memory, ref);
}

/* A different hash for every key. */
static uint64_t hash_of(uint32_t key)
{
	if (is_one_chain)
		return (uint64_t)key * RTCACHE__SEGMENT_BUCKETS;
	return (key + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t new_entry_with(uint32_t key, uint64_t hash, uint32_t len)
{
	ck_assert_uint_lt(entry_count, ENTRIES);
	uint32_t ref = ++entry_count * ENTRY_UNITS;
	struct rtcache__entry *entry = entry_at(ref);
	memset(entry, 0, sizeof(*entry));
	entry->hash = hash;
	entry->key_len = sizeof(key);
	entry->len = len;
	memcpy(entry->key, &key, sizeof(key));
	return ref;
}

static uint32_t new_entry(uint32_t key)
{
	return new_entry_with(key, hash_of(key), 0);
}

static struct rtcache__entry *find_with(uint32_t key, uint64_t hash)
{
	uint64_t shape;
	struct rtcache__entry *entry = rtcache__table_find(&table, hash, &key, sizeof(key), &shape);
	must(rtcache__table_settled(&table, shape));
	return entry;
}

static struct rtcache__entry *find(uint32_t key)
{
	return find_with(key, hash_of(key));
}

START_TEST(empty_table_has_one_segment_and_nothing_in_it)
{
	ck_assert_uint_eq(rtcache__table_buckets(&table), RTCACHE__SEGMENT_BUCKETS);
	ck_assert_uint_eq(table.capacity, CAPACITY);
	for (uint32_t key = 0; key < 1000; key++)
		ck_assert_ptr_null(find(key));
}
END_TEST

START_TEST(inserted_entry_is_found_by_hash_and_key)
{
	uint32_t ref = new_entry(7);
	rtcache__table_insert(&table, ref);
	ck_assert_ptr_eq(find(7), entry_at(ref));
	ck_assert_ptr_null(find_with(8, hash_of(7)));
	ck_assert_ptr_null(find_with(7, hash_of(7) ^ UINT64_C(1) << 63));
	ck_assert_ptr_null(find_with(7, hash_of(7) ^ 1));
}
END_TEST

/* Three entries with the same hash, and so always in one chain. */
static void insert_chain(uint32_t refs[3])
{
	for (uint32_t key = 0; key < 3; key++) {
		refs[key] = new_entry_with(key, 99, 0);
		rtcache__table_insert(&table, refs[key]);
	}
}

START_TEST(same_hash_is_told_apart_by_the_key)
{
	uint32_t refs[3];
	insert_chain(refs);
	for (uint32_t key = 0; key < 3; key++)
		ck_assert_ptr_eq(find_with(key, 99), entry_at(refs[key]));
	ck_assert_ptr_null(find_with(3, 99));
}
END_TEST

START_TEST(entry_is_removed_from_any_place_of_its_chain)
{
	uint32_t refs[3];
	insert_chain(refs);
	rtcache__table_remove(&table, refs[_i]);
	for (uint32_t key = 0; key < 3; key++)
		ck_assert_ptr_eq(find_with(key, 99),
				 key == (uint32_t)_i ? NULL : entry_at(refs[key]));
}
END_TEST

START_TEST(entry_is_replaced_at_any_place_of_its_chain)
{
	uint32_t refs[3];
	insert_chain(refs);
	uint32_t ref = new_entry_with((uint32_t)_i, 99, 0);
	rtcache__table_replace(&table, refs[_i], ref);
	refs[_i] = ref;
	for (uint32_t key = 0; key < 3; key++)
		ck_assert_ptr_eq(find_with(key, 99), entry_at(refs[key]));
}
END_TEST

START_TEST(reader_at_a_removed_entry_walks_on)
{
	uint32_t refs[3];
	insert_chain(refs);
	rtcache__table_remove(&table, refs[2]);
	rtcache__table_remove(&table, refs[1]);
	ck_assert_uint_eq(atomic_load(&entry_at(refs[2])->next), refs[1]);
	ck_assert_uint_eq(atomic_load(&entry_at(refs[1])->next), refs[0]);
	ck_assert_uint_eq(atomic_load(&entry_at(refs[0])->next), 0);
}
END_TEST

START_TEST(every_bucket_has_a_head_of_its_own)
{
	for (uint32_t bucket = 0; bucket < CAPACITY; bucket++) {
		struct rtcache__segment *segment =
			&segments[SEGMENTS - 1 - bucket / RTCACHE__SEGMENT_BUCKETS];
		uint32_t place = bucket % RTCACHE__SEGMENT_BUCKETS;
		ck_assert_ptr_eq(rtcache__table_segment(&table, bucket), segment);
		ck_assert_ptr_eq(rtcache__table_head(&table, bucket),
				 &segment->heads[RTCACHE__SEGMENT_BUCKETS - 1 - place]);
	}
}
END_TEST

/* The rule of the header. */
static uint32_t expected_bucket(uint32_t buckets, uint64_t hash)
{
	uint32_t power = 1;
	while (2 * power <= buckets)
		power *= 2;
	uint32_t bucket = (uint32_t)(hash % (2 * power));
	return bucket < buckets ? bucket : (uint32_t)(hash % power);
}

START_TEST(bucket_is_named_by_the_low_bits)
{
	for (uint32_t n = RTCACHE__SEGMENT_BUCKETS; n < CAPACITY; n++) {
		uint64_t shape = rtcache__table_shape(&table);
		unsigned wrong = 0;
		ck_assert_uint_eq(rtcache__table_buckets(&table), n);
		for (uint32_t key = 0; key < 1000; key++) {
			uint64_t hash = hash_of(key);
			wrong += rtcache__table_bucket(shape, hash) != expected_bucket(n, hash);
		}
		ck_assert_uint_eq(wrong, 0);
		ck_assert_uint_eq(rtcache__table_bucket(shape, UINT64_MAX),
				  expected_bucket(n, UINT64_MAX));
		rtcache__table_grow(&table);
	}
}
END_TEST

START_TEST(growing_to_capacity_loses_nothing)
{
	static uint32_t refs[KEYS];
	for (uint32_t key = 0; key < KEYS; key++) {
		refs[key] = new_entry(key);
		rtcache__table_insert(&table, refs[key]);
	}
	while (rtcache__table_buckets(&table) < CAPACITY) {
		unsigned lost = 0;
		rtcache__table_grow(&table);
		for (uint32_t key = 0; key < KEYS; key++)
			lost += find(key) != entry_at(refs[key]);
		ck_assert_uint_eq(lost, 0);
		ck_assert_ptr_null(find(KEYS));
	}
	ck_assert_uint_eq(rtcache__table_buckets(&table), CAPACITY);
}
END_TEST

START_TEST(walk_begun_before_the_table_grew_is_not_trusted)
{
	uint32_t key = 7;
	uint64_t shape;
	ck_assert_ptr_null(rtcache__table_find(&table, hash_of(key), &key, sizeof(key), &shape));
	ck_assert(rtcache__table_settled(&table, shape));
	ck_assert(!rtcache__table_settled(&table, shape | RTCACHE__SHAPE_SPLITTING));
	rtcache__table_grow(&table);
	ck_assert(!rtcache__table_settled(&table, shape));
}
END_TEST

START_TEST(new_segment_starts_with_the_counts_of_the_one_it_comes_from)
{
	uint64_t hash = RTCACHE__SEGMENT_BUCKETS;
	struct rtcache__sketch *before = rtcache__table_sketch(&table, hash);
	for (unsigned i = 0; i < 5; i++)
		rtcache__sketch_add(before, hash);
	rtcache__table_grow(&table);
	struct rtcache__sketch *after = rtcache__table_sketch(&table, hash);
	ck_assert_ptr_ne(after, before);
	ck_assert_uint_eq(rtcache__sketch_count(after, hash), 5);
	rtcache__sketch_add(after, hash);
	ck_assert_uint_eq(rtcache__sketch_count(before, hash), 5);
}
END_TEST

/* Each entry is in the one chain of its bucket. */
static unsigned count_chains(void)
{
	unsigned count = 0, wrong = 0;
	uint64_t shape = rtcache__table_shape(&table);
	for (uint32_t bucket = 0; bucket < rtcache__table_buckets(&table); bucket++) {
		uint32_t ref = atomic_load(rtcache__table_head(&table, bucket));
		for (; ref; ref = atomic_load(&entry_at(ref)->next)) {
			wrong += rtcache__table_bucket(shape, entry_at(ref)->hash) != bucket;
			count++;
			ck_assert_uint_le(count, entry_count);
		}
	}
	ck_assert_uint_eq(wrong, 0);
	return count;
}

START_TEST(churn_keeps_what_is_there)
{
	static uint32_t refs[KEYS];
	uint64_t random = (uint64_t)_i;
	unsigned count = 0;
	memset(refs, 0, sizeof(refs));
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t key = pick(&random, KEYS);
		ck_assert_ptr_eq(find(key), refs[key] ? entry_at(refs[key]) : NULL);
		if (!refs[key]) {
			refs[key] = new_entry(key);
			rtcache__table_insert(&table, refs[key]);
			count++;
		} else if (pick(&random, 3) == 0) {
			rtcache__table_remove(&table, refs[key]);
			refs[key] = 0;
			count--;
		} else {
			uint32_t ref = new_entry(key);
			rtcache__table_replace(&table, refs[key], ref);
			refs[key] = ref;
		}
		if (round % 16 == 0 && rtcache__table_buckets(&table) < CAPACITY)
			rtcache__table_grow(&table);
		if (round % 256 == 0)
			ck_assert_uint_eq(count_chains(), count);
	}
	for (uint32_t key = 0; key < KEYS; key++)
		ck_assert_ptr_eq(find(key), refs[key] ? entry_at(refs[key]) : NULL);
}
END_TEST

/*
 * For readers beside a writer: the lengths are versions. What a reader finds is not older than what
 * was published before it looked, and what was published is not missed by a walk that can be
 * trusted.
 */
static _Atomic uint32_t published[KEYS];
static atomic_bool has_ended;
static atomic_uint found_count;

static void *read_on(void *arg)
{
	uint64_t random = (uint64_t)(uintptr_t)arg;
	while (!atomic_load(&has_ended)) {
		uint32_t key = pick(&random, KEYS);
		uint32_t version = atomic_load_explicit(&published[key], memory_order_acquire);
		uint64_t shape;
		const struct rtcache__entry *entry =
			rtcache__table_find(&table, hash_of(key), &key, sizeof(key), &shape);
		if (entry) {
			must(entry->len >= version);
			atomic_fetch_add_explicit(&found_count, 1, memory_order_relaxed);
		} else {
			must(!version || !rtcache__table_settled(&table, shape));
		}
		uint32_t stranger = KEYS + key;
		must(!rtcache__table_find(&table, hash_of(stranger), &stranger, sizeof(stranger),
					  &shape));
	}
	return NULL;
}

static void publish(uint32_t refs[KEYS], uint32_t key)
{
	uint32_t version = atomic_load_explicit(&published[key], memory_order_relaxed) + 1;
	uint32_t ref = new_entry_with(key, hash_of(key), version);
	if (refs[key])
		rtcache__table_replace(&table, refs[key], ref);
	else
		rtcache__table_insert(&table, ref);
	refs[key] = ref;
	atomic_store_explicit(&published[key], version, memory_order_release);
}

static void start_readers(pthread_t threads[READERS])
{
	atomic_store(&has_ended, false);
	atomic_store(&found_count, 0);
	for (unsigned i = 0; i < READERS; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, read_on, (void *)(uintptr_t)(i + 1)), 0);
}

static void stop_readers(pthread_t threads[READERS])
{
	while (!atomic_load(&found_count))
		sched_yield();
	atomic_store(&has_ended, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(readers_miss_nothing_while_it_grows)
{
	static uint32_t refs[KEYS];
	pthread_t threads[READERS];
	uint64_t random = 1;
	memset(refs, 0, sizeof(refs));
	memset(published, 0, sizeof(published));
	start_readers(threads);
	for (unsigned round = 0; round < ENTRIES; round++) {
		publish(refs, pick(&random, KEYS));
		if (round % (ENTRIES / CAPACITY) == 0 && rtcache__table_buckets(&table) < CAPACITY)
			rtcache__table_grow(&table);
	}
	ck_assert_uint_eq(rtcache__table_buckets(&table), CAPACITY);
	stop_readers(threads);
}
END_TEST

START_TEST(readers_miss_nothing_while_a_long_chain_is_split)
{
	static uint32_t refs[KEYS];
	pthread_t threads[READERS];
	memset(refs, 0, sizeof(refs));
	memset(published, 0, sizeof(published));
	is_one_chain = true;
	for (uint32_t key = 0; key < KEYS; key++)
		publish(refs, key);
	start_readers(threads);
	while (rtcache__table_buckets(&table) < CAPACITY) {
		unsigned before = atomic_load(&found_count);
		while (atomic_load(&found_count) == before)
			sched_yield();
		rtcache__table_grow(&table);
	}
	stop_readers(threads);
}
END_TEST

/*
 * A chain whose end leads back into it: its split continues until the test terminates the chain.
 */
static void *grow(void *arg)
{
	(void)arg;
	rtcache__table_grow(&table);
	return NULL;
}

START_TEST(walk_beside_a_split_is_not_trusted)
{
	/* The bucket after this one is in a segment that is open already. */
	rtcache__table_grow(&table);
	uint32_t half = RTCACHE__SEGMENT_BUCKETS;
	uint32_t last = new_entry_with(0, 1, 0);
	uint32_t first = new_entry_with(1, 1 + 2 * half, 0);
	uint32_t moves = new_entry_with(2, 1 + half, 0);
	rtcache__table_insert(&table, last);
	rtcache__table_insert(&table, first);
	rtcache__table_insert(&table, moves);
	atomic_store(&entry_at(last)->next, first);

	uint64_t before = rtcache__table_shape(&table);
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, grow, NULL), 0);
	while (atomic_load(rtcache__table_head(&table, 1)) != first)
		sched_yield();
	uint64_t beside = rtcache__table_shape(&table);
	bool is_before_trusted = rtcache__table_settled(&table, before);
	bool is_beside_trusted = rtcache__table_settled(&table, beside);
	atomic_store(&entry_at(last)->next, 0);
	pthread_join(thread, NULL);

	ck_assert(!is_before_trusted);
	ck_assert(!is_beside_trusted);
	ck_assert_uint_eq((uint32_t)beside, (uint32_t)before);
	ck_assert_uint_eq(rtcache__table_buckets(&table), (uint32_t)before + 1);
	ck_assert(rtcache__table_settled(&table, rtcache__table_shape(&table)));
	ck_assert_ptr_eq(find_with(2, 1 + half), entry_at(moves));
	ck_assert_ptr_eq(find_with(1, 1 + 2 * half), entry_at(first));
	ck_assert_ptr_eq(find_with(0, 1), entry_at(last));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_table");
	TCase *tcase = tcase_create("table");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, open_table, NULL);
	tcase_add_test(tcase, empty_table_has_one_segment_and_nothing_in_it);
	tcase_add_test(tcase, inserted_entry_is_found_by_hash_and_key);
	tcase_add_test(tcase, same_hash_is_told_apart_by_the_key);
	tcase_add_loop_test(tcase, entry_is_removed_from_any_place_of_its_chain, 0, 3);
	tcase_add_loop_test(tcase, entry_is_replaced_at_any_place_of_its_chain, 0, 3);
	tcase_add_test(tcase, reader_at_a_removed_entry_walks_on);
	tcase_add_test(tcase, every_bucket_has_a_head_of_its_own);
	tcase_add_test(tcase, bucket_is_named_by_the_low_bits);
	tcase_add_test(tcase, growing_to_capacity_loses_nothing);
	tcase_add_test(tcase, walk_begun_before_the_table_grew_is_not_trusted);
	tcase_add_test(tcase, new_segment_starts_with_the_counts_of_the_one_it_comes_from);
	tcase_add_loop_test(tcase, churn_keeps_what_is_there, 0, 4);
	tcase_add_test(tcase, walk_beside_a_split_is_not_trusted);
	tcase_add_test(tcase, readers_miss_nothing_while_it_grows);
	tcase_add_test(tcase, readers_miss_nothing_while_a_long_chain_is_split);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
