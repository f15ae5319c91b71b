/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_config.c: snapshots of a resolver's configuration. */
#include "core/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/signature.h"
#include "dns/text.h"
#include "dnssec/anchors.h"
#include "base/ports.h"
#include "support/unit.h"

static struct tarn_address servers[TARN__SERVERS_MAX + 1];
static struct tarn_forward corp, lab, none;
static char fault[TARN__CONFIG_FAULT_MAX];

static void set_up(void)
{
	for (size_t i = 0; i < TARN__SERVERS_MAX + 1; i++)
		ck_assert_int_eq(
			tarn_address_parse("192.0.2.53", (uint16_t)(1000 + i), &servers[i]), 0);
	corp = (struct tarn_forward){
		.zone = "Corp.example", .upstreams = servers, .upstream_count = 2};
	lab = (struct tarn_forward){.zone = "10.0.0.0/8",
				    .upstreams = servers + 2,
				    .upstream_count = 1,
				    .selection = TARN_SELECTION_PARALLEL};
	none = (struct tarn_forward){.zone = "ads.example"};
	fault[0] = '\0';
}

static struct tarn__config *make(const struct tarn_options *options)
{
	return tarn__config_new(options, "tarn", NULL, fault);
}

/* One server for the root, and these zones. */
static struct tarn__config *make_with(const struct tarn_forward *forwards, size_t count)
{
	struct tarn__config *config = make(&(struct tarn_options){.upstreams = servers + 9,
								  .upstream_count = 1,
								  .forwards = forwards,
								  .forward_count = count});
	ck_assert_msg(config, "%s", fault);
	return config;
}

/* Takes over what is equal first. */
static bool shares_zone(struct tarn__config *config, const struct tarn__config *before,
			size_t index)
{
	tarn__config_take_over(config, before);
	return config->zones[index] == before->zones[index];
}

static size_t index_of(const struct tarn__config *config, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__config_find_zone(config, name, len, TARN__TYPE_A);
}

START_TEST(names_have_zones_and_zones_have_servers)
{
	const struct tarn_forward forwards[] = {corp, none, lab};
	struct tarn__config *config = make_with(forwards, 3);
	ck_assert_uint_eq(config->zone_count, 3);
	ck_assert_uint_eq(config->server_count, 4);
	ck_assert_uint_eq(index_of(config, "."), 0);
	ck_assert_uint_eq(index_of(config, "example"), 0);
	ck_assert_uint_eq(index_of(config, "www.CORP.example"), 1);
	ck_assert_uint_eq(index_of(config, "ads.example"), TARN__ZONE_NONE);
	ck_assert_uint_eq(index_of(config, "1.2.3.10.in-addr.arpa"), 2);
	const struct tarn__zone_config *zone = config->zones[1];
	ck_assert_uint_eq(zone->name_len, 14);
	ck_assert_mem_eq(zone->name, "\4corp\7example", 14);
	ck_assert_uint_eq(zone->endpoint_count, 2);
	ck_assert(tarn_address_is_equal(&zone->endpoints[1]->address, &servers[1]));
	ck_assert_int_eq(config->zones[2]->selection, TARN_SELECTION_PARALLEL);
	/* Only by its own name. */
	ck_assert_uint_eq(tarn__config_zone_of(config, zone->name, zone->name_len), 1);
	ck_assert_uint_eq(tarn__config_zone_of(config, (const uint8_t *)"", 1), 0);
	ck_assert_uint_eq(tarn__config_zone_of(config, (const uint8_t *)"\7example", 9),
			  TARN__ZONE_NONE);
	ck_assert_uint_eq(tarn__config_zone_of(config, (const uint8_t *)"\3ads\7example", 13),
			  TARN__ZONE_NONE);
	tarn__config_put(config);
	tarn__config_put(NULL);
}
END_TEST

static const struct {
	const char *zone, *fault;
} faults[] = {
	{"", "not a domain name"},
	{"a..b", "not a domain name"},
	{".", "the root"},
	{"corp.EXAMPLE.", "it is there twice"},
	{"192.0.2.0/25", "reverse zones"},
	{"0.0.0.0/0", "reverse zones"},
	{"10.0.0.1/8", "prefix"},
	{"10.0.0.0/33", "prefix"},
	{"300.0.0.0/8", "not an IP address"},
};

START_TEST(zone_that_is_none_is_said)
{
	const struct tarn_forward forwards[] = {corp, {.zone = faults[_i].zone}};
	struct tarn_options options = {.forwards = forwards, .forward_count = 2};
	ck_assert_ptr_null(make(&options));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(strstr(fault, faults[_i].fault), "%s", fault);
	ck_assert_msg(strstr(fault, faults[_i].zone), "%s", fault);
}
END_TEST

START_TEST(zone_with_a_slash_is_a_name)
{
	lab.zone = "0/25.2.0.192.in-addr.arpa";
	struct tarn__config *config = make_with(&lab, 1);
	ck_assert_uint_eq(index_of(config, "7.0/25.2.0.192.in-addr.arpa"), 1);
	ck_assert_uint_eq(index_of(config, "7.2.0.192.in-addr.arpa"), 0);
	tarn__config_put(config);
}
END_TEST

static const char *const networks[][2] = {{"172.16.0.0/12", "172.20.0.0/16"},
					  {"172.20.0.0/16", "172.16.0.0/12"},
					  {"172.16.0.0/12", "20.172.in-addr.arpa"},
					  {"172.16.0.0/12", "172.20.0.0/15"}};

