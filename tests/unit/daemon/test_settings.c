/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/settings.c: settings as the options of a resolver. */

#include "daemon/settings/settings.h"

#include <stdlib.h>

#include "support/unit.h"

START_TEST(a_resolver_gets_all_of_it)
{
	struct tarn__settings settings = {.resolver = {.cache_size = 65536,
						       .selection = TARN_SELECTION_PARALLEL,
						       .source = {.interface = "eth0"},
						       .trust_ad = true}};
	struct tarn_address server;
	ck_assert_int_eq(tarn_address_parse("192.0.2.9", 53, &server), 0);
	struct tarn_traits traits = {.no_edns = true};
	struct tarn__forward_settings forwards[] = {
		{.resolver = {.zone = "corp.example",
			      .selection = TARN_SELECTION_SEQUENTIAL,
			      .source = {.interface = "wg0"},
			      .follow_cnames = true},
		 .upstreams = {.items = &server, .traits = &traits, .count = 1}},
		{.resolver = {.zone = "10.0.0.0/8"}},
	};
	ck_assert_int_eq(tarn__servers_add(&settings.upstreams, &server, &(struct tarn_traits){0}),
			 0);
	settings.forwards = forwards;
	settings.forward_count = 2;
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(&settings, &options), 0);
	ck_assert_uint_eq(options.cache_size, 65536);
	ck_assert_uint_eq(options.upstream_count, 1);
	ck_assert(tarn_address_is_equal(options.upstreams, &settings.upstreams.items[0]));
	ck_assert_int_eq(options.selection, TARN_SELECTION_PARALLEL);
	ck_assert_str_eq(options.source.interface, "eth0");
	ck_assert(options.trust_ad);
	ck_assert_uint_eq(options.forward_count, 2);
	ck_assert_str_eq(options.forwards[0].zone, "corp.example");
	ck_assert_ptr_eq(options.traits, settings.upstreams.traits);
	ck_assert_ptr_eq(options.forwards[0].traits, &traits);
	ck_assert_uint_eq(options.forwards[0].upstream_count, 1);
	ck_assert(tarn_address_is_equal(options.forwards[0].upstreams, &server));
	ck_assert_int_eq(options.forwards[0].selection, TARN_SELECTION_SEQUENTIAL);
	ck_assert_str_eq(options.forwards[0].source.interface, "wg0");
	ck_assert(options.forwards[0].follow_cnames);
	ck_assert_str_eq(options.forwards[1].zone, "10.0.0.0/8");
	ck_assert_uint_eq(options.forwards[1].upstream_count, 0);
	free((struct tarn_forward *)options.forwards);
	tarn__servers_clear(&settings.upstreams);
}
END_TEST

START_TEST(each_list_of_a_resolver_has_its_length)
{
	struct tarn__settings settings = {0};
	settings.allow.count = 1;
	settings.pass.count = 2;
	settings.avoid_ports.count = 3;
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(&settings, &options), 0);
	ck_assert_ptr_eq(options.allow, settings.allow.items);
	ck_assert_uint_eq(options.allow_count, 1);
	ck_assert_ptr_eq(options.pass, settings.pass.items);
	ck_assert_uint_eq(options.pass_count, 2);
	ck_assert_ptr_eq(options.avoid_ports, settings.avoid_ports.items);
	ck_assert_uint_eq(options.avoid_port_count, 3);
	ck_assert_ptr_null(options.forwards);
	ck_assert_ptr_null(options.log);
}
END_TEST

START_TEST(a_resolver_gets_its_filters)
{
	struct tarn__settings settings = {.resolver = {.min_ttl = 1,
						       .max_ttl = 2,
						       .max_negative_ttl = 3,
						       .local_only = true,
						       .filter_private = true}};
	settings.private_ok.count = 1;
	settings.filter_types.count = 2;
	settings.filter_clients.count = 3;
	settings.dns64_prefixes.count = 4;
	settings.dns64_excluded.count = 5;
	settings.dns64_clients.count = 6;
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(&settings, &options), 0);
	ck_assert_uint_eq(options.min_ttl, 1);
	ck_assert_uint_eq(options.max_ttl, 2);
	ck_assert_uint_eq(options.max_negative_ttl, 3);
	ck_assert(options.local_only && options.filter_private);
	ck_assert_ptr_eq(options.private_names, settings.private_ok.items);
	ck_assert_uint_eq(options.private_name_count, 1);
	ck_assert_ptr_eq(options.filter_types, settings.filter_types.items);
	ck_assert_uint_eq(options.filter_type_count, 2);
	ck_assert_ptr_eq(options.filter_clients, settings.filter_clients.items);
	ck_assert_uint_eq(options.filter_client_count, 3);
	ck_assert_ptr_eq(options.dns64_prefixes, settings.dns64_prefixes.items);
	ck_assert_uint_eq(options.dns64_prefix_count, 4);
	ck_assert_ptr_eq(options.dns64_excluded, settings.dns64_excluded.items);
	ck_assert_uint_eq(options.dns64_excluded_count, 5);
	ck_assert_ptr_eq(options.dns64_clients, settings.dns64_clients.items);
	ck_assert_uint_eq(options.dns64_client_count, 6);
}
END_TEST

START_TEST(a_resolver_gets_its_anchors)
{
	static const char *const texts[] = {"a", "b"};
	struct tarn__settings settings = {.resolver = {.dnssec = {.validate = true,
								  .anchors = texts,
								  .anchor_count = 2,
								  .clock_floor_sec = 7}}};
	struct tarn__forward_settings forward = {.resolver = {.zone = "a", .validate = true}};
	settings.forwards = &forward;
	settings.forward_count = 1;
	settings.insecure.count = 3;
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(&settings, &options), 0);
	ck_assert(options.dnssec.validate);
	ck_assert_ptr_eq(options.dnssec.anchors, texts);
	ck_assert_uint_eq(options.dnssec.anchor_count, 2);
	ck_assert_ptr_eq(options.dnssec.insecure, settings.insecure.items);
	ck_assert_uint_eq(options.dnssec.insecure_count, 3);
	ck_assert_uint_eq(options.dnssec.clock_floor_sec, 7);
	ck_assert(options.forwards[0].validate);
	free((struct tarn_forward *)options.forwards);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");
	tcase_add_test(tcase, a_resolver_gets_all_of_it);
	tcase_add_test(tcase, each_list_of_a_resolver_has_its_length);
	tcase_add_test(tcase, a_resolver_gets_its_filters);
	tcase_add_test(tcase, a_resolver_gets_its_anchors);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
