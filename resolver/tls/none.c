/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/none.c: what a build without OpenSSL has. */
#include "config.h"

#include "tls/tls.h"

#include <stdio.h>

#ifndef HAVE_OPENSSL

bool tarn__tls_is_built(void)
{
	return false;
}

struct tarn__tls_client *tarn__tls_client_new(const struct tarn__tls_client_options *options,
					      char fault[TARN__TLS_FAULT_MAX])
{
	(void)options;
	snprintf(fault, TARN__TLS_FAULT_MAX, "tarn was built without OpenSSL");
	return NULL;
}

struct tarn__tls_client *tarn__tls_client_get(struct tarn__tls_client *client)
{
	return client;
}

void tarn__tls_client_put(struct tarn__tls_client *client)
{
	(void)client;
}

bool tarn__tls_client_is_equal(const struct tarn__tls_client *a, const struct tarn__tls_client *b)
{
	return a == b;
}

void tarn__tls_sessions_forget(struct tarn__tls_sessions *sessions)
{
	(void)sessions;
}

struct tarn__tls_server *tarn__tls_server_new(const struct tarn__tls_pair *pairs, size_t count,
					      struct tarn__tls_ticket_keys *keys, uint64_t now_sec,
					      size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	(void)pairs;
	(void)count;
	(void)keys;
	(void)now_sec;
	*faulty = 0;
	snprintf(fault, TARN__TLS_FAULT_MAX, "tarn was built without OpenSSL");
	return NULL;
}

struct tarn__tls_server *tarn__tls_server_get(struct tarn__tls_server *server)
{
	return server;
}

void tarn__tls_server_put(struct tarn__tls_server *server)
{
	(void)server;
}

bool tarn__tls_certificate_read(const char *chain, size_t len, struct tarn__tls_certificate *out)
{
	(void)chain;
	(void)len;
	(void)out;
	return false;
}

struct tarn__tls *tarn__tls_connect(struct tarn__tls_client *client,
				    const struct tarn__tls_identity *identity,
				    struct tarn__tls_sessions *sessions, struct tarn__pipe *below)
{
	(void)client;
	(void)identity;
	(void)sessions;
	(void)below;
	return NULL;
}

struct tarn__tls *tarn__tls_accept(struct tarn__tls_server *server, const char *alpn,
				   struct tarn__pipe *below)
{
	(void)server;
	(void)alpn;
	(void)below;
	return NULL;
}

void tarn__tls_free(struct tarn__tls *tls)
{
	(void)tls;
}

enum tarn__tls_state tarn__tls_secure(struct tarn__tls *tls)
{
	(void)tls;
	return TARN__TLS_FAILED;
}

enum tarn__tls_state tarn__tls_state(const struct tarn__tls *tls)
{
	(void)tls;
	return TARN__TLS_FAILED;
}

struct tarn__pipe *tarn__tls_pipe(struct tarn__tls *tls)
{
	(void)tls;
	return NULL;
}

bool tarn__tls_wants_write(const struct tarn__tls *tls)
{
	(void)tls;
	return false;
}

bool tarn__tls_is_resumed(const struct tarn__tls *tls)
{
	(void)tls;
	return false;
}

bool tarn__tls_has_alpn(const struct tarn__tls *tls)
{
	(void)tls;
	return false;
}

const char *tarn__tls_fault(const struct tarn__tls *tls)
{
	(void)tls;
	return "tarn was built without OpenSSL";
}

enum tarn__tls_reason tarn__tls_reason(const struct tarn__tls *tls)
{
	(void)tls;
	return TARN__TLS_NO_REASON;
}

#endif
