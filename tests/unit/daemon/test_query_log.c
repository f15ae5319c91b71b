/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/query_log.c: lines for people and tools, and what happens where they cannot be written.
 */

#include "config.h"

#include "daemon/telemetry/query_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/policy/rules.h"
#include "dns/text.h"
#include "support/unit.h"

enum { WORKERS = 2 };

static char folder[] = "/tmp/tarn-questions-XXXXXX";
static char path[64], moved[64];
static int ends[2]; /* of the pipe that the log goes to */
static struct tarn__log sink;
static struct tarn__list_slots slots;
static struct tarn__query_log *query_log;

/* In place of the library's, where it is not 0. */
static int thread_error;

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*act)(void *),
			  void *arg)
{
	return thread_error ? thread_error : __real_pthread_create(thread, attributes, act, arg);
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	unsetenv("JOURNAL_STREAM");
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/questions", folder);
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
	query_log = tarn__query_log_new(WORKERS, &sink, &slots);
	ck_assert_ptr_nonnull(query_log);
}

static void teardown(void)
{
	tarn__query_log_free(query_log);
	tarn__list_slots_fini(&slots);
	tarn__log_fini(&sink);
	close(ends[0]);
	close(ends[1]);
	unlink(path);
	unlink(moved);
	rmdir(folder);
}

static char text[1 << 23];

/* What can be read from it, without the time at the head of each line. */
static const char *read_lines(int fd)
{
	size_t len = 0;
	ssize_t part;
	while ((part = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)part;
	text[len] = '\0';
	char *to = text;
	for (const char *line = text; *line;) {
		const char *end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		const char *time = *line == '#' ? line + 2 : line;
		int year, month, day, hour, minute, sec, ms, time_len = 0;
		ck_assert_int_eq(sscanf(time, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month,
					&day, &hour, &minute, &sec, &ms, &time_len),
				 7);
		ck_assert_int_eq(time_len, sizeof("2026-11-23T05:30:00.123Z ") - 1);
		ck_assert(year >= 2024 && month <= 12 && day <= 31 && hour < 24 && minute < 60);
		if (*line == '#')
			*to++ = '#';
		size_t rest = (size_t)(end + 1 - (time + time_len));
		memmove(to, time + time_len, rest);
		to += rest;
		line = end + 1;
	}
	*to = '\0';
	return text;
}

static const char *written(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	const char *lines = read_lines(fd);
	close(fd);
	return lines;
}

/* Until the log's thread has written there. */
static void wait_readable(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ck_assert_int_eq(poll(&ready, 1, -1), 1);
}

static const char *logged(void)
{
	static char lines[4096];
	ssize_t len = read(ends[0], lines, sizeof(lines) - 1);
	lines[len > 0 ? len : 0] = '\0';
	return lines;
}

static size_t count_lines(const char *lines)
{
	size_t count = 0;
	for (; (lines = strchr(lines, '\n')); lines++)
		count++;
	return count;
}

static void tell(size_t worker, const struct tarn__answered *answered)
{
	const struct tarn__observer *observer = tarn__query_log_observer(query_log, worker);
	observer->answered(observer->data, answered);
}

static void note(size_t worker, const char *name)
{
	uint8_t qname[TARN__NAME_MAX];
	struct tarn__query query = {.qname = qname, .qtype = 1, .qclass = TARN__CLASS_IN};
	query.qname_len = (uint16_t)tarn__name_parse(name, qname);
	ck_assert_uint_gt(query.qname_len, 0);
	tell(worker, &(struct tarn__answered){.query = &query, .status = TARN__STATUS_HIT});
}

static void start(void)
{
	ck_assert_int_eq(tarn__query_log_start(query_log, path), 0);
}

START_TEST(a_line_tells_of_the_answer)
{
	struct tarn_address client, upstream;
	tarn_address_parse("[2001:db8::1]:40000", 53, &client);
	tarn_address_parse("192.0.2.53", 53, &upstream);
	uint8_t qname[TARN__NAME_MAX];
	struct tarn__query query = {
		.qname = qname,
		.qname_len = (uint16_t)tarn__name_parse("wWw.example.com.", qname),
		.qtype = 28,
		.qclass = TARN__CLASS_IN,
	};
	start();
	tell(1, &(struct tarn__answered){.client = &client,
					 .transport = TARN__TCP,
					 .query = &query,
					 .rcode = 3,
					 .status = TARN__STATUS_EXPIRED,
					 .latency_ms = 123,
					 .upstream = &upstream});
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "[2001:db8::1]:40000 tcp wWw.example.com. AAAA NXDOMAIN "
					"expired 192.0.2.53:53 123\n");
}
END_TEST

