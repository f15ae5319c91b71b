/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/: questions on their way to encrypted servers, on a clock of the test's own. */

#include "config.h"

#include "net/upstream/carrier.h"

#include "core/forward/endpoint.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/upstream/cares.h"
#include "net/upstream/lines.h"
#include "net/upstream/secure_server.h"
#include "support/secure_fake.h"
#include "support/unit.h"

enum { MANY = 1000, START_MS = 1000000, STEP_MS = 10 };

#define WRONG_NAME "certificate is for dns.example, 192.0.2.1, not other.example"

/* What became of an exchange. */
struct asked {
	struct tarn_exchange exchange;
	uint8_t wire[300];
	int calls, error;
	char fault[TARN__TLS_FAULT_MAX];
	size_t len;
	uint8_t answer[512];
};

static struct ev_loop *loop;
static struct tarn__random randomness;
static struct secure_fake fake;
static struct tarn__carrier *carrier;
static struct tarn__config *config;
static struct tarn__endpoint *endpoint;
static ev_prepare prepare;
static uint64_t now_ms;
static size_t called, good; /* exchanges called back; with an answer */
static struct asked *many;
static size_t faults;
static struct tarn__carrier_fault last_fault;
static char last_words[TARN__TLS_FAULT_MAX];

uint64_t __wrap_tarn__clock_ms(void);

uint64_t __wrap_tarn__clock_ms(void)
{
	return now_ms;
}

static void on_prepare(struct ev_loop *l, ev_prepare *watcher, int events)
{
	(void)l;
	(void)watcher;
	(void)events;
	while (tarn__carrier_run(carrier, now_ms) == 0)
		;
}

static void on_fault(void *arg, const struct tarn__carrier_fault *fault)
{
	(void)arg;
	faults++;
	last_fault = *fault;
	snprintf(last_words, sizeof(last_words), "%s", fault->fault);
}

/* ---- the world ----------------------------------------------------------------------------- */

static struct tarn_traits traits_over(enum tarn__transport transport, const char *name)
{
	return (struct tarn_traits){.transport = (enum tarn_transport)transport, .name = name};
}

/* A configuration whose root has these servers. */
static struct tarn__config *make_config(const struct tarn_address *addresses,
					const struct tarn_traits *traits, size_t count)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_options options = {
		.upstreams = addresses, .traits = traits, .upstream_count = count};
	struct tarn__config *made = tarn__config_new(&options, NULL, NULL, fault);
	ck_assert_msg(made, "%s", fault);
	tarn__tls_client_put(made->tls);
	made->tls = tarn__tls_client_get(world.client);
	return made;
}

static void set_config(struct tarn__config *made)
{
	tarn__carrier_set_config(carrier, made);
	tarn__config_put(config);
	config = made;
	endpoint = config->zones[0]->endpoints[0];
}

static void set_up_over(enum tarn__transport transport, const char *name)
{
	const char *version;
	ck_assert_int_eq(tarn__cares_init(&version), 0);
	now_ms = START_MS;
	called = good = faults = 0;
	make_world();
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	secure_fake_init(&fake, loop, transport, secure_answer);
	struct tarn_traits traits = traits_over(transport, name);
	config = make_config(&fake.address, &traits, 1);
	endpoint = config->zones[0]->endpoints[0];
	carrier = tarn__carrier_new(loop, config, &randomness);
	ck_assert_ptr_nonnull(carrier);
	tarn__carrier_on_fault(carrier, on_fault, NULL);
	ev_prepare_init(&prepare, on_prepare);
	ev_prepare_start(loop, &prepare);
	many = calloc(MANY, sizeof(many[0]));
}

static void set_up(void)
{
	set_up_over(TARN__TLS, "dns.example");
}

static void set_up_http(void)
{
	ck_assert_ptr_null(tarn__http2_load());
	set_up_over(TARN__HTTPS, "dns.example");
}

static void tear_down(void)
{
	tarn__carrier_free(carrier);
	tarn__config_put(config);
	secure_fake_fini(&fake);
	ev_prepare_stop(loop, &prepare);
	ev_loop_destroy(loop);
	end_world();
	free(many);
}

