/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.h: files that are damaged, cut or changed. */
#include "core/admin/snapshot.h"

#include "core/admin/snapshot_form.h"
#include "support/snapshot_world.h"

/* ---- damage ----------------------------------------------------------------------------- */

/* Two zones, stale and fresh, in several blocks. */
static void save_something(void)
{
	options.cache_size = 2 << 20;
	tear_down();
	start();
	store_kinds();
	store_many(2000);
	for (unsigned i = 0; i < 500; i++) {
		char name[64];
		snprintf(name, sizeof name, "host%u.example.", i);
		for (unsigned uses = 0; uses < i % 4; uses++)
			ask(name, "A", 0);
	}
	ck_assert_uint_eq(save(), KINDS + 2000);
}

static uint64_t count_all(const struct tarn__snapshot_counts *counts)
{
	return counts->loaded + counts->loaded_stale + counts->known + counts->ended +
	       counts->elsewhere + counts->faulty + counts->full;
}

/* Whatever is loaded of the kinds is what was saved. Returns how many of those are there. */
static unsigned check_kinds(void)
{
	struct rtcache_state state;
	unsigned found = 0;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t octets[TARN__KEY_MAX];
		const struct tarn__key key =
			make_key(kinds[i].name, kinds[i].type, kinds[i].variant, octets);
		ck_assert_int_eq(rtcache_inspect(client(), octets, key_len_of(&key), &state), 0);
		if (!state.is_stored)
			continue;
		found++;
		ck_assert_str_eq(answered(kinds[i].name, kinds[i].type, kinds[i].variant),
				 kinds[i].later);
	}
	return found;
}

/* The same for all. */
static unsigned check_loaded(void)
{
	/* The TTL, 3500, and the address of those that are many. */
	static const uint8_t record[] = {0, 0, 0x0d, 0xac, 0, 4, 192, 0, 2, 99};
	struct rtcache_state state;
	char name[64];
	unsigned found = check_kinds();
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "host%u.example.", i);
		if (!is_known(name, "A", &state))
			continue;
		found++;
		long len = ask(name, "A", 0);
		must(len > TARN__HEADER_LEN && tarn__get16(reply + 6) == 1 &&
			     memcmp(reply + len - 10, record, sizeof record) == 0,
		     "it is what was saved");
	}
	return found;
}

static void check_damaged(void)
{
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	unsigned found = check_loaded();
	ck_assert_uint_eq(found, reader.counts.loaded);
	ck_assert_uint_eq(count_all(&reader.counts), reader.counts.loaded);
}

enum { PIECES = 64 };

START_TEST(truncated_file_is_read_up_to_its_end)
{
	save_something();
	size_t whole = file_len;
	uint64_t before = 0;
	for (size_t piece = 0; piece < PIECES; piece++) {
		file_len = whole * piece / PIECES;
		clear();
		outside_set_wall(&outside, NOW + 100);
		if (piece == 0) {
			ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_NONE);
			continue;
		}
		check_damaged();
		ck_assert(!reader.counts.is_whole);
		/* The block that is cut, and no other. */
		ck_assert_uint_le(reader.counts.blocks_damaged, 1);
		ck_assert_uint_ge(reader.counts.loaded, before);
		before = reader.counts.loaded;
	}
	ck_assert_uint_gt(before, 1500);
	file_len = whole - 1;
	clear();
	outside_set_wall(&outside, NOW + 100);
	check_damaged();
	ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
	ck_assert(!reader.counts.is_whole);
}
END_TEST

static unsigned entries_of_longest_block(void)
{
	struct tarn__snapshot_block block;
	unsigned most = 0;
	for (size_t at = TARN__SNAPSHOT_HEADER_MIN + 8;
	     tarn__snapshot_block_read(file + at, &block);
	     at += TARN__SNAPSHOT_BLOCK_HEAD + block.len) {
		most = block.count > most ? block.count : most;
		ck_assert_uint_le(TARN__SNAPSHOT_BLOCK_HEAD + block.len, TARN__SNAPSHOT_BLOCK_FULL);
	}
	return most;
}

