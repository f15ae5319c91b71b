/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_lookup.c: the states of a lookup; and how it asks, as far as the scripts of
 * tests/scenario cannot see it: ids, limits, keys that are none.
 */
#include "core/forward/lookup.h"

#include <string.h>

#include "core/forward/asking.h"
#include "core/forward/forwarder.h"
#include "dns/message.h"
#include "dns/query.h"
#include "support/outside.h"
#include "rtcache.h"
#include "support/unit.h"

static const uint8_t question[] = {0x12, 0x34, 0x01, 0,	  0,   1,   0,	 0,   0, 0, 0,
				   0,	 3,    'w',  'w', 'w', 0x0, 0x0, 0x1, 0, 1};

static struct tarn_address servers[2];
static struct outside outside;

static void set_up(void)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &servers[0]), 0);
	ck_assert_int_eq(tarn_address_parse("2001:db8::53", 53, &servers[1]), 0);
	outside_init(&outside, servers, 2);
}

static void tear_down(void)
{
	outside_fini(&outside);
}

static void on_answer(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	(void)route;
	(void)reply;
	(void)len;
}

static void ask(void)
{
	static uint8_t reply[TARN__UDP_MAX];
	struct tarn__client_request client_request = {
		.transport = TARN__UDP, .answer = on_answer, .route = ""};
	ck_assert_int_eq(tarn__resolver_resolve(outside.resolver, &client_request, question,
						sizeof question, reply),
			 TARN__RESOLVE_PENDING);
}

START_TEST(every_message_has_an_id_of_its_own)
{
	ask();
	outside_pass(&outside, 3400);
	/* The last message to each server is kept while it is silent; and each is probed. */
	enum { MESSAGES = 2 * (TARN__SENDS_MAX - 1), PROBES = 2 * 3 };
	uint16_t ids[MESSAGES + PROBES];
	size_t count = 0;
	for (struct sent *sent = outside.sent; sent; sent = sent->next) {
		ck_assert_uint_lt(count, MESSAGES + PROBES);
		ids[count] = tarn__get16(sent->wire);
		ck_assert_uint_ne(ids[count], 0x1234);
		for (size_t i = 0; i < count; i++)
			ck_assert_uint_ne(ids[i], ids[count]);
		count++;
	}
	ck_assert_uint_gt(count, MESSAGES);
}
END_TEST

START_TEST(last_server_that_answers_ends_the_lookup)
{
	ask();
	outside_pass(&outside, 3400);
	/* Both were sent the question twice; one refusal of each is enough. */
	for (size_t i = 0; i < 2; i++) {
		struct sent *sent = outside_take(&outside, &servers[i], TARN__UDP);
		uint8_t wire[TARN__HEADER_LEN] = {0};
		memcpy(wire, sent->wire, 2);
		tarn__put16(wire + 2, TARN__FLAG_QR | TARN__REFUSED);
		ck_assert(outside_answer(&outside, sent, 0, wire, sizeof wire));
	}
	for (struct sent *sent = outside.sent; sent; sent = sent->next)
		ck_assert(!sent->exchange || sent->exchange->rank == TARN__RANK_PROBE);
}
END_TEST

START_TEST(servers_are_not_charged_for_memory_that_is_short)
{
	for (int i = 0; i < 2 * TARN__HOLD_FAILURES; i++) {
		ask();
		for (size_t j = 0; j < 2; j++) {
			struct sent *sent = outside_take(&outside, &servers[j], TARN__UDP);
			ck_assert_ptr_nonnull(sent);
			ck_assert(outside_answer(&outside, sent, TARN_ENOMEM, NULL, 0));
		}
	}
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

static int ended_with;

static void start_with_no_key(struct rtcache_lookup *handle, const void *key, size_t key_len,
			      void *extra, void *arg)
{
	(void)arg;
	tarn__lookup_start(extra, handle, key, key_len);
}

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	(void)request;
	ended_with = value->error;
}

/* Asks a cache of its own for a key, with the lookups as its source. */
static int lookup_error(struct tarn__forwarder *source, const char *key, size_t key_len)
{
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.lookup = start_with_no_key});
	struct rtcache_client *client = rtcache_client_new(cache, NULL, NULL);
	struct rtcache_request request = {.done = on_done};
	struct rtcache_value value;
	ended_with = 0;
	if (rtcache_get(client, &request, key, key_len, 0, source, &value) == 1)
		ended_with = value.error;
	else
		rtcache_client_run(client);
	rtcache_client_free(client);
	rtcache_free(cache);
	return ended_with;
}

START_TEST(octets_that_are_no_key_fail)
{
	struct tarn__timers own_timers = {0};
	struct tarn__forwarder own;
	static const uint8_t secret[TARN__COOKIE_SECRET_LEN];
	ck_assert_int_eq(tarn__forwarder_init(&own, &outside.io, &own_timers, NULL, outside.config,
					      secret, NULL, NULL),
			 0);
	char longer[TARN__KEY_MAX + 1] = {0};
	ck_assert_int_eq(lookup_error(&own, "", 1), TARN_EINVAL);
	ck_assert_int_eq(lookup_error(&own, longer, sizeof longer), TARN_EINVAL);
	ck_assert_uint_eq(own.count, 0);
	tarn__forwarder_fini(&own);
}
END_TEST

/* ---- states ----------------------------------------------------------------------------- */

static struct tarn__timers timers;
static struct tarn__forwarder forwarder;
static struct tarn__lookup *lookup;

