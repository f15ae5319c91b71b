/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/second.c, epoch.c, fetch.c: what the scripts of tests/scenario cannot see: several workers,
 * stores that come and go under load, what is outstanding at the end and over a change of the
 * configuration.
 */
#include "core/second/second.h"

#include <stdio.h>
#include <string.h>

#include "core/second/epoch.h"
#include "core/second/key.h"
#include "core/second/value.h"
#include "core/stats.h"
#include "dns/message.h"
#include "support/store.h"
#include "support/unit.h"

enum { LOAD = 400 };

static const char secret[] = "0123456789abcdef0123456789abcdef";
static struct tarn_address server;
static struct outside outside, other;
static struct store store;
static bool has_other;
static unsigned answered, failed;

static struct tarn_options options(void)
{
	return (struct tarn_options){
		.upstreams = &server,
		.upstream_count = 1,
		.second = {.socket = "/store", .secret = secret, .secret_len = sizeof secret - 1}};
}

static void set_up(void)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	struct tarn_options all = options();
	outside_init_with(&outside, &all);
	store_init(&store, &outside);
	has_other = false;
	answered = failed = 0;
}

static void have_other(void)
{
	outside_init_second(&other, &outside);
	store_join(&store, &other);
	has_other = true;
}

static void tear_down(void)
{
	if (has_other)
		outside_fini(&other);
	outside_fini(&outside);
	store_fini(&store);
}

static struct tarn__second_counts counts_of(const struct outside *worker)
{
	struct tarn__stats stats;
	tarn__resolver_stats(worker->resolver, &stats);
	return stats.second;
}

/* ---- questions and answers ---------------------------------------------------------------- */

static void on_answer(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	(void)route;
	ck_assert_uint_ge(len, TARN__HEADER_LEN);
	answered++;
	failed += (reply[3] & TARN__FLAG_RCODE) == TARN__SERVFAIL;
}

/* Asks for the A of n000001.example, of that number. Returns true if it is pending. */
static bool ask(struct outside *worker, unsigned number)
{
	static uint8_t reply[TARN__UDP_MAX];
	uint8_t question[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\7n000000\7example\0\0\1\0";
	char digits[8];
	snprintf(digits, sizeof digits, "%06u", number % 1000000);
	memcpy(question + TARN__HEADER_LEN + 2, digits, 6);
	question[sizeof question - 1] = 1;
	const struct tarn__client_request request = {
		.transport = TARN__UDP, .answer = on_answer, .route = ""};
	long got = tarn__resolver_resolve(worker->resolver, &request, question, sizeof question,
					  reply);
	if (got != TARN__RESOLVE_PENDING)
		on_answer(NULL, NULL, reply, (size_t)got);
	return got == TARN__RESOLVE_PENDING;
}

/*
 * Answers what a worker has sent upstream with an address; names whose number is divisible by 7 are dead.
 */
static unsigned answer_servers(struct outside *worker)
{
	unsigned count = 0;
	struct sent *sent;
	while ((sent = outside_take(worker, &server, TARN__UDP))) {
		uint8_t wire[TARN__UDP_MIN];
		size_t end = TARN__HEADER_LEN;
		unsigned number = 0;
		if (!sent->exchange || sent->exchange->rank == TARN__RANK_PROBE)
			continue;
		for (size_t i = 0; i < 6; i++)
			number = number * 10 + sent->wire[TARN__HEADER_LEN + 2 + i] - '0';
		if (number % 7 == 0)
			continue;
		while (sent->wire[end] != 0)
			end += sent->wire[end] + 1U;
		end += 5;
		memcpy(wire, sent->wire, end);
		tarn__put16(wire + 2, TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA);
		tarn__put16(wire + 4, 1);
		tarn__put16(wire + 6, 1);
		tarn__put32(wire + 8, 0);
		static const uint8_t record[] = {0xc0, 12, 0, 1, 0,   1, 0, 0,
						 1,    0,  0, 4, 192, 0, 2, 1};
		memcpy(wire + end, record, sizeof record);
		count += outside_answer(worker, sent, 0, wire, end + sizeof record);
	}
	return count;
}

/* ---- cases -------------------------------------------------------------------------------- */

START_TEST(what_one_machine_has_asked_another_does_not_ask)
{
	outside_pass(&outside, 0);
	ask(&outside, 1);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answer_servers(&outside), 1);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(counts_of(&outside).puts, 1);

	struct outside machine;
	struct tarn_options all = options();
	outside_init_with(&machine, &all);
	struct store its_store;
	store_init(&its_store, &machine);
	for (const struct store_entry *it = store.entries; it; it = it->next)
		store_put(&its_store, it->key, it->value, it->len, 0);
	outside_pass(&machine, 0);
	ask(&machine, 1);
	outside_pass(&machine, 0);
	ck_assert_uint_eq(answered, 2);
	ck_assert_uint_eq(outside_surprises(&machine), 0);
	ck_assert_uint_eq(counts_of(&machine).taken, 1);
	outside_fini(&machine);
	store_fini(&its_store);
}
END_TEST

