/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/sections.c, type_dns.c, type_hours.c, type_list.c, type_path.c,
 * daemon/config/policy_check.c: what a configuration file says of lists, groups, local names,
 * filters and DNS64, and its faults; and that what --check prints of it reads the same.
 */

#include "config.h"

#include "daemon/config/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/policy/groups.h"
#include "crypto/hmac.h"
#include "daemon/config/check.h"
#include "daemon/config/completion.h"
#include "daemon/settings/sections.h"
#include "support/unit.h"

static char path[] = "/tmp/tarn-policy-XXXXXX";
static struct tarn__log quiet;
static struct tarn__diagnostics diagnostics;
static struct tarn__settings *settings;
static char fault_text[65536];

static void setup(void)
{
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	tarn__settings_free(settings);
	settings = NULL;
	tarn__diagnostics_fini(&diagnostics);
	tarn__log_fini(&quiet);
	unlink(path);
}

/* Loads a file with this text. Its name in faults is cut to "f". */
static void load(const char *text)
{
	char fault[TARN__FAULT_MAX];
	char *argv[] = {"tarn", "-c", path, NULL};
	struct tarn__command_line command;
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(tarn__command_line_parse(3, argv, &command, fault), 0);
	tarn__settings_free(settings);
	tarn__diagnostics_fini(&diagnostics);
	settings = tarn__configuration_load(&command, false, &diagnostics);
	tarn__command_line_fini(&command);
	char *end = fault_text;
	for (size_t i = 0; i < diagnostics.count; i++) {
		for (const char *c = diagnostics.items[i].text; *c; c++) {
			if (strncmp(c, path, strlen(path)) == 0) {
				*end++ = 'f';
				c += strlen(path) - 1;
			} else {
				*end++ = *c;
			}
		}
		*end++ = '\n';
	}
	*end = '\0';
}

static void say(const char *text)
{
	load(text);
	ck_assert_msg(settings != NULL, "%s", fault_text);
}

static void complete(void)
{
	ck_assert_int_eq(tarn__settings_complete(settings, "/nonexistent", &diagnostics, &quiet),
			 0);
}

/* ---- what it means --------------------------------------------------------------------------- */

START_TEST(local_names_have_their_words)
{
	say("local { hosts = { /etc/hosts, /etc/hosts.d } leases = { \"/var/l 1\", /var/l2 }\n"
	    "domain = lan zone = { lan, 168.192.in-addr.arpa. }\n"
	    "record = { \"nas.lan A 192.168.1.9\", 'x.lan 60 IN TXT \"a b\"' }\n"
	    "record += \"*.apps.lan 1h30m CNAME nas.lan.\"\n"
	    "ttl = 5m only = yes }\nstate = /var/tarn\n");
	ck_assert_uint_eq(settings->local_hosts.count, 2);
	ck_assert_str_eq(settings->local_hosts.items[1], "/etc/hosts.d");
	ck_assert_uint_eq(settings->local_leases.count, 2);
	ck_assert_str_eq(settings->local_leases.items[0], "/var/l 1");
	ck_assert_str_eq(settings->local_domain, "lan");
	ck_assert_uint_eq(settings->local_zones.count, 2);
	ck_assert_uint_eq(settings->local_records.count, 3);
	ck_assert_str_eq(settings->local_records.items[1], "x.lan 60 IN TXT \"a b\"");
	ck_assert_str_eq(settings->local_records.items[2], "*.apps.lan 1h30m CNAME nas.lan.");
	ck_assert_int_eq(settings->local_ttl, 300);
	ck_assert(settings->resolver.local_only);
	ck_assert_str_eq(settings->state, "/var/tarn");
	say("local { hosts = none }\nstate = none");
	complete();
	ck_assert_uint_eq(settings->local_hosts.count, 0);
	ck_assert_str_eq(settings->state, "none");
}
END_TEST

