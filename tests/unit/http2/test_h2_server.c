/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/h2_server.c: requests of a client that keeps the protocol, and of one made of frames by hand. */
#include "config.h"

#include "http2/h2_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "http2/http2.h"
#include "support/unit.h"
#include "tarn.h"

/* Allocations of tarn's own until one fails; negative: none does. */
static int allocations_left = -1;

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static bool allocation_fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(old, size);
}

#ifdef HAVE_NGHTTP2
#include "http2/h2_client.h"
#include "support/http2_peer.h"

static struct memory_pipe pipes[2];
static struct memory_pipe *const near_end = &pipes[0], *const far_end = &pipes[1];
static struct tarn__h2_server *server;
static struct peer peer; /* not of each test */
static struct tarn__h2_question got;
static uint64_t now_ms;

/* www.example. A, as of RFC 8484 section 4.1.1 with another name; and in base64url */
static const uint8_t question[] = {0x12, 0x34, 1,   0,	 0,   1,   0, 0,   0,	0,
				   0,	 0,    3,   'w', 'w', 'w', 7, 'e', 'x', 'a',
				   'm',	 'p',  'l', 'e', 0,   0,   1, 0,   1};
#define QUESTION_TEXT "EjQBAAABAAAAAAAAA3d3dwdleGFtcGxlAAABAAE"

static const uint8_t answer[] = {0x12, 0x34, 0x81, 0x80, 0, 1,	  0,   1,   0,	 0,   0,   0,
				 3,    'w',  'w',  'w',	 7, 'e',  'x', 'a', 'm', 'p', 'l', 'e',
				 0,    0,    1,	   0,	 1, 0xc0, 12,  0,   1,	 0,   1,   0,
				 0,    1,    44,   0,	 4, 192,  0,   2,   1};

#define POST_FIELDS                                                                                \
	":method: POST\n:scheme: https\n:authority: dns.example\n:path: /dns-query\n"              \
	"content-type: application/dns-message\n"
#define GET_FIELDS(path) ":method: GET\n:scheme: https\n:authority: dns.example\n:path: " path "\n"

static void set_up(void)
{
	ck_assert_ptr_null(tarn__http2_load());
	memory_pipes_init(pipes);
	server = tarn__h2_server_new(&near_end->pipe, "/dns-query");
	ck_assert_ptr_nonnull(server);
	peer.session = NULL;
	now_ms = 1000000;
}

static void tear_down(void)
{
	tarn__h2_server_free(server);
	tarn__http2_session_free(peer.session);
	memory_pipes_fini(pipes);
}

static void set_up_peer(void)
{
	set_up();
	peer_start(&peer, false, 0, far_end);
}

/* Reads all that there is. Returns the last result. */
static int read_all(void)
{
	int result;
	while ((result = tarn__h2_server_read(server, now_ms)) == TARN__STREAM_READ)
		;
	return result;
}

static void flush(void)
{
	ck_assert_int_eq(tarn__h2_server_flush(server), 0);
}

static bool next(void)
{
	return tarn__h2_server_next(server, &got);
}

/* What the peer has queued reaches the server, and the other way round. */
static void run(void)
{
	peer_run(&peer);
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	flush();
	peer_run(&peer);
}

static void give(int32_t stream, const uint8_t *message, size_t len)
{
	ck_assert_int_eq(tarn__h2_server_answer(server, stream, message, len), 0);
}

static struct peer_stream *post(void)
{
	struct peer_stream *stream = peer_request(&peer, POST_FIELDS, question, sizeof(question));
	run();
	return stream;
}

/* The other half of a connection by hand: the preface and no settings of its own. */
static void greet(void)
{
	put_octets(far_end, PREFACE_TEXT, PREFACE_TEXT_LEN);
	put_setting(far_end, 0, 0);
	put_frame(far_end, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	flush();
}

static void put_question(uint32_t stream)
{
	put_headers(far_end, stream, POST_FIELDS, false);
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, stream, question, sizeof(question));
}

/* ---- questions and answers ----------------------------------------------------------------- */

static void expect_question(void)
{
	ck_assert(next());
	ck_assert_uint_eq(got.len, sizeof(question));
	ck_assert_mem_eq(got.message, question, sizeof(question));
}

START_TEST(posted_question_is_answered_with_its_id)
{
	struct peer_stream *stream = post();
	expect_question();
	ck_assert_ptr_null(got.forwarded_for);
	ck_assert(!next());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 1);
	give(got.stream, answer, sizeof(answer));
	run();
	ck_assert_str_eq(stream->fields, ":status: 200\n"
					 "content-type: application/dns-message\n"
					 "content-length: 45\n"
					 "cache-control: max-age=300\n");
	ck_assert(stream->is_closed && stream->code == 0);
	ck_assert_uint_eq(stream->body_len, sizeof(answer));
	ck_assert_mem_eq(stream->body, answer, sizeof(answer));
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

static const char *const paths[] = {
	GET_FIELDS("/dns-query?dns=" QUESTION_TEXT),
	GET_FIELDS("/dns-query?a=b&dns=" QUESTION_TEXT),
	GET_FIELDS("/dns-query?dns=" QUESTION_TEXT "&ct=application/dns-message&"),
	GET_FIELDS("/dns-query?&&xdns=x&dns=" QUESTION_TEXT "&dns=*"),
	":path: /dns-query?dns=" QUESTION_TEXT "\n:method: GET\n:scheme: https\n"
	":authority: dns.example\ncontent-type: text/plain\n",
};

START_TEST(question_in_a_path_is_answered)
{
	struct peer_stream *stream = peer_request(&peer, paths[_i], NULL, 0);
	run();
	expect_question();
	give(got.stream, answer, sizeof(answer));
	run();
	ck_assert_uint_eq(stream->body_len, sizeof(answer));
	ck_assert(stream->is_closed && stream->code == 0);
}
END_TEST

