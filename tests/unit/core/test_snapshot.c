/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.h: the cache saved and loaded. */
#include "core/admin/snapshot.h"

#include "core/admin/snapshot_form.h"
#include "support/snapshot_world.h"

START_TEST(what_was_saved_is_loaded_with_the_time_that_is_left)
{
	store_kinds();
	outside_pass(&outside, 40 * SECOND);
	ck_assert_uint_eq(save(), KINDS);
	restart(60);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, KINDS);
	ck_assert_uint_eq(counts->faulty + counts->elsewhere + counts->ended + counts->known +
				  counts->full + counts->blocks_damaged + counts->loaded_stale,
			  0);
	ck_assert(counts->is_whole);
	for (size_t i = 0; i < KINDS; i++)
		ck_assert_str_eq(answered(kinds[i].name, kinds[i].type, kinds[i].variant),
				 kinds[i].later);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* A part of a second is as old as it was, also after several starts. */
START_TEST(life_is_not_changed_by_many_starts)
{
	store_address("www.example.", 300);
	for (unsigned i = 0; i < 10; i++) {
		outside_pass(&outside, 1900);
		ck_assert_uint_eq(save(), 1);
		restart(0);
		ck_assert_uint_eq(load()->loaded, 1);
	}
	/* 19 s, and less than a second of the wall clock at each start. */
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 281 A 192.0.2.99\n");
	outside_pass(&outside, 282 * SECOND);
	ck_assert_str_eq(answered("www.example.", "A", 0), "not there");
}
END_TEST

START_TEST(loaded_answer_comes_from_a_file)
{
	struct rtcache_state state;
	store_address("www.example.", 300);
	save();
	restart(0);
	load();
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_uint_eq(tarn__stored_answer_source(state.item.value.data),
			  TARN__ANSWER_SOURCE_FILE);
	ck_assert_ptr_null(tarn__shared_answer_source(outside.shared, state.item.value.data));
}
END_TEST

START_TEST(uses_and_queue_are_kept)
{
	struct rtcache_state before[3], after[3];
	static const char *const names[] = {"a.example.", "b.example.", "c.example."};
	for (unsigned i = 0; i < 3; i++) {
		store_address(names[i], 300);
		for (unsigned uses = 0; uses < 2 * i; uses++)
			ck_assert_int_gt(ask(names[i], "A", 0), 0);
		ck_assert(is_known(names[i], "A", &before[i]));
	}
	ck_assert_uint_lt(before[0].item.uses, before[2].item.uses);
	save();
	restart(0);
	load();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(is_known(names[i], "A", &after[i]));
		ck_assert_uint_eq(after[i].item.uses, before[i].item.uses);
		/* What has been used enough goes there at once. */
		ck_assert(after[i].item.is_main || !before[i].item.is_main);
	}
}
END_TEST

START_TEST(what_is_no_answer_is_not_saved)
{
	uint8_t octets[TARN__KEY_MAX];
	const struct tarn__key key = make_key("www.example.", "A", 0, octets);
	uint8_t link[TARN__KEY_MAX];
	size_t link_len = tarn__key_write_link(&key, key.qname, key.qname_len, link);
	store_address("www.example.", 300);
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	const struct rtcache_value *value = &state.item.value;
	ck_assert_int_eq(rtcache_put(client(), link, link_len, value->data, value->len, 9000), 0);
	size_t trust_len = tarn__key_write_trust(key.qname, key.qname_len, link);
	ck_assert_int_eq(rtcache_put(client(), link, trust_len, "\1", 1, 9000), 0);
	size_t chain_len =
		tarn__key_write_of_chain(key.qname, key.qname_len, TARN__TYPE_DS, true, link);
	ck_assert_int_eq(rtcache_put(client(), link, chain_len, value->data, value->len, 9000), 0);
	ck_assert_uint_eq(count_entries(), 4);
	ck_assert_uint_eq(save(), 1);
}
END_TEST

/* ---- names that do not exist ------------------------------------------------------------ */

static const char soa[] = "--\nexample. 900 SOA ns.example. a.example. 600\n";

