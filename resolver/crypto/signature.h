/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto/signature.h: verification of signatures by libcrypto, with the numbers, the keys and the
 * signatures of DNSSEC (RFC 3110, 5702, 6605, 8080).
 *
 * Thread: tarn__signature_load() before other threads use the rest; then any.
 */
#ifndef TARN_CRYPTO_SIGNATURE_H
#define TARN_CRYPTO_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IANA's registry of DNS security algorithm numbers. */
enum tarn__algorithm {
	TARN__RSASHA1 = 5,
	TARN__RSASHA1_NSEC3 = 7,
	TARN__RSASHA256 = 8,
	TARN__RSASHA512 = 10,
	TARN__ECDSAP256SHA256 = 13,
	TARN__ECDSAP384SHA384 = 14,
	TARN__ED25519 = 15,
	TARN__ED448 = 16,
};

/*
 * Loads the library (crypto/openssl.h), if it is not loaded yet, and verifies known signatures of the
 * algorithms that most zones have. Returns NULL, or the reason why the library cannot be loaded or has
 * neither RSASHA256 nor ECDSAP256SHA256, which is valid until the next call. To be called before the
 * sandbox is entered.
 */
const char *tarn__signature_load(void);

/*
 * Begins to load in a thread of its own, while a program starts; tarn__signature_load() waits for it, and
 * has to be called then. is_loading: it has begun, and has not been waited for.
 */
void tarn__signature_load_ahead(void);
bool tarn__signature_is_loading(void);

/*
 * Returns true if the library can verify it: a known signature was good. That of an algorithm other than
 * RSASHA256 and ECDSAP256SHA256 is verified at the first question, which takes about 1 ms. RSA with SHA-1
 * is never supported (RFC 9905).
 */
bool tarn__signature_is_supported(uint8_t algorithm);

/* "RSASHA256"; NULL: no name is known. */
const char *tarn__algorithm_name(uint8_t algorithm);

/*
 * Returns true if the key, as in a DNSKEY, has a length that the algorithm allows: for RSA a modulus of 512
 * (RSASHA256) or 1024 (RSASHA512) to 4096 bits and an exponent of 33 bits at most, since the library takes
 * 2 ms with a wide one.
 */
bool tarn__signature_key_is_valid(uint8_t algorithm, const uint8_t *key, size_t key_len);

/*
 * Returns the work of a verification, in tenths of one with P-256; at least 1, also of a key that is not
 * valid.
 */
unsigned tarn__signature_work(uint8_t algorithm, const uint8_t *key, size_t key_len,
			      size_t data_len);

/*
 * Returns true if the signature, as in an RRSIG, is that of the data by the key. false also if the
 * algorithm is not supported, the key or the signature is not valid, or memory is short.
 */
bool tarn__signature_verify(uint8_t algorithm, const uint8_t *key, size_t key_len,
			    const uint8_t *signature, size_t signature_len, const uint8_t *data,
			    size_t data_len);

#endif
