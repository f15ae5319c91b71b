/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/dnstap.c: messages as a reader at the other end of the socket sees them. */

#include "config.h"

#include "daemon/telemetry/dnstap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support/unit.h"

static struct tarn__log sink;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(nowhere, 0);
	tarn__log_init(&sink, nowhere, TARN_LOG_INFO);
}

static void teardown(void)
{
	close(sink.fd);
	tarn__log_fini(&sink);
}

#ifdef HAVE_DNSTAP

#include <fstrm.h>

#include "daemon/telemetry/dnstap.pb-c.h"

static char folder[] = "/tmp/tarn-dnstap-XXXXXX";
static char path[64];
static int listener, stream;
static struct fstrm_reader *reader;
static struct tarn__dnstap *dnstap;

static void setup_reader(void)
{
	setup();
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	dnstap = tarn__dnstap_new(2, path, &sink);
	ck_assert_ptr_nonnull(dnstap);
}

static void teardown_reader(void)
{
	fstrm_reader_destroy(&reader);
	close(listener);
	unlink(path);
	rmdir(folder);
	teardown();
}

static fstrm_res open_stream(void *data)
{
	(void)data;
	stream = accept(listener, NULL, NULL);
	return stream >= 0 ? fstrm_res_success : fstrm_res_failure;
}

static fstrm_res close_stream(void *data)
{
	(void)data;
	close(stream);
	return fstrm_res_success;
}

static fstrm_res read_stream(void *data, void *out, size_t len)
{
	(void)data;
	ssize_t part = len > 0 ? recv(stream, out, len, MSG_WAITALL) : 0;
	return part == (ssize_t)len ? fstrm_res_success : fstrm_res_stop;
}

static fstrm_res write_stream(void *data, const struct iovec *parts, int count)
{
	(void)data;
	return writev(stream, parts, count) >= 0 ? fstrm_res_success : fstrm_res_failure;
}

static void open_reader(void)
{
	struct fstrm_rdwr *rdwr = fstrm_rdwr_init(NULL);
	fstrm_rdwr_set_open(rdwr, open_stream);
	fstrm_rdwr_set_close(rdwr, close_stream);
	fstrm_rdwr_set_read(rdwr, read_stream);
	fstrm_rdwr_set_write(rdwr, write_stream);
	struct fstrm_reader_options *options = fstrm_reader_options_init();
	fstrm_reader_options_add_content_type(options, "protobuf:dnstap.Dnstap", 22);
	reader = fstrm_reader_init(options, &rdwr);
	fstrm_reader_options_destroy(&options);
	ck_assert_int_eq(fstrm_reader_open(reader), fstrm_res_success);
}

/* The next message, unpacked. */
static Dnstap__Dnstap *read_message(void)
{
	const uint8_t *frame;
	size_t len;
	ck_assert_int_eq(fstrm_reader_read(reader, &frame, &len), fstrm_res_success);
	Dnstap__Dnstap *envelope = dnstap__dnstap__unpack(NULL, len, frame);
	ck_assert_ptr_nonnull(envelope);
	ck_assert_int_eq(envelope->type, DNSTAP__DNSTAP__TYPE__MESSAGE);
	ck_assert_ptr_nonnull(envelope->message);
	return envelope;
}

static int64_t ns(uint64_t sec, uint32_t nsec)
{
	return (int64_t)sec * 1000000000 + nsec;
}

#define ASSERT_OCTETS(actual, expected, octets)                                                    \
	do {                                                                                       \
		ck_assert_uint_eq((actual).len, octets);                                           \
		ck_assert_mem_eq((actual).data, expected, octets);                                 \
	} while (0)

START_TEST(what_a_client_is_told_comes_whole)
{
	struct tarn_address client;
	tarn_address_parse("192.0.2.7:40000", 53, &client);
	time_t began = time(NULL);
	open_reader();
	const struct tarn__observer *observer = tarn__dnstap_observer(dnstap, 1);
	observer->answered(observer->data,
			   &(struct tarn__answered){.client = &client,
						    .transport = TARN__TCP,
						    .query = &(struct tarn__query){0},
						    .reply = (const uint8_t *)"the reply",
						    .reply_len = 9,
						    .latency_ms = 1500});
	Dnstap__Dnstap *envelope = read_message();
	const Dnstap__Message *message = envelope->message;
	char host[256] = {0};
	gethostname(host, sizeof(host) - 1);
	ASSERT_OCTETS(envelope->identity, host, strlen(host));
	ck_assert_uint_eq(envelope->version.len, strlen("tarn ") + strlen(tarn_version()));
	ck_assert_int_eq(message->type, DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE);
	ck_assert_int_eq(message->socket_family, DNSTAP__SOCKET_FAMILY__INET);
	ck_assert_int_eq(message->socket_protocol, DNSTAP__SOCKET_PROTOCOL__TCP);
	ASSERT_OCTETS(message->query_address, &client.in4.sin_addr, 4);
	ck_assert_uint_eq(message->query_port, 40000);
	ck_assert(!message->has_response_address && !message->has_query_message);
	ASSERT_OCTETS(message->response_message, "the reply", 9);
	ck_assert_uint_ge(message->response_time_sec, (uint64_t)began);
	ck_assert_int_eq(ns(message->response_time_sec, message->response_time_nsec) -
				 ns(message->query_time_sec, message->query_time_nsec),
			 1500000000);
	dnstap__dnstap__free_unpacked(envelope, NULL);
	close(stream);
	tarn__dnstap_free(dnstap);
}
END_TEST

