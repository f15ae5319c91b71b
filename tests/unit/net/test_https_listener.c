/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/client_http.c: clients over HTTPS (RFC 8484), of which tests see the frames (RFC 9113). */

#include "config.h"

#include "net/listen/client_protocol.h"

#include "core/resolver.h"
#include "net/listen/tcp.h"
#include "net/worker.h"
#include "support/tls_client.h"
#include "support/unit.h"

enum {
	FRAME_HEADER_LEN = 9,
	DATA = 0,
	HEADERS = 1,
	RST_STREAM = 3,
	SETTINGS = 4,
	GOAWAY = 7,
	END_STREAM = 1,
	ACK = 1,
	END_HEADERS = 4,
	INITIAL_WINDOW_SIZE = 4,
	FRAME_SIZE_ERROR = 6,
	CANCEL = 8,
	HPACK_STATUS_200 = 0x88, /* indexed field 8: RFC 7541 appendix A */
	HPACK_STATUS_404 = 0x8d,
};

/* In place of the access list, which has all of loopback. */
static bool nobody_may_ask;

bool __wrap_tarn__resolver_serves(const struct tarn__resolver *, const struct tarn_address *);

bool __wrap_tarn__resolver_serves(const struct tarn__resolver *resolver,
				  const struct tarn_address *client)
{
	(void)resolver;
	(void)client;
	return !nobody_may_ask;
}

/* In place of the clock: time passes when a test says so. */
static uint64_t now_ms;

uint64_t __wrap_tarn__clock_ms(void);

uint64_t __wrap_tarn__clock_ms(void)
{
	return now_ms;
}

static struct world world;
static struct tarn_address address;
static struct certificate *own;
static struct tarn__tls_client *context;

static const struct tarn__tcp_stats *stats(void)
{
	return tarn__tcp_stats(world.worker->https);
}

static void set_up(void)
{
	now_ms = 1000000;
	nobody_may_ask = false;
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), "127.0.0.1:0");
	own = certificate_new(&(struct certificate_plan){.names = "DNS:own.example"});
	char fault[TARN__TLS_FAULT_MAX];
	context = tarn__tls_client_new(&(struct tarn__tls_client_options){0}, fault);
	ck_assert_msg(context, "%s", fault);
	const char *chain = certificate_pem(own), *key = certificate_key_pem(own);
	struct tarn_certificate pair = {chain, key, strlen(chain), strlen(key)};
	ck_assert_int_eq(tarn_set_certificates(world.tarn, &pair, 1), 0);
	address = parse_address("127.0.0.1:0");
	int fd = tarn_socket_open(&address, SOCK_STREAM);
	ck_assert_int_eq(tarn_worker_serve_over(world.worker, fd, TARN_HTTPS), 0);
}

static void tear_down(void)
{
	world_fini(&world);
	tarn__tls_client_put(context);
	certificate_free(own);
	ev_loop_destroy(world.loop);
}

static void configure(const char *proxy, const char *path)
{
	struct tarn_network network;
	if (proxy)
		ck_assert_int_eq(tarn_network_parse(proxy, &network), 0);
	ck_assert_int_eq(tarn_reconfigure(world.tarn,
					  &(struct tarn_options){
						  .upstreams = &world.fake.address,
						  .upstream_count = 1,
						  .proxies = &network,
						  .proxy_count = proxy != NULL,
						  .https_path = path,
					  }),
			 0);
	run_dry(world.loop);
}

static void pass(uint64_t ms)
{
	now_ms += ms;
	tarn__tcp_expire(world.worker->https, now_ms);
	run_dry(world.loop);
}

/* ---- a client in frames --------------------------------------------------------------------- */

static uint8_t out[1 << 16];
static size_t out_len;

static void put_frame(uint8_t type, uint8_t flags, uint32_t stream, const void *octets, size_t len)
{
	uint8_t *at = out + out_len;
	at[0] = 0;
	tarn__put16(at + 1, (uint16_t)len);
	at[3] = type;
	at[4] = flags;
	tarn__put32(at + 5, stream);
	if (len > 0)
		memcpy(at + FRAME_HEADER_LEN, octets, len);
	out_len += FRAME_HEADER_LEN + len;
}

