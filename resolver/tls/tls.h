/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls/tls.h: TLS 1.2 and 1.3 (RFC 9325) as a pipe on a pipe, for connections to servers and from clients.
 * openssl.h is the only door to OpenSSL's libssl, 3.0 and later, which is loaded when it is first needed: a
 * program that uses nothing encrypted does not map it.
 *
 *	struct tarn__tls_client   what all connections to servers share: CA certificates, limits
 *	struct tarn__tls_server   what connections of clients share: certificate chains and keys, ticket keys
 *	struct tarn__tls          one connection: a handshake, then a pipe in the clear
 *
 * A connection to a server is strict: it is open only if the server is who it is said to be (RFC 8310 section
 * 8.1, RFC 9525): a chain to a trusted CA, valid now, for servers, with a subjectAltName that fits the name,
 * or the address if there is no name; never the Common Name. If there are pins (RFC 7858 section 4.2), the
 * key of the server's certificate must be one of them; without a name the pin takes the place of all else.
 *
 * Threads: clients and servers are counted and shared by any; a connection belongs to one thread.
 */
#ifndef TARN_TLS_TLS_H
#define TARN_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pipe.h"

enum {
	TARN__TLS_PIN_LEN = 32, /* SHA-256 of a SubjectPublicKeyInfo in DER */
	TARN__TLS_FAULT_MAX = 256, /* octets of a reason, with NUL: one line */
};

/* Returns true if tarn is built with it. */
bool tarn__tls_is_built(void);

/* ---- connections to servers ---------------------------------------------------------------- */

struct tarn__tls_client;

struct tarn__tls_client_options {
	/* A file, or a folder, of CA certificates in PEM; NULL: the library's own store, which may be empty. */
	const char *ca;
	/*
	 * Seconds since 1970: the dates of certificates are not checked as long as the clock shows an earlier
	 * time; 0: they always are.
	 */
	uint32_t lenient_until_sec;
	/* A time that has passed: if the clock shows an earlier one, a date says nothing; see TARN__TLS_CLOCK. */
	uint32_t clock_floor_sec;
};

/*
 * Loads the library and reads the CA certificates; afterwards no file is opened. The caller has the one
 * reference. NULL: fault has the reason.
 */
struct tarn__tls_client *tarn__tls_client_new(const struct tarn__tls_client_options *,
					      char fault[TARN__TLS_FAULT_MAX]);
/* Takes a reference, and drops one; dropping the last one frees it. put accepts NULL. */
struct tarn__tls_client *tarn__tls_client_get(struct tarn__tls_client *);
void tarn__tls_client_put(struct tarn__tls_client *);
/* Returns true if both trust the same CA certificates, read from whatever files, at the same times. */
bool tarn__tls_client_is_equal(const struct tarn__tls_client *, const struct tarn__tls_client *);

/* Who a server is, in views that stay valid as long as its connections. */
struct tarn__tls_identity {
	const char *
		name; /* without a final dot; sent as SNI (RFC 6066 section 3); NULL: the address */
	const uint8_t *address; /* 4 or 16 octets */
	size_t address_len;
	const uint8_t (*pins)[TARN__TLS_PIN_LEN]; /* any of them */
	size_t pin_count;
	const char *alpn; /* "dot", "h2" (RFC 7301); what is selected, if anything, must be that */
};

/*
 * Sessions that a server offers to resume, the newest first, each used once (RFC 8446 appendix C.4). Zeros:
 * none. Of one server, one identity and one client.
 */
enum { TARN__TLS_SESSIONS = 2 };
struct tarn__tls_sessions {
	void *items[TARN__TLS_SESSIONS];
};
void tarn__tls_sessions_forget(struct tarn__tls_sessions *);

/* ---- connections of clients ---------------------------------------------------------------- */

struct tarn__tls_server;
struct tarn__tls_ticket_keys;

/*
 * The keys of session tickets of all servers of a tarn, so that a session of one worker, or of the
 * certificate before, is resumed by any (RFC 5077, RFC 8446 section 4.6.1): random, in memory only, a new one
 * for each rotation, with which those two before are still accepted. NULL: out of memory.
 */
struct tarn__tls_ticket_keys *tarn__tls_ticket_keys_new(void);
/* NULL is allowed. All servers that have it have been freed. */
void tarn__tls_ticket_keys_free(struct tarn__tls_ticket_keys *);
/* Any thread; to be called each TARN__TLS_ROTATION_MS (RFC 9325 section 3.4 allows a week). */
void tarn__tls_ticket_keys_rotate(struct tarn__tls_ticket_keys *);
enum { TARN__TLS_ROTATION_MS = 6 * 3600 * 1000 };

