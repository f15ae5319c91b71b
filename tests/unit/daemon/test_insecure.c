/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/insecure.c: names that the workers do not validate for a time. */

#include "config.h"

#include "daemon/names/insecure.h"

#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "crypto/signature.h"
#include "dns/text.h"
#include "dnssec/anchors.h"
#include "net/shared.h"
#include "support/log.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct tarn *tarn;
static struct tarn__insecure insecure;

static const char *const anchors[] = {
	". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"};
static const char *const configured[] = {"lab.example"};
static const struct tarn_options options = {.dnssec = {.validate = true,
						       .anchors = anchors,
						       .anchor_count = 1,
						       .insecure = configured,
						       .insecure_count = 1}};

static void set_up(void)
{
	open_log();
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	tarn = tarn_new(&options);
	ck_assert(loop && tarn);
	tarn__insecure_init(&insecure, tarn, loop, &test_log);
}

static void tear_down(void)
{
	tarn__insecure_stop(&insecure);
	tarn_free(tarn);
	ev_loop_destroy(loop);
	close_log();
}

static struct tarn__name name_of(const char *text)
{
	struct tarn__name name;
	name.len = tarn__name_parse(text, name.octets);
	ck_assert_uint_gt(name.len, 0);
	return name;
}

static int say(const char *text, uint64_t sec)
{
	struct tarn__name name = name_of(text);
	return tarn__insecure_say(&insecure, &name, sec);
}

static int take_back(const char *text)
{
	struct tarn__name name = name_of(text);
	return tarn__insecure_take_back(&insecure, &name);
}

static bool has(const char *text)
{
	struct tarn__name name = name_of(text);
	return tarn__insecure_has(&insecure, name.octets, name.len);
}

/* As the workers have it. */
static bool is_validated(const char *text)
{
	struct tarn__name name = name_of(text);
	struct tarn__config *config = tarn__get_config(tarn);
	struct tarn__anchor anchor = tarn__anchors_find(config->anchors, name.octets, name.len);
	tarn__config_put(config);
	return anchor.kind == TARN__ANCHOR_POSITIVE;
}

/* The timer runs out. */
static void expire(void)
{
	ev_feed_event(loop, &insecure.timer, EV_TIMER);
	ev_run(loop, EVRUN_NOWAIT);
}

START_TEST(name_is_insecure_with_all_below_it)
{
	ck_assert(is_validated("www.example"));
	ck_assert_int_eq(say("Example", 60), 0);
	ck_assert(!is_validated("www.example") && !is_validated("example"));
	ck_assert(is_validated("com") && !is_validated("x.lab.example"));
	ck_assert(has("example") && !has("www.example"));
	ck_assert_ptr_nonnull(strstr(logged(), "Example. is not validated for 60 s"));
}
END_TEST

START_TEST(name_is_validated_again_when_its_time_is_over)
{
	ck_assert_int_eq(say("a.example", 60), 0);
	ck_assert_int_eq(say("b.example", 60), 0);
	ck_assert_int_eq(say("c.example", 60), 0);
	expire();
	ck_assert_uint_eq(insecure.count, 3);
	insecure.names[0].until_ms = insecure.names[2].until_ms = 0;
	expire();
	ck_assert(is_validated("a.example") && !is_validated("b.example"));
	ck_assert(is_validated("c.example"));
	ck_assert(ev_is_active(&insecure.timer));
	ck_assert_ptr_nonnull(strstr(logged(), "a.example. is validated again"));
	insecure.names[0].until_ms = 0;
	expire();
	ck_assert(is_validated("b.example"));
	ck_assert_uint_eq(insecure.count, 0);
	ck_assert(!ev_is_active(&insecure.timer));
}
END_TEST

START_TEST(what_was_said_of_a_name_is_replaced)
{
	ck_assert_int_eq(say("example", 60), 0);
	uint64_t until_ms = insecure.names[0].until_ms;
	ck_assert_int_eq(say("EXAMPLE", 6000), 0);
	ck_assert_uint_eq(insecure.count, 1);
	ck_assert_uint_gt(insecure.names[0].until_ms, until_ms);
}
END_TEST

START_TEST(what_was_said_is_taken_back)
{
	ck_assert_int_eq(take_back("example"), TARN_EINVAL);
	ck_assert_int_eq(say("example", 60), 0);
	ck_assert_int_eq(take_back("eXample"), 0);
	ck_assert(is_validated("example"));
	ck_assert_int_eq(take_back("example"), TARN_EINVAL);
	/* What is configured stays. */
	ck_assert_int_eq(say("lab.example", 60), 0);
	ck_assert_int_eq(take_back("lab.example"), 0);
	ck_assert(!is_validated("lab.example"));
}
END_TEST

/* RFC 7646 section 6 */
START_TEST(root_cannot_be_insecure)
{
	ck_assert_int_eq(say(".", 60), TARN_EINVAL);
	ck_assert(is_validated("example"));
}
END_TEST

START_TEST(there_are_only_so_many)
{
	char text[32];
	for (int i = 0; i < TARN__INSECURE_MAX; i++) {
		snprintf(text, sizeof(text), "n%d.example", i);
		ck_assert_int_eq(say(text, 60), 0);
	}
	ck_assert_int_eq(say("more.example", 60), TARN_EBUSY);
	ck_assert(is_validated("more.example"));
	ck_assert_int_eq(say("n0.example", 90), 0);
	ck_assert_int_eq(take_back("n0.example"), 0);
	ck_assert_int_eq(say("more.example", 60), 0);
}
END_TEST

START_TEST(names_stay_over_a_reload)
{
	struct tarn_address server;
	ck_assert_int_eq(say("example", 60), 0);
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	ck_assert(!is_validated("www.example") && is_validated("com"));
	/* And over another list of servers. */
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	ck_assert_int_eq(tarn_set_upstreams(tarn, &server, 1), 0);
	ck_assert(!is_validated("www.example"));
	/* And over a time without validation. */
	ck_assert_int_eq(tarn_reconfigure(tarn, &(struct tarn_options){0}), 0);
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	ck_assert(!is_validated("www.example"));
	ck_assert_int_eq(take_back("example"), 0);
	ck_assert(is_validated("www.example"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("insecure");
	TCase *tcase = tcase_create("insecure");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	/* Without the library nothing is validated. */
	if (!tarn__signature_load()) {
		tcase_add_test(tcase, name_is_insecure_with_all_below_it);
		tcase_add_test(tcase, name_is_validated_again_when_its_time_is_over);
		tcase_add_test(tcase, what_was_said_of_a_name_is_replaced);
		tcase_add_test(tcase, what_was_said_is_taken_back);
		tcase_add_test(tcase, root_cannot_be_insecure);
		tcase_add_test(tcase, there_are_only_so_many);
		tcase_add_test(tcase, names_stay_over_a_reload);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