START_TEST(name_that_does_not_exist_has_no_type)
{
	store("none.example.", "A", 0, TARN__NXDOMAIN, soa);
	ck_assert_uint_eq(count_entries(), 2);
	ck_assert_uint_eq(save(), 1);
	restart(10);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(count_entries(), 2);
	/* The copy under the other type is older by a second at most. */
	ask("none.example.", "MX", 0);
	outside_pass(&outside, 0);
	ck_assert_str_eq(answered("none.example.", "MX", 0),
			 "NXDOMAIN\n--\nexample. 590 SOA ns.example. a.example. 600\n");
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* Another type has shown since that the name exists. */
START_TEST(name_that_exists_now_is_not_missing_after_a_start)
{
	uint8_t octets[TARN__KEY_MAX];
	store("new.example.", "A", 0, TARN__NXDOMAIN, soa);
	const struct tarn__key key = make_key("new.example.", "A", 0, octets);
	tarn__nxdomain_end(client(), &key);
	ck_assert_uint_eq(count_entries(), 1);
	save();
	restart(10);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

/* ---- clocks ----------------------------------------------------------------------------- */

START_TEST(what_has_ended_is_stale)
{
	store_address("www.example.", 300);
	store("none.example.", "A", 0, TARN__NXDOMAIN, soa);
	save();
	restart(700);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, 0);
	ck_assert_uint_eq(counts->loaded_stale, 2);
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_int_eq(state.item.value.status, RTCACHE_STALE);
	ck_assert_uint_eq(state.item.value.stale_ms, 400 * SECOND);
	/* It is not given without a lookup. */
	ck_assert_str_eq(answered("www.example.", "A", 0), "not there");
	ck_assert_uint_eq(outside_surprises(&outside), 1);
	outside_pass(&outside, TARN__STALE_AFTER_MS);
	static struct text text;
	ck_assert_str_eq(read_records(&text, reply, TARN__HEADER_LEN + 13 + 4 + 16),
			 "www.example. 30 A 192.0.2.99\n");
}
END_TEST

/* As after many starts, in each of which it is stale. */
START_TEST(stale_answer_is_saved_again)
{
	store_address("www.example.", 300);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(save(), 1);
		restart(400);
		ck_assert_uint_eq(load()->loaded_stale, 1);
	}
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_uint_eq(state.item.value.stale_ms, 1700 * SECOND);
	ck_assert_uint_eq(save(), 1);
	restart(TARN_STALE_SEC_DEFAULT);
	ck_assert_uint_eq(load()->ended, 1);
	ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

START_TEST(nothing_is_stale_where_that_is_not_wanted)
{
	store_address("www.example.", 300);
	save();
	options.stale_sec = -1;
	restart(300);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->ended, 1);
	ck_assert_uint_eq(counts->loaded_stale + counts->loaded, 0);
}
END_TEST

/* The clock has gone back by so many seconds; the age of an answer when it was saved. */
static const struct {
	unsigned back_sec, age_sec;
	enum tarn__snapshot_fault fault;
} steps_back[] = {
	{0, 0, TARN__SNAPSHOT_GOOD},	       {4, 0, TARN__SNAPSHOT_GOOD},
	{60, 10, TARN__SNAPSHOT_GOOD},	       {300, 100, TARN__SNAPSHOT_GOOD},
	{301, 100, TARN__SNAPSHOT_CLOCK},      {86400, 0, TARN__SNAPSHOT_CLOCK},
	{1900000000, 0, TARN__SNAPSHOT_CLOCK},
};

START_TEST(clock_that_went_back_extends_no_life)
{
	store_address("www.example.", 300);
	outside_pass(&outside, (uint64_t)steps_back[_i].age_sec * SECOND);
	save();
	uint32_t now_sec = (uint32_t)(tarn__resolver_wall_ms(outside.resolver) / SECOND);
	tear_down();
	start();
	outside_set_wall(&outside, now_sec - steps_back[_i].back_sec);
	ck_assert_int_eq(begin_load(), steps_back[_i].fault);
	if (steps_back[_i].fault != TARN__SNAPSHOT_GOOD) {
		ck_assert_ptr_null(reader.loading);
		ck_assert(!step_load());
		return;
	}
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(reader.counts.loaded, 1);
	char expected[64];
	snprintf(expected, sizeof expected, "www.example. %u A 192.0.2.99\n",
		 300 - steps_back[_i].age_sec);
	ck_assert_str_eq(answered("www.example.", "A", 0), expected);
}
END_TEST

START_TEST(clock_that_goes_back_while_it_is_read_extends_no_life)
{
	store_address("www.example.", 300);
	outside_pass(&outside, 50 * SECOND);
	save();
	restart(20);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	while (tarn__snapshot_load_step(&reader, outside.resolver, 1000))
		;
	tarn__snapshot_close(&reader);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 250 A 192.0.2.99\n");
}
END_TEST