START_TEST(longer_prefix_has_the_zone_that_networks_share)
{
	size_t longer = _i == 1 ? 1 : 2, shorter = 3 - longer;
	const struct tarn_forward forwards[] = {
		{.zone = networks[_i][0], .upstreams = servers, .upstream_count = 1},
		{.zone = networks[_i][1], .upstreams = servers + 1, .upstream_count = 1}};
	struct tarn__config *config = make_with(forwards, 2);
	ck_assert_uint_eq(config->zone_count, 3);
	ck_assert_uint_eq(index_of(config, "1.19.172.in-addr.arpa"), shorter);
	ck_assert_uint_eq(index_of(config, "1.20.172.in-addr.arpa"), longer);
	ck_assert_uint_eq(index_of(config, "1.22.172.in-addr.arpa"), shorter);
	ck_assert_uint_eq(index_of(config, "1.32.172.in-addr.arpa"), 0);
	/* The zones stand in the order of the sections, with the servers of each. */
	for (size_t i = 0; i < 2; i++)
		ck_assert(tarn_address_is_equal(&config->zones[1 + i]->endpoints[0]->address,
						&servers[i]));
	tarn__config_put(config);
}
END_TEST

/* Two of one name would be taken for one another when the configuration changes. */
START_TEST(zone_goes_by_a_name_of_its_own)
{
	const struct tarn_forward forwards[] = {
		{.zone = "172.16.0.0/12", .upstreams = servers, .upstream_count = 1},
		{.zone = "172.16.0.0/15", .upstreams = servers, .upstream_count = 1},
		{.zone = "172.16.0.0/16"}};
	struct tarn__config *config = make_with(forwards, 3);
	static const char *const names[] = {"18.172.in-addr.arpa.", "17.172.in-addr.arpa."};
	for (size_t i = 1; i < 3; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		char text[TARN__NAME_TEXT_MAX];
		ck_assert_str_eq(tarn__name_format(zone->name, text), names[i - 1]);
		ck_assert_uint_eq(tarn__config_zone_of(config, zone->name, zone->name_len), i);
	}
	ck_assert_uint_eq(index_of(config, "16.172.in-addr.arpa"), TARN__ZONE_NONE);
	tarn__config_put(config);
}
END_TEST

START_TEST(network_of_which_nothing_is_left_is_refused)
{
	const struct tarn_forward forwards[] = {{.zone = "10.0.2.0/23"},
						{.zone = "10.0.2.0/24"},
						{.zone = _i ? "10.0.2.0/23" : "10.0.3.0/24"}};
	struct tarn_options options = {.forwards = forwards, .forward_count = 3};
	ck_assert_ptr_null(make(&options));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(
		strstr(fault, "zone 10.0.2.0/23: it is there twice, or others have all of it"),
		"%s", fault);
}
END_TEST

START_TEST(servers_are_limited_by_zone_and_in_all)
{
	struct tarn_options options = {.upstreams = servers,
				       .upstream_count = TARN__SERVERS_MAX + 1};
	ck_assert_ptr_null(make(&options));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(fault, "more than 64"));
	struct tarn_forward many[TARN__SERVERS_ALL_MAX / TARN__SERVERS_MAX + 1];
	static char names[TARN__SERVERS_ALL_MAX / TARN__SERVERS_MAX + 1][8];
	size_t count = TARN__SERVERS_ALL_MAX / TARN__SERVERS_MAX;
	for (size_t i = 0; i <= count; i++) {
		snprintf(names[i], sizeof names[i], "z%zu", i);
		many[i] = (struct tarn_forward){.zone = names[i],
						.upstreams = servers,
						.upstream_count = TARN__SERVERS_MAX};
	}
	options = (struct tarn_options){.forwards = many, .forward_count = count};
	struct tarn__config *config = make(&options);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->server_count, TARN__SERVERS_ALL_MAX);
	ck_assert_ptr_null(tarn__config_with_upstreams(config, servers, 1));
	ck_assert_int_eq(errno, EINVAL);
	tarn__config_put(config);
	many[count].upstream_count = 1;
	options.forward_count++;
	ck_assert_ptr_null(make(&options));
	ck_assert_ptr_nonnull(strstr(fault, "more than 1024"));
}
END_TEST

START_TEST(servers_have_the_source_of_their_family)
{
	struct tarn_address mixed[] = {servers[0], servers[0]};
	ck_assert_int_eq(tarn_address_parse("2001:db8::53", 53, &mixed[1]), 0);
	struct tarn_options options = {.upstreams = mixed, .upstream_count = 2};
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 53, &options.source.ipv4), 0);
	ck_assert_int_eq(tarn_address_parse("2001:db8::1", 53, &options.source.ipv6), 0);
	char interface[] = "wg0";
	options.source.interface = interface;
	struct tarn__config *config = make(&options);
	ck_assert_ptr_nonnull(config);
	memset(interface, 'x', 3);
	ck_assert_int_eq(config->zones[0]->endpoints[0]->source.sa.sa_family, AF_INET);
	ck_assert_int_eq(config->zones[0]->endpoints[1]->source.sa.sa_family, AF_INET6);
	ck_assert_uint_eq(tarn_address_port(&config->zones[0]->endpoints[0]->source), 0);
	ck_assert_str_eq(config->zones[0]->endpoints[1]->interface, "wg0");
	/* Those to come have it, too. */
	struct tarn__config *next = tarn__config_with_upstreams(config, mixed + 1, 1);
	tarn__config_put(config);
	ck_assert_int_eq(next->zones[0]->endpoints[0]->source.sa.sa_family, AF_INET6);
	ck_assert_str_eq(next->zones[0]->endpoints[0]->interface, "wg0");
	tarn__config_put(next);

	options.source.interface = "sixteen-octets!!";
	ck_assert_ptr_null(make(&options));
	ck_assert_msg(strstr(fault, "sixteen-octets!!"), "%s", fault);
	options.source.interface = NULL;
	options.source.ipv4 = options.source.ipv6;
	ck_assert_ptr_null(make(&options));
	ck_assert_msg(strstr(fault, "family"), "%s", fault);
}
END_TEST

