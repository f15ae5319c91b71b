/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/zone_servers.c: servers with a name alone, and what becomes of them. */

#include "config.h"

#include "daemon/bootstrap/zone_servers.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static struct tarn__servers servers;
static struct tarn__expansion expansion;
static struct tarn__host_addresses known;

static void set_up(void)
{
	known.count = 0;
}

static void tear_down(void)
{
	tarn__servers_clear(&servers);
	tarn__expansion_clear(&expansion);
}

/* "dns.example": with a name alone; "192.0.2.1": with that name, at the address. */
static void add(const char *text, uint16_t port)
{
	const struct tarn_traits traits = {.transport = TARN_TLS, .name = "dns.example"};
	struct tarn_address address = {0};
	if (tarn_address_parse(text, port, &address) != 0)
		tarn_address_set_port(&address, port);
	ck_assert_int_eq(tarn__servers_add(&servers, &address, &traits), 0);
}

static void know(const char *text)
{
	struct tarn__ip *ip = &known.items[known.count++];
	*ip = (struct tarn__ip){0};
	ck_assert(tarn__ip_parse(text, strlen(text), ip));
}

static const struct tarn__host_addresses *find(void *data, const char *name)
{
	ck_assert_ptr_null(data);
	ck_assert_str_eq(name, "dns.example");
	return &known;
}

static void check_expansion(size_t room, const char *expected)
{
	char list[512] = "", text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_int_eq(tarn__expand(&servers, find, NULL, room, &expansion), 0);
	for (size_t i = 0; i < expansion.count; i++) {
		const struct tarn_address *address = &expansion.items[i];
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i > 0 ? " " : "",
			 address->sa.sa_family == AF_UNSPEC ? "-"
							    : tarn_address_format(address, text));
		ck_assert_str_eq(expansion.traits[i].name, "dns.example");
	}
	ck_assert_str_eq(list, expected);
}

START_TEST(name_that_is_not_known_stays)
{
	add("192.0.2.9", 853);
	add("dns.example", 853);
	check_expansion(64, "192.0.2.9:853 -");
}
END_TEST

START_TEST(each_address_is_a_server_with_the_port)
{
	add("dns.example", 8853);
	know("192.0.2.1");
	know("2001:db8::1");
	check_expansion(64, "192.0.2.1:8853 [2001:db8::1]:8853");
}
END_TEST

START_TEST(address_that_is_configured_is_no_second_server)
{
	add("192.0.2.1", 853);
	add("dns.example", 853);
	know("192.0.2.1");
	know("192.0.2.2");
	check_expansion(64, "192.0.2.1:853 192.0.2.2:853");
}
END_TEST

static const struct {
	size_t room;
	const char *expected;
} rooms[] = {
	{0, "192.0.2.1:1 192.0.2.1:2"},
	{2, "192.0.2.1:1 192.0.2.1:2"},
	{3, "192.0.2.1:1 192.0.2.2:1 192.0.2.1:2"},
	{4, "192.0.2.1:1 192.0.2.2:1 192.0.2.3:1 192.0.2.1:2"},
	{6, "192.0.2.1:1 192.0.2.2:1 192.0.2.3:1 192.0.2.1:2 192.0.2.2:2 192.0.2.3:2"},
};

START_TEST(each_name_has_an_address_in_little_room)
{
	add("dns.example", 1);
	add("dns.example", 2);
	know("192.0.2.1");
	know("192.0.2.2");
	know("192.0.2.3");
	check_expansion(rooms[_i].room, rooms[_i].expected);
}
END_TEST

static bool is_wanted(const struct tarn__servers *of_zone, bool discover)
{
	return of_zone->count > 0 && discover;
}

/* The zones of a resolver are the sections that have servers. */
START_TEST(zones_without_servers_have_no_number)
{
	struct tarn__forward_settings forwards[] = {
		{.resolver = {.zone = "a.example"}},
		{.resolver = {.zone = "b.example"}},
		{.resolver = {.zone = "c.example", .source = {.interface = "wg0"}},
		 .discover = true}};
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 53, &address), 0);
	for (size_t i = 1; i < 3; i++)
		ck_assert_int_eq(tarn__servers_add(&forwards[i].upstreams, &address,
						   &(struct tarn_traits){0}),
				 0);
	struct tarn__settings *settings = tarn__settings_new();
	struct tarn__settings all = *settings;
	all.forwards = forwards;
	all.forward_count = 3;
	struct tarn__zone_servers *zones;
	size_t count;
	ck_assert_int_eq(tarn__zone_servers_copy(&all, is_wanted, &zones, &count), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(zones[0].index, 2);
	ck_assert_uint_eq(zones[0].forward, 2);
	ck_assert_str_eq(zones[0].source.interface, "wg0");
	tarn__zone_servers_free(zones, count);
	for (size_t i = 1; i < 3; i++)
		tarn__servers_clear(&forwards[i].upstreams);
	tarn__settings_free(settings);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone servers");
	TCase *tcase = tcase_create("zone servers");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, name_that_is_not_known_stays);
	tcase_add_test(tcase, each_address_is_a_server_with_the_port);
	tcase_add_test(tcase, address_that_is_configured_is_no_second_server);
	tcase_add_loop_test(tcase, each_name_has_an_address_in_little_room, 0,
			    sizeof(rooms) / sizeof(rooms[0]));
	tcase_add_test(tcase, zones_without_servers_have_no_number);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