START_TEST(filters_and_dns64_have_their_words)
{
	say("filter { private = yes private-ok = { plex.direct } no = { AAAA, https, TYPE99, aaaa "
	    "}\n"
	    "clients = { 10.0.0.0/8, fd00::/8 } }\n"
	    "dns64 { prefix = { 64:ff9b::/96, 2001:db8:0:0::/64 } exclude = { a, b }\n"
	    "clients = 2001:db8::/32 }\n"
	    "cache { min-ttl = 1h max-ttl = 86400 max-negative-ttl = 1 }\n");
	ck_assert(settings->resolver.filter_private);
	ck_assert_str_eq(settings->private_ok.items[0], "plex.direct");
	ck_assert_uint_eq(settings->filter_types.count, 3);
	ck_assert_uint_eq(settings->filter_types.items[0], 28);
	ck_assert_uint_eq(settings->filter_types.items[1], 65);
	ck_assert_uint_eq(settings->filter_types.items[2], 99);
	ck_assert_uint_eq(settings->filter_clients.count, 2);
	ck_assert_uint_eq(settings->dns64_prefixes.count, 2);
	ck_assert_uint_eq(settings->dns64_prefixes.items[0].prefix_len, 96);
	ck_assert_uint_eq(settings->dns64_excluded.count, 2);
	ck_assert_uint_eq(settings->dns64_clients.count, 1);
	ck_assert_uint_eq(settings->resolver.min_ttl, 3600);
	ck_assert_uint_eq(settings->resolver.max_ttl, 86400);
	ck_assert_uint_eq(settings->resolver.max_negative_ttl, 1);
}
END_TEST

START_TEST(lists_are_in_the_order_of_the_file)
{
	say("block \"ads\" { file = { /a, /b } name = { x.example } format = adblock\n"
	    "subdomains = no answer = { 192.0.2.1, 2001:db8::1 } ttl = 1m group = { kids, default "
	    "}\n"
	    "chain = no reason = censored }\n"
	    "group kids { clients = { 192.0.2.0/28 } }\n"
	    "allow \"A b-c_d.1\" { name = y.example subdomains = yes }\n"
	    "rpz zone { file = /z primary = { 192.0.2.9, [::1]:5300 } key = /k\n"
	    "override = tcp-only ttl = 5 }\n"
	    "block own { name = z.example answer = zero }\n");
	const struct tarn__list_settings *list = settings->lists;
	ck_assert_uint_eq(settings->list_count, 4);
	ck_assert_int_eq(list[0].kind, TARN__RULE_SET_BLOCK);
	ck_assert_str_eq(list[0].name, "ads");
	ck_assert_uint_eq(list[0].files.count, 2);
	ck_assert_uint_eq(list[0].names.count, 1);
	ck_assert_int_eq(list[0].format, TARN__NAMELIST_ADBLOCK);
	ck_assert_int_eq(list[0].subdomains, TARN__NAMELIST_WITHOUT);
	ck_assert_int_eq(list[0].answer, TARN__NAMELIST_DATA);
	ck_assert_uint_eq(list[0].addresses.count, 2);
	ck_assert_uint_eq(tarn_address_port(&list[0].addresses.items[1]), 0);
	ck_assert_int_eq(list[0].ttl, 60);
	ck_assert_uint_eq(list[0].groups.count, 2);
	ck_assert(list[0].no_chain);
	ck_assert_int_eq(list[0].reason, TARN__RULE_REASON_CENSORED);
	ck_assert_uint_eq(list[0].origin.line, 1);
	ck_assert_int_eq(list[1].kind, TARN__RULE_SET_ALLOW);
	ck_assert_str_eq(list[1].name, "A b-c_d.1");
	ck_assert_int_eq(list[1].subdomains, TARN__NAMELIST_WITH);
	ck_assert_int_eq(list[2].kind, TARN__RULE_SET_RPZ);
	ck_assert_uint_eq(list[2].primaries.count, 2);
	ck_assert_uint_eq(tarn_address_port(&list[2].primaries.items[0]), 53);
	ck_assert_str_eq(list[2].key, "/k");
	ck_assert_str_eq(list[2].override, "tcp-only");
	ck_assert_int_eq(list[2].ttl, 5);
	ck_assert_int_eq(list[3].answer, TARN__NAMELIST_ZERO);
	ck_assert_uint_eq(list[3].origin.line, 8);
}
END_TEST

