/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/: questions on their way to servers, over c-ares. */

#include "config.h"

#include "net/upstream/carrier.h"

#include <sys/resource.h>

#include "support/net.h"
#include "net/upstream/cares.h"
#include "net/upstream/channel.h"
#include "net/upstream/lines.h"
#include "net/clock.h"
#include "net/random.h"
#include "support/unit.h"

enum { EXCHANGES = 3000 };

/* What became of an exchange. */
struct asked {
	struct tarn_exchange exchange;
	uint8_t wire[300];
	int calls, error;
	size_t len;
	uint8_t answer[TARN__MESSAGE_MAX];
};

static struct ev_loop *loop;
static struct tarn__random randomness;
static struct fake fake;
static struct tarn__carrier *carrier;
static const struct tarn_source no_source;
static struct tarn__endpoint *endpoint; /* the fake, unless a test has set another */
static ev_prepare prepare;
static uint64_t later_ms; /* added to the clock */
static struct asked *first, *second;
static size_t called; /* exchanges called back, with or without an answer */

static void on_prepare(struct ev_loop *l, ev_prepare *watcher, int events)
{
	(void)l;
	(void)watcher;
	(void)events;
	while (tarn__carrier_run(carrier, tarn__clock_ms() + later_ms) == 0)
		;
}

static struct tarn__endpoint *make_endpoint(const struct tarn_address *address,
					    const struct tarn_source *source)
{
	struct tarn__endpoint *made = tarn__endpoint_new(address, NULL, source);
	ck_assert_ptr_nonnull(made);
	return made;
}

static struct tarn__config *make_config(const struct tarn_options *options)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn__config *config = tarn__config_new(options, NULL, NULL, fault);
	ck_assert_ptr_nonnull(config);
	return config;
}

static void make_carrier(void)
{
	struct tarn__config *config = make_config(&(struct tarn_options){0});
	carrier = tarn__carrier_new(loop, config, &randomness);
	ck_assert_ptr_nonnull(carrier);
	tarn__config_put(config);
}

/* As core/ does with its last reference. */
static void close_endpoint(struct tarn__endpoint *old)
{
	tarn__carrier_close(carrier, old);
	tarn__endpoint_put(old);
}

static void set_endpoint(const struct tarn_address *address, const struct tarn_source *source)
{
	close_endpoint(endpoint);
	endpoint = make_endpoint(address, source);
}

static void set_server(const char *text)
{
	struct tarn_address server = parse_address(text);
	set_endpoint(&server, &no_source);
}

static void set_up_at(const char *address)
{
	const char *version;
	ck_assert_int_eq(tarn__cares_init(&version), 0);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	fake_init(&fake, loop, address, fake_answer);
	endpoint = make_endpoint(&fake.address, &no_source);
	make_carrier();
	ev_prepare_init(&prepare, on_prepare);
	ev_prepare_start(loop, &prepare);
	later_ms = 0;
	called = 0;
	first = calloc(1, sizeof(*first));
	second = calloc(1, sizeof(*second));
}

static void set_up(void)
{
	set_up_at("127.0.0.1:0");
}

static void tear_down(void)
{
	tarn__endpoint_put(endpoint); /* before the carrier's own reference */
	tarn__carrier_free(carrier);
	fake_fini(&fake);
	ev_prepare_stop(loop, &prepare);
	ev_loop_destroy(loop);
	free(first);
	free(second);
}

static void on_done(struct tarn_exchange *exchange, int error, const uint8_t *answer, size_t len)
{
	struct asked *asked = (struct asked *)(void *)exchange;
	called++;
	asked->calls++;
	asked->error = error;
	asked->len = len;
	if (error == 0)
		memcpy(asked->answer, answer, len);
	else
		ck_assert_ptr_null(answer);
	ev_break(loop, EVBREAK_ONE);
}

static int try_send_to(struct asked *asked, struct tarn__endpoint *to, const char *name,
		       uint16_t id, enum tarn__transport how)
{
	asked->exchange = (struct tarn_exchange){
		.done = on_done,
		.endpoint = to,
		.transport = how,
		.wire = asked->wire,
		.len = write_query(asked->wire, id, name, TARN__TYPE_A),
	};
	return tarn__carrier_send(carrier, &asked->exchange);
}

static int try_send(struct asked *asked, const char *name, uint16_t id, enum tarn__transport how)
{
	return try_send_to(asked, endpoint, name, id, how);
}

static void start(struct asked *asked, const char *name, uint16_t id, enum tarn__transport how)
{
	asked->calls = 0;
	ck_assert_int_eq(try_send(asked, name, id, how), 0);
	ck_assert_int_eq(asked->calls, 0);
}

static bool has_been_called(void *arg)
{
	return ((struct asked *)arg)->calls > 0;
}

static void wait_for_answer(struct asked *asked)
{
	run_until(loop, has_been_called, asked);
	ck_assert_int_eq(asked->calls, 1);
}

static void check_good_answer(struct asked *asked)
{
	ck_assert_int_eq(asked->error, 0);
	ck_assert_uint_gt(asked->len, asked->exchange.len);
	ck_assert_mem_eq(asked->answer, asked->wire, 2);
	ck_assert_uint_eq(asked->answer[7], 1);
}

static void ask(struct asked *asked, const char *name, enum tarn__transport how)
{
	start(asked, name, 0x1234, how);
	wait_for_answer(asked);
}

