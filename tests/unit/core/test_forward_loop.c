/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/forward_loop.c: the names that servers are asked for, and which of them are known again. */
#include "core/forward/forward_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tarn.h"
#include "support/unit.h"

enum { RANDOM_LEN = TARN__FORWARD_LOOP_LABEL_LEN / 2 };

static struct tarn__forward_loops *forward_loops;
static struct tarn__config *config;
static struct tarn_address servers[2];
static uint8_t qname[TARN__NAME_MAX];
static const struct tarn__endpoint *found_endpoint;
static unsigned found_count;

/* No two of its eight octets, and no two halves of one, are the same. */
static const uint8_t random_octets[RANDOM_LEN] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static struct tarn__endpoint *endpoint_of(size_t zone)
{
	return config->zones[zone]->endpoints[0];
}

static void on_found(void *arg, const struct tarn__config *which,
		     const struct tarn__zone_config *zone, const struct tarn__endpoint *endpoint)
{
	(void)arg;
	ck_assert_ptr_eq(which, config);
	ck_assert_ptr_eq(endpoint, zone->endpoints[0]);
	found_endpoint = endpoint;
	found_count++;
}

static struct tarn__config *make_config(const char *zone)
{
	char fault[TARN__CONFIG_FAULT_MAX] = "";
	struct tarn_forward forward = {.zone = zone, .upstreams = &servers[1], .upstream_count = 1};
	struct tarn__config *made = tarn__config_new(&(struct tarn_options){.upstreams = servers,
									    .upstream_count = 1,
									    .forwards = &forward,
									    .forward_count = 1},
						     "tarn", NULL, fault);
	ck_assert_msg(made, "%s", fault);
	return made;
}

static void begin_with(const char *zone)
{
	tarn__config_put(config);
	config = make_config(zone);
	tarn__forward_loops_begin(forward_loops, config, on_found, NULL);
}

static void set_up(void)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &servers[0]), 0);
	ck_assert_int_eq(tarn_address_parse("192.0.2.54", 53, &servers[1]), 0);
	forward_loops = tarn__forward_loops_new();
	ck_assert_ptr_nonnull(forward_loops);
	found_count = 0;
	config = NULL;
	begin_with("corp.example");
}

static void tear_down(void)
{
	tarn__forward_loops_free(forward_loops);
	tarn__config_put(config);
}

/* Of the zone's only server. */
static size_t expect(size_t zone, uint64_t now_ms)
{
	return tarn__forward_loops_expect(forward_loops, config, config->zones[zone],
					  endpoint_of(zone), random_octets, now_ms, qname);
}

static bool hear(size_t len, uint64_t now_ms)
{
	const struct tarn__query query = {.qname = qname, .qname_len = (uint16_t)len};
	return tarn__forward_loops_hear(forward_loops, &query, now_ms);
}

START_TEST(label_has_every_random_bit_and_the_name_its_zone)
{
	static const uint8_t root[] = "\0200123456789abcdef\11tarn-loop\10internal";
	static const uint8_t zone[] = "\0200123456789abcdef\11tarn-loop\4corp\7example";
	ck_assert_uint_eq(expect(0, 0), sizeof root);
	ck_assert_mem_eq(qname, root, sizeof root);
	ck_assert_uint_eq(expect(1, 0), sizeof zone);
	ck_assert_mem_eq(qname, zone, sizeof zone);
}
END_TEST

START_TEST(name_is_waited_for_so_long_and_no_other_asked_for)
{
	size_t len = expect(0, 1000);
	ck_assert_uint_gt(len, 0);
	uint8_t first[TARN__NAME_MAX];
	memcpy(first, qname, len);
	ck_assert_uint_eq(expect(0, 1000 + TARN__FORWARD_LOOP_MS - 1), 0);
	ck_assert(!hear(len, 1000 + TARN__FORWARD_LOOP_MS));
	ck_assert_uint_eq(found_count, 0);
	ck_assert(hear(len, 1000 + TARN__FORWARD_LOOP_MS - 1));
	ck_assert_uint_eq(found_count, 1);
	ck_assert_ptr_eq(found_endpoint, endpoint_of(0));
}
END_TEST

START_TEST(server_that_was_not_heard_of_is_asked_again)
{
	size_t len = expect(0, 1000);
	ck_assert_uint_eq(expect(0, 1000 + TARN__FORWARD_LOOP_MS), len);
}
END_TEST

START_TEST(server_that_is_found_is_found_once_and_not_asked_again)
{
	size_t len = expect(1, 1000);
	ck_assert(hear(len, 1001));
	ck_assert(hear(len, 1002));
	ck_assert_uint_eq(found_count, 1);
	ck_assert_ptr_eq(found_endpoint, endpoint_of(1));
	ck_assert_uint_eq(expect(1, 1000 + TARN__FORWARD_LOOP_MS), 0);
	ck_assert_uint_gt(expect(0, 1000 + TARN__FORWARD_LOOP_MS), 0);
}
END_TEST