static const struct {
	const char *word;
	enum tarn__namelist_action answer;
} answers[] = {
	{"nxdomain", TARN__NAMELIST_NXDOMAIN},
	{"nodata", TARN__NAMELIST_NODATA},
	{"zero", TARN__NAMELIST_ZERO},
	{"refused", TARN__NAMELIST_REFUSED},
	{"{ drop }", TARN__NAMELIST_DROP},
	{"192.0.2.1", TARN__NAMELIST_DATA},
	{"{ 0.0.0.0, :: }", TARN__NAMELIST_DATA},
};

START_TEST(an_answer_is_a_word_or_addresses)
{
	char text[128];
	snprintf(text, sizeof(text), "block a { name = x answer = %s }", answers[_i].word);
	say(text);
	ck_assert_int_eq(settings->lists[0].answer, answers[_i].answer);
}
END_TEST

static const struct {
	const char *text;
	unsigned begin, end, days;
} times[] = {
	{"hours = 21:00-07:30", 21 * 60, 7 * 60 + 30, 0},
	{"hours = 0:00-24:00", 0, 24 * 60, 0},
	{"hours = 9:05-9:06", 9 * 60 + 5, 9 * 60 + 6, 0},
	{"days = mon", 0, 24 * 60, 0x02},
	{"days = { mon-wed, \"sat SUN\" }", 0, 24 * 60, 0x4f},
	{"days = \" fri-mon\t\"", 0, 24 * 60, 0x63},
	{"days = sun-sat", 0, 24 * 60, 0x7f},
	{"hours = 12:00-13:00 days = tue-tue", 12 * 60, 13 * 60, 0x04},
	{"", 0, 0, 0},
};

START_TEST(a_group_has_its_time)
{
	char text[128];
	snprintf(text, sizeof(text), "group a { clients = 192.0.2.1 %s }", times[_i].text);
	say(text);
	complete();
	ck_assert_uint_eq(settings->groups[0].begin, times[_i].begin);
	ck_assert_uint_eq(settings->groups[0].end, times[_i].end);
	ck_assert_uint_eq(settings->groups[0].days, times[_i].days);
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------------- */

/* Writes begin, count times item with its number, and end. */
static void load_many(const char *begin, const char *item, int count, const char *end)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	fputs(begin, file);
	for (int i = 0; i < count; i++) {
		for (const char *c = item; *c; c++) {
			if (*c == '#')
				fprintf(file, "%d", i);
			else
				putc(*c, file);
		}
	}
	fputs(end, file);
	fclose(file);
	load(text);
	free(text);
}

static const struct {
	const char *begin, *item, *end;
	int max;
	const char *fault;
} limits[] = {
	{"", "block b# { name = x }\n", "", TARN__LISTS_MAX,
	 "f:65: block \"b64\": too many lists (64 at most)\n"},
	{"", "group g# { clients = 10.0.0.#/32 }\n", "", TARN__GROUP_COUNT_MAX - 1,
	 "f:32: group \"g31\": too many groups (31 at most)\n"},
	{"local { record = { \"x A 192.0.2.1\"", ",\n\"x# A 192.0.2.1\"", "}}", 1023,
	 "f:1025: record x1023 A 192.0.2.1: too many records (1024 at most)\n"},
	{"block b { file = { /a", ",\n/#", "}}", 63,
	 "f:65: block \"b\": file /63: too many files (64 at most)\n"},
	{"filter { no = { A", ",\nTYPE10#", "}}", 15,
	 "f:17: no TYPE1015: too many types (16 at most)\n"},
	{"dns64 { prefix = { 64:ff9b::/96", ",\n2001:db8:#::/48", "}}", 7,
	 "f:9: prefix 2001:db8:7::/48: too many prefixes (8 at most)\n"},
	{"block b { name = x answer = { 192.0.2.77", ",\n192.0.2.#", "}}", 7,
	 "f:9: block \"b\": answer 192.0.2.7: too many addresses (8 at most)\n"},
};

START_TEST(a_limit_is_a_fault_when_it_is_passed)
{
	load_many(limits[_i].begin, limits[_i].item, limits[_i].max, limits[_i].end);
	ck_assert_msg(settings != NULL, "%s", fault_text);
	load_many(limits[_i].begin, limits[_i].item, limits[_i].max + 1, limits[_i].end);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, limits[_i].fault);
}
END_TEST