static bool are_held(void *count)
{
	return fake.held_count == *(size_t *)count;
}

static void wait_until_held(size_t count)
{
	run_until(loop, are_held, &count);
}

static bool are_called(void *count)
{
	return called >= *(size_t *)count;
}

static void wait_until_called(size_t count)
{
	run_until(loop, are_called, &count);
}

/* ---- answers ------------------------------------------------------------------------------ */

START_TEST(answer_is_called_back_once_from_the_loop)
{
	ask(first, "a.example", _i == 0 ? TARN__UDP : TARN__TCP);
	check_good_answer(first);
	run_dry(loop);
	ck_assert_int_eq(first->calls, 1);
	ck_assert_uint_eq(fake.udp_count, _i == 0);
	ck_assert_uint_eq(fake.tcp_count, _i == 1);
}
END_TEST

static void check_octets(struct fake *server, struct fake_query *query)
{
	ck_assert_uint_eq(query->len, first->exchange.len);
	ck_assert_mem_eq(query->wire, first->wire, query->len);
	fake_answer(server, query);
}

START_TEST(question_arrives_octet_for_octet)
{
	fake.on_query = check_octets;
	ask(first, "My Printer@\x01\xff._ipp.eXample", _i == 0 ? TARN__UDP : TARN__TCP);
	check_good_answer(first);
}
END_TEST

/* Messages of an attacker, or of a faulty server, before the answer. */
static int foreign_kind;

enum {
	FOREIGN_EMPTY,
	FOREIGN_SHORT,
	FOREIGN_HEADER,
	FOREIGN_HEADER_NXDOMAIN,
	FOREIGN_ID,
	FOREIGN_NAME,
	FOREIGN_TYPE,
	FOREIGN_QUERY,
	FOREIGN_OPCODE,
	FOREIGN_TWO_QUESTIONS,
	FOREIGN_CUT,
	FOREIGN_KINDS
};

static size_t make_foreign(uint8_t *wire, size_t question_len)
{
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	switch (foreign_kind) {
	case FOREIGN_EMPTY:
		return 0;
	case FOREIGN_SHORT:
		return TARN__HEADER_LEN - 1;
	case FOREIGN_HEADER:
		memset(wire + 4, 0, 8);
		return TARN__HEADER_LEN;
	case FOREIGN_HEADER_NXDOMAIN:
		memset(wire + 4, 0, 8);
		wire[3] |= TARN__NXDOMAIN;
		return TARN__HEADER_LEN;
	case FOREIGN_ID:
		wire[1] ^= 1;
		return len;
	case FOREIGN_NAME:
		wire[TARN__HEADER_LEN + 1] ^= 1;
		return len;
	case FOREIGN_TYPE:
		wire[question_len - 3] ^= 1;
		return len;
	case FOREIGN_QUERY:
		wire[2] &= 0x7f;
		return len;
	case FOREIGN_OPCODE:
		wire[2] |= 0x20;
		return len;
	case FOREIGN_TWO_QUESTIONS:
		wire[5] = 2;
		return len;
	default:
		return question_len - 1;
	}
}

static void answer_after_foreign(struct fake *server, struct fake_query *query)
{
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = make_foreign(wire, query->len);
	fake_reply(query, wire, len);
	fake_answer(server, query);
}

START_TEST(what_answers_nothing_is_skipped_and_counted)
{
	foreign_kind = _i;
	fake.on_query = answer_after_foreign;
	ask(first, "a.example", TARN__UDP);
	check_good_answer(first);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->foreign, 1);
	ask(second, "b.example", TARN__TCP);
	check_good_answer(second);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->foreign, 2);
}
END_TEST

static void flood_then_answer(struct fake *server, struct fake_query *query)
{
	for (int i = 0; i < 100; i++)
		fake_reply(query, (const uint8_t *)"\1\2\3", 3);
	fake_answer(server, query);
}

START_TEST(flood_does_not_hide_the_answer)
{
	fake.on_query = flood_then_answer;
	ask(first, "a.example", TARN__UDP);
	check_good_answer(first);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->foreign, 100);
}
END_TEST

static void answer_in_capitals(struct fake *server, struct fake_query *query)
{
	for (size_t i = TARN__HEADER_LEN + 1; i < query->len - 5; i++) {
		if (query->wire[i] >= 'a' && query->wire[i] <= 'z')
			query->wire[i] ^= 0x20;
	}
	fake_answer(server, query);
}

START_TEST(letter_case_of_the_question_is_left_to_core)
{
	fake.on_query = answer_in_capitals;
	ask(first, "a.example", TARN__UDP);
	check_good_answer(first);
	ck_assert_uint_eq(first->answer[TARN__HEADER_LEN + 1], 'A');
}
END_TEST

static void refuse_form(struct fake *server, struct fake_query *query)
{
	(void)server;
	tarn__put16(query->wire + 2, TARN__FLAG_QR | TARN__FLAG_RD | TARN__FORMERR);
	fake_reply(query, query->wire, query->len);
}

/* c-ares 1.18 cuts its query and forgets about EDNS here, for good. */
START_TEST(formerr_is_an_answer_and_damages_no_other_question)
{
	fake.on_query = refuse_form;
	ask(first, "a.example", TARN__UDP);
	ck_assert_int_eq(first->error, 0);
	ck_assert_uint_eq(first->answer[3] & TARN__FLAG_RCODE, TARN__FORMERR);
	ck_assert_uint_eq(fake.udp_count, 1);
	fake.on_query = check_octets;
	for (int i = 0; i < 3; i++) {
		ask(first, "b.example", TARN__UDP);
		check_good_answer(first);
	}
}
END_TEST

