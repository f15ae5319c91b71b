/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_resolver.c: cases that the scripts of tests/scenario cannot express: messages that
 * are no questions, limits, workers that start and end.
 */
#include "core/resolver.h"

#include <stdio.h>
#include <string.h>

#include "core/forward/forwarder.h"
#include "core/forward/forward_loop.h"
#include "core/forward/answer_source.h"
#include "dns/answer.h"
#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/message.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"

enum {
	CLIENTS_MAX = 60000,
	LOOP_NAME_LEN = TARN__FORWARD_LOOP_PREFIX_LEN + sizeof("\10internal"),
};

static struct tarn_address server;
static struct outside outside;
static uint8_t reply[TARN__MESSAGE_MAX];
static size_t reply_len;
static unsigned answered[CLIENTS_MAX];

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool memory_is_short;

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_is_short ? NULL : __real_calloc(count, size);
}

uint8_t __real_tarn__answer_sources_number(struct tarn__answer_sources *,
					   const struct tarn_address *);
uint8_t __wrap_tarn__answer_sources_number(struct tarn__answer_sources *,
					   const struct tarn_address *);

static bool numbers_are_out;
static unsigned number_calls;

uint8_t __wrap_tarn__answer_sources_number(struct tarn__answer_sources *answer_sources,
					   const struct tarn_address *address)
{
	number_calls++;
	return numbers_are_out ? TARN__ANSWER_SOURCE_UNKNOWN
			       : __real_tarn__answer_sources_number(answer_sources, address);
}

static void set_up(void)
{
	memory_is_short = numbers_are_out = false;
	number_calls = 0;
	memset(answered, 0, sizeof answered);
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	outside_init(&outside, &server, 1);
}

static void tear_down(void)
{
	outside_fini(&outside);
}

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	unsigned client;
	memcpy(&client, route, sizeof client);
	answered[client]++;
	memcpy(reply, wire, len);
	reply_len = len;
}

static long ask_wire(struct outside *where, unsigned client, const uint8_t *wire, size_t len)
{
	struct tarn__client_request client_request = {.transport = TARN__UDP,
						      .answer = on_answer,
						      .route = &client,
						      .route_len = sizeof client};
	return tarn__resolver_resolve(where->resolver, &client_request, wire, len, reply);
}

/* A question for the A record of "nNUMBER." */
static size_t write_question(unsigned number, uint8_t wire[64])
{
	char name[16];
	snprintf(name, sizeof(name), "n%u", number);
	return write_query(wire, 0x1234, name, TARN__TYPE_A);
}

static long ask(struct outside *where, unsigned client, unsigned number)
{
	uint8_t wire[64];
	return ask_wire(where, client, wire, write_question(number, wire));
}

/* A server's answer to a question: one A record with a TTL of a minute. */
static void answer_sent(struct outside *where, struct sent *sent)
{
	uint8_t wire[TARN__UDP_MIN];
	memcpy(wire, sent->wire, sent->len);
	size_t len = answer_query(wire, TARN__NOERROR, 60);
	ck_assert(outside_answer(where, sent, 0, wire, len));
}

static void answer(struct outside *where)
{
	struct sent *sent = outside_take(where, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	answer_sent(where, sent);
}

START_TEST(what_is_no_question_is_dropped)
{
	uint8_t wire[64];
	size_t len = write_question(1, wire);
	for (size_t i = 0; i < TARN__HEADER_LEN; i++)
		ck_assert_int_eq(ask_wire(&outside, 0, wire, i), TARN__RESOLVE_DROP);
	wire[2] |= 0x80;
	ck_assert_int_eq(ask_wire(&outside, 0, wire, len), TARN__RESOLVE_DROP);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* ---- clients that may not ask ------------------------------------------------------------- */

static size_t ask_as(const char *client, enum tarn__transport transport, const uint8_t *wire,
		     size_t len)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(client, 53, &address), 0);
	struct tarn__client_request client_request = {
		.transport = transport, .answer = on_answer, .client = &address};
	long got = tarn__resolver_resolve(outside.resolver, &client_request, wire, len, reply);
	ck_assert_int_ge(got, TARN__HEADER_LEN);
	return (size_t)got;
}

#define OPT(options_len) "\0\0\51\4\xd0\0\0\0\0\0" options_len

/* What follows the header, and the header's counts: of questions and of additional records. */
static const struct fault {
	const char *octets;
	size_t len;
	uint8_t flags, questions, additional;
	uint8_t replied; /* octets of the reply behind its header */
} asked_by_strangers[] = {
	{"\1a\0\0\1\0\1", 7, 1, 1, 0, 7},
	{"\1a\0\0\1\0\1" OPT("\0"), 18, 1, 1, 1, 18},
	/* An extended error takes 6 octets; here are 12, of a cookie, whose answer takes 28. */
	{"\1a\0\0\1\0\1" OPT("\14") "\0\12\0\10abcdefgh", 30, 1, 1, 1, 24},
	{"\1a\0\0\1\0\1" OPT("\34") "\0\12\0\30abcdefghijklmnopqrstuvwx", 46, 1, 1, 1, 46},
	/* ANY, AXFR, class CH, no recursion. */
	{"\1a\0\0\377\0\1", 7, 1, 1, 0, 7},
	{"\1a\0\0\374\0\1", 7, 1, 1, 0, 0},
	{"\7version\4bind\0\0\20\0\3", 18, 1, 1, 0, 18},
	{"\1a\0\0\1\0\1", 7, 0, 1, 0, 7},
	/* Nothing, half a question, two, another opcode, EDNS version 1, a cookie alone, two OPTs. */
	{"", 0, 1, 0, 0, 0},
	{"\1a\0\0\1", 5, 1, 1, 0, 0},
	{"\1a\0\0\1\0\1\1a\0\0\1\0\1", 14, 1, 2, 0, 0},
	{"\1a\0\0\1\0\1", 7, 0x10, 1, 0, 0},
	{"\1a\0\0\1\0\1\0\0\51\4\xd0\0\1\0\0\0\0", 18, 1, 1, 1, 0},
	{OPT("\14") "\0\12\0\10abcdefgh", 23, 1, 0, 1, 0},
	{"\1a\0\0\1\0\1" OPT("\0") OPT("\0"), 29, 1, 1, 2, 0},
};

START_TEST(stranger_is_refused_in_no_more_octets_than_he_sent)
{
	static const char *const strangers[] = {"203.0.113.7", "::ffff:203.0.113.7", "2001:db8::7"};
	const struct fault *asked = &asked_by_strangers[_i];
	uint8_t wire[128] = {0x12, 0x34, asked->flags, 0, 0, asked->questions};
	wire[11] = asked->additional;
	memcpy(wire + TARN__HEADER_LEN, asked->octets, asked->len);
	size_t len = TARN__HEADER_LEN + asked->len;
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		size_t got = ask_as(strangers[i], TARN__UDP, wire, len);
		ck_assert_uint_eq(got, TARN__HEADER_LEN + asked->replied);
		ck_assert_uint_le(got, len);
		ck_assert_uint_eq(tarn__get16(reply), 0x1234);
		ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__REFUSED);
		ck_assert_uint_eq(tarn__get16(reply + 4), asked->replied > 0);
	}
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(stranger_hears_why_where_there_is_room)
{
	const struct fault *asked = &asked_by_strangers[1];
	uint8_t wire[128] = {0x12, 0x34, 1, 0, 0, 1};
	wire[11] = 1;
	memcpy(wire + TARN__HEADER_LEN, asked->octets, asked->len);
	size_t len = TARN__HEADER_LEN + asked->len;
	/* Over TCP the source address cannot be forged. */
	ck_assert_uint_eq(ask_as("203.0.113.7", TARN__TCP, wire, len), len + 6);
	ck_assert_mem_eq(reply + len, "\0\17\0\2\0\22", 6);
	/* Octets behind the message count as it does. */
	ck_assert_uint_eq(ask_as("203.0.113.7", TARN__UDP, wire, len + 6), len + 6);
	ck_assert_mem_eq(reply + len, "\0\17\0\2\0\22", 6);
	ck_assert_uint_eq(ask_as("203.0.113.7", TARN__UDP, wire, len + 5), len);
}
END_TEST