START_TEST(all_lists_together_have_so_many_files)
{
	static const char item[] = "block b# { file = { /a#, /b# } name = x }\n";
	load_many("", item, 21, "block c { name = x }\n");
	ck_assert_msg(settings != NULL, "%s", fault_text);
	load_many("", item, 21,
		  "block c { name = x }\nblock d { name = x }\nblock e { name = x }\n");
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "f:23: block \"d\": too many files in all lists together "
				     "(64 at most)\n");
}
END_TEST

START_TEST(a_name_has_so_many_characters)
{
	char text[256], name[65];
	memset(name, 'a', sizeof(name));
	snprintf(text, sizeof(text), "block %.63s { name = x }\ngroup %.31s { clients = ::1 }",
		 name, name);
	say(text);
	snprintf(text, sizeof(text), "block %.64s { name = x }", name);
	load(text);
	ck_assert_ptr_null(settings);
	ck_assert_ptr_nonnull(strstr(fault_text, ": a name has 63 characters at most\n"));
	snprintf(text, sizeof(text), "group %.32s { clients = ::1 }", name);
	load(text);
	ck_assert_ptr_null(settings);
	ck_assert_ptr_nonnull(strstr(fault_text, ": a name has 31 characters at most\n"));
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------------- */

#define NO_ANSWER "not an answer (nxdomain, nodata, zero, refused, drop, or addresses)\n"
#define NO_NAME "a name has letters, digits, \".\", \"-\", \"_\", and blanks within\n"
#define NO_PREFIX                                                                                  \
	"not a prefix of IPv6 with 32, 40, 48, 56, 64 or 96 bits of which bits 64 to 71 are "      \
	"zero\n"

static const struct {
	const char *text, *diagnostics;
} wrong[] = {
	{"block \"\" { name = x }", "f:1: block \"\": a name is needed\n"},
	{"block \"a\\\"b\" { name = x }", "f:1: block \"a\"b\": " NO_NAME},
	{"allow \"a{b}\" { name = x }", "f:1: allow \"a{b}\": " NO_NAME},
	{"rpz \"\xc3\xa4\" { file = /x }", "f:1: rpz \"\xc3\xa4\": " NO_NAME},
	{"group \" a\" { clients = ::1 }\ngroup \"a \" { clients = ::2 }",
	 "f:1: group \" a\": " NO_NAME "f:2: group \"a \": " NO_NAME},
	{"block { name = x }", "f:1: missing title for section 'block'\n"},
	{"block a { name = x }\nallow b { name = x }\nrpz a { file = /x }",
	 "f:3: rpz \"a\": a second list of this name (see f:1)\n"},
	{"group a { clients = ::1 }\ngroup a { clients = ::2 }",
	 "f:2: group \"a\": a second group of this name (see f:1)\n"},
	{"group default { clients = ::1 }",
	 "f:1: group \"default\": the group of all clients that are in no other one\n"},
	{"group a { }", "f:1: group \"a\": no clients\n"},
	{"group a { clients = { 10.0.0.0/8, ::1 } }\ngroup b { clients = { 10.0.0.0/9, ::1 } }",
	 "f:2: group \"b\": clients ::1/128: they are in group \"a\"\n"},
	{"block a { name = x\ngroup = { b, default, B } }\ngroup B { clients = ::1 }",
	 "f:1: block \"a\": group b: there is no such section\n"},
	{"block a { name = x\ngroup = { default, default } }",
	 "f:2: block \"a\": group default: named twice\n"},
	{"block a { }\nallow b { }\nrpz c { }", "f:1: block \"a\": neither a file nor a name\n"
						"f:2: allow \"b\": neither a file nor a name\n"
						"f:3: rpz \"c\": neither a file nor a primary\n"},
	{"rpz a { file = /x\nkey = /k }",
	 "f:1: rpz \"a\": key: there is no primary to use it with\n"},
	{"rpz a { primary = 192.0.2.1:0 }",
	 "f:1: rpz \"a\": primary 192.0.2.1:0: not a port (1 to 65535)\n"},
	{"rpz a { file = x }",
	 "f:1: rpz \"a\": file x: not an absolute path (one that begins with /)\n"
	 "f:1: rpz \"a\": neither a file nor a primary\n"},
	{"block a { file = { /x, /y, /x } }", "f:1: block \"a\": file /x: named twice\n"},
	{"block a { name = { x..y } name += z }",
	 "f:1: block \"a\": name x..y: not a domain name\n"},
	{"block a { name = x\nname = y }",
	 "f:2: block \"a\": name: set already in f:1 (+= adds to it)\n"},
	{"block a { name = {} }", "f:1: block \"a\": name: empty braces (leave it out, or give a "
				  "value)\n"
				  "f:1: block \"a\": neither a file nor a name\n"},
	{"block a { name = x group = {} }",
	 "f:1: block \"a\": group: empty braces (leave it out for all clients)\n"},
	{"block \"ads\" { name = x\n\nformat = host }",
	 "f:3: block \"ads\": format host: not a format (auto, hosts, domains, wildcard, adblock, "
	 "dnsmasq, unbound)\n"},
	{"block a { name = x format = rpz }",
	 "f:1: block \"a\": format rpz: not a format (auto, hosts, domains, wildcard, adblock, "
	 "dnsmasq, unbound); rpz has a section of its own\n"},
	{"block a { name = x subdomains = auto }",
	 "f:1: block \"a\": subdomains auto: neither yes nor no\n"},
	{"block a { name = x answer = null }", "f:1: block \"a\": answer null: " NO_ANSWER},
	{"block a { name = x answer = passthru }", "f:1: block \"a\": answer passthru: " NO_ANSWER},
	{"block a { name = x answer = { zero, drop, 192.0.2.1 } }",
	 "f:1: block \"a\": answer drop: drop stands alone\n"
	 "f:1: block \"a\": answer 192.0.2.1: zero stands alone\n"},
	{"block a { name = x answer = { 192.0.2.1, zero } }",
	 "f:1: block \"a\": answer zero: zero stands alone\n"},
	{"block a { name = x answer = { 192.0.2.1:53, fe80::1%eth0, [::1]:1 } }",
	 "f:1: block \"a\": answer 192.0.2.1:53: an address without a port and an interface\n"
	 "f:1: block \"a\": answer fe80::1%eth0: an address without a port and an interface\n"
	 "f:1: block \"a\": answer [::1]:1: an address without a port and an interface\n"},
	{"block a { name = x ttl = 0 }\nblock b { name = x ttl = 2d }",
	 "f:1: block \"a\": ttl 0: out of bounds (1s to 1d)\n"
	 "f:2: block \"b\": ttl 2d: out of bounds (1s to 1d)\n"},
	{"block a { name = x reason = law }",
	 "f:1: block \"a\": reason law: not a reason (blocked, censored, filtered)\n"},
	{"allow a { name = x answer = zero }",
	 "f:1: answer: unknown word in section allow (section block has it)\n"},
	{"rpz a { file = /x name = x }",
	 "f:1: name: unknown word in section rpz (section block has it)\n"},
	{"rpz a { file = /x override = refused }",
	 "f:1: rpz \"a\": override refused: not an action (nxdomain, nodata, passthru, drop, "
	 "tcp-only, disabled)\n"},
	{"rpz a { primary = x }", "f:1: rpz \"a\": primary x: not an IP address\n"
				  "f:1: rpz \"a\": neither a file nor a primary\n"},
	{"group a { clients = 10.0.0.1/8 }",
	 "f:1: group \"a\": clients 10.0.0.1/8: not a prefix length that fits the address\n"
	 "f:1: group \"a\": no clients\n"},
	{"group a { clients = ::1 hours = 7-8 }",
	 "f:1: group \"a\": hours 7-8: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 07:60-08:00 }",
	 "f:1: group \"a\": hours 07:60-08:00: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 07:00-24:01 }",
	 "f:1: group \"a\": hours 07:00-24:01: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 24:00-07:00 }",
	 "f:1: group \"a\": hours 24:00-07:00: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 07:00-08:00x }",
	 "f:1: group \"a\": hours 07:00-08:00x: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 007:00-08:0 }",
	 "f:1: group \"a\": hours 007:00-08:0: not hours (such as 21:00-07:00)\n"},
	{"group a { clients = ::1 hours = 07:00-07:00 }",
	 "f:1: group \"a\": hours 07:00-07:00: they begin when they end\n"},
	{"group a { clients = ::1 days = { mo, mon-, monday, \"\", \" \", \"mon x\" } }",
	 "f:1: group \"a\": days mo: not days (such as mon, or mon-fri)\n"
	 "f:1: group \"a\": days mon-: not days (such as mon, or mon-fri)\n"
	 "f:1: group \"a\": days monday: not days (such as mon, or mon-fri)\n"
	 "f:1: group \"a\": days : not days (such as mon, or mon-fri)\n"
	 "f:1: group \"a\": days  : not days (such as mon, or mon-fri)\n"
	 "f:1: group \"a\": days mon x: not days (such as mon, or mon-fri)\n"},
	{"local { hosts = { none, /x } }", "f:1: hosts /x: none stands alone\n"},
	{"local { hosts = { /x, none } }", "f:1: hosts none: none stands alone\n"},
	{"local { hosts = x }", "f:1: hosts x: not an absolute path (one that begins with /)\n"},
	{"local { leases = none }",
	 "f:1: leases none: not an absolute path (one that begins with /)\n"},
	{"local { domain = a..b }", "f:1: domain a..b: not a domain name\n"},
	{"local { domain = . }", "f:1: domain .: the root, which has all names below it\n"},
	{"local { zone = { lan, \"\", . } }",
	 "f:1: zone : not a domain name\nf:1: zone .: the root, which has all names below it\n"},
	{"local { record = \"x.lan A\" }", "f:1: record x.lan A: A: a field is missing\n"},
	{"local { record = \"x.lan CH TXT a\" }", "f:1: record x.lan CH TXT a: not of class IN\n"},
	{"local { ttl = 0 }", "f:1: ttl 0: out of bounds (1s to 1d)\n"},
	{"local { only = maybe }", "f:1: only maybe: neither yes nor no\n"},
	{"filter { no = { AAA, ANY, OPT } }",
	 "f:1: no AAA: not a type of records (such as AAAA)\nf:1: no ANY: a type that no record "
	 "has\nf:1: no OPT: a type that no record has\n"},
	{"filter { private-ok = a..b }", "f:1: private-ok a..b: not a domain name\n"},
	{"dns64 { prefix = { 64:ff9b::/95, 10.0.0.0/8, 2001:db8::/33, 2001:db8:0:0:ff00::/96 } }",
	 "f:1: prefix 64:ff9b::/95: " NO_PREFIX "f:1: prefix 10.0.0.0/8: " NO_PREFIX
	 "f:1: prefix 2001:db8::/33: " NO_PREFIX "f:1: prefix 2001:db8:0:0:ff00::/96: " NO_PREFIX},
	{"dns64 { prefix = 64:ff9b::1/96 }",
	 "f:1: prefix 64:ff9b::1/96: not a prefix length that fits the address\n"},
	{"cache { min-ttl = 2h }\n", "f:1: min-ttl 2h: out of bounds (1h at most)\n"},
	{"cache { max-ttl = 0 max-negative-ttl = 2h }\n",
	 "f:1: max-ttl 0: out of bounds (1s to 1d)\n"
	 "f:1: max-negative-ttl 2h: out of bounds (1s to 1h)\n"},
	{"state = x", "f:1: state x: not an absolute path (one that begins with /)\n"},
};

START_TEST(a_fault_has_its_section_and_its_reason)
{
	load(wrong[_i].text);
	ck_assert_str_eq(fault_text, wrong[_i].diagnostics);
	ck_assert_ptr_null(settings);
}
END_TEST

/* ---- what is printed reads the same ---------------------------------------------------------- */

/* The configuration as --check prints it, without remarks: the origins differ. */
static char *print(void)
{
	char *text = NULL, *out;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	tarn__check(settings, file);
	fclose(file);
	out = text;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *remark = line;
		while (remark < end && !(remark[0] == '#' && remark[1] == ' '))
			remark++;
		while (remark > line && (remark[-1] == ' ' || remark[-1] == '\t'))
			remark--;
		memmove(out, line, (size_t)(remark - line));
		out += remark - line;
		*out++ = '\n';
	}
	*out = '\0';
	return text;
}

