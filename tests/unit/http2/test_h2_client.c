/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/h2_client.c: questions to a server that keeps the protocol, and to one made of frames by hand. */
#include "config.h"

#include "http2/h2_client.h"

#include <errno.h>
#include <string.h>

#include "dns/message.h"
#include "http2/http2.h"
#include "support/unit.h"
#include "tarn.h"

#ifdef HAVE_NGHTTP2
#include "support/http2_peer.h"

static struct memory_pipe pipes[2];
static struct memory_pipe *const near_end = &pipes[0], *const far_end = &pipes[1];
static struct tarn__framing *client;
static struct peer peer; /* not of each test */
static struct tarn__framed framed;

static const struct tarn__h2_target target = {"dns.example:8443", "/dns-query"};

/* www.example. A */
static const uint8_t question[] = {0x12, 0x34, 1,   0,	 0,   1,   0, 0,   0,	0,
				   0,	 0,    3,   'w', 'w', 'w', 7, 'e', 'x', 'a',
				   'm',	 'p',  'l', 'e', 0,   0,   1, 0,   1};

/* Its answer, with TTLs of 300 and 60 seconds, and id 0. */
static const uint8_t answer[] = {
	0,   0,	  0x81, 0x80, 0,  1, 0, 2, 0,	 0,  0, 0, 3,  'w', 'w', 'w', 7, 'e', 'x', 'a', 'm',
	'p', 'l', 'e',	0,    0,  1, 0, 1, 0xc0, 12, 0, 1, 0,  1,   0,	 0,   1, 44,  0,   4,	192,
	0,   2,	  1,	0xc0, 12, 0, 1, 0, 1,	 0,  0, 0, 60, 0,   4,	 192, 0, 2,   2};
enum { FIRST_TTL_AT = 35, SECOND_TTL_AT = 51 };

static const char good[] = ":status: 200\ncontent-type: application/dns-message\n";

static void set_up(void)
{
	ck_assert_ptr_null(tarn__http2_load());
	memory_pipes_init(pipes);
	client = tarn__h2_client_new(&near_end->pipe, &target);
	ck_assert_ptr_nonnull(client);
	peer.session = NULL;
}

static void tear_down(void)
{
	client->ops->free(client);
	tarn__http2_session_free(peer.session);
	memory_pipes_fini(pipes);
}

static void set_up_peer(void)
{
	set_up();
	peer_start(&peer, true, 100, far_end);
}

static int put(uint8_t tag)
{
	return client->ops->put(client, question, sizeof(question), tag);
}

static void flush(void)
{
	ck_assert_int_eq(client->ops->flush(client), 0);
}

/* Reads all that there is. Returns the last result. */
static int read_all(void)
{
	int result;
	while ((result = client->ops->read(client)) == TARN__STREAM_READ)
		;
	return result;
}

static bool next(void)
{
	return client->ops->next(client, &framed);
}

static void expect_answer(uint16_t id)
{
	ck_assert(next());
	ck_assert_ptr_nonnull(framed.message);
	ck_assert_uint_eq(framed.len, sizeof(answer));
	ck_assert_uint_eq(tarn__get16(framed.message), id);
	ck_assert_mem_eq(framed.message + 2, answer + 2, sizeof(answer) - 2);
}

static void expect_failure(uint8_t tag, int error, const char *reason)
{
	ck_assert(next());
	ck_assert_ptr_null(framed.message);
	ck_assert_uint_eq(framed.tag, tag);
	ck_assert_int_eq(framed.error, error);
	ck_assert_pstr_eq(framed.reason, reason);
}

/* The questions put go out; the server has them. */
static void run(void)
{
	flush();
	peer_run(&peer);
}

static void respond(size_t i, const char *fields, const uint8_t *body, size_t len)
{
	peer_respond(&peer, &peer.streams[i], fields, body, len);
	peer_run(&peer);
}

/* A question of tag 0 is asked, and the server has said nothing but its settings. */
static void ask_by_hand(void)
{
	ck_assert_int_eq(put(0), 0);
	flush();
	put_setting(far_end, 0, 0);
}

/* ---- a question ---------------------------------------------------------------------------- */

