/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/second_level.c, secret_file.c: what section shared needs, what is refused, and what --check says
 * of it. The library is as each test has it.
 */
#include "config.h"

#include "daemon/config/second_level.h"

#include <errno.h>

#include "daemon/config/check.h"
#include "daemon/config/secret_file.h"
#include "daemon/settings/options.h"
#include "net/second/link.h"
#include "support/folder.h"
#include "support/log.h"
#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))
#define KEY "c2VjcmV0IG9mIHRoaXJ0eS10d28gb2N0ZXRzISEhIQ=="
#define NO_SECRET "without a secret (head -c 32 /dev/urandom | base64 makes one)"

static bool is_built;
static const char *load_fault, *tls_fault; /* NULL: it is loaded */

bool __wrap_tarn__second_is_built(void);
bool __wrap_tarn__second_is_built(void)
{
	return is_built;
}

const char *__wrap_tarn__second_load(bool tls);
const char *__wrap_tarn__second_load(bool tls)
{
	return tls ? tls_fault : load_fault;
}

static struct tarn__settings *settings;
static struct tarn__diagnostics diagnostics;

static void set_up(void)
{
	make_folder();
	open_log();
	settings = tarn__settings_new();
	ck_assert_ptr_nonnull(settings);
	is_built = true;
	load_fault = tls_fault = NULL;
}

static void tear_down(void)
{
	tarn__settings_free(settings);
	tarn__diagnostics_fini(&diagnostics);
	close_log();
	remove_folder();
}

/* As a file "f" would, in its line. */
static void say(unsigned line, const char *word, const char *text)
{
	char fault[TARN__FAULT_MAX];
	const struct tarn__option_row *row = tarn__option_find_word("shared", word);
	ck_assert_msg(row != NULL, "no %s", word);
	ck_assert_msg(row->type->parse(row, tarn__option_field(row, settings), text, fault) == 0,
		      "%s: %s", text, fault);
	settings->origins[row - tarn__options] =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = line, .file = "f"};
}

/* A file for tarn's user alone, in a statement. */
static void say_file(unsigned line, const char *word, const char *name, const char *text)
{
	put_file(name, text);
	ck_assert_int_eq(chmod(in_folder(name), 0600), 0);
	say(line, word, in_folder(name));
}

/* All that is wrong, a line each. */
static const char *complete(void)
{
	static char text[4096];
	tarn__diagnostics_fini(&diagnostics);
	diagnostics = (struct tarn__diagnostics){0};
	tarn__second_level_complete(settings, &diagnostics, &test_log);
	text[0] = '\0';
	for (size_t i = 0; i < diagnostics.count; i++) {
		ck_assert_uint_lt(strlen(text) + strlen(diagnostics.items[i].text),
				  sizeof(text) - 2);
		strcat(strcat(text, diagnostics.items[i].text), "\n");
	}
	return text;
}

/* Ends as the text of an error about a file in the folder. */
static void expect_fault(const char *word, const char *name, const char *reason)
{
	char text[PATH_MAX + 256];
	snprintf(text, sizeof(text), "f:2: %s \"%s\": %s\n", word, in_folder(name), reason);
	ck_assert_str_eq(complete(), text);
}

/* ---- what the resolver gets ------------------------------------------------------------------ */

static struct tarn_second_level options_of(void)
{
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(settings, &options), 0);
	return options.second;
}

START_TEST(nothing_said_needs_nothing)
{
	is_built = false;
	load_fault = "tarn was built without it";
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(logged(), "|");
	struct tarn_second_level second = options_of();
	ck_assert_int_eq(second.server.sa.sa_family, AF_UNSPEC);
	ck_assert_ptr_null(second.secret);
}
END_TEST