/* Questions that are answered at once, with padding: in the clear their replies have 64 octets at most. */
static const struct {
	const char *name; /* label */
	uint16_t flags, type, class;
	uint8_t version;
	uint16_t rcode; /* its lower bits */
} padded_questions[] = {
	{"localhost", TARN__FLAG_RD, TARN__TYPE_A, TARN__CLASS_IN, 0, TARN__NOERROR},
	{"invalid", TARN__FLAG_RD, TARN__TYPE_A, TARN__CLASS_IN, 0, TARN__NXDOMAIN},
	{"n1", 0, TARN__TYPE_A, TARN__CLASS_IN, 0, TARN__REFUSED},
	{"n1", TARN__FLAG_RD, TARN__TYPE_A, 7, 0, TARN__REFUSED},
	{"n1", TARN__FLAG_RD, TARN__TYPE_AXFR, TARN__CLASS_IN, 0, TARN__REFUSED},
	{"n1", TARN__FLAG_RD | 2 << 11, TARN__TYPE_A, TARN__CLASS_IN, 0, TARN__NOTIMP},
	{"n1", TARN__FLAG_RD, TARN__TYPE_OPT, TARN__CLASS_IN, 0, TARN__FORMERR},
	{"n1", TARN__FLAG_RD, TARN__TYPE_A, TARN__CLASS_IN, 1, 0}, /* BADVERS */
};

/* RFC 7830 section 4, RFC 8467 section 4.1 */
START_TEST(every_reply_to_one_who_pads_is_padded_over_encrypted_transports)
{
	uint8_t wire[128] = {0x12, 0x34};
	const char *name = padded_questions[_i].name;
	size_t len = TARN__HEADER_LEN, name_len = strlen(name);
	tarn__put16(wire + 2, padded_questions[_i].flags);
	wire[5] = wire[11] = 1;
	wire[len] = (uint8_t)name_len;
	memcpy(wire + len + 1, name, name_len);
	len += name_len + 2;
	tarn__put16(wire + len, padded_questions[_i].type);
	tarn__put16(wire + len + 2, padded_questions[_i].class);
	len += 4;
	memcpy(wire + len, "\0\0\51\4\xd0\0\0\0\0\0\6\0\14\0\2\0\0", 17);
	wire[len + 6] = padded_questions[_i].version;
	len += 17;
	for (int transport = 0; transport < TARN__TRANSPORTS; transport++) {
		size_t got = ask_as("127.0.0.1", (enum tarn__transport)transport, wire, len);
		ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE,
				  padded_questions[_i].rcode);
		if (transport == TARN__TLS || transport == TARN__HTTPS)
			ck_assert_uint_eq(got, TARN__PADDING_REPLY);
		else
			ck_assert_uint_lt(got, TARN__PADDING_REPLY - 4);
	}
}
END_TEST

START_TEST(other_opcodes_are_answered_at_once)
{
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		uint8_t wire[64];
		size_t len = write_question(1, wire);
		wire[2] = (uint8_t)(opcode << 3);
		ck_assert_int_ge(ask_wire(&outside, 0, wire, len), TARN__HEADER_LEN);
		ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOTIMP);
		ck_assert_uint_eq((tarn__get16(reply + 2) & TARN__FLAG_OPCODE) >> 11, opcode);
	}
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* What has taken a NOTIFY. */
static unsigned notify_count;
static bool is_notify_taken;

static size_t take_notify(void *data, const struct tarn_address *from, const uint8_t *wire,
			  size_t len, uint8_t *out)
{
	ck_assert_ptr_eq(data, &notify_count);
	ck_assert_ptr_nonnull(from);
	ck_assert_uint_ge(len, TARN__HEADER_LEN);
	notify_count++;
	memcpy(out, wire, TARN__HEADER_LEN);
	out[2] |= 0x80;
	return is_notify_taken ? TARN__HEADER_LEN : 0;
}

START_TEST(messages_of_changed_zones_are_handed_over)
{
	const struct tarn__notify_taker taker = {take_notify, &notify_count};
	tarn__shared_set_notify_taker(outside.shared, &taker);
	static const char address[] = "10.0.0.7";
	notify_count = 0;
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		uint8_t wire[64];
		size_t len = write_question(1, wire);
		wire[2] = (uint8_t)(opcode << 3);
		is_notify_taken = true;
		if (opcode != 0)
			ck_assert_int_ge(ask_as(address, TARN__UDP, wire, len), TARN__HEADER_LEN);
		ck_assert_uint_eq(notify_count, opcode >= 4);
	}
	/* One that is not taken is answered as before; a response, and the program itself, are not heard. */
	uint8_t wire[64];
	size_t len = write_question(1, wire);
	wire[2] = 4 << 3;
	is_notify_taken = false;
	ck_assert_int_ge(ask_as(address, TARN__UDP, wire, len), TARN__HEADER_LEN);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOTIMP);
	ck_assert_uint_eq(notify_count, 2);
	wire[2] |= 0x80;
	ck_assert_int_eq(ask_wire(&outside, 0, wire, len), TARN__RESOLVE_DROP);
	ck_assert_uint_eq(notify_count, 2);
	tarn__shared_set_notify_taker(outside.shared, NULL);
	wire[2] = 4 << 3;
	ck_assert_int_ge(ask_as(address, TARN__UDP, wire, len), TARN__HEADER_LEN);
	ck_assert_uint_eq(notify_count, 2);
}
END_TEST

/* Three refusals by the network: the server is dead. */
static void kill_server(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(ask(&outside, i, i), TARN__RESOLVE_PENDING);
		struct sent *sent = outside_take(&outside, &server, TARN__UDP);
		ck_assert(outside_answer(&outside, sent, TARN_EUNREACHABLE, NULL, 0));
	}
}

static size_t sent_count(const struct outside *where)
{
	size_t count = 0;
	for (const struct sent *sent = where->sent; sent; sent = sent->next)
		count++;
	return count;
}

START_TEST(storm_against_a_dead_server_is_one_message_a_second)
{
	enum { SECONDS = 5, RATE = 10000, STEP_MS = 10 };
	kill_server();
	size_t before = sent_count(&outside);
	unsigned client = 3;
	for (unsigned step = 0; step < SECONDS * 1000 / STEP_MS; step++) {
		for (unsigned i = 0; i < RATE * STEP_MS / 1000; i++, client++)
			if (ask(&outside, client, client) != TARN__RESOLVE_PENDING)
				answered[client]++;
		outside_pass(&outside, STEP_MS);
	}
	ck_assert_uint_le(sent_count(&outside) - before, SECONDS + 1);
	outside_pass(&outside, 4000);
	for (unsigned i = 0; i < client; i++)
		ck_assert_uint_eq(answered[i], 1);
	/* Without further questions nothing more is sent. */
	outside_pass(&outside, 10000);
	before = sent_count(&outside);
	outside_pass(&outside, 3600000);
	ck_assert_uint_eq(sent_count(&outside), before);
}
END_TEST