static void refuse_in_a_header(struct fake *server, struct fake_query *query)
{
	(void)server;
	memset(query->wire + 4, 0, 8);
	tarn__put16(query->wire + 2, TARN__FLAG_QR | TARN__FORMERR);
	fake_reply(query, query->wire, TARN__HEADER_LEN);
}

START_TEST(error_without_a_question_is_an_answer)
{
	fake.on_query = refuse_in_a_header;
	ask(first, "a.example", TARN__UDP);
	ck_assert_int_eq(first->error, 0);
	ck_assert_uint_eq(first->len, TARN__HEADER_LEN);
}
END_TEST

/* Every rcode, every flag: c-ares has an opinion on several of them. */
static void answer_flags(struct fake *server, struct fake_query *query)
{
	(void)server;
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	tarn__put16(wire + 2, (uint16_t)(TARN__FLAG_QR | foreign_kind));
	fake_reply(query, wire, len);
}

START_TEST(every_rcode_and_flag_is_handed_on)
{
	fake.on_query = answer_flags;
	for (int rcode = 0; rcode < 16; rcode++) {
		foreign_kind = rcode | _i << 4;
		ask(first, "a.example", TARN__UDP);
		ck_assert_int_eq(first->error, 0);
		ck_assert_uint_eq(tarn__get16(first->answer + 2), TARN__FLAG_QR | foreign_kind);
	}
	ck_assert_uint_eq(fake.udp_count, 16);
	ck_assert_uint_eq(fake.tcp_count, 0);
}
END_TEST

static size_t answer_size;

static void answer_at_length(struct fake *server, struct fake_query *query)
{
	(void)server;
	uint8_t *wire = calloc(1, TARN__MESSAGE_MAX);
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	for (size_t i = len; i < answer_size; i++)
		wire[i] = (uint8_t)(i * 7);
	fake_reply(query, wire, answer_size);
	free(wire);
}

START_TEST(long_answer_comes_whole)
{
	static const size_t sizes[] = {512, 513, 1233, 4096, 4097, 16385, 60000, 65535};
	fake.on_query = answer_at_length;
	answer_size = sizes[_i % 8];
	bool over_tcp = _i / 8 == 1;
	if (!over_tcp && answer_size > 60000)
		answer_size = 60000; /* what UDP can carry, less headers */
	ask(first, "a.example", over_tcp ? TARN__TCP : TARN__UDP);
	check_good_answer(first);
	ck_assert_uint_eq(first->len, answer_size);
	for (size_t i = 100; i < answer_size; i++)
		ck_assert_uint_eq(first->answer[i], (uint8_t)(i * 7));
}
END_TEST

/* ---- ports and sockets -------------------------------------------------------------------- */

static size_t count_ports(void)
{
	size_t count = 0;
	for (size_t i = 0; i < fake.udp_count; i++) {
		size_t j = 0;
		while (fake.ports[j] != fake.ports[i])
			j++;
		count += j == i;
		ck_assert_uint_ge(fake.ports[i], 1024);
	}
	return count;
}

/* A port that is picked by chance twice counts once: of a few hundred hardly ever more than one. */
START_TEST(questions_are_spread_over_random_ports)
{
	for (int i = 0; i < 100; i++) {
		ask(first, "a.example", TARN__UDP);
		check_good_answer(first);
	}
	/* One of eight places is left out by a hundred questions in one run of 80,000. */
	ck_assert_uint_ge(count_ports(), TARN__UDP_PLACES - 1);
	ck_assert_uint_ge(tarn__carrier_stats(carrier)->sockets, TARN__UDP_PLACES);
}
END_TEST

START_TEST(burst_is_answered_over_many_ports_and_few_sockets)
{
	/* No more than the server's socket has room for. */
	enum { COUNT = 200 };
	struct asked *many = calloc(COUNT, sizeof(*many));
	for (uint16_t i = 0; i < COUNT; i++)
		start(&many[i], "a.example", i, TARN__UDP);
	wait_until_called(COUNT);
	for (int i = 0; i < COUNT; i++)
		check_good_answer(&many[i]);
	ck_assert_uint_ge(count_ports(), TARN__UDP_PLACES - 1);
	ck_assert_uint_le(tarn__carrier_stats(carrier)->sockets, 3 * TARN__UDP_PLACES);
	free(many);
}
END_TEST

static size_t count_open_sockets(void)
{
	size_t count = 0;
	for (int fd = 0; fd < 1024; fd++) {
		struct tarn_address peer;
		socklen_t len = sizeof(peer);
		count += getpeername(fd, &peer.sa, &len) == 0 &&
			 tarn_address_is_equal(&peer, &fake.address);
	}
	return count;
}

START_TEST(socket_that_nobody_needs_is_closed_soon)
{
	enum { COUNT = 2 * TARN__UDP_PLACES };
	struct asked many[COUNT];
	for (uint16_t i = 0; i < COUNT; i++)
		start(&many[i], "a.example", i, TARN__UDP);
	wait_until_called(COUNT);
	ck_assert_uint_ge(count_open_sockets(), 1);
	later_ms = 3000;
	run_dry(loop);
	ck_assert_uint_eq(count_open_sockets(), 0);
}
END_TEST

