/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/record.c: reading a resource record. */
#include "dns/record.h"

#include "dns/name.h"

bool tarn__record_read(struct tarn__reader *reader, struct tarn__record *out)
{
	out->owner_at = reader->at;
	out->owner_len = tarn__name_read(reader, out->owner);
	return tarn__record_read_fixed(reader, out);
}

bool tarn__record_read_fixed(struct tarn__reader *reader, struct tarn__record *out)
{
	out->type_at = reader->at;
	const uint8_t *fixed = tarn__read_octets(reader, TARN__RECORD_FIXED_LEN);
	if (!fixed)
		return false;
	out->type = tarn__get16(fixed);
	out->class = tarn__get16(fixed + 2);
	out->ttl = tarn__get32(fixed + 4);
	out->rdata_len = tarn__get16(fixed + 8);
	out->rdata = tarn__read_octets(reader, out->rdata_len);
	return out->rdata;
}