START_TEST(those_that_wait_are_asked_a_few_at_a_time)
{
	enum { COUNT = 5000, AT_ONCE = 100, ALL_MS = 500 };
	kill_server();
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert_int_eq(ask(&outside, 10 + i, 10 + i), TARN__RESOLVE_PENDING);
	/* Before the probe's answer nothing is sent. */
	struct sent *probe = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(probe);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	uint8_t wire[TARN__HEADER_LEN] = {0};
	ck_assert(outside_answer(&outside, probe, 0, wire, sizeof wire));
	ck_assert_uint_gt(outside_surprises(&outside), 0);
	ck_assert_uint_le(outside_surprises(&outside), AT_ONCE);
	outside_pass(&outside, ALL_MS);
	size_t first_sends = 0;
	bool is_asked[COUNT] = {false};
	for (const struct sent *sent = outside.sent; sent; sent = sent->next) {
		unsigned number;
		if (sent->is_expected || sscanf((const char *)sent->wire + 14, "%u", &number) != 1)
			continue;
		/* The question that the server died of waits, too. */
		if (number < 10)
			continue;
		ck_assert_uint_lt(number - 10, COUNT);
		first_sends += !is_asked[number - 10];
		is_asked[number - 10] = true;
	}
	ck_assert_uint_eq(first_sends, COUNT);
}
END_TEST

START_TEST(questions_under_way_go_to_longer_lists_of_servers)
{
	struct tarn_address servers[64];
	for (uint8_t i = 0; i < 64; i++) {
		servers[i] = server;
		tarn_address_set_port(&servers[i], (uint16_t)(1000 + i));
	}
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(ask(&outside, i, i), TARN__RESOLVE_PENDING);
	static const size_t counts[] = {2, 64, 1, 64, 3};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		outside_set_servers(&outside, servers, counts[i]);
		outside_pass(&outside, 0);
	}
	/* Whichever list a server is in, it has no more than three messages of each question. */
	for (size_t i = 0; i < 64; i++) {
		size_t count = 0;
		while (outside_take(&outside, &servers[i], TARN__UDP))
			count++;
		ck_assert_uint_ge(count, i == 0 ? 10 : 0);
		ck_assert_uint_le(count, 30);
	}
	outside_pass(&outside, 5000);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_eq(answered[i], 1);
}
END_TEST

START_TEST(workers_share_the_probes_of_a_dead_server)
{
	enum { SECONDS = 20 };
	struct outside second;
	outside_init_second(&second, &outside);
	struct outside *const workers[] = {&outside, &second};
	/* Each has found out by itself. */
	for (unsigned i = 0; i < 6; i++) {
		struct outside *worker = workers[i % 2];
		ck_assert_int_eq(ask(worker, i, i), TARN__RESOLVE_PENDING);
		struct sent *sent = outside_take(worker, &server, TARN__UDP);
		ck_assert(outside_answer(worker, sent, TARN_EUNREACHABLE, NULL, 0));
	}
	size_t before = sent_count(&outside) + sent_count(&second);
	for (unsigned i = 0; i < 1000 * SECONDS / 10; i++) {
		ask(workers[i % 2], 10 + i, 10 + i);
		outside_pass(&outside, 10);
		outside_pass(&second, 0);
	}
	size_t probes = sent_count(&outside) + sent_count(&second) - before;
	/* Questions that try a dead server every ten seconds are counted, too: two for each worker. */
	ck_assert_uint_ge(probes, SECONDS);
	ck_assert_uint_le(probes, SECONDS + 1 + 4);
	outside_fini(&second);
}
END_TEST

START_TEST(server_that_one_worker_has_healed_lives_for_all)
{
	struct outside second;
	outside_init_second(&second, &outside);
	kill_server();
	for (unsigned i = 3; i < 6; i++) {
		ck_assert_int_eq(ask(&second, i, i), TARN__RESOLVE_PENDING);
		struct sent *sent = outside_take(&second, &server, TARN__UDP);
		ck_assert(outside_answer(&second, sent, TARN_EUNREACHABLE, NULL, 0));
	}
	outside_pass(&second, 0);
	ck_assert_int_eq(ask(&second, 7, 7), TARN__RESOLVE_PENDING);
	outside_pass(&second, 0);
	ck_assert_uint_eq(outside_surprises(&second), 0);
	/* The first one probes; the answer wakes the other, whose question is sent. */
	outside_pass(&outside, 0);
	struct sent *probe = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(probe);
	uint8_t wire[TARN__HEADER_LEN] = {0};
	second.wake_at_ms = UINT64_MAX;
	ck_assert(outside_answer(&outside, probe, 0, wire, sizeof wire));
	ck_assert_uint_le(second.wake_at_ms, outside.now_ms);
	outside_pass(&second, 0);
	ck_assert_uint_gt(outside_surprises(&second), 0);
	outside_fini(&second);
}
END_TEST

static void take_all(struct outside *where)
{
	while (outside_take(where, &server, TARN__UDP))
		;
}