/* Traits belong to the servers; answers do not depend on them. */
START_TEST(servers_with_other_traits_are_others)
{
	struct tarn_traits traits[] = {{.transport = TARN_TCP}, {.no_edns = true}};
	struct tarn_forward forward = corp;
	struct tarn_options options = {.upstreams = servers,
				       .upstream_count = 2,
				       .traits = traits,
				       .forwards = &forward,
				       .forward_count = 1};
	struct tarn__config *config = make(&options);
	forward.traits = traits;
	struct tarn__config *other = make(&options);
	ck_assert_int_eq(config->zones[0]->endpoints[0]->traits.transport, TARN_TCP);
	ck_assert(config->zones[0]->endpoints[1]->traits.no_edns);
	ck_assert_int_eq(config->zones[1]->endpoints[0]->traits.transport, TARN_UDP);
	ck_assert(shares_zone(other, config, 0));
	ck_assert(!shares_zone(other, config, 1));
	ck_assert(!tarn__config_moves_names(config, other));
	tarn__config_put(other);
	/* Trust leaves them; other servers have their own. */
	other = tarn__config_with_trust(config, true);
	ck_assert(shares_zone(other, config, 0));
	tarn__config_put(other);
	other = tarn__config_with_traits(config, servers, traits, 2);
	ck_assert(shares_zone(other, config, 0));
	tarn__config_put(other);
	other = tarn__config_with_upstreams(config, servers, 2);
	ck_assert(!shares_zone(other, config, 0));
	tarn__config_put(other);
	tarn__config_put(config);
	traits[1].transport = (enum tarn_transport)(TARN_HTTPS + 1);
	ck_assert_ptr_null(make(&options));
	ck_assert_msg(strstr(fault, "transport"), "%s", fault);
}
END_TEST

static const uint8_t pins[1][TARN_PIN_LEN] = {{1}};

/* Who a server is goes with an encrypted transport, and only there with a name alone. */
static const struct {
	bool has_address;
	struct tarn_traits traits;
	const char *fault; /* NULL: none */
} secure_servers[] = {
	{true, {.transport = TARN_TLS}, NULL},
	{true, {.transport = TARN_TLS, .name = "dns.example"}, NULL},
	{true, {.transport = TARN_TLS, .pins = pins, .pin_count = 1}, NULL},
	{true, {.transport = TARN_HTTPS, .name = "dns.example", .path = "/x"}, NULL},
	{false, {.transport = TARN_TLS, .name = "dns.example"}, NULL},
	{false, {.transport = TARN_HTTPS, .name = "dns.example"}, NULL},
	{false, {.transport = TARN_TLS}, "address"},
	{false, {.transport = TARN_UDP}, "address"},
	{true, {.transport = TARN_UDP, .name = "dns.example"}, "in the clear"},
	{true, {.transport = TARN_TCP, .pins = pins, .pin_count = 1}, "in the clear"},
	{true, {.transport = TARN_TCP, .path = "/x"}, "in the clear"},
};

START_TEST(encrypted_servers_are_who_they_should_be)
{
	struct tarn_address address = {.sa.sa_family = AF_UNSPEC};
	if (secure_servers[_i].has_address)
		address = servers[0];
	struct tarn__config *config = make(&(struct tarn_options){
		.upstreams = &address, .traits = &secure_servers[_i].traits, .upstream_count = 1});
	ck_assert(!config == (secure_servers[_i].fault != NULL));
	if (!config) {
		ck_assert_msg(strstr(fault, secure_servers[_i].fault), "%s", fault);
		return;
	}
	const struct tarn__endpoint *endpoint = config->zones[0]->endpoints[0];
	ck_assert(tarn__endpoint_has_address(endpoint) == secure_servers[_i].has_address);
	ck_assert(endpoint->traits.transport == secure_servers[_i].traits.transport);
	tarn__config_put(config);
}
END_TEST

/* Servers behind one address may answer otherwise by name. */
START_TEST(servers_with_other_names_answer_otherwise)
{
	struct tarn_traits traits[] = {{.transport = TARN_TLS, .name = "dns.example"},
				       {.transport = TARN_TLS, .name = "dns.example"}};
	struct tarn_forward forward = corp;
	forward.traits = traits;
	struct tarn_options options = {.forwards = &forward, .forward_count = 1};
	ck_assert_uint_le(forward.upstream_count, 2);
	struct tarn__config *config = make(&options);
	struct tarn__config *same = make(&options);
	traits[0].name = "other.example";
	struct tarn__config *other = make(&options);
	ck_assert(config && same && other);
	ck_assert(!tarn__config_moves_names(config, same));
	ck_assert(tarn__config_moves_names(config, other));
	tarn__config_put(config);
	tarn__config_put(same);
	tarn__config_put(other);
}
END_TEST

