/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/, daemon/config/command_line.c: what each command line means, and which fault it
 * shows.
 */

#include "daemon/config/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings/sections.h"
#include "support/unit.h"

enum { ARGUMENTS_MAX = 32 };

static char fault[TARN__FAULT_MAX];

static struct tarn__command_line command;
static struct tarn__settings *settings;

static void setup(void)
{
	settings = tarn__settings_new();
	ck_assert_ptr_nonnull(settings);
}

static void teardown(void)
{
	tarn__settings_free(settings);
	tarn__command_line_fini(&command);
}

/* Parses "tarn" followed by the words of line. */
static int parse(const char *line)
{
	static char words[512];
	char *argv[ARGUMENTS_MAX + 1] = {"tarn"};
	int argc = 1;
	ck_assert_uint_lt(strlen(line), sizeof(words));
	strcpy(words, line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		ck_assert_int_lt(argc, ARGUMENTS_MAX);
		argv[argc++] = word;
	}
	fault[0] = '\0';
	tarn__command_line_fini(&command);
	return tarn__command_line_parse(argc, argv, &command, fault);
}

/* Adds the options of the line to settings. */
static void say(const char *line)
{
	ck_assert_msg(parse(line) == 0, "%s: %s", line, fault);
	ck_assert_int_eq(tarn__command_line_apply(&command, settings, fault), 0);
}

static int action_of(const char *line)
{
	ck_assert_msg(parse(line) == 0, "%s: %s", line, fault);
	return (int)command.action;
}

START_TEST(nothing_said_is_nothing_set)
{
	static const struct tarn__settings nothing;
	say("");
	ck_assert_int_eq(command.action, TARN__RUN);
	ck_assert_int_eq(memcmp(settings, &nothing, sizeof(nothing)), 0);
}
END_TEST

START_TEST(addresses_may_be_repeated)
{
	say("-l 127.0.0.1:5300 --listen [::1]:5300 -u 192.0.2.1 --upstream=192.0.2.2@5353");
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_uint_eq(settings->listens.count, 2);
	ck_assert_str_eq(tarn_address_format(&settings->listens.items[1], text), "[::1]:5300");
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_str_eq(tarn_address_format(&settings->upstreams.items[0], text), "192.0.2.1:53");
	ck_assert_str_eq(tarn_address_format(&settings->upstreams.items[1], text),
			 "192.0.2.2:5353");
}
END_TEST

START_TEST(upstream_has_its_transport)
{
	say("-u tcp://192.0.2.1 -u udp://192.0.2.2 -u tcp://192.0.2.1");
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_int_eq(settings->upstreams.traits[0].transport, TARN_TCP);
	ck_assert_int_eq(settings->upstreams.traits[1].transport, TARN_UDP);
}
END_TEST

START_TEST(a_listener_may_leave_its_port_to_the_system)
{
	say("-l 127.0.0.1:0");
	ck_assert_uint_eq(tarn_address_port(&settings->listens.items[0]), 0);
}
END_TEST

START_TEST(networks_and_names_may_be_repeated)
{
	say("-a 192.0.2.0/24 --allow=2001:db8::/32 --pass local "
	    "--pass=10.in-addr.arpa --trust-ad --hide-identity");
	ck_assert_uint_eq(settings->allow.count, 2);
	ck_assert_uint_eq(settings->allow.items[0].prefix_len, 24);
	ck_assert_uint_eq(settings->allow.items[1].prefix_len, 32);
	ck_assert_uint_eq(settings->pass.count, 2);
	ck_assert_str_eq(settings->pass.items[1], "10.in-addr.arpa");
	ck_assert(settings->resolver.trust_ad);
	ck_assert(settings->resolver.hide_identity);
}
END_TEST

START_TEST(ports_to_avoid_are_ranges)
{
	say("--avoid-ports 5353 --avoid-ports=1024-61000 --avoid-ports 80-80");
	ck_assert_uint_eq(settings->avoid_ports.count, 3);
	ck_assert_uint_eq(settings->avoid_ports.items[0].first, 5353);
	ck_assert_uint_eq(settings->avoid_ports.items[0].last, 5353);
	ck_assert_uint_eq(settings->avoid_ports.items[1].first, 1024);
	ck_assert_uint_eq(settings->avoid_ports.items[1].last, 61000);
}
END_TEST

