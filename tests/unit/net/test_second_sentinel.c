/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resolver/net/second/sentinel.c, and of a link that has sentinels. */
#include "config.h"

#include "net/second/sentinel.h"

#include "core/second/second_config.h"
#include "net/second/link.h"
#include "support/fake_store.h"
#include "support/unit.h"

/* ---- answers ----------------------------------------------------------------------------- */

#define TEXT(octets)                                                                               \
	{                                                                                          \
		.kind = TARN__SECOND_REPLY_TEXT, .text = octets, .len = sizeof octets - 1          \
	}

static const struct {
	struct tarn__second_reply host, port;
	const char *address; /* NULL: it is refused */
} pairs[] = {
	{TEXT("192.0.2.1"), TEXT("6379"), "192.0.2.1:6379"},
	{TEXT("2001:db8::1"), TEXT("26379"), "[2001:db8::1]:26379"},
	{TEXT("redis.example"), TEXT("6379"), NULL},
	{TEXT("localhost"), TEXT("6379"), NULL},
	{TEXT(""), TEXT("6379"), NULL},
	{TEXT("192.0.2.1"), TEXT(""), NULL},
	{TEXT("192.0.2.1"), TEXT("0"), NULL},
	{TEXT("192.0.2.1"), TEXT("65536"), NULL},
	{TEXT("192.0.2.1"), TEXT("+6379"), NULL},
	{TEXT("192.0.2.1"), TEXT("637900000"), NULL},
	{TEXT("192.0.2.1\0x"), TEXT("6379"), NULL},
	{TEXT("192.0.2.1:1"), TEXT("6379"), NULL},
	{TEXT("1111111111111111111111111111111111111111111111111111111111111111111111111111111111"),
	 TEXT("6379"), NULL},
	{{.kind = TARN__SECOND_REPLY_INTEGER, .integer = 1}, TEXT("6379"), NULL},
	{TEXT("192.0.2.1"), {.kind = TARN__SECOND_REPLY_INTEGER, .integer = 6379}, NULL},
};

START_TEST(the_address_of_a_primary_is_read)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	struct tarn_address address;
	const struct tarn__second_reply items[] = {pairs[_i].host, pairs[_i].port};
	struct tarn__second_reply reply = {
		.kind = TARN__SECOND_REPLY_ARRAY, .items = items, .count = 2};
	const char *fault = tarn__second_sentinels_read(&reply, &address);
	ck_assert((fault == NULL) == (pairs[_i].address != NULL));
	if (!fault)
		ck_assert_str_eq(tarn_address_format(&address, text), pairs[_i].address);
	reply.count = 1;
	ck_assert_ptr_nonnull(tarn__second_sentinels_read(&reply, &address));
}
END_TEST

START_TEST(any_other_reply_is_refused)
{
	struct tarn_address address;
	for (int kind = TARN__SECOND_REPLY_STATUS; kind <= TARN__SECOND_REPLY_ERROR; kind++) {
		const struct tarn__second_reply reply = {
			.kind = (enum tarn__second_reply_kind)kind, .text = "x", .len = 1};
		ck_assert_ptr_nonnull(tarn__second_sentinels_read(&reply, &address));
	}
}
END_TEST

/* ---- a link ------------------------------------------------------------------------------ */

enum { LINES = 32 };

static struct ev_loop *loop;
static struct fake_store sentinels[2], stores[2];
static size_t primary; /* of the stores, as the sentinels say */
static bool is_ignorant[2]; /* sentinels */
static struct tarn_address addresses[2];
static struct tarn__second_config *config;
static struct tarn__second_link *link_;
static size_t connected, lost, lines, done_count;
static char line[LINES][400];
static struct tarn_second_get get;
static enum tarn__second_result result;

static void say_primary(struct store_client *client, const struct store_command *command)
{
	char text[100], port[8];
	size_t i = (size_t)(client->store - sentinels);
	if (!store_is(command, "SENTINEL")) {
		store_answer(client, command);
		return;
	}
	ck_assert_str_eq(command->words[1], "get-master-addr-by-name");
	ck_assert_str_eq(command->words[2], "mymaster");
	snprintf(port, sizeof port, "%u", tarn_address_port(&stores[primary].address));
	snprintf(text, sizeof text, "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n", strlen(port), port);
	store_say(client, is_ignorant[i] ? "*-1\r\n" : text);
}

static void on_connected(void *arg)
{
	(void)arg;
	connected++;
}