START_TEST(ports_to_avoid_are_those_of_all_that_follow)
{
	struct tarn_port_range ranges[] = {{1024, 1033}, {2000, 2000}};
	struct tarn_options options = {.avoid_ports = ranges, .avoid_port_count = 2};
	struct tarn__config *config = make(&options);
	ck_assert_uint_eq(config->ports->count, 65536 - 1024 - 11);
	struct tarn__ports usable;
	tarn__ports_fill(&usable);
	tarn__ports_avoid(&usable, 1030, 1039);
	ck_assert_int_eq(tarn__config_reserve_ports(config, &usable), 0);
	ck_assert_uint_eq(config->ports->count, 65536 - 1024 - 17);
	/* Too few would be left. */
	tarn__ports_avoid(&usable, 1024, 61439);
	ck_assert_int_eq(tarn__config_reserve_ports(config, &usable), 0);
	tarn__ports_avoid(&usable, 61440, 61440);
	ck_assert_int_eq(tarn__config_reserve_ports(config, &usable), TARN_EINVAL);
	ck_assert_uint_eq(config->ports->count, 4096);
	struct tarn__config *next = tarn__config_with_upstreams(config, servers, 1);
	tarn__config_put(config);
	ck_assert_uint_eq(next->ports->count, 4096);
	tarn__config_put(next);
	ranges[0].last = 65535;
	ck_assert_ptr_null(make(&options));
	ck_assert_msg(strstr(fault, "4096"), "%s", fault);
	/* Where nothing is to be avoided there is no set. */
	config = make(&(struct tarn_options){0});
	ck_assert_ptr_null(config->ports);
	tarn__config_put(config);
}
END_TEST

START_TEST(failures_are_remembered_within_bounds)
{
	static const struct {
		int32_t first, max;
		bool is_good;
	} spans[] = {{0, 0, true},   {1, 300, true},  {300, 1, true},
		     {-1, 0, false}, {0, 301, false}, {301, 0, false}};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
		struct tarn__config *config = make(&(struct tarn_options){
			.failure_sec = spans[i].first, .failure_max_sec = spans[i].max});
		ck_assert(!config == !spans[i].is_good);
		ck_assert(config || strstr(fault, "1 to 300"));
		tarn__config_put(config);
	}
}
END_TEST

START_TEST(other_upstreams_leave_the_rest_as_it_is)
{
	const struct tarn_forward forwards[] = {corp, none, lab};
	struct tarn__config *config = make_with(forwards, 3);
	const struct tarn__zone_config *lab_zone = config->zones[2];
	struct tarn__config *next = tarn__config_with_upstreams(config, servers + 20, 3);
	ck_assert_ptr_nonnull(next);
	struct tarn__config *last = tarn__config_with_upstreams(next, NULL, 0);
	ck_assert_ptr_nonnull(last);
	tarn__config_put(config);
	tarn__config_put(next);
	ck_assert_uint_eq(last->zones[0]->endpoint_count, 0);
	ck_assert_uint_eq(last->server_count, 3);
	ck_assert_ptr_eq(last->zones[2], lab_zone);
	ck_assert(tarn_address_is_equal(&last->zones[2]->endpoints[0]->address, &servers[2]));
	ck_assert_uint_eq(index_of(last, "ads.example"), TARN__ZONE_NONE);
	ck_assert(!last->trust_ad);
	struct tarn__config *trusting = tarn__config_with_trust(last, true);
	ck_assert(trusting->trust_ad);
	ck_assert(shares_zone(last, trusting, 1));
	tarn__config_put(trusting);
	tarn__config_put(last);
}
END_TEST

START_TEST(equal_endpoints_are_taken_over_once_each_and_in_their_zone)
{
	struct tarn_address twice[] = {servers[0], servers[0], servers[0]};
	struct tarn_forward forward = {
		.zone = "corp.example", .upstreams = twice, .upstream_count = 2};
	struct tarn__config *before = make_with(&forward, 1);
	forward.upstream_count = 3;
	struct tarn__config *after = make_with(&forward, 1);
	ck_assert(shares_zone(after, before, 0));
	tarn__config_take_over(after, before);
	struct tarn__endpoint *const *old = before->zones[1]->endpoints;
	struct tarn__endpoint *const *new = after->zones[1]->endpoints;
	ck_assert_ptr_ne(old[0], old[1]);
	ck_assert_ptr_eq(new[0], old[0]);
	ck_assert_ptr_eq(new[1], old[1]);
	ck_assert_ptr_ne(new[2], old[0]);
	ck_assert_ptr_ne(new[2], old[1]);
	tarn__config_put(before);
	/* They outlive the snapshot that they came from. */
	ck_assert(tarn_address_is_equal(&new[0]->address, &servers[0]));
	forward.zone = "lab.example";
	struct tarn__config *other = make_with(&forward, 1);
	ck_assert(!shares_zone(other, after, 1));
	ck_assert_ptr_ne(other->zones[1]->endpoints[0], new[0]);
	tarn__config_put(other);
	tarn__config_put(after);
}
END_TEST

static bool moves_type(const struct tarn__config *a, const struct tarn__config *b, const char *text,
		       uint16_t type)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert(tarn__config_moves(a, b, name, len, type) ==
		  tarn__config_moves(b, a, name, len, type));
	return tarn__config_moves(a, b, name, len, type);
}

static bool moves(const struct tarn__config *a, const struct tarn__config *b, const char *text)
{
	return moves_type(a, b, text, TARN__TYPE_A);
}

