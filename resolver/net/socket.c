/* SPDX-License-Identifier: BSD-2-Clause */
/* net/socket.c: sockets with the options that DNS needs. */
#include "config.h"

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	/*
	 * Connections that wait to be accepted: as many as may arrive while the loop is busy for some
	 * milliseconds. The kernel cuts it to net.core.somaxconn.
	 */
	BACKLOG = 256,
	/* A burst of questions waits in the kernel; it cuts this to net.core.rmem_max. */
	RECEIVE_BUFFER = 1 << 20,
	/* Of encrypted connections to servers: what is sent has been received by then (RFC 5482). */
	USER_TIMEOUT_MS = 5000,
	/* Random ports that are tried before the kernel picks one. */
	PORT_TRIES = 8,
	/* Ports that UDP was given which are tried with TCP. */
	PAIR_TRIES = 16,
};

_Static_assert(TARN__INTERFACE_MAX == IFNAMSIZ, "room for any interface's name");

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* No fragments are made, and path MTUs are ignored (RFC 9715 section 3). */
static int set_no_fragments(int fd, int family)
{
	if (family == AF_INET6)
		return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
}

/* Errors of the network come with the datagram that caused them (ip(7), ipv6(7)). */
static int set_error_queue(int fd, int family)
{
	if (family == AF_INET6)
		return set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	return set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static bool is_any(const struct tarn_address *address)
{
	if (address->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
	return address->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Returns the scope's present number; -1 with errno: there is no such interface. */
static int look_up_scope(int fd, const struct tarn_address *address, struct tarn_address *out)
{
	*out = *address;
	if (address->sa.sa_family != AF_INET6 || address->interface[0] == '\0')
		return 0;
	struct ifreq request = {0};
	memcpy(request.ifr_name, address->interface, sizeof(address->interface));
	if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
		return -1;
	out->in6.sin6_scope_id = (uint32_t)request.ifr_ifindex;
	return 0;
}

int tarn__socket_bind(int fd, const struct tarn_address *address)
{
	struct tarn_address now;
	if (look_up_scope(fd, address, &now) != 0)
		return -1;
	return bind(fd, &now.sa, tarn_address_len(&now));
}

int tarn__socket_connect(int fd, const struct tarn_address *address)
{
	struct tarn_address now;
	if (look_up_scope(fd, address, &now) != 0)
		return -1;
	return connect(fd, &now.sa, tarn_address_len(&now));
}

static int read_local_address(int fd, struct tarn_address *address)
{
	socklen_t len = sizeof(*address);
	return getsockname(fd, &address->sa, &len);
}

/*
 * is_alone: no other socket may have the port, not even one with SO_REUSEPORT of this process; otherwise
 * the kernel may pick such a port for port 0.
 */
static int open_listener(struct tarn_address *address, int type, bool is_alone)
{
	int family = address->sa.sa_family;
	if ((family != AF_INET && family != AF_INET6) ||
	    (type != SOCK_DGRAM && type != SOCK_STREAM)) {
		errno = EINVAL;
		return TARN_ESYSTEM;
	}
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return TARN_ESYSTEM;
	if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
		goto failed;
	if (type == SOCK_STREAM && set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		goto failed;
	if (!is_alone && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		goto failed;
	if (tarn__socket_bind(fd, address) != 0)
		goto failed;
	if (is_alone && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		goto failed;
	if (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)
		goto failed;
	if (read_local_address(fd, address) != 0)
		goto failed;
	return fd;

failed:;
	int reason = errno;
	close(fd);
	errno = reason;
	return TARN_ESYSTEM;
}

int tarn_socket_open(struct tarn_address *address, int type)
{
	return open_listener(address, type, tarn_address_port(address) == 0);
}

int tarn__socket_open_pair(struct tarn_address *address, int *udp, int *tcp)
{
	bool is_alone = tarn_address_port(address) == 0;
	for (int tries = 0;; tries++) {
		struct tarn_address picked = *address;
		int udp_fd = open_listener(&picked, SOCK_DGRAM, is_alone);
		if (udp_fd < 0)
			return TARN_ESYSTEM;
		int tcp_fd = open_listener(&picked, SOCK_STREAM, is_alone);
		if (tcp_fd >= 0) {
			*udp = udp_fd;
			*tcp = tcp_fd;
			*address = picked;
			return 0;
		}
		int reason = errno;
		close(udp_fd);
		errno = reason;
		if (!is_alone || reason != EADDRINUSE || tries == PAIR_TRIES)
			return TARN_ESYSTEM;
	}
}

/* Returns the address that messages to a server come from, with any port; any address where none is set. */
static struct tarn_address source_of(const struct tarn__endpoint *endpoint)
{
	if (endpoint->source.sa.sa_family != AF_UNSPEC)
		return endpoint->source;
	return (struct tarn_address){.sa.sa_family = endpoint->address.sa.sa_family};
}

static uint16_t random_port(struct tarn__random *random, const struct tarn__ports *ports)
{
	if (ports)
		return tarn__ports_get(ports, tarn__random_below(random, ports->count));
	enum { COUNT = TARN__PORT_MAX - TARN__PORT_MIN + 1 };
	return (uint16_t)(TARN__PORT_MIN + tarn__random_below(random, COUNT));
}

/*
 * Where every try fails the kernel picks a port, which avoids those it reserves, and may be one of the
 * others to be avoided.
 */
static int bind_random_port(int fd, const struct tarn__endpoint *endpoint,
			    struct tarn__random *random, const struct tarn__ports *ports)
{
	struct tarn_address local = source_of(endpoint);
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		tarn_address_set_port(&local, random_port(random, ports));
		if (tarn__socket_bind(fd, &local) == 0)
			return 0;
		if (errno != EADDRINUSE && errno != EACCES)
			return TARN_ESYSTEM;
	}
	local = source_of(endpoint);
	return tarn__socket_bind(fd, &local);
}

/*
 * The port is picked at connect(), so that one may serve several connections. Linux has this since 4.2;
 * where the option fails it is picked here.
 */
static int bind_any_port(int fd, const struct tarn__endpoint *endpoint)
{
	if (endpoint->source.sa.sa_family == AF_UNSPEC)
		return 0;
	(void)set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return tarn__socket_bind(fd, &endpoint->source);
}

static int bind_interface(int fd, const struct tarn__endpoint *endpoint)
{
	size_t len = strlen(endpoint->interface);
	if (len == 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, endpoint->interface, (socklen_t)len);
}

int tarn__socket_outgoing(const struct tarn__endpoint *endpoint, enum tarn__transport transport,
			  struct tarn__random *random, const struct tarn__ports *ports)
{
	int family = endpoint->address.sa.sa_family;
	bool is_stream = tarn__transport_is_stream(transport);
	int type = is_stream ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return TARN_ESYSTEM;
	if (bind_interface(fd, endpoint) != 0)
		goto failed;
	if (!is_stream) {
		if (set_no_fragments(fd, family) != 0 || set_error_queue(fd, family) != 0 ||
		    bind_random_port(fd, endpoint, random, ports) != 0)
			goto failed;
	} else if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0 ||
		   bind_any_port(fd, endpoint) != 0) {
		goto failed;
	}
	/* The kernel's own limit; the code that uses the connection gives it up sooner. */
	if (tarn__transport_is_encrypted(transport))
		(void)set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	return fd;

failed:;
	int reason = errno;
	close(fd);
	errno = reason;
	return TARN_ESYSTEM;
}

/* A socket at a wildcard address receives each question's own address, to answer from it. */
static int prepare_udp(int fd, bool *is_wildcard)
{
	struct tarn_address local;
	if (read_local_address(fd, &local) != 0)
		return -1;
	int family = local.sa.sa_family;
	/* A smaller buffer than requested is no reason to fail. */
	(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	if (set_no_fragments(fd, family) != 0)
		return -1;
	*is_wildcard = is_any(&local);
	if (!*is_wildcard)
		return 0;
	return family == AF_INET6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
				  : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

int tarn__socket_adopt(int fd, int *type, bool *is_wildcard)
{
	socklen_t len = sizeof(*type);
	int flags = fcntl(fd, F_GETFL);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &len) != 0 || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return TARN_ESYSTEM;
	if (*type == SOCK_DGRAM)
		return prepare_udp(fd, is_wildcard) == 0 ? 0 : TARN_ESYSTEM;
	*is_wildcard = false;
	return *type == SOCK_STREAM ? 0 : TARN_EINVAL;
}

bool tarn__socket_is_at(int fd, const struct tarn_address *address)
{
	struct tarn_address local = {0};
	return read_local_address(fd, &local) == 0 && tarn_address_is_equal(&local, address);
}
