/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resolver/net/second/replies.c, report.c and backoff.h. */
#include "net/second/replies.h"

#include <stdio.h>
#include <string.h>

#include "net/second/backoff.h"
#include "net/second/report.h"
#include "support/unit.h"

static const struct {
	const char *text;
	enum tarn__second_result kind;
} errors[] = {
	{"WRONGTYPE Operation against a key holding the wrong kind of value", TARN__SECOND_TYPE},
	{"OOM command not allowed when used memory > 'maxmemory'.", TARN__SECOND_MEMORY},
	{"READONLY You can't write against a read only replica.", TARN__SECOND_READ_ONLY},
	{"NOAUTH Authentication required.", TARN__SECOND_ACCESS},
	{"WRONGPASS invalid username-password pair", TARN__SECOND_ACCESS},
	{"NOPERM this user has no permissions", TARN__SECOND_ACCESS},
	{"LOADING Redis is loading the dataset in memory", TARN__SECOND_LOADING},
	{"MASTERDOWN Link with MASTER is down", TARN__SECOND_LOADING},
	{"BUSY Redis is busy running a script.", TARN__SECOND_LOADING},
	{"TRYAGAIN Multiple keys request during rehashing", TARN__SECOND_LOADING},
	{"CLUSTERDOWN The cluster is down", TARN__SECOND_LOADING},
	{"MOVED 3999 127.0.0.1:6381", TARN__SECOND_MOVED},
	{"ASK 3999 127.0.0.1:6381", TARN__SECOND_MOVED},
	{"ERR unknown command", TARN__SECOND_OTHER},
	{"LOADINGS is another word", TARN__SECOND_OTHER},
	{"OO", TARN__SECOND_OTHER},
	{"OOM", TARN__SECOND_MEMORY},
	{"", TARN__SECOND_OTHER},
};

static struct tarn__second_reply reply_of(enum tarn__second_reply_kind kind, const char *text)
{
	return (struct tarn__second_reply){
		.kind = kind, .text = text, .len = text ? strlen(text) : 0};
}

START_TEST(an_error_has_a_kind_by_its_first_word)
{
	const char *text = errors[_i].text;
	ck_assert_int_eq(tarn__second_error_kind(text, strlen(text)), errors[_i].kind);
	struct tarn__second_reply reply = reply_of(TARN__SECOND_REPLY_ERROR, text);
	ck_assert_int_eq(tarn__second_judge_get(&reply), errors[_i].kind);
	ck_assert_int_eq(tarn__second_judge_put(&reply), errors[_i].kind);
	ck_assert_int_eq(tarn__second_judge_lease(&reply), errors[_i].kind);
}
END_TEST

START_TEST(the_first_word_ends_with_the_text)
{
	ck_assert_int_eq(tarn__second_error_kind("OOMX", 3), TARN__SECOND_MEMORY);
	ck_assert_int_eq(tarn__second_error_kind("OOM", 2), TARN__SECOND_OTHER);
}
END_TEST

START_TEST(a_get_is_there_absent_or_of_a_wrong_type)
{
	static const struct {
		enum tarn__second_reply_kind kind;
		const char *text;
		enum tarn__second_result result;
	} replies[] = {
		{TARN__SECOND_REPLY_TEXT, "x", TARN__SECOND_THERE},
		{TARN__SECOND_REPLY_TEXT, "", TARN__SECOND_ABSENT},
		{TARN__SECOND_REPLY_NIL, NULL, TARN__SECOND_ABSENT},
		{TARN__SECOND_REPLY_STATUS, "OK", TARN__SECOND_TYPE},
		{TARN__SECOND_REPLY_INTEGER, NULL, TARN__SECOND_TYPE},
		{TARN__SECOND_REPLY_ARRAY, NULL, TARN__SECOND_TYPE},
	};
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
		struct tarn__second_reply reply = reply_of(replies[i].kind, replies[i].text);
		ck_assert_int_eq(tarn__second_judge_get(&reply), replies[i].result);
	}
}
END_TEST

START_TEST(a_value_is_as_long_as_it_may_be_and_no_longer)
{
	static char octets[TARN__SECOND_REPLY_MAX];
	struct tarn__second_reply reply = {
		.kind = TARN__SECOND_REPLY_TEXT, .text = octets, .len = TARN__SECOND_VALUE_MAX};
	ck_assert_int_eq(tarn__second_judge_get(&reply), TARN__SECOND_THERE);
	reply.len++;
	ck_assert_int_eq(tarn__second_judge_get(&reply), TARN__SECOND_TYPE);
}
END_TEST