START_TEST(socket_is_given_up_after_its_share_of_questions)
{
	/* So many are always under way that no socket is ever without. */
	enum { COUNT = 3000, UNDER_WAY = 100 };
	struct asked *many = calloc(COUNT, sizeof(*many));
	for (size_t i = 0; i < COUNT; i++) {
		if (i >= UNDER_WAY)
			wait_until_called(i - UNDER_WAY + 1);
		start(&many[i], "a.example", (uint16_t)i, TARN__UDP);
	}
	wait_until_called(COUNT);
	ck_assert_uint_ge(count_ports(), COUNT / TARN__UDP_USES - 2);
	free(many);
}
END_TEST

/* Ends what was sent without an answer. */
static void cancel_all(struct asked *many, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tarn__carrier_cancel(carrier, &many[i].exchange);
	run_dry(loop);
}

static size_t full_count;

static void on_full(void *arg, const struct tarn__endpoint *which, size_t count)
{
	(void)arg;
	ck_assert_ptr_eq(which, endpoint);
	ck_assert_uint_eq(count, TARN__UDP_QUESTIONS);
	full_count++;
}

static int try_send_ranked(struct asked *asked, const char *name, enum tarn__rank rank)
{
	asked->exchange = (struct tarn_exchange){
		.done = on_done,
		.endpoint = endpoint,
		.transport = TARN__UDP,
		.rank = rank,
		.wire = asked->wire,
		.len = write_query(asked->wire, 1, name, TARN__TYPE_A),
	};
	return tarn__carrier_send(carrier, &asked->exchange);
}

static size_t fill(struct asked *many, enum tarn__rank rank)
{
	size_t taken = 0;
	while (taken < EXCHANGES && try_send_ranked(&many[taken], "a.example", rank) == 0)
		taken++;
	return taken;
}

START_TEST(questions_under_way_are_bounded)
{
	fake.on_query = fake_ignore;
	full_count = 0;
	tarn__carrier_on_full(carrier, on_full, NULL);
	struct asked *many = calloc(EXCHANGES, sizeof(*many));
	for (size_t round = 1; round <= 2; round++) {
		size_t taken = fill(many, TARN__RANK_FIRST);
		ck_assert_uint_eq(taken, TARN__UDP_QUESTIONS);
		ck_assert_int_eq(try_send_ranked(&many[taken], "a.example", TARN__RANK_FIRST),
				 TARN_EBUSY);
		/* Reported once, until most have ended. */
		ck_assert_uint_eq(full_count, round);
		cancel_all(many, taken);
		ck_assert_uint_eq(called, 0);
	}
	fake.on_query = fake_answer;
	ask(first, "b.example", TARN__UDP);
	check_good_answer(first);
	free(many);
}
END_TEST

START_TEST(messages_that_are_sent_again_leave_room_for_first_ones)
{
	fake.on_query = fake_ignore;
	struct asked *many = calloc(EXCHANGES, sizeof(*many));
	size_t taken = fill(many, TARN__RANK_RESEND);
	ck_assert_uint_eq(taken, TARN__UDP_QUESTIONS / 2);
	run_dry(loop);
	fake.on_query = fake_answer;
	ask(first, "b.example", TARN__UDP);
	check_good_answer(first);
	cancel_all(many, taken);
	free(many);
}
END_TEST

START_TEST(probes_always_have_room)
{
	fake.on_query = fake_ignore;
	struct asked *many = calloc(EXCHANGES, sizeof(*many));
	size_t taken = fill(many, TARN__RANK_FIRST);
	run_dry(loop);
	fake.on_query = fake_answer;
	ck_assert_int_eq(try_send_ranked(first, "b.example", TARN__RANK_PROBE), 0);
	wait_for_answer(first);
	check_good_answer(first);
	cancel_all(many, taken);
	free(many);
}
END_TEST

/* However many sockets wait for answers in vain, others are asked, over a bounded number. */
START_TEST(questions_without_an_answer_keep_no_others_from_being_asked)
{
	enum { UNANSWERED = 1500 };
	struct asked *many = calloc(UNANSWERED, sizeof(*many));
	for (size_t i = 0; i < UNANSWERED; i++) {
		fake.on_query = fake_ignore;
		start(&many[i], "dead.example", (uint16_t)i, TARN__UDP);
		run_dry(loop);
		fake.on_query = fake_answer;
		ask(first, "a.example", TARN__UDP);
		check_good_answer(first);
	}
	ck_assert_uint_le(tarn__carrier_stats(carrier)->channels, TARN__UDP_CHANNELS);
	cancel_all(many, UNANSWERED);
	free(many);
}
END_TEST

START_TEST(new_questions_take_new_sockets_when_the_network_changes)
{
	fake.on_query = fake_hold;
	for (int i = 0; i < 2; i++) {
		start(first, "a.example", 1, TARN__UDP);
		wait_until_held(1);
		tarn__carrier_network_changed(carrier);
		start(second, "b.example", 2, TARN__UDP);
		wait_until_held(2);
		fake_release(&fake);
		wait_for_answer(first);
		wait_for_answer(second);
		ck_assert_uint_ne(fake.ports[2 * i], fake.ports[2 * i + 1]);
	}
}
END_TEST

START_TEST(ipv6_server_is_asked)
{
	tear_down();
	set_up_at("[::1]:0");
	ask(first, "a.example", _i == 0 ? TARN__UDP : TARN__TCP);
	check_good_answer(first);
}
END_TEST