START_TEST(policy_goes_by_its_name)
{
	static const char *const names[] = {"fastest", "sequential", "round-robin", "parallel",
					    "strict"};
	char text[64];
	snprintf(text, sizeof(text), "--selection %s", names[_i]);
	say(text);
	ck_assert_int_eq(settings->resolver.selection, _i);
}
END_TEST

START_TEST(verbosity_counts)
{
	say("-v");
	ck_assert_uint_eq(settings->verbosity, 1);
	say("-vv --verbose");
	ck_assert_uint_eq(settings->verbosity, 4);
}
END_TEST

START_TEST(help_and_version_win_over_check)
{
	ck_assert_int_eq(action_of("--check"), TARN__CHECK);
	ck_assert_int_eq(action_of("--check --version"), TARN__VERSION);
	ck_assert_int_eq(action_of("--version --check"), TARN__VERSION);
	ck_assert_int_eq(action_of("-h --check"), TARN__HELP);
}
END_TEST

static const struct {
	const char *text;
	size_t size;
} sizes[] = {
	{"65536", 65536},
	{"64k", 65536},
	{"512k", 512 * 1024},
	{"512K", 512 * 1024},
	{"512KiB", 512 * 1024},
	{"512kB", 512 * 1000},
	{"16M", 16 * 1024 * 1024},
	{"16MiB", 16 * 1024 * 1024},
	{"16MB", 16 * 1000 * 1000},
	{"1G", 1024 * 1024 * 1024},
	{"1GiB", 1024 * 1024 * 1024},
	{"1GB", 1000 * 1000 * 1000},
};

START_TEST(sizes_have_units)
{
	char line[64];
	snprintf(line, sizeof(line), "-s %s", sizes[_i].text);
	say(line);
	ck_assert_uint_eq(settings->resolver.cache_size, sizes[_i].size);
}
END_TEST

static const struct {
	const char *text;
	int32_t seconds;
} times[] = {
	{"0", -1},    {"0d", -1},     {"1", 1},	     {"90s", 90},
	{"15m", 900}, {"12h", 43200}, {"1d", 86400}, {"30d", 2592000},
};

START_TEST(times_have_units)
{
	char line[64];
	snprintf(line, sizeof(line), "--serve-stale %s", times[_i].text);
	say(line);
	ck_assert_int_eq(settings->resolver.stale_sec, times[_i].seconds);
}
END_TEST

START_TEST(failures_have_their_spans)
{
	say("--failure-ttl 1 --max-failure-ttl 5m");
	ck_assert_int_eq(settings->resolver.failure_sec, 1);
	ck_assert_int_eq(settings->resolver.failure_max_sec, 300);
}
END_TEST

START_TEST(workers_go_up_to_their_bound)
{
	say("-w 1");
	ck_assert_uint_eq(settings->workers, 1);
	say("--workers 256");
	ck_assert_uint_eq(settings->workers, 256);
}
END_TEST

#define NOT_A_SPAN "out of bounds (1s to 5m)"
#define NOT_PORTS "not a port, or a range of them (such as 8080 or 9000-9100)"
#define NOT_A_SIZE "not a size (such as 512k, 16M, 16MiB or 1G)"
#define NOT_A_TIME "not a time (such as 30s, 15m, 12h or 1d)"
#define NOT_WORKERS "not a number of threads (1 to 256)"

#define NOT_ALONE "an address without a port: each query has a port of its own"

