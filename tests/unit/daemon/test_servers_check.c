/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/servers_check.c: which servers may be in one group, and who is asked for addresses. */

#include "config.h"

#include "daemon/config/servers_check.h"

#include <string.h>

#include "support/unit.h"

static struct tarn__settings *settings;
static struct tarn__diagnostics diagnostics;
static char text[1024];

static void set_up(void)
{
	settings = tarn__settings_new();
	ck_assert_ptr_nonnull(settings);
}

static void tear_down(void)
{
	tarn__servers_clear(&settings->upstreams);
	tarn__settings_free(settings);
	tarn__diagnostics_fini(&diagnostics);
}

/* "192.0.2.1": in the clear. "dns.example 192.0.2.1": encrypted; with "-" for the address, not known. */
static void add(struct tarn__servers *servers, const char *server)
{
	char copy[64];
	snprintf(copy, sizeof(copy), "%s", server);
	char *address = strchr(copy, ' ');
	struct tarn_traits traits = {0};
	struct tarn_address found = {0};
	if (address) {
		*address++ = '\0';
		traits.transport = TARN_TLS;
		traits.name = copy;
	}
	if (!address || strcmp(address, "-") != 0)
		ck_assert_int_eq(tarn_address_parse(address ? address : copy, 53, &found), 0);
	ck_assert_int_eq(tarn__servers_add(servers, &found, &traits), 0);
}

static void add_all(struct tarn__servers *servers, const char *const *list)
{
	for (; *list; list++)
		add(servers, *list);
}

static const struct {
	const char *servers[4];
	enum tarn_selection selection;
	bool has_bootstrap;
	const char *fault; /* NULL: there is none */
} groups[] = {
	{{"192.0.2.1", "192.0.2.2"}, TARN_SELECTION_FASTEST, false, NULL},
	{{"a.example 192.0.2.1", "b.example 192.0.2.2"}, TARN_SELECTION_PARALLEL, false, NULL},
	{{"a.example 192.0.2.1", "192.0.2.2"}, TARN_SELECTION_SEQUENTIAL, false, NULL},
	{{"a.example 192.0.2.1", "192.0.2.2"}, TARN_SELECTION_STRICT, false, NULL},
	{{"a.example 192.0.2.1", "192.0.2.2"},
	 TARN_SELECTION_FASTEST,
	 false,
	 "192.0.2.2:53: in the clear beside encrypted servers (selection = sequential or strict "
	 "has "
	 "it asked when they fail)"},
	{{"192.0.2.2", "a.example -"},
	 TARN_SELECTION_ROUND_ROBIN,
	 false,
	 "192.0.2.2:53: in the clear beside encrypted servers (selection = sequential or strict "
	 "has "
	 "it asked when they fail)"},
	{{"a.example -"},
	 TARN_SELECTION_FASTEST,
	 false,
	 "a.example: there is no server to ask for its address (bootstrap)"},
	{{"b.example 192.0.2.1", "a.example -"},
	 TARN_SELECTION_FASTEST,
	 false,
	 "a.example: there is no server to ask for its address (bootstrap)"},
	{{"a.example -"}, TARN_SELECTION_FASTEST, true, NULL},
	{{"a.example -", "192.0.2.1"}, TARN_SELECTION_SEQUENTIAL, false, NULL},
};

START_TEST(group_is_encrypted_or_it_is_not)
{
	add_all(&settings->upstreams, groups[_i].servers);
	settings->resolver.selection = groups[_i].selection;
	if (groups[_i].has_bootstrap) {
		struct tarn_address server;
		ck_assert_int_eq(tarn_address_parse("192.0.2.9", 53, &server), 0);
		ck_assert_int_eq(tarn__addresses_add(&settings->bootstrap, &server), 0);
	}
	tarn__servers_check(settings, &diagnostics);
	if (!groups[_i].fault) {
		ck_assert_uint_eq(diagnostics.count, 0);
		return;
	}
	snprintf(text, sizeof(text), "--upstream %s", groups[_i].fault);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.items[0].text, text);
}
END_TEST

/* The servers of the root are no help for a zone: they may not know its names. */
START_TEST(zone_is_a_group_of_its_own)
{
	struct tarn__forward_settings forward = {
		.resolver = {.zone = "corp.example"},
		.origin = {.by = TARN__BY_FILE, .line = 3, .file = "tarn.conf"}};
	add(&settings->upstreams, "192.0.2.1");
	add(&forward.upstreams, "a.example -");
	struct tarn__settings all = *settings;
	all.forwards = &forward;
	all.forward_count = 1;
	tarn__servers_check(&all, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(
		diagnostics.items[0].text,
		"tarn.conf:3: upstream a.example: there is no server to ask for its address "
		"(bootstrap)");
	tarn__servers_clear(&forward.upstreams);
}
END_TEST

START_TEST(tarn_does_not_ask_itself_for_addresses)
{
	struct tarn_address own;
	ck_assert_int_eq(tarn_address_parse("127.0.0.1", 53, &own), 0);
	ck_assert_int_eq(tarn__addresses_add(&settings->listens, &own), 0);
	ck_assert_int_eq(tarn__addresses_add(&settings->bootstrap, &own), 0);
	tarn__servers_check(settings, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.items[0].text,
			 "--bootstrap 127.0.0.1:53: tarn listens there itself");
}
END_TEST

START_TEST(encrypted_servers_are_not_asked_for_their_encrypted_service)
{
	settings->discover = true;
	add(&settings->upstreams, "a.example 192.0.2.1");
	tarn__servers_check(settings, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.items[0].text,
			 "--discover yes: only for servers in the clear");
}
END_TEST

START_TEST(what_is_in_the_clear_is_said)
{
	add(&settings->upstreams, "a.example -");
	add(&settings->upstreams, "192.0.2.1");
	FILE *out = fmemopen(text, sizeof(text), "w");
	tarn__servers_remark(settings, &settings->upstreams, "\t", out);
	fclose(out);
	ck_assert_str_eq(text, "\t#   192.0.2.1:53: in the clear when the others fail\n"
			       "\t#   a.example: its address is asked of 192.0.2.1:53\n");
}
END_TEST

START_TEST(nothing_is_said_of_servers_in_the_clear_alone)
{
	add(&settings->upstreams, "192.0.2.1");
	FILE *out = fmemopen(text, sizeof(text), "w");
	tarn__servers_remark(settings, &settings->upstreams, "", out);
	fclose(out);
	ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("servers check");
	TCase *tcase = tcase_create("servers check");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, group_is_encrypted_or_it_is_not, 0,
			    sizeof(groups) / sizeof(groups[0]));
	tcase_add_test(tcase, zone_is_a_group_of_its_own);
	tcase_add_test(tcase, tarn_does_not_ask_itself_for_addresses);
	tcase_add_test(tcase, encrypted_servers_are_not_asked_for_their_encrypted_service);
	tcase_add_test(tcase, what_is_in_the_clear_is_said);
	tcase_add_test(tcase, nothing_is_said_of_servers_in_the_clear_alone);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
