/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_octets.h: octets on the heap that grow while a list is compiled. Starts as zeros. */
#ifndef TARN_DNS_NAMELIST_OCTETS_H
#define TARN_DNS_NAMELIST_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/namelist.h"

struct tarn__octets {
	uint8_t *octets;
	size_t len, room;
};

/* Makes room for len more octets. Returns 0 or TARN__NAMELIST_NOMEM. */
static inline int tarn__octets_reserve(struct tarn__octets *octets, size_t len)
{
	enum { STEP = 256 };
	if (octets->room - octets->len >= len)
		return 0;
	size_t room = 2 * octets->room + len + STEP;
	uint8_t *more = realloc(octets->octets, room);
	if (!more)
		return TARN__NAMELIST_NOMEM;
	octets->octets = more;
	octets->room = room;
	return 0;
}

/* Returns 0 or TARN__NAMELIST_NOMEM, never the latter within what has been reserved. */
static inline int tarn__octets_append(struct tarn__octets *octets, const void *from, size_t len)
{
	int error = tarn__octets_reserve(octets, len);
	if (error == 0 && len > 0) {
		memcpy(octets->octets + octets->len, from, len);
		octets->len += len;
	}
	return error;
}

static inline void tarn__octets_clear(struct tarn__octets *octets)
{
	free(octets->octets);
	*octets = (struct tarn__octets){0};
}

#endif
