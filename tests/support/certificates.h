/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support/certificates.h: certificates and keys of all kinds, good and bad, made when they are needed. Programs
 * that use it link libcrypto.
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum key_kind { KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA_2048, KEY_RSA_1024 };

struct certificate; /* with its key */

/* What a certificate is to be like. Zeros: a server's, of its own signature, for two days around now. */
struct certificate_plan {
	const char *common_name; /* NULL: "test" */
	const char *names; /* "DNS:dns.example,IP:192.0.2.1"; NULL: no subjectAltName */
	const char *usage; /* "clientAuth"; NULL: "serverAuth"; "": none is said */
	bool is_ca;
	bool is_sha1;
	enum key_kind key;
	time_t from_sec, until_sec; /* 0: yesterday, tomorrow */
	const struct certificate *issuer; /* NULL: itself */
};

/* They abort if the library fails. */
struct certificate *certificate_new(const struct certificate_plan *);
void certificate_free(struct certificate *);

/* In PEM; valid as long as the certificate. */
const char *certificate_pem(const struct certificate *);
const char *certificate_key_pem(const struct certificate *);
/* SHA-256 of its SubjectPublicKeyInfo. */
void certificate_pin(const struct certificate *, uint8_t out[32]);

#endif
