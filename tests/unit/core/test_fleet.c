/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/fleet.c, and what core/resolver.c makes of messages: a name is forgotten in the store and by
 * those who hear it, on a fake outside with a fake store.
 */
#include "core/second/fleet.h"

#include <stdio.h>
#include <string.h>

#include "core/admin/inspect.h"
#include "core/second/second_config.h"
#include "core/stats.h"
#include "dns/name.h"
#include "dns/text.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/store.h"
#include "support/unit.h"

/* 1 to 300 without OPT and those of questions alone (128 to 255), and two more, in four variants. */
enum { KEYS_OF_NAME = (300 - 129 + 2) * 4 };

static const char secret[] = "of all machines of a test";

static struct tarn_address server;
static struct tarn_options options;
static struct outside outside;
static struct store store;
static struct tarn__fleet_flush flush;
static unsigned ends;
static uint8_t reply[TARN__MESSAGE_MAX];
/* The last message that was published. */
static uint8_t published[TARN__SECOND_MESSAGE_MAX];
static size_t published_len;
static size_t removals_at_publish;

static size_t count_removals(void)
{
	size_t count = 0;
	for (const struct store_request *it = store.requests; it; it = it->next)
		count += it->is_removal && it->is_ended;
	return count;
}

static int (*publish_in_store)(void *data, const struct tarn_second_publication *);

static int publish(void *data, const struct tarn_second_publication *publication)
{
	ck_assert_uint_le(publication->len, sizeof(published));
	memcpy(published, publication->octets, publication->len);
	published_len = publication->len;
	removals_at_publish = count_removals();
	return publish_in_store(data, publication);
}

static void set_up(void)
{
	ends = 0;
	published_len = 0;
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	options = (struct tarn_options){.upstreams = &server, .upstream_count = 1};
	ck_assert_int_eq(tarn_address_parse("192.0.2.6", 6379, &options.second.server), 0);
	options.second.secret = secret;
	options.second.secret_len = strlen(secret);
	outside_init_with(&outside, &options);
	outside_set_wall(&outside, 1800000000);
	store_init(&store, &outside);
	publish_in_store = outside.io.second_publish;
	outside.io.second_publish = publish;
	outside_pass(&outside, 10);
}

static void tear_down(void)
{
	outside_fini(&outside);
	store_fini(&store);
}

/* ---- names in the cache and in the store -------------------------------------------------- */

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	memcpy(reply, wire, len);
}

static size_t write_question(const char *name, uint8_t *wire)
{
	static struct message question;
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, name, 1);
	memcpy(wire, question.wire, question.len);
	return question.len;
}

/* Asks for it; the server answers unless the store does. */
static void learn(const char *name)
{
	static struct message answer;
	uint8_t wire[512];
	char record[300];
	struct tarn__client_request client_request = {
		.transport = TARN__TCP, .answer = on_answer, .route = ""};
	size_t len = write_question(name, wire);
	ck_assert_int_eq(
		tarn__resolver_resolve(outside.resolver, &client_request, wire, len, reply),
		TARN__RESOLVE_PENDING);
	outside_pass(&outside, 1);
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	put_header(&answer, tarn__get16(sent->wire), TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA);
	put_octets(&answer, sent->wire + TARN__HEADER_LEN,
		   tarn__name_span(sent->wire + TARN__HEADER_LEN, sent->len) + 4);
	answer.wire[5] = 1;
	snprintf(record, sizeof(record), "%s 300 A 192.0.2.1", name);
	put_records(&answer, record);
	ck_assert(outside_answer(&outside, sent, 0, answer.wire, answer.len));
	outside_pass(&outside, 10);
}

static bool is_cached(const char *name)
{
	static uint8_t wire[512];
	struct tarn__inspected inspected;
	tarn__inspect(outside.resolver, wire, write_question(name, wire), NULL, &inspected);
	return inspected.states[0].is_stored;
}

/* The answers in the store, beside the epoch. */
static size_t count_values(void)
{
	size_t count = 0;
	for (const struct store_entry *it = store.entries; it; it = it->next)
		count += !strstr(it->key, ":epoch");
	return count;
}

/* ---- flushes ------------------------------------------------------------------------------ */

