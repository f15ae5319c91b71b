/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rdata_parse.h: RDATA that is written in presentation format (RFC 1035 section 5.1), field by field
 * as the type has them (dns/type.h). RDATA of any type may be written as that of an unknown type (RFC 3597
 * section 5): "\# 4 c0000201".
 */
#ifndef TARN_DNS_RDATA_PARSE_H
#define TARN_DNS_RDATA_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/word.h"

enum { TARN__RDATA_MAX = 65535 /* octets: RDLENGTH has 16 bits */ };

/*
 * Reads all words that are left as the RDATA of a type and sets *len; names without a final dot end in the
 * origin. Returns NULL, or the reason if they are no RDATA; out may have been written to. What
 * tarn__rdata_format() has written is read as it was before, names expanded, and even if it is malformed:
 * "\#" is not held against the type, tarn__rdata_is_valid() does that.
 */
const char *tarn__rdata_parse(struct tarn__words *, uint16_t type, const struct tarn__name *origin,
			      uint8_t out[TARN__RDATA_MAX], size_t *len);

#endif
