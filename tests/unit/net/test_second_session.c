/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resolver/net/second/session.c: what is given up when, on a clock of the test's own. */
#include "config.h"

#include "net/second/session.h"

#include "core/second/second_config.h"
#include "net/random.h"
#include "net/second/link.h"
#include "support/fake_store.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct fake_store store;
static struct tarn__second_config *config;
static struct tarn__random randomness;
static struct tarn__second_session *session;
static struct tarn__second_command commands[2];
static uint64_t clock_ms;
static size_t ups, failures, losses, replies, ends;
static char reason[TARN__SECOND_FAULT_MAX];
static bool frees_when_up, frees_when_failed;

static uint64_t now_ms(void)
{
	return clock_ms;
}

static void free_session(void)
{
	tarn__second_session_free(session);
	session = NULL;
}

static void on_up(void *arg)
{
	(void)arg;
	ups++;
	if (frees_when_up)
		free_session();
}

static void on_failed(void *arg, bool was_up, const char *why)
{
	(void)arg;
	failures++;
	losses += was_up;
	snprintf(reason, sizeof reason, "%s", why);
	if (frees_when_failed)
		free_session();
}

static void on_done(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	(void)command;
	replies += reply != NULL;
	ends += reply == NULL;
}

static void be_silent(struct store_client *client, const struct store_command *command)
{
	(void)client;
	(void)command;
}

static void be_silent_after_greeting(struct store_client *client,
				     const struct store_command *command)
{
	if (store_is(command, "CLIENT") || (store_is(command, "PING") && ups == 0))
		store_answer(client, command);
}

static void setup(void)
{
	const struct tarn_second_level level = {
		.secret = "0123456789abcdef", .secret_len = 16, .socket = "/unused"};
	const char *fault;
	loop = ev_loop_new(0);
	store_open(&store, loop);
	config = tarn__second_config_new(&level, &fault);
	clock_ms = 1000;
	ups = failures = losses = replies = ends = 0;
	frees_when_up = frees_when_failed = false;
	const struct tarn__second_session_options options = {
		.loop = loop,
		.config = config,
		.place = {.address = store.address},
		.random = &randomness,
		.now_ms = now_ms,
		.events = {.up = on_up, .failed = on_failed},
	};
	session = tarn__second_session_new(&options);
	ck_assert_ptr_nonnull(session);
}

static void teardown(void)
{
	free_session();
	tarn__second_config_put(config);
	store_stop(&store);
	ev_loop_destroy(loop);
}

static bool is_some(void *number)
{
	tarn__second_session_flush(session);
	return *(const size_t *)number > 0;
}

static void send_ping(size_t i)
{
	static const struct tarn__second_word word = {"PING", 4};
	commands[i].done = on_done;
	ck_assert_int_gt(tarn__second_session_send(session, &word, 1, &commands[i]), 0);
	tarn__second_session_flush(session);
}

START_TEST(a_connect_has_a_second)
{
	tarn__second_session_expire(session); /* the first attempt */
	ck_assert_uint_eq(failures, 0);
	tarn__second_session_expire(session);
	ck_assert_uint_eq(failures, 1);
	ck_assert_str_eq(reason, "no connection within a second");
	run_until(loop, is_some, &ups);
}
END_TEST

START_TEST(a_greeting_has_another_second)
{
	store.answer = be_silent;
	run_until(loop, is_some, &store.commands);
	tarn__second_session_expire(session);
	ck_assert_uint_eq(failures, 1);
	ck_assert_uint_eq(losses, 0);
	ck_assert_str_eq(reason, "no answer within a second");
}
END_TEST

START_TEST(a_silence_of_five_seconds_is_a_loss)
{
	store.answer = be_silent_after_greeting;
	run_until(loop, is_some, &ups);
	send_ping(0);
	clock_ms += 3000;
	send_ping(1);
	clock_ms += 1999;
	tarn__second_session_expire(session);
	ck_assert_uint_eq(failures, 0);
	clock_ms += 1;
	tarn__second_session_expire(session);
	ck_assert_uint_eq(losses, 1);
	ck_assert_uint_eq(ends, 2);
	ck_assert_str_eq(reason, "no answer for 5 seconds");
	ck_assert(!tarn__second_session_is_up(session));
	store.answer = NULL;
	ups = 0;
	run_until(loop, is_some, &ups);
}
END_TEST