START_TEST(question_is_a_post_of_seven_fields_and_id_0)
{
	ck_assert_int_eq(put(7), 0);
	run();
	ck_assert_uint_eq(peer.count, 1);
	ck_assert_str_eq(peer.streams[0].fields, ":method: POST\n"
						 ":scheme: https\n"
						 ":authority: dns.example:8443\n"
						 ":path: /dns-query\n"
						 "accept: application/dns-message\n"
						 "content-type: application/dns-message\n"
						 "content-length: 29\n");
	ck_assert(peer.streams[0].is_whole);
	ck_assert_uint_eq(peer.streams[0].body_len, sizeof(question));
	ck_assert_uint_eq(tarn__get16(peer.streams[0].body), 0);
	ck_assert_mem_eq(peer.streams[0].body + 2, question + 2, sizeof(question) - 2);
}
END_TEST

START_TEST(answer_has_the_id_of_its_question)
{
	ck_assert_int_eq(put(0), 0);
	run();
	respond(0, good, answer, sizeof(answer));
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_READ);
	expect_answer(0x1234);
	ck_assert(!next());
	client->ops->done(client);
}
END_TEST

START_TEST(answers_come_in_any_order)
{
	uint8_t other[sizeof(question)];
	memcpy(other, question, sizeof(question));
	other[1] = 0x35;
	ck_assert_int_eq(put(0), 0);
	ck_assert_int_eq(client->ops->put(client, other, sizeof(other), 1), 0);
	run();
	respond(1, good, answer, sizeof(answer));
	respond(0, good, answer, sizeof(answer));
	read_all();
	expect_answer(0x1235);
	expect_answer(0x1234);
}
END_TEST

START_TEST(questions_of_a_flush_leave_in_one_write)
{
	for (uint8_t tag = 0; tag < 50; tag++)
		ck_assert_int_eq(put(tag), 0);
	run();
	ck_assert_uint_eq(near_end->send_count, 1);
	ck_assert_uint_eq(peer.count, 50);
	ck_assert_uint_eq(client->ops->pending(client), 0);
}
END_TEST

/* The preface and the settings are of no interest. */
static void skip_preface(void)
{
	flush();
	far_end->begin = far_end->end;
}

static void expect_question_of(uint32_t stream)
{
	struct frame frame;
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_HEADERS);
	ck_assert_uint_eq(frame.stream, stream);
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_DATA);
	ck_assert_uint_eq(frame.stream, stream);
	ck_assert_uint_eq(frame.len, sizeof(question));
}

/* Knot Resolver 5.6 refuses a stream whose header comes before the body of the one before it. */
START_TEST(body_of_a_question_follows_its_header)
{
	struct frame frame;
	skip_preface();
	for (uint8_t tag = 0; tag < 100; tag++)
		ck_assert_int_eq(put(tag), 0);
	flush();
	for (uint32_t i = 0; i < 100; i++)
		expect_question_of(2 * i + 1);
	ck_assert(!take_frame(far_end, &frame));
	ck_assert_uint_eq(client->ops->pending(client), 0);
}
END_TEST

/* The server takes fewer streams than there are questions; then it takes more. */
START_TEST(body_of_a_question_that_waits_for_a_stream_follows_its_header)
{
	struct frame frame;
	skip_preface();
	for (uint8_t tag = 0; tag < 5; tag++)
		ck_assert_int_eq(put(tag), 0);
	put_setting(far_end, 3, 1);
	read_all();
	flush();
	ck_assert_uint_eq(client->ops->pending(client), 0);
	ck_assert(take_frame_of(far_end, FRAME_SETTINGS, &frame));
	expect_question_of(1);
	ck_assert(!take_frame(far_end, &frame));
	put_setting(far_end, 3, 5);
	read_all();
	ck_assert_uint_gt(client->ops->pending(client), 0);
	flush();
	ck_assert(take_frame_of(far_end, FRAME_SETTINGS, &frame));
	for (uint32_t stream = 3; stream <= 9; stream += 2)
		expect_question_of(stream);
	ck_assert(!take_frame(far_end, &frame));
}
END_TEST

START_TEST(longest_question_leaves_in_writes_of_16_kb)
{
	static uint8_t longest[TARN__MESSAGE_MAX];
	ck_assert_int_eq(client->ops->put(client, longest, sizeof(longest), 0), 0);
	flush();
	size_t len = octets_waiting(far_end);
	ck_assert_uint_eq(near_end->send_count, (len + 16383) / 16384);
	peer_run(&peer);
	ck_assert_uint_eq(peer.streams[0].body_len, sizeof(longest));
}
END_TEST