START_TEST(environment_does_not_change_the_transport)
{
	setenv("RES_OPTIONS", "use-vc ndots:3 retry:7 rotate", 1);
	setenv("LOCALDOMAIN", "elsewhere.example", 1);
	tarn__carrier_free(carrier);
	make_carrier();
	for (int i = 0; i < 3; i++) {
		ask(first, "a.example", TARN__UDP);
		check_good_answer(first);
	}
	start(first, "a.example", 1, TARN__UDP);
	start(second, "b.example", 2, TARN__UDP);
	wait_for_answer(first);
	wait_for_answer(second);
	ck_assert_uint_eq(fake.udp_count, 5);
	ck_assert_uint_eq(fake.tcp_count, 0);
	ask(first, "a.example", TARN__TCP);
	check_good_answer(first);
	ck_assert_uint_eq(fake.tcp_count, 1);
	fake.on_query = fake_ignore;
	start(first, "c.example", 1, TARN__UDP);
	run_dry(loop);
	tarn__carrier_cancel(carrier, &first->exchange);
	run_dry(loop);
	unsetenv("RES_OPTIONS");
	unsetenv("LOCALDOMAIN");
}
END_TEST

/* A cache in c-ares would answer the second from the first. */
START_TEST(same_question_is_sent_each_time)
{
	ask(first, "a.example", TARN__UDP);
	ask(first, "a.example", TARN__UDP);
	ck_assert_uint_eq(fake.udp_count, 2);
}
END_TEST

/* ---- failures ----------------------------------------------------------------------------- */

START_TEST(closed_port_is_unreachable_at_once)
{
	ev_io_stop(loop, &fake.udp_io);
	ev_io_stop(loop, &fake.tcp_io);
	close(fake.udp);
	close(fake.tcp);
	fake.udp = fake.tcp = -1;
	uint64_t started_ms = tarn__clock_ms();
	ask(first, "a.example", _i == 0 ? TARN__UDP : TARN__TCP);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
	ck_assert_uint_lt(tarn__clock_ms() - started_ms, 1000);
}
END_TEST

START_TEST(address_without_a_route_is_unreachable)
{
	/*
	 * The kernel refuses to connect to it: a multicast address over TCP, a broadcast over UDP.
	 */
	set_server(_i == 0 ? "255.255.255.255:53" : "224.0.0.1:53");
	ask(first, "a.example", _i == 0 ? TARN__UDP : TARN__TCP);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
}
END_TEST

START_TEST(message_without_a_whole_header_is_invalid)
{
	struct tarn_exchange exchange = {
		.endpoint = endpoint, .wire = first->wire, .len = TARN__HEADER_LEN - 1};
	ck_assert_int_eq(tarn__carrier_send(carrier, &exchange), TARN_EINVAL);
}
END_TEST

START_TEST(canceled_question_is_not_called_back)
{
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	fake.on_query = fake_hold;
	start(first, "a.example", 7, how);
	wait_until_held(1);
	tarn__carrier_cancel(carrier, &first->exchange);
	/* The same question, perhaps the same socket: and yet the first one's answer is not its own. */
	start(second, "a.example", 8, how);
	wait_until_held(2);
	tarn__carrier_cancel(carrier, &second->exchange);
	run_dry(loop);
	fake_release(&fake);
	run_dry(loop);
	ck_assert_uint_eq(called, 0);
	fake.on_query = fake_answer;
	ask(first, "b.example", how);
	check_good_answer(first);
}
END_TEST

START_TEST(question_canceled_before_it_was_sent_is_not_called_back)
{
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	start(first, "a.example", 7, how);
	tarn__carrier_cancel(carrier, &first->exchange);
	ask(second, "b.example", how);
	check_good_answer(second);
	run_dry(loop);
	ck_assert_int_eq(first->calls, 0);
}
END_TEST

START_TEST(canceled_question_gives_its_place_back)
{
	fake.on_query = fake_ignore;
	for (int i = 0; i < TARN__UDP_QUESTIONS + 1; i++) {
		start(first, "a.example", 7, TARN__UDP);
		tarn__carrier_cancel(carrier, &first->exchange);
		ev_run(loop, EVRUN_NOWAIT);
	}
	ck_assert_uint_le(tarn__carrier_stats(carrier)->channels, TARN__UDP_PLACES + 1);
	later_ms = 3000;
	run_dry(loop);
	ck_assert_uint_eq(count_open_sockets(), 0);
}
END_TEST

static void cancel_second(struct tarn_exchange *exchange, int error, const uint8_t *answer,
			  size_t len)
{
	on_done(exchange, error, answer, len);
	tarn__carrier_cancel(carrier, &second->exchange);
}

START_TEST(question_may_be_canceled_when_another_is_done)
{
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	fake.on_query = fake_hold;
	start(first, "a.example", 1, how);
	first->exchange.done = cancel_second;
	wait_until_held(1);
	start(second, "b.example", 2, how);
	wait_until_held(2);
	/* Over TCP both answers are read at once, over UDP the second comes too late. */
	fake_answer(&fake, &fake.held[0]);
	if (how == TARN__TCP)
		fake_answer(&fake, &fake.held[1]);
	wait_for_answer(first);
	if (how == TARN__UDP)
		fake_answer(&fake, &fake.held[1]);
	run_dry(loop);
	ck_assert_int_eq(second->calls, 0);
}
END_TEST

