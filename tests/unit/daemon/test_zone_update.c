/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/daemon/test_zone_update.c: zones as files, and changes to them, also against a simple model: a
 * list of texts.
 */
#include "daemon/transfer/update.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "dns/text.h"
#include "dns/zonefile.h"
#include "support/churn.h"
#include "support/folder.h"
#include "support/unit.h"

#define SOA(serial) "rpz.example. 60 IN SOA ns.example. a.example. " serial " 3600 600 86400 60"

static const uint8_t key[TARN__SIPHASH_KEY_LEN] = "a key of octets";
static const struct tarn__name zone = {13, "\3rpz\7example"};
static struct tarn__zonefile reader;
static struct tarn__zone_record record;

static const struct tarn__zone_record *parse(const char *line)
{
	char fault[TARN__ZONE_FAULT_MAX];
	/* Check's assertions are system calls even if they hold. */
	must(tarn__zone_record_parse(&reader, line, NULL, 0, 0, &record, fault));
	return &record;
}

static const char *path(void)
{
	return in_folder("rpz.example.zone");
}

static struct tarn__zone_writer *begin(const char *soa)
{
	struct tarn__zone_writer *writer = tarn__zone_writer_new(path());
	ck_assert_ptr_nonnull(writer);
	ck_assert(tarn__zone_writer_add(writer, parse(soa)));
	return writer;
}

/* Writes lines, up to an empty one, as the zone. */
static void write_zone(const char *text)
{
	char line[512];
	struct tarn__zone_writer *writer = tarn__zone_writer_new(path());
	ck_assert_ptr_nonnull(writer);
	while (sscanf(text, "%511[^\n]\n", line) == 1) {
		ck_assert(tarn__zone_writer_add(writer, parse(line)));
		text += strlen(line) + 1;
		if (text[-1] == '\0')
			break;
	}
	ck_assert(tarn__zone_writer_finish(writer));
	tarn__zone_writer_free(writer);
}

static char text[1 << 20];

static const char *read_zone(void)
{
	FILE *file = fopen(path(), "r");
	if (!file)
		return NULL;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static struct tarn__changes *changes;

static void make_changes(void)
{
	changes = tarn__changes_new(key);
	ck_assert_ptr_nonnull(changes);
}

static void note(char word, const char *line)
{
	must(tarn__changes_note(changes, word == '+', parse(line)));
}

static enum tarn__update_result apply(const char *soa)
{
	struct tarn__update *update = tarn__update_new(path(), changes, begin(soa));
	ck_assert_ptr_nonnull(update);
	enum tarn__update_result result;
	do {
		result = tarn__update_step(update);
	} while (result == TARN__UPDATE_MORE);
	ck_assert(result == TARN__UPDATE_DONE || tarn__update_fault(update));
	tarn__update_free(update);
	return result;
}

/* ---- files -------------------------------------------------------------------------------- */

START_TEST(a_zone_is_written_and_its_head_is_read)
{
	struct tarn__zone_file_head head;
	ck_assert(!tarn__zone_file_read_head(path(), &zone, &head));
	write_zone(SOA("7") "\na.rpz.example. 60 IN CNAME .\n");
	ck_assert_str_eq(read_zone(), SOA("7") "\na.rpz.example. 60 IN CNAME .\n");
	ck_assert(tarn__zone_file_read_head(path(), &zone, &head));
	ck_assert_uint_eq(head.soa.serial, 7);
	ck_assert_uint_eq(head.soa.expire, 86400);
	ck_assert_int_gt(head.written_s, 1600000000);
}
END_TEST

START_TEST(what_is_no_such_zone_has_no_head)
{
	static const char *const others[] = {
		"",
		"a.rpz.example. 60 IN CNAME .\n" SOA("7") "\n",
		"garbage\n" SOA("7") "\n",
		"other.example. 60 IN SOA a. b. 7 3600 600 86400 60\n",
		"\n\n; nothing\n",
		"rpz.example. 60 IN SOA ns.example. a.exa",
	};
	struct tarn__zone_file_head head;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put_file("rpz.example.zone", others[i]);
		ck_assert_msg(!tarn__zone_file_read_head(path(), &zone, &head), "%s", others[i]);
	}
	ck_assert_int_eq(unlink(path()), 0);
	ck_assert_int_eq(symlink("/dev/zero", path()), 0);
	ck_assert(!tarn__zone_file_read_head(path(), &zone, &head));
	ck_assert_int_eq(unlink(path()), 0);
	ck_assert_int_eq(mkdir(path(), 0755), 0);
	ck_assert(!tarn__zone_file_read_head(path(), &zone, &head));
}
END_TEST