static void on_lost(void *arg)
{
	(void)arg;
	lost++;
}

static void on_report(void *arg, bool is_fault, const char *text)
{
	(void)arg;
	(void)is_fault;
	ck_assert_uint_lt(lines, LINES);
	snprintf(line[lines++], sizeof line[0], "%s", text);
}

static void on_done(struct tarn_second_get *which, enum tarn__second_result how,
		    const uint8_t *octets, size_t len)
{
	(void)which;
	(void)octets;
	(void)len;
	done_count++;
	result = how;
}

static void setup(void)
{
	loop = ev_loop_new(0);
	for (size_t i = 0; i < 2; i++) {
		store_open(&sentinels[i], loop);
		store_open(&stores[i], loop);
		sentinels[i].answer = say_primary;
		addresses[i] = sentinels[i].address;
		is_ignorant[i] = false;
	}
	primary = connected = lost = lines = done_count = 0;
}

static void open_link(void)
{
	static const struct tarn__second_events events = {
		.connected = on_connected, .lost = on_lost, .report = on_report};
	const struct tarn_second_level options = {.secret = "0123456789abcdef",
						  .secret_len = 16,
						  .sentinels = addresses,
						  .sentinel_count = 2,
						  .master = "mymaster"};
	const char *fault;
	config = tarn__second_config_new(&options, &fault);
	ck_assert_msg(config, "%s", fault);
	link_ = tarn__second_link_new(loop, config, &events);
	ck_assert_ptr_nonnull(link_);
}

static void teardown(void)
{
	tarn__second_link_free(link_);
	tarn__second_config_put(config);
	for (size_t i = 0; i < 2; i++) {
		store_stop(&sentinels[i]);
		store_stop(&stores[i]);
	}
	ev_loop_destroy(loop);
}

static bool is_some(void *number)
{
	while (tarn__second_link_flush(link_))
		;
	return *(const size_t *)number > 0;
}

static void run_until_some(size_t *number)
{
	run_until(loop, is_some, number);
}

static struct store_client *find_listener(void)
{
	for (size_t i = 0; i < sentinels[0].count; i++) {
		struct store_client *client = &sentinels[0].clients[i];
		if (client->is_listening && client->fd >= 0)
			return client;
	}
	return NULL;
}

static bool has_listener(void *arg)
{
	(void)arg;
	while (tarn__second_link_flush(link_))
		;
	return find_listener();
}

static void ask(const char *key)
{
	get = (struct tarn_second_get){.done = on_done, .key = key};
	ck_assert_int_eq(tarn__second_link_get(link_, &get), 0);
}

START_TEST(the_primary_is_where_the_first_sentinel_says)
{
	open_link();
	ck_assert_uint_eq(lines, 0);
	run_until_some(&connected);
	ck_assert_uint_eq(stores[0].count, 1);
	ck_assert_uint_eq(sentinels[1].count, 0);
	ck_assert_uint_eq(lines, 1);
}
END_TEST

START_TEST(the_next_one_is_asked_if_it_does_not_know)
{
	is_ignorant[0] = true;
	open_link();
	run_until_some(&connected);
	ck_assert_uint_eq(lines, 2);
	ck_assert_ptr_nonnull(strstr(line[0], "the sentinel of the second level at 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(line[0], ": it does not know the master"));
}
END_TEST

START_TEST(the_next_one_is_asked_if_it_is_not_there)
{
	store_stop(&sentinels[0]);
	open_link();
	run_until_some(&connected);
	ck_assert_uint_eq(lines, 2);
}
END_TEST

START_TEST(all_are_asked_again_later)
{
	is_ignorant[0] = is_ignorant[1] = true;
	open_link();
	while (sentinels[1].count < 2)
		ev_run(loop, EVRUN_ONCE), tarn__second_link_flush(link_);
	ck_assert_uint_eq(connected, 0);
	is_ignorant[1] = false;
	run_until_some(&connected);
}
END_TEST

START_TEST(another_primary_is_changed_over_to)
{
	open_link();
	run_until_some(&connected);
	run_until(loop, has_listener, NULL);
	stores[0].answer = NULL;
	store_set_deaf(&stores[0], true);
	ask("a");
	primary = 1;
	store_publish(find_listener(), "+switch-master", "other 127.0.0.1 1 127.0.0.1 2");
	run_dry(loop);
	ck_assert_uint_eq(sentinels[0].count, 1);
	connected = 0;
	store_publish(find_listener(), "+switch-master", "mymaster 127.0.0.1 1 127.0.0.1 2");
	run_until_some(&connected);
	ck_assert_uint_eq(lost, 1);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_int_eq(result, TARN__SECOND_CLOSED);
	ck_assert_uint_eq(stores[1].count, 1);
	ask("b");
	done_count = 0;
	run_until_some(&done_count);
	ck_assert_int_eq(result, TARN__SECOND_ABSENT);
	ck_assert_uint_eq(lines, 2);
}
END_TEST

/* What was outstanding over the one before counts no more, and no reply to it comes. */
START_TEST(another_primary_has_all_the_room)
{
	static struct tarn_second_get many[TARN__SECOND_OUTSTANDING_MAX + 1];
	open_link();
	run_until_some(&connected);
	run_until(loop, has_listener, NULL);
	store_set_deaf(&stores[0], true);
	primary = 1;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i <= TARN__SECOND_OUTSTANDING_MAX; i++) {
			many[i] = (struct tarn_second_get){.done = on_done, .key = "a"};
			ck_assert_int_eq(tarn__second_link_get(link_, &many[i]),
					 i < TARN__SECOND_OUTSTANDING_MAX ? 0 : TARN_EBUSY);
		}
		if (round > 0)
			break;
		connected = 0;
		store_publish(find_listener(), "+switch-master", "mymaster a 1 b 2");
		run_until_some(&connected);
		ck_assert_uint_eq(done_count, TARN__SECOND_OUTSTANDING_MAX);
	}
}
END_TEST