/* A field as RFC 7541 section 6.2.2 has it: literal, with a name of its own, not indexed. */
static size_t put_field(uint8_t *at, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	at[0] = 0;
	at[1] = (uint8_t)name_len;
	memcpy(at + 2, name, name_len);
	at[2 + name_len] = (uint8_t)value_len;
	memcpy(at + 3 + name_len, value, value_len);
	return 3 + name_len + value_len;
}

/* A POST with a question for an A record; forwarded: the value of X-Forwarded-For, or NULL. */
static void put_request(uint32_t stream, const char *path, const char *name, const char *forwarded)
{
	uint8_t fields[512], question[300];
	size_t len = put_field(fields, ":method", "POST");
	len += put_field(fields + len, ":scheme", "https");
	len += put_field(fields + len, ":path", path);
	len += put_field(fields + len, ":authority", "own.example");
	len += put_field(fields + len, "content-type", "application/dns-message");
	if (forwarded)
		len += put_field(fields + len, "x-forwarded-for", forwarded);
	put_frame(HEADERS, END_HEADERS, stream, fields, len);
	put_frame(DATA, END_STREAM, stream, question,
		  write_query(question, (uint16_t)stream, name, TARN__TYPE_A));
}

static void send_out(struct tls_client *client)
{
	tls_client_send(client, out, out_len);
	out_len = 0;
}

/* Opens a connection; window: octets that the server may send on each stream. */
static struct tls_client *start(int fd, uint16_t window)
{
	struct tls_client *client = tls_client_new(world.loop, fd, context, own, "h2", NULL);
	enum tarn__tls_state state = tls_client_secure(client);
	ck_assert_msg(state == TARN__TLS_OPEN, "%s", tarn__tls_fault(client->tls));
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	memcpy(out, preface, sizeof(preface) - 1);
	out_len = sizeof(preface) - 1;
	const uint8_t settings[6] = {0, INITIAL_WINDOW_SIZE,	0,
				     0, (uint8_t)(window >> 8), (uint8_t)window};
	put_frame(SETTINGS, 0, 0, settings, sizeof(settings));
	return client;
}

static struct tls_client *start_client(void)
{
	return start(connect_to(world.loop, &address, SOCK_STREAM), UINT16_MAX);
}

struct frame {
	uint8_t type, flags;
	uint32_t stream;
	size_t len;
	uint8_t octets[1 << 16];
};

/* Returns false at the end. */
static bool receive_any(struct tls_client *client, struct frame *frame)
{
	uint8_t header[FRAME_HEADER_LEN];
	if (tls_client_recv(client, header, 1) == 0)
		return false;
	tls_client_receive(client, header + 1, sizeof(header) - 1);
	frame->len = tarn__get16(header + 1);
	frame->type = header[3];
	frame->flags = header[4];
	frame->stream = tarn__get32(header + 5);
	tls_client_receive(client, frame->octets, frame->len);
	return true;
}

/* The next frame of that type; the others are skipped. */
static void receive_frame(struct tls_client *client, uint8_t type, struct frame *frame)
{
	do {
		ck_assert(receive_any(client, frame));
	} while (frame->type != type);
}

static uint8_t receive_status(struct tls_client *client, uint32_t stream)
{
	static struct frame frame;
	receive_frame(client, HEADERS, &frame);
	ck_assert_uint_eq(frame.stream, stream);
	return frame.octets[0];
}

static void expect_rcode(struct tls_client *client, uint32_t stream, unsigned rcode,
			 unsigned records)
{
	static struct frame frame;
	ck_assert_uint_eq(receive_status(client, stream), HPACK_STATUS_200);
	receive_frame(client, DATA, &frame);
	ck_assert_uint_eq(frame.stream, stream);
	check_reply(frame.octets, frame.len, (uint16_t)stream, rcode, records);
}

static void expect_answer(struct tls_client *client, uint32_t stream)
{
	expect_rcode(client, stream, TARN__NOERROR, 1);
}

static void ask_one(struct tls_client *client, uint32_t stream, const char *name)
{
	put_request(stream, "/dns-query", name, NULL);
	send_out(client);
}

/* ---- cases -------------------------------------------------------------------------------- */