static const char *const posts[] = {
	":method: POST\n:scheme: https\n:authority: a\n:path: /dns-query\n"
	"content-type: Application/DNS-Message; charset=x\n",
	":method: POST\n:scheme: http\n:authority: a\n:path: /dns-query?dns=*\n"
	"content-type: application/dns-message\ncontent-length: 29\n",
	":method: POST\n:scheme: https\n:authority: a\n:path: /dns-query\n"
	"content-type: application/dns-message\ncontent-encoding: identity\naccept: */*\n",
};

START_TEST(post_may_be_written_in_other_ways)
{
	(void)peer_request(&peer, posts[_i], question, sizeof(question));
	run();
	expect_question();
}
END_TEST

START_TEST(questions_of_our_client_are_answered_by_our_server)
{
	static const struct tarn__h2_target target = {"dns.example", "/dns-query"};
	struct tarn__framing *client = tarn__h2_client_new(&far_end->pipe, &target);
	struct tarn__framed framed;
	ck_assert_ptr_nonnull(client);
	for (unsigned i = 0; i < 1000; i++) {
		ck_assert_int_eq(client->ops->put(client, question, sizeof(question), 0), 0);
		ck_assert_int_eq(client->ops->flush(client), 0);
		ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
		ck_assert(next());
		ck_assert_uint_eq(tarn__get16(got.message), 0);
		give(got.stream, answer, sizeof(answer));
		flush();
		ck_assert_int_eq(client->ops->read(client), TARN__STREAM_READ);
		ck_assert(client->ops->next(client, &framed));
		ck_assert_uint_eq(framed.len, sizeof(answer));
		ck_assert_mem_eq(framed.message, answer, sizeof(answer));
		client->ops->done(client);
	}
	client->ops->free(client);
}
END_TEST

/* Returns true if the question was answered. */
static bool ask_short_of_memory(struct tarn__framing *client)
{
	struct tarn__framed framed = {0};
	if (client->ops->put(client, question, sizeof(question), 0) != 0)
		return false;
	near_end->send_left = 20;
	(void)client->ops->flush(client);
	for (size_t i = 0; i < 10 && !framed.message && framed.error == 0; i++) {
		near_end->send_left = far_end->send_left = 20 + 100 * i;
		(void)client->ops->flush(client);
		(void)read_all();
		while (next())
			(void)tarn__h2_server_answer(server, got.stream, answer, sizeof(answer));
		(void)tarn__h2_server_flush(server);
		while (client->ops->read(client) == TARN__STREAM_READ)
			;
		(void)client->ops->next(client, &framed);
	}
	bool is_answered = framed.message;
	client->ops->done(client);
	return is_answered;
}

/* Of one connection after the other the first allocation fails, then the second, and so on. */
START_TEST(each_allocation_may_fail)
{
	static const struct tarn__h2_target target = {"dns.example", "/dns-query"};
	int failed = 0;
	bool has_failed;
	do {
		tarn__h2_server_free(server);
		memory_pipes_fini(pipes);
		memory_pipes_init(pipes);
		allocations_left = failed;
		struct tarn__framing *client = tarn__h2_client_new(&far_end->pipe, &target);
		server = tarn__h2_server_new(&near_end->pipe, "/dns-query");
		bool is_answered = client && server && ask_short_of_memory(client);
		has_failed = allocations_left < 0;
		allocations_left = -1; /* Check allocates, too */
		ck_assert(is_answered || has_failed);
		if (client)
			client->ops->free(client);
		failed++;
	} while (has_failed);
	ck_assert_int_ge(failed, 10);
}
END_TEST

START_TEST(answers_of_a_flush_leave_in_one_write)
{
	run();
	for (size_t i = 0; i < 50; i++)
		(void)peer_request(&peer, POST_FIELDS, question, sizeof(question));
	peer_run(&peer);
	read_all();
	while (next())
		give(got.stream, answer, sizeof(answer));
	size_t before = near_end->send_count;
	flush();
	ck_assert_uint_eq(near_end->send_count, before + 1);
	peer_run(&peer);
	for (size_t i = 0; i < 50; i++)
		ck_assert(peer.streams[i].is_closed);
}
END_TEST

static void run_slowly(void)
{
	for (size_t i = 0; i < 100; i++) {
		near_end->send_left = 10;
		run();
	}
}

