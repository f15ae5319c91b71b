/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_fuse.h: building one piece of the filter of a compiled list (dns/namelist_form.h): a binary
 * fuse filter of 8 bits a name, as described in "Binary Fuse Filters: Fast and Smaller Than Xor Filters"
 * (Graf, Lemire, 2022).
 *
 * Each name has three places in the piece, in three segments that follow each other. A place that only one
 * name has is taken by that name, which then frees its other two places; when all names have been taken in
 * this way, the octets are filled in the opposite order, so that those at a name's places add up to the
 * name's value.
 */
#ifndef TARN_DNS_NAMELIST_FUSE_H
#define TARN_DNS_NAMELIST_FUSE_H

#include <stddef.h>
#include <stdint.h>

/* Computes the form of a piece for at most count names. */
void tarn__fuse_plan(uint32_t count, uint32_t *segment_len, uint32_t *segment_count);

struct tarn__fuse; /* room to build pieces in */

/* count: as for tarn__fuse_plan(). NULL: out of memory. */
struct tarn__fuse *tarn__fuse_new(uint32_t count);
void tarn__fuse_free(struct tarn__fuse *);

/*
 * Builds the piece of the hashes, which differ from each other. out has room for segment_len * (segment_count
 * + 2) octets. Returns 0 and sets *salt, or TARN__NAMELIST_CROWDED.
 */
int tarn__fuse_build(struct tarn__fuse *, const uint64_t *hashes, uint32_t count, uint8_t *out,
		     uint64_t *salt);

#endif