START_TEST(what_the_pipe_does_not_take_leaves_later)
{
	for (uint8_t tag = 0; tag < 20; tag++)
		ck_assert_int_eq(put(tag), 0);
	for (size_t i = 0; client->ops->pending(client) > 0; i++) {
		near_end->send_left = i % 2 == 0 ? 100 : 1;
		run();
	}
	ck_assert_uint_eq(peer.count, 20);
	for (size_t i = 0; i < 20; i++)
		ck_assert(peer.streams[i].is_whole);
}
END_TEST

START_TEST(questions_that_do_not_leave_are_bounded)
{
	static uint8_t long_one[20000];
	near_end->send_left = 0;
	for (uint8_t tag = 0; tag < 4; tag++)
		ck_assert_int_eq(client->ops->put(client, long_one, sizeof(long_one), tag), 0);
	ck_assert_uint_eq(client->ops->room(client), 0);
	ck_assert_int_eq(put(4), TARN_EBUSY);
}
END_TEST

/* ---- answers that are none ----------------------------------------------------------------- */

static const struct {
	const char *fields;
	size_t body_len;
	int error;
	const char *reason;
	uint32_t hold_ms;
} failures[] = {
	{":status: 404\n", 0, TARN_EANSWER, "HTTP status 404", 0},
	{":status: 500\ncontent-type: application/dns-message\n", sizeof(answer), TARN_EANSWER,
	 "HTTP status 500", 0},
	{":status: 204\n", 0, TARN_EANSWER, "HTTP status 204", 0},
	/* RFC 8484 section 3: no redirect is followed. */
	{":status: 301\nlocation: https://other.example/\n", 0, TARN_EANSWER, "HTTP status 301", 0},
	{":status: 200\ncontent-type: text/html\n", sizeof(answer), TARN_EANSWER,
	 "HTTP content-type text/html", 0},
	{":status: 200\ncontent-type: application/dns-json\n", sizeof(answer), TARN_EANSWER,
	 "HTTP content-type application/dns-json", 0},
	{":status: 200\ncontent-type: a b\x80/x;y\n", sizeof(answer), TARN_EANSWER,
	 "HTTP content-type a?b?/x", 0},
	{":status: 200\n", sizeof(answer), TARN_EANSWER, "HTTP content-type missing", 0},
	{":status: 200\ncontent-type: application/dns-message\ncontent-encoding: gzip\n",
	 sizeof(answer), TARN_EANSWER, "HTTP content-encoding", 0},
	{":status: 200\ncontent-type: application/dns-message\n", 11, TARN_EANSWER,
	 "HTTP body of 11 octets", 0},
	{":status: 200\ncontent-type: application/dns-message\n", 0, TARN_EANSWER,
	 "HTTP body of 0 octets", 0},
	/* RFC 6585 section 4, RFC 9110 section 10.2.3 */
	{":status: 429\nretry-after: 5\n", 0, TARN_EANSWER, "HTTP status 429", 5000},
	{":status: 503\nretry-after: 3600\n", 0, TARN_EANSWER, "HTTP status 503", 60000},
	{":status: 503\nretry-after: 99999999999999999999999\n", 0, TARN_EANSWER, "HTTP status 503",
	 60000},
	{":status: 503\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\n", 0, TARN_EANSWER,
	 "HTTP status 503", 0},
	{":status: 404\nretry-after: 5\n", 0, TARN_EANSWER, "HTTP status 404", 0},
	/* RFC 8470 section 5.2 */
	{":status: 425\n", 0, TARN_EUNREACHABLE, "HTTP status 425", 0},
};

START_TEST(answer_that_is_none_fails_with_its_reason)
{
	ck_assert_int_eq(put(9), 0);
	run();
	respond(0, failures[_i].fields, answer, failures[_i].body_len);
	read_all();
	expect_failure(9, failures[_i].error, failures[_i].reason);
	ck_assert_uint_eq(framed.hold_ms, failures[_i].hold_ms);
	ck_assert(!next());
	ck_assert_int_eq(put(9), 0);
	run();
	respond(1, good, answer, sizeof(answer));
	read_all();
	expect_answer(0x1234);
}
END_TEST

static const char *const accepted[] = {
	":status: 200\ncontent-type: application/dns-message;charset=utf-8\n",
	":status: 200\ncontent-type: application/dns-message ; a=b\n",
	":status: 200\ncontent-type: Application/DNS-Message\n",
	":status: 200\ncontent-type: application/dns-message\ncontent-encoding: Identity\n",
	":status: 200\ncontent-type: application/dns-message\ncontent-length: 61\n",
	":status: 200\ncontent-type: application/dns-message\nserver: x\nset-cookie: a=b\n",
};

