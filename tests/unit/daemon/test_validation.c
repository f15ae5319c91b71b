/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/validation.c, check_validation.c: what validates, and what --check says of it. */

#include "config.h"

#include "daemon/config/validation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/config.h"
#include "crypto/signature.h"
#include "daemon/config/check_validation.h"
#include "daemon/settings/options.h"
#include "daemon/settings/sections.h"
#include "support/folder.h"
#include "support/log.h"
#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))
#define DIGEST "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define ROOT_DS ". IN DS 20326 8 2 " DIGEST "\n"

static struct tarn__settings *settings;
static struct tarn__diagnostics diagnostics;

static void set_up(void)
{
	make_folder();
	open_log();
	settings = tarn__settings_new();
	ck_assert_ptr_nonnull(settings);
}

static void tear_down(void)
{
	tarn__settings_free(settings);
	tarn__diagnostics_fini(&diagnostics);
	close_log();
	remove_folder();
}

/* As a file "f" would, in its line. */
static void say(unsigned line, const char *section, const char *word, const char *text)
{
	char fault[TARN__FAULT_MAX];
	const struct tarn__option_row *row = tarn__option_find_word(section, word);
	ck_assert_msg(row->type->parse(row, tarn__option_field(row, settings), text, fault) == 0,
		      "%s: %s", text, fault);
	settings->origins[row - tarn__options] =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = line, .file = "f"};
}

static struct tarn_forward *add_zone(unsigned line, const char *zone)
{
	const struct tarn__origin origin = {.by = TARN__BY_FILE, .line = line, .file = "f"};
	size_t index = settings->forward_count;
	ck_assert(tarn__section_add(settings, tarn__section_kind_find("forward"), zone, &origin));
	struct tarn__forward_settings *forward = &settings->forwards[index];
	const struct tarn__option_row *row = tarn__option_find_word("forward", "upstream");
	char fault[TARN__FAULT_MAX];
	ck_assert_int_eq(
		row->type->parse(row, tarn__option_field(row, forward), "192.0.2.9", fault), 0);
	return &forward->resolver;
}

/* All that is wrong, a line each. */
static const char *complete(void)
{
	static char text[4096];
	tarn__diagnostics_fini(&diagnostics);
	diagnostics = (struct tarn__diagnostics){0};
	tarn__validation_complete(settings, &diagnostics, &test_log);
	text[0] = '\0';
	for (size_t i = 0; i < diagnostics.count; i++) {
		ck_assert_uint_lt(strlen(text) + strlen(diagnostics.items[i].text),
				  sizeof(text) - 2);
		strcat(strcat(text, diagnostics.items[i].text), "\n");
	}
	return text;
}

static void validate_from(const char *file, const char *text)
{
	put_file(file, text);
	say(2, "dnssec", "validate", "yes");
	say(3, "dnssec", "anchors", in_folder(file));
}

/* ---- completion ------------------------------------------------------------------------------ */

START_TEST(anchors_come_from_the_file_and_from_lines)
{
	validate_from("root.ds", "; the root\n" ROOT_DS);
	say(4, "dnssec", "anchor", "example. DS 1 8 2 " DIGEST);
	ck_assert_str_eq(complete(), "");
	const struct tarn_dnssec *dnssec = &settings->resolver.dnssec;
	ck_assert_uint_eq(dnssec->anchor_count, 2);
	ck_assert_str_eq(dnssec->anchors[0], "; the root\n" ROOT_DS);
	ck_assert_str_eq(dnssec->anchors[1], "example. DS 1 8 2 " DIGEST);
}
END_TEST

START_TEST(lines_may_be_all_there_is)
{
	say(2, "dnssec", "validate", "yes");
	say(3, "dnssec", "anchors", "none");
	say(4, "dnssec", "anchor", "example. DS 1 8 2 " DIGEST);
	ck_assert_str_eq(complete(), "");
	ck_assert_uint_eq(settings->resolver.dnssec.anchor_count, 1);
	ck_assert_uint_eq(settings->resolver.dnssec.clock_floor_sec, TARN__RELEASE_SEC);
}
END_TEST

START_TEST(root_anchors_are_where_the_distribution_has_them)
{
	bool has_digests = access("/usr/share/dns/root.ds", F_OK) == 0;
	bool has_keys = access("/usr/share/dns/root.key", F_OK) == 0;
	say(2, "dnssec", "validate", "yes");
	const char *wrong = complete();
	if (has_digests || has_keys) {
		ck_assert_str_eq(wrong, "");
		ck_assert_str_eq(settings->anchor_file, has_digests ? "/usr/share/dns/root.ds"
								    : "/usr/share/dns/root.key");
	} else {
		ck_assert_str_eq(wrong,
				 "f:2: validate: neither /usr/share/dns/root.ds nor root.key is "
				 "there (package dns-root-data); anchors names another file, or "
				 "none\n");
	}
}
END_TEST

