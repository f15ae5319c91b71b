/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/siphash.c: SipHash-2-4 after its paper (Aumasson and Bernstein, 2012): 2 rounds for every 8
 * octets, 4 at the end.
 */
#include "base/siphash.h"

#include "base/octets.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void mix_once(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v0 += s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void mix_last(struct state *s)
{
	for (unsigned round = 0; round < 4; round++)
		mix_once(s);
}

static inline void add_word(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix_once(s);
	mix_once(s);
	s->v0 ^= word;
}

static struct state begin(const uint8_t key[TARN__SIPHASH_KEY_LEN])
{
	uint64_t k0 = tarn__get64_low_first(key), k1 = tarn__get64_low_first(key + 8);
	/* "somepseudorandomlygeneratedbytes" */
	return (struct state){
		.v0 = k0 ^ 0x736f6d6570736575,
		.v1 = k1 ^ 0x646f72616e646f6d,
		.v2 = k0 ^ 0x6c7967656e657261,
		.v3 = k1 ^ 0x7465646279746573,
	};
}

static void add_octets(struct state *state, const void *octets, size_t len)
{
	struct state s = *state; /* in registers */
	const uint8_t *at = octets;
	size_t left = len;
	for (; left >= 8; left -= 8, at += 8)
		add_word(&s, tarn__get64_low_first(at));
	uint64_t last = (uint64_t)len << 56;
	while (left-- > 0)
		last |= (uint64_t)at[left] << 8 * left;
	add_word(&s, last);
	*state = s;
}

static uint64_t result(const struct state *s)
{
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t tarn__siphash(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len)
{
	struct state s = begin(key);
	add_octets(&s, octets, len);
	s.v2 ^= 0xff;
	mix_last(&s);
	return result(&s);
}

void tarn__siphash128(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len,
		      uint8_t out[TARN__SIPHASH128_LEN])
{
	struct state s = begin(key);
	s.v1 ^= 0xee;
	add_octets(&s, octets, len);
	s.v2 ^= 0xee;
	mix_last(&s);
	tarn__put64_low_first(out, result(&s));
	s.v1 ^= 0xdd;
	mix_last(&s);
	tarn__put64_low_first(out + 8, result(&s));
}
