/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/siphash.h: SipHash-2-4, a keyed hash, with a result of 64 bits, as RFC 9018's cookies have it, or of 128.
 */
#ifndef TARN_BASE_SIPHASH_H
#define TARN_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { TARN__SIPHASH_KEY_LEN = 16 };

enum { TARN__SIPHASH128_LEN = 16 };

uint64_t tarn__siphash(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len);

void tarn__siphash128(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len,
		      uint8_t out[TARN__SIPHASH128_LEN]);

#endif
