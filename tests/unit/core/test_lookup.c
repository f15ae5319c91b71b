/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_lookup.c: how a lookup asks, as far as the scripts of tests/scenario cannot see
 * it: ids, limits, keys that are none.
 */
#include "core/forward/lookup.h"

#include <string.h>

#include "core/forward/forwarding.h"
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
	/* The last one of each server's is kept, as long as it says nothing; and it is probed. */
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
static int lookup_error(struct tarn__lookups *lookups, const char *key, size_t key_len)
{
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.lookup = start_with_no_key});
	struct rtcache_client *client = rtcache_client_new(cache, NULL, NULL);
	struct rtcache_request request = {.done = on_done};
	struct rtcache_value value;
	ended_with = 0;
	if (rtcache_get(client, &request, key, key_len, 0, lookups, &value) == 1)
		ended_with = value.error;
	else
		rtcache_client_run(client);
	rtcache_client_free(client);
	rtcache_free(cache);
	return ended_with;
}

START_TEST(octets_that_are_no_key_fail)
{
	struct tarn__timers timers = {0};
	struct tarn__lookups lookups;
	static const uint8_t secret[TARN__COOKIE_SECRET_LEN];
	ck_assert_int_eq(tarn__lookups_init(&lookups, &outside.io, &timers, NULL, outside.config,
					    secret, NULL, NULL),
			 0);
	char longer[TARN__KEY_MAX + 1] = {0};
	ck_assert_int_eq(lookup_error(&lookups, "", 1), TARN_EINVAL);
	ck_assert_int_eq(lookup_error(&lookups, longer, sizeof longer), TARN_EINVAL);
	ck_assert_uint_eq(lookups.count, 0);
	tarn__lookups_fini(&lookups);
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
	return unit_run(suite);
}
