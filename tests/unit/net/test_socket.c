/* SPDX-License-Identifier: BSD-2-Clause */
/* net/socket.c: sockets and their options. */

#include "config.h"

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/unit.h"

static struct tarn_address parse(const char *text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 0, &address), 0);
	return address;
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

START_TEST(port_0_is_picked_and_told)
{
	struct tarn_address address = parse(_i % 2 == 0 ? "127.0.0.1" : "::1");
	int type = _i / 2 == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int fd = tarn_socket_open(&address, type);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_ne(tarn_address_port(&address), 0);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_ACCEPTCONN), type == SOCK_STREAM);
	if (address.sa.sa_family == AF_INET6)
		ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	/* The next worker's socket, at the same port. */
	int second = tarn_socket_open(&address, type);
	ck_assert_int_ge(second, 0);
	close(second);
	close(fd);
}
END_TEST

START_TEST(pair_has_one_port)
{
	struct tarn_address address = parse("127.0.0.1");
	int udp, tcp;
	ck_assert_int_eq(tarn__socket_open_pair(&address, &udp, &tcp), 0);
	struct tarn_address local;
	for (int i = 0; i < 2; i++) {
		socklen_t len = sizeof(local);
		ck_assert_int_eq(getsockname(i == 0 ? udp : tcp, &local.sa, &len), 0);
		ck_assert(tarn_address_is_equal(&local, &address));
	}
	close(udp);
	close(tcp);
}
END_TEST