START_TEST(names_move_with_their_zones_servers)
{
	struct tarn_forward forwards[] = {corp, none, lab};
	struct tarn__config *before = make_with(forwards, 3);
	/* Their order is no matter for the names, but one for the choice. */
	struct tarn_address turned[] = {servers[1], servers[0]};
	forwards[0].upstreams = turned;
	forwards[2].selection = TARN_SELECTION_FASTEST;
	struct tarn__config *after = make_with(forwards, 3);
	ck_assert(!tarn__config_moves_names(before, after));
	ck_assert(!moves(before, after, "www.corp.example"));
	ck_assert(!shares_zone(after, before, 1));
	ck_assert_ptr_eq(after->zones[1]->endpoints[0], before->zones[1]->endpoints[1]);
	ck_assert_ptr_eq(after->zones[1]->endpoints[1], before->zones[1]->endpoints[0]);
	ck_assert(!shares_zone(after, before, 2));
	ck_assert_ptr_eq(after->zones[2]->endpoints[0], before->zones[2]->endpoints[0]);
	ck_assert(shares_zone(after, before, 0));
	tarn__config_put(after);
	/* The root's other servers move no names. */
	after = tarn__config_with_upstreams(before, servers + 30, 2);
	ck_assert(!tarn__config_moves_names(before, after));
	ck_assert(!moves(before, after, "www.example"));
	tarn__config_put(after);
	/* The same servers, whose answers may depend on this source address. */
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 53, &forwards[2].source.ipv4), 0);
	after = make_with(forwards, 3);
	ck_assert(tarn__config_moves_names(before, after));
	ck_assert(moves(before, after, "10.in-addr.arpa"));
	ck_assert(!moves(before, after, "www.corp.example"));
	tarn__config_put(after);
	/* A zone less, one that is forwarded now, one from elsewhere. */
	forwards[0] = lab;
	forwards[0].source.interface = "wg0";
	forwards[1].upstreams = servers;
	forwards[1].upstream_count = 1;
	after = make_with(forwards, 2);
	ck_assert(tarn__config_moves_names(before, after));
	ck_assert(moves(before, after, "www.corp.example"));
	ck_assert(moves(before, after, "www.ads.example"));
	ck_assert(moves(before, after, "corp.example"));
	/* The servers of a zone are not asked for its DS, but for those below. */
	ck_assert(!moves_type(before, after, "corp.example", TARN__TYPE_DS));
	ck_assert(!moves_type(before, after, "ads.example", TARN__TYPE_DS));
	ck_assert(moves_type(before, after, "www.corp.example", TARN__TYPE_DS));
	ck_assert(moves(before, after, "10.in-addr.arpa"));
	ck_assert(!moves(before, after, "www.example"));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

/* A named server, at an address or not. */
static const struct tarn_traits named = {.transport = TARN_TLS, .name = "dns.example"};

START_TEST(zone_gets_other_servers_and_stays_the_zone)
{
	struct tarn__config *config = make_with((struct tarn_forward[]){corp, lab}, 2);
	size_t index = index_of(config, "corp.example");
	struct tarn_forward section = {
		.upstreams = servers + 4, .upstream_count = 3, .selection = TARN_SELECTION_STRICT};
	struct tarn__config *next = tarn__config_with_zone(config, index, &section);
	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq(index_of(next, "corp.example"), index);
	const struct tarn__zone_config *zone = next->zones[index];
	ck_assert_uint_eq(zone->endpoint_count, 3);
	ck_assert_int_eq(zone->selection, TARN_SELECTION_STRICT);
	ck_assert_uint_eq(next->server_count, config->server_count + 1);
	ck_assert_ptr_eq(next->zones[0], config->zones[0]);
	/* Answers of before stay valid. */
	ck_assert(!tarn__config_moves_names(config, next));
	ck_assert_uint_eq(config->zones[index]->endpoint_count, 2);
	tarn__config_put(config);
	tarn__config_put(next);
}
END_TEST

START_TEST(zone_that_is_none_gets_no_servers)
{
	struct tarn__config *config = make_with((struct tarn_forward[]){corp}, 1);
	struct tarn_forward section = {.upstreams = servers, .upstream_count = 1};
	errno = 0;
	ck_assert_ptr_null(tarn__config_with_zone(config, config->zone_count, &section));
	ck_assert_int_eq(errno, EINVAL);
	section.upstream_count = TARN__SERVERS_MAX + 1;
	ck_assert_ptr_null(tarn__config_with_zone(config, 1, &section));
	tarn__config_put(config);
}
END_TEST

START_TEST(server_with_a_name_is_the_same_at_any_address)
{
	const struct tarn_traits traits[] = {named, named, named};
	struct tarn_address unknown = {0};
	struct tarn_source source = {0};
	struct tarn_forward sections[] = {
		{.upstreams = &unknown, .upstream_count = 1, .traits = traits, .source = source},
		{.upstreams = servers, .upstream_count = 3, .traits = traits, .source = source},
		{.upstreams = servers, .upstream_count = 3, .source = source}};
	struct tarn__zone_config *zones[3];
	for (size_t i = 0; i < 3; i++)
		zones[i] = tarn__zone_config_new(&sections[i]);
	ck_assert_uint_eq(zones[0]->digest, zones[1]->digest);
	ck_assert_uint_ne(zones[1]->digest, zones[2]->digest);
	for (size_t i = 0; i < 3; i++)
		tarn__zone_config_put(zones[i]);
}
END_TEST

