/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_server.c: what a worker learns of its servers. */
#include "core/forward/server.h"

#include <string.h>

#include "core/config.h"
#include "support/unit.h"

enum { COUNT = 3 };

static const char *const texts[COUNT] = {"192.0.2.53", "192.0.2.54", "2001:db8::53"};
static const uint8_t secret[TARN__COOKIE_SECRET_LEN] = "tarn's own test";
static struct tarn_address addresses[COUNT];
static struct tarn__server *servers[COUNT];
static struct tarn__config *config;

static struct tarn__config *make_config(const struct tarn_address *list, size_t count)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_options options = {.upstreams = list, .upstream_count = count};
	struct tarn__config *made = tarn__config_new(&options, NULL, NULL, fault);
	ck_assert_ptr_nonnull(made);
	return made;
}

static void set_up(void)
{
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_int_eq(tarn_address_parse(texts[i], 53, &addresses[i]), 0);
	config = make_config(addresses, COUNT);
	ck_assert_int_eq(tarn__servers_init(servers, config->zones[0], secret, NULL, 0), 0);
}

static void tear_down(void)
{
	tarn__servers_fini(servers, COUNT, NULL);
	tarn__config_put(config);
}

static void fail_often(struct tarn__server *server, uint64_t now_ms)
{
	for (int i = 0; i < TARN__HOLD_FAILURES; i++)
		tarn__server_failed(server, now_ms);
}

START_TEST(server_that_fails_three_times_in_a_row_is_dead)
{
	struct tarn__server *server = servers[0];
	for (int i = 1; i < TARN__HOLD_FAILURES; i++)
		tarn__server_failed(server, 1000);
	ck_assert(!tarn__server_is_dead(server));
	tarn__server_failed(server, 1000);
	ck_assert(tarn__server_is_dead(server));
	ck_assert(atomic_load(&server->endpoint->health.is_dead));
	ck_assert_uint_eq(server->held_until_ms, 1000 + TARN__HOLD_MS);
	/* Further failures do not lengthen the hold. */
	tarn__server_failed(server, 2000);
	ck_assert_uint_eq(server->held_until_ms, 1000 + TARN__HOLD_MS);
}
END_TEST

/* A server has one transport for connections, whatever is to go over them. */
START_TEST(stream_of_a_server_is_never_less_than_its_transport)
{
	static const struct {
		enum tarn_transport configured;
		enum tarn__transport stream;
		bool is_encrypted;
	} cases[] = {{TARN_UDP, TARN__TCP, false},
		     {TARN_TCP, TARN__TCP, false},
		     {TARN_TLS, TARN__TLS, true},
		     {TARN_HTTPS, TARN__HTTPS, true}};
	for (size_t i = 0; i < 4; i++) {
		struct tarn__endpoint endpoint = {.traits.transport = cases[i].configured};
		const struct tarn__server server = {.endpoint = &endpoint};
		ck_assert_int_eq(tarn__server_stream(&server), cases[i].stream);
		ck_assert(tarn__server_is_encrypted(&server) == cases[i].is_encrypted);
		struct tarn__query_options options = {.edns = true};
		tarn__server_protect(&server, &options);
		ck_assert(options.is_padded == cases[i].is_encrypted);
		ck_assert(options.wants_keepalive == (cases[i].stream == TARN__TLS));
		/* Without EDNS there is nothing to protect it with. */
		options = (struct tarn__query_options){.edns = false};
		tarn__server_protect(&server, &options);
		ck_assert(!options.is_padded && !options.wants_keepalive);
	}
}
END_TEST

START_TEST(one_answer_heals)
{
	struct tarn__server *server = servers[0];
	fail_often(server, 1000);
	tarn__server_answered(server, 1000, 1001);
	ck_assert(!tarn__server_is_dead(server));
	ck_assert(!atomic_load(&server->endpoint->health.is_dead));
}
END_TEST

START_TEST(server_that_stays_is_known)
{
	struct tarn__server *old = servers[1];
	tarn__server_answered(old, 1000, 1030);
	fail_often(old, 2000);
	old->plain_until_ms = 5000;
	struct tarn_address next[2] = {addresses[2], addresses[1]};
	struct tarn__config *other_config = make_config(next, 2);
	tarn__config_take_over(other_config, config);
	struct tarn__server *other[2];
	ck_assert_int_eq(tarn__servers_init(other, other_config->zones[0], secret, servers, COUNT),
			 0);
	ck_assert_ptr_eq(other[1], old);
	ck_assert_ptr_eq(other[0], servers[2]);
	ck_assert_uint_eq(other[0]->srtt_ms, 0);
	ck_assert_uint_eq(other[1]->srtt_ms, 30);
	ck_assert_uint_eq(other[1]->plain_until_ms, 5000);
	ck_assert(tarn__server_is_dead(other[1]));
	ck_assert(tarn_address_is_equal(&other[1]->endpoint->address, &addresses[1]));
	tarn__server_forget(other[1]);
	ck_assert(!tarn__server_is_dead(other[1]));
	ck_assert_uint_eq(other[1]->srtt_ms, 0);
	ck_assert_uint_eq(other[1]->plain_until_ms, 5000);
	tarn__servers_fini(other, 2, NULL);
	tarn__config_put(other_config);
}
END_TEST