/* Old messages without an answer do not kill it again at the moment it is back. */
START_TEST(server_that_another_worker_has_healed_was_not_silent_until_then)
{
	struct outside second;
	outside_init_second(&second, &outside);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(ask(&second, i, i), TARN__RESOLVE_PENDING);
	for (int i = 0; i < 44; i++) {
		outside_pass(&outside, 100);
		outside_pass(&second, 0);
	}
	take_all(&second);
	ck_assert_int_eq(ask(&second, 7, 7), TARN__RESOLVE_PENDING);
	ck_assert_int_eq(ask(&outside, 8, 8), TARN__RESOLVE_PENDING);
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	uint8_t wire[TARN__HEADER_LEN] = {0};
	memcpy(wire, sent->wire, 2);
	tarn__put16(wire + 2, TARN__FLAG_QR | TARN__REFUSED);
	ck_assert(outside_answer(&outside, sent, 0, wire, sizeof wire));
	outside_pass(&second, 0);
	take_all(&second);
	ck_assert_int_eq(ask(&second, 9, 9), TARN__RESOLVE_PENDING);
	outside_pass(&second, 0);
	sent = outside_take(&second, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	ck_assert_int_eq(sent->exchange->rank, TARN__RANK_FIRST);
	outside_fini(&second);
}
END_TEST

/* With a zone of its own for n0; returns its server. */
static struct tarn_address outside_init_zoned(struct outside *zoned)
{
	struct tarn_address other = server;
	tarn_address_set_port(&other, 1053);
	struct tarn_forward forward = {.zone = "n0", .upstreams = &other, .upstream_count = 1};
	outside_init_with(zoned, &(struct tarn_options){.upstreams = &server,
							.upstream_count = 1,
							.forwards = &forward,
							.forward_count = 1});
	return other;
}

/* As many lookups as there may be of one zone, here the root, whose server is silent. */
START_TEST(silent_zone_leaves_room_for_the_others)
{
	struct outside zoned;
	struct tarn_address other = outside_init_zoned(&zoned);
	unsigned refused = 0;
	for (unsigned i = 1; i < 20000; i++)
		refused += ask(&zoned, i, i) != TARN__RESOLVE_PENDING;
	ck_assert_uint_gt(refused, 0);
	ck_assert_int_eq(ask(&zoned, 0, 0), TARN__RESOLVE_PENDING);
	ck_assert_ptr_nonnull(outside_take(&zoned, &other, TARN__UDP));
	outside_fini(&zoned);
}
END_TEST

/* One name of one zone, asked by as many clients as there may wait: the others, and hits, go on. */
START_TEST(clients_of_a_silent_zone_leave_room_for_the_others)
{
	struct outside zoned;
	outside_init_zoned(&zoned);
	ck_assert_int_eq(ask(&zoned, 0, 1), TARN__RESOLVE_PENDING);
	answer(&zoned);
	outside_pass(&zoned, 0);
	unsigned refused = 0;
	for (unsigned i = 1; i < TARN__PENDING_MAX + 1; i++)
		refused += ask(&zoned, i, 0) != TARN__RESOLVE_PENDING;
	ck_assert_uint_eq(refused, TARN__PENDING_MAX / 2);
	ck_assert_int_gt(ask(&zoned, 0, 1), 0);
	ck_assert_int_eq(ask(&zoned, 0, 2), TARN__RESOLVE_PENDING);
	answer(&zoned);
	/* Without the zone, waiting questions belong to the root, which may take all places. */
	outside_reconfigure(&zoned,
			    &(struct tarn_options){.upstreams = &server, .upstream_count = 1});
	for (unsigned i = 0; i < refused; i++)
		ck_assert_int_eq(ask(&zoned, TARN__PENDING_MAX + 1 + i, 0), TARN__RESOLVE_PENDING);
	ck_assert_int_gt(ask(&zoned, 0, 3), 0);
	ck_assert_int_gt(ask(&zoned, 0, 1), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
	outside_pass(&zoned, 4000);
	for (unsigned i = 1; i < 2 * TARN__PENDING_MAX; i++)
		ck_assert_uint_le(answered[i], 1);
	outside_fini(&zoned);
}
END_TEST

/* The extended error's text, or NULL: it is the last of the reply. */
static bool ends_with(const char *text)
{
	size_t len = strlen(text);
	return reply_len > len && memcmp(reply + reply_len - len, text, len) == 0;
}

static long ask_with_opt(struct outside *where, unsigned number)
{
	static const uint8_t opt[] = {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0};
	uint8_t wire[64];
	size_t len = write_question(number, wire);
	wire[11] = 1;
	memcpy(wire + len, opt, sizeof opt);
	return ask_wire(where, 0, wire, len + sizeof opt);
}

static void on_found(void *arg, const struct tarn__config *config,
		     const struct tarn__zone_config *zone, const struct tarn__endpoint *endpoint)
{
	ck_assert_ptr_eq(zone, config->zones[0]);
	ck_assert_ptr_eq(endpoint, zone->endpoints[0]);
	++*(unsigned *)arg;
}

static void on_zone_found(void *arg, const struct tarn__config *config,
			  const struct tarn__zone_config *zone,
			  const struct tarn__endpoint *endpoint)
{
	ck_assert_ptr_eq(endpoint, zone->endpoints[0]);
	*(size_t *)arg = zone == config->zones[0] ? 0 : 1;
}

static uint16_t reply_rcode(void)
{
	return tarn__get16(reply + 2) & TARN__FLAG_RCODE;
}

START_TEST(server_that_leads_back_is_left_out)
{
	struct outside looped, second;
	outside_init(&looped, &server, 1);
	outside_init_second(&second, &looped);
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(looped.resolver, on_found, &found);
	const struct sent *sent = outside_take(&looped, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	ck_assert_uint_eq(sent->len, TARN__HEADER_LEN + LOOP_NAME_LEN + 4);
	uint8_t wire[TARN__UDP_MIN];
	memcpy(wire, sent->wire, sent->len);
	/* Another name of the kind is as any; without RD it stays here. */
	wire[TARN__HEADER_LEN + 1] ^= 1;
	wire[2] &= 0xfe;
	ck_assert_int_gt(ask_wire(&second, 0, wire, sent->len), 0);
	ck_assert_uint_eq(found, 0);
	/* It comes back to the other worker, in other letters, and twice. */
	memcpy(wire, sent->wire, sent->len);
	wire[TARN__HEADER_LEN + 18] ^= 0x20;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ask_wire(&second, 0, wire, sent->len), (long)sent->len);
		ck_assert_uint_eq(reply_rcode(), TARN__REFUSED);
		ck_assert_uint_eq(found, 1);
	}
	/* Neither worker uses that server any more, even if it takes over the result late. */
	struct outside *const workers[] = {&looped, &second};
	for (size_t i = 0; i < 2; i++) {
		tarn__resolver_run(second.resolver);
		outside_set_servers(&second, &server, i);
	}
	for (int i = 0; i < 2; i++) {
		tarn__resolver_run(workers[i]->resolver);
		long len = ask_with_opt(workers[i], 1);
		ck_assert_int_gt(len, 0);
		reply_len = (size_t)len;
		ck_assert_uint_eq(reply_rcode(), TARN__SERVFAIL);
		ck_assert(ends_with("all upstream servers lead back here"));
		ck_assert_uint_eq(outside_surprises(workers[i]), 0);
	}
	/* Until another test finds no loop. */
	tarn__resolver_probe_forward_loops(looped.resolver, on_found, &found);
	sent = outside_take(&looped, &server, TARN__UDP);
	memcpy(wire, sent->wire, sent->len);
	wire[2] &= 0xfe;
	outside_pass(&looped, 5000);
	ck_assert_ptr_null(sent->exchange);
	ck_assert_int_gt(ask_wire(&second, 0, wire, sent->len), 0);
	ck_assert_uint_eq(found, 1);
	for (int i = 0; i < 2; i++) {
		tarn__resolver_run(workers[i]->resolver);
		ck_assert_int_eq(ask(workers[i], 1, 2 + (unsigned)i), TARN__RESOLVE_PENDING);
		ck_assert_uint_eq(outside_surprises(workers[i]), 1);
	}
	outside_fini(&second);
	outside_fini(&looped);
}
END_TEST

/* Only the label distinguishes the test's name from one that any client may ask for. _i: its octet. */
START_TEST(name_that_differs_in_one_octet_has_not_come_back)
{
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	const struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	uint8_t wire[TARN__UDP_MIN];
	memcpy(wire, sent->wire, sent->len);
	wire[2] &= 0xfe;
	wire[TARN__HEADER_LEN + _i] ^= 1;
	ck_assert_int_gt(ask_wire(&outside, 0, wire, sent->len), 0);
	ck_assert_uint_eq(found, 0);
	wire[TARN__HEADER_LEN + _i] ^= 1;
	ck_assert_int_gt(ask_wire(&outside, 0, wire, sent->len), 0);
	ck_assert_uint_eq(found, 1);
}
END_TEST

/* A zone's server may forward questions for other zones to tarn. */
START_TEST(server_of_a_zone_is_asked_for_a_name_in_it)
{
	struct outside looped;
	struct tarn_address other = server;
	tarn_address_set_port(&other, 1053);
	struct tarn_forward forward = {.zone = "n1", .upstreams = &other, .upstream_count = 1};
	outside_init_with(&looped, &(struct tarn_options){.upstreams = &server,
							  .upstream_count = 1,
							  .forwards = &forward,
							  .forward_count = 1});
	static const uint8_t suffix[] = "\11tarn-loop\2n1";
	size_t found_index = 0;
	tarn__resolver_probe_forward_loops(looped.resolver, on_zone_found, &found_index);
	ck_assert_ptr_nonnull(outside_take(&looped, &server, TARN__UDP));
	const struct sent *sent = outside_take(&looped, &other, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	ck_assert_mem_eq(sent->wire + TARN__HEADER_LEN + 17, suffix, sizeof suffix);
	ck_assert_int_gt(ask_wire(&looped, 0, sent->wire, sent->len), 0);
	ck_assert_uint_eq(reply_rcode(), TARN__REFUSED);
	ck_assert_uint_eq(found_index, 1);
	/* The zone has no server any more; the root has. */
	tarn__resolver_run(looped.resolver);
	ck_assert_int_gt(ask(&looped, 0, 1), 0);
	ck_assert_int_eq(ask(&looped, 0, 2), TARN__RESOLVE_PENDING);
	outside_fini(&looped);
}
END_TEST

/* The next question whether a server leads back; NULL: there is none. */
static const struct sent *take_look(struct outside *where)
{
	for (struct sent *sent = where->sent; sent; sent = sent->next) {
		if (sent->is_expected ||
		    sent->wire[TARN__HEADER_LEN] != TARN__FORWARD_LOOP_LABEL_LEN)
			continue;
		sent->is_expected = true;
		return sent;
	}
	return NULL;
}

static size_t take_looks(struct outside *where)
{
	size_t count = 0;
	while (take_look(where))
		count++;
	return count;
}

/* A server that forwards to tarn may start after tarn, or the test's query be lost. */
START_TEST(server_that_leads_back_is_found_when_it_is_dead)
{
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	ck_assert_uint_eq(take_looks(&outside), 1);
	outside_pass(&outside, 5000);
	kill_server();
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answered[2], 0);
	const struct sent *look = take_look(&outside);
	ck_assert_ptr_nonnull(look);
	ck_assert_int_gt(ask_wire(&outside, 9, look->wire, look->len), 0);
	ck_assert_uint_eq(reply_rcode(), TARN__REFUSED);
	ck_assert_uint_eq(found, 1);
	/* What waits for it does not wait for longer, and it is neither asked nor probed. */
	outside_pass(&outside, 0);
	ck_assert_uint_eq(answered[2], 1);
	ck_assert_uint_eq(reply_rcode(), TARN__SERVFAIL);
	ck_assert_ptr_nonnull(outside_take(&outside, &server, TARN__UDP)); /* the probe of before */
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	for (unsigned i = 10; i < 20; i++) {
		ck_assert_int_gt(ask(&outside, i, i), 0);
		outside_pass(&outside, 1000);
	}
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	ck_assert_uint_eq(found, 1);
}
END_TEST

/* RFC 8467 section 4.1: as every message to it. */
START_TEST(encrypted_server_is_looked_at_over_its_transport)
{
	unsigned found = 0;
	struct outside secure;
	struct tarn_traits traits = {.transport = TARN_TLS, .name = "dns.example"};
	outside_init_with(&secure, &(struct tarn_options){.upstreams = &server,
							  .traits = &traits,
							  .upstream_count = 1});
	tarn__resolver_probe_forward_loops(secure.resolver, on_found, &found);
	const struct sent *sent = outside_take(&secure, &server, TARN__TLS);
	ck_assert_ptr_nonnull(sent);
	ck_assert_uint_eq(sent->wire[TARN__HEADER_LEN], TARN__FORWARD_LOOP_LABEL_LEN);
	ck_assert_uint_eq(sent->len, TARN__PADDING_QUERY);
	ck_assert_uint_eq(tarn__get16(sent->wire + 10), 1);
	ck_assert_uint_eq(outside_surprises(&secure), 0);
	outside_fini(&secure);
}
END_TEST

/* Its address is not known. */
START_TEST(server_without_an_address_is_not_looked_at)
{
	unsigned found = 0;
	struct outside secure;
	struct tarn_address unknown = {.sa.sa_family = AF_UNSPEC};
	struct tarn_traits traits = {.transport = TARN_TLS, .name = "dns.example"};
	outside_init_with(&secure, &(struct tarn_options){.upstreams = &unknown,
							  .traits = &traits,
							  .upstream_count = 1});
	tarn__resolver_probe_forward_loops(secure.resolver, on_found, &found);
	ck_assert_int_eq(ask(&secure, 0, 1), TARN__RESOLVE_PENDING);
	tarn__resolver_overslept(secure.resolver);
	tarn__resolver_network_changed(secure.resolver);
	outside_pass(&secure, 10000);
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(reply_rcode(), TARN__SERVFAIL);
	ck_assert_uint_eq(outside_surprises(&secure), 0);
	outside_fini(&secure);
}
END_TEST

START_TEST(dead_server_is_looked_at_every_five_seconds_while_clients_ask)
{
	enum { SECONDS = 30 };
	struct outside second;
	outside_init_second(&second, &outside);
	struct outside *const workers[] = {&outside, &second};
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	kill_server();
	for (unsigned i = 0; i < SECONDS * 10; i++) {
		ask(workers[i % 2], 10 + i, 10 + i);
		outside_pass(&outside, 100);
		outside_pass(&second, 0);
	}
	size_t looks = take_looks(&outside) + take_looks(&second);
	ck_assert_uint_ge(looks, SECONDS / 6);
	ck_assert_uint_le(looks, SECONDS / 5 + 1);
	outside_pass(&outside, 10000);
	take_looks(&outside);
	outside_pass(&outside, 3600000);
	ck_assert_uint_eq(take_looks(&outside), 0);
	outside_fini(&second);
}
END_TEST

START_TEST(server_that_is_healed_is_looked_at)
{
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	ck_assert_uint_eq(take_looks(&outside), 1);
	outside_pass(&outside, 4500);
	kill_server();
	outside_pass(&outside, 500);
	ck_assert_uint_eq(take_looks(&outside), 0);
	uint8_t wire[TARN__HEADER_LEN] = {0};
	struct sent *probe = outside_take(&outside, &server, TARN__UDP);
	ck_assert(outside_answer(&outside, probe, 0, wire, sizeof wire));
	ck_assert_uint_eq(take_looks(&outside), 1);
}
END_TEST

/* Each has a socket for a while. */
START_TEST(many_servers_are_looked_at_a_few_at_a_time)
{
	enum { COUNT = 40 };
	struct tarn_address servers[COUNT];
	for (uint8_t i = 0; i < COUNT; i++) {
		servers[i] = server;
		tarn_address_set_port(&servers[i], (uint16_t)(1000 + i));
	}
	outside_set_servers(&outside, servers, COUNT);
	unsigned found = 0;
	static const size_t expected[] = {16, 16, 8, 0};
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		ck_assert_uint_eq(take_looks(&outside), expected[i]);
		outside_pass(&outside, 1000);
	}
	/* Another list, in the middle of it. */
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	outside_set_servers(&outside, servers, 3);
	take_looks(&outside);
	outside_pass(&outside, 10000);
	ck_assert_uint_eq(take_looks(&outside), 3);
}
END_TEST

