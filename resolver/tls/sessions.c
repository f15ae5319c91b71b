/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/sessions.c: sessions that servers offer to resume (RFC 8446 section 4.6.1 and appendix C.4). */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <string.h>
#include <time.h>

void tarn__tls_sessions_forget(struct tarn__tls_sessions *sessions)
{
	for (size_t i = 0; i < TARN__TLS_SESSIONS; i++) {
		if (sessions->items[i])
			tarn__ssl.SSL_SESSION_free(sessions->items[i]);
		sessions->items[i] = NULL;
	}
}

SSL_SESSION *tarn__tls_take_session(struct tarn__tls_sessions *sessions)
{
	enum { AGE_MAX_SEC = 3600 }; /* servers change their keys; an old ticket is a tracker too */
	SSL_SESSION *session = sessions->items[0];
	memmove(sessions->items, sessions->items + 1,
		(TARN__TLS_SESSIONS - 1) * sizeof(sessions->items[0]));
	sessions->items[TARN__TLS_SESSIONS - 1] = NULL;
	if (!session)
		return NULL;
	time_t now = time(NULL), made = (time_t)tarn__ssl.SSL_SESSION_get_time(session);
	if (made <= now && now - made < AGE_MAX_SEC &&
	    tarn__ssl.SSL_SESSION_is_resumable(session) == 1)
		return session;
	/* Those behind it are older. */
	tarn__ssl.SSL_SESSION_free(session);
	tarn__tls_sessions_forget(sessions);
	return NULL;
}

void tarn__tls_forget_refused(struct tarn__tls *tls)
{
	if (tls->offers_session && tarn__ssl.SSL_session_reused(tls->ssl) == 0)
		tarn__tls_sessions_forget(tls->sessions);
	tls->offers_session = false;
}

int tarn__tls_keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tarn__tls *tls = tarn__ssl.SSL_get_ex_data(ssl, 0);
	if (!tls->sessions)
		return 0;
	tarn__tls_forget_refused(tls);
	void **items = tls->sessions->items;
	if (items[TARN__TLS_SESSIONS - 1])
		tarn__ssl.SSL_SESSION_free(items[TARN__TLS_SESSIONS - 1]);
	memmove(items + 1, items, (TARN__TLS_SESSIONS - 1) * sizeof(items[0]));
	items[0] = session;
	return 1;
}

void tarn__tls_keep_resumed(struct tarn__tls *tls)
{
	SSL *ssl = tls->ssl;
	if (tls->sessions && tarn__ssl.SSL_session_reused(ssl) == 1 &&
	    tarn__ssl.SSL_version(ssl) == TLS1_2_VERSION) {
		SSL_SESSION *session = tarn__ssl.SSL_get1_session(ssl);
		if (session)
			(void)tarn__tls_keep_session(ssl, session);
	}
}

#endif