static const struct {
	const char *line, *fault;
} faults[] = {
	{"-l 127.0.0.1:99999", "--listen 127.0.0.1:99999: not a port (1 to 65535)"},
	{"--listen localhost", "--listen localhost: not an IP address"},
	{"-l fe80::1%no/where", "--listen fe80::1%no/where: not an interface's name"},
	{"-u 192.0.2.1:0", "--upstream 192.0.2.1:0: not a port (1 to 65535)"},
	{"-u 192.0.2.256", "--upstream 192.0.2.256: not an IP address"},
	{"--upstream=", "--upstream : not an IP address"},
	{"--selection fast", "--selection fast: not a selection (fastest, sequential, strict, "
			     "round-robin, parallel)"},
	{"--bootstrap dns.example", "--bootstrap dns.example: not an IP address"},
	{"--tls-ca ca.pem", "--tls-ca ca.pem: not an absolute path (one that begins with /)"},
	{"--discover=yes", "--discover: takes no value"},
	{"-w 0", "--workers 0: " NOT_WORKERS},
	{"-w 257", "--workers 257: " NOT_WORKERS},
	{"-w -1", "--workers -1: " NOT_WORKERS},
	{"-w 2x", "--workers 2x: " NOT_WORKERS},
	{"-w 18446744073709551617", "--workers 18446744073709551617: " NOT_WORKERS},
	{"--serve-stale 31d", "--serve-stale 31d: out of bounds (30d at most)"},
	{"--serve-stale 99999999999s", "--serve-stale 99999999999s: out of bounds (30d at most)"},
	{"--serve-stale 1w", "--serve-stale 1w: " NOT_A_TIME},
	{"--serve-stale 1dd", "--serve-stale 1dd: " NOT_A_TIME},
	{"--serve-stale -1", "--serve-stale -1: " NOT_A_TIME},
	{"--failure-ttl 0", "--failure-ttl 0: " NOT_A_SPAN},
	{"--failure-ttl 301", "--failure-ttl 301: " NOT_A_SPAN},
	{"--max-failure-ttl 6m", "--max-failure-ttl 6m: " NOT_A_SPAN},
	{"--max-failure-ttl soon", "--max-failure-ttl soon: " NOT_A_TIME},
	{"-s 0", "--cache-size 0: out of bounds (64k at least)"},
	{"-s 65535", "--cache-size 65535: out of bounds (64k at least)"},
	{"-s lots", "--cache-size lots: " NOT_A_SIZE},
	{"-s 16T", "--cache-size 16T: " NOT_A_SIZE},
	{"-s 16MBs", "--cache-size 16MBs: " NOT_A_SIZE},
	{"-s 16Mi", "--cache-size 16Mi: " NOT_A_SIZE},
	{"-s -1", "--cache-size -1: " NOT_A_SIZE},
	{"-s 18446744073709551616", "--cache-size 18446744073709551616: " NOT_A_SIZE},
	{"-s 18446744073709551615", "--cache-size 18446744073709551615: more than a machine can "
				    "address"},
	{"-s 99999999999G", "--cache-size 99999999999G: more than a machine can address"},
	{"-u quic://192.0.2.1",
	 "--upstream quic://192.0.2.1: DNS over QUIC is not supported (tls:// or https://)"},
	{"-u 192.0.2.1 -u tcp://192.0.2.1",
	 "--upstream tcp://192.0.2.1: named before, in other words"},
	{"-u 192.0.2.1:0", "--upstream 192.0.2.1:0: not a port (1 to 65535)"},
	{"-l", "--listen: needs a value (ADDR)"},
	{"--workers", "--workers: needs a value (N)"},
	{"--check=yes", "--check: takes no value"},
	{"-a 192.0.2.0/33", "--allow 192.0.2.0/33: not a prefix length that fits the address"},
	{"-a here", "--allow here: not an IP address"},
	{"--pass a..b", "--pass a..b: not a domain name"},
	{"--source 192.0.2.1:53", "--source 192.0.2.1:53: " NOT_ALONE},
	{"--source 192.0.2.1@1", "--source 192.0.2.1@1: " NOT_ALONE},
	{"--source [::1]:0", "--source [::1]:0: " NOT_ALONE},
	{"--source ::1 --source ::2", "--source ::2: a second address of the same family"},
	{"--interface a/b", "--interface a/b: not the name of a network interface"},
	{"--interface abcdefghijklmnop",
	 "--interface abcdefghijklmnop: not the name of a network interface"},
	{"--avoid-ports 0", "--avoid-ports 0: " NOT_PORTS},
	{"--avoid-ports 65536", "--avoid-ports 65536: " NOT_PORTS},
	{"--avoid-ports 9-8", "--avoid-ports 9-8: " NOT_PORTS},
	{"--avoid-ports 8-", "--avoid-ports 8-: " NOT_PORTS},
	{"--avoid-ports http", "--avoid-ports http: " NOT_PORTS},
	{"--avoid-ports 8,9", "--avoid-ports 8,9: " NOT_PORTS},
	{"--avoid-ports 1024-61440",
	 "--avoid-ports 1024-61440: it leaves fewer than 4096 ports for queries"},
	{"--avoid-ports 1024-61439 --avoid-ports 1-65535",
	 "--avoid-ports 1-65535: it leaves fewer than 4096 ports for queries"},
	{"--user=", "--user : empty"},
	{"--log-level loud", "--log-level loud: not a level (err, warning, info, debug)"},
	{"--metrics here", "--metrics here: not an IP address"},
	{"--upstraem=192.0.2.1", "--upstraem: unknown option (is --upstream meant?)"},
	{"--chekc", "--chekc: unknown option (is --check meant?)"},
	{"--nonsense", "--nonsense: unknown option (see tarn --help)"},
	{"-x", "-x: unknown option (see tarn --help)"},
	{"-vx", "-x: unknown option (see tarn --help)"},
	{"192.0.2.1", "192.0.2.1: not an option (see tarn --help)"},
	{"-v -- -l", "-l: not an option (see tarn --help)"},
};