static void age(const char *file, time_t sec)
{
	const struct timespec times[] = {{.tv_sec = sec}, {.tv_sec = sec}};
	ck_assert_int_eq(utimensat(AT_FDCWD, in_folder(file), times, 0), 0);
}

static const struct {
	time_t written;
	uint32_t floor;
} ages[] = {
	{TARN__RELEASE_SEC + 86400, TARN__RELEASE_SEC + 86400},
	{TARN__RELEASE_SEC - 86400, TARN__RELEASE_SEC},
	{0, TARN__RELEASE_SEC},
	{-5, TARN__RELEASE_SEC},
};

START_TEST(clock_is_not_before_the_file_nor_the_release)
{
	validate_from("root.ds", ROOT_DS);
	age("root.ds", ages[_i].written);
	ck_assert_str_eq(complete(), "");
	ck_assert_uint_eq(settings->resolver.dnssec.clock_floor_sec, ages[_i].floor);
}
END_TEST

START_TEST(file_that_cannot_be_read_is_a_fault)
{
	char expected[128];
	say(2, "dnssec", "validate", "yes");
	say(3, "dnssec", "anchors", in_folder("missing"));
	snprintf(expected, sizeof(expected), "%s: trust anchors: No such file or directory\n",
		 in_folder("missing"));
	ck_assert_str_eq(complete(), expected);
	ck_assert_uint_eq(settings->resolver.dnssec.anchor_count, 0);
	say(3, "dnssec", "anchors", test_folder);
	snprintf(expected, sizeof(expected), "%s: trust anchors: Is a directory\n", test_folder);
	ck_assert_str_eq(complete(), expected);
	ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
	say(3, "dnssec", "anchors", in_folder("pipe"));
	snprintf(expected, sizeof(expected), "%s: trust anchors: a pipe\n", in_folder("pipe"));
	ck_assert_str_eq(complete(), expected);
	say(3, "dnssec", "anchors", "/dev/zero");
	ck_assert_str_eq(complete(), "/dev/zero: trust anchors: a device\n");
}
END_TEST

START_TEST(line_of_the_file_that_is_no_anchor_is_a_fault)
{
	char expected[128];
	validate_from("root.ds", ROOT_DS "\n. IN A 192.0.2.1\n");
	snprintf(expected, sizeof(expected), "%s:3: neither DS nor DNSKEY\n", in_folder("root.ds"));
	ck_assert_str_eq(complete(), expected);
}
END_TEST

/* What follows a NUL would be lost on the way. */
START_TEST(nul_in_the_file_is_a_fault)
{
	char expected[128];
	static const char text[] = ROOT_DS "\0\n" ROOT_DS;
	validate_from("root.ds", "");
	write_octets("root.ds", "w", text, sizeof(text) - 1);
	snprintf(expected, sizeof(expected), "%s:2: ", in_folder("root.ds"));
	ck_assert_ptr_nonnull(strstr(complete(), expected));
}
END_TEST

START_TEST(without_an_anchor_nothing_can_be_validated)
{
	validate_from("root.ds", "; nothing\n");
	ck_assert_str_eq(complete(), "f:2: validate: no trust anchor is named\n");
	say(3, "dnssec", "anchors", "none");
	ck_assert_str_eq(complete(), "f:2: validate: no trust anchor is named\n");
}
END_TEST

/* RFC 4035 section 5.2 has its names be insecure. */
START_TEST(anchor_that_is_of_no_use_is_logged)
{
	validate_from("root.ds", ROOT_DS ". DS 1 200 2 " DIGEST "\nodd.example. DS 1 200 2 " DIGEST
					 "\nodd.example. DS 1 8 200 00\n");
	say(4, "dnssec", "anchor", "sha1.example. DS 1 5 2 " DIGEST);
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(
		logged(),
		"tarn: warning: no trust anchor of odd.example. has an algorithm and a digest that "
		"are supported: its names are insecure\n"
		"tarn: warning: no trust anchor of sha1.example. has an algorithm and a digest "
		"that "
		"are supported: its names are insecure\n|");
}
END_TEST

START_TEST(what_is_for_validation_needs_it)
{
	say(3, "dnssec", "anchors", "/nonexistent");
	say(4, "dnssec", "anchor", "example. DS 1 8 2 " DIGEST);
	say(5, "dnssec", "insecure", "lab.example");
	add_zone(7, "a");
	add_zone(8, "b")->validate = true;
	ck_assert_str_eq(complete(), "f:3: anchors: without validate = yes\n"
				     "f:4: anchor: without validate = yes\n"
				     "f:5: insecure: without validate = yes\n"
				     "f:8: forward \"b\": validate: without validate = yes in "
				     "section dnssec\n");
	/* Who says no keeps the rest for another time. Nothing is read. */
	say(2, "dnssec", "validate", "no");
	ck_assert_str_eq(complete(), "");
	ck_assert_uint_eq(settings->resolver.dnssec.anchor_count, 0);
}
END_TEST