/* At all places, and with blocks of several octets: one block is lost. */
START_TEST(damaged_block_is_left_out)
{
	static uint8_t good[sizeof file];
	save_something();
	unsigned most = entries_of_longest_block();
	memcpy(good, file, file_len);
	size_t begin = TARN__SNAPSHOT_HEADER_MIN + 8;
	size_t room = file_len - TARN__SNAPSHOT_TRAILER_LEN - begin;
	for (size_t piece = 0; piece < PIECES; piece++) {
		memcpy(file, good, file_len);
		size_t at = begin + room * piece / PIECES;
		for (size_t i = 0; i < 1 + piece % 3 && at + i < file_len; i++)
			file[at + i] ^= (uint8_t)(1 + (piece * 37 + i) % 255);
		clear();
		outside_set_wall(&outside, NOW + 100);
		check_damaged();
		ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
		ck_assert_uint_ge(reader.counts.loaded + most, KINDS + 2000);
		ck_assert_uint_lt(reader.counts.loaded, KINDS + 2000);
		ck_assert(!reader.counts.is_whole);
	}
}
END_TEST

/* Each octet of each head, and of the header and the trailer. */
START_TEST(each_damage_to_a_head_costs_one_block)
{
	static uint8_t good[sizeof file];
	save_something();
	unsigned most = entries_of_longest_block();
	memcpy(good, file, file_len);
	struct tarn__snapshot_block block;
	unsigned blocks = 0;
	for (size_t at = TARN__SNAPSHOT_HEADER_MIN + 8;
	     tarn__snapshot_block_read(good + at, &block);
	     at += TARN__SNAPSHOT_BLOCK_HEAD + block.len, blocks++) {
		for (size_t i = 0; i < TARN__SNAPSHOT_BLOCK_HEAD; i++) {
			memcpy(file, good, file_len);
			file[at + i] ^= 1 << (at + i) % 8;
			clear();
			outside_set_wall(&outside, NOW + 100);
			check_damaged();
			ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
			ck_assert_uint_ge(reader.counts.loaded + most, KINDS + 2000);
		}
	}
	ck_assert_uint_ge(blocks, 6);
	for (size_t i = 0; i < TARN__SNAPSHOT_HEADER_MIN + 8; i++) {
		memcpy(file, good, file_len);
		file[i] ^= 0x40;
		ck_assert_int_eq(begin_load(),
				 i == 8 || i == 9 ? TARN__SNAPSHOT_VERSION : TARN__SNAPSHOT_NONE);
	}
	for (size_t i = 1; i <= TARN__SNAPSHOT_TRAILER_LEN; i++) {
		memcpy(file, good, file_len);
		file[file_len - i] ^= 0x40;
		clear();
		outside_set_wall(&outside, NOW + 100);
		check_damaged();
		ck_assert(!reader.counts.is_whole);
		ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
	}
}
END_TEST

START_TEST(no_octet_of_a_small_file_can_be_wrong)
{
	static uint8_t good[4096];
	store_kinds();
	ck_assert_uint_eq(save(), KINDS);
	ck_assert_uint_le(file_len, sizeof good);
	memcpy(good, file, file_len);
	for (size_t i = TARN__SNAPSHOT_HEADER_MIN + 8; i < file_len; i++) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			memcpy(file, good, file_len);
			file[i] ^= (uint8_t)(1 << bit);
			clear();
			outside_set_wall(&outside, NOW + 100);
			load();
			ck_assert_uint_eq(count_all(&reader.counts), reader.counts.loaded);
			ck_assert(!reader.counts.is_whole);
			ck_assert_uint_eq(check_kinds(), reader.counts.loaded);
		}
	}
}
END_TEST

/* A block of another file, at its place: the seed is another one. */
START_TEST(block_of_another_file_does_not_check)
{
	static uint8_t other[65536];
	store_address("www.example.", 300);
	save();
	size_t len = file_len, begin = TARN__SNAPSHOT_HEADER_MIN + 8;
	memcpy(other, file, len);
	outside_pass(&outside, 1);
	save();
	ck_assert_uint_eq(file_len, len);
	memcpy(file + begin, other + begin, len - begin - TARN__SNAPSHOT_TRAILER_LEN);
	restart(0);
	ck_assert_uint_eq(load()->loaded, 0);
	ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
}
END_TEST