START_TEST(changes_that_come_fast_have_servers_looked_at_every_five_seconds)
{
	unsigned found = 0;
	size_t looks = 0;
	for (int i = 0; i < 100; i++) {
		tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
		outside_pass(&outside, 200);
		looks += take_looks(&outside);
	}
	ck_assert_uint_eq(looks, 5);
	/* The last change has its look, too; another configuration has it at once. */
	outside_pass(&outside, 5000);
	ck_assert_uint_eq(take_looks(&outside), 0);
	struct tarn_address other = server;
	tarn_address_set_port(&other, 1001);
	outside_set_servers(&outside, &other, 1);
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	ck_assert_uint_eq(take_looks(&outside), 1);
}
END_TEST

/* A forwarding loop of the root's server does not affect the same address as a zone's, nor the reverse. */
START_TEST(server_of_two_zones_leads_back_in_one)
{
	struct outside looped;
	struct tarn_forward forward = {.zone = "n1", .upstreams = &server, .upstream_count = 1};
	outside_init_with(&looped, &(struct tarn_options){.upstreams = &server,
							  .upstream_count = 1,
							  .forwards = &forward,
							  .forward_count = 1});
	size_t found_index = 2;
	tarn__resolver_probe_forward_loops(looped.resolver, on_zone_found, &found_index);
	const struct sent *looks[] = {take_look(&looped), take_look(&looped)};
	ck_assert_int_gt(ask_wire(&looped, 0, looks[_i]->wire, looks[_i]->len), 0);
	ck_assert_uint_eq(found_index, (size_t)_i);
	tarn__resolver_run(looped.resolver);
	bool is_root = _i == 0;
	ck_assert_int_eq(ask(&looped, 0, is_root ? 1 : 2), TARN__RESOLVE_PENDING);
	ck_assert_int_gt(ask(&looped, 0, is_root ? 2 : 1), 0);
	outside_fini(&looped);
}
END_TEST

