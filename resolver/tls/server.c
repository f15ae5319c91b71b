/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/server.c: what connections of clients share: certificates and keys, tickets, protocols. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ticket_keys.h"
#include "tls/words.h"

/* Seals a ticket, or opens it. Returns 0: its key is not known; 2: the client is to get another. */
static int use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *vector,
			  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_sealing)
{
	enum { FAILED = -1, UNKNOWN = 0, SEALED = 1, OPENED = 2 };
	const struct tarn__tls *tls = tarn__ssl.SSL_get_ex_data(ssl, 0);
	struct tarn__ticket_key key;
	if (is_sealing) {
		tarn__ticket_keys_newest(tls->server->keys, &key);
		memcpy(name, key.name, sizeof(key.name));
		tarn__ticket_random(vector, EVP_MAX_IV_LENGTH);
	} else if (!tarn__ticket_keys_find(tls->server->keys, name, &key)) {
		return UNKNOWN;
	}
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof(key.mac)),
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
		OSSL_PARAM_END};
	const EVP_CIPHER *type = tarn__ssl.EVP_aes_256_cbc();
	bool is_good =
		tarn__ssl.EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
		(is_sealing ? tarn__ssl.EVP_EncryptInit_ex(cipher, type, NULL, key.cipher, vector)
			    : tarn__ssl.EVP_DecryptInit_ex(cipher, type, NULL, key.cipher,
							   vector)) == 1;
	explicit_bzero(&key, sizeof(key));
	return !is_good ? FAILED : is_sealing ? SEALED : OPENED;
}

/* Returns the protocol among those that a client offers, each behind its length; NULL: it is not. */
static const unsigned char *find_protocol(const unsigned char *offered, unsigned offered_len,
					  const char *protocol)
{
	size_t len = strlen(protocol);
	for (size_t at = 0; at < offered_len; at += 1U + offered[at]) {
		if (offered[at] == len && offered_len - at > len &&
		    memcmp(offered + at + 1, protocol, len) == 0)
			return offered + at + 1;
	}
	return NULL;
}

/* A client that speaks HTTP/1.1 alone is let in: it is answered that HTTP/2 is spoken here. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *offered, unsigned offered_len, void *unused)
{
	(void)unused;
	struct tarn__tls *tls = tarn__ssl.SSL_get_ex_data(ssl, 0);
	const char *protocol = tls->alpn;
	tls->has_alpn = true;
	*out = find_protocol(offered, offered_len, protocol);
	if (!*out && strcmp(protocol, "h2") == 0) {
		protocol = "http/1.1";
		*out = find_protocol(offered, offered_len, protocol);
	}
	if (*out) {
		*out_len = (unsigned char)strlen(protocol);
		return SSL_TLSEXT_ERR_OK;
	}
	tarn__tls_fail(tls, TARN__TLS_PROTOCOL, "the client offers other protocols than %s",
		       tls->alpn);
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool refuse_pair(char fault[TARN__TLS_FAULT_MAX], const char *reason)
{
	snprintf(fault, TARN__TLS_FAULT_MAX, "%s", reason);
	return false;
}

/* Why the library does not take a certificate. */
static const char *explain_refusal(void)
{
	switch (ERR_GET_REASON(tarn__ssl.ERR_peek_last_error())) {
	case SSL_R_EE_KEY_TOO_SMALL:
		return "key is too small";
	case SSL_R_CA_KEY_TOO_SMALL:
		return "key of a CA is too small";
	case SSL_R_CA_MD_TOO_WEAK:
		return "certificate is signed with a hash that is too weak";
	}
	return "certificate has a key that is not used in TLS";
}

/* What is behind the server's own certificate. */
static bool use_chain(SSL_CTX *context, BIO *text, char fault[TARN__TLS_FAULT_MAX])
{
	bool is_good = true;
	for (X509 *ca; is_good && (ca = tarn__x509_read(text));) {
		is_good = tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, ca) == 1;
		tarn__ssl.X509_free(ca);
	}
	if (!is_good)
		return refuse_pair(fault, explain_refusal());
	return tarn__x509_is_at_end() ||
	       refuse_pair(fault, "a certificate of its chain cannot be read");
}

static bool use_pair(SSL_CTX *context, X509 *own, EVP_PKEY *key, uint64_t now_sec,
		     char fault[TARN__TLS_FAULT_MAX])
{
	enum { SECURITY_BITS = 112 }; /* of level 2 */
	char date[TARN__DATE_TEXT_MAX];
	int bits = 0;
	int64_t until = tarn__x509_seconds(tarn__ssl.X509_get0_notAfter(own));
	if (tarn__ssl.X509_check_private_key(own, key) != 1)
		return refuse_pair(fault, "key does not belong to the certificate");
	if (until < (int64_t)now_sec) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "certificate expired on %s",
			 tarn__words_date(until, date));
		return false;
	}
	/* Not all versions of the library look at these when they take a certificate. */
	if (tarn__ssl.EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
		return refuse_pair(fault, "key is too small");
	if (tarn__ssl.X509_get_signature_info(own, NULL, NULL, &bits, NULL) == 1 &&
	    bits < SECURITY_BITS)
		return refuse_pair(fault, "certificate is signed with a hash that is too weak");
	tarn__ssl.ERR_clear_error();
	if (tarn__ssl.SSL_CTX_use_certificate(context, own) != 1)
		return refuse_pair(fault, explain_refusal());
	if (tarn__ssl.SSL_CTX_use_PrivateKey(context, key) != 1)
		return refuse_pair(fault, "key is not used in TLS");
	return true;
}