START_TEST(a_put_has_any_reply_but_a_text_or_an_array)
{
	struct tarn__second_reply reply = reply_of(TARN__SECOND_REPLY_STATUS, "OK");
	ck_assert_int_eq(tarn__second_judge_put(&reply), TARN__SECOND_ABSENT);
	reply = reply_of(TARN__SECOND_REPLY_INTEGER, NULL);
	ck_assert_int_eq(tarn__second_judge_put(&reply), TARN__SECOND_ABSENT);
	reply = reply_of(TARN__SECOND_REPLY_NIL, NULL);
	ck_assert_int_eq(tarn__second_judge_put(&reply), TARN__SECOND_ABSENT);
	reply = reply_of(TARN__SECOND_REPLY_TEXT, "OK");
	ck_assert_int_eq(tarn__second_judge_put(&reply), TARN__SECOND_TYPE);
	reply = reply_of(TARN__SECOND_REPLY_ARRAY, NULL);
	ck_assert_int_eq(tarn__second_judge_put(&reply), TARN__SECOND_TYPE);
}
END_TEST

START_TEST(a_lease_is_taken_or_held)
{
	struct tarn__second_reply reply = reply_of(TARN__SECOND_REPLY_STATUS, "OK");
	ck_assert_int_eq(tarn__second_judge_lease(&reply), TARN__SECOND_LEASED);
	reply = reply_of(TARN__SECOND_REPLY_NIL, NULL);
	ck_assert_int_eq(tarn__second_judge_lease(&reply), TARN__SECOND_HELD);
	reply = reply_of(TARN__SECOND_REPLY_INTEGER, NULL);
	ck_assert_int_eq(tarn__second_judge_lease(&reply), TARN__SECOND_TYPE);
}
END_TEST

START_TEST(a_peers_text_is_one_printable_line)
{
	char out[TARN__SECOND_FAULT_MAX];
	ck_assert_str_eq(tarn__second_quote("a\r\nb\x1b[31m\xff", 10, out), "a??b?[31m?");
	ck_assert_str_eq(tarn__second_quote("", 0, out), "");
	char text[TARN__SECOND_FAULT_MAX + 1];
	memset(text, 'x', sizeof text);
	tarn__second_quote(text, TARN__SECOND_FAULT_MAX - 1, out);
	ck_assert_uint_eq(strspn(out, "x"), TARN__SECOND_FAULT_MAX - 1);
	tarn__second_quote(text, TARN__SECOND_FAULT_MAX, out);
	ck_assert_uint_eq(strlen(out), TARN__SECOND_FAULT_MAX - 1);
	ck_assert_str_eq(out + TARN__SECOND_FAULT_MAX - 4, "...");
}
END_TEST

START_TEST(an_error_is_explained_with_its_kind)
{
	char out[TARN__SECOND_FAULT_MAX];
	struct tarn__second_reply reply =
		reply_of(TARN__SECOND_REPLY_ERROR, "NOAUTH Authentication required.");
	ck_assert_str_eq(tarn__second_explain(&reply, out),
			 "NOAUTH Authentication required. (access)");
	reply = reply_of(TARN__SECOND_REPLY_STATUS, "OK");
	ck_assert_str_eq(tarn__second_explain(&reply, out),
			 "a reply of another type than expected");
	char text[400];
	memset(text, 'x', sizeof text);
	reply = (struct tarn__second_reply){
		.kind = TARN__SECOND_REPLY_ERROR, .text = text, .len = sizeof text};
	tarn__second_explain(&reply, out);
	ck_assert_str_eq(out + strlen(out) - 8, " (other)");
}
END_TEST

START_TEST(the_pause_doubles_to_800_ms_with_a_quarter_of_jitter)
{
	static const uint32_t middle[] = {100, 200, 400, 800, 800, 800};
	struct tarn__backoff low = {0}, high = {0};
	for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) {
		ck_assert_uint_eq(tarn__backoff_next(&low, 0), middle[i] * 3 / 4);
		uint32_t most = middle[i] / 2;
		ck_assert_uint_eq(tarn__backoff_next(&high, most), middle[i] * 5 / 4);
	}
	for (uint32_t random = 0; random < 2000; random++) {
		uint32_t ms = tarn__backoff_next(&low, random * 2654435761u);
		ck_assert_uint_ge(ms, 600);
		ck_assert_uint_le(ms, 1000);
	}
	tarn__backoff_reset(&low);
	ck_assert_uint_eq(tarn__backoff_next(&low, 25), 100);
}
END_TEST

