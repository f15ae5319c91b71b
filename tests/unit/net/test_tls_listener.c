/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/securing.c and places.c: clients over TLS (RFC 7858). */

#include "config.h"

#include "net/listen/securing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "net/listen/handshake_rate.h"
#include "net/listen/tcp.h"
#include "net/worker.h"
#include "support/tls_client.h"
#include "support/unit.h"

/* In place of the access list, which has all of loopback: clients from 127.0.2.0 on may not ask. */
bool __wrap_tarn__resolver_serves(const struct tarn__resolver *, const struct tarn_address *);

bool __wrap_tarn__resolver_serves(const struct tarn__resolver *resolver,
				  const struct tarn_address *client)
{
	(void)resolver;
	return (ntohl(client->in4.sin_addr.s_addr) & 0xff00) != 0x200;
}

/* In place of the clock: time passes when a test says so. */
static uint64_t now_ms;

uint64_t __wrap_tarn__clock_ms(void);

uint64_t __wrap_tarn__clock_ms(void)
{
	return now_ms;
}

static struct world world;
static struct tarn_address tls_address;
static struct certificate *own, *other;
static struct tarn__tls_client *context;
static uint8_t wire[1 << 18];

static char info_line[256]; /* the last above debug */
static size_t info_count;

static void on_any_log(void *arg, enum tarn_log_level level, const char *line)
{
	on_log(arg, level, line);
	if (level > TARN_LOG_INFO)
		return;
	info_count++;
	snprintf(info_line, sizeof(info_line), "%s", line);
}

static struct tarn_certificate pair_of(const struct certificate *certificate)
{
	const char *chain = certificate_pem(certificate), *key = certificate_key_pem(certificate);
	return (struct tarn_certificate){chain, key, strlen(chain), strlen(key)};
}

static int show(const struct certificate *certificate)
{
	struct tarn_certificate pair = pair_of(certificate);
	return tarn_set_certificates(world.tarn, &pair, 1);
}

static const struct tarn__tcp_stats *stats(void)
{
	return tarn__tcp_stats(world.worker->tls);
}

static int listen_over_tls(struct tarn_worker *worker, struct tarn_address *address)
{
	int fd = tarn_socket_open(address, SOCK_STREAM);
	ck_assert_int_ge(fd, 0);
	int error = tarn_worker_serve_over(worker, fd, TARN_TLS);
	if (error != 0)
		close(fd);
	return error;
}

static void configure(const char *proxy)
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
					  }),
			 0);
	run_dry(world.loop);
}

static void set_up(void)
{
	now_ms = 1000000;
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), "127.0.0.1:0");
	world.tarn->log = on_any_log;
	own = certificate_new(&(struct certificate_plan){.names = "DNS:own.example"});
	other = certificate_new(&(struct certificate_plan){.names = "DNS:other.example"});
	char fault[TARN__TLS_FAULT_MAX];
	context = tarn__tls_client_new(&(struct tarn__tls_client_options){0}, fault);
	ck_assert_msg(context, "%s", fault);
	ck_assert_int_eq(show(own), 0);
	tls_address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(listen_over_tls(world.worker, &tls_address), 0);
	info_count = 0;
}

static void tear_down(void)
{
	world_fini(&world);
	tarn__tls_client_put(context);
	certificate_free(own);
	certificate_free(other);
	ev_loop_destroy(world.loop);
}

/* ---- clients ------------------------------------------------------------------------------ */

static int connect_client(void)
{
	return connect_to(world.loop, &tls_address, SOCK_STREAM);
}

/* As another client on each number: 127.0.1.0 and up. */
static int connect_client_number(unsigned number)
{
	struct tarn_address ours = parse_address("127.0.1.0");
	ours.in4.sin_addr.s_addr = htonl(ntohl(ours.in4.sin_addr.s_addr) + number);
	return connect_from(world.loop, &ours, &tls_address, SOCK_STREAM);
}

static struct tls_client *new_client(int fd)
{
	return tls_client_new(world.loop, fd, context, own, "dot", NULL);
}

static struct tls_client *secure(struct tls_client *client)
{
	enum tarn__tls_state state = tls_client_secure(client);
	ck_assert_msg(state == TARN__TLS_OPEN, "%s", tarn__tls_fault(client->tls));
	return client;
}

static struct tls_client *new_open_client(void)
{
	return secure(new_client(connect_client()));
}

static size_t write_frame(uint8_t *out, uint16_t id, const char *name)
{
	size_t len = write_query(out + 2, id, name, TARN__TYPE_A);
	tarn__put16(out, (uint16_t)len);
	return 2 + len;
}

static void send_frame(struct tls_client *client, uint16_t id, const char *name)
{
	uint8_t frame[512];
	tls_client_send(client, frame, write_frame(frame, id, name));
}

static uint16_t receive_reply(struct tls_client *client, unsigned rcode, unsigned records)
{
	static uint8_t reply[2 + TARN__MESSAGE_MAX];
	tls_client_receive(client, reply, 2);
	size_t len = tarn__get16(reply);
	tls_client_receive(client, reply + 2, len);
	uint16_t id = tarn__get16(reply + 2);
	check_reply(reply + 2, len, id, rcode, records);
	return id;
}

