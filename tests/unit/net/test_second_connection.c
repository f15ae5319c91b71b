/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resolver/net/second/hiredis.c: what a store may send, and when a connection may be freed. */
#include "config.h"

#include "net/second/connection.h"

#include "net/second/link.h"
#include "support/fake_store.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct fake_store store;
static struct tarn__second_connection *connection;
static size_t opened, closed, replies, ends, messages, subscribed;
static char reason[TARN__SECOND_FAULT_MAX];
static char message[64];
static struct tarn__second_reply last;
static char last_text[64];
static struct tarn__second_command commands[8];
static const char *free_in; /* the callback that frees the connection */

static void free_if(const char *callback)
{
	if (!free_in || strcmp(free_in, callback) != 0)
		return;
	tarn__second_connection_free(connection);
	connection = NULL;
	/* Nothing of it is touched any more. */
	memset(commands, 0xee, sizeof commands);
}

static void on_opened(void *arg)
{
	(void)arg;
	opened++;
	free_if("opened");
}

static void on_closed(void *arg, const char *why)
{
	(void)arg;
	closed++;
	snprintf(reason, sizeof reason, "%s", why);
	free_if("closed");
}

static void on_subscribed(void *arg)
{
	(void)arg;
	subscribed++;
	free_if("subscribed");
}

static void on_message(void *arg, const uint8_t *octets, size_t len)
{
	(void)arg;
	messages++;
	snprintf(message, sizeof message, "%.*s", (int)len, (const char *)octets);
	free_if("message");
}

static const struct tarn__second_connection_events events = {.opened = on_opened,
							     .closed = on_closed,
							     .subscribed = on_subscribed,
							     .message = on_message};

static void on_done(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	(void)command;
	if (!reply) {
		ends++;
		free_if("end");
		return;
	}
	replies++;
	last = *reply;
	snprintf(last_text, sizeof last_text, "%.*s", (int)reply->len,
		 reply->text ? reply->text : "");
	free_if("done");
}

static void be_silent(struct store_client *client, const struct store_command *command)
{
	(void)client;
	(void)command;
}

static void setup(void)
{
	loop = ev_loop_new(0);
	store_open(&store, loop);
	opened = closed = replies = ends = messages = subscribed = 0;
	reason[0] = message[0] = last_text[0] = '\0';
	free_in = NULL;
	connection = NULL;
}

static void teardown(void)
{
	tarn__second_connection_free(connection);
	store_stop(&store);
	ev_loop_destroy(loop);
}

static void connect_to_store(void)
{
	char fault[TARN__SECOND_FAULT_MAX];
	const struct tarn__second_place place = {.address = store.address};
	connection = tarn__second_connection_new(loop, &place, &events, NULL, fault);
	ck_assert_msg(connection, "%s", fault);
}

static bool is_flushed_until(void *number)
{
	if (connection)
		tarn__second_connection_flush(connection);
	return *(const size_t *)number > 0;
}

static void run_until_some(size_t *number)
{
	run_until(loop, is_flushed_until, number);
}

static bool has_client(void *arg)
{
	(void)arg;
	return store.count > 0;
}

static void open_to_store(void)
{
	connect_to_store();
	run_until_some(&opened);
	run_until(loop, has_client, NULL);
}

static int send_ping(size_t i)
{
	static const struct tarn__second_word word = {"PING", 4};
	commands[i] = (struct tarn__second_command){.done = on_done};
	return tarn__second_connection_send(connection, &word, 1, &commands[i]);
}

static void say(const char *text)
{
	store_say(&store.clients[0], text);
}

/* ---- commands ---------------------------------------------------------------------------- */

START_TEST(commands_are_answered_in_order)
{
	open_to_store();
	ck_assert_int_eq(send_ping(0), 14);
	ck_assert_int_gt(send_ping(1), 0);
	ck_assert_ptr_eq(tarn__second_connection_oldest(connection), &commands[0]);
	run_until_some(&replies);
	run_dry(loop);
	ck_assert_uint_eq(replies, 2);
	ck_assert_str_eq(last_text, "PONG");
	ck_assert_int_eq(last.kind, TARN__SECOND_REPLY_STATUS);
	ck_assert_ptr_null(tarn__second_connection_oldest(connection));
	ck_assert_uint_eq(store.commands, 2);
}
END_TEST

START_TEST(nothing_is_written_before_a_flush)
{
	open_to_store();
	send_ping(0);
	run_dry(loop);
	ck_assert_uint_eq(store.commands, 0);
	tarn__second_connection_flush(connection);
	run_until_some(&replies);
}
END_TEST