static const char *const files[] = {
	"",
	"local { hosts = none }\nstate = none",
	"local { hosts = { \"/a b\", '/c\"d\\e${f}', /etc/hosts } leases = /l domain = lan zone = "
	"lan "
	"record = { 'x.lan TXT \"a \\\"b\\\" \\\\ $c {\" \"\\127\"', \"y.lan A 192.0.2.1\" } ttl = "
	"7 "
	"only = yes }",
	"filter { private = yes private-ok = { a, b.c } no = { A, TYPE65280 } clients = { ::1 } }",
	"dns64 { prefix = { 64:ff9b::/96, 2001:db8::/32 } exclude = a clients = 10.0.0.0/8 }",
	"cache { min-ttl = 90 max-ttl = 2h max-negative-ttl = 59m }",
	"group a { clients = { 10.0.0.1, ::/0 } hours = 7:05-24:00 days = { sat, sun } }\n"
	"group \"b c\" { clients = 10.0.0.2 days = mon-fri }\n"
	"block x { file = /x group = a }\n"
	"block y { name = { a, b } format = hosts group = { a, default } answer = refused }\n"
	"block z { name = a answer = { 192.0.2.1, ::1, 2001:db8::1 } ttl = 1h chain = no reason = "
	"censored subdomains = yes }\n"
	"allow v { file = { /y, \"/z 1\" } format = dnsmasq subdomains = no group = \"b c\" }\n"
	"rpz w { primary = { ::1, 192.0.2.1:5300 } key = \"/k\" override = disabled group = \"b "
	"c\" "
	"reason = blocked }\n"
	"rpz w2 { file = /x ttl = 1 }\n",
};

