/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/log/log.c: lines into a pipe that is read, slow or closed. */

#include "config.h"

#include "daemon/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

static int ends[2];
static struct tarn__log sink;
static uint64_t now_ms;

static uint64_t virtual_now(void)
{
	return now_ms;
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
	now_ms = 1000;
	sink.now_ms = virtual_now;
}

static void teardown(void)
{
	tarn__log_fini(&sink);
	close(ends[0]);
	close(ends[1]);
}

/* Everything written so far. */
static const char *logged(void)
{
	static char text[1 << 17];
	ssize_t len = read(ends[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

/* The pipe's reader sleeps. */
static void fill_pipe(void)
{
	char page[4096];
	memset(page, 'x', sizeof(page));
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], page, sizeof(page)) > 0)
		;
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
}

START_TEST(levels_show_in_words)
{
	tarn__log(&sink, TARN_LOG_ERR, "e");
	tarn__log(&sink, TARN_LOG_WARNING, "w");
	tarn__log(&sink, TARN_LOG_INFO, "i");
	ck_assert_str_eq(logged(), "tarn: e\ntarn: warning: w\ntarn: i\n");
}
END_TEST

START_TEST(less_urgent_lines_are_left_out)
{
	tarn__log(&sink, TARN_LOG_DEBUG, "d");
	ck_assert_str_eq(logged(), "");
	tarn__log_set_level(&sink, TARN_LOG_DEBUG);
	tarn__log(&sink, TARN_LOG_DEBUG, "d");
	ck_assert_str_eq(logged(), "tarn: debug: d\n");
}
END_TEST

START_TEST(the_journal_gets_syslog_levels)
{
	struct stat status;
	ck_assert_int_eq(fstat(ends[1], &status), 0);
	char stream[64];
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	tarn__log_fini(&sink);
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
	tarn__log(&sink, TARN_LOG_WARNING, "w");
	ck_assert_str_eq(logged(), "<4>w\n");
}
END_TEST

START_TEST(a_redirected_stderr_is_not_the_journal)
{
	setenv("JOURNAL_STREAM", "1:2", 1);
	tarn__log_fini(&sink);
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
	tarn__log(&sink, TARN_LOG_WARNING, "w");
	ck_assert_str_eq(logged(), "tarn: warning: w\n");
}
END_TEST

START_TEST(octets_that_are_not_printable_are_escaped)
{
	tarn__log_line(&sink, TARN_LOG_INFO, "a\nb\x1b[31m\x7f\xc3\xa9 ~");
	ck_assert_str_eq(logged(), "tarn: a\\x0ab\\x1b[31m\\x7f\\xc3\\xa9 ~\n");
}
END_TEST

START_TEST(a_long_line_is_cut_to_one_line)
{
	char text[3 * TARN__LOG_LINE_MAX];
	for (int escaped = 0; escaped < 2; escaped++) {
		memset(text, escaped ? '\n' : 'a', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		tarn__log_line(&sink, TARN_LOG_INFO, text);
		const char *out = logged();
		ck_assert_uint_le(strlen(out), TARN__LOG_LINE_MAX);
		ck_assert_uint_gt(strlen(out), TARN__LOG_LINE_MAX - 8);
		ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
	}
}
END_TEST

START_TEST(a_line_never_waits_for_its_reader)
{
	fill_pipe();
	tarn__log(&sink, TARN_LOG_INFO, "lost"); /* Check's time limit would end a wait */
	tarn__log(&sink, TARN_LOG_INFO, "lost too");
	while (*logged())
		;
	tarn__log(&sink, TARN_LOG_INFO, "heard");
	ck_assert_str_eq(logged(), "tarn: warning: 2 log lines lost: stderr was not read\n"
				   "tarn: heard\n");
}
END_TEST

START_TEST(a_reader_that_went_away_does_no_harm)
{
	close(ends[0]);
	tarn__log(&sink, TARN_LOG_INFO, "nobody hears");
	ck_assert_uint_eq(sink.lost, 1);
	ends[0] = -1;
}
END_TEST

START_TEST(levels_have_names)
{
	const enum tarn_log_level levels[] = {TARN_LOG_ERR, TARN_LOG_WARNING, TARN_LOG_INFO,
					      TARN_LOG_DEBUG};
	enum tarn_log_level level = TARN_LOG_INFO;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		ck_assert(tarn__log_level_parse(tarn__log_level_name(levels[i]), &level));
		ck_assert_int_eq(level, levels[i]);
	}
	ck_assert(!tarn__log_level_parse("loud", &level));
	ck_assert_int_eq(level, TARN_LOG_DEBUG);
}
END_TEST

