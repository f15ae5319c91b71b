/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.h: a cache that is loaded after a flush of all that share a second level. */
#include "core/admin/snapshot.h"

#include <stdatomic.h>

#include "core/second/epoch.h"
#include "core/second/key.h"
#include "core/second/second_config.h"
#include "support/snapshot_world.h"
#include "support/store.h"

enum { EPOCH = 4711, OTHER_EPOCH = 4712 };

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const char other_secret[] = "fedcba9876543210fedcba9876543210";
static struct store redis;

static void share(const char *with)
{
	options.second = (struct tarn_second_level){
		.socket = "/store", .secret = with, .secret_len = sizeof secret - 1};
}

static void set_up_sharing(void)
{
	set_up();
	tear_down();
	share(secret);
	start();
	store_init(&redis, &outside);
}

static void tear_down_sharing(void)
{
	tear_down();
	store_fini(&redis);
}

static void set_epoch(uint64_t epoch)
{
	char key[TARN__SECOND_KEY_MAX];
	uint8_t value[TARN__SECOND_EPOCH_LEN];
	tarn__second_epoch_key_write(outside.config->second, key);
	tarn__second_epoch_write(outside.config->second, key, epoch, value);
	store_put(&redis, key, value, sizeof value, 0);
}

static uint64_t known_epoch(void)
{
	return atomic_load(&outside.config->second->epoch);
}

/* Saves one answer of a machine that knows the epoch, and starts it again without a store. */
static void save_and_restart(void)
{
	set_epoch(EPOCH);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(known_epoch(), EPOCH);
	store_address("www.example.", 300);
	ck_assert_uint_eq(save(), 1);
	uint64_t wall_ms = tarn__resolver_wall_ms(outside.resolver);
	tear_down_sharing();
	start();
	store_init(&redis, &outside);
	store_set_mode(&redis, STORE_DOWN);
	outside_set_wall(&outside, (uint32_t)(wall_ms / SECOND));
}

static void reach_store(uint64_t epoch)
{
	set_epoch(epoch);
	store_set_mode(&redis, STORE_UP);
	for (unsigned i = 0; i < 3; i++)
		outside_pass(&outside, 0);
}

START_TEST(file_is_used_without_a_store)
{
	save_and_restart();
	outside_pass(&outside, SECOND);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(known_epoch(), EPOCH);
	/* Also by the next start, if the store is not there until then. */
	ck_assert_uint_eq(save(), 1);
	tear_down_sharing();
	start();
	store_init(&redis, &outside);
	store_set_mode(&redis, STORE_DOWN);
	outside_set_wall(&outside, NOW + 2);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(known_epoch(), EPOCH);
}
END_TEST

START_TEST(same_epoch_keeps_what_was_loaded)
{
	save_and_restart();
	ck_assert_uint_eq(load()->loaded, 1);
	reach_store(EPOCH);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(other_epoch_that_is_read_later_flushes_what_was_loaded)
{
	save_and_restart();
	unsigned forgets = tarn__shared_forgets(outside.shared);
	ck_assert_uint_eq(load()->loaded, 1);
	reach_store(OTHER_EPOCH);
	ck_assert_uint_eq(known_epoch(), OTHER_EPOCH);
	ck_assert_uint_eq(count_entries(), 0);
	/* So the file is made anew. */
	/* When it begins, and when it has ended. */
	ck_assert_uint_eq(tarn__shared_forgets(outside.shared), forgets + 2);
}
END_TEST

START_TEST(file_of_another_epoch_is_not_loaded)
{
	save_and_restart();
	reach_store(OTHER_EPOCH);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_EPOCH);
	ck_assert_ptr_null(reader.loading);
	ck_assert_uint_eq(known_epoch(), OTHER_EPOCH);
}
END_TEST

START_TEST(file_of_the_known_epoch_is_loaded)
{
	save_and_restart();
	reach_store(EPOCH);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(known_epoch(), EPOCH);
}
END_TEST

/* They have another store, or other keys in the same one. */
START_TEST(epoch_of_those_with_another_secret_is_not_taken)
{
	save_and_restart();
	tear_down_sharing();
	share(other_secret);
	start();
	store_init(&redis, &outside);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(known_epoch(), 0);
	reach_store(OTHER_EPOCH);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

/* The file of a machine that has not reached the store since it was first started. */
START_TEST(file_without_an_epoch_is_loaded)
{
	store_set_mode(&redis, STORE_DOWN);
	store_address("www.example.", 300);
	ck_assert_uint_eq(save(), 1);
	clear();
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(known_epoch(), 0);
	reach_store(EPOCH);
	ck_assert_uint_eq(count_entries(), 1);
	clear();
	ck_assert_uint_eq(load()->loaded, 1);
}
END_TEST

START_TEST(without_a_second_level_its_epoch_does_not_count)
{
	save_and_restart();
	tear_down_sharing();
	options.second = (struct tarn_second_level){0};
	start();
	store_init(&redis, &outside);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(save(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot_epoch");
	TCase *tcase = tcase_create("snapshot_epoch");
	tcase_add_checked_fixture(tcase, set_up_sharing, tear_down_sharing);
	tcase_add_test(tcase, file_is_used_without_a_store);
	tcase_add_test(tcase, same_epoch_keeps_what_was_loaded);
	tcase_add_test(tcase, other_epoch_that_is_read_later_flushes_what_was_loaded);
	tcase_add_test(tcase, file_of_another_epoch_is_not_loaded);
	tcase_add_test(tcase, file_of_the_known_epoch_is_loaded);
	tcase_add_test(tcase, epoch_of_those_with_another_secret_is_not_taken);
	tcase_add_test(tcase, file_without_an_epoch_is_loaded);
	tcase_add_test(tcase, without_a_second_level_its_epoch_does_not_count);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
