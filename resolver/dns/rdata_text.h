/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rdata_text.h: RDATA in presentation format (RFC 1035 section 5.1). Of types without one here
 * (dns/type.h), and of malformed RDATA, that of RFC 3597 section 5: "\# 4 c0000201".
 */
#ifndef TARN_DNS_RDATA_TEXT_H
#define TARN_DNS_RDATA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "dns/text.h"

/*
 * An octet of a string takes four characters, its length octet three (a blank and two quotes), and a
 * compressed name more than four for each of its octets. Parameters of services may take 64 more, lists of
 * types TARN__WORD_MAX for each of TARN__TYPE_BITMAP_TYPES_MAX types, which is less than a longest string.
 */
enum { TARN__RDATA_TEXT_MAX = 4 * 65535 + 2 * TARN__NAME_TEXT_MAX + 128 };

/*
 * Writes the RDATA of len octets at offset at of a message as text of graphic ASCII and blanks. Returns
 * out.
 */
char *tarn__rdata_format(const uint8_t *wire, size_t at, size_t len, uint16_t type,
			 char out[TARN__RDATA_TEXT_MAX]);

#endif