static void on_done(struct tarn_exchange *exchange, int error, const uint8_t *answer, size_t len)
{
	struct asked *asked = (struct asked *)(void *)exchange;
	called++;
	good += error == 0;
	asked->calls++;
	asked->error = error;
	asked->len = len;
	if (error == 0)
		memcpy(asked->answer, answer, len < sizeof(asked->answer) ? len : 0);
	snprintf(asked->fault, sizeof(asked->fault), "%s", exchange->fault ? exchange->fault : "");
	ev_break(loop, EVBREAK_ONE);
}

static void start_at(struct tarn__endpoint *to, struct asked *asked)
{
	static uint16_t id;
	char name[32];
	asked->calls = 0;
	snprintf(name, sizeof(name), "n%u.example", ++id);
	asked->exchange = (struct tarn_exchange){
		.done = on_done,
		.endpoint = to,
		.transport = (enum tarn__transport)to->traits.transport,
		.wire = asked->wire,
		.len = write_query(asked->wire, id, name, TARN__TYPE_A),
	};
	ck_assert_int_eq(tarn__carrier_send(carrier, &asked->exchange), 0);
	ck_assert_int_eq(asked->calls, 0);
}

static void start(struct asked *asked)
{
	start_at(endpoint, asked);
}

static void start_many(size_t count)
{
	ck_assert_uint_le(count, MANY);
	for (size_t i = 0; i < count; i++)
		start(&many[i]);
}

static bool are_called(void *count)
{
	return called >= *(size_t *)count;
}

static void wait_until_called(size_t count)
{
	run_until(loop, are_called, &count);
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

static void ask(struct asked *asked)
{
	start(asked);
	wait_for_answer(asked);
}

static void expect_good(const struct asked *asked)
{
	ck_assert_int_eq(asked->error, 0);
	ck_assert_mem_eq(asked->answer, asked->wire, 2);
	ck_assert_uint_eq(asked->answer[7], 1);
}

static bool are_held(void *count)
{
	return fake.held_count >= *(size_t *)count;
}

static void wait_until_held(size_t count)
{
	run_until(loop, are_held, &count);
}

static bool are_secured(void *count)
{
	return fake.secured >= *(size_t *)count;
}

static void wait_until_secured(size_t count)
{
	run_until(loop, are_secured, &count);
	run_dry(loop);
}

/* Time passes, in steps in which everything that is due happens. */
static void pass(uint64_t span_ms)
{
	for (uint64_t end_ms = now_ms + span_ms; now_ms < end_ms; now_ms += STEP_MS)
		run_dry(loop);
	run_dry(loop);
}

static void cancel(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		tarn__carrier_cancel(carrier, &many[i].exchange);
	run_dry(loop);
}

static const struct tarn__carrier_stats *stats(void)
{
	return tarn__carrier_stats(carrier);
}

/* ---- questions and answers ------------------------------------------------------------------ */

START_TEST(question_is_answered)
{
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.secured, 1);
	ck_assert_uint_eq(stats()->handshakes, 1);
	ck_assert_uint_eq(stats()->opened[fake.transport], 1);
}
END_TEST

