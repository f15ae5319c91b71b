/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/options.c: what each command line means, and which fault it shows. */

#include "daemon/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { ARGUMENTS_MAX = 16 };

static char fault[TARN__FAULT_MAX];

/* Parses "tarn" followed by the words of line. */
static int parse(const char *line, struct tarn__command *out)
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
	return tarn__options_parse(argc, argv, out, fault);
}

static struct tarn__command parsed(const char *line)
{
	struct tarn__command command;
	ck_assert_msg(parse(line, &command) == 0, "%s: %s", line, fault);
	return command;
}

START_TEST(nothing_said_is_nothing_set)
{
	struct tarn__command command = parsed("");
	ck_assert_int_eq(command.action, TARN__RUN);
	ck_assert_uint_eq(command.settings.listens.count, 0);
	ck_assert_uint_eq(command.settings.upstreams.count, 0);
	ck_assert_uint_eq(command.settings.workers, 0);
	ck_assert_uint_eq(command.settings.cache_size, 0);
	ck_assert_uint_eq(command.settings.verbosity, 0);
}
END_TEST

START_TEST(addresses_may_be_repeated)
{
	struct tarn__command command = parsed("-l 127.0.0.1:5300 --listen [::1]:5300 "
					      "-u 192.0.2.1 --upstream=192.0.2.2@5353");
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_uint_eq(command.settings.listens.count, 2);
	ck_assert_str_eq(tarn_address_format(&command.settings.listens.items[1], text),
			 "[::1]:5300");
	ck_assert_uint_eq(command.settings.upstreams.count, 2);
	ck_assert_str_eq(tarn_address_format(&command.settings.upstreams.items[0], text),
			 "192.0.2.1:53");
	ck_assert_str_eq(tarn_address_format(&command.settings.upstreams.items[1], text),
			 "192.0.2.2:5353");
}
END_TEST

START_TEST(a_listener_may_leave_its_port_to_the_system)
{
	struct tarn__command command = parsed("-l 127.0.0.1:0");
	ck_assert_uint_eq(tarn_address_port(&command.settings.listens.items[0]), 0);
}
END_TEST

START_TEST(networks_and_names_may_be_repeated)
{
	struct tarn__command command = parsed("-a 192.0.2.0/24 --allow=2001:db8::/32 --pass local "
					      "--pass=10.in-addr.arpa --trust-ad --hide-identity");
	ck_assert_uint_eq(command.settings.allow_count, 2);
	ck_assert_uint_eq(command.settings.allow[0].prefix_len, 24);
	ck_assert_uint_eq(command.settings.allow[1].prefix_len, 32);
	ck_assert_uint_eq(command.settings.pass_count, 2);
	ck_assert_str_eq(command.settings.pass[1], "10.in-addr.arpa");
	ck_assert(command.settings.trust_ad);
	ck_assert(command.settings.hide_identity);
}
END_TEST

START_TEST(policy_goes_by_its_name)
{
	char text[64];
	snprintf(text, sizeof(text), "--policy %s", tarn__policy_names[_i]);
	ck_assert_int_eq(parsed(text).settings.policy, _i);
}
END_TEST

START_TEST(verbosity_counts)
{
	ck_assert_uint_eq(parsed("-v").settings.verbosity, 1);
	ck_assert_uint_eq(parsed("-vv --verbose").settings.verbosity, 3);
}
END_TEST

START_TEST(help_and_version_win_over_check)
{
	ck_assert_int_eq(parsed("--check").action, TARN__CHECK);
	ck_assert_int_eq(parsed("--check --version").action, TARN__VERSION);
	ck_assert_int_eq(parsed("--version --check").action, TARN__VERSION);
	ck_assert_int_eq(parsed("-h --check").action, TARN__HELP);
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
	ck_assert_uint_eq(parsed(line).settings.cache_size, sizes[_i].size);
}
END_TEST

START_TEST(workers_go_up_to_their_bound)
{
	ck_assert_uint_eq(parsed("-w 1").settings.workers, 1);
	ck_assert_uint_eq(parsed("--workers 256").settings.workers, 256);
}
END_TEST

#define NOT_A_SIZE "not a size (such as 512k, 16M, 16MiB or 1G)"
#define NOT_WORKERS "not a number of threads (1 to 256)"