START_TEST(validation_needs_the_library)
{
	char expected[256];
	validate_from("root.ds", ROOT_DS);
	snprintf(expected, sizeof(expected), "f:2: validate: %s\n", tarn__signature_load());
	ck_assert_str_eq(complete(), expected);
	settings->is_confined = true;
	ck_assert_ptr_nonnull(strstr(complete(), "; in the sandbox that takes a restart\n"));
}
END_TEST

/* ---- --check --------------------------------------------------------------------------------- */

static const char *check(void)
{
	static char text[8192];
	FILE *file = fmemopen(text, sizeof(text), "w");
	ck_assert_ptr_nonnull(file);
	tarn__check_validation(settings, file);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

START_TEST(check_says_that_nothing_is_validated)
{
	ck_assert_str_eq(check(),
			 "\n# DNSSEC: off: answers are not validated here (section "
			 "dnssec, validate = yes).\n"
			 "#   trust-ad = no: nor is it passed on that the servers have.\n");
	settings->resolver.trust_ad = true;
	ck_assert_str_eq(check(), "\n# DNSSEC: off: answers are not validated here (section "
				  "dnssec, validate = yes).\n"
				  "#   trust-ad = yes: that the servers have validated an answer "
				  "is passed on; it is worth what they\n"
				  "#   are, and the way to them.\n");
}
END_TEST

START_TEST(check_has_anchors_zones_and_insecure_names)
{
	validate_from("root.key",
		      ROOT_DS ". IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
			      "island.deep.example. DS 77 200 200 00\n");
	say(4, "dnssec", "insecure", "lab.example");
	say(5, "access", "pass", "local");
	add_zone(6, "corp.example");
	add_zone(7, "10.0.0.0/8")->validate = true;
	add_zone(8, "deep.example");
	add_zone(9, "a.corp.example")->validate = true;
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(
		check(),
		"\n# DNSSEC: on: answers are validated here. What the servers say of it is not "
		"passed on.\n"
		"#   anchor of .: DS 20326 (RSASHA256), DNSKEY 3613 (ED25519)\n"
		"#   anchor of island.deep.example.: DS 77 (algorithm 200, not supported)\n"
		"#   forward \"corp.example\": insecure, since it has servers of its own\n"
		"#   forward \"10.0.0.0/8\": validated, by the anchor of .\n"
		"#   forward \"deep.example\": insecure, since it has servers of its own; below "
		"its "
		"anchors validated\n"
		"#   forward \"a.corp.example\": insecure as corp.example. is, although validate = "
		"yes\n"
		"#   insecure: lab.example.\n"
		"#   insecure: local.\n");
}
END_TEST

START_TEST(check_says_what_is_left_to_trust_ad)
{
	say(2, "dnssec", "validate", "yes");
	say(3, "dnssec", "anchors", "none");
	say(4, "dnssec", "anchor", "example. DS 20326 8 2 " DIGEST);
	add_zone(5, "corp");
	settings->forwards[0].resolver.validate = true;
	settings->resolver.trust_ad = true;
	ck_assert_str_eq(complete(), "");
	ck_assert_str_eq(check(),
			 "\n# DNSSEC: on: answers are validated here. What the servers say of it "
			 "is not passed on, but for\n# insecure names (trust-ad = yes).\n"
			 "#   anchor of example.: DS 20326 (RSASHA256)\n"
			 "#   Names without an anchor at or above them are insecure.\n"
			 "#   forward \"corp\": insecure: no anchor is at or above it\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("validation");
	TCase *tcase = tcase_create("validation");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_is_for_validation_needs_it);
	tcase_add_test(tcase, check_says_that_nothing_is_validated);
	suite_add_tcase(suite, tcase);
	if (tarn__signature_load()) {
		tcase_add_test(tcase, validation_needs_the_library);
		return unit_run(suite);
	}
	tcase_add_test(tcase, anchors_come_from_the_file_and_from_lines);
	tcase_add_test(tcase, lines_may_be_all_there_is);
	tcase_add_test(tcase, root_anchors_are_where_the_distribution_has_them);
	tcase_add_loop_test(tcase, clock_is_not_before_the_file_nor_the_release, 0, COUNT(ages));
	tcase_add_test(tcase, file_that_cannot_be_read_is_a_fault);
	tcase_add_test(tcase, line_of_the_file_that_is_no_anchor_is_a_fault);
	tcase_add_test(tcase, nul_in_the_file_is_a_fault);
	tcase_add_test(tcase, without_an_anchor_nothing_can_be_validated);
	tcase_add_test(tcase, anchor_that_is_of_no_use_is_logged);
	tcase_add_test(tcase, check_has_anchors_zones_and_insecure_names);
	tcase_add_test(tcase, check_says_what_is_left_to_trust_ad);
	return unit_run(suite);
}
