/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/configuration.c, parse.c, text.c: the meaning of a file, and its faults. */

#include "config.h"

#include "daemon/config/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

static char directory[] = "/tmp/tarn-config-XXXXXX";
static struct tarn__diagnostics diagnostics;
static struct tarn__settings *settings;
static bool is_reload;
static char fault_text[16384];

static void setup(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void teardown(void)
{
	tarn__settings_free(settings);
	settings = NULL;
	tarn__diagnostics_fini(&diagnostics);
	ck_assert_int_eq(chdir("/"), 0);
	char command[64];
	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void write_octets(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void write_file(const char *name, const char *text)
{
	write_octets(name, text, strlen(text));
}

/* Loads what "tarn -c NAME" and more options mean. */
static void load(const char *name, const char *option, const char *value)
{
	char fault[TARN__FAULT_MAX];
	char *argv[] = {"tarn", "-c", (char *)name, (char *)option, (char *)value, NULL};
	struct tarn__command_line command;
	int argc = option ? 5 : 3;
	ck_assert_int_eq(tarn__command_line_parse(argc, argv, &command, fault), 0);
	tarn__settings_free(settings);
	tarn__diagnostics_fini(&diagnostics);
	settings = tarn__configuration_load(&command, is_reload, &diagnostics);
	tarn__command_line_fini(&command);
	char *end = fault_text;
	*end = '\0';
	for (size_t i = 0; i < diagnostics.count; i++)
		end += sprintf(end, "%s\n", diagnostics.items[i].text);
}

/* A file "f" that means something. */
static void say(const char *text)
{
	write_file("f", text);
	load("f", NULL, NULL);
	ck_assert_msg(settings != NULL, "%s", fault_text);
}

static const char *address(const struct tarn_address *address)
{
	static char text[TARN_ADDRESS_TEXT_MAX];
	return tarn_address_format(address, text);
}

START_TEST(every_word_has_its_meaning)
{
	say("listen { address = { 127.0.0.1:5300, [::1]:5301 } }\n"
	    "upstream = { 192.0.2.1, 192.0.2.2@5300 }\n"
	    "selection = sequential\n"
	    "source = { 192.0.2.7, 2001:db8::7 }\n"
	    "interface = eth0\n"
	    "avoid-ports = { 5353, 8000-8999 }\n"
	    "bootstrap = { 192.0.2.3, [2001:db8::3]:5300 }\n"
	    "discover = yes\n"
	    "tls { ca = /etc/ca.pem clock = lenient }\n"
	    "workers = 3\n"
	    "cache { size = 2MB }\n"
	    "access { allow = { 192.0.2.0/24, 2001:db8::/32 } pass = { local } hide-identity = on "
	    "}\n"
	    "trust-ad = yes\n"
	    "rotate-addresses = yes\n"
	    "user = \"nobody\"\n"
	    "sandbox = no\n"
	    "log { level = warning queries = /var/log/q dnstap = '/run/dnstap sock' }\n"
	    "control { socket = none group = adm }\n"
	    "metrics { address = { 127.0.0.1, 127.0.0.2:1 } }\n");
	ck_assert_uint_eq(settings->listens.count, 2);
	ck_assert_str_eq(address(&settings->listens.items[1]), "[::1]:5301");
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_str_eq(address(&settings->upstreams.items[1]), "192.0.2.2:5300");
	ck_assert_int_eq(settings->resolver.selection, TARN_SELECTION_SEQUENTIAL);
	ck_assert_str_eq(address(&settings->resolver.source.ipv4), "192.0.2.7:0");
	ck_assert_str_eq(address(&settings->resolver.source.ipv6), "[2001:db8::7]:0");
	ck_assert_str_eq(settings->resolver.source.interface, "eth0");
	ck_assert_uint_eq(settings->avoid_ports.count, 2);
	ck_assert_uint_eq(settings->avoid_ports.items[1].last, 8999);
	ck_assert_uint_eq(settings->bootstrap.count, 2);
	ck_assert_str_eq(address(&settings->bootstrap.items[0]), "192.0.2.3:53");
	ck_assert(settings->discover);
	ck_assert_str_eq(settings->resolver.tls.ca, "/etc/ca.pem");
	ck_assert(settings->resolver.tls.lenient_clock);
	ck_assert_uint_eq(settings->workers, 3);
	ck_assert_uint_eq(settings->resolver.cache_size, 2000000);
	ck_assert_uint_eq(settings->allow.count, 2);
	ck_assert_uint_eq(settings->pass.count, 1);
	ck_assert_str_eq(settings->pass.items[0], "local");
	ck_assert(settings->resolver.hide_identity);
	ck_assert(settings->resolver.trust_ad);
	ck_assert(settings->resolver.rotate_addresses);
	ck_assert_str_eq(settings->user, "nobody");
	ck_assert(settings->no_sandbox);
	ck_assert_int_eq(settings->log_level, TARN_LOG_WARNING);
	ck_assert_str_eq(settings->query_log, "/var/log/q");
	ck_assert_str_eq(settings->dnstap, "/run/dnstap sock");
	ck_assert_str_eq(settings->control, "none");
	ck_assert_str_eq(settings->control_group, "adm");
	ck_assert_uint_eq(settings->metrics.count, 2);
	ck_assert_str_eq(address(&settings->metrics.items[0]), "127.0.0.1:9153");
}
END_TEST

START_TEST(zones_have_sections_of_their_own)
{
	say("forward \"corp.example\" {\n"
	    "	upstream = { 192.0.2.9, 192.0.2.10 }\n"
	    "	upstream += 192.0.2.11\n"
	    "	selection = parallel\n"
	    "	source = 192.0.2.7\n"
	    "	interface = wg0 follow-cnames = yes discover = yes\n"
	    "}\n"
	    "forward 10.0.0.0/8 { upstream = {} }\n"
	    "forward example { upstream = 192.0.2.12 }\n"
	    "forward 0/25.2.0.192.in-addr.arpa { }\n");
	ck_assert_uint_eq(settings->forward_count, 4);
	const struct tarn__forward_settings *corp = &settings->forwards[0];
	ck_assert_str_eq(corp->resolver.zone, "corp.example");
	ck_assert_uint_eq(corp->upstreams.count, 3);
	ck_assert_str_eq(address(&corp->upstreams.items[2]), "192.0.2.11:53");
	ck_assert_int_eq(corp->resolver.selection, TARN_SELECTION_PARALLEL);
	ck_assert_str_eq(address(&corp->resolver.source.ipv4), "192.0.2.7:0");
	ck_assert_str_eq(corp->resolver.source.interface, "wg0");
	ck_assert(corp->resolver.follow_cnames);
	ck_assert(corp->discover);
	ck_assert_uint_eq(corp->origin.line, 1);
	ck_assert_str_eq(settings->forwards[1].resolver.zone, "10.0.0.0/8");
	ck_assert_uint_eq(settings->forwards[1].upstreams.count, 0);
	ck_assert_uint_eq(settings->forwards[1].origin.line, 8);
	ck_assert_uint_eq(settings->forwards[2].upstreams.count, 1);
}
END_TEST

#define DIGEST "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"

START_TEST(validation_has_its_anchors)
{
	say("dnssec {\n"
	    "	validate = yes\n"
	    "	anchors = /a/root.ds\n"
	    "	anchor = \". DS 20326 8 2 " DIGEST " ; a comment\"\n"
	    "	anchor += { 'corp.example. IN DS 1 8 2 " DIGEST "' }\n"
	    "	insecure = { lab.example, broken.example }\n"
	    "}\n"
	    "forward corp.example { upstream = 192.0.2.9 validate = yes }\n"
	    "forward example { upstream = 192.0.2.9 }\n");
	ck_assert(settings->resolver.dnssec.validate);
	ck_assert_str_eq(settings->anchor_file, "/a/root.ds");
	ck_assert_uint_eq(settings->anchor_lines.count, 2);
	ck_assert_str_eq(settings->anchor_lines.items[1], "corp.example. IN DS 1 8 2 " DIGEST);
	ck_assert_uint_eq(settings->insecure.count, 2);
	ck_assert_str_eq(settings->insecure.items[1], "broken.example");
	ck_assert(settings->forwards[0].resolver.validate);
	ck_assert(!settings->forwards[1].resolver.validate);
	say("dnssec { anchors = none }");
	ck_assert(!settings->resolver.dnssec.validate);
	ck_assert_str_eq(settings->anchor_file, "none");
}
END_TEST

START_TEST(upstreams_have_their_traits)
{
	say("upstream = { tcp://192.0.2.1, '192.0.2.2 no-edns no-cookies' } // tcp:// above\n"
	    "forward lan { upstream = \"192.0.2.3:54 no-mixed-case\" upstream += tcp://[::1]:5 "
	    "}\n");
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_int_eq(settings->upstreams.traits[0].transport, TARN_TCP);
	ck_assert(!settings->upstreams.traits[0].no_edns);
	ck_assert_int_eq(settings->upstreams.traits[1].transport, TARN_UDP);
	ck_assert(settings->upstreams.traits[1].no_edns);
	ck_assert(settings->upstreams.traits[1].no_cookies);
	ck_assert(!settings->upstreams.traits[1].no_mixed_case);
	const struct tarn__servers *servers = &settings->forwards[0].upstreams;
	ck_assert_uint_eq(servers->count, 2);
	ck_assert(servers->traits[0].no_mixed_case);
	ck_assert_str_eq(address(&servers->items[0]), "192.0.2.3:54");
	ck_assert_int_eq(servers->traits[1].transport, TARN_TCP);
	ck_assert(!servers->traits[1].no_mixed_case);
}
END_TEST

START_TEST(comments_may_stand_anywhere)
{
	say("# one\n"
	    "//two\n"
	    "/* three\n"
	    " * four */ workers /* five */ = /* six */ 2 # seven\n"
	    "upstream = { # eight\n"
	    "	192.0.2.1, // nine\n"
	    "	192.0.2.2 } /**/\n"
	    "user = \"#/*//\"\n"
	    "#\n");
	ck_assert_uint_eq(settings->workers, 2);
	ck_assert_uint_eq(tarn__settings_origin(settings, &settings->workers)->line, 4);
	ck_assert_uint_eq(settings->upstreams.count, 2);
	ck_assert_uint_eq(tarn__settings_origin(settings, &settings->upstreams)->line, 6);
	ck_assert_str_eq(settings->user, "#/*//");
}
END_TEST

START_TEST(strings_may_hold_anything_on_a_line)
{
	say("user = \"a \\\"b\\\" \\\\ \\${c} {\" control { group = 'd \\'e\\' \\\\ ${f}\\n }' "
	    "}\r\n");
	ck_assert_str_eq(settings->user, "a \"b\" \\ ${c} {");
	ck_assert_str_eq(settings->control_group, "d 'e' \\ ${f}\\n }");
}
END_TEST

START_TEST(the_command_line_wins)
{
	write_file("f", "workers = 2\nupstream = { 192.0.2.1, 192.0.2.2 }\nselection = parallel\n");
	load("f", "-u", "192.0.2.3");
	ck_assert_ptr_nonnull(settings);
	ck_assert_uint_eq(settings->upstreams.count, 1);
	ck_assert_str_eq(address(&settings->upstreams.items[0]), "192.0.2.3:53");
	ck_assert_int_eq(settings->resolver.selection, TARN_SELECTION_PARALLEL);
	ck_assert_int_eq(tarn__settings_origin(settings, &settings->upstreams)->by,
			 TARN__BY_COMMAND_LINE);
	load("f", "--workers", "5");
	ck_assert_uint_eq(settings->workers, 5);
	ck_assert_uint_eq(settings->upstreams.count, 2);
}
END_TEST

START_TEST(loading_again_finds_what_is_new)
{
	say("workers = 2\n");
	ck_assert_uint_eq(settings->workers, 2);
	write_file("f", "workers = x\n");
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	say("workers = 4\n");
	ck_assert_uint_eq(settings->workers, 4);
}
END_TEST

/* ---- files that include others --------------------------------------------------------------- */

START_TEST(included_files_add_to_lists)
{
	ck_assert_int_eq(mkdir("conf[d]", 0700), 0);
	write_file("conf[d]/main", "upstream = { 192.0.2.1 }\n"
				   "include = \"sub/*.conf\"\n"
				   "include = \"nothing*\"\n"
				   "include = { one, two }\n"
				   "upstream += { 192.0.2.5 }\n");
	ck_assert_int_eq(mkdir("conf[d]/sub", 0700), 0);
	write_file("conf[d]/sub/a.conf", "upstream += { 192.0.2.2 }\n");
	write_file("conf[d]/sub/b.conf", "upstream += 192.0.2.3\n");
	write_file("conf[d]/sub/c.other", "upstream += 192.0.2.99\n");
	write_file("conf[d]/one", "upstream += 192.0.2.4\n");
	write_file("conf[d]/two", "access { pass += { local } }\n");
	load("conf[d]/main", NULL, NULL);
	ck_assert_msg(settings != NULL, "%s", fault_text);
	ck_assert_uint_eq(settings->upstreams.count, 5);
	for (unsigned i = 0; i < 5; i++) {
		char text[32];
		snprintf(text, sizeof(text), "192.0.2.%u:53", i + 1);
		ck_assert_str_eq(address(&settings->upstreams.items[i]), text);
	}
	ck_assert_uint_eq(settings->pass.count, 1);
	static const char *const files[] = {
		"conf[d]/main", "conf[d]/sub/", "conf[d]/sub/a.conf", "conf[d]/sub/b.conf",
		"conf[d]/",	"conf[d]/one",	"conf[d]/two"};
	ck_assert_uint_eq(settings->file_count, sizeof(files) / sizeof(files[0]));
	for (size_t i = 0; i < settings->file_count; i++)
		ck_assert_str_eq(settings->files[i], files[i]);
}
END_TEST

START_TEST(a_file_may_be_ten_files_deep)
{
	char name[16], text[64];
	for (int i = 0; i <= 10; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(text, sizeof(text), i < 10 ? "include = f%d\n" : "workers = 7\n", i + 1);
		write_file(name, text);
	}
	load("f0", NULL, NULL);
	ck_assert_msg(settings != NULL, "%s", fault_text);
	ck_assert_uint_eq(settings->workers, 7);
	write_file("f10", "include = f11\n");
	write_file("f11", "workers = 7\n");
	load("f0", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "f10:1: include f11: more than ten files deep\n");
}
END_TEST

START_TEST(a_file_is_no_part_of_itself)
{
	write_file("f", "workers = 1\ninclude = g\n");
	write_file("g", "\ninclude = \"./f\"\n");
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "g:2: include ./f: it is part of itself\n");
}
END_TEST

START_TEST(a_pipe_holds_nobody_up)
{
	ck_assert_int_eq(mkfifo("pipe.conf", 0600), 0);
	write_file("f", "workers = 1\ninclude = \"*.conf\"\n");
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "f:2: include pipe.conf: a pipe\n");
	is_reload = true;
	load("pipe.conf", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "pipe.conf: a pipe, which only a start reads\n");
}
END_TEST

/* Reading one may never end, or do something. */
START_TEST(a_device_is_no_file)
{
	write_file("f", "include = { /dev/null, /dev/zero }\n");
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "f:1: include /dev/zero: a device\n");
	is_reload = true;
	load("/dev/zero", NULL, NULL);
	ck_assert_str_eq(fault_text, "/dev/zero: a device\n");
}
END_TEST

