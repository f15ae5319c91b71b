/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/edns.c: checking options and writing OPT. */

#include "dns/edns.h"

#include <string.h>

bool tarn__options_are_valid(const uint8_t *options, size_t len)
{
	size_t at = 0;
	while (len - at >= TARN__OPTION_HEADER_LEN) {
		size_t option_len = tarn__get16(options + at + 2);
		at += TARN__OPTION_HEADER_LEN;
		if (option_len > len - at)
			return false;
		at += option_len;
	}
	return at == len;
}

/* RFC 8914 section 2: the text is UTF-8 and not terminated. */
static size_t ede_write(uint8_t *out, size_t room, const struct tarn__ede *ede)
{
	size_t text_len = ede->text ? strlen(ede->text) : 0;
	size_t len = TARN__OPTION_HEADER_LEN + 2 + text_len;
	if (len > room)
		return 0;
	tarn__put16(out, TARN__OPTION_EDE);
	tarn__put16(out + 2, (uint16_t)(2 + text_len));
	tarn__put16(out + 4, (uint16_t)ede->code);
	if (text_len > 0)
		memcpy(out + 6, ede->text, text_len);
	return len;
}

size_t tarn__opt_write(uint8_t *out, size_t room, uint16_t rcode, bool dnssec_ok,
		       const struct tarn__ede *ede)
{
	/* The root's name, the type, the size, and zeros. */
	static const uint8_t plain[TARN__OPT_LEN] = {
		0, 0, TARN__TYPE_OPT, TARN__UDP_MAX >> 8, TARN__UDP_MAX & 0xff,
	};
	memcpy(out, plain, sizeof(plain));
	out[5] = (uint8_t)(rcode >> 4);
	out[7] = dnssec_ok ? TARN__OPT_DO >> 8 : 0;
	if (ede->code == TARN__EDE_NONE)
		return TARN__OPT_LEN;
	size_t options_len = ede_write(out + TARN__OPT_LEN, room - TARN__OPT_LEN, ede);
	tarn__put16(out + 9, (uint16_t)options_len);
	return TARN__OPT_LEN + options_len;
}