static void send_second(struct tarn_exchange *exchange, int error, const uint8_t *answer,
			size_t len)
{
	on_done(exchange, error, answer, len);
	start(second, "b.example", 2, exchange->transport);
}

START_TEST(question_may_be_sent_when_another_is_done)
{
	enum tarn__transport how = _i % 2 == 0 ? TARN__UDP : TARN__TCP;
	if (_i / 2 == 1)
		set_server("255.255.255.255:53");
	start(first, "a.example", 1, how);
	first->exchange.done = send_second;
	wait_for_answer(first);
	wait_for_answer(second);
	ck_assert_int_eq(second->error, _i / 2 == 1 ? TARN_EUNREACHABLE : 0);
}
END_TEST

START_TEST(carrier_may_go_with_questions_under_way)
{
	fake.on_query = fake_hold;
	start(first, "a.example", 1, TARN__UDP);
	start(second, "b.example", 2, TARN__TCP);
	wait_until_held(2);
	tarn__carrier_free(carrier);
	ck_assert_uint_eq(called, 0);
	make_carrier();
}
END_TEST

/* ---- connections -------------------------------------------------------------------------- */

START_TEST(connection_is_shared_and_answers_come_in_any_order)
{
	struct asked *many = calloc(60, sizeof(*many));
	fake.on_query = fake_hold;
	for (uint16_t i = 0; i < 60; i++)
		start(&many[i], "a.example", i, TARN__TCP);
	wait_until_held(60);
	fake_release(&fake);
	wait_until_called(60);
	for (int i = 0; i < 60; i++)
		check_good_answer(&many[i]);
	ck_assert_uint_eq(fake.connection_count, 1);
	free(many);
}
END_TEST

START_TEST(connection_is_used_again)
{
	for (int i = 0; i < 10; i++)
		ask(first, "a.example", TARN__TCP);
	check_good_answer(first);
	ck_assert_uint_eq(fake.connection_count, 1);
}
END_TEST

START_TEST(more_questions_than_a_connection_takes_open_another)
{
	size_t count = TARN__CHANNEL_TRANSACTIONS * TARN__TCP_CHANNELS;
	struct asked *many = calloc(count + 1, sizeof(*many));
	fake.on_query = fake_hold;
	for (size_t i = 0; i < count; i++)
		start(&many[i], "a.example", (uint16_t)i, TARN__TCP);
	ck_assert_int_eq(try_send(&many[count], "a.example", 1, TARN__TCP), TARN_EBUSY);
	wait_until_held(count);
	ck_assert_uint_eq(fake.connection_count, TARN__TCP_CHANNELS);
	fake_release(&fake);
	wait_until_called(count);
	free(many);
}
END_TEST

static void close_first(struct fake *server, struct fake_query *query)
{
	if (server->connection_count == 1)
		fake_close(server, query);
	else
		fake_answer(server, query);
}

START_TEST(questions_of_a_closed_connection_are_sent_once_more)
{
	fake.on_query = close_first;
	start(first, "a.example", 1, TARN__TCP);
	start(second, "b.example", 2, TARN__TCP);
	wait_for_answer(first);
	wait_for_answer(second);
	check_good_answer(first);
	check_good_answer(second);
	ck_assert_uint_eq(fake.connection_count, 2);
}
END_TEST

START_TEST(question_of_two_closed_connections_has_failed)
{
	fake.on_query = fake_close;
	ask(first, "a.example", TARN__TCP);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
	ck_assert_uint_eq(fake.connection_count, 2);
}
END_TEST

static void answer_and_close(struct fake *server, struct fake_query *query)
{
	fake_answer(server, query);
	fake_close(server, query);
}

START_TEST(answer_before_the_end_of_a_connection_counts)
{
	fake.on_query = answer_and_close;
	for (int i = 0; i < 5; i++) {
		ask(first, "a.example", TARN__TCP);
		check_good_answer(first);
		run_dry(loop);
	}
	ck_assert_uint_eq(fake.connection_count, 5);
}
END_TEST

START_TEST(closed_connection_leaves_udp_alone)
{
	fake.on_query = fake_hold;
	start(first, "a.example", 1, TARN__UDP);
	wait_until_held(1);
	fake.on_query = fake_close;
	ask(second, "b.example", TARN__TCP);
	fake_release(&fake);
	wait_for_answer(first);
	check_good_answer(first);
}
END_TEST

START_TEST(silent_connection_is_given_up)
{
	fake.on_query = fake_hold;
	start(first, "a.example", 1, TARN__TCP);
	wait_until_held(1);
	later_ms = 6000;
	wait_until_held(2); /* once more, on a new one */
	later_ms = 12000;
	wait_for_answer(first);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
	ck_assert_uint_eq(fake.connection_count, 2);
}
END_TEST

START_TEST(unused_carrier_has_no_channel_and_no_timer)
{
	ck_assert_uint_eq(tarn__carrier_run(carrier, tarn__clock_ms()), UINT64_MAX);
	ask(first, "a.example", TARN__UDP);
	ask(second, "b.example", TARN__TCP);
	run_dry(loop);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->channels, 2);
	ck_assert_uint_ne(tarn__carrier_run(carrier, tarn__clock_ms()), UINT64_MAX);
	for (later_ms = 0; later_ms < 30000; later_ms += 1000)
		ev_run(loop, EVRUN_NOWAIT);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->channels, 0);
	ck_assert_uint_eq(tarn__carrier_run(carrier, tarn__clock_ms() + later_ms), UINT64_MAX);
	ask(first, "a.example", TARN__UDP);
	check_good_answer(first);
}
END_TEST