START_TEST(question_over_https_is_answered_with_its_id)
{
	struct tls_client *client = start_client();
	ask_one(client, 1, "a.example");
	expect_answer(client, 1);
	ask_one(client, 3, "a.example");
	expect_answer(client, 3);
	ck_assert_uint_eq(stats()->connections, 1);
	tls_client_free(client);
}
END_TEST

START_TEST(late_answers_find_their_streams)
{
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	put_request(1, "/dns-query", "a.example", NULL);
	put_request(3, "/dns-query", "b.example", NULL);
	put_request(5, "/dns-query", "a.example", NULL);
	send_out(client);
	run_until(world.loop, is_held, &world);
	run_dry(world.loop);
	ck_assert_uint_eq(world.fake.held_count, 2);
	fake_answer(&world.fake, &world.fake.held[1]);
	expect_answer(client, 3);
	fake_answer(&world.fake, &world.fake.held[0]);
	static struct frame frame;
	uint32_t sum = 0;
	for (int i = 0; i < 2; i++) {
		receive_frame(client, DATA, &frame);
		check_reply(frame.octets, frame.len, (uint16_t)frame.stream, TARN__NOERROR, 1);
		sum += frame.stream;
	}
	ck_assert_uint_eq(sum, 1 + 5);
	tls_client_free(client);
}
END_TEST

START_TEST(client_that_goes_away_is_forgotten)
{
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	ask_one(client, 1, "a.example");
	run_until(world.loop, is_held, &world);
	tls_client_free(client);
	run_dry(world.loop);
	fake_release(&world.fake);
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->connections, 0);
}
END_TEST

START_TEST(answers_of_one_read_leave_in_few_records)
{
	struct tls_client *client = start_client();
	ask_one(client, 1, "warm.example");
	expect_answer(client, 1);
	size_t records = client->below.records;
	for (uint32_t stream = 3; stream < 3 + 2 * 20; stream += 2)
		put_request(stream, "/dns-query", "warm.example", NULL);
	send_out(client);
	/* In any order. */
	static struct frame frame;
	for (int i = 0; i < 20; i++)
		receive_frame(client, DATA, &frame);
	ck_assert_uint_le(client->below.records - records, 2);
	tls_client_free(client);
}
END_TEST

START_TEST(path_is_that_of_the_configuration)
{
	configure(NULL, "/resolve");
	struct tls_client *client = start_client();
	ask_one(client, 1, "a.example");
	ck_assert_uint_eq(receive_status(client, 1), HPACK_STATUS_404);
	put_request(3, "/resolve", "a.example", NULL);
	send_out(client);
	expect_answer(client, 3);
	tls_client_free(client);
}
END_TEST

START_TEST(path_that_is_none_is_no_configuration)
{
	static const char *const paths[] = {"", "dns-query", "/dns query", "/dns-query{?dns}",
					    "/\x7f"};
	struct tarn_options options = {.https_path = paths[_i]};
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), TARN_EINVAL);
}
END_TEST

static void expect_goaway(struct tls_client *client, uint32_t last_stream)
{
	static struct frame frame;
	receive_frame(client, GOAWAY, &frame);
	ck_assert_uint_eq(tarn__get32(frame.octets), last_stream);
	ck_assert_uint_eq(tarn__get32(frame.octets + 4), 0); /* NO_ERROR */
}

START_TEST(idle_connection_is_closed_with_goaway)
{
	struct tls_client *client = start_client();
	ask_one(client, 1, "a.example");
	expect_answer(client, 1);
	run_dry(world.loop);
	pass(30100);
	expect_goaway(client, 1);
	static struct frame frame;
	while (receive_any(client, &frame))
		;
	ck_assert_uint_eq(stats()->idle_closed, 1);
	tls_client_free(client);
}
END_TEST