static const struct {
	const char *line, *fault;
} faults[] = {
	{"-l 127.0.0.1:99999", "--listen 127.0.0.1:99999: not a port (1 to 65535)"},
	{"--listen localhost", "--listen localhost: not an IP address"},
	{"-l fe80::1%nowhere", "--listen fe80::1%nowhere: no such network interface"},
	{"-u 192.0.2.1:0", "--upstream 192.0.2.1:0: not a port (1 to 65535)"},
	{"-u 192.0.2.256", "--upstream 192.0.2.256: not an IP address"},
	{"--upstream=", "--upstream : not an IP address"},
	{"--policy fast",
	 "--policy fast: not a policy (fastest, sequential, round-robin, parallel)"},
	{"-w 0", "--workers 0: " NOT_WORKERS},
	{"-w 257", "--workers 257: " NOT_WORKERS},
	{"-w -1", "--workers -1: " NOT_WORKERS},
	{"-w 2x", "--workers 2x: " NOT_WORKERS},
	{"-w 18446744073709551617", "--workers 18446744073709551617: " NOT_WORKERS},
	{"-s 0", "--cache-size 0: too small (64k at least)"},
	{"-s 65535", "--cache-size 65535: too small (64k at least)"},
	{"-s lots", "--cache-size lots: " NOT_A_SIZE},
	{"-s 16T", "--cache-size 16T: " NOT_A_SIZE},
	{"-s 16MBs", "--cache-size 16MBs: " NOT_A_SIZE},
	{"-s 16Mi", "--cache-size 16Mi: " NOT_A_SIZE},
	{"-s -1", "--cache-size -1: " NOT_A_SIZE},
	{"-s 18446744073709551616", "--cache-size 18446744073709551616: " NOT_A_SIZE},
	{"-s 18446744073709551615", "--cache-size 18446744073709551615: more than a machine can "
				    "address"},
	{"-s 99999999999G", "--cache-size 99999999999G: more than a machine can address"},
	{"-l", "--listen: needs a value (ADDR)"},
	{"--workers", "--workers: needs a value (N)"},
	{"--check=yes", "--check: takes no value"},
	{"-a 192.0.2.0/33", "--allow 192.0.2.0/33: not a prefix length that fits the address"},
	{"-a here", "--allow here: not an IP address"},
	{"--pass a..b", "--pass a..b: not a domain name"},
	{"--nonsense", "--nonsense: unknown option (see tarn --help)"},
	{"-x", "-x: unknown option (see tarn --help)"},
	{"-vx", "-x: unknown option (see tarn --help)"},
	{"192.0.2.1", "192.0.2.1: not an option (see tarn --help)"},
	{"-v -- -l", "-l: not an option (see tarn --help)"},
};

START_TEST(a_fault_names_the_option_and_the_reason)
{
	struct tarn__command command = {.action = TARN__HELP};
	ck_assert_int_eq(parse(faults[_i].line, &command), TARN_EINVAL);
	ck_assert_str_eq(fault, faults[_i].fault);
	ck_assert_int_eq(command.action, TARN__HELP);
}
END_TEST

START_TEST(too_many_addresses_are_refused)
{
	struct tarn__command command;
	char *argv[2 * TARN__ADDRESSES_MAX + 4] = {"tarn"};
	char texts[TARN__ADDRESSES_MAX + 1][24];
	int argc = 1;
	for (int i = 0; i <= TARN__ADDRESSES_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "192.0.2.%d", i + 1);
		argv[argc++] = "-u";
		argv[argc++] = texts[i];
	}
	ck_assert_int_eq(tarn__options_parse(argc - 2, argv, &command, fault), 0);
	ck_assert_int_eq(tarn__options_parse(argc, argv, &command, fault), TARN_EINVAL);
	ck_assert_str_eq(fault, "--upstream 192.0.2.65: too many addresses (64 at most)");
}
END_TEST

START_TEST(help_fits_a_terminal_and_names_every_option)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	tarn__options_help(file);
	fclose(file);
	static const char *const names[] = {"-l, --listen ADDR", "-u, --upstream ADDR",
					    "-w, --workers N",	 "-s, --cache-size SIZE",
					    "-a, --allow NET",	 "--pass NAME",
					    "--trust-ad",	 "--hide-identity",
					    "--check",		 "-v, --verbose",
					    "--version",	 "-h, --help"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(strstr(text, names[i]) != NULL, "no %s", names[i]);
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		ck_assert_int_le(end - line, 80);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("parse");
	tcase_add_test(tcase, nothing_said_is_nothing_set);
	tcase_add_test(tcase, addresses_may_be_repeated);
	tcase_add_test(tcase, a_listener_may_leave_its_port_to_the_system);
	tcase_add_test(tcase, networks_and_names_may_be_repeated);
	tcase_add_loop_test(tcase, policy_goes_by_its_name, TARN_FASTEST, TARN_PARALLEL + 1);
	tcase_add_test(tcase, verbosity_counts);
	tcase_add_test(tcase, help_and_version_win_over_check);
	tcase_add_loop_test(tcase, sizes_have_units, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tcase, workers_go_up_to_their_bound);
	tcase_add_loop_test(tcase, a_fault_names_the_option_and_the_reason, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, too_many_addresses_are_refused);
	tcase_add_test(tcase, help_fits_a_terminal_and_names_every_option);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