START_TEST(type_may_have_parameters_and_capitals)
{
	ck_assert_int_eq(put(0), 0);
	run();
	respond(0, accepted[_i], answer, sizeof(answer));
	read_all();
	expect_answer(0x1234);
}
END_TEST

START_TEST(failure_comes_with_the_header_and_the_body_is_refused)
{
	struct frame frame;
	ask_by_hand();
	put_headers(far_end, 1, ":status: 200\ncontent-type: text/html\n", false);
	read_all();
	expect_failure(0, TARN_EANSWER, "HTTP content-type text/html");
	flush();
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_uint_eq(tarn__get32(frame.payload), TARN__HTTP2_CANCEL);
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, 1, answer, sizeof(answer));
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	ck_assert(!next());
}
END_TEST

/* A body of this many octets, in frames of 16,000. */
static void put_body(size_t len)
{
	static uint8_t octets[16000];
	memcpy(octets, answer, sizeof(answer));
	for (size_t put_len; len > 0; len -= put_len) {
		put_len = len < sizeof(octets) ? len : sizeof(octets);
		put_frame(far_end, FRAME_DATA, len == put_len ? FLAG_END_STREAM : 0, 1, octets,
			  put_len);
		read_all();
		flush();
	}
}

START_TEST(longest_answer_is_taken)
{
	ask_by_hand();
	put_headers(far_end, 1, good, false);
	put_body(TARN__MESSAGE_MAX);
	ck_assert(next());
	ck_assert_ptr_nonnull(framed.message);
	ck_assert_uint_eq(framed.len, TARN__MESSAGE_MAX);
}
END_TEST

START_TEST(longer_answer_is_refused)
{
	struct frame frame;
	ask_by_hand();
	put_headers(far_end, 1, good, false);
	put_body(TARN__MESSAGE_MAX + 1);
	expect_failure(0, TARN_EANSWER, "HTTP body above 65535 octets");
	ck_assert(!next());
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(tarn__get32(frame.payload), TARN__HTTP2_CANCEL);
}
END_TEST

START_TEST(wrong_content_length_is_no_answer)
{
	ask_by_hand();
	put_headers(far_end, 1,
		    ":status: 200\ncontent-type: application/dns-message\ncontent-length: 60\n",
		    false);
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, 1, answer, sizeof(answer));
	read_all();
	flush();
	expect_failure(0, TARN_EANSWER, "malformed HTTP/2");
	ck_assert(!next());
}
END_TEST

START_TEST(header_above_8_kb_is_no_answer)
{
	static char lines[9000];
	ask_by_hand();
	int start = snprintf(lines, sizeof(lines), "%sx-long: ", good);
	memset(lines + start, 'x', 8200);
	put_headers(far_end, 1, lines, false);
	read_all();
	expect_failure(0, TARN_EANSWER, "HTTP header above 8192 octets");
	ck_assert(!next());
}
END_TEST

START_TEST(header_after_another_one_counts_as_trailers)
{
	ask_by_hand();
	put_headers(far_end, 1, ":status: 103\nlink: </x>\n", false);
	put_headers(far_end, 1, ":status: 103\ncontent-type: text/html\n", false);
	put_headers(far_end, 1, good, false);
	put_frame(far_end, FRAME_DATA, 0, 1, answer, sizeof(answer));
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	ck_assert(!next());
	put_headers(far_end, 1, "content-type: text/html\nage: 100\n", true);
	read_all();
	expect_answer(0x1234);
}
END_TEST

START_TEST(answer_may_come_octet_by_octet)
{
	near_end->recv_max = 1;
	ask_by_hand();
	put_headers(far_end, 1, good, false);
	for (size_t i = 0; i < sizeof(answer); i++)
		put_frame(far_end, FRAME_DATA, 0, 1, answer + i, 1);
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, 1, NULL, 0);
	read_all();
	expect_answer(0x1234);
}
END_TEST

static const struct {
	const char *age;
	uint32_t first, second; /* TTLs */
} ages[] = {
	{"0", 300, 60},	 {"1", 299, 59}, {"60", 240, 0},
	{"100", 200, 0}, {"301", 0, 0},	 {"99999999999999999999", 0, 0},
	{"-5", 300, 60}, {"", 300, 60},
};