/* The wall clock steps ahead while the cache is written, and back before it is read. */
START_TEST(answer_from_the_future_is_faulty)
{
	struct tarn__snapshot_writer *writer = begin_save();
	store_address("www.example.", 86400);
	outside_set_wall(&outside, NOW + 3600);
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 1);
	outside_set_wall(&outside, NOW);
	restart(0);
	ck_assert_uint_eq(load()->faulty, 1);
	ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

/* ---- what the cache has ----------------------------------------------------------------- */

START_TEST(fresh_answer_is_not_replaced)
{
	store_address("www.example.", 300);
	store_address("old.example.", 300);
	save();
	restart(100);
	store("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.7\n");
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->known, 1);
	ck_assert_uint_eq(counts->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 300 A 192.0.2.7\n");
	/* A second time. */
	ck_assert_uint_eq(load()->known, 2);
	restart(300);
	load();
	ck_assert_uint_eq(load()->known, 2);
}
END_TEST

START_TEST(many_blocks_are_read_in_steps)
{
	options.cache_size = 16 << 20;
	tear_down();
	start();
	store_many(5000);
	uint64_t saved = save();
	ck_assert_uint_eq(saved, 5000);
	restart(1);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	unsigned steps = 0;
	for (uint64_t before = 0; step_load(); steps++) {
		ck_assert_uint_le(reader.counts.loaded - before, 32);
		before = reader.counts.loaded;
	}
	tarn__snapshot_close(&reader);
	ck_assert_uint_ge(steps, 5000 / 32);
	ck_assert_uint_le(steps, 2 * 5000 / 32);
	ck_assert_uint_eq(reader.counts.loaded, 5000);
	ck_assert(reader.counts.is_whole);
	ck_assert_uint_eq(count_hits(0, 5000), 5000);
}
END_TEST

START_TEST(smaller_cache_has_the_hottest)
{
	options.cache_size = 16 << 20;
	tear_down();
	start();
	store_many(20000);
	char name[64];
	for (unsigned i = 0; i < 20000; i += 50) {
		snprintf(name, sizeof name, "host%u.example.", i);
		ask(name, "A", 0);
		ask(name, "A", 0);
	}
	ck_assert_uint_eq(save(), 20000);
	options.cache_size = 1 << 20;
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_gt(counts->full, 1000);
	ck_assert_uint_eq(counts->loaded + counts->full, 20000);
	ck_assert(counts->is_whole);
	unsigned hot = 0;
	for (unsigned i = 0; i < 20000; i += 50)
		hot += count_hits(i, 1);
	ck_assert_uint_eq(hot, 400);
}
END_TEST

/* ---- large answers ---------------------------------------------------------------------- */

/* One record that fills the message to its last octet. */
static void store_longest(const char *name)
{
	static struct message message;
	static uint8_t stored[TARN__STORED_MAX], rdata[TARN__MESSAGE_MAX];
	uint8_t octets[TARN__KEY_MAX];
	static struct tarn__response response;
	struct tarn__answer answer;
	const struct tarn__key key = make_key(name, "TYPE4711", 0, octets);
	put_header(&message, 0, TARN__FLAG_QR);
	put_question(&message, name, key.qtype);
	message.wire[7] = 1;
	put16(&message, TARN__POINTER | TARN__HEADER_LEN);
	put16(&message, key.qtype);
	put16(&message, TARN__CLASS_IN);
	put32(&message, 300);
	size_t len = sizeof message.wire - message.len - 2;
	put16(&message, (unsigned)len);
	memset(rdata, 'x', len);
	put_octets(&message, rdata, len);
	tarn__answer_parse_kept(message.wire, message.len, &key, &response);
	tarn__answer_classify(&response, &answer);
	tarn__answer_write(&response, false, stored, &answer);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	ck_assert_int_eq(rtcache_force_put(client(), octets, key_len_of(&key), stored, answer.len,
					   300 * SECOND),
			 0);
}

START_TEST(longest_answer_has_a_block_of_its_own)
{
	static const char *const names[] = {"a.example.", "b.example.", "longest.example."};
	options.cache_size = 64 << 20;
	tear_down();
	start();
	for (unsigned i = 0; i < 3; i++) {
		store_longest(names[i]);
		store_address(names[i], 300);
	}
	ck_assert_uint_eq(save(), 6);
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, 6);
	ck_assert(counts->is_whole);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(ask(names[i], "TYPE4711", 0), TARN__MESSAGE_MAX);
}
END_TEST

