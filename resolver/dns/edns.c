/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/edns.c: writing OPT. */

#include "dns/edns.h"

#include <string.h>

static size_t option_write(uint8_t *out, size_t room, uint16_t code, const void *data, size_t len)
{
	if (TARN__OPTION_HEADER_LEN + len > room)
		return 0;
	tarn__put16(out, code);
	tarn__put16(out + 2, (uint16_t)len);
	if (len > 0)
		memcpy(out + TARN__OPTION_HEADER_LEN, data, len);
	return TARN__OPTION_HEADER_LEN + len;
}

/* RFC 8914 section 2: the text is not terminated. */
static size_t ede_write(uint8_t *out, size_t room, const struct tarn__ede *ede)
{
	size_t text_len = ede->text ? strlen(ede->text) : 0;
	size_t len = TARN__OPTION_HEADER_LEN + 2 + text_len;
	if (len > room)
		return 0;
	tarn__put16(out, TARN__OPTION_EDE);
	tarn__put16(out + 2, (uint16_t)(2 + text_len));
	tarn__put16(out + 4, ede->code);
	if (text_len > 0)
		memcpy(out + 6, ede->text, text_len);
	return len;
}

static size_t options_write(uint8_t *out, size_t room, const struct tarn__options *options)
{
	size_t len = 0;
	if (options->cookie_len > 0)
		len += option_write(out, room, TARN__OPTION_COOKIE, options->cookie,
				    options->cookie_len);
	if (options->has_keepalive) {
		uint8_t keepalive[2];
		tarn__put16(keepalive, options->keepalive);
		len += option_write(out + len, room - len, TARN__OPTION_KEEPALIVE, keepalive,
				    sizeof(keepalive));
	}
	for (unsigned i = 0; i < options->ede_count; i++)
		len += ede_write(out + len, room - len, &options->ede[i]);
	return len;
}

size_t tarn__opt_write(uint8_t *out, size_t room, const struct tarn__opt *opt)
{
	/* The root's name, the type, the size, and zeros. */
	static const uint8_t plain[TARN__OPT_LEN] = {
		0, 0, TARN__TYPE_OPT, TARN__UDP_MAX >> 8, TARN__UDP_MAX & 0xff,
	};
	memcpy(out, plain, sizeof(plain));
	out[5] = (uint8_t)(opt->rcode >> 4);
	out[7] = opt->dnssec_ok ? TARN__OPT_DO >> 8 : 0;
	if (!opt->options)
		return TARN__OPT_LEN;
	size_t len = options_write(out + TARN__OPT_LEN, room - TARN__OPT_LEN, opt->options);
	tarn__put16(out + 9, (uint16_t)len);
	return TARN__OPT_LEN + len;
}
