/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/secure.h: TLS to a store: strictly verified (tls/tls.h), by its name or its address.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_SECURE_H
#define TARN_NET_SECOND_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net/second/connection.h"
#include "tls/tls.h"

struct tarn__second_secure;

/* Over a connected, or connecting, socket, which is borrowed, as the place's client. NULL: out of memory. */
struct tarn__second_secure *tarn__second_secure_new(const struct tarn__second_place *, int fd);
void tarn__second_secure_free(struct tarn__second_secure *); /* NULL is allowed */

/* Goes on with the handshake. */
enum tarn__tls_state tarn__second_secure_go_on(struct tarn__second_secure *);
enum tarn__tls_state tarn__second_secure_state(const struct tarn__second_secure *);
bool tarn__second_secure_wants_write(const struct tarn__second_secure *);
bool tarn__second_secure_has_more(const struct tarn__second_secure *);
const char *tarn__second_secure_fault(const struct tarn__second_secure *);

/* As those of base/pipe.h. */
ssize_t tarn__second_secure_recv(struct tarn__second_secure *, void *out, size_t room);
ssize_t tarn__second_secure_send(struct tarn__second_secure *, const void *octets, size_t len);

#endif