START_TEST(names_of_a_zone_move_when_its_chains_are_followed)
{
	struct tarn_forward forwards[] = {corp, lab};
	struct tarn__config *before = make_with(forwards, 2);
	forwards[0].follow_cnames = true;
	struct tarn__config *after = make_with(forwards, 2);
	ck_assert(after->zones[1]->follows_cnames && !before->zones[1]->follows_cnames);
	ck_assert(tarn__config_moves_names(before, after));
	ck_assert(moves(before, after, "www.corp.example"));
	ck_assert(!moves(before, after, "10.in-addr.arpa"));
	ck_assert(!shares_zone(after, before, 1));
	ck_assert(shares_zone(after, before, 2));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

/* ---- validation ---------------------------------------------------------------------------- */

#define DS "IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define OTHER_DS "IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"

/* "+example." for a positive anchor of that name, "-example." for a negative one, "none". */
static const char *anchor_of(const struct tarn__config *config, const char *text)
{
	static char found[1 + TARN__NAME_TEXT_MAX];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	struct tarn__anchor anchor = tarn__anchors_find(config->anchors, name, len);
	if (anchor.kind == TARN__ANCHOR_NONE)
		return "none";
	found[0] = anchor.kind == TARN__ANCHOR_POSITIVE ? '+' : '-';
	tarn__name_format(anchor.name, found + 1);
	return found;
}

static struct tarn__config *make_validating(const struct tarn_options *options)
{
	struct tarn__config *config = make(options);
	ck_assert_msg(config, "%s", fault);
	ck_assert(config->validates);
	ck_assert_ptr_nonnull(config->anchors);
	return config;
}

static const char *const root_anchor[] = {". " DS};

START_TEST(without_validation_there_are_no_anchors)
{
	static const char *const nonsense[] = {"nonsense"};
	corp.validate = true;
	struct tarn__config *config = make(&(struct tarn_options){
		.forwards = &corp,
		.forward_count = 1,
		.dnssec = {.anchors = nonsense, .anchor_count = 1, .clock_floor_sec = 7}});
	ck_assert_ptr_nonnull(config);
	ck_assert(!config->validates && !config->anchors);
	ck_assert(!config->zones[0]->is_validated && !config->zones[1]->is_validated);
	tarn__config_put(config);
}
END_TEST

START_TEST(validation_without_the_library_is_refused)
{
	ck_assert_ptr_null(make(&(struct tarn_options){
		.dnssec = {.validate = true, .anchors = root_anchor, .anchor_count = 1}}));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(strstr(fault, "validation is not possible: "), "%s", fault);
}
END_TEST

static const struct {
	const char *anchors[2];
	const char *insecure, *pass, *fault;
} refused[] = {
	{{"", "; a comment"}, "corp", NULL, "validation without a trust anchor"},
	{{". " DS, "\n. IN NS a."},
	 NULL,
	 NULL,
	 "trust anchors, text 2, line 2: neither DS nor DNSKEY"},
	{{". " DS, ""}, ".", NULL, "insecure .: "},
	{{". " DS, ""}, "a..b", NULL, "insecure a..b: not a domain name"},
	{{". " DS, ""}, NULL, "a..b", "pass a..b: not a domain name"},
};

START_TEST(validation_that_cannot_be_is_refused)
{
	const char *insecure[] = {refused[_i].insecure}, *pass[] = {refused[_i].pass};
	struct tarn_options options = {.pass = pass,
				       .pass_count = refused[_i].pass != NULL,
				       .dnssec = {.validate = true,
						  .anchors = refused[_i].anchors,
						  .anchor_count = 2,
						  .insecure = insecure,
						  .insecure_count = refused[_i].insecure != NULL}};
	ck_assert_ptr_null(make(&options));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(strstr(fault, refused[_i].fault), "%s", fault);
}
END_TEST

static const struct {
	const char *name, *anchor;
} anchored[] = {
	{".", "+."},
	{"www.example", "+."},
	{"www.lab.test.example", "-test.example."},
	/* A zone with servers of its own is insecure, one that is never forwarded needs nothing. */
	{"corp.example", "-corp.example."},
	{"www.corp.example", "-corp.example."},
	{"ads.example", "+."},
	/* Unless it says otherwise, or has an anchor. */
	{"www.secure.example", "+."},
	{"www.own.example", "+own.example."},
	{"www.deep.example", "-deep.example."},
	{"www.island.deep.example", "+island.deep.example."},
	{"www.corp.own.example", "-corp.own.example."},
	/* All zones of a network are. */
	{"1.16.172.in-addr.arpa", "-16.172.in-addr.arpa."},
	{"1.31.172.in-addr.arpa", "-31.172.in-addr.arpa."},
	{"1.32.172.in-addr.arpa", "+."},
	/* Names that are passed, as far as they are special. */
	{"printer.local", "-local."},
	{"x.lan.home.arpa", "-lan.home.arpa."},
	{"x.home.arpa", "+."},
	{"passed.example", "+."},
	{"d.f.ip6.arpa", "-d.f.ip6.arpa."},
	{"1.8.e.f.ip6.arpa", "-8.e.f.ip6.arpa."},
	{"1.0.0.2.ip6.arpa", "+."},
};

static struct tarn_options validating_options(void)
{
	static struct tarn_forward forwards[7];
	static const char *const texts[] = {". " DS, "Own.example. " DS
						     "\nisland.deep.example. 3600 " OTHER_DS
						     " ; a comment\n"};
	static const char *const pass[] = {"local", "lan.home.arpa", "passed.example", "ip6.arpa"};
	static const char *const insecure[] = {"Test.example"};
	static const char *const zones[] = {"Corp.example",    "secure.example", "own.example",
					    "deep.example",    "ads.example",	 "172.16.0.0/12",
					    "corp.own.example"};
	for (size_t i = 0; i < 7; i++)
		forwards[i] = (struct tarn_forward){.zone = zones[i],
						    .upstreams = servers + i,
						    .upstream_count = i != 4,
						    .validate = i == 1 || i == 4};
	return (struct tarn_options){.upstreams = servers + 9,
				     .upstream_count = 1,
				     .forwards = forwards,
				     .forward_count = 7,
				     .pass = pass,
				     .pass_count = 4,
				     .dnssec = {.validate = true,
						.anchors = texts,
						.anchor_count = 2,
						.insecure = insecure,
						.insecure_count = 1}};
}

START_TEST(names_have_the_closest_anchor)
{
	struct tarn_options options = validating_options();
	struct tarn__config *config = make_validating(&options);
	ck_assert_str_eq(anchor_of(config, anchored[_i].name), anchored[_i].anchor);
	tarn__config_put(config);
}
END_TEST

START_TEST(all_special_names_may_be_passed)
{
	const char *pass[] = {"."};
	struct tarn_options options = {
		.pass = pass,
		.pass_count = 1,
		.dnssec = {.validate = true, .anchors = root_anchor, .anchor_count = 1}};
	struct tarn__config *config = make_validating(&options);
	ck_assert_str_eq(anchor_of(config, "www.example"), "+.");
	ck_assert_str_eq(anchor_of(config, "x.onion"), "-onion.");
	ck_assert_str_eq(anchor_of(config, "1.10.in-addr.arpa"), "-10.in-addr.arpa.");
	ck_assert_str_eq(anchor_of(config, "b.e.f.ip6.arpa"), "-b.e.f.ip6.arpa.");
	tarn__config_put(config);
}
END_TEST

START_TEST(zones_with_anchors_are_validated)
{
	struct tarn_options options = validating_options();
	struct tarn__config *config = make_validating(&options);
	static const struct {
		const char *name;
		bool is_validated;
	} zones[] = {{".", true},
		     {"corp.example", false},
		     {"secure.example", true},
		     {"own.example", true},
		     {"deep.example", true},
		     {"16.172.in-addr.arpa", false},
		     {"corp.own.example", false}};
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		size_t index = index_of(config, zones[i].name);
		ck_assert_uint_eq(index, i);
		ck_assert_msg(config->zones[index]->is_validated == zones[i].is_validated, "%s",
			      zones[i].name);
	}
	tarn__config_put(config);
}
END_TEST

