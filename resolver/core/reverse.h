/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/reverse.h: the reverse zones of a network: one zone if the prefix ends at a label boundary, else one
 * for each label that the prefix covers, such as sixteen for 172.16.0.0/12; names of addresses, and
 * their labels. Pure functions.
 */
#ifndef TARN_CORE_REVERSE_H
#define TARN_CORE_REVERSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/wire.h"
#include "tarn.h"

/*
 * Returns the number of reverse zones. 0: there is none, for a prefix of 0 bits, and for 25 to 31 bits of
 * IPv4, whose names are in zones of the operator's choice (RFC 2317).
 */
size_t tarn__reverse_count(const struct tarn_network *);

/* Writes the name of the zone at index, in wire form, and returns its length in octets. */
size_t tarn__reverse_zone(const struct tarn_network *, size_t index, uint8_t out[TARN__NAME_MAX]);

/* Writes the reverse name of an address, in wire form, and returns its length in octets. */
size_t tarn__reverse_name(const struct tarn__ip *, uint8_t out[TARN__NAME_MAX]);

/* Returns the value of a label below in-addr.arpa: decimal without leading zeros, 255 at most. Else -1. */
int tarn__reverse_octet(const uint8_t *label);

#endif