START_TEST(a_file_that_is_not_finished_changes_nothing)
{
	write_zone(SOA("7") "\n");
	tarn__zone_writer_free(begin(SOA("8")));
	ck_assert_str_eq(read_zone(), SOA("7") "\n");
	ck_assert_int_eq(access(in_folder("rpz.example.zone.tmp"), F_OK), -1);
	/* That of a tarn that was killed is no obstacle. */
	put_file("rpz.example.zone.tmp", "left over");
	write_zone(SOA("9") "\n");
	ck_assert_str_eq(read_zone(), SOA("9") "\n");
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	put_file("other", "precious");
	ck_assert_int_eq(symlink(in_folder("other"), in_folder("rpz.example.zone.tmp")), 0);
	write_zone(SOA("7") "\n");
	FILE *file = fopen(in_folder("other"), "r");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	ck_assert_str_eq(text, "precious");
}
END_TEST

START_TEST(a_record_with_too_much_text_is_left_out)
{
	static uint8_t octets[40000];
	struct tarn__zone_writer *writer = begin(SOA("7"));
	const struct tarn__zone_record big = {.owner = zone.octets,
					      .owner_len = zone.len,
					      .type = 65280,
					      .class = 1,
					      .rdata = octets,
					      .rdata_len = sizeof(octets)};
	size_t left_out;
	ck_assert(tarn__zone_writer_add(writer, &big));
	ck_assert_uint_eq(tarn__zone_writer_count(writer, &left_out), 1);
	ck_assert_uint_eq(left_out, 1);
	tarn__zone_writer_free(writer);
}
END_TEST