/* What a fault of the hash would let through is still read as a server's message. */
START_TEST(entry_that_checks_is_read_like_a_message_of_a_server)
{
	static uint8_t good[65536];
	store_address("www.example.", 300);
	save();
	memcpy(good, file, file_len);
	struct tarn__snapshot_header header;
	struct tarn__snapshot_identities identities;
	ck_assert_int_eq(tarn__snapshot_header_read(file, file_len, &header, &identities),
			 TARN__SNAPSHOT_HEADER_GOOD);
	tarn__snapshot_identities_free(&identities);
	uint8_t *octets = file + header.len;
	struct tarn__snapshot_block block;
	ck_assert(tarn__snapshot_block_read(octets, &block));
	unsigned faulty = 0;
	for (size_t i = 0; i < block.len; i++) {
		memcpy(file, good, file_len);
		octets[TARN__SNAPSHOT_BLOCK_HEAD + i] ^= 0x20;
		tarn__snapshot_block_seal(octets, header.seed, &block);
		restart(0);
		load();
		ck_assert_uint_eq(reader.counts.blocks_damaged, 0);
		ck_assert_uint_eq(count_all(&reader.counts), 1);
		faulty += reader.counts.faulty > 0;
		const char *answer = answered("www.example.", "A", 0);
		ck_assert_ptr_null(strstr(answer, "AD"));
	}
	/* All of the key, the question, and lengths; not so the last octets of an address. */
	ck_assert_uint_gt(faulty, block.len / 2);
}
END_TEST

/* The file shrinks to zeros, or another one takes its place, between two steps. */
START_TEST(file_may_change_while_it_is_read)
{
	save_something();
	clear();
	outside_set_wall(&outside, NOW + 100);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	for (unsigned i = 0; i < 20; i++)
		ck_assert(step_load());
	memset(file, 0, file_len);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(check_loaded(), reader.counts.loaded);
	ck_assert_uint_gt(reader.counts.loaded, 100);
	ck_assert(!reader.counts.is_whole);
}
END_TEST

/* ---- a file that is read by a function -------------------------------------------------- */

/* What is in between cannot be read. */
static size_t hole_at, hole_end;

static bool read_file(void *arg, uint64_t offset, uint8_t *out, size_t len)
{
	(void)arg;
	if (offset < hole_end && offset + len > hole_at)
		return false;
	must(offset + len <= file_len, "the file has it");
	memcpy(out, file + offset, len);
	return true;
}

static void begin_reading(void)
{
	reader = (struct tarn__snapshot_reader){.read = read_file, .len = file_len};
	ck_assert_int_eq(tarn__snapshot_open(&reader, outside.resolver,
					     tarn__resolver_wall_ms(outside.resolver)),
			 TARN__SNAPSHOT_GOOD);
}

static void read_on(void)
{
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(check_loaded(), reader.counts.loaded);
}

START_TEST(file_is_read_by_a_function)
{
	save_something();
	clear();
	outside_set_wall(&outside, NOW + 100);
	begin_reading();
	ck_assert_uint_eq(reader.entries, KINDS + 2000);
	read_on();
	ck_assert(reader.counts.is_whole);
	ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
}
END_TEST

/* From each 64th on, after so many steps. */
START_TEST(file_may_be_cut_while_it_is_read)
{
	save_something();
	for (size_t piece = 0; piece < PIECES; piece++) {
		clear();
		outside_set_wall(&outside, NOW + 100);
		begin_reading();
		for (size_t i = 0; i < piece / 4; i++)
			step_load();
		hole_at = file_len * piece / PIECES;
		hole_end = SIZE_MAX;
		read_on();
		hole_at = hole_end = 0;
	}
}
END_TEST

START_TEST(what_a_disk_has_lost_is_left_out)
{
	save_something();
	unsigned most = entries_of_longest_block();
	for (size_t piece = 1; piece < PIECES - 1; piece++) {
		clear();
		outside_set_wall(&outside, NOW + 100);
		begin_reading();
		hole_at = file_len * piece / PIECES;
		hole_end = hole_at + 512;
		read_on();
		ck_assert(!reader.counts.is_whole);
		ck_assert_uint_ge(reader.counts.loaded + 2 * most, KINDS + 2000);
		hole_at = hole_end = 0;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot_damage");
	TCase *tcase = tcase_create("snapshot_damage");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, truncated_file_is_read_up_to_its_end);
	tcase_add_test(tcase, damaged_block_is_left_out);
	tcase_add_test(tcase, each_damage_to_a_head_costs_one_block);
	tcase_add_test(tcase, no_octet_of_a_small_file_can_be_wrong);
	tcase_add_test(tcase, block_of_another_file_does_not_check);
	tcase_add_test(tcase, entry_that_checks_is_read_like_a_message_of_a_server);
	tcase_add_test(tcase, file_may_change_while_it_is_read);
	tcase_add_test(tcase, file_is_read_by_a_function);
	tcase_add_test(tcase, file_may_be_cut_while_it_is_read);
	tcase_add_test(tcase, what_a_disk_has_lost_is_left_out);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