/* RFC 7858 section 3.4 */
START_TEST(questions_in_a_row_share_a_connection)
{
	for (size_t i = 0; i < 50; i++) {
		ask(&many[0]);
		expect_good(&many[0]);
	}
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(answers_come_in_any_order)
{
	fake.on_query = secure_hold;
	start_many(20);
	wait_until_held(20);
	secure_release(&fake);
	wait_until_called(20);
	for (size_t i = 0; i < 20; i++)
		expect_good(&many[i]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(five_hundred_questions_at_once_are_answered_over_a_handful_of_connections)
{
	fake.on_query = secure_hold;
	start_many(500);
	/* Of HTTP a hundred are under way on each. */
	wait_until_held(400);
	now_ms += 200;
	fake.on_query = secure_answer;
	secure_release(&fake);
	wait_until_called(500);
	ck_assert_uint_eq(good, 500);
	ck_assert_uint_le(fake.accepted, 5);
}
END_TEST

START_TEST(second_connection_is_opened_from_sixty_four_questions_on)
{
	fake.on_query = secure_hold;
	start_many(64);
	wait_until_held(64);
	ck_assert_uint_eq(fake.accepted, 1);
	start(&many[64]);
	wait_until_held(65);
	ck_assert_uint_eq(fake.accepted, 2);
	cancel(0, 65);
}
END_TEST

/* RFC 8310 section 5: not one. */
START_TEST(question_does_not_leave_before_the_server_has_been_verified)
{
	struct tarn_traits traits = traits_over(fake.transport, "other.example");
	set_config(make_config(&fake.address, &traits, 1));
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_ECERTIFICATE);
	ck_assert_str_eq(many[0].fault, WRONG_NAME);
	ck_assert_uint_eq(fake.asked, 0);
	ck_assert_uint_eq(stats()->refused_certificates, 1);
	ck_assert_uint_eq(faults, 1);
	ck_assert_str_eq(last_words, many[0].fault);
	ck_assert(!last_fault.is_clock);
}
END_TEST

START_TEST(canceled_question_is_not_called_back)
{
	fake.on_query = secure_hold;
	start(&many[0]);
	cancel(0, 1); /* before the connection is open ... */
	start(&many[1]);
	wait_until_held(1);
	cancel(1, 1); /* ... and after it */
	secure_release(&fake);
	run_dry(loop);
	ck_assert_uint_eq(called, 0);
	ck_assert_uint_eq(fake.asked, 1);
	fake.on_query = secure_answer;
	ask(&many[2]);
	expect_good(&many[2]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

/* All in one record, of which one event tells. */
START_TEST(answers_that_come_together_are_all_taken)
{
	fake.on_query = secure_hold;
	start_many(200);
	wait_until_held(200);
	for (size_t i = 0; i < SECURE_FAKE_HELD && fake.held_count > 0; i++) {
		struct secure_query *query = &fake.held[--fake.held_count];
		uint8_t wire[1024];
		memcpy(wire, query->wire, query->len);
		size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
		tarn__stream_put(&query->connection->stream, wire, len);
	}
	for (size_t i = 0; i < fake.accepted; i++)
		secure_flush(&fake.connections[i]);
	wait_until_called(200);
	ck_assert_uint_eq(good, 200);
}
END_TEST

/* ---- lost connections ------------------------------------------------------------------------ */

static size_t answers_each; /* after which a connection is closed */

static void answer_and_close(struct secure_fake *server, struct secure_query *query)
{
	secure_answer(server, query);
	if (query->connection->asked == answers_each)
		secure_close(query->connection);
}

/* RFC 7766 section 6.2.4 */
START_TEST(questions_of_closed_connections_are_asked_again)
{
	static const size_t each[] = {1, 5, 39};
	answers_each = each[_i];
	fake.on_query = answer_and_close;
	start_many(40);
	wait_until_called(40);
	ck_assert_uint_eq(good, 40);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

static void close_at_once(struct secure_fake *server, struct secure_query *query)
{
	(void)server;
	secure_close(query->connection);
}

START_TEST(question_that_is_never_answered_is_given_up)
{
	fake.on_query = close_at_once;
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_EUNREACHABLE);
	ck_assert_uint_eq(fake.asked, 4);
}
END_TEST

START_TEST(connection_that_is_cut_is_replaced)
{
	ask(&many[0]);
	secure_fake_drop(&fake, _i == 0);
	/* The client has not seen the end when it writes. */
	start(&many[1]);
	wait_for_answer(&many[1]);
	expect_good(&many[1]);
	ck_assert_uint_eq(fake.accepted, 2);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

/* RFC 8446 appendix C.4 */
START_TEST(session_is_resumed)
{
	ask(&many[0]);
	secure_fake_drop(&fake, true);
	run_dry(loop);
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.resumed, 1);
	ck_assert_uint_eq(stats()->resumptions, 1);
}
END_TEST

START_TEST(session_is_not_resumed_with_other_certificates_of_authorities)
{
	ask(&many[0]);
	struct tarn__config *made = make_config(&fake.address, &endpoint->traits, 1);
	tarn__config_take_over(made, config);
	tarn__tls_client_put(made->tls);
	made->tls = make_client(world.ca, 0, 0);
	set_config(made);
	run_dry(loop);
	ck_assert_uint_eq(secure_fake_live(&fake), 0);
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.secured, 2);
	ck_assert_uint_eq(fake.resumed, 0);
}
END_TEST

static int foreign_left;

static void answer_foreign(struct secure_fake *server, struct secure_query *query)
{
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	wire[0] ^= 0x40;
	for (; foreign_left > 0 && query->connection->fd >= 0; foreign_left--)
		secure_reply(query, wire, len);
	secure_answer(server, query);
}

START_TEST(third_answer_to_nothing_asked_ends_the_connection)
{
	fake.on_query = answer_foreign;
	foreign_left = 2;
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.accepted, 1);
	foreign_left = 1;
	ask(&many[0]);
	expect_good(&many[0]);
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.accepted, 2);
	ck_assert_int_eq(fake.connections[0].fd, -1);
}
END_TEST

START_TEST(late_answers_of_canceled_questions_do_not_end_it)
{
	fake.on_query = secure_hold;
	start_many(10);
	wait_until_held(10);
	cancel(0, 10);
	secure_release(&fake);
	run_dry(loop);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
}
END_TEST

static size_t answer_len;

static void answer_short(struct secure_fake *server, struct secure_query *query)
{
	if (query->connection == &server->connections[0])
		secure_reply(query, query->wire, answer_len);
	else
		secure_answer(server, query);
}

START_TEST(message_that_is_too_short_ends_the_connection)
{
	answer_len = (size_t)_i;
	fake.on_query = answer_short;
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.accepted, 2);
}
END_TEST