START_TEST(server_with_a_secret_is_complete)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	say(1, "server", "127.0.0.1");
	say_file(2, "secret", "key", KEY "\n");
	say(3, "database", "7");
	say(4, "wait", "20ms");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(logged(), "|");
	struct tarn_second_level second = options_of();
	ck_assert_str_eq(tarn_address_format(&second.server, text), "127.0.0.1:6379");
	ck_assert_uint_eq(second.secret_len, strlen(KEY));
	ck_assert_mem_eq(second.secret, KEY, strlen(KEY));
	ck_assert_uint_eq(second.database, 7);
	ck_assert_uint_eq(second.wait_ms, 20);
}
END_TEST

START_TEST(everything_reaches_the_resolver)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	say(1, "sentinel", "192.0.2.1");
	say(1, "sentinel", "2001:db8::1");
	say(2, "master", "dns");
	say(3, "replica", "192.0.2.3:7000");
	say_file(4, "secret", "key", KEY);
	say(5, "user", "tarn");
	say_file(6, "password", "pw", "open sesame\r\n");
	say(7, "tls", "yes");
	say(8, "ca", "/ca.pem");
	say(9, "name", "store.example");
	say(10, "read-only", "yes");
	say(11, "stale", "yes");
	ck_assert_str_eq(complete(), "");
	struct tarn_second_level second = options_of();
	ck_assert_uint_eq(second.sentinel_count, 2);
	ck_assert_str_eq(tarn_address_format(&second.sentinels[1], text), "[2001:db8::1]:26379");
	ck_assert_str_eq(second.master, "dns");
	ck_assert_str_eq(tarn_address_format(&second.replica, text), "192.0.2.3:7000");
	ck_assert_str_eq(second.user, "tarn");
	ck_assert_str_eq(second.password, "open sesame");
	ck_assert_str_eq(second.ca, "/ca.pem");
	ck_assert_str_eq(second.name, "store.example");
	ck_assert(second.tls && second.read_only && second.keep_stale && !second.lease);
	ck_assert_ptr_null(second.socket);
}
END_TEST

/* ---- faults of statements -------------------------------------------------------------------- */

static const struct {
	const char *words[3][2];
	const char *faults;
} contradictions[] = {
	{{{"server", "127.0.0.1"}, {"socket", "/s"}},
	 "f:2: socket \"/s\": beside server: one of them\n"},
	{{{"socket", "/s"}, {"sentinel", "127.0.0.1"}, {"master", "m"}},
	 "f:2: sentinel 127.0.0.1:26379: beside socket: one of them\n"},
	{{{"server", "127.0.0.1"}, {"sentinel", "127.0.0.1"}, {"master", "m"}},
	 "f:2: sentinel 127.0.0.1:26379: beside server: one of them\n"},
	{{{"sentinel", "127.0.0.1"}},
	 "f:1: sentinel 127.0.0.1:26379: without the name of the master\n"},
	{{{"server", "127.0.0.1"}, {"master", "m"}}, "f:2: master \"m\": without sentinel\n"},
	{{{"socket", "/s"}, {"replica", "127.0.0.2"}},
	 "f:2: replica 127.0.0.2:6379: beside socket\n"},
	{{{"server", "127.0.0.1"}, {"user", "u"}}, "f:2: user \"u\": without a password\n"},
	{{{"socket", "/s"}, {"tls", "yes"}}, "f:2: tls yes: over a Unix socket\n"},
	{{{"server", "127.0.0.1"}, {"ca", "/c"}}, "f:2: ca \"/c\": without tls = yes\n"},
	{{{"server", "127.0.0.1"}, {"name", "n"}}, "f:2: name \"n\": without tls = yes\n"},
	{{{"server", "127.0.0.1"}, {"lease", "yes"}, {"read-only", "yes"}},
	 "f:2: lease yes: with read-only = yes\n"},
};

START_TEST(contradiction_is_refused_at_its_line)
{
	for (unsigned i = 0; i < 3 && contradictions[_i].words[i][0]; i++)
		say(i + 1, contradictions[_i].words[i][0], contradictions[_i].words[i][1]);
	say_file(9, "secret", "key", KEY);
	ck_assert_str_eq(complete(), contradictions[_i].faults);
}
END_TEST