/* Its zone stays as it is; outside.c checks that what is under way goes to servers of the configuration. */
START_TEST(probe_under_way_stays_with_its_zone)
{
	struct outside moving;
	struct tarn_address both[] = {server, server};
	tarn_address_set_port(&both[1], 1053);
	struct tarn_forward forward = {.zone = "n0", .upstreams = &both[1], .upstream_count = 1};
	struct tarn_options options = {
		.upstreams = both, .upstream_count = 1, .forwards = &forward, .forward_count = 1};
	outside_init_with(&moving, &options);
	for (unsigned type = 1; type <= 3; type++) {
		uint8_t wire[64];
		size_t len = write_question(0, wire);
		wire[len - 3] = (uint8_t)type;
		ck_assert_int_eq(ask_wire(&moving, type, wire, len), TARN__RESOLVE_PENDING);
		struct sent *sent = outside_take(&moving, &both[1], TARN__UDP);
		ck_assert(outside_answer(&moving, sent, TARN_EUNREACHABLE, NULL, 0));
	}
	outside_pass(&moving, 0);
	struct sent *probe = outside_take(&moving, &both[1], TARN__UDP);
	ck_assert_ptr_nonnull(probe);
	options.upstream_count = 2;
	outside_reconfigure(&moving, &options);
	ck_assert_uint_eq(moving.closes, 0);
	uint8_t wire[TARN__HEADER_LEN] = {0};
	ck_assert(outside_answer(&moving, probe, 0, wire, sizeof wire));
	ck_assert_ptr_nonnull(outside_take(&moving, &both[1], TARN__UDP));
	outside_fini(&moving);
}
END_TEST

enum { NAMES = 6, ZONES = 6, ADDRESSES = 4 };

static uint32_t dice_seed;

static uint32_t dice(uint32_t sides)
{
	dice_seed = dice_seed * 1664525 + 1013904223;
	return (dice_seed >> 16) % sides;
}

static void reconfigure_anyhow(struct outside *first)
{
	static const char *const names[ZONES] = {
		"n0", "n1", "x.n1", "172.16.0.0/12", "172.16.0.0/15", "172.16.0.0/16"};
	struct tarn_address addresses[ADDRESSES];
	for (size_t i = 0; i < ADDRESSES; i++) {
		addresses[i] = server;
		tarn_address_set_port(&addresses[i], (uint16_t)(1000 + i));
	}
	struct tarn_forward forwards[ZONES];
	struct tarn_options options = {.forwards = forwards, .trust_ad = dice(2)};
	options.upstream_count = dice(ADDRESSES);
	options.upstreams = addresses + dice((uint32_t)(ADDRESSES - options.upstream_count));
	for (size_t i = 0; i < ZONES; i++) {
		if (dice(2) == 0)
			continue;
		struct tarn_forward *forward = &forwards[options.forward_count++];
		*forward = (struct tarn_forward){.zone = names[i]};
		forward->upstream_count = dice(3);
		forward->upstreams = addresses + dice(ADDRESSES - 2);
		forward->selection = (enum tarn_selection)dice(4);
	}
	outside_reconfigure(first, &options);
}

/* One name of a few, or of the networks. */
static long ask_anything(struct outside *where, unsigned client)
{
	uint8_t wire[64];
	size_t len = write_question(dice(NAMES), wire);
	if (dice(2)) {
		static const uint8_t rest[] = "\003172\7in-addr\4arpa\0\0\1\0\1";
		memcpy(wire + 12, (const char *[]){"\00216", "\00217", "\00218"}[dice(3)], 3);
		memcpy(wire + 15, rest, sizeof rest);
		len = 15 + sizeof rest - 1;
	}
	return ask_wire(where, client, wire, len);
}

/* Any server gives any answer to any of its messages. */
static void let_somebody_answer(struct outside *where)
{
	size_t alive = 0;
	for (const struct sent *sent = where->sent; sent; sent = sent->next)
		alive += sent->exchange != NULL;
	if (alive == 0)
		return;
	size_t skip = dice((uint32_t)alive);
	struct sent *sent = where->sent;
	while (!sent->exchange || skip-- > 0)
		sent = sent->next;
	uint8_t wire[TARN__HEADER_LEN] = {sent->wire[0], sent->wire[1]};
	tarn__put16(wire + 2, TARN__FLAG_QR | TARN__SERVFAIL);
	switch (dice(4)) {
	case 0:
		outside_answer(where, sent, TARN_EUNREACHABLE, NULL, 0);
		break;
	case 1:
		outside_answer(where, sent, 0, wire, sizeof wire);
		break;
	default:
		answer_sent(where, sent);
	}
}

static void on_any_found(void *arg, const struct tarn__config *config,
			 const struct tarn__zone_config *zone,
			 const struct tarn__endpoint *endpoint)
{
	(void)arg;
	ck_assert_uint_gt(config->server_count, 0);
	ck_assert_uint_gt(zone->endpoint_count, 0);
	ck_assert_ptr_nonnull(endpoint);
}

/* A server forwards to one of the workers what it was asked, perhaps too late. */
static long let_somebody_forward(struct outside *from, struct outside *to, unsigned client)
{
	const struct sent *look = take_look(from);
	return look ? ask_wire(to, client, look->wire, look->len) : TARN__RESOLVE_DROP;
}

START_TEST(changes_in_any_order_leave_nobody_without_an_answer)
{
	enum { STEPS = 400 };
	dice_seed = (uint32_t)_i;
	struct outside changing, second;
	outside_init(&changing, &server, 1);
	outside_init_second(&second, &changing);
	struct outside *const workers[] = {&changing, &second};
	unsigned client = 0;
	for (unsigned step = 0; step < STEPS; step++) {
		struct outside *where = workers[dice(2)];
		switch (dice(10)) {
		case 9:
			tarn__resolver_probe_forward_loops(where->resolver, on_any_found, NULL);
			break;
		case 8:
			if (let_somebody_forward(where, workers[dice(2)], client) !=
			    TARN__RESOLVE_PENDING)
				answered[client]++;
			client++;
			break;
		case 0:
			reconfigure_anyhow(&changing);
			break;
		case 1:
			tarn__resolver_network_changed(where->resolver);
			break;
		case 2:
			outside_pass(where, dice(1500));
			break;
		case 3:
		case 4:
			let_somebody_answer(where);
			break;
		default:
			if (ask_anything(where, client) != TARN__RESOLVE_PENDING)
				answered[client]++;
			client++;
		}
	}
	for (int i = 0; i < 6; i++) {
		outside_pass(&changing, 1000);
		outside_pass(&second, 0);
	}
	for (unsigned i = 0; i < client; i++)
		ck_assert_uint_eq(answered[i], 1);
	outside_fini(&second);
	outside_fini(&changing);
}
END_TEST

START_TEST(every_client_is_answered_when_there_are_too_many_questions)
{
	unsigned at_once = 0;
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		long got = ask(&outside, i, i);
		if (got == TARN__RESOLVE_PENDING)
			continue;
		ck_assert_int_gt(got, 0);
		ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
		answered[i]++;
		at_once++;
	}
	ck_assert_uint_gt(at_once, 0);
	ck_assert_uint_lt(at_once, CLIENTS_MAX);
	outside_pass(&outside, 4000);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		ck_assert_uint_eq(answered[i], 1);
	/* And the resolver is as good as before. */
	outside_pass(&outside, 10000);
	for (struct sent *sent = outside.sent; sent; sent = sent->next)
		sent->is_expected = true;
	ck_assert_int_eq(ask(&outside, 0, 1), TARN__RESOLVE_PENDING);
	answer(&outside);
	ck_assert_uint_eq(answered[0], 2);
}
END_TEST

/* Clients of the private networks, which may ask. */
static long ask_from(const char *address, unsigned client, unsigned number)
{
	uint8_t wire[64];
	struct tarn_address from;
	ck_assert_int_eq(tarn_address_parse(address, 53, &from), 0);
	struct tarn__client_request client_request = {.transport = TARN__UDP,
						      .answer = on_answer,
						      .client = &from,
						      .route = &client,
						      .route_len = sizeof client};
	return tarn__resolver_resolve(outside.resolver, &client_request, wire,
				      write_question(number, wire), reply);
}

/* So many questions, each for another name or all for one; returns how many may not wait. */
static unsigned flood(const char *address, unsigned count, bool is_one_name)
{
	unsigned refused = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned number = is_one_name ? 1 : 1000 + i;
		if (ask_from(address, 1000 + i, number) == TARN__RESOLVE_PENDING)
			continue;
		ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
		refused++;
	}
	return refused;
}