static void answer_half(struct secure_fake *server, struct secure_query *query)
{
	if (query->connection != &server->connections[0]) {
		secure_answer(server, query);
		return;
	}
	struct tarn__pipe *pipe = tarn__tls_pipe(query->connection->tls);
	ck_assert_int_eq(tarn__pipe_send(pipe, "\1\0half", 6), 6);
}

START_TEST(message_that_stays_half_ends_the_connection)
{
	fake.on_query = answer_half;
	start(&many[0]);
	wait_until_secured(1);
	pass(TARN__DEAD_MS + 100);
	ck_assert_int_eq(many[0].calls, 1);
	expect_good(&many[0]);
	ck_assert_int_eq(fake.connections[0].fd, -1);
}
END_TEST

/* ---- idle connections ------------------------------------------------------------------------ */

START_TEST(unused_connection_is_kept_and_then_closed_with_a_word)
{
	ask(&many[0]);
	pass(TARN__IDLE_MAX_MS - 100);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
	pass(200);
	ck_assert_uint_eq(secure_fake_live(&fake), 0);
	ck_assert(fake.connections[0].was_notified);
}
END_TEST

/* It is closed a tenth earlier than the server does, and that is nobody's failure. */
START_TEST(limit_of_the_server_is_learnt)
{
	ask(&many[0]);
	pass(4000);
	secure_fake_drop(&fake, _i == 0);
	run_dry(loop);
	ck_assert_uint_eq(faults, 0);
	ask(&many[0]);
	pass(3500);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
	pass(200);
	ck_assert_uint_eq(secure_fake_live(&fake), 0);
	ck_assert(fake.connections[1].was_notified);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(question_at_the_moment_of_the_end_is_answered)
{
	for (int i = 0; i < 12; i++) {
		ask(&many[0]);
		expect_good(&many[0]);
		pass(1970 + (uint64_t)i * 5);
		if (i % 2 == 0)
			start(&many[1]);
		secure_fake_drop(&fake, true);
		if (i % 2 == 1)
			start(&many[1]);
		wait_for_answer(&many[1]);
		expect_good(&many[1]);
	}
}
END_TEST

static unsigned keepalive_units;

/* RFC 7828 section 3.1: the option has a value. */
static void answer_with_keepalive(struct secure_fake *server, struct secure_query *query)
{
	(void)server;
	uint8_t wire[1024];
	static const uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 6, 0, 11, 0, 2};
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	memcpy(wire + len, opt, sizeof(opt));
	tarn__put16(wire + len + sizeof(opt), (uint16_t)keepalive_units);
	tarn__put16(wire + 10, 1);
	secure_reply(query, wire, len + sizeof(opt) + 2);
}

START_TEST(limit_that_the_server_says_is_kept)
{
	static const unsigned units[] = {20, 400, 65535, 1};
	static const unsigned kept_ms[] = {2000, 40000, TARN__KEEPALIVE_MAX_MS, TARN__IDLE_MIN_MS};
	keepalive_units = units[_i];
	fake.on_query = answer_with_keepalive;
	ask(&many[0]);
	expect_good(&many[0]);
	pass(kept_ms[_i] - 100);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
	pass(200);
	ck_assert_uint_eq(secure_fake_live(&fake), 0);
}
END_TEST

