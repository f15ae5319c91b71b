/* SPDX-License-Identifier: BSD-2-Clause */
/* net/fault_log.c: what is wrong with encrypted servers, for the log. */

#include "config.h"

#include "net/fault_log.h"

#include <stdio.h>

#include "core/forward/endpoint.h"
#include "support/unit.h"
#include "tarn.h"

enum { START_MS = 100000 };

static struct tarn__fault_log faults;
static struct tarn__endpoint *named, *bare;
static char line[TARN__FAULT_LINE_MAX];

static struct tarn__endpoint *make(const char *name)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 853, &address), 0);
	struct tarn_traits traits = {.transport = TARN_TLS, .name = name};
	struct tarn__endpoint *made =
		tarn__endpoint_new(&address, &traits, &(struct tarn_source){0});
	ck_assert_ptr_nonnull(made);
	return made;
}

static void set_up(void)
{
	faults = (struct tarn__fault_log){0};
	named = make("dns.example");
	bare = make(NULL);
}

static void tear_down(void)
{
	tarn__endpoint_put(named);
	tarn__endpoint_put(bare);
}

static bool tell(const struct tarn__endpoint *endpoint, const char *fault, bool is_clock,
		 uint64_t now_ms)
{
	return tarn__fault_log_tell(&faults, endpoint, fault, is_clock, now_ms, line);
}

START_TEST(line_names_server_and_reason)
{
	ck_assert(tell(named, "certificate is for other.example", false, START_MS));
	ck_assert_str_eq(line, "dns.example at 192.0.2.1:853: certificate is for other.example");
	ck_assert(tell(bare, "connection refused", false, START_MS));
	ck_assert_str_eq(line, "192.0.2.1:853: connection refused");
}
END_TEST

START_TEST(same_is_said_once_per_minute)
{
	ck_assert(tell(named, "connection refused", false, START_MS));
	ck_assert(!tell(named, "connection refused", false, START_MS + TARN__FAULT_LOG_MS - 1));
	ck_assert(tell(named, "connection reset", false, START_MS));
	ck_assert(tell(bare, "connection refused", false, START_MS));
	ck_assert(tell(named, "connection refused", false, START_MS + TARN__FAULT_LOG_MS));
}
END_TEST

START_TEST(wrong_clock_is_said_once)
{
	ck_assert(tell(named, "the clock is wrong: it shows 1970-01-01", true, START_MS));
	ck_assert_str_eq(line,
			 "dns.example at 192.0.2.1:853: the clock is wrong: it shows 1970-01-01");
	ck_assert(!tell(bare, "the clock is wrong: it shows 1970-01-01", true,
			START_MS + 10 * TARN__FAULT_LOG_MS));
}
END_TEST

/* What was said longest ago is forgotten first. */
START_TEST(many_faults_take_each_others_places)
{
	for (int i = 0; i < 3 * TARN__FAULT_LOG_SIZE; i++) {
		char fault[32];
		snprintf(fault, sizeof(fault), "fault %d", i);
		ck_assert(tell(named, fault, false, START_MS + (uint64_t)i));
		ck_assert(!tell(named, fault, false, START_MS + (uint64_t)i));
	}
	ck_assert(tell(named, "fault 0", false, START_MS + 1000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault_log");
	TCase *tcase = tcase_create("fault_log");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, line_names_server_and_reason);
	tcase_add_test(tcase, same_is_said_once_per_minute);
	tcase_add_test(tcase, wrong_clock_is_said_once);
	tcase_add_test(tcase, many_faults_take_each_others_places);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