START_TEST(each_transport_has_its_word)
{
	static const char *const words[] = {"udp", "tcp", "tls", "https"};
	struct tarn_address client;
	char expected[128];
	tarn_address_parse("192.0.2.1:1000", 53, &client);
	start();
	tell(0, &(struct tarn__answered){.client = &client,
					 .transport = (enum tarn__transport)_i,
					 .query = &(struct tarn__query){0},
					 .rcode = 1,
					 .status = TARN__STATUS_INVALID});
	tarn__query_log_stop(query_log);
	snprintf(expected, sizeof expected, "192.0.2.1:1000 %s - - FORMERR invalid - 0\n",
		 words[_i]);
	ck_assert_str_eq(written(path), expected);
}
END_TEST

START_TEST(what_is_not_there_is_a_hyphen)
{
	start();
	note(0, ".");
	tell(0, &(struct tarn__answered){.query = &(struct tarn__query){0},
					 .rcode = 1,
					 .status = TARN__STATUS_INVALID});
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - . A NOERROR hit - 0\n"
					"- - - - FORMERR invalid - 0\n");
}
END_TEST

START_TEST(another_class_stands_with_the_type)
{
	static const uint8_t qname[] = "\7version\4bind";
	struct tarn__query query = {
		.qname = qname, .qname_len = sizeof(qname), .qtype = 16, .qclass = 3};
	start();
	tell(0, &(struct tarn__answered){.query = &query, .status = TARN__STATUS_LOCAL});
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - version.bind. TXT/CH NOERROR local - 0\n");
}
END_TEST

START_TEST(a_name_cannot_forge_a_word_or_a_line)
{
	static const uint8_t qname[] = "\21a b\n# \t\33[31m\0\377.;-";
	struct tarn__query query = {
		.qname = qname, .qname_len = sizeof(qname), .qtype = 1, .qclass = TARN__CLASS_IN};
	start();
	tell(0, &(struct tarn__answered){.query = &query, .status = TARN__STATUS_MISS});
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(
		written(path),
		"- - a\\032b\\010#\\032\\009\\027[31m\\000\\255\\.\\;-. A NOERROR miss - 0\n");
}
END_TEST

START_TEST(list_that_has_decided_is_the_last_word)
{
	static const uint8_t qname[] = "\1a";
	struct tarn__query query = {
		.qname = qname, .qname_len = sizeof(qname), .qtype = 1, .qclass = TARN__CLASS_IN};
	struct tarn__answered answered = {
		.query = &query, .status = TARN__STATUS_BLOCKED, .rcode = 3};
	answered.list_slot = tarn__list_slots_take(&slots, "ads");
	start();
	tell(0, &answered);
	answered.list_slot = tarn__list_slots_take(&slots, "my \\\n\377");
	tell(0, &answered);
	/* One that has no name. */
	answered.list_slot = TARN__LIST_SLOTS - 1;
	tell(0, &answered);
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - a. A NXDOMAIN blocked - 0 ads\n"
					"- - a. A NXDOMAIN blocked - 0 my\\x20\\x5c\\x0a\\xff\n"
					"- - a. A NXDOMAIN blocked - 0\n");
}
END_TEST

START_TEST(what_validation_has_found_is_the_last_word)
{
	static const uint8_t qname[] = "\1a";
	struct tarn__query query = {
		.qname = qname, .qname_len = sizeof(qname), .qtype = 1, .qclass = TARN__CLASS_IN};
	struct tarn__answered answered = {
		.query = &query, .status = TARN__STATUS_MISS, .security = TARN__ANSWERED_SECURE};
	start();
	tell(0, &answered);
	answered.security = TARN__ANSWERED_INSECURE;
	tell(0, &answered);
	answered.security = TARN__ANSWERED_BOGUS;
	answered.status = TARN__STATUS_FAILURE;
	answered.rcode = TARN__SERVFAIL;
	tell(0, &answered);
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - a. A NOERROR miss - 0 secure\n"
					"- - a. A NOERROR miss - 0 insecure\n"
					"- - a. A SERVFAIL failure - 0 bogus\n");
}
END_TEST

