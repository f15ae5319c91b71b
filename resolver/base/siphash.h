/* SPDX-License-Identifier: BSD-2-Clause */
/* base/siphash.h: SipHash-2-4 with a result of 64 bits, the keyed hash of RFC 9018's cookies. */
#ifndef TARN_BASE_SIPHASH_H
#define TARN_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { TARN__SIPHASH_KEY_LEN = 16 };

/* Little-endian octet order, which SipHash uses. */
static inline uint64_t tarn__get64_low_first(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static inline void tarn__put64_low_first(uint8_t *p, uint64_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
	p[4] = (uint8_t)(v >> 32);
	p[5] = (uint8_t)(v >> 40);
	p[6] = (uint8_t)(v >> 48);
	p[7] = (uint8_t)(v >> 56);
}

uint64_t tarn__siphash(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len);

#endif
