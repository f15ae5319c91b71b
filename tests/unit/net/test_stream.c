/* SPDX-License-Identifier: BSD-2-Clause */
/* net/stream.c and net/pipe.c: messages with their lengths, on a pair of connected sockets. */

#include "net/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/message.h"
#include "net/socket_pipe.h"
#include "tarn.h"
#include "support/unit.h"

static struct tarn__socket_pipe plain;
static struct tarn__stream stream;
static int peer;

static void set_up(void)
{
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	tarn__socket_pipe_init(&plain, fds[0]);
	tarn__stream_init(&stream, &plain.pipe);
	peer = fds[1];
}

static void tear_down(void)
{
	close(plain.fd);
	close(peer);
	tarn__stream_fini(&stream);
}

static void feed(const char *octets, size_t len)
{
	ck_assert_int_eq(send(peer, octets, len, 0), (ssize_t)len);
}

static void expect(const char *octets, size_t expected_len)
{
	const uint8_t *message;
	size_t len;
	ck_assert(tarn__stream_next(&stream, &message, &len));
	ck_assert_uint_eq(len, expected_len);
	ck_assert_mem_eq(message, octets, expected_len);
}

static void expect_nothing(void)
{
	const uint8_t *message;
	size_t len;
	ck_assert(!tarn__stream_next(&stream, &message, &len));
}

START_TEST(message_that_comes_octet_by_octet_is_whole_with_the_last)
{
	static const char octets[] = "\0\5hello";
	for (size_t i = 0; i < 7; i++) {
		expect_nothing();
		tarn__stream_done(&stream);
		ck_assert_int_eq(tarn__stream_is_partial(&stream), i > 0);
		feed(octets + i, 1);
		ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	}
	expect("hello", 5);
	expect_nothing();
	ck_assert(!tarn__stream_is_partial(&stream));
}
END_TEST

START_TEST(messages_of_one_read_come_one_by_one)
{
	feed("\0\3one\0\0\0\3two\0\5thr", 17);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect("one", 3);
	expect("", 0);
	expect("two", 3);
	expect_nothing();
	tarn__stream_done(&stream);
	ck_assert(tarn__stream_is_partial(&stream));
	feed("ee", 2);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect("three", 5);
}
END_TEST

START_TEST(longest_message_comes_whole)
{
	uint8_t sent[2 + TARN__MESSAGE_MAX];
	memset(sent, 0xff, 2);
	for (size_t i = 2; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 13);
	size_t at = 0;
	const uint8_t *message;
	size_t len;
	while (!tarn__stream_next(&stream, &message, &len)) {
		ssize_t count = send(peer, sent + at, sizeof(sent) - at, 0);
		ck_assert(count >= 0 || errno == EAGAIN);
		at += count > 0 ? (size_t)count : 0;
		ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	}
	ck_assert_uint_eq(at, sizeof(sent));
	ck_assert_uint_eq(len, TARN__MESSAGE_MAX);
	ck_assert_mem_eq(message, sent + 2, len);
}
END_TEST

START_TEST(nothing_to_read_is_told_from_the_end)
{
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_AGAIN);
	feed("\0\1", 2);
	shutdown(peer, SHUT_WR);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect_nothing();
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_END);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_END);
}
END_TEST

START_TEST(what_is_thrown_away_takes_what_was_read_with_it)
{
	feed("\0\5hel", 5);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	feed("lo\0\3", 4);
	ck_assert_int_eq(tarn__stream_discard(&stream), TARN__STREAM_READ);
	ck_assert(!tarn__stream_is_partial(&stream));
	ck_assert_ptr_null(stream.in.data);
	ck_assert_int_eq(tarn__stream_discard(&stream), TARN__STREAM_AGAIN);
	shutdown(peer, SHUT_WR);
	ck_assert_int_eq(tarn__stream_discard(&stream), TARN__STREAM_END);
}
END_TEST

START_TEST(memory_is_held_only_while_something_waits)
{
	feed("\0\3one", 5);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect("one", 3);
	tarn__stream_done(&stream);
	ck_assert_ptr_null(stream.in.data);
	ck_assert_int_eq(tarn__stream_put(&stream, (const uint8_t *)"two", 3), 0);
	ck_assert_ptr_nonnull(stream.out.data);
	ck_assert_int_eq(tarn__stream_flush(&stream), 0);
	ck_assert_ptr_null(stream.out.data);
}
END_TEST

START_TEST(length_and_message_leave_in_one_write)
{
	char octets[20];
	ck_assert_int_eq(tarn__stream_put(&stream, (const uint8_t *)"one", 3), 0);
	ck_assert_int_eq(tarn__stream_put(&stream, (const uint8_t *)"", 0), 0);
	ck_assert_int_eq(recv(peer, octets, sizeof(octets), 0), -1);
	ck_assert_uint_eq(tarn__stream_pending(&stream), 7);
	ck_assert_int_eq(tarn__stream_flush(&stream), 0);
	ck_assert_int_eq(recv(peer, octets, sizeof(octets), 0), 7);
	ck_assert_mem_eq(octets, "\0\3one\0\0", 7);
}
END_TEST