/* "tarn -c <(...)" in a shell. */
START_TEST(a_pipe_is_read_by_a_start)
{
	int ends[2];
	char name[32];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "workers = 7\n", 12), 12);
	close(ends[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	load(name, NULL, NULL);
	ck_assert_msg(settings != NULL, "%s", fault_text);
	ck_assert_uint_eq(settings->workers, 7);
	close(ends[0]);
}
END_TEST

START_TEST(faults_of_all_files_are_told)
{
	write_file("f", "workers = 1\ninclude = { g, missing }\nselection = best\n");
	write_file("g", "workers = 2\nupstream = here\n");
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(
		fault_text,
		"g:1: workers: set already in f:1\n"
		"g:2: upstream here: not an IP address\n"
		"f:2: include missing: No such file or directory\n"
		"f:3: selection best: not a selection (fastest, sequential, strict, round-robin, "
		"parallel)\n");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_a_fault)
{
	load("missing", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "missing: No such file or directory\n");
	load("/", NULL, NULL);
	ck_assert_str_eq(fault_text, "/: Is a directory\n");
	load("/dev/zero", NULL, NULL);
	ck_assert_str_eq(fault_text, "/dev/zero: File too large\n");
	load("/dev/null", NULL, NULL);
	ck_assert_ptr_nonnull(settings);
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------------- */

#define NO_REVERSE_ZONE                                                                            \
	"only networks of 1 to 24 or 32 bits (IPv4), 1 to 128 bits (IPv6) have reverse zones of "  \
	"their own\n"

static const struct {
	const char *text, *diagnostics;
} wrong[] = {
	{"workers = 0", "f:1: workers 0: not a number of threads (1 to 256)\n"},
	{"\n\ncache { size = 1k }", "f:3: size 1k: out of bounds (64k at least)\n"},
	{"workers = 1 workers = 2", "f:1: workers: set already in f:1\n"},
	{"upstream = 192.0.2.1\nupstream = 192.0.2.2",
	 "f:2: upstream: set already in f:1 (+= adds to it)\n"},
	{"cache { size = 1M }\ncache { }",
	 "f:2: cache: a second section of this name (see line 1)\n"},
	{"upstraem = 192.0.2.1", "f:1: upstraem: unknown word (is upstream meant?)\n"},
	{"cahce { size = { 1, \"}\" } }", "f:1: cahce: unknown word (is cache meant?)\n"},
	{"cache {\n sise = 1M\n}", "f:2: sise: unknown word in section cache (is size meant?)\n"},
	{"size = 1M", "f:1: size: unknown word (section cache has it)\n"},
	{"log { socket = /x }",
	 "f:1: socket: unknown word in section log (section control has it)\n"},
	{"zone = x", "f:1: zone: unknown word (section local has it)\n"},
	{"area = x", "f:1: area: unknown word (see tarn.conf(5))\n"},
	{"blok \"x\" { }", "f:1: blok: unknown word (is block meant?)\n"},
	{"alow \"x\" { }", "f:1: alow: unknown word (is allow meant?)\n"},
	{"a = 1 b += { 2 } c { d = 3 } e \"f\" { g = 4 }\nworkers = 0",
	 "f:1: a: unknown word (see tarn.conf(5))\n"
	 "f:1: b: unknown word (see tarn.conf(5))\n"
	 "f:1: c: unknown word (see tarn.conf(5))\n"
	 "f:1: e: unknown word (see tarn.conf(5))\n"
	 "f:2: workers 0: not a number of threads (1 to 256)\n"},
	{"upstream = { 192.0.2.1, x, 192.0.2.2:0 }",
	 "f:1: upstream x: not an IP address\n"
	 "f:1: upstream 192.0.2.2:0: not a port (1 to 65535)\n"},
	{"upstream = { }", "f:1: upstream: empty braces "
			   "(leave it out for the servers of /etc/resolv.conf)\n"},
	{"access {\n\tallow =\n{ # nobody\n\n} pass += {}\n}",
	 "f:3: allow: empty braces (127.0.0.1 allows this machine alone)\n"
	 "f:5: pass: empty braces (leave it out, or give a value)\n"},
	{"listen { address = {} }", "f:1: address: empty braces (leave it out, or give a value)\n"},
	{"include = {}", "f:1: include: empty braces (leave it out, or give a value)\n"},
	{"workers = {}", "f:1: workers: empty braces (leave it out, or give a value)\n"},
	{"forward a { source = {} }",
	 "f:1: forward \"a\": source: empty braces (leave it out, or give a value)\n"},
	{"forward a { upstream = {}\nupstream = 192.0.2.2 }",
	 "f:2: forward \"a\": upstream: set already in f:1 (+= adds to it)\n"},
	{"cahce { size = {} }", "f:1: cahce: unknown word (is cache meant?)\n"},
	{"upstream = '\x02'", "f:1: a control character in a string\n"},
	{"upstream = \x02", "f:1: octet 0x02: not text\n"},
	{"sandbox = maybe", "f:1: sandbox maybe: neither yes nor no\n"},
	{"user = \"\"", "f:1: user : empty\n"},
	{"dnssec { validate = maybe anchors = root.ds }",
	 "f:1: validate maybe: neither yes nor no\n"
	 "f:1: anchors root.ds: not an absolute path (one that begins with /)\n"},
	{"dnssec { anchor = { '. A 192.0.2.1', '; none', '. DS 1 8 2 00' } }",
	 "f:1: anchor . A 192.0.2.1: neither DS nor DNSKEY\n"
	 "f:1: anchor ; none: not a record\n"
	 "f:1: anchor . DS 1 8 2 00: DS: the digest has not the length of its type\n"},
	{"dnssec { insecure = { '.', a..b } }",
	 "f:1: insecure .: the root, which has all names below it\n"
	 "f:1: insecure a..b: not a domain name\n"},
	/* What is too long to be shown does not hide the reason. */
	{"dnssec { anchor = '. DNSKEY 1 3 8 " DIGEST DIGEST DIGEST DIGEST "' }",
	 "f:1: anchor . DNSKEY 1 3 8 " DIGEST DIGEST
	 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C...: DNSKEY: not a zone key, "
	 "by its flags\n"},
	{"forward a..b { }", "f:1: forward \"a..b\": not a domain name\n"},
	{"forward . { }", "f:1: forward \".\": the root: its servers are those of \"upstream\"\n"},
	{"forward 10.0.0.1/8 { }", "f:1: forward \"10.0.0.1/8\": "
				   "not a prefix length that fits the address\n"},
	{"forward 192.168.0.0/255.255.0.0 { }\nforward 10/255.0.0.0 { }\nforward fd00::/ffff:: { "
	 "}\n"
	 "forward 192.168.0.0/x { }",
	 "f:1: forward \"192.168.0.0/255.255.0.0\": not a prefix length that fits the address\n"
	 "f:2: forward \"10/255.0.0.0\": not an IP address\n"
	 "f:3: forward \"fd00::/ffff::\": not a prefix length that fits the address\n"
	 "f:4: forward \"192.168.0.0/x\": not a prefix length that fits the address\n"},
	{"forward 192.0.2.0/25 { }", "f:1: forward \"192.0.2.0/25\": " NO_REVERSE_ZONE},
	{"forward ::/0 { }", "f:1: forward \"::/0\": " NO_REVERSE_ZONE},
	{"forward a { selection = parallel }\nforward b { }\nforward A. { }",
	 "f:3: forward \"A.\": a second section for this zone (see f:1)\n"},
	{"forward 172.17.0.0/16 { }\nforward 17.172.in-addr.arpa { }",
	 "f:2: forward \"17.172.in-addr.arpa\": a second section for this zone (see f:1)\n"},
	{"forward 172.16.0.0/12 { }\nforward 16.172.in-addr.arpa { }\nforward 172.16.0.0/12 { }",
	 "f:3: forward \"172.16.0.0/12\": a second section for this zone (see f:1)\n"},
	{"forward 10.0.2.0/23 { }\nforward 10.0.3.0/24 { }\nforward 10.0.2.0/24 { }",
	 "f:1: forward \"10.0.2.0/23\": longer prefixes leave nothing of it (see f:3)\n"},
	{"forward a { upstream = 192.0.2.1\nupstream = 192.0.2.2 }",
	 "f:2: forward \"a\": upstream: set already in f:1 (+= adds to it)\n"},
	{"forward { }", "f:1: missing title for section 'forward'\n"},
	{"workers 3", "f:1: missing equal sign after option 'workers'\n"},
	{"workers =", "f:1: premature end of file\n"},
	{"workers += 3", "f:1: attempt to append to non-list option 'workers'\n"},
	{"workers = { 1 }", "f:1: unexpected token '{'\n"},
	{"upstream = { 192.0.2.1 192.0.2.2 }", "f:1: unexpected token '192.0.2.2'\n"},
	{"log = debug", "f:1: missing opening brace for section 'log'\n"},
	{"\"\" = 5", "f:1: not understood\n"},
	{"\nlog {\nlevel = err\n", "f:2: this { is never closed\n"},
	{"}\nworkers = x", "f:1: this } closes nothing\n"},
	{"/* a\nb", "f:1: this comment has no end\n"},
	{"user = \"a\nb\"", "f:1: this string has no end on its line\n"
			    "f:2: this string has no end on its line\n"},
	{"user = 'a", "f:1: this string has no end on its line\n"},
	{"user = \"\\x41\"", "f:1: a backslash stands only before \", $ and another one\n"},
	{"user = \"a\x1b[1m\"", "f:1: a control character in a string\n"},
	{"upstream = '\x01'", "f:1: a control character in a string\n"},
	{"include = *.conf", "f:1: *: only between quotes\n"},
	{"user = a+b", "f:1: +: only between quotes, or as +=\n"},
	{"user = ${USER}", "f:1: ${...}: nothing is taken from the environment "
			   "(a plain \"$\" is \"\\$\")\n"},
	{"user = \"${USER}\"", "f:1: ${...}: nothing is taken from the environment "
			       "(a plain \"$\" is \"\\$\")\n"},
	{"\x01", "f:1: octet 0x01: not text\n"},
	{"workers\x7f = 1", "f:1: octet 0x7f: not text\n"},
};

START_TEST(a_fault_has_its_line_and_its_reason)
{
	write_file("f", wrong[_i].text);
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, wrong[_i].diagnostics);
}
END_TEST

START_TEST(octets_that_are_no_text_are_refused)
{
	write_octets("f", "workers = 2\n\0\n", 14);
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(fault_text, "f:2: octet 0x00: not text\n");
}
END_TEST

START_TEST(countless_faults_are_counted)
{
	FILE *file = fopen("f", "w");
	for (int i = 0; i < 200; i++)
		fprintf(file, "forward z%d { selection = x }\n", i);
	fclose(file);
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_uint_eq(diagnostics.count, TARN__DIAGNOSTICS_MAX);
	ck_assert_uint_eq(diagnostics.lost, 200 - TARN__DIAGNOSTICS_MAX);
}
END_TEST

START_TEST(unknown_words_come_to_an_end)
{
	FILE *file = fopen("f", "w");
	for (int i = 0; i < 5000; i++)
		fprintf(file, "unknown%d = { a, b }\n", i);
	fclose(file);
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_uint_eq(diagnostics.count, TARN__DIAGNOSTICS_MAX);
	ck_assert_str_eq(diagnostics.items[49].text,
			 "f:50: unknown49: unknown word (see tarn.conf(5))");
}
END_TEST

START_TEST(there_may_be_many_zones)
{
	FILE *file = fopen("f", "w");
	for (int i = 0; i < 5000; i++)
		fprintf(file, "forward z%d.example { }\n", i);
	fclose(file);
	load("f", NULL, NULL);
	ck_assert_msg(settings != NULL, "%s", fault_text);
	ck_assert_uint_eq(settings->forward_count, 5000);
	ck_assert_str_eq(settings->forwards[4999].resolver.zone, "z4999.example");
}
END_TEST

START_TEST(all_zones_together_have_so_many_servers)
{
	FILE *file = fopen("f", "w");
	for (int i = 0; i <= 1024; i++)
		fprintf(file, "forward z%d { upstream = 192.0.2.1 }\n", i);
	fclose(file);
	load("f", NULL, NULL);
	ck_assert_ptr_null(settings);
	ck_assert_str_eq(
		fault_text,
		"f:1025: too many upstream servers in all zones together (1024 at most)\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("configuration");
	TCase *meaning = tcase_create("meaning");
	tcase_add_checked_fixture(meaning, setup, teardown);
	tcase_add_test(meaning, every_word_has_its_meaning);
	tcase_add_test(meaning, zones_have_sections_of_their_own);
	tcase_add_test(meaning, validation_has_its_anchors);
	tcase_add_test(meaning, upstreams_have_their_traits);
	tcase_add_test(meaning, comments_may_stand_anywhere);
	tcase_add_test(meaning, strings_may_hold_anything_on_a_line);
	tcase_add_test(meaning, the_command_line_wins);
	tcase_add_test(meaning, loading_again_finds_what_is_new);
	tcase_add_test(meaning, there_may_be_many_zones);
	suite_add_tcase(suite, meaning);

	TCase *files = tcase_create("files");
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, included_files_add_to_lists);
	tcase_add_test(files, a_file_may_be_ten_files_deep);
	tcase_add_test(files, a_file_is_no_part_of_itself);
	tcase_add_test(files, a_pipe_holds_nobody_up);
	tcase_add_test(files, a_device_is_no_file);
	tcase_add_test(files, a_pipe_is_read_by_a_start);
	tcase_add_test(files, faults_of_all_files_are_told);
	tcase_add_test(files, a_file_that_cannot_be_read_is_a_fault);
	suite_add_tcase(suite, files);

	TCase *refused = tcase_create("faults");
	tcase_add_checked_fixture(refused, setup, teardown);
	tcase_add_loop_test(refused, a_fault_has_its_line_and_its_reason, 0,
			    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(refused, octets_that_are_no_text_are_refused);
	tcase_add_test(refused, countless_faults_are_counted);
	tcase_add_test(refused, unknown_words_come_to_an_end);
	tcase_add_test(refused, all_zones_together_have_so_many_servers);
	suite_add_tcase(suite, refused);
	return unit_run(suite);
}