START_TEST(what_is_printed_reads_the_same)
{
	char *first, *second;
	say(files[_i]);
	complete();
	first = print();
	size_t list_count = settings->list_count;
	say(first);
	complete();
	second = print();
	ck_assert_str_eq(first, second);
	ck_assert_uint_eq(settings->list_count, list_count);
	free(first);
	free(second);
}
END_TEST

/* Each statement that may be in a section is in some of the files above, and in print. */
START_TEST(each_word_of_a_section_is_printed)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		char word[64];
		bool is_there = false;
		if (row->scope != TARN__SCOPE_LIST && row->scope != TARN__SCOPE_GROUP)
			continue;
		snprintf(word, sizeof(word), "\n\t%s = ", row->word);
		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++) {
			say(files[j]);
			complete();
			char *text = print();
			is_there |= strstr(text, word) != NULL;
			free(text);
		}
		ck_assert_msg(is_there, "no %s", row->word);
	}
}
END_TEST

#define LENGTH(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	/* The last file has a key. */
	bool has_keys = tarn__hmac_is_built();
	Suite *suite = suite_create("policy_sections");
	TCase *meaning = tcase_create("meaning");
	tcase_add_checked_fixture(meaning, setup, teardown);
	tcase_add_test(meaning, local_names_have_their_words);
	tcase_add_test(meaning, filters_and_dns64_have_their_words);
	if (has_keys)
		tcase_add_test(meaning, lists_are_in_the_order_of_the_file);
	tcase_add_loop_test(meaning, an_answer_is_a_word_or_addresses, 0, LENGTH(answers));
	tcase_add_loop_test(meaning, a_group_has_its_time, 0, LENGTH(times));
	suite_add_tcase(suite, meaning);

	TCase *refused = tcase_create("faults");
	tcase_add_checked_fixture(refused, setup, teardown);
	tcase_add_loop_test(refused, a_limit_is_a_fault_when_it_is_passed, 0, LENGTH(limits));
	tcase_add_test(refused, all_lists_together_have_so_many_files);
	tcase_add_test(refused, a_name_has_so_many_characters);
	tcase_add_loop_test(refused, a_fault_has_its_section_and_its_reason, 0, LENGTH(wrong));
	suite_add_tcase(suite, refused);

	TCase *printed = tcase_create("print");
	tcase_add_checked_fixture(printed, setup, teardown);
	tcase_add_loop_test(printed, what_is_printed_reads_the_same, 0,
			    LENGTH(files) - (has_keys ? 0 : 1));
	if (has_keys)
		tcase_add_test(printed, each_word_of_a_section_is_printed);
	suite_add_tcase(suite, printed);
	return unit_run(suite);
}