static void on_done(struct tarn__fleet_flush *ended)
{
	ck_assert_ptr_eq(ended, &flush);
	ends++;
}

static int start(enum tarn__second_message_kind kind, const char *name)
{
	flush = (struct tarn__fleet_flush){.done = on_done};
	flush.message.kind = kind;
	flush.message.type = 1;
	flush.message.name_len = tarn__name_parse(name, flush.message.name);
	return tarn__resolver_fleet_flush(outside.resolver, &flush);
}

static void run(enum tarn__second_message_kind kind, const char *name)
{
	ends = 0;
	ck_assert_int_eq(start(kind, name), 0);
	ck_assert_uint_eq(ends, 0);
	outside_pass(&outside, 10);
	ck_assert_uint_eq(ends, 1);
}

static void hear(void)
{
	tarn__resolver_second_message(outside.resolver, published, published_len);
	outside_pass(&outside, 10);
}

static struct tarn__second_message read_published(void)
{
	struct tarn__second_message message;
	ck_assert(tarn__second_message_read(outside.config->second, published, published_len,
					    outside.io.wall_ms(outside.io.data), &message));
	return message;
}

static struct tarn__second_counts counts(void)
{
	struct tarn__stats stats;
	tarn__resolver_stats(outside.resolver, &stats);
	return stats.second;
}

START_TEST(name_is_removed_with_all_types_and_then_published)
{
	learn("www.example.");
	learn("other.example.");
	ck_assert_uint_eq(count_values(), 2);
	run(TARN__SECOND_FORGET_NAME, "WWW.example.");
	ck_assert(!flush.has_failed && flush.is_published);
	ck_assert_uint_eq(flush.removed, KEYS_OF_NAME);
	ck_assert_uint_eq(count_removals(), KEYS_OF_NAME);
	ck_assert_uint_eq(removals_at_publish, KEYS_OF_NAME);
	ck_assert_uint_eq(count_values(), 1);
	struct tarn__second_message message = read_published();
	ck_assert_int_eq(message.kind, TARN__SECOND_FORGET_NAME);
	ck_assert_uint_eq(message.epoch, 0);
	/* This machine has it until it hears the message. */
	ck_assert(is_cached("www.example."));
	hear();
	ck_assert(!is_cached("www.example.") && is_cached("other.example."));
	ck_assert_uint_eq(counts().flushes, 1);
}
END_TEST

START_TEST(removals_are_keys_of_their_own)
{
	run(TARN__SECOND_FORGET_NAME, "www.example.");
	for (const struct store_request *a = store.requests; a; a = a->next) {
		for (const struct store_request *b = a->next; b && a->is_removal; b = b->next)
			ck_assert(!b->is_removal || strcmp(a->key, b->key) != 0);
	}
}
END_TEST

START_TEST(removals_leave_room_for_others)
{
	ck_assert_int_eq(start(TARN__SECOND_FORGET_NAME, "www.example."), 0);
	size_t outstanding = 0;
	for (const struct store_request *it = store.requests; it; it = it->next)
		outstanding += !it->is_ended;
	ck_assert_uint_le(outstanding, 300);
	outside_pass(&outside, 10);
	ck_assert_uint_eq(ends, 1);
}
END_TEST

START_TEST(one_type_is_four_keys)
{
	learn("www.example.");
	run(TARN__SECOND_FORGET_TYPE, "www.example.");
	ck_assert_uint_eq(flush.removed, 4);
	ck_assert_uint_eq(count_values(), 0);
	ck_assert_uint_eq(read_published().type, 1);
	hear();
	ck_assert(!is_cached("www.example."));
}
END_TEST

START_TEST(tree_is_another_epoch)
{
	learn("www.example.");
	learn("www.net.");
	run(TARN__SECOND_FORGET_TREE, "example.");
	ck_assert(!flush.has_failed && flush.is_published);
	ck_assert_uint_eq(count_removals(), 0);
	struct tarn__second_message message = read_published();
	ck_assert_uint_ne(message.epoch, 0);
	hear();
	/* Another one that has heard it reads the epoch afterwards, and finds what it knows. */
	outside_pass(&outside, 30000);
	ck_assert(!is_cached("www.example.") && is_cached("www.net."));
	ck_assert_uint_eq(counts().flushes, 1);
	/* What is in the store is out of reach. */
	learn("www.example.");
	ck_assert_uint_eq(count_values(), 3);
}
END_TEST

