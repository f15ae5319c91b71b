/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/client_protocol.h: how questions come on a client's connection, and how replies go:
 *
 *	client_stream.c   behind their lengths (RFC 1035 section 4.2.2), over TCP and TLS (RFC 7766, RFC 7858)
 *	client_http.c     as requests of HTTP/2 (RFC 8484)
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_LISTEN_CLIENT_PROTOCOL_H
#define TARN_NET_LISTEN_CLIENT_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

struct tarn__connection;

struct tarn__client_protocol {
	const char *alpn; /* over TLS (RFC 7301) */
	/* TARN_ENOMEM: nothing is to be closed. */
	int (*open)(struct tarn__connection *);
	void (*close)(struct tarn__connection *);
	/* Reads once, and discards it where no more questions are taken: as tarn__stream_read(). */
	int (*read)(struct tarn__connection *);
	/*
	 * Resolves the questions that have been read whole; the replies available leave in one write. Returns
	 * the number of questions; -1: the connection is broken.
	 */
	int (*ask)(struct tarn__connection *);
	/* Writes what is queued, as far as the pipe takes it. TARN_ESYSTEM with errno: broken. */
	int (*flush)(struct tarn__connection *);
	/* Octets that the pipe has not taken. */
	size_t (*pending)(const struct tarn__connection *);
	/* Returns true if half a question has come, or half a reply is left to a client that does not want it. */
	bool (*is_partial)(const struct tarn__connection *);
	/* No more questions are taken: says so to the client, if the protocol has a word for it. */
	void (*end)(struct tarn__connection *);
	/*
	 * With nothing pending: returns true if nothing else is left to do after end(), where nothing is under way,
	 * or after a fault of the client's.
	 */
	bool (*has_ended)(const struct tarn__connection *);
};

extern const struct tarn__client_protocol tarn__client_stream, tarn__client_http;

#endif