/* A chain of certificates, the server's own first, and its key, both in PEM. */
struct tarn__tls_pair {
	const char *chain;
	size_t chain_len;
	const char *key;
	size_t key_len;
};

/*
 * Makes a server with one pair, or several of different kinds of keys. The ticket keys are borrowed. now_sec
 * is the time by which a certificate may have expired. NULL: fault has the reason; *faulty, the index of the
 * pair that it is about.
 */
struct tarn__tls_server *tarn__tls_server_new(const struct tarn__tls_pair *, size_t count,
					      struct tarn__tls_ticket_keys *, uint64_t now_sec,
					      size_t *faulty, char fault[TARN__TLS_FAULT_MAX]);
struct tarn__tls_server *tarn__tls_server_get(struct tarn__tls_server *);
void tarn__tls_server_put(struct tarn__tls_server *);

/* What a certificate says: the server's own of a pair. */
struct tarn__tls_certificate {
	uint64_t from_sec, until_sec; /* valid, since 1970 */
	char names
		[TARN__TLS_FAULT_MAX]; /* of its subjectAltName: "a.example, *.b.example, 192.0.2.1" */
	char issuer[128];
};
/* Reads the first certificate of a chain in PEM. Returns false if there is none, or no library. */
bool tarn__tls_certificate_read(const char *chain, size_t len, struct tarn__tls_certificate *out);

/* ---- a connection -------------------------------------------------------------------------- */

enum tarn__tls_state {
	TARN__TLS_SECURING, /* the handshake is under way */
	TARN__TLS_OPEN, /* the peer is who it should be; what its pipe carries is encrypted */
	TARN__TLS_FAILED, /* for ever; tarn__tls_fault() has the reason */
};

/* Why a connection failed, for those who count and log. */
enum tarn__tls_reason {
	TARN__TLS_NO_REASON,
	TARN__TLS_CERTIFICATE, /* it is not who it should be */
	TARN__TLS_CLOCK, /* a date of its certificate, where this machine's clock cannot be right */
	TARN__TLS_PROTOCOL, /* what the peer sent is not TLS, or not one that is spoken here */
	TARN__TLS_ALERT, /* the peer gave up */
	TARN__TLS_CLOSED, /* the peer closed, or the network did */
	TARN__TLS_NO_MEMORY,
};

struct tarn__tls;

/*
 * Make a connection on a pipe, which is borrowed; nothing is sent yet. sessions is borrowed: one is taken from
 * it, and what the server offers goes there, as long as the connection lives; NULL: no resumption. NULL: out
 * of memory.
 */
struct tarn__tls *tarn__tls_connect(struct tarn__tls_client *, const struct tarn__tls_identity *,
				    struct tarn__tls_sessions *, struct tarn__pipe *below);
/* Which protocols a client may select: "dot" or "h2". One that offers others is refused (RFC 7301). */
struct tarn__tls *tarn__tls_accept(struct tarn__tls_server *, const char *alpn,
				   struct tarn__pipe *below);
/* Without a word to the peer; see tarn__pipe_end(). NULL is allowed. */
void tarn__tls_free(struct tarn__tls *);

/* Goes on with the handshake, as far as the pipe below gives and takes octets. */
enum tarn__tls_state tarn__tls_secure(struct tarn__tls *);
enum tarn__tls_state tarn__tls_state(const struct tarn__tls *);

/*
 * The pipe in the clear, to be used in TARN__TLS_OPEN alone. recv() returns 0 at the end of the stream below,
 * with or without close_notify: messages have lengths. After EAGAIN send() is repeated with the same octets, of
 * which there may be more: some have been encrypted. end() sends close_notify, and then ends the pipe below.
 */
struct tarn__pipe *tarn__tls_pipe(struct tarn__tls *);

/*
 * Returns true if the last call could not go on because the pipe below took no more: it is to be repeated
 * when that can be written to. Reading may need it, and writing may need to read.
 */
bool tarn__tls_wants_write(const struct tarn__tls *);

/* Returns true if a session was resumed. In TARN__TLS_OPEN. */
bool tarn__tls_is_resumed(const struct tarn__tls *);
/* Returns true if the client has offered protocols, or the server selected one. In TARN__TLS_OPEN. */
bool tarn__tls_has_alpn(const struct tarn__tls *);

/*
 * The reason of TARN__TLS_FAILED, one line in words for a log: "certificate is for other.example", "closed
 * during the handshake". Valid as long as the connection.
 */
const char *tarn__tls_fault(const struct tarn__tls *);
enum tarn__tls_reason tarn__tls_reason(const struct tarn__tls *);

#endif