START_TEST(age_is_taken_off_the_ttls)
{
	char fields[128];
	ck_assert_int_eq(put(0), 0);
	run();
	snprintf(fields, sizeof(fields), "%sage: %s\ncache-control: max-age=9999\n", good,
		 ages[_i].age);
	respond(0, fields, answer, sizeof(answer));
	read_all();
	ck_assert(next());
	ck_assert_ptr_nonnull(framed.message);
	ck_assert_uint_eq(tarn__get32(framed.message + FIRST_TTL_AT), ages[_i].first);
	ck_assert_uint_eq(tarn__get32(framed.message + SECOND_TTL_AT), ages[_i].second);
}
END_TEST

/* ---- streams that end ---------------------------------------------------------------------- */

START_TEST(goaway_gives_back_what_was_not_processed)
{
	for (uint8_t tag = 0; tag < 4; tag++)
		ck_assert_int_eq(put(tag), 0);
	flush();
	put_setting(far_end, 0, 0);
	put_goaway(far_end, 3, 0);
	read_all();
	/* in the order of the library */
	expect_failure(3, TARN_EUNREACHABLE, NULL);
	expect_failure(2, TARN_EUNREACHABLE, NULL);
	ck_assert(!next());
	ck_assert_int_eq(put(4), TARN_EUNREACHABLE);
	ck_assert_uint_eq(client->ops->room(client), 0);
	for (uint32_t stream = 1; stream <= 3; stream += 2) {
		put_headers(far_end, stream, good, false);
		put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, stream, answer, sizeof(answer));
	}
	read_all();
	expect_answer(0x1234);
	expect_answer(0x1234);
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_END);
}
END_TEST

START_TEST(goaway_gives_back_what_has_not_left)
{
	put_setting(far_end, 0, 0);
	read_all();
	ck_assert_int_eq(put(5), 0);
	put_goaway(far_end, 0x7fffffff, 0);
	read_all();
	flush();
	expect_failure(5, TARN_EUNREACHABLE, NULL);
}
END_TEST

static const struct {
	uint32_t code;
	const char *reason;
} resets[] = {
	{7, NULL}, /* REFUSED_STREAM: RFC 9113 section 8.7 */
	{0, "HTTP/2 stream error 0"},
	{2, "HTTP/2 stream error 2"},
	{8, "HTTP/2 stream error 8"},
	{0xffffffff, "HTTP/2 stream error 4294967295"},
};

START_TEST(stream_that_is_reset_can_be_asked_again)
{
	struct frame frame;
	ask_by_hand();
	put_frame32(far_end, FRAME_RST_STREAM, 1, resets[_i].code);
	read_all();
	expect_failure(0, TARN_EUNREACHABLE, resets[_i].reason);
	ck_assert(!next());
	ck_assert_int_eq(put(0), 0);
	flush();
	ck_assert(!take_frame_of(far_end, FRAME_RST_STREAM, &frame));
}
END_TEST

START_TEST(half_an_answer_that_is_reset_is_none)
{
	ask_by_hand();
	put_headers(far_end, 1, good, false);
	put_frame(far_end, FRAME_DATA, 0, 1, answer, sizeof(answer));
	put_frame32(far_end, FRAME_RST_STREAM, 1, 0);
	read_all();
	expect_failure(0, TARN_EUNREACHABLE, "HTTP/2 stream error 0");
	ck_assert(!next());
}
END_TEST

START_TEST(forgotten_question_gets_no_answer)
{
	ck_assert_int_eq(put(0), 0);
	ck_assert_int_eq(put(1), 0);
	run();
	client->ops->forget(client, 0);
	client->ops->forget(client, 77);
	ck_assert_int_eq(put(0), 0);
	run();
	for (size_t i = 0; i < 3; i++)
		respond(i, good, answer, sizeof(answer));
	read_all();
	client->ops->forget(client, 1);
	expect_answer(0x1234);
	ck_assert(!next());
	ck_assert(!peer.streams[0].was_reset);
}
END_TEST

START_TEST(forgotten_question_gives_its_place_away)
{
	struct frame frame;
	put_setting(far_end, 3, 2); /* SETTINGS_MAX_CONCURRENT_STREAMS */
	read_all();
	ck_assert_int_eq(put(0), 0);
	ck_assert_int_eq(put(1), 0);
	flush();
	ck_assert_int_eq(put(2), TARN_EBUSY);
	client->ops->forget(client, 0);
	client->ops->forget(client, 1);
	ck_assert_uint_eq(client->ops->room(client), 2);
	flush();
	ck_assert(!take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_int_eq(put(2), 0);
	flush();
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_uint_eq(tarn__get32(frame.payload), TARN__HTTP2_CANCEL);
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_HEADERS);
	ck_assert_uint_eq(frame.stream, 5);
	ck_assert_uint_eq(client->ops->room(client), 1);
}
END_TEST

