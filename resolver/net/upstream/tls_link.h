/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/tls_link.h: the TLS of one connection to a server: who the server is, by its endpoint, and the
 * sessions that are resumed.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_TLS_LINK_H
#define TARN_NET_UPSTREAM_TLS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/transport.h"
#include "tls/tls.h"

struct tarn__endpoint;

/*
 * Sessions of one endpoint and one client: those of another client have been verified by other certificates.
 * Counted: what a connection is offered after that goes to the store that it began with.
 */
struct tarn__session_store {
	unsigned references;
	struct tarn__tls_client *client; /* a reference */
	struct tarn__tls_sessions sessions;
};

/* NULL is allowed. */
void tarn__session_store_put(struct tarn__session_store *);

/* Zeros: none. */
struct tarn__tls_link {
	struct tarn__session_store *store; /* a reference */
	struct tarn__tls *tls;
};

/*
 * Begins a handshake over the pipe, which is borrowed, as the endpoint is. *store is that of the endpoint, and
 * is replaced if it is none or that of another client. alpn stays valid. 0 or TARN_ENOMEM.
 */
int tarn__tls_link_init(struct tarn__tls_link *, struct tarn__tls_client *,
			const struct tarn__endpoint *, const char *alpn,
			struct tarn__session_store **store, struct tarn__pipe *below);
/* Zeros are allowed. */
void tarn__tls_link_fini(struct tarn__tls_link *);

/* What TARN__TLS_FAILED is as an error: TARN_ECERTIFICATE, TARN_ETLS, TARN_ENOMEM. */
int tarn__tls_link_error(const struct tarn__tls_link *);

/* Octets of an authority, with NUL: a name or an address, and a port. */
enum { TARN__AUTHORITY_MAX = 272 };

/* Writes what HTTP calls the server (RFC 9113 section 8.3.1). */
void tarn__authority_format(const struct tarn__endpoint *, char out[TARN__AUTHORITY_MAX]);

#endif