/* It has an epoch of before: the store has the present one, and what was kept meanwhile may be of either. */
START_TEST(old_message_does_not_bring_its_epoch_back)
{
	run(TARN__SECOND_FORGET_TREE, "other.net.");
	uint8_t before[TARN__SECOND_MESSAGE_MAX];
	size_t before_len = published_len;
	memcpy(before, published, before_len);
	run(TARN__SECOND_FORGET_TREE, "other.net.");
	learn("www.example.");
	ck_assert_uint_eq(count_values(), 1);
	tarn__resolver_second_message(outside.resolver, before, before_len);
	outside_pass(&outside, 10);
	ck_assert(!is_cached("www.example."));
	run(TARN__SECOND_FORGET_NAME, "www.example.");
	ck_assert_uint_eq(count_values(), 0);
}
END_TEST

START_TEST(message_is_not_published_unless_all_was_removed)
{
	store.is_full = true;
	run((enum tarn__second_message_kind)_i, "www.example.");
	ck_assert(flush.has_failed && !flush.is_published);
	ck_assert_int_eq(flush.fault, TARN__SECOND_MEMORY);
	ck_assert_uint_eq(published_len, 0);
	store.is_full = false;
	run((enum tarn__second_message_kind)_i, "www.example.");
	ck_assert(!flush.has_failed && flush.is_published);
}
END_TEST

/* An access list may permit all but the channel. */
START_TEST(message_that_is_refused_is_not_published)
{
	learn("www.example.");
	store.publish_error = TARN__SECOND_ACCESS;
	run(_i, "www.example.");
	ck_assert(flush.has_failed);
	ck_assert_int_eq(flush.fault, TARN__SECOND_ACCESS);
	ck_assert(!flush.is_published);
	store.publish_error = TARN__SECOND_THERE;
	run(_i, "www.example.");
	ck_assert(!flush.has_failed);
	ck_assert(flush.is_published);
}
END_TEST

START_TEST(flush_ends_with_its_connection)
{
	store.mode = STORE_SILENT;
	ck_assert_int_eq(start((enum tarn__second_message_kind)_i, "www.example."), 0);
	outside_pass(&outside, 100);
	ck_assert_uint_eq(ends, 0);
	store_set_mode(&store, STORE_DOWN);
	ck_assert_uint_eq(ends, 1);
	ck_assert(flush.has_failed);
	ck_assert_int_eq(flush.fault, TARN__SECOND_CLOSED);
	ck_assert_int_eq(start((enum tarn__second_message_kind)_i, "www.example."),
			 TARN_EUNREACHABLE);
	ck_assert_uint_eq(ends, 1);
}
END_TEST

START_TEST(flush_ends_with_its_configuration)
{
	store.mode = STORE_SILENT;
	ck_assert_int_eq(start((enum tarn__second_message_kind)_i, "www.example."), 0);
	if (_i == TARN__SECOND_FORGET_NAME)
		options.second = (struct tarn_second_level){0};
	else
		options.second.wait_ms = 7;
	outside_reconfigure(&outside, &options);
	ck_assert_uint_eq(ends, 1);
	ck_assert_int_eq(flush.fault, TARN__SECOND_CLOSED);
	outside_pass(&outside, 100);
	ck_assert_uint_eq(ends, 1);
}
END_TEST

START_TEST(canceled_flush_is_not_done)
{
	store.mode = STORE_SILENT;
	ck_assert_int_eq(start(TARN__SECOND_FORGET_NAME, "www.example."), 0);
	struct tarn__fleet_flush other = {.done = on_done};
	ck_assert_int_eq(tarn__resolver_fleet_flush(outside.resolver, &other), TARN_EBUSY);
	tarn__resolver_fleet_cancel(outside.resolver, &other);
	tarn__resolver_fleet_cancel(outside.resolver, &flush);
	memset(&flush, 0xff, sizeof(flush));
	store.mode = STORE_UP;
	outside_pass(&outside, 100);
	ck_assert_uint_eq(ends, 0);
	run(TARN__SECOND_FORGET_NAME, "www.example.");
	ck_assert(!flush.has_failed);
}
END_TEST