START_TEST(a_full_disk_is_a_fault)
{
	const struct rlimit limit = {100000, 100000};
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	struct tarn__zone_writer *writer = begin(SOA("7"));
	bool is_written = true;
	for (int i = 0; i < 100000 && is_written; i++)
		is_written = tarn__zone_writer_add(writer, parse("a.rpz.example. 60 IN CNAME ."));
	ck_assert(!is_written);
	ck_assert_str_eq(tarn__zone_writer_fault(writer), strerror(EFBIG));
	tarn__zone_writer_free(writer);
	ck_assert_int_eq(access(in_folder("rpz.example.zone.tmp"), F_OK), -1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_a_fault)
{
	ck_assert_ptr_null(tarn__zone_writer_new("/nonexistent/a.zone"));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* ---- changes ------------------------------------------------------------------------------ */

#define A "a.rpz.example. 60 IN CNAME .\n"
#define B "b.rpz.example. 60 IN CNAME .\n"
#define C "c.rpz.example. 60 IN CNAME .\n"
#define LATE_A "a.rpz.example. 90 IN CNAME .\n"

static const struct {
	const char *zone, *words, *after; /* after NULL: they do not fit */
} cases[] = {
	{A B, "", A B},
	{A B, "-" A, B},
	{A B, "+" C, A B C},
	{A B, "-" A "+" C, B C},
	{A B, "-" A "-" B, ""},
	/* Again and again: the last word counts, and the first one has to fit. */
	{A B, "-" A "+" A, B A},
	{A B, "-" A "+" A "-" A, B},
	{A B, "+" C "-" C, A B},
	{A B, "+" C "-" C "+" C, A B C},
	/* Another TTL. */
	{A B, "-" A "+" LATE_A, B LATE_A},
	{A B, "-" LATE_A, B},
	/* What is there already is there once. */
	{A B, "+" A, B A},
	{A A, "-" A, ""},
	/* What is not there. */
	{A B, "-" C, NULL},
	{A B, "-" C "+" C, NULL},
	{"", "-" A, NULL},
	{A, "-a.rpz.example. 60 IN CNAME *.\n", NULL},
	{A, "-a.rpz.example. 60 IN DNAME .\n", NULL},
};

START_TEST(changes_are_applied_or_do_not_fit)
{
	char before[512], after[512];
	snprintf(before, sizeof(before), SOA("7") "\n%s", cases[_i].zone);
	write_zone(before);
	make_changes();
	for (const char *at = cases[_i].words; *at;) {
		char line[128];
		ck_assert_int_eq(sscanf(at + 1, "%127[^\n]", line), 1);
		note(*at, line);
		at += strlen(line) + 2;
	}
	enum tarn__update_result result = apply(SOA("8"));
	if (cases[_i].after)
		snprintf(after, sizeof(after), SOA("8") "\n%s", cases[_i].after);
	ck_assert_int_eq(result, cases[_i].after ? TARN__UPDATE_DONE : TARN__UPDATE_MISFIT);
	ck_assert_str_eq(read_zone(), cases[_i].after ? after : before);
}
END_TEST

START_TEST(a_damaged_zone_is_not_changed)
{
	static const char *const damaged[] = {"", SOA("7") "\ngarbage\n",
					      SOA("7") "\n" A SOA("8") "\n", A SOA("7") "\n"};
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put_file("rpz.example.zone", damaged[i]);
		make_changes();
		ck_assert_int_eq(apply(SOA("8")), TARN__UPDATE_MISFIT);
		ck_assert_str_eq(read_zone(), damaged[i]);
	}
}
END_TEST

START_TEST(without_the_old_zone_there_is_no_new_one)
{
	make_changes();
	ck_assert_ptr_null(tarn__update_new(path(), changes, begin(SOA("8"))));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(access(in_folder("rpz.example.zone.tmp"), F_OK), -1);
}
END_TEST

START_TEST(there_are_changes_at_most)
{
	char line[64];
	size_t count = 0;
	make_changes();
	do {
		snprintf(line, sizeof(line), "n%zu.rpz.example. 60 IN CNAME .", count++);
	} while (tarn__changes_note(changes, true, parse(line)) && count < 1000000);
	ck_assert_uint_gt(count, 200000);
	ck_assert_uint_lt(count, 1000000);
	tarn__changes_free(changes);
	tarn__changes_free(NULL);
	tarn__update_free(NULL);
	tarn__zone_writer_free(NULL);
}
END_TEST

/* ---- a model ------------------------------------------------------------------------------ */

enum { NAMES = 4000, WORDS = 6000 };

static bool has[NAMES];
static uint64_t state;

static const char *name_line(unsigned i)
{
	static char line[64];
	snprintf(line, sizeof(line), "n%u.rpz.example. 60 IN CNAME .", i);
	return line;
}

static void check_model(void)
{
	static bool seen[NAMES];
	memset(seen, 0, sizeof(seen));
	for (const char *at = strchr(read_zone(), '\n') + 1; *at; at = strchr(at, '\n') + 1) {
		unsigned i;
		must(sscanf(at, "n%u.", &i) == 1 && i < NAMES && !seen[i]);
		seen[i] = true;
	}
	ck_assert_mem_eq(seen, has, sizeof(has));
}

START_TEST(any_changes_give_what_they_say)
{
	state = (uint64_t)_i;
	struct tarn__zone_writer *writer = begin(SOA("7"));
	for (unsigned i = 0; i < NAMES; i++) {
		has[i] = pick(&state, 2);
		if (has[i])
			must(tarn__zone_writer_add(writer, parse(name_line(i))));
	}
	ck_assert(tarn__zone_writer_finish(writer));
	tarn__zone_writer_free(writer);
	make_changes();
	for (int i = 0; i < WORDS; i++) {
		unsigned n = pick(&state, NAMES);
		note(has[n] ? '-' : '+', name_line(n));
		has[n] = !has[n];
	}
	ck_assert_int_eq(apply(SOA("8")), TARN__UPDATE_DONE);
	check_model();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone_update");
	TCase *tcase = tcase_create("zone_update");
	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_add_test(tcase, a_zone_is_written_and_its_head_is_read);
	tcase_add_test(tcase, what_is_no_such_zone_has_no_head);
	tcase_add_test(tcase, a_file_that_is_not_finished_changes_nothing);
	tcase_add_test(tcase, a_link_is_not_followed);
	tcase_add_test(tcase, a_record_with_too_much_text_is_left_out);
	tcase_add_test(tcase, a_full_disk_is_a_fault);
	tcase_add_test(tcase, a_folder_that_is_not_there_is_a_fault);
	tcase_add_loop_test(tcase, changes_are_applied_or_do_not_fit, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, a_damaged_zone_is_not_changed);
	tcase_add_test(tcase, without_the_old_zone_there_is_no_new_one);
	tcase_add_test(tcase, there_are_changes_at_most);
	tcase_add_loop_test(tcase, any_changes_give_what_they_say, 0, 8);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