START_TEST(connection_is_closed_after_its_last_answer_if_the_server_says_so)
{
	keepalive_units = 0;
	fake.on_query = secure_hold;
	start_many(2);
	wait_until_held(2);
	answer_with_keepalive(&fake, &fake.held[0]);
	wait_until_called(1);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
	answer_with_keepalive(&fake, &fake.held[1]);
	wait_until_called(2);
	pass(TARN__DOUBT_MS + 100);
	ck_assert_uint_eq(secure_fake_live(&fake), 0);
	ck_assert_uint_eq(good, 2);
}
END_TEST

/* ---- silence --------------------------------------------------------------------------------- */

START_TEST(question_on_a_silent_connection_goes_out_on_another_one_too)
{
	ask(&many[0]);
	fake.on_query = secure_hold;
	start(&many[1]);
	wait_until_held(1);
	pass(TARN__DOUBT_MS - 100);
	ck_assert_uint_eq(fake.held_count, 1);
	pass(200);
	wait_until_held(2);
	ck_assert_uint_eq(fake.accepted, 2);
	ck_assert_uint_eq(fake.held[0].len, fake.held[1].len);
	ck_assert_mem_eq(fake.held[0].wire, fake.held[1].wire, fake.held[0].len);
	/* New ones take the other one. */
	start(&many[2]);
	wait_until_held(3);
	ck_assert_ptr_eq(fake.held[2].connection, &fake.connections[1]);
	/* The first answer counts, from whichever. */
	secure_answer(&fake, &fake.held[_i]);
	wait_for_answer(&many[1]);
	expect_good(&many[1]);
	secure_answer(&fake, &fake.held[1 - _i]);
	secure_answer(&fake, &fake.held[2]);
	wait_for_answer(&many[2]);
	run_dry(loop);
	ck_assert_uint_eq(called, 3);
}
END_TEST

START_TEST(silent_connection_is_closed)
{
	ask(&many[0]);
	fake.on_query = secure_hold;
	start(&many[1]);
	wait_until_held(1);
	pass(TARN__DEAD_MS - 100);
	ck_assert_int_ge(fake.connections[0].fd, 0);
	pass(200);
	ck_assert_int_eq(fake.connections[0].fd, -1);
	secure_release(&fake);
	wait_for_answer(&many[1]);
	expect_good(&many[1]);
}
END_TEST

START_TEST(question_that_is_under_way_twice_can_be_canceled)
{
	ask(&many[0]);
	fake.on_query = secure_hold;
	start(&many[1]);
	pass(TARN__DOUBT_MS + 100);
	wait_until_held(2);
	cancel(1, 1);
	secure_release(&fake);
	pass(100);
	ck_assert_uint_eq(called, 1);
}
END_TEST

START_TEST(question_that_is_under_way_twice_survives_one_connection)
{
	ask(&many[0]);
	fake.on_query = secure_hold;
	start(&many[1]);
	pass(TARN__DOUBT_MS + 100);
	wait_until_held(2);
	secure_cut(&fake.connections[_i]);
	run_dry(loop);
	ck_assert_uint_eq(called, 1);
	secure_answer(&fake, &fake.held[1 - _i]);
	wait_for_answer(&many[1]);
	expect_good(&many[1]);
}
END_TEST

/* ---- set-ups --------------------------------------------------------------------------------- */

static void ask_wrong_server(size_t rounds, uint64_t apart_ms)
{
	struct tarn_traits traits = traits_over(fake.transport, "other.example");
	set_config(make_config(&fake.address, &traits, 1));
	for (size_t i = 0; i < rounds; i++) {
		ask(&many[0]);
		ck_assert_int_eq(many[0].error, TARN_ECERTIFICATE);
		ck_assert_str_eq(many[0].fault, WRONG_NAME);
		now_ms += apart_ms;
	}
}

START_TEST(wrong_certificate_is_not_looked_at_for_each_question)
{
	ask_wrong_server(100, 0);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(lone_server_is_tried_about_once_per_second)
{
	ask_wrong_server(200, 50);
	ck_assert_uint_ge(fake.accepted, 10);
	ck_assert_uint_le(fake.accepted, 13);
}
END_TEST

START_TEST(server_with_a_neighbour_is_tried_later_and_later)
{
	struct tarn_address addresses[] = {fake.address, parse_address("192.0.2.1:853")};
	struct tarn_traits traits[] = {traits_over(fake.transport, "other.example"),
				       traits_over(fake.transport, "dns.example")};
	set_config(make_config(addresses, traits, 2));
	for (int i = 0; i < 600; i++) {
		ask(&many[0]);
		now_ms += 50;
	}
	/* 0.25, 0.5, 1, 2, 4, 8, 10 */
	ck_assert_uint_ge(fake.accepted, 5);
	ck_assert_uint_le(fake.accepted, 9);
}
END_TEST

START_TEST(closed_port_is_unreachable_at_once)
{
	secure_fake_deafen(&fake);
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_EUNREACHABLE);
	ck_assert_str_eq(many[0].fault, "connection refused");
	ck_assert_uint_eq(stats()->failed_setups, 1);
}
END_TEST

