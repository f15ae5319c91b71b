/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/reverse.h: the zones that the names of a network's addresses are in: one where the prefix ends
 * with a label, else one for each label that it covers: sixteen for 172.16.0.0/12. Pure functions.
 */
#ifndef TARN_CORE_REVERSE_H
#define TARN_CORE_REVERSE_H

#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"
#include "tarn.h"

/*
 * How many; 0: none, for 0 bits, which would be all there is, and for 25 to 31 bits of IPv4, whose
 * names are wherever somebody has delegated them to (RFC 2317).
 */
size_t tarn__reverse_count(const struct tarn_network *);

/* Writes the name of that one, in wire form, and returns its length. */
size_t tarn__reverse_zone(const struct tarn_network *, size_t index, uint8_t out[TARN__NAME_MAX]);

#endif
