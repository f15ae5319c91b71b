/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/check.c: what tarn --check prints of settings. */

#include "daemon/config/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/settings/options.h"
#include "support/unit.h"

static char text[16384];

static void check(const struct tarn__settings *settings)
{
	FILE *file = fmemopen(text, sizeof(text), "w");
	ck_assert_ptr_nonnull(file);
	tarn__check(settings, file);
	fclose(file);
}

#define ck_assert_said(line) ck_assert_msg(strstr(text, line), "no %s in\n%s", line, text)

static void add(struct tarn__addresses *list, const char *address_text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(address_text, 53, &address), 0);
	ck_assert_int_eq(tarn__addresses_add(list, &address), 0);
}

static void add_upstream(struct tarn__settings *settings, const char *address_text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(address_text, 53, &address), 0);
	ck_assert_int_eq(
		tarn__servers_add(&settings->upstreams, &address, &(struct tarn_traits){0}), 0);
}

static struct tarn__origin *origin_of(struct tarn__settings *settings, const char *name)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		if (tarn__options[i].name && strcmp(tarn__options[i].name, name) == 0)
			return &settings->origins[i];
	}
	ck_abort_msg("no option %s", name);
}

START_TEST(each_setting_has_its_origin)
{
	struct tarn__settings settings = {.workers = 3,
					  .resolver = {.cache_size = 1 << 20,
						       .stale_sec = 90,
						       .failure_sec = 5,
						       .failure_max_sec = 60}};
	add(&settings.listens, "127.0.0.1:5300");
	add(&settings.listens, "::1");
	add_upstream(&settings, "192.0.2.1");
	*origin_of(&settings, "upstream") =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = 7, .file = "/etc/tarn.conf"};
	*origin_of(&settings, "workers") = (struct tarn__origin){.by = TARN__BY_COMMAND_LINE};
	check(&settings);
	ck_assert_said("listen {\n\taddress = { 127.0.0.1:5300, [::1]:53 }   # default\n"
		       "\t# tls: none\n\t# https: none\n\t# certificate: none\n\t# key: none\n"
		       "\t# name: none: clients are not told of TLS and HTTPS\n"
		       "\t# path: /dns-query\n\t# proxies: none\n}\n");
	ck_assert_said("\nupstream = { 192.0.2.1:53 }                      # /etc/tarn.conf:7\n");
	ck_assert_said("\nworkers = 3                                      # command line\n");
	ck_assert_said("cache {\n\tsize = 1M                                # default\n"
		       "\tserve-stale = 90s                        # default\n"
		       "\tfailure-ttl = 5s                         # default\n"
		       "\tmax-failure-ttl = 1m                     # default\n");
	ck_assert_said("\t# allow: loopback, private and link-local networks\n");
	tarn__servers_clear(&settings.upstreams);
}
END_TEST

START_TEST(servers_of_resolv_conf_are_remarks)
{
	struct tarn__settings settings = {
		.workers = 1, .has_system_upstreams = true, .has_system_trust = true};
	settings.resolver.trust_ad = true;
	add_upstream(&settings, "192.0.2.1");
	add(&settings.own_upstreams, "127.0.0.1");
	check(&settings);
	ck_assert_said("# upstream, of resolv.conf: 192.0.2.1:53\n"
		       "# not asked: it is tarn itself: 127.0.0.1:53\n");
	ck_assert_said("# trust-ad: yes, from resolv.conf\n");
	tarn__servers_clear(&settings.upstreams);
	check(&settings);
	ck_assert_said("# upstream: none: every question that needs one will fail\n");
}
END_TEST

static uint64_t bit_of(const char *section, const char *word)
{
	return UINT64_C(1) << tarn__option_bit(tarn__option_find_word(section, word));
}

START_TEST(zones_are_sections_of_their_own)
{
	struct tarn_address server;
	struct tarn_traits traits = {0};
	ck_assert_int_eq(tarn_address_parse("192.0.2.9", 53, &server), 0);
	struct tarn__forward_settings forwards[] = {
		{.resolver = {.zone = "corp.example"},
		 .upstreams = {.items = &server, .traits = &traits, .count = 1},
		 .set = bit_of("forward", "upstream"),
		 .origin = {.by = TARN__BY_FILE, .line = 4, .file = "a"}},
		{.resolver = {.zone = "10.0.0.0/8"}}};
	struct tarn__settings settings = {.workers = 1, .forwards = forwards, .forward_count = 2};
	check(&settings);
	ck_assert_said("\nforward \"corp.example\" { # a:4\n"
		       "\tupstream = { 192.0.2.9:53 }              # a:4\n"
		       "\tselection = fastest                      # default\n");
	ck_assert_said("\nforward \"10.0.0.0/8\" { # default\n"
		       "\t# upstream: none: nothing exists in this zone\n");
}
END_TEST

/*
 * What is chosen by the format of a file is not known without reading it, unless the format is
 * fixed.
 */