START_TEST(secret_is_needed)
{
	say(1, "server", "127.0.0.1");
	ck_assert_str_eq(complete(), "f:1: server 127.0.0.1:6379: " NO_SECRET "\n");
	tarn__option_type_address.reset(&settings->second_server);
	say(3, "socket", "/s");
	ck_assert_str_eq(complete(), "f:3: socket \"/s\": " NO_SECRET "\n");
}
END_TEST

START_TEST(ninth_sentinel_is_refused)
{
	say(2, "master", "m");
	say_file(3, "secret", "key", KEY);
	for (unsigned i = 1; i <= TARN_SENTINELS_MAX; i++) {
		char text[32];
		snprintf(text, sizeof(text), "127.0.0.%u", i);
		say(1, "sentinel", text);
	}
	ck_assert_str_eq(complete(), "");
	say(1, "sentinel", "127.0.0.9");
	ck_assert_ptr_nonnull(strstr(complete(), "127.0.0.9:26379: more than 8\n"));
}
END_TEST

START_TEST(stale_values_need_stale_answers)
{
	say(1, "server", "127.0.0.1");
	say(2, "stale", "yes");
	say_file(3, "secret", "key", KEY);
	settings->resolver.stale_sec = 1;
	ck_assert_str_eq(complete(), "");
	settings->resolver.stale_sec = -1; /* as "0" is kept */
	ck_assert_str_eq(complete(), "f:2: stale yes: with serve-stale = 0\n");
}
END_TEST

static const char *const idle[][3] = {
	{"replica", "127.0.0.1", "127.0.0.1:6379"},
	{"master", "m", "\"m\""},
	{"secret", "/k", "\"/k\""},
	{"user", "u", "\"u\""},
	{"password", "/p", "\"/p\""},
	{"database", "1", "1"},
	{"tls", "yes", "yes"},
	{"ca", "/c", "\"/c\""},
	{"name", "n", "\"n\""},
	{"read-only", "yes", "yes"},
	{"stale", "yes", "yes"},
	{"lease", "yes", "yes"},
};

START_TEST(statement_without_a_store_is_refused)
{
	char fault[128];
	say(5, idle[_i][0], idle[_i][1]);
	snprintf(fault, sizeof(fault), "f:5: %s %s: without server, socket or sentinel\n",
		 idle[_i][0], idle[_i][2]);
	ck_assert_str_eq(complete(), fault);
}
END_TEST

START_TEST(statement_that_switches_nothing_on_may_stand_alone)
{
	say(1, "wait", "7ms");
	say(2, "lease", "no");
	say(3, "tls", "no");
	say(4, "database", "0");
	ck_assert_str_eq(complete(), "");
}
END_TEST

/* ---- the library ----------------------------------------------------------------------------- */

START_TEST(library_that_is_not_there_is_a_fault_of_the_place)
{
	load_fault = "libhiredis.so.9: cannot open shared object file";
	say(2, "server", "127.0.0.1");
	say(3, "tls", "yes");
	say_file(4, "secret", "key", KEY);
	ck_assert_str_eq(complete(), "f:2: server 127.0.0.1:6379: libhiredis.so.9: cannot open "
				     "shared object file\n");
	settings->is_confined = true;
	ck_assert_str_eq(complete(), "f:2: server 127.0.0.1:6379: libhiredis.so.9: cannot open "
				     "shared object file; in the sandbox that takes a restart\n");
}
END_TEST

START_TEST(build_without_the_library_names_the_switch)
{
	is_built = false;
	settings->is_confined = true; /* which a restart would not change */
	load_fault = "tarn was built without a second level (--with-hiredis)";
	say(2, "socket", "/s");
	say_file(4, "secret", "key", KEY);
	ck_assert_str_eq(complete(), "f:2: socket \"/s\": tarn was built without a second level "
				     "(--with-hiredis)\n");
}
END_TEST