START_TEST(a_fault_names_the_option_and_the_reason)
{
	command.action = TARN__HELP;
	ck_assert_int_eq(parse(faults[_i].line), TARN_EINVAL);
	ck_assert_str_eq(fault, faults[_i].fault);
	ck_assert_int_eq(command.action, TARN__HELP);
}
END_TEST

START_TEST(a_socket_has_a_short_path)
{
	char line[160], text[sizeof(line) + 64];
	snprintf(line, sizeof(line), "--dnstap /%0*d", 106, 0);
	say(line);
	ck_assert_uint_eq(strlen(settings->dnstap), 107);
	snprintf(line, sizeof(line), "--dnstap /%0*d", 107, 0);
	ck_assert_int_eq(parse(line), TARN_EINVAL);
	snprintf(text, sizeof(text), "%s: too long for a socket (107 octets at most)", line);
	ck_assert_str_eq(fault, text);
}
END_TEST

START_TEST(operations_have_their_options)
{
	say("--source 192.0.2.7 --source 2001:db8::7 --interface wg0 --user nobody --no-sandbox "
	    "--query-log stderr --control none --control-group adm --metrics ::1");
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_str_eq(tarn_address_format(&settings->resolver.source.ipv4, text), "192.0.2.7:0");
	ck_assert_str_eq(tarn_address_format(&settings->resolver.source.ipv6, text),
			 "[2001:db8::7]:0");
	ck_assert_str_eq(settings->resolver.source.interface, "wg0");
	ck_assert_str_eq(settings->user, "nobody");
	ck_assert(settings->no_sandbox);
	ck_assert_str_eq(settings->query_log, "stderr");
	ck_assert_str_eq(settings->control, "none");
	ck_assert_str_eq(settings->control_group, "adm");
	ck_assert_str_eq(tarn_address_format(&settings->metrics.items[0], text), "[::1]:9153");
	say("--query-log none");
	ck_assert_ptr_null(settings->query_log);
}
END_TEST

START_TEST(the_command_line_replaces_what_a_file_said)
{
	const struct tarn__option_row *upstream = NULL;
	for (size_t i = 0; i < tarn__option_count; i++) {
		if (tarn__options[i].type == &tarn__option_type_servers &&
		    tarn__options[i].scope == TARN__SCOPE_GLOBAL)
			upstream = &tarn__options[i];
	}
	ck_assert_ptr_nonnull(upstream);
	say("-u 192.0.2.1");
	struct tarn__origin *origin = &settings->origins[upstream - tarn__options];
	*origin = (struct tarn__origin){.by = TARN__BY_FILE, .line = 1, .file = "tarn.conf"};
	say("-u 192.0.2.2 -u 192.0.2.3");
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_str_eq(tarn_address_format(&settings->upstreams.items[0], text), "192.0.2.2:53");
	ck_assert_int_eq(origin->by, TARN__BY_COMMAND_LINE);
}
END_TEST

