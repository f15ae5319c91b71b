/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support/tls_world.h: the two ends of a connection in one process, and one that is libssl's alone and does what
 * tarn does not. Programs that use it link libssl.
 */
#ifndef TESTS_SUPPORT_TLS_WORLD_H
#define TESTS_SUPPORT_TLS_WORLD_H

#define OPENSSL_API_COMPAT 0x30000000L /* as in tls/openssl.h */
#include <check.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>
#include <time.h>

#include "support/certificates.h"
#include "support/folder.h"
#include "support/memory_pipe.h"
#include "tls/tls.h"

/* A CA, a server that it knows, and those who trust it. */
static struct {
	struct certificate *ca, *own;
	struct tarn__tls_client *client;
	struct tarn__tls_ticket_keys *keys;
	struct tarn__tls_server *server;
} world;

static inline struct tarn__tls_pair pair_of(const struct certificate *made)
{
	const char *chain = certificate_pem(made), *key = certificate_key_pem(made);
	return (struct tarn__tls_pair){chain, strlen(chain), key, strlen(key)};
}

static inline struct tarn__tls_server *make_server(const struct certificate *made,
						   struct tarn__tls_ticket_keys *keys)
{
	char fault[TARN__TLS_FAULT_MAX] = "";
	size_t faulty;
	struct tarn__tls_pair pair = pair_of(made);
	struct tarn__tls_server *server =
		tarn__tls_server_new(&pair, 1, keys, (uint64_t)time(NULL), &faulty, fault);
	ck_assert_msg(server, "%s", fault);
	return server;
}

static inline struct tarn__tls_client *
make_client(const struct certificate *ca, uint32_t lenient_until_sec, uint32_t clock_floor_sec)
{
	char fault[TARN__TLS_FAULT_MAX] = "";
	put_file("ca.pem", certificate_pem(ca));
	struct tarn__tls_client *client = tarn__tls_client_new(
		&(struct tarn__tls_client_options){.ca = in_folder("ca.pem"),
						   .lenient_until_sec = lenient_until_sec,
						   .clock_floor_sec = clock_floor_sec},
		fault);
	ck_assert_msg(client, "%s", fault);
	return client;
}

static inline void make_world(void)
{
	make_folder();
	world.ca = certificate_new(
		&(struct certificate_plan){.is_ca = true, .common_name = "Test CA"});
	world.own = certificate_new(&(struct certificate_plan){
		.names = "DNS:dns.example,IP:192.0.2.1", .issuer = world.ca});
	world.client = make_client(world.ca, 0, 0);
	world.keys = tarn__tls_ticket_keys_new();
	ck_assert_ptr_nonnull(world.keys);
	world.server = make_server(world.own, world.keys);
}

static inline void end_world(void)
{
	tarn__tls_server_put(world.server);
	tarn__tls_ticket_keys_free(world.keys);
	tarn__tls_client_put(world.client);
	certificate_free(world.own);
	certificate_free(world.ca);
	remove_folder();
}

/* Their name, in the protocol's words. */
static const struct tarn__tls_identity dns_example = {.name = "dns.example", .alpn = "dot"};

/* ---- two ends of tarn's ---------------------------------------------------------------------- */

struct ends {
	struct memory_pipe below[2];
	struct tarn__tls *near, *far; /* connects; accepts */
};

static inline void open_ends_of(struct ends *ends, struct tarn__tls_client *client,
				struct tarn__tls_server *server,
				const struct tarn__tls_identity *identity,
				struct tarn__tls_sessions *sessions)
{
	memory_pipes_init(ends->below);
	ends->near = tarn__tls_connect(client, identity, sessions, &ends->below[0].pipe);
	ends->far = tarn__tls_accept(server, "dot", &ends->below[1].pipe);
	ck_assert_ptr_nonnull(ends->near);
	ck_assert_ptr_nonnull(ends->far);
}

static inline void open_ends(struct ends *ends)
{
	open_ends_of(ends, world.client, world.server, &dns_example, NULL);
}

static inline void close_ends(struct ends *ends)
{
	tarn__tls_free(ends->near);
	tarn__tls_free(ends->far);
	memory_pipes_fini(ends->below);
}

/* Goes on at both ends until neither moves. */
static inline void secure_ends(struct ends *ends)
{
	size_t moved;
	do {
		moved = ends->below[0].recv_count + ends->below[1].recv_count;
		tarn__tls_secure(ends->near);
		tarn__tls_secure(ends->far);
	} while (ends->below[0].recv_count + ends->below[1].recv_count > moved);
}

static inline void expect_open(struct ends *ends)
{
	ck_assert_str_eq(tarn__tls_fault(ends->near), "");
	ck_assert_str_eq(tarn__tls_fault(ends->far), "");
	ck_assert_int_eq(tarn__tls_state(ends->near), TARN__TLS_OPEN);
	ck_assert_int_eq(tarn__tls_state(ends->far), TARN__TLS_OPEN);
}

