/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/place.c: where a connection to a store leads. */
#include "config.h"

#include "net/second/place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	/* 10 + 3 * 5 seconds: of a connection over which nothing is outstanding, such as a listener's. */
	KEEPALIVE_IDLE_SEC = 10,
	KEEPALIVE_INTERVAL_SEC = 5,
	KEEPALIVE_COUNT = 3,
};

/* The number of the address's interface; 0: any. Returns false if there is none of that name. */
static bool find_scope(const struct tarn_address *address, unsigned *out)
{
	*out = address->in6.sin6_scope_id;
	if (address->interface[0] == '\0')
		return true;
	*out = if_nametoindex(address->interface);
	return *out != 0;
}

const char *tarn__second_place_format(const struct tarn__second_place *place,
				      char host[TARN__SECOND_HOST_MAX])
{
	const struct tarn_address *address = &place->address;
	unsigned scope = 0;
	if (place->path) {
		/* It would be cut. */
		return strlen(place->path) < sizeof((struct sockaddr_un *)NULL)->sun_path
			       ? NULL
			       : "the path is too long";
	}
	if (address->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->in4.sin_addr, host, TARN__SECOND_HOST_MAX);
		return NULL;
	}
	if (!find_scope(address, &scope))
		return "the interface does not exist";
	inet_ntop(AF_INET6, &address->in6.sin6_addr, host, TARN__SECOND_HOST_MAX);
	size_t len = strlen(host);
	if (scope > 0)
		snprintf(host + len, TARN__SECOND_HOST_MAX - len, "%%%u", scope);
	return NULL;
}

void tarn__second_place_set(const struct tarn__second_place *place, int fd)
{
	const int on = 1, idle = KEEPALIVE_IDLE_SEC, interval = KEEPALIVE_INTERVAL_SEC,
		  count = KEEPALIVE_COUNT;
	/* What is not supported is done without. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (place->path)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}