static const struct {
	const char *text;
	enum tarn__second_reply_kind kind;
	const char *shown;
} kinds[] = {
	{"+OK\r\n", TARN__SECOND_REPLY_STATUS, "OK"},
	{":42\r\n", TARN__SECOND_REPLY_INTEGER, ""},
	{"$3\r\nabc\r\n", TARN__SECOND_REPLY_TEXT, "abc"},
	{"$0\r\n\r\n", TARN__SECOND_REPLY_TEXT, ""},
	{"$-1\r\n", TARN__SECOND_REPLY_NIL, ""},
	{"*-1\r\n", TARN__SECOND_REPLY_NIL, ""},
	{"*0\r\n", TARN__SECOND_REPLY_ARRAY, ""},
	{"*2\r\n$1\r\na\r\n:1\r\n", TARN__SECOND_REPLY_ARRAY, ""},
	{"*1\r\n*1\r\n$1\r\na\r\n", TARN__SECOND_REPLY_ARRAY, ""},
	{"-OOM no\r\n", TARN__SECOND_REPLY_ERROR, "OOM no"},
};

START_TEST(a_reply_of_each_kind_is_shown)
{
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	say(kinds[_i].text);
	run_until_some(&replies);
	ck_assert_int_eq(last.kind, kinds[_i].kind);
	ck_assert_str_eq(last_text, kinds[_i].shown);
	ck_assert_uint_eq(closed, 0);
}
END_TEST

/* ---- what is not expected ---------------------------------------------------------------- */

static const char *const unexpected[] = {
	"+OK\r\n",
	":1\r\n",
	"$3\r\nabc\r\n",
	"$0\r\n\r\n",
	"$-1\r\n",
	"*-1\r\n",
	"*0\r\n",
	"*1\r\n$1\r\na\r\n",
	"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
	"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
	"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n",
	"*3\r\n$-1\r\n$-1\r\n$-1\r\n",
	"-ERR max number of clients reached\r\n",
	">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n",
	">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
	"%1\r\n+a\r\n+b\r\n",
	"~1\r\n+a\r\n",
	"#t\r\n",
	",1.5\r\n",
	"_\r\n",
	"(123456789012345678901234567890\r\n",
	"=7\r\ntxt:abc\r\n",
	"|1\r\n+a\r\n+b\r\n",
	"HTTP/1.1 400 Bad Request\r\n\r\n",
	"\r\n",
	"$-2\r\n",
	"$999999999999999999999\r\n",
	"*-2\r\n",
	"*2147483648\r\n",
	"*9223372036854775807\r\n",
	":abc\r\n",
	"\x16\x03\x01\x02\r\n",
};
enum { UNEXPECTED = sizeof unexpected / sizeof unexpected[0] };

START_TEST(what_no_command_waits_for_ends_the_connection)
{
	open_to_store();
	say(unexpected[_i]);
	run_until_some(&closed);
	ck_assert_str_ne(reason, "");
	ck_assert_uint_eq(closed, 1);
}
END_TEST

START_TEST(what_a_listener_does_not_expect_ends_the_connection)
{
	store.answer = be_silent;
	open_to_store();
	ck_assert_int_eq(tarn__second_connection_subscribe(connection, "news"), 0);
	say(unexpected[_i]);
	run_until_some(&closed);
	ck_assert_uint_eq(messages + subscribed, 0);
}
END_TEST

START_TEST(a_listener_that_has_heard_something_is_as_strict)
{
	open_to_store();
	tarn__second_connection_subscribe(connection, "news");
	run_until_some(&subscribed);
	store_publish(&store.clients[0], "news", "first");
	run_until_some(&messages);
	say(unexpected[_i]);
	run_until_some(&closed);
	ck_assert_uint_eq(messages, 1);
}
END_TEST

START_TEST(what_is_not_expected_behind_a_reply_ends_the_connection)
{
	char text[256];
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	snprintf(text, sizeof text, "+PONG\r\n%s", unexpected[_i]);
	say(text);
	run_until_some(&closed);
	ck_assert_uint_eq(replies, 1);
	ck_assert_uint_eq(ends, 0);
}
END_TEST

static const char *const broken[] = {
	">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
	"%1\r\n+a\r\n+b\r\n",
	"#t\r\n",
	",1.5\r\n",
	"\r\n",
	"$-2\r\n",
	"*4\r\n+a\r\n+b\r\n+c\r\n+d\r\n",
	"*2147483647\r\n",
	"*3\r\n*3\r\n*3\r\n*3\r\n*3\r\n*3\r\n",
	"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
};

START_TEST(a_reply_that_is_none_ends_the_connection_and_the_command)
{
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	send_ping(1);
	say(broken[_i]);
	run_until_some(&closed);
	ck_assert_uint_eq(replies, 0);
	ck_assert_uint_eq(ends, 2);
}
END_TEST

/* ---- lengths ----------------------------------------------------------------------------- */

