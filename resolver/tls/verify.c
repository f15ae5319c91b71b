/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/verify.c: whether a server is who it should be, and the words for why not (RFC 8310 section 8.1, RFC 9525). */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tls/words.h"

static bool has_pin(const struct tarn__tls_identity *identity, X509 *certificate)
{
	unsigned char *key = NULL;
	uint8_t pin[TARN__TLS_PIN_LEN];
	unsigned len = 0;
	int key_len = tarn__ssl.i2d_X509_PUBKEY(tarn__ssl.X509_get_X509_PUBKEY(certificate), &key);
	bool is_made = key_len > 0 && tarn__ssl.EVP_Digest(key, (size_t)key_len, pin, &len,
							   tarn__ssl.EVP_sha256(), NULL) == 1;
	tarn__ssl.CRYPTO_free(key, NULL, 0);
	bool is_found = false;
	for (size_t i = 0; is_made && i < identity->pin_count; i++)
		is_found |= memcmp(identity->pins[i], pin, sizeof(pin)) == 0;
	return is_found;
}

static bool is_strong(X509 *certificate)
{
	enum { SECURITY_BITS = 112 }; /* RSA with 2,048 bits */
	EVP_PKEY *key = tarn__ssl.X509_get0_pubkey(certificate);
	return key && tarn__ssl.EVP_PKEY_get_security_bits(key) >= SECURITY_BITS;
}

/* A date of a certificate that is not the server's own belongs to the CA of that name. */
static void fail_for_date(struct tarn__tls *tls, X509_STORE_CTX *store, bool is_expired)
{
	char date[TARN__DATE_TEXT_MAX], today[TARN__DATE_TEXT_MAX], ca[80] = "";
	X509 *certificate = tarn__ssl.X509_STORE_CTX_get_current_cert(store);
	time_t now = time(NULL);
	tarn__words_date(tarn__x509_seconds(is_expired
						    ? tarn__ssl.X509_get0_notAfter(certificate)
						    : tarn__ssl.X509_get0_notBefore(certificate)),
			 date);
	if (tarn__ssl.X509_STORE_CTX_get_error_depth(store) > 0) {
		snprintf(ca, sizeof(ca), "of the CA ");
		tarn__x509_append_name(tarn__ssl.X509_get_subject_name(certificate), ca,
				       sizeof(ca) - 2);
		strcat(ca, " ");
	}
	if (now < (time_t)tls->client->clock_floor_sec)
		tarn__tls_fail(tls, TARN__TLS_CLOCK,
			       "the clock is wrong: it shows %s; certificate %s%s %s",
			       tarn__words_date(now, today), ca,
			       is_expired ? "expired on" : "is not valid before", date);
	else
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "certificate %s%s %s", ca,
			       is_expired ? "expired on" : "is not valid before", date);
}

static void fail_for_name(struct tarn__tls *tls, X509 *certificate)
{
	/* A certificate may have a hundred names: the name that was looked for stays readable. */
	char seen[120] = "", sought[TARN__TLS_FAULT_MAX] = "";
	/* Clients get these words, and are not to learn a server's address by them. */
	const char *name = tls->identity.name ? tls->identity.name : "its address";
	tarn__x509_append_names(certificate, seen, sizeof(seen));
	tarn__words_append(sought, sizeof(sought), name, strlen(name));
	tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "certificate is for %s%s, not %.100s",
		       seen[0] ? seen : "no name", strlen(seen) == sizeof(seen) - 1 ? "..." : "",
		       sought);
}

static void fail_for_issuer(struct tarn__tls *tls, X509_STORE_CTX *store, bool is_self_signed)
{
	char issuer[80] = "";
	X509 *certificate = tarn__ssl.X509_STORE_CTX_get_current_cert(store);
	if (certificate)
		tarn__x509_append_name(tarn__ssl.X509_get_issuer_name(certificate), issuer,
				       sizeof(issuer));
	if (tls->client->has_no_ca || is_self_signed)
		issuer[0] = '\0';
	tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "certificate is not signed by a trusted CA%s%s",
		       tls->client->has_no_ca ? " (there are no CA certificates here)"
		       : is_self_signed	      ? " (it is self-signed)"
		       : issuer[0]	      ? ", but by "
					      : "",
		       issuer);
}

/* Puts the library's reason not to trust into words. */
static void explain_mistrust(struct tarn__tls *tls, X509_STORE_CTX *store)
{
	int error = tarn__ssl.X509_STORE_CTX_get_error(store);
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		fail_for_name(tls, tarn__ssl.X509_STORE_CTX_get0_cert(store));
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		fail_for_date(tls, store, error == X509_V_ERR_CERT_HAS_EXPIRED);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		fail_for_issuer(tls, store, error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
		return;
	case X509_V_ERR_INVALID_PURPOSE:
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "certificate is not for servers");
		return;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "key is too small");
		return;
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "key of a CA is too small");
		return;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE,
			       "certificate is signed with a hash that is too weak");
		return;
	case X509_V_ERR_OUT_OF_MEM:
		tarn__tls_fail(tls, TARN__TLS_NO_MEMORY, "out of memory");
		return;
	default:
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "certificate: %s",
			       tarn__ssl.X509_verify_cert_error_string(error));
	}
}

int tarn__tls_check_server(X509_STORE_CTX *store, void *unused)
{
	(void)unused;
	SSL *ssl = tarn__ssl.X509_STORE_CTX_get_ex_data(
		store, tarn__ssl.SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tarn__tls *tls = tarn__ssl.SSL_get_ex_data(ssl, 0);
	const struct tarn__tls_identity *identity = &tls->identity;
	X509 *certificate = tarn__ssl.X509_STORE_CTX_get0_cert(store);
	if (identity->pin_count > 0 && !has_pin(identity, certificate))
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "its key is none of the pins");
	else if (identity->pin_count > 0 && !identity->name && !is_strong(certificate))
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "key is too small");
	else if (identity->pin_count == 0 && !identity->name && identity->address_len == 0)
		tarn__tls_fail(tls, TARN__TLS_CERTIFICATE, "there is no name to check");
	else if ((identity->pin_count == 0 || identity->name) &&
		 tarn__ssl.X509_verify_cert(store) != 1)
		explain_mistrust(tls, store);
	if (tls->reason == TARN__TLS_NO_REASON) {
		tarn__ssl.X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (tarn__ssl.X509_STORE_CTX_get_error(store) == X509_V_OK)
		tarn__ssl.X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

#endif