START_TEST(address_that_cannot_be_had_is_an_error_and_stays)
{
	struct tarn_address address = parse("192.0.2.1:0"), before = address;
	int udp, tcp;
	ck_assert_int_eq(tarn_socket_open(&address, SOCK_DGRAM), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	ck_assert_int_eq(tarn__socket_open_pair(&address, &udp, &tcp), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	ck_assert(tarn_address_is_equal(&address, &before));
	ck_assert_int_eq(tarn_socket_open(&address, SOCK_RAW), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EINVAL);
	address.sa.sa_family = AF_UNIX;
	ck_assert_int_eq(tarn_socket_open(&address, SOCK_DGRAM), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(port_that_somebody_has_is_an_error)
{
	struct tarn_address address = parse("127.0.0.1:0");
	int other = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);
	ck_assert_int_eq(bind(other, &address.sa, tarn_address_len(&address)), 0);
	ck_assert_int_eq(listen(other, 1), 0);
	ck_assert_int_eq(getsockname(other, &address.sa, &len), 0);
	int udp, tcp;
	ck_assert_int_eq(tarn__socket_open_pair(&address, &udp, &tcp), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	close(other);
}
END_TEST

START_TEST(adopted_udp_socket_makes_no_fragments_and_knows_its_addresses)
{
	static const char *const texts[] = {"127.0.0.1", "0.0.0.0", "::1", "::"};
	struct tarn_address address = parse(texts[_i]);
	int fd = tarn_socket_open(&address, SOCK_DGRAM);
	int type;
	bool is_wildcard;
	ck_assert_int_eq(tarn__socket_adopt(fd, &type, &is_wildcard), 0);
	ck_assert_int_eq(type, SOCK_DGRAM);
	ck_assert_int_eq(is_wildcard, _i % 2 == 1);
	if (_i < 2) {
		ck_assert_int_eq(option(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
		ck_assert_int_eq(option(fd, IPPROTO_IP, IP_PKTINFO), is_wildcard);
	} else {
		ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_OMIT);
		ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO), is_wildcard);
	}
	close(fd);
}
END_TEST

START_TEST(adopted_socket_does_not_block)
{
	int fds[2], type;
	bool is_wildcard;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(tarn__socket_adopt(fds[0], &type, &is_wildcard), 0);
	ck_assert_int_eq(type, SOCK_STREAM);
	ck_assert(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(what_is_no_socket_for_dns_is_not_adopted)
{
	int fds[2], type;
	bool is_wildcard;
	ck_assert_int_eq(tarn__socket_adopt(-1, &type, &is_wildcard), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(tarn__socket_adopt(fds[0], &type, &is_wildcard), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENOTSOCK);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	ck_assert_int_eq(tarn__socket_adopt(fds[0], &type, &is_wildcard), TARN_EINVAL);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(outgoing_udp_sockets_have_random_unprivileged_ports)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse(_i == 0 ? "127.0.0.1:53" : "[::1]:53")};
	enum { COUNT = 200 };
	uint16_t ports[COUNT];
	int same = 0, low = 0;
	for (int i = 0; i < COUNT; i++) {
		int fd = tarn__socket_outgoing(&server, TARN__UDP, &random, NULL);
		ck_assert_int_ge(fd, 0);
		struct tarn_address local;
		socklen_t len = sizeof(local);
		ck_assert_int_eq(getsockname(fd, &local.sa, &len), 0);
		ports[i] = tarn_address_port(&local);
		ck_assert_uint_ge(ports[i], 1024);
		low += ports[i] < 32768;
		for (int j = 0; j < i; j++)
			same += ports[i] == ports[j];
		close(fd);
	}
	ck_assert_int_le(same, 5); /* 0.3 are expected */
	ck_assert_int_ge(low, 50); /* below the kernel's own range: 98 are expected */
}
END_TEST

/* Evenly among those that are left, and never another. */
START_TEST(outgoing_udp_sockets_have_none_of_the_ports_to_avoid)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse("127.0.0.1:53")};
	static struct tarn__ports ports;
	tarn__ports_fill(&ports);
	tarn__ports_avoid(&ports, 1024, 19999);
	tarn__ports_avoid(&ports, 22000, 40000);
	tarn__ports_avoid(&ports, 43001, 65535);
	ck_assert_uint_eq(tarn__ports_count(&ports), 5000);
	enum { COUNT = 1000 };
	unsigned low = 0;
	for (int i = 0; i < COUNT; i++) {
		int fd = tarn__socket_outgoing(&server, TARN__UDP, &random, &ports);
		ck_assert_int_ge(fd, 0);
		struct tarn_address local;
		socklen_t len = sizeof(local);
		ck_assert_int_eq(getsockname(fd, &local.sa, &len), 0);
		ck_assert(tarn__ports_has(&ports, tarn_address_port(&local)));
		low += tarn_address_port(&local) < 22000;
		close(fd);
	}
	/* 400 are expected, with a deviation of 15.5. */
	ck_assert_uint_ge(low, 400 - 6 * 16);
	ck_assert_uint_le(low, 400 + 6 * 16);
}
END_TEST

START_TEST(outgoing_tcp_socket_does_not_delay)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse("127.0.0.1:53")};
	int fd = tarn__socket_outgoing(&server, TARN__TCP, &random, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}
END_TEST

static void check_source(const struct tarn__endpoint *server, enum tarn__transport how)
{
	struct tarn__random random = {0};
	int fd = tarn__socket_outgoing(server, how, &random, NULL);
	ck_assert_int_ge(fd, 0);
	struct tarn_address local;
	socklen_t len = sizeof(local);
	ck_assert_int_eq(getsockname(fd, &local.sa, &len), 0);
	ck_assert_uint_eq(local.in4.sin_addr.s_addr, server->source.in4.sin_addr.s_addr);
	/* TCP has its port from connect() only, so that many may have one. */
	ck_assert_int_eq(tarn_address_port(&local) == 0, how == TARN__TCP);
	close(fd);
}

START_TEST(outgoing_socket_has_the_source_address)
{
	struct tarn__endpoint server = {.address = parse("127.0.0.1:53"),
					.source = parse("127.9.8.7:0")};
	check_source(&server, TARN__UDP);
	check_source(&server, TARN__TCP);
}
END_TEST

START_TEST(outgoing_socket_is_bound_to_the_interface)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse("127.0.0.1:53"), .interface = "lo"};
	int fd = tarn__socket_outgoing(&server, _i == 0 ? TARN__UDP : TARN__TCP, &random, NULL);
	if (fd < 0 && errno == EPERM)
		return; /* before Linux 5.7 that takes a privilege */
	ck_assert_int_ge(fd, 0);
	char name[TARN__INTERFACE_MAX] = "";
	socklen_t len = sizeof(name);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	ck_assert_str_eq(name, "lo");
	close(fd);
}
END_TEST