START_TEST(each_transport_is_told)
{
	static const struct {
		enum tarn__transport transport;
		Dnstap__SocketProtocol protocol;
	} cases[] = {{TARN__UDP, DNSTAP__SOCKET_PROTOCOL__UDP},
		     {TARN__TLS, DNSTAP__SOCKET_PROTOCOL__DOT},
		     {TARN__HTTPS, DNSTAP__SOCKET_PROTOCOL__DOH}};
	struct tarn_address server;
	tarn_address_parse("192.0.2.53", 853, &server);
	open_reader();
	const struct tarn__observer *observer = tarn__dnstap_observer(dnstap, 0);
	for (size_t i = 0; i < 3; i++) {
		observer->asked_server(observer->data, &(struct tarn__forwarded){
							       .server = &server,
							       .transport = cases[i].transport,
							       .wire = (const uint8_t *)"question",
							       .len = 8});
	}
	for (size_t i = 0; i < 3; i++) {
		Dnstap__Dnstap *asked = read_message();
		ck_assert_int_eq(asked->message->socket_protocol, cases[i].protocol);
		dnstap__dnstap__free_unpacked(asked, NULL);
	}
	close(stream);
	tarn__dnstap_free(dnstap);
}
END_TEST

START_TEST(so_does_what_servers_are_asked_and_say)
{
	struct tarn_address server;
	tarn_address_parse("2001:db8::53", 53, &server);
	struct tarn__forwarded forwarded = {
		.server = &server, .wire = (const uint8_t *)"question", .len = 8};
	open_reader();
	const struct tarn__observer *observer = tarn__dnstap_observer(dnstap, 0);
	observer->asked_server(observer->data, &forwarded);
	forwarded.wire = (const uint8_t *)"answer";
	forwarded.len = 6;
	forwarded.latency_ms = 20;
	observer->server_answered(observer->data, &forwarded);

	Dnstap__Dnstap *asked = read_message(), *answered = read_message();
	ck_assert_int_eq(asked->message->type, DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY);
	ck_assert_int_eq(answered->message->type, DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE);
	const Dnstap__Message *both[] = {asked->message, answered->message};
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(both[i]->socket_family, DNSTAP__SOCKET_FAMILY__INET6);
		ck_assert_int_eq(both[i]->socket_protocol, DNSTAP__SOCKET_PROTOCOL__UDP);
		ASSERT_OCTETS(both[i]->response_address, &server.in6.sin6_addr, 16);
		ck_assert_uint_eq(both[i]->response_port, 53);
		ck_assert(both[i]->has_query_time_sec && !both[i]->has_query_address);
	}
	ASSERT_OCTETS(asked->message->query_message, "question", 8);
	ck_assert(!asked->message->has_response_time_sec);
	ASSERT_OCTETS(answered->message->response_message, "answer", 6);
	dnstap__dnstap__free_unpacked(asked, NULL);
	dnstap__dnstap__free_unpacked(answered, NULL);
	close(stream);
	tarn__dnstap_free(dnstap);
}
END_TEST

/* Check's time limit would end a wait. */
START_TEST(a_reader_that_stops_to_read_stops_nobody)
{
	static uint8_t reply[4096];
	open_reader();
	const struct tarn__observer *observer = tarn__dnstap_observer(dnstap, 0);
	struct tarn__answered answered = {
		.query = &(struct tarn__query){0}, .reply = reply, .reply_len = sizeof(reply)};
	while (tarn__dnstap_lost(dnstap) == 0)
		observer->answered(observer->data, &answered);
	tarn__dnstap_free(dnstap);
	close(stream);
}
END_TEST

START_TEST(a_reader_need_not_be_there)
{
	tarn__dnstap_free(dnstap);
	unlink(path);
	dnstap = tarn__dnstap_new(1, path, &sink);
	const struct tarn__observer *observer = tarn__dnstap_observer(dnstap, 0);
	for (int i = 0; i < 10; i++)
		observer->answered(observer->data,
				   &(struct tarn__answered){.query = &(struct tarn__query){0},
							    .reply = (const uint8_t *)"x",
							    .reply_len = 1});
	ck_assert_uint_eq(tarn__dnstap_lost(dnstap), 10);
	tarn__dnstap_free(dnstap);
}
END_TEST

START_TEST(a_path_that_no_socket_can_have_is_refused)
{
	char longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(tarn__dnstap_new(1, longest, &sink));
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

static void add_tests(Suite *suite)
{
	TCase *tcase = tcase_create("message");
	tcase_add_checked_fixture(tcase, setup_reader, teardown_reader);
	tcase_add_test(tcase, what_a_client_is_told_comes_whole);
	tcase_add_test(tcase, each_transport_is_told);
	tcase_add_test(tcase, so_does_what_servers_are_asked_and_say);
	tcase_add_test(tcase, a_reader_that_stops_to_read_stops_nobody);
	tcase_add_test(tcase, a_reader_need_not_be_there);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("start");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_path_that_no_socket_can_have_is_refused);
	suite_add_tcase(suite, tcase);
}

#else

START_TEST(without_the_libraries_it_says_so)
{
	ck_assert_str_eq(tarn__dnstap_fault("/nowhere"), "this tarn was built without dnstap");
	ck_assert_ptr_null(tarn__dnstap_new(1, "/nowhere", &sink));
	ck_assert_int_eq(errno, ENOTSUP);
	tarn__dnstap_free(NULL);
}
END_TEST

static void add_tests(Suite *suite)
{
	TCase *tcase = tcase_create("start");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_the_libraries_it_says_so);
	suite_add_tcase(suite, tcase);
}

#endif

int main(void)
{
	Suite *suite = suite_create("dnstap");
	add_tests(suite);
	return unit_run(suite);
}
