/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/cares.h: the token, c-ares' part of a channel: c-ares opens a socket to a server, times it
 * out, closes it and reports its failure.
 *
 * c-ares does not get to see the messages: from 1.28 on it parses and rewrites what it sends and
 * receives, and one odd answer makes it fail every other question of the socket; 1.18 damages questions
 * on FORMERR. It is given one query of its own, the token, for as long as the socket is open, and the
 * messages pass beside it:
 *
 *	tarn__token_start() --> open(), connect(), opened(): the socket is there
 *	tarn__token_tick()  --> the token of a socket in use is replaced before it times out
 *	tarn__token_close() --> close(): the token has ended, with an error or without
 *
 * Nothing that a server sends is ever parsed by c-ares, all its versions behave the same, and what it
 * costs does not depend on the number of messages.
 */
#ifndef TARN_NET_UPSTREAM_CARES_H
#define TARN_NET_UPSTREAM_CARES_H

#include <stdbool.h>
#include <stdint.h>

struct ares_channeldata;
struct ares_dns_record;

/* The owner of the socket. Called from within the functions below; calls none of these. */
struct tarn__token_owner {
	/* A new socket to the server; -1: there is none. */
	int (*open)(void *arg);
	/* Connects it, or begins to; -1 with errno. */
	int (*connect)(void *arg);
	/* It can be written to, before it is connected too. */
	void (*opened)(void *arg);
	/* As close(2). */
	int (*close)(void *arg);
	/*
	 * The token has failed: TARN_ETIMEOUT, TARN_ENOMEM or TARN_EUNREACHABLE. Its socket, where it
	 * has one, is closed now or at tarn__token_close().
	 */
	void (*failed)(void *arg, int error);
};

struct tarn__token {
	const struct tarn__token_owner *owner;
	void *arg;
	struct ares_channeldata *ares;
	struct ares_dns_record *record; /* what is asked; not with every version */
	int fd; /* -1: closed */
	bool is_framed; /* c-ares takes its socket for a stream */
	bool is_under_way;
	bool is_due; /* it is answered at the next read */
	bool is_closing; /* c-ares' next read reports an error */
	bool has_failed;
	uint16_t id;
	uint64_t started_ms;
};

/* The owner is borrowed, arg is handed to its functions. 0 or TARN_ENOMEM; fini is needed after both. */
int tarn__token_init(struct tarn__token *, const struct tarn__token_owner *, void *arg);
/* Closes the socket. */
void tarn__token_fini(struct tarn__token *);

/* Opens a socket. There is none. */
void tarn__token_start(struct tarn__token *);

/* About once per second, while there is a socket. */
void tarn__token_tick(struct tarn__token *, uint64_t now_ms);

/* Closes the socket, if there is one. is_orderly: c-ares counts no failure of a server. */
void tarn__token_close(struct tarn__token *, bool is_orderly);

/*
 * Once per process. 0, or TARN_EINVAL where the c-ares that is linked is one that tarn was not made
 * for. *version is set to its name in both cases.
 */
int tarn__cares_init(const char **version);
/* The known fault of the c-ares that is linked; NULL: none. */
const char *tarn__cares_fault(void);

#endif