/* ---- endpoints ---------------------------------------------------------------------------- */

START_TEST(connection_stays_when_another_endpoint_is_closed)
{
	struct tarn_address elsewhere = parse_address("127.0.0.1:1");
	struct tarn__endpoint *other = make_endpoint(&elsewhere, &no_source);
	ask(first, "a.example", TARN__TCP);
	ck_assert_int_eq(try_send_to(second, other, "b.example", 7, TARN__TCP), 0);
	second->calls = 0;
	wait_for_answer(second);
	close_endpoint(other);
	ask(first, "b.example", TARN__TCP);
	check_good_answer(first);
	ck_assert_uint_eq(fake.connection_count, 1);
}
END_TEST

START_TEST(endpoint_that_is_closed_takes_its_sockets_along)
{
	fake.on_query = fake_hold;
	start(first, "a.example", 1, TARN__UDP);
	start(second, "b.example", 2, TARN__TCP);
	wait_until_held(2);
	tarn__carrier_cancel(carrier, &first->exchange);
	tarn__carrier_cancel(carrier, &second->exchange);
	tarn__carrier_close(carrier, endpoint);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->channels, 0);
	ck_assert_uint_eq(endpoint->references, 1);
	/* A second call changes nothing; and the endpoint can be used again. */
	tarn__carrier_close(carrier, endpoint);
	fake.on_query = fake_answer;
	ask(first, "c.example", TARN__UDP);
	check_good_answer(first);
	ck_assert_int_eq(second->calls, 0);
}
END_TEST

START_TEST(exchange_goes_to_its_endpoint)
{
	enum { MANY = 200, FEW = 8 }; /* the fake has few connections */
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	size_t count = how == TARN__UDP ? MANY : FEW;
	struct fake other;
	fake_init(&other, loop, "127.0.0.1:0", fake_answer);
	struct tarn__endpoint *many[MANY];
	for (size_t i = 0; i < count; i++)
		many[i] = make_endpoint(i % 2 == 0 ? &other.address : &fake.address, &no_source);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(try_send_to(first, many[i], "a.example", 7, how), 0);
		first->calls = 0;
		wait_for_answer(first);
		check_good_answer(first);
		ck_assert_uint_eq(other.udp_count + other.tcp_count, i / 2 + 1);
		ck_assert_uint_eq(fake.udp_count + fake.tcp_count, (i + 1) / 2);
	}
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->channels, count);
	for (size_t i = 0; i < count; i++)
		close_endpoint(many[(i * 77 + 5) % count]);
	ck_assert_uint_eq(tarn__carrier_stats(carrier)->channels, 0);
	run_dry(loop);
	fake_fini(&other);
}
END_TEST

/* It is another zone's endpoint, though its address is the same. */
START_TEST(question_under_way_is_answered_when_a_namesake_is_closed)
{
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	struct tarn__endpoint *other = make_endpoint(&fake.address, &no_source);
	fake.on_query = fake_hold;
	start(first, "a.example", 7, how);
	ck_assert_int_eq(try_send_to(second, other, "b.example", 8, how), 0);
	wait_until_held(2);
	tarn__carrier_cancel(carrier, &second->exchange);
	close_endpoint(other);
	fake_release(&fake);
	wait_for_answer(first);
	check_good_answer(first);
}
END_TEST

/* It has failed and is not called back yet when another endpoint, with such an exchange too, is closed. */
START_TEST(question_that_has_failed_is_called_back_when_another_endpoint_is_closed)
{
	struct tarn_source nowhere = {.ipv4 = parse_address("192.0.2.1")};
	struct tarn__endpoint *other = make_endpoint(&fake.address, &nowhere);
	set_endpoint(&fake.address, &nowhere);
	start(first, "a.example", 7, TARN__UDP);
	second->calls = 0;
	ck_assert_int_eq(try_send_to(second, other, "b.example", 8, TARN__UDP), 0);
	tarn__carrier_cancel(carrier, &second->exchange);
	close_endpoint(other);
	run_dry(loop);
	ck_assert_int_eq(first->calls, 1);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
	ck_assert_int_eq(second->calls, 0);
}
END_TEST

START_TEST(source_that_is_not_there_yet_is_an_unreachable_server)
{
	enum tarn__transport how = _i % 2 == 0 ? TARN__UDP : TARN__TCP;
	struct tarn_source source = {0};
	if (_i < 2)
		source.ipv4 = parse_address("192.0.2.1");
	else
		source.interface = "nowhere0";
	set_endpoint(&fake.address, &source);
	ask(first, "a.example", how);
	ck_assert_int_eq(first->error, TARN_EUNREACHABLE);
	set_endpoint(&fake.address, &(struct tarn_source){.ipv4 = parse_address("127.0.0.2")});
	ask(first, "a.example", how);
	check_good_answer(first);
}
END_TEST

START_TEST(ports_are_those_of_the_last_configuration)
{
	struct tarn_port_range ranges[] = {{1024, 30000}, {34100, 65535}};
	struct tarn_options options = {.avoid_ports = ranges, .avoid_port_count = 2};
	struct tarn__config *config = make_config(&options);
	tarn__carrier_set_config(carrier, config);
	tarn__config_put(config);
	ask(first, "a.example", TARN__UDP);
	check_good_answer(first);
	ck_assert_uint_gt(fake.ports[0], 30000);
	ck_assert_uint_lt(fake.ports[0], 34100);
}
END_TEST

