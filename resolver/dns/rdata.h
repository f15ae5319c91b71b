/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rdata.h: the RDATA of a record in parts: its names, written out, and the octets between them, by
 * the fields of the type (dns/type.h).
 *
 *	struct tarn__rdata rdata = tarn__rdata_open(&reader, type);
 *	struct tarn__rdata_part part;
 *	while (tarn__rdata_next(&rdata, &part))
 *		...
 *	if (rdata.reader.failed)
 *		the RDATA is malformed
 */
#ifndef TARN_DNS_RDATA_H
#define TARN_DNS_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

struct tarn__rdata {
	struct tarn__reader reader; /* its end is the end of the RDATA */
	const char *fields; /* those that have not been read */
};

struct tarn__rdata_part {
	bool is_name;
	bool can_compress; /* a name that may be compressed when it is sent */
	const uint8_t *octets; /* a view into the message, or name */
	size_t len; /* at least 1 */
	uint8_t name[TARN__NAME_MAX];
};

/* Starts with the RDATA that the reader covers. */
static inline struct tarn__rdata tarn__rdata_open(const struct tarn__reader *reader, uint16_t type)
{
	return (struct tarn__rdata){.reader = *reader, .fields = tarn__type_fields(type)};
}

/*
 * Reads the next part: a name, or all octets up to the next name or the end. Returns false after the
 * last part and if the RDATA is malformed; then rdata->reader has failed. Malformed is RDATA in which a
 * name, or a field before one, does not end within it, and RDATA of a type whose fields behind the last
 * name have a fixed length if it has another length. What else is in fields behind the last name is not
 * checked.
 */
bool tarn__rdata_next(struct tarn__rdata *rdata, struct tarn__rdata_part *out);

#endif