START_TEST(the_silence_is_that_of_the_oldest_command)
{
	store.answer = be_silent_after_greeting;
	run_until(loop, is_some, &ups);
	send_ping(0);
	clock_ms += 4000;
	send_ping(1);
	store_say(&store.clients[0], "+PONG\r\n");
	run_until(loop, is_some, &replies);
	clock_ms += 4999;
	tarn__second_session_expire(session);
	ck_assert_uint_eq(failures, 0);
	clock_ms += 1;
	tarn__second_session_expire(session);
	ck_assert_uint_eq(losses, 1);
	ck_assert_uint_eq(ends, 1);
}
END_TEST

START_TEST(a_store_that_is_not_asked_may_be_silent)
{
	run_until(loop, is_some, &ups);
	send_ping(0);
	run_until(loop, is_some, &replies);
	clock_ms += 100000;
	tarn__second_session_expire(session);
	ck_assert_uint_eq(failures, 0);
	ck_assert(tarn__second_session_is_up(session));
}
END_TEST

START_TEST(what_was_lost_is_made_again)
{
	run_until(loop, is_some, &ups);
	store_close(&store.clients[0]);
	run_until(loop, is_some, &losses);
	ups = 0;
	run_until(loop, is_some, &ups);
	ck_assert_uint_eq(failures, 1);
}
END_TEST

static bool is_freed(void *arg)
{
	(void)arg;
	tarn__second_session_flush(session);
	return !session;
}

START_TEST(it_may_be_freed_when_it_is_up)
{
	frees_when_up = true;
	run_until(loop, is_freed, NULL);
	run_dry(loop);
	ck_assert_uint_eq(failures, 0);
}
END_TEST

START_TEST(it_may_be_freed_when_it_has_failed)
{
	frees_when_failed = true;
	tarn__second_session_expire(session);
	if (_i == 0)
		tarn__second_session_expire(session);
	else
		run_until(loop, is_some, &ups);
	if (_i > 0)
		store_close(&store.clients[0]);
	run_until(loop, is_freed, NULL);
	run_dry(loop);
	ck_assert_uint_eq(failures, 1);
}
END_TEST

START_TEST(nothing_is_sent_unless_it_is_up)
{
	static const struct tarn__second_word word = {"PING", 4};
	ck_assert(!tarn__second_session_is_up(NULL));
	ck_assert(!tarn__second_session_flush(NULL));
	ck_assert_int_eq(tarn__second_session_send(session, &word, 1, &commands[0]),
			 TARN_EUNREACHABLE);
	tarn__second_session_expire(session);
	ck_assert_int_eq(tarn__second_session_send(session, &word, 1, &commands[0]),
			 TARN_EUNREACHABLE);
}
END_TEST

int main(void)
{
	if (!tarn__second_is_built())
		return unit_skip("tarn is built without libhiredis");
	Suite *suite = suite_create("second_session");
	TCase *tcase = tcase_create("session");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_connect_has_a_second);
	tcase_add_test(tcase, a_greeting_has_another_second);
	tcase_add_test(tcase, a_silence_of_five_seconds_is_a_loss);
	tcase_add_test(tcase, the_silence_is_that_of_the_oldest_command);
	tcase_add_test(tcase, a_store_that_is_not_asked_may_be_silent);
	tcase_add_test(tcase, what_was_lost_is_made_again);
	tcase_add_test(tcase, it_may_be_freed_when_it_is_up);
	tcase_add_loop_test(tcase, it_may_be_freed_when_it_has_failed, 0, 2);
	tcase_add_test(tcase, nothing_is_sent_unless_it_is_up);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
