/* SPDX-License-Identifier: BSD-2-Clause */
/* net/socket.h: sockets with the options that DNS wants of them; see tarn_socket_open() too. */
#ifndef TARN_NET_SOCKET_H
#define TARN_NET_SOCKET_H

#include <stdbool.h>

#include "core/forward/endpoint.h"
#include "core/io.h"
#include "base/ports.h"
#include "net/random.h"
#include "tarn.h"

/*
 * A UDP and a TCP socket at the same port, which the system picks where *address has port 0; then
 * *address says which. TARN_ESYSTEM with errno.
 */
int tarn__socket_open_pair(struct tarn_address *address, int *udp, int *tcp);

/* As bind(2) and connect(2), with the number that the address's interface has now; else ENODEV. */
int tarn__socket_bind(int fd, const struct tarn_address *);
int tarn__socket_connect(int fd, const struct tarn_address *);

/*
 * A socket to ask a server with: non-blocking, not yet connected, bound to the server's source
 * address and interface, where it has any; a UDP one is bound to a random port (RFC 5452 section 9.2)
 * of the given ones; NULL: of all that take no privilege. A descriptor, or TARN_ESYSTEM with errno: where the interface or the address is not there, too.
 */
int tarn__socket_outgoing(const struct tarn__endpoint *endpoint, enum tarn__transport,
			  struct tarn__random *, const struct tarn__ports *);

/*
 * Makes a bound socket, perhaps somebody else's, ready to be served: *type is SOCK_DGRAM or
 * SOCK_STREAM; *is_wildcard: one local address must be chosen for each reply, and every question
 * comes with its own. TARN_ESYSTEM with errno, TARN_EINVAL for a socket of another type.
 */
int tarn__socket_adopt(int fd, int *type, bool *is_wildcard);

/* Is the socket bound to this address? */
bool tarn__socket_is_at(int fd, const struct tarn_address *);

#endif
