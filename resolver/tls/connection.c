/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/connection.c: one connection: a pipe in the clear on a pipe that is encrypted. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "tls/words.h"

enum outcome { DONE, AGAIN, ENDED, BROKEN };

/* The queue is most often empty, and to look is cheaper than to clear it. */
static void clear_errors(void)
{
	if (tarn__ssl.ERR_peek_error() != 0)
		tarn__ssl.ERR_clear_error();
}

/* Judges the result of a call before which the queue of errors was empty. */
static enum outcome judge(struct tarn__tls *tls, int result)
{
	int error = result > 0 ? SSL_ERROR_NONE : tarn__ssl.SSL_get_error(tls->ssl, result);
	tls->wants_write = error == SSL_ERROR_WANT_WRITE;
	switch (error) {
	case SSL_ERROR_NONE:
		return DONE;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		if (tls->state == TARN__TLS_OPEN)
			return ENDED;
	}
	tarn__tls_break_off(tls);
	return BROKEN;
}

static struct tarn__tls *tls_of(const struct tarn__pipe *pipe)
{
	return TARN__CONTAINER(pipe, struct tarn__tls, pipe);
}

static int broken_errno(const struct tarn__tls *tls)
{
	return tls->below_errno ? tls->below_errno : EPROTO;
}

static ssize_t clear_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	struct tarn__tls *tls = tls_of(pipe);
	size_t got = 0;
	errno = broken_errno(tls);
	if (tls->state != TARN__TLS_OPEN)
		return -1;
	clear_errors();
	enum outcome outcome = judge(tls, tarn__ssl.SSL_read_ex(tls->ssl, out, room, &got));
	tls->has_received = true;
	tls->is_drained = outcome != DONE;
	if (outcome == DONE)
		return (ssize_t)got;
	if (outcome == ENDED)
		return 0;
	errno = outcome == AGAIN ? EAGAIN : broken_errno(tls);
	return -1;
}

static ssize_t clear_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	struct tarn__tls *tls = tls_of(pipe);
	size_t taken = 0;
	errno = broken_errno(tls);
	if (tls->state != TARN__TLS_OPEN)
		return -1;
	if (len == 0)
		return 0;
	clear_errors();
	enum outcome outcome = judge(tls, tarn__ssl.SSL_write_ex(tls->ssl, octets, len, &taken));
	if (outcome == DONE)
		return (ssize_t)taken;
	errno = outcome == AGAIN ? EAGAIN : outcome == ENDED ? EPIPE : broken_errno(tls);
	return -1;
}

static void clear_end(struct tarn__pipe *pipe)
{
	struct tarn__tls *tls = tls_of(pipe);
	if (tls->state == TARN__TLS_OPEN) {
		tarn__ssl.ERR_clear_error();
		(void)tarn__ssl.SSL_shutdown(tls->ssl);
		tarn__ssl.ERR_clear_error();
	}
	tarn__pipe_end(tls->below);
}

static bool clear_has_more(const struct tarn__pipe *pipe)
{
	const struct tarn__tls *tls = tls_of(pipe);
	/* The library may have octets behind the handshake that it does not report (3.5). */
	return tls->state == TARN__TLS_OPEN && !tls->is_drained &&
	       (!tls->has_received || tarn__ssl.SSL_has_pending(tls->ssl) == 1);
}

/* Returns NULL if memory is short. */
static struct tarn__tls *make_connection(SSL_CTX *context, struct tarn__pipe *below)
{
	static const struct tarn__pipe_ops ops = {.recv = clear_recv,
						  .send = clear_send,
						  .end = clear_end,
						  .has_more = clear_has_more};
	tarn__ssl.ERR_clear_error();
	struct tarn__tls *tls = calloc(1, sizeof(*tls));
	SSL *ssl = tls ? tarn__ssl.SSL_new(context) : NULL;
	BIO *bio = ssl ? tarn__tls_below_new(tls) : NULL;
	if (bio && tarn__ssl.SSL_set_ex_data(ssl, 0, tls) == 1) {
		tarn__ssl.SSL_set_bio(ssl, bio, bio);
		tls->pipe.ops = &ops;
		tls->below = below;
		tls->ssl = ssl;
		return tls;
	}
	tarn__ssl.BIO_free(bio);
	tarn__ssl.SSL_free(ssl);
	free(tls);
	tarn__ssl.ERR_clear_error();
	return NULL;
}

/* Sets the name or the address that the library verifies, and the name that it sends (RFC 6066 section 3). */
static bool set_identity(struct tarn__tls *tls)
{
	enum { FLAGS = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS };
	const struct tarn__tls_identity *identity = &tls->identity;
	X509_VERIFY_PARAM *expected = tarn__ssl.SSL_get0_param(tls->ssl);
	tarn__ssl.X509_VERIFY_PARAM_set_hostflags(expected, FLAGS);
	if (time(NULL) < (time_t)tls->client->lenient_until_sec &&
	    tarn__ssl.X509_VERIFY_PARAM_set_flags(expected, X509_V_FLAG_NO_CHECK_TIME) != 1)
		return false;
	if (!identity->name)
		return identity->address_len == 0 ||
		       tarn__ssl.X509_VERIFY_PARAM_set1_ip(expected, identity->address,
							   identity->address_len) == 1;
	char name[TLSEXT_MAXLEN_host_name + 1];
	snprintf(name, sizeof(name), "%s", identity->name);
	return tarn__ssl.X509_VERIFY_PARAM_set1_host(expected, name, 0) == 1 &&
	       tarn__ssl.SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
				  name) == 1;
}