static void say_text_of(size_t len)
{
	char head[32];
	char *text = malloc(len + 2);
	memset(text, 'x', len);
	memcpy(text + len, "\r\n", 2);
	snprintf(head, sizeof head, "$%zu\r\n", len);
	say(head);
	store_send(&store.clients[0], text, len + 2);
	free(text);
}

START_TEST(the_longest_reply_is_taken)
{
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	say_text_of(TARN__SECOND_REPLY_MAX);
	run_until_some(&replies);
	ck_assert_uint_eq(last.len, TARN__SECOND_REPLY_MAX);
}
END_TEST

START_TEST(a_longer_one_ends_the_connection)
{
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	say_text_of(TARN__SECOND_REPLY_MAX + 1);
	run_until_some(&closed);
	ck_assert_str_eq(reason, "a reply is too long");
	ck_assert_uint_eq(ends, 1);
}
END_TEST

/* The rest of it is not waited for: the store sends 200 kB of a reply of 512 MB, and stays. */
START_TEST(a_reply_of_512_megabytes_is_not_kept)
{
	static char part[200000];
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	say("$536870912\r\n");
	(void)send(store.clients[0].fd, part, sizeof part, MSG_NOSIGNAL);
	run_until_some(&closed);
	ck_assert_str_eq(reason, "a reply is too long");
}
END_TEST

START_TEST(a_line_without_an_end_is_not_kept)
{
	static char part[200000];
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	memset(part, 'x', sizeof part);
	part[0] = '+';
	(void)send(store.clients[0].fd, part, sizeof part, MSG_NOSIGNAL);
	run_until_some(&closed);
	ck_assert_str_eq(reason, "a reply is too long");
}
END_TEST

START_TEST(a_message_is_of_1024_octets_at_most)
{
	char text[1026];
	memset(text, 'm', sizeof text);
	text[1024] = '\0';
	open_to_store();
	tarn__second_connection_subscribe(connection, "news");
	run_until_some(&subscribed);
	store_publish(&store.clients[0], "news", text);
	run_until_some(&messages);
	text[1024] = 'm';
	text[1025] = '\0';
	store_publish(&store.clients[0], "news", text);
	run_until_some(&closed);
	ck_assert_uint_eq(messages, 1);
}
END_TEST

START_TEST(a_message_of_another_channel_ends_the_connection)
{
	open_to_store();
	tarn__second_connection_subscribe(connection, "news");
	run_until_some(&subscribed);
	store_publish(&store.clients[0], "olds", "x");
	run_until_some(&closed);
	ck_assert_str_eq(reason, "a message of an unexpected form");
}
END_TEST

/* ---- ends -------------------------------------------------------------------------------- */

START_TEST(half_a_reply_and_the_end_are_the_end)
{
	store.answer = be_silent;
	open_to_store();
	send_ping(0);
	say("$5\r\nhel");
	store_close(&store.clients[0]);
	run_until_some(&closed);
	ck_assert_uint_eq(ends, 1);
	ck_assert_str_eq(reason, "Server closed the connection");
	ck_assert_int_eq(send_ping(1), TARN_EUNREACHABLE);
	ck_assert_int_eq(tarn__second_connection_subscribe(connection, "x"), TARN_EUNREACHABLE);
	ck_assert(!tarn__second_connection_flush(connection));
}
END_TEST

START_TEST(a_refused_connect_closes)
{
	ev_io_stop(loop, &store.accepting);
	close(store.fd);
	store.fd = -1;
	connect_to_store();
	run_until_some(&closed);
	ck_assert_uint_eq(opened, 0);
	ck_assert_str_eq(reason, "Connection refused");
}
END_TEST

START_TEST(closing_it_ends_what_is_outstanding)
{
	open_to_store();
	send_ping(0);
	send_ping(1);
	tarn__second_connection_close(connection, "enough");
	ck_assert_uint_eq(ends, 2);
	ck_assert_uint_eq(closed, 1);
	ck_assert_str_eq(reason, "enough");
}
END_TEST

START_TEST(a_path_that_is_no_socket_is_a_fault)
{
	char fault[TARN__SECOND_FAULT_MAX], path[120];
	struct tarn__second_place place = {.path = "/nowhere/at/all"};
	ck_assert_ptr_null(tarn__second_connection_new(loop, &place, &events, NULL, fault));
	ck_assert_str_eq(fault, "No such file or directory");
	memset(path, 'p', sizeof path);
	path[108] = '\0';
	place.path = path;
	ck_assert_ptr_null(tarn__second_connection_new(loop, &place, &events, NULL, fault));
	ck_assert_str_eq(fault, "the path is too long");
}
END_TEST

