/* SPDX-License-Identifier: BSD-2-Clause */
/* base/transport.h: what DNS messages travel over. Code asks for a property, not for a transport. */
#ifndef TARN_BASE_TRANSPORT_H
#define TARN_BASE_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

enum tarn__transport { TARN__UDP, TARN__TCP, TARN__TLS, TARN__HTTPS };

enum {
	TARN__TRANSPORTS = 4,
	/* Channels to one server; see net/upstream/carrier.h. */
	TARN__UDP_CHANNELS = 48,
	TARN__TCP_CHANNELS = 4,
	TARN__TLS_CHANNELS = 8, /* under load; 4 otherwise */
	/* At most: a server that is encrypted has no others. */
	TARN__SERVER_CHANNELS = TARN__UDP_CHANNELS + TARN__TCP_CHANNELS,
};

struct tarn__transport_traits {
	const char *name; /* "udp", "tcp", "tls", "https": as in logs, labels of metrics and URLs */
	unsigned channels_max;
	uint16_t port; /* the usual one */
	bool is_stream; /* on connections: a message is whole, and its sender is where it says */
	bool is_encrypted; /* and the server is who it should be */
	bool has_keepalive; /* the limit of idleness is told by EDNS (RFC 7828; not RFC 8484) */
};

extern const struct tarn__transport_traits tarn__transports[TARN__TRANSPORTS];

static inline const char *tarn__transport_name(enum tarn__transport transport)
{
	return tarn__transports[transport].name;
}

static inline bool tarn__transport_is_stream(enum tarn__transport transport)
{
	return tarn__transports[transport].is_stream;
}

static inline bool tarn__transport_is_encrypted(enum tarn__transport transport)
{
	return tarn__transports[transport].is_encrypted;
}

#endif
