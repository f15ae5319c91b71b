/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/tls/test_tls.c: handshakes and what is carried afterwards, on pipes in memory; with tarn at both ends,
 * and with peers that do what it does not.
 */
#include <malloc.h>
#include <sys/resource.h>

#include "support/tls_world.h"
#include "support/unit.h"

/* ---- the library's memory -------------------------------------------------------------------- */

static size_t held_count, held_len; /* allocations that are not free yet, and their octets */
static size_t until_failure; /* 1: the next one fails; 0: none does */

static void *hold(void *octets)
{
	held_count += octets != NULL;
	held_len += octets ? malloc_usable_size(octets) : 0;
	return octets;
}

static void release(void *octets)
{
	held_count -= octets != NULL;
	held_len -= octets ? malloc_usable_size(octets) : 0;
}

static void *counted_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	if (until_failure > 0 && --until_failure == 0)
		return NULL;
	return hold(malloc(len));
}

static void counted_free(void *octets, const char *file, int line)
{
	(void)file;
	(void)line;
	release(octets);
	free(octets);
}

static void *counted_realloc(void *octets, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	if (until_failure > 0 && --until_failure == 0)
		return NULL;
	release(octets);
	void *moved = realloc(octets, len);
	if (!moved)
		abort();
	return hold(moved);
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void open_to(struct ends *ends, const char *offered, const char *accepted)
{
	memory_pipes_init(ends->below);
	struct tarn__tls_identity identity = {.name = "dns.example", .alpn = offered};
	ends->near = tarn__tls_connect(world.client, &identity, NULL, &ends->below[0].pipe);
	ends->far = tarn__tls_accept(world.server, accepted, &ends->below[1].pipe);
}

/* One end of tarn's, and one that is libssl's. */
struct call {
	struct memory_pipe below[2];
	struct tarn__tls *tls;
	struct raw raw;
};

static void open_to_server(struct call *call, SSL_CTX *context)
{
	memory_pipes_init(call->below);
	open_raw(&call->raw, context, &call->below[1]);
	call->tls = tarn__tls_connect(world.client, &dns_example, NULL, &call->below[0].pipe);
}

static void open_from_client(struct call *call, SSL_CTX *context)
{
	memory_pipes_init(call->below);
	open_raw(&call->raw, context, &call->below[0]);
	call->tls = tarn__tls_accept(world.server, "dot", &call->below[1].pipe);
}

static void close_call(struct call *call)
{
	tarn__tls_free(call->tls);
	close_raw(&call->raw);
	memory_pipes_fini(call->below);
}

/* From the end that is libssl's. */
static void expect_carried_raw(struct call *call)
{
	char got[64];
	ck_assert_int_eq(send_raw(&call->raw, "question"), 8);
	ck_assert_int_eq(recv_on(call->tls, got, sizeof(got)), 8);
	ck_assert_int_eq(send_on(call->tls, "answer", 6), 6);
	ck_assert_int_eq(recv_raw(&call->raw, got, sizeof(got)), 6);
}

static SSL_CTX *raw_of(bool is_server, int version)
{
	SSL_CTX *context = make_raw_context(is_server, is_server ? world.own : NULL);
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	return context;
}

/* ---- octets both ways ------------------------------------------------------------------------ */

START_TEST(what_is_sent_at_one_end_is_received_at_the_other)
{
	struct ends ends;
	open_ends(&ends);
	ck_assert_int_eq(tarn__tls_state(ends.near), TARN__TLS_SECURING);
	secure_ends(&ends);
	expect_open(&ends);
	expect_carried(ends.near, ends.far, "question");
	expect_carried(ends.far, ends.near, "answer");
	expect_nothing(ends.near);
	expect_nothing(ends.far);
	ck_assert_int_eq(send_on(ends.near, "", 0), 0);
	ck_assert(!tarn__tls_wants_write(ends.near));
	ck_assert(!tarn__tls_is_resumed(ends.near));
	close_ends(&ends);
}
END_TEST

START_TEST(octet_by_octet_is_as_good)
{
	struct ends ends;
	open_ends(&ends);
	ends.below[0].recv_max = ends.below[1].recv_max = 1;
	secure_ends(&ends);
	expect_open(&ends);
	expect_carried(ends.near, ends.far, "question");
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
}
END_TEST

/* Sends all of it in turns with receiving. */
static void carry(struct tarn__tls *from, struct tarn__tls *to, size_t len)
{
	uint8_t *sent = malloc(len), *got = malloc(len);
	ck_assert(sent && got);
	for (size_t i = 0; i < len; i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	size_t taken = 0, received = 0;
	while (received < len) {
		ssize_t count = send_on(from, sent + taken, len - taken);
		ck_assert(count >= 0 || errno == EAGAIN);
		taken += count > 0 ? (size_t)count : 0;
		count = recv_on(to, got + received, len - received);
		ck_assert(count > 0 || (count < 0 && errno == EAGAIN));
		received += count > 0 ? (size_t)count : 0;
	}
	ck_assert_mem_eq(sent, got, len);
	free(sent);
	free(got);
}

START_TEST(large_messages_are_split_into_records)
{
	enum { LEN = 1 << 20 };
	struct ends ends;
	open_ends(&ends);
	secure_ends(&ends);
	/* A record has 16 KB; the rest is to be sent again. */
	static char octets[40000];
	ck_assert_int_eq(send_on(ends.near, octets, sizeof(octets)), 16384);
	ck_assert_int_eq(recv_on(ends.far, octets, sizeof(octets)), 16384);
	carry(ends.near, ends.far, LEN);
	ends.below[0].recv_max = 1000;
	carry(ends.far, ends.near, LEN);
	close_ends(&ends);
}
END_TEST

/* No event tells of what the library has read already. */
START_TEST(what_has_been_read_ahead_is_there)
{
	enum { MESSAGES = 10 };
	struct ends ends;
	open_ends(&ends);
	secure_ends(&ends);
	for (int i = 0; i < MESSAGES; i++)
		ck_assert_int_eq(send_on(ends.far, "answer", 6), 6);
	/* Half a record is nothing that can be received. */
	uint8_t half[] = {23, 3, 3, 0, 50, 1, 2, 3};
	memory_pipe_send(&ends.below[1].pipe, half, sizeof(half));
	size_t before = ends.below[0].recv_count;
	char got[6];
	for (int i = 0; i < MESSAGES; i++) {
		ck_assert_int_eq(recv_on(ends.near, got, sizeof(got)), 6);
		ck_assert(tarn__pipe_has_more(tarn__tls_pipe(ends.near)));
	}
	ck_assert_uint_eq(ends.below[0].recv_count, before + 1);
	expect_nothing(ends.near);
	ck_assert(!tarn__pipe_has_more(tarn__tls_pipe(ends.near)));
	close_ends(&ends);
}
END_TEST

START_TEST(part_of_a_record_stays_for_the_next_recv)
{
	struct ends ends;
	char got[4];
	open_ends(&ends);
	secure_ends(&ends);
	ck_assert_int_eq(send_on(ends.near, "question", 8), 8);
	ck_assert_int_eq(recv_on(ends.far, got, 4), 4);
	ck_assert(tarn__pipe_has_more(tarn__tls_pipe(ends.far)));
	ck_assert_int_eq(recv_on(ends.far, got, 4), 4);
	ck_assert_mem_eq(got, "tion", 4);
	expect_nothing(ends.far);
	close_ends(&ends);
}
END_TEST

/* A question that came with the client's last octets of the handshake. */
START_TEST(question_behind_the_handshake_is_there)
{
	struct ends ends;
	char got[16];
	open_ends(&ends);
	while (tarn__tls_secure(ends.near) == TARN__TLS_SECURING)
		tarn__tls_secure(ends.far);
	ck_assert_int_eq(send_on(ends.near, "question", 8), 8);
	ck_assert_int_eq(tarn__tls_secure(ends.far), TARN__TLS_OPEN);
	ck_assert(tarn__pipe_has_more(tarn__tls_pipe(ends.far)));
	ck_assert_int_eq(recv_on(ends.far, got, sizeof(got)), 8);
	close_ends(&ends);
}
END_TEST

START_TEST(blocked_send_goes_on_later)
{
	enum { LEN = 5000, ROOM = 700 };
	struct ends ends;
	static uint8_t octets[LEN];
	open_ends(&ends);
	secure_ends(&ends);
	ends.below[0].send_left = ROOM;
	ck_assert_int_eq(send_on(ends.near, octets, LEN - 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(tarn__tls_wants_write(ends.near));
	/* Meanwhile it receives, and there may be more to send. */
	expect_carried(ends.far, ends.near, "answer");
	uint8_t *moved = malloc(LEN);
	memcpy(moved, octets, LEN);
	ends.below[0].send_left = SIZE_MAX;
	size_t taken = 0;
	while (taken < LEN) {
		ssize_t count = send_on(ends.near, moved + taken, LEN - taken);
		ck_assert_int_gt(count, 0);
		taken += (size_t)count;
	}
	ck_assert(!tarn__tls_wants_write(ends.near));
	free(moved);
	size_t got = 0;
	for (ssize_t count; (count = recv_on(ends.far, octets, LEN)) > 0;)
		got += (size_t)count;
	ck_assert_uint_eq(got, LEN);
	close_ends(&ends);
}
END_TEST

/* ---- ends of the stream ---------------------------------------------------------------------- */

START_TEST(stream_ends_with_a_word_of_it_or_without)
{
	struct ends ends;
	char got[16];
	open_ends(&ends);
	secure_ends(&ends);
	ck_assert_int_eq(send_on(ends.near, "question", 8), 8);
	if (_i == 0)
		tarn__pipe_end(tarn__tls_pipe(ends.near));
	else
		tarn__pipe_end(&ends.below[0].pipe);
	ck_assert(ends.below[1].is_ended);
	ck_assert_int_eq(recv_on(ends.far, got, sizeof(got)), 8);
	ck_assert_int_eq(recv_on(ends.far, got, sizeof(got)), 0);
	ck_assert_int_eq(recv_on(ends.far, got, sizeof(got)), 0);
	ck_assert_int_eq(tarn__tls_state(ends.far), TARN__TLS_OPEN);
	/* Answers under way are still sent (RFC 8446 section 6.1). */
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
}
END_TEST

START_TEST(close_notify_is_sent)
{
	struct call call;
	char got[16];
	open_to_server(&call, make_raw_context(true, world.own));
	secure_with_raw(call.tls, &call.raw);
	tarn__pipe_end(tarn__tls_pipe(call.tls));
	ck_assert_int_eq(recv_raw(&call.raw, got, sizeof(got)), 0);
	ck_assert_int_eq(SSL_get_shutdown(call.raw.ssl), SSL_RECEIVED_SHUTDOWN);
	close_call(&call);
}
END_TEST

START_TEST(broken_pipe_is_told_by_its_number)
{
	struct ends ends;
	char got[16];
	open_ends(&ends);
	secure_ends(&ends);
	ends.below[0].error = ECONNRESET;
	ck_assert_int_eq(_i == 0 ? recv_on(ends.near, got, sizeof(got))
				 : send_on(ends.near, "question", 8),
			 -1);
	ck_assert_int_eq(errno, ECONNRESET);
	expect_failed(ends.near, TARN__TLS_CLOSED, "closed: Connection reset by peer");
	errno = 0;
	ck_assert_int_eq(send_on(ends.near, "question", 8), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert(!tarn__pipe_has_more(tarn__tls_pipe(ends.near)));
	/* Nothing more is said to the peer. */
	tarn__pipe_end(tarn__tls_pipe(ends.near));
	close_ends(&ends);
}
END_TEST

START_TEST(octets_that_were_changed_end_the_connection)
{
	struct ends ends;
	char got[16];
	open_ends(&ends);
	secure_ends(&ends);
	ck_assert_int_eq(send_on(ends.near, "question", 8), 8);
	ends.below[1].octets[ends.below[1].end - 1] ^= 1;
	errno = 0;
	ck_assert_int_eq(recv_on(ends.far, got, sizeof(got)), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_int_eq(tarn__tls_reason(ends.far), TARN__TLS_PROTOCOL);
	ck_assert_str_ne(tarn__tls_fault(ends.far), "");
	ck_assert_int_eq(recv_on(ends.near, got, sizeof(got)), -1);
	expect_failed(ends.near, TARN__TLS_ALERT, "alert: bad record mac");
	/* The next connection does not hear of it. */
	ck_assert_uint_eq(ERR_peek_error(), 0);
	close_ends(&ends);
}
END_TEST

/* A stale error in the thread's queue is not the connection's. */
START_TEST(errors_of_others_are_not_taken_for_ours)
{
	struct ends ends;
	open_ends(&ends);
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	secure_ends(&ends);
	expect_open(&ends);
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	expect_nothing(ends.near);
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
}
END_TEST

/* ---- handshakes that come to nothing --------------------------------------------------------- */

static struct tarn__tls *end_of(struct ends *ends, int number)
{
	return number == 0 ? ends->near : ends->far;
}

START_TEST(peer_closes_during_the_handshake)
{
	struct ends ends;
	open_ends(&ends);
	tarn__tls_secure(ends.near);
	ends.below[_i].is_ended = true;
	ends.below[_i].begin = ends.below[_i].end;
	ck_assert_int_eq(tarn__tls_secure(end_of(&ends, _i)), TARN__TLS_FAILED);
	expect_failed(end_of(&ends, _i), TARN__TLS_CLOSED, "closed during the handshake");
	ck_assert_int_eq(tarn__tls_secure(end_of(&ends, _i)), TARN__TLS_FAILED);
	close_ends(&ends);
}
END_TEST

START_TEST(pipe_breaks_during_the_handshake)
{
	struct ends ends;
	open_ends(&ends);
	tarn__tls_secure(ends.near);
	ends.below[_i].error = ECONNRESET;
	ck_assert_int_eq(tarn__tls_secure(end_of(&ends, _i)), TARN__TLS_FAILED);
	expect_failed(end_of(&ends, _i), TARN__TLS_CLOSED,
		      "closed during the handshake: Connection reset by peer");
	close_ends(&ends);
}
END_TEST

static const struct {
	const char *octets;
	size_t len;
} in_the_clear[] = {
#define TEXT(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	TEXT("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
	TEXT("GET /dns-query?dns=AAAA HTTP/1.1\r\nHost: dns.example\r\n\r\n"),
	TEXT("SSH-2.0-OpenSSH_9.2p1\r\n"),
	/* An answer over TCP: two octets of length, and a message. */
	TEXT("\0\x1d\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1"),
	TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
};

START_TEST(what_is_no_tls_is_said_to_be_in_the_clear)
{
	for (int i = 0; i < 2; i++) {
		struct ends ends;
		open_ends(&ends);
		tarn__tls_secure(ends.near);
		ends.below[i].begin = ends.below[i].end = 0;
		memory_pipe_send(&ends.below[1 - i].pipe, in_the_clear[_i].octets,
				 in_the_clear[_i].len);
		tarn__tls_secure(end_of(&ends, i));
		expect_failed(end_of(&ends, i), TARN__TLS_PROTOCOL,
			      i == 0 ? "answers in the clear (not TLS)"
				     : "speaks in the clear (not TLS)");
		close_ends(&ends);
	}
}
END_TEST

/* A record of an alert, and what is no record of a handshake. */
START_TEST(alert_is_read_out)
{
	static const struct {
		uint8_t octets[7];
		const char *fault;
	} alerts[] = {
		{{21, 3, 3, 0, 2, 2, 40}, "alert: handshake failure"},
		{{21, 3, 1, 0, 2, 2, 70}, "alert: protocol version"},
		{{21, 3, 3, 0, 2, 2, 48}, "alert: unknown CA"},
		{{21, 3, 3, 0, 2, 2, 120}, "alert: no application protocol"},
		{{21, 3, 3, 0, 2, 2, 112}, "alert: unrecognized name"},
	};
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		struct ends ends;
		open_ends(&ends);
		tarn__tls_secure(ends.near);
		memory_pipe_send(&ends.below[1].pipe, alerts[i].octets, 7);
		tarn__tls_secure(ends.near);
		expect_failed(ends.near, TARN__TLS_ALERT, alerts[i].fault);
		close_ends(&ends);
	}
}
END_TEST

/* The client says why it does not go on. */
START_TEST(server_hears_why_its_certificate_is_not_trusted)
{
	struct certificate *ca = certificate_new(
		&(struct certificate_plan){.is_ca = true, .common_name = "Another CA"});
	struct tarn__tls_client *client = make_client(ca, 0, 0);
	struct ends ends;
	open_ends_of(&ends, client, world.server, &dns_example, NULL);
	secure_ends(&ends);
	expect_failed(ends.near, TARN__TLS_CERTIFICATE,
		      "certificate is not signed by a trusted CA, but by Test CA");
	expect_failed(ends.far, TARN__TLS_ALERT, "alert: unknown CA");
	close_ends(&ends);
	tarn__tls_client_put(client);
	certificate_free(ca);
}
END_TEST

/* The pipe takes some octets at a time, and no more until it is asked again. */
START_TEST(blocked_handshake_goes_on_later)
{
	struct ends ends;
	size_t step = (size_t)_i * 97 + 1, blocked = 0;
	open_ends(&ends);
	for (int turn = 0; turn < 20000; turn++) {
		struct tarn__tls *tls = end_of(&ends, turn % 2);
		ends.below[turn % 2].send_left = step;
		tarn__tls_secure(tls);
		blocked += tarn__tls_wants_write(tls);
		if (tarn__tls_wants_write(tls))
			ck_assert_uint_eq(ends.below[turn % 2].send_left, 0);
	}
	expect_open(&ends);
	ck_assert_uint_gt(blocked, 0);
	close_ends(&ends);
}
END_TEST

/* ---- which protocols ------------------------------------------------------------------------- */

START_TEST(protocol_that_is_offered_is_selected)
{
	static const struct {
		const char *offered, *accepted;
		bool has_alpn;
		const char *near_fault, *far_fault;
	} rows[] = {
		{"dot", "dot", true, NULL, NULL},
		{"h2", "h2", true, NULL, NULL},
		{NULL, "dot", false, NULL, NULL},
		{"h2", "dot", true, "alert: no application protocol",
		 "the client offers other protocols than dot"},
		{"dot", "h2", true, "alert: no application protocol",
		 "the client offers other protocols than h2"},
		{"do", "dot", true, "alert: no application protocol",
		 "the client offers other protocols than dot"},
		{"dott", "dot", true, "alert: no application protocol",
		 "the client offers other protocols than dot"},
		/* It is answered that HTTP/2 is spoken. */
		{"http/1.1", "h2", true, NULL, NULL},
		{"http/1.1", "dot", true, "alert: no application protocol",
		 "the client offers other protocols than dot"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ends ends;
		open_to(&ends, rows[i].offered, rows[i].accepted);
		secure_ends(&ends);
		if (rows[i].far_fault) {
			expect_failed(ends.near, TARN__TLS_ALERT, rows[i].near_fault);
			expect_failed(ends.far, TARN__TLS_PROTOCOL, rows[i].far_fault);
		} else {
			expect_open(&ends);
			ck_assert_int_eq(tarn__tls_has_alpn(ends.near), rows[i].has_alpn);
			ck_assert_int_eq(tarn__tls_has_alpn(ends.far), rows[i].has_alpn);
		}
		close_ends(&ends);
	}
}
END_TEST

START_TEST(protocol_is_found_among_several)
{
	struct call call;
	const unsigned char *selected;
	unsigned len;
	memory_pipes_init(call.below);
	SSL_CTX *context = make_raw_context(false, NULL);
	SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\10http/1.1\2h2", 12);
	open_raw(&call.raw, context, &call.below[0]);
	call.tls = tarn__tls_accept(world.server, "h2", &call.below[1].pipe);
	secure_with_raw(call.tls, &call.raw);
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_OPEN);
	SSL_get0_alpn_selected(call.raw.ssl, &selected, &len);
	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(selected, "h2", 2);
	close_call(&call);
}
END_TEST

static int select_another(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			  const unsigned char *offered, unsigned offered_len, void *selected)
{
	(void)ssl;
	(void)offered;
	(void)offered_len;
	*out = selected;
	*out_len = (unsigned char)strlen(selected);
	return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 section 3.2. */
START_TEST(server_selects_what_was_offered_or_nothing)
{
	struct call call;
	char another[] = "h2";
	open_to_server(&call, make_raw_context(true, world.own));
	secure_with_raw(call.tls, &call.raw);
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_OPEN);
	ck_assert(!tarn__tls_has_alpn(call.tls));
	close_call(&call);

	SSL_CTX *context = make_raw_context(true, world.own);
	SSL_CTX_set_alpn_select_cb(context, select_another, another);
	open_to_server(&call, context);
	secure_with_raw(call.tls, &call.raw);
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_FAILED);
	ck_assert_int_eq(tarn__tls_reason(call.tls), TARN__TLS_PROTOCOL);
	close_call(&call);
}
END_TEST

/* ---- versions and ciphers (RFC 9325) --------------------------------------------------------- */

START_TEST(versions_before_1_2_are_refused)
{
	struct call call;
	open_to_server(&call, raw_of(true, TLS1_1_VERSION));
	secure_with_raw(call.tls, &call.raw);
	expect_failed(call.tls, TARN__TLS_ALERT, "alert: protocol version");
	close_call(&call);
	open_from_client(&call, raw_of(false, TLS1_1_VERSION));
	secure_with_raw(call.tls, &call.raw);
	expect_failed(call.tls, TARN__TLS_PROTOCOL, "speaks only versions of TLS that are too old");
	close_call(&call);
}
END_TEST

START_TEST(versions_1_2_and_1_3_are_spoken)
{
	int version = _i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	struct call call;
	open_to_server(&call, raw_of(true, version));
	secure_with_raw(call.tls, &call.raw);
	ck_assert_str_eq(tarn__tls_fault(call.tls), "");
	expect_carried_raw(&call);
	close_call(&call);
	open_from_client(&call, raw_of(false, version));
	secure_with_raw(call.tls, &call.raw);
	ck_assert_str_eq(tarn__tls_fault(call.tls), "");
	expect_carried_raw(&call);
	ck_assert_int_eq(SSL_version(call.raw.ssl), version);
	close_call(&call);
}
END_TEST

/* In 1.2: with CBC, and without an ephemeral key. */
START_TEST(weak_ciphers_are_refused)
{
	static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0",
					      "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
					      "AES128-GCM-SHA256:@SECLEVEL=0"};
	for (int i = 0; i < 2; i++) {
		struct call call;
		SSL_CTX *context = raw_of(i == 0, TLS1_2_VERSION);
		ck_assert_int_eq(SSL_CTX_set_cipher_list(context, ciphers[_i]), 1);
		if (i == 0)
			open_to_server(&call, context);
		else
			open_from_client(&call, context);
		secure_with_raw(call.tls, &call.raw);
		if (i == 0)
			expect_failed(call.tls, TARN__TLS_ALERT, "alert: handshake failure");
		else
			expect_failed(call.tls, TARN__TLS_PROTOCOL, "has no cipher in common");
		close_call(&call);
	}
}
END_TEST

/* It is neither done nor waited for: the peer's last handshake stays the first one. */
START_TEST(renegotiation_is_refused)
{
	struct call call;
	uint8_t first[64], last[64];
	char got[64];
	if (_i == 0)
		open_to_server(&call, raw_of(true, TLS1_2_VERSION));
	else
		open_from_client(&call, raw_of(false, TLS1_2_VERSION));
	secure_with_raw(call.tls, &call.raw);
	expect_carried_raw(&call);
	size_t len = SSL_get_peer_finished(call.raw.ssl, first, sizeof(first));
	for (int i = 0; i < 8; i++) {
		SSL_renegotiate(call.raw.ssl);
		secure_raw(&call.raw);
		ck_assert_int_lt(recv_on(call.tls, got, sizeof(got)), 0);
		secure_raw(&call.raw);
	}
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(SSL_get_peer_finished(call.raw.ssl, last, sizeof(last)), len);
	ck_assert_mem_eq(last, first, len);
	close_call(&call);
}
END_TEST

START_TEST(keys_are_updated)
{
	struct call call;
	char got[64];
	if (_i == 0)
		open_to_server(&call, raw_of(true, TLS1_3_VERSION));
	else
		open_from_client(&call, raw_of(false, TLS1_3_VERSION));
	secure_with_raw(call.tls, &call.raw);
	expect_carried_raw(&call);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(SSL_key_update(call.raw.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		expect_carried_raw(&call);
	}
	/* The answer to an update is blocked: recv() wants to write. */
	ck_assert_int_eq(SSL_key_update(call.raw.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	ck_assert_int_eq(send_raw(&call.raw, "question"), 8);
	call.below[_i].send_left = 0;
	if (recv_on(call.tls, got, sizeof(got)) < 0) {
		ck_assert_int_eq(errno, EAGAIN);
		ck_assert(tarn__tls_wants_write(call.tls));
		call.below[_i].send_left = SIZE_MAX;
		ck_assert_int_eq(recv_on(call.tls, got, sizeof(got)), 8);
	}
	call.below[_i].send_left = SIZE_MAX;
	expect_carried_raw(&call);
	close_call(&call);
}
END_TEST

/* ---- what it costs --------------------------------------------------------------------------- */

/* A program in a sandbox cannot open files, nor load what the library has not. */
START_TEST(nothing_is_opened_after_the_start)
{
	struct rlimit limit, none;
	struct ends ends;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	open_ends(&ends);
	secure_ends(&ends);
	enum tarn__tls_state near = tarn__tls_state(ends.near), far = tarn__tls_state(ends.far);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(near, TARN__TLS_OPEN);
	ck_assert_int_eq(far, TARN__TLS_OPEN);
	close_ends(&ends);
}
END_TEST

static void use_once(struct tarn__tls_sessions *sessions)
{
	struct ends ends;
	open_ends_of(&ends, world.client, world.server, &dns_example, sessions);
	secure_ends(&ends);
	expect_open(&ends);
	expect_carried(ends.near, ends.far, "question");
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
}

/* One that fails leaves nothing either. */
static void fail_once(void)
{
	struct ends ends;
	open_ends_of(&ends, world.client, world.server,
		     &(struct tarn__tls_identity){.name = "www.example", .alpn = "dot"}, NULL);
	secure_ends(&ends);
	close_ends(&ends);
	open_ends(&ends);
	tarn__tls_secure(ends.near);
	tarn__tls_secure(ends.far);
	close_ends(&ends);
}

START_TEST(many_connections_leave_nothing_behind)
{
	enum { WARM = 50, COUNT = 500 };
	struct tarn__tls_sessions sessions = {{NULL}};
	size_t before = 0;
	for (int i = 0; i < WARM + COUNT; i++) {
		if (i == WARM)
			before = held_count;
		use_once(i % 2 ? &sessions : NULL);
		fail_once();
	}
	ck_assert_uint_eq(held_count, before);
	tarn__tls_sessions_forget(&sessions);
}
END_TEST

/* What the library holds for an idle connection of a client. */
START_TEST(idle_connections_are_small)
{
	enum { COUNT = 50 };
	static struct ends all[COUNT];
	/* Debian 13's has larger structures. */
	size_t max = OpenSSL_version_num() >> 20 < 0x302 ? 16 * 1024 : 36 * 1024;
	for (int i = 0; i < COUNT; i++) {
		open_ends(&all[i]);
		secure_ends(&all[i]);
		expect_carried(all[i].near, all[i].far, "question");
		expect_carried(all[i].far, all[i].near, "answer");
		expect_nothing(all[i].near);
		expect_nothing(all[i].far);
	}
	size_t before = held_len;
	for (int i = 0; i < COUNT; i++)
		tarn__tls_free(all[i].far);
	size_t far = (before - held_len) / COUNT;
	before = held_len;
	for (int i = 0; i < COUNT; i++)
		tarn__tls_free(all[i].near);
	printf("# %zu octets for a connection of a client, %zu for one to a server\n", far,
	       (before - held_len) / COUNT);
	for (int i = 0; i < COUNT; i++)
		memory_pipes_fini(all[i].below);
	ck_assert_uint_le(far, max);
}
END_TEST

/* One allocation of a connection after the other fails: the connection does too, or does without. */
START_TEST(without_memory_a_connection_fails)
{
	enum { STEP = 7 }; /* all of them would take some seconds */
	size_t failures = 0, i = 0;
	use_once(NULL);
	for (bool was_enough = false; !was_enough; i++) {
		struct ends ends;
		memory_pipes_init(ends.below);
		until_failure = 1 + i * STEP;
		ends.near =
			tarn__tls_connect(world.client, &dns_example, NULL, &ends.below[0].pipe);
		ends.far = tarn__tls_accept(world.server, "dot", &ends.below[1].pipe);
		bool is_open = false;
		if (ends.near && ends.far) {
			secure_ends(&ends);
			is_open = tarn__tls_state(ends.near) == TARN__TLS_OPEN &&
				  tarn__tls_state(ends.far) == TARN__TLS_OPEN;
		}
		was_enough = until_failure > 0;
		until_failure = 0;
		failures += !is_open;
		if (is_open) {
			expect_carried(ends.near, ends.far, "question");
			expect_carried(ends.far, ends.near, "answer");
		}
		ck_assert(is_open || !was_enough);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		close_ends(&ends);
	}
	ck_assert_uint_gt(failures, 50);
	ck_assert_uint_gt(i, failures);
}
END_TEST

int main(void)
{
	if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
		return EXIT_FAILURE;
	Suite *suite = suite_create("tls");
	TCase *carrying = tcase_create("carrying"), *ending = tcase_create("ending");
	TCase *securing = tcase_create("securing"), *protocols = tcase_create("protocols");
	TCase *cost = tcase_create("cost");
	tcase_add_test(carrying, what_is_sent_at_one_end_is_received_at_the_other);
	tcase_add_test(carrying, octet_by_octet_is_as_good);
	tcase_add_test(carrying, large_messages_are_split_into_records);
	tcase_add_test(carrying, what_has_been_read_ahead_is_there);
	tcase_add_test(carrying, part_of_a_record_stays_for_the_next_recv);
	tcase_add_test(carrying, question_behind_the_handshake_is_there);
	tcase_add_test(carrying, blocked_send_goes_on_later);
	tcase_add_loop_test(ending, stream_ends_with_a_word_of_it_or_without, 0, 2);
	tcase_add_test(ending, close_notify_is_sent);
	tcase_add_loop_test(ending, broken_pipe_is_told_by_its_number, 0, 2);
	tcase_add_test(ending, octets_that_were_changed_end_the_connection);
	tcase_add_test(ending, errors_of_others_are_not_taken_for_ours);
	tcase_add_loop_test(securing, peer_closes_during_the_handshake, 0, 2);
	tcase_add_loop_test(securing, pipe_breaks_during_the_handshake, 0, 2);
	tcase_add_loop_test(securing, what_is_no_tls_is_said_to_be_in_the_clear, 0,
			    sizeof(in_the_clear) / sizeof(in_the_clear[0]));
	tcase_add_test(securing, alert_is_read_out);
	tcase_add_test(securing, server_hears_why_its_certificate_is_not_trusted);
	tcase_add_loop_test(securing, blocked_handshake_goes_on_later, 0, 8);
	tcase_add_test(protocols, protocol_that_is_offered_is_selected);
	tcase_add_test(protocols, protocol_is_found_among_several);
	tcase_add_test(protocols, server_selects_what_was_offered_or_nothing);
	tcase_add_test(protocols, versions_before_1_2_are_refused);
	tcase_add_loop_test(protocols, versions_1_2_and_1_3_are_spoken, 0, 2);
	tcase_add_loop_test(protocols, weak_ciphers_are_refused, 0, 3);
	tcase_add_loop_test(protocols, renegotiation_is_refused, 0, 2);
	tcase_add_loop_test(protocols, keys_are_updated, 0, 2);
	tcase_add_test(cost, nothing_is_opened_after_the_start);
	tcase_add_test(cost, many_connections_leave_nothing_behind);
	tcase_add_test(cost, idle_connections_are_small);
	tcase_add_test(cost, without_memory_a_connection_fails);
	TCase *all[] = {carrying, ending, securing, protocols, cost};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		tcase_add_unchecked_fixture(all[i], make_world, end_world);
		suite_add_tcase(suite, all[i]);
	}
	return unit_run(suite);
}