START_TEST(answers_come_in_any_order_through_a_narrow_pipe)
{
	int32_t streams[3];
	near_end->recv_max = 1;
	for (size_t i = 0; i < 3; i++)
		(void)peer_request(&peer, POST_FIELDS, question, sizeof(question));
	run_slowly();
	for (size_t i = 0; i < 3; i++) {
		ck_assert(next());
		streams[i] = got.stream;
	}
	for (size_t i = 3; i-- > 0;)
		give(streams[i], answer, sizeof(answer));
	run_slowly();
	for (size_t i = 0; i < 3; i++)
		ck_assert_mem_eq(peer.streams[i].body, answer, sizeof(answer));
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

static const struct {
	uint8_t flags; /* TC, RCODE */
	uint8_t counts[2]; /* of answers and authorities */
	const char *records; /* as the hex of their fixed parts and RDATA, all of the root */
	size_t len;
	const char *expected;
} kept[] = {
	/* A with a TTL of 300; the least of two; 0; above 2^31 (RFC 2181 section 8) */
	{0, {1, 0}, "\0\0\1\0\1\0\0\1\x2c\0\4\1\2\3\4", 15, "max-age=300"},
	{0, {2, 0}, "\0\0\1\0\1\0\0\1\x2c\0\0\0\0\1\0\1\0\0\0\x3c\0\0", 22, "max-age=60"},
	{0, {1, 0}, "\0\0\1\0\1\0\0\0\0\0\0", 11, "no-store"},
	{0, {1, 0}, "\0\0\1\0\1\x80\0\0\1\0\0", 11, "no-store"},
	/* SERVFAIL, REFUSED, and what is truncated */
	{2, {1, 0}, "\0\0\1\0\1\0\0\1\x2c\0\0", 11, "no-store"},
	{5, {0, 0}, "", 0, "no-store"},
	/* RFC 2308 section 5: NODATA and NXDOMAIN, by MINIMUM and by the SOA's TTL; without an SOA */
	{0,
	 {0, 1},
	 "\0\0\6\0\1\0\0\1\x2c\0\x16\0\0"
	 "1234567890123456\0\0\0\x0a",
	 33,
	 "max-age=10"},
	{3,
	 {0, 1},
	 "\0\0\6\0\1\0\0\0\x05\0\x16\0\0"
	 "1234567890123456\0\0\0\x0a",
	 33,
	 "max-age=5"},
	{3, {0, 1}, "\0\0\2\0\1\0\0\0\x05\0\1\0", 12, "no-store"},
	{0, {0, 0}, "", 0, "no-store"},
	/* malformed */
	{0, {2, 0}, "\0\0\1\0\1\0\0\1\x2c\0\0", 11, "no-store"},
};

START_TEST(answer_is_kept_as_long_as_its_ttls_allow)
{
	uint8_t message[200] = {0x12, 0x34, 0x81, kept[_i].flags, 0, 0};
	char expected[64];
	message[7] = kept[_i].counts[0];
	message[9] = kept[_i].counts[1];
	memcpy(message + TARN__HEADER_LEN, kept[_i].records, kept[_i].len);
	struct peer_stream *stream = post();
	ck_assert(next());
	give(got.stream, message, TARN__HEADER_LEN + kept[_i].len);
	run();
	snprintf(expected, sizeof(expected), "cache-control: %s\n", kept[_i].expected);
	ck_assert_str_eq(strstr(stream->fields, "cache-control"), expected);
	/* RFC 8484 section 4.2.1: whatever the RCODE. */
	ck_assert_ptr_nonnull(strstr(stream->fields, ":status: 200\n"));
}
END_TEST

static const struct {
	const char *lines, *expected;
} forwarded[] = {
	{"x-forwarded-for: 192.0.2.1\n", "192.0.2.1"},
	{"x-forwarded-for: 10.0.0.1, 192.0.2.1\n", "192.0.2.1"},
	{"x-forwarded-for: 10.0.0.1\nx-forwarded-for: 2001:db8::1\n", "2001:db8::1"},
	{"x-forwarded-for: 10.0.0.1,\n", "?"},
	{"x-forwarded-for: \n", "?"},
	{"x-forwarded-for: 192.0.2.1, "
	 "1234567890123456789012345678901234567890123456789012345678901234567890\n",
	 "?"},
	{"forwarded: for=192.0.2.1\n", NULL},
};

START_TEST(address_of_a_proxy_is_the_last_one)
{
	char fields[512];
	snprintf(fields, sizeof(fields), "%s%s", POST_FIELDS, forwarded[_i].lines);
	(void)peer_request(&peer, fields, question, sizeof(question));
	run();
	ck_assert(next());
	ck_assert_pstr_eq(got.forwarded_for, forwarded[_i].expected);
}
END_TEST

/* ---- requests that are refused ------------------------------------------------------------- */

static const struct {
	const char *fields;
	size_t body_len;
	const char *status;
} refusals[] = {
	{":method: POST\n:scheme: https\n:authority: a\n:path: /\n"
	 "content-type: application/dns-message\n",
	 29, "404"},
	{":method: POST\n:scheme: https\n:authority: a\n:path: /dns-query/\n"
	 "content-type: application/dns-message\n",
	 29, "404"},
	{GET_FIELDS("/dns-quer?dns=" QUESTION_TEXT), 0, "404"},
	{GET_FIELDS("/DNS-QUERY?dns=" QUESTION_TEXT), 0, "404"},
	{":method: PUT\n:scheme: https\n:authority: a\n:path: /dns-query\n"
	 "content-type: application/dns-message\n",
	 29, "405"},
	{":method: HEAD\n:scheme: https\n:authority: a\n:path: /dns-query?dns=" QUESTION_TEXT "\n",
	 0, "405"},
	{":method: get\n:scheme: https\n:authority: a\n:path: /dns-query?dns=" QUESTION_TEXT "\n",
	 0, "405"},
	{":method: POST\n:scheme: https\n:authority: a\n:path: /dns-query\n", 29, "415"},
	{":method: POST\n:scheme: https\n:authority: a\n:path: /dns-query\n"
	 "content-type: application/dns-json\n",
	 29, "415"},
	{POST_FIELDS "content-encoding: gzip\n", 29, "415"},
	{GET_FIELDS("/dns-query"), 0, "400"},
	{GET_FIELDS("/dns-query?"), 0, "400"},
	{GET_FIELDS("/dns-query?dns"), 0, "400"},
	{GET_FIELDS("/dns-query?dns="), 0, "400"},
	{GET_FIELDS("/dns-query?DNS=" QUESTION_TEXT), 0, "400"},
	{GET_FIELDS("/dns-query?dns=EjQBAAABAAAAAAA"), 0, "400"}, /* 11 octets */
	{GET_FIELDS("/dns-query?dns=" QUESTION_TEXT "="), 0, "400"},
	{GET_FIELDS("/dns-query?dns=EjQBAAABAAAAAAAAA3d3dwdleGFtcGxlAAABAA+"), 0, "400"},
	{GET_FIELDS("/dns-query?dns=*&dns=" QUESTION_TEXT), 0, "400"},
	{POST_FIELDS, 0, "400"},
	{POST_FIELDS, 11, "400"},
	/* QR */
	{GET_FIELDS("/dns-query?dns=AACBAAABAAAAAAAAA3d3dwdleGFtcGxlAAABAAE"), 0, "400"},
	{POST_FIELDS "content-length: 65536\n", 65536, "413"},
	{POST_FIELDS "content-length: 9999999999999999\n", 65536, "413"},
	{POST_FIELDS, 65536, "413"},
};

START_TEST(request_is_refused_with_its_status_and_the_next_is_answered)
{
	static uint8_t body[65536];
	char expected[80];
	memcpy(body, question, sizeof(question));
	struct peer_stream *stream =
		peer_request(&peer, refusals[_i].fields, body, refusals[_i].body_len);
	for (size_t i = 0; i < 5; i++)
		run();
	bool is_405 = strcmp(refusals[_i].status, "405") == 0;
	snprintf(expected, sizeof(expected), ":status: %s\ncontent-length: 0\n%s",
		 refusals[_i].status, is_405 ? "allow: GET, POST\n" : "");
	ck_assert_str_eq(stream->fields, expected);
	ck_assert(stream->is_whole && stream->is_closed);
	ck_assert_uint_eq(stream->body_len, 0);
	ck_assert(!next());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
	stream = post();
	expect_question();
	give(got.stream, answer, sizeof(answer));
	run();
	ck_assert_uint_eq(stream->body_len, sizeof(answer));
}
END_TEST

START_TEST(answer_is_no_question)
{
	struct peer_stream *stream = peer_request(&peer, POST_FIELDS, answer, sizeof(answer));
	run();
	ck_assert_str_eq(stream->fields, ":status: 400\ncontent-length: 0\n");
	ck_assert(stream->is_whole && !stream->was_reset);
	ck_assert(!next());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

#define REFUSED_FIELDS ":method: POST\n:scheme: https\n:authority: a\n:path: /\n"

/* The response is there before the body. */
static void expect_refusal(const char *fields)
{
	struct frame frame;
	greet();
	put_headers(far_end, 1, fields, false);
	read_all();
	flush();
	ck_assert(take_frame_of(far_end, FRAME_HEADERS, &frame));
	ck_assert_uint_eq(frame.flags, FLAG_END_HEADERS | FLAG_END_STREAM);
}

static bool is_stopped(void)
{
	struct frame frame;
	if (!take_frame_of(far_end, FRAME_RST_STREAM, &frame))
		return false;
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_uint_eq(tarn__get32(frame.payload), TARN__HTTP2_NO_ERROR);
	return true;
}

static void put_body(uint8_t flags, size_t len)
{
	static const uint8_t octets[16384];
	put_frame(far_end, FRAME_DATA, flags, 1, octets, len);
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	flush();
}

/* curl 7.88 has no status for its user if it is told to stop. */
START_TEST(small_body_of_a_refused_request_is_taken)
{
	static const char *const fields[] = {REFUSED_FIELDS,
					     REFUSED_FIELDS "content-length: 65535\n"};
	expect_refusal(fields[_i]);
	for (size_t i = 0; i < 3; i++)
		put_body(0, 16384);
	ck_assert(!is_stopped());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 1);
	put_body(FLAG_END_STREAM, 16383);
	ck_assert(!is_stopped());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
	ck_assert(!tarn__h2_server_is_partial(server));
}
END_TEST

START_TEST(client_is_told_to_stop_after_64_kb_of_a_refused_request)
{
	expect_refusal(REFUSED_FIELDS);
	for (size_t i = 0; i < 3; i++)
		put_body(0, 16384);
	put_body(0, 16383);
	ck_assert(!is_stopped());
	put_body(0, 1);
	ck_assert(is_stopped());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

START_TEST(client_is_told_to_stop_at_once_if_its_body_is_long)
{
	expect_refusal(REFUSED_FIELDS "content-length: 65536\n");
	ck_assert(is_stopped());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

/* The bodies take nothing off the connection's window. */
START_TEST(bodies_of_refused_requests_hold_nobody_up)
{
	static uint8_t body[60000];
	for (size_t i = 0; i < 10; i++)
		(void)peer_request(&peer, REFUSED_FIELDS, body, sizeof(body));
	for (size_t i = 0; i < 30; i++)
		run();
	for (size_t i = 0; i < 10; i++)
		ck_assert(peer.streams[i].is_closed && !peer.streams[i].was_reset);
	(void)post();
	expect_question();
}
END_TEST

START_TEST(header_above_8_kb_is_refused)
{
	static char fields[9000];
	int start = snprintf(fields, sizeof(fields), "%sx-long: ", POST_FIELDS);
	memset(fields + start, 'x', 8192);
	struct peer_stream *stream = peer_request(&peer, fields, question, sizeof(question));
	run();
	ck_assert_str_eq(stream->fields, ":status: 431\ncontent-length: 0\n");
	ck_assert(!next());
	(void)post();
	expect_question();
}
END_TEST

/* A field of 4,000 octets in the dynamic table, which is named 10,000 times. */
START_TEST(header_of_the_same_field_again_and_again_is_reset)
{
	static struct block block;
	struct frame frame;
	greet();
	block.len = 0;
	add_field(&block, ":method", "GET");
	add_field(&block, ":scheme", "https");
	add_field(&block, ":path", "/dns-query?dns=" QUESTION_TEXT);
	block.octets[block.len++] = 0x40; /* RFC 7541 section 6.2.1 */
	char value[3900];
	memset(value, 'x', sizeof(value));
	add_text(&block, "x-long", 6);
	add_text(&block, value, sizeof(value));
	memset(block.octets + block.len, 0x80 | 62, 10000);
	block.len += 10000;
	put_frame(far_end, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, block.octets,
		  block.len);
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	flush();
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert(!next());
	put_question(3);
	read_all();
	expect_question();
}
END_TEST

START_TEST(longest_question_is_taken)
{
	static uint8_t body[TARN__MESSAGE_MAX];
	(void)peer_request(&peer, POST_FIELDS, body, sizeof(body));
	for (size_t i = 0; i < 5; i++)
		run();
	ck_assert(next());
	ck_assert_uint_eq(got.len, sizeof(body));
}
END_TEST

START_TEST(longest_answer_is_given)
{
	static uint8_t longest[TARN__MESSAGE_MAX];
	struct peer_stream *stream = post();
	ck_assert(next());
	give(got.stream, longest, sizeof(longest));
	for (size_t i = 0; i < 5; i++)
		run();
	ck_assert_uint_eq(stream->body_len, sizeof(longest));
	ck_assert(stream->is_closed);
}
END_TEST

START_TEST(answer_that_is_not_due_resets_the_stream)
{
	struct peer_stream *stream = post();
	ck_assert(next());
	give(got.stream, NULL, 0);
	run();
	ck_assert(stream->was_reset);
	ck_assert_uint_eq(stream->code, TARN__HTTP2_INTERNAL_ERROR);
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

START_TEST(late_answer_of_a_stream_that_is_gone_is_no_error)
{
	(void)post();
	struct peer_stream *other = post();
	ck_assert(next());
	int32_t stream = got.stream;
	ck_assert(next());
	tarn__http2_reset(peer.session, stream, TARN__HTTP2_CANCEL);
	run();
	ck_assert_uint_eq(tarn__h2_server_pending(server), 1);
	give(stream, answer, sizeof(answer));
	give(12345, answer, sizeof(answer));
	give(0, answer, sizeof(answer));
	give(got.stream, answer, sizeof(answer));
	give(got.stream, answer, sizeof(answer));
	run();
	give(got.stream, answer, sizeof(answer));
	ck_assert_uint_eq(other->body_len, sizeof(answer));
}
END_TEST

START_TEST(question_of_a_stream_that_is_gone_is_not_given)
{
	struct peer_stream *stream = peer_request(&peer, POST_FIELDS, question, sizeof(question));
	peer_run(&peer);
	read_all();
	tarn__http2_reset(peer.session, stream->id, TARN__HTTP2_CANCEL);
	run();
	ck_assert(!next());
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

/* ---- limits -------------------------------------------------------------------------------- */

START_TEST(settings_are_those_of_a_server_of_dns)
{
	static const uint8_t expected[] = {0, 3, 0, 0, 0,    100, /* MAX_CONCURRENT_STREAMS */
					   0, 4, 0, 1, 0,    0, /* INITIAL_WINDOW_SIZE */
					   0, 6, 0, 0, 0x20, 0, /* MAX_HEADER_LIST_SIZE */
					   0, 9, 0, 0, 0,    1}; /* NO_RFC7540_PRIORITIES */
	struct frame frame;
	greet();
	ck_assert(take_frame(far_end, &frame));
	ck_assert_uint_eq(frame.type, FRAME_SETTINGS);
	ck_assert_uint_eq(frame.len, sizeof(expected));
	ck_assert_mem_eq(frame.payload, expected, sizeof(expected));
}
END_TEST

START_TEST(hundred_requests_are_taken_at_once_and_no_more)
{
	struct frame frame;
	greet();
	for (uint32_t i = 0; i < 100; i++)
		put_question(2 * i + 1);
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	size_t count = 0;
	while (next())
		count++;
	ck_assert_uint_eq(count, 100);
	put_question(201);
	(void)read_all();
	ck_assert(!next());
	flush();
	ck_assert(take_frame_of(far_end, FRAME_GOAWAY, &frame) ||
		  take_frame_of(far_end, FRAME_RST_STREAM, &frame));
}
END_TEST

START_TEST(bodies_that_are_not_answered_are_bounded)
{
	static const uint8_t part[16000];
	size_t sent = 0;
	struct frame frame;
	greet();
	ck_assert(take_frame(far_end, &frame));
	/* RFC 9113 section 6.9.1: the window of the connection, of which nothing is given back. */
	for (uint32_t stream = 1; sent + sizeof(part) <= 1 << 18; stream += 2) {
		put_headers(far_end, stream, POST_FIELDS, false);
		put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, stream, part, sizeof(part));
		sent += sizeof(part);
		ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	}
	flush();
	ck_assert(take_frame_of(far_end, FRAME_WINDOW_UPDATE, &frame));
	ck_assert_uint_eq(tarn__get32(frame.payload), (1 << 18) - 65535);
	ck_assert(!take_frame_of(far_end, FRAME_WINDOW_UPDATE, &frame));
	while (next())
		give(got.stream, answer, sizeof(answer));
	flush();
	ck_assert(take_frame_of(far_end, FRAME_WINDOW_UPDATE, &frame));
	ck_assert_uint_eq(frame.stream, 0);
}
END_TEST

static void put_ping(uint32_t i)
{
	(void)i;
	put_frame(far_end, FRAME_PING, 0, 0, "12345678", 8);
}

static void put_empty_settings(uint32_t i)
{
	(void)i;
	put_setting(far_end, 0, 0);
}

static void put_settings_ack(uint32_t i)
{
	put_frame(far_end, FRAME_PING, FLAG_ACK, 0, "12345678", i < 8 ? 8 : 8);
}

static void put_empty_data(uint32_t i)
{
	if (i == 0)
		put_headers(far_end, 1, POST_FIELDS, false);
	put_frame(far_end, FRAME_DATA, 0, 1, NULL, 0);
}

static void put_one_octet(uint32_t i)
{
	if (i == 0)
		put_headers(far_end, 1, POST_FIELDS, false);
	put_frame(far_end, FRAME_DATA, 0, 1, "x", 1);
}

static void put_priority(uint32_t i)
{
	put_frame(far_end, FRAME_PRIORITY, 0, 2 * i + 1, "\0\0\0\0\1", 5);
}

static void put_window_update(uint32_t i)
{
	(void)i;
	put_frame32(far_end, FRAME_WINDOW_UPDATE, 0, 1);
}

static void put_unknown(uint32_t i)
{
	(void)i;
	put_frame(far_end, 0x77, 0xff, 0, "x", 1);
}

/* CVE-2023-44487 */
static void put_rapid_reset(uint32_t i)
{
	put_question(2 * i + 1);
	put_frame32(far_end, FRAME_RST_STREAM, 2 * i + 1, 8);
}

static void put_trailers(uint32_t i)
{
	if (i == 0)
		put_headers(far_end, 1, POST_FIELDS, false);
	put_frame(far_end, FRAME_PRIORITY, 0, 3, "\0\0\0\0\1", 5);
}

static void (*const noises[])(uint32_t) = {
	put_ping,     put_empty_settings, put_settings_ack, put_empty_data,  put_one_octet,
	put_priority, put_window_update,  put_unknown,	    put_rapid_reset, put_trailers};

/* Returns the number of times after which the connection ended; 0: it did not. */
static uint32_t make_noise(void (*noise)(uint32_t), uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		noise(i);
		if (read_all() == TARN__STREAM_END)
			return i + 1;
		while (next())
			;
		flush();
	}
	return 0;
}

START_TEST(thousand_frames_of_noise_end_the_connection)
{
	struct frame frame;
	greet();
	uint32_t count = make_noise(noises[_i], 0, 20000);
	ck_assert_uint_gt(count, 300);
	ck_assert_uint_le(count, TARN__H2_NOISE_MAX + 2);
	flush();
	ck_assert(take_frame_of(far_end, FRAME_GOAWAY, &frame));
	ck_assert_uint_eq(tarn__get32(frame.payload + 4), TARN__HTTP2_ENHANCE_YOUR_CALM);
	ck_assert(tarn__h2_server_has_ended(server));
	ck_assert_int_eq(tarn__h2_server_read(server, now_ms), TARN__STREAM_END);
}
END_TEST

START_TEST(noise_is_forgotten_after_ten_seconds)
{
	greet();
	now_ms += TARN__H2_NOISE_MS;
	ck_assert_uint_eq(make_noise(put_ping, 0, TARN__H2_NOISE_MAX), 0);
	now_ms += TARN__H2_NOISE_MS - 1;
	ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
	now_ms += 1;
	ck_assert_uint_eq(make_noise(put_ping, 0, TARN__H2_NOISE_MAX), 0);
	ck_assert_uint_eq(make_noise(put_ping, 0, 10), 1);
}
END_TEST

START_TEST(flood_that_is_not_read_stays_small)
{
	greet();
	near_end->send_left = 0;
	ck_assert_uint_le(make_noise(put_ping, 0, 20000), TARN__H2_NOISE_MAX + 2);
	flush();
	ck_assert_uint_le(tarn__h2_server_pending(server), 1 << 16);
}
END_TEST

START_TEST(busy_client_is_no_noise)
{
	greet();
	for (uint32_t stream = 1; stream < 20000; stream += 2) {
		put_question(stream);
		read_all();
		ck_assert(next());
		give(got.stream, answer, sizeof(answer));
		flush();
		put_frame32(far_end, FRAME_WINDOW_UPDATE, 0, sizeof(answer));
		put_frame32(far_end, FRAME_WINDOW_UPDATE, stream, sizeof(answer));
		put_ping(0);
		ck_assert_int_eq(read_all(), TARN__STREAM_AGAIN);
		far_end->begin = far_end->end;
	}
}
END_TEST

/* CVE-2024-28182 and others */
START_TEST(continuation_without_end_ends_the_connection)
{
	struct frame frame;
	int result = TARN__STREAM_AGAIN;
	greet();
	put_frame(far_end, FRAME_HEADERS, 0, 1, NULL, 0);
	for (size_t i = 0; i < 20000 && result == TARN__STREAM_AGAIN; i++) {
		put_frame(far_end, FRAME_CONTINUATION, 0, 1, "\x88", i % 2);
		result = read_all();
		ck_assert_int_eq(tarn__h2_server_flush(server), 0);
		if (tarn__h2_server_has_ended(server))
			break;
	}
	ck_assert(tarn__h2_server_has_ended(server));
	if (take_frame_of(far_end, FRAME_GOAWAY, &frame))
		ck_assert_uint_ne(tarn__get32(frame.payload + 4), 0);
	ck_assert(!next());
}
END_TEST

START_TEST(answers_to_a_closed_window_are_dropped_after_ten_seconds)
{
	struct frame frame;
	greet();
	put_setting(far_end, 4, 0); /* SETTINGS_INITIAL_WINDOW_SIZE */
	put_question(1);
	read_all();
	ck_assert(next());
	give(got.stream, answer, sizeof(answer));
	flush();
	ck_assert_uint_eq(tarn__h2_server_pending(server), sizeof(answer));
	ck_assert(!tarn__h2_server_wants_write(server));
	ck_assert(!tarn__h2_server_expire(server, now_ms));
	ck_assert(!tarn__h2_server_expire(server, now_ms + TARN__H2_STALLED_MS - 1));
	ck_assert(tarn__h2_server_expire(server, now_ms + TARN__H2_STALLED_MS));
	ck_assert(!tarn__h2_server_expire(server, now_ms + TARN__H2_STALLED_MS));
	flush();
	ck_assert(take_frame_of(far_end, FRAME_RST_STREAM, &frame));
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_uint_eq(tarn__get32(frame.payload), TARN__HTTP2_CANCEL);
	ck_assert_uint_eq(tarn__h2_server_pending(server), 0);
}
END_TEST

START_TEST(answers_that_are_not_taken_hold_up_questions)
{
	static uint8_t longest[TARN__MESSAGE_MAX];
	struct frame frame;
	greet();
	put_setting(far_end, 4, 0);
	for (uint32_t stream = 1; stream <= 9; stream += 2)
		put_question(stream);
	read_all();
	size_t count = 0;
	for (; next(); count++) {
		give(got.stream, longest, sizeof(longest));
		flush();
	}
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_le(tarn__h2_server_pending(server), TARN__H2_OUTPUT_MAX);
	/* The client opens its window, which is read all the same. */
	put_setting(far_end, 4, TARN__MESSAGE_MAX);
	put_frame32(far_end, FRAME_WINDOW_UPDATE, 0, 1 << 20);
	read_all();
	flush();
	ck_assert(take_frame_of(far_end, FRAME_DATA, &frame));
	ck_assert(next());
}
END_TEST

/* ---- the connection ------------------------------------------------------------------------ */

static const char *const old[] = {
	"GET /dns-query HTTP/1.1\r\nhost: a\r\n\r\n",
	"POST /dns-query HTTP/1.0\r\n\r\n",
	"PRI * HTTP/1.1\r\n\r\n",
};

START_TEST(older_http_is_told_so_and_ended)
{
	static const char expected[] = "HTTP/1.1 505 HTTP Version Not Supported\r\n"
				       "connection: close\r\ncontent-length: 0\r\n\r\n";
	ck_assert(!tarn__h2_server_wants_write(server));
	flush();
	put_octets(far_end, old[_i], strlen(old[_i]));
	ck_assert_int_eq(read_all(), TARN__STREAM_END);
	ck_assert(tarn__h2_server_wants_write(server));
	flush();
	ck_assert_uint_eq(octets_waiting(far_end), sizeof(expected) - 1);
	ck_assert_mem_eq(far_end->octets, expected, sizeof(expected) - 1);
	ck_assert_uint_eq(near_end->send_count, 1);
	ck_assert(tarn__h2_server_has_ended(server));
	ck_assert_int_eq(tarn__h2_server_read(server, now_ms), TARN__STREAM_END);
	tarn__h2_server_end(server);
	give(1, answer, sizeof(answer));
	ck_assert(!next());
	flush();
}
END_TEST

START_TEST(end_answers_what_was_taken)
{
	struct peer_stream *stream = post();
	expect_question();
	tarn__h2_server_end(server);
	tarn__h2_server_end(server);
	run();
	ck_assert(peer.has_goaway);
	ck_assert(!tarn__h2_server_has_ended(server));
	give(got.stream, answer, sizeof(answer));
	ck_assert(!tarn__h2_server_has_ended(server));
	flush();
	peer_run(&peer);
	ck_assert_uint_eq(stream->body_len, sizeof(answer));
	ck_assert(tarn__h2_server_has_ended(server));
}
END_TEST

START_TEST(end_before_a_preface_says_nothing)
{
	put_octets(far_end, PREFACE_TEXT, 10);
	read_all();
	tarn__h2_server_end(server);
	ck_assert(tarn__h2_server_has_ended(server));
	flush();
	ck_assert_uint_eq(octets_waiting(far_end), 0);
}
END_TEST

START_TEST(connection_ends_after_the_clients_goaway)
{
	struct peer_stream *stream = post();
	ck_assert(next());
	put_goaway(far_end, 0, 0);
	read_all();
	ck_assert(!tarn__h2_server_has_ended(server));
	give(got.stream, answer, sizeof(answer));
	flush();
	ck_assert(tarn__h2_server_has_ended(server));
	peer_run(&peer);
	ck_assert_uint_eq(stream->body_len, sizeof(answer));
}
END_TEST

START_TEST(what_has_come_in_part_is_known)
{
	ck_assert(!tarn__h2_server_is_partial(server));
	put_octets(far_end, PREFACE_TEXT, 10);
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
	put_octets(far_end, &PREFACE_TEXT[10], PREFACE_TEXT_LEN - 10);
	put_setting(far_end, 0, 0);
	read_all();
	ck_assert(!tarn__h2_server_is_partial(server));
	put_octets(far_end, "\0\0", 2);
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
	put_octets(far_end,
		   "\x8\6\0\0\0\0\0"
		   "1234567",
		   14);
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
	put_octets(far_end, "8", 1);
	read_all();
	ck_assert(!tarn__h2_server_is_partial(server));
	put_headers(far_end, 1, POST_FIELDS, false);
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
	put_frame(far_end, FRAME_DATA, 0, 1, question, sizeof(question));
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
	put_frame(far_end, FRAME_DATA, FLAG_END_STREAM, 1, NULL, 0);
	read_all();
	ck_assert(!tarn__h2_server_is_partial(server));
	put_frame(far_end, FRAME_HEADERS, 0, 3, "\x83", 1);
	read_all();
	ck_assert(tarn__h2_server_is_partial(server));
}
END_TEST

static void put_data_of_no_stream(void)
{
	put_frame(far_end, FRAME_DATA, 0, 99, "x", 1);
}

static void put_even_stream(void)
{
	put_question(2);
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

static void put_huge_window(void)
{
	put_frame32(far_end, FRAME_WINDOW_UPDATE, 0, 0x7fffffff);
}

static void (*const faults[])(void) = {put_data_of_no_stream, put_even_stream, put_large_frame,
				       put_bad_hpack, put_huge_window};

START_TEST(fault_of_the_connection_ends_it_with_a_word)
{
	struct frame frame;
	greet();
	faults[_i]();
	(void)read_all();
	flush();
	ck_assert(take_frame_of(far_end, FRAME_GOAWAY, &frame));
	ck_assert_uint_ne(tarn__get32(frame.payload + 4), 0);
	ck_assert(tarn__h2_server_has_ended(server));
	ck_assert_int_eq(tarn__h2_server_read(server, now_ms), TARN__STREAM_END);
	ck_assert(!next());
}
END_TEST

START_TEST(end_and_faults_of_the_pipe_are_told)
{
	greet();
	far_end->pipe.ops->end(&far_end->pipe);
	ck_assert_int_eq(read_all(), TARN__STREAM_END);
	near_end->error = ECONNRESET;
	ck_assert_int_eq(read_all(), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ECONNRESET);
	near_end->error = EPIPE;
	tarn__h2_server_end(server);
	ck_assert_int_eq(tarn__h2_server_flush(server), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

static TCase *with_a_peer(void)
{
	TCase *tcase = tcase_create("with a peer");
	tcase_add_checked_fixture(tcase, set_up_peer, tear_down);
	tcase_add_test(tcase, posted_question_is_answered_with_its_id);
	tcase_add_loop_test(tcase, question_in_a_path_is_answered, 0,
			    sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tcase, post_may_be_written_in_other_ways, 0,
			    sizeof(posts) / sizeof(posts[0]));
	tcase_add_test(tcase, answers_of_a_flush_leave_in_one_write);
	tcase_add_test(tcase, answers_come_in_any_order_through_a_narrow_pipe);
	tcase_add_loop_test(tcase, answer_is_kept_as_long_as_its_ttls_allow, 0,
			    sizeof(kept) / sizeof(kept[0]));
	tcase_add_loop_test(tcase, address_of_a_proxy_is_the_last_one, 0,
			    sizeof(forwarded) / sizeof(forwarded[0]));
	tcase_add_loop_test(tcase, request_is_refused_with_its_status_and_the_next_is_answered, 0,
			    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tcase, answer_is_no_question);
	tcase_add_test(tcase, bodies_of_refused_requests_hold_nobody_up);
	tcase_add_test(tcase, header_above_8_kb_is_refused);
	tcase_add_test(tcase, longest_question_is_taken);
	tcase_add_test(tcase, longest_answer_is_given);
	tcase_add_test(tcase, answer_that_is_not_due_resets_the_stream);
	tcase_add_test(tcase, late_answer_of_a_stream_that_is_gone_is_no_error);
	tcase_add_test(tcase, question_of_a_stream_that_is_gone_is_not_given);
	tcase_add_test(tcase, end_answers_what_was_taken);
	tcase_add_test(tcase, connection_ends_after_the_clients_goaway);
	return tcase;
}

static TCase *by_hand(void)
{
	TCase *tcase = tcase_create("by hand");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, questions_of_our_client_are_answered_by_our_server);
	tcase_add_test(tcase, each_allocation_may_fail);
	tcase_add_test(tcase, settings_are_those_of_a_server_of_dns);
	tcase_add_test(tcase, hundred_requests_are_taken_at_once_and_no_more);
	tcase_add_test(tcase, bodies_that_are_not_answered_are_bounded);
	tcase_add_loop_test(tcase, thousand_frames_of_noise_end_the_connection, 0,
			    sizeof(noises) / sizeof(noises[0]));
	tcase_add_test(tcase, noise_is_forgotten_after_ten_seconds);
	tcase_add_test(tcase, flood_that_is_not_read_stays_small);
	tcase_add_test(tcase, busy_client_is_no_noise);
	tcase_add_test(tcase, continuation_without_end_ends_the_connection);
	tcase_add_test(tcase, answers_to_a_closed_window_are_dropped_after_ten_seconds);
	tcase_add_test(tcase, answers_that_are_not_taken_hold_up_questions);
	tcase_add_loop_test(tcase, older_http_is_told_so_and_ended, 0,
			    sizeof(old) / sizeof(old[0]));
	tcase_add_loop_test(tcase, small_body_of_a_refused_request_is_taken, 0, 2);
	tcase_add_test(tcase, client_is_told_to_stop_after_64_kb_of_a_refused_request);
	tcase_add_test(tcase, client_is_told_to_stop_at_once_if_its_body_is_long);
	tcase_add_test(tcase, header_of_the_same_field_again_and_again_is_reset);
	tcase_add_test(tcase, end_before_a_preface_says_nothing);
	tcase_add_test(tcase, what_has_come_in_part_is_known);
	tcase_add_loop_test(tcase, fault_of_the_connection_ends_it_with_a_word, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, end_and_faults_of_the_pipe_are_told);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("h2_server");
	suite_add_tcase(suite, with_a_peer());
	suite_add_tcase(suite, by_hand());
	return unit_run(suite);
}
#else
START_TEST(server_is_not_built)
{
	ck_assert(!tarn__http2_is_built());
	ck_assert_ptr_null(tarn__h2_server_new(NULL, "/dns-query"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("h2_server");
	TCase *tcase = tcase_create("not built");
	tcase_add_test(tcase, server_is_not_built);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
#endif