START_TEST(two_workers_have_one_epoch_and_forget_once)
{
	have_other();
	outside_pass(&outside, 0);
	ck_assert_uint_eq(counts_of(&outside).connected_now, 1);
	ck_assert_uint_eq(counts_of(&other).connected_now, 1);
	ask(&outside, 1);
	outside_pass(&outside, 0);
	answer_servers(&outside);
	outside_pass(&outside, 0);
	ck_assert(!ask(&other, 1));
	char key[TARN__SECOND_KEY_MAX];
	uint8_t value[TARN__SECOND_EPOCH_LEN];
	tarn__second_epoch_key_write(outside.config->second, key);
	tarn__second_epoch_write(outside.config->second, key, 4711, value);
	store_put(&store, key, value, sizeof value, 0);
	/* Each reads it at a time of its own. */
	outside_pass(&outside, TARN__EPOCH_READ_MS);
	tarn__resolver_run(other.resolver);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(counts_of(&outside).flushes + counts_of(&other).flushes, 1);
	ck_assert_uint_eq(outside.config->second->epoch, 4711);
	ck_assert(ask(&other, 1));
	tarn__resolver_run(other.resolver);
	outside_pass(&outside, 0);
	answer_servers(&other);
}
END_TEST

START_TEST(no_question_is_lost_while_a_store_comes_and_goes)
{
	have_other();
	outside_pass(&outside, 0);
	unsigned asked = 0;
	for (unsigned i = 0; i < LOAD; i++) {
		struct outside *worker = i % 2 ? &outside : &other;
		if (i % 37 == 5)
			store_set_mode(&store, STORE_SILENT);
		if (i % 37 == 17)
			store_set_mode(&store, STORE_DOWN);
		if (i % 37 == 29)
			store_set_mode(&store, STORE_UP);
		store.delay_ms = i % 5 == 0 ? 7 : 0;
		store.error = i % 11 == 0 ? TARN__SECOND_LOADING : TARN__SECOND_THERE;
		ask(worker, i / 3);
		asked++;
		outside_pass(&outside, 3);
		tarn__resolver_run(other.resolver);
		answer_servers(&outside);
		answer_servers(&other);
	}
	store_set_mode(&store, STORE_UP);
	store.error = TARN__SECOND_THERE;
	for (int i = 0; i < 80; i++) {
		outside_pass(&outside, 100);
		tarn__resolver_run(other.resolver);
		answer_servers(&outside);
		answer_servers(&other);
	}
	ck_assert_uint_eq(answered, asked);
	/* Dead names alone fail: every third number is asked, and a seventh of them is dead. */
	unsigned dead = 0;
	for (unsigned i = 0; i < LOAD; i++)
		dead += i / 3 % 7 == 0;
	ck_assert_uint_le(failed, dead);
	ck_assert_uint_gt(failed, 0);
	ck_assert_uint_gt(counts_of(&outside).opened + counts_of(&other).opened, 0);
	ck_assert_uint_gt(counts_of(&outside).taken + counts_of(&outside).puts, 0);
}
END_TEST

