/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto/openssl.h: the only door to OpenSSL's libcrypto. openssl.c has hmac.h, digest.h and, for
 * signature.c, the calls below; what needs no library is in signature.c. The library takes 0.6 MB of the
 * process's own and 2 ms of a start, so that it is loaded only if it is needed.
 *
 * Thread: tarn__openssl_load() before other threads use the rest; then any.
 */
#ifndef TARN_CRYPTO_OPENSSL_H
#define TARN_CRYPTO_OPENSSL_H

#include <stddef.h>
#include <stdint.h>

/* A public key, in views. */
struct tarn__public_key {
	const uint8_t *octets; /* the modulus of RSA, without leading zeros; else the key */
	size_t len;
	const uint8_t *exponent; /* of RSA, without leading zeros */
	size_t exponent_len;
};

enum {
	TARN__MODULUS_MAX = 512, /* octets */
	TARN__EXPONENT_MAX = 5, /* octets */
	TARN__POINT_HALF_MAX = 48, /* octets of a coordinate, and of half a signature */
};

/*
 * Loads the library and prepares hashes and verifications: afterwards nothing is opened. Returns NULL, or
 * the reason why it cannot be done, which is valid until the next call.
 */
const char *tarn__openssl_load(void);

enum tarn__openssl_result {
	TARN__OPENSSL_GOOD,
	TARN__OPENSSL_BAD, /* the signature, or the library does not have the algorithm */
	TARN__OPENSSL_NO_MEMORY,
};

/*
 * Verifies a signature by an algorithm that crypto/signature.c has. The key and the signature have the
 * lengths of the algorithm. To be used after tarn__openssl_load().
 */
enum tarn__openssl_result tarn__openssl_verify(uint8_t algorithm, const struct tarn__public_key *,
					       const uint8_t *signature, size_t signature_len,
					       const uint8_t *data, size_t data_len);

#endif
