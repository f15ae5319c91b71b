/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/secure_server.h: what a carrier knows of an encrypted server, whatever connections there are:
 *
 *	set-ups     a connection costs as much as a thousand questions, and one that fails is not tried again
 *	            at once: later and later while the server has neighbours that live, else about once per
 *	            second, whatever the number of questions; questions fail meanwhile, with the same reason
 *	hold        the server asks to be left alone (RFC 9110 section 10.2.3)
 *	idle        for how long the server keeps a connection that is not used
 *	share       how many questions a connection answers before the server ends it
 *	silence     after how long a connection on which nothing comes is in doubt, and dead
 *
 * Time is an argument. Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_SECURE_SERVER_H
#define TARN_NET_UPSTREAM_SECURE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/upstream/tls_link.h"
#include "tls/tls.h"

struct tarn__endpoint;
struct tarn__random;
struct tarn__session_store;

enum {
	/* A connection and its handshake as a whole. */
	TARN__SETUP_MS = 5000,
	/* Between set-ups that fail: at first, at most. */
	TARN__BACKOFF_MIN_MS = 250,
	TARN__BACKOFF_MAX_MS = 10000,
	/* From the begin of one to that of the next if no other server lives: core/ probes once per second. */
	TARN__BACKOFF_ALONE_MS = 900,
	/* After which a set-up is late: the first SYN, or what followed it, may be lost. */
	TARN__CONNECT_LATE_MS = 1000,
	TARN__SETUP_LATE_MS = 2000,
	/* Longest time that a server is left alone on its own demand. */
	TARN__HOLD_MAX_MS = 60000,
	/* A connection that is not used is kept for that time if the server keeps it, and by its word for that. */
	TARN__IDLE_MAX_MS = 30000,
	TARN__KEEPALIVE_MAX_MS = 120000,
	TARN__IDLE_MIN_MS = 500,
	/* Questions under way on a connection from which on another one is opened, at most. */
	TARN__SHARE_MAX = 64,
	/* After a question or an answer; then the connection is in doubt, or dead. At least. */
	TARN__DOUBT_MS = 1000,
	TARN__DEAD_MS = 3000,
};

struct tarn__secure_server {
	char authority[TARN__AUTHORITY_MAX]; /* in HTTP */
	struct tarn__session_store *store; /* a reference; NULL: none yet */
	/* Set-ups. */
	unsigned failures; /* in a row */
	bool is_proven; /* the last set-up that ended was good, and none has been late since */
	uint64_t started_ms; /* the last one */
	uint64_t wait_until_ms; /* none begins before that */
	/* Until then questions fail; 0: they do not. */
	uint64_t held_until_ms;
	/* What they fail with meanwhile, as the last one did. */
	int error;
	char fault[TARN__TLS_FAULT_MAX];
	uint32_t srtt_ms; /* smoothed (RFC 6298 section 2); 0: unknown */
	uint32_t idle_ms;
	unsigned share;
};

void tarn__secure_server_init(struct tarn__secure_server *, const struct tarn__endpoint *);
void tarn__secure_server_fini(struct tarn__secure_server *);
/* What was measured goes for another network no longer; sessions do. */
void tarn__secure_server_network_changed(struct tarn__secure_server *);

/* Returns true if a set-up may begin. */
bool tarn__secure_server_may_start(const struct tarn__secure_server *, uint64_t now_ms);
void tarn__secure_server_started(struct tarn__secure_server *, uint64_t now_ms);
void tarn__secure_server_succeeded(struct tarn__secure_server *);
void tarn__secure_server_was_late(struct tarn__secure_server *);
/* is_alone: no other server of its zone lives. */
void tarn__secure_server_failed(struct tarn__secure_server *, int error, const char *fault,
				bool is_alone, uint64_t now_ms, struct tarn__random *);

/* It asks to be left alone. */
void tarn__secure_server_hold(struct tarn__secure_server *, int error, const char *fault,
			      uint32_t hold_ms, uint64_t now_ms);
static inline bool tarn__secure_server_is_held(const struct tarn__secure_server *server,
					       uint64_t now_ms)
{
	return now_ms < server->held_until_ms;
}

/* An answer has come after that time. */
void tarn__secure_server_answered(struct tarn__secure_server *, uint64_t rtt_ms);
uint64_t tarn__secure_server_doubt_ms(const struct tarn__secure_server *);
uint64_t tarn__secure_server_dead_ms(const struct tarn__secure_server *);

/* The server has closed a connection on which nothing had been under way for that time; tarn has closed one. */
void tarn__secure_server_closed(struct tarn__secure_server *, uint64_t idle_ms);
void tarn__secure_server_kept(struct tarn__secure_server *);
/* The server has ended one with questions under way, after that number of answers. */
void tarn__secure_server_ended(struct tarn__secure_server *, unsigned answered);
/* It answers, on one connection, that number of questions. */
static inline void tarn__secure_server_shares(struct tarn__secure_server *server, unsigned answered)
{
	if (answered > server->share && answered <= TARN__SHARE_MAX)
		server->share = answered;
}

#endif
