/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resolver/net/second: link.c, requests.c, session.c and report.c, before a fake store. */
#include "config.h"

#include "net/second/link.h"

#include "core/second/second_config.h"
#include "net/second/connection.h"
#include "support/fake_store.h"
#include "support/unit.h"

enum { GETS = 1100, LINES = 32 };

static struct ev_loop *loop;
static struct fake_store store, other;
static struct tarn_second_level options;
static struct tarn__second_config *config;
static struct tarn__second_link *link_;
static struct tarn_second_get gets[GETS];
static enum tarn__second_result results[GETS];
static size_t done_count, connected, lost, messages, lines, puts_done;
static enum tarn__second_result put_result;
static char line[LINES][400], value[64];
static bool is_fault[LINES];
static void (*on_get_done)(size_t i);
static bool frees_when_connected;

static void free_link(void)
{
	tarn__second_link_free(link_);
	link_ = NULL;
}

static void on_connected(void *arg)
{
	(void)arg;
	connected++;
	if (frees_when_connected)
		free_link();
}

static void on_lost(void *arg)
{
	(void)arg;
	lost++;
}

static void on_message(void *arg, const uint8_t *message, size_t len)
{
	(void)arg;
	messages++;
	snprintf(value, sizeof value, "%.*s", (int)len, (const char *)message);
}

static void on_report(void *arg, bool fault, const char *text)
{
	(void)arg;
	ck_assert_uint_lt(lines, LINES);
	is_fault[lines] = fault;
	snprintf(line[lines++], sizeof line[0], "%s", text);
}

static void on_done(struct tarn_second_get *get, enum tarn__second_result result,
		    const uint8_t *octets, size_t len)
{
	size_t i = (size_t)(get - gets);
	ck_assert_int_eq(results[i], TARN__SECOND_RESULTS);
	results[i] = result;
	done_count++;
	ck_assert((octets != NULL) == (result == TARN__SECOND_THERE));
	if (octets)
		snprintf(value, sizeof value, "%.*s", (int)len, (const char *)octets);
	if (on_get_done)
		on_get_done(i);
}

static void on_put_done(void *arg, enum tarn__second_result result)
{
	(void)arg;
	puts_done++;
	put_result = result;
}

static void setup(void)
{
	loop = ev_loop_new(0);
	store_open(&store, loop);
	store_open(&other, loop);
	options = (struct tarn_second_level){
		.secret = "0123456789abcdef", .secret_len = 16, .server = store.address};
	done_count = connected = lost = messages = lines = puts_done = 0;
	on_get_done = NULL;
	frees_when_connected = false;
	config = NULL;
	link_ = NULL;
}

static void teardown(void)
{
	free_link();
	tarn__second_config_put(config);
	store_stop(&store);
	store_stop(&other);
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

static size_t sought; /* of done_count */

static bool are_done(void *arg)
{
	(void)arg;
	while (tarn__second_link_flush(link_))
		;
	return done_count >= sought;
}

static void run_until_done(size_t count)
{
	sought = count;
	run_until(loop, are_done, NULL);
}

static void new_link(void)
{
	static const struct tarn__second_events events = {.connected = on_connected,
							  .lost = on_lost,
							  .message = on_message,
							  .report = on_report};
	const char *fault;
	config = tarn__second_config_new(&options, &fault);
	ck_assert_msg(config, "%s", fault);
	link_ = tarn__second_link_new(loop, config, &events);
	ck_assert_ptr_nonnull(link_);
}

static void open_link(void)
{
	new_link();
	run_until_some(&connected);
}

static int get(size_t i, const char *key)
{
	gets[i] = (struct tarn_second_get){.done = on_done, .key = key};
	results[i] = TARN__SECOND_RESULTS;
	return tarn__second_link_get(link_, &gets[i]);
}

static int get_with_lease(size_t i, const char *key)
{
	gets[i] = (struct tarn_second_get){.done = on_done,
					   .key = key,
					   .lease = "l",
					   .holder = "0123456789abcdef",
					   .lease_ms = 1500};
	results[i] = TARN__SECOND_RESULTS;
	return tarn__second_link_get(link_, &gets[i]);
}

static int put(const char *key, const char *text)
{
	const struct tarn_second_put request = {.done = on_put_done,
						.key = key,
						.value = (const uint8_t *)text,
						.len = text ? strlen(text) : 0,
						.ttl_ms = 60000};
	return tarn__second_link_put(link_, &request);
}

static int publish(const char *text)
{
	const struct tarn_second_publication publication = {
		.done = on_put_done, .octets = (const uint8_t *)text, .len = strlen(text)};
	return tarn__second_link_publish(link_, &publication);
}

static const char *what_is_said; /* to any command but those of a greeting */

static void say_that(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "CLIENT") || store_is(command, "PING"))
		store_answer(client, command);
	else
		store_say(client, what_is_said);
}