START_TEST(forgotten_question_that_has_not_left_does_not_leave)
{
	struct frame frame;
	put_setting(far_end, 3, 1);
	read_all();
	skip_preface();
	ck_assert_int_eq(put(0), 0);
	client->ops->forget(client, 0);
	ck_assert_int_eq(put(1), 0);
	flush();
	expect_question_of(1);
	ck_assert(!take_frame(far_end, &frame));
	ck_assert(!next());
	ck_assert_uint_eq(client->ops->pending(client), 0);
}
END_TEST

/* ---- the server's limits ------------------------------------------------------------------- */

START_TEST(one_stream_at_a_time_answers_ten_questions)
{
	tarn__http2_session_free(peer.session);
	peer_start(&peer, true, 1, far_end);
	run();
	peer_run(&peer);
	read_all();
	size_t asked = 0;
	for (size_t answered = 0; answered < 10; answered++) {
		while (client->ops->room(client) > 0) {
			ck_assert_int_eq(put((uint8_t)asked), 0);
			asked++;
		}
		ck_assert_uint_eq(asked, answered + 1);
		ck_assert_int_eq(put((uint8_t)asked), TARN_EBUSY);
		run();
		respond(answered, good, answer, sizeof(answer));
		read_all();
		expect_answer(0x1234);
		client->ops->done(client);
	}
}
END_TEST

static const struct {
	uint32_t setting;
	size_t room;
} limits[] = {{0, 0}, {1, 1}, {255, 255}, {256, 256}, {257, 256}, {0xffffffff, 256}};

START_TEST(room_is_what_the_server_allows)
{
	ck_assert_uint_eq(client->ops->room(client), 100); /* before its settings */
	put_setting(far_end, 3, limits[_i].setting);
	read_all();
	ck_assert_uint_eq(client->ops->room(client), limits[_i].room);
	for (size_t i = 0; i < limits[_i].room; i++)
		ck_assert_int_eq(put((uint8_t)i), 0);
	ck_assert_int_eq(put(0), TARN_EBUSY);
}
END_TEST

START_TEST(closed_window_holds_up_its_own_question_alone)
{
	struct frame frame;
	put_setting(far_end, 4, 0); /* SETTINGS_INITIAL_WINDOW_SIZE */
	read_all();
	ck_assert_int_eq(put(0), 0);
	ck_assert_int_eq(put(1), 0);
	flush();
	ck_assert_uint_eq(client->ops->pending(client), 0);
	ck_assert(!take_frame_of(far_end, FRAME_DATA, &frame));
	put_frame32(far_end, FRAME_WINDOW_UPDATE, 3, 1000);
	read_all();
	flush();
	ck_assert(take_frame_of(far_end, FRAME_DATA, &frame));
	ck_assert_uint_eq(frame.stream, 3);
	ck_assert_uint_eq(frame.len, sizeof(question));
	ck_assert(!take_frame_of(far_end, FRAME_DATA, &frame));
}
END_TEST

START_TEST(answer_before_the_question_has_left_is_taken)
{
	struct frame frame;
	put_setting(far_end, 4, 0);
	read_all();
	ck_assert_int_eq(put(0), 0);
	flush();
	put_headers(far_end, 1, good, false);
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, 1, answer, sizeof(answer));
	read_all();
	expect_answer(0x1234);
	flush();
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(client->ops->room(client), 256);
	ck_assert_uint_eq(client->ops->pending(client), 0);
}
END_TEST

/* ---- what we say of ourselves -------------------------------------------------------------- */

START_TEST(settings_are_those_of_a_client_of_dns)
{
	static const uint8_t expected[] = {0, 2, 0, 0, 0,    0, /* ENABLE_PUSH */
					   0, 4, 0, 0, 0xff, 0xff, /* INITIAL_WINDOW_SIZE */
					   0, 6, 0, 0, 0x20, 0}; /* MAX_HEADER_LIST_SIZE */
	struct frame frame;
	flush();
	ck_assert_mem_eq(far_end->octets, PREFACE_TEXT, PREFACE_TEXT_LEN);
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_SETTINGS);
	ck_assert_uint_eq(frame.len, sizeof(expected));
	ck_assert_mem_eq(frame.payload, expected, sizeof(expected));
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_WINDOW_UPDATE);
	ck_assert_uint_eq(frame.stream, 0);
	ck_assert_uint_eq(tarn__get32(frame.payload), (1 << 20) - 65535);
	ck_assert(!take_frame(far_end, &frame));
}
END_TEST