START_TEST(news_are_told_to_each_who_asks_once)
{
	unsigned first = 0, second = 0;
	ck_assert(tarn__forward_loops_have_changed(forward_loops, &first));
	ck_assert(!tarn__forward_loops_have_changed(forward_loops, &first));
	size_t len = expect(0, 0);
	ck_assert(!tarn__forward_loops_have_changed(forward_loops, &first));
	ck_assert(hear(len, 1));
	ck_assert(tarn__forward_loops_have_changed(forward_loops, &first));
	ck_assert(!tarn__forward_loops_have_changed(forward_loops, &first));
	ck_assert(tarn__forward_loops_have_changed(forward_loops, &second));
	begin_with("corp.example");
	ck_assert(tarn__forward_loops_have_changed(forward_loops, &first));
}
END_TEST

START_TEST(what_was_found_before_is_forgotten_with_another_configuration)
{
	size_t len = expect(0, 1000);
	ck_assert(hear(len, 1001));
	begin_with("corp.example");
	ck_assert(!hear(len, 1002));
	ck_assert_uint_eq(expect(0, 1003), len);
}
END_TEST

START_TEST(configuration_that_is_not_the_one_has_nothing_to_ask)
{
	struct tarn__config *other = make_config("corp.example");
	ck_assert_uint_eq(tarn__forward_loops_expect(forward_loops, other, other->zones[0],
						     other->zones[0]->endpoints[0], random_octets,
						     0, qname),
			  0);
	tarn__config_put(other);
}
END_TEST

/* Makes a zone's name of that length in octets: labels of 31, and one of the rest. */
static void write_zone(char *text, size_t len)
{
	size_t rest = len - 1;
	while (rest > 32) {
		text += sprintf(text, "%.*s.", 31, "abcdefghijklmnopqrstuvwxyzabcdefghijkl");
		rest -= 32;
	}
	sprintf(text, "%.*s", (int)rest - 1, "abcdefghijklmnopqrstuvwxyzabcdefghijkl");
}

/* _i: whether it is by one octet too long for a name below it. */
START_TEST(zone_whose_name_leaves_no_room_is_not_asked)
{
	char zone[TARN__NAME_MAX + 1];
	write_zone(zone, TARN__NAME_MAX - TARN__FORWARD_LOOP_PREFIX_LEN + (size_t)_i);
	begin_with(zone);
	ck_assert_uint_eq(expect(1, 0), _i ? 0 : TARN__NAME_MAX);
}
END_TEST

/* The tests of a configuration start again at each change of the network. */
START_TEST(server_that_is_found_again_is_reported_once_for_a_configuration)
{
	for (unsigned i = 0; i < 3; i++) {
		size_t len = expect(1, 1000);
		ck_assert_uint_gt(len, 0);
		ck_assert(hear(len, 1001));
		ck_assert_uint_eq(found_count, 1);
		tarn__forward_loops_begin(forward_loops, config, on_found, NULL);
	}
	struct tarn__config *old = config;
	config = make_config("corp.example");
	tarn__config_take_over(config, old);
	tarn__config_put(old);
	tarn__forward_loops_begin(forward_loops, config, on_found, NULL);
	ck_assert(hear(expect(1, 1000), 1001));
	ck_assert_uint_eq(found_count, 2);
}
END_TEST

START_TEST(only_its_zone_has_the_server_marked)
{
	static const uint8_t secret[TARN__COOKIE_SECRET_LEN];
	ck_assert(hear(expect(1, 0), 1));
	for (size_t i = 0; i < config->zone_count; i++) {
		struct tarn__server *server;
		ck_assert_int_eq(tarn__servers_init(&server, config->zones[i], secret, NULL, 0), 0);
		server->is_forward_loop = i != 1;
		tarn__forward_loops_mark(forward_loops, config->zones[i], &server);
		ck_assert_int_eq(server->is_forward_loop, i == 1);
		tarn__servers_fini(&server, 1, NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("loop");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, label_has_every_random_bit_and_the_name_its_zone);
	tcase_add_test(tcase, name_is_waited_for_so_long_and_no_other_asked_for);
	tcase_add_test(tcase, server_that_was_not_heard_of_is_asked_again);
	tcase_add_test(tcase, server_that_is_found_is_found_once_and_not_asked_again);
	tcase_add_test(tcase, news_are_told_to_each_who_asks_once);
	tcase_add_test(tcase, what_was_found_before_is_forgotten_with_another_configuration);
	tcase_add_test(tcase, configuration_that_is_not_the_one_has_nothing_to_ask);
	tcase_add_loop_test(tcase, zone_whose_name_leaves_no_room_is_not_asked, 0, 2);
	tcase_add_test(tcase, server_that_is_found_again_is_reported_once_for_a_configuration);
	tcase_add_test(tcase, only_its_zone_has_the_server_marked);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