START_TEST(settings_are_compared_option_by_option)
{
	struct tarn__settings *other = tarn__settings_new();
	say("-w 2 -u 192.0.2.1");
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *option = &tarn__options[i];
		if (!option->type || option->scope != TARN__SCOPE_GLOBAL)
			continue;
		bool is_said = tarn__option_field(option, settings) == &settings->workers ||
			       option->type == &tarn__option_type_servers;
		ck_assert_int_eq(tarn__option_is_same(option, settings, other), !is_said);
		ck_assert(tarn__option_is_same(option, settings, settings));
	}
	tarn__settings_free(other);
}
END_TEST

/* A struct of the row's scope with nothing set. */
static void *base_of(const struct tarn__option_row *row)
{
	static union {
		struct tarn__forward_settings forward;
		struct tarn__list_settings list;
		struct tarn__group_settings group;
	} section;
	if (row->scope == TARN__SCOPE_GLOBAL)
		return settings;
	memset(&section, 0, sizeof(section));
	return &section;
}

/* Of a row with bounds: the default is within them, and each is read as it is written. */
static void check_bounds(const struct tarn__option_row *row)
{
	void *base = base_of(row), *field = tarn__option_field(row, base);
	const int64_t numbers[] = {row->min, row->max, row->default_number};
	ck_assert_int_le(row->min, row->default_number ? row->default_number : row->max);
	ck_assert(row->max == 0 || row->default_number <= row->max);
	for (size_t i = 0; i < 3; i++) {
		struct tarn__option_row bound = *row;
		if (numbers[i] == 0)
			continue;
		bound.default_number = numbers[i];
		row->type->reset(field);
		tarn__option_set_default(&bound, base);
		char *text = tarn__option_text(row, base), *again;
		ck_assert_str_ne(text, "");
		row->type->reset(field);
		ck_assert_msg(row->type->parse(row, field, text, fault) == 0, "%s %s: %s",
			      row->word, text, fault);
		again = tarn__option_text(row, base);
		ck_assert_str_eq(again, text);
		free(text);
		free(again);
	}
}

START_TEST(each_row_is_complete)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		bool is_number = row->type == &tarn__option_type_number;
		if (!row->type)
			continue;
		ck_assert(row->word || row->name);
		ck_assert_msg(!row->name || row->help, "--%s has no help", row->name);
		ck_assert(is_number == (row->unit != NULL));
		ck_assert((row->type == &tarn__option_type_addresses ||
			   row->type == &tarn__option_type_address) == (row->port != 0));
		const struct tarn__section_kind *kind =
			row->section ? tarn__section_kind_find(row->section) : NULL;
		ck_assert_int_eq(row->scope, kind ? kind->scope : TARN__SCOPE_GLOBAL);
		ck_assert(row->scope == TARN__SCOPE_GLOBAL || !row->name);
		if (row->scope == TARN__SCOPE_GLOBAL)
			ck_assert_ptr_eq(
				tarn__option_find(settings, tarn__option_field(row, settings)),
				row);
		if (is_number || row->type == &tarn__option_type_time ||
		    row->type == &tarn__option_type_ttl ||
		    row->type == &tarn__option_type_milliseconds) {
			ck_assert_int_gt(row->max, 0);
			ck_assert_int_le(row->max, INT32_MAX);
		}
		if (row->min || row->max)
			check_bounds(row);
	}
}
END_TEST

/* The set of a section is 64 bits; sections that share a row share its scope. */
START_TEST(each_row_of_a_section_has_a_bit)
{
	uint64_t taken[TARN__SCOPE_GROUP + 1] = {0};
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		unsigned bit = tarn__option_bit(row);
		if (row->scope == TARN__SCOPE_GLOBAL)
			continue;
		ck_assert_uint_lt(bit, 64);
		ck_assert_uint_eq(taken[row->scope] >> bit & 1, 0);
		taken[row->scope] |= UINT64_C(1) << bit;
		ck_assert_ptr_eq(tarn__option_find_word(row->section, row->word), row);
		for (size_t j = 0; j < 2 && row->also_in[j]; j++) {
			ck_assert_ptr_eq(tarn__option_find_word(row->also_in[j], row->word), row);
			ck_assert_int_eq(tarn__section_kind_find(row->also_in[j])->scope,
					 row->scope);
		}
	}
	ck_assert_ptr_null(tarn__option_find_word("allow", "answer"));
	ck_assert_ptr_null(tarn__option_find_word(NULL, "answer"));
	ck_assert_ptr_null(tarn__section_kind_find("cache"));
}
END_TEST

