/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rdata_field.h: the RDATA of a record field by field, by the letters of its type (dns/type.h), and what
 * is valid in each. For printing and for RDATA that was written by hand; answers are read in larger parts
 * (dns/rdata.h), and less strictly.
 */
#ifndef TARN_DNS_RDATA_FIELD_H
#define TARN_DNS_RDATA_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

struct tarn__rdata_field {
	const uint8_t *octets; /* without the length octet of s, c, l and v; of n and N, name */
	size_t len;
	uint8_t name[TARN__NAME_MAX];
};

/* Returns the octets of a field that always has as many; 0 for other fields. */
size_t tarn__rdata_field_len(char letter);

/*
 * Reads the next field. A name of n or N may be compressed. Returns false if the field is not valid; then
 * the reader has failed.
 */
bool tarn__rdata_field_read(struct tarn__reader *, char letter, struct tarn__rdata_field *out);

/*
 * Returns true if the RDATA has the fields of its type, each of them valid and no name compressed. RDATA of a
 * type without a row is always valid.
 */
bool tarn__rdata_is_valid(const uint8_t *rdata, size_t len, uint16_t type);

#endif
