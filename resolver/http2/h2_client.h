/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/h2_client.h: DNS questions to a server over HTTP/2 (RFC 8484 over RFC 9113), on a pipe: one POST
 * request for each, on a stream of its own. A kind of framing (base/framing.h).
 *
 * Thread: one at a time.
 */
#ifndef TARN_HTTP2_H2_CLIENT_H
#define TARN_HTTP2_H2_CLIENT_H

#include <stddef.h>

#include "base/framing.h"

struct tarn__pipe;

/* Where questions go, in texts that outlive the connection. */
struct tarn__h2_target {
	const char *authority; /* "dns.example", "dns.example:8443", "[2001:db8::1]" */
	const char *path; /* "/dns-query" */
};

/* Returns NULL if out of memory. The pipe is borrowed, the target is copied. tarn__http2_load() has been called. */
struct tarn__framing *tarn__h2_client_new(struct tarn__pipe *, const struct tarn__h2_target *);

#endif
