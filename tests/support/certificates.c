/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/certificates.c: makes certificates with libcrypto. */
#include "support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_SEC = 86400 };

struct certificate {
	X509 *certificate;
	EVP_PKEY *key;
	enum key_kind kind;
	char *pem, *key_pem;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static EVP_PKEY *make_key(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
		return EVP_EC_gen("P-256");
	case KEY_P384:
		return EVP_EC_gen("P-384");
	case KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case KEY_RSA_2048:
		return EVP_RSA_gen(2048);
	case KEY_RSA_1024:
		return EVP_RSA_gen(1024);
	}
	return NULL;
}

static void add_extension(X509 *certificate, int id, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	check(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* The octets that have been written to a text. */
static char *take_text(BIO *text)
{
	char *octets;
	long len = BIO_get_mem_data(text, &octets);
	char *copy = strndup(octets, (size_t)len);
	check(copy);
	BIO_free(text);
	return copy;
}

static void describe(X509 *certificate, const struct certificate_plan *plan)
{
	static long serial;
	time_t now = time(NULL);
	X509_NAME *subject = X509_get_subject_name(certificate);
	const char *common_name = plan->common_name ? plan->common_name : "test";
	check(X509_set_version(certificate, 2) == 1 &&
	      ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial) == 1 &&
	      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					 (const unsigned char *)common_name, -1, -1, 0) == 1 &&
	      ASN1_TIME_set(X509_getm_notBefore(certificate),
			    plan->from_sec ? plan->from_sec : now - DAY_SEC) &&
	      ASN1_TIME_set(X509_getm_notAfter(certificate),
			    plan->until_sec ? plan->until_sec : now + DAY_SEC));
	if (plan->is_ca)
		add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	else if (!plan->usage || plan->usage[0])
		add_extension(certificate, NID_ext_key_usage,
			      plan->usage ? plan->usage : "serverAuth");
	if (plan->names)
		add_extension(certificate, NID_subject_alt_name, plan->names);
}

struct certificate *certificate_new(const struct certificate_plan *plan)
{
	struct certificate *made = calloc(1, sizeof(*made));
	check(made);
	made->key = make_key(plan->key);
	made->kind = plan->key;
	made->certificate = X509_new();
	check(made->key && made->certificate);
	describe(made->certificate, plan);
	const struct certificate *issuer = plan->issuer ? plan->issuer : made;
	check(X509_set_pubkey(made->certificate, made->key) == 1 &&
	      X509_set_issuer_name(made->certificate, X509_get_subject_name(issuer->certificate)) ==
		      1);
	const EVP_MD *digest = issuer->kind == KEY_ED25519 ? NULL
			       : plan->is_sha1		   ? EVP_sha1()
							   : EVP_sha256();
	check(X509_sign(made->certificate, issuer->key, digest) > 0);
	BIO *text = BIO_new(BIO_s_mem());
	check(text && PEM_write_bio_X509(text, made->certificate) == 1);
	made->pem = take_text(text);
	text = BIO_new(BIO_s_mem());
	check(text && PEM_write_bio_PrivateKey(text, made->key, NULL, NULL, 0, NULL, NULL) == 1);
	made->key_pem = take_text(text);
	return made;
}

void certificate_free(struct certificate *made)
{
	if (!made)
		return;
	X509_free(made->certificate);
	EVP_PKEY_free(made->key);
	free(made->pem);
	free(made->key_pem);
	free(made);
}

const char *certificate_pem(const struct certificate *made)
{
	return made->pem;
}

const char *certificate_key_pem(const struct certificate *made)
{
	return made->key_pem;
}

void certificate_pin(const struct certificate *made, uint8_t out[32])
{
	unsigned char *key = NULL;
	unsigned len = 0;
	int key_len = i2d_PUBKEY(made->key, &key);
	check(key_len > 0 && EVP_Digest(key, (size_t)key_len, out, &len, EVP_sha256(), NULL) == 1 &&
	      len == 32);
	OPENSSL_free(key);
}