START_TEST(a_change_of_the_store_ends_what_is_outstanding)
{
	outside_pass(&outside, 0);
	store_set_mode(&store, STORE_SILENT);
	for (unsigned i = 1; i < 5; i++)
		ck_assert(ask(&outside, i));
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	struct tarn_options all = options();
	all.second.wait_ms = 50;
	outside_reconfigure(&outside, &all);
	tarn__resolver_run(outside.resolver);
	ck_assert_uint_eq(answer_servers(&outside), 4);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answered, 4);
	/* The same once more, without a second level afterwards. */
	store_set_mode(&store, STORE_UP);
	outside_pass(&outside, 0);
	store_set_mode(&store, STORE_SILENT);
	ck_assert(ask(&outside, 6));
	all.second = (struct tarn_second_level){0};
	outside_reconfigure(&outside, &all);
	tarn__resolver_run(outside.resolver);
	ck_assert_uint_eq(answer_servers(&outside), 1);
	ck_assert_uint_eq(counts_of(&outside).connected_now, 0);
}
END_TEST

START_TEST(a_change_of_servers_ends_a_get_and_the_lookup_goes_on)
{
	outside_pass(&outside, 0);
	store_set_mode(&store, STORE_SILENT);
	ck_assert(ask(&outside, 1));
	ck_assert_int_eq(tarn_address_parse("192.0.2.54", 53, &server), 0);
	outside_set_servers(&outside, &server, 1);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answer_servers(&outside), 1);
	ck_assert_uint_eq(counts_of(&outside).late, 0);
}
END_TEST

START_TEST(a_sleep_is_no_silence_of_the_store)
{
	outside_pass(&outside, 0);
	store_set_mode(&store, STORE_SILENT);
	for (unsigned i = 1; i < 6; i++)
		ck_assert(ask(&outside, i));
	outside_sleep(&outside, 3000);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answer_servers(&outside), 5);
	ck_assert_uint_eq(counts_of(&outside).late, 0);
	ck_assert_uint_eq(counts_of(&outside).opened, 0);
	/* Nor is another network. */
	ck_assert(ask(&outside, 8));
	tarn__resolver_network_changed(outside.resolver);
	store_set_mode(&store, STORE_UP);
	outside_pass(&outside, 0);
	answer_servers(&outside);
	outside_pass(&outside, 0);
}
END_TEST

START_TEST(lookups_that_wait_for_the_store_end_with_the_worker)
{
	outside_pass(&outside, 0);
	store_set_mode(&store, STORE_SILENT);
	for (unsigned i = 1; i < 100; i++)
		ask(&outside, i);
	outside_pass(&outside, 5);
	for (unsigned i = 100; i < 200; i++)
		ask(&outside, i);
}
END_TEST

START_TEST(clients_of_one_name_are_one_get)
{
	outside_pass(&outside, 0);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(ask(&outside, 1));
	ck_assert_uint_eq(counts_of(&outside).gets, 1);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answer_servers(&outside), 1);
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answered, 1000);
	ck_assert_uint_eq(counts_of(&outside).puts, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second");
	TCase *tcase = tcase_create("second");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_one_machine_has_asked_another_does_not_ask);
	tcase_add_test(tcase, two_workers_have_one_epoch_and_forget_once);
	tcase_add_test(tcase, no_question_is_lost_while_a_store_comes_and_goes);
	tcase_add_test(tcase, a_change_of_the_store_ends_what_is_outstanding);
	tcase_add_test(tcase, a_change_of_servers_ends_a_get_and_the_lookup_goes_on);
	tcase_add_test(tcase, a_sleep_is_no_silence_of_the_store);
	tcase_add_test(tcase, lookups_that_wait_for_the_store_end_with_the_worker);
	tcase_add_test(tcase, clients_of_one_name_are_one_get);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
