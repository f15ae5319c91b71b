/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rdata.h: RDATA as people write it (RFC 1035 section 5.1): of the types that they meet every
 * day; of the others, and of what is malformed, as RFC 3597 section 5 has it: "\# 4 c0000201".
 */
#ifndef TARN_DNS_RDATA_H
#define TARN_DNS_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "dns/text.h"

/* An octet of a string takes four, its length three, a compressed name more than it has octets. */
enum { TARN__RDATA_TEXT_MAX = 4 * 65535 + 2 * TARN__NAME_TEXT_MAX + 64 };

/*
 * wire is the whole message, with len octets at at being the RDATA. All of the text is graphic ASCII
 * and blanks. Returns out.
 */
char *tarn__rdata_format(const uint8_t *wire, size_t at, size_t len, uint16_t type,
			 char out[TARN__RDATA_TEXT_MAX]);

#endif