START_TEST(text_is_written_as_it_stands)
{
	ck_assert_int_eq(tarn__log_write(&sink, "a\tb\n", 4), 4);
	ck_assert_str_eq(logged(), "a\tb\n");
	fill_pipe();
	ck_assert_int_eq(tarn__log_write(&sink, "c\n", 2), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(sink.lost, 0);
}
END_TEST

START_TEST(what_the_resolver_says_again_is_counted)
{
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	for (int i = 0; i < 3; i++)
		tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	tarn__log_line(&sink, TARN_LOG_INFO, "other");
	ck_assert_str_eq(logged(), "tarn: slow\ntarn: other\n");
	now_ms += TARN__LOG_DEDUP_MS - 1;
	tarn__log_run(&sink);
	ck_assert_str_eq(logged(), "");
	now_ms++;
	tarn__log_run(&sink);
	ck_assert_str_eq(logged(), "tarn: (again, 3 x) slow\n");
}
END_TEST

START_TEST(the_count_comes_before_the_next_line_without_a_loop)
{
	tarn__log_line(&sink, TARN_LOG_WARNING, "slow");
	tarn__log_line(&sink, TARN_LOG_WARNING, "slow");
	now_ms += TARN__LOG_DEDUP_MS;
	tarn__log_line(&sink, TARN_LOG_INFO, "other");
	ck_assert_str_eq(logged(), "tarn: warning: slow\ntarn: warning: (again, 1 x) slow\n"
				   "tarn: other\n");
}
END_TEST

START_TEST(the_count_is_not_lost_at_the_end)
{
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	tarn__log_fini(&sink);
	ck_assert_str_eq(logged(), "tarn: slow\ntarn: (again, 1 x) slow\n");
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
}
END_TEST

START_TEST(what_the_program_says_again_is_said)
{
	for (int i = 0; i < 2; i++)
		tarn__log(&sink, TARN_LOG_INFO, "reloaded");
	ck_assert_str_eq(logged(), "tarn: reloaded\ntarn: reloaded\n");
}
END_TEST

/* A loop whose timers are due at once, because the virtual clock is ahead of its own. */
START_TEST(a_loop_says_the_count_in_time)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	tarn__log_start(&sink, loop);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert(!ev_is_active(&sink.due)); /* nothing wakes an idle program */
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	now_ms += TARN__LOG_DEDUP_MS - 1;
	while (!ev_is_active(&sink.due))
		ev_run(loop, EVRUN_ONCE);
	ck_assert_str_eq(logged(), "tarn: slow\n");
	now_ms++;
	while (ev_is_active(&sink.due))
		ev_run(loop, EVRUN_ONCE);
	ck_assert_str_eq(logged(), "tarn: (again, 1 x) slow\n");
	tarn__log_stop(&sink);
	tarn__log_line(&sink, TARN_LOG_INFO, "slow");
	ev_loop_destroy(loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("line");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, levels_show_in_words);
	tcase_add_test(tcase, less_urgent_lines_are_left_out);
	tcase_add_test(tcase, the_journal_gets_syslog_levels);
	tcase_add_test(tcase, a_redirected_stderr_is_not_the_journal);
	tcase_add_test(tcase, octets_that_are_not_printable_are_escaped);
	tcase_add_test(tcase, a_long_line_is_cut_to_one_line);
	tcase_add_test(tcase, a_line_never_waits_for_its_reader);
	tcase_add_test(tcase, a_reader_that_went_away_does_no_harm);
	tcase_add_test(tcase, levels_have_names);
	tcase_add_test(tcase, text_is_written_as_it_stands);
	tcase_add_test(tcase, what_the_resolver_says_again_is_counted);
	tcase_add_test(tcase, the_count_comes_before_the_next_line_without_a_loop);
	tcase_add_test(tcase, the_count_is_not_lost_at_the_end);
	tcase_add_test(tcase, what_the_program_says_again_is_said);
	tcase_add_test(tcase, a_loop_says_the_count_in_time);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