START_TEST(tls_that_the_library_lacks_is_a_fault_of_tls)
{
	tls_fault = "hiredis 0.14 has no TLS";
	say(2, "server", "127.0.0.1");
	say_file(4, "secret", "key", KEY);
	ck_assert_str_eq(complete(), "");
	say(3, "tls", "yes");
	ck_assert_str_eq(complete(), "f:3: tls yes: hiredis 0.14 has no TLS\n");
}
END_TEST

/* ---- the files ------------------------------------------------------------------------------- */

/* Writes a secret of that many octets. */
static const char *octets(size_t len)
{
	static char text[TARN__SECRET_FILE_MAX + 64];
	ck_assert_uint_lt(len, sizeof(text));
	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

static const struct {
	size_t len;
	const char *fault; /* NULL: none */
} lengths[] = {
	{0, "empty"},
	{1, "too short: 1 of 16 octets"},
	{TARN_SECRET_MIN - 1, "too short: 15 of 16 octets"},
	{TARN_SECRET_MIN, NULL},
	{TARN_SECRET_MAX, NULL},
	{TARN_SECRET_MAX + 1, "more than 1024 octets"},
	{TARN__SECRET_FILE_MAX + 50, "more than 1024 octets"},
};

START_TEST(secret_has_its_bounds)
{
	say(1, "server", "127.0.0.1");
	say_file(2, "secret", "key", octets(lengths[_i].len));
	if (lengths[_i].fault) {
		expect_fault("secret", "key", lengths[_i].fault);
		ck_assert_ptr_null(settings->second_secret_text);
		return;
	}
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(settings->second_secret_text, octets(lengths[_i].len));
}
END_TEST

START_TEST(ends_of_lines_behind_a_secret_do_not_count)
{
	say(1, "server", "127.0.0.1");
	say_file(2, "secret", "key", "0123456789 \nabcd \r\n\n");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(settings->second_secret_text, "0123456789 \nabcd ");
}
END_TEST

START_TEST(octets_that_are_no_text_are_refused)
{
	write_octets("key", "w", "0123456789\0abcdefgh", 19);
	ck_assert_int_eq(chmod(in_folder("key"), 0600), 0);
	say(1, "server", "127.0.0.1");
	say(2, "secret", in_folder("key"));
	expect_fault("secret", "key", "not text (octet 0)");
}
END_TEST

START_TEST(what_is_no_file_is_not_waited_for)
{
	say(1, "server", "127.0.0.1");
	ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
	say(2, "secret", in_folder("pipe"));
	expect_fault("secret", "pipe", "a pipe");
	ck_assert_int_eq(mkdir(in_folder("folder"), 0700), 0);
	say(2, "secret", in_folder("folder"));
	expect_fault("secret", "folder", "Is a directory");
	say(2, "secret", in_folder("none"));
	expect_fault("secret", "none", "No such file or directory");
}
END_TEST

START_TEST(password_is_read_likewise)
{
	say(1, "server", "127.0.0.1");
	say_file(3, "secret", "key", KEY);
	say_file(2, "password", "pw", "\n");
	expect_fault("password", "pw", "empty");
	say_file(2, "password", "pw", "x\n");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(settings->second_password_text, "x");
}
END_TEST

START_TEST(file_that_others_can_read_is_warned_of)
{
	char text[PATH_MAX + 128];
	say(1, "server", "127.0.0.1");
	say_file(2, "secret", "key", KEY);
	say_file(3, "password", "pw", "x");
	ck_assert_int_eq(chmod(in_folder("key"), 0640), 0);
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(logged(), "|");
	ck_assert_int_eq(chmod(in_folder("key"), 0644), 0);
	ck_assert_str_eq(complete(), "");
	snprintf(text, sizeof(text),
		 "tarn: warning: f:2: secret \"%s\": others can read it, or write to it (chmod "
		 "o=)\n|",
		 in_folder("key"));
	ck_assert_str_eq(logged(), text);
}
END_TEST

/* ---- a reload -------------------------------------------------------------------------------- */

static struct tarn__settings *in_force;

/* Settings with that secret are in force, and others with the same statements are to follow. */
static void reload_with(const char *name)
{
	in_force = tarn__settings_new();
	ck_assert_ptr_nonnull(in_force);
	in_force->second_secret = strdup(in_folder(name));
	in_force->second_secret_text = strdup(octets(20));
	say(1, "server", "127.0.0.1");
	say(2, "secret", in_folder("key"));
	settings->is_confined = true;
	tarn__second_level_keep(settings, in_force);
	tarn__settings_free(in_force);
}

START_TEST(secret_that_can_be_read_again_is_the_new_one)
{
	reload_with("key");
	say_file(2, "secret", "key", KEY);
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(settings->second_secret_text, KEY);
	ck_assert_str_eq(logged(), "|");
}
END_TEST

START_TEST(secret_that_cannot_be_read_again_stays)
{
	reload_with("key");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(settings->second_secret_text, octets(20));
	ck_assert_ptr_nonnull(strstr(logged(), "No such file or directory: what it contained "
					       "before stays in force\n"));
}
END_TEST

START_TEST(secret_that_is_wrong_does_not_keep_the_one_before)
{
	reload_with("key");
	say_file(2, "secret", "key", "short");
	expect_fault("secret", "key", "too short: 5 of 16 octets");
}
END_TEST

START_TEST(secret_of_another_file_is_not_kept)
{
	reload_with("another");
	expect_fault("secret", "key", "No such file or directory");
}
END_TEST

/* ---- what is unsafe -------------------------------------------------------------------------- */

static const struct {
	const char *word, *value;
	bool is_clear;
} places[] = {
	{"server", "127.0.0.1", false},	  {"server", "[::1]:7000", false},
	{"server", "192.0.2.1", true},	  {"server", "[2001:db8::1]:7000", true},
	{"socket", "/run/store", false},  {"sentinel", "192.0.2.1", true},
	{"sentinel", "127.0.0.1", false},
};

START_TEST(way_in_the_clear_is_warned_of)
{
	say(1, places[_i].word, places[_i].value);
	if (strcmp(places[_i].word, "sentinel") == 0)
		say(2, "master", "m");
	say_file(3, "secret", "key", KEY);
	ck_assert_str_eq(complete(), "");
	const char *text = logged();
	ck_assert_int_eq(strstr(text, ": all answers are in the clear on the way (tls = yes)\n") !=
				 NULL,
			 places[_i].is_clear);
	ck_assert_int_eq(strncmp(text, "tarn: warning: f:1: ", 20) == 0, places[_i].is_clear);
	if (strcmp(places[_i].word, "socket") == 0)
		return;
	say(4, "tls", "yes");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(logged(), "|");
}
END_TEST

START_TEST(password_in_the_clear_is_warned_of)
{
	say(1, "server", "127.0.0.1");
	say(2, "replica", "192.0.2.3");
	say_file(3, "secret", "key", KEY);
	say_file(4, "password", "pw", "x");
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(logged(), "tarn: warning: f:2: replica 192.0.2.3:6379: the password and "
				   "all answers are in the clear on the way (tls = yes)\n|");
}
END_TEST

/* ---- --check --------------------------------------------------------------------------------- */

static const char *checked(void)
{
	static char text[32768];
	FILE *file = fmemopen(text, sizeof(text), "w");
	ck_assert_ptr_nonnull(file);
	tarn__check(settings, file);
	fclose(file);
	return text;
}

START_TEST(check_has_remarks_and_no_secret)
{
	settings->workers = 2;
	say(1, "server", "192.0.2.1");
	say_file(2, "secret", "key", KEY);
	say_file(3, "password", "pw", "open sesame");
	ck_assert_str_eq(complete(), "");
	const char *text = checked();
	ck_assert_ptr_nonnull(strstr(text, " # f:1\n\t#   in the clear: "));
	ck_assert_ptr_nonnull(strstr(text, "\t#   44 octets; fleet "));
	ck_assert_ptr_nonnull(strstr(text, "\t# socket: none\n"));
	ck_assert_ptr_nonnull(strstr(text, "requests to the second level"));
	ck_assert_ptr_null(strstr(text, KEY));
	ck_assert_ptr_null(strstr(text, "sesame"));
}
END_TEST

START_TEST(check_names_one_fleet_for_one_secret)
{
	char first[64], again[64], other[64];
	char *const outs[] = {first, again, other};
	const char *const keys[] = {KEY "\n", KEY, KEY "x"};
	say(1, "server", "127.0.0.1");
	for (int i = 0; i < 3; i++) {
		say_file(2, "secret", "key", keys[i]);
		ck_assert_str_eq(complete(), "");
		const char *fleet = strstr(checked(), "fleet ");
		ck_assert_ptr_nonnull(fleet);
		snprintf(outs[i], 64, "%.*s", (int)strcspn(fleet, ":"), fleet);
	}
	ck_assert_str_eq(first, again);
	ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(check_without_a_second_level_has_no_remarks)
{
	ck_assert_str_eq(complete(), "");
	const char *text = checked();
	ck_assert_ptr_nonnull(strstr(text, "shared {\n\t# server: none\n\t# socket: none\n"));
	ck_assert_ptr_null(strstr(text, "second level"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_level");
	TCase *tcase = tcase_create("second_level");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_said_needs_nothing);
	tcase_add_test(tcase, server_with_a_secret_is_complete);
	tcase_add_test(tcase, everything_reaches_the_resolver);
	tcase_add_loop_test(tcase, contradiction_is_refused_at_its_line, 0, COUNT(contradictions));
	tcase_add_test(tcase, secret_is_needed);
	tcase_add_test(tcase, ninth_sentinel_is_refused);
	tcase_add_test(tcase, stale_values_need_stale_answers);
	tcase_add_loop_test(tcase, statement_without_a_store_is_refused, 0, COUNT(idle));
	tcase_add_test(tcase, statement_that_switches_nothing_on_may_stand_alone);
	tcase_add_test(tcase, library_that_is_not_there_is_a_fault_of_the_place);
	tcase_add_test(tcase, build_without_the_library_names_the_switch);
	tcase_add_test(tcase, tls_that_the_library_lacks_is_a_fault_of_tls);
	tcase_add_loop_test(tcase, secret_has_its_bounds, 0, COUNT(lengths));
	tcase_add_test(tcase, ends_of_lines_behind_a_secret_do_not_count);
	tcase_add_test(tcase, octets_that_are_no_text_are_refused);
	tcase_add_test(tcase, what_is_no_file_is_not_waited_for);
	tcase_add_test(tcase, password_is_read_likewise);
	tcase_add_test(tcase, file_that_others_can_read_is_warned_of);
	tcase_add_test(tcase, secret_that_can_be_read_again_is_the_new_one);
	tcase_add_test(tcase, secret_that_cannot_be_read_again_stays);
	tcase_add_test(tcase, secret_that_is_wrong_does_not_keep_the_one_before);
	tcase_add_test(tcase, secret_of_another_file_is_not_kept);
	tcase_add_loop_test(tcase, way_in_the_clear_is_warned_of, 0, COUNT(places));
	tcase_add_test(tcase, password_in_the_clear_is_warned_of);
	tcase_add_test(tcase, check_has_remarks_and_no_secret);
	tcase_add_test(tcase, check_names_one_fleet_for_one_secret);
	tcase_add_test(tcase, check_without_a_second_level_has_no_remarks);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
