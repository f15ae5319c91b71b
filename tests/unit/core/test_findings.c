/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/findings.c: what is told of what validation finds, and how often. */
#include "core/forward/findings.h"

#include <stdio.h>
#include <string.h>

#include "core/forward/endpoint.h"
#include "dns/text.h"
#include "support/unit.h"

static struct tarn__findings *findings;
static struct tarn__endpoint *endpoint;
static unsigned told;
static struct tarn__finding last;

static void on_finding(void *arg, const struct tarn__finding *finding)
{
	ck_assert_ptr_eq(arg, &told);
	told++;
	last = *finding;
}

static void set_up(void)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &address), 0);
	endpoint = tarn__endpoint_new(&address, NULL, &(struct tarn_source){0});
	findings = tarn__findings_new(on_finding, &told);
	ck_assert(endpoint && findings);
	told = 0;
}

static void tear_down(void)
{
	tarn__findings_free(findings);
	tarn__endpoint_put(endpoint);
}

static void strip(int error, uint64_t now_ms)
{
	tarn__findings_server(findings, endpoint, error, now_ms);
}

static void anchor(const char *zone, const struct tarn__reason *reason)
{
	uint8_t name[TARN__NAME_MAX];
	tarn__findings_anchor(findings, name, tarn__name_parse(zone, name), reason);
}

static const struct tarn__reason bogus = {.code = 9, .text = "no key fits"};

START_TEST(server_is_told_once)
{
	strip(0, 1000);
	ck_assert_uint_eq(told, 0);
	strip(TARN_ENOSIGNATURES, 2000);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(last.kind, TARN__FINDING_SERVER);
	ck_assert(!last.is_over);
	ck_assert_ptr_eq(last.server, &endpoint->address);
	ck_assert_int_eq(last.error, TARN_ENOSIGNATURES);
	strip(TARN_ENODS, 3000);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(server_that_changes_all_the_time_is_told_every_ten_minutes)
{
	strip(TARN_ENODS, 1000);
	for (uint64_t now_ms = 1000; now_ms < 1000 + TARN__FINDING_MS; now_ms += 10000) {
		strip(0, now_ms);
		strip(TARN_ENODS, now_ms);
	}
	ck_assert_uint_eq(told, 1);
	strip(0, 1000 + TARN__FINDING_MS);
	ck_assert_uint_eq(told, 2);
	ck_assert(last.is_over);
	strip(TARN_ENODS, 2000 + TARN__FINDING_MS);
	ck_assert_uint_eq(told, 2);
	strip(TARN_ENODS, 1000 + 2 * TARN__FINDING_MS);
	ck_assert_uint_eq(told, 3);
	ck_assert(!last.is_over);
}
END_TEST

START_TEST(anchor_is_told_when_it_fits_nothing_and_when_it_fits)
{
	anchor(".", NULL);
	ck_assert_uint_eq(told, 0);
	anchor(".", &bogus);
	anchor(".", &bogus);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(last.kind, TARN__FINDING_ANCHOR);
	ck_assert_ptr_eq(last.reason, &bogus);
	anchor("example.", NULL);
	ck_assert_uint_eq(told, 1);
	anchor(".", NULL);
	ck_assert_uint_eq(told, 2);
	ck_assert(last.is_over);
	anchor(".", &bogus);
	ck_assert_uint_eq(told, 3);
}
END_TEST

START_TEST(anchors_are_told_apart)
{
	anchor("a.example.", &bogus);
	anchor("b.example.", &bogus);
	anchor("A.Example.", &bogus);
	ck_assert_uint_eq(told, 2);
	anchor("a.example.", NULL);
	anchor("b.example.", &bogus);
	ck_assert_uint_eq(told, 3);
	anchor("b.example.", NULL);
	ck_assert_uint_eq(told, 4);
}
END_TEST

START_TEST(only_so_many_anchors_are_told)
{
	char zone[16];
	for (int i = 0; i <= TARN__ANCHORS_FOUND_MAX; i++) {
		snprintf(zone, sizeof zone, "z%d.example.", i);
		anchor(zone, &bogus);
	}
	ck_assert_uint_eq(told, TARN__ANCHORS_FOUND_MAX);
	anchor("z0.example.", NULL);
	anchor(zone, &bogus);
	ck_assert_uint_eq(told, TARN__ANCHORS_FOUND_MAX + 2);
}
END_TEST

START_TEST(clock_is_told_when_it_is_wrong_and_when_it_is_right)
{
	tarn__findings_clock(findings, 100, 100);
	ck_assert_uint_eq(told, 0);
	tarn__findings_clock(findings, 99, 100);
	tarn__findings_clock(findings, 50, 100);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(last.kind, TARN__FINDING_CLOCK);
	ck_assert(!last.is_over && last.now_sec == 99 && last.floor_sec == 100);
	tarn__findings_clock(findings, 101, 100);
	ck_assert_uint_eq(told, 2);
	ck_assert(last.is_over);
}
END_TEST

static void second(enum tarn__breaker_event event, uint64_t now_ms)
{
	tarn__findings_second(findings, event, now_ms);
}

START_TEST(second_level_is_told_once_for_all_workers)
{
	second(TARN__BREAKER_OPENED, 1000);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(last.kind, TARN__FINDING_SECOND);
	ck_assert(!last.is_over);
	second(TARN__BREAKER_OPENED, 1100);
	second(TARN__BREAKER_CLOSED, 1200);
	second(TARN__BREAKER_OPEN_STILL, 1300);
	ck_assert_uint_eq(told, 1);
	second(TARN__BREAKER_CLOSED, 1400);
	ck_assert_uint_eq(told, 2);
	ck_assert(last.is_over);
	/* One that comes and goes is told once a minute, and one that stays away is. */
	second(TARN__BREAKER_OPENED, 1500);
	second(TARN__BREAKER_CLOSED, 1600);
	second(TARN__BREAKER_OPENED, 1700);
	second(TARN__BREAKER_OPEN_STILL, 1000 + TARN__FINDING_SECOND_MS - 1);
	ck_assert_uint_eq(told, 2);
	second(TARN__BREAKER_OPEN_STILL, 1000 + TARN__FINDING_SECOND_MS);
	ck_assert_uint_eq(told, 3);
	ck_assert(!last.is_over);
	/* It does not answer again because its connection is lost. */
	second(TARN__BREAKER_DROPPED, 70000);
	ck_assert_uint_eq(told, 3);
	second(TARN__BREAKER_OPENED, 200000);
	ck_assert_uint_eq(told, 4);
}
END_TEST

START_TEST(no_one_has_to_listen)
{
	struct tarn__findings *silent = tarn__findings_new(NULL, NULL);
	tarn__findings_clock(silent, 1, 2);
	tarn__findings_free(silent);
	tarn__findings_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("findings");
	TCase *tcase = tcase_create("findings");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, server_is_told_once);
	tcase_add_test(tcase, server_that_changes_all_the_time_is_told_every_ten_minutes);
	tcase_add_test(tcase, anchor_is_told_when_it_fits_nothing_and_when_it_fits);
	tcase_add_test(tcase, anchors_are_told_apart);
	tcase_add_test(tcase, only_so_many_anchors_are_told);
	tcase_add_test(tcase, clock_is_told_when_it_is_wrong_and_when_it_is_right);
	tcase_add_test(tcase, second_level_is_told_once_for_all_workers);
	tcase_add_test(tcase, no_one_has_to_listen);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