START_TEST(a_default_does_not_replace_what_is_set)
{
	const struct tarn__option_row *size =
		tarn__option_find(settings, &settings->resolver.cache_size);
	tarn__option_set_default(size, settings);
	ck_assert_uint_eq(settings->resolver.cache_size, TARN_CACHE_SIZE_DEFAULT);
	say("-s 64k");
	tarn__option_set_default(size, settings);
	ck_assert_uint_eq(settings->resolver.cache_size, 65536);
	say("--serve-stale 0");
	tarn__option_set_default(tarn__option_find(settings, &settings->resolver.stale_sec),
				 settings);
	ck_assert_int_eq(settings->resolver.stale_sec, -1);
}
END_TEST

START_TEST(too_many_addresses_are_refused)
{
	char *argv[2 * TARN__ADDRESSES_MAX + 4] = {"tarn"};
	char texts[TARN__ADDRESSES_MAX + 1][24];
	int argc = 1;
	for (int i = 0; i <= TARN__ADDRESSES_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "192.0.2.%d", i + 1);
		argv[argc++] = "-u";
		argv[argc++] = texts[i];
	}
	ck_assert_int_eq(tarn__command_line_parse(argc - 2, argv, &command, fault), 0);
	ck_assert_int_eq(tarn__command_line_parse(argc, argv, &command, fault), TARN_EINVAL);
	ck_assert_str_eq(fault, "--upstream 192.0.2.65: too many addresses (64 at most)");
}
END_TEST

/* A path of the installation may be longer than a line. */
static bool is_one_word(const char *line, const char *end)
{
	const char *word = line + strspn(line, " ");
	return strcspn(word, " \n") == (size_t)(end - word);
}

/* A value of a statement that the command line does not have. */
static int read_value(const char *word, const char *text)
{
	const struct tarn__option_row *row = tarn__option_find_word("shared", word);
	ck_assert_ptr_nonnull(row);
	return row->type->parse(row, tarn__option_field(row, settings), text, fault);
}

