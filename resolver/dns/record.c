/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/record.c: reading resource records. */

#include "dns/record.h"

#include "dns/name.h"

bool tarn__record_read(struct tarn__reader *reader, struct tarn__record *out)
{
	out->owner_at = reader->at;
	out->owner_len = tarn__name_read(reader, out->owner);
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

struct tarn__rdata_form tarn__rdata_form(uint16_t type)
{
	switch (type) {
	case TARN__TYPE_A:
		return (struct tarn__rdata_form){.rest = 4};
	case TARN__TYPE_AAAA:
		return (struct tarn__rdata_form){.rest = 16};

	/* RFC 1035 section 3.3; these alone may be sent compressed (RFC 3597 section 4). */
	case TARN__TYPE_NS:
	case TARN__TYPE_MD:
	case TARN__TYPE_MF:
	case TARN__TYPE_CNAME:
	case TARN__TYPE_MB:
	case TARN__TYPE_MG:
	case TARN__TYPE_MR:
	case TARN__TYPE_PTR:
		return (struct tarn__rdata_form){.names = 1, .can_compress = true};
	case TARN__TYPE_SOA:
		return (struct tarn__rdata_form){.names = 2, .rest = 20, .can_compress = true};
	case TARN__TYPE_MINFO:
		return (struct tarn__rdata_form){.names = 2, .can_compress = true};
	case TARN__TYPE_MX:
		return (struct tarn__rdata_form){.octets = 2, .names = 1, .can_compress = true};

	/* Senders may have compressed these: a receiver has to expand them (RFC 3597 section 4). */
	case TARN__TYPE_DNAME:
		return (struct tarn__rdata_form){.names = 1};
	case TARN__TYPE_RP:
		return (struct tarn__rdata_form){.names = 2};
	case TARN__TYPE_AFSDB:
	case TARN__TYPE_RT:
	case TARN__TYPE_KX:
		return (struct tarn__rdata_form){.octets = 2, .names = 1};
	case TARN__TYPE_PX:
		return (struct tarn__rdata_form){.octets = 2, .names = 2};
	case TARN__TYPE_SRV:
		return (struct tarn__rdata_form){.octets = 6, .names = 1};
	case TARN__TYPE_NAPTR:
		return (struct tarn__rdata_form){.octets = 4, .strings = 3, .names = 1};
	case TARN__TYPE_SIG:
		return (struct tarn__rdata_form){.octets = 18, .names = 1, .rest = TARN__RDATA_ANY};
	case TARN__TYPE_NXT:
		return (struct tarn__rdata_form){.names = 1, .rest = TARN__RDATA_ANY};
	}
	return (struct tarn__rdata_form){.rest = TARN__RDATA_ANY};
}