START_TEST(client_that_asks_for_everything_leaves_lookups_for_the_others)
{
	ck_assert_int_eq(ask_from("10.0.0.1", 0, 0), TARN__RESOLVE_PENDING);
	answer(&outside);
	unsigned refused = flood("10.0.0.1", 20000, false);
	/* Alone it may have three quarters. */
	ck_assert_uint_ge(20000 - refused, TARN__LOOKUPS_MAX * 3 / 4);
	ck_assert_uint_le(20000 - refused, TARN__LOOKUPS_MAX * 3 / 4 + 1);
	for (unsigned i = 0; i < 1000; i++) {
		char neighbour[32];
		snprintf(neighbour, sizeof neighbour, "10.1.%u.%u", i / 256, i % 256);
		ck_assert_int_eq(ask_from(neighbour, 30000 + i, 30000 + i), TARN__RESOLVE_PENDING);
	}
	/* Which it may have from the cache. */
	ck_assert_int_gt(ask_from("10.0.0.1", 0, 0), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
	/* Everybody has an answer in time, and everything is as before. */
	outside_pass(&outside, 10000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_uint_eq(answered[30000 + i], 1);
	ck_assert_int_eq(ask_from("10.0.0.1", 1, 40001), TARN__RESOLVE_PENDING);
}
END_TEST

START_TEST(client_that_waits_for_one_name_leaves_room_for_the_others)
{
	unsigned refused = flood("10.0.0.1", 20000, true);
	ck_assert_uint_eq(20000 - refused, TARN__PENDING_MAX * 3 / 4);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(ask_from("10.0.0.2", 30000 + i, 1), TARN__RESOLVE_PENDING);
	/* As soon as it is answered it may wait again. */
	answer(&outside);
	outside_pass(&outside, 0);
	ck_assert_int_eq(ask_from("10.0.0.1", 1, 2), TARN__RESOLVE_PENDING);
	ck_assert_uint_eq(answered[30000], 1);
}
END_TEST

START_TEST(many_clients_with_one_question_are_bounded_too)
{
	unsigned at_once = 0;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (ask(&outside, i, 1) != TARN__RESOLVE_PENDING) {
			answered[i]++;
			at_once++;
		}
	ck_assert_uint_gt(at_once, 0);
	answer(&outside);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		ck_assert_uint_eq(answered[i], 1);
}
END_TEST

START_TEST(what_is_known_is_answered_when_no_more_may_wait)
{
	ck_assert_int_eq(ask(&outside, 0, 1), TARN__RESOLVE_PENDING);
	answer(&outside);
	for (unsigned client = 1; ask(&outside, client, 2) == TARN__RESOLVE_PENDING; client++)
		ck_assert_uint_lt(client, CLIENTS_MAX);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
	ck_assert_int_gt(ask(&outside, 0, 1), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
}
END_TEST

START_TEST(what_is_known_is_answered_when_memory_is_short)
{
	ck_assert_int_eq(ask(&outside, 0, 1), TARN__RESOLVE_PENDING);
	answer(&outside);
	/* Another question takes the memory that is kept for the next one that waits. */
	ck_assert_int_eq(ask(&outside, 1, 2), TARN__RESOLVE_PENDING);
	memory_is_short = true;
	ck_assert_int_gt(ask(&outside, 2, 3), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
	ck_assert_int_gt(ask(&outside, 0, 1), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
	memory_is_short = false;
	ck_assert_int_eq(ask(&outside, 2, 3), TARN__RESOLVE_PENDING);
}
END_TEST

START_TEST(server_is_given_a_number_once_or_never)
{
	numbers_are_out = _i;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(ask(&outside, i, i), TARN__RESOLVE_PENDING);
		answer(&outside);
	}
	ck_assert_uint_eq(number_calls, 1);
}
END_TEST

START_TEST(overload_is_not_remembered)
{
	/* As many lookups as there may be, and one more. */
	unsigned last = 0;
	while (ask(&outside, last, last) == TARN__RESOLVE_PENDING) {
		last++;
		ck_assert_uint_lt(last, CLIENTS_MAX);
	}
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
	/* As soon as one has ended it is looked up. */
	answer(&outside);
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_int_eq(ask(&outside, last, last), TARN__RESOLVE_PENDING);
	outside_pass(&outside, 5000);
	ck_assert_uint_eq(answered[last], 1);
}
END_TEST

static int refusal;

static int refuse_to_send(void *data, struct tarn_exchange *exchange)
{
	(void)data;
	(void)exchange;
	return refusal;
}

static const int own_troubles[] = {TARN_EBUSY, TARN_ENOMEM};

/* A local obstacle is no property of the name (RFC 9520 section 3.2 is about failures upstream). */
START_TEST(question_that_could_not_be_sent_is_not_remembered_as_failed)
{
	int (*send)(void *, struct tarn_exchange *) = outside.io.send;
	refusal = own_troubles[_i];
	outside.io.send = refuse_to_send;
	long got = ask(&outside, 0, 1);
	if (got == TARN__RESOLVE_PENDING) {
		outside_pass(&outside, 5000);
		ck_assert_uint_eq(answered[0], 1);
	}
	ck_assert_uint_eq(reply_rcode(), TARN__SERVFAIL);
	outside.io.send = send;
	ck_assert_int_eq(ask(&outside, 1, 1), TARN__RESOLVE_PENDING);
	answer(&outside);
	ck_assert_uint_eq(answered[1], 1);
	ck_assert_uint_eq(reply_rcode(), TARN__NOERROR);
}
END_TEST

/* Nor is that all servers lead back here: one that does not any more is asked at once. */
START_TEST(loop_is_not_remembered_as_failed)
{
	unsigned found = 0;
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	const struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	/* Later, so that what would be remembered is so when it may be looked for again. */
	outside_pass(&outside, TARN__FORWARD_LOOP_MS - 1);
	ck_assert_int_gt(ask_wire(&outside, 0, sent->wire, sent->len), 0);
	ck_assert_uint_eq(found, 1);
	tarn__resolver_run(outside.resolver);
	ck_assert_int_gt(ask(&outside, 0, 1), 0);
	ck_assert_uint_eq(reply_rcode(), TARN__SERVFAIL);
	outside_pass(&outside, 1);
	tarn__resolver_probe_forward_loops(outside.resolver, on_found, &found);
	tarn__resolver_run(outside.resolver);
	ck_assert_int_eq(ask(&outside, 1, 1), TARN__RESOLVE_PENDING);
}
END_TEST

/* A question of a client that asks for AD (RFC 6840 section 5.7). */
static long ask_for_ad(unsigned client, unsigned number)
{
	uint8_t wire[64];
	size_t len = write_question(number, wire);
	wire[3] |= TARN__FLAG_AD;
	return ask_wire(&outside, client, wire, len);
}

static void answer_with_ad(void)
{
	uint8_t wire[TARN__UDP_MIN];
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	memcpy(wire, sent->wire, sent->len);
	size_t len = answer_query(wire, TARN__NOERROR, 60);
	wire[3] |= TARN__FLAG_AD;
	ck_assert(outside_answer(&outside, sent, 0, wire, len));
}

/* _i: whether the server is trusted when it answers. It always is when the cache's answer is given. */
START_TEST(trust_does_not_reach_back_to_answers_of_before)
{
	struct tarn_options options = {.upstreams = &server, .upstream_count = 1, .trust_ad = _i};
	outside_reconfigure(&outside, &options);
	ck_assert_int_eq(ask_for_ad(0, 1), TARN__RESOLVE_PENDING);
	answer_with_ad();
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_AD, _i ? TARN__FLAG_AD : 0);
	options.trust_ad = true;
	outside_reconfigure(&outside, &options);
	ck_assert_int_gt(ask_for_ad(0, 1), 0);
	ck_assert_uint_eq(reply_rcode(), TARN__NOERROR);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_AD, _i ? TARN__FLAG_AD : 0);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(stopping_is_not_remembered)
{
	struct outside second;
	outside_init_second(&second, &outside);
	ck_assert_int_eq(ask(&second, 1, 1), TARN__RESOLVE_PENDING);
	outside_fini(&second);
	ck_assert_uint_eq(answered[1], 1);
	ck_assert_int_eq(ask(&outside, 2, 1), TARN__RESOLVE_PENDING);
	answer(&outside);
	ck_assert_uint_eq(answered[2], 1);
}
END_TEST

/* A COOKIE of eight octets alone, without a question (RFC 7873 section 5.4). */
START_TEST(cookie_without_a_question_is_answered)
{
	static const uint8_t wire[] = {0x12, 0x34, 0x01, 0,    0,   0,	 0,   0,   0,	0,   0,	 1,
				       0,    0,	   41,	 0x04, 0,   0,	 0,   0,   0,	0,   12, 0,
				       10,   0,	   8,	 'c',  'l', 'i', 'e', 'n', 't', ' ', '1'};
	struct tarn_address client;
	ck_assert_int_eq(tarn_address_parse("192.168.2.1", 53, &client), 0);
	struct tarn__client_request client_request = {.transport = TARN__UDP, .client = &client};
	long len =
		tarn__resolver_resolve(outside.resolver, &client_request, wire, sizeof wire, reply);
	ck_assert_int_eq(len, TARN__HEADER_LEN + 11 + 4 + TARN__COOKIE_LEN);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
	ck_assert_mem_eq(reply + TARN__HEADER_LEN + 15, "client 1", 8);
	/* The program itself has no address to make one of. */
	client_request.client = NULL;
	len = tarn__resolver_resolve(outside.resolver, &client_request, wire, sizeof wire, reply);
	ck_assert_int_eq(len, TARN__HEADER_LEN + 11);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(whoever_waits_is_answered_when_the_resolver_ends)
{
	struct outside second;
	outside_init_second(&second, &outside);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(ask(&second, i, i), TARN__RESOLVE_PENDING);
	outside_fini(&second);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_eq(answered[i], 1);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__SERVFAIL);
}
END_TEST

START_TEST(workers_share_one_lookup)
{
	struct outside second;
	outside_init_second(&second, &outside);
	ck_assert_int_eq(ask(&outside, 0, 1), TARN__RESOLVE_PENDING);
	ck_assert_int_eq(ask(&second, 1, 1), TARN__RESOLVE_PENDING);
	ck_assert_uint_eq(outside_surprises(&outside), 1);
	ck_assert_uint_eq(outside_surprises(&second), 0);
	answer(&outside);
	ck_assert_uint_eq(answered[0], 1);
	/* On a thread of its own it would have been woken. */
	ck_assert_uint_eq(answered[1], 0);
	tarn__resolver_run(second.resolver);
	ck_assert_uint_eq(answered[1], 1);
	ck_assert_int_gt(ask(&second, 1, 1), 0);
	outside_fini(&second);
}
END_TEST

START_TEST(worker_that_ends_hands_its_lookup_over)
{
	struct outside second;
	outside_init_second(&second, &outside);
	ck_assert_int_eq(ask(&second, 1, 1), TARN__RESOLVE_PENDING);
	ck_assert_int_eq(ask(&outside, 0, 1), TARN__RESOLVE_PENDING);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	outside_fini(&second);
	ck_assert_uint_eq(answered[1], 1);
	ck_assert_uint_eq(answered[0], 0);
	tarn__resolver_run(outside.resolver);
	answer(&outside);
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NOERROR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver");
	TCase *tcase = tcase_create("resolver");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_is_no_question_is_dropped);
	tcase_add_loop_test(tcase, stranger_is_refused_in_no_more_octets_than_he_sent, 0,
			    sizeof asked_by_strangers / sizeof asked_by_strangers[0]);
	tcase_add_test(tcase, stranger_hears_why_where_there_is_room);
	tcase_add_loop_test(tcase, every_reply_to_one_who_pads_is_padded_over_encrypted_transports,
			    0, sizeof padded_questions / sizeof padded_questions[0]);
	tcase_add_test(tcase, other_opcodes_are_answered_at_once);
	tcase_add_test(tcase, messages_of_changed_zones_are_handed_over);
	tcase_add_test(tcase, storm_against_a_dead_server_is_one_message_a_second);
	tcase_add_test(tcase, those_that_wait_are_asked_a_few_at_a_time);
	tcase_add_test(tcase, questions_under_way_go_to_longer_lists_of_servers);
	tcase_add_test(tcase, workers_share_the_probes_of_a_dead_server);
	tcase_add_test(tcase, server_that_one_worker_has_healed_lives_for_all);
	tcase_add_test(tcase, server_that_another_worker_has_healed_was_not_silent_until_then);
	tcase_add_test(tcase, silent_zone_leaves_room_for_the_others);
	tcase_add_test(tcase, clients_of_a_silent_zone_leave_room_for_the_others);
	tcase_add_test(tcase, server_that_leads_back_is_left_out);
	/* Its lengths of labels would make it no name. */
	tcase_add_loop_test(tcase, name_that_differs_in_one_octet_has_not_come_back, 1,
			    1 + TARN__FORWARD_LOOP_LABEL_LEN);
	tcase_add_loop_test(tcase, name_that_differs_in_one_octet_has_not_come_back,
			    1 + TARN__FORWARD_LOOP_LABEL_LEN + 1, TARN__FORWARD_LOOP_PREFIX_LEN);
	tcase_add_test(tcase, server_of_a_zone_is_asked_for_a_name_in_it);
	tcase_add_test(tcase, server_that_leads_back_is_found_when_it_is_dead);
	tcase_add_test(tcase, encrypted_server_is_looked_at_over_its_transport);
	tcase_add_test(tcase, server_without_an_address_is_not_looked_at);
	tcase_add_test(tcase, dead_server_is_looked_at_every_five_seconds_while_clients_ask);
	tcase_add_test(tcase, server_that_is_healed_is_looked_at);
	tcase_add_test(tcase, many_servers_are_looked_at_a_few_at_a_time);
	tcase_add_test(tcase, changes_that_come_fast_have_servers_looked_at_every_five_seconds);
	tcase_add_loop_test(tcase, server_of_two_zones_leads_back_in_one, 0, 2);
	tcase_add_test(tcase, probe_under_way_stays_with_its_zone);
	tcase_add_loop_test(tcase, changes_in_any_order_leave_nobody_without_an_answer, 0, 50);
	tcase_add_test(tcase, every_client_is_answered_when_there_are_too_many_questions);
	tcase_add_test(tcase, client_that_asks_for_everything_leaves_lookups_for_the_others);
	tcase_add_test(tcase, client_that_waits_for_one_name_leaves_room_for_the_others);
	tcase_add_test(tcase, many_clients_with_one_question_are_bounded_too);
	tcase_add_test(tcase, what_is_known_is_answered_when_no_more_may_wait);
	tcase_add_test(tcase, what_is_known_is_answered_when_memory_is_short);
	tcase_add_loop_test(tcase, server_is_given_a_number_once_or_never, 0, 2);
	tcase_add_test(tcase, overload_is_not_remembered);
	tcase_add_loop_test(tcase, question_that_could_not_be_sent_is_not_remembered_as_failed, 0,
			    sizeof own_troubles / sizeof own_troubles[0]);
	tcase_add_test(tcase, loop_is_not_remembered_as_failed);
	tcase_add_loop_test(tcase, trust_does_not_reach_back_to_answers_of_before, 0, 2);
	tcase_add_test(tcase, stopping_is_not_remembered);
	tcase_add_test(tcase, cookie_without_a_question_is_answered);
	tcase_add_test(tcase, whoever_waits_is_answered_when_the_resolver_ends);
	tcase_add_test(tcase, workers_share_one_lookup);
	tcase_add_test(tcase, worker_that_ends_hands_its_lookup_over);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
