/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/edns.c: writing OPT, and finding an option in one. */

#include "dns/edns.h"

#include <string.h>

#include "dns/name.h"
#include "dns/record.h"

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
	if (options->asks_for_keepalive)
		len += option_write(out + len, room - len, TARN__OPTION_KEEPALIVE, NULL, 0);
	for (unsigned i = 0; i < options->ede_count; i++)
		len += ede_write(out + len, room - len, &options->ede[i]);
	return len;
}

/* RFC 7830 section 3: zeros. before: octets of the message so far. */
static size_t padding_write(uint8_t *out, size_t room, size_t before, unsigned multiple)
{
	if (multiple == 0 || room < TARN__OPTION_HEADER_LEN)
		return 0;
	size_t over = (before + TARN__OPTION_HEADER_LEN) % multiple;
	size_t len = over > 0 ? multiple - over : 0;
	if (len > room - TARN__OPTION_HEADER_LEN)
		len = room - TARN__OPTION_HEADER_LEN;
	tarn__put16(out, TARN__OPTION_PADDING);
	tarn__put16(out + 2, (uint16_t)len);
	memset(out + TARN__OPTION_HEADER_LEN, 0, len);
	return TARN__OPTION_HEADER_LEN + len;
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
	size_t len = TARN__OPT_LEN;
	len += options_write(out + len, room - len, opt->options);
	len += padding_write(out + len, room - len, opt->before + len, opt->options->padding);
	tarn__put16(out + 9, (uint16_t)(len - TARN__OPT_LEN));
	return len;
}

static bool find_keepalive(const struct tarn__record *opt, uint16_t *out)
{
	struct tarn__reader options = {.wire = opt->rdata, .end = opt->rdata_len};
	struct tarn__option option;
	while (tarn__option_read(&options, &option)) {
		if (option.code != TARN__OPTION_KEEPALIVE || option.len != 2)
			continue;
		*out = tarn__get16(option.data);
		return true;
	}
	return false;
}

bool tarn__edns_keepalive(const uint8_t *wire, size_t len, uint16_t *out)
{
	if (len < TARN__HEADER_LEN)
		return false;
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	uint8_t name[TARN__NAME_MAX];
	for (unsigned i = tarn__get16(wire + 4); i > 0 && !reader.failed; i--) {
		tarn__name_read(&reader, name);
		tarn__read_octets(&reader, 4);
	}
	unsigned additional = tarn__get16(wire + 10);
	unsigned left = (unsigned)tarn__get16(wire + 6) + tarn__get16(wire + 8) + additional;
	struct tarn__record record;
	for (; left > 0 && tarn__record_read(&reader, &record); left--) {
		if (left <= additional && record.type == TARN__TYPE_OPT)
			return find_keepalive(&record, out);
	}
	return false;
}
