/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/fault.c: why connections fail, in words. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tarn__tls_fail(struct tarn__tls *tls, enum tarn__tls_reason reason, const char *format, ...)
{
	if (tls->reason != TARN__TLS_NO_REASON)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(tls->fault, sizeof(tls->fault), format, arguments);
	va_end(arguments);
	tls->reason = reason;
}

/* Empties the library's queue of errors. Returns true if one of them is that memory is short. */
static bool is_memory_short(void)
{
	bool is_short = false;
	for (unsigned long error; (error = tarn__ssl.ERR_get_error()) != 0;)
		is_short |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is_short;
}

static void explain_end(struct tarn__tls *tls)
{
	const char *when = tls->state == TARN__TLS_SECURING ? " during the handshake" : "";
	if (tls->below_errno)
		tarn__tls_fail(tls, TARN__TLS_CLOSED, "closed%s: %s", when,
			       strerror(tls->below_errno));
	else
		tarn__tls_fail(tls, TARN__TLS_CLOSED, "closed%s", when);
}

/* What a peer does wrong, for which the library's words are those of its programmers. */
static const char *explain_protocol(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
		return "speaks only versions of TLS that are too old";
	case SSL_R_NO_SHARED_CIPHER:
		return "has no cipher in common";
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_GROUPS:
		return "has no group in common";
	}
	return NULL;
}

static void explain_error(struct tarn__tls *tls, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	bool is_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL;
	const char *words = is_ssl ? explain_protocol(reason) : NULL;
	if (tls->is_clear && tls->state == TARN__TLS_SECURING) {
		words = tls->client ? "answers in the clear (not TLS)"
				    : "speaks in the clear (not TLS)";
	} else if (is_ssl && reason > SSL_AD_REASON_OFFSET &&
		   reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
		tarn__tls_fail(tls, TARN__TLS_ALERT, "alert: %s",
			       tarn__ssl.SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
		return;
	} else if (!words) {
		/* The texts are made now: 100 KB that most never need. */
		(void)tarn__ssl.OPENSSL_init_ssl(
			OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
		words = tarn__ssl.ERR_reason_error_string(error);
	}
	if (words)
		tarn__tls_fail(tls, TARN__TLS_PROTOCOL, "%s", words);
	else
		tarn__tls_fail(tls, TARN__TLS_PROTOCOL, "error %d of library %d", reason,
			       ERR_GET_LIB(error));
}

void tarn__tls_break_off(struct tarn__tls *tls)
{
	unsigned long error = tarn__ssl.ERR_peek_error();
	if (is_memory_short())
		tarn__tls_fail(tls, TARN__TLS_NO_MEMORY, "out of memory");
	else if (tls->below_errno || error == 0)
		explain_end(tls);
	else
		explain_error(tls, error);
	tls->state = TARN__TLS_FAILED;
}

#endif