static bool has_word(const struct tarn__tls_pair *pair, const char *word)
{
	return memmem(pair->key, pair->key_len, word, strlen(word)) != NULL;
}

static EVP_PKEY *read_key(const struct tarn__tls_pair *pair, char fault[TARN__TLS_FAULT_MAX])
{
	tarn__ssl.ERR_clear_error();
	BIO *text = tarn__ssl.BIO_new_mem_buf(pair->key, (int)pair->key_len);
	EVP_PKEY *key = text ? tarn__ssl.PEM_read_bio_PrivateKey(
				       text, NULL, tarn__x509_give_no_passphrase, NULL)
			     : NULL;
	tarn__ssl.BIO_free(text);
	if (key)
		return key;
	(void)refuse_pair(fault, !has_word(pair, "PRIVATE KEY-----") ? "no key in it"
				 : has_word(pair, "ENCRYPTED")
					 ? "key is encrypted with a passphrase"
					 : "key cannot be read");
	return NULL;
}

/* kind: of its key. */
static bool add_pair(SSL_CTX *context, const struct tarn__tls_pair *pair, uint64_t now_sec,
		     int *kind, char fault[TARN__TLS_FAULT_MAX])
{
	BIO *text = tarn__ssl.BIO_new_mem_buf(pair->chain, (int)pair->chain_len);
	X509 *own = text ? tarn__x509_read(text) : NULL;
	bool is_good =
		own || refuse_pair(fault, tarn__x509_is_at_end() ? "no certificate in it"
								 : "certificate cannot be read");
	EVP_PKEY *key = own ? read_key(pair, fault) : NULL;
	is_good = key && use_pair(context, own, key, now_sec, fault) &&
		  use_chain(context, text, fault);
	*kind = key ? tarn__ssl.EVP_PKEY_get_base_id(key) : 0;
	tarn__ssl.EVP_PKEY_free(key);
	tarn__ssl.X509_free(own);
	tarn__ssl.BIO_free(text);
	tarn__ssl.ERR_clear_error();
	return is_good;
}

/* The last of them decides which pair a client gets that can use several. */
static bool add_pairs(SSL_CTX *context, const struct tarn__tls_pair *pairs, size_t count,
		      uint64_t now_sec, size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	enum { KINDS = 8 }; /* as many kinds of keys as the library has, and some more */
	int kinds[KINDS];
	for (*faulty = 0; *faulty < count; ++*faulty) {
		if (*faulty == KINDS)
			return refuse_pair(fault, "too many certificates");
		if (!add_pair(context, &pairs[*faulty], now_sec, &kinds[*faulty], fault))
			return false;
		for (size_t i = 0; i < *faulty; i++) {
			if (kinds[i] == kinds[*faulty])
				return refuse_pair(fault,
						   "another certificate has the same kind of key");
		}
	}
	return count > 0 || refuse_pair(fault, "no certificate");
}

static bool set_tickets(struct tarn__tls_server *server)
{
	enum { LIFETIME_SEC = 2 * 3600 };
	SSL_CTX *context = server->context;
	(void)tarn__ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF,
				     NULL);
	(void)tarn__ssl.SSL_CTX_set_timeout(context, LIFETIME_SEC);
	if (!server->keys) {
		(void)tarn__ssl.SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
		return tarn__ssl.SSL_CTX_set_num_tickets(context, 0) == 1;
	}
	return tarn__ssl.SSL_CTX_set_num_tickets(context, 1) == 1 &&
	       tarn__ssl.SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_ticket_key) == 1;
}

struct tarn__tls_server *tarn__tls_server_new(const struct tarn__tls_pair *pairs, size_t count,
					      struct tarn__tls_ticket_keys *keys, uint64_t now_sec,
					      size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	*faulty = 0;
	if (!tarn__ssl_load(fault))
		return NULL;
	struct tarn__tls_server *server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "out of memory");
		return NULL;
	}
	atomic_init(&server->references, 1);
	server->keys = keys;
	server->context = tarn__tls_context_new(tarn__ssl.TLS_server_method(), fault);
	if (server->context && add_pairs(server->context, pairs, count, now_sec, faulty, fault)) {
		tarn__ssl.SSL_CTX_set_alpn_select_cb(server->context, select_protocol, NULL);
		if (set_tickets(server))
			return server;
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	}
	tarn__tls_server_put(server);
	return NULL;
}

struct tarn__tls_server *tarn__tls_server_get(struct tarn__tls_server *server)
{
	atomic_fetch_add(&server->references, 1);
	return server;
}

void tarn__tls_server_put(struct tarn__tls_server *server)
{
	if (!server || atomic_fetch_sub(&server->references, 1) != 1)
		return;
	tarn__ssl.SSL_CTX_free(server->context);
	free(server);
}

#endif