/* RFC 7301 section 3.1: one name behind its length. */
static bool offer_protocol(struct tarn__tls *tls)
{
	unsigned char offer[1 + UINT8_MAX];
	size_t len = tls->alpn ? strlen(tls->alpn) : 0;
	if (len == 0)
		return true;
	if (len > UINT8_MAX)
		return false;
	offer[0] = (unsigned char)len;
	memcpy(offer + 1, tls->alpn, len);
	/* It returns 0 if it has been set. */
	return tarn__ssl.SSL_set_alpn_protos(tls->ssl, offer, (unsigned)(1 + len)) == 0;
}

static bool offer_session(struct tarn__tls *tls)
{
	SSL_SESSION *session = tls->sessions ? tarn__tls_take_session(tls->sessions) : NULL;
	if (!session)
		return true;
	tls->offers_session = tarn__ssl.SSL_set_session(tls->ssl, session) == 1;
	tarn__ssl.SSL_SESSION_free(session);
	return tls->offers_session;
}

struct tarn__tls *tarn__tls_connect(struct tarn__tls_client *client,
				    const struct tarn__tls_identity *identity,
				    struct tarn__tls_sessions *sessions, struct tarn__pipe *below)
{
	struct tarn__tls *tls = make_connection(client->context, below);
	if (!tls)
		return NULL;
	tls->client = tarn__tls_client_get(client);
	tls->identity = *identity;
	tls->alpn = identity->alpn;
	tls->sessions = sessions;
	tarn__ssl.SSL_set_connect_state(tls->ssl);
	if (set_identity(tls) && offer_protocol(tls) && offer_session(tls))
		return tls;
	tarn__ssl.ERR_clear_error();
	tarn__tls_free(tls);
	return NULL;
}

struct tarn__tls *tarn__tls_accept(struct tarn__tls_server *server, const char *alpn,
				   struct tarn__pipe *below)
{
	struct tarn__tls *tls = make_connection(server->context, below);
	if (!tls)
		return NULL;
	tls->server = tarn__tls_server_get(server);
	tls->alpn = alpn;
	tarn__ssl.SSL_set_accept_state(tls->ssl);
	return tls;
}

void tarn__tls_free(struct tarn__tls *tls)
{
	if (!tls)
		return;
	/* Otherwise the library takes a session that was not ended by a word for one that is not to be resumed. */
	if (tls->state == TARN__TLS_OPEN || tls->reason == TARN__TLS_CLOSED)
		tarn__ssl.SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	tarn__ssl.SSL_free(tls->ssl);
	tarn__tls_client_put(tls->client);
	tarn__tls_server_put(tls->server);
	free(tls);
}

/* RFC 7301 section 3.2: a server selects what was offered, or nothing. */
static bool is_protocol_good(struct tarn__tls *tls)
{
	const unsigned char *selected = NULL;
	unsigned len = 0;
	tarn__ssl.SSL_get0_alpn_selected(tls->ssl, &selected, &len);
	if (!tls->client || len == 0)
		return true;
	tls->has_alpn = true;
	if (tls->alpn && strlen(tls->alpn) == len && memcmp(tls->alpn, selected, len) == 0)
		return true;
	char seen[40] = "";
	tarn__words_append(seen, sizeof(seen), selected, len);
	tarn__tls_fail(tls, TARN__TLS_PROTOCOL, "selected protocol %s, not %s", seen,
		       tls->alpn ? tls->alpn : "none");
	return false;
}

enum tarn__tls_state tarn__tls_secure(struct tarn__tls *tls)
{
	if (tls->state != TARN__TLS_SECURING)
		return tls->state;
	tarn__ssl.ERR_clear_error();
	if (judge(tls, tarn__ssl.SSL_do_handshake(tls->ssl)) != DONE)
		return tls->state;
	tls->state = is_protocol_good(tls) ? TARN__TLS_OPEN : TARN__TLS_FAILED;
	tarn__tls_forget_refused(tls);
	tarn__tls_keep_resumed(tls);
	return tls->state;
}

enum tarn__tls_state tarn__tls_state(const struct tarn__tls *tls)
{
	return tls->state;
}

struct tarn__pipe *tarn__tls_pipe(struct tarn__tls *tls)
{
	return &tls->pipe;
}

bool tarn__tls_wants_write(const struct tarn__tls *tls)
{
	return tls->wants_write;
}

bool tarn__tls_is_resumed(const struct tarn__tls *tls)
{
	return tarn__ssl.SSL_session_reused(tls->ssl) == 1;
}

bool tarn__tls_has_alpn(const struct tarn__tls *tls)
{
	return tls->has_alpn;
}

const char *tarn__tls_fault(const struct tarn__tls *tls)
{
	return tls->fault;
}

enum tarn__tls_reason tarn__tls_reason(const struct tarn__tls *tls)
{
	return tls->reason;
}

#endif