START_TEST(server_that_hangs_up_fails_at_once)
{
	fake.is_closing = true;
	ask(&many[0]);
	ck_assert(many[0].error == TARN_ETLS || many[0].error == TARN_EUNREACHABLE);
	ck_assert_str_ne(many[0].fault, "");
}
END_TEST

START_TEST(set_up_takes_five_seconds_at_most)
{
	fake.is_mute = true;
	start(&many[0]);
	pass(TARN__SETUP_MS - 100);
	ck_assert_uint_eq(stats()->failed_setups, 0);
	pass(200);
	ck_assert_uint_eq(stats()->failed_setups, 1);
	ck_assert_int_eq(last_fault.error, TARN_ETIMEOUT);
	/* It waits on another one. */
	ck_assert_int_eq(many[0].calls, 0);
	cancel(0, 1);
}
END_TEST

/* c-ares' token is replaced meanwhile: each question still waits once. */
START_TEST(questions_outlast_a_set_up_that_is_given_up)
{
	fake.is_mute = true;
	start_many(6);
	pass(TARN__SETUP_MS - 100);
	cancel(1, 2);
	pass(200);
	ck_assert_uint_eq(stats()->failed_setups, 1);
	fake.is_mute = false;
	pass(2000);
	ck_assert_uint_eq(good, 4);
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(many[i].calls, i != 1 && i != 2);
}
END_TEST