static void be_silent_after_greeting(struct store_client *client,
				     const struct store_command *command)
{
	if (store_is(command, "CLIENT") || store_is(command, "PING"))
		store_answer(client, command);
}

/* ---- requests ---------------------------------------------------------------------------- */

START_TEST(a_value_that_is_there_is_given)
{
	store.answer = say_that;
	what_is_said = "$5\r\nhello\r\n";
	open_link();
	ck_assert_int_eq(get(0, "tarn1:a"), 0);
	run_until_done(1);
	ck_assert_int_eq(results[0], TARN__SECOND_THERE);
	ck_assert_str_eq(value, "hello");
	ck_assert_str_eq(store.last, "GETRANGE tarn1:a 0 65599");
}
END_TEST

START_TEST(a_value_that_is_not_there_is_absent)
{
	open_link();
	get(0, "a");
	get(1, NULL);
	ck_assert_uint_eq(done_count, 0);
	run_until_done(2);
	ck_assert_int_eq(results[0], TARN__SECOND_ABSENT);
	ck_assert_int_eq(results[1], TARN__SECOND_ABSENT);
}
END_TEST

static const struct {
	const char *text;
	enum tarn__second_result result;
} answers[] = {
	{"-WRONGTYPE x\r\n", TARN__SECOND_TYPE},     {"-OOM x\r\n", TARN__SECOND_MEMORY},
	{"-READONLY x\r\n", TARN__SECOND_READ_ONLY}, {"-NOAUTH x\r\n", TARN__SECOND_ACCESS},
	{"-LOADING x\r\n", TARN__SECOND_LOADING},    {"-MOVED 1 a:1\r\n", TARN__SECOND_MOVED},
	{"-ERR x\r\n", TARN__SECOND_OTHER},	     {":1\r\n", TARN__SECOND_TYPE},
	{"*1\r\n:1\r\n", TARN__SECOND_TYPE},
};

START_TEST(an_error_ends_its_command_alone_and_is_said_once)
{
	open_link();
	store.answer = say_that;
	what_is_said = answers[_i].text;
	get(0, "a");
	get(1, "b");
	run_until_done(2);
	ck_assert_int_eq(results[0], answers[_i].result);
	ck_assert_int_eq(results[1], answers[_i].result);
	what_is_said = "$1\r\nx\r\n";
	get(2, "c");
	run_until_done(3);
	ck_assert_int_eq(results[2], TARN__SECOND_THERE);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(lines, 2);
	ck_assert(is_fault[1]);
}
END_TEST

START_TEST(a_value_that_is_too_long_ends_its_command_alone)
{
	static char text[TARN__SECOND_REPLY_MAX + 32];
	int head = snprintf(text, sizeof text, "$%d\r\n", TARN__SECOND_REPLY_MAX);
	memset(text + head, 'x', TARN__SECOND_REPLY_MAX);
	strcpy(text + head + TARN__SECOND_REPLY_MAX, "\r\n");
	store.answer = say_that;
	what_is_said = text;
	open_link();
	get(0, "a");
	run_until_done(1);
	ck_assert_int_eq(results[0], TARN__SECOND_TYPE);
	ck_assert_uint_eq(lost, 0);
	ck_assert_ptr_nonnull(strstr(line[1], ": a value is too long"));
}
END_TEST

