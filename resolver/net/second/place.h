/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/place.h: where a connection to a store leads, as text, and how its socket is set.
 *
 * Thread: any.
 */
#ifndef TARN_NET_SECOND_PLACE_H
#define TARN_NET_SECOND_PLACE_H

#include <netinet/in.h>

#include "net/second/connection.h"

/* An address and the number of its interface, with NUL: "fe80::1%2". */
enum { TARN__SECOND_HOST_MAX = INET6_ADDRSTRLEN + 16 };

/*
 * Writes the host of an address in numbers alone, so that nobody is asked what it means. Returns NULL, or what is
 * wrong with the place.
 */
const char *tarn__second_place_format(const struct tarn__second_place *,
				      char host[TARN__SECOND_HOST_MAX]);

/* Closed on exec; over TCP a peer that is gone without a word is noticed after half a minute. */
void tarn__second_place_set(const struct tarn__second_place *, int fd);

#endif