START_TEST(end_is_a_goaway)
{
	struct frame frame;
	flush();
	client->ops->end(client);
	ck_assert(take_frame_of(far_end, FRAME_GOAWAY, &frame));
	ck_assert_uint_eq(tarn__get32(frame.payload + 4), 0);
	ck_assert_int_eq(put(0), TARN_EUNREACHABLE);
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_END);
}
END_TEST

/* ---- hostile servers ----------------------------------------------------------------------- */

static const struct {
	uint8_t type;
	size_t len;
} floods[] = {{FRAME_PING, 8}, {FRAME_SETTINGS, 0}};

START_TEST(flood_that_is_not_read_ends_the_connection)
{
	static const uint8_t zeros[8];
	int result = TARN__STREAM_AGAIN;
	size_t sent = 0;
	put_setting(far_end, 0, 0);
	near_end->send_left = 0;
	for (; sent < 20000 && result == TARN__STREAM_AGAIN; sent++) {
		put_frame(far_end, floods[_i].type, 0, 0, zeros, floods[_i].len);
		result = read_all();
		if (result != TARN__STREAM_AGAIN)
			ck_assert_int_eq(errno, EPROTO);
		ck_assert_int_eq(client->ops->flush(client), 0);
		ck_assert_uint_le(client->ops->pending(client), 1 << 16);
	}
	ck_assert_int_eq(result, TARN_ESYSTEM);
	ck_assert_uint_lt(sent, 5000);
	ck_assert_int_eq(put(0), TARN_EUNREACHABLE);
	ck_assert_int_eq(client->ops->flush(client), 0);
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_END);
}
END_TEST

START_TEST(flood_that_is_read_is_answered)
{
	static const uint8_t zeros[8];
	struct frame frame;
	put_setting(far_end, 0, 0);
	for (size_t i = 0; i < 20000; i++) {
		put_frame(far_end, FRAME_PING, 0, 0, zeros, sizeof(zeros));
		ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
		flush();
		ck_assert(take_frame_of(far_end, FRAME_PING, &frame));
		ck_assert_uint_eq(frame.flags, FLAG_ACK);
	}
}
END_TEST