static unsigned closed[COUNT];

static void on_close(void *data, struct tarn__endpoint *endpoint)
{
	const struct tarn__config *of = data;
	for (size_t i = 0; i < COUNT; i++)
		closed[i] += of->zones[0]->endpoints[i] == endpoint;
}

START_TEST(endpoint_is_closed_with_the_last_reference_to_its_server)
{
	const struct tarn_io io = {.data = config, .close = on_close};
	memset(closed, 0, sizeof closed);
	struct tarn__config *other_config = make_config(&addresses[1], 2);
	tarn__config_take_over(other_config, config);
	struct tarn__server *other[2];
	ck_assert_int_eq(tarn__servers_init(other, other_config->zones[0], secret, servers, COUNT),
			 0);
	tarn__servers_fini(servers, COUNT, &io);
	ck_assert_uint_eq(closed[0], 1);
	ck_assert_uint_eq(closed[1], 0);
	ck_assert_uint_eq(closed[2], 0);
	/* The other worker's knowledge is its own. */
	ck_assert_int_eq(tarn__servers_init(servers, config->zones[0], secret, NULL, 0), 0);
	ck_assert_ptr_ne(servers[1], other[0]);
	ck_assert_ptr_eq(servers[1]->endpoint, other[0]->endpoint);
	tarn__servers_fini(other, 2, &io);
	ck_assert_uint_eq(closed[1], 1);
	ck_assert_uint_eq(closed[2], 1);
	tarn__config_put(other_config);
}
END_TEST

START_TEST(flaw_is_known_after_three_times_in_a_row)
{
	struct tarn__quirk quirk = {0};
	for (int i = 1; i < TARN__QUIRK_STREAK; i++)
		tarn__quirk_shown(&quirk, 1000);
	ck_assert(!tarn__quirk_is_known(&quirk, 1000));
	tarn__quirk_missed(&quirk);
	for (int i = 1; i < TARN__QUIRK_STREAK; i++)
		tarn__quirk_shown(&quirk, 1000);
	ck_assert(!tarn__quirk_is_known(&quirk, 1000));
	tarn__quirk_shown(&quirk, 1000);
	ck_assert(tarn__quirk_is_known(&quirk, 1000));
	ck_assert(tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS - 1));
	ck_assert(!tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS));
	/* It still has it. */
	tarn__quirk_shown(&quirk, 1000 + TARN__QUIRK_MS);
	ck_assert(tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS));
}
END_TEST

START_TEST(server_cookie_is_kept_behind_ours)
{
	struct tarn__server *server = servers[0];
	uint8_t ours[TARN__COOKIE_CLIENT_LEN];
	memcpy(ours, server->cookie, sizeof ours);
	uint8_t cookie[TARN__COOKIE_MAX + 1];
	memset(cookie, 0xcc, sizeof cookie);
	ck_assert(!tarn__server_knows_cookies(server));
	tarn__server_keep_cookie(server, cookie, TARN__COOKIE_MAX);
	ck_assert(tarn__server_knows_cookies(server));
	ck_assert_uint_eq(server->cookie_len, TARN__COOKIE_MAX);
	ck_assert_mem_eq(server->cookie, ours, sizeof ours);
	ck_assert_mem_eq(server->cookie + sizeof ours, cookie, TARN__COOKIE_MAX - sizeof ours);
	static const size_t none[] = {0, 7, 8, TARN__COOKIE_MAX + 1};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		tarn__server_keep_cookie(server, cookie, TARN__COOKIE_MIN);
		ck_assert(tarn__server_knows_cookies(server));
		tarn__server_keep_cookie(server, cookie, none[i]);
		ck_assert(!tarn__server_knows_cookies(server));
	}
	ck_assert_mem_eq(server->cookie, ours, sizeof ours);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upstream");
	TCase *tcase = tcase_create("upstream");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, server_that_fails_three_times_in_a_row_is_dead);
	tcase_add_test(tcase, stream_of_a_server_is_never_less_than_its_transport);
	tcase_add_test(tcase, one_answer_heals);
	tcase_add_test(tcase, server_that_stays_is_known);
	tcase_add_test(tcase, endpoint_is_closed_with_the_last_reference_to_its_server);
	tcase_add_test(tcase, flaw_is_known_after_three_times_in_a_row);
	tcase_add_test(tcase, server_cookie_is_kept_behind_ours);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
