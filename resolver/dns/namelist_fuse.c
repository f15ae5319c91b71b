/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_fuse.c: building one piece of the filter. */
#include "dns/namelist_fuse.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dns/namelist.h"
#include "dns/namelist_form.h"

enum { TRIES_MAX = 256 /* one in some hundred fails */ };

/* Of names that have been taken, in order. */
struct taken {
	uint64_t hash;
	uint32_t place;
};

struct tarn__fuse {
	struct tarn__namelist_piece piece;
	uint32_t places;
	uint16_t *counts; /* of the names that have the place */
	uint64_t *sums; /* of their hashes, without carry */
	uint32_t *alone; /* places that one name has */
	struct taken *taken;
};

/* A little less than the logarithm to base 2; at least 1. */
static double logarithm(uint32_t count)
{
	unsigned bits = 1;
	while (count >> bits > 1)
		bits++;
	double rest = count / (double)(UINT32_C(1) << bits) - 1;
	return rest > 0 ? bits + rest : bits;
}

/* The constants are the paper's, found by experiment. */
void tarn__fuse_plan(uint32_t count, uint32_t *segment_len, uint32_t *segment_count)
{
	uint32_t len = 4;
	for (double limit = 2.465; count >= limit && len < 1u << 18; limit *= 3.33)
		len *= 2;
	double factor = 0.875 + 0.25 * 19.93 / logarithm(count);
	if (factor < 1.125)
		factor = 1.125;
	uint32_t segments = (uint32_t)(count * factor / len) + 1;
	*segment_len = len;
	*segment_count = segments > 2 ? segments - 2 : 1;
}

struct tarn__fuse *tarn__fuse_new(uint32_t count)
{
	struct tarn__fuse *fuse = calloc(1, sizeof *fuse);
	if (!fuse)
		return NULL;
	uint32_t segment_len, segment_count;
	tarn__fuse_plan(count, &segment_len, &segment_count);
	fuse->piece = tarn__namelist_piece_of(segment_len, segment_count);
	fuse->places = segment_len * (segment_count + 2);
	fuse->counts = malloc(fuse->places * sizeof *fuse->counts);
	fuse->sums = malloc(fuse->places * sizeof *fuse->sums);
	fuse->alone = malloc(fuse->places * sizeof *fuse->alone);
	fuse->taken = malloc((count + 1) * sizeof *fuse->taken);
	if (fuse->counts && fuse->sums && fuse->alone && fuse->taken)
		return fuse;
	tarn__fuse_free(fuse);
	return NULL;
}

void tarn__fuse_free(struct tarn__fuse *fuse)
{
	if (!fuse)
		return;
	free(fuse->counts);
	free(fuse->sums);
	free(fuse->alone);
	free(fuse->taken);
	free(fuse);
}

static void find_places(const struct tarn__fuse *fuse, uint64_t hash, uint64_t salt,
			uint32_t out[3])
{
	tarn__namelist_filter_places(hash, salt, &fuse->piece, out);
}

static void spread(struct tarn__fuse *fuse, const uint64_t *hashes, uint32_t count, uint64_t salt)
{
	memset(fuse->counts, 0, fuse->places * sizeof *fuse->counts);
	memset(fuse->sums, 0, fuse->places * sizeof *fuse->sums);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at[3];
		find_places(fuse, hashes[i], salt, at);
		for (unsigned j = 0; j < 3; j++) {
			fuse->counts[at[j]]++;
			fuse->sums[at[j]] ^= hashes[i];
		}
	}
}

/* Returns how many names have been taken. */
static uint32_t take(struct tarn__fuse *fuse, uint64_t salt)
{
	uint32_t alone = 0, taken = 0;
	for (uint32_t i = 0; i < fuse->places; i++) {
		fuse->alone[alone] = i;
		alone += fuse->counts[i] == 1;
	}
	while (alone > 0) {
		uint32_t place = fuse->alone[--alone], at[3];
		if (fuse->counts[place] != 1)
			continue;
		uint64_t hash = fuse->sums[place];
		fuse->taken[taken++] = (struct taken){.hash = hash, .place = place};
		find_places(fuse, hash, salt, at);
		for (unsigned j = 0; j < 3; j++) {
			fuse->sums[at[j]] ^= hash;
			if (--fuse->counts[at[j]] == 1)
				fuse->alone[alone++] = at[j];
		}
	}
	return taken;
}

static void fill(const struct tarn__fuse *fuse, uint32_t taken, uint64_t salt, uint8_t *out)
{
	memset(out, 0, fuse->places);
	while (taken-- > 0) {
		uint64_t hash = fuse->taken[taken].hash;
		uint32_t at[3];
		find_places(fuse, hash, salt, at);
		out[fuse->taken[taken].place] =
			tarn__namelist_filter_value(hash) ^ out[at[0]] ^ out[at[1]] ^ out[at[2]];
	}
}

int tarn__fuse_build(struct tarn__fuse *fuse, const uint64_t *hashes, uint32_t count, uint8_t *out,
		     uint64_t *salt)
{
	for (uint64_t i = 0; i < TRIES_MAX; i++) {
		*salt = i * UINT64_C(0x9fb21c651e98df25);
		spread(fuse, hashes, count, *salt);
		if (take(fuse, *salt) == count) {
			fill(fuse, count, *salt, out);
			return 0;
		}
	}
	return TARN__NAMELIST_CROWDED;
}