START_TEST(set_up_goes_on_without_its_question)
{
	start(&many[0]);
	cancel(0, 1);
	wait_until_secured(1);
	pass(2000);
	ck_assert_uint_eq(secure_fake_live(&fake), 1);
	ask(&many[1]);
	expect_good(&many[1]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

static bool are_accepted(void *count)
{
	return fake.accepted >= *(size_t *)count;
}

/* A handshake is late: another one is tried beside it, and the question waits on both. */
START_TEST(late_set_up_is_not_the_only_one)
{
	size_t one = 1;
	fake.is_mute = true;
	start(&many[0]);
	run_until(loop, are_accepted, &one);
	fake.is_mute = false;
	pass(TARN__SETUP_LATE_MS + 100);
	if (many[0].calls == 0)
		wait_for_answer(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.accepted, 2);
}
END_TEST

START_TEST(one_connection_is_set_up_after_the_other_at_first)
{
	fake.is_mute = true;
	start_many(200);
	run_dry(loop);
	ck_assert_uint_eq(fake.accepted, 1);
	cancel(0, 200);
}
END_TEST

/* Questions of core/ that come once per second. */
START_TEST(server_that_is_back_is_asked_within_two_seconds)
{
	ask(&many[0]);
	secure_fake_drop(&fake, false);
	secure_fake_deafen(&fake);
	for (int i = 0; i < 8; i++) {
		ask(&many[0]);
		ck_assert_int_ne(many[0].error, 0);
		now_ms += 1000;
	}
	secure_fake_listen(&fake);
	uint64_t back_ms = now_ms;
	do {
		now_ms += 1000;
		ask(&many[0]);
	} while (many[0].error != 0);
	ck_assert_uint_le(now_ms - back_ms, 2000);
}
END_TEST

START_TEST(question_moves_to_an_open_connection_if_another_one_fails)
{
	fake.on_query = secure_hold;
	start_many(64);
	wait_until_held(64);
	fake.is_closing = true;
	start(&many[64]);
	wait_until_held(65);
	ck_assert_ptr_eq(fake.held[64].connection, &fake.connections[0]);
	secure_release(&fake);
	wait_until_called(65);
	ck_assert_uint_eq(good, 65);
}
END_TEST

START_TEST(nothing_is_asked_without_certificates_of_authorities)
{
	tarn__tls_client_put(config->tls);
	config->tls = NULL;
	tarn__carrier_set_config(carrier, config);
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_ENOMEM);
	ck_assert_uint_eq(fake.accepted, 0);
}
END_TEST

/* ---- the network, and the begin -------------------------------------------------------------- */

START_TEST(network_change_drops_connections_and_asks_anew)
{
	ask(&many[0]);
	fake.on_query = secure_hold;
	start_many(10);
	wait_until_held(10);
	tarn__carrier_network_changed(carrier);
	wait_until_held(20);
	ck_assert_int_eq(fake.connections[0].fd, -1);
	ck_assert_uint_eq(fake.accepted, 2);
	ck_assert_uint_eq(fake.resumed, 1);
	secure_release(&fake);
	wait_until_called(11);
	ck_assert_uint_eq(good, 11);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(network_change_ends_the_wait_after_failures)
{
	secure_fake_deafen(&fake);
	ask(&many[0]);
	secure_fake_listen(&fake);
	tarn__carrier_network_changed(carrier);
	ask(&many[0]);
	expect_good(&many[0]);
}
END_TEST

START_TEST(connection_is_there_before_the_first_question)
{
	tarn__carrier_open_ahead(carrier);
	wait_until_secured(1);
	tarn__carrier_open_ahead(carrier);
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(nothing_is_open_when_it_is_not_needed)
{
	ask(&many[0]);
	pass(TARN__IDLE_MAX_MS + 20000);
	ck_assert_uint_eq(stats()->channels, 0);
	ck_assert_uint_eq(tarn__carrier_run(carrier, now_ms), UINT64_MAX);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(endpoint_can_be_closed_in_any_state)
{
	fake.is_mute = _i == 0;
	fake.on_query = secure_hold;
	start(&many[0]);
	if (_i == 1)
		wait_until_held(1);
	run_dry(loop);
	tarn__carrier_cancel(carrier, &many[0].exchange);
	tarn__carrier_close(carrier, endpoint);
	ck_assert_uint_eq(stats()->channels, 0);
	run_dry(loop);
	ck_assert_uint_eq(called, 0);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

/* ---- HTTP ------------------------------------------------------------------------------------ */

START_TEST(status_fails_the_question_at_once)
{
	struct tarn_traits traits = traits_over(TARN__HTTPS, "dns.example");
	traits.path = "/elsewhere";
	set_config(make_config(&fake.address, &traits, 1));
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_EANSWER);
	ck_assert_str_eq(many[0].fault, "HTTP status 404");
	ck_assert_str_eq(last_words, "HTTP status 404");
	/* The connection is well. */
	ask(&many[0]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

static void go_away(struct secure_fake *server, struct secure_query *query)
{
	secure_answer(server, query);
	tarn__h2_server_end(query->connection->http);
	secure_flush(query->connection);
}

/* RFC 9113 section 6.8 */
START_TEST(questions_after_goaway_take_another_connection)
{
	fake.on_query = go_away;
	for (int i = 0; i < 5; i++) {
		ask(&many[0]);
		expect_good(&many[0]);
	}
	start_many(20);
	wait_until_called(25);
	ck_assert_uint_eq(good, 25);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

static void answer_other_name(struct secure_fake *server, struct secure_query *query)
{
	(void)server;
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	wire[TARN__HEADER_LEN + 1] ^= 0x40;
	secure_reply(query, wire, len);
}

START_TEST(answer_to_another_question_fails_the_question_of_its_stream)
{
	fake.on_query = answer_other_name;
	ask(&many[0]);
	ck_assert_int_eq(many[0].error, TARN_EANSWER);
}
END_TEST

/* What holds over both transports. */
static void add_common(Suite *suite, const char *name, void (*begin)(void))
{
	TCase *common = tcase_create(name);
	tcase_add_checked_fixture(common, begin, tear_down);
	tcase_add_test(common, question_is_answered);
	tcase_add_test(common, questions_in_a_row_share_a_connection);
	tcase_add_test(common, answers_come_in_any_order);
	tcase_add_test(common,
		       five_hundred_questions_at_once_are_answered_over_a_handful_of_connections);
	tcase_add_test(common, second_connection_is_opened_from_sixty_four_questions_on);
	tcase_add_test(common, question_does_not_leave_before_the_server_has_been_verified);
	tcase_add_test(common, canceled_question_is_not_called_back);
	tcase_add_loop_test(common, questions_of_closed_connections_are_asked_again, 0, 3);
	tcase_add_test(common, question_that_is_never_answered_is_given_up);
	tcase_add_loop_test(common, connection_that_is_cut_is_replaced, 0, 2);
	tcase_add_test(common, session_is_resumed);
	tcase_add_test(common, late_answers_of_canceled_questions_do_not_end_it);
	tcase_add_test(common, unused_connection_is_kept_and_then_closed_with_a_word);
	tcase_add_loop_test(common, limit_of_the_server_is_learnt, 0, 2);
	tcase_add_test(common, question_at_the_moment_of_the_end_is_answered);
	tcase_add_loop_test(common, question_on_a_silent_connection_goes_out_on_another_one_too, 0,
			    2);
	tcase_add_test(common, silent_connection_is_closed);
	tcase_add_test(common, network_change_drops_connections_and_asks_anew);
	tcase_add_loop_test(common, endpoint_can_be_closed_in_any_state, 0, 2);
	suite_add_tcase(suite, common);
}

static void add_connections(Suite *suite)
{
	TCase *connections = tcase_create("connections");
	tcase_add_checked_fixture(connections, set_up, tear_down);
	tcase_add_test(connections, answers_that_come_together_are_all_taken);
	tcase_add_test(connections, session_is_not_resumed_with_other_certificates_of_authorities);
	tcase_add_test(connections, third_answer_to_nothing_asked_ends_the_connection);
	tcase_add_loop_test(connections, message_that_is_too_short_ends_the_connection, 0,
			    TARN__HEADER_LEN);
	tcase_add_test(connections, message_that_stays_half_ends_the_connection);
	tcase_add_loop_test(connections, limit_that_the_server_says_is_kept, 0, 4);
	tcase_add_test(connections,
		       connection_is_closed_after_its_last_answer_if_the_server_says_so);
	tcase_add_test(connections, question_that_is_under_way_twice_can_be_canceled);
	tcase_add_loop_test(connections, question_that_is_under_way_twice_survives_one_connection,
			    0, 2);
	tcase_add_test(connections, network_change_ends_the_wait_after_failures);
	tcase_add_test(connections, connection_is_there_before_the_first_question);
	tcase_add_test(connections, nothing_is_open_when_it_is_not_needed);
	suite_add_tcase(suite, connections);
}

static void add_setups(Suite *suite)
{
	TCase *setups = tcase_create("setups");
	tcase_add_checked_fixture(setups, set_up, tear_down);
	tcase_add_test(setups, wrong_certificate_is_not_looked_at_for_each_question);
	tcase_add_test(setups, lone_server_is_tried_about_once_per_second);
	tcase_add_test(setups, server_with_a_neighbour_is_tried_later_and_later);
	tcase_add_test(setups, closed_port_is_unreachable_at_once);
	tcase_add_test(setups, server_that_hangs_up_fails_at_once);
	tcase_add_test(setups, set_up_takes_five_seconds_at_most);
	tcase_add_test(setups, questions_outlast_a_set_up_that_is_given_up);
	tcase_add_test(setups, set_up_goes_on_without_its_question);
	tcase_add_test(setups, late_set_up_is_not_the_only_one);
	tcase_add_test(setups, one_connection_is_set_up_after_the_other_at_first);
	tcase_add_test(setups, server_that_is_back_is_asked_within_two_seconds);
	tcase_add_test(setups, question_moves_to_an_open_connection_if_another_one_fails);
	tcase_add_test(setups, nothing_is_asked_without_certificates_of_authorities);
	suite_add_tcase(suite, setups);
}

static void add_http(Suite *suite)
{
	TCase *http = tcase_create("http");
	tcase_add_checked_fixture(http, set_up_http, tear_down);
	tcase_add_test(http, status_fails_the_question_at_once);
	tcase_add_test(http, questions_after_goaway_take_another_connection);
	tcase_add_test(http, answer_to_another_question_fails_the_question_of_its_stream);
	suite_add_tcase(suite, http);
}

int main(void)
{
	Suite *suite = suite_create("secure_carrier");
	add_common(suite, "tls", set_up);
	add_connections(suite);
	add_setups(suite);
	if (tarn__http2_is_built()) {
		add_common(suite, "https", set_up_http);
		add_http(suite);
	}
	return unit_run(suite);
}