static inline void expect_failed(const struct tarn__tls *tls, enum tarn__tls_reason reason,
				 const char *fault)
{
	ck_assert_str_eq(tarn__tls_fault(tls), fault);
	ck_assert_int_eq(tarn__tls_reason(tls), reason);
	ck_assert_int_eq(tarn__tls_state(tls), TARN__TLS_FAILED);
}

static inline ssize_t send_on(struct tarn__tls *tls, const void *octets, size_t len)
{
	return tarn__pipe_send(tarn__tls_pipe(tls), octets, len);
}

static inline ssize_t recv_on(struct tarn__tls *tls, void *out, size_t room)
{
	return tarn__pipe_recv(tarn__tls_pipe(tls), out, room);
}

/* A short text goes from one to the other. */
static inline void expect_carried(struct tarn__tls *from, struct tarn__tls *to, const char *text)
{
	char got[64];
	ck_assert_int_eq(send_on(from, text, strlen(text)), (ssize_t)strlen(text));
	ssize_t len = recv_on(to, got, sizeof(got));
	ck_assert_int_eq(len, (ssize_t)strlen(text));
	ck_assert_mem_eq(got, text, (size_t)len);
}

static inline void expect_nothing(struct tarn__tls *tls)
{
	char got[64];
	errno = 0;
	ck_assert_int_eq(recv_on(tls, got, sizeof(got)), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

/* ---- an end that is libssl's ----------------------------------------------------------------- */

struct raw {
	SSL *ssl;
	struct memory_pipe *pipe;
};

/* A context that allows what tarn does not: level 0, all versions. */
static inline SSL_CTX *make_raw_context(bool is_server, const struct certificate *made)
{
	SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	ck_assert_ptr_nonnull(context);
	SSL_CTX_set_security_level(context, 0);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(context, TLS1_VERSION), 1);
	ck_assert_int_eq(SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"), 1);
	if (!made)
		return context;
	BIO *chain = BIO_new_mem_buf(certificate_pem(made), -1);
	BIO *key_text = BIO_new_mem_buf(certificate_key_pem(made), -1);
	X509 *own = PEM_read_bio_X509(chain, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
	ck_assert_int_eq(SSL_CTX_use_certificate(context, own), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(own);
	EVP_PKEY_free(key);
	BIO_free(chain);
	BIO_free(key_text);
	return context;
}

/* Consumes the context. */
static inline void open_raw(struct raw *raw, SSL_CTX *context, struct memory_pipe *pipe)
{
	*raw = (struct raw){.ssl = SSL_new(context), .pipe = pipe};
	ck_assert_ptr_nonnull(raw->ssl);
	SSL_set_bio(raw->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (SSL_is_server(raw->ssl))
		SSL_set_accept_state(raw->ssl);
	else
		SSL_set_connect_state(raw->ssl);
	SSL_CTX_free(context);
}

static inline void close_raw(struct raw *raw)
{
	SSL_free(raw->ssl);
	ERR_clear_error();
}

/* What has come goes to the library. */
static inline void feed_raw(struct raw *raw)
{
	char buffer[4096];
	ssize_t len;
	while ((len = tarn__pipe_recv(&raw->pipe->pipe, buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(BIO_write(SSL_get_rbio(raw->ssl), buffer, (int)len), len);
}

/* What the library has written goes out. */
static inline void drain_raw(struct raw *raw)
{
	char buffer[4096];
	int len;
	while ((len = BIO_read(SSL_get_wbio(raw->ssl), buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(tarn__pipe_send(&raw->pipe->pipe, buffer, (size_t)len), len);
}

/* Returns the library's result of the handshake. */
static inline int secure_raw(struct raw *raw)
{
	feed_raw(raw);
	int result = SSL_do_handshake(raw->ssl);
	drain_raw(raw);
	return result;
}

/* Goes on at both ends for as long as any handshake takes. */
static inline void secure_with_raw(struct tarn__tls *tls, struct raw *raw)
{
	enum { TURNS = 8 };
	for (int i = 0; i < TURNS; i++) {
		tarn__tls_secure(tls);
		if (secure_raw(raw) == 1 && tarn__tls_state(tls) != TARN__TLS_SECURING)
			break;
	}
}

static inline int send_raw(struct raw *raw, const char *text)
{
	int sent = SSL_write(raw->ssl, text, (int)strlen(text));
	drain_raw(raw);
	return sent;
}

/* Returns the library's result; what came is at out. */
static inline int recv_raw(struct raw *raw, void *out, size_t room)
{
	feed_raw(raw);
	ERR_clear_error();
	int got = SSL_read(raw->ssl, out, (int)room);
	drain_raw(raw);
	return got;
}

#endif
