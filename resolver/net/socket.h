/* SPDX-License-Identifier: BSD-2-Clause */
/* net/socket.h: sockets with the options that DNS needs; see tarn_socket_open() too. */
#ifndef TARN_NET_SOCKET_H
#define TARN_NET_SOCKET_H

#include <stdbool.h>

#include "core/forward/endpoint.h"
#include "core/io.h"
#include "base/ports.h"
#include "net/random.h"
#include "tarn.h"

/*
 * Opens a UDP and a TCP socket at the same port. Where *address has port 0 the system picks one and
 * *address is set to it. TARN_ESYSTEM with errno.
 */
int tarn__socket_open_pair(struct tarn_address *address, int *udp, int *tcp);

/* As bind(2) and connect(2), with the present number of the address's interface; else ENODEV. */
int tarn__socket_bind(int fd, const struct tarn_address *);
int tarn__socket_connect(int fd, const struct tarn_address *);

/*
 * A socket for messages to a server: non-blocking, not connected, bound to the server's source address and
 * interface, where they are set. A UDP socket is bound to a random port (RFC 5452 section 9.2) of those
 * given; NULL: of all that need no privilege. Returns a descriptor, or TARN_ESYSTEM with errno, also where
 * the interface or the address does not exist.
 */
int tarn__socket_outgoing(const struct tarn__endpoint *endpoint, enum tarn__transport,
			  struct tarn__random *, const struct tarn__ports *);

/*
 * Prepares a bound socket, which another program may have opened: *type is set to SOCK_DGRAM or
 * SOCK_STREAM; *is_wildcard to true if each question comes with the address that its reply must come from.
 * TARN_ESYSTEM with errno, TARN_EINVAL for a socket of another type.
 */
int tarn__socket_adopt(int fd, int *type, bool *is_wildcard);

/* Returns true if the socket is bound to this address. */
bool tarn__socket_is_at(int fd, const struct tarn_address *);

#endif