static const struct {
	const char *text;
	uint32_t ms;
	const char *written, *fault;
} waits[] = {
	{"1ms", 1, "1ms", NULL},
	{"5ms", 5, "5ms", NULL},
	{"999ms", 999, "999ms", NULL},
	{"1000ms", 1000, "1s", NULL},
	{"1s", 1000, "1s", NULL},
	{"0ms", 0, NULL, "out of bounds (1ms to 1s)"},
	{"1001ms", 0, NULL, "out of bounds (1ms to 1s)"},
	{"2s", 0, NULL, "out of bounds (1ms to 1s)"},
	{"18446744073709551s", 0, NULL, "out of bounds (1ms to 1s)"},
	{"18446744073709551616ms", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
	{"5", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
	{"5m", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
	{"ms", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
	{"-5ms", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
	{"5ms ", 0, NULL, "not a time with its unit (such as 5ms or 1s)"},
};

START_TEST(a_wait_has_its_unit)
{
	const struct tarn__option_row *row = tarn__option_find_word("shared", "wait");
	settings->resolver.second.wait_ms = 77;
	if (waits[_i].fault) {
		ck_assert_int_eq(read_value("wait", waits[_i].text), TARN_EINVAL);
		ck_assert_str_eq(fault, waits[_i].fault);
		ck_assert_uint_eq(settings->resolver.second.wait_ms, 77);
		return;
	}
	ck_assert_int_eq(read_value("wait", waits[_i].text), 0);
	ck_assert_uint_eq(settings->resolver.second.wait_ms, waits[_i].ms);
	char *text = tarn__option_text(row, settings);
	ck_assert_str_eq(text, waits[_i].written);
	free(text);
}
END_TEST

START_TEST(one_address_takes_the_place_of_another)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_int_eq(read_value("server", "192.0.2.1"), 0);
	ck_assert_int_eq(read_value("server", "store.example"), TARN_EINVAL);
	ck_assert_int_eq(read_value("server", "[2001:db8::1]:7000"), 0);
	ck_assert_uint_eq(settings->second_server.count, 1);
	ck_assert_str_eq(tarn_address_format(&settings->second_server.items[0], text),
			 "[2001:db8::1]:7000");
}
END_TEST

START_TEST(a_socket_of_a_store_has_an_absolute_path)
{
	char path[256];
	ck_assert_int_eq(read_value("socket", "run/store"), TARN_EINVAL);
	ck_assert_str_eq(fault, "not an absolute path (one that begins with /)");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	ck_assert_int_eq(read_value("socket", path), TARN_EINVAL);
	path[107] = '\0';
	ck_assert_int_eq(read_value("socket", path), 0);
	ck_assert_str_eq(settings->second_socket, path);
}
END_TEST

static const struct {
	const char *text;
	unsigned number;
	bool is_read;
} databases[] = {{"0", 0, true},   {"15", 15, true}, {"65535", 65535, true}, {"65536", 0, false},
		 {"-1", 0, false}, {"1.", 0, false}, {"", 0, false}};

START_TEST(a_database_has_a_number)
{
	int error = read_value("database", databases[_i].text);
	ck_assert_int_eq(error, databases[_i].is_read ? 0 : TARN_EINVAL);
	ck_assert_uint_eq(settings->resolver.second.database, databases[_i].number);
	if (error < 0)
		ck_assert_str_eq(fault, "not a number of a database (0 to 65535)");
}
END_TEST

START_TEST(help_fits_a_terminal_and_names_every_option)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	tarn__command_line_help(file);
	fclose(file);
	for (size_t i = 0; i < tarn__option_count; i++) {
		char name[64];
		snprintf(name, sizeof(name), " --%s ", tarn__options[i].name);
		ck_assert_msg(!tarn__options[i].name || strstr(text, name), "no %s", name);
	}
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		ck_assert_msg(end - line <= 80 || is_one_word(line, end), "%s", line);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("parse");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_said_is_nothing_set);
	tcase_add_test(tcase, addresses_may_be_repeated);
	tcase_add_test(tcase, upstream_has_its_transport);
	tcase_add_test(tcase, a_listener_may_leave_its_port_to_the_system);
	tcase_add_test(tcase, networks_and_names_may_be_repeated);
	tcase_add_test(tcase, ports_to_avoid_are_ranges);
	tcase_add_loop_test(tcase, policy_goes_by_its_name, TARN_SELECTION_FASTEST,
			    TARN_SELECTION_STRICT + 1);
	tcase_add_test(tcase, verbosity_counts);
	tcase_add_test(tcase, help_and_version_win_over_check);
	tcase_add_loop_test(tcase, times_have_units, 0, sizeof(times) / sizeof(times[0]));
	tcase_add_loop_test(tcase, sizes_have_units, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tcase, failures_have_their_spans);
	tcase_add_test(tcase, workers_go_up_to_their_bound);
	tcase_add_loop_test(tcase, a_fault_names_the_option_and_the_reason, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, a_socket_has_a_short_path);
	tcase_add_test(tcase, operations_have_their_options);
	tcase_add_test(tcase, the_command_line_replaces_what_a_file_said);
	tcase_add_test(tcase, settings_are_compared_option_by_option);
	tcase_add_test(tcase, each_row_is_complete);
	tcase_add_test(tcase, each_row_of_a_section_has_a_bit);
	tcase_add_test(tcase, a_default_does_not_replace_what_is_set);
	tcase_add_test(tcase, too_many_addresses_are_refused);
	tcase_add_loop_test(tcase, a_wait_has_its_unit, 0, sizeof(waits) / sizeof(waits[0]));
	tcase_add_test(tcase, one_address_takes_the_place_of_another);
	tcase_add_test(tcase, a_socket_of_a_store_has_an_absolute_path);
	tcase_add_loop_test(tcase, a_database_has_a_number, 0,
			    sizeof(databases) / sizeof(databases[0]));
	tcase_add_test(tcase, help_fits_a_terminal_and_names_every_option);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
