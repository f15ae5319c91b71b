/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto/digest.h: hashes by libcrypto. To be used after tarn__signature_load() (crypto/signature.h).
 *
 * Thread: any.
 */
#ifndef TARN_CRYPTO_DIGEST_H
#define TARN_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tarn__digest { TARN__SHA1, TARN__SHA256, TARN__SHA384 };

enum { TARN__SHA1_LEN = 20, TARN__SHA256_LEN = 32, TARN__SHA384_LEN = 48, TARN__DIGEST_MAX = 48 };

/* Octets that are hashed one after the other. */
struct tarn__digest_part {
	const void *octets;
	size_t len;
};

/* Writes the hash of the parts. Returns its octets; 0 if the library fails. */
size_t tarn__digest_write(enum tarn__digest, const struct tarn__digest_part *, size_t count,
			  uint8_t out[TARN__DIGEST_MAX]);

#endif