/* ---- lines ------------------------------------------------------------------------------- */

START_TEST(each_change_and_each_reason_is_said_once)
{
	char line[TARN__SECOND_LINE_MAX], reason[16];
	struct tarn__second_report report = {.what = "the store"};
	struct tarn__second_place place = {.path = "/s"};
	ck_assert(tarn__second_report_fault(&report, &place, false, "refused", line));
	ck_assert_str_eq(line, "the store at /s: refused");
	ck_assert(!tarn__second_report_fault(&report, &place, false, "refused", line));
	ck_assert(tarn__second_report_fault(&report, &place, false, "silent", line));
	ck_assert(!tarn__second_report_fault(&report, &place, false, "refused", line));
	ck_assert(tarn__second_report_up(&report, &place, line));
	ck_assert_str_eq(line, "the store at /s: connected");
	ck_assert(tarn__second_report_fault(&report, &place, true, "refused", line));
	ck_assert(tarn__second_report_up(&report, &place, line));
	/* An error while it is up, and the loss for the same reason. */
	ck_assert(tarn__second_report_fault(&report, &place, false, "full", line));
	ck_assert(tarn__second_report_fault(&report, &place, true, "full", line));
	for (int i = 1; i < TARN__SECOND_REASONS_MAX; i++) {
		snprintf(reason, sizeof reason, "%d", i);
		ck_assert(tarn__second_report_fault(&report, &place, false, reason, line));
	}
	ck_assert(!tarn__second_report_fault(&report, &place, false, "one too many", line));
}
END_TEST

START_TEST(a_quiet_part_says_that_it_works_only_after_a_fault)
{
	char line[TARN__SECOND_LINE_MAX];
	struct tarn__second_report report = {.what = "the channel", .is_quiet = true};
	struct tarn__second_place place = {.path = "/s"};
	ck_assert(!tarn__second_report_up(&report, &place, line));
	ck_assert(tarn__second_report_fault(&report, &place, true, "refused", line));
	ck_assert(tarn__second_report_up(&report, &place, line));
}
END_TEST

START_TEST(what_several_workers_meet_is_said_once)
{
	struct tarn__second_lines lines = {.next = 0};
	for (int round = 0; round < 50; round++) {
		ck_assert(tarn__second_lines_say(&lines, false, "a at b: connected"));
		ck_assert(!tarn__second_lines_say(&lines, false, "a at b: connected"));
		ck_assert(tarn__second_lines_say(&lines, true, "a at b: closed"));
		ck_assert(tarn__second_lines_say(&lines, true, "a at b: refused"));
		ck_assert(!tarn__second_lines_say(&lines, true, "a at b: closed"));
		ck_assert(!tarn__second_lines_say(&lines, true, "a at b: refused"));
		ck_assert_int_eq(tarn__second_lines_say(&lines, false, "a at c: connected"),
				 round == 0 || round % 5 == 0);
		if (round % 5 == 4)
			ck_assert(tarn__second_lines_say(&lines, true, "a at c: closed"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_replies");
	TCase *tcase = tcase_create("replies");
	tcase_add_loop_test(tcase, an_error_has_a_kind_by_its_first_word, 0,
			    sizeof errors / sizeof errors[0]);
	tcase_add_test(tcase, the_first_word_ends_with_the_text);
	tcase_add_test(tcase, a_get_is_there_absent_or_of_a_wrong_type);
	tcase_add_test(tcase, a_value_is_as_long_as_it_may_be_and_no_longer);
	tcase_add_test(tcase, a_put_has_any_reply_but_a_text_or_an_array);
	tcase_add_test(tcase, a_lease_is_taken_or_held);
	tcase_add_test(tcase, a_peers_text_is_one_printable_line);
	tcase_add_test(tcase, an_error_is_explained_with_its_kind);
	tcase_add_test(tcase, the_pause_doubles_to_800_ms_with_a_quarter_of_jitter);
	tcase_add_test(tcase, each_change_and_each_reason_is_said_once);
	tcase_add_test(tcase, a_quiet_part_says_that_it_works_only_after_a_fault);
	tcase_add_test(tcase, what_several_workers_meet_is_said_once);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
