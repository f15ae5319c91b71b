/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_write.h: writing a compiled list (dns/namelist_form.h), section by section, from what the
 * compiler has gathered. Of the list some 64 KiB and one piece of the filter are in memory.
 */
#ifndef TARN_DNS_NAMELIST_WRITE_H
#define TARN_DNS_NAMELIST_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "dns/namelist.h"
#include "dns/namelist_form.h"
#include "dns/namelist_pile.h"

struct tarn__namelist_parts {
	uint64_t seed, digest;
	unsigned labels_min, labels_max;
	const struct tarn__pile *pile; /* reduced */
	const struct tarn__pile_row *rows;
	unsigned row_count;
	const struct tarn__namelist_index *index; /* sorted */
	uint32_t index_count;
	const uint8_t *more;
	size_t more_len;
	const struct tarn__namelist_source *sources;
	unsigned source_count;
};

/* Returns 0, TARN__NAMELIST_NOMEM, TARN__NAMELIST_CROWDED or TARN__NAMELIST_UNWRITTEN. */
int tarn__namelist_write_parts(const struct tarn__namelist_parts *,
			       int (*write)(void *data, const void *octets, size_t len),
			       void *data);

#endif
