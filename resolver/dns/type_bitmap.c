/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/type_bitmap.c: lists of types. */
#include "dns/type_bitmap.h"

#include <string.h>

#include "dns/text.h"

enum { WINDOW_HEAD = 2, WINDOW_MAX = 32, WINDOWS = 256 };

size_t tarn__type_bitmap_write(const struct tarn__type_set *set, uint8_t out[TARN__TYPE_BITMAP_MAX])
{
	uint8_t *end = out;
	for (unsigned window = 0; window < WINDOWS; window++) {
		const uint8_t *bits = set->bits + window * WINDOW_MAX;
		uint8_t len = WINDOW_MAX;
		while (len > 0 && bits[len - 1] == 0)
			len--;
		if (len == 0)
			continue;
		*end++ = (uint8_t)window;
		*end++ = len;
		memcpy(end, bits, len);
		end += len;
	}
	return (size_t)(end - out);
}

static unsigned count_types(const uint8_t *bits, size_t len)
{
	unsigned count = 0;
	for (size_t i = 0; i < len; i++)
		count += (unsigned)__builtin_popcount(bits[i]);
	return count;
}

bool tarn__type_bitmap_is_valid(const uint8_t *octets, size_t len)
{
	unsigned types = 0, least = 0; /* least: the lowest number of the next window */
	for (size_t at = 0; at < len;) {
		if (len - at < WINDOW_HEAD)
			return false;
		unsigned window = octets[at], bits = octets[at + 1];
		at += WINDOW_HEAD;
		bool is_canonical = window >= least && bits > 0 && bits <= WINDOW_MAX;
		if (!is_canonical || bits > len - at || octets[at + bits - 1] == 0)
			return false;
		types += count_types(octets + at, bits);
		at += bits;
		least = window + 1;
	}
	return types <= TARN__TYPE_BITMAP_TYPES_MAX;
}

bool tarn__type_bitmap_has(const uint8_t *octets, size_t len, uint16_t type)
{
	unsigned byte = (type & 0xff) / 8;
	for (size_t at = 0; len - at >= WINDOW_HEAD;) {
		unsigned window = octets[at], bits = octets[at + 1];
		at += WINDOW_HEAD;
		if (bits > len - at)
			return false;
		if (window == type >> 8 && byte < bits && octets[at + byte] & 0x80 >> type % 8)
			return true;
		at += bits;
	}
	return false;
}

char *tarn__type_bitmap_format(const uint8_t *octets, size_t len, char *out)
{
	char *end = out;
	for (size_t at = 0; at < len; at += WINDOW_HEAD + octets[at + 1]) {
		const uint8_t *bits = octets + at + WINDOW_HEAD;
		for (unsigned i = 0; i < 8U * octets[at + 1]; i++) {
			if (!(bits[i / 8] & 0x80 >> i % 8))
				continue;
			if (end > out)
				*end++ = ' ';
			uint16_t type = (uint16_t)(octets[at] << 8 | i);
			end += strlen(tarn__type_format(type, end));
		}
	}
	return end;
}