/* Not TARN_EUNREACHABLE, for which a server would be held down. */
START_TEST(lack_of_descriptors_is_no_fault_of_the_server)
{
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	struct rlimit before;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ask(first, "a.example", how);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(first->error, TARN_ENOMEM);
	ask(first, "a.example", how);
	check_good_answer(first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("carrier");
	TCase *answers = tcase_create("answers");
	tcase_add_checked_fixture(answers, set_up, tear_down);
	tcase_add_loop_test(answers, answer_is_called_back_once_from_the_loop, 0, 2);
	tcase_add_loop_test(answers, question_arrives_octet_for_octet, 0, 2);
	tcase_add_loop_test(answers, what_answers_nothing_is_skipped_and_counted, 0, FOREIGN_KINDS);
	tcase_add_test(answers, flood_does_not_hide_the_answer);
	tcase_add_test(answers, letter_case_of_the_question_is_left_to_core);
	tcase_add_test(answers, formerr_is_an_answer_and_damages_no_other_question);
	tcase_add_test(answers, error_without_a_question_is_an_answer);
	tcase_add_loop_test(answers, every_rcode_and_flag_is_handed_on, 0, 128);
	tcase_add_loop_test(answers, long_answer_comes_whole, 0, 16);
	suite_add_tcase(suite, answers);

	TCase *sockets = tcase_create("sockets");
	tcase_add_checked_fixture(sockets, set_up, tear_down);
	tcase_add_test(sockets, questions_are_spread_over_random_ports);
	tcase_add_test(sockets, burst_is_answered_over_many_ports_and_few_sockets);
	tcase_add_test(sockets, socket_that_nobody_needs_is_closed_soon);
	tcase_add_test(sockets, socket_is_given_up_after_its_share_of_questions);
	tcase_add_test(sockets, questions_under_way_are_bounded);
	tcase_add_test(sockets, messages_that_are_sent_again_leave_room_for_first_ones);
	tcase_add_test(sockets, probes_always_have_room);
	tcase_add_test(sockets, questions_without_an_answer_keep_no_others_from_being_asked);
	tcase_add_test(sockets, new_questions_take_new_sockets_when_the_network_changes);
	tcase_add_loop_test(sockets, ipv6_server_is_asked, 0, 2);
	tcase_add_test(sockets, environment_does_not_change_the_transport);
	tcase_add_test(sockets, same_question_is_sent_each_time);
	suite_add_tcase(suite, sockets);

	TCase *failures = tcase_create("failures");
	tcase_add_checked_fixture(failures, set_up, tear_down);
	tcase_add_loop_test(failures, closed_port_is_unreachable_at_once, 0, 2);
	tcase_add_loop_test(failures, address_without_a_route_is_unreachable, 0, 2);
	tcase_add_test(failures, message_without_a_whole_header_is_invalid);
	tcase_add_loop_test(failures, canceled_question_is_not_called_back, 0, 2);
	tcase_add_loop_test(failures, question_canceled_before_it_was_sent_is_not_called_back, 0,
			    2);
	tcase_add_test(failures, canceled_question_gives_its_place_back);
	tcase_add_loop_test(failures, question_may_be_canceled_when_another_is_done, 0, 2);
	tcase_add_loop_test(failures, question_may_be_sent_when_another_is_done, 0, 4);
	tcase_add_test(failures, carrier_may_go_with_questions_under_way);
	suite_add_tcase(suite, failures);

	TCase *connections = tcase_create("connections");
	tcase_add_checked_fixture(connections, set_up, tear_down);
	tcase_add_test(connections, connection_is_shared_and_answers_come_in_any_order);
	tcase_add_test(connections, connection_is_used_again);
	tcase_add_test(connections, more_questions_than_a_connection_takes_open_another);
	tcase_add_test(connections, questions_of_a_closed_connection_are_sent_once_more);
	tcase_add_test(connections, question_of_two_closed_connections_has_failed);
	tcase_add_test(connections, answer_before_the_end_of_a_connection_counts);
	tcase_add_test(connections, closed_connection_leaves_udp_alone);
	tcase_add_test(connections, silent_connection_is_given_up);
	tcase_add_test(connections, unused_carrier_has_no_channel_and_no_timer);
	suite_add_tcase(suite, connections);

	TCase *servers = tcase_create("servers");
	tcase_add_checked_fixture(servers, set_up, tear_down);
	tcase_add_test(servers, connection_stays_when_another_endpoint_is_closed);
	tcase_add_test(servers, endpoint_that_is_closed_takes_its_sockets_along);
	tcase_add_loop_test(servers, exchange_goes_to_its_endpoint, 0, 2);
	tcase_add_test(servers, ports_are_those_of_the_last_configuration);
	tcase_add_loop_test(servers, question_under_way_is_answered_when_a_namesake_is_closed, 0,
			    2);
	tcase_add_test(servers,
		       question_that_has_failed_is_called_back_when_another_endpoint_is_closed);
	tcase_add_loop_test(servers, source_that_is_not_there_yet_is_an_unreachable_server, 0, 4);
	tcase_add_loop_test(servers, lack_of_descriptors_is_no_fault_of_the_server, 0, 2);
	suite_add_tcase(suite, servers);
	return unit_run(suite);
}