static void set_up_lookup(void)
{
	static const uint8_t secret[TARN__COOKIE_SECRET_LEN], qname[] = {3, 'w', 'w', 'w', 0};
	static const struct tarn__key key = {.qname = qname, .qname_len = sizeof qname, .qtype = 1};
	set_up();
	ck_assert_int_eq(tarn__forwarder_init(&forwarder, &outside.io, &timers, NULL,
					      outside.config, secret, NULL, NULL),
			 0);
	lookup = tarn__lookup_new(forwarder.zones[0], NULL, &key, NULL);
	ck_assert_ptr_nonnull(lookup);
}

static void tear_down_lookup(void)
{
	if (lookup->state == TARN__LOOKUP_NEW)
		tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	if (lookup->state != TARN__LOOKUP_ENDED)
		tarn__lookup_move(lookup, TARN__LOOKUP_ENDED);
	tarn__lookup_free(lookup);
	tarn__forwarder_fini(&forwarder);
	tear_down();
}

START_TEST(lookup_is_in_the_list_of_its_state)
{
	static const enum tarn__lookup_state way[] = {TARN__LOOKUP_FETCHING, TARN__LOOKUP_ASKING,
						      TARN__LOOKUP_HOLDING,  TARN__LOOKUP_WAITING,
						      TARN__LOOKUP_WAITING,  TARN__LOOKUP_FOLLOWING,
						      TARN__LOOKUP_WAITING};
	const struct tarn__zone *zone = forwarder.zones[0];
	ck_assert_int_eq(lookup->state, TARN__LOOKUP_NEW);
	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		tarn__lookup_move(lookup, way[i]);
		ck_assert_int_eq(lookup->state, way[i]);
		for (int j = 0; j < TARN__LOOKUP_STATES; j++)
			ck_assert_int_eq(tarn__list_is_empty(&zone->lookups[j]), j != (int)way[i]);
	}
	tarn__lookup_move(lookup, TARN__LOOKUP_ENDED);
	ck_assert(tarn__list_is_empty(&zone->lookups[TARN__LOOKUP_WAITING]));
	ck_assert(tarn__list_is_empty(&lookup->node));
}
END_TEST

START_TEST(lookup_that_ends_is_counted_until_it_is_freed)
{
	tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	ck_assert_uint_eq(forwarder.count, 1);
	ck_assert_uint_eq(forwarder.zones[0]->count, 1);
	tarn__lookup_move(lookup, TARN__LOOKUP_ENDED);
	ck_assert_uint_eq(forwarder.count, 1);
	tarn__lookup_free(lookup);
	ck_assert_uint_eq(forwarder.count, 0);
	ck_assert_uint_eq(forwarder.zones[0]->spare_count, 1);
	static const struct tarn__key key = {.qtype = 1};
	struct tarn__lookup *again = tarn__lookup_new(forwarder.zones[0], NULL, &key, NULL);
	ck_assert_ptr_eq(again, lookup);
}
END_TEST

START_TEST(lookup_that_joins_a_zone_waits_there)
{
	struct tarn__zone *zone = forwarder.zones[0];
	lookup->tries[1].sends = 2;
	lookup->tries[1].is_done = true;
	tarn__lookup_move(lookup, TARN__LOOKUP_FETCHING);
	tarn__lookup_move(lookup, TARN__LOOKUP_WAITING);
	ck_assert(tarn__lookup_join(lookup, zone));
	ck_assert_int_eq(lookup->state, TARN__LOOKUP_WAITING);
	ck_assert_uint_eq(zone->count, 1);
	ck_assert_uint_eq(lookup->tries[0].sends, 0);
	ck_assert_uint_eq(lookup->tries[1].sends, 2);
	ck_assert(!lookup->tries[1].is_done);
}
END_TEST

/* The moves as the head of lookup.c lists them; a letter for each state. */
static const char *const allowed[] = {"NT", "NA", "TA", "TW", "TE", "AA", "AH", "AW", "AC", "AF",
				      "AE", "HA", "HH", "HW", "HC", "HF", "HE", "WA", "WH", "WW",
				      "WC", "WF", "WE", "CA", "CH", "CW", "CF", "CE", "FW", "FE"};

START_TEST(only_moves_that_are_drawn_are_allowed)
{
	static const char letters[] = "NTAHWCFE";
	ck_assert_uint_eq(sizeof letters - 1, TARN__LOOKUP_STATES);
	for (int from = 0; from < TARN__LOOKUP_STATES; from++) {
		for (int to = 0; to < TARN__LOOKUP_STATES; to++) {
			const char move[] = {letters[from], letters[to], 0};
			bool is_drawn = false;
			for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
				is_drawn |= strcmp(move, allowed[i]) == 0;
			ck_assert_msg(tarn__lookup_can_move((enum tarn__lookup_state)from,
							    (enum tarn__lookup_state)to) ==
					      is_drawn,
				      "%s", move);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lookup");
	TCase *tcase = tcase_create("lookup");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, every_message_has_an_id_of_its_own);
	tcase_add_test(tcase, last_server_that_answers_ends_the_lookup);
	tcase_add_test(tcase, servers_are_not_charged_for_memory_that_is_short);
	tcase_add_test(tcase, octets_that_are_no_key_fail);
	suite_add_tcase(suite, tcase);
	TCase *states = tcase_create("states");
	tcase_add_checked_fixture(states, set_up_lookup, tear_down_lookup);
	tcase_add_test(states, lookup_is_in_the_list_of_its_state);
	tcase_add_test(states, lookup_that_ends_is_counted_until_it_is_freed);
	tcase_add_test(states, lookup_that_joins_a_zone_waits_there);
	suite_add_tcase(suite, states);
	TCase *moves = tcase_create("moves");
	tcase_add_test(moves, only_moves_that_are_drawn_are_allowed);
	suite_add_tcase(suite, moves);
	return unit_run(suite);
}