START_TEST(lists_and_groups_are_sections_of_their_own)
{
	struct tarn__group_settings group = {
		.name = "kids",
		.begin = 21 * 60,
		.end = 7 * 60 + 30,
		.days = 0x7f,
		.set = bit_of("group", "hours"),
		.origin = {.by = TARN__BY_FILE, .line = 3, .file = "a"}};
	struct tarn__list_settings lists[] = {
		{.kind = TARN__RULE_SET_BLOCK,
		 .name = "ads",
		 .files = {.items = {"/a b", "/c"}, .count = 2},
		 .format = TARN__NAMELIST_HOSTS,
		 .answer = TARN__NAMELIST_DATA,
		 .ttl = 10,
		 .groups = {.items = {"kids"}, .count = 1},
		 .set = bit_of("block", "file"),
		 .origin = {.by = TARN__BY_FILE, .line = 4, .file = "a"}},
		{.kind = TARN__RULE_SET_ALLOW, .name = "mine", .format = TARN__NAMELIST_ADBLOCK},
		{.kind = TARN__RULE_SET_ALLOW, .name = "own", .subdomains = TARN__NAMELIST_WITH},
		{.kind = TARN__RULE_SET_RPZ, .name = "p", .override = "disabled"}};
	struct tarn__settings settings = {
		.workers = 1, .lists = lists, .list_count = 4, .groups = &group, .group_count = 1};
	add(&lists[0].addresses, "192.0.2.1:0");
	add(&lists[0].addresses, "[2001:db8::1]:0");
	check(&settings);
	ck_assert_said("\ngroup \"kids\" { # a:3\n"
		       "\t# clients: none\n"
		       "\thours = 21:00-07:30                      # a:3\n"
		       "\tdays = { sun, mon, tue, wed, thu, fri, sat } # default\n}\n");
	ck_assert_said("\nblock \"ads\" { # a:4\n"
		       "\tfile = { \"/a b\", \"/c\" }                  # a:4\n"
		       "\t# name: none\n"
		       "\tformat = hosts                           # default\n"
		       "\t# subdomains: no, by the format hosts\n"
		       "\tanswer = { 192.0.2.1, [2001:db8::1] }    # default\n"
		       "\tttl = 10s                                # default\n"
		       "\tgroup = { \"kids\" }                       # default\n"
		       "\tchain = yes                              # default\n"
		       "\treason = blocked                         # default\n}\n");
	ck_assert_said("\nallow \"mine\" { # default\n"
		       "\t# file: none\n"
		       "\t# name: none\n"
		       "\tformat = adblock                         # default\n"
		       "\t# subdomains: as a line has it, by the format adblock\n"
		       "\t# group: all clients\n}\n");
	ck_assert_said("\tformat = auto                            # default\n"
		       "\tsubdomains = yes                         # default\n");
	ck_assert_said("\nrpz \"p\" { # default\n"
		       "\t# file: none\n"
		       "\t# ttl: \n"
		       "\t# group: all clients\n"
		       "\tchain = yes                              # default\n"
		       "\treason = blocked                         # default\n"
		       "\t# primary: none\n"
		       "\t# key: none\n"
		       "\toverride = disabled                      # default\n}\n");
}
END_TEST

static void write_file(const char *name, size_t size)
{
	FILE *file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < size; i++)
		putc('a', file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Roughly eight octets for each twenty of a file, of which nothing is read. */
START_TEST(memory_of_lists_is_that_of_their_files)
{
	char folder[] = "/tmp/tarn-check-XXXXXX", file[64], inner[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(inner, sizeof(inner), "%s/inner", folder);
	write_file(file, 51200);
	ck_assert_int_eq(mkdir(inner, 0700), 0);
	struct tarn__list_settings list = {
		.kind = TARN__RULE_SET_BLOCK,
		.name = "a",
		.files = {.items = {file, folder, "/nonexistent"}, .count = 1}};
	struct tarn__settings settings = {.workers = 1};
	check(&settings);
	ck_assert_ptr_null(strstr(text, "lists"));
	settings.lists = &list;
	settings.list_count = 1;
	check(&settings);
	ck_assert_said("lists, as large as their files are now                  20 KiB\n");
	list.files.count = 3;
	check(&settings);
	ck_assert_said("lists, as large as their files are now                  40 KiB\n");
	unlink(file);
	rmdir(inner);
	rmdir(folder);
}
END_TEST

START_TEST(memory_grows_with_what_is_told)
{
	struct tarn__settings settings = {.workers = 2, .resolver = {.cache_size = 3 << 20}};
	add_upstream(&settings, "192.0.2.1");
	check(&settings);
	ck_assert_said("answers (cache)                                          3 MiB\n");
	ck_assert_said("all servers under full load                          7.439 MiB\n");
	add_upstream(&settings, "192.0.2.2");
	check(&settings);
	ck_assert_said("all servers under full load                          14.88 MiB\n");
	tarn__servers_clear(&settings.upstreams);
	ck_assert_ptr_null(strstr(text, "on their way"));
	settings.query_log = "stderr";
	settings.dnstap = "/run/dnstap";
	check(&settings);
	ck_assert_said("lines of the query log on their way                  512.2 KiB\n");
	ck_assert_said("dnstap messages on their way, all at their longest     516 MiB\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *tcase = tcase_create("check");
	tcase_add_test(tcase, each_setting_has_its_origin);
	tcase_add_test(tcase, servers_of_resolv_conf_are_remarks);
	tcase_add_test(tcase, zones_are_sections_of_their_own);
	tcase_add_test(tcase, lists_and_groups_are_sections_of_their_own);
	tcase_add_test(tcase, memory_grows_with_what_is_told);
	tcase_add_test(tcase, memory_of_lists_is_that_of_their_files);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