START_TEST(anchors_are_shared_by_all_that_follow)
{
	struct tarn_options options = validating_options();
	options.dnssec.clock_floor_sec = 7;
	struct tarn__config *config = make_validating(&options);
	struct tarn__config *next = tarn__config_with_upstreams(config, servers, 1);
	ck_assert_ptr_eq(next->anchors, config->anchors);
	tarn__config_put(config);
	struct tarn__config *last = tarn__config_with_trust(next, true);
	tarn__config_put(next);
	ck_assert(last->validates && last->zones[0]->is_validated);
	ck_assert_uint_eq(last->clock_floor_sec, 7);
	ck_assert_str_eq(anchor_of(last, "www.example"), "+.");
	tarn__config_put(last);
	options.dnssec.clock_floor_sec = 0;
	config = make_validating(&options);
	ck_assert_uint_eq(config->clock_floor_sec, TARN__RELEASE_SEC);
	tarn__config_put(config);
}
END_TEST

/* What a configuration has other than validating_options(), and a name of another anchor. */
static const struct {
	const char *extra_anchor, *insecure;
	bool corp_is_validated, is_off;
	const char *moved, *stays;
} changes[] = {
	{NULL, NULL, false, true, "www.example", "www.corp.example"},
	{NULL, NULL, false, true, ".", "x.local"},
	{NULL, NULL, false, true, "www.own.example", "www.test.example"},
	{". " OTHER_DS, NULL, false, false, "www.example", "www.own.example"},
	{"own.example. " OTHER_DS, NULL, false, false, "own.example", "www.example"},
	{"new.example. " DS, NULL, false, false, "www.new.example", "www.example"},
	{"a.corp.example. " DS, NULL, false, false, "x.a.corp.example", "www.corp.example"},
	{NULL, "new.example", false, false, "www.new.example", "www.example"},
	{NULL, "new.own.example", false, false, "new.own.example", "own.example"},
	{NULL, NULL, true, false, "www.corp.example", "www.example"},
};