START_TEST(a_put_has_a_time_to_live_and_may_be_only_if_absent)
{
	static const uint8_t octets[] = {'a', 0, '\r', '\n'};
	struct tarn_second_put request = {
		.key = "k", .value = octets, .len = 1, .ttl_ms = 12345, .if_absent = true};
	open_link();
	ck_assert_int_eq(tarn__second_link_put(link_, &request), 0);
	ck_assert_int_eq(get(0, NULL), 0);
	run_until_done(1);
	ck_assert_str_eq(store.last, "SET k a NX PX 12345");
	request.ttl_ms = 0;
	request.if_absent = false;
	request.len = sizeof octets;
	request.done = on_put_done;
	tarn__second_link_put(link_, &request);
	run_until_some(&puts_done);
	ck_assert_int_eq(put_result, TARN__SECOND_ABSENT);
	request.value = NULL;
	request.len = 0;
	tarn__second_link_put(link_, &request);
	puts_done = 0;
	run_until_some(&puts_done);
	ck_assert_str_eq(store.last, "DEL k");
	ck_assert_uint_eq(lines, 1);
}
END_TEST

START_TEST(a_message_is_published_in_the_channel_of_the_fleet)
{
	char text[100];
	open_link();
	ck_assert_int_eq(publish("hi"), 0);
	get(0, NULL);
	run_until_done(1);
	ck_assert_uint_eq(puts_done, 1);
	ck_assert_int_eq(put_result, TARN__SECOND_ABSENT);
	snprintf(text, sizeof text, "PUBLISH %s hi", config->channel);
	ck_assert_str_eq(store.last, text);
}
END_TEST

static const struct {
	const char *get, *set;
	enum tarn__second_result result;
	size_t lines;
} leases[] = {
	{"$1\r\nx\r\n", "+OK\r\n", TARN__SECOND_THERE, 1},
	{"$0\r\n\r\n", "+OK\r\n", TARN__SECOND_LEASED, 1},
	{"$0\r\n\r\n", "$-1\r\n", TARN__SECOND_HELD, 1},
	{"$0\r\n\r\n", "-OOM x\r\n", TARN__SECOND_ABSENT, 2},
	{"-LOADING x\r\n", "-LOADING x\r\n", TARN__SECOND_LOADING, 2},
};
static size_t lease_row;

static void say_lease(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "GETRANGE"))
		store_say(client, leases[lease_row].get);
	else if (store_is(command, "SET"))
		store_say(client, leases[lease_row].set);
	else
		store_answer(client, command);
}

START_TEST(a_lease_is_asked_for_with_the_get)
{
	lease_row = (size_t)_i;
	store.answer = say_lease;
	open_link();
	size_t before = store.commands;
	ck_assert_int_eq(get_with_lease(0, "a"), 0);
	run_until_done(1);
	ck_assert_uint_eq(store.commands, before + 2);
	ck_assert_str_eq(store.last, "SET l 0123456789abcdef NX PX 1500");
	ck_assert_int_eq(results[0], leases[_i].result);
	get(1, NULL);
	run_until_done(2);
	ck_assert_uint_eq(done_count, 2);
	ck_assert_uint_eq(lines, leases[_i].lines);
}
END_TEST

static void forbid_getrange(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "GETRANGE"))
		store_say(client, "-NOPERM this user has no permissions to run the 'getrange' "
				  "command\r\n");
	else if (store_is(command, "GET"))
		store_say(client, "$3\r\nabc\r\n");
	else
		store_answer(client, command);
}

