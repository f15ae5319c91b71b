/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/parts.h: what the files that make clients, servers and connections of the library share. */
#ifndef TARN_TLS_PARTS_H
#define TARN_TLS_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls/openssl.h"
#include "tls/tls.h"

#ifdef HAVE_OPENSSL

struct tarn__tls_client {
	atomic_uint references;
	SSL_CTX *context;
	uint32_t lenient_until_sec, clock_floor_sec;
	bool has_no_ca;
	uint64_t digest; /* of the texts of the CA certificates, in any order */
};

struct tarn__tls_server {
	atomic_uint references;
	SSL_CTX *context;
	struct tarn__tls_ticket_keys *keys;
};

/* A connection. */
struct tarn__tls {
	struct tarn__pipe pipe;
	struct tarn__pipe *below;
	SSL *ssl;
	struct tarn__tls_client *client; /* NULL: the connection is a client's */
	struct tarn__tls_server *server;
	struct tarn__tls_identity identity;
	struct tarn__tls_sessions *sessions;
	const char *alpn;
	enum tarn__tls_state state;
	enum tarn__tls_reason reason;
	int below_errno; /* why the pipe below is broken; 0: it is not */
	bool is_below_ended;
	bool has_read, is_clear; /* the first octet has come; TLS does not begin with it */
	bool wants_write; /* of the last call */
	bool has_received; /* recv() has been called since the handshake */
	bool is_drained; /* SSL_read() has taken all that was there */
	bool has_alpn, offers_session;
	char fault[TARN__TLS_FAULT_MAX];
};

/* context.c: versions, ciphers, groups and options of all connections. NULL: fault has the reason. */
SSL_CTX *tarn__tls_context_new(const SSL_METHOD *, char fault[TARN__TLS_FAULT_MAX]);

/* below.c: to be called before the first connection. Returns false if memory is short. */
bool tarn__tls_below_start(void);
/* The connection's pipe below, as a stream of the library; NULL: no memory. */
BIO *tarn__tls_below_new(struct tarn__tls *);

/* fault.c: gives the connection a reason to fail, unless it has one already. */
__attribute__((format(printf, 3, 4))) void tarn__tls_fail(struct tarn__tls *, enum tarn__tls_reason,
							  const char *format, ...);
/*
 * Ends the connection for the errors in the library's queue, or for what the pipe below came to. Afterwards nothing of
 * the library's is called for it but what frees it.
 */
void tarn__tls_break_off(struct tarn__tls *);

/* verify.c, called back by the library: returns 1 if the server is who it should be. */
int tarn__tls_check_server(X509_STORE_CTX *, void *unused);

/* sessions.c, called back by the library: the server offers to resume. Returns 1: the session is kept. */
int tarn__tls_keep_session(SSL *, SSL_SESSION *);
/* Takes the newest one out. The caller frees it. NULL: none. */
SSL_SESSION *tarn__tls_take_session(struct tarn__tls_sessions *);
/* A server that does not resume one session has lost the keys of the others too. */
void tarn__tls_forget_refused(struct tarn__tls *);
/*
 * Of TLS 1.2 a session may be resumed more than once, and the library does not tell of the one with which another
 * resumed connection has begun.
 */
void tarn__tls_keep_resumed(struct tarn__tls *);

/* certificate.c: in seconds since 1970. */
int64_t tarn__x509_seconds(const ASN1_TIME *);
/* Appends "a.example, *.b.example, 192.0.2.1", the names in a certificate's subjectAltName. */
void tarn__x509_append_names(X509 *, char *text, size_t room);
/* Appends the common name, or the organization. */
void tarn__x509_append_name(const X509_NAME *, char *text, size_t room);
/* The next certificate in a text in PEM; NULL: none, see tarn__x509_is_at_end(). */
X509 *tarn__x509_read(BIO *text);
/* Returns true if the last error says that a text in PEM has no more of what is looked for. */
bool tarn__x509_is_at_end(void);
/* A file may ask for a passphrase: there is none. */
int tarn__x509_give_no_passphrase(char *out, int room, int is_writing, void *data);

#endif
#endif