START_TEST(names_move_with_their_anchors)
{
	struct tarn_options options = validating_options();
	struct tarn__config *before = make_validating(&options);
	const char *texts[] = {options.dnssec.anchors[0], options.dnssec.anchors[1],
			       changes[_i].extra_anchor};
	const char *insecure[] = {options.dnssec.insecure[0], changes[_i].insecure};
	struct tarn_forward forwards[7];
	memcpy(forwards, options.forwards, sizeof forwards);
	forwards[0].validate = changes[_i].corp_is_validated;
	options.forwards = forwards;
	options.dnssec.validate = !changes[_i].is_off;
	options.dnssec.anchors = texts;
	options.dnssec.anchor_count = 2 + (changes[_i].extra_anchor != NULL);
	options.dnssec.insecure = insecure;
	options.dnssec.insecure_count = 1 + (changes[_i].insecure != NULL);
	struct tarn__config *after = make(&options);
	ck_assert_msg(after, "%s", fault);
	ck_assert(tarn__config_moves_names(before, after));
	ck_assert(tarn__config_moves_names(after, before));
	ck_assert(moves(before, after, changes[_i].moved));
	ck_assert(!moves(before, after, changes[_i].stays));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

START_TEST(same_anchors_move_nothing)
{
	struct tarn_options options = validating_options();
	struct tarn__config *before = make_validating(&options);
	const char *const turned[] = {options.dnssec.anchors[1], options.dnssec.anchors[0]};
	options.dnssec.anchors = turned;
	/* A clock is not a matter of answers that are there. */
	options.dnssec.clock_floor_sec = 7;
	struct tarn__config *after = make_validating(&options);
	ck_assert(!tarn__config_moves_names(before, after));
	ck_assert(!moves(before, after, "www.example"));
	tarn__config_put(after);
	/* A name that is insecure already moves no name. */
	static const char *const insecure[] = {"test.example", "lab.test.example"};
	options.dnssec.insecure = insecure;
	options.dnssec.insecure_count = 2;
	after = make_validating(&options);
	ck_assert(!moves(before, after, "www.lab.test.example"));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

/* It is the parent's, and validated from the anchor above. */
START_TEST(ds_moves_with_the_anchor_above_it)
{
	struct tarn_options options = validating_options();
	struct tarn__config *before = make_validating(&options);
	static const char *const insecure[] = {"test.example", "new.example"};
	options.dnssec.insecure = insecure;
	options.dnssec.insecure_count = 2;
	struct tarn__config *after = make_validating(&options);
	ck_assert(!moves_type(before, after, "new.example", TARN__TYPE_DS));
	ck_assert(moves_type(before, after, "a.new.example", TARN__TYPE_DS));
	ck_assert(!moves_type(before, after, ".", TARN__TYPE_DS));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

START_TEST(zone_that_is_validated_now_is_another_one)
{
	struct tarn_options options = validating_options();
	struct tarn__config *before = make_validating(&options);
	struct tarn_forward forwards[7];
	memcpy(forwards, options.forwards, sizeof forwards);
	forwards[0].validate = true;
	options.forwards = forwards;
	struct tarn__config *after = make_validating(&options);
	ck_assert(!shares_zone(after, before, 1));
	ck_assert(shares_zone(after, before, 2));
	ck_assert(shares_zone(after, before, 0));
	tarn__config_put(after);
	options.dnssec.validate = false;
	after = make(&options);
	ck_assert(!shares_zone(after, before, 0));
	tarn__config_put(after);
	tarn__config_put(before);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static TCase *make_validation(void)
{
	TCase *tcase = tcase_create("validation");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, without_validation_there_are_no_anchors);
	if (tarn__signature_load()) {
		tcase_add_test(tcase, validation_without_the_library_is_refused);
		return tcase;
	}
	tcase_add_loop_test(tcase, validation_that_cannot_be_is_refused, 0, COUNT(refused));
	tcase_add_loop_test(tcase, names_have_the_closest_anchor, 0, COUNT(anchored));
	tcase_add_test(tcase, all_special_names_may_be_passed);
	tcase_add_test(tcase, zones_with_anchors_are_validated);
	tcase_add_test(tcase, anchors_are_shared_by_all_that_follow);
	tcase_add_loop_test(tcase, names_move_with_their_anchors, 0, COUNT(changes));
	tcase_add_test(tcase, same_anchors_move_nothing);
	tcase_add_test(tcase, ds_moves_with_the_anchor_above_it);
	tcase_add_test(tcase, zone_that_is_validated_now_is_another_one);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, names_have_zones_and_zones_have_servers);
	tcase_add_loop_test(tcase, zone_that_is_none_is_said, 0, sizeof faults / sizeof faults[0]);
	tcase_add_test(tcase, zone_with_a_slash_is_a_name);
	tcase_add_loop_test(tcase, longer_prefix_has_the_zone_that_networks_share, 0, 4);
	tcase_add_test(tcase, zone_goes_by_a_name_of_its_own);
	tcase_add_loop_test(tcase, network_of_which_nothing_is_left_is_refused, 0, 2);
	tcase_add_test(tcase, servers_are_limited_by_zone_and_in_all);
	tcase_add_test(tcase, servers_have_the_source_of_their_family);
	tcase_add_test(tcase, servers_with_other_traits_are_others);
	tcase_add_loop_test(tcase, encrypted_servers_are_who_they_should_be, 0,
			    sizeof secure_servers / sizeof secure_servers[0]);
	tcase_add_test(tcase, servers_with_other_names_answer_otherwise);
	tcase_add_test(tcase, ports_to_avoid_are_those_of_all_that_follow);
	tcase_add_test(tcase, failures_are_remembered_within_bounds);
	tcase_add_test(tcase, other_upstreams_leave_the_rest_as_it_is);
	tcase_add_test(tcase, equal_endpoints_are_taken_over_once_each_and_in_their_zone);
	tcase_add_test(tcase, names_move_with_their_zones_servers);
	tcase_add_test(tcase, zone_gets_other_servers_and_stays_the_zone);
	tcase_add_test(tcase, zone_that_is_none_gets_no_servers);
	tcase_add_test(tcase, server_with_a_name_is_the_same_at_any_address);
	tcase_add_test(tcase, names_of_a_zone_move_when_its_chains_are_followed);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, make_validation());
	return unit_run(suite);
}