static void put_push_promise(void)
{
	static const uint8_t promise[] = {0, 0, 0, 2, 0x82};
	put_frame(far_end, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
	put_frame(far_end, FRAME_PUSH_PROMISE, FLAG_END_HEADERS, 1, promise, sizeof(promise));
}

static void put_data_of_no_stream(void)
{
	put_frame(far_end, FRAME_DATA, 0, 99, "x", 1);
}

static void put_large_frame(void)
{
	static const uint8_t octets[20000];
	put_frame(far_end, FRAME_DATA, 0, 1, octets, sizeof(octets));
}

static void put_bad_hpack(void)
{
	put_frame(far_end, FRAME_HEADERS, FLAG_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff", 6);
}

static void put_lonely_continuation(void)
{
	put_frame(far_end, FRAME_CONTINUATION, FLAG_END_HEADERS, 1, "\x88", 1);
}

static void (*const faults[])(void) = {put_push_promise, put_data_of_no_stream, put_large_frame,
				       put_bad_hpack, put_lonely_continuation};

START_TEST(fault_of_the_connection_ends_it_with_a_word)
{
	struct frame frame;
	ask_by_hand();
	faults[_i]();
	(void)read_all();
	(void)client->ops->flush(client);
	ck_assert(take_frame_of(far_end, FRAME_GOAWAY, &frame));
	ck_assert_uint_ne(tarn__get32(frame.payload + 4), 0);
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_END);
	ck_assert_int_eq(put(1), TARN_EUNREACHABLE);
}
END_TEST

START_TEST(what_is_no_http2_ends_the_connection)
{
	ck_assert_int_eq(put(0), 0);
	flush();
	put_octets(far_end, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	int result = read_all();
	(void)client->ops->flush(client);
	if (result == TARN__STREAM_AGAIN)
		result = client->ops->read(client);
	ck_assert(result == TARN__STREAM_END || result == TARN_ESYSTEM);
}
END_TEST

START_TEST(end_and_faults_of_the_pipe_are_told)
{
	ask_by_hand();
	read_all();
	far_end->pipe.ops->end(&far_end->pipe);
	ck_assert_int_eq(client->ops->read(client), TARN__STREAM_END);
	near_end->error = ECONNRESET;
	ck_assert_int_eq(client->ops->read(client), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_int_eq(put(1), 0);
	near_end->error = EPIPE;
	ck_assert_int_eq(client->ops->flush(client), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

static TCase *by_hand(void)
{
	TCase *tcase = tcase_create("by hand");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, failure_comes_with_the_header_and_the_body_is_refused);
	tcase_add_test(tcase, longest_answer_is_taken);
	tcase_add_test(tcase, longer_answer_is_refused);
	tcase_add_test(tcase, wrong_content_length_is_no_answer);
	tcase_add_test(tcase, header_above_8_kb_is_no_answer);
	tcase_add_test(tcase, header_after_another_one_counts_as_trailers);
	tcase_add_test(tcase, answer_may_come_octet_by_octet);
	tcase_add_test(tcase, goaway_gives_back_what_was_not_processed);
	tcase_add_test(tcase, goaway_gives_back_what_has_not_left);
	tcase_add_loop_test(tcase, stream_that_is_reset_can_be_asked_again, 0,
			    sizeof(resets) / sizeof(resets[0]));
	tcase_add_test(tcase, half_an_answer_that_is_reset_is_none);
	tcase_add_test(tcase, forgotten_question_gives_its_place_away);
	tcase_add_test(tcase, forgotten_question_that_has_not_left_does_not_leave);
	tcase_add_loop_test(tcase, room_is_what_the_server_allows, 0,
			    sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(tcase, closed_window_holds_up_its_own_question_alone);
	tcase_add_test(tcase, answer_before_the_question_has_left_is_taken);
	tcase_add_test(tcase, settings_are_those_of_a_client_of_dns);
	tcase_add_test(tcase, end_is_a_goaway);
	tcase_add_loop_test(tcase, flood_that_is_not_read_ends_the_connection, 0,
			    sizeof(floods) / sizeof(floods[0]));
	tcase_add_test(tcase, flood_that_is_read_is_answered);
	tcase_add_loop_test(tcase, fault_of_the_connection_ends_it_with_a_word, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, what_is_no_http2_ends_the_connection);
	tcase_add_test(tcase, end_and_faults_of_the_pipe_are_told);
	return tcase;
}

static TCase *with_a_peer(void)
{
	TCase *tcase = tcase_create("with a peer");
	tcase_add_checked_fixture(tcase, set_up_peer, tear_down);
	tcase_add_test(tcase, question_is_a_post_of_seven_fields_and_id_0);
	tcase_add_test(tcase, answer_has_the_id_of_its_question);
	tcase_add_test(tcase, answers_come_in_any_order);
	tcase_add_test(tcase, questions_of_a_flush_leave_in_one_write);
	tcase_add_test(tcase, body_of_a_question_follows_its_header);
	tcase_add_test(tcase, body_of_a_question_that_waits_for_a_stream_follows_its_header);
	tcase_add_test(tcase, longest_question_leaves_in_writes_of_16_kb);
	tcase_add_test(tcase, what_the_pipe_does_not_take_leaves_later);
	tcase_add_test(tcase, questions_that_do_not_leave_are_bounded);
	tcase_add_loop_test(tcase, answer_that_is_none_fails_with_its_reason, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_loop_test(tcase, type_may_have_parameters_and_capitals, 0,
			    sizeof(accepted) / sizeof(accepted[0]));
	tcase_add_loop_test(tcase, age_is_taken_off_the_ttls, 0, sizeof(ages) / sizeof(ages[0]));
	tcase_add_test(tcase, forgotten_question_gets_no_answer);
	tcase_add_test(tcase, one_stream_at_a_time_answers_ten_questions);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("h2_client");
	suite_add_tcase(suite, with_a_peer());
	suite_add_tcase(suite, by_hand());
	return unit_run(suite);
}
#else
START_TEST(client_is_not_built)
{
	ck_assert(!tarn__http2_is_built());
	ck_assert_ptr_nonnull(tarn__http2_load());
	ck_assert_ptr_null(tarn__h2_client_new(NULL, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("h2_client");
	TCase *tcase = tcase_create("not built");
	tcase_add_test(tcase, client_is_not_built);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
#endif
