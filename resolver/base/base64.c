/* SPDX-License-Identifier: BSD-2-Clause */
/* base/base64.c: octets in base 64. */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *tarn__base64_write(const uint8_t *octets, size_t len, char *out)
{
	for (; len >= 3; octets += 3, len -= 3) {
		*out++ = digits[octets[0] >> 2];
		*out++ = digits[(octets[0] & 3) << 4 | octets[1] >> 4];
		*out++ = digits[(octets[1] & 15) << 2 | octets[2] >> 6];
		*out++ = digits[octets[2] & 63];
	}
	if (len == 0)
		return out;
	unsigned second = len > 1 ? octets[1] : 0;
	*out++ = digits[octets[0] >> 2];
	*out++ = digits[(octets[0] & 3) << 4 | second >> 4];
	*out++ = '=';
	if (len > 1)
		out[-1] = digits[(second & 15) << 2];
	*out++ = '=';
	return out;
}

/* Returns the value of a digit, -1 for any other character. */
static int read_digit(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

/* RFC 4648 section 3.5: the bits of the last digit that are in no octet have to be zero. */
static bool read_padding(struct tarn__base64 *base64)
{
	unsigned unused = base64->digits == 2 ? 0xf : 0x3;
	base64->padding++;
	return base64->digits >= 2 && base64->digits + base64->padding <= 4 &&
	       (base64->bits & unused) == 0;
}

bool tarn__base64_read(struct tarn__base64 *base64, const char *text, size_t text_len, uint8_t *out,
		       size_t room, size_t *len)
{
	for (size_t i = 0; i < text_len; i++) {
		if (text[i] == '=') {
			if (!read_padding(base64))
				return false;
			continue;
		}
		int digit = read_digit(text[i]);
		if (digit < 0 || base64->padding > 0)
			return false;
		base64->bits = base64->bits << 6 | (uint32_t)digit;
		/* The first digit of a group ends no octet, each of the others does. */
		if (base64->digits++ == 0)
			continue;
		if (*len == room)
			return false;
		unsigned unused = 8 - 2 * base64->digits;
		out[(*len)++] = (uint8_t)(base64->bits >> unused);
		if (base64->digits == 4)
			base64->digits = 0;
	}
	return true;
}

/* The last group has 2 or 3 digits, or 4; the bits that are in no octet have to be zero, as in the other alphabet. */
bool tarn__base64url_read(const char *text, size_t text_len, uint8_t *out, size_t room, size_t *len)
{
	uint32_t bits = 0;
	unsigned rest = text_len % 4;
	size_t need = text_len / 4 * 3 + (rest > 0 ? rest - 1 : 0);
	if (rest == 1 || need > room)
		return false;
	for (size_t i = 0; i < text_len; i++) {
		bool is_other = text[i] == '+' || text[i] == '/';
		int digit = text[i] == '-' ? 62 : text[i] == '_' ? 63 : read_digit(text[i]);
		if (digit < 0 || is_other)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		unsigned in_group = i % 4;
		if (in_group > 0)
			*out++ = (uint8_t)(bits >> (6 - 2 * in_group));
	}
	if (rest > 0 && (bits & (rest == 2 ? 0xf : 0x3)) != 0)
		return false;
	*len = need;
	return true;
}