static void expect_answer(struct tls_client *client, uint16_t id, const char *name)
{
	send_frame(client, id, name);
	ck_assert_uint_eq(receive_reply(client, TARN__NOERROR, 1), id);
}

/* In the words of TLS: without them the stream below would have ended the same way. */
static void expect_end(struct tls_client *client)
{
	uint8_t octet;
	ck_assert_int_eq(tls_client_recv(client, &octet, 1), 0);
}

/* The server has reset the connection. */
static void expect_reset(int fd)
{
	uint8_t octet;
	wait_for(world.loop, fd, EV_READ);
	ck_assert_int_eq(recv(fd, &octet, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}

static bool is_alive(int fd)
{
	uint8_t octet;
	run_dry(world.loop);
	return recv(fd, &octet, 1, MSG_PEEK) == -1 && errno == EAGAIN;
}

static void pass(uint64_t ms)
{
	now_ms += ms;
	tarn__tcp_expire(world.worker->tls, now_ms);
	run_dry(world.loop);
}

static bool has_connections(void *count)
{
	return stats()->connections == *(uint64_t *)count;
}

static void wait_for_connections(uint64_t count)
{
	run_until(world.loop, has_connections, &count);
}

/* A client that sends this many octets of a handshake and no more. */
static int connect_stalled(int fd, size_t octets)
{
	static const uint8_t hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc};
	if (octets > 0)
		ck_assert_int_eq(send(fd, hello, octets, 0), (ssize_t)octets);
	return fd;
}

/* ---- messages ----------------------------------------------------------------------------- */

START_TEST(question_over_tls_is_answered)
{
	struct tls_client *client = new_open_client();
	ck_assert(tarn__tls_has_alpn(client->tls));
	expect_answer(client, 1, "a.example");
	expect_answer(client, 2, "a.example");
	ck_assert_uint_eq(stats()->handshakes_full, 1);
	ck_assert_uint_eq(stats()->connections, 1);
	tls_client_free(client);
	wait_for_connections(0);
}
END_TEST

START_TEST(hits_of_one_read_leave_in_one_record)
{
	struct tls_client *client = new_open_client();
	expect_answer(client, 1, "warm.example");
	size_t len = 0, records = client->below.records;
	for (uint16_t id = 0; id < 50; id++)
		len += write_frame(wire + len, id, "warm.example");
	tls_client_send(client, wire, len);
	for (uint16_t id = 0; id < 50; id++)
		ck_assert_uint_eq(receive_reply(client, TARN__NOERROR, 1), id);
	ck_assert_uint_eq(client->below.records - records, 1);
	tls_client_free(client);
}
END_TEST

/* A record has more octets than one read takes, and no event tells of the rest. */
START_TEST(questions_of_a_long_record_are_all_answered)
{
	enum { COUNT = 400 };
	struct tls_client *client = new_open_client();
	expect_answer(client, 1, "warm.example");
	size_t len = 0;
	for (uint16_t id = 0; id < COUNT; id++)
		len += write_frame(wire + len, id, "warm.example");
	ck_assert_uint_gt(len, 3 * 4096);
	tls_client_send(client, wire, len);
	for (uint16_t id = 0; id < COUNT; id++)
		ck_assert_uint_eq(receive_reply(client, TARN__NOERROR, 1), id);
	tls_client_free(client);
}
END_TEST

START_TEST(more_questions_than_may_be_under_way_wait_their_turn)
{
	enum { COUNT = 350 };
	struct tls_client *client = new_open_client();
	world.fake.on_query = fake_hold;
	size_t len = 0;
	for (uint16_t id = 0; id < COUNT; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		len += write_frame(wire + len, id, name);
	}
	tls_client_send(client, wire, len);
	bool seen[COUNT] = {false};
	for (int i = 0; i < COUNT; i++) {
		run_dry(world.loop);
		ck_assert_uint_le(world.fake.held_count, 2 * TARN__TCP_IN_FLIGHT);
		fake_release(&world.fake);
		uint16_t id = receive_reply(client, TARN__NOERROR, 1);
		ck_assert_uint_lt(id, COUNT);
		ck_assert(!seen[id]);
		seen[id] = true;
	}
	tls_client_free(client);
}
END_TEST

START_TEST(half_closed_client_gets_what_is_under_way)
{
	struct tls_client *client = new_open_client();
	world.fake.on_query = fake_hold;
	send_frame(client, 1, "a.example");
	tarn__pipe_end(tarn__tls_pipe(client->tls));
	run_until(world.loop, is_held, &world);
	run_dry(world.loop);
	fake_release(&world.fake);
	ck_assert_uint_eq(receive_reply(client, TARN__NOERROR, 1), 1);
	expect_end(client);
	tls_client_free(client);
	wait_for_connections(0);
}
END_TEST

static void answer_with_60_kb(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	uint8_t *out = calloc(1, TARN__MESSAGE_MAX);
	memcpy(out, query->wire, query->len);
	size_t len = answer_query(out, TARN__NOERROR, ANSWER_TTL);
	size_t record_at = len - 16;
	for (unsigned i = 1; len < 60000; i++, len += 16) {
		memcpy(out + len, out + record_at, 16);
		tarn__put16(out + len + 14, (uint16_t)i);
		tarn__put16(out + 6, (uint16_t)(i + 1));
	}
	fake_reply(query, out, len);
	free(out);
}

START_TEST(answer_of_many_records_comes_whole)
{
	struct tls_client *client = new_open_client();
	world.fake.on_query = fake_hold;
	send_frame(client, 1, "a.example");
	run_until(world.loop, is_held, &world);
	/* Over UDP it would be too long: it is asked for over TCP. */
	world.fake.on_query = answer_with_60_kb;
	uint8_t *out = world.fake.held[0].wire;
	out[2] |= 0x82; /* QR, TC */
	fake_reply(&world.fake.held[0], out, world.fake.held[0].len);
	tls_client_receive(client, wire, 2);
	size_t len = tarn__get16(wire);
	ck_assert_uint_ge(len, 50000);
	tls_client_receive(client, wire, len);
	/* As few records as hold it, and those of tickets. */
	ck_assert_uint_le(client->below.records, 12);
	tls_client_free(client);
}
END_TEST

static bool has_reset(void *arg)
{
	(void)arg;
	return stats()->reset == 1;
}

static bool are_100_held(void *arg)
{
	(void)arg;
	return world.fake.held_count == 100;
}

START_TEST(client_that_reads_nothing_is_reset_in_the_end)
{
	struct tls_client *client = new_open_client();
	world.fake.on_query = fake_hold;
	for (uint16_t id = 0; id < 100; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		send_frame(client, id, name);
		run_dry(world.loop);
	}
	int small = 2048;
	setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	run_until(world.loop, are_100_held, NULL);
	while (world.fake.held_count > 0 && stats()->reset == 0) {
		struct fake_query *query = &world.fake.held[--world.fake.held_count];
		query->wire[2] |= 0x82;
		world.fake.on_query = answer_with_60_kb;
		fake_reply(query, query->wire, query->len);
		run_dry(world.loop);
	}
	run_until(world.loop, has_reset, NULL);
	wait_for_connections(0);
	tls_client_free(client);
}
END_TEST

/* ---- handshakes ---------------------------------------------------------------------------- */

START_TEST(handshake_that_stalls_is_reset_after_5_seconds)
{
	int fd = connect_stalled(connect_client(), (size_t)_i);
	wait_for_connections(1);
	run_dry(world.loop);
	pass(4000);
	ck_assert(is_alive(fd));
	pass(1100);
	expect_reset(fd);
	ck_assert_uint_eq(stats()->handshakes_late, 1);
	ck_assert_uint_eq(stats()->connections, 0);
	close(fd);
}
END_TEST

START_TEST(octets_that_trickle_in_give_no_more_time)
{
	int fd = connect_stalled(connect_client(), 1);
	for (int i = 0; i < 5; i++) {
		ck_assert(is_alive(fd));
		pass(900);
		ck_assert_int_eq(send(fd, "\x03", i == 0, MSG_NOSIGNAL), i == 0);
	}
	ck_assert(is_alive(fd));
	pass(600);
	expect_reset(fd);
	close(fd);
}
END_TEST

#define NOISE(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
static const struct {
	const char *octets;
	size_t len;
} noise[] = {
	NOISE("\x00\x13\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01"
	      "a\x00\x00\x01\x00\x01"),
	NOISE("GET / HTTP/1.1\r\nHost: dns.example\r\n\r\n"),
	NOISE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	NOISE("SSH-2.0-OpenSSH\r\n"),
	/* It begins as TLS does. */
	NOISE("\x16\x03\x01\x00\x04nope"),
	NOISE("\x16\x03\x01\xff\xffnope"),
};

static bool has_failed(void *arg)
{
	(void)arg;
	return stats()->handshakes_failed == 1;
}

START_TEST(noise_ends_at_once_and_is_not_logged)
{
	int fd = connect_client();
	size_t len = noise[_i].len;
	ck_assert_int_eq(send(fd, noise[_i].octets, len, 0), (ssize_t)len);
	run_until(world.loop, has_failed, NULL);
	wait_for_connections(0);
	ck_assert_uint_eq(info_count, 0);
	close(fd);
}
END_TEST

START_TEST(client_that_looks_whether_the_port_is_open_costs_nothing)
{
	close(connect_client());
	run_until(world.loop, has_failed, NULL);
	wait_for_connections(0);
	ck_assert_uint_eq(info_count, 0);
}
END_TEST

START_TEST(others_are_served_at_once_while_150_stall)
{
	enum { COUNT = 150 };
	int fds[COUNT];
	for (int i = 0; i < COUNT; i++) {
		/* Some send nothing, others the beginning of a handshake. */
		fds[i] = connect_stalled(connect_client_number((unsigned)i / 15), _i == 0 ? 0 : 9);
		run_dry(world.loop);
	}
	wait_for_connections(COUNT);
	struct tls_client *client = new_client(connect_client());
	secure(client);
	expect_answer(client, 1, "a.example");
	tls_client_free(client);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
}
END_TEST

/* Clients that send their ClientHello and no more. */
static void begin_all(struct tls_client **clients, int count, int each)
{
	for (int i = 0; i < count; i++) {
		clients[i] = new_client(connect_client_number((unsigned)(i / each)));
		tls_client_begin(clients[i]);
		run_dry(world.loop);
	}
}

static void free_all(struct tls_client **clients, int count)
{
	for (int i = 0; i < count; i++)
		tls_client_free(clients[i]);
}

START_TEST(handshakes_of_one_client_leave_room_for_others)
{
	enum { COUNT = TARN__HANDSHAKES_PER_CLIENT + 4 };
	struct tls_client *stalled[COUNT];
	begin_all(stalled, COUNT, COUNT);
	/* Another client, and one more of the same, for which a stalled one makes room after its time. */
	struct tls_client *client = secure(new_client(connect_client_number(1)));
	expect_answer(client, 1, "a.example");
	struct tls_client *same = new_client(connect_client_number(0));
	tls_client_begin(same);
	run_dry(world.loop);
	ck_assert_int_eq(tarn__tls_secure(same->tls), TARN__TLS_SECURING);
	ck_assert_uint_eq(stats()->handshakes_refused, 0);
	pass(TARN__SECURING_SPARED_MS);
	expect_answer(secure(same), 2, "a.example");
	ck_assert_uint_ge(stats()->handshakes_refused, 1);
	tls_client_free(client);
	tls_client_free(same);
	free_all(stalled, COUNT);
}
END_TEST

START_TEST(no_more_than_64_handshakes_are_under_way)
{
	struct tls_client *stalled[TARN__HANDSHAKES];
	begin_all(stalled, TARN__HANDSHAKES, TARN__HANDSHAKES_PER_CLIENT);
	struct tls_client *late = new_client(connect_client());
	tls_client_begin(late);
	run_dry(world.loop);
	ck_assert_int_eq(tarn__tls_secure(late->tls), TARN__TLS_SECURING);
	ck_assert(is_alive(late->fd));
	/* One that goes on makes room, or one that does not, after its time. */
	if (_i == 0)
		secure(stalled[10]);
	else
		pass(TARN__SECURING_SPARED_MS);
	expect_answer(secure(late), 1, "a.example");
	ck_assert_uint_eq(stats()->handshakes_refused, (uint64_t)_i);
	tls_client_free(late);
	free_all(stalled, TARN__HANDSHAKES);
}
END_TEST

START_TEST(client_that_closes_in_its_hello_is_closed)
{
	int fd = connect_stalled(connect_client(), 9);
	run_dry(world.loop);
	shutdown(fd, SHUT_WR);
	run_until(world.loop, has_failed, NULL);
	wait_for_connections(0);
	close(fd);
}
END_TEST

START_TEST(client_above_its_rate_waits_for_its_turn)
{
	for (int i = 0; i < TARN__HANDSHAKES_BURST; i++) {
		struct tls_client *client = new_open_client();
		expect_answer(client, 1, "a.example");
		tls_client_free(client);
	}
	ck_assert_uint_eq(stats()->handshakes_full, TARN__HANDSHAKES_BURST);
	struct tls_client *client = new_client(connect_client());
	tls_client_begin(client);
	run_dry(world.loop);
	/* It is not reset, others are served, and it has its turn. */
	ck_assert(is_alive(client->fd));
	struct tls_client *another = secure(new_client(connect_client_number(1)));
	expect_answer(another, 2, "a.example");
	tls_client_free(another);
	pass(TARN__HANDSHAKE_MS);
	expect_answer(secure(client), 3, "a.example");
	tls_client_free(client);
}
END_TEST

START_TEST(other_protocols_are_refused)
{
	struct tls_client *client =
		tls_client_new(world.loop, connect_client(), context, own, "h2", NULL);
	ck_assert_int_eq(tls_client_secure(client), TARN__TLS_FAILED);
	run_until(world.loop, has_failed, NULL);
	tls_client_free(client);
}
END_TEST

static bool has_rejected(void *count)
{
	return stats()->handshakes_rejected == *(uint64_t *)count;
}

START_TEST(alert_of_a_client_is_logged_once_a_minute)
{
	for (uint64_t i = 1; i <= 3; i++) {
		struct tls_client *client =
			tls_client_new(world.loop, connect_client(), context, other, "dot", NULL);
		ck_assert_int_eq(tls_client_secure(client), TARN__TLS_FAILED);
		run_until(world.loop, has_rejected, &i);
		tls_client_free(client);
		ck_assert_uint_eq(info_count, i < 3 ? 1 : 2);
		ck_assert_ptr_nonnull(strstr(info_line, "127.0.0.1"));
		if (i == 2)
			now_ms += 61000;
	}
}
END_TEST

/* ---- certificates and sessions ------------------------------------------------------------- */

START_TEST(there_is_no_tls_without_a_certificate)
{
	struct tarn *tarn = tarn_new(
		&(struct tarn_options){.upstreams = &world.fake.address, .upstream_count = 1});
	struct tarn_worker *worker = tarn_worker_new(tarn, world.loop);
	struct tarn_address address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(listen_over_tls(worker, &address), TARN_EINVAL);
	tarn_worker_free(worker);
	tarn_free(tarn);
}
END_TEST

START_TEST(certificate_that_cannot_be_used_changes_nothing)
{
	struct tarn_certificate pair = pair_of(own);
	pair.key = certificate_key_pem(other);
	pair.key_len = strlen(pair.key);
	ck_assert_int_eq(tarn_set_certificates(world.tarn, &pair, 1), TARN_EINVAL);
	ck_assert_uint_eq(world.log_count, 1);
	ck_assert_int_eq(tarn_set_certificates(world.tarn, NULL, 0), TARN_EINVAL);
	tls_client_free(new_open_client());
}
END_TEST

START_TEST(new_connections_get_the_new_certificate_and_none_is_closed)
{
	struct tls_client *before = new_open_client();
	struct tls_client *begun = new_client(connect_client());
	tls_client_begin(begun);
	run_dry(world.loop);
	ck_assert_int_eq(show(other), 0);
	secure(begun);
	struct tls_client *after =
		tls_client_new(world.loop, connect_client(), context, other, "dot", NULL);
	secure(after);
	expect_answer(before, 1, "a.example");
	expect_answer(begun, 2, "a.example");
	expect_answer(after, 3, "a.example");
	tls_client_free(before);
	tls_client_free(begun);
	tls_client_free(after);
}
END_TEST

/* Connects once more and tells whether a session was resumed. */
static bool is_resumed(struct tarn_address *address, struct tarn__tls_sessions *sessions)
{
	struct tls_client *client =
		tls_client_new(world.loop, connect_to(world.loop, address, SOCK_STREAM), context,
			       own, "dot", sessions);
	secure(client);
	/* The ticket comes before the answer. */
	expect_answer(client, 1, "a.example");
	bool is = tarn__tls_is_resumed(client->tls);
	tls_client_free(client);
	return is;
}

START_TEST(session_is_resumed_by_any_worker)
{
	struct tarn__tls_sessions sessions = {0};
	struct tarn_worker *another = tarn_worker_new(world.tarn, world.loop);
	struct tarn_address address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(listen_over_tls(another, &address), 0);
	ck_assert(!is_resumed(&tls_address, &sessions));
	ck_assert(is_resumed(&address, &sessions));
	ck_assert(is_resumed(&tls_address, &sessions));
	ck_assert_uint_eq(stats()->handshakes_full, 1);
	ck_assert_uint_eq(stats()->handshakes_resumed, 1);
	tarn__tls_sessions_forget(&sessions);
	tarn_worker_free(another);
}
END_TEST

static void let_hours_pass(uint64_t hours)
{
	pass(hours * 3600 * 1000);
	/* A turn rotates the keys. */
	ev_feed_event(world.loop, &world.worker->wake, EV_ASYNC);
	run_dry(world.loop);
}

START_TEST(keys_of_tickets_are_rotated_and_two_old_ones_accepted)
{
	struct tarn__tls_sessions sessions = {0};
	uint64_t first_ms = world.tarn->rotation_ms;
	ck_assert(!is_resumed(&tls_address, &sessions));
	let_hours_pass(7);
	ck_assert_uint_eq(world.tarn->rotation_ms, first_ms + TARN__TLS_ROTATION_MS);
	ck_assert(is_resumed(&tls_address, &sessions));
	let_hours_pass(19);
	ck_assert_uint_eq(world.tarn->rotation_ms, first_ms + 4 * TARN__TLS_ROTATION_MS);
	ck_assert(!is_resumed(&tls_address, &sessions));
	tarn__tls_sessions_forget(&sessions);
}
END_TEST

/* A worker on a thread of its own. */
struct crew {
	pthread_t thread;
	struct ev_loop *loop;
	struct tarn_worker *worker;
	struct tarn_address address;
	ev_async stop;
};

static void on_stop(struct ev_loop *loop, ev_async *watcher, int events)
{
	(void)watcher;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void *run_crew(void *arg)
{
	struct crew *crew = arg;
	ev_run(crew->loop, 0);
	tarn_worker_free(crew->worker);
	return NULL;
}

static void start_crew(struct crew *crew)
{
	crew->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	crew->worker = tarn_worker_new(world.tarn, crew->loop);
	crew->address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(listen_over_tls(crew->worker, &crew->address), 0);
	ev_async_init(&crew->stop, on_stop);
	ev_async_start(crew->loop, &crew->stop);
	ck_assert_int_eq(pthread_create(&crew->thread, NULL, run_crew, crew), 0);
}

static void stop_crew(struct crew *crew)
{
	ev_async_send(crew->loop, &crew->stop);
	pthread_join(crew->thread, NULL);
	ev_loop_destroy(crew->loop);
}

static void *replace_certificates(void *is_over)
{
	while (!atomic_load((atomic_bool *)is_over))
		ck_assert_int_eq(show(own), 0);
	return NULL;
}

START_TEST(certificates_are_replaced_while_workers_accept)
{
	struct crew crews[2];
	atomic_bool is_over = false;
	pthread_t replacer;
	for (int i = 0; i < 2; i++)
		start_crew(&crews[i]);
	ck_assert_int_eq(pthread_create(&replacer, NULL, replace_certificates, &is_over), 0);
	struct tarn__tls_sessions sessions = {0};
	for (int i = 0; i < 16; i++) {
		bool is = is_resumed(&crews[i % 2].address, &sessions);
		ck_assert_int_eq(is, i > 0);
	}
	atomic_store(&is_over, true);
	pthread_join(replacer, NULL);
	tarn__tls_sessions_forget(&sessions);
	for (int i = 0; i < 2; i++)
		stop_crew(&crews[i]);
}
END_TEST

/* ---- places -------------------------------------------------------------------------------- */

START_TEST(idle_connection_is_closed_after_30_seconds)
{
	struct tls_client *client = new_open_client();
	expect_answer(client, 1, "a.example");
	run_dry(world.loop);
	pass(29000);
	ck_assert(is_alive(client->fd));
	pass(1100);
	expect_end(client);
	ck_assert_uint_eq(stats()->idle_closed, 1);
	tls_client_free(client);
}
END_TEST

START_TEST(stay_is_shorter_in_a_fuller_house)
{
	enum { COUNT = 12, PLACES = 16 };
	tarn_worker_set_connections(world.worker, PLACES);
	struct tls_client *clients[COUNT];
	for (unsigned i = 0; i < COUNT; i++)
		clients[i] = secure(new_client(connect_client_number(i)));
	for (unsigned i = 0; i < COUNT; i++)
		expect_answer(clients[i], 1, "a.example");
	run_dry(world.loop);
	/* A quarter is left: half of the span between 2 and 30 seconds. */
	pass(14000);
	ck_assert(is_alive(clients[0]->fd));
	pass(2100);
	ck_assert_uint_lt(stats()->connections, COUNT);
	ck_assert_uint_ge(stats()->connections, PLACES / 2);
	for (unsigned i = 0; i < COUNT; i++)
		tls_client_free(clients[i]);
}
END_TEST

START_TEST(idle_time_is_said)
{
	struct tls_client *client = new_open_client();
	struct message message = {0};
	put_header(&message, 7, TARN__FLAG_RD);
	put_question(&message, "a.example", TARN__TYPE_A);
	put_opt(&message, 1232, 0, (const uint8_t[]){0, 11, 0, 0}, 4);
	tarn__put16(wire, (uint16_t)message.len);
	memcpy(wire + 2, message.wire, message.len);
	tls_client_send(client, wire, 2 + message.len);
	tls_client_receive(client, wire, 2);
	size_t len = tarn__get16(wire);
	tls_client_receive(client, wire, len);
	/* RFC 7828 section 3.1: units of 100 ms. */
	static const uint8_t option[] = {0, 11, 0, 2, 300 >> 8, 300 & 0xff};
	ck_assert_ptr_nonnull(memmem(wire, len, option, sizeof(option)));
	tls_client_free(client);
}
END_TEST

START_TEST(client_has_a_quarter_of_the_places)
{
	tarn_worker_set_connections(world.worker, 16);
	struct tls_client *clients[5];
	for (int i = 0; i < 5; i++) {
		clients[i] = new_open_client();
		expect_answer(clients[i], 1, "a.example");
		now_ms++;
	}
	expect_end(clients[0]);
	ck_assert_uint_eq(stats()->connections, 4);
	expect_answer(clients[1], 2, "a.example");
	for (int i = 0; i < 5; i++)
		tls_client_free(clients[i]);
}
END_TEST

START_TEST(oldest_idle_one_gives_way_in_a_full_house)
{
	enum { COUNT = 16 };
	tarn_worker_set_connections(world.worker, COUNT);
	struct tls_client *clients[COUNT];
	for (unsigned i = 0; i < COUNT; i++) {
		clients[i] = secure(new_client(connect_client_number(i / 4)));
		expect_answer(clients[i], 1, "a.example");
	}
	ck_assert_uint_eq(stats()->connections, COUNT);
	now_ms += 250;
	struct tls_client *late = new_open_client();
	expect_answer(late, 2, "a.example");
	expect_end(clients[0]);
	ck_assert_uint_eq(stats()->connections, COUNT);
	ck_assert_uint_eq(stats()->idle_closed, 1);
	tls_client_free(late);
	for (unsigned i = 0; i < COUNT; i++)
		tls_client_free(clients[i]);
}
END_TEST

START_TEST(there_are_256_places)
{
	static int fds[TARN__TLS_CONNECTIONS + 1];
	for (unsigned i = 0; i <= TARN__TLS_CONNECTIONS; i++)
		fds[i] = connect_client_number(i / 32);
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->connections, TARN__TLS_CONNECTIONS);
	for (unsigned i = 0; i <= TARN__TLS_CONNECTIONS; i++)
		close(fds[i]);
}
END_TEST

START_TEST(connections_in_the_clear_have_places_of_their_own)
{
	struct tls_client *client = new_open_client();
	int plain = connect_to(world.loop, &world.address, SOCK_STREAM);
	wait_for_connections(1);
	run_dry(world.loop);
	ck_assert_uint_eq(tarn__tcp_stats(world.worker->tcp)->connections, 1);
	close(plain);
	tls_client_free(client);
}
END_TEST

START_TEST(stranger_is_reset_before_the_handshake)
{
	int fd = connect_client_number(256);
	expect_reset(fd);
	ck_assert_uint_eq(stats()->strangers, 1);
	ck_assert_uint_eq(stats()->accepted, 0);
	close(fd);
}
END_TEST

START_TEST(worker_that_goes_answers_who_waits_and_says_farewell)
{
	struct tls_client *client = new_open_client();
	world.fake.on_query = fake_hold;
	send_frame(client, 9, "a.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	ck_assert_uint_eq(receive_reply(client, TARN__SERVFAIL, 0), 9);
	expect_end(client);
	tls_client_free(client);
}
END_TEST

START_TEST(closed_address_takes_nobody_and_connections_outlive_it)
{
	struct tls_client *client = new_open_client();
	tarn_worker_unlisten(world.worker, &tls_address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, &tls_address.sa, tarn_address_len(&tls_address)), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	expect_answer(client, 1, "a.example");
	tls_client_free(client);
}
END_TEST

/* ---- proxies ------------------------------------------------------------------------------- */

/* The header of a connection from 127.0.1.NUMBER; command: 0x20 LOCAL, 0x21 PROXY. */
static size_t write_header(uint8_t *out, uint8_t command, uint8_t third, uint8_t fourth)
{
	static const uint8_t start[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	memcpy(out, start, sizeof(start));
	out[12] = command;
	out[13] = 0x11;
	tarn__put16(out + 14, 12);
	memcpy(out + 16, (const uint8_t[]){127, 0, third, fourth, 127, 0, 0, 1}, 8);
	tarn__put16(out + 24, 4711);
	tarn__put16(out + 26, 853);
	return 28;
}

static int connect_through_proxy(uint8_t command, uint8_t third, uint8_t fourth)
{
	uint8_t header[28];
	int fd = connect_client();
	size_t len = write_header(header, command, third, fourth);
	ck_assert_int_eq(send(fd, header, len, 0), (ssize_t)len);
	return fd;
}

START_TEST(client_behind_a_proxy_is_served)
{
	configure("127.0.0.1/32");
	struct tls_client *client =
		secure(new_client(connect_through_proxy((uint8_t)(0x20 + _i), 1, 1)));
	expect_answer(client, 1, "a.example");
	tls_client_free(client);
}
END_TEST

START_TEST(header_that_comes_octet_by_octet_is_read)
{
	configure("127.0.0.1/32");
	uint8_t header[28];
	int fd = connect_client();
	size_t len = write_header(header, 0x21, 1, 1);
	for (size_t i = 0; i < len; i++) {
		ck_assert_int_eq(send(fd, header + i, 1, 0), 1);
		run_dry(world.loop);
	}
	struct tls_client *client = secure(new_client(fd));
	expect_answer(client, 1, "a.example");
	tls_client_free(client);
}
END_TEST

START_TEST(address_that_the_proxy_says_is_judged)
{
	configure("127.0.0.1/32");
	int fd = connect_through_proxy(0x21, 2, 1);
	expect_reset(fd);
	ck_assert_uint_eq(stats()->strangers, 1);
	close(fd);
}
END_TEST

START_TEST(clients_behind_a_proxy_have_shares_of_their_own)
{
	configure("127.0.0.1/32");
	tarn_worker_set_connections(world.worker, 16);
	struct tls_client *clients[8];
	for (uint8_t i = 0; i < 8; i++) {
		clients[i] = secure(new_client(connect_through_proxy(0x21, 1, i / 4)));
		expect_answer(clients[i], 1, "a.example");
		now_ms++;
	}
	ck_assert_uint_eq(stats()->connections, 8);
	struct tls_client *fifth = secure(new_client(connect_through_proxy(0x21, 1, 0)));
	expect_end(clients[0]);
	expect_answer(clients[4], 2, "a.example");
	tls_client_free(fifth);
	for (int i = 0; i < 8; i++)
		tls_client_free(clients[i]);
}
END_TEST

START_TEST(proxy_without_a_header_is_closed)
{
	configure("127.0.0.1/32");
	struct tls_client *client = new_client(connect_client());
	ck_assert_int_eq(tls_client_secure(client), TARN__TLS_FAILED);
	ck_assert_uint_eq(stats()->handshakes_failed, 1);
	ck_assert_uint_eq(info_count, 0);
	tls_client_free(client);
}
END_TEST

START_TEST(header_of_another_is_noise)
{
	configure("127.0.3.0/24");
	int fd = connect_through_proxy(0x21, 1, 1);
	run_until(world.loop, has_failed, NULL);
	wait_for_connections(0);
	ck_assert_uint_eq(info_count, 0);
	close(fd);
}
END_TEST

START_TEST(header_that_does_not_come_is_waited_for_5_seconds)
{
	configure("127.0.0.1/32");
	int fd = connect_client();
	wait_for_connections(1);
	pass(5100);
	expect_reset(fd);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tls_listener");
	TCase *messages = tcase_create("messages");
	tcase_add_checked_fixture(messages, set_up, tear_down);
	tcase_add_test(messages, question_over_tls_is_answered);
	tcase_add_test(messages, hits_of_one_read_leave_in_one_record);
	tcase_add_test(messages, questions_of_a_long_record_are_all_answered);
	tcase_add_test(messages, more_questions_than_may_be_under_way_wait_their_turn);
	tcase_add_test(messages, half_closed_client_gets_what_is_under_way);
	tcase_add_test(messages, answer_of_many_records_comes_whole);
	tcase_add_test(messages, client_that_reads_nothing_is_reset_in_the_end);
	suite_add_tcase(suite, messages);

	TCase *handshakes = tcase_create("handshakes");
	tcase_add_checked_fixture(handshakes, set_up, tear_down);
	tcase_add_loop_test(handshakes, handshake_that_stalls_is_reset_after_5_seconds, 0, 9);
	tcase_add_test(handshakes, octets_that_trickle_in_give_no_more_time);
	tcase_add_loop_test(handshakes, noise_ends_at_once_and_is_not_logged, 0, 6);
	tcase_add_test(handshakes, client_that_looks_whether_the_port_is_open_costs_nothing);
	tcase_add_loop_test(handshakes, others_are_served_at_once_while_150_stall, 0, 2);
	tcase_add_test(handshakes, handshakes_of_one_client_leave_room_for_others);
	tcase_add_loop_test(handshakes, no_more_than_64_handshakes_are_under_way, 0, 2);
	tcase_add_test(handshakes, client_that_closes_in_its_hello_is_closed);
	tcase_add_test(handshakes, client_above_its_rate_waits_for_its_turn);
	tcase_add_test(handshakes, other_protocols_are_refused);
	tcase_add_test(handshakes, alert_of_a_client_is_logged_once_a_minute);
	suite_add_tcase(suite, handshakes);

	TCase *certificates = tcase_create("certificates");
	tcase_add_checked_fixture(certificates, set_up, tear_down);
	tcase_add_test(certificates, there_is_no_tls_without_a_certificate);
	tcase_add_test(certificates, certificate_that_cannot_be_used_changes_nothing);
	tcase_add_test(certificates, new_connections_get_the_new_certificate_and_none_is_closed);
	tcase_add_test(certificates, session_is_resumed_by_any_worker);
	tcase_add_test(certificates, certificates_are_replaced_while_workers_accept);
	tcase_add_test(certificates, keys_of_tickets_are_rotated_and_two_old_ones_accepted);
	suite_add_tcase(suite, certificates);

	TCase *places = tcase_create("places");
	tcase_add_checked_fixture(places, set_up, tear_down);
	tcase_add_test(places, idle_connection_is_closed_after_30_seconds);
	tcase_add_test(places, stay_is_shorter_in_a_fuller_house);
	tcase_add_test(places, idle_time_is_said);
	tcase_add_test(places, client_has_a_quarter_of_the_places);
	tcase_add_test(places, oldest_idle_one_gives_way_in_a_full_house);
	tcase_add_test(places, there_are_256_places);
	tcase_add_test(places, connections_in_the_clear_have_places_of_their_own);
	tcase_add_test(places, stranger_is_reset_before_the_handshake);
	tcase_add_test(places, worker_that_goes_answers_who_waits_and_says_farewell);
	tcase_add_test(places, closed_address_takes_nobody_and_connections_outlive_it);
	suite_add_tcase(suite, places);

	TCase *proxies = tcase_create("proxies");
	tcase_add_checked_fixture(proxies, set_up, tear_down);
	tcase_add_loop_test(proxies, client_behind_a_proxy_is_served, 0, 2);
	tcase_add_test(proxies, header_that_comes_octet_by_octet_is_read);
	tcase_add_test(proxies, address_that_the_proxy_says_is_judged);
	tcase_add_test(proxies, clients_behind_a_proxy_have_shares_of_their_own);
	tcase_add_test(proxies, proxy_without_a_header_is_closed);
	tcase_add_test(proxies, header_of_another_is_noise);
	tcase_add_test(proxies, header_that_does_not_come_is_waited_for_5_seconds);
	suite_add_tcase(suite, proxies);
	return unit_run(suite);
}