START_TEST(get_is_used_where_getrange_is_not_permitted)
{
	store.answer = forbid_getrange;
	open_link();
	get(0, "a");
	get(1, "b");
	get_with_lease(2, "c");
	run_until_done(3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(results[i], TARN__SECOND_THERE);
	size_t before = store.commands;
	get(3, "d");
	run_until_done(4);
	ck_assert_uint_eq(store.commands, before + 1);
	ck_assert_str_eq(store.last, "GET d");
	ck_assert_uint_eq(lines, 1);
}
END_TEST

START_TEST(a_canceled_get_is_not_called)
{
	store.answer = be_silent_after_greeting;
	open_link();
	get(0, "a");
	get(1, "b");
	get_with_lease(2, "c");
	tarn__second_link_cancel(link_, &gets[0]);
	run_dry(loop);
	while (tarn__second_link_flush(link_))
		;
	tarn__second_link_cancel(link_, &gets[2]);
	memset(&gets[0], 0xee, sizeof gets[0]);
	memset(&gets[2], 0xee, sizeof gets[2]);
	store_say(&store.clients[0], "$1\r\na\r\n$1\r\nb\r\n$0\r\n\r\n+OK\r\n");
	run_until_done(1);
	run_dry(loop);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_str_eq(value, "b");
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------ */

START_TEST(so_many_commands_may_be_outstanding_and_no_more)
{
	open_link();
	store_set_deaf(&store, true);
	for (size_t i = 0; i < TARN__SECOND_OUTSTANDING_MAX - 1; i++) {
		ck_assert_int_eq(get(i, "tarn1:01234567:0123456789abcdef0123456789abcdef"), 0);
		while (tarn__second_link_flush(link_))
			;
	}
	ck_assert_int_eq(get_with_lease(1050, "a"), TARN_EBUSY);
	ck_assert_int_eq(get(TARN__SECOND_OUTSTANDING_MAX - 1, "a"), 0);
	ck_assert_int_eq(get(1050, "a"), TARN_EBUSY);
	ck_assert_int_eq(put("a", "b"), TARN_EBUSY);
	ck_assert_int_eq(publish("a"), TARN_EBUSY);
	/* Those that were forgotten are outstanding as well. */
	tarn__second_link_cancel(link_, &gets[0]);
	ck_assert_int_eq(get(1050, "a"), TARN_EBUSY);
	store_set_deaf(&store, false);
	run_until_done(TARN__SECOND_OUTSTANDING_MAX - 1);
	ck_assert_int_eq(get(1050, "a"), 0);
	run_until_done(TARN__SECOND_OUTSTANDING_MAX);
}
END_TEST

START_TEST(so_many_octets_may_be_outstanding_and_no_more)
{
	static uint8_t octets[TARN__SECOND_VALUE_MAX + 1];
	struct tarn_second_put request = {.done = on_put_done,
					  .key = "a",
					  .value = octets,
					  .len = TARN__SECOND_VALUE_MAX,
					  .ttl_ms = 1000};
	open_link();
	store_set_deaf(&store, true);
	size_t sent = 0;
	for (int error = 0; error == 0; sent++) {
		error = tarn__second_link_put(link_, &request);
		while (tarn__second_link_flush(link_))
			;
		run_dry(loop);
		ck_assert(error == 0 || error == TARN_EBUSY);
	}
	sent--;
	ck_assert_uint_eq(sent, TARN__SECOND_OCTETS_MAX / (TARN__SECOND_VALUE_MAX + 60));
	ck_assert_int_eq(get(0, "a"), 0);
	store_set_deaf(&store, false);
	run_until_done(1);
	ck_assert_uint_eq(puts_done, sent);
	ck_assert_int_eq(tarn__second_link_put(link_, &request), 0);
	request.len++;
	ck_assert_int_eq(tarn__second_link_put(link_, &request), TARN_EINVAL);
}
END_TEST

START_TEST(a_key_that_is_too_long_is_refused)
{
	char key[TARN__SECOND_KEY_MAX + 1];
	memset(key, 'k', sizeof key);
	key[TARN__SECOND_KEY_MAX] = '\0';
	open_link();
	ck_assert_int_eq(get(0, key), TARN_EINVAL);
	ck_assert_int_eq(get(0, key + 1), 0);
	run_until_done(1);
}
END_TEST

/* ---- loss -------------------------------------------------------------------------------- */

START_TEST(without_a_connection_nothing_is_sent)
{
	new_link();
	ck_assert_int_eq(get(0, "a"), TARN_EUNREACHABLE);
	ck_assert_int_eq(put("a", "b"), TARN_EUNREACHABLE);
	ck_assert_int_eq(publish("a"), TARN_EUNREACHABLE);
	ck_assert_uint_eq(lines, 0);
}
END_TEST

START_TEST(a_loss_ends_what_is_outstanding_and_is_said_once)
{
	store.answer = be_silent_after_greeting;
	open_link();
	get(0, "a");
	get_with_lease(1, "b");
	put("c", "d");
	while (tarn__second_link_flush(link_))
		;
	run_dry(loop);
	store.answer = NULL;
	store_close(&store.clients[0]);
	run_until_some(&lost);
	ck_assert_uint_eq(done_count, 2);
	ck_assert_int_eq(results[0], TARN__SECOND_CLOSED);
	ck_assert_int_eq(results[1], TARN__SECOND_CLOSED);
	ck_assert_int_eq(put_result, TARN__SECOND_CLOSED);
	connected = 0;
	run_until_some(&connected);
	ck_assert_uint_eq(lost, 1);
	get(2, "a");
	run_until_done(3);
	ck_assert_int_eq(results[2], TARN__SECOND_ABSENT);
	ck_assert_uint_eq(lines, 3);
	ck_assert(!is_fault[0] && is_fault[1] && !is_fault[2]);
	ck_assert_ptr_nonnull(strstr(line[0], ": connected"));
	ck_assert_ptr_nonnull(strstr(line[1], ": Server closed the connection"));
	ck_assert_str_eq(line[0], line[2]);
	ck_assert_int_eq(strncmp(line[0], "the second level at 127.0.0.1:", 30), 0);
}
END_TEST

START_TEST(a_store_that_comes_later_is_found)
{
	ev_io_stop(loop, &store.accepting);
	close(store.fd);
	new_link();
	run_until_some(&lines);
	ck_assert_ptr_nonnull(strstr(line[0], ": Connection refused"));
	ck_assert(is_fault[0]);
	store_listen(&store);
	run_until_some(&connected);
	ck_assert_uint_eq(lines, 2);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

static void use_link(size_t i)
{
	if (i >= 3)
		return;
	if (results[i] == TARN__SECOND_CLOSED) {
		ck_assert_int_eq(get(10 + i, "x"), TARN_EUNREACHABLE);
		ck_assert_int_eq(put("a", "b"), TARN_EUNREACHABLE);
		return;
	}
	ck_assert_int_eq(get(10 + i, "x"), 0);
	tarn__second_link_cancel(link_, &gets[10 + i]);
	ck_assert_int_eq(put("a", "b"), 0);
}

START_TEST(what_is_called_may_use_the_link)
{
	on_get_done = use_link;
	open_link();
	for (size_t i = 0; i < 3; i++)
		get(i, "a");
	run_until_done(3);
	store.answer = be_silent_after_greeting;
	for (size_t i = 0; i < 3; i++)
		get(i, "a");
	run_until_some(&puts_done);
	store_close(&store.clients[0]);
	run_until_some(&lost);
	ck_assert_uint_eq(done_count, 6);
}
END_TEST

static void cancel_next(size_t i)
{
	if (i + 1 < 4)
		tarn__second_link_cancel(link_, &gets[i + 1]);
}

START_TEST(what_is_called_at_a_loss_may_cancel_others)
{
	store.answer = be_silent_after_greeting;
	on_get_done = cancel_next;
	open_link();
	for (size_t i = 0; i < 4; i++)
		get(i, "a");
	while (tarn__second_link_flush(link_))
		;
	run_dry(loop);
	store_close(&store.clients[0]);
	run_until_some(&lost);
	ck_assert_uint_eq(done_count, 2);
	ck_assert_int_eq(results[0], TARN__SECOND_CLOSED);
	ck_assert_int_eq(results[2], TARN__SECOND_CLOSED);
}
END_TEST

static void free_it(size_t i)
{
	(void)i;
	free_link();
}

START_TEST(it_may_be_freed_by_what_a_reply_calls)
{
	on_get_done = free_it;
	open_link();
	get(0, "a");
	get(1, "b");
	put("c", "d");
	run_until_done(1);
	run_dry(loop);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(puts_done, 0);
}
END_TEST

START_TEST(it_may_be_freed_by_what_a_loss_calls)
{
	on_get_done = free_it;
	store.answer = be_silent_after_greeting;
	open_link();
	get(0, "a");
	get(1, "b");
	while (tarn__second_link_flush(link_))
		;
	run_dry(loop);
	store_close(&store.clients[0]);
	run_until_done(1);
	run_dry(loop);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

static bool is_gone(void *arg)
{
	(void)arg;
	while (tarn__second_link_flush(link_))
		;
	return !link_;
}

START_TEST(it_may_be_freed_when_it_has_connected)
{
	frees_when_connected = true;
	new_link();
	run_until(loop, is_gone, NULL);
	run_dry(loop);
}
END_TEST

START_TEST(it_may_be_freed_at_any_time)
{
	new_link();
	for (int i = 0; i < _i; i++) {
		ev_run(loop, EVRUN_NOWAIT);
		tarn__second_link_flush(link_);
	}
	if (connected > 0)
		get(0, "a");
	free_link();
	run_dry(loop);
	ck_assert_uint_eq(done_count, 0);
}
END_TEST

/* ---- the greeting ------------------------------------------------------------------------ */

static char greeting[512];
static const char *refusals[4][2]; /* command, reply */

static void note_greeting(struct store_client *client, const struct store_command *command)
{
	for (size_t i = 0; i < command->count; i++) {
		strcat(greeting, command->words[i]);
		strcat(greeting, i + 1 < command->count ? " " : "; ");
	}
	for (size_t i = 0; i < 4 && refusals[i][0]; i++) {
		if (store_is(command, refusals[i][0])) {
			store_say(client, refusals[i][1]);
			return;
		}
	}
	store_answer(client, command);
}

static void greet_with(const char *command, const char *reply)
{
	greeting[0] = '\0';
	memset(refusals, 0, sizeof refusals);
	refusals[0][0] = command;
	refusals[0][1] = reply;
	store.answer = note_greeting;
}

START_TEST(the_greeting_has_what_is_configured_in_that_order)
{
	greet_with(NULL, NULL);
	options.user = "tarn";
	options.password = "secret";
	options.database = 3;
	open_link();
	ck_assert_str_eq(greeting, "AUTH tarn secret; SELECT 3; CLIENT SETNAME tarn; PING; ");
}
END_TEST

START_TEST(without_any_it_is_short)
{
	greet_with(NULL, NULL);
	options.password = "secret";
	open_link();
	ck_assert_str_eq(greeting, "AUTH secret; CLIENT SETNAME tarn; PING; ");
}
END_TEST

static const struct {
	const char *command, *reply, *reason;
} refused[] = {
	{"AUTH", "-WRONGPASS no\r\n", "WRONGPASS no (access)"},
	{"AUTH", "-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n",
	 "AUTH is refused (other)"},
	{"SELECT", "-ERR DB index is out of range\r\n", "ERR DB index is out of range (other)"},
	{"PING", "-NOAUTH Authentication required.\r\n",
	 "NOAUTH Authentication required. (access)"},
	{"PING", "-LOADING Redis is loading\r\n", "LOADING Redis is loading (loading)"},
	{"PING", "$4\r\nPONG\r\n", "a reply of another type than expected"},
};

START_TEST(a_refusal_is_said_once_and_tried_again)
{
	char text[400], address[TARN_ADDRESS_TEXT_MAX];
	greet_with(refused[_i].command, refused[_i].reply);
	options.password = "secret";
	options.database = 1;
	new_link();
	run_until_some(&lines);
	snprintf(text, sizeof text, "the second level at %s: %s",
		 tarn_address_format(&store.address, address), refused[_i].reason);
	ck_assert_str_eq(line[0], text);
	while (store.count < 3)
		ev_run(loop, EVRUN_ONCE), tarn__second_link_flush(link_);
	ck_assert_uint_eq(connected, 0);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(lines, 1);
	refusals[0][0] = NULL;
	run_until_some(&connected);
	ck_assert_uint_eq(lines, 2);
}
END_TEST

static const char *const tolerated[][2] = {
	{"CLIENT", "-NOPERM no\r\n"},
	{"CLIENT", "-ERR unknown command\r\n"},
	{"PING", "-NOPERM no\r\n"},
};

START_TEST(what_is_not_needed_may_be_refused)
{
	greet_with(tolerated[_i][0], tolerated[_i][1]);
	open_link();
	ck_assert_uint_eq(lines, 1);
}
END_TEST

/* ---- the channel ------------------------------------------------------------------------- */

static struct store_client *find_listener(struct fake_store *at)
{
	for (size_t i = 0; i < at->count; i++) {
		if (at->clients[i].is_listening && at->clients[i].fd >= 0)
			return &at->clients[i];
	}
	return NULL;
}

static bool has_listener(void *at)
{
	tarn__second_link_flush(link_);
	return find_listener(at);
}

static bool has_no_listener(void *at)
{
	return !find_listener(at);
}

START_TEST(a_link_that_listens_hears_messages)
{
	open_link();
	ck_assert_uint_eq(store.count, 1);
	tarn__second_link_listen(link_, true);
	tarn__second_link_listen(link_, true);
	run_until(loop, has_listener, &store);
	store_publish(find_listener(&store), config->channel, "forget");
	run_until_some(&messages);
	ck_assert_str_eq(value, "forget");
	ck_assert_uint_eq(store.count, 2);
	store_close(find_listener(&store));
	run_until(loop, has_listener, &store);
	messages = 0;
	store_publish(find_listener(&store), config->channel, "again");
	run_until_some(&messages);
	ck_assert_uint_eq(lost, 0);
	tarn__second_link_listen(link_, false);
	run_until(loop, has_no_listener, &store);
	ck_assert_uint_eq(connected, 1);
}
END_TEST

static void forbid_subscribe(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "SUBSCRIBE"))
		store_say(client, "-NOPERM no channel\r\n");
	else
		store_answer(client, command);
}

START_TEST(a_channel_that_is_refused_is_said_and_leaves_the_rest)
{
	store.answer = forbid_subscribe;
	open_link();
	lines = 0;
	tarn__second_link_listen(link_, true);
	run_until_some(&lines);
	ck_assert_ptr_nonnull(strstr(line[0], "the channel of the second level at "));
	ck_assert_ptr_nonnull(strstr(line[0], ": NOPERM no channel"));
	get(0, "a");
	run_until_done(1);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

/* ---- a replica --------------------------------------------------------------------------- */

static void say_replica(struct store_client *client, const struct store_command *command)
{
	if (store_is(command, "GETRANGE"))
		store_say(client, "$7\r\nreplica\r\n");
	else
		store_answer(client, command);
}

static bool have_both(void *arg)
{
	(void)arg;
	tarn__second_link_flush(link_);
	return connected > 0 && lines == 2;
}

START_TEST(gets_go_to_the_replica_and_puts_to_the_primary)
{
	other.answer = say_replica;
	options.replica = other.address;
	new_link();
	run_until(loop, have_both, NULL);
	get(0, "a");
	run_until_done(1);
	ck_assert_str_eq(value, "replica");
	gets[1] = (struct tarn_second_get){.done = on_done, .key = "b", .from_primary = true};
	results[1] = TARN__SECOND_RESULTS;
	ck_assert_int_eq(tarn__second_link_get(link_, &gets[1]), 0);
	get_with_lease(2, "c");
	run_until_done(3);
	ck_assert_int_eq(results[1], TARN__SECOND_ABSENT);
	ck_assert_int_eq(results[2], TARN__SECOND_LEASED);
	put("d", "e");
	run_until_some(&puts_done);
	ck_assert_str_eq(store.last, "SET d e PX 60000");
	ck_assert_str_eq(other.last, "GETRANGE a 0 65599");
}
END_TEST

START_TEST(without_the_replica_gets_go_to_the_primary)
{
	other.answer = be_silent_after_greeting;
	options.replica = other.address;
	new_link();
	run_until(loop, have_both, NULL);
	get(0, "a");
	while (tarn__second_link_flush(link_))
		;
	run_dry(loop);
	ev_io_stop(loop, &other.accepting);
	close(other.fd);
	other.fd = -1;
	store_close(&other.clients[0]);
	run_until_done(1);
	ck_assert_int_eq(results[0], TARN__SECOND_CLOSED);
	ck_assert_uint_eq(lost, 0);
	get(1, "a");
	run_until_done(2);
	ck_assert_int_eq(results[1], TARN__SECOND_ABSENT);
	ck_assert_str_eq(store.last, "GETRANGE a 0 65599");
}
END_TEST

START_TEST(with_the_primary_all_is_lost)
{
	other.answer = be_silent_after_greeting;
	options.replica = other.address;
	new_link();
	run_until(loop, have_both, NULL);
	get(0, "a");
	while (tarn__second_link_flush(link_))
		;
	run_dry(loop);
	store_close(&store.clients[0]);
	run_until_some(&lost);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_int_eq(results[0], TARN__SECOND_CLOSED);
	/* A reply that comes after all is for nobody. */
	store_say(&other.clients[0], "$1\r\nx\r\n");
	connected = 0;
	run_until_some(&connected);
	ck_assert_uint_eq(done_count, 1);
}
END_TEST

/* ---- a Unix socket ----------------------------------------------------------------------- */

START_TEST(a_unix_socket_that_is_not_there_is_said_by_its_path)
{
	memset(&options.server, 0, sizeof options.server);
	options.socket = "/nowhere/store";
	new_link();
	run_until_some(&lines);
	ck_assert_str_eq(line[0], "the second level at /nowhere/store: No such file or directory");
}
END_TEST

int main(void)
{
	if (!tarn__second_is_built())
		return unit_skip("tarn is built without libhiredis");
	Suite *suite = suite_create("second_link");
	TCase *tcase = tcase_create("link");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_value_that_is_there_is_given);
	tcase_add_test(tcase, a_value_that_is_not_there_is_absent);
	tcase_add_loop_test(tcase, an_error_ends_its_command_alone_and_is_said_once, 0,
			    sizeof answers / sizeof answers[0]);
	tcase_add_test(tcase, a_value_that_is_too_long_ends_its_command_alone);
	tcase_add_test(tcase, a_put_has_a_time_to_live_and_may_be_only_if_absent);
	tcase_add_test(tcase, a_message_is_published_in_the_channel_of_the_fleet);
	tcase_add_loop_test(tcase, a_lease_is_asked_for_with_the_get, 0,
			    sizeof leases / sizeof leases[0]);
	tcase_add_test(tcase, get_is_used_where_getrange_is_not_permitted);
	tcase_add_test(tcase, a_canceled_get_is_not_called);
	tcase_add_test(tcase, so_many_commands_may_be_outstanding_and_no_more);
	tcase_add_test(tcase, so_many_octets_may_be_outstanding_and_no_more);
	tcase_add_test(tcase, a_key_that_is_too_long_is_refused);
	tcase_add_test(tcase, without_a_connection_nothing_is_sent);
	tcase_add_test(tcase, a_loss_ends_what_is_outstanding_and_is_said_once);
	tcase_add_test(tcase, a_store_that_comes_later_is_found);
	tcase_add_test(tcase, what_is_called_may_use_the_link);
	tcase_add_test(tcase, what_is_called_at_a_loss_may_cancel_others);
	tcase_add_test(tcase, it_may_be_freed_by_what_a_reply_calls);
	tcase_add_test(tcase, it_may_be_freed_by_what_a_loss_calls);
	tcase_add_test(tcase, it_may_be_freed_when_it_has_connected);
	tcase_add_loop_test(tcase, it_may_be_freed_at_any_time, 0, 12);
	tcase_add_test(tcase, the_greeting_has_what_is_configured_in_that_order);
	tcase_add_test(tcase, without_any_it_is_short);
	tcase_add_loop_test(tcase, a_refusal_is_said_once_and_tried_again, 0,
			    sizeof refused / sizeof refused[0]);
	tcase_add_loop_test(tcase, what_is_not_needed_may_be_refused, 0,
			    sizeof tolerated / sizeof tolerated[0]);
	tcase_add_test(tcase, a_link_that_listens_hears_messages);
	tcase_add_test(tcase, a_channel_that_is_refused_is_said_and_leaves_the_rest);
	tcase_add_test(tcase, gets_go_to_the_replica_and_puts_to_the_primary);
	tcase_add_test(tcase, without_the_replica_gets_go_to_the_primary);
	tcase_add_test(tcase, with_the_primary_all_is_lost);
	tcase_add_test(tcase, a_unix_socket_that_is_not_there_is_said_by_its_path);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