/* ---- the end of the writing ------------------------------------------------------------- */

START_TEST(full_disk_ends_all)
{
	store_many(1000);
	file_room = 20000;
	struct tarn__snapshot_writer *writer = begin_save();
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 0);
	ck_assert_uint_le(file_len, file_room);
	file_room = 10;
	writer = begin_save();
	ck_assert(!tarn__snapshot_step(writer, outside.resolver));
	ck_assert_uint_eq(end_save(writer), 0);
	ck_assert_uint_eq(file_len, 0);
	file_room = sizeof file;
}
END_TEST

/* The time to stop is over after the hot ones. */
START_TEST(hottest_come_first)
{
	char name[64];
	options.cache_size = 16 << 20;
	save_options.hottest_first = true;
	tear_down();
	start();
	store_many(4000);
	for (unsigned i = 0; i < 4000; i += 10) {
		snprintf(name, sizeof name, "host%u.example.", i);
		ask(name, "A", 0);
	}
	uint64_t whole = save();
	ck_assert_uint_eq(whole, 4000);
	struct tarn__snapshot_writer *writer = begin_save();
	unsigned steps = 0, cut = 0;
	while (tarn__snapshot_step(writer, outside.resolver))
		steps++;
	end_save(writer);
	writer = begin_save();
	for (cut = 0; cut < steps / 2 + 1; cut++)
		ck_assert(tarn__snapshot_step(writer, outside.resolver));
	uint64_t hot = end_save(writer);
	ck_assert_uint_lt(hot, 500);
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert(counts->is_whole);
	ck_assert_uint_eq(counts->loaded, hot);
	unsigned found = 0;
	for (unsigned i = 0; i < 4000; i += 10)
		found += count_hits(i, 1);
	ck_assert_uint_eq(found, 400);
}
END_TEST

START_TEST(empty_cache_is_a_whole_file)
{
	ck_assert_uint_eq(save(), 0);
	ck_assert_uint_eq(file_len, TARN__SNAPSHOT_HEADER_MIN + 8 + TARN__SNAPSHOT_TRAILER_LEN);
	restart(1);
	ck_assert(load()->is_whole);
	ck_assert_uint_eq(reader.saved_ms, NOW * UINT64_C(1000));
}
END_TEST

START_TEST(faults_have_texts)
{
	for (int fault = TARN__SNAPSHOT_GOOD; fault <= TARN__SNAPSHOT_MEMORY; fault++)
		ck_assert_uint_gt(strlen(tarn__snapshot_fault_text(fault)), 10);
	file_len = 0;
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_NONE);
	tarn__snapshot_close(&reader);
	tarn__snapshot_writer_free(NULL);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof(array)[0])

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_was_saved_is_loaded_with_the_time_that_is_left);
	tcase_add_test(tcase, life_is_not_changed_by_many_starts);
	tcase_add_test(tcase, loaded_answer_comes_from_a_file);
	tcase_add_test(tcase, uses_and_queue_are_kept);
	tcase_add_test(tcase, what_is_no_answer_is_not_saved);
	tcase_add_test(tcase, name_that_does_not_exist_has_no_type);
	tcase_add_test(tcase, name_that_exists_now_is_not_missing_after_a_start);
	tcase_add_test(tcase, what_has_ended_is_stale);
	tcase_add_test(tcase, stale_answer_is_saved_again);
	tcase_add_test(tcase, nothing_is_stale_where_that_is_not_wanted);
	tcase_add_loop_test(tcase, clock_that_went_back_extends_no_life, 0, LENGTH(steps_back));
	tcase_add_test(tcase, clock_that_goes_back_while_it_is_read_extends_no_life);
	tcase_add_test(tcase, answer_from_the_future_is_faulty);
	tcase_add_test(tcase, fresh_answer_is_not_replaced);
	tcase_add_test(tcase, many_blocks_are_read_in_steps);
	tcase_add_test(tcase, smaller_cache_has_the_hottest);
	tcase_add_test(tcase, longest_answer_has_a_block_of_its_own);
	tcase_add_test(tcase, full_disk_ends_all);
	tcase_add_test(tcase, hottest_come_first);
	tcase_add_test(tcase, empty_cache_is_a_whole_file);
	tcase_add_test(tcase, faults_have_texts);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