START_TEST(an_interface_that_is_none_is_a_fault)
{
	char fault[TARN__SECOND_FAULT_MAX];
	struct tarn__second_place place = {.path = NULL};
	ck_assert_int_eq(tarn_address_parse("[fe80::1]:1", 0, &place.address), 0);
	snprintf(place.address.interface, sizeof place.address.interface, "nowhere0");
	ck_assert_ptr_null(tarn__second_connection_new(loop, &place, &events, NULL, fault));
	ck_assert_str_eq(fault, "the interface does not exist");
}
END_TEST

/* ---- freeing ----------------------------------------------------------------------------- */

static const char *const callbacks[] = {"opened", "done", "end", "closed", "subscribed", "message"};

static bool is_freed(void *arg)
{
	(void)arg;
	if (connection)
		tarn__second_connection_flush(connection);
	return !connection;
}

/* Each has more behind it in the same piece, which is not looked at. */
START_TEST(it_may_be_freed_in_each_callback)
{
	free_in = callbacks[_i];
	store.answer = be_silent;
	connect_to_store();
	if (_i == 0) {
		run_until(loop, is_freed, NULL);
		return;
	}
	run_until_some(&opened);
	run_until(loop, has_client, NULL);
	for (size_t i = 0; i < 4 && _i < 4; i++)
		send_ping(i);
	if (_i == 1)
		say("+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n+MORE\r\n");
	else if (_i < 4)
		store_close(&store.clients[0]);
	else
		tarn__second_connection_subscribe(connection, "news");
	if (_i >= 4)
		say("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
		    "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\na\r\n"
		    "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nb\r\n");
	run_until(loop, is_freed, NULL);
	run_dry(loop);
	ck_assert_uint_le(replies + ends, _i == 3 ? 4 : 1);
	ck_assert_uint_le(messages + subscribed, _i == 5 ? 2 : 1);
}
END_TEST

START_TEST(it_may_be_freed_while_it_connects)
{
	connect_to_store();
	tarn__second_connection_free(connection);
	connection = NULL;
	run_dry(loop);
	ck_assert_uint_eq(opened + closed, 0);
}
END_TEST

START_TEST(it_may_be_freed_with_commands_outstanding)
{
	open_to_store();
	send_ping(0);
	tarn__second_connection_flush(connection);
	send_ping(1);
	tarn__second_connection_free(connection);
	connection = NULL;
	memset(commands, 0xee, sizeof commands);
	run_dry(loop);
	ck_assert_uint_eq(replies + ends + closed, 0);
}
END_TEST

int main(void)
{
	if (!tarn__second_is_built())
		return unit_skip("tarn is built without libhiredis");
	Suite *suite = suite_create("second_connection");
	TCase *tcase = tcase_create("connection");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, commands_are_answered_in_order);
	tcase_add_test(tcase, nothing_is_written_before_a_flush);
	tcase_add_loop_test(tcase, a_reply_of_each_kind_is_shown, 0,
			    sizeof kinds / sizeof kinds[0]);
	tcase_add_loop_test(tcase, what_no_command_waits_for_ends_the_connection, 0, UNEXPECTED);
	tcase_add_loop_test(tcase, what_a_listener_does_not_expect_ends_the_connection, 0,
			    UNEXPECTED);
	tcase_add_loop_test(tcase, a_listener_that_has_heard_something_is_as_strict, 0, UNEXPECTED);
	tcase_add_loop_test(tcase, what_is_not_expected_behind_a_reply_ends_the_connection, 0,
			    UNEXPECTED);
	tcase_add_loop_test(tcase, a_reply_that_is_none_ends_the_connection_and_the_command, 0,
			    sizeof broken / sizeof broken[0]);
	tcase_add_test(tcase, the_longest_reply_is_taken);
	tcase_add_test(tcase, a_longer_one_ends_the_connection);
	tcase_add_test(tcase, a_reply_of_512_megabytes_is_not_kept);
	tcase_add_test(tcase, a_line_without_an_end_is_not_kept);
	tcase_add_test(tcase, a_message_is_of_1024_octets_at_most);
	tcase_add_test(tcase, a_message_of_another_channel_ends_the_connection);
	tcase_add_test(tcase, half_a_reply_and_the_end_are_the_end);
	tcase_add_test(tcase, a_refused_connect_closes);
	tcase_add_test(tcase, closing_it_ends_what_is_outstanding);
	tcase_add_test(tcase, a_path_that_is_no_socket_is_a_fault);
	tcase_add_test(tcase, an_interface_that_is_none_is_a_fault);
	tcase_add_loop_test(tcase, it_may_be_freed_in_each_callback, 0,
			    sizeof callbacks / sizeof callbacks[0]);
	tcase_add_test(tcase, it_may_be_freed_while_it_connects);
	tcase_add_test(tcase, it_may_be_freed_with_commands_outstanding);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
