/* SPDX-License-Identifier: BSD-2-Clause */
/* base/octets.h: integers in octets, of any alignment, in network order unless the name says otherwise. */
#ifndef TARN_BASE_OCTETS_H
#define TARN_BASE_OCTETS_H

#include <stdint.h>

static inline uint16_t tarn__get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t tarn__get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void tarn__put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void tarn__put32(uint8_t *p, uint32_t v)
{
	tarn__put16(p, (uint16_t)(v >> 16));
	tarn__put16(p + 2, (uint16_t)v);
}

static inline uint64_t tarn__get64(const uint8_t *p)
{
	return (uint64_t)tarn__get32(p) << 32 | tarn__get32(p + 4);
}

static inline void tarn__put64(uint8_t *p, uint64_t v)
{
	tarn__put32(p, (uint32_t)(v >> 32));
	tarn__put32(p + 4, (uint32_t)v);
}

/* Little-endian: the first octet is the lowest. */
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

#endif
