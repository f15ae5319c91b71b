/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/notify.c: messages of changed zones. */
#include "dns/notify.h"

#include <string.h>

bool tarn__notify_read(const uint8_t *message, size_t len, struct tarn__name *zone)
{
	if (len < TARN__HEADER_LEN || !tarn__notify_is_meant(tarn__get16(message + 2)) ||
	    tarn__get16(message + 4) != 1)
		return false;
	struct tarn__reader reader = {.wire = message, .at = TARN__HEADER_LEN, .end = len};
	zone->len = tarn__name_read(&reader, zone->octets);
	uint16_t type = tarn__read16(&reader), class = tarn__read16(&reader);
	return !reader.failed && type == TARN__TYPE_SOA && class == TARN__CLASS_IN;
}

size_t tarn__notify_reply(const uint8_t *message, const struct tarn__name *zone,
			  uint8_t out[TARN__NOTIFY_REPLY_MAX])
{
	memset(out, 0, TARN__HEADER_LEN);
	memcpy(out, message, 2);
	tarn__put16(out + 2, TARN__FLAG_QR | TARN__FLAG_AA | TARN__OPCODE_NOTIFY << 11);
	tarn__put16(out + 4, 1);
	memcpy(out + TARN__HEADER_LEN, zone->octets, zone->len);
	uint8_t *end = out + TARN__HEADER_LEN + zone->len;
	tarn__put16(end, TARN__TYPE_SOA);
	tarn__put16(end + 2, TARN__CLASS_IN);
	return TARN__HEADER_LEN + zone->len + 4;
}