static void say_read_only(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "GETRANGE"))
		store_say(client, "-READONLY it is a replica now\r\n");
	else
		store_answer(client, command);
}

START_TEST(a_primary_that_is_a_replica_now_has_them_asked_again)
{
	open_link();
	run_until_some(&connected);
	run_until(loop, has_listener, NULL);
	stores[0].answer = say_read_only;
	primary = 1;
	ask("a");
	run_until_some(&lost);
	connected = 0;
	run_until_some(&connected);
	ck_assert_uint_eq(stores[1].count, 1);
	ck_assert_int_eq(result, TARN__SECOND_READ_ONLY);
}
END_TEST

START_TEST(a_lost_primary_has_them_asked_again)
{
	open_link();
	run_until_some(&connected);
	primary = 1;
	connected = 0;
	store_stop(&stores[0]);
	run_until_some(&connected);
	ck_assert_uint_eq(stores[1].count, 1);
	ck_assert_uint_eq(lost, 1);
}
END_TEST

START_TEST(a_lost_sentinel_leaves_the_primary_in_use)
{
	open_link();
	run_until_some(&connected);
	run_until(loop, has_listener, NULL);
	store_stop(&sentinels[0]);
	while (sentinels[1].count < 1)
		ev_run(loop, EVRUN_ONCE), tarn__second_link_flush(link_);
	run_dry(loop);
	ask("a");
	run_until_some(&done_count);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(connected, 1);
}
END_TEST

START_TEST(it_may_be_freed_at_any_time)
{
	open_link();
	for (int i = 0; i < _i; i++) {
		ev_run(loop, EVRUN_NOWAIT);
		tarn__second_link_flush(link_);
	}
	tarn__second_link_free(link_);
	link_ = NULL;
	run_dry(loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_sentinel");
	TCase *answers = tcase_create("answers");
	tcase_add_loop_test(answers, the_address_of_a_primary_is_read, 0,
			    sizeof pairs / sizeof pairs[0]);
	tcase_add_test(answers, any_other_reply_is_refused);
	suite_add_tcase(suite, answers);
	if (!tarn__second_is_built())
		return unit_run(suite);
	TCase *tcase = tcase_create("sentinels");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_primary_is_where_the_first_sentinel_says);
	tcase_add_test(tcase, the_next_one_is_asked_if_it_does_not_know);
	tcase_add_test(tcase, the_next_one_is_asked_if_it_is_not_there);
	tcase_add_test(tcase, all_are_asked_again_later);
	tcase_add_test(tcase, another_primary_is_changed_over_to);
	tcase_add_test(tcase, another_primary_has_all_the_room);
	tcase_add_test(tcase, a_primary_that_is_a_replica_now_has_them_asked_again);
	tcase_add_test(tcase, a_lost_primary_has_them_asked_again);
	tcase_add_test(tcase, a_lost_sentinel_leaves_the_primary_in_use);
	tcase_add_loop_test(tcase, it_may_be_freed_at_any_time, 0, 16);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
