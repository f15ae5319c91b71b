/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/context.c: what connections of clients and to servers have in common (RFC 9325). */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <stdio.h>

/* The hybrid first where the library has it; '*': a key share is offered, without a round trip more. */
static bool set_groups(SSL_CTX *context)
{
	/* P-384 is for certificates with such a key in TLS 1.2 (RFC 8422 section 5.1). */
	static const char *const lists[] = {"*X25519MLKEM768:*X25519:P-256:P-384",
					    "X25519:P-256:P-384"};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char list[64];
		snprintf(list, sizeof(list), "%s", lists[i]);
		if (tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, list) == 1)
			return true;
	}
	return false;
}

/* RFC 9325: versions, ciphers and groups. */
static bool set_protocol(SSL_CTX *context)
{
	enum { SECURITY_LEVEL = 2 }; /* 112 bits: no SHA-1, no RSA below 2,048 bits */
	const uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
				 SSL_OP_PRIORITIZE_CHACHA;
	const long modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN;
	tarn__ssl.SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	(void)tarn__ssl.SSL_CTX_set_options(context, options);
	(void)tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, modes, NULL);
	(void)tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
	return tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION,
				      NULL) == 1 &&
	       tarn__ssl.SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       tarn__ssl.SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:"
							   "TLS_CHACHA20_POLY1305_SHA256:"
							   "TLS_AES_256_GCM_SHA384") == 1 &&
	       set_groups(context) && tarn__ssl.SSL_CTX_set_max_early_data(context, 0) == 1;
}

SSL_CTX *tarn__tls_context_new(const SSL_METHOD *method, char fault[TARN__TLS_FAULT_MAX])
{
	tarn__ssl.ERR_clear_error();
	SSL_CTX *context = tarn__tls_below_start() ? tarn__ssl.SSL_CTX_new(method) : NULL;
	bool is_set = context && set_protocol(context);
	tarn__ssl.ERR_clear_error();
	if (is_set)
		return context;
	tarn__ssl.SSL_CTX_free(context);
	snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	return NULL;
}

#endif
