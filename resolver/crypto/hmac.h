/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto/hmac.h: HMAC with SHA-256 (RFC 2104, RFC 6234 section 8) by libcrypto (crypto/openssl.h), which is
 * loaded when the first key is configured.
 *
 * Thread: tarn__hmac_load() before other threads use the rest; then any, each with objects of its own.
 */
#ifndef TARN_CRYPTO_HMAC_H
#define TARN_CRYPTO_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARN__HMAC_LEN = 32 /* octets */ };

/* A code that is being computed. */
struct tarn__hmac;

/* Returns false if the program was built without OpenSSL. */
bool tarn__hmac_is_built(void);

/*
 * Loads the library, if it is not loaded yet. The sandbox does not allow it. Returns NULL, or the reason
 * why it cannot be loaded, which is valid until the next call.
 */
const char *tarn__hmac_load(void);

/* Begins the code of a key. NULL: the library is not loaded, or out of memory. */
struct tarn__hmac *tarn__hmac_new(const uint8_t *key, size_t key_len);

/* Adds octets of the text. Returns false if the library fails. */
bool tarn__hmac_add(struct tarn__hmac *, const void *octets, size_t len);

/* Writes the code. Returns false if the library fails. */
bool tarn__hmac_end(struct tarn__hmac *, uint8_t out[TARN__HMAC_LEN]);

/* NULL is allowed. */
void tarn__hmac_free(struct tarn__hmac *);

#endif