START_TEST(busy_connection_is_waited_for)
{
	store.is_busy = true;
	ck_assert_int_eq(start(TARN__SECOND_FORGET_NAME, "www.example."), TARN_EBUSY);
	store.is_busy = false;
	run(TARN__SECOND_FORGET_NAME, "www.example.");
	ck_assert(!flush.has_failed);
}
END_TEST

START_TEST(machine_that_puts_nothing_does_not_flush_others)
{
	options.second.read_only = true;
	outside_reconfigure(&outside, &options);
	outside_pass(&outside, 10);
	ck_assert_int_eq(start(TARN__SECOND_FORGET_NAME, "www.example."), TARN_EINVAL);
	options.second = (struct tarn_second_level){0};
	outside_reconfigure(&outside, &options);
	ck_assert_int_eq(start(TARN__SECOND_FORGET_NAME, "www.example."), TARN_EUNREACHABLE);
}
END_TEST

START_TEST(rejected_message_changes_nothing)
{
	learn("www.example.");
	run(TARN__SECOND_FORGET_NAME, "www.example.");
	published[20]++;
	hear();
	published[20]--;
	outside_set_wall(&outside, 1800000090);
	hear();
	tarn__resolver_second_message(outside.resolver, (const uint8_t *)"", 0);
	ck_assert(is_cached("www.example."));
	ck_assert_uint_eq(counts().flushes, 0);
	ck_assert_uint_eq(counts().flushes_rejected, 3);
	outside_set_wall(&outside, 1800000030);
	hear();
	ck_assert(!is_cached("www.example."));
}
END_TEST

/* Who saves the cache meanwhile has to know when it is over. */
START_TEST(large_cache_is_swept_in_steps)
{
	enum { NAMES = 800 }; /* more than a step has */
	char name[32];
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		learn(name);
	}
	run(TARN__SECOND_FORGET_TREE, "example.");
	unsigned at_first = tarn__shared_forgets(outside.shared);
	tarn__resolver_second_message(outside.resolver, published, published_len);
	tarn__resolver_run(outside.resolver);
	unsigned begun = tarn__shared_forgets(outside.shared);
	ck_assert_uint_ne(begun, at_first);
	ck_assert_uint_le(outside.wake_at_ms, outside.now_ms);
	size_t left = 0;
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		left += is_cached(name);
	}
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_eq(tarn__shared_forgets(outside.shared), begun);
	outside_pass(&outside, 10);
	ck_assert_uint_ne(tarn__shared_forgets(outside.shared), begun);
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		ck_assert(!is_cached(name));
	}
}
END_TEST

int main(void)
{
	enum { FIRST = TARN__SECOND_FORGET_NAME, END = TARN__SECOND_FORGET_TREE + 1 };
	Suite *suite = suite_create("fleet");
	TCase *tcase = tcase_create("fleet");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, name_is_removed_with_all_types_and_then_published);
	tcase_add_test(tcase, removals_are_keys_of_their_own);
	tcase_add_test(tcase, removals_leave_room_for_others);
	tcase_add_test(tcase, one_type_is_four_keys);
	tcase_add_test(tcase, tree_is_another_epoch);
	tcase_add_test(tcase, old_message_does_not_bring_its_epoch_back);
	tcase_add_loop_test(tcase, message_is_not_published_unless_all_was_removed, FIRST, END);
	tcase_add_loop_test(tcase, message_that_is_refused_is_not_published, FIRST, END);
	tcase_add_loop_test(tcase, flush_ends_with_its_connection, FIRST, END);
	tcase_add_loop_test(tcase, flush_ends_with_its_configuration, FIRST, END);
	tcase_add_test(tcase, canceled_flush_is_not_done);
	tcase_add_test(tcase, busy_connection_is_waited_for);
	tcase_add_test(tcase, machine_that_puts_nothing_does_not_flush_others);
	tcase_add_test(tcase, rejected_message_changes_nothing);
	tcase_add_test(tcase, large_cache_is_swept_in_steps);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