START_TEST(source_that_is_not_there_is_an_error)
{
	struct tarn__random random = {0};
	enum tarn__transport how = _i == 0 ? TARN__UDP : TARN__TCP;
	struct tarn__endpoint server = {.address = parse("127.0.0.1:53"),
					.source = parse("192.0.2.1:0")};
	ck_assert_int_eq(tarn__socket_outgoing(&server, how, &random, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	server.source = (struct tarn_address){0};
	snprintf(server.interface, sizeof(server.interface), "nowhere0");
	ck_assert_int_eq(tarn__socket_outgoing(&server, how, &random, NULL), TARN_ESYSTEM);
	ck_assert(errno == ENODEV || errno == EPERM);
}
END_TEST

/* What connect() has made of an address whose scope is "%lo"; the kernel needs no link for it. */
START_TEST(scope_is_looked_up_when_a_socket_is_connected)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse("[fe80::1%lo]:53")};
	ck_assert_uint_eq(server.address.in6.sin6_scope_id, 0);
	int fd = tarn__socket_outgoing(&server, TARN__UDP, &random, NULL);
	ck_assert_int_ge(fd, 0);
	struct tarn_address peer = {0};
	socklen_t len = sizeof(peer);
	if (tarn__socket_connect(fd, &server.address) == 0) {
		ck_assert_int_eq(getpeername(fd, &peer.sa, &len), 0);
		ck_assert_uint_eq(peer.in6.sin6_scope_id, if_nametoindex("lo"));
	} else {
		ck_assert_msg(errno == EADDRNOTAVAIL || errno == ENETUNREACH, "%s",
			      strerror(errno)); /* lo has no link-local address */
	}
	ck_assert_uint_eq(server.address.in6.sin6_scope_id, 0);
	close(fd);
}
END_TEST

START_TEST(interface_that_is_not_there_is_an_error_of_the_socket)
{
	struct tarn__random random = {0};
	struct tarn__endpoint server = {.address = parse("[fe80::1%nowhere0]:53")};
	int fd = tarn__socket_outgoing(&server, _i == 0 ? TARN__UDP : TARN__TCP, &random, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(tarn__socket_connect(fd, &server.address), -1);
	ck_assert_int_eq(errno, ENODEV);
	close(fd);
	struct tarn_address listen = server.address, before = listen;
	ck_assert_int_eq(tarn_socket_open(&listen, _i == 0 ? SOCK_DGRAM : SOCK_STREAM),
			 TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_mem_eq(&listen, &before, sizeof(listen));
	server.source = parse("fe80::2%nowhere0");
	ck_assert_int_eq(tarn__socket_outgoing(&server, TARN__UDP, &random, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENODEV);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket");
	TCase *tcase = tcase_create("socket");
	tcase_add_loop_test(tcase, port_0_is_picked_and_told, 0, 4);
	tcase_add_test(tcase, pair_has_one_port);
	tcase_add_test(tcase, address_that_cannot_be_had_is_an_error_and_stays);
	tcase_add_test(tcase, port_that_somebody_has_is_an_error);
	tcase_add_loop_test(tcase, adopted_udp_socket_makes_no_fragments_and_knows_its_addresses, 0,
			    4);
	tcase_add_test(tcase, adopted_socket_does_not_block);
	tcase_add_test(tcase, what_is_no_socket_for_dns_is_not_adopted);
	tcase_add_loop_test(tcase, outgoing_udp_sockets_have_random_unprivileged_ports, 0, 2);
	tcase_add_test(tcase, outgoing_udp_sockets_have_none_of_the_ports_to_avoid);
	tcase_add_test(tcase, outgoing_tcp_socket_does_not_delay);
	tcase_add_test(tcase, outgoing_socket_has_the_source_address);
	tcase_add_loop_test(tcase, outgoing_socket_is_bound_to_the_interface, 0, 2);
	tcase_add_loop_test(tcase, source_that_is_not_there_is_an_error, 0, 2);
	tcase_add_test(tcase, scope_is_looked_up_when_a_socket_is_connected);
	tcase_add_loop_test(tcase, interface_that_is_not_there_is_an_error_of_the_socket, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