START_TEST(worker_that_goes_answers_who_waits_and_says_goaway)
{
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	ask_one(client, 1, "a.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	static struct frame frame;
	bool has_goaway = false, has_answer = false;
	while (receive_any(client, &frame)) {
		has_goaway |= frame.type == GOAWAY;
		if (frame.type != DATA || frame.len == 0)
			continue;
		has_answer = true;
		check_reply(frame.octets, frame.len, 1, TARN__SERVFAIL, 0);
	}
	ck_assert(has_goaway && has_answer);
	tls_client_free(client);
}
END_TEST

START_TEST(connection_that_is_ended_answers_what_is_under_way)
{
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	ask_one(client, 1, "a.example");
	run_until(world.loop, is_held, &world);
	/* Its client may not ask any more. */
	nobody_may_ask = true;
	tarn__tcp_review(world.worker->https);
	run_dry(world.loop);
	expect_goaway(client, 1);
	ask_one(client, 3, "b.example");
	fake_release(&world.fake);
	expect_answer(client, 1);
	static struct frame frame;
	while (receive_any(client, &frame))
		ck_assert_uint_ne(frame.type, DATA);
	tls_client_free(client);
}
END_TEST

START_TEST(client_whose_window_is_closed_is_closed_in_time)
{
	struct tls_client *client = start(connect_to(world.loop, &address, SOCK_STREAM), 0);
	ask_one(client, 1, "a.example");
	ck_assert_uint_eq(receive_status(client, 1), HPACK_STATUS_200);
	run_dry(world.loop);
	pass(4900);
	ck_assert_uint_eq(stats()->connections, 1);
	pass(200);
	ck_assert_uint_eq(stats()->connections, 0);
	ck_assert_uint_eq(stats()->stalled_closed, 1);
	tls_client_free(client);
}
END_TEST

START_TEST(answer_to_a_closed_window_is_dropped_while_others_are_given)
{
	static struct frame frame;
	struct tls_client *client = start(connect_to(world.loop, &address, SOCK_STREAM), 0);
	for (uint32_t stream = 1; stream <= 7; stream += 2) {
		ask_one(client, stream, "a.example");
		ck_assert_uint_eq(receive_status(client, stream), HPACK_STATUS_200);
		run_dry(world.loop);
		pass(stream < 7 ? 3500 : 0);
	}
	receive_frame(client, RST_STREAM, &frame);
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_uint_eq(tarn__get32(frame.octets), CANCEL);
	ck_assert_uint_eq(stats()->connections, 1);
	tls_client_free(client);
}
END_TEST

START_TEST(half_a_request_is_waited_for_5_seconds)
{
	struct tls_client *client = start_client();
	ask_one(client, 1, "a.example");
	expect_answer(client, 1);
	uint8_t octets[FRAME_HEADER_LEN] = {0, 0, 100, HEADERS, END_HEADERS, 0, 0, 0, 3};
	tls_client_send(client, octets, sizeof(octets));
	run_dry(world.loop);
	pass(5100);
	ck_assert_uint_eq(stats()->connections, 0);
	ck_assert_uint_eq(stats()->stalled_closed, 1);
	tls_client_free(client);
}
END_TEST

/* RFC 9113 section 5.4.1. A frame of nine octets is no SETTINGS. */
START_TEST(fault_of_the_client_closes_its_connection_at_once)
{
	static struct frame frame;
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	ask_one(client, 1, "a.example");
	if (_i == 1)
		run_until(world.loop, is_held, &world);
	put_frame(SETTINGS, 0, 0, "123456789", 9);
	send_out(client);
	receive_frame(client, GOAWAY, &frame);
	ck_assert_uint_eq(tarn__get32(frame.octets + 4), FRAME_SIZE_ERROR);
	ck_assert(!receive_any(client, &frame));
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->connections, 0);
	run_until(world.loop, is_held, &world);
	fake_release(&world.fake);
	run_dry(world.loop);
	tls_client_free(client);
}
END_TEST

START_TEST(half_closed_client_gets_what_is_under_way)
{
	struct tls_client *client = start_client();
	world.fake.on_query = fake_hold;
	ask_one(client, 1, "a.example");
	tarn__pipe_end(tarn__tls_pipe(client->tls));
	run_until(world.loop, is_held, &world);
	run_dry(world.loop);
	fake_release(&world.fake);
	expect_answer(client, 1);
	static struct frame frame;
	while (receive_any(client, &frame))
		;
	tls_client_free(client);
}
END_TEST

/* ---- proxies ------------------------------------------------------------------------------- */

/* What the resolver was told of the client. */
static char seen_client[TARN_ADDRESS_TEXT_MAX];