START_TEST(the_longest_name_fits)
{
	uint8_t qname[TARN__NAME_MAX] = {0};
	for (size_t at = 0; at + 1 < sizeof(qname);) {
		size_t room = sizeof(qname) - 2 - at;
		qname[at] = (uint8_t)(room < 63 ? room : 63);
		at += 1u + qname[at];
	}
	struct tarn__query query = {
		.qname = qname, .qname_len = sizeof(qname), .qtype = 65535, .qclass = 65535};
	struct tarn_address address;
	tarn_address_parse("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 53, &address);
	char list[TARN__RULE_SET_NAME_MAX + 1];
	memset(list, ' ', TARN__RULE_SET_NAME_MAX);
	list[TARN__RULE_SET_NAME_MAX] = '\0';
	uint8_t slot = tarn__list_slots_take(&slots, list);
	start();
	for (int i = 0; i < 100; i++)
		tell(0, &(struct tarn__answered){.client = &address,
						 .query = &query,
						 .rcode = 4095,
						 .list_slot = slot,
						 .status = TARN__STATUS_LOCK_HIT,
						 .latency_ms = UINT64_MAX,
						 .upstream = &address});
	tarn__query_log_stop(query_log);
	const char *lines = written(path);
	ck_assert_uint_eq(count_lines(lines), 100);
	ck_assert_uint_gt(strlen(lines), 100 * 4 * 250);
	ck_assert_ptr_nonnull(strstr(lines, " TYPE65535/CLASS65535 RCODE4095 lock_hit "));
	ck_assert_ptr_nonnull(strstr(lines, " 18446744073709551615 \\x20\\x20"));
}
END_TEST

START_TEST(the_lines_of_all_workers_come)
{
	start();
	for (size_t i = 0; i < WORKERS; i++)
		note(i, "a.example.");
	tarn__query_log_stop(query_log);
	ck_assert_uint_eq(count_lines(written(path)), WORKERS);
}
END_TEST

START_TEST(a_file_is_the_owner_s_and_its_group_s)
{
	struct stat status;
	umask(0);
	start();
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
}
END_TEST

START_TEST(a_file_is_appended_to)
{
	for (int i = 0; i < 2; i++) {
		start();
		note(0, i == 0 ? "a." : "b.");
		tarn__query_log_stop(query_log);
	}
	ck_assert_str_eq(written(path), "- - a. A NOERROR hit - 0\n- - b. A NOERROR hit - 0\n");
}
END_TEST

START_TEST(stderr_is_where_the_log_goes)
{
	ck_assert_int_eq(tarn__query_log_start(query_log, "stderr"), 0);
	note(0, "a.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(read_lines(ends[0]), "- - a. A NOERROR hit - 0\n");
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_leaves_the_other)
{
	start();
	ck_assert_int_eq(tarn__query_log_start(query_log, "/nowhere/questions"), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENOENT);
	note(0, "a.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - a. A NOERROR hit - 0\n");
}
END_TEST

START_TEST(another_file_takes_no_other_thread)
{
	start();
	note(0, "a.");
	thread_error = EAGAIN;
	ck_assert_int_eq(tarn__query_log_start(query_log, moved), 0);
	note(0, "b.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - a. A NOERROR hit - 0\n");
	ck_assert_str_eq(written(moved), "- - b. A NOERROR hit - 0\n");
}
END_TEST

START_TEST(a_thread_that_does_not_start_may_do_so_later)
{
	thread_error = EAGAIN;
	ck_assert_int_eq(tarn__query_log_start(query_log, path), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EAGAIN);
	thread_error = 0;
	start();
	note(0, "a.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - a. A NOERROR hit - 0\n");
}
END_TEST

/* Reading from a pipe with a name waits until the thread has written to it. */
START_TEST(a_sleeping_log_is_woken)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	start();
	ck_assert_int_eq(fcntl(reader, F_SETFL, 0), 0);
	for (int i = 0; i < 20; i++) {
		char line[256];
		note((size_t)i % WORKERS, "a.");
		ck_assert_int_gt(read(reader, line, sizeof(line)), 0);
	}
	close(reader);
}
END_TEST

START_TEST(a_file_that_was_moved_is_opened_anew)
{
	start();
	ck_assert_int_eq(rename(path, moved), 0);
	note(0, "a.");
	start();
	note(0, "b.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(moved), "- - a. A NOERROR hit - 0\n");
	ck_assert_str_eq(written(path), "- - b. A NOERROR hit - 0\n");
}
END_TEST

/* A file that may grow by two lines and 20 octets stands for a disk. */
START_TEST(a_file_does_not_begin_with_the_rest_of_a_line)
{
	enum { BEFORE = 1 << 20, ROOM = 2 * 50 + 20 }; /* BEFORE: Check writes files, too */
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(truncate(path, BEFORE), 0);
	struct rlimit before, limit;
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = BEFORE + ROOM;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	start();
	for (const char *const *name = (const char *const[]){"a.", "b.", "c.", "d.", NULL}; *name;
	     name++)
		note(0, *name);
	wait_readable(ends[0]);
	ck_assert_ptr_nonnull(strstr(logged(), "File too large"));
	ck_assert_int_eq(rename(path, moved), 0);
	start();
	tarn__query_log_stop(query_log);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	struct stat status;
	ck_assert_int_eq(stat(moved, &status), 0);
	ck_assert_int_eq(status.st_size, BEFORE + ROOM);
	ck_assert_str_eq(written(path), "- - d. A NOERROR hit - 0\n");
	ck_assert_uint_eq(tarn__query_log_lost(query_log), 1);
}
END_TEST

START_TEST(a_slow_reader_costs_lines_and_no_time)
{
	enum { NOTED = 30000 };
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	start();
	for (int i = 0; i < NOTED; i++)
		note(0,
		     "name.to.fill.rings.with.example."); /* Check's time limit would end a wait */
	uint64_t lost = tarn__query_log_lost(query_log);
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_lt(lost, NOTED);
	/* All that it has is read while it stops. */
	size_t lines = 0, notices = 0;
	uint64_t told = 0;
	while (told < lost || lines + told < NOTED) {
		wait_readable(reader);
		const char *line = read_lines(reader);
		for (; *line; line = strchr(line, '\n') + 1) {
			unsigned long long number;
			if (sscanf(line, "#%llu lines lost\n", &number) == 1) {
				told += number;
				notices++;
			} else {
				lines++;
			}
		}
	}
	ck_assert_uint_eq(lines + told, NOTED);
	ck_assert_uint_eq(told, tarn__query_log_lost(query_log));
	ck_assert_uint_ge(notices, 1);
	ck_assert_str_eq(logged(), "");
	close(reader);
}
END_TEST

START_TEST(a_full_disk_is_told_once)
{
	ck_assert_int_eq(tarn__query_log_start(query_log, "/dev/full"), 0);
	note(0, "a.");
	note(1, "b.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(logged(),
			 "tarn: warning: cannot write the query log to /dev/full: No space left "
			 "on device; lines are lost until it can be\n");
	ck_assert_uint_eq(tarn__query_log_lost(query_log), 2);
	start();
	note(0, "c.");
	tarn__query_log_stop(query_log);
	ck_assert_str_eq(written(path), "- - c. A NOERROR hit - 0\n");
}
END_TEST

START_TEST(starting_and_stopping_may_repeat)
{
	tarn__query_log_stop(query_log);
	start();
	start();
	tarn__query_log_stop(query_log);
	tarn__query_log_stop(query_log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("questions");
	TCase *tcase = tcase_create("line");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_line_tells_of_the_answer);
	tcase_add_loop_test(tcase, each_transport_has_its_word, 0, TARN__TRANSPORTS);
	tcase_add_test(tcase, what_is_not_there_is_a_hyphen);
	tcase_add_test(tcase, another_class_stands_with_the_type);
	tcase_add_test(tcase, a_name_cannot_forge_a_word_or_a_line);
	tcase_add_test(tcase, list_that_has_decided_is_the_last_word);
	tcase_add_test(tcase, what_validation_has_found_is_the_last_word);
	tcase_add_test(tcase, the_longest_name_fits);
	tcase_add_test(tcase, the_lines_of_all_workers_come);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("file");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_file_is_the_owner_s_and_its_group_s);
	tcase_add_test(tcase, a_file_is_appended_to);
	tcase_add_test(tcase, stderr_is_where_the_log_goes);
	tcase_add_test(tcase, a_file_that_cannot_be_opened_leaves_the_other);
	tcase_add_test(tcase, another_file_takes_no_other_thread);
	tcase_add_test(tcase, a_thread_that_does_not_start_may_do_so_later);
	tcase_add_test(tcase, a_sleeping_log_is_woken);
	tcase_add_test(tcase, a_file_that_was_moved_is_opened_anew);
	tcase_add_test(tcase, a_file_does_not_begin_with_the_rest_of_a_line);
	tcase_add_test(tcase, a_slow_reader_costs_lines_and_no_time);
	tcase_add_test(tcase, a_full_disk_is_told_once);
	tcase_add_test(tcase, starting_and_stopping_may_repeat);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