START_TEST(what_the_socket_does_not_take_waits_and_order_is_kept)
{
	enum { WRITES = 200, WRITE_SIZE = 5000 };
	uint8_t octets[WRITE_SIZE];
	for (int i = 0; i < WRITES; i++) {
		memset(octets, i, sizeof(octets));
		ck_assert_int_eq(tarn__stream_write(&stream, octets, sizeof(octets)), 0);
	}
	ck_assert_uint_gt(tarn__stream_pending(&stream), 0);
	size_t at = 0, wrong = 0;
	while (at < WRITES * WRITE_SIZE) {
		ssize_t count = recv(peer, octets, sizeof(octets), 0);
		if (count < 0) {
			ck_assert_int_eq(errno, EAGAIN);
			ck_assert_int_eq(tarn__stream_flush(&stream), 0);
			continue;
		}
		for (ssize_t i = 0; i < count; i++, at++)
			wrong += octets[i] != at / WRITE_SIZE;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(tarn__stream_pending(&stream), 0);
	ck_assert_ptr_null(stream.out.data);
}
END_TEST

START_TEST(peer_reads_the_end_and_is_still_received)
{
	tarn__pipe_end(&plain.pipe);
	char octet;
	ck_assert_int_eq(recv(peer, &octet, 1, 0), 0);
	feed("\0\2on", 4);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect("on", 2);
}
END_TEST

/* A pipe on a pipe: what it receives and sends is not what is on the wire. */
struct flipping_pipe {
	struct tarn__pipe pipe;
	struct tarn__pipe *below;
};

static ssize_t flipping_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	struct flipping_pipe *flipping = (struct flipping_pipe *)pipe;
	ssize_t got = tarn__pipe_recv(flipping->below, out, room < 3 ? room : 3);
	for (ssize_t i = 0; i < got; i++)
		((uint8_t *)out)[i] ^= 0xff;
	return got;
}

static ssize_t flipping_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	struct flipping_pipe *flipping = (struct flipping_pipe *)pipe;
	uint8_t octet = *(const uint8_t *)octets ^ 0xff;
	return tarn__pipe_send(flipping->below, &octet, len > 0);
}

START_TEST(stream_reads_and_writes_through_any_pipe)
{
	static const struct tarn__pipe_ops ops = {.recv = flipping_recv, .send = flipping_send};
	struct flipping_pipe flipping = {.pipe.ops = &ops, .below = &plain.pipe};
	tarn__stream_init(&stream, &flipping.pipe);
	feed("\xff\xfc\x9e\x9d\x9c", 5);
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect_nothing();
	ck_assert_int_eq(tarn__stream_read(&stream), TARN__STREAM_READ);
	expect("abc", 3);
	ck_assert_int_eq(tarn__stream_put(&stream, (const uint8_t *)"b", 1), 0);
	while (tarn__stream_pending(&stream) > 0)
		ck_assert_int_eq(tarn__stream_flush(&stream), 0);
	uint8_t octets[4];
	ck_assert_int_eq(recv(peer, octets, sizeof(octets), 0), 3);
	ck_assert_mem_eq(octets, "\xff\xfe\x9d", 3);
}
END_TEST

START_TEST(broken_connection_is_an_error_and_no_signal)
{
	close(peer);
	ck_assert_int_eq(tarn__stream_put(&stream, (const uint8_t *)"one", 3), 0);
	ck_assert_int_eq(tarn__stream_flush(&stream), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(tarn__stream_write(&stream, (const uint8_t *)"two", 3), TARN_ESYSTEM);
	peer = -1;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tcase = tcase_create("stream");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, message_that_comes_octet_by_octet_is_whole_with_the_last);
	tcase_add_test(tcase, messages_of_one_read_come_one_by_one);
	tcase_add_test(tcase, longest_message_comes_whole);
	tcase_add_test(tcase, nothing_to_read_is_told_from_the_end);
	tcase_add_test(tcase, what_is_thrown_away_takes_what_was_read_with_it);
	tcase_add_test(tcase, memory_is_held_only_while_something_waits);
	tcase_add_test(tcase, length_and_message_leave_in_one_write);
	tcase_add_test(tcase, what_the_socket_does_not_take_waits_and_order_is_kept);
	tcase_add_test(tcase, peer_reads_the_end_and_is_still_received);
	tcase_add_test(tcase, stream_reads_and_writes_through_any_pipe);
	tcase_add_test(tcase, broken_connection_is_an_error_and_no_signal);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