long __real_tarn__resolver_resolve(struct tarn__resolver *, const struct tarn__client_request *,
				   const uint8_t *, size_t, uint8_t *);
long __wrap_tarn__resolver_resolve(struct tarn__resolver *, const struct tarn__client_request *,
				   const uint8_t *, size_t, uint8_t *);

long __wrap_tarn__resolver_resolve(struct tarn__resolver *resolver,
				   const struct tarn__client_request *request,
				   const uint8_t *question, size_t len, uint8_t *reply)
{
	ck_assert_int_eq(request->transport, TARN__HTTPS);
	struct tarn_address client = *request->client;
	tarn_address_set_port(&client, 0);
	tarn_address_format(&client, seen_client);
	return __real_tarn__resolver_resolve(resolver, request, question, len, reply);
}

/* A connection of the proxy's own: LOCAL. */
static int connect_as_proxy(void)
{
	static const uint8_t header[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
					 0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0x00, 0x00};
	int fd = connect_to(world.loop, &address, SOCK_STREAM);
	ck_assert_int_eq(send(fd, header, sizeof(header), 0), (ssize_t)sizeof(header));
	return fd;
}

START_TEST(proxy_is_believed_whose_question_it_is)
{
	configure("127.0.0.1/32", NULL);
	struct tls_client *client = start(connect_as_proxy(), UINT16_MAX);
	put_request(1, "/dns-query", "a.example", "10.1.2.3, 127.0.1.9");
	send_out(client);
	expect_answer(client, 1);
	ck_assert_str_eq(seen_client, "127.0.1.9:0");
	/* Without it, or with what is no address, it is the proxy's own. */
	put_request(3, "/dns-query", "a.example", NULL);
	send_out(client);
	expect_answer(client, 3);
	ck_assert_str_eq(seen_client, "127.0.0.1:0");
	put_request(5, "/dns-query", "a.example", "unknown");
	send_out(client);
	expect_answer(client, 5);
	ck_assert_str_eq(seen_client, "127.0.0.1:0");
	tls_client_free(client);
}
END_TEST

START_TEST(nobody_else_is_believed)
{
	configure("127.0.3.0/24", NULL);
	struct tls_client *client = start_client();
	put_request(1, "/dns-query", "a.example", "127.0.1.9");
	send_out(client);
	expect_answer(client, 1);
	ck_assert_str_eq(seen_client, "127.0.0.1:0");
	tls_client_free(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("https_listener");
	TCase *questions = tcase_create("questions");
	tcase_add_checked_fixture(questions, set_up, tear_down);
	tcase_add_test(questions, question_over_https_is_answered_with_its_id);
	tcase_add_test(questions, late_answers_find_their_streams);
	tcase_add_test(questions, client_that_goes_away_is_forgotten);
	tcase_add_test(questions, answers_of_one_read_leave_in_few_records);
	tcase_add_test(questions, path_is_that_of_the_configuration);
	tcase_add_loop_test(questions, path_that_is_none_is_no_configuration, 0, 5);
	suite_add_tcase(suite, questions);

	TCase *ends = tcase_create("ends");
	tcase_add_checked_fixture(ends, set_up, tear_down);
	tcase_add_test(ends, idle_connection_is_closed_with_goaway);
	tcase_add_test(ends, worker_that_goes_answers_who_waits_and_says_goaway);
	tcase_add_test(ends, connection_that_is_ended_answers_what_is_under_way);
	tcase_add_test(ends, client_whose_window_is_closed_is_closed_in_time);
	tcase_add_test(ends, answer_to_a_closed_window_is_dropped_while_others_are_given);
	tcase_add_loop_test(ends, fault_of_the_client_closes_its_connection_at_once, 0, 2);
	tcase_add_test(ends, half_a_request_is_waited_for_5_seconds);
	tcase_add_test(ends, half_closed_client_gets_what_is_under_way);
	suite_add_tcase(suite, ends);

	TCase *proxies = tcase_create("proxies");
	tcase_add_checked_fixture(proxies, set_up, tear_down);
	tcase_add_test(proxies, proxy_is_believed_whose_question_it_is);
	tcase_add_test(proxies, nobody_else_is_believed);
	suite_add_tcase(suite, proxies);
	return unit_run(suite);
}
